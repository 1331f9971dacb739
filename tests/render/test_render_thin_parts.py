"""Drafts of parts thinner than a pixel."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from small_scenes import FAR_KM, box, stage, write_craft

from selfiesim.render.common.crop import Crop, SampleGrid, choose_sample_grid, downsample

SIZE = (320, 180)


# A rod has a constant area per length: away from its ends, all segments have the same flux.
@pytest.mark.parametrize("slant_deg", [3.0, 20.0, 45.0, 77.0])
def test_a_rod_of_a_third_of_a_pixel_is_not_broken_in_a_draft(tmp_path, slant_deg):
    scene = stage(tmp_path, write_craft(tmp_path, "plate", [box((1.0, 1.0, 0.01))], (0.0, 0.0, 4.0)), SIZE)
    pixel_m = 4.0 * scene.view().camera.pixel_angle
    rod = box((1.2, 0.33 * pixel_m, 0.33 * pixel_m))
    rod.apply_transform(trimesh.transformations.rotation_matrix(np.radians(slant_deg), (0.0, 0.0, 1.0)))
    scene = stage(tmp_path, write_craft(tmp_path, "rod", [rod], (0.0, 0.0, 4.0)), SIZE, distance_km=FAR_KM)
    light = scene.view().render("draft").rgb[..., 1].astype(float)
    row, column = np.argwhere(light > 0.0).T
    along = (
        np.stack([column, row], axis=1) @ np.linalg.svd(np.stack([column - column.mean(), row - row.mean()]))[0][:, 0]
    )
    distance = along - along.min()
    segments = np.bincount((distance / 6.0).astype(int), light[row, column])[2:-3]
    assert len(segments) > 5
    # Three passes of whole pixels left segments without any light.
    assert segments.min() > 0.6 * np.median(segments)
    assert segments.std() < 0.2 * segments.mean()


def test_subpixels_replace_passes_at_no_more_cost():
    for pixels in (1e2, 1e3, 1e4, 1e5, 1e6, 1e7):
        for triangles in (12, 150_000, 1_000_000):
            grid = choose_sample_grid(3, 1, Crop(0, 0, int(pixels), 1), triangles, 16)
            cost = grid.passes * (1.5 * triangles + pixels * grid.across * grid.down)
            assert cost <= max(1.2 * 3.0 * (1.5 * triangles + pixels), 6.0 * 300_000)
            assert grid.passes * grid.across * grid.down >= 3
            assert pixels * grid.across * grid.down <= max(pixels, 4.5e6)


def test_one_pass_and_many_passes_are_taken_as_asked():
    crop = Crop(0, 0, 100, 100)
    assert choose_sample_grid(1, 1, crop, 150_000, 16) == SampleGrid(1)
    assert choose_sample_grid(64, 1, crop, 150_000, 16) == SampleGrid(64)
    assert choose_sample_grid(16, 1, crop, 150_000, 1) == SampleGrid(16)


def test_downsampling_averages_subpixels():
    fine = np.random.default_rng(1).random((9, 8, 4)).astype(np.float32)
    whole = downsample(fine, SampleGrid(1, 4, 3))
    assert whole.shape == (3, 2, 4)
    np.testing.assert_allclose(whole[1, 1], fine[3:6, 4:8].mean(axis=(0, 1)), rtol=1e-6)
