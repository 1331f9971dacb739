"""3DS, FBX and USD, read by Assimp and OpenUSD in a child process."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from foreign_meshes import bracket_usda, cube_fbx, mesh_3ds
from mesh_files import CUBE_CORNERS, CUBE_FACES, bands, load_quietly, png, refusal, volume, write
from numpy.testing import assert_allclose
from test_polygons import U_SHAPE, covers

from selfiesim.core.colour import linear_from_srgb
from selfiesim.craft.formats.converters import convert


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def test_a_3ds_has_its_own_axes_material_and_picture(tmp_path):
    pytest.importorskip("assimp_py")
    write(tmp_path / "gold.png", png(np.full((2, 2, 3), 9)))
    tall = CUBE_CORNERS * (1.0, 2.0, 3.0)
    craft = load_quietly(write(tmp_path / "a.3ds", mesh_3ds(tall, CUBE_FACES, texture="gold.png")))
    assert_allclose(craft.bounds_m, [[0, 0, 0], [1, 2, 3]], atol=1e-6)
    assert volume(craft) == pytest.approx(6.0, rel=1e-5)
    assert craft.parts[0].material.name == "gold"
    assert craft.parts[0].material.textures["base"][0, 0].tolist() == [9, 9, 9]


def test_colours_of_a_3ds_are_display_colours(tmp_path):
    pytest.importorskip("assimp_py")
    craft = load_quietly(write(tmp_path / "a.3ds", mesh_3ds(CUBE_CORNERS, CUBE_FACES, colour=(200, 150, 20))))
    assert_allclose(
        craft.parts[0].material.base_color, bands(*linear_from_srgb(np.array([200, 150, 20]) / 255)), atol=2e-3
    )


@pytest.mark.parametrize(("unit", "size"), [(1.0, 0.01), (100.0, 1.0)])
def test_an_fbx_is_in_the_unit_that_it_states(tmp_path, unit, size):
    # UnitScaleFactor is the size of the unit in centimetres (Autodesk FBX SDK, FbxSystemUnit).
    pytest.importorskip("assimp_py")
    craft = load_quietly(write(tmp_path / "a.fbx", cube_fbx(5.0 * CUBE_CORNERS, CUBE_FACES, unit)))
    assert_allclose(craft.bounds_m[1], 5.0 * size, rtol=1e-5)
    assert [(part.node, part.material.name) for part in craft.parts] == [("hull", "gold")]


@pytest.mark.parametrize("packed", [False, True])
def test_usd_has_unit_material_opacity_and_concave_polygons(tmp_path, packed):
    pytest.importorskip("pxr")
    text = bracket_usda(np.column_stack([100.0 * U_SHAPE, np.zeros(8)]), range(8))
    path = tmp_path / ("a.usdz" if packed else "a.usda")
    if packed:
        with zipfile.ZipFile(path, "w") as package:
            package.writestr("layer.usda", text)
    else:
        write(path, text)
    craft = load_quietly(path)
    (part,) = craft.parts
    assert_allclose(craft.bounds_m, [[-2, -2, 1], [2, 2, 1]], atol=1e-6)
    assert craft.units.startswith("centimetres")
    assert not covers(part.vertices[part.faces][..., :2].astype(float), (0.1, 1.1))
    material = part.material
    assert (material.name, material.metallic, material.opacity, material.blend) == ("gold", 1.0, 0.5, True)
    assert_allclose(material.base_color, bands(0.8, 0.6, 0.1), atol=1e-5)


def test_usd_that_refers_to_other_files_is_refused(tmp_path):
    pytest.importorskip("pxr")
    text = bracket_usda(np.eye(3), range(3), more="subLayers = [@/etc/hostname@]")
    refusal(write(tmp_path / "a.usda", text), "composed of other files", "flatten")


@pytest.mark.parametrize(
    ("name", "package"), [("a.3ds", "assimp_py"), ("a.fbx", "assimp_py"), ("a.usda", "pxr"), ("a.usdz", "pxr")]
)
def test_damaged_files_are_refused(tmp_path, name, package):
    pytest.importorskip(package)
    rng = np.random.default_rng(4)
    refusal(write(tmp_path / name, rng.bytes(2000)), "cannot be read as", "Blender")


def test_a_reader_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(convert, "find_spec", lambda name: None)
    refusal(write(tmp_path / "a.3ds", b"x"), "pip install 'selfiesim[assimp]'", "Blender")
    refusal(write(tmp_path / "a.usdz", b"x"), "pip install 'selfiesim[usd]'", "Blender")
