"""Colours of files become bands once, and leave as the same colours."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from selfiesim.core.colour import bands_from_linear_srgb, linear_from_srgb, linear_srgb_from_bands
from selfiesim.craft.colours import material_in_bands, material_in_srgb, srgb_factor, texture_in_bands, texture_in_srgb
from selfiesim.craft.materials import FINISHES
from selfiesim.craft.model import Material


@pytest.fixture
def colours():
    return np.random.default_rng(4).integers(0, 256, (60, 80, 4), np.uint8)


def test_a_texture_is_within_half_a_code_of_its_bands(colours):
    wanted = bands_from_linear_srgb(linear_from_srgb(colours[..., :3] / 255.0))
    low, high = (linear_from_srgb((texture_in_bands(colours)[..., :3] + step) / 255.0) for step in (-0.51, 0.51))
    assert (wanted >= low).all()
    assert (wanted <= high).all()


def test_textures_return_as_the_same_colours_and_alpha_is_kept(colours):
    back = texture_in_srgb(texture_in_bands(colours))
    assert np.array_equal(back[..., 3], colours[..., 3])
    difference = np.abs(linear_from_srgb(back / 255.0) - linear_from_srgb(colours / 255.0))[..., :3]
    assert difference.max() < 0.02
    assert np.abs(back.astype(int) - colours)[..., :3].mean() < 0.6


def test_greys_stay_the_same_code_also_among_colours():
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert texture_in_bands(grey) is grey
    mixed = np.concatenate([grey, np.full_like(grey, (200, 10, 10))])
    assert np.array_equal(texture_in_bands(mixed)[0], grey[0])


def test_materials_convert_there_and_back():
    shared = np.full((2, 2, 3), (200, 120, 30), np.uint8)
    material = Material("m", (0.5, 0.2, 0.1), textures={"base": shared, "glow": shared, "rough": shared})
    bands = material_in_bands(material)
    assert bands.textures["base"] is bands.textures["glow"]
    assert bands.textures["rough"] is shared
    assert_allclose(bands.base_color, bands_from_linear_srgb(np.array(material.base_color)))
    assert_allclose(material_in_srgb(bands).base_color, material.base_color)
    assert material_in_bands(Material("white", (1.0, 1.0, 1.0))).base_color == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("name", FINISHES)
def test_finishes_are_colours_that_files_can_hold(name):
    linear = linear_srgb_from_bands(np.array(FINISHES[name].base_color))
    assert_allclose(srgb_factor(FINISHES[name].base_color), linear, atol=1e-3)


@pytest.mark.parametrize("name", FINISHES)
def test_no_finish_returns_or_absorbs_more_light_than_there_is(name):
    finish = FINISHES[name]
    shares = [*finish.base_color, finish.metallic, finish.roughness, finish.clearcoat, finish.clearcoat_roughness]
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert finish.solar_absorptance is None or 0.0 < finish.solar_absorptance < 1.0
