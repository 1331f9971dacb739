"""The figure of a release: positions, directions and scale agree with the geometry."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.astro.bodies import MARS
from selfiesim.astro.orbit import State
from selfiesim.motion.relative_motion import relative_to_rtn, yamanaka_ankersen
from selfiesim.pages.path_figure import _panels, camera_position_in_axes, icrf_to_axes, release_figure
from selfiesim.scene.scene import Scene

TIMES = [0.0, 30.0, 60.0, 90.0, 120.0]


@pytest.fixture(scope="module")
def scene():
    return Scene.load("tianwen1-mars")


@pytest.fixture(scope="module")
def figures(scene):
    return {axes: release_figure(scene, TIMES, axes) for axes in ("rtn", "body")}


def dots(panel):
    return next(line for line in panel.lines if line.get_marker() == ".").get_xydata()


def test_dots_follow_yamanaka_and_ankersen(scene, figures):
    # Closed form of relative motion on an elliptic orbit (J. Guidance 25, 2002); first order, good to millimetres here.
    track = scene.view(0.0).track
    relative = State(track.camera.position - track.host.position, track.camera.velocity - track.host.velocity)
    start = relative_to_rtn(track.host, relative)
    path = yamanaka_ankersen(start, track.host, np.array(TIMES), MARS.gm_m3_s2)
    top, side = figures["rtn"].axes
    assert dots(top) == pytest.approx(path[:, [1, 2]], abs=5e-3)
    assert dots(side) == pytest.approx(path[:, [1, 0]], abs=5e-3)


def test_in_body_axes_the_dots_start_at_the_mount_and_follow_the_push(scene, figures):
    release = scene.resolve().release_state.release
    top, side = figures["body"].axes
    assert dots(top)[0] == pytest.approx(release.mount[:2], abs=1e-6)
    assert dots(side)[0] == pytest.approx(release.mount[[0, 2]], abs=1e-6)
    # The push is 0.2 m/s; the tide adds less than 3 percent in two minutes.
    assert dots(top)[-1] - dots(top)[0] == pytest.approx(120.0 * 0.2 * release.axis[:2], abs=0.8)


def test_both_axes_of_both_panels_have_the_same_scale(figures):
    for figure in figures.values():
        figure.draw_without_rendering()
        scales = []
        for panel in figure.axes:
            box, (left, right), (low, high) = panel.get_window_extent(), panel.get_xlim(), panel.get_ylim()
            scales += [box.width / (right - left), box.height / (high - low)]
        assert scales == pytest.approx([scales[0]] * 4, rel=1e-3)


def test_the_craft_is_as_wide_as_its_mesh(scene, figures):
    # In body axes only the wings rotate, about their long axis Y, so the span along Y is that of the mesh.
    image = figures["body"].axes[0].images[0]
    _left, _right, bottom, top = image.get_extent()
    low, high = scene.view(60.0).craft.craft.bounds_m[:, 1]
    assert (bottom, top) == pytest.approx((low, high), abs=0.05)


@pytest.mark.parametrize("axes", ["rtn", "body"])
def test_panels_are_right_handed(scene, axes):
    for panel in _panels(scene, axes):
        right, up, toward = panel.rows
        assert np.cross(right, up) == pytest.approx(toward)


def test_rtn_axes_point_up_along_and_across(scene):
    view = scene.view(60.0)
    rotation, host = icrf_to_axes(view, "rtn"), view.track.host
    assert rotation @ host.position / np.linalg.norm(host.position) == pytest.approx([1.0, 0.0, 0.0], abs=1e-12)
    assert (rotation @ host.velocity)[1] > 0.0
    assert (rotation @ host.velocity)[2] == pytest.approx(0.0, abs=1e-6)


def test_arrows_follow_the_line_of_sight_of_the_centre_pixel(scene, figures):
    arrows = next(each for each in figures["body"].axes[0].collections if hasattr(each, "U"))
    for k, t in enumerate(TIMES):
        view = scene.view(t)
        arrow = np.array([arrows.U[k], arrows.V[k]])
        centre = np.array([[(view.camera.width - 1) / 2, (view.camera.height - 1) / 2]])
        ahead = view.track.icrf_to_body @ view.icrf_to_camera.T @ view.camera.unproject(centre)[0]
        assert arrow / np.linalg.norm(arrow) == pytest.approx(ahead[:2] / np.linalg.norm(ahead[:2]), abs=1e-9)


def test_positions_agree_with_the_drift_table(scene):
    from selfiesim.analysis.drift_table import sample

    view = scene.view(75.0)
    numbers = sample(view, 75.0)
    assert camera_position_in_axes(view, "rtn") == pytest.approx(numbers.position_rtn_m)
    assert camera_position_in_axes(view, "body") == pytest.approx(numbers.position_body_m)
