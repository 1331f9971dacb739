"""The ground around a vehicle on Mars or the Moon, as a mesh that is rendered like a craft's.

``build_terrain(TerrainSpec(...))`` returns a :class:`~selfiesim.craft.model.Craft` of ground and rocks in site axes:
x east, y north, z up, the origin on the ground, metres. Vehicles on a pad rest at z = 0. See ``design/terrain.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import MARS
from selfiesim.craft.model import Craft, Material, Part
from selfiesim.planet.ground.contact import (
    FRESH_SOIL_LOSS,
    BlastZone,
    Pad,
    Print,
    Track,
    flatten_pads,
    press_prints,
    swept,
    track_displacement,
    turned_soil,
)
from selfiesim.planet.ground.heightfield import (
    Crater,
    Swell,
    bare_soil,
    broken_crust,
    crater_displacement,
    curvature_drop,
    dust_mottling,
    lump_height,
    plain_height,
    swell_displacement,
)
from selfiesim.planet.ground.rock_shapes import RockInstances, mesh_rocks
from selfiesim.planet.ground.rocks import HEIGHT_TO_DIAMETER, RockField, RockSizeDistribution, scatter_rocks
from selfiesim.planet.ground.soils import SOILS, RockKind

Floats = NDArray[np.float64]

NEAR_RADIUS_M = 16.0
"""Geometry within this distance of the lens is in nodes named ``near``, which the Sun's shadow map is fitted to."""

_ROCK_SHAPE_COUNT = 24  # different rock shapes; each instance is rotated and stretched at random
# Cells that the smallest rocks and clods span, in the finest mesh and in coarser ones.
_MIN_ROCK_CELLS, _MIN_CLOD_CELLS, _MIN_SHOWN_CELLS = 1.3, 1.0, 0.7
_LEVEL_CELLS = (3.0, 8.0, 25.0)  # cells that a rock spans from which it has one more level of detail
_COARSE_CELL_RAD = 0.014  # cells outside the sector
_MIN_ASIDE_M = 0.10  # diameter of the smallest stones outside the sector, where only their shadows may be seen
_LARGEST_CRUMB_M = 0.012
_BLAST_SMOOTHING = 0.6  # share of the lumps that the engines blow flat (assumed)
_CLOD_Q = 65.0  # 1/m, decay of the clods' size law: one to five centimetres (assumed)


@dataclass(frozen=True)
class TerrainSpec:
    """Specification of a ground mesh.

    Attributes
    ----------
    seed : int
        Random seed.
    rock_share : float
        Fraction of the ground covered by rocks, the k of Golombek and Rapp's law. 0.05 is assumed for Utopia.
    reflectance : (3,) tuple of float
        Reflectance of the dust at 620, 550 and 460 nm. The default is that of the globe's map at 109.925 E, 25.066 N,
        where Zhurong landed.
    camera_xy_m : (2,) tuple of float
        Place (x, y) of the lens, around which the mesh is finest.
    lens_height_m : float
        Height of a lens in flight, which sees distant ground less foreshortened; 0 for one on the ground.
    heading_deg, sector_deg : float
        Middle (from north toward east) and width of the sector in which the mesh is fine.
    cell_rad : float
        Angle that a cell of the sector subtends at the lens.
    extent_m : float
        Radius of the mesh; the horizon of a lens at 1.8 m is 3.5 km away.
    rocks_reach_m : float
        Greatest distance of rocks from the lens.
    largest_rock_m : float
        Largest diameter of a rock.
    clod_share : float
        Fraction of the ground under clods of broken crust, a few centimetres large and of the ground's own colour
        (assumed).
    pads, prints, tracks : tuple
        Level places under vehicles, prints of their feet and wheels, and wheel tracks.
    craters : tuple
        Small craters.
    swells : tuple
        Mounds and hollows.
    bare_soil : float
        How much of its dust the ground has lost in patches where the crust is gone, 0 to 1.
    blast : BlastZone, optional
        Dark zone of the landing.
    soil : str
        What the ground is like, a key of :data:`selfiesim.planet.ground.soils.SOILS`.
    radius_m : float
        Radius of the body.
    finest_rad : float, optional
        ``cell_rad`` of the finest mesh of this ground, whose larger rocks a coarser mesh keeps; default: its own.
    """

    seed: int = 1
    rock_share: float = 0.05
    reflectance: tuple[float, float, float] = (0.276, 0.190, 0.101)
    camera_xy_m: tuple[float, float] = (0.0, 0.0)
    lens_height_m: float = 0.0
    heading_deg: float = 0.0
    sector_deg: float = 80.0
    cell_rad: float = 0.0032
    extent_m: float = 4000.0
    rocks_reach_m: float = 70.0
    largest_rock_m: float = 3.0
    clod_share: float = 0.12
    pads: tuple[Pad, ...] = ()
    prints: tuple[Print, ...] = ()
    tracks: tuple[Track, ...] = ()
    craters: tuple[Crater, ...] = ()
    swells: tuple[Swell, ...] = ()
    bare_soil: float = 1.0
    blast: BlastZone | None = None
    soil: str = "mars"
    radius_m: float = MARS.radii_m[0]
    finest_rad: float | None = None


