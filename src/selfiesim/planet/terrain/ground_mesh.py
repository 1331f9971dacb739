"""The ground round a vehicle on Mars, as a mesh that is drawn like a craft's.

``terrain(TerrainSpec(...))`` gives a :class:`~selfiesim.craft.model.Craft` of ground and rocks in site axes: x east, y
north, z up, the origin on the ground, metres. Vehicles set on a pad stand at z = 0. See ``design/terrain.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import MARS
from selfiesim.craft.model import Craft, Material, Part
from selfiesim.planet.terrain.heightfield import (
    Crater,
    Pad,
    Track,
    crater_displacement,
    curvature_drop,
    dust_mottling,
    flatten_pads,
    plain_height,
    track_displacement,
)
from selfiesim.planet.terrain.rocks import (
    HEIGHT_TO_DIAMETER,
    RockField,
    RockSizeDistribution,
    make_rock_mesh,
    scatter_rocks,
)

Floats = NDArray[np.float64]

NEAR_RADIUS_M = 16.0
"""What is nearer to the middle than this is in nodes named ``near``: fit the Sun's shadow map to those."""

_ROCK_SHAPE_COUNT = 14  # rocks of different shape; each is turned and stretched anew
_MIN_ROCK_CELLS, _MIN_SHOWN_CELLS = 3.0, 1.5  # that the smallest rocks span: in the finest mesh, and in coarser ones
_COARSE_CELL_RAD = 0.014  # cells outside the sector
_ROCK_TINT = np.array([0.55, 0.58, 0.66])  # darker and greyer than the dust (assumed)
_CLOD_Q = 85.0  # 1/m, of the clods' law: one to five centimetres (assumed)
_CLOD_HEIGHT = 0.6  # of a rock's


@dataclass(frozen=True)
class BlastZone:
    """The ground that the landing engines blew clean of dust round (x, y): darker by ``darker`` in the middle."""

    x_m: float
    y_m: float
    radius_m: float = 6.0  # assumed
    darker: float = 0.30  # assumed


@dataclass(frozen=True)
class TerrainSpec:
    """What the ground is to be like.

    Attributes
    ----------
    seed : int
        Another seed, another ground.
    rock_share : float
        Total share covered by rocks, the k of Golombek and Rapp's law. 0.05 is assumed for Utopia.
    reflectance : (3,) tuple of float
        Of the dust at 620, 550 and 460 nm. The default is the globe's map at 109.925 E, 25.066 N, where Zhurong landed.
    camera_xy_m : (2,) tuple of float
        Place (x, y) of the lens: the mesh is finest there.
    heading_deg, sector_deg : float
        Middle (from north toward east) and width of the directions in which it is fine.
    cell_rad : float
        Angle that a cell takes up there, seen from the lens.
    finest_rad : float, optional
        That of the finest mesh of this ground, of whose pieces a coarser one shows the larger; default: its own.
    extent_m : float
        Where it ends; the horizon of a lens 1.8 m up is 3.5 km off.
    rocks_reach_m : float
        How far from the lens rocks lie.
    largest_rock_m : float
        Larger ones are left out.
    clod_share : float
        Share of the ground under clods of broken crust, of a few centimetres and the ground's own colour (assumed).
    pads, tracks : tuple
        Where vehicles stand, and where one has driven.
    craters : tuple
        Small ones.
    blast : Blast, optional
        The landing's dark zone.
    """

    seed: int = 1
    rock_share: float = 0.05
    reflectance: tuple[float, float, float] = (0.276, 0.190, 0.101)
    camera_xy_m: tuple[float, float] = (0.0, 0.0)
    heading_deg: float = 0.0
    sector_deg: float = 80.0
    cell_rad: float = 0.0032
    extent_m: float = 4000.0
    rocks_reach_m: float = 70.0
    largest_rock_m: float = 3.0
    clod_share: float = 0.12
    pads: tuple[Pad, ...] = ()
    tracks: tuple[Track, ...] = ()
    craters: tuple[Crater, ...] = ()
    blast: BlastZone | None = None
    finest_rad: float | None = None


def terrain(recipe: TerrainSpec) -> Craft:
    """The ground and its rocks as a craft that has no joints: nodes ``ground_near``, ``ground_far``, ``rocks_near`` ...

    Raises
    ------
    ValueError
        For a rock share, a cell or a reach that makes no ground.
    """
    if not 0.0005 <= recipe.cell_rad <= 0.1:
        raise ValueError(f"cell_rad {recipe.cell_rad}: give 0.0005 to 0.1")
    if not 50.0 <= recipe.extent_m <= 50_000.0:
        raise ValueError(f"extent_m {recipe.extent_m}: give 50 to 50,000 m")
    parts = (*_build_ground_parts(recipe), *_build_rock_parts(recipe))
    return Craft("ground", parts, {}, {}, Path("terrain"))


