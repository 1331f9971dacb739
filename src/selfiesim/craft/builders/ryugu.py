"""A simplified model of the asteroid Ryugu: a spinning top about 1000 m across, strewn with boulders.

Published: the radii, the albedo, the size distribution of the boulders, the size of the largest. The positions of
ridges, dents and boulders are random (assumed), except for the largest boulder, which lies near the south pole. Body
axes: origin at the centre, +Z the spin axis. The dark rock is one material; the renderer adds its finest grain.
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
Wave = tuple[Floats, float, float]  # wave vector (3,), phase, relative height
Crater = tuple[Floats, float]  # direction (3,), angular radius


@dataclass(frozen=True)
class AsteroidSizes:
    """Sizes, m."""

    equatorial_radius_m: float = 502.0  # sourced: Watanabe et al. 2019
    polar_radius_m: float = 438.0  # sourced: Watanabe et al. 2019, polar to equatorial 0.872
    ridge_m: float = 22.0  # assumed: height of the equatorial ridge above a spheroid
    relief_m: float = 9.0  # assumed: amplitude of the undulations
    boulders_per_km2: float = 50.0  # sourced: of 20 m and larger, Michikami et al. 2019
    boulder_power: float = 2.65  # sourced: exponent of the cumulative size distribution, Michikami et al. 2019
    least_boulder_m: float = 6.5  # assumed: the grain of the material represents smaller ones
    largest_boulder_m: float = 160.0  # sourced: Otohime Saxum, Watanabe et al. 2019
    seed: int = 20180627  # the day of arrival


def build(sizes: AsteroidSizes | None = None) -> ModelBuilder:
    """Build the ground and its boulders as solids."""
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
    """Return the model file; equal sizes yield equal bytes."""
    return build(sizes).glb(FINISHES)


def icosphere(subdivisions: int) -> tuple[Floats, NDArray[np.int64]]:
    """Subdivide an icosahedron, each face into four per step.

    Returns
    -------
    vertices : (N, 3) ndarray
        Unit vectors.
    faces : (M, 3) ndarray
        Vertex indices, counter-clockwise from outside.
    """
    golden = 0.5 * (1.0 + 5.0**0.5)
    points = [(0, s, t * golden) for s in (-1, 1) for t in (-1, 1)]
    vertices = np.array([np.roll(p, k) for k in range(3) for p in points], dtype=float) / np.hypot(1.0, golden)
    from scipy.spatial import ConvexHull

    faces = np.sort(ConvexHull(vertices).simplices.astype(np.int64), axis=1)
    faces = faces[np.lexsort(faces.T[::-1])]  # independent of the order in which Qhull finds them
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), a) < 0.0
    faces[inward] = faces[inward][:, ::-1]
    for _ in range(subdivisions):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        unique, place = np.unique(edges, axis=0, return_inverse=True)
        middle = vertices[unique].sum(axis=1)
        ab, bc, ca = (len(vertices) + place.reshape(3, -1))[:3]
        vertices = np.concatenate([vertices, middle / np.linalg.norm(middle, axis=1, keepdims=True)])
        i, j, k = faces.T
        faces = np.concatenate([np.stack(t, axis=1) for t in ((i, ab, ca), (ab, j, bc), (ca, bc, k), (ab, bc, ca))])
    return vertices, faces


def _waves(rng: np.random.Generator) -> list[Wave]:
    """Random undulations of the ground, longer ones higher."""
    waves = []
    for count, frequency in ((5, 2.5), (8, 5.0), (12, 10.0), (18, 22.0), (24, 45.0)):
        height = (2.5 / frequency) ** 0.85 / count**0.5
        waves += [(unit(rng.normal(size=3)) * frequency, 2 * np.pi * rng.random(), height) for _ in range(count)]
    return waves


def _craters(rng: np.random.Generator) -> list[Crater]:
    """Random craters; the largest, Urashima, is 290 m across."""
    sizes = [0.29, 0.22, 0.20, 0.17, *(0.05 + 0.09 * rng.random(26) ** 2)]
    urashima = (unit((np.cos(1.62), np.sin(1.62), -0.12)), sizes[0])
    return [urashima, *((unit(rng.normal(size=3) * (1.0, 1.0, 0.8)), float(size)) for size in sizes[1:])]


def _surface_radius(directions: Floats, sizes: AsteroidSizes, waves: list[Wave], craters: list[Crater]) -> Floats:
    """Distance of the ground from the centre along unit vectors (N, 3), m."""
    a, c = sizes.equatorial_radius_m - sizes.ridge_m, sizes.polar_radius_m
    sine = directions[:, 2]
    # A cone on either side of the ridge makes a spinning top of the spheroid.
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


def _boulders(sizes: AsteroidSizes, rng: np.random.Generator, waves: list[Wave], craters: list[Crater]) -> list[Solid]:
    """Blocks half sunk in the ground, with axes of about 2 : sqrt 2 : 1 like fragments of impacts."""
    mean = (sizes.equatorial_radius_m**2 * sizes.polar_radius_m) ** (1 / 3)
    area = 4e-6 * np.pi * mean**2
    count = round(sizes.boulders_per_km2 * area * (20.0 / sizes.least_boulder_m) ** sizes.boulder_power)
    # The sizes follow the cumulative law exactly; the second largest is well below the largest.
    lengths = sizes.least_boulder_m * (count / (np.arange(count) + 2.0)) ** (1.0 / sizes.boulder_power)
    lengths = np.minimum(lengths, 0.6 * sizes.largest_boulder_m)
    directions = rng.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lengths[0], directions[0] = sizes.largest_boulder_m, unit((0.26, 0.16, -0.95))
    radii = _surface_radius(directions, sizes, waves, craters)
    coarse, medium, fine = icosphere(0), icosphere(1), icosphere(3)
    boulders = []
    for length, direction, radius in zip(lengths, directions, radii, strict=True):
        sphere = fine if length > 45.0 else medium if length > 12.0 else coarse
        boulders.append(_boulder_mesh(length, rng, *sphere, direction, radius))
    return boulders


def _boulder_mesh(
    length: float, rng: np.random.Generator, points: Floats, faces: NDArray[np.int64], direction: Floats, radius: float
) -> Solid:
    """A block ``length`` metres long: a sphere that planes cut into facets, squeezed, and sunk into the ground."""
    reach = np.full(len(points), 1.0)
    for _ in range(11):
        normal, depth = unit(rng.normal(size=3)), 0.62 + 0.26 * rng.random()
        cosine = points @ normal
        reach = np.minimum(reach, np.where(cosine > 0.05, depth / np.maximum(cosine, 0.05), np.inf))
    reach = reach * (1.0 + 0.03 * rng.normal(size=len(points)))
    axes = 0.55 * length * np.array([1.0, 0.71 * (0.85 + 0.3 * rng.random()), 0.5 * (0.85 + 0.4 * rng.random())])
    azimuth = 2 * np.pi * rng.random()
    orientation = orientation_matrix(direction, (np.cos(azimuth), np.sin(azimuth), 0.3))
    shape = (points * reach[:, None] * axes) @ orientation.T
    return Solid(shape + direction * (radius + 0.12 * axes[2] * (1.0 + rng.random())), faces, crease_deg=38.0)
