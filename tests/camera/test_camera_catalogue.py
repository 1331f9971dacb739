"""Camera presets: sources and assumptions of each value, and use in scenes."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import numpy as np
import pytest

from selfiesim.camera.catalogue import PRESETS, preset, presets_page, table_row
from selfiesim.camera.distortion import KannalaBrandt
from selfiesim.core.errors import SceneError
from selfiesim.core.files import shipped
from selfiesim.scene.scene import Scene

ROOT = Path(__file__).parents[2]
PLAIN = {"title", "shape", "free", "sources", "assumed"}  # not numbers


def scene(**camera):
    table = tomllib.loads((shipped("scenes") / "tianwen1-mars.toml").read_text(encoding="utf-8"))
    del table["assumed"]
    return Scene.from_table(table | {"camera": camera}, folder=shipped("scenes"))


@pytest.mark.parametrize("name", PRESETS)
def test_each_value_has_a_source_or_is_assumed(name):
    known = preset(name)
    given = {field.name for field in dataclasses.fields(known)} - PLAIN
    given = {key for key in given if getattr(known, key) is not None and (key, getattr(known, key)) != ("lenses", 1)}
    given |= {"distortion"}  # a pinhole needs a source too
    given |= {"inertia_kg_m2"} if known.inertia_kg_m2 else set()
    assert set(known.sources) | set(known.assumed) == given
    assert not set(known.sources) & set(known.assumed)
    assert all(len(text) > 10 for text in (*known.sources.values(), *known.assumed.values()))


@pytest.mark.parametrize("name", PRESETS)
def test_a_scene_uses_the_preset_it_names(name):
    known, resolved = preset(name), scene(preset=name).resolve()
    assert resolved.camera == known.camera()
    assert (resolved.camera.width, resolved.camera.height) == known.size_px
    part = resolved.scene.camera
    assert part.mass_kg == (known.mass_kg if known.free else None)
    assert part.inertia_kg_m2 == (known.inertia_kg_m2 or (1.0, 1.0, 1.0))


def test_other_keys_override_the_preset():
    camera = scene(preset="hayabusa2-dcam3", size_px=[640, 640], mass_kg=0.6, roll_deg=10.0)
    assert (camera.camera.size_px, camera.camera.mass_kg, camera.camera.roll_deg) == ((640, 640), 0.6, 10.0)
    assert np.degrees(camera.resolve().camera.horizontal_fov) == pytest.approx(74.0)


@pytest.mark.parametrize("name", PRESETS)
def test_a_smaller_image_keeps_the_field_of_view(name):
    known = preset(name)
    width, height = known.size_px
    small = scene(preset=name, size_px=[width // 4, height // 4]).resolve().camera
    smaller = scene(preset=name).with_changes(camera__size_px=[width // 4, height // 4]).resolve().camera
    assert small.horizontal_fov == pytest.approx(known.camera().horizontal_fov, rel=1e-12)
    assert smaller == small


def test_another_field_of_view_keeps_the_lens():
    camera = scene(preset="tianwen1-deployable", horizontal_fov_deg=185.0).resolve().camera
    assert camera.distortion == KannalaBrandt()
    assert np.degrees(camera.horizontal_fov) == pytest.approx(185.0)


def test_another_lens_model_needs_its_own_coefficients_and_keeps_the_field_of_view():
    plain = scene(preset="tianwen1-deployable", model="pinhole").resolve().camera
    assert plain.distortion is None
    assert np.degrees(plain.horizontal_fov) == pytest.approx(120.0)
    with pytest.raises(SceneError, match="brown-conrady takes 4 or 5 or 8 numbers, not 0"):
        scene(preset="tianwen1-deployable", model="brown-conrady")
    coefficients = [-0.01, 0.0, 0.0, 0.0]
    bent = scene(preset="tianwen1-deployable", distortion=coefficients).resolve().camera
    assert bent.distortion == KannalaBrandt(tuple(coefficients))


def test_one_form_of_the_focal_length_replaces_another():
    by_field = scene(preset="liciacube-luke", horizontal_fov_deg=5.0).resolve().camera
    assert np.degrees(by_field.horizontal_fov) == pytest.approx(5.0)
    by_length = scene(preset="liciacube-luke", focal_length_mm=78.5).resolve().camera
    assert by_length.fx == pytest.approx(78.5e-3 / 5.5e-6)
    matrix = [[900.0, 0.0, 999.5], [0.0, 900.0, 999.5], [0.0, 0.0, 1.0]]
    assert scene(preset="hayabusa2-dcam3", matrix=matrix).resolve().camera.fx == 900.0
    with pytest.raises(SceneError, match="must be given together"):
        scene(preset="hayabusa2-dcam3", focal_length_mm=5.0)


def test_an_unknown_name_is_an_error_with_a_suggestion():
    with pytest.raises(SceneError, match=r"camera\.preset: unknown camera 'rosetta-civ'; did you mean 'rosetta-civa'"):
        scene(preset="rosetta-civ")
    with pytest.raises(SceneError, match=r"known cameras are tianwen1-deployable, .*rosetta-civa"):
        preset("x" * 5000)


# CNSA, 1 October 2020 (bjtitle.com id 5746615): two lenses on two sides, one picture a second. Eighth Academy, October
# 2020 (ibmwl.com): 680 g, about 0.2 m/s. L. David, 2022 (leonarddavid.com): boom of 1.6 m and 0.8 kg.
def test_tianwen1_cameras_are_as_published():
    free, boom = preset("tianwen1-deployable"), preset("tianwen1-boom")
    assert (free.lenses, free.frame_rate_hz, free.mass_kg, free.release_speed_m_s) == (2, 1.0, 0.68, 0.2)
    assert (boom.boom_m, boom.mass_kg, boom.free) == (1.6, 0.8, False)


# japaneserecords.org, record 17251: 60 mm, 66.8 mm, 264.03 g. MyNavi, 16 and 22 June 2010: about 6 cm by 6 cm; DCAM1
# left at half the speed of DCAM2.
def test_ikaros_cameras_are_as_published():
    first, second = preset("ikaros-dcam1"), preset("ikaros-dcam2")
    assert second.mass_kg == first.mass_kg == 0.26403
    assert second.size_m == first.size_m == (0.060, 0.060, 0.0668)
    assert first.release_speed_m_s == second.release_speed_m_s / 2.0


# JpGU 2015, PCG30-14: 74 degrees, less than 1 m a pixel from 1 km. Wikipedia (Japanese), DCAM3: 2000 x 2000, 74 by 74
# degrees, 78 mm across, 80 mm long, just over 550 g, about twice DCAM1 and DCAM2.
def test_dcam3_is_as_published():
    known, camera = preset("hayabusa2-dcam3"), preset("hayabusa2-dcam3").camera()
    assert (known.size_px, known.size_m, known.mass_kg) == ((2000, 2000), (0.078, 0.078, 0.080), 0.55)
    assert np.degrees([camera.horizontal_fov, camera.vertical_fov]) == pytest.approx([74.0, 74.0])
    assert 0.5 < 1000.0 * camera.pixel_angle < 1.0
    assert known.mass_kg / preset("ikaros-dcam2").mass_kg == pytest.approx(2.0, abs=0.15)


# EEJournal and Cosmos Magazine, 2022: LUKE 2048 x 1088, 5 degrees, nearest picture from 56.7 km; LEIA 2048 x 2048, 2.06
# degrees; 14 kg. ASI and INAF, licia_pl_005.ti, 2023: LUKE's focal length is 70.5 mm. PDS, overview of LUKE's
# calibrated data: up to 4.3 m a pixel.
def test_liciacube_cameras_are_as_published():
    luke, leia = preset("liciacube-luke"), preset("liciacube-leia")
    assert (luke.size_px, luke.focal_length_mm, luke.mass_kg) == ((2048, 1088), 70.5, 14.0)
    assert np.degrees(luke.camera().vertical_fov) == pytest.approx(5.0, abs=0.2)
    assert 56.7e3 * luke.camera().pixel_angle == pytest.approx(4.3, abs=0.2)
    assert leia.size_px == (2048, 2048)
    assert np.degrees(leia.camera().horizontal_fov) == pytest.approx(2.06)


# ESA, April 2023: 1024 x 1024. Frames kernel of JUICE: 100 x 100 x 100 mm. PDS catalogue of CIVA: TH7888A, 1024 x 1024.
def test_the_monitoring_cameras_are_as_published():
    assert preset("juice-jmc").size_px == preset("rosetta-civa").size_px == (1024, 1024)
    assert preset("juice-jmc").size_m == (0.1, 0.1, 0.1)


@pytest.mark.parametrize("name", [name for name, known in PRESETS.items() if known.inertia_kg_m2])
def test_moments_are_those_of_a_uniform_solid(name):
    # The integral itself, over a million points of the solid.
    known = preset(name)
    points = np.random.default_rng(7).uniform(-0.5, 0.5, (1_000_000, 3)) * known.size_m
    if known.shape == "cylinder":
        points = points[np.hypot(points[:, 0], points[:, 1]) <= known.size_m[0] / 2.0]
    x2, y2, z2 = (points**2).mean(axis=0)
    expected = known.mass_kg * np.array([y2 + z2, x2 + z2, x2 + y2])
    np.testing.assert_allclose(known.inertia_kg_m2, expected, rtol=5e-3)


def test_the_camera_page_is_up_to_date():
    assert (ROOT / "docs/cameras.md").read_text(encoding="utf-8") == presets_page(), "run: make docs"


@pytest.mark.parametrize("name", PRESETS)
def test_the_page_lists_every_source_and_marks_assumed_values(name):
    known, row = preset(name), table_row(preset(name))
    page = presets_page()
    assert f"| `{name}` |" in page
    for text in (*known.sources.values(), *known.assumed.values()):
        assert text in page
    assert row["image, px"].endswith("*") == ("size_px" in known.assumed)
    assert row["lens"].endswith("*") == ("distortion" in known.assumed)
    guessed = {"horizontal_fov_deg", "focal_length_mm", "pixel_pitch_um"} & set(known.assumed)
    assert row["field of view, degrees"].endswith("*") == bool(guessed)
