"""Craters of Mercury where its map, taken under a high Sun, shows none: the named ones, and smaller ones invented.

Places and diameters of the named craters are the IAU's; most craters over 100 km have a name. Of the rest, those under
60 km, the places are random. Both have the form of their size:

====================== ======================================== ====================================================
depth                  0.41 D^0.49 km, D at most 150 km         fresh complex craters, Pike 1988, in: Mercury (Univ. of
                                                                Arizona Press), 165; basins are no deeper (Baker and
                                                                Head 2013, Planet. Space Sci. 86, 91)
floor                  0.19 D^1.25 km across                    of lunar craters, Pike 1977, Impact and Explosion
                                                                Cratering, 489
ring of peaks          0.25 D^1.13 km across, from 130 km       Baker et al. 2011, Planet. Space Sci. 59, 1932
central peak           under 130 km                             its size is assumed
rim above the ground   a fifth of the depth                     assumed
====================== ======================================== ====================================================

(formulas recalled, not checked against the papers). Most craters are shallower than fresh ones (Barnouin et al. 2012,
Icarus 219, 414); by how much is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.places.gazetteer import load_features

SMALLEST_KM, LARGEST_INVENTED_KM = 10.0, 60.0
DENSITY_20_KM = 75.0
"""Craters over 20 km per 10^6 km^2 on intercrater plains, with which the ground is as rough at 15 to 40 km as where the
shading of the map shows it, from 70 to 80 S. It is an estimate: the map resolves 8 km."""
COUNT_EXPONENT = 2.0  # the cumulative number falls as diameter to this power (assumed)

_DEEPEST_KM = 150.0  # diameter beyond which craters are no deeper
_PEAK_RING_KM = 130.0
_RIM_SHARE = 0.2
_NAMED_DEPTH = 0.6  # of a fresh crater's (assumed)
_REACH = 2.4  # rim radii to the end of the ejecta
_RAGGEDNESS = 0.018  # rms departure of a rim from a circle (assumed)
_RING_GAPS = 0.5  # rms departure of a ring of peaks from an even one (assumed)
_ROUND_KM = 25.0  # smaller rims are taken for circles
_SEED = 8705


@dataclass(frozen=True)
class Craters:
    """Craters: latitude and longitude (rad), diameter (km) and depth relative to a fresh crater's, each (N,)."""

    lat_rad: NDArray[np.float64]
    lon_rad: NDArray[np.float64]
    diameter_km: NDArray[np.float64]
    depth_share: NDArray[np.float64]

    def and_of(self, others: Craters, chosen: NDArray[np.bool_]) -> Craters:
        """Return these craters and the chosen (M,) of others."""
        pairs = ((getattr(self, name), getattr(others, name)[chosen]) for name in self.__dataclass_fields__)
        return Craters(*(np.concatenate(pair) for pair in pairs))


def named_craters() -> Craters:
    """Return the craters that have a name and at least :data:`SMALLEST_KM`."""
    listed = [each for each in load_features("mercury") if each.kind == "crater" and each.diameter_km >= SMALLEST_KM]
    lat, lon, size = np.array([(each.lat_deg, each.lon_deg, each.diameter_km) for each in listed]).T
    return Craters(np.radians(lat), np.radians(lon), size, np.full(len(size), _NAMED_DEPTH))


def invented_craters(radius_km: float) -> Craters:
    """Return craters at random places of the whole sphere, as dense as on intercrater plains."""
    rng = np.random.default_rng(_SEED)
    steep = (20.0 / SMALLEST_KM) ** COUNT_EXPONENT - (20.0 / LARGEST_INVENTED_KM) ** COUNT_EXPONENT
    count = rng.poisson(DENSITY_20_KM * steep * 4 * np.pi * radius_km**2 / 1e6)
    least = (SMALLEST_KM / LARGEST_INVENTED_KM) ** COUNT_EXPONENT
    return Craters(
        np.arcsin(rng.uniform(-1, 1, count)),
        rng.uniform(0, 2 * np.pi, count),
        SMALLEST_KM * rng.uniform(least, 1, count) ** (-1 / COUNT_EXPONENT),
        0.05 + 0.95 * rng.uniform(0, 1, count) ** 3,  # old, shallow craters are the most
    )


