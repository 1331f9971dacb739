"""Reflection laws of bare ground and ice, shared by numpy and the shader.

A map gives one number per band, the reflectance ``A``; a law gives the shape ``f``, so that I/F = A * f(mu0, mu, cos g)
and the radiance is A * f * E / pi, with E the irradiance of a surface that faces the Sun. Every shape has the same
normalisation: a uniform sphere of reflectance ``A`` has the geometric albedo ``A``, that is
``disc_integrated(law, 0) == 1``. The opposition surge is part of the shape and counted at phase 0, because the
published geometric albedo of Mars is the published phase law taken at phase 0.

Mars is rendered with :data:`mars_law`; :func:`hapke` is the published law that it derives from, with every term, and
:func:`lambert` the reference. ``design/maps.md`` explains why the two differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.light.phase_functions import henyey_greenstein

PhotometricLaw = Callable[[ArrayLike, ArrayLike, ArrayLike], NDArray[np.float64]]
"""``law(mu0, mu, cos_phase)``: cosines of incidence, emission and phase angle in, the shape f out."""

# The mean of Mars at solar wavelengths: Vincendon 2013, Planetary and Space Science 76, 87 (arXiv 1208.4518).
HAPKE_W = 0.85  # single-scattering albedo
HAPKE_THETA_BAR_RAD = float(np.radians(17.0))  # macroscopic roughness
HAPKE_B = 0.12  # sharpness of the two Henyey-Greenstein lobes
HAPKE_C = 0.6  # weight of the backward lobe, 0..1
HAPKE_B0 = 1.0  # height of the opposition surge
HAPKE_H = 0.05  # its width

GRAZING = 1e-3  # keeps the Lommel-Seeliger quotient finite where incidence and emission both graze


@dataclass(frozen=True)
class LunarLambertLaw:
    """A sum of Lommel-Seeliger's and Lambert's laws whose weights depend on the phase angle.

    f = mu0 (single(cos g) / (mu0 + mu) + diffuse(cos g)). Both weights are cubics, and the opposition surge
    height / (1 + tan(g/2) / width) is added to the first. The shader has the same formula and receives the numbers.

    The law is finite everywhere, 0 where the surface is not lit, and reciprocal (f / mu0 does not change when ``mu0``
    and ``mu`` are swapped). Instances are callable as a :data:`PhotometricLaw`.

    Attributes
    ----------
    lommel_seeliger_poly, lambert_poly : (4,) tuple of float
        Cubics in cos g, highest power first.
    surge_height, surge_width : float
        Height and width of the opposition surge.
    """

    lommel_seeliger_poly: tuple[float, float, float, float]
    lambert_poly: tuple[float, float, float, float]
    surge_height: float = 0.0
    surge_width: float = 1.0

    def __call__(self, mu0: ArrayLike, mu: ArrayLike, cos_phase: ArrayLike) -> NDArray[np.float64]:
        """Return the shape f for arrays that broadcast."""
        lit, seen, c = _clip_cosines(mu0, mu, cos_phase)
        tan_half = np.sqrt((1 - c) / (1 + c + 1e-6))
        surge = self.surge_height / (1 + tan_half / self.surge_width)
        diffuse_share = np.maximum(np.polyval(self.lambert_poly, c), 0.0)
        single_share = np.maximum(np.polyval(self.lommel_seeliger_poly, c) + surge, 0.0)
        return np.asarray(lit * (single_share / (lit + seen + GRAZING) + diffuse_share))


# Fitted to Hapke's law below with the parameters above, phase angle by phase angle (design/maps.md).
HAPKE_FIT = LunarLambertLaw((-0.3219, 0.3593, 0.7206, 0.0526), (0.5127, -0.4849, -0.4673, 0.8541), 0.6380, 0.0426)

mars_law = LunarLambertLaw((1.1894, -2.6254, 1.1335, -0.2228), (-0.3176, 0.2314, 0.0724, 0.386), 2.0306, 0.3)
"""The law that Mars is rendered with: HAPKE_FIT adjusted so that ground and the air of a clear day together have the
published phase law of the disc (``design/fit_mars_law.py``)."""

LAWS: dict[str, LunarLambertLaw] = {
    "mars": mars_law,
    "hapke": HAPKE_FIT,
    # McEwen's L(g) for the Moon (1991, Icarus 92, 298; recalled, not checked), as a cubic in cos g (assumed adequate).
    "lunar-lambert": LunarLambertLaw((0.1, 0.5, 1.0, 0.4), (-0.05, -0.25, -0.5, 0.8)),
    # Single scattering only: a law for dark ground, valid up to A = 0.25.
    "lommel-seeliger": LunarLambertLaw((0.0, 0.0, 0.0, 2.0), (0.0, 0.0, 0.0, 0.0)),
    # Dark airless ground dims with phase as the Moon does, m = 0.026 |g| + 4e-9 g^4, g in degrees (Allen, Astrophysical
    # Quantities, 3rd edition, 1973; as used by Krisciunas and Schaefer, PASP 103, 1033, 1991): within 3 percent to 120
    # degrees. The full Moon has no limb darkening.
    "lunar": LunarLambertLaw((-0.01785, 0.05604, -0.01577, -0.08302), (0.0, 0.0, 0.0, 0.0), 2.06062, 0.369),
    # Mercury's disc: V of Mallama and Hilton 2018 (selfiesim.sky.magnitudes), within 2.5 percent to 155 degrees.
    "mercury": LunarLambertLaw((0.11144, 0.01722, 0.13566, 0.24639), (0.0, 0.0, 0.0, 0.0), 1.49141, 0.09902),
    # Dark rubble as Ryugu's: the H, G system with G = 0.147 (selfiesim.sky.magnitudes.bowell_phase). A smooth sphere is
    # up to 8 percent brighter than that beyond 90 degrees, and rubble, which shades itself, up to 8 percent darker.
    "c-type": LunarLambertLaw((0.0351, -0.02628, 0.18994, 0.18265), (0.0, 0.0, 0.0, 0.0), 1.61994, 0.07128),
    "lambert": LunarLambertLaw((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.5)),
}
"""Laws for bare ground by name, each normalised to a geometric albedo of A; a scene may choose one."""

_EPSILON = 1e-9


def lambert(mu0: ArrayLike, mu: ArrayLike, cos_phase: ArrayLike) -> NDArray[np.float64]:
    """Return Lambert's law, f = 1.5 mu0: a Lambert sphere of albedo 1 has the geometric albedo 2/3."""
    lit, _, _ = _clip_cosines(mu0, mu, cos_phase)
    return 1.5 * lit