def height_at(recipe: TerrainSpec, x: Floats, y: Floats, spacing_m: Floats | None = None) -> Floats:
    """Height of the ground (N,) at places, m, as a mesh with cells of ``spacing_m`` (N,) has it; 1 cm by default."""
    spacing = np.full_like(x, 0.01) if spacing_m is None else spacing_m
    # Measured from the plain's height at the origin, so that a scene with no pad starts on the ground too.
    zero = np.zeros(1)
    height = plain_height(x, y, spacing, recipe.seed) - plain_height(zero, zero, np.full(1, 0.01), recipe.seed)
    # The plain's height where the lens is does not change with craters elsewhere.
    height = height + crater_displacement(x, y, recipe.craters)
    for track in recipe.tracks:
        height = height + track_displacement(x, y, spacing, track)[0]
    return np.asarray(flatten_pads(height, x, y, recipe.pads) - curvature_drop(x, y, MARS.radii_m[0]))


def ground_tints(recipe: TerrainSpec, x: Floats, y: Floats, spacing: Floats) -> Floats:
    """Colour of the ground (N, 3) at places, over that of the site's dust, as :func:`height_at` has them."""
    tone = 1.0 + 0.10 * dust_mottling(x, y, recipe.seed)
    for track in recipe.tracks:
        tone = tone * (
            1.0 - 0.20 * track_displacement(x, y, spacing, track)[1]
        )  # fresh soil is darker than dust (assumed)
    tint = tone[:, None] * np.ones(3)
    if recipe.blast is not None:
        blast = recipe.blast
        share = np.exp(-(((x - blast.x_m) ** 2 + (y - blast.y_m) ** 2) / blast.radius_m**2)[:, None])
        tint = tint * (1.0 - blast.darker * share * (1.0, 0.85, 0.6))
    return np.asarray(tint)


def _polar_mesh_axes(recipe: TerrainSpec) -> tuple[Floats, Floats]:
    """Radii of the rings and directions (rad, from east toward north) of the spokes of the mesh."""
    fine = recipe.cell_rad
    # Seen from just above the ground a cell is foreshortened: rings may lie farther apart than spokes.
    radii = [0.12]
    while radii[-1] < recipe.extent_m:
        radii.append(radii[-1] * (1.0 + (3.0 * fine if radii[-1] < 40.0 else 0.05)))
    middle, half = np.pi / 2 - np.radians(recipe.heading_deg), 0.5 * np.radians(min(recipe.sector_deg, 360.0))
    inside = np.linspace(-half, half, max(3, int(2.0 * half / fine)))
    rest = 2.0 * np.pi - 2.0 * half
    count = int(rest / _COARSE_CELL_RAD) + 2
    outside = half + rest * np.arange(1, count) / count if rest > 1e-6 else np.zeros(0)
    return np.array(radii), middle + np.concatenate([inside, outside])


def _build_ground_parts(recipe: TerrainSpec) -> list[Part]:
    radii, angles = _polar_mesh_axes(recipe)
    r, a = np.meshgrid(radii, angles, indexing="ij")
    width = np.diff(angles, append=angles[0] + 2.0 * np.pi)
    width = 0.5 * (width + np.roll(width, 1))
    spacing = np.maximum(r * width[None, :], 0.33 * r * np.gradient(radii)[:, None] / radii[:, None])
    x, y = recipe.camera_xy_m[0] + r * np.cos(a), recipe.camera_xy_m[1] + r * np.sin(a)
    flat = x.ravel(), y.ravel(), spacing.ravel()
    z = height_at(recipe, *flat).reshape(r.shape)
    points = np.stack([x, y, z], axis=-1)
    normals = _grid_normals(points)
    tint = ground_tints(recipe, *flat).reshape(*r.shape, 3)
    split = int(np.searchsorted(radii, NEAR_RADIUS_M))
    middle = _center_vertex(recipe, points[0])
    material = Material("ground", recipe.reflectance, 0.0, 1.0)
    parts = []
    for node, rows in (("ground_near", slice(0, split + 1)), ("ground_far", slice(split, len(radii)))):
        shape = points[rows].shape[:2]
        faces = _grid_faces(*shape)
        vertices, vertex_normals, colour = (v[rows].reshape(-1, 3) for v in (points, normals, tint))
        if node == "ground_near":
            hub, ring = len(vertices), np.arange(shape[1])
            vertices, vertex_normals = np.vstack([vertices, middle]), np.vstack([vertex_normals, (0.0, 0.0, 1.0)])
            colour = np.vstack([colour, np.ones(3)])
            faces = np.concatenate([faces, np.stack([np.full(shape[1], hub), ring, np.roll(ring, -1)], axis=1)])
        parts.append(_make_part(node, material, vertices, vertex_normals, faces, colour))
    return parts