def build_terrain(spec: TerrainSpec) -> Craft:
    """Build the ground and its rocks as a craft without joints, with nodes ``ground_near``, ``rocks_far`` and so on.

    Raises
    ------
    ValueError
        A rock fraction, cell size or extent is out of range.
    """
    if not 0.0005 <= spec.cell_rad <= 0.1:
        raise ValueError(f"cell_rad {spec.cell_rad}: must be 0.0005 to 0.1")
    if not 50.0 <= spec.extent_m <= 50_000.0:
        raise ValueError(f"extent_m {spec.extent_m}: must be 50 to 50,000 m")
    parts = (*_build_ground_parts(spec), *_build_rock_parts(spec))
    return Craft("ground", parts, {}, {}, Path("terrain"))


def height_at(spec: TerrainSpec, x: Floats, y: Floats, spacing_m: Floats | None = None) -> Floats:
    """Return the height of the ground (N,) at places (N,), m, in a mesh with cells of ``spacing_m`` (default 1 cm)."""
    spacing = np.full_like(x, 0.01) if spacing_m is None else spacing_m
    # Measured from the plain at the origin, so that a scene without a pad also starts on the ground.
    zero, soil = np.zeros(1), SOILS[spec.soil]
    height = plain_height(x, y, spacing, spec.seed) - plain_height(zero, zero, np.full(1, 0.01), spec.seed)
    height = height + crater_displacement(x, y, spec.craters) + swell_displacement(x, y, spec.swells)
    height = flatten_pads(height, x, y, spec.pads)
    lumps = lump_height(x, y, spacing, spec.seed, soil.lump_sizes, soil.pit_share)
    if spec.blast is not None:
        lumps *= 1.0 - _BLAST_SMOOTHING * swept(x, y, spec.blast, spec.seed)
    height = height + lumps
    for track in spec.tracks:
        height = height + track_displacement(x, y, spacing, track)[0]
    return np.asarray(press_prints(height, x, y, spec.prints) - curvature_drop(x, y, spec.radius_m))


def ground_tints(spec: TerrainSpec, x: Floats, y: Floats, spacing: Floats) -> Floats:
    """Return the colour of the ground (N, 3) relative to the site's dust; places as for :func:`height_at`."""
    soil = SOILS[spec.soil]
    mottling = dust_mottling(x, y, spec.seed)[:, None]
    tone = 1.0 + soil.mottling * mottling
    for track in spec.tracks:
        tone = tone * (1.0 - FRESH_SOIL_LOSS * track_displacement(x, y, spacing, track)[1][:, None])
    tone = tone * (1.0 - FRESH_SOIL_LOSS * turned_soil(x, y, spec.prints)[:, None])
    tint = tone * (1.0 + mottling * np.array(soil.thick_dust_tint))
    tint = tint * (1.0 - spec.bare_soil * bare_soil(x, y, spec.seed)[:, None] * np.array(soil.bare_soil_loss))
    if spec.blast is not None:
        share = swept(x, y, spec.blast, spec.seed)[:, None]
        tint = tint * (1.0 - spec.blast.darker * share * (1.0, 0.85, 0.6))
    return np.asarray(tint)


