"""Shapes of stones and clods: fragments behind fracture planes, worn, pitted, undercut here and banked with soil there.

Stones of a plain gardened by impacts are broken pieces: their faces are fracture planes. Where dust settles and wind
carries it on, edges are worn round, the foot is undercut on some sides and buried on others, and soil lies on whatever
is not steep.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.ground.noise import smoothstep

Floats = NDArray[np.float64]
Triangles = NDArray[np.int64]

_LEVEL_SPLITS = (1, 2, 3, 5)
DETAIL_LEVELS = len(_LEVEL_SPLITS)
"""Levels of detail of a stone, each with a finer mesh of the same shape."""

# All of these are assumed.
_FRACTURES = 11
_FRACTURE_DEPTHS = (0.55, 1.0)  # distances of the planes from the centre
_RELIEF = ((5.0, 0.024), (11.0, 0.022), (23.0, 0.015), (47.0, 0.009), (90.0, 0.005))  # waves per unit length; height
_FOOT_TOP = 0.30  # height up to which the foot is undercut or banked, in units of the fracture depths
_BURIED = -0.25  # faces wholly below this height are left out
_BARE_COSINE, _DUSTY_COSINE = -0.10, 0.30  # of the slope: steeper faces hold no dust, flatter ones all
_FOOT_SHADE = 0.45  # share of the scattered light that the ground close by takes from the foot


@dataclass(frozen=True)
class RockForm:
    """How a fragment has changed since it broke off.

    Attributes
    ----------
    sharpness : float
        Power of the norm that joins the fracture planes: the higher, the sharper the edges.
    pits, zaps : int
        Number of wide hollows, and of the small pits that micrometeorites leave.
    undercut, bank : float
        Greatest changes of the foot's width, by the wind and by soil.
    """

    sharpness: float
    pits: int
    zaps: int
    undercut: float
    bank: float


# Assumed, like all of these numbers.
WORN = RockForm(16.0, 7, 0, 0.42, 0.55)
"""Worn by wind: round edges, an undercut foot."""

SHARP = RockForm(34.0, 5, 40, 0.12, 0.5)
"""Broken by impacts, without wind: sharp edges, zap pits."""

_PIT_WIDTHS, _PIT_DEPTHS = (0.25, 0.6), (0.02, 0.16)
_ZAP_WIDTHS, _ZAP_DEPTH = (0.03, 0.09), 0.35  # the depth relative to the width


@dataclass(frozen=True, eq=False)
class RockInstances:
    """Stones to be meshed.

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
    bare, soil : (N, 3) array
        Colours of the bare stone and of the dust on it, relative to the site's dust.
    dust : (N,) array
        Share of its upper faces that dust covers.
    """

    place_m: Floats
    size_m: Floats
    yaw: Floats
    shape: Triangles
    bare: Floats
    soil: Floats
    dust: Floats

    def __getitem__(self, chosen: NDArray[np.bool_]) -> RockInstances:
        """Return some of the stones."""
        return RockInstances(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})


@lru_cache(maxsize=256)
def make_rock_mesh(seed: int, level: int, form: RockForm = WORN) -> tuple[Floats, Floats, Triangles]:
    """Return a stone of diameter 1 around the origin: vertices (V, 3), normals (V, 3) and faces (F, 3).

    Its upper half is above the ground; what is deep in the ground is left out.
    """
    from trimesh.creation import icosphere

    sphere = icosphere(subdivisions=_LEVEL_SPLITS[level])
    points = _shape_points(np.asarray(sphere.vertices), seed, form)
    # All levels have the coarsest one's scale.
    coarse = _shape_points(np.asarray(icosphere(subdivisions=_LEVEL_SPLITS[0]).vertices), seed, form)
    points /= 2.0 * np.abs(coarse[:, :2]).max()
    faces = np.asarray(sphere.faces, dtype=np.int64)
    normals = _vertex_normals(points, faces)
    shown, numbers = np.unique(faces[(points[faces][..., 2] > _BURIED).any(axis=1)], return_inverse=True)
    return points[shown], normals[shown], numbers.reshape(-1, 3)


def mesh_rocks(
    rocks: RockInstances, level: NDArray[np.int64], seed: int, form: RockForm = WORN
) -> tuple[Floats, Floats, Triangles, Floats]:
    """Mesh stones, each with its own ``level`` (N,) of detail.

    Returns
    -------
    tuple of (V, 3), (V, 3), (F, 3) and (V, 3) array
        Vertices, normals, faces, and colours relative to the site's dust.
    """
    pieces, start = [], 0
    for shape, detail in np.unique(np.stack([rocks.shape, level], 1), axis=0):
        base, base_normals, faces = make_rock_mesh(seed + int(shape), int(detail), form)
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
    level = smoothstep((normals[..., 2:] - _BARE_COSINE) / (_DUSTY_COSINE - _BARE_COSINE))
    dust = rocks.dust[:, None, None] * level
    tint = rocks.bare[:, None] * (1.0 - dust) + rocks.soil[:, None] * dust
    shade = (1.0 - level) * (1.0 - smoothstep(base[None, :, 2:] / 0.25))
    tint = tint * (1.0 - _FOOT_SHADE * shade)
    return vertices.reshape(-1, 3), normals.reshape(-1, 3), tint.reshape(-1, 3)


def _turn(points: Floats, yaw: Floats) -> Floats:
    """Turn points (N, V, 3) about the vertical by ``yaw`` (N,), rad."""
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([x * c - y * s, x * s + y * c, z], axis=-1)


def _shape_points(directions: Floats, seed: int, form: RockForm) -> Floats:
    """Return points (V, 3) of a stone, one in each of the directions (V, 3) before they are turned with the stone."""
    rng = np.random.default_rng(seed)
    return _shape_foot(_worn_fragment(directions @ _random_rotation(rng).T, rng, form), rng, form)


def _worn_fragment(directions: Floats, rng: np.random.Generator, form: RockForm) -> Floats:
    """Return points (V, 3) in these directions on a body behind fracture planes, with worn edges, relief and pits."""
    box = np.concatenate([np.eye(3), -np.eye(3)])
    planes = np.concatenate([_random_directions(rng, _FRACTURES), box])
    depths = np.concatenate([rng.uniform(*_FRACTURE_DEPTHS, _FRACTURES), rng.uniform(0.85, 1.15, len(box))])
    steps = np.maximum(directions @ planes.T, 0.0) / depths
    radius = (steps**form.sharpness).sum(axis=1) ** (-1.0 / form.sharpness)
    points = radius[:, None] * directions
    change = np.zeros(len(points))
    for wave, height in _RELIEF:
        for direction in _random_directions(rng, 9):
            bend = rng.uniform(0.6, 1.5) * wave * direction
            change += 0.4 * height * np.sin(points @ bend + 2.0 * np.pi * rng.random())
    for middle in _random_directions(rng, form.pits):
        width, depth = rng.uniform(*_PIT_WIDTHS), rng.uniform(*_PIT_DEPTHS)
        change -= depth * np.exp(-((np.linalg.norm(directions - middle, axis=1) / width) ** 4))
    for middle in _random_directions(rng, form.zaps):
        width = rng.uniform(*_ZAP_WIDTHS)
        change -= _ZAP_DEPTH * width * np.exp(-((np.linalg.norm(directions - middle, axis=1) / width) ** 2))
    return np.asarray(points + change[:, None] * directions)


def _shape_foot(points: Floats, rng: np.random.Generator, form: RockForm) -> Floats:
    """Undercut the foot of a body on some sides, and bank soil against it on others."""
    azimuth = np.arctan2(points[:, 1], points[:, 0])
    lean = np.zeros(len(points))
    for order in (1, 2, 3, 5):
        lean += rng.normal() * order**-0.5 * np.cos(order * azimuth + 2.0 * np.pi * rng.random())
    lean = np.clip(0.25 + lean, -1.0, 1.0)
    low = smoothstep((_FOOT_TOP - points[:, 2]) / _FOOT_TOP)
    width = 1.0 - low * np.where(lean > 0.0, form.undercut, form.bank) * lean
    return points * np.stack([width, width, np.ones(len(points))], axis=1)


def _vertex_normals(points: Floats, faces: Triangles) -> Floats:
    """Return the outward unit normals (V, 3), weighted by area."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    of_faces = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for k in range(3):
        np.add.at(normals, faces[:, k], of_faces)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))


def _random_rotation(rng: np.random.Generator) -> Floats:
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return np.asarray(rotation * np.sign(np.linalg.det(rotation)))


def _random_directions(rng: np.random.Generator, count: int) -> Floats:
    normal = rng.normal(size=(count, 3))
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))
