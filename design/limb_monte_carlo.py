"""Radiance of air in a spherical shell by backward Monte Carlo: the reference of the limb's brightness.

``python design/limb_monte_carlo.py [mars | earth] [--photons 100000] [--check | --sky]``. Photons start at the eye,
scatter by the full phase functions without delta scaling, and are connected with the Sun at every collision; the ground
is a Lambert surface. The optics and the columns are the package's, the transport is not. ``--check`` compares
plane-parallel limits with Chandrasekhar's H functions and exits; ``--sky`` follows photons from the ground instead. The
seed is fixed, so figures repeat to the last digit. The output, some 20 minutes of one core, is
``tests/planet/limb_monte_carlo.tsv`` (``earth_limb_monte_carlo.tsv``, ``sky_monte_carlo.tsv``); what came of it is in
``design/atmosphere.md`` (``design/earth.md``).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from selfiesim.planet.earth.air import AEROSOL_OPACITY, EarthColumn
from selfiesim.planet.light.air_column import AirColumn

Floats = NDArray[np.float64]

RADIUS_KM = {"mars": 3389.5, "earth": 6371.0}
TOP_KM = 130.0
SEED = 20211231
_MAX_ORDERS = 200


@dataclass(frozen=True)
class Medium:
    """Air of one band: extinction of dust, gas and absorber by height on a fine grid, 1/km, and how they scatter."""

    radius_km: float
    height_km: Floats
    dust: Floats
    gas: Floats
    absorber: Floats
    dust_albedo: float
    lobes: tuple[float, float, float]  # share and g of the first lobe, g of the second
    ground: float

    def extinction(self, height: Floats) -> Floats:
        return np.interp(height, self.height_km, self.dust + self.gas + self.absorber, right=0.0)

    def scattered_share(self, height: Floats) -> Floats:
        """The part of the extinction that is not the absorber's."""
        total = np.maximum(self.dust + self.gas + self.absorber, 1e-30)
        return np.interp(height, self.height_km, (self.dust + self.gas) / total)

    def dust_share(self, height: Floats) -> Floats:
        return np.interp(height, self.height_km, self.dust / np.maximum(self.dust + self.gas, 1e-30))

    def phase(self, cosine: Floats, share: Floats) -> Floats:
        """Albedo times phase function, weighted by the two kinds of scatterers."""
        a, narrow, wide = self.lobes
        dust = a * _henyey_greenstein(narrow, cosine) + (1.0 - a) * _henyey_greenstein(wide, cosine)
        return self.dust_albedo * share * dust + (1.0 - share) * 0.75 * (1.0 + cosine**2)

    @cached_property
    def sunlight(self) -> RegularGridInterpolator:
        """Transmittance toward the Sun by height and by the cosine of its zenith angle, from sums along the rays."""
        heights = np.concatenate([np.linspace(0.0, 40.0, 81), np.linspace(42.0, self.height_km[-1], 45)])
        mu = np.unique(np.concatenate([np.linspace(-0.5, 0.5, 401), np.linspace(-1.0, 1.0, 81)]))
        start = self.radius_km + heights[:, None]
        depth = np.zeros((len(heights), len(mu)))
        top = self.radius_km + self.height_km[-1]
        length = np.sqrt(np.maximum(top**2 - start**2 * (1.0 - mu**2), 0.0)) - start * mu
        for t in (np.arange(3000) + 0.5) / 3000:
            r = np.sqrt(start**2 + (t * length) ** 2 + 2.0 * start * mu * t * length)
            depth += self.extinction(r - self.radius_km) * length / 3000
        hidden = (mu < 0.0) & (start * np.sqrt(1.0 - mu**2) < self.radius_km)
        return RegularGridInterpolator((heights, mu), np.where(hidden, 0.0, np.exp(-depth)), bounds_error=False,
                                       fill_value=None)  # fmt: skip


def _henyey_greenstein(g: float, cosine: Floats) -> Floats:
    return (1.0 - g * g) / (1.0 + g * g - 2.0 * g * cosine) ** 1.5


