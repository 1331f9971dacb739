"""A small body's shape model against its ellipsoid, and the refusal of meshes that are not its shape."""

from __future__ import annotations

import io

import numpy as np
import pytest
import trimesh

from selfiesim.astro.bodies import BODIES
from selfiesim.core.errors import SceneError
from selfiesim.craft.builders.ryugu import icosphere
from selfiesim.files.scene_glb import scene_glb
from selfiesim.render.common.planet_depth import planet_depth
from selfiesim.scene.scene import Scene

SCENE = """
title = "Phobos"
at = "release+20s"
[craft]
model = "tianwen1-orbiter"
[orbit]
body = "phobos"
frame = "icrf"
epoch_utc = "2021-12-31T13:05:00Z"
semi_major_axis_km = 40
eccentricity = 0.0
inclination_deg = 40
raan_deg = 100
arg_periapsis_deg = 0
true_anomaly_deg = 30
[attitude]
primary = { axis = [0, 0, -1], toward = "sun" }
secondary = { axis = [-1, 0, 0], toward = "earth" }
[release]
at = "2021-12-31T13:05:00Z"
mount = "camera"
speed_m_s = 0.2
[camera]
size_px = [160, 120]
horizontal_fov_deg = 60
target = "nadir"
up = "velocity"
[planet]
shape = "shape.obj"
"""


def write_scene(folder, scale):
    """The scene, with Phobos' ellipsoid as a mesh in km times ``scale``."""
    vertices, faces = icosphere(5)
    points = vertices * np.array(BODIES["phobos"].radii_m) / 1000 * scale
    rows = [*("v {:.6f} {:.6f} {:.6f}".format(*p) for p in points), *("f {} {} {}".format(*f) for f in faces + 1)]
    (folder / "shape.obj").write_text("\n".join(rows))
    (folder / "scene.toml").write_text(SCENE)
    return Scene.load(folder / "scene.toml")


@pytest.mark.parametrize("scale", [1.0, 1000.0], ids=["km", "m"])
def test_the_ellipsoid_as_a_mesh_covers_the_ellipsoid(tmp_path, scale):
    scene = write_scene(tmp_path, scale)
    view = scene.view()
    depth = planet_depth(scene.with_changes(planet__shape=None).view())
    radiance = view.render("draft")
    in_front = radiance.truth.depth < 1000.0  # the orbiter
    drawn, depth = (np.where(in_front, np.inf, each) for each in (radiance.truth.depth, depth))
    both = np.isfinite(depth) & np.isfinite(drawn)
    assert both.sum() > 3000
    assert (np.isfinite(depth) != np.isfinite(drawn)).sum() < 0.02 * both.sum()
    # The steps of a depth buffer that begins before the orbiter, a metre away.
    assert np.median(np.abs(depth[both] - drawn[both])) < 0.03 * np.median(depth[both])
    assert view.facts["planet_relief"] == "shape model shape.obj"


def test_a_mesh_of_another_size_is_refused(tmp_path):
    with pytest.raises(SceneError, match=r"planet.shape: shape.obj is .* phobos is 26"):
        write_scene(tmp_path, 3.0).view()


def test_a_shape_outside_the_folder_is_refused(tmp_path):
    write_scene(tmp_path, 1.0)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "scene.toml").write_text(SCENE.replace("shape.obj", "../shape.obj"))
    with pytest.raises(SceneError, match=r"planet\.shape"):
        Scene.load(tmp_path / "inside" / "scene.toml").view()


def test_plotter_and_glb_show_the_shape_and_no_ellipsoid(tmp_path):
    scene = write_scene(tmp_path, 1.0)
    lines = (tmp_path / "shape.obj").read_text().splitlines()
    halved = [line.split() for line in lines if line.startswith("v")]
    rows = [f"v {float(x) * 0.6} {y} {z}" if float(x) < 0 else f"v {x} {y} {z}" for _, x, y, z in halved]
    (tmp_path / "shape.obj").write_text("\n".join([*rows, *lines[len(rows) :]]))
    view = scene.view()
    truth = view.render("draft").truth
    is_shape = np.isin(truth.part, [number for number, name in truth.part_names.items() if name.startswith("phobos/")])
    plotter = view.plotter(off_screen=True)
    plotter.render()
    picture = plotter.screenshot(return_img=True).sum(axis=-1) > 6
    assert "phobos" not in plotter.actors
    plotter.close()
    assert is_shape.sum() > 3000
    sunlit = np.asarray(view.render("draft").rgb).sum(axis=-1) > 1e-4
    assert (picture[is_shape] != sunlit[is_shape]).mean() < 0.1

    written = trimesh.load(io.BytesIO(scene_glb(view)), file_type="glb")
    found = [each for each in written.dump() if np.ptp(each.bounds, axis=0).max() > 1e4]
    assert len(found) == 1
    right_down_ahead = np.array([1.0, -1.0, -1.0]) * view.planet.position
    np.testing.assert_allclose(found[0].bounds.mean(axis=0), right_down_ahead, atol=3e3)  # it is shorter on one side