def _center_vertex(recipe: TerrainSpec, ring: Floats) -> Floats:
    """The point below the lens that closes the innermost ring."""
    return np.array([*recipe.camera_xy_m, ring[:, 2].mean()])


def _grid_faces(rows: int, columns: int) -> NDArray[np.int64]:
    """Faces of a grid of rings, the last spoke joined to the first, looking up."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = index[:-1], index[1:]
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    quads = [np.stack([a, b, c], axis=-1).reshape(-1, 3), np.stack([a, c, d], axis=-1).reshape(-1, 3)]
    return np.concatenate(quads)


def _grid_normals(points: Floats) -> Floats:
    """Upward unit normals (R, S, 3) of a grid of rings, from the vertices on either side."""
    out = np.gradient(points, axis=0)
    round_ = np.roll(points, -1, axis=1) - np.roll(points, 1, axis=1)
    normal = np.cross(out, round_)
    return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True))


def _build_rock_parts(recipe: TerrainSpec) -> list[Part]:
    """Rocks and clods strewn about the lens, none on the pads or in the tracks."""
    fine, seed = _MIN_ROCK_CELLS * (recipe.finest_rad or recipe.cell_rad), recipe.seed
    rocks, clods = np.random.default_rng(seed + 1000), np.random.default_rng(seed + 2000)
    edges = np.geomspace(0.35, recipe.rocks_reach_m, 24)
    field = scatter_rocks(RockSizeDistribution(recipe.rock_share), edges, fine, recipe.largest_rock_m, rocks)
    parts = _mesh_rock_field(recipe, "rocks", _remove_obstructing(recipe, field, recipe.pads), rocks, (0.35, 0.6), 1.0)
    if recipe.clod_share > 0.0:
        field = scatter_rocks(
            RockSizeDistribution(recipe.clod_share, _CLOD_Q), np.geomspace(0.35, 14.0, 16), fine, 0.12, clods
        )
        parts += _mesh_rock_field(
            recipe, "clods", _remove_obstructing(recipe, field, ()), clods, (0.85, 0.15), _CLOD_HEIGHT
        )
    return parts


def _mesh_rock_field(
    recipe: TerrainSpec, name: str, field: RockField, rng: np.random.Generator, dusty: tuple[float, float], tall: float
) -> list[Part]:
    """Parts of the pieces of a field, the finer the nearer; ``dusty``: least share of dust, and its spread."""
    (x, y), size = field.places_m.T, field.diameters_m
    away = np.hypot(x - recipe.camera_xy_m[0], y - recipe.camera_xy_m[1])
    stretch = np.stack(
        [np.ones(len(size)), 0.75 + 0.25 * rng.random(len(size)), tall * _sample_height_stretch(rng, len(size))], axis=1
    )
    turn, shape = 2.0 * np.pi * rng.random(len(size)), rng.integers(_ROCK_SHAPE_COUNT, size=len(size))
    dust = dusty[0] + dusty[1] * rng.random(len(size))[:, None]
    colour = (0.8 + 0.4 * rng.random(len(size))[:, None]) * (dust + (1.0 - dust) * _ROCK_TINT)
    if recipe.finest_rad is not None and recipe.finest_rad < recipe.cell_rad:
        # Left out only now: the dice have fallen as for the finest mesh, so what is left is the same.
        shown = size > _MIN_SHOWN_CELLS * recipe.cell_rad * away
        x, y, size, away, stretch, turn, shape, colour = (
            each[shown] for each in (x, y, size, away, stretch, turn, shape, colour)
        )
    ground = height_at(recipe, x, y, np.maximum(0.5 * size, 0.01))
    # 20, 80, 320 or 5120 triangles, by how many cells of the ground a piece spans.
    subdivisions = np.array([0, 1, 2, 4])[np.digitize(size / away / recipe.cell_rad, [5.0, 14.0, 50.0])]
    parts = []
    for node, chosen in ((f"{name}_near", away < NEAR_RADIUS_M), (f"{name}_far", away >= NEAR_RADIUS_M)):
        pieces = []
        for which in np.unique(np.stack([shape, subdivisions], 1)[chosen], axis=0):
            of = chosen & (shape == which[0]) & (subdivisions == which[1])
            base, faces = make_rock_mesh(recipe.seed * 100 + int(which[0]), int(which[1]))
            placed = _instance_mesh(base, faces, (x[of], y[of], ground[of]), size[of], stretch[of], turn[of])
            pieces.append((*placed, np.repeat(colour[of], len(base), axis=0)))
        if pieces:
            parts.append(_merge_pieces(node, Material("rock", recipe.reflectance, 0.0, 0.95), pieces))
    return parts


def _sample_height_stretch(rng: np.random.Generator, count: int) -> Floats:
    """Vertical stretch: the shape's lower half is in the ground, so that what stands out is half of it."""
    low, high = HEIGHT_TO_DIAMETER
    return np.asarray(2.0 * (low + (high - low) * rng.random(count)))


