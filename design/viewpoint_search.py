"""Search for viewpoints that match the caption of the published picture, over everything that is not known.

Run it in a checkout: ``python design/viewpoint_search.py 3000000``. viewpoints.md has the results and the choice.

A candidate is a day between 8 November and 31 December 2021, a position on that day's orbit, the rotation of Mars
below it, the side of the craft that faces the Earth, the direction of the push, the lens, the position of the craft in
the picture and the roll. The camera looks back along the push: in a minute the path bends by less than a degree.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.solar_system import Almanac
from selfiesim.core.vectors import unit
from selfiesim.planet.places.gazetteer import locate

Array = NDArray[np.float64]

CHUNK = 20_000
DAYS = 53  # from 8 November
WALL = np.array([0.0, 0.87, -0.5])  # normal of the side wall that carries the camera, body axes
ASPECT = 9.0 / 16.0
# Osculating elements propagated (J2 to J4) from the state vector of 9 November: value at 10 November, change per day.
ARG_PERIAPSIS_DEG, RAAN_DEG = (87.9, -0.604), (104.74, -0.0788)
PERIAPSIS_M, ECCENTRICITY, INCLINATION_DEG = 3663e3, 0.5884, 86.3


def sun_and_earth_directions() -> tuple[Array, Array]:
    """Unit vectors from Mars to Sun and Earth on each day (DAYS, 3), Mars inertial axes."""
    almanac, to_axes = Almanac(), icrf_to_inertial("mars-inertial")
    start = Epoch.from_utc("2021-11-08T12:00:00Z")
    found = [[almanac.position(to, "mars", start + 86400.0 * day) for day in range(DAYS)] for to in ("sun", "earth")]
    sun, earth = (unit(np.array(each)) @ to_axes.T for each in found)
    return sun, earth


def camera_positions(day: Array, anomaly: Array) -> Array:
    """Positions of the camera (N, 3) from Mars' centre, m, Mars inertial axes."""
    since = day - 2.0
    angle = np.radians(ARG_PERIAPSIS_DEG[0] + ARG_PERIAPSIS_DEG[1] * since) + anomaly
    node = np.radians(RAAN_DEG[0] + RAAN_DEG[1] * since)
    tilt = np.radians(INCLINATION_DEG)
    radius = PERIAPSIS_M * (1.0 + ECCENTRICITY) / (1.0 + ECCENTRICITY * np.cos(anomaly))
    across = np.cos(tilt) * np.sin(angle)
    x = np.cos(node) * np.cos(angle) - np.sin(node) * across
    y = np.sin(node) * np.cos(angle) + np.cos(node) * across
    return radius[:, None] * np.stack([x, y, np.sin(tilt) * np.sin(angle)], axis=1)


def ellipsoid_points(latitude_deg: Array, longitude_deg: Array) -> Array:
    """Points on the ellipsoid (M, 3), body-fixed, m."""
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    direction = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    return direction / np.sqrt((direction**2 / np.array(MARS.radii_m) ** 2).sum(axis=-1, keepdims=True))


def landmarks() -> dict[str, Array]:
    """Sample points of the places that the caption names, spread over dunes and cap."""
    korolev = locate("Korolev")
    lat, lon = np.meshgrid([79.5, 80.7, 82.0], np.arange(130.0, 231.0, 20.0))
    ring_lat, ring_lon = np.meshgrid([81.5, 84.0, 86.5], np.arange(0.0, 360.0, 30.0))
    on_ice = (ring_lat > 84.9) | (ring_lon < 115.0) | (ring_lon > 245.0)
    return {
        "korolev": ellipsoid_points(np.array([korolev.lat_deg]), np.array([korolev.lon_deg])),
        "dunes": ellipsoid_points(lat.ravel(), lon.ravel()),
        "cap": ellipsoid_points(np.append(ring_lat[on_ice], 89.9), np.append(ring_lon[on_ice], 0.0)),
    }


