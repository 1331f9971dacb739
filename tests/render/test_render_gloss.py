"""Clear coats, specular weights and brushed metal against the texts of glTF's KHR_materials extensions."""

from dataclasses import replace

import numpy as np
import pytest
from figures import largest_percent
from small_scenes import at_pixel, stage, to_pixels
from test_render_materials import flat, write_sheet

from selfiesim.core.colour import bands_from_linear_srgb

EYE = (0.1, 0.05, 2.0)


def sheet_with(tmp_path, eye=EYE, fov=60.0, **material):
    """Return a view of a sheet that faces the Sun (body +z)."""
    # With a texture: without one the file has no texture coordinates, which define the grain.
    name = write_sheet(tmp_path, eye=eye, baseColorTexture=flat(255, 255, 255))
    lines = "".join(f"{key} = {value}\n" for key, value in material.items())
    path = tmp_path / "model.toml"
    path.write_text(path.read_text() + f"[materials.sheet]\n{lines}")
    return stage(tmp_path, name, size=(240, 135), fov=fov).view()


def coat(nl, nv, nh, vh, alpha):
    """GGX with the height-correlated masking of glTF's appendix B, and Schlick's Fresnel from 4 percent."""
    d = alpha**2 / (np.pi * (nh**2 * (alpha**2 - 1.0) + 1.0) ** 2)
    v = 0.5 / (nl * np.sqrt(nv**2 * (1 - alpha**2) + alpha**2) + nv * np.sqrt(nl**2 * (1 - alpha**2) + alpha**2))
    return d * v * (0.04 + 0.96 * (1.0 - vh) ** 5)


@pytest.mark.parametrize("eye", [(0.1, 0.05, 2.0), (1.5, 0.5, 1.5)])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_clear_coat_reflects_and_attenuates_as_in_the_extension(figure, tmp_path, eye, share):
    matt = {"base_color": [0.5, 0.5, 0.5], "metallic": 0.0, "roughness": 1.0}
    bare = sheet_with(tmp_path / "bare", eye, **matt)
    view = sheet_with(tmp_path / "coated", eye, **matt, clearcoat=share, clearcoat_roughness=0.4)
    below, rendered = (at_pixel(v.render().rgb, to_pixels(v, (0.0, 0.0, 0.0))) for v in (bare, view))
    to_eye = np.array(eye) / np.linalg.norm(eye)
    half = to_eye + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half)
    lobe = coat(1.0, to_eye[2], half[2], to_eye @ half, 0.4**2)
    reflectance = 0.04 + 0.96 * (1.0 - to_eye[2]) ** 5
    expected = below * (1.0 - share * reflectance) + share * lobe * view.sun.irradiance
    worst = largest_percent(rendered, expected)
    figure("light", "clear coat", "KHR_materials_clearcoat's formula", worst, 1.0, "percent")


# Fresnel's formula at normal incidence, ((n - 1) / (n + 1))^2 (Born and Wolf, Principles of Optics, 1.5.2): water
# 0.0201, glass 0.04, zircon 0.111. The lobe: glTF 2.0, appendix B.
@pytest.mark.parametrize(("ior", "f0_reflectance"), [(1.33, 0.02006), (1.5, 0.04), (2.0, 0.11111)])
@pytest.mark.parametrize("share", [1.0, 0.25])
def test_a_dielectric_reflects_by_fresnels_formula_at_normal_incidence(figure, tmp_path, ior, f0_reflectance, share):
    black = {"base_color": [0.0, 0.0, 0.0], "metallic": 0.0, "roughness": 0.4}
    view = sheet_with(tmp_path, (0.0, 0.0, 2.0), **black, ior=ior, specular=share)
    rendered = at_pixel(view.render().rgb, to_pixels(view, (0.0, 0.0, 0.0)))
    lobe = 1.0 / (4.0 * np.pi * 0.4**4)  # at its peak
    worst = largest_percent(rendered, share * f0_reflectance * lobe * view.sun.irradiance)
    figure(
        "light", "reflectance of glass, water, zircon at normal incidence", "Fresnel's formula", worst, 1.0, "percent"
    )


