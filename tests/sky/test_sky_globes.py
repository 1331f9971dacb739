"""Sunlit ellipsoids against textbook formulas."""

import numpy as np
import pytest

from selfiesim.sky.sunlit_globes import SkyBody, lommel_seeliger_phase


def globe(phase, law, radii=(1e6, 1e6, 1e6), distance=1e9, rotation=None):
    to_sun = np.array([np.sin(phase), 0.0, -np.cos(phase)])
    position = np.array([0.0, 0.0, distance])
    return SkyBody("ball", position, radii, np.eye(3) if rotation is None else rotation, to_sun, law, np.ones(3), 0.0)


# A Lambert sphere of radius a at distance d gives (2/3) (a/d)^2 (sin x + (pi - x) cos x) at phase x (Russell 1916).
@pytest.mark.parametrize("phase", np.radians([0.0, 30.0, 90.0, 140.0]))
def test_a_lambert_sphere_has_russells_phase_curve(phase):
    exact = 2.0 / 3.0 * 1e-6 * (np.sin(phase) + (np.pi - phase) * np.cos(phase))
    assert globe(phase, "lambert").disc_integrals[0] == pytest.approx(exact, rel=0.02)


# And a Lommel-Seeliger sphere pi (a/d)^2 (1 - sin(x/2) tan(x/2) ln cot(x/4)).
@pytest.mark.parametrize("phase", np.radians([1.0, 30.0, 90.0, 120.0]))
def test_a_lommel_seeliger_sphere_has_its_phase_curve(phase):
    exact = np.pi * 1e-6 * (1.0 - np.sin(phase / 2) * np.tan(phase / 2) * np.log(1.0 / np.tan(phase / 4)))
    assert lommel_seeliger_phase(phase) == pytest.approx(exact / (np.pi * 1e-6))
    assert globe(phase, "lommel-seeliger").disc_integrals[0] == pytest.approx(exact, rel=0.01)


# Seen along one axis, an ellipsoid's silhouette is the ellipse of the other two.
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_ellipsoid_covers_the_ellipse_of_its_other_axes(axis):
    radii = (13e3, 11.4e3, 9.1e3)
    rotation = np.roll(np.eye(3), axis + 1, axis=0)  # body-fixed axis number `axis` along the line of sight
    seen = globe(0.5, "lambert", radii, 1e6, rotation)
    a, b = (radius for k, radius in enumerate(radii) if k != axis)
    assert seen.disc_integrals[1] == pytest.approx(np.pi * a * b / 1e12, rel=0.01)


def test_a_globe_behind_the_eye_is_not_hit():
    rays = np.array([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]])
    assert globe(0.3, "lambert").shade(rays)[1].tolist() == [False, True]
