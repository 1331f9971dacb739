"""A lander on its way down to its site, and a camera that falls beside it: the shot that EagleCam was to take."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.analysis.framing import framing
from selfiesim.astro.ellipsoid import ellipsoid_height
from selfiesim.planet.ground.mesh import build_terrain
from selfiesim.scene.scene import Scene
from selfiesim.view.build_view import view_at

SHOT = Scene.load("eaglecam")
START_M, SINKS_M_S = SHOT.site.above_ground_m, SHOT.site.descent_m_s
# GM of the Moon 4902.80 km3/s2 (DE440), its radius 1737.4 km; the site is 2,579 m higher (NASA, LRO, 26 February 2024).
GRAVITY = 4902.80e9 / (1737.4e3 + 2579.0) ** 2


def heights(seconds):
    """Heights of the craft's origin and of the lens above the site some seconds after the release, m."""
    resolved = SHOT.resolve()
    view = view_at(resolved, resolved.epoch_at(f"release+{seconds}s", "at"), with_light=False)
    track, body = view.track, resolved.host.body
    craft, lens = (track.icrf_to_bodyfixed @ each.position for each in (track.host, track.camera))
    return ellipsoid_height(craft, body), ellipsoid_height(lens, body)


# EagleCam leaves 2.21 m above the feet.
@pytest.mark.parametrize("seconds", [0.001, 2.0, 4.5])
def test_the_lander_sinks_and_the_camera_falls(seconds):
    craft, lens = heights(seconds)
    assert craft == pytest.approx(START_M - SINKS_M_S * seconds, abs=0.01)
    assert lens == pytest.approx(START_M + 2.21 - SINKS_M_S * seconds - 0.5 * GRAVITY * seconds**2, abs=0.01)


# NSS, 2 May 2024: free fall from about 30 m; the New York Times, 22 February 2024: about 25 miles an hour (11.2 m/s)
# at the ground; Embry-Riddle: pictures for six seconds.
def test_the_camera_lands_as_hard_and_as_late_as_published():
    seconds = np.arange(4.0, 7.0, 0.05)
    lens = np.array([heights(t)[1] for t in np.round(seconds, 2)])
    landed = seconds[np.argmax(lens < 0.2)]
    assert landed == pytest.approx(6.0, abs=0.7)
    assert SINKS_M_S + GRAVITY * landed == pytest.approx(11.2, abs=1.5)


def test_the_lander_stands_once_it_is_down():
    assert heights(START_M / SINKS_M_S + 20.0)[0] == pytest.approx(0.0, abs=1e-6)


def test_the_whole_lander_is_in_the_picture_over_the_horizon():
    view = SHOT.view()
    above = view.ground.enu_to_camera[:, 2] @ (view.craft.position - view.ground.position)
    assert above == pytest.approx(heights(1.8)[0], abs=1e-3)
    assert framing(view).craft_in_frame
    places = view.camera.project(view.craft.outline())
    assert 0.4 < np.ptp(places[:, 1]) / view.camera.height < 0.8


# Full Moon was on 24 February 2024 at 12:30 UTC: at 80 degrees south the Sun is at most 11.5 degrees high.
def test_the_sun_is_as_low_as_at_the_site():
    view = SHOT.view()
    site, facts = np.radians([SHOT.site.latitude_deg, SHOT.site.longitude_deg]), view.facts
    sun = np.radians([facts["subsolar_latitude_deg"], facts["subsolar_longitude_deg"]])
    sine = np.sin(site[0]) * np.sin(sun[0]) + np.cos(site[0]) * np.cos(sun[0]) * np.cos(site[1] - sun[1])
    height = np.degrees(np.arcsin(view.ground.sky.to_sun[2]))
    assert height == pytest.approx(np.degrees(np.arcsin(sine)), abs=0.1)
    assert 9.0 < height < 11.5


def test_the_shadow_of_the_lander_lies_far_down_sun():
    view = SHOT.with_changes(camera__size_px=[640, 360], ground__draft_cell_rad=0.02, ground__rocks_reach_m=5.0).view()
    rendered = view.render("draft", 1)
    ground, to_sun = view.ground, view.ground.sky.to_sun
    middle = ground.enu_to_camera.T @ (view.craft.position - ground.position) + (0.0, 0.0, 2.2)
    on_ground = middle - to_sun * middle[2] / to_sun[2]
    column, row = np.round(view.camera.project(ground.enu_to_camera @ on_ground + ground.position)).astype(int)
    around = np.s_[row - 6 : row + 7, column - 6 : column + 7]
    assert rendered.truth.sun_visibility[around].min() < 0.1


def test_ground_seen_from_the_air_is_meshed_as_finely_down_as_across():
    view = SHOT.view()
    spec = view.ground.recipe
    points = next(part for part in build_terrain(spec).parts if part.node == "ground_far").vertices
    radii = np.unique(np.round(np.hypot(*(points[:, :2] - spec.camera_xy_m).T), 2))
    seen = radii[(radii > 45.0) & (radii < 200.0)]
    down = np.arctan(view.ground.lens[2] / seen)
    assert np.abs(np.diff(down)).max() < 1.5 * spec.cell_rad
