"""Planetshine on a white sphere against numerical integration over the visible disc."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from figures import largest
from proof_scenes import LOW_KM, staged, write_craft

from selfiesim.planet.maps.load import load_maps
from selfiesim.render.light.planet_radiance import planet_radiance


def irradiance(view, normals, rings=90):
    """Return the planet's irradiance (N, 3) on surfaces with ``normals`` (N, 3), camera axes, by quadrature."""
    polar = (np.arange(rings) + 0.5) * np.pi / rings
    azimuth = (np.arange(2 * rings) + 0.5) * np.pi / rings
    sine, cosine = np.sin(polar)[:, None], np.cos(polar)[:, None]
    rays = np.stack(np.broadcast_arrays(sine * np.cos(azimuth), sine * np.sin(azimuth), cosine), axis=-1).reshape(-1, 3)
    solid_angle = np.repeat(sine[:, 0], 2 * rings) * (np.pi / rings) ** 2
    light = planet_radiance(view, load_maps("mars"), view.craft.position, rays) * solid_angle[:, None]
    return np.maximum(normals @ rays.T, 0.0) @ light


@pytest.mark.parametrize("anomaly_deg", [15.0, 75.0], ids=["full", "half"])
def test_planetshine_on_a_white_sphere_is_the_integral_over_the_visible_disc(figure, tmp_path, anomaly_deg):
    ball = trimesh.creation.icosphere(4, 0.5)
    model = write_craft(
        tmp_path, "ball", {"ball": ball}, {"ball": {"base_color": [0.9] * 3, "roughness": 1.0}}, (2, 0, -2)
    )
    scene = staged(tmp_path, model, LOW_KM, {"axis": (0.0, 0.0, 1.0), "toward": "sun"}, 40.0)
    view = scene.with_changes(orbit__true_anomaly_deg=anomaly_deg, camera__size_px=[160, 90]).view()
    radiance = view.render("final")
    normals = radiance.truth.normal
    # Unlit by the Sun, and away from the ball's edge.
    on = (radiance.truth.part >= 2) & (normals @ view.sun.direction < -0.02) & (normals[..., 2] < -0.4)
    assert on.sum() > 300
    expected = irradiance(view, normals[on].astype(float)) * 0.9 / np.pi
    assert expected.max() > 0.01 * view.sun.irradiance.max()
    rendered = radiance.rgb[on]
    assert rendered.sum(axis=0) == pytest.approx(expected.sum(axis=0), rel=0.05)
    worst = 100.0 * largest(rendered, expected) / expected.max()
    quantity = "planetshine on a white sphere, of the brightest; full and half Mars"
    figure("light", quantity, "integral over the visible disc", worst, 5.0, "percent")
