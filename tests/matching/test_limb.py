"""The limb: where a camera is by it alone, how well, and its edge in a picture."""

from __future__ import annotations

import numpy as np
import pytest
from limb_theory import limb_covariance

from selfiesim.astro.bodies import MARS, custom_body
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import MatchError
from selfiesim.core.vectors import rotation_about
from selfiesim.matching.points.curves import SeenPlanet, glint, nearest_on_limb, nearest_on_terminator
from selfiesim.matching.points.edges import find_edges
from selfiesim.matching.points.limb import limb_half_arc, locate_limb
from selfiesim.matching.points.observations import ArcSection

RADIUS = 3_389_500.0
BALL = custom_body("ball", (RADIUS,) * 3, 4.28e13)
CAMERA = Camera.from_fov(1024, 1024, np.radians(20.0))
CENTRE = np.array([0.0, 0.0, 10.0 * RADIUS])


def ball_pixels(half_arc, count, noise=0.0, rng=None):
    angle = np.linspace(-half_arc, half_arc, count)
    spoke = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=-1)
    rays = np.sqrt(0.99) * np.array([0.0, 0.0, 1.0]) + 0.1 * spoke
    return CAMERA.project(rays) + (noise * rng.normal(size=count)[:, None] * spoke[:, :2] if rng else 0.0)


def test_the_limb_of_an_ellipsoid_gives_its_position():
    to_bodyfixed = rotation_about(np.array([0.3, -0.8, 0.5]), 1.1)
    position = np.array([2e6, -1e6, 12e6])
    planet = SeenPlanet(CAMERA, MARS, position, to_bodyfixed, np.array([1.0, 0.0, 0.0]))
    around = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    guess = CAMERA.project(position) + 300.0 * np.stack([np.cos(around), np.sin(around)], axis=-1)
    limb = nearest_on_limb(planet, guess, np.zeros(24)).pixels
    for method in ("linear", "total"):
        assert np.allclose(locate_limb(CAMERA.unproject(limb), MARS, to_bodyfixed, method), position, rtol=1e-7)


@pytest.mark.parametrize("half_arc", [np.pi, np.pi / 2.0])
def test_the_spread_is_that_of_hikes_liounis_and_christian(half_arc):
    """ "Parametric Covariance Model for Horizon-Based Optical Navigation", JGCD 40(1):169, 2017, at ten radii.

    design/match_limb.py repeats it with more trials and other arcs: 0.97 to 1.00.
    """
    rng = np.random.default_rng(40169)
    found = [locate_limb(CAMERA.unproject(ball_pixels(half_arc, 150, 0.2, rng)), BALL, np.eye(3)) for _ in range(3000)]
    expected = np.sqrt(np.diag(limb_covariance(CENTRE[2], RADIUS, half_arc, 150, 0.2 / CAMERA.fx)))
    assert np.std(found, axis=0) == pytest.approx(expected, rel=0.05)


def test_distances_from_the_limb_are_those_of_a_dense_curve():
    to_bodyfixed = rotation_about(np.array([0.3, -0.8, 0.5]), 1.1)
    planet = SeenPlanet(CAMERA, MARS, np.array([2e6, -1e6, 22e6]), to_bodyfixed, np.array([1.0, 0.0, 0.0]))
    around = np.linspace(0.0, 2.0 * np.pi, 20_000, endpoint=False)
    middle = CAMERA.project(planet.position)
    dense = nearest_on_limb(
        planet, middle + 400.0 * np.stack([np.cos(around), np.sin(around)], axis=-1), np.zeros(20_000)
    ).pixels
    clicks = dense[::2500] + np.array([3.0, -2.0])
    foot = nearest_on_limb(planet, clicks, np.zeros(len(clicks))).pixels
    nearest = np.linalg.norm(clicks[:, None] - dense, axis=-1).min(axis=1)
    assert np.linalg.norm(clicks - foot, axis=-1) == pytest.approx(nearest, abs=2e-3)


def test_the_terminator_has_the_sun_on_its_horizon():
    sun = np.array([0.8, 0.1, -0.59])
    sun /= np.linalg.norm(sun)
    planet = SeenPlanet(CAMERA, BALL, CENTRE, np.eye(3), sun)
    foot = nearest_on_terminator(planet, CAMERA.project(CENTRE)[None] + [[10.0, 20.0]]).pixels[0]
    ray = CAMERA.unproject(foot)
    b = ray @ CENTRE
    point = (b - np.sqrt(b * b - CENTRE @ CENTRE + RADIUS**2)) * ray
    assert (point - CENTRE) @ sun / RADIUS == pytest.approx(0.0, abs=1e-6)


def test_the_glint_obeys_the_law_of_reflection():
    sun = np.array([0.5, 0.2, -0.84])
    sun /= np.linalg.norm(sun)
    ray = CAMERA.unproject(glint(SeenPlanet(CAMERA, BALL, CENTRE, np.eye(3), sun)))
    b = ray @ CENTRE
    normal = ((b - np.sqrt(b * b - CENTRE @ CENTRE + RADIUS**2)) * ray - CENTRE) / RADIUS
    assert normal @ sun == pytest.approx(-normal @ ray, abs=1e-8)
    assert np.cross(normal, sun) @ ray == pytest.approx(0.0, abs=1e-8)


def test_edges_are_found_to_a_tenth_of_a_pixel():
    y, x = np.mgrid[:200, :300]
    covered = np.clip(80.3 - np.hypot(x - 150.4, y - 190.7) + 0.5, 0.0, 1.0)  # a disc, antialiased
    picture = np.repeat((20 + 180 * covered).astype(np.uint8)[..., None], 3, axis=2)
    clicks = [(150.4 + 82.0 * np.cos(a), 190.7 + 82.0 * np.sin(a)) for a in (-2.6, -1.9, -1.2, -0.6)]
    found = find_edges(picture, ArcSection(pixels=clicks, search_px=6.0, count=40), "arcs[1]")
    assert len(found) == 40
    assert np.abs(np.hypot(*(found - [150.4, 190.7]).T) - 80.3).max() < 0.1
    with pytest.raises(MatchError, match=r"arcs\[1\]: no edge within 6 px"):
        find_edges(np.zeros_like(picture), ArcSection(pixels=clicks, search_px=6.0), "arcs[1]")


def test_the_arc_is_the_one_that_was_seen():
    rays = CAMERA.unproject(ball_pixels(np.radians(25.0), 9))
    assert np.degrees(limb_half_arc(rays, np.array([0.0, 0.0, 1.0]))) == pytest.approx(25.0, abs=0.1)
