"""Varnish and brushed metal: glTF's KHR_materials_clearcoat and KHR_materials_anisotropy as their texts have them."""

from dataclasses import replace

import numpy as np
import pytest
from small_scenes import at_pixel, stage, to_pixels
from test_render_materials import dressed, flat

EYE = (0.1, 0.05, 2.0)


def sheet_with(tmp_path, eye=EYE, fov=60.0, **look):
    """A view of a sheet that faces the Sun (body +z)."""
    # With a picture, or the file would hold no texture coordinates to tell the grain by.
    name = dressed(tmp_path, eye=eye, baseColorTexture=flat(255, 255, 255))
    lines = "".join(f"{key} = {value}\n" for key, value in look.items())
    path = tmp_path / "model.toml"
    path.write_text(path.read_text() + f"[materials.look]\n{lines}")
    return stage(tmp_path, name, size=(240, 135), fov=fov).view()


def coat(nl, nv, nh, vh, alpha):
    """GGX with the height-correlated masking of glTF's appendix B, and Schlick's Fresnel from 4 percent."""
    d = alpha**2 / (np.pi * (nh**2 * (alpha**2 - 1.0) + 1.0) ** 2)
    v = 0.5 / (nl * np.sqrt(nv**2 * (1 - alpha**2) + alpha**2) + nv * np.sqrt(nl**2 * (1 - alpha**2) + alpha**2))
    return d * v * (0.04 + 0.96 * (1.0 - vh) ** 5)


@pytest.mark.parametrize("eye", [(0.1, 0.05, 2.0), (1.5, 0.5, 1.5)])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_clear_coat_mirrors_and_holds_back_what_the_extension_says(tmp_path, eye, share):
    matt = {"base_color": [0.5, 0.5, 0.5], "metallic": 0.0, "roughness": 1.0}
    bare = sheet_with(tmp_path / "bare", eye, **matt)
    view = sheet_with(tmp_path / "coated", eye, **matt, clearcoat=share, clearcoat_roughness=0.4)
    under, seen = (at_pixel(v.render().rgb, to_pixels(v, (0.0, 0.0, 0.0))) for v in (bare, view))
    to_eye = np.array(eye) / np.linalg.norm(eye)
    half = to_eye + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half)
    lobe = coat(1.0, to_eye[2], half[2], to_eye @ half, 0.4**2)
    held = 0.04 + 0.96 * (1.0 - to_eye[2]) ** 5
    assert seen == pytest.approx(under * (1.0 - share * held) + share * lobe * view.sun.irradiance, rel=0.01)


# Fresnel's formula for light square to the surface, ((n - 1) / (n + 1))^2 (Born and Wolf, Principles of Optics, 1.5.2):
# water 0.0201, glass 0.04, zircon 0.111. What the lobe makes of it: glTF 2.0, appendix B.
@pytest.mark.parametrize(("ior", "f0_reflectance"), [(1.33, 0.02006), (1.5, 0.04), (2.0, 0.11111)])
@pytest.mark.parametrize("share", [1.0, 0.25])
def test_a_dielectric_mirrors_what_fresnel_says_square_on(tmp_path, ior, f0_reflectance, share):
    black = {"base_color": [0.0, 0.0, 0.0], "metallic": 0.0, "roughness": 0.4}
    view = sheet_with(tmp_path, (0.0, 0.0, 2.0), **black, ior=ior, specular=share)
    seen = at_pixel(view.render().rgb, to_pixels(view, (0.0, 0.0, 0.0)))
    lobe = 1.0 / (4.0 * np.pi * 0.4**4)  # at its peak
    assert seen == pytest.approx(share * f0_reflectance * lobe * view.sun.irradiance, rel=0.01)


