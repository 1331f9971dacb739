"""Shapes of rocks: convex fragments bounded by fracture planes, with chipped edges.

Rocks of a plain gardened by impacts are broken pieces, not pebbles: their faces are fracture planes, their edges are
chipped, and dust lies on whatever faces up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Triangles = NDArray[np.int64]

DETAIL_LEVELS = 4
"""Levels of detail of a rock: 0 has only its fracture planes, 1 some chips, 2 all of them, 3 rough faces as well."""

_FRACTURES = 14
_FRACTURE_DEPTHS = (0.50, 0.95)  # distances of the planes from the centre (assumed)
_CHIPS = (0, 10, 40, 70)  # planes that only take off edges and corners, by level
_CHIP_DEPTHS = (0.80, 0.96)  # relative to what sticks out in their direction (assumed)
_ROUGH_SPLITS, _ROUGHNESS = 3, 0.012  # halvings of the edges of rough faces; relief relative to the rock (assumed)
_BARE_COSINE, _DUSTY_COSINE = 0.15, 0.65  # of a face's slope: steeper ones hold no dust, flatter ones all (assumed)


@dataclass(frozen=True, eq=False)
class RockInstances:
    """Rocks to be meshed.

    Attributes
    ----------
    place_m : (N, 3) array
        Where the ground meets the middle of each.
    size_m : (N, 3) array
        Length, width, and twice the height above the ground.
    yaw : (N,) array
        Turn about the vertical, rad.
    shape : (N,) array of int
        Number of its shape.
    bare : (N, 3) array
        Colour of the bare rock relative to the dust.
    dust : (N,) array
        Share of its upper faces that dust covers.
    """

    place_m: Floats
    size_m: Floats
    yaw: Floats
    shape: Triangles
    bare: Floats
    dust: Floats

    def __getitem__(self, chosen: NDArray[np.bool_]) -> RockInstances:
        """Return some of the rocks."""
        return RockInstances(
            self.place_m[chosen],
            self.size_m[chosen],
            self.yaw[chosen],
            self.shape[chosen],
            self.bare[chosen],
            self.dust[chosen],
        )


@lru_cache(maxsize=256)
def make_rock_mesh(seed: int, level: int) -> tuple[Floats, Floats, Triangles]:
    """Return a rock of diameter 1 around the origin: vertices (V, 3), normals (V, 3) and faces (F, 3).

    Each face has vertices of its own, so that edges are sharp. All levels have the same fracture planes.
    """
    rng = np.random.default_rng(seed)
    normals, depths = _fracture_planes(rng)
    corners = _intersection(normals, depths)
    chips = _random_directions(rng, _CHIPS[-1])
    chip_depths = rng.uniform(*_CHIP_DEPTHS, len(chips)) * (corners @ chips.T).max(axis=0)
    kept = _CHIPS[level]
    vertices, faces = _hull(
        _intersection(np.concatenate([normals, chips[:kept]]), np.concatenate([depths, chip_depths[:kept]]))
    )
    vertices = vertices / (2.0 * np.abs(corners[:, :2]).max())
    if level == DETAIL_LEVELS - 1:
        return _roughen(vertices, faces, rng)
    return _split_into_facets(vertices, faces)


def mesh_rocks(rocks: RockInstances, level: NDArray[np.int64], seed: int) -> tuple[Floats, Floats, Triangles, Floats]:
    """Mesh rocks, each with its own ``level`` (N,) of detail.

    Returns
    -------
    tuple of (V, 3), (V, 3), (F, 3) and (V, 3) array
        Vertices, normals, faces, and colours relative to the dust.
    """
    pieces, start = [], 0
    for shape, detail in np.unique(np.stack([rocks.shape, level], 1), axis=0):
        base, base_normals, faces = make_rock_mesh(seed + int(shape), int(detail))
        few = rocks[(rocks.shape == shape) & (level == detail)]
        vertices, normals, tint = _place(base, base_normals, few)
        copies = start + len(base) * np.arange(len(few.yaw))
        pieces.append((vertices, normals, (faces[None] + copies[:, None, None]).reshape(-1, 3), tint))
        start += len(vertices)
    vertices, normals, faces, tint = (np.concatenate(each) for each in zip(*pieces, strict=True))
    return vertices, normals, faces, tint


def _place(base: Floats, base_normals: Floats, rocks: RockInstances) -> tuple[Floats, Floats, Floats]:
    """Return vertices, normals and colours (N V, 3) of copies of one shape."""
    vertices = _turn(base[None] * rocks.size_m[:, None], rocks.yaw) + rocks.place_m[:, None]
    normals = _turn(base_normals[None] / rocks.size_m[:, None], rocks.yaw)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    # Dust lies on what faces up, and slides off steeper faces.
    level = np.clip((normals[..., 2:] - _BARE_COSINE) / (_DUSTY_COSINE - _BARE_COSINE), 0.0, 1.0)
    dust = rocks.dust[:, None, None] * level * level * (3.0 - 2.0 * level)
    tint = rocks.bare[:, None] * (1.0 - dust) + dust
    return vertices.reshape(-1, 3), normals.reshape(-1, 3), tint.reshape(-1, 3)


def _turn(points: Floats, yaw: Floats) -> Floats:
    """Turn points (N, V, 3) about the vertical by ``yaw`` (N,), rad."""
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([x * c - y * s, x * s + y * c, z], axis=-1)


def _fracture_planes(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the normals (P, 3) and distances (P,) of a rock's fracture planes, and of the box that bounds it."""
    box = np.concatenate([np.eye(3), -np.eye(3)])
    normals = np.concatenate([_random_directions(rng, _FRACTURES), box])
    depths = np.concatenate([rng.uniform(*_FRACTURE_DEPTHS, _FRACTURES), rng.uniform(0.95, 1.25, len(box))])
    return normals, depths


