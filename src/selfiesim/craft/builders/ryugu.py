"""A likeness of the asteroid Ryugu: a top some 1000 m across, strewn with boulders.

Published: its radii, its albedo, how many boulders there are of which size, the size of the largest. Where ridges,
dents and boulders lie is chance (assumed), but for the largest, which lies near the south pole. Body axes: origin at
the middle, +Z the spin's axis. The dark rock is one material, its finest grain left to the renderer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.solid import Solid, orientation_matrix, unit
from selfiesim.craft.materials import FINISHES

__all__ = ["AsteroidSizes", "build", "glb"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AsteroidSizes:
    """Metres."""

    equatorial_radius_m: float = 502.0  # sourced: Watanabe et al. 2019
    polar_radius_m: float = 438.0  # sourced: Watanabe et al. 2019, polar to equatorial 0.872
    ridge_m: float = 22.0  # assumed: how far the ridge stands out of a spheroid
    relief_m: float = 9.0  # assumed: of dents and swells
    boulders_per_km2: float = 50.0  # sourced: of 20 m and more, Michikami et al. 2019
    boulder_power: float = 2.65  # sourced: how their number grows as they shrink, Michikami et al. 2019
    least_boulder_m: float = 6.5  # assumed: smaller ones are left to the shading
    largest_boulder_m: float = 160.0  # sourced: Otohime Saxum, Watanabe et al. 2019
    seed: int = 20180627  # the day of arrival


def build(sizes: AsteroidSizes | None = None) -> ModelBuilder:
    """The ground and its boulders as solids."""
    sizes = sizes or AsteroidSizes()
    model = ModelBuilder("ryugu")
    rng = np.random.default_rng(sizes.seed)
    waves, craters = _waves(rng), _craters(rng)
    directions, faces = icosphere(6)
    radius = _surface_radius(directions, sizes, waves, craters)
    model.add("ground", "dark_rubble", Solid(directions * radius[:, None], faces, crease_deg=60.0))
    model.add("boulders", "dark_rock", *_boulders(sizes, rng, waves, craters))
    return model


def glb(sizes: AsteroidSizes | None = None) -> bytes:
    """The model file, the same byte for byte for the same sizes."""
    return build(sizes).glb(FINISHES)


def icosphere(subdivisions: int) -> tuple[Floats, NDArray[np.int64]]:
    """Unit vectors (N, 3) and outward faces (M, 3) of an icosahedron each of whose faces is cut in four so often."""
    golden = 0.5 * (1.0 + 5.0**0.5)
    points = [(0, s, t * golden) for s in (-1, 1) for t in (-1, 1)]
    vertices = np.array([np.roll(p, k) for k in range(3) for p in points], dtype=float) / np.hypot(1.0, golden)
    from scipy.spatial import ConvexHull

    faces = np.sort(ConvexHull(vertices).simplices.astype(np.int64), axis=1)
    faces = faces[np.lexsort(faces.T[::-1])]  # no matter in which order the hull was found
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), a) < 0.0
    faces[inward] = faces[inward][:, ::-1]
    for _ in range(subdivisions):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        unique, place = np.unique(edges, axis=0, return_inverse=True)
        middle = vertices[unique].sum(axis=1)
        ab, bc, ca = (len(vertices) + place.reshape(3, -1))[:3]
        vertices = np.concatenate([vertices, middle / np.linalg.norm(middle, axis=1, keepdims=True)])
        a_, b_, c_ = faces.T
        faces = np.concatenate([np.stack(t, axis=1) for t in ((a_, ab, ca), (ab, b_, bc), (ca, bc, c_), (ab, bc, ca))])
    return vertices, faces


def _waves(rng: np.random.Generator) -> list[tuple[Floats, float, float]]:
    """Swells of the ground: wave vector, phase and height (relative)."""
    out = []
    for count, length in ((5, 2.5), (8, 5.0), (12, 10.0), (18, 22.0), (24, 45.0)):
        for _ in range(count):
            out.append(
                (unit(rng.normal(size=3)) * length, 2 * np.pi * rng.random(), (2.5 / length) ** 0.85 / count**0.5)
            )
    return out


def _craters(rng: np.random.Generator) -> list[tuple[Floats, float]]:
    """Craters: where, and their angular radius (the largest, Urashima, is 290 m across)."""
    sizes = [0.29, 0.22, 0.20, 0.17, *(0.05 + 0.09 * rng.random(26) ** 2)]
    out = [(unit((np.cos(1.62), np.sin(1.62), -0.12)), sizes[0])]
    return out + [(unit(rng.normal(size=3) * (1.0, 1.0, 0.8)), float(size)) for size in sizes[1:]]


def _surface_radius(
    directions: Floats,
    sizes: AsteroidSizes,
    waves: list[tuple[Floats, float, float]],
    craters: list[tuple[Floats, float]],
) -> Floats:
    """How far the ground lies from the middle along unit vectors (N, 3), m."""
    a, c = sizes.equatorial_radius_m - sizes.ridge_m, sizes.polar_radius_m
    sine = directions[:, 2]
    # A cone to either side of the ridge: what turns a spheroid into a top.
    latitude = np.abs(np.arcsin(np.clip(sine, -1.0, 1.0)))
    radius = a * c / np.sqrt((c * c) * (1.0 - sine**2) + (a * a) * sine**2)
    radius = radius - 0.055 * a * np.sin(2.0 * latitude) ** 2 + sizes.ridge_m * np.exp(-((latitude / 0.17) ** 1.5))
    for wave, phase, height in waves:
        radius = radius + sizes.relief_m * height * np.sin(directions @ wave + phase)
    for middle, size in craters:
        away = np.arccos(np.clip(directions @ middle, -1.0, 1.0)) / size
        bowl = np.where(away < 1.0, away**2 - 1.0, 0.0) + 0.22 * np.exp(-(((away - 1.0) / 0.22) ** 2))
        radius = radius + 0.16 * size * a * bowl
    return np.asarray(radius)


def _boulders(
    sizes: AsteroidSizes,
    rng: np.random.Generator,
    waves: list[tuple[Floats, float, float]],
    craters: list[tuple[Floats, float]],
) -> list[Solid]:
    """Blocks half sunk in the ground; their axes as 2 : sqrt 2 : 1, as fragments of impacts have them."""
    mean = (sizes.equatorial_radius_m**2 * sizes.polar_radius_m) ** (1 / 3)
    area = 4e-6 * np.pi * mean**2
    number = round(sizes.boulders_per_km2 * area * (20.0 / sizes.least_boulder_m) ** sizes.boulder_power)
    # One number after the other of the cumulative law; the second largest is well below the largest.
    long = sizes.least_boulder_m * (number / (np.arange(number) + 2.0)) ** (1.0 / sizes.boulder_power)
    long = np.minimum(long, 0.6 * sizes.largest_boulder_m)
    where = rng.normal(size=(number, 3))
    where /= np.linalg.norm(where, axis=1, keepdims=True)
    long[0], where[0] = sizes.largest_boulder_m, unit((0.26, 0.16, -0.95))
    radius = _surface_radius(where, sizes, waves, craters)
    plain, rough, fine = icosphere(0), icosphere(1), icosphere(3)
    out = []
    for size, direction, r in zip(long, where, radius, strict=True):
        ball = fine if size > 45.0 else rough if size > 12.0 else plain
        out.append(_boulder_mesh(size, rng, *ball, direction, r))
    return out


def _boulder_mesh(
    size: float, rng: np.random.Generator, points: Floats, faces: NDArray[np.int64], direction: Floats, radius: float
) -> Solid:
    """A block ``size`` metres long: a ball from which planes cut facets, squeezed, and sunk into the ground."""
    reach = np.full(len(points), 1.0)
    for _ in range(11):
        normal, depth = unit(rng.normal(size=3)), 0.62 + 0.26 * rng.random()
        cosine = points @ normal
        reach = np.minimum(reach, np.where(cosine > 0.05, depth / np.maximum(cosine, 0.05), np.inf))
    reach = reach * (1.0 + 0.03 * rng.normal(size=len(points)))
    axes = 0.55 * size * np.array([1.0, 0.71 * (0.85 + 0.3 * rng.random()), 0.5 * (0.85 + 0.4 * rng.random())])
    turn = 2 * np.pi * rng.random()
    spun = orientation_matrix(direction, (np.cos(turn), np.sin(turn), 0.3))
    shape = (points * reach[:, None] * axes) @ spun.T
    return Solid(shape + direction * (radius + 0.12 * axes[2] * (1.0 + rng.random())), faces, crease_deg=38.0)
