"""A craft of a few pixels: as bright as its area says, wherever it falls between the pixels' middles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from small_scenes import airless, box, stage, write_craft

from selfiesim.camera.pinhole import Pinhole
from selfiesim.core.vectors import rotation_about
from selfiesim.render.layers.lod import LOD_MAX_PX
from selfiesim.render.raster.renderer import PyVistaRenderer
from selfiesim.scene.scene import Scene

METRES = 3000.0


def far_off(view, metres, pixels_off=(0.0, 0.0)):
    """The view with its craft so far straight ahead, moved by parts of a pixel."""
    camera = Pinhole.from_fov(240, 136, np.radians(9.0))  # as fine as 1920 pixels over 72 degrees
    away = np.array([*(np.array(pixels_off) * metres / camera.fx), metres])
    return replace(view, camera=camera, planet=None, craft=replace(view.craft, position=away))


# Lambert: a plate that faces the Sun has radiance albedo E / pi; so many pixels as its area has at that distance.
@pytest.mark.parametrize(("wide", "high"), [(3.0, 3.0), (1.2, 1.2), (0.7, 9.0)])
def test_a_plate_of_less_than_a_pixel_is_as_bright_as_its_area_at_every_place(tmp_path, wide, high):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [box((wide, high, 0.01))], (0.0, 0.0, 3.0))).view()
    draft, fine = [], []
    for off in np.random.default_rng(1).random((16, 2)):
        shot = far_off(view, METRES, off)
        draft.append(shot.render("draft").rgb[..., 1].sum())
        fine.append(shot.render("draft", 16).rgb[..., 1].sum())
    pixels = wide * high * (shot.camera.fx / METRES) ** 2
    expected = 0.4 * view.sun.irradiance[1] / np.pi * pixels
    assert draft == pytest.approx([expected] * len(draft), rel=0.25)
    assert fine == pytest.approx([expected] * len(fine), rel=0.12)
    assert np.mean(fine) == pytest.approx(expected, rel=0.02)


# The yardstick has 8 passes of 64 samples a pixel. A draft of three samples was off by its whole light.
def test_the_orbiter_3_km_off_is_steady_in_a_draft():
    view = airless(Scene.load("tianwen1-mars")).view()
    exact, drafts = [], []
    for off in ((0.1, 0.3), (0.4, 0.8), (0.7, 0.2)):
        shot = far_off(view, METRES, off)
        exact.append(shot.render("draft", 64).rgb[..., 1].astype(float))
        drafts.append(shot.render("draft").rgb[..., 1].astype(float))
    error = np.sqrt(np.square(np.array(drafts) - exact).sum() / np.square(exact).sum())
    assert error < 0.35
    assert np.sum(drafts) == pytest.approx(np.sum(exact), rel=0.1)


def ball(metres):
    """A ball of 81,920 triangles."""
    return trimesh.creation.icosphere(subdivisions=6, radius=metres)


@pytest.fixture(scope="module")
def renderers():
    """One that draws all meshes whole, and one that thins what is far off."""
    return PyVistaRenderer(thin=False), PyVistaRenderer()


# Eight times as large and as far off, a picture is the same: 8 is a power of two, nothing is rounded otherwise.
def test_a_thinned_ball_is_as_bright_as_the_whole_one_and_the_same_at_any_scale(tmp_path, renderers):
    whole, thin = renderers
    pictures = []
    for scale in (1.0, 8.0):
        model = write_craft(tmp_path, f"ball{scale:.0f}", [ball(scale)], (0.0, 0.0, 30.0 * scale))
        shot = far_off(stage(tmp_path, model).view(), 30.0 * scale)
        pictures.append(thin.render(shot, "draft").rgb[..., 1])
    exact = whole.render(shot, "draft").rgb[..., 1]
    assert not np.array_equal(exact, pictures[1]), "it was thinned"
    assert pictures[1].sum() == pytest.approx(exact.sum(), rel=0.003)
    assert pictures[1] == pytest.approx(exact, abs=0.05 * float(exact.max()))
    assert pictures[0] == pytest.approx(pictures[1], abs=2e-3 * float(exact.max()))


def test_a_coarser_mesh_from_the_cache_draws_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    shot = far_off(stage(tmp_path, write_craft(tmp_path, "ball", [ball(1.0)], (0.0, 0.0, 30.0))).view(), 30.0)
    made, fetched = (PyVistaRenderer().render(shot, "draft").rgb for _ in range(2))
    assert len(list((tmp_path / "cache" / "craft").glob("*.npz"))) == 2  # the model as read, and its coarser mesh
    np.testing.assert_array_equal(made, fetched)


# Where the mesh changes in a film nothing may flash: within a percent on either side, as it turns.
def test_the_orbiter_keeps_its_light_and_its_parts_where_it_is_thinned(renderers):
    whole, thin = renderers
    view = airless(Scene.load("tianwen1-mars")).view()
    size = 15.2
    for k, metres in enumerate((1.05 * 1530.0 * size / LOD_MAX_PX, 300.0)):
        shot = far_off(view, metres)
        turn = rotation_about(np.array([0.3, 0.9, 0.2]), 1.0 + 2.0 * k)
        camera = Pinhole.from_fov(300, 300, 2.0 * np.arctan(150.0 / shot.camera.fx))
        shot = replace(shot, camera=camera, craft=replace(shot.craft, body_to_camera=turn))
        light = [each.render(shot, "draft", 8).rgb[..., 1].astype(float) for each in (whole, thin)]
        assert not np.array_equal(*light)
        assert light[1].sum() == pytest.approx(light[0].sum(), rel=0.01)
        truths = [each.truth(shot) for each in (whole, thin)]
        assert truths[0].part_names == truths[1].part_names
        assert (truths[0].part != truths[1].part).mean() < 0.01
