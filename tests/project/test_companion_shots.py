"""The shot of a satellite that flew beside its ship agrees with its published captions.

Xinhua, 5 October 2008: the first picture of BX-1 was taken six seconds after the release, some metres ahead of
Shenzhou 7, with the satellite's shadow on the front of the orbital module; the one of three minutes shows the ship over
the Earth; in the one of six minutes the satellite is more than 200 m ahead of and above it.
"""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from selfiesim.core.vectors import unit
from selfiesim.scene.scene import Scene


@pytest.fixture(scope="module")
def scene():
    return Scene.load("shenzhou7-bx1")


@pytest.fixture(scope="module")
def views(scene):
    return {seconds: scene.with_changes(at=f"release+{seconds}s").view() for seconds in (6, 180, 360)}


def local(view):
    """Position (3,) of the satellite from the ship: ahead, to the left and above, m."""
    ship, camera = view.track.host, view.track.camera
    up, ahead = unit(ship.position), unit(ship.velocity)
    return np.array([ahead, np.cross(up, ahead), up]) @ (camera.position - ship.position)


# Published: 329 by 338 km, 42.4 degrees.
def test_the_orbit_is_as_published(scene):
    host = scene.resolve().host
    states = [host.state(scene.resolve().start + float(t)) for t in np.arange(0.0, 5472.0, 20.0)]
    heights = [np.linalg.norm(state.position) / 1e3 - 6378.137 for state in states]
    assert min(heights) == pytest.approx(329.0, abs=1.0)
    assert max(heights) == pytest.approx(338.0, abs=1.0)
    pole = unit(np.cross(states[0].position, states[0].velocity))
    assert np.degrees(np.arccos(pole[2])) == pytest.approx(42.4, abs=0.1)


def test_after_six_seconds_it_is_some_metres_ahead_and_its_shadow_is_on_the_orbital_module(views):
    view = views[6]
    ship = view.craft
    nose = max(part.vertices[:, 0].max() for part in ship.craft.parts)
    assert 2.0 < local(view)[0] - nose < 9.0
    lens, away = -ship.body_to_camera.T @ ship.position, -ship.body_to_camera.T @ view.sun.direction
    (wall,) = (part for part in ship.craft.parts if part.node == "orbital_module.white_paint")
    hits = trimesh.Trimesh(wall.vertices, wall.faces, process=False).ray.intersects_location([lens], [away])[0]
    front = wall.vertices[:, 0].max()
    assert hits[:, 0].max() > front - 0.5, "on the front of it"


def test_after_three_minutes_the_ship_is_over_the_sunlit_earth(views):
    view = views[180]
    pixels = view.camera.project(
        np.concatenate([part.vertices[::20] for part in view.craft.craft.parts]) @ view.craft.body_to_camera.T
        + view.craft.position
    )
    assert (pixels > 0.0).all()
    assert (pixels < (view.camera.width, view.camera.height)).all()
    truth = view.render("draft", 1).truth
    names = np.vectorize(truth.part_names.__getitem__)(truth.part)
    ship = names == "orbital_module.white_paint"
    rows, columns = np.nonzero(ship)
    below = names[rows.max() + 10, columns[rows.argmax()]]
    above = names[rows.min() - int(0.2 * len(names)), columns[rows.argmin()]]
    assert below == "earth"
    assert above == "earth", "the Earth is all around it"
    assert view.facts["sun_elevation_below_camera_deg"] > 10.0


def test_after_six_minutes_it_is_more_than_two_hundred_metres_ahead_and_above(views):
    ahead, _left, above = local(views[360])
    assert ahead > 50.0
    assert above > 50.0
    assert np.hypot(ahead, above) == pytest.approx(215.0, abs=15.0)