def crater_profile(
    diameter_km: float, r: NDArray[np.floating], ring_strength: NDArray[np.floating] | float = 1.0
) -> Field:
    """Return the height (m) of a fresh crater above the ground around it.

    Parameters
    ----------
    diameter_km : float
        From rim to rim.
    r : array
        Distances from the centre, in rim radii.
    ring_strength : array or float
        Height of the ring of peaks relative to the usual one, at each place.
    """
    depth = 410.0 * min(diameter_km, _DEEPEST_KM) ** 0.49
    rim = _RIM_SHARE * depth
    floor = min(0.19 * diameter_km**0.25, 0.85)
    # Terraces at the foot, a scarp under the rim.
    wall = np.clip((r - floor) / (1 - floor), 0, 1)
    inside = depth * (0.5 * smoothstep(0.0, 1.0, wall) + 0.5 * wall**2) - (depth - rim)
    if diameter_km < _PEAK_RING_KM:
        inside += 0.2 * depth * np.exp(-0.5 * (r / (0.25 * floor)) ** 2)
    else:
        ring = 0.25 * diameter_km**0.13
        inside += 0.15 * depth * ring_strength * np.exp(-0.5 * ((r - ring) / 0.05) ** 2)
    outside = rim * np.maximum(r, 1.0) ** -3 * smoothstep(_REACH, 1.2, r)
    return np.asarray(np.where(r < 1, inside, outside), np.float32)


def crater_heights(craters: Craters, rows: int, radius_km: float) -> Field:
    """Return the height (rows, 2 rows), m, that craters add to a plate carree map: row 0 north, left edge at lon 0."""
    height = np.zeros((rows, 2 * rows), np.float32)
    step = np.pi / rows
    rng = np.random.default_rng(_SEED)
    for k in np.argsort(-craters.diameter_km):
        size, lat, lon = craters.diameter_km[k], craters.lat_rad[k], craters.lon_rad[k]
        own_rows, columns = _pixels_within(lat, lon, _REACH * size / 2 / radius_km, rows)
        lats, lons = (np.pi / 2 - (own_rows + 0.5) * step)[:, None], (columns + 0.5) * step - lon
        east, north = (
            np.cos(lats) * np.sin(lons),
            np.sin(lats - lat) + 2 * np.sin(lat) * np.cos(lats) * np.sin(lons / 2) ** 2,
        )
        arc = 2 * np.arcsin(np.clip(np.sqrt(_half_chord(lat, lats, lons)), 0, 1))
        r, strength = arc * radius_km / (size / 2), 1.0
        if size >= _ROUND_KM:
            bearing = np.arctan2(north, east)
            r *= 1 + _lobes(bearing, rng, _RAGGEDNESS)
            strength = np.clip(0.8 + _lobes(bearing, rng, _RING_GAPS), 0, None)
        height[own_rows[:, None], columns % (2 * rows)] += craters.depth_share[k] * crater_profile(
            float(size), r, strength
        )
    return height


def _pixels_within(lat: float, lon: float, reach_rad: float, rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows, and the columns before they are wrapped, around a place; near a pole all of them."""
    step = np.pi / rows
    middle = (np.pi / 2 - lat) / step
    first, last = max(int(middle - reach_rad / step) - 1, 0), min(int(middle + reach_rad / step) + 2, rows)
    narrowest = np.cos(min(abs(lat) + reach_rad, np.pi / 2))
    half = min(int(reach_rad / max(narrowest, 1e-9) / step) + 2, rows)
    return np.arange(first, last), np.arange(-half, half) + int(lon / step)


def _half_chord(lat: float, lats: Field, lons: Field) -> Field:
    """Return the square of half the chord, of a unit sphere, to places ``lons`` east."""
    return np.asarray(np.sin((lats - lat) / 2) ** 2 + np.cos(lats) * np.cos(lat) * np.sin(lons / 2) ** 2)


def _lobes(bearing: Field, rng: np.random.Generator, strength: float) -> Field:
    """Return a sum of random waves around a circle, of rms ``strength``."""
    waves = np.arange(2, 17)
    factor, phase = np.array([(rng.standard_normal(), rng.uniform(0, 2 * np.pi)) for _ in waves]).T
    # The real part of a polynomial in exp(i bearing), by Horner's rule: a cosine for each wave takes 5 times as long.
    *others, highest = factor / waves * np.exp(1j * phase)
    turn = np.exp(1j * bearing)
    out = np.full(bearing.shape, highest)
    for coefficient in reversed(others):
        out *= turn
        out += coefficient
    out *= turn**2
    return np.asarray(out.real * (strength / 0.55))