def draw_candidates(count: int, rng: np.random.Generator) -> dict[str, Array]:
    """Random candidates: everything unknown, uniformly distributed."""
    lean, around = np.arccos(rng.uniform(np.cos(np.radians(60.0)), 1.0, count)), rng.uniform(0.0, 2 * np.pi, count)
    side = unit(np.cross(WALL, [1.0, 0.0, 0.0]))
    up = np.cross(WALL / np.linalg.norm(WALL), side)
    axis = np.cos(lean)[:, None] * unit(WALL) + np.sin(lean)[:, None] * (
        np.cos(around)[:, None] * side + np.sin(around)[:, None] * up
    )
    day = rng.uniform(0.0, DAYS - 1.0, count)
    # The northernmost point is a quarter orbit after the node.
    north = np.pi / 2 - np.radians(ARG_PERIAPSIS_DEG[0] + ARG_PERIAPSIS_DEG[1] * (day - 2.0))
    return {
        "day": day,
        "anomaly": north + np.radians(rng.uniform(-25.0, 35.0, count)),
        "turn": rng.uniform(0.0, 2 * np.pi, count),
        "earth_side": rng.choice([-1.0, 1.0], count),
        "axis": axis,
        "fov": np.radians(rng.uniform(60.0, 115.0, count)),
        "place": np.stack([rng.uniform(0.35, 0.70, count), rng.uniform(0.35, 0.65, count)], axis=1),
        "roll": rng.uniform(0.0, 2 * np.pi, count),
    }


def inertial_to_body(candidate: dict[str, Array], sun: Array, earth: Array) -> Array:
    """Rotations (N, 3, 3) from Mars inertial axes to body axes: -Z to the Sun, the Earth in the XZ plane."""
    z = -sun
    x = unit((earth + z * (-(earth * z).sum(axis=1, keepdims=True))) * candidate["earth_side"][:, None])
    return np.stack([x, np.cross(z, x), z], axis=1)


def camera_rotations(candidate: dict[str, Array], to_craft: Array, place: Array) -> Array:
    """Rotations (N, 3, 3) from Mars inertial axes to camera axes: the craft at its place in the picture, rolled."""
    up = unit(place)
    right = unit(np.cross(to_craft, up))
    down = np.cross(to_craft, right)
    craft_axes = np.stack([to_craft, right, down], axis=1)
    half = np.tan(candidate["fov"] / 2.0)
    x, y = (2.0 * candidate["place"][:, 0] - 1.0) * half, (2.0 * candidate["place"][:, 1] - 1.0) * half * ASPECT
    ray = unit(np.stack([x, y, np.ones_like(x)], axis=1))
    across = unit(np.stack([ray[:, 2], np.zeros_like(x), -ray[:, 0]], axis=1))
    below = np.cross(ray, across)
    cos, sin = np.cos(candidate["roll"])[:, None], np.sin(candidate["roll"])[:, None]
    picture_axes = np.stack([ray, across * cos - below * sin, below * cos + across * sin], axis=1)
    return np.einsum("nki,nkj->nij", picture_axes, craft_axes)


def project(camera: Array, place: Array, fov: Array, points: Array, sun: Array) -> tuple[Array, Array, Array, Array]:
    """Fractions of width and height (N, M) of ``points`` (N, M, 3); there, sines of the elevation of camera and Sun.

    Fractions are NaN where a point is beyond the horizon or behind the camera.
    """
    normal = unit(points / np.array(MARS.radii_m) ** 2)
    line_of_sight = points - place[:, None, :]
    rise = -(unit(line_of_sight) * normal).sum(axis=-1)
    rays = np.einsum("nij,nmj->nmi", camera, line_of_sight)
    half = np.tan(fov / 2.0)[:, None]
    depth = np.where((rise > 0.0) & (rays[..., 2] > 0.0), rays[..., 2], np.nan)
    x, y = rays[..., 0] / depth / half, rays[..., 1] / depth / half / ASPECT
    return 0.5 + x / 2.0, 0.5 + y / 2.0, rise, (normal * sun[:, None, :]).sum(axis=-1)


def sky_share(camera: Array, place: Array, fov: Array) -> Array:
    """Share (N,) of the picture that misses a sphere with the polar radius of Mars."""
    x, y = np.meshgrid(np.linspace(-0.95, 0.95, 16), np.linspace(-0.94, 0.94, 9))
    half = np.tan(fov / 2.0)[:, None]
    rays = np.stack([x.ravel() * half, y.ravel() * half * ASPECT, np.ones_like(x.ravel() * half)], axis=-1)
    to_centre = np.einsum("nij,nj->ni", camera, -place)
    along = np.einsum("nmi,ni->nm", unit(rays), to_centre)
    squared = (to_centre**2).sum(axis=1)[:, None]
    hit = (along > 0.0) & (squared - along**2 < MARS.radii_m[2] ** 2)
    return 1.0 - hit.mean(axis=1)