def test_the_reflection_has_the_specular_colour(tmp_path):
    black = {"base_color": [0.0, 0.0, 0.0], "metallic": 0.0, "roughness": 0.4}
    view = sheet_with(tmp_path, (0.0, 0.0, 2.0), **black, ior=10.0, specular_color=[1.0, 0.5, 0.0])
    rendered = at_pixel(view.render().rgb, to_pixels(view, (0.0, 0.0, 0.0))) / view.sun.irradiance
    assert rendered * 4.0 * np.pi * 0.4**4 == pytest.approx(
        bands_from_linear_srgb(np.array([1.0, 0.5, 0.0])) * (9 / 11) ** 2, rel=0.01, abs=1e-4
    )


# KHR_materials_specular: the weight is the alpha channel of its texture; the colour is another texture, in sRGB.
def test_specular_weight_and_colour_textures_multiply_the_reflection(tmp_path):
    black = {"base_color": [0.0, 0.0, 0.0], "metallic": 0.0, "roughness": 0.4}
    view = sheet_with(tmp_path, (0.0, 0.0, 2.0), **black)
    plain = view.render().rgb
    (part,) = view.craft.craft.parts
    textures = {"specular": [[[255, 255, 255, 51]]], "specular_color": [[[255, 188, 0]]]}
    material = replace(part.material, textures={name: np.array(pixel, np.uint8) for name, pixel in textures.items()})
    craft = replace(view.craft.craft, parts=(replace(part, material=material),))
    rendered = replace(view, craft=replace(view.craft, craft=craft)).render().rgb
    pixel = to_pixels(view, (0.0, 0.0, 0.0))
    # 188 of 255 is 0.503 of linear light (IEC 61966-2-1).
    assert at_pixel(rendered, pixel) == pytest.approx(
        0.2 * np.array([1.0, 0.503, 0.0]) * at_pixel(plain, pixel), rel=0.01
    )


def highlight_widths(view):
    """Return the standard deviations of the highlight along body x and y, m."""
    rgb = view.render().rgb[..., 1]
    x, y = np.meshgrid(np.linspace(-0.45, 0.45, 61), np.linspace(-0.45, 0.45, 61))
    points = np.stack([x, y, np.zeros_like(x)], axis=-1)
    light = np.array([[at_pixel(rgb, pixel) for pixel in row] for row in to_pixels(view, points)])
    light = np.maximum(light - 0.5 * light.max(), 0.0)
    middle = [(light * axis).sum() / light.sum() for axis in (x, y)]
    return [np.sqrt((light * (axis - m) ** 2).sum() / light.sum()) for axis, m in zip((x, y), middle, strict=True)]


def test_a_highlight_is_longer_along_the_grain(tmp_path):
    metal = {"base_color": [0.6, 0.6, 0.6], "metallic": 1.0, "roughness": 0.25}
    isotropic = highlight_widths(sheet_with(tmp_path / "isotropic", **metal))
    along = highlight_widths(sheet_with(tmp_path / "along", **metal, anisotropy=0.5))
    across = highlight_widths(sheet_with(tmp_path / "across", **metal, anisotropy=-0.5))
    rotated = highlight_widths(sheet_with(tmp_path / "rotated", **metal, anisotropy=0.5, anisotropy_rotation=np.pi / 2))
    assert isotropic[0] == pytest.approx(isotropic[1], rel=0.05)
    assert along[0] > 2.0 * along[1]
    # Across the grain alpha is that of the isotropic material.
    assert along[1] == pytest.approx(isotropic[1], rel=0.1)
    assert across == pytest.approx(along[::-1], rel=0.05)
    assert rotated == pytest.approx(along[::-1], rel=0.05)


def test_brushed_metal_reflects_no_more_than_its_lobes_peak(tmp_path):
    metal = {"base_color": [1.0, 1.0, 1.0], "metallic": 1.0, "roughness": 0.6}
    view = sheet_with(tmp_path, **metal, anisotropy=0.7)
    alpha = 0.36
    wide = alpha + (1.0 - alpha) * 0.49
    peak = 1.0 / (np.pi * wide * alpha) / 4.0
    assert view.render().rgb.max() <= 1.05 * peak * view.sun.irradiance.max()
