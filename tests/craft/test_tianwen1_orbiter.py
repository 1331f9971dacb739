"""The orbiter: its proportions, and a valid mesh."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from mesh_checks import (
    assert_closed_and_outward,
    assert_faces_distinct,
    assert_hangs_together,
    assert_no_flicker,
    assert_normals_lean_outward,
    extent,
    pieces_of,
)
from numpy.testing import assert_allclose
from PIL import Image

from selfiesim.cli.app import main
from selfiesim.core.files import shipped
from selfiesim.craft.builders import tianwen1_orbiter
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes
from selfiesim.craft.load import load_craft


@pytest.fixture(scope="module")
def model():
    return tianwen1_orbiter.build()


@pytest.fixture(scope="module")
def craft():
    return load_craft("tianwen1-orbiter")


@pytest.fixture(scope="module")
def pieces(model):
    """Every closed piece of the craft, labelled (group, material, number)."""
    return pieces_of(model)


# --- Proportions, from a labelled side view at 0.028 m per pixel ---------------------------------------------------


def test_wing_span(craft):
    low, high = extent(craft, node="wing_")
    assert high[1] - low[1] == pytest.approx(544 * 0.028, rel=0.05)
    assert high[1] == pytest.approx(-low[1], abs=1e-4)


@pytest.mark.parametrize("wing", ["wing_plus_y", "wing_minus_y"])
def test_each_wing_has_three_panels(craft, wing):
    panels = sorted({p.node.split(".")[0] for p in craft.parts if p.node.startswith(f"{wing}_panel")})
    assert len(panels) == 3
    for panel in panels:
        low, high = extent(craft, node=f"{panel}.", material="cfrp")
        assert_allclose((high - low)[[0, 1]], [67 * 0.028, 54 * 0.028], rtol=0.05)
        assert (high - low)[2] == pytest.approx(0.03, abs=0.001)


def test_dish_is_cut_flat_at_top_and_bottom(craft):
    low, high = extent(craft, node="hga_dish", material="dish_silver")
    assert_allclose((high - low)[[1, 0]], [89 * 0.028, 71 * 0.028], rtol=0.03)
    assert high[2] < -1.5, "the whole dish is in front of the -Z wall"


def test_body_and_engine_sizes(craft):
    low, high = extent(craft, node="bus.gold_foil")
    assert high[1] - low[1] == pytest.approx(4.2, rel=0.02)
    assert high[0] - low[0] == pytest.approx(49 * 0.028, rel=0.07), "blankets included"
    low, high = extent(craft, node="main_engine.nozzle_niobium")
    assert high[1] - low[1] == pytest.approx(21 * 0.028, rel=0.02)
    assert low[0] == pytest.approx(-77 * 0.028, rel=0.03)
    low, _ = extent(craft, node="tanks.tank_titanium")
    assert low[0] == pytest.approx(-1.50, abs=0.01)


# MOSIR: four rods of 5 m (interview with Zhu Xinbo).
@pytest.mark.parametrize(("group", "axis"), [("radar_y", 1), ("radar_x", 0)])
def test_four_radar_rods_of_five_metres(pieces, group, axis):
    rods = [solid for (g, material, _), solid in pieces.items() if g == group and material == "white_paint"]
    assert len(rods) == 2
    for rod in rods:
        size = np.ptp(rod.vertices, axis=0)
        assert size[axis] == pytest.approx(5.0, abs=1e-6)
        assert np.delete(size, axis).max() == pytest.approx(0.03, abs=0.001)
    assert np.sign(rods[0].vertices[:, axis].mean()) == -np.sign(rods[1].vertices[:, axis].mean())


# Liu et al. 2020, doi 10.26464/epp2020058: boom 3.19 m, sensors about 0.90 m apart.
def test_magnetometer_boom_and_its_two_sensors(pieces):
    boom = pieces["magnetometer", "white_paint", 0].vertices
    ends = boom[[0, -1]]
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(3.19, abs=1e-6)
    outer, inner = (pieces[f"magnetometer_{name}", "gold_foil", 0].vertices.mean(axis=0) for name in ("outer", "inner"))
    assert np.linalg.norm(outer - inner) == pytest.approx(0.90, abs=1e-6)


# CNSA 2020-10-01: 39 cm x 26 cm. The flag law: large star at the upper left, four small ones to its right.
def test_flag_is_upright_and_not_mirrored_seen_from_minus_z(pieces):
    field = pieces["flag", "flag_red", 0].vertices
    assert_allclose(np.ptp(field, axis=0)[[1, 0]], [0.39, 0.26], atol=1e-6)
    middle = 0.5 * (field.min(axis=0) + field.max(axis=0))
    assert middle[1] > 0.5, "right of the middle: seen from -Z with +X up, right is +Y"
    assert middle[0] < -0.3, "and low"
    stars = sorted(
        (solid for key, solid in pieces.items() if key[:2] == ("flag", "flag_gold")),
        key=lambda s: -np.ptp(s.vertices[:, 1]),
    )
    large, small = stars[0].vertices.mean(axis=0), [s.vertices.mean(axis=0) for s in stars[1:]]
    assert len(small) == 4
    assert large[0] > middle[0]
    assert large[1] < middle[1]
    assert all(large[1] < star[1] < middle[1] and star[0] > middle[0] for star in small)
    assert np.ptp(stars[0].vertices[:, 0]) == pytest.approx(3 * np.ptp(stars[1].vertices[:, 0]), rel=0.15)


def test_cells_and_dish_face_minus_z(craft):
    for name in ("solar_cell", "dish_silver"):
        parts = [p for p in craft.parts if p.material.name == name]
        normals = np.concatenate([p.normals[p.faces].mean(axis=1) for p in parts])
        corners = np.concatenate([p.vertices[p.faces] for p in parts])
        z, facing = corners[..., 2].mean(axis=1), normals[:, 2] < -0.8
        assert facing.any()
        if name == "solar_cell":
            assert z[facing].max() < -0.01, "the cells are on the -Z side of the panels"


def test_camera_is_on_the_wall_between_minus_z_and_plus_y(craft):
    mount, sizes = craft.mounts["camera"], OrbiterSizes()
    assert_allclose(mount.position_m, sizes.camera_position_m, atol=1e-4)
    assert mount.axis[1] > 0.3
    assert mount.axis[2] < -0.3
    assert np.linalg.norm(mount.axis) == pytest.approx(1.0)
    housing = extent(craft, node="released_camera.white_paint").mean(axis=0)
    assert np.linalg.norm(housing - mount.position_m) < 0.005


def test_path_of_the_released_camera_is_clear(craft):
    mount = craft.mounts["camera"]
    origin, axis = np.array(mount.position_m), np.array(mount.axis)
    points = np.concatenate([p.vertices for p in craft.parts if not p.node.startswith(mount.leaves)])
    along = (points - origin) @ axis
    ahead = along > 0.15
    off = np.linalg.norm(points - origin - along[:, None] * axis, axis=1)
    assert off[ahead].min() > 0.15


def test_joints_of_the_description_match_the_mesh(craft):
    sizes = OrbiterSizes()
    assert craft.joints["wing_plus_y"].origin_m == (0.0, sizes.wing_joint_y_m, 0.0)
    assert craft.joints["wing_minus_y"].origin_m == (0.0, -sizes.wing_joint_y_m, 0.0)
    assert craft.joints["hga"].origin_m == (sizes.hga_joint_x_m, sizes.hga_joint_y_m, sizes.hga_joint_z_m)
    for part in craft.parts:
        expected = next(
            (j for j in craft.joints if part.node.startswith(f"{j}_") and not part.node.startswith("hga_arm")), None
        )
        assert part.joint == expected, part.node


def test_wings_clear_the_craft_through_a_full_rotation(craft):
    moving = np.concatenate([p.vertices for p in craft.parts if (p.joint or "").startswith("wing")])
    fixed = np.concatenate([p.vertices for p in craft.parts if p.joint is None])
    panels = np.abs(moving[:, 1]) > 2.6
    reach = np.hypot(moving[panels, 0], moving[panels, 2]).max()
    outside = fixed[np.abs(fixed[:, 1]) > 2.6]
    assert np.hypot(outside[:, 0], outside[:, 2]).min() > reach


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("end", [0, 1])
def test_dish_clears_the_wall_at_its_limits(craft, number, end):
    from scipy.spatial.transform import Rotation

    joint = craft.joints["hga"]
    angle = np.radians(joint.limits_deg[number][end])
    dish = np.concatenate([p.vertices for p in craft.parts if p.node.startswith("hga_dish")]) - joint.origin_m
    tilted = Rotation.from_rotvec(angle * np.array(joint.axes[number])).apply(dish) + joint.origin_m
    over_wall = np.abs(tilted[:, 1]) < 1.2
    assert tilted[over_wall, 2].max() < -1.5 - 0.03


# --- A valid mesh ---------------------------------------------------------------------------------------------------


def test_file_size_and_triangle_count(craft):
    assert 60_000 <= craft.triangle_count <= 150_000
    assert craft.source.stat().st_size < 8_000_000


def test_every_piece_is_closed_and_faces_outward(pieces):
    assert_closed_and_outward(pieces)


def test_no_piece_floats(pieces):
    assert_hangs_together(pieces)


def test_no_two_materials_share_a_visible_plane(pieces):
    assert_no_flicker(pieces)


def test_faces_are_distinct_and_have_area(craft):
    assert_faces_distinct(craft)


def test_normals_have_unit_length_and_agree_with_the_faces(craft):
    assert_normals_lean_outward(craft)


def test_round_parts_are_smooth_and_boxes_are_not(craft):
    tanks = next(p for p in craft.parts if p.node == "tanks.tank_titanium")
    assert len(tanks.vertices) == len(np.unique(tanks.vertices, axis=0)), "a sphere needs no duplicate vertices"
    tiles = next(p for p in craft.parts if p.node == "radiators.radiator_white")
    assert len(tiles.vertices) > 1.5 * len(np.unique(tiles.vertices, axis=0)), "a sharp edge needs duplicate vertices"


# --- The file --------------------------------------------------------------------------------------------------------


def test_builder_reproduces_the_shipped_file(tmp_path: Path):
    target = tmp_path / "orbiter.glb"
    with pytest.raises(SystemExit) as end:
        main(["models", "build", "tianwen1-orbiter", "-o", str(target)])
    assert not end.value.code
    assert target.read_bytes() == (shipped("models") / "tianwen1-orbiter.glb").read_bytes()


def test_wing_span_changes_the_mesh():
    wide = tianwen1_orbiter.build(OrbiterSizes(wing_span_m=16.0))
    tips = [
        s.vertices[:, 1].max()
        for (group, _), solids in wide.solids().items()
        if group.startswith("wing_plus")
        for s in solids
    ]
    assert max(tips) == pytest.approx(8.0, abs=1e-6)


def test_cell_texture_is_a_blue_grid_in_a_light_frame():
    picture = np.asarray(
        Image.open(BytesIO(tianwen1_orbiter.finishes()["solar_cell"].texture_png)).convert("RGB"), dtype=int
    )
    assert max(picture.shape) <= 2048
    inside = picture[20:-20, 20:-20].reshape(-1, 3)
    blue = (inside[:, 2] > 2 * inside[:, 0]).mean()
    assert 0.7 < blue < 0.98, "mostly cells, with seams between them"
    assert picture[0].min() > 150


def test_is_upright_in_gltf_axes():
    import trimesh

    scene = trimesh.load(shipped("models") / "tianwen1-orbiter.glb", process=False)
    low, high = scene.bounds
    assert high[0] - low[0] == pytest.approx(15.2, rel=0.05), "wings along glTF X"
    nozzle = next(n for n in scene.graph.nodes_geometry if n == "main_engine.nozzle_niobium")
    matrix, name = scene.graph[nozzle]
    assert trimesh.transform_points(scene.geometry[name].vertices, matrix)[:, 1].max() < -0.7, "engine below"
