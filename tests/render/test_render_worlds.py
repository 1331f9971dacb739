"""Bodies other than Mars, and maps of the user's, as drawn: map times law times sunlight, worked out again in numpy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from small_scenes import box, inside, looking, write_craft

from selfiesim.planet.light.photometry import LAWS
from selfiesim.planet.maps.planet_maps import load_maps, reflectance
from selfiesim.planet.maps.surface import surface_maps
from selfiesim.render.common.planet_depth import planet_depth
from selfiesim.render.light.planetshine import planetshine
from selfiesim.scene.scene import Scene

# Semi-major axis (km) of a circle close over the body.
BODY_APPEARANCES = {"moon": 2200.0, "earth": 9000.0, "jupiter": 110_000.0, "phobos": 25.0}


def over(folder, world, **changes):
    """A view from over the day side of a body, with a crumb for a craft."""
    model = write_craft(folder, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    distance = BODY_APPEARANCES.get(world, 1.5)
    table = {
        "title": "worlds",
        "at": "release+10s",
        "craft": {"model": model},
        "orbit": {
            "body": world,
            "frame": "icrf",
            "epoch_utc": "2021-12-31T16:30:00Z",
            "semi_major_axis_km": distance,
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


def evaluated(view):
    """Radiance (H, W, 3) by the numpy API: A * f * E / pi; 0 for sky."""
    camera, pose = view.camera, view.planet
    maps = surface_maps(pose.surface)
    pixels = np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1).astype(float)
    rays = camera.unproject(pixels)
    depth = planet_depth(view)
    seen = np.isfinite(depth)
    points = (
        rays * (np.where(seen, depth, np.nan) / rays[..., 2])[..., None] - pose.position
    ) @ pose.camera_to_bodyfixed.T
    rays = rays / np.linalg.norm(rays, axis=-1, keepdims=True) @ pose.camera_to_bodyfixed.T
    normal = points / np.array(pose.body.radii_m) ** 2
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    sun = pose.camera_to_bodyfixed @ view.sun.direction
    unit = points / np.linalg.norm(points, axis=-1, keepdims=True)
    albedo = reflectance(maps, np.arcsin(unit[seen][:, 2]), np.arctan2(unit[seen][:, 1], unit[seen][:, 0]))
    shape = LAWS[maps.law](normal[seen] @ sun, -(normal[seen] * rays[seen]).sum(axis=-1), -(rays[seen] @ sun))
    out = np.zeros((*seen.shape, 3))
    out[seen] = albedo * shape[:, None] * view.sun.irradiance / np.pi
    return out


@pytest.mark.parametrize("body", ["moon", "earth", "jupiter", "phobos"])
def test_radiance_is_reflectance_times_the_bodys_law_times_sunlight(tmp_path, body):
    view = over(tmp_path, body)
    view = looking(view, view.planet.position, 30.0, (160, 90))
    drawn, ours = view.render().rgb.astype(float), evaluated(view)
    lit = inside(ours[..., 1] > 0.1 * np.median(ours[..., 1]), 3.0)
    assert lit.sum() > 0.5 * lit.size
    for band in range(3):
        assert np.median(drawn[..., band][lit] / ours[..., band][lit]) == pytest.approx(1.0, abs=0.02)
        assert np.corrcoef(drawn[..., band][lit], ours[..., band][lit])[0, 1] > (0.7 if body == "phobos" else 0.9)


def test_a_body_of_the_scenes_own_can_be_drawn(tmp_path):
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
    view = over(tmp_path, "didymos", body=own | {"orbit": orbit}, release__speed_m_s=0.02)
    near = looking(view, view.planet.position, 20.0, (160, 90))
    drawn, ours = near.render().rgb.astype(float), evaluated(near)
    lit = inside(ours[..., 1] > 0.1 * np.median(ours[..., 1]), 3.0)
    assert np.median(drawn[lit] / ours[lit]) == pytest.approx(1.0, abs=0.02)
    assert "grey of albedo 0.15" in surface_maps(view.planet.surface).credits


@pytest.mark.parametrize("body", ["moon", "earth"])
def test_planetshine_follows_the_bodys_law(tmp_path, body):
    """The light of the disc on a surface that faces it: a plain sum over rays, with the body's own law."""
    view = over(tmp_path, body)
    shine = planetshine(view, surface_maps(view.planet.surface))
    facing = shine.direction
    x, y, z = facing
    basis = np.array([1.0, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
    wide = looking(view, view.planet.position, 2 * np.degrees(np.arcsin(1 / shine.distance)) + 4, (120, 120))
    ours = evaluated(wide)
    camera = wide.camera
    across = (np.arange(120) - camera.cx) / camera.fx
    down = (np.arange(120) - camera.cy) / camera.fy
    cosine = 1 / np.sqrt(1 + across[None] ** 2 + down[:, None] ** 2)
    pixel = cosine**4 / (camera.fx * camera.fy)  # solid angle times the cosine of incidence
    direct = (ours * pixel[..., None]).sum(axis=(0, 1))
    np.testing.assert_allclose(basis @ shine.harmonics, direct, rtol=0.06)


def test_a_users_map_is_drawn_and_credited(tmp_path):
    lat = (0.5 - (np.arange(256) + 0.5) / 256)[:, None] * np.pi
    lon = (np.arange(512) + 0.5)[None, :] / 512 * 2 * np.pi
    pattern = 128 + 60 * np.sin(6 * lon) * np.cos(lat) + 30 * np.sin(9 * lat)
    Image.fromarray(np.repeat(pattern[..., None], 3, 2).astype(np.uint8)).save(tmp_path / "mine.png")
    told = {"file": "mine.png", "lon0_deg": 0, "credits": "Someone"}
    view = over(tmp_path, "moon", planet__map=told)
    near = looking(view, view.planet.position, 60.0, (160, 90))
    drawn, ours = near.render().rgb.astype(float), evaluated(near)
    lit = inside(ours[..., 1] > 0.1 * np.median(ours[..., 1]), 3.0)
    assert np.corrcoef(drawn[..., 1][lit], ours[..., 1][lit])[0, 1] > 0.97
    plain = over(tmp_path, "moon")
    other = looking(plain, plain.planet.position, 60.0, (160, 90)).render().rgb[..., 1]
    assert np.corrcoef(drawn[..., 1][lit], other[lit])[0, 1] < 0.8  # the renderer took the new map
    view.render().expose().save(tmp_path / "a.png")
    recipe = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert recipe["credits"] == ["Someone"]
    assert recipe["scene"]["planet"]["map"]["file"] == "mine.png"


def test_one_renderer_goes_from_body_to_body_and_back(tmp_path):
    first = over(tmp_path, "moon").render().rgb
    over(tmp_path, "earth").render()
    assert over(tmp_path, "moon").render().rgb.tobytes() == first.tobytes()
    assert surface_maps(over(tmp_path, "moon").planet.surface) is load_maps("moon")