def ice(mu0: ArrayLike, mu: ArrayLike, cos_phase: ArrayLike) -> NDArray[np.float64]:
    """Return the law of polar ice: 85 percent Lambert, 15 percent Lommel-Seeliger and no surge.

    The mixture is assumed: coarse grains scatter many times. ``mu0``, ``mu`` and ``cos_phase`` broadcast. The albedo of
    a flat card is about 3/2 of A.
    """
    lit, seen, _ = _clip_cosines(mu0, mu, cos_phase)
    return np.asarray(lit * (0.85 * 1.5 + 0.15 * 2.0 / (lit + seen + GRAZING)))


def hapke(mu0: ArrayLike, mu: ArrayLike, cos_phase: ArrayLike) -> NDArray[np.float64]:
    """Return Hapke's law of 1984 with the mean parameters of Mars (Vincendon 2013), including roughness and surge.

    Parameters
    ----------
    mu0, mu, cos_phase : array_like
        Cosines of the angles of incidence, emission and phase; they broadcast.

    Returns
    -------
    (...) array
        The shape f, 0 where the surface is not lit or not visible.
    """
    return _hapke_raw(mu0, mu, cos_phase) / _hapke_norm()


@cache
def _hapke_norm() -> float:
    return disc_integrated(_hapke_raw, 0.0)


def _hapke_raw(mu0: ArrayLike, mu: ArrayLike, cos_phase: ArrayLike) -> NDArray[np.float64]:
    lit, seen, cos_g = _clip_cosines(mu0, mu, cos_phase)
    lit_e, seen_e, shadowing = _apply_roughness(np.maximum(lit, _EPSILON), np.maximum(seen, _EPSILON), cos_g)
    b, c = HAPKE_B, HAPKE_C
    # The scattering angle is 180 degrees less the phase angle.
    phase_function = c * henyey_greenstein(b, cos_g) + (1 - c) * henyey_greenstein(b, -cos_g)
    tan_half = np.sqrt((1 - cos_g) / np.maximum(1 + cos_g, _EPSILON))
    surge = HAPKE_B0 / (1 + tan_half / HAPKE_H)
    multiple = _chandrasekhar_h(lit_e) * _chandrasekhar_h(seen_e) - 1
    value = HAPKE_W / 4 * lit_e / (lit_e + seen_e) * (phase_function * (1 + surge) + multiple) * shadowing
    return np.where((lit > 0) & (seen > 0), value, 0.0)


