"""The ground around a vehicle: level pads, planetary curvature, and one surface at any resolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from selfiesim.craft.builders.zhurong_sizes import RoverSizes
from selfiesim.planet.ground.contact import Pad, Track, track_displacement
from selfiesim.planet.ground.heightfield import Swell, bare_soil, curvature_drop
from selfiesim.planet.ground.mesh import NEAR_RADIUS_M, BlastZone, TerrainSpec, build_terrain, ground_tints, height_at

PAD = Pad(0.0, 6.0, 1.4)
TRACK = Track(((3.0, 2.0), (3.0, 12.0)))
COARSE = TerrainSpec(seed=3, cell_rad=0.02, rocks_reach_m=25.0, pads=(PAD,), tracks=(TRACK,), blast=BlastZone(6.0, 9.0))


@pytest.fixture(scope="module")
def ground():
    return build_terrain(COARSE)


def part(craft, node):
    return next(p for p in craft.parts if p.node == node)


def test_faces_and_normals_point_up(ground):
    for node in ("ground_near", "ground_far"):
        piece = part(ground, node)
        a, b, c = (piece.vertices[piece.faces[:, k]].astype(float) for k in range(3))
        assert np.cross(b - a, c - a)[:, 2].min() > 0.0
        assert piece.normals[:, 2].min() > 0.2
    for piece in ground.parts:
        assert_allclose(np.linalg.norm(piece.normals, axis=1), 1.0, atol=1e-5)
        assert np.isfinite(piece.vertices).all()
        assert piece.tint.min() > 0.0
        assert piece.tint.max() < 1.5


def test_near_and_far_ground_meet(ground):
    near, far = part(ground, "ground_near").vertices, part(ground, "ground_far").vertices
    rim = far[np.hypot(far[:, 0], far[:, 1]) < np.hypot(far[:, 0], far[:, 1]).min() + 1e-3]
    assert {tuple(v) for v in rim.tolist()} <= {tuple(v) for v in near.tolist()}
    assert np.hypot(near[:, 0], near[:, 1]).max() >= NEAR_RADIUS_M


def test_pads_are_level():
    radius, angle = np.meshgrid(np.linspace(0.0, PAD.radius_m, 20), np.linspace(0.0, 2 * np.pi, 40))
    x, y = (PAD.x_m + radius * np.cos(angle)).ravel(), (PAD.y_m + radius * np.sin(angle)).ravel()
    coarse = height_at(COARSE, x, y, np.full_like(x, 0.1))  # without lumps
    assert np.abs(coarse).max() < 0.015
    assert np.abs(height_at(COARSE, x, y) - coarse).max() < 0.03


def test_wheels_rest_on_the_pad():
    x, y, _ = np.array(list(RoverSizes().wheels().values())).T
    over = height_at(COARSE, PAD.x_m - y, PAD.y_m + x)
    assert over.min() > -0.005
    assert over.max() < 0.012


def test_no_rock_on_the_pad_or_in_the_ruts(ground):
    rocks = [p for p in ground.parts if p.node.startswith("rocks")]
    assert rocks
    for piece in rocks:
        x, y, _ = piece.vertices.T
        assert np.hypot(x - PAD.x_m, y - PAD.y_m).min() > 0.9 * PAD.radius_m


def test_rocks_touch_the_ground(ground):
    for piece in ground.parts:
        if not piece.node.startswith(("rocks", "clods")):
            continue
        # Every connected rock has a vertex below the ground and one above.
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        _, same = np.unique(piece.vertices.round(6), axis=0, return_inverse=True)
        edges = same.ravel()[piece.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)]
        count, label = connected_components(coo_matrix((np.ones(len(edges)), edges.T), shape=(same.max() + 1,) * 2))
        label = label[same.ravel()]
        x, y, z = piece.vertices.astype(float).T
        above = z - height_at(COARSE, x, y)
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(low, label, above)
        np.maximum.at(high, label, above)
        assert (low < 0.0).mean() > 0.98
        assert (high > 0.0).mean() > 0.90


# The horizon of a lens at height h over a sphere of radius R is sqrt(2 R h) away; Mars: 3396.19 km.
def test_horizon_distance_follows_from_curvature():
    away, lens = np.linspace(100.0, 20_000.0, 40_000), 1.8
    angle = (-curvature_drop(away, np.zeros_like(away), 3_396_190.0) - lens) / away
    assert away[np.argmax(angle)] == pytest.approx(np.sqrt(2 * 3_396_190.0 * lens), rel=0.001)


def test_ground_reaches_the_horizon_of_a_mast(ground):
    far = part(ground, "ground_far").vertices
    assert np.hypot(far[:, 0], far[:, 1]).max() > 3500.0


# Nature Geoscience, doi 10.1038/s41561-022-00905-6: wheels of 30 cm with 20 grousers: a mark every 47 mm.
def test_ruts_match_the_rovers_track_width_and_grousers():
    y = np.linspace(5.0, 6.0, 2001)
    added, inside = track_displacement(
        np.full_like(y, 3.0 + RoverSizes().track_half_m), y, np.full_like(y, 0.002), TRACK
    )
    assert inside.min() == 1.0
    power = np.abs(np.fft.rfft((added - added.mean())[:-1]))
    pitch = 1.0 / float(np.argmax(power))
    assert pitch == pytest.approx(np.pi * 0.30 / 20, rel=0.03)
    x = np.linspace(2.0, 4.0, 801)
    across, _ = track_displacement(x, np.full_like(x, 7.0), np.full_like(x, 0.5), TRACK)
    assert_allclose(
        sorted({round(float(v), 1) for v in x[across < 0.9 * across.min()]}), [2.3, 2.4, 2.5, 3.5, 3.6, 3.7]
    )


def test_blast_zone_is_darker(ground):
    near = part(ground, "ground_near")
    x, y, _ = near.vertices.T
    inside = np.hypot(x - 6.0, y - 9.0) < 2.0
    outside = (np.hypot(x, y) < 6.0) & (x < -2.0)
    assert near.tint[inside].mean() < 0.85 * near.tint[outside].mean()


def test_finer_and_coarser_meshes_share_a_surface():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-30, 30, (2, 400))
    fine, coarse = (height_at(COARSE, x, y, np.full(400, s)) for s in (0.005, 0.05))
    assert np.abs(fine - coarse).max() < 0.03
    assert np.ptp(fine) > 0.05, "the surface is not flat"


def test_the_seed_determines_the_ground(ground):
    again, other = build_terrain(COARSE), build_terrain(replace(COARSE, seed=4))
    for one, two in zip(ground.parts, again.parts, strict=True):
        assert_array_equal(one.vertices, two.vertices)
        assert_array_equal(one.tint, two.tint)
    assert not np.allclose(
        part(ground, "ground_near").vertices[:, 2], part(other, "ground_near").vertices[:, 2], atol=1e-3
    )


def test_mesh_is_finest_in_the_sector():
    ahead = build_terrain(replace(COARSE, heading_deg=90.0, sector_deg=60.0, cell_rad=0.008, clod_share=0.0))
    x, y, _ = part(ahead, "ground_near").vertices.T
    east, west = (np.abs(np.arctan2(y, s * x)) < np.radians(30.0) for s in (1.0, -1.0))
    assert east.sum() > 1.5 * west.sum()


@pytest.mark.parametrize("wrong", [{"cell_rad": 0.0}, {"cell_rad": 1e-6}, {"extent_m": 1.0}, {"rock_share": 0.0}])
def test_an_invalid_specification_is_rejected(wrong):
    with pytest.raises(ValueError, match="must be"):
        build_terrain(replace(COARSE, **wrong))


def places(craft, name):
    """Return the middles of rocks or clods, to the millimetre; each has some triangles of its own."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    found = set()
    for piece in craft.parts:
        if piece.node.startswith(name):
            _, same = np.unique(piece.vertices.round(5), axis=0, return_inverse=True)
            edges = same.ravel()[piece.faces[:, [0, 1, 1, 2]].reshape(-1, 2)]
            _, rock = connected_components(coo_matrix((np.ones(len(edges)), edges.T), shape=(same.max() + 1,) * 2))
            rock = rock[same.ravel()]
            low, high = np.full((rock.max() + 1, 2), np.inf), np.full((rock.max() + 1, 2), -np.inf)
            np.minimum.at(low, rock, piece.vertices[:, :2])
            np.maximum.at(high, rock, piece.vertices[:, :2])
            found |= {tuple(middle) for middle in np.round(0.5 * (low + high), 1).tolist()}
    return found


