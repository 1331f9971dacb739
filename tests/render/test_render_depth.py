"""Depth of craft and planet along the camera axis at pixel centres, in metres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_scenes import airless, at_pixel, box, inside, looking, stage, to_camera, to_pixels, write_craft

from selfiesim.camera.pinhole import Pinhole
from selfiesim.scene.scene import Scene

PLATE = box((1.0, 1.0, 0.02))
EYE = (0.8, 0.3, 3.0)


def rays(view):
    """Rays (H, W, 3) through pixel centres, with z = 1."""
    camera = view.camera
    x, y = np.meshgrid(
        (np.arange(camera.width) - camera.cx) / camera.fx, (np.arange(camera.height) - camera.cy) / camera.fy
    )
    return np.stack([x, y, np.ones_like(x)], axis=-1)


def test_depth_is_one_float32_per_pixel(tmp_path):
    radiance = stage(tmp_path, write_craft(tmp_path, "plate", [PLATE], EYE)).view().render()
    assert radiance.depth.shape == radiance.rgb.shape[:2]
    assert radiance.depth.dtype == np.float32
    assert radiance.rgb.dtype == np.float32
    assert radiance.depth.min() > 0.0
    assert not np.isnan(radiance.depth).any()


def test_depth_of_the_craft_agrees_with_known_points(tmp_path):
    # Rods seen end on, whose ends have known positions.
    tops = [(-0.5, 0.2, 0.3), (0.1, -0.4, 0.8), (0.5, 0.4, -0.2)]
    solids = [box((0.2, 0.2, 0.1), (x, y, z - 0.05)) for x, y, z in tops]
    view = stage(tmp_path, write_craft(tmp_path, "rods", solids, (0.0, 0.0, 3.0)), size=(320, 180)).view()
    depth = view.render().depth
    for top in tops:
        pixel = to_pixels(view, top)
        # The pixel centre is up to half a pixel off the point; the ends face the camera.
        assert at_pixel(depth, pixel) == pytest.approx(to_camera(view, top)[2], rel=1e-5)


def test_depth_of_an_oblique_plate_is_that_of_its_plane(tmp_path):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [PLATE], (2.0, 0.3, 1.0)), size=(320, 180)).view()
    depth = view.render().depth
    normal = view.craft.body_to_camera @ (0.0, 0.0, 1.0)
    plane = (normal @ to_camera(view, (0.0, 0.0, 0.01))) / (rays(view) @ normal)
    at_plane = plane[..., None] * rays(view)
    body = (at_plane - view.craft.position) @ view.craft.body_to_camera
    top = inside((np.abs(body[..., 0]) < 0.5) & (np.abs(body[..., 1]) < 0.5), 1.0)
    assert top.sum() > 1000
    assert depth[top] == pytest.approx(plane[top], rel=1e-5)


def test_depth_of_the_planet_is_that_of_its_ellipsoid(tmp_path):
    model = write_craft(tmp_path, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    view = airless(stage(tmp_path, model, distance_km=3990.0)).view()
    view = looking(view, view.planet.position, 140.0, (160, 90))
    depth = view.render().depth.astype(float)
    hit = np.isfinite(depth)
    # Points must satisfy x^2/a^2 + y^2/b^2 + z^2/c^2 = 1 on the near side; all other rays must miss the ellipsoid.
    points = np.where(hit, depth, 0.0)[..., None] * rays(view)
    fixed = (points - view.planet.position) @ view.planet.camera_to_bodyfixed.T / np.array(view.planet.body.radii_m)
    assert np.sum(fixed[hit] ** 2, axis=-1) == pytest.approx(1.0, abs=1e-6)
    outward = fixed / np.array(view.planet.body.radii_m) @ view.planet.camera_to_bodyfixed
    assert np.all((outward[hit] * rays(view)[hit]).sum(axis=-1) < 0.0)
    scaled = rays(view) @ view.planet.camera_to_bodyfixed.T / np.array(view.planet.body.radii_m)
    eye = -view.planet.camera_to_bodyfixed @ view.planet.position / np.array(view.planet.body.radii_m)
    t = -(scaled @ eye) / (scaled**2).sum(axis=-1)
    nearest = np.linalg.norm(eye + t[..., None] * scaled, axis=-1)
    assert np.array_equal(hit, nearest <= 1.0)
    assert 0.2 < hit.mean() < 0.98


def test_depth_of_the_sky_is_infinite(tmp_path):
    view = stage(tmp_path, write_craft(tmp_path, "plate", [PLATE], EYE)).view()
    depth = view.render().depth
    assert np.isposinf(depth[0, 0])
    assert np.isposinf(depth[~np.isfinite(depth)]).all()


def moved(view, factor):
    """The craft ``factor`` times as far away, with a focal length longer by the same factor."""
    camera = view.camera
    lens = Pinhole(camera.width, camera.height, camera.fx * factor, camera.fy * factor, camera.cx, camera.cy)
    return replace(view, camera=lens, craft=replace(view.craft, position=view.craft.position * factor))


def test_a_flat_craft_looks_the_same_from_3_m_300_m_and_300_km(tmp_path):
    # Plates perpendicular to the line of sight, without perspective; one is 2 mm in front of another.
    solids = [
        box((0.4, 0.4, 0.001)),
        box((0.5, 0.1, 0.001), (0.6, 0.2, 0.0)),
        box((0.1, 0.1, 0.001), (0.0, 0.0, 0.002)),
    ]
    view = stage(tmp_path, write_craft(tmp_path, "flat", solids, (0.0, 0.0, 3.0)), size=(240, 135)).view()
    near = view.render(samples=1)  # an edge may lie exactly on one of several samples
    craft = inside(np.isfinite(near.depth), 0.0)
    assert craft.sum() > 1000
    brightest = near.rgb.max()
    for factor in (100.0, 1e5):
        far = moved(view, factor).render(samples=1)
        assert np.array_equal(np.isfinite(far.depth), np.isfinite(near.depth))
        # The view angle changes, and specular reflection by less than one percent of the plate's radiance. One row of
        # pixels lies right next to the small plate, where its shadow ends within a texel.
        assert (np.abs(far.rgb - near.rgb)[craft].max(axis=-1) > 0.02 * brightest).mean() < 0.01


def test_the_orbiter_does_not_flicker_from_300_m_to_300_km():
    # Solar cells are millimetres above their panel: with too little depth resolution they flicker through each other.
    view = airless(Scene.load("tianwen1-mars")).view()
    view = looking(view, view.craft.position, 70.0, (240, 135))
    view = moved(view, 300.0 / np.linalg.norm(view.craft.position))
    nearest, middle, farthest = (moved(view, factor).render() for factor in (1.0, 30.0, 1000.0))
    craft = [r.depth < 330.0 * f for r, f in ((nearest, 1.0), (middle, 30.0), (farthest, 1000.0))]
    assert craft[1].sum() > 500
    # From 300 m, perspective still changes the near parts by a few percent of their size.
    assert craft[0].sum() == pytest.approx(craft[1].sum(), rel=0.02)
    assert nearest.rgb[craft[0]].mean() == pytest.approx(middle.rgb[craft[1]].mean(), rel=0.05)
    assert (craft[1] ^ craft[2]).sum() <= 0.01 * craft[1].sum()
    assert farthest.rgb[craft[2]].mean() == pytest.approx(middle.rgb[craft[1]].mean(), rel=0.02)
    both = inside(craft[1] & craft[2], 1.0)
    # Creases of the foil glint in single samples; flickering cells would differ everywhere.
    apart = np.abs(farthest.rgb - middle.rgb)[both]
    assert apart.max() < 0.2 * middle.rgb[craft[1]].max()
    assert apart.mean() < 0.005 * middle.rgb[craft[1]].max()
