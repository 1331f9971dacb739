"""Interreflection between parts, against form factors known in closed form."""

import numpy as np
import pytest
import trimesh
from figures import largest_percent
from small_scenes import at_pixel, box, inside, stage, to_pixels, write_craft

from selfiesim.render.common.denoise import FilterGuide, atrous_filter
from selfiesim.render.gl.tessellate import cut_long_edges
from selfiesim.render.light.radiosity import is_available
from selfiesim.render.light.surface_samples import build_surfels

pytestmark = pytest.mark.skipif(not is_available(), reason="Embree has no wheel for this machine")


def test_a_sunlit_floor_lights_a_ceiling_by_the_form_factor_of_parallel_squares(figure, tmp_path):
    """From an element opposite the centre of a square: Howell's catalogue of configuration factors, B-5."""
    floor, roof = box((4.0, 4.0, 0.02)), box((0.4, 0.4, 0.02), (0.0, 0.0, 1.0))
    # Seen from below, past the floor's edge; the Sun is on +z, so no sunlight reaches the underside of the roof.
    name = write_craft(tmp_path, "room", [floor, roof], (5.0, 0.0, 0.3), base_color=(0.5, 0.5, 0.5))
    view = stage(tmp_path, name, size=(640, 360), fov=50.0).view()
    rendered = at_pixel(view.render("final", 4).rgb, to_pixels(view, (0.1, 0.0, 0.99)))
    # From an element above the centre of a rectangle a x b at distance c: four times the factor of a quarter.
    a = b = 2.0
    c = 0.98
    x, y = a / c, b / c
    u, v = np.sqrt(1 + x * x), np.sqrt(1 + y * y)
    factor = 4.0 / (2.0 * np.pi) * (x / u * np.arctan(y / u) + y / v * np.arctan(x / v))
    lit = 0.5 * view.sun.irradiance  # radiosity of the floor
    # The roof's own shadow, 0.4 m wide, is in the middle of the floor and does not contribute.
    x = y = 0.2 / c
    u = v = np.sqrt(1 + x * x)
    factor -= 4.0 / (2.0 * np.pi) * (x / u * np.arctan(y / u) + y / v * np.arctan(x / v))
    worst = largest_percent(rendered, 0.5 * lit * factor / np.pi)
    figure("light", "light from a sunlit floor on a ceiling", "form factor, Howell B-5", worst, 8.0, "percent")


def test_a_narrow_strip_lights_the_wall_next_to_it(tmp_path):
    """Lambert: irradiance is the integral of the strip's radiance times both cosines over distance squared."""
    strip, wall = box((0.06, 0.6, 0.02), (0.0, 0.0, -0.01)), box((0.02, 0.6, 0.4), (0.16, 0.0, 0.22))
    # A mast makes the craft so long that a surfel is wider than the strip.
    mast = box((0.02, 0.02, 12.0), (0.0, 1.0, -6.0))
    name = write_craft(tmp_path, "strip", [strip, wall, mast], (-3.0, 0.0, 1.6), base_color=(0.5, 0.5, 0.5))
    view = stage(tmp_path, name, size=(640, 360), fov=18.0).view()
    rgb = view.render("final", 8).rgb
    x, y = np.meshgrid((np.arange(60) + 0.5) / 1000.0 - 0.03, (np.arange(600) + 0.5) / 1000.0 - 0.3)
    across = 0.15 - x
    for height in (0.06, 0.12, 0.25):
        rendered, expected = np.zeros(3), np.zeros(3)
        for along in np.linspace(-0.2, 0.2, 41):  # a single pixel has the noise of few rays
            r2 = across**2 + (y - along) ** 2 + height**2
            factor = (across * height / (np.pi * r2**2)).sum() * 1e-6
            expected += 0.5 * 0.5 * view.sun.irradiance * factor / np.pi
            rendered += at_pixel(rgb, to_pixels(view, (0.15, along, height)))
        assert rendered == pytest.approx(expected, rel=0.1)


