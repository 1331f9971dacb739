"""Renders of bodies other than Mars, and of user maps: map times law times sunlight, computed again in numpy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from small_scenes import box, inside, looking, write_craft

from selfiesim.planet.light.photometry import LAWS
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.planet_maps import reflectance
from selfiesim.planet.maps.surface import surface_maps
from selfiesim.planet.terrain import moon_heights
from selfiesim.render.common.planet_depth import planet_depth
from selfiesim.render.light.planetshine import planetshine
from selfiesim.scene.scene import Scene

# Semi-major axis (km) of a low circular orbit.
ORBITS = {"moon": 2200.0, "earth": 9000.0, "jupiter": 110_000.0, "phobos": 25.0}


def view_over(folder, body_name, **changes):
    """A view from above the day side of a body, with a tiny craft."""
    model = write_craft(folder, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    semi_major_axis = ORBITS.get(body_name, 1.5)
    table = {
        "title": "worlds",
        "at": "release+10s",
        "craft": {"model": model},
        "orbit": {
            "body": body_name,
            "frame": "icrf",
            "epoch_utc": "2021-12-31T16:30:00Z",
            "semi_major_axis_km": semi_major_axis,
            "eccentricity": 0.0,
            "inclination_deg": 30.0,
            "raan_deg": 0.0,
            "arg_periapsis_deg": 0.0,
            "true_anomaly_deg": 0.0,
        },
        "attitude": {"secondary": {"axis": (1.0, 0.0, 0.0), "toward": "orbit-normal"}},
        "release": {"at": "2021-12-31T16:30:00Z", "speed_m_s": 0.2},
        "camera": {"size_px": (160, 90), "horizontal_fov_deg": 60.0, "up": "orbit-normal"},
    }
    for key, value in changes.items():
        *sections, last = key.split("__")
        node = table
        for section in sections:
            node = node.setdefault(section, {})
        node[last] = value
    scene = Scene.from_table(table, folder=folder)
    views = [scene.with_changes(orbit__true_anomaly_deg=float(angle)).view() for angle in range(0, 360, 30)]
    return max(views, key=lambda view: view.facts["sun_elevation_below_camera_deg"])


def expected_radiance(view):
    """Radiance (H, W, 3) from the maps and the law: A * f * E / pi; 0 for sky."""
    camera, pose = view.camera, view.planet
    maps = surface_maps(pose.surface)
    pixels = np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1).astype(float)
    rays = camera.unproject(pixels)
    depth = planet_depth(view)
    hit = np.isfinite(depth)
    points = (
        rays * (np.where(hit, depth, np.nan) / rays[..., 2])[..., None] - pose.position
    ) @ pose.camera_to_bodyfixed.T
    rays = rays / np.linalg.norm(rays, axis=-1, keepdims=True) @ pose.camera_to_bodyfixed.T
    normal = points / np.array(pose.body.radii_m) ** 2
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    sun = pose.camera_to_bodyfixed @ view.sun.direction
    unit = points / np.linalg.norm(points, axis=-1, keepdims=True)
    albedo = reflectance(maps, np.arcsin(unit[hit][:, 2]), np.arctan2(unit[hit][:, 1], unit[hit][:, 0]))
    shape = LAWS[maps.law](normal[hit] @ sun, -(normal[hit] * rays[hit]).sum(axis=-1), -(rays[hit] @ sun))
    out = np.zeros((*hit.shape, 3))
    out[hit] = albedo * shape[:, None] * view.sun.irradiance / np.pi
    return out


@pytest.mark.parametrize("body", ["moon", "jupiter", "phobos"])
def test_radiance_is_reflectance_times_the_bodys_law_times_sunlight(tmp_path, body):
    view = view_over(tmp_path, body)
    view = looking(view, view.planet.position, 30.0, (160, 90))
    rendered, expected = view.render().rgb.astype(float), expected_radiance(view)
    lit = inside(expected[..., 1] > 0.1 * np.median(expected[..., 1]), 3.0)
    assert lit.sum() > 0.5 * lit.size
    for band in range(3):
        assert np.median(rendered[..., band][lit] / expected[..., band][lit]) == pytest.approx(1.0, abs=0.02)
        assert np.corrcoef(rendered[..., band][lit], expected[..., band][lit])[0, 1] > (
            0.7 if body == "phobos" else 0.9
        )


def test_a_custom_body_can_be_rendered(tmp_path):
    orbit = {
        "epoch_utc": "2021-12-31T00:00:00Z",
        "semi_major_axis_au": 1.64,
        "eccentricity": 0.38,
        "inclination_deg": 3.4,
        "node_deg": 73.0,
        "arg_periapsis_deg": 319.0,
        "mean_anomaly_deg": 0.0,
    }
    own = {"name": "didymos", "radii_km": (0.4, 0.4, 0.35), "gm_km3_s2": 3.5e-8, "geometric_albedo": 0.15}
    view = view_over(tmp_path, "didymos", body=own | {"orbit": orbit}, release__speed_m_s=0.02)
    near = looking(view, view.planet.position, 20.0, (160, 90))
    rendered, expected = near.render().rgb.astype(float), expected_radiance(near)
    lit = inside(expected[..., 1] > 0.1 * np.median(expected[..., 1]), 3.0)
    assert np.median(rendered[lit] / expected[lit]) == pytest.approx(1.0, abs=0.02)
    assert "grey of albedo 0.15" in surface_maps(view.planet.surface).credits


def test_planetshine_follows_the_bodys_law(tmp_path):
    """The irradiance of the disc on a surface that faces it, summed over rays with the law of the body."""
    view = view_over(tmp_path, "moon")
    shine = planetshine(view, surface_maps(view.planet.surface))
    facing = shine.direction
    x, y, z = facing
    basis = np.array([1.0, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
    wide = looking(view, view.planet.position, 2 * np.degrees(np.arcsin(1 / shine.distance)) + 4, (120, 120))
    expected = expected_radiance(wide)
    camera = wide.camera
    across = (np.arange(120) - camera.cx) / camera.fx
    down = (np.arange(120) - camera.cy) / camera.fy
    cosine = 1 / np.sqrt(1 + across[None] ** 2 + down[:, None] ** 2)
    pixel = cosine**4 / (camera.fx * camera.fy)  # solid angle times the cosine of incidence
    direct = (expected * pixel[..., None]).sum(axis=(0, 1))
    np.testing.assert_allclose(basis @ shine.harmonics, direct, rtol=0.06)


def test_a_user_map_is_rendered_and_credited(tmp_path):
    lat = (0.5 - (np.arange(256) + 0.5) / 256)[:, None] * np.pi
    lon = (np.arange(512) + 0.5)[None, :] / 512 * 2 * np.pi
    pattern = 128 + 60 * np.sin(6 * lon) * np.cos(lat) + 30 * np.sin(9 * lat)
    Image.fromarray(np.repeat(pattern[..., None], 3, 2).astype(np.uint8)).save(tmp_path / "mine.png")
    user_map = {"file": "mine.png", "lon0_deg": 0, "credits": "Someone"}
    view = view_over(tmp_path, "moon", planet__map=user_map)
    near = looking(view, view.planet.position, 60.0, (160, 90))
    rendered, expected = near.render().rgb.astype(float), expected_radiance(near)
    lit = inside(expected[..., 1] > 0.1 * np.median(expected[..., 1]), 3.0)
    assert np.corrcoef(rendered[..., 1][lit], expected[..., 1][lit])[0, 1] > 0.97
    plain = view_over(tmp_path, "moon")
    other = looking(plain, plain.planet.position, 60.0, (160, 90)).render().rgb[..., 1]
    assert np.corrcoef(rendered[..., 1][lit], other[lit])[0, 1] < 0.8  # the renderer uses the new map
    view.render().expose().save(tmp_path / "a.png")
    recipe = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert recipe["credits"] == [f"Someone; {moon_heights.CREDIT}"]
    assert recipe["scene"]["planet"]["map"]["file"] == "mine.png"


def test_one_renderer_switches_between_bodies(tmp_path):
    first = view_over(tmp_path, "moon").render().rgb
    view_over(tmp_path, "earth").render()
    assert view_over(tmp_path, "moon").render().rgb.tobytes() == first.tobytes()
    assert surface_maps(view_over(tmp_path, "moon").planet.surface) is load_maps("moon")
