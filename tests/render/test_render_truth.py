"""Ground truth layers, checked at points with known positions."""

import numpy as np
import pytest
from figures import largest
from shot_geometry import project_lonlat
from small_scenes import at_pixel, box, inside, stage, to_camera, to_pixels, write_craft

from selfiesim.astro.bodies import MARS
from selfiesim.core.colour import bands_from_linear_srgb
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.planet_maps import reflectance
from selfiesim.render.common.truth import FIRST_PART, PLANET, SKY, sun_fraction_above_horizon
from selfiesim.scene.scene import Scene

# A table with a smaller box floating above it, rendered obliquely from above; the Sun is overhead.
SOLIDS = [box((2.0, 2.0, 0.2), (0.0, 0.0, -0.1)), box((0.6, 0.6, 0.2), (0.0, 0.0, 0.9))]
EYE = (2.0, 1.2, 2.5)
DISTORTED = {"model": "brown-conrady", "distortion": [-0.2, 0.05, 0.002, -0.003]}


def table(folder, **changes):
    model = write_craft(folder, "table", SOLIDS, EYE)
    return stage(folder, model, size=(320, 180), fov=80.0, **changes)


@pytest.fixture(scope="module", params=["pinhole", "distorted"])
def rendered(request, tmp_path_factory):
    scene = table(tmp_path_factory.mktemp("truth"))
    if request.param == "distorted":
        scene = scene.with_changes(**{f"camera__{key}": value for key, value in DISTORTED.items()})
    view = scene.view()
    return view, view.render().truth


# Points, their normals, nodes and sunlight: outside the shadow, in it, on the box, on its sides.
POINTS = [
    ((0.8, 0.6, 0.0), (0.0, 0.0, 1.0), "solid0", 1.0),
    ((0.12, 0.1, 0.0), (0.0, 0.0, 1.0), "solid0", 0.0),
    ((0.1, 0.1, 1.0), (0.0, 0.0, 1.0), "solid1", 1.0),
    ((0.3, 0.05, 0.9), (1.0, 0.0, 0.0), "solid1", 0.0),
    ((0.05, 0.3, 0.9), (0.0, 1.0, 0.0), "solid1", 0.0),
]


@pytest.mark.parametrize(("point", "axis", "node", "sunlight"), POINTS)
def test_truth_at_known_points_of_the_craft(figure, rendered, point, axis, node, sunlight):
    view, truth = rendered
    pixel = to_pixels(view, point)
    position = to_camera(view, point)
    assert at_pixel(truth.depth, pixel) == pytest.approx(position[2], abs=0.02)
    worst, tilt = largest(at_pixel(truth.position, pixel), position), view.craft.body_to_camera @ axis
    figure("light", "ground truth: position of known points, 3 m away", "plane geometry", worst, 0.02, "m")
    off = largest(at_pixel(truth.normal, pixel), tilt)
    figure("light", "ground truth: normals of known points", "plane geometry", off, 1e-3)
    assert truth.part_names[int(at_pixel(truth.part, pixel))] == node
    assert at_pixel(truth.albedo, pixel) == pytest.approx(bands_from_linear_srgb(np.array([0.5, 0.4, 0.3])), abs=1e-3)
    assert at_pixel(truth.sun_visibility, pixel) == pytest.approx(sunlight, abs=1e-3)


def test_positions_lie_on_the_rays_of_their_pixels(rendered):
    view, truth = rendered
    hit = np.isfinite(truth.depth) & (truth.part >= FIRST_PART)
    rows, columns = np.nonzero(hit)
    back = view.camera.project(truth.position[hit].astype(float))
    np.testing.assert_allclose(back, np.stack([columns, rows], axis=-1), atol=0.01)
    np.testing.assert_allclose(truth.position[hit][:, 2], truth.depth[hit], rtol=1e-6)


def test_sky_has_no_surface(rendered):
    _view, truth = rendered
    sky = truth.part == SKY
    assert sky.any()
    assert np.isposinf(truth.depth[sky]).all()
    assert np.isnan(truth.position[sky]).all()
    assert not truth.normal[sky].any()
    assert not truth.albedo[sky].any()
    assert not truth.sun_visibility[sky].any()


