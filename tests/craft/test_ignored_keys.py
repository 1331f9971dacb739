"""What a file asks for and does not get is named once, by name, with the effect."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from mesh_files import Gltf, cube_obj, load_quietly, png, write
from test_craft_load_formats import model_3mf, painted_obj
from test_mesh_opacity import painted_dae

from selfiesim.core.errors import ModelWarning
from selfiesim.craft.load import clear_craft_cache, load_craft


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def named(craft, name):
    """The warnings that name a key."""
    return [text for text in craft.warnings if text.startswith(f"{name} is not honoured")]


@pytest.mark.parametrize(
    ("lines", "key", "effect"),
    [
        ("map_Ks shine.png", "map_Ks", "highlights"),
        ("map_Bump relief.png", "map_Bump", "normal map"),
        ("disp hills.png", "disp", "not displaced"),
        ("Tf 0.1 0.9 0.1", "Tf", "colour"),
        ("map_glow x.png", "map_glow", "without"),
        ("Kd 1 0 0\nmap_Kd skin.png", "Kd next to map_Kd", "picture has the colour"),
    ],
)
def test_keys_of_an_mtl(tmp_path, lines, key, effect):
    write(tmp_path / "skin.png", png([[[9, 9, 9]]]))
    (line,) = named(load_quietly(painted_obj(tmp_path, lines)), key)
    assert "'skin'" in line
    assert effect in line


def test_a_key_of_many_materials_is_named_once(tmp_path):
    paints = "".join(f"newmtl m{k}\nmap_Ks shine.png\n" for k in range(9))
    write(tmp_path / "a.mtl", paints)
    (line,) = named(load_quietly(write(tmp_path / "a.obj", "mtllib a.mtl\nusemtl m0\n" + cube_obj())), "map_Ks")
    assert "'m0', 'm1', 'm2' and 6 more" in line


def test_keys_of_an_obj(tmp_path):
    craft = load_quietly(write(tmp_path / "a.obj", cube_obj() + "l 1 2\ncstype bezier\ncurv 0 1 1 2\nglitter 3\n"))
    for key in ("l", "cstype", "curv", "glitter"):
        assert named(craft, key)


@pytest.mark.parametrize(
    ("name", "effect"),
    [("KHR_materials_sheen", "sheen"), ("KHR_materials_unlit", "lit by the scene"), ("ACME_glitter", "without")],
)
def test_material_extensions_of_a_gltf(tmp_path, name, effect):
    gltf = Gltf()
    gltf.document["extensionsUsed"] = [name]
    gltf.paint(extensions={name: {}})
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert effect in named(craft, name)[0]


def test_textures_of_a_material_extension(tmp_path):
    gltf = Gltf()
    index = gltf.texture(png([[[9, 9, 9]]]))
    gltf.paint(extensions={"KHR_materials_clearcoat": {"clearcoatFactor": 1, "clearcoatTexture": {"index": index}}})
    assert named(load_quietly(gltf.glb(tmp_path / "a.glb")), "KHR_materials_clearcoat.clearcoatTexture")


@pytest.mark.parametrize("name", ["KHR_lights_punctual", "KHR_materials_variants", "ACME_physics"])
def test_extensions_of_a_gltf_document(tmp_path, name):
    gltf = Gltf()
    gltf.document["extensionsUsed"] = [name]
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert named(craft, name)


def test_ktx2_textures_that_a_file_can_do_without_are_named_with_advice(tmp_path):
    gltf = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"))
    gltf.document["images"] = [{"uri": "data:image/ktx2;base64,q0tUWCAyMLs="}]
    gltf.document["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    gltf.document["extensionsUsed"] = ["KHR_texture_basisu"]
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": {"index": 0}})
    (line,) = named(load_quietly(gltf.glb(tmp_path / "a.glb")), "KHR_texture_basisu")
    assert "PNG, JPEG or WebP" in line


def test_keys_of_a_dae(tmp_path):
    pytest.importorskip("collada")
    inside = "<reflective><color>1 1 1 1</color></reflective>"
    assert named(load_quietly(write(tmp_path / "a.dae", painted_dae(inside))), "reflective")


def test_groups_of_a_3mf(tmp_path):
    from test_mesh_colours import cube_mesh_3mf

    group = '<m:multiproperties xmlns:m="m" id="9" pids="7"/>'
    body = f'<resources>{group}<object id="1">{cube_mesh_3mf(lambda k: "")}</object></resources>'
    craft = load_quietly(write(tmp_path / "a.3mf", model_3mf(f'{body}<build><item objectid="1"/></build>')))
    assert named(craft, "multiproperties")


def test_properties_of_a_ply(tmp_path):
    head = "ply\nformat ascii 1.0\nelement vertex 3\n" + "".join(f"property float {axis}\n" for axis in "xyz")
    head += "property float temperature\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
    craft = load_quietly(write(tmp_path / "a.ply", head + "0 0 0 1\n1 0 0 1\n0 1 0 1\n3 0 1 2\n"))
    assert named(craft, "property temperature of element vertex")


def test_warnings_come_when_the_file_is_read_and_not_with_each_command(tmp_path):
    path = write(tmp_path / "a.obj", cube_obj(300.0))
    with pytest.warns(ModelWarning, match="assuming millimetres"):
        craft = load_craft(path)
    clear_craft_cache()  # as another process
    with warnings.catch_warnings():
        warnings.simplefilter("error", ModelWarning)
        again = load_craft(path)
    assert again.warnings == craft.warnings != ()
    write(path, cube_obj(301.0))
    clear_craft_cache()
    with pytest.warns(ModelWarning, match="301 units"):
        load_craft(path)