def evaluate(count: int, seed: int, sky: tuple[Array, Array]) -> dict[str, Array]:
    """Draw ``count`` candidates and measure what the caption describes."""
    candidate = draw_candidates(count, np.random.default_rng(seed))
    day = candidate["day"].round().astype(int)
    sun, earth = sky[0][day], sky[1][day]
    place = camera_positions(candidate["day"], candidate["anomaly"])
    to_craft = -np.einsum("nij,ni->nj", inertial_to_body(candidate, sun, earth), candidate["axis"])
    # The angle of the Sun from behind the camera.
    lit = np.degrees(np.arccos(np.clip(-(to_craft * sun).sum(axis=1), -1.0, 1.0)))
    camera = camera_rotations(candidate, to_craft, place)
    sky_part = sky_share(camera, place, candidate["fov"])
    # Most candidates do not show the north of Mars at all.
    keep = (lit > 20.0) & (lit < 80.0) & (sky_part > 0.03) & (sky_part < 0.55)
    candidate = {key: value[keep] for key, value in candidate.items()}
    place, camera, sun, lit, sky_part = place[keep], camera[keep], sun[keep], lit[keep], sky_part[keep]
    cos, sin = np.cos(candidate["turn"]), np.sin(candidate["turn"])
    zero = np.zeros_like(cos)
    rotation = np.stack([cos, -sin, zero, sin, cos, zero, zero, zero, zero + 1.0], axis=1).reshape(-1, 3, 3)
    result = {**candidate, "lit_deg": lit, "sky": sky_part, "altitude_km": np.linalg.norm(place, axis=1) / 1e3 - 3377.0}
    result["latitude_deg"] = np.degrees(np.arcsin(unit(place)[:, 2]))
    for name, points in landmarks().items():
        x, y, rise, daylight = project(camera, place, candidate["fov"], np.einsum("nij,mj->nmi", rotation, points), sun)
        inside = (x > 0.0) & (x < 1.0) & (y > 0.0) & (y < 1.0)
        count_inside = inside.sum(axis=1)
        at_least_one = np.maximum(count_inside, 1)
        result[f"{name}_share"] = inside.mean(axis=1)
        result[f"{name}_x"] = np.where(inside, x, 0.0).sum(axis=1) / at_least_one
        result[f"{name}_y"] = np.where(inside, y, 0.0).sum(axis=1) / at_least_one
        result[f"{name}_rise_deg"] = np.degrees(np.arcsin(np.where(inside, rise, 0.0).sum(axis=1) / at_least_one))
        result[f"{name}_sun_deg"] = np.degrees(np.arcsin(np.where(inside, daylight, 0.0).sum(axis=1) / at_least_one))
    return result


def matches_caption(found: dict[str, Array]) -> NDArray[np.bool_]:
    """Whether Korolev is at the upper left, dunes low, most of the cap in the picture, all three in daylight."""
    return (
        (found["korolev_share"] > 0.5) & (found["korolev_x"] < 0.42) & (found["korolev_y"] < 0.45)
        & (found["korolev_rise_deg"] > 7.0) & (found["korolev_sun_deg"] > 2.0)
        & (found["dunes_share"] > 0.5) & (found["dunes_y"] > 0.55) & (found["dunes_sun_deg"] > 2.0)
        & (found["cap_share"] > 0.5) & (found["cap_sun_deg"] > 3.0) & (found["cap_rise_deg"] > 12.0)
        & (found["cap_y"] < 0.86)
    )  # fmt: skip


def score(found: dict[str, Array]) -> Array:
    """Rank candidates: higher is closer to the caption, and a better picture."""
    return (
        found["cap_share"]
        + found["dunes_share"]
        + 2.0 * (found["dunes_y"] - found["korolev_y"])
        + np.minimum(found["korolev_rise_deg"], 25.0) / 15.0
        + np.minimum(found["cap_rise_deg"], 35.0) / 15.0
        + np.minimum(found["cap_sun_deg"], 12.0) / 12.0
        - np.abs(found["lit_deg"] - 45.0) / 30.0
        - np.abs(found["sky"] - 0.2)
        - np.degrees(found["fov"]) / 60.0
    )


def main() -> None:
    """Search, and print the best candidates as a table."""
    total, best = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000_000, []
    sky, kept = sun_and_earth_directions(), 0
    for seed in range(-(-total // CHUNK)):
        found = evaluate(CHUNK, seed, sky)
        chosen = matches_caption(found)
        kept += int(chosen.sum())
        best.append({key: value[chosen] for key, value in found.items()})
    every = {key: np.concatenate([each[key] for each in best]) for key in best[0]}
    order = np.argsort(-score(every))[:24]
    print(f"{kept} of {total}")
    keys = [key for key in every if every[key].ndim == 1]
    print("score", *keys)
    for row in order:
        print(
            f"{score(every)[row]:.2f}",
            *(f"{every[key][row]:.3g}" for key in keys),
            every["axis"][row].round(3),
            every["place"][row].round(2),
        )


if __name__ == "__main__":
    main()
