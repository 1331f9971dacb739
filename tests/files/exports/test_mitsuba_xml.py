"""A scene as XML for Mitsuba, loaded and rendered by Mitsuba itself: the picture is ours, roughly."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from selfiesim.core.errors import OutputError
from selfiesim.craft.colours import material_in_srgb
from selfiesim.files.exports.mitsuba_xml import write_mitsuba
from selfiesim.files.exr_layers import linear_light
from selfiesim.scene.scene import Scene

pytest.importorskip("OpenEXR")
SIZE = (160, 90)


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=list(SIZE)).view()


@pytest.fixture(scope="module")
def xml(view, tmp_path_factory):
    """The file, in a folder of its own."""
    path = tmp_path_factory.mktemp("mitsuba") / "shot.xml"
    assert write_mitsuba(view, path) == [path, path.with_name("shot-mitsuba")]
    return path


def test_each_part_is_a_mesh_with_a_material_and_all_files_exist(view, xml):
    root = ET.parse(xml).getroot()
    meshes = root.findall("shape[@type='ply']")
    assert len(meshes) == len(view.craft.parts)
    materials = {each.get("id") for each in root.findall("bsdf")}
    assert {mesh.find("ref").get("id") for mesh in meshes} == materials
    files = [each.get("value") for each in root.iter("string") if each.get("name") == "filename"]
    assert len(files) > len(meshes)
    assert all((xml.parent / file).is_file() for file in files)
    assert len(root.findall(".//bsdf[@type='normalmap']")) > 3  # foil


@pytest.fixture(scope="module")
def mitsuba():
    module = pytest.importorskip("mitsuba")
    from selfiesim.render.mitsuba.renderer import require

    before = module.variant()
    module.set_variant(require())
    yield module
    if before is not None:
        module.set_variant(before)


def test_mitsuba_draws_what_we_draw(view, xml, mitsuba):
    scene = mitsuba.load_file(str(xml))
    theirs = np.array(mitsuba.render(scene, spp=32, seed=1), float)[..., :3]
    radiance = view.render("draft")
    ours = linear_light(radiance.rgb, view, radiance.expose().exposure)
    assert theirs.shape == ours.shape == (SIZE[1], SIZE[0], 3)
    shown = [np.clip(image, 0.0, 1.0) for image in (theirs, ours)]
    craft = radiance.truth.part >= 2
    for where, most in ((craft, 0.09), (~craft, 0.03)):
        difference = np.abs(shown[0] - shown[1])[where]
        assert difference.mean() < most
    # The exposure is metered on a smaller draft.
    lit = craft & (radiance.truth.sun_visibility > 0.9)
    assert shown[0][lit].mean() == pytest.approx(shown[1][lit].mean(), rel=0.12)
    brightness = [image[craft].mean(axis=-1) for image in shown]
    assert np.corrcoef(brightness)[0, 1] > 0.8


def test_colours_of_vertices_are_read_by_the_name_that_materials_use(view, mitsuba, tmp_path):
    part = next(part for part in view.craft.parts if not part.material.crumple)  # foil is split where its tiles turn
    tint = np.linspace(0.1, 0.9, len(part.vertices), dtype=np.float32)
    tinted = replace(part, tint=np.repeat(tint[:, None], 3, axis=1), material=replace(part.material, textures={}))
    craft = replace(view.craft, craft=replace(view.craft.craft, parts=(tinted,)))
    write_mitsuba(replace(view, craft=craft), tmp_path / "a.xml")
    (mesh,) = (each for each in mitsuba.load_file(str(tmp_path / "a.xml")).shapes() if each.is_mesh())
    read = np.array(mitsuba.traverse(mesh)["vertex_tint"]).reshape(-1, 3)
    wanted = tint[:, None] * np.array(material_in_srgb(part.material).base_color)
    assert read == pytest.approx(wanted, abs=1e-5)
    assert ET.parse(tmp_path / "a.xml").find(".//texture[@type='mesh_attribute']/string").get("value") == "vertex_tint"


def test_pixels_that_are_not_square_are_refused(view, tmp_path):
    stretched = replace(view, camera=replace(view.camera, fy=0.9 * view.camera.fy))
    with pytest.raises(OutputError, match="square pixels"):
        write_mitsuba(stretched, tmp_path / "a.xml")
    assert not list(tmp_path.iterdir())
