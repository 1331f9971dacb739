"""Images through distorting lenses: objects appear where the camera model, itself tested with OpenCV, projects them."""

import numpy as np
import pytest
from figures import largest
from scipy.ndimage import binary_dilation
from small_scenes import at_pixel, box, looking, stage, to_pixels, write_craft

from selfiesim.camera.distortion import BrownConrady, Cylindrical, Equirectangular, KannalaBrandt
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import GraphicsError
from selfiesim.core.vectors import rotation_about
from selfiesim.render.common.lens_remap import pinhole_views, sample_bilinear
from selfiesim.scene.scene import Scene

BARREL = {"model": "brown-conrady", "distortion": [-0.2, 0.05, 0.002, -0.003], "horizontal_fov_deg": 80}
WIDE = {"model": "kannala-brandt", "distortion": [0.02, -0.003, 0.0, 0.0], "horizontal_fov_deg": 120}
ROUND = {"model": "kannala-brandt", "distortion": [0.0, 0.0, 0.0, 0.0], "horizontal_fov_deg": 200}
PLATE = {"model": "equirectangular", "horizontal_fov_deg": 210}
DRUM = {"model": "cylindrical", "horizontal_fov_deg": 300}
LENSES = pytest.mark.parametrize(
    ("lens", "size"),
    [(BARREL, (320, 180)), (WIDE, (320, 180)), (ROUND, (240, 240)), (PLATE, (420, 180)), (DRUM, (480, 120))],
    ids=["barrel", "wide", "round", "equirectangular", "cylindrical"],
)
WIDE_CAMERA = Camera.from_fov(320, 180, np.radians(120.0), KannalaBrandt((0.02, -0.003, 0.0, 0.0)))
DRUM_CAMERA = Camera.from_fov(480, 120, np.radians(300.0), Cylindrical())
ROUND_CAMERA = Camera.from_fov(240, 240, np.radians(200.0), KannalaBrandt())
# Plates of 0.3 m across the field of view of a camera 4 m above the middle; they do not overlap in the image.
SPOTS = [(x, y, 0.0) for x in (-1.0, 0.0, 1.0) for y in (-2.0, -0.8, 0.8, 2.0)]