def test_a_coarser_mesh_keeps_the_larger_rocks_of_a_finer_one():
    fine = replace(COARSE, cell_rad=0.008)
    draft, final = build_terrain(replace(COARSE, finest_rad=fine.cell_rad)), build_terrain(fine)
    for name in ("rocks", "clods"):
        few, many = places(draft, name), places(final, name)
        assert 5 < len(few) < 0.8 * len(many)
        # Finer levels take off corners, which moves a middle by a fraction of the rock.
        assert len(few - many) < 0.25 * len(few)


def test_the_finest_mesh_does_not_depend_on_coarser_ones(ground):
    again = build_terrain(replace(COARSE, finest_rad=COARSE.cell_rad))
    for one, other in zip(ground.parts, again.parts, strict=True):
        assert_array_equal(one.vertices, other.vertices)
        assert_array_equal(one.tint, other.tint)


def test_a_hollow_has_its_depth_and_width():
    hollow = Swell(20.0, -15.0, 3.0, -0.5)
    x = np.array([20.0, 23.0, 60.0])
    y = np.full(3, -15.0)
    dug = height_at(replace(COARSE, swells=(hollow,)), x, y) - height_at(COARSE, x, y)
    assert_allclose(dug, [-0.5, -0.5 / np.e, 0.0], atol=1e-9)


def test_clods_lie_in_the_sector_that_the_lens_sees():
    ahead = build_terrain(replace(COARSE, heading_deg=90.0, sector_deg=60.0, cell_rad=0.01))
    x, y, _ = part(ahead, "clods_near").vertices.T
    away = np.hypot(x, y)
    seen = np.abs(np.degrees(np.arctan2(y, x))) < 30.0 + np.degrees(np.arctan2(0.2, away))
    assert seen.mean() > 0.99


def test_soil_without_its_crust_is_darker_and_redder():
    x, y = np.random.default_rng(1).uniform(-40.0, 40.0, (2, 4000))
    bare = bare_soil(x, y, COARSE.seed)
    tint = ground_tints(COARSE, x, y, np.full(4000, 0.01))
    red = tint[:, 0] / tint.sum(axis=1)
    assert 0.15 < bare.mean() < 0.6
    assert red[bare > 0.9].mean() > 1.05 * red[bare < 0.1].mean()
    assert tint[bare > 0.9].mean() < 0.9 * tint[bare < 0.1].mean()
