"""Laws of reflection and the brightness of discs, against textbooks and photometry."""

from __future__ import annotations

import numpy as np

from selfiesim.planet.earth import sea
from selfiesim.planet.light.disc_photometry import CLEAR_DAY, disc_brightness, solve_ground_reflectance
from selfiesim.planet.light.photometry import LAWS, disc_integrated, hapke, lambert, mars_law
from selfiesim.validation.registry import Measured, check

# Disc of Mars against phase angle (V), relative to phase 0: Mallama and Hilton 2018, Astronomy and Computing 25, 10.
MALLAMA = {0: 1.0, 10: 0.821, 20: 0.691, 40: 0.526, 60: 0.424, 80: 0.280, 100: 0.144}


@check("phase law", "disc of a Lambert sphere, 10 to 150 degrees", "(sin a + (pi - a) cos a) / pi")
def lambert_sphere() -> Measured:
    """Largest difference."""
    angles = np.radians([10.0, 40.0, 60.0, 100.0, 150.0])
    law = (np.sin(angles) + (np.pi - angles) * np.cos(angles)) / np.pi
    return Measured(
        max(abs(disc_integrated(lambert, a) - flux) for a, flux in zip(angles, law, strict=True)), 0.0, 1e-3
    )


@check(
    "phase law",
    "disc of Mars with its air in green, 0 to 100 degrees",
    "geometric albedo 0.172 (Mallama et al. 2017) times the curve of Mallama and Hilton 2018",
)
def disc_of_mars() -> Measured:
    """Brightness over the published one, where it is farthest off."""
    ground = solve_ground_reflectance(mars_law, 0.172)
    ratios = [
        float(disc_brightness(mars_law, ground, CLEAR_DAY, np.radians(degrees))[1]) / (0.172 * flux)
        for degrees, flux in MALLAMA.items()
    ]
    return Measured(max(ratios, key=lambda ratio: abs(ratio - 1.0)), 1.0, 0.03)


@check("power", "Hapke's and Mars' laws, incidence against emission", "Helmholtz: reciprocity")
def reciprocity() -> Measured:
    """Largest relative difference of the two ways, 55 degrees of phase."""
    normal = np.random.default_rng(1).normal(size=(20_000, 3))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    phase = np.radians(55.0)
    mu, mu0 = normal[:, 2], normal @ [np.sin(phase), 0.0, np.cos(phase)]
    seen = (mu0 > 0.03) & (mu > 0.05)
    mu0, mu, worst = mu0[seen], mu[seen], 0.0
    for law in (mars_law, hapke):
        there, back = law(mu0, mu, np.cos(phase)) / mu0, law(mu, mu0, np.cos(phase)) / mu
        worst = max(worst, float(np.abs(there / back - 1.0).max()))
    return Measured(worst, 0.0, 1e-9)


@check("power", "light that ground of reflectance 0.5 returns, any law and incidence", "at most what it receives")
def no_more_than_received() -> Measured:
    """Largest share returned beyond 1; 0 if none."""
    mu, azimuth = np.meshgrid((np.arange(120) + 0.5) / 120, (np.arange(120) + 0.5) / 120 * 2.0 * np.pi)
    worst = 0.0
    for name, law in LAWS.items():
        reflectance = 0.25 if name == "lommel-seeliger" else 0.5  # the documented limit of single scattering
        for mu0 in (0.05, 0.3, 0.6, 1.0):
            cos_phase = mu0 * mu + np.sqrt(1.0 - mu0**2) * np.sqrt(1.0 - mu**2) * np.cos(azimuth)
            share = reflectance * 2.0 * float((law(mu0, mu, cos_phase) * mu).mean()) / mu0
            worst = max(worst, share - 1.0)
    return Measured(max(worst, 0.0), 0.0, 1e-3)


@check("sea", "width of the Sun's glint, squared, in winds of 2 to 14 m/s", "Cox and Munk 1954: 0.003 + 0.00512 U")
def glint_on_the_sea() -> Measured:
    """Mean square slope over the measured one, where it is farthest off.

    Straight down under a moving Sun, facets of slope tan(z/2) mirror it: the light falls by e at the rms slope.
    """
    zenith, ratios = np.linspace(0.0, 1.2, 4000), []
    for wind in (2.0, 7.0, 14.0):
        light = sea.glint(np.cos(zenith), np.ones_like(zenith), np.cos(zenith), wind)
        flat = sea.fresnel(np.cos(zenith / 2.0)) / np.cos(zenith / 2.0) ** 4
        facets = light / flat * (1.0 + sea.hidden_slopes(np.cos(zenith), float(sea.slope_variance(wind))))
        width = np.tan(zenith / 2.0)[np.argmax(facets < facets[0] / np.e)]
        ratios.append(float(width**2 / (0.003 + 0.00512 * wind)))
    return Measured(max(ratios, key=lambda ratio: abs(ratio - 1.0)), 1.0, 0.02)


@check("sea", "reflectance of calm water at Brewster's angle, n = 1.34", "Fresnel: half of ((n^2 - 1) / (n^2 + 1))^2")
def brewster() -> Measured:
    """Reflectance of unpolarised light."""
    law = 0.5 * ((1.34**2 - 1.0) / (1.34**2 + 1.0)) ** 2
    return Measured(float(sea.fresnel(np.cos(np.arctan(1.34)))), law, 1e-6)
