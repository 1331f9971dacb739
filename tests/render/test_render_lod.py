"""A craft of a few pixels: its flux follows its area at any subpixel position, and coarser meshes do not change it."""

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


def at_distance(view, metres, pixels_off=(0.0, 0.0)):
    """The view with its craft straight ahead at ``metres``, offset by fractions of a pixel."""
    camera = Pinhole.from_fov(240, 136, np.radians(9.0))  # as fine as 1920 pixels over 72 degrees
    position = np.array([*(np.array(pixels_off) * metres / camera.fx), metres])
    return replace(view, camera=camera, planet=None, craft=replace(view.craft, position=position))


# Lambert: a plate that faces the Sun has radiance albedo E / pi, in as many pixels as its area covers.
@pytest.mark.parametrize(("wide", "high"), [(3.0, 3.0), (1.2, 1.2), (0.7, 9.0)])
def test_flux_of_a_subpixel_plate_follows_its_area_at_any_subpixel_position(tmp_path, wide, high):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [box((wide, high, 0.01))], (0.0, 0.0, 3.0))).view()
    draft, fine = [], []
    for off in np.random.default_rng(1).random((16, 2)):
        shot = at_distance(view, METRES, off)
        draft.append(shot.render("draft").rgb[..., 1].sum())
        fine.append(shot.render("draft", 16).rgb[..., 1].sum())
    pixels = wide * high * (shot.camera.fx / METRES) ** 2
    expected = 0.4 * view.sun.irradiance[1] / np.pi * pixels
    assert draft == pytest.approx([expected] * len(draft), rel=0.25)
    assert fine == pytest.approx([expected] * len(fine), rel=0.12)
    assert np.mean(fine) == pytest.approx(expected, rel=0.02)


# The reference has 8 passes of 64 samples per pixel. A draft of three samples had an error of its full flux.
def test_flux_of_the_orbiter_at_3_km_is_steady_in_a_draft():
    view = airless(Scene.load("tianwen1-mars")).view()
    exact, drafts = [], []
    for off in ((0.1, 0.3), (0.4, 0.8), (0.7, 0.2)):
        shot = at_distance(view, METRES, off)
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
    """A renderer without and one with level of detail."""
    return PyVistaRenderer(use_lod=False), PyVistaRenderer()


# The finest picture resolves all facets. Without the lobe of those that a pixel does not resolve, a pixel eight times
# as large showed 40 percent less light.
def test_foil_has_the_same_radiance_at_any_size_of_a_pixel():
    view = airless(Scene.load("tianwen1-mars")).view()
    view = replace(view, planet=None)
    foil, light = [], []
    for width in (1280, 640, 320, 160):
        shot = replace(view, camera=Pinhole.from_fov(width, width * 9 // 16, np.radians(50.0)))
        radiance = shot.render("draft", 4 if width > 500 else 16)  # large pictures have many pixels of foil
        (number,) = [k for k, name in radiance.truth.part_names.items() if name == "bus.gold_foil"]
        mask = radiance.truth.part == number
        foil.append(mask.sum() / width**2)
        light.append(radiance.rgb[mask].mean(axis=0))
    assert foil == pytest.approx([foil[0]] * 4, rel=0.1)
    assert np.array(light) == pytest.approx(np.tile(light[0], (4, 1)), rel=0.1)


# Eight times as large and as distant, the image is the same: 8 is a power of two, so that rounding does not change.
def test_a_coarser_ball_has_the_flux_of_the_full_one_at_any_scale(tmp_path, renderers):
    full, coarse = renderers
    images = []
    for scale in (1.0, 8.0):
        model = write_craft(tmp_path, f"ball{scale:.0f}", [ball(scale)], (0.0, 0.0, 30.0 * scale))
        shot = at_distance(stage(tmp_path, model).view(), 30.0 * scale)
        images.append(coarse.render(shot, "draft").rgb[..., 1])
    exact = full.render(shot, "draft").rgb[..., 1]
    assert not np.array_equal(exact, images[1]), "the coarser mesh was used"
    assert images[1].sum() == pytest.approx(exact.sum(), rel=0.003)
    assert images[1] == pytest.approx(exact, abs=0.05 * float(exact.max()))
    assert images[0] == pytest.approx(images[1], abs=2e-3 * float(exact.max()))


def test_a_coarser_mesh_from_the_cache_renders_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    shot = at_distance(stage(tmp_path, write_craft(tmp_path, "ball", [ball(1.0)], (0.0, 0.0, 30.0))).view(), 30.0)
    computed, cached = (PyVistaRenderer().render(shot, "draft").rgb for _ in range(2))
    assert len(list((tmp_path / "cache" / "craft").glob("*.npz"))) == 2  # the model as read, and its coarser mesh
    np.testing.assert_array_equal(computed, cached)


# Nothing may flash where the mesh changes in a film: the flux agrees within a percent, in different attitudes.
def test_the_coarser_orbiter_has_the_flux_and_the_parts_of_the_full_one(renderers):
    full, coarse = renderers
    view = airless(Scene.load("tianwen1-mars")).view()
    size = 15.2
    for k, metres in enumerate((1.05 * 1530.0 * size / LOD_MAX_PX, 300.0)):
        shot = at_distance(view, metres)
        rotation = rotation_about(np.array([0.3, 0.9, 0.2]), 1.0 + 2.0 * k)
        camera = Pinhole.from_fov(300, 300, 2.0 * np.arctan(150.0 / shot.camera.fx))
        shot = replace(shot, camera=camera, craft=replace(shot.craft, body_to_camera=rotation))
        light = [each.render(shot, "draft", 8).rgb[..., 1].astype(float) for each in (full, coarse)]
        assert not np.array_equal(*light)
        assert light[1].sum() == pytest.approx(light[0].sum(), rel=0.01)
        truths = [each.truth(shot) for each in (full, coarse)]
        assert truths[0].part_names == truths[1].part_names
        assert (truths[0].part != truths[1].part).mean() < 0.01