def test_covered_surface_does_not_count_to_the_area_of_its_surfel():
    """A tile of 0.3 m on a panel of 1 m."""
    panel, tile = box((1.0, 1.0, 0.02)), box((0.3, 0.3, 0.02), (0.0, 0.0, 0.021))
    both = trimesh.util.concatenate([panel.subdivide_to_size(0.04), tile.subdivide_to_size(0.04)])
    corners = both.triangles.reshape(-1, 3)
    normals = np.repeat(both.face_normals, 3, axis=0)
    joints = np.zeros(len(corners), int)
    surfels = build_surfels(corners, normals, np.arange(len(corners)).reshape(-1, 3), joints)
    covered = 2 * 0.3**2  # the panel below the tile, and the tile's underside
    assert surfels.areas.sum() == pytest.approx(both.area - covered, rel=0.01)


def test_the_filter_removes_noise_within_a_part_and_keeps_its_mean():
    rng = np.random.default_rng(2)
    part = np.ones((40, 60), int)
    part[:, 30:] = 2
    light = np.where(part == 1, 1.0, 5.0) + rng.normal(0.0, 0.5, part.shape)
    is_sampled = rng.random(part.shape) < 0.3
    values = (np.stack([light, np.ones_like(light)], axis=-1) * is_sampled[..., None]).reshape(-1, 2).astype(np.float32)
    facing = np.tile(np.array([0.0, 0.0, 1.0], np.float32), (part.size, 1))
    ones = np.ones(part.size, np.float32)
    guide = FilterGuide(np.ones(part.shape, bool), part.ravel(), facing, 0.9 * ones, ones)
    filtered = atrous_filter(values, guide, (1, 2, 4)).reshape(*part.shape, 2)
    assert filtered[..., 1].min() > 0.0
    value = filtered[..., 0] / filtered[..., 1]
    for number in (1, 2):
        own = part == number
        assert value[own].mean() == pytest.approx(light[own & is_sampled].mean(), abs=0.05)
        assert value[own].std() < 0.15


def test_a_convex_body_receives_no_light_from_itself(tmp_path):
    name = write_craft(tmp_path, "ball", [trimesh.creation.icosphere(4, 0.5)], (0.0, 4.0, -2.0))
    view = stage(tmp_path, name, fov=40.0).view()
    truth = view.render("draft").truth
    night = inside((truth.part > 0) & (truth.sun_visibility == 0.0), 2.0)
    assert night.sum() > 100
    dark = view.render("final", 4).rgb[night]
    assert dark.max() < 1e-3 * view.sun.irradiance.max() / np.pi


def test_a_final_render_does_not_change_later_drafts(tmp_path):
    name = write_craft(
        tmp_path, "steps", [box((2.0, 2.0, 0.1)), box((0.5, 0.5, 1.0), (0.0, 0.0, 0.6))], (3.0, 2.0, 2.0)
    )
    view = stage(tmp_path, name).view()
    before = view.render("draft").rgb.copy()
    final = view.render("final", 4).rgb.copy()
    np.testing.assert_array_equal(view.render("draft").rgb, before)
    np.testing.assert_array_equal(view.render("final", 4).rgb, final)


@pytest.mark.parametrize("longest", [0.5, 0.21, 0.05])
def test_splitting_long_edges_keeps_the_mesh_watertight_and_its_area(longest):
    solid = trimesh.creation.box((1.0, 2.0, 0.1))
    columns = np.hstack([solid.vertices, solid.vertices @ [[1.0], [2.0], [3.0]]]).astype(np.float32)
    cut, faces = cut_long_edges(columns, solid.faces.astype(np.int32), longest)
    mesh = trimesh.Trimesh(cut[:, :3], faces, process=False)
    assert mesh.is_watertight
    assert mesh.edges_unique_length.max() <= longest * 1.00001
    assert mesh.area == pytest.approx(solid.area, rel=1e-5)
    assert mesh.volume == pytest.approx(solid.volume, rel=1e-5)
    np.testing.assert_allclose(cut[:, 3], cut[:, :3] @ [1.0, 2.0, 3.0], atol=1e-5)
    np.testing.assert_array_equal(cut[: len(columns)], columns)