def _polar_mesh_axes(spec: TerrainSpec) -> tuple[Floats, Floats]:
    """Return the radii of the mesh's rings and the directions (rad, from east toward north) of its spokes."""
    fine = spec.cell_rad
    # Cells are foreshortened from just above the ground, so rings may be farther apart than spokes.
    radii, height = [0.12], spec.lens_height_m
    while (r := radii[-1]) < spec.extent_m:
        step = 3.0 * fine if r < 40.0 else 0.05
        if height > 0.0:
            step = min(step, fine * (r / height + height / r))
        radii.append(r * (1.0 + step))
    middle, half = np.pi / 2 - np.radians(spec.heading_deg), 0.5 * np.radians(min(spec.sector_deg, 360.0))
    inside = np.linspace(-half, half, max(3, int(2.0 * half / fine)))
    rest = 2.0 * np.pi - 2.0 * half
    count = int(rest / _COARSE_CELL_RAD) + 2
    outside = half + rest * np.arange(1, count) / count if rest > 1e-6 else np.zeros(0)
    return np.array(radii), middle + np.concatenate([inside, outside])


def _build_ground_parts(spec: TerrainSpec) -> list[Part]:
    radii, angles = _polar_mesh_axes(spec)
    r, a = np.meshgrid(radii, angles, indexing="ij")
    width = np.diff(angles, append=angles[0] + 2.0 * np.pi)
    width = 0.5 * (width + np.roll(width, 1))
    spacing = np.maximum(r * width[None, :], 0.33 * r * np.gradient(radii)[:, None] / radii[:, None])
    x, y = spec.camera_xy_m[0] + r * np.cos(a), spec.camera_xy_m[1] + r * np.sin(a)
    flat = x.ravel(), y.ravel(), spacing.ravel()
    z = height_at(spec, *flat).reshape(r.shape)
    points = np.stack([x, y, z], axis=-1)
    normals = _grid_normals(points)
    tint = ground_tints(spec, *flat).reshape(*r.shape, 3)
    split = int(np.searchsorted(radii, NEAR_RADIUS_M))
    middle = _center_vertex(spec, points[0])
    material = _material(spec, "ground", 1.0)
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


def _center_vertex(spec: TerrainSpec, ring: Floats) -> Floats:
    """Return the point below the lens that closes the innermost ring."""
    return np.array([*spec.camera_xy_m, ring[:, 2].mean()])