def _chandrasekhar_h(mu: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Hapke's two-stream form of Chandrasekhar's H function."""
    return np.asarray((1 + 2 * mu) / (1 + 2 * mu * np.sqrt(1 - HAPKE_W)))


def _apply_roughness(
    mu0: NDArray[np.float64], mu: NDArray[np.float64], cos_g: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the effective mu0 and mu of a surface of facets tilted by theta-bar, and its unshadowed fraction.

    Source: Hapke, Icarus 59 (1984), 41, equations 46 to 57; also in his book, section 12.D.
    """
    incidence, emission = np.arccos(mu0), np.arccos(mu)
    sines = np.sin(incidence) * np.sin(emission)
    cos_psi = np.clip((cos_g - mu0 * mu) / np.maximum(sines, _EPSILON), -1.0, 1.0)
    psi = np.arccos(cos_psi)
    sin2_half = (1 - cos_psi) / 2
    half_dark = np.exp(-2 * np.tan(psi / 2))  # how far shadow and occlusion decorrelate with azimuth
    tan_bar = np.tan(HAPKE_THETA_BAR_RAD)
    chi = 1 / np.sqrt(1 + np.pi * tan_bar**2)

    e1_i, e2_i, eta_i = _roughness_terms(incidence, mu0, tan_bar, chi)
    e1_e, e2_e, eta_e = _roughness_terms(emission, mu, tan_bar, chi)
    steeper = incidence > emission  # the larger of the two angles decides what is hidden
    e1_far, e2_far = np.where(steeper, e1_i, e1_e), np.where(steeper, e2_i, e2_e)
    e1_near, e2_near = np.where(steeper, e1_e, e1_i), np.where(steeper, e2_e, e2_i)
    below = 2 - e1_far - psi / np.pi * e1_near
    far = (e2_far - sin2_half * e2_near) / below
    near = (cos_psi * e2_far + sin2_half * e2_near) / below
    tilt_i = np.where(steeper, far, near)
    tilt_e = np.where(steeper, near, far)
    mu0_e = chi * (mu0 + np.sin(incidence) * tan_bar * tilt_i)
    mu_e = chi * (mu + np.sin(emission) * tan_bar * tilt_e)
    open_near = np.where(steeper, mu / eta_e, mu0 / eta_i)
    shadowing = mu_e / eta_e * mu0 / eta_i * chi / (1 - half_dark + half_dark * chi * open_near)
    return mu0_e, mu_e, shadowing


def _roughness_terms(
    angle: NDArray[np.float64], cosine: NDArray[np.float64], tan_bar: float, chi: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return Hapke's E1, E2 and eta of one angle."""
    cot = cosine / np.maximum(np.sin(angle), _EPSILON)
    e1 = np.exp(-2 / np.pi * cot / tan_bar)
    e2 = np.exp(-((cot / tan_bar) ** 2) / np.pi)
    eta = chi * (cosine + np.sin(angle) * tan_bar * e2 / (2 - e1))
    return e1, e2, eta


def disc_integrated(law: PhotometricLaw, phase_rad: float, nodes: int = 160) -> float:
    """Return the light of a uniform sphere of reflectance 1 at a phase angle; at 0 it is the geometric albedo.

    It is the integral of f over the lit and visible part of the disc of unit radius, divided by pi, by Gauss-Legendre
    quadrature in luminance longitude and in the sine of luminance latitude.
    """
    x, weight = np.polynomial.legendre.leggauss(nodes)
    low, high = phase_rad - np.pi / 2, np.pi / 2
    longitude = (low + (high - low) * (x + 1) / 2)[:, None]
    cos_lat = np.sqrt(1 - x**2)[None, :]
    mu, mu0 = cos_lat * np.cos(longitude), cos_lat * np.cos(longitude - phase_rad)
    f = law(mu0, mu, np.full_like(mu, np.cos(phase_rad)))
    return float(((f * mu) * weight[:, None] * weight[None, :]).sum() * (high - low) / 2 / np.pi)


@cache
def lambert_share(name: str) -> float:
    """Return the light that a sphere scatters in all directions by a law of :data:`LAWS`, relative to Lambert's law.

    It is the law's phase integral, 2 times the integral of the disc's light over the sine of the phase, over that of
    Lambert's law, 3/2. A surface so dark counts as Lambertian where light comes from all around.
    """
    x, weight = np.polynomial.legendre.leggauss(48)
    phase = (x + 1) * np.pi / 2
    disc = np.array([disc_integrated(LAWS[name], float(g), nodes=64) for g in phase])
    return float((2 * disc * np.sin(phase) * weight).sum() * np.pi / 2 / 1.5)


def valley_light(
    level: NDArray[np.float64], slope: NDArray[np.float64], sun: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how much of its surroundings a slope sees instead of the sky, and the sunlight that falls on those.

    The slope across the valley is taken as the mirror image of this one (assumed). A plane tilted by t sees the ground
    in a share (1 - cos t) / 2 of its hemisphere.

    Parameters
    ----------
    level, slope : (N, 3) array
        Unit normals of level ground and of the slope.
    sun : (3,) array
        Unit vector to the Sun.

    Returns
    -------
    share, incidence : (N,) array
        That share, and the cosine of incidence on the slope across; 0 at night.
    """
    cosine, mu0 = (level * slope).sum(axis=-1), level @ sun
    across = np.maximum(2 * cosine * mu0 - slope @ sun, 0.0)
    return 0.5 - 0.5 * cosine, across * smoothstep(-0.01, 0.03, mu0)


def _clip_cosines(
    mu0: ArrayLike, mu: ArrayLike, cos_phase: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the cosines as float arrays of the same shape, clipped to their valid ranges."""
    a, b, c = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (mu0, mu, cos_phase)))
    return np.clip(a, 0.0, 1.0), np.clip(b, 0.0, 1.0), np.clip(c, -1.0, 1.0)