def test_the_mirrored_light_has_its_colour_and_never_more_than_all_of_it(tmp_path):
    black = {"base_color": [0.0, 0.0, 0.0], "metallic": 0.0, "roughness": 0.4}
    view = sheet_with(tmp_path, (0.0, 0.0, 2.0), **black, ior=10.0, specular_color=[1.0, 0.5, 0.0])
    seen = at_pixel(view.render().rgb, to_pixels(view, (0.0, 0.0, 0.0))) / view.sun.irradiance
    assert seen * 4.0 * np.pi * 0.4**4 == pytest.approx(np.array([1.0, 0.5, 0.0]) * (9 / 11) ** 2, rel=0.01, abs=1e-4)


# KHR_materials_specular: the weight is the fourth channel of its picture, the colour another's, coded as sRGB.
def test_pictures_of_weight_and_colour_multiply_the_mirrored_light(tmp_path):
    black = {"base_color": [0.0, 0.0, 0.0], "metallic": 0.0, "roughness": 0.4}
    view = sheet_with(tmp_path, (0.0, 0.0, 2.0), **black)
    plain = view.render().rgb
    (part,) = view.craft.craft.parts
    pictures = {"specular": [[[255, 255, 255, 51]]], "specular_color": [[[255, 188, 0]]]}
    look = replace(part.material, textures={name: np.array(pixel, np.uint8) for name, pixel in pictures.items()})
    craft = replace(view.craft.craft, parts=(replace(part, material=look),))
    seen = replace(view, craft=replace(view.craft, craft=craft)).render().rgb
    pixel = to_pixels(view, (0.0, 0.0, 0.0))
    # 188 of 255 is 0.503 of linear light (IEC 61966-2-1).
    assert at_pixel(seen, pixel) == pytest.approx(0.2 * np.array([1.0, 0.503, 0.0]) * at_pixel(plain, pixel), rel=0.01)


def widths(view):
    """Standard deviations of the highlight along body x and y, m."""
    rgb = view.render().rgb[..., 1]
    x, y = np.meshgrid(np.linspace(-0.45, 0.45, 61), np.linspace(-0.45, 0.45, 61))
    points = np.stack([x, y, np.zeros_like(x)], axis=-1)
    light = np.array([[at_pixel(rgb, pixel) for pixel in row] for row in to_pixels(view, points)])
    light = np.maximum(light - 0.5 * light.max(), 0.0)
    middle = [(light * axis).sum() / light.sum() for axis in (x, y)]
    return [np.sqrt((light * (axis - m) ** 2).sum() / light.sum()) for axis, m in zip((x, y), middle, strict=True)]


def test_a_highlight_is_longer_along_the_grain(tmp_path):
    metal = {"base_color": [0.6, 0.6, 0.6], "metallic": 1.0, "roughness": 0.25}
    even = widths(sheet_with(tmp_path / "even", **metal))
    along = widths(sheet_with(tmp_path / "along", **metal, anisotropy=0.5))
    across = widths(sheet_with(tmp_path / "across", **metal, anisotropy=-0.5))
    turned = widths(sheet_with(tmp_path / "turned", **metal, anisotropy=0.5, anisotropy_rotation=np.pi / 2))
    assert even[0] == pytest.approx(even[1], rel=0.05)
    assert along[0] > 2.0 * along[1]
    # The narrow side keeps the roughness it has: alpha across the grain is that without grain.
    assert along[1] == pytest.approx(even[1], rel=0.1)
    assert across == pytest.approx(along[::-1], rel=0.05)
    assert turned == pytest.approx(along[::-1], rel=0.05)


def test_brushed_metal_sends_back_no_more_than_it_gets(tmp_path):
    metal = {"base_color": [1.0, 1.0, 1.0], "metallic": 1.0, "roughness": 0.6}
    view = sheet_with(tmp_path, **metal, anisotropy=0.7)
    # Radiance over what comes in, at every angle the picture holds: a mirror's is bounded by its lobe's peak.
    alpha = 0.36
    wide = alpha + (1.0 - alpha) * 0.49
    peak = 1.0 / (np.pi * wide * alpha) / 4.0
    assert view.render().rgb.max() <= 1.05 * peak * view.sun.irradiance.max()
