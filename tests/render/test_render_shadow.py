"""The shadow of the craft on itself, also when one renderer renders several views in turn."""

from __future__ import annotations

import numpy as np
import pytest
from small_scenes import at_pixel, box, inside, stage, to_pixels, write_craft

TOP = 0.01  # z of the plate's sunlit side
HOVER = 1.5  # z of the centre of the box
PLATE = box((4.0, 4.0, 2.0 * TOP))
BOX = box((1.0, 1.0, 0.2), (0.0, 0.0, HOVER))
EYE = (4.0, 1.0, 4.0)
SUNS = [(0.0, 0.0, 1.0), (-0.3, 0.2, 0.933)]


def hovering(folder, sun=SUNS[0], **changes):
    """A box over a plate; always the same mesh file, so that the renderer reuses the craft."""
    model = "hovering.glb"
    if not (folder / model).exists():
        write_craft(folder, "hovering", [PLATE, BOX], EYE)
    return stage(folder, model, fov=50.0, attitude__primary__axis=list(sun), **changes)


def on_plate(view):
    """Body x and y (H, W) where each pixel ray hits the plane of the plate's sunlit side."""
    height, width = view.camera.height, view.camera.width
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(float)
    rays = view.camera.unproject(pixels) @ view.craft.body_to_camera
    eye = -view.craft.body_to_camera.T @ view.craft.position
    hit = eye + rays * ((TOP - eye[2]) / rays[..., 2])[..., None]
    return hit[..., 0], hit[..., 1]


def shaded_by_geometry(view):
    """Pixels (H, W) whose point on the plate is occluded from the Sun by the box (a prism along the Sun's rays)."""
    x, y = on_plate(view)
    sun = view.craft.body_to_camera.T @ view.sun.direction
    shaded = np.zeros(x.shape, bool)
    for z in np.linspace(HOVER - 0.1, HOVER + 0.1, 21):
        shift = sun[:2] / sun[2] * (z - TOP)
        shaded |= (np.abs(x + shift[0]) < 0.5) & (np.abs(y + shift[1]) < 0.5)
    return shaded


def bare_plate(view):
    """Pixels (H, W) that show the plate itself, by their depth."""
    x, y = on_plate(view)
    plane = np.stack([x, y, np.full_like(x, TOP)], axis=-1) @ view.craft.body_to_camera.T + view.craft.position
    near = np.abs(view.render().depth - plane[..., 2]) < 0.01
    return near & (np.abs(x) < 2.0) & (np.abs(y) < 2.0)


def assert_shadow_as_geometry_predicts(view, rgb, within_px):
    expected, plate = shaded_by_geometry(view), bare_plate(view)
    dark = rgb[..., 1] < 0.5 * np.median(rgb[plate & ~expected][:, 1])
    sure_dark = plate & inside(expected, within_px)
    sure_lit = inside(plate & ~expected, within_px)
    assert sure_dark.sum() > 0.005 * dark.size
    assert sure_lit.sum() > 0.05 * dark.size
    assert dark[sure_dark].all()
    assert not dark[sure_lit].any()


@pytest.mark.parametrize("sun", SUNS, ids=["overhead", "oblique"])
def test_a_box_casts_its_shadow_on_the_plate_below_it(tmp_path, sun):
    view = hovering(tmp_path, sun, camera__size_px=[480, 270]).view()
    rgb = view.render().rgb
    assert_shadow_as_geometry_predicts(view, rgb, within_px=1.0)
    deep = bare_plate(view) & inside(shaded_by_geometry(view), 2.0)
    assert np.all(rgb[deep] * np.pi < 1e-5 * view.sun.irradiance)


def test_a_sunlit_plate_has_no_shadow_acne(tmp_path):
    # Shadow acne would appear as speckle on an unoccluded plate.
    model = write_craft(tmp_path, "plate", [PLATE], EYE)
    for tilt_deg in (0.0, 40.0, 75.0, 85.0):
        tilt = np.radians(tilt_deg)
        axis = [float(np.sin(tilt)), 0.0, float(np.cos(tilt))]
        view = stage(tmp_path, model, fov=50.0, attitude__primary__axis=axis).view()
        rgb = view.render().rgb[..., 1]
        inner = inside(bare_plate(view), 2.0)
        assert inner.sum() > 500
        assert rgb[inner].min() > 0.9 * rgb[inner].max()


def test_the_shadow_of_a_box_on_a_plate_is_attached_to_it(tmp_path):
    # Too large a bias detaches a shadow from its caster.
    standing = box((0.5, 0.5, 0.5), (0.0, 0.0, TOP + 0.25))
    model = write_craft(tmp_path, "standing", [PLATE, standing], EYE)
    view = stage(tmp_path, model, fov=50.0, attitude__primary__axis=[0.0, -0.6, 0.8], camera__size_px=[480, 270]).view()
    rgb = view.render().rgb
    lit = at_pixel(rgb, to_pixels(view, (1.5, -1.0, TOP)))
    for distance_m in (0.02, 0.1, 0.3):
        in_shadow = at_pixel(rgb, to_pixels(view, (0.1, 0.25 + distance_m, TOP)))
        assert np.all(in_shadow < 0.05 * lit)


def test_the_shadow_is_right_again_after_another_view(tmp_path):
    one, other = hovering(tmp_path, SUNS[0]).view(), hovering(tmp_path, SUNS[1], camera__horizontal_fov_deg=45.0).view()
    first = one.render().rgb
    assert_shadow_as_geometry_predicts(other, other.render().rgb, within_px=1.5)
    again = one.render().rgb
    assert_shadow_as_geometry_predicts(one, again, within_px=1.5)
    assert again.tobytes() == first.tobytes()


def test_the_shadow_is_right_after_another_craft_and_back(tmp_path):
    view = hovering(tmp_path).view()
    alone = stage(tmp_path, write_craft(tmp_path, "alone", [PLATE], EYE), fov=50.0).view()
    first = view.render().rgb
    bare = alone.render().rgb
    assert not (shaded_by_geometry(alone) & bare_plate(alone) & (bare[..., 1] < 0.5 * bare[..., 1].max())).any()
    for _ in range(2):
        again = view.render().rgb
        assert_shadow_as_geometry_predicts(view, again, within_px=1.5)
        assert again.tobytes() == first.tobytes()
        assert alone.render().rgb.tobytes() == bare.tobytes()


@pytest.mark.parametrize("size", [(96, 54), (2400, 64), (64, 2400)])
def test_the_shadow_is_right_after_a_change_of_image_size(tmp_path, size):
    # The shadow map is 2048 pixels wide: images smaller and larger than that.
    view = hovering(tmp_path).view()
    first = view.render().rgb
    fov = 50.0 if size[0] > size[1] else 2.0
    resized = hovering(tmp_path, camera__size_px=list(size), camera__horizontal_fov_deg=fov).view()
    other = resized.render().rgb
    assert other.shape == (size[1], size[0], 3)
    assert_shadow_as_geometry_predicts(resized, other, within_px=1.5)
    assert view.render().rgb.tobytes() == first.tobytes()
