"""Foil in exported files: facets of the renderer's slopes, on faces without stretch."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.files.exports.foil import TILE_SCALES, FoilMaps, foil_tile
from selfiesim.render.light.foil import FOIL_VARIANCE
from selfiesim.scene.scene import Scene


@pytest.fixture(scope="module")
def parts():
    return Scene.load("tianwen1-mars").view().craft.parts


def test_the_tile_has_the_slopes_of_the_renderers_foil():
    normal = foil_tile().astype(float) / 127.0 - 128.0 / 127.0
    slopes = normal[..., :2] / normal[..., 2:]
    assert np.abs(np.linalg.norm(normal, axis=-1) - 1.0).max() < 0.02
    assert slopes.reshape(-1, 2).var(axis=0) == pytest.approx(FOIL_VARIANCE, rel=0.15)
    assert np.abs(slopes.mean(axis=(0, 1))).max() < 0.1


def test_the_tile_repeats_without_seams():
    """The step across an edge is like the steps inside."""
    tile = foil_tile().astype(float)
    for axis in (0, 1):
        inside = np.abs(np.diff(tile, axis=axis)).mean()
        across = np.abs(np.take(tile, 0, axis=axis) - np.take(tile, -1, axis=axis)).mean()
        assert across < 2.0 * inside


def test_foil_is_laid_on_without_stretch_and_other_parts_stay(parts):
    maps, changed = FoilMaps(), 0
    for part in parts:
        shown = maps.apply(part)
        if part.material.crumple == 0.0:
            assert shown is part
            continue
        changed += 1
        assert shown.material.normal_scale == part.material.crumple
        # The same triangles in space.
        assert np.array_equal(shown.vertices[shown.faces], part.vertices[part.faces])
        uv = shown.uv2 if shown.material.second_uv else shown.uv
        corners, flat = shown.vertices[shown.faces].astype(float), uv[shown.faces].astype(float)
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        a, b = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
        laid = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) * (TILE_SCALES * part.material.crumple_scale_m) ** 2
        large = area > 1e-6
        # A face is at most 54.7 degrees from the nearest axis.
        assert (laid[large] > 0.57 * area[large]).all()
        assert (laid[large] < 1.001 * area[large]).all()
    assert changed > 3