def _grid_faces(rows: int, columns: int) -> NDArray[np.int64]:
    """Return the upward faces of a grid of rings, with the last spoke joined to the first."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = index[:-1], index[1:]
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    quads = [np.stack([a, b, c], axis=-1).reshape(-1, 3), np.stack([a, c, d], axis=-1).reshape(-1, 3)]
    return np.concatenate(quads)


def _grid_normals(points: Floats) -> Floats:
    """Return upward unit normals (R, S, 3) of a grid of rings, from the neighbouring vertices."""
    outward = np.gradient(points, axis=0)
    around = np.roll(points, -1, axis=1) - np.roll(points, 1, axis=1)
    normal = np.cross(outward, around)
    return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True))


def _build_rock_parts(spec: TerrainSpec) -> list[Part]:
    """Scatter rocks and clods around the lens, clear of pads and tracks."""
    finest, seed = spec.finest_rad or spec.cell_rad, spec.seed
    rocks, clods = np.random.default_rng(seed + 1000), np.random.default_rng(seed + 2000)
    edges = np.geomspace(0.35, spec.rocks_reach_m, 24)
    field = scatter_rocks(
        RockSizeDistribution(spec.rock_share), edges, _MIN_ROCK_CELLS * finest, spec.largest_rock_m, rocks
    )
    parts = _mesh_rock_field(spec, "rocks", _remove_obstructing(spec, field, spec.pads), rocks, SOILS[spec.soil].rocks)
    if spec.clod_share > 0.0:
        rings = np.geomspace(0.35, 14.0, 16)
        field = scatter_rocks(
            RockSizeDistribution(spec.clod_share, _CLOD_Q), rings, _MIN_CLOD_CELLS * finest, 0.12, clods
        )
        field = _remove_obstructing(spec, _thin_out(spec, field, clods), ())
        parts += _mesh_rock_field(spec, "clods", field, clods, SOILS[spec.soil].clods)
    return parts


def _mesh_rock_field(
    spec: TerrainSpec, name: str, field: RockField, rng: np.random.Generator, kind: RockKind
) -> list[Part]:
    """Build the parts of a rock field, finer the nearer they are."""
    (x, y), size = field.places_m.T, field.diameters_m
    away = np.hypot(x - spec.camera_xy_m[0], y - spec.camera_xy_m[1])
    count = len(size)
    stretch = np.stack([np.ones(count), 0.75 + 0.25 * rng.random(count), kind.tall * _sample_heights(rng, count)], 1)
    yaw, shape = 2.0 * np.pi * rng.random(count), rng.integers(_ROCK_SHAPE_COUNT, size=count)
    bare = (0.85 + 0.3 * rng.random((count, 1))) * kind.families[rng.choice(len(kind.shares), count, p=kind.shares)]
    dust = kind.dust[0] + (kind.dust[1] - kind.dust[0]) * rng.random(count)
    # Dropped only after all random draws, so that the remaining rocks match those of the finest mesh.
    shown = (size > _MIN_SHOWN_CELLS * spec.cell_rad * away) & (_is_in_sector(spec, x, y, size) | (size > _MIN_ASIDE_M))
    x, y, size, away, stretch, yaw, shape, bare, dust = (
        each[shown] for each in (x, y, size, away, stretch, yaw, shape, bare, dust)
    )
    ground = height_at(spec, x, y, np.maximum(0.5 * size, 0.01))
    soil = ground_tints(spec, x, y, np.full_like(x, 0.1))
    rocks = RockInstances(np.stack([x, y, ground], 1), size[:, None] * stretch, yaw, shape, bare, soil, dust)
    level = np.digitize(size / away / spec.cell_rad, _LEVEL_CELLS)
    parts = []
    for node, chosen in ((f"{name}_near", away < NEAR_RADIUS_M), (f"{name}_far", away >= NEAR_RADIUS_M)):
        if chosen.any():
            mesh = mesh_rocks(rocks[chosen], level[chosen], spec.seed * 100, kind.form)
            parts.append(_make_part(node, _material(spec, "rock", 0.95), *mesh))
    return parts


def _is_in_sector(spec: TerrainSpec, x: Floats, y: Floats, size: Floats) -> NDArray[np.bool_]:
    """Return which of the places (N,) the lens may see in its sector."""
    east, north = x - spec.camera_xy_m[0], y - spec.camera_xy_m[1]
    turn = np.abs((np.degrees(np.arctan2(east, north)) - spec.heading_deg + 180.0) % 360.0 - 180.0)
    margin = np.degrees(np.arctan2(size, np.hypot(east, north)))
    return np.asarray(turn < 0.5 * spec.sector_deg + margin)


def _sample_heights(rng: np.random.Generator, count: int) -> Floats:
    """Draw vertical stretches, twice the exposed height, because the lower half of the shape is in the ground."""
    low, high = HEIGHT_TO_DIAMETER
    return np.asarray(2.0 * (low + (high - low) * rng.random(count)))


def _thin_out(spec: TerrainSpec, field: RockField, rng: np.random.Generator) -> RockField:
    """Drop clods where the crust is whole, so that they lie in patches."""
    x, y = (field.places_m + spec.camera_xy_m).T
    kept = rng.random(len(x)) < 0.45 + 0.55 * broken_crust(x, y, spec.seed)
    return RockField(field.places_m[kept], field.diameters_m[kept])


def _remove_obstructing(spec: TerrainSpec, field: RockField, pads: tuple[Pad, ...]) -> RockField:
    """Move the field to the lens and drop rocks on pads, close to the lens or, except for crumbs, in tracks."""
    x, y = (field.places_m + spec.camera_xy_m).T
    free = np.hypot(x - spec.camera_xy_m[0], y - spec.camera_xy_m[1]) > 0.30 + 0.5 * field.diameters_m
    for pad in pads:
        free &= np.hypot(x - pad.x_m, y - pad.y_m) > pad.radius_m + 0.5 * field.diameters_m
    for each in spec.prints:
        free &= np.hypot(x - each.x_m, y - each.y_m) > 1.05 * each.radius_m + 0.5 * field.diameters_m
    for track in spec.tracks:
        crumb = field.diameters_m < _LARGEST_CRUMB_M
        free &= (track_displacement(x, y, np.full_like(x, 0.1), track)[1] < 0.2) | crumb
    return RockField(np.stack([x, y], axis=1)[free], field.diameters_m[free])


def _material(spec: TerrainSpec, name: str, roughness: float) -> Material:
    law = SOILS[spec.soil].law
    return Material(name, spec.reflectance, 0.0, roughness, law=law, specular=0.0 if law else 1.0)


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
