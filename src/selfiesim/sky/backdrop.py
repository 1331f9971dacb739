"""The bodies and stars that a camera sees in the sky at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import AU_M, BODIES, MARS, SOLAR_IRRADIANCE_1AU, Body
from selfiesim.astro.ellipsoid import sun_visible_fraction
from selfiesim.astro.ephemeris import Ephemeris
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.galilean_moons import GALILEAN_MOONS
from selfiesim.astro.outer_moons import OUTER_MOON_PLANETS
from selfiesim.astro.solar_system import find_body
from selfiesim.core.errors import EphemerisError
from selfiesim.core.vectors import Vector
from selfiesim.planet.maps.worlds import disc_albedo
from selfiesim.sky.band_photometry import ZERO_MAG_IRRADIANCE, reflected_irradiance
from selfiesim.sky.magnitudes import bowell_phase, magnitude
from selfiesim.sky.solar_disc import visible_disc_fraction
from selfiesim.sky.stars import stars
from selfiesim.sky.sunlit_globes import ShadingLaw, SkyBody, lommel_seeliger_phase


class _PlanetConstants(NamedTuple):
    """Equatorial radius (IAU 2015), law, number in ``plan94``."""

    radius_m: float
    law: ShadingLaw
    number: int


_PLANETS = {
    "mercury": _PlanetConstants(2_440_530.0, "lommel-seeliger", 1),
    "venus": _PlanetConstants(6_051_800.0, "lambert", 2),
    "earth": _PlanetConstants(6_378_136.6, "lambert", 3),
    "moon": _PlanetConstants(1_737_400.0, "lommel-seeliger", 3),
    "mars": _PlanetConstants(3_396_190.0, "lambert", 4),
    "jupiter": _PlanetConstants(71_492_000.0, "lambert", 5),
    "saturn": _PlanetConstants(60_268_000.0, "lambert", 6),
}

_SMALL_MOONS = ("phobos", "deimos")
_DEFAULT_SLOPE_G = 0.15  # for bodies without a measured G (Bowell et al. 1989)

# Bodies that can eclipse the Sun as seen from each body.
OCCULTING_BODIES = {
    "mars": ("phobos", "deimos"),
    "phobos": ("mars", "deimos"),
    "deimos": ("mars", "phobos"),
    "earth": ("moon",),
    "moon": ("earth",),
    "jupiter": tuple(GALILEAN_MOONS),
    **dict.fromkeys(GALILEAN_MOONS, ("jupiter",)),
    "saturn": ("enceladus", "titan"),
    "neptune": ("triton",),
    **{moon: (planet,) for moon, planet in OUTER_MOON_PLANETS.items()},
}


@dataclass(frozen=True)
class Backdrop:
    """The sky around a camera, ICRF axes.

    Attributes
    ----------
    sun : bool
        Whether to render the Sun's disc.
    globes : tuple of SkyBody
        Planets and moons.
    star_directions : (N, 3)
        Unit vectors to the stars.
    star_irradiance : (N, 3)
        Irradiance by each star in the bands, W m^-2 nm^-1.
    """

    sun: bool
    globes: tuple[SkyBody, ...]
    star_directions: NDArray[np.float64]
    star_irradiance: NDArray[np.float64]


def build_backdrop(
    ephemeris: Ephemeris,
    body: str,
    position: Vector,
    epoch: Epoch,
    *,
    with_sun: bool,
    with_moons: bool,
    with_stars: bool,
) -> Backdrop:
    """Build the sky around a camera. Bodies without an ephemeris at that time are left out.

    Parameters
    ----------
    ephemeris : Ephemeris
        Positions of the bodies.
    body : str
        The central body.
    position : (3,) array
        The camera from the centre of ``body``, ICRF axes, m.
    epoch : Epoch
        The instant.
    with_sun, with_moons, with_stars : bool
        Whether to include the Sun, the moons of Mars, and the stars together with the planets and the Moon.
    """
    globes: list[SkyBody] = []
    if with_moons:
        globes += [
            _moon(ephemeris, name, body, position, epoch)
            for name in _SMALL_MOONS
            if has_ephemeris(ephemeris, name, body, epoch)
        ]
    if with_stars:
        globes += [_planet(ephemeris, name, body, position, epoch) for name in _PLANETS if name != body]
    elif body in _SMALL_MOONS:
        globes += [_planet(ephemeris, "mars", body, position, epoch)]
    table = stars()
    return Backdrop(
        with_sun,
        tuple(globe for globe in globes if globe.name != body and globe.distance > max(globe.radii_m)),
        table.directions(epoch) if with_stars else np.zeros((0, 3)),
        table.irradiance if with_stars else np.zeros((0, 3)),
    )


def sun_visible_fraction_beside(
    ephemeris: Ephemeris, body: Body, position: Vector, to_sun: Vector, epoch: Epoch
) -> float:
    """Return the fraction of the Sun that the moons of ``body``, or the planet it orbits, leave visible."""
    fraction = 1.0
    for name in OCCULTING_BODIES.get(body.name, ()):
        if has_ephemeris(ephemeris, name, body.name, epoch):
            there = ephemeris.position(name, body.name, epoch) - position
            other = find_body(name)
            fraction *= visible_disc_fraction(there, other.radii_m, icrf_to_bodyfixed(other, epoch), to_sun)
    return fraction


def _moon(ephemeris: Ephemeris, name: str, central: str, eye: Vector, epoch: Epoch) -> SkyBody:
    """Return a small moon: dark dust of the published geometric albedo, dimmed with phase by the H, G system."""
    body, albedo = BODIES[name], np.array(disc_albedo(name))
    centre = ephemeris.position(name, central, epoch)
    to_sun = ephemeris.position("sun", name, epoch)
    sun_distance = float(np.linalg.norm(to_sun))
    light = np.array(SOLAR_IRRADIANCE_1AU) * (AU_M / sun_distance) ** 2
    rotation = icrf_to_bodyfixed(body, epoch)
    from_mars = icrf_to_bodyfixed(MARS, epoch) @ np.array([-ephemeris.position("mars", name, epoch), to_sun])[..., None]
    light = light * sun_visible_fraction(from_mars[0, :, 0], from_mars[1, :, 0], MARS)
    globe = SkyBody(name, centre - eye, body.radii_m, rotation, to_sun / sun_distance, "lommel-seeliger", light, np.inf)
    phase = float(np.arccos(np.clip(-(globe.position @ globe.to_sun) / globe.distance, -1.0, 1.0)))
    dimming = bowell_phase(phase, _DEFAULT_SLOPE_G) / lommel_seeliger_phase(phase)
    seen = albedo * dimming / np.pi * globe.disc_integrals[0] * light
    v = float(-2.5 * np.log10(seen[1] / ZERO_MAG_IRRADIANCE)) if seen[1] > 0.0 else np.inf
    return globe.seen_as(seen, v)


def _planet(ephemeris: Ephemeris, name: str, central: str, eye: Vector, epoch: Epoch) -> SkyBody:
    kind = _PLANETS[name]
    to_sun = ephemeris.position("sun", central, epoch)
    from_sun = _from_sun(ephemeris, name, epoch)
    # The sum of two long vectors is accurate enough even for a close body, such as the Earth from the Moon.
    from_eye = to_sun + from_sun - eye
    rotation = icrf_to_bodyfixed(BODIES[name], epoch) if name in BODIES else np.eye(3)
    radii = BODIES[name].radii_m if name in BODIES else (kind.radius_m,) * 3
    v = magnitude(name, from_sun, from_eye)
    toward = -from_sun / np.linalg.norm(from_sun)
    return SkyBody(name, from_eye, radii, rotation, toward, kind.law, reflected_irradiance(v, disc_albedo(name)), v)


def _from_sun(ephemeris: Ephemeris, name: str, epoch: Epoch) -> Vector:
    """Return the vector (3,), m, from the ephemeris, or else from the series of Simon et al. (1994).

    The series is good to 1.5 arcminutes for Saturn.
    """
    try:
        return ephemeris.position(name, "sun", epoch)
    except EphemerisError:
        import erfa

        state = erfa.plan94(epoch.day, epoch.fraction, _PLANETS[name].number)
        return np.array(state["p"]) * AU_M


def has_ephemeris(ephemeris: Ephemeris, name: str, central: str, epoch: Epoch) -> bool:
    """Return whether the ephemeris covers one body relative to another at that time."""
    try:
        ephemeris.position(name, central, epoch)
    except EphemerisError:
        return False
    return True
