"""Shapes of stones: worn fragments in the ground, the same at every level of detail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose
from scipy.spatial import cKDTree

from selfiesim.planet.ground.rock_shapes import DETAIL_LEVELS, SHARP, WORN, RockInstances, make_rock_mesh, mesh_rocks

BARE, SOIL = np.array([0.3, 0.25, 0.2]), np.array([0.9, 0.8, 0.7])


def one_rock(shape=0, dust=1.0, size=(0.4, 0.3, 0.2)):
    each = np.zeros(1)
    return RockInstances(
        np.zeros((1, 3)), np.array([size]), each, np.array([shape]), BARE[None], SOIL[None], each + dust
    )


@pytest.mark.parametrize("level", range(DETAIL_LEVELS))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_rock_has_one_opening_underground_and_faces_outward(seed, level):
    vertices, normals, faces = make_rock_mesh(seed, level)
    rock = trimesh.Trimesh(vertices, faces, process=False)
    edges, uses = np.unique(rock.edges_sorted, axis=0, return_counts=True)
    assert uses.max() == 2
    assert vertices[edges[uses == 1], 2].max() < -0.1, "above the ground it is closed"
    assert 0.8 < 2.0 * np.abs(vertices[:, :2]).max() < 1.4
    corner = vertices[faces]
    turned = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    assert (np.einsum("ij,ij->i", turned, normals[faces].sum(axis=1)) > 0.0).mean() > 0.99
    assert (np.einsum("ij,ij->i", normals, vertices) > 0.0).mean() > 0.9


@pytest.mark.parametrize("level", range(DETAIL_LEVELS - 1))
def test_finer_levels_have_the_same_shape(level):
    coarse, finest = (make_rock_mesh(7, each)[0] for each in (level, DETAIL_LEVELS - 1))
    apart, _ = cKDTree(finest).query(coarse[coarse[:, 2] > -0.1])
    assert apart.max() < 1e-6


def shapes_of_sides(form):
    """Return the shares of a stone's low sides that overhang, and that are banked with soil."""
    overhanging, banked = [], []
    for seed in range(12):
        vertices, normals, _ = make_rock_mesh(seed, 2, form)
        side = (vertices[:, 2] > 0.02) & (vertices[:, 2] < 0.25) & (np.hypot(*vertices[:, :2].T) > 0.2)
        overhanging.append((normals[side, 2] < -0.15).mean())
        banked.append((normals[side, 2] > 0.5).mean())
    return np.mean(overhanging), np.mean(banked)


def test_some_sides_overhang_and_soil_is_banked_against_others():
    overhanging, banked = shapes_of_sides(WORN)
    assert 0.1 < overhanging < 0.6
    assert 0.05 < banked < 0.6


def test_stones_without_wind_are_less_undercut():
    assert shapes_of_sides(SHARP)[0] < 0.8 * shapes_of_sides(WORN)[0]


def test_zap_pits_dent_a_stone_by_a_few_hundredths_of_its_size():
    bare = replace(SHARP, undercut=0.0, bank=0.0)  # what is drawn for the foot follows the pits
    pitted, plain = (make_rock_mesh(3, 3, replace(bare, zaps=zaps)) for zaps in (40, 0))
    above = plain[0][plain[0][:, 2] > 0.1]
    depth = cKDTree(pitted[0]).query(above)[0]
    assert 0.004 < depth.max() < 0.05


def test_different_seeds_give_different_rocks():
    sizes = {round(float(np.linalg.norm(make_rock_mesh(seed, 0)[0])), 6) for seed in range(6)}
    assert len(sizes) == 6


@pytest.fixture(scope="module")
def twelve():
    """Twelve rocks on one place: heights relative to half their size, normals' heights, and colours."""
    rocks = RockInstances(
        np.zeros((12, 3)),
        np.tile([0.4, 0.3, 0.3], (12, 1)),
        np.zeros(12),
        np.arange(12),
        *(np.tile(c, (12, 1)) for c in (BARE, SOIL)),
        np.ones(12),
    )
    vertices, normals, _, tint = mesh_rocks(rocks, np.full(12, 2), 100)
    return vertices[:, 2] / 0.15, normals[:, 2], tint


def test_dust_lies_on_what_faces_up_and_not_on_overhanging_faces(twelve):
    height, upward, tint = twelve
    assert_allclose(tint - SOIL, np.where((upward > 0.7)[:, None], 0.0, tint - SOIL), atol=1e-12)
    overhang = (upward < -0.2) & (height > 0.51)
    assert overhang.any()
    assert_allclose(tint[overhang], np.broadcast_to(BARE, tint[overhang].shape))


def test_the_foot_of_an_overhang_is_dark(twelve):
    height, upward, tint = twelve
    foot = (upward < -0.2) & (height < 0.0)
    assert (tint[foot] < 0.7 * BARE).all()


def test_a_rock_has_the_size_and_place_that_it_is_given():
    rock = one_rock(size=(0.4, 0.4, 0.2))
    vertices, _, _, _ = mesh_rocks(rock, np.array([0]), 100)
    alone, _, _ = make_rock_mesh(100, 0)
    assert_allclose(np.ptp(vertices, axis=0), np.ptp(alone, axis=0) * (0.4, 0.4, 0.2))
