"""The rover: its published sizes, its appearance in the group photo, and a valid mesh."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_checks import (
    assert_closed_and_outward,
    assert_faces_distinct,
    assert_hangs_together,
    assert_no_flicker,
    assert_normals_lean_outward,
    assert_pictures_whole,
    extent,
    pieces_of,
)
from numpy.testing import assert_allclose

from selfiesim.core.files import shipped
from selfiesim.craft.builders import zhurong
from selfiesim.craft.builders.catalogue import build_glb
from selfiesim.craft.builders.zhurong_sizes import RoverSizes
from selfiesim.craft.load import load_craft

# In the group photo (CNSA, 11 June 2021): pixels from the left and upper edges of the image.
ROVER_TALL_PX, WINGS_WIDE_PX = 328.0, 495.0
PX_PER_M = ROVER_TALL_PX / 1.85
MIDDLE_X_PX, GROUND_Y_PX = 537.0, 428.0
CAMERA_M = np.array([6.6, 0.0, 0.1])  # the distance is not published; wheel and panel sizes in the photo agree


@pytest.fixture(scope="module")
def craft():
    return load_craft("zhurong")


@pytest.fixture(scope="module")
def pieces():
    return pieces_of(zhurong.build())


def in_photo(points):
    """Project points (N, 3) to pixels (N, 2) of the photo; the scale holds at the mast."""
    points = np.asarray(points, float)
    scale = PX_PER_M * (CAMERA_M[0] - 0.52) / (CAMERA_M[0] - points[:, 0])
    x = MIDDLE_X_PX + scale * points[:, 1]
    y = GROUND_Y_PX - scale * (points[:, 2] - CAMERA_M[2]) - PX_PER_M * CAMERA_M[2]
    return np.stack([x, y], axis=1)


def box_in_photo(craft, node, material=""):
    """Left, top, right and bottom of the parts in the photo, pixels."""
    chosen = [p for p in craft.parts if p.node.startswith(node) and material in ("", p.material.name)]
    pixels = in_photo(np.concatenate([p.vertices for p in chosen]))
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


# Nature Geoscience, doi 10.1038/s41561-022-00905-6, extended data figure 1: 2.6 x 3.0 x 1.85 m, 240 kg.
def test_published_size_and_mass(craft):
    low, high = craft.bounds_m
    assert_allclose(high - low, [2.6, 3.0, 1.85], rtol=0.01)
    assert craft.mass_kg == 240.0


# The same: six wheels, 30 cm, 20 grousers.
def test_six_wheels_of_thirty_centimetres_with_twenty_grousers(craft, pieces):
    wheels = [name for name in craft.joints if name.startswith("wheel_")]
    assert len(wheels) == 6
    for name in wheels:
        low, high = extent(craft, node=f"{name}.", material="aluminium_dusted")
        assert_allclose((high - low)[[0, 2]], 0.30, rtol=0.02)
        metal = [s for (group, material, _), s in pieces.items() if group == name and material == "aluminium_dusted"]
        axle = np.array(craft.joints[name].origin_m)
        # The central piece of each grouser; the centre of the rim is in the same plane, but on the axle.
        centres = np.array([s.vertices.mean(axis=0) - axle for s in metal])
        grousers = centres[(np.abs(centres[:, 1]) < 0.01) & (np.hypot(centres[:, 0], centres[:, 2]) > 0.13)]
        angles_deg = np.sort(np.degrees(np.arctan2(grousers[:, 0], grousers[:, 2])))
        assert_allclose(np.diff(angles_deg), 360.0 / 20, atol=0.01)
        assert len(angles_deg) == 20


def test_every_wheel_touches_the_ground(craft):
    for name in craft.joints:
        if name.startswith("wheel_"):
            assert extent(craft, node=f"{name}.")[0, 2] == pytest.approx(0.0, abs=0.002)
    assert craft.bounds_m[0, 2] > -0.002


def test_has_the_proportions_of_the_group_photo(craft):
    panels, head = box_in_photo(craft, "panel_"), box_in_photo(craft, "head_box")
    wide, tall = panels[2] - panels[0], GROUND_Y_PX - head[1]
    assert wide / tall == pytest.approx(WINGS_WIDE_PX / ROVER_TALL_PX, rel=0.05)


# Measured on the photo, to a few pixels: left, top, right, bottom.
@pytest.mark.parametrize(
    ("node", "material", "box_px"),
    [
        ("head_box", "white_paint_dusted", (495, 100, 563, 142)),
        ("cylinder", "copper_brown", (465, 218, 490, 272)),
        ("dome_antenna", "", (566, 244, 601, 283)),
        ("chassis", "yellow_foil", (460, 283, 608, 392)),
        ("radar_left", "thruster_black", (628, 206, 652, 290)),
        ("radar_right", "thruster_black", (428, 212, 443, 290)),
        ("flag", "flag_red", (577, 298, 595, 312)),
    ],
)
def test_parts_match_their_positions_in_the_group_photo(craft, node, material, box_px):
    assert_allclose(box_in_photo(craft, node, material), box_px, atol=13.0)


def test_has_four_panels_with_the_front_ones_larger(craft):
    area = {}
    for part in craft.parts:
        if part.node.startswith("panel_") and part.material.name == "solar_cell_dusted":
            a, b, c = (part.vertices[part.faces[:, k]].astype(float) for k in range(3))
            up = np.cross(b - a, c - a)[:, 2]
            area[part.joint] = 0.5 * up[up > 0].sum()
    assert len(area) == 4
    assert area["panel_front_left"] == pytest.approx(area["panel_front_right"], rel=1e-6)
    assert area["panel_rear_left"] == pytest.approx(area["panel_rear_right"], rel=1e-6)
    assert area["panel_front_left"] > 1.2 * area["panel_rear_left"]


def test_two_cameras_face_forward(pieces):
    lenses = [s.vertices for (group, material, _), s in pieces.items() if (group, material) == ("head_box", "glass")]
    large = sorted(lenses, key=lambda v: -np.ptp(v[:, 1]))[:2]
    apart = abs(large[0][:, 1].mean() - large[1][:, 1].mean())
    assert apart == pytest.approx(RoverSizes().eye_spacing_m, abs=1e-6)
    front = max(
        s.vertices[:, 0].max()
        for (group, material, _), s in pieces.items()
        if material == "silver_foil" and group == "head_box"
    )
    assert min(v[:, 0].max() for v in lenses) > front


def test_moving_parts_are_on_their_joints(craft):
    for part in craft.parts:
        expected = next(
            (j for j in craft.joints if part.node.startswith((f"{j}.", f"{j}_")) and "post" not in part.node), None
        )
        assert part.joint == expected, part.node


def test_file_size_and_triangle_count(craft):
    assert 80_000 <= craft.triangle_count <= 400_000
    assert craft.source.stat().st_size < 8_000_000


def test_every_piece_is_closed_and_faces_outward(pieces):
    assert_closed_and_outward(pieces)


@pytest.mark.slow
def test_no_piece_floats(pieces):
    assert_hangs_together(pieces)


@pytest.mark.slow
def test_no_two_materials_share_a_visible_plane(pieces):
    assert_no_flicker(pieces)


def test_faces_and_normals_are_valid(craft):
    assert_faces_distinct(craft)
    assert_normals_lean_outward(craft)
    assert {p.material.name for p in assert_pictures_whole(craft)} == {"solar_cell_dusted"}


def test_builder_reproduces_the_shipped_file():
    assert build_glb("zhurong", {}) == (shipped("models") / "zhurong.glb").read_bytes()


def test_wheel_width_changes_the_mesh():
    broad = pieces_of(zhurong.build(RoverSizes(wheel_width_m=0.18)))
    rim = broad["wheel_front_left", "aluminium_dusted", 0].vertices
    assert np.ptp(rim[:, 1]) == pytest.approx(0.18, abs=1e-6)


def test_is_upright_in_gltf_axes():
    import trimesh

    low, high = trimesh.load(shipped("models") / "zhurong.glb", process=False).bounds
    assert_allclose(high - low, [3.0, 1.85, 2.6], rtol=0.01)
    assert low[1] == pytest.approx(0.0, abs=0.002)