def medium_of(column: AirColumn, band: int) -> Medium:
    """The package's column without delta scaling."""
    height = np.concatenate([np.linspace(0.0, 60.0, 1201), np.linspace(60.1, TOP_KM, 700)])
    grains, metres = column.aerosol, 1000.0 * height
    dust = 1000.0 * column.dust_opacity * grains.relative_extinction[band] * column.dust_profile(metres)
    gas = 1000.0 * column.gas_depth[band] * column.gas_profile(metres)
    absorber = 1000.0 * column.absorber_depth[band] * column.absorber_profile(metres)
    lobes = (grains.narrow_share, float(grains.narrow_g[band]), grains.wide_g)
    return Medium(
        column.radius_m / 1000.0, height, dust, gas, absorber, grains.albedo[band], lobes, column.ground_albedo[band]
    )


def radiance_factor(
    medium: Medium, start: Floats, ray: Floats, sun: Floats, photons: int, rng: np.random.Generator
) -> tuple[float, float]:
    """I/F seen from ``start`` (3,), km from the centre and above the air, along ``ray``, and its standard error."""
    light = _collect(medium, np.tile(start, (photons, 1)), np.tile(ray, (photons, 1)), sun, rng, forced=True)
    return float(light.mean()), float(light.std() / np.sqrt(photons))


