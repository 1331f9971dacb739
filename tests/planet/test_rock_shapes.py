"""Shapes of rocks: closed convex fragments with flat faces, the same at every level of detail."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose

from selfiesim.planet.ground.rock_shapes import DETAIL_LEVELS, RockInstances, make_rock_mesh, mesh_rocks

SMOOTH_LEVELS = range(DETAIL_LEVELS - 1)
DARK, DUST = np.array([0.3, 0.25, 0.2]), 1.0


def one_rock(shape=0, dust=1.0, size=(0.4, 0.3, 0.2)):
    each = np.zeros(1)
    return RockInstances(np.zeros((1, 3)), np.array([size]), each, np.array([shape]), DARK[None], each + dust)


@pytest.mark.parametrize("level", range(DETAIL_LEVELS))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_rock_is_closed_about_one_metre_wide_and_faces_outward(seed, level):
    vertices, normals, faces = make_rock_mesh(seed, level)
    rock = trimesh.Trimesh(vertices, faces, process=True, merge_norm=True)
    assert rock.is_watertight
    assert rock.volume > 0.1
    assert 0.8 < 2.0 * np.abs(vertices[:, :2]).max() < 1.1
    corner = vertices[faces]
    outward = np.einsum("ij,ij->i", np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), normals[::3])
    assert (outward > 0.0).mean() > 0.99


@pytest.mark.parametrize("level", SMOOTH_LEVELS)
def test_a_rock_is_convex(level):
    vertices, _, faces = make_rock_mesh(5, level)
    rock = trimesh.Trimesh(vertices, faces, process=True, merge_norm=True)
    assert rock.volume == pytest.approx(rock.convex_hull.volume, rel=1e-6)


def test_finer_levels_only_take_off_edges_and_corners():
    volumes = [trimesh.Trimesh(*make_rock_mesh(7, level)[::2], process=True).volume for level in SMOOTH_LEVELS]
    assert volumes[0] > volumes[1] > volumes[2] > 0.7 * volumes[0]


def test_different_seeds_give_different_rocks():
    sizes = {round(float(trimesh.Trimesh(*make_rock_mesh(seed, 0)[::2]).volume), 6) for seed in range(6)}
    assert len(sizes) == 6


def test_dust_lies_on_what_faces_up_and_not_on_steep_or_overhanging_faces():
    _, normals, _, tint = mesh_rocks(one_rock(), np.array([2]), 100)
    assert_allclose(tint[normals[:, 2] > 0.7], DUST)
    assert_allclose(tint[normals[:, 2] < 0.1], np.broadcast_to(DARK, tint[normals[:, 2] < 0.1].shape))


def test_a_rock_has_the_size_and_place_that_it_is_given():
    rock = one_rock(size=(0.4, 0.4, 0.2))
    vertices, _, _, _ = mesh_rocks(rock, np.array([0]), 100)
    alone, _, _ = make_rock_mesh(100, 0)
    assert_allclose(np.ptp(vertices, axis=0), np.ptp(alone, axis=0) * (0.4, 0.4, 0.2))
