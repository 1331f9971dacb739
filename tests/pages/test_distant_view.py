"""The distant view of a craft: size, edges, occlusion and shading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from selfiesim.core.vectors import rotation_x, rotation_z, unit
from selfiesim.craft.model import Craft, Material, Part
from selfiesim.pages.distant_view import orthographic_view
from selfiesim.view.poses import CraftPose

SIDES = (1.0, 2.0, 3.0)
SUN = unit(np.array([0.3, 0.4, 0.8]))


def box(*colours, shift=(0.0, 0.0, 0.0)):
    """Boxes of 1 x 2 x 3 m, one per colour, each ``shift`` from the previous one."""
    parts = []
    for number, colour in enumerate(colours):
        mesh = trimesh.creation.box(SIDES)
        vertices = (mesh.vertices + number * np.array(shift)).astype(np.float32)
        normals = np.asarray(mesh.vertex_normals, np.float32)
        material = Material(str(number), base_color=colour)
        parts.append(Part("box", "box", material, vertices, normals, None, mesh.faces.astype(np.int32)))
    craft = Craft("box", tuple(parts), {}, {}, Path("box"))
    return CraftPose(craft, np.zeros(3), np.eye(3), {}, sun_visible_fraction=1.0)


@pytest.mark.parametrize("rotation", [np.eye(3), rotation_x(0.5) @ rotation_z(1.1), rotation_x(2.0) @ rotation_z(-0.4)])
def test_silhouette_area_of_a_box_follows_cauchy(rotation):
    # Cauchy (1841): the projected area of a convex body is half the sum of its face areas times |cosine| of their tilt.
    x, y, z = SIDES
    expected = np.abs(rotation[2]) @ np.array([y * z, x * z, x * y])
    image, (left, right, bottom, top) = orthographic_view(box((0.8, 0.8, 0.8)), rotation, SUN, 600)
    pixel = (right - left) * (top - bottom) / (image.shape[0] * image.shape[1])
    assert (image[..., 3] > 0).sum() * pixel == pytest.approx(expected, rel=0.01)


def test_extent_matches_the_edges_of_the_craft():
    image, extent = orthographic_view(box((0.8, 0.8, 0.8)), np.eye(3), SUN, 600)
    assert extent == pytest.approx((-0.5, 0.5, -1.0, 1.0), abs=0.01)
    rows, columns = np.nonzero(image[..., 3])
    assert (rows.min(), columns.min()) == (2, 2)  # a margin of two pixels
    assert (rows.max(), columns.max()) == (image.shape[0] - 3, image.shape[1] - 3)


def test_nearer_parts_hide_farther_ones():
    red, green = (0.9, 0.0, 0.0), (0.0, 0.9, 0.0)
    for shift, channel in (((0.0, 0.0, 5.0), 1), ((0.0, 0.0, -5.0), 0)):  # the second box in front, then behind
        image, _extent = orthographic_view(box(red, green, shift=shift), np.eye(3), SUN, 100)
        middle = image[image.shape[0] // 2, image.shape[1] // 2]
        assert middle[:3].argmax() == channel


def test_the_sunlit_side_is_brighter():
    ahead, behind = np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, -1.0])
    lit, _extent = orthographic_view(box((0.5, 0.5, 0.5)), np.eye(3), ahead, 100)
    dark, _extent = orthographic_view(box((0.5, 0.5, 0.5)), np.eye(3), behind, 100)
    assert lit[50, 25, 0] > dark[50, 25, 0] > 0
