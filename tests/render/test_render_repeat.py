"""The same view gives the same bytes; draft and final agree; unchanged meshes and maps are reused."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from small_scenes import airless, box, inside, looking, stage, write_craft

import selfiesim.render.engine
from selfiesim.core.errors import GraphicsError
from selfiesim.render import render_thread
from selfiesim.render.common.crop import Crop, SampleGrid
from selfiesim.render.common.subframes import Subframe, pixel_shifts
from selfiesim.scene.scene import Scene

SIZE = [128, 72]

DIGEST = f"""
import hashlib, sys
from selfiesim.scene.scene import Scene
view = Scene.load("tianwen1-mars").with_changes(camera__size_px={SIZE}, camera__horizontal_fov_deg=80.0).view()
print(hashlib.sha256(view.render().rgb.tobytes()).hexdigest(), "vtk" in str(sys.modules.keys()))
"""


@pytest.fixture(scope="module")
def shot():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=SIZE, camera__horizontal_fov_deg=80.0)


@pytest.mark.parametrize("quality", ["draft", "final"])
def test_the_same_view_twice_gives_the_same_bytes(shot, quality):
    view = shot.view()
    assert view.render(quality).rgb.tobytes() == view.render(quality).rgb.tobytes()


def test_another_process_gives_the_same_bytes_without_messages_from_vtk(shot):
    ours = shot.view().render().rgb
    child = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True)
    assert child.stdout.split()[0] == hashlib.sha256(ours.tobytes()).hexdigest()
    # VTK reports a shader that does not compile on standard error, and continues.
    assert child.stderr == ""


def test_draft_and_final_agree_in_the_mean(shot):
    view = shot.with_changes(camera__size_px=[240, 135]).view()
    draft, final = view.render("draft"), view.render("final")
    craft = np.isfinite(draft.depth) & (draft.depth < 1e4)
    # A final render samples the maps finer, and unsmoothed slopes are a little darker.
    assert draft.rgb[~craft].mean(axis=0) == pytest.approx(final.rgb[~craft].mean(axis=0), rel=0.01)
    # Foil glints in single pixels, which at this size leaves some noise. A draft has no interreflection and no
    # reflections of parts.
    assert draft.rgb[craft].mean(axis=0) == pytest.approx(final.rgb[craft].mean(axis=0), rel=0.12)
    assert not np.array_equal(draft.rgb, final.rgb)


def centroid(light):
    rows, columns = np.indices(light.shape)
    return np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()


@pytest.fixture
def plate_and_globe(tmp_path):
    """A plate far from a planet, and a planet far from its craft."""
    plate = write_craft(tmp_path, "plate", [box((1.0, 1.0, 0.02))], (0.8, 0.3, 3.0))
    crumb = write_craft(tmp_path, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    globe = airless(stage(tmp_path, crumb, distance_km=40_000.0)).view()
    # Both are entirely in the image.
    return stage(tmp_path, plate, fov=60.0).view(), looking(globe, globe.planet.position, 25.0, (160, 90))


def test_nothing_moves_between_draft_and_final(plate_and_globe):
    for view in plate_and_globe:
        draft, final = (centroid(view.render(quality).rgb[..., 1].astype(float)) for quality in ("draft", "final"))
        assert draft == pytest.approx(final, abs=0.04)


def test_a_shift_of_the_pixel_grid_moves_craft_and_planet_alike(plate_and_globe):
    renderer = selfiesim.render.engine.renderer("pyvista")

    def shifted_light(view):
        prepared = renderer._stage.prepare(view)
        whole = Crop(0, 0, view.camera.width, view.camera.height)
        light = renderer._render_craft_pass(
            prepared, whole, SampleGrid(1), (Subframe((0.4, -0.3), view.sun.direction), view, True)
        )[..., :3]
        if prepared.planet:
            light = light + renderer._render_planet_pass(prepared, 1, ((0.4, -0.3), view, True))
        return light

    for view in plate_and_globe:
        still = centroid(view.render().rgb[..., 1].astype(float))
        moved = centroid(render_thread.call(shifted_light, view)[..., 1].astype(float))
        assert moved - still == pytest.approx([0.4, -0.3], abs=0.05)


def test_edges_are_antialiased_in_a_draft(tmp_path):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [box((1.0, 1.0, 0.02))], (0.3, 0.1, 3.0))).view()
    rgb = view.render().rgb[..., 1]
    full = np.median(rgb[inside(np.isfinite(view.render().depth), 2.0)])
    between = (rgb > 0.1 * full) & (rgb < 0.9 * full)
    # The plate's four oblique edges are each some 60 pixels long; three passes leave some of their pixels full.
    assert between.sum() > 100
    fractions = np.unique(np.round(rgb[between] / full * 3.0))
    assert set(fractions) >= {1.0, 2.0}


@pytest.mark.parametrize("count", [*range(1, 17), 61, 64, 128])
def test_pixel_shifts_are_stratified_and_not_on_a_diagonal(count):
    shifts = np.array(pixel_shifts(count))
    steps = (np.arange(count) + 0.5) / count - 0.5
    for axis in (0, 1):
        np.testing.assert_allclose(np.sort(shifts[:, axis]), steps, atol=1e-12)
    if count > 2:
        for sums in (shifts.sum(axis=1), shifts @ [1.0, -1.0]):
            assert np.ptp(sums) > 0.3


def test_a_warm_renderer_reuses_layers_and_framebuffers(shot):
    shot.view().render()
    renderer = selfiesim.render.engine.renderer("pyvista")
    stage_ = render_thread.call(renderer._stages.get)
    before = *stage_.crafts, stage_.planet, stage_.framebuffers._image
    for change in ({"at": "release+30s"}, {"camera__roll_deg": 20.0}, {"camera__horizontal_fov_deg": 40.0}):
        shot.with_changes(**change).view().render()
    after = *stage_.crafts, stage_.planet, stage_.framebuffers._image
    assert all(a is b for a, b in zip(before, after, strict=True))
    assert selfiesim.render.engine.renderer("pyvista") is renderer


def test_an_unknown_quality_is_refused(shot):
    with pytest.raises(ValueError, match="draft, final"):
        shot.view().render("best")


@pytest.mark.parametrize("samples", [0, -1, 2000])
def test_samples_out_of_range_are_refused(shot, samples):
    with pytest.raises(ValueError, match="from 1 to 1024"):
        shot.view().render(samples=samples)


def test_progress_is_reported_per_pass_and_samples_are_recorded(shot):
    reports = []
    larger = shot.with_changes(camera__size_px=[240, 135])  # samples of a small picture share passes
    radiance = larger.view().render("final", samples=5, progress=lambda done, total: reports.append((done, total)))
    assert list(dict.fromkeys(reports)) == [(k, 5) for k in range(5)]
    assert reports == sorted(reports)
    assert radiance.samples == 5
    assert shot.view().render("final").samples == 16


def test_a_very_wide_image_is_rendered_or_refused_and_the_next_one_is_right(shot):
    before = shot.view().render().rgb
    widest = Scene.load("tianwen1-mars").with_changes(camera__size_px=[16384, 16]).view()
    try:
        shape = widest.render().rgb.shape
    except GraphicsError as error:
        shape, refusal = None, str(error)
    assert shape == (16, 16384, 3) or "--size" in refusal
    assert shot.view().render().rgb.tobytes() == before.tobytes()