def sky_light(
    medium: Medium, mu0: float, photons: int, rng: np.random.Generator
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Scattered light at the ground, relative to the Sun's on a surface that faces it, and its standard error.

    It is the irradiance of level ground; that of a wall that faces the Sun's azimuth less that of one that faces away;
    and the irradiance of level ground behind a ridge, which stands 3 degrees higher than the Sun and reaches to 60
    degrees on either side of it.
    """
    # More directions near the horizon, where the light of a low Sun comes from: the density of u^1.5 is u^-0.5 / 1.5.
    way = _turn(np.tile([0.0, 0.0, 1.0], (photons, 1)), rng.random(photons) ** 1.5, rng)
    weight = 1.5 * np.cbrt(way[:, 2])
    place = np.tile([0.0, 0.0, medium.radius_km + 1e-6], (photons, 1))
    sun = np.array([np.sqrt(1.0 - mu0**2), 0.0, mu0])
    light = 2.0 * weight * _collect(medium, place, way, sun, rng, forced=False)
    sunward = way[:, 0] > 0.5 * np.hypot(way[:, 0], way[:, 1])
    hidden = sunward & (way[:, 2] < np.sin(np.arcsin(mu0) + np.radians(3.0)))
    parts = np.stack([light * way[:, 2], light * way[:, 0], np.where(hidden, 0.0, light * way[:, 2])])
    return tuple(parts.mean(axis=1)), tuple(parts.std(axis=1) / np.sqrt(photons))


def _collect(
    medium: Medium, place: Floats, way: Floats, sun: Floats, rng: np.random.Generator, *, forced: bool
) -> Floats:
    """Light (photons,) that scattered sunlight brings back along the ways; all are the same if ``forced``."""
    weight, light = np.ones(len(place)), np.zeros(len(place))
    alive = np.arange(len(place))
    for order in range(_MAX_ORDERS):
        place, hit, escaped = _fly(medium, place, way, rng, forced=forced and order == 0, weight=weight)
        place, way, hit, alive, weight = (each[~escaped] for each in (place, way, hit, alive, weight))
        if not len(alive):
            break
        radius = np.linalg.norm(place, axis=1)
        up = place / radius[:, None]
        mu0 = up @ sun
        lit = medium.sunlight(np.stack([np.clip(radius - medium.radius_km, 0.0, TOP_KM), mu0], axis=1))
        share = medium.dust_share(radius - medium.radius_km)
        kept = np.where(hit, 1.0, medium.scattered_share(radius - medium.radius_km))
        weight = weight * kept
        scattered = medium.phase(way @ sun, share) / 4.0 * lit
        light[alive] += weight * np.where(hit, medium.ground * np.maximum(mu0, 0.0) * lit, scattered)
        dusty = rng.random(len(alive)) < share
        weight = weight * np.where(hit, medium.ground, np.where(dusty, medium.dust_albedo, 1.0))
        way = np.where(hit[:, None], _cosine_way(up, rng), _scattered_way(medium, way, dusty, rng))
        # Russian roulette
        survive = rng.random(len(weight)) < np.minimum(weight / 0.05, 1.0)
        weight = np.maximum(weight, 0.05)
        place, way, alive, weight = place[survive], way[survive], alive[survive], weight[survive]
    return light


def _fly(
    medium: Medium, place: Floats, way: Floats, rng: np.random.Generator, forced: bool, weight: Floats
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Fly to the next collision by delta tracking; return the places, whether on the ground, whether lost to space."""
    if forced:
        return _first_flight(medium, place, way, rng, weight)
    place = place.copy()
    hit, escaped = np.zeros(len(place), bool), np.zeros(len(place), bool)
    to_ground, to_space = _exits(medium, place, way)
    end = np.minimum(to_ground, to_space)
    gone, flying = np.zeros(len(place)), np.arange(len(place))
    # The extinction falls with height, so that at the lowest point of the path bounds it.
    along = np.maximum(-(place * way).sum(axis=1), 0.0)
    lowest = np.linalg.norm(place + np.minimum(along, end)[:, None] * way, axis=1) - medium.radius_km
    bound = np.maximum(medium.extinction(np.maximum(lowest - 0.01, 0.0)), 1e-12)
    while len(flying):
        gone[flying] += rng.exponential(size=len(flying)) / bound[flying]
        out = gone[flying] >= end[flying]
        left = flying[out]
        hit[left] = to_ground[left] < to_space[left]
        escaped[left] = ~hit[left]
        flying = flying[~out]
        height = np.linalg.norm(place[flying] + gone[flying, None] * way[flying], axis=1) - medium.radius_km
        real = rng.random(len(flying)) * bound[flying] < medium.extinction(height)
        flying = flying[~real]
    place += np.minimum(gone, end)[:, None] * way
    return place, hit, escaped


def _first_flight(
    medium: Medium, place: Floats, way: Floats, rng: np.random.Generator, weight: Floats
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """All photons share one ray: spread their first collisions evenly over its extinction, by stratified numbers."""
    origin, ray = place[0], way[0]
    to_ground, to_space = (float(each[0]) for each in _exits(medium, place[:1], way[:1]))
    reach = np.linspace(0.0, min(to_ground, to_space), 40_001)
    height = np.linalg.norm(origin + reach[:, None] * ray, axis=1) - medium.radius_km
    extinction = medium.extinction(np.maximum(height, 0.0))
    depth = np.concatenate([[0.0], np.cumsum((extinction[1:] + extinction[:-1]) / 2.0 * np.diff(reach))])
    hit = np.zeros(len(place), bool)
    total = -np.expm1(-depth[-1])
    if to_ground < to_space:  # the rest of the photons reaches the ground
        hit[:] = np.arange(len(place)) >= total * len(place)
        total = 1.0
    weight *= total
    target = (np.arange(len(place)) + rng.random(len(place))) / len(place) * total
    gone = np.interp(-np.log1p(-np.minimum(target, 1.0 - 1e-12)), depth, reach)
    gone[hit] = to_ground
    return place + gone[:, None] * ray, hit, np.zeros(len(place), bool)


def _exits(medium: Medium, place: Floats, way: Floats) -> tuple[Floats, Floats]:
    """Distances to the ground and to space along each way; infinite if it is missed."""
    along, square = (place * way).sum(axis=1), (place * place).sum(axis=1)
    impact = square - along**2
    inside = medium.radius_km**2 - impact
    ground = -along - np.sqrt(np.maximum(inside, 0.0))
    ground = np.where((inside > 0.0) & (along < 0.0) & (ground > -1e-6), np.maximum(ground, 0.0), np.inf)
    top = medium.radius_km + medium.height_km[-1]
    return ground, -along + np.sqrt(np.maximum(top**2 - impact, 0.0))


def _scattered_way(medium: Medium, way: Floats, dusty: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    a, narrow, wide = medium.lobes
    u, first = rng.random(len(way)), rng.random(len(way)) < a
    g = np.where(first, narrow, wide)
    g = np.where(np.abs(g) < 1e-6, 1e-6, g)
    dust = (1.0 + g * g - ((1.0 - g * g) / (1.0 - g + 2.0 * g * u)) ** 2) / (2.0 * g)
    # The inverse of Rayleigh's cumulative distribution (Frisvad 2011, JOSA A 28, 2436).
    q = 2.0 * (2.0 * u - 1.0)
    root = np.cbrt(q + np.sqrt(q * q + 1.0))
    return _turn(way, np.clip(np.where(dusty, dust, root - 1.0 / root), -1.0, 1.0), rng)


def _cosine_way(up: Floats, rng: np.random.Generator) -> Floats:
    return _turn(up, np.sqrt(rng.random(len(up))), rng)


def _turn(axis: Floats, cosine: Floats, rng: np.random.Generator) -> Floats:
    """Directions at given angles from ``axis`` and random azimuths."""
    helper = np.where(np.abs(axis[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    u = np.cross(axis, helper)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v, azimuth = np.cross(axis, u), 2.0 * np.pi * rng.random(len(axis))
    sine = np.sqrt(1.0 - cosine**2)
    return axis * cosine[:, None] + sine[:, None] * (u * np.cos(azimuth)[:, None] + v * np.sin(azimuth)[:, None])


def limb_ray(radius_km: float, height_km: float, mu0: float, cos_phase: float) -> tuple[Floats, Floats, Floats]:
    """Start, ray and Sun for a tangent height (negative: ground at the horizon), axes with the lowest point on z."""
    nearest = radius_km + height_km
    half = np.sqrt((radius_km + TOP_KM - 1e-6) ** 2 - nearest**2)
    aside = np.sqrt(1.0 - mu0**2 - cos_phase**2)
    return np.array([-half, 0.0, nearest]), np.array([1.0, 0.0, 0.0]), np.array([-cos_phase, aside, mu0])


def ground_ray(radius_km: float, mu: float, mu0: float, cos_phase: float) -> tuple[Floats, Floats, Floats]:
    """Start, ray and Sun for a ray that meets the ground on the z axis at a zenith cosine."""
    sine, ray = np.sqrt(1.0 - mu**2), np.array([np.sqrt(1.0 - mu**2), 0.0, -mu])
    back = np.sqrt((radius_km + TOP_KM - 1e-6) ** 2 - (radius_km * sine) ** 2) - radius_km * mu
    x = (mu * mu0 - cos_phase) / max(sine, 1e-9)
    sun = np.array([x, np.sqrt(max(1.0 - x * x - mu0 * mu0, 0.0)), mu0])
    return np.array([0.0, 0.0, radius_km]) - back * ray, ray, sun


def h_function(albedo: float, nodes: int = 64) -> tuple[Floats, Floats]:
    """Chandrasekhar's H function for isotropic scattering at Gauss points, by iteration of his equation."""
    x, weight = np.polynomial.legendre.leggauss(nodes)
    mu, weight = (x + 1.0) / 2.0, weight / 2.0
    h = np.ones(nodes)
    for _ in range(500):
        h = 1.0 / (np.sqrt(1.0 - albedo) + 0.5 * albedo * ((mu * h * weight) / (mu[:, None] + mu)).sum(axis=1))
    return mu, h


def check(photons: int) -> None:
    """Compare a semi-infinite isotropic layer on a planet of a million km with Chandrasekhar's solution."""
    rng, radius = np.random.default_rng(SEED), 1e6
    for albedo in (0.6, 0.95):
        mu, h = h_function(albedo)
        height = np.linspace(0.0, TOP_KM, 4001)
        dust = 4.0 * np.exp(-height / 10.0)  # optical depth 40
        medium = Medium(radius, height, dust, 0.0 * height, 0.0 * height, albedo, (1.0, 0.0, 0.0), 0.0)
        for i, k in ((10, 40), (32, 32), (55, 20)):
            expected = albedo / 4.0 * mu[k] / (mu[k] + mu[i]) * h[i] * h[k]
            got, error = radiance_factor(medium, *ground_ray(radius, mu[i], mu[k], mu[i] * mu[k]), photons, rng)
            print(f"albedo {albedo}  mu {mu[i]:.3f}  mu0 {mu[k]:.3f}  Chandrasekhar {expected:.4f}  "
                  f"Monte Carlo {got:.4f} +- {error:.4f}")  # fmt: skip


MARS_CASES = (  # dust opacity and top, km; cosine of the Sun's zenith angle; phase angle, degrees
    (0.2, 25.0, 0.2, 102.0),
    (0.2, 25.0, 0.7, 60.0),
    (0.2, 25.0, 0.05, 130.0),
    (0.2, 25.0, 0.05, 50.0),
    (0.6, 50.0, 0.4, 90.0),
)
EARTH_CASES = (  # cosine of the Sun's zenith angle; phase angle, degrees
    (0.7, 60.0),
    (0.3, 100.0),
    (0.05, 130.0),
    (0.05, 60.0),
    (0.0, 150.0),
    (-0.05, 150.0),
)
SKY_CASES = tuple((opacity, mu0) for opacity in (0.2, 0.6) for mu0 in (0.02, 0.05, 0.12, 0.3, 0.6))
LIMB_HEIGHTS_KM = (0.5, 5.0, 10.0, 20.0, 30.0, 45.0)
GROUND_MU = (0.02, 0.30)


def cases(planet: str) -> list[tuple[AirColumn, float, float]]:
    """The air, the cosine of the Sun's zenith angle and the phase angle of each case."""
    radius = 1000.0 * RADIUS_KM[planet]
    if planet == "earth":
        return [(EarthColumn(AEROSOL_OPACITY, 30_000.0, 1.0, radius), mu0, phase) for mu0, phase in EARTH_CASES]
    return [(AirColumn(opacity, 1000.0 * top, 1.0, radius), mu0, phase) for opacity, top, mu0, phase in MARS_CASES]


def print_sky(photons: int) -> None:
    """Print the light of Mars' sky in green, the air of a dust top of 30 km."""
    print("opacity\tmu0\tdirect\tlevel\tsunward\tbehind_ridge\tlevel_error\tsunward_error\tbehind_error")
    for opacity, mu0 in SKY_CASES:
        medium = medium_of(AirColumn(opacity, 30_000.0, 1.0, 1000.0 * RADIUS_KM["mars"]), 1)
        light, error = sky_light(medium, mu0, photons, np.random.default_rng(SEED))
        direct = float(medium.sunlight([[0.0, mu0]])[0])
        print(opacity, mu0, *(f"{each:.5f}" for each in (direct, *light, *error)), sep="\t", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("planet", nargs="?", choices=sorted(RADIUS_KM), default="mars")
    parser.add_argument("--photons", type=int, default=100_000)
    parser.add_argument("--check", action="store_true", help="compare with Chandrasekhar's H functions instead")
    parser.add_argument("--sky", action="store_true", help="the light of Mars' sky on the ground instead")
    options = parser.parse_args()
    if options.check:
        check(options.photons)
        return
    if options.sky:
        print_sky(options.photons)
        return
    radius = RADIUS_KM[options.planet]
    print("opacity\ttop_km\tmu0\tphase_deg\tlimb_km\tground_mu\tR\tG\tB\tR_error\tG_error\tB_error")
    for column, mu0, phase in cases(options.planet):
        media = [medium_of(column, band) for band in range(3)]
        cosine = np.cos(np.radians(phase))
        rays = [(height, np.nan, limb_ray(radius, height, mu0, cosine)) for height in LIMB_HEIGHTS_KM]
        rays += [(np.nan, mu, ground_ray(radius, mu, mu0, cosine)) for mu in GROUND_MU if mu0 > 0.0]
        for height, mu, ray in rays:
            rng = np.random.default_rng(SEED)
            light, error = zip(*(radiance_factor(medium, *ray, options.photons, rng) for medium in media), strict=True)
            where = f"{column.dust_opacity}\t{column.dust_top_m / 1000.0}\t{mu0}\t{phase}\t{height}\t{mu}"
            print(where, *(f"{each:.5f}" for each in (*light, *error)), sep="\t", flush=True)


if __name__ == "__main__":
    main()