def _remove_obstructing(recipe: TerrainSpec, field: RockField, pads: tuple[Pad, ...]) -> RockField:
    """The field moved to the lens, without what lies on the pads, in the tracks or against the lens."""
    x, y = (field.places_m + recipe.camera_xy_m).T
    free = np.hypot(x - recipe.camera_xy_m[0], y - recipe.camera_xy_m[1]) > 0.30 + 0.5 * field.diameters_m
    for pad in pads:
        free &= np.hypot(x - pad.x_m, y - pad.y_m) > pad.radius_m + 0.5 * field.diameters_m
    for track in recipe.tracks:
        free &= track_displacement(x, y, np.full_like(x, 0.1), track)[1] < 0.2
    return RockField(np.stack([x, y], axis=1)[free], field.diameters_m[free])


_Piece = tuple[Floats, Floats, NDArray[np.int64], Floats]


def _instance_mesh(
    base: Floats,
    faces: NDArray[np.int64],
    at: tuple[Floats, Floats, Floats],
    size: Floats,
    stretch: Floats,
    turn: Floats,
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Copies of one shape: vertices (N V, 3), normals, faces."""
    scaled = base[None] * (size[:, None] * stretch)[:, None]
    c, s = np.cos(turn)[:, None], np.sin(turn)[:, None]
    vertices = np.stack(
        [
            scaled[..., 0] * c - scaled[..., 1] * s + at[0][:, None],
            scaled[..., 0] * s + scaled[..., 1] * c + at[1][:, None],
            scaled[..., 2] + at[2][:, None],
        ],
        axis=-1,
    )
    vertex_normals = _vertex_normals(base, faces)[None] / stretch[:, None]
    vertex_normals = np.stack(
        [
            vertex_normals[..., 0] * c - vertex_normals[..., 1] * s,
            vertex_normals[..., 0] * s + vertex_normals[..., 1] * c,
            vertex_normals[..., 2],
        ],
        axis=-1,
    )
    normals = vertex_normals / np.linalg.norm(vertex_normals, axis=-1, keepdims=True)
    all_faces = (faces[None] + len(base) * np.arange(len(size))[:, None, None]).reshape(-1, 3)
    return vertices.reshape(-1, 3), normals.reshape(-1, 3), all_faces


def _vertex_normals(vertices: Floats, faces: NDArray[np.int64]) -> Floats:
    """Normals (V, 3), each the sum of those of the faces about it by area."""
    corner = vertices[faces]
    face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    out = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(out, faces[:, k], face)
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))


def _merge_pieces(node: str, material: Material, pieces: list[_Piece]) -> Part:
    starts = np.cumsum([0] + [len(piece[0]) for piece in pieces[:-1]])
    faces = np.concatenate([piece[2] + start for piece, start in zip(pieces, starts, strict=True)])
    vertices, normals, tint = (np.concatenate([piece[k] for piece in pieces]) for k in (0, 1, 3))
    return _make_part(node, material, vertices, normals, faces, tint)


def _make_part(
    node: str, material: Material, vertices: Floats, normals: Floats, faces: NDArray[np.int64], tint: Floats
) -> Part:
    return Part(
        f"{node}.{material.name}",
        node,
        material,
        vertices.astype(np.float32),
        normals.astype(np.float32),
        None,
        faces.astype(np.int32),
        tint=tint.astype(np.float32),
    )