def test_motion_is_the_displacement_of_points_to_the_later_view(tmp_path):
    scene = table(tmp_path, camera__roll_deg=10.0)
    view, later = scene.view(), scene.view("release+12s")
    motion = view.render().motion(later)
    for point, *_ in POINTS:
        moved = to_pixels(later, point) - to_pixels(view, point)
        assert at_pixel(motion, to_pixels(view, point)) == pytest.approx(moved, rel=0.05, abs=0.05)


@pytest.fixture(scope="module")
def mars():
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[480, 270])
    return scene, scene.view(), scene.view().render().truth


def ground_points(view):
    """Latitude, longitude and pixel of points on the ground in the image."""
    found = [
        (latitude, longitude, pixel)
        for latitude in np.radians([68.0, 72.0, 77.0, 80.0, 84.0, 88.0])
        for longitude in np.radians(np.arange(0.0, 360.0, 30.0))
        if (pixel := project_lonlat(view, latitude, longitude)) is not None
    ]
    assert len(found) > 10
    return found


def test_truth_of_the_ground_agrees_with_the_map(mars):
    _scene, view, truth = mars
    maps = load_maps("mars")
    checked = 0
    for latitude, _longitude, pixel in ground_points(view):
        if at_pixel(truth.part, pixel) != PLANET:
            continue
        point = at_pixel(truth.position, pixel).astype(float)
        fixed = view.planet.camera_to_bodyfixed @ (point - view.planet.position)
        squared = np.array(MARS.radii_m) ** 2
        assert (fixed**2 / squared).sum() == pytest.approx(1.0, abs=1e-5)
        # Up to a pixel off the point.
        assert np.arcsin(fixed[2] / np.linalg.norm(fixed)) == pytest.approx(latitude, abs=0.01)
        normal = view.planet.camera_to_bodyfixed @ at_pixel(truth.normal, pixel)
        expected = fixed / squared
        np.testing.assert_allclose(normal, expected / np.linalg.norm(expected), atol=1e-5)
        there = np.arcsin(fixed[2] / np.linalg.norm(fixed)), np.arctan2(fixed[1], fixed[0])
        assert at_pixel(truth.albedo, pixel) == pytest.approx(reflectance(maps, *there), abs=1e-3)
        checked += 1
    assert checked > 10


def test_motion_of_the_ground_is_that_of_its_points(mars):
    scene, view, truth = mars
    later = scene.view("release+80s")
    motion = view.render().motion(later)
    checked = 0
    for latitude, longitude, pixel in ground_points(view):
        then = project_lonlat(later, latitude, longitude)
        if then is None or at_pixel(truth.part, pixel) != PLANET:
            continue
        assert at_pixel(motion, pixel) == pytest.approx(then - pixel, abs=0.3)
        checked += 1
    assert checked > 8


def test_motion_of_the_sky_is_that_of_the_stars(mars):
    scene, view, truth = mars
    later = scene.view("release+80s")
    sky = inside(truth.part == SKY, 2.0)
    rows, columns = np.nonzero(sky)
    star = view.icrf_to_camera.T @ view.camera.unproject(np.array([columns[100], rows[100]], float))
    expected = later.camera.project(later.icrf_to_camera @ star) - [columns[100], rows[100]]
    assert view.render().motion(later)[rows[100], columns[100]] == pytest.approx(expected, abs=1e-3)


def test_sun_fraction_above_the_horizon():
    # The area of a circular segment, by integration.
    radius = np.radians(0.175)
    heights = radius * np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0])
    chord = np.linspace(-1.0, 1.0, 200_001)
    area = np.array([np.mean(np.where(chord > -h / radius, np.sqrt(1.0 - chord**2), 0.0)) for h in heights])
    np.testing.assert_allclose(sun_fraction_above_horizon(np.sin(heights), radius), area / area[-1], atol=1e-4)


def test_layers_by_name(mars):
    radiance = mars[1].render()
    assert radiance.layer("rgb") is radiance.rgb
    assert radiance.layer("part").dtype == np.int32
    for name in ("depth", "position", "normal", "albedo", "sun_visibility"):
        assert radiance.layer(name).dtype == np.float32
    with pytest.raises(ValueError, match="unknown layer 'colour': must be one of rgb, depth"):
        radiance.layer("colour")