def _intersection(normals: Floats, depths: Floats) -> Floats:
    """Return the corners (V, 3) of the space behind all planes."""
    from scipy.spatial import HalfspaceIntersection

    return np.asarray(HalfspaceIntersection(np.c_[normals, -depths], np.zeros(3)).intersections)


def _hull(points: Floats) -> tuple[Floats, Triangles]:
    """Return the convex hull of points as vertices and outward faces."""
    from scipy.spatial import ConvexHull

    hull = ConvexHull(points)
    faces = hull.simplices.astype(np.int64)
    a, b, c = (points[faces[:, k]] for k in range(3))
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), hull.equations[:, :3]) < 0.0
    faces[inward] = faces[inward][:, ::-1]
    return points, faces


def _split_into_facets(vertices: Floats, faces: Triangles) -> tuple[Floats, Floats, Triangles]:
    """Return the same mesh with three vertices of its own for each face, and their normals."""
    corner = vertices[faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    return corner.reshape(-1, 3), np.repeat(normal, 3, axis=0), np.arange(3 * len(faces)).reshape(-1, 3)


def _roughen(vertices: Floats, faces: Triangles, rng: np.random.Generator) -> tuple[Floats, Floats, Triangles]:
    """Return a finer mesh with rough faces."""
    from trimesh.remesh import subdivide

    for _ in range(_ROUGH_SPLITS):
        vertices, faces = subdivide(vertices, faces)
    relief = np.zeros(len(vertices))
    for wave in (9.0, 17.0, 31.0, 57.0, 101.0):
        for direction in _random_directions(rng, 4):
            relief += wave**-0.5 * np.sin(wave * (vertices @ direction) + 2.0 * np.pi * rng.random())
    outward = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    return _split_into_facets(vertices + _ROUGHNESS * relief[:, None] * outward, faces)


def _random_directions(rng: np.random.Generator, count: int) -> Floats:
    normal = rng.normal(size=(count, 3))
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))