@pytest.fixture(scope="module")
def spots(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spots")
    model = write_craft(folder, "spots", [box((0.3, 0.3, 0.02), plate) for plate in SPOTS], camera=(0.0, 0.0, 4.0))
    return stage(folder, model)


def through(scene, lens, size, **changes):
    camera = {**lens, "size_px": size, "up": "orbit-normal"}
    return scene.with_changes(camera=camera | changes).view()


@LENSES
def test_objects_appear_where_the_camera_model_projects_them(figure, spots, lens, size):
    view = through(spots, lens, size)
    light = view.render("draft").rgb.sum(axis=-1)
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    for plate in SPOTS:
        # The centroid of the image of a small plate, from points all over it.
        u, v = np.meshgrid(np.linspace(-0.15, 0.15, 21), np.linspace(-0.15, 0.15, 21))
        outline = to_pixels(view, np.stack([plate[0] + u, plate[1] + v, np.full_like(u, plate[2] + 0.01)], axis=-1))
        expected = outline.reshape(-1, 2).mean(axis=0)
        reach = np.ptp(outline.reshape(-1, 2), axis=0) / 2 + 3.0
        near = (np.abs(x - expected[0]) < reach[0]) & (np.abs(y - expected[1]) < reach[1])
        weight = np.where(near, light, 0.0)
        centroid = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        quantity = "centre of a rendered plate through a lens with distortion"
        figure("lenses", quantity, "the camera model", largest(centroid, expected), 0.25, "px")


@LENSES
def test_depth_is_along_the_camera_axis(spots, lens, size):
    view = through(spots, lens, size)
    radiance = view.render("draft")
    for plate in SPOTS:
        assert at_pixel(radiance.depth, to_pixels(view, plate)) == pytest.approx(3.99, abs=0.01)
    assert np.isposinf(radiance.depth[0, 0]) or radiance.depth[0, 0] > 1e6


def test_zero_distortion_gives_the_image_of_the_pinhole(before_the_cap):
    scene = before_the_cap.with_changes(camera__size_px=[320, 180])
    plain = scene.view().render("final", samples=4).rgb
    undistorted = scene.with_changes(camera__model="brown-conrady", camera__distortion=[0.0] * 4).view()
    remapped = undistorted.render("final", samples=4).rgb
    blurred = np.abs(remapped - plain).mean() / plain.mean()
    assert blurred < 0.04
    assert remapped.mean() == pytest.approx(plain.mean(), rel=0.005)


@pytest.mark.parametrize("camera", [WIDE_CAMERA, ROUND_CAMERA, DRUM_CAMERA], ids=["wide", "round", "cylinder"])
def test_no_seam_is_visible_between_pinholes(camera):
    # A nadir view of the cap from 500 km, turned so that seams lie on plains: second differences are no larger
    # across a seam than beside it.
    view = looking(Scene.load("tianwen1-mars").view(), Scene.load("tianwen1-mars").view().planet.position, 60, (8, 8))
    image = view.turned(rotation_about(np.array([0.0, 0.0, 1.0]), np.pi / 2.0), camera).render("draft").rgb.sum(axis=-1)
    owner = np.full(image.size, -1)
    for number, view_part in enumerate(pinhole_views(camera)):
        owner[view_part.pixels] = number
    owner = owner.reshape(image.shape)
    steps = np.diff(image, axis=1)
    curvature = np.abs(steps[:, 1:-1] - 0.5 * (steps[:, :-2] + steps[:, 2:]))
    seam = owner[:, 2:-1] != owner[:, 1:-2]
    beside = binary_dilation(seam, np.ones((1, 9))) & ~binary_dilation(seam, np.ones((1, 3)))
    ground = image[:, 1:-2] > 0.3 * np.median(image[image > 0.0])
    assert (seam & ground).sum() > 50
    assert np.median(curvature[seam & ground]) < 1.5 * np.median(curvature[beside & ground])


def test_the_image_is_black_beyond_the_field_of_view(spots):
    # Kannala-Brandt with k1 = -0.1 folds back 1.83 rad from the axis: the corners have no ray.
    lens = {"model": "kannala-brandt", "distortion": [-0.1, 0.0, 0.0, 0.0], "horizontal_fov_deg": 200}
    view = through(spots, lens, (120, 120))
    radiance = view.render("draft")
    assert np.isnan(view.camera.unproject(np.array([0.0, 0.0]))).any()
    assert not radiance.rgb[0, 0].any()
    assert np.isposinf(radiance.depth[0, 0])


@pytest.mark.parametrize(
    "camera",
    [
        Camera.from_fov(320, 180, np.radians(60.0), BrownConrady((-0.3, 0.1, 0.0, 0.0, 0.0, 0.0), (0.001, 0.002))),
        WIDE_CAMERA,
        Camera.from_fov(200, 200, np.radians(220.0), KannalaBrandt((0.01, 0.0, 0.0, 0.0))),
        Camera.from_fov(360, 90, np.radians(360.0), Equirectangular()),
        Camera.from_fov(360, 180, np.radians(360.0), Equirectangular()),
        Camera.from_fov(360, 90, np.radians(360.0), Cylindrical()),
    ],
    ids=["barrel", "wide", "round", "full circle", "whole sphere", "cylinder"],
)
def test_every_pixel_comes_from_inside_exactly_one_pinhole(camera):
    count = np.zeros(camera.width * camera.height, int)
    rays = camera.unproject(
        np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1).astype(float)
    ).reshape(-1, 3)
    for view_part in pinhole_views(camera):
        count[view_part.pixels] += 1
        size = np.array([view_part.camera.width, view_part.camera.height])
        assert ((view_part.pinhole_pixels >= 0.0) & (view_part.pinhole_pixels < size - 1)).all()
        back = view_part.camera.unproject(view_part.pinhole_pixels.astype(float)) @ view_part.lens_to_pinhole
        np.testing.assert_allclose(back, rays[view_part.pixels], atol=1e-5)
    np.testing.assert_array_equal(count, np.isfinite(rays[:, 0]).astype(int))


def test_interpolation_between_pixels_is_linear():
    x, y = np.meshgrid(np.arange(5.0), np.arange(4.0))
    slope = (2.0 * x + 3.0 * y)[..., None].astype(np.float32)
    pinhole_pixels = np.array([[0.0, 0.0], [1.25, 2.5], [3.0, 1.75]], np.float32)
    np.testing.assert_allclose(sample_bilinear(slope, pinhole_pixels)[:, 0], pinhole_pixels @ [2.0, 3.0], rtol=1e-6)


def test_a_lens_that_needs_too_large_an_image_is_refused():
    with pytest.raises(GraphicsError, match="choose a smaller image"):
        pinhole_views(Camera.from_fov(16_000, 16, np.radians(94.0), BrownConrady((0.1, 0.0, 0.0, 0.0, 0.0, 0.0))))


def test_a_lens_that_stretches_its_edges_beyond_measure_is_refused():
    # 32 pixels across and 689 down: the corners lie where the distortion has grown steep, many picture widths away.
    lens = BrownConrady.from_opencv([-0.2, 0.05, 0.001, -0.001, 0.01])
    camera = Camera.from_fov(32, 689, np.radians(60.0), lens)
    with pytest.raises(GraphicsError, match="22,048 of its own"):
        pinhole_views(camera)
