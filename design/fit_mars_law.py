"""Fit the reflection law of Mars' ground, so that ground and air together have the published phase curve of the disc.

``python design/fit_mars_law.py`` prints :data:`selfiesim.planet.light.photometry.mars_law`. The law has the form of
``HAPKE_FIT`` and stays as close to its two shares as the curve allows. Needed again whenever the air of a clear day
changes.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from selfiesim.planet.light.disc_photometry import CLEAR_DAY, disc_brightness
from selfiesim.planet.light.photometry import HAPKE_FIT, LunarLambertLaw, disc_integrated

GEOMETRIC_ALBEDO = 0.172
PHASES_DEG = np.arange(0, 101, 5)
GREEN = 1

SINGLE = LunarLambertLaw((0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0))
DIFFUSE = LunarLambertLaw((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def published(degrees: np.ndarray) -> np.ndarray:
    """Flux of the disc over that at phase 0: Mallama and Hilton 2018, Astronomy and Computing 25, 10."""
    near = 2.267e-2 * degrees - 1.302e-4 * degrees**2
    far = 1.601 - 0.367 - 2.573e-2 * degrees + 3.445e-4 * degrees**2
    return 10.0 ** (-0.4 * np.where(degrees <= 50, near, far))


def shares(law: LunarLambertLaw, phase: np.ndarray) -> np.ndarray:
    """Both shares (2, N) of a law at phase angles (N,), rad."""
    c = np.cos(phase)
    surge = law.surge_height / (1.0 + np.tan(phase / 2.0) / law.surge_width)
    single, diffuse = np.polyval(law.lommel_seeliger_poly, c) + surge, np.polyval(law.lambert_poly, c)
    return np.maximum(np.stack([single, diffuse]), 0.0)


def main() -> None:
    phases = np.radians(PHASES_DEG)
    wanted = GEOMETRIC_ALBEDO * published(PHASES_DEG)
    none = LunarLambertLaw((0.0,) * 4, (0.0,) * 4)
    # The light is linear in the reflectance and in both shares.
    air = np.array([disc_brightness(none, 0.0, CLEAR_DAY, phase)[GREEN] for phase in phases])
    sky = np.array([disc_brightness(none, 1.0, CLEAR_DAY, phase)[GREEN] for phase in phases]) - air
    parts = np.array(
        [[disc_brightness(law, 1.0, CLEAR_DAY, phase)[GREEN] for phase in phases] for law in (SINGLE, DIFFUSE)]
    ) - (air + sky)
    whole = np.array([disc_integrated(law, 0.0) for law in (SINGLE, DIFFUSE)])
    everywhere = np.radians(np.arange(0, 161, 5))
    hapke = shares(HAPKE_FIT, everywhere)

    def law_of(x: np.ndarray) -> LunarLambertLaw:
        law = LunarLambertLaw(tuple(x[:4]), tuple(x[4:8]), x[8], x[9])
        norm = float(whole @ shares(law, np.zeros(1))[:, 0])
        return LunarLambertLaw(tuple(x[:4] / norm), tuple(x[4:8] / norm), x[8] / norm, x[9])

    def residuals(x: np.ndarray) -> np.ndarray:
        law = law_of(x)
        ground = (parts * shares(law, phases)).sum(axis=0) + sky
        reflectance = (wanted[0] - air[0]) / ground[0]
        light = air + reflectance * ground
        here = shares(law, everywhere)
        too_dark = np.maximum(0.5 * hapke - here, 0.0)  # beyond 100 degrees the curve is not published
        return np.concatenate([30.0 * (light / wanted - 1.0), (here - hapke).ravel(), 5.0 * too_dark.ravel()])

    start = [*HAPKE_FIT.lommel_seeliger_poly, *HAPKE_FIT.lambert_poly, 1.0, 0.2]
    lower, upper = [-5.0] * 8 + [0.0, 0.02], [5.0] * 8 + [3.0, 0.3]
    law = law_of(least_squares(residuals, start, bounds=(lower, upper)).x)
    print(LunarLambertLaw(*(tuple(round(float(v), 4) for v in poly) for poly in (law.lommel_seeliger_poly,
    law.lambert_poly)),
                          round(float(law.surge_height), 4), round(float(law.surge_width), 4)))  # fmt: skip
    ground = (parts * shares(law, phases)).sum(axis=0) + sky
    reflectance = (wanted[0] - air[0]) / ground[0]
    print(f"reflectance of the ground {reflectance:.4f}; of the disc's light, air {air[0] / wanted[0]:.1%}")
    for phase, light, target in zip(phases, air + reflectance * ground, wanted, strict=True):
        print(f"{np.degrees(phase):4.0f}  {light:.4f}  published {target:.4f}  {light / target - 1.0:+.3f}")


if __name__ == "__main__":
    main()
