"""Geometric albedos of planets and moons in the renderer's bands, for the tables of colour.md.

Planets: Mallama, Krobusek and Pavlov 2017 (Icarus 282, 19), table 7, Johnson-Cousins filters. A monotone cubic through
the albedos at the filters' effective wavelengths is averaged over the bands. Moons: shape of a published spectrum,
scaled to the albedo in V. The values were read from the spectral database of TrueColorTools (github.com/Askaniy), which
names the papers; the papers themselves were not at hand. Run: python design/planet_albedos.py
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from selfiesim.astro.bodies import BANDS_NM
from selfiesim.core.colour import BAND_FWHM_NM, SRGB_FROM_BANDS, srgb_from_linear

NM = np.arange(380.0, 781.0)

# U, B, V, Rc, R, Ic, I: effective wavelengths, nm.
FILTERS_NM = (360.0, 436.0, 549.0, 641.0, 700.0, 798.0, 900.0)
MALLAMA_2017 = {
    "mercury": (0.087, 0.105, 0.142, 0.158, 0.172, 0.180, 0.208),
    "venus": (0.348, 0.658, 0.689, 0.658, 0.708, 0.640, 0.584),
    "earth": (0.688, 0.512, 0.434, 0.392, 0.418, 0.396, 0.430),
    "mars": (0.060, 0.088, 0.170, 0.250, 0.288, 0.285, 0.330),
    "jupiter": (0.358, 0.443, 0.538, 0.513, 0.495, 0.389, 0.321),
    "saturn": (0.203, 0.339, 0.499, 0.646, 0.568, 0.543, 0.423),
    "uranus": (0.502, 0.561, 0.488, 0.264, 0.202, 0.089, 0.079),
    "neptune": (0.578, 0.562, 0.442, 0.226, 0.181, 0.072, 0.067),
}

# Wavelengths (nm), relative reflectance, albedo in V as in worlds.py, source of the shape.
GALILEAN_NM = (400.0, 433.0, 466.0, 500.0, 533.0, 566.0, 600.0, 633.0, 666.0, 700.0, 733.0)
MOONS = {
    "moon": (
        (350, 450, 550, 650, 750),
        (1894.24, 2387.17, 2832.17, 3269.35, 4091.49),
        0.12,
        "EPOXI, near side, Crow 2011",
    ),
    "phobos": (
        (387.0, 480.0, 535.0, 571.0, 589.5, 611.5, 650.5, 700.5, 742.5),
        (0.02177, 0.02641, 0.02769, 0.02743, 0.02732, 0.02835, 0.03083, 0.03316, 0.03499),
        0.071,
        "Rosetta, Pajola 2013",
    ),
    "deimos": (
        (400, 450, 500, 550, 600, 700, 750),
        (0.050, 0.049, 0.053, 0.055, 0.058, 0.062, 0.067),
        0.068,
        "Pang 1980, Fraeman 2013",
    ),
    "io": (
        GALILEAN_NM,
        (0.189998, 0.312668, 0.455349, 0.642046, 0.775382, 0.801427, 0.811630, 0.890139, 0.942953, 1.004252, 1.005697),
        0.62,
        "trailing side, USGS archive",
    ),
    "europa": (
        GALILEAN_NM,
        (0.467415, 0.602579, 0.688769, 0.806425, 0.839300, 0.852109, 0.913667, 0.961235, 0.979446, 1.006591, 1.026941),
        0.68,
        "trailing side, USGS archive",
    ),
    "ganymede": (
        GALILEAN_NM,
        (0.632155, 0.752500, 0.783059, 0.869610, 0.918507, 0.955278, 0.973874, 1.010833, 1.021557, 1.046712, 1.040900),
        0.44,
        "leading side, USGS archive",
    ),
    "callisto": (
        GALILEAN_NM,
        (0.518130, 0.652152, 0.691349, 0.777651, 0.840575, 0.881522, 0.918704, 0.941487, 0.969265, 0.990831, 0.997041),
        0.19,
        "leading side, USGS archive",
    ),
}


def in_bands(nm: tuple[float, ...], albedo: tuple[float, ...]) -> np.ndarray:
    """Return the mean of a spectrum in each band (3,)."""
    curve = PchipInterpolator(nm, albedo)(np.clip(NM, nm[0], nm[-1]))
    weight = np.exp(-4.0 * np.log(2.0) * ((NM - np.array(BANDS_NM)[:, None]) / BAND_FWHM_NM) ** 2)
    return weight @ curve / weight.sum(axis=1)


def row(name: str, bands: np.ndarray, source: str) -> str:
    """One row of the table, with the colour of a disc as bright as white in green."""
    code = srgb_from_linear(np.clip(SRGB_FROM_BANDS @ bands / (SRGB_FROM_BANDS @ bands).max(), 0.0, 1.0))
    shown = "#" + "".join(f"{round(255 * value):02x}" for value in code)
    return f"| {name} | " + " | ".join(f"{value:.3f}" for value in bands) + f" | {shown} | {source} |"


def main() -> None:
    print("| body | R 620 | G 550 | B 460 | hue as sRGB | source |\n|---|---|---|---|---|---|")
    for name, albedo in MALLAMA_2017.items():
        print(row(name, in_bands(FILTERS_NM, albedo), "Mallama 2017"))
    for name, (nm, shape, v_albedo, source) in MOONS.items():
        bands = in_bands(nm, shape)
        print(row(name, bands * v_albedo / PchipInterpolator(nm, shape)(549.0), source))


if __name__ == "__main__":
    main()
