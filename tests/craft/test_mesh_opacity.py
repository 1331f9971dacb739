"""Opacity in the formats that have it: by factor, picture, vertex and MTL; what nobody can see is left out."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_files import Gltf, load_quietly, png, refusal, write
from numpy.testing import assert_allclose
from test_craft_load_formats import cube_dae, painted_obj


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def plate(tmp_path, mode, factor=1.0, vertices=None, texels=None, cutoff=None):
    """A craft of an opaque plate and one with the given opacities."""
    attributes = {} if texels is None else {"TEXCOORD_0": np.array([[0, 0], [1, 0], [0, 1]], "<f4")}
    if vertices is not None:
        attributes["COLOR_0"] = np.column_stack([np.ones((3, 3)), vertices]).astype("<f4")
    gltf = Gltf(**attributes)
    pbr = {"baseColorFactor": [0.5, 0.5, 0.5, factor]}
    if texels is not None:
        pixels = np.full((1, len(texels), 4), 255)
        pixels[0, :, 3] = texels
        pbr["baseColorTexture"] = {"index": gltf.texture(png(pixels))}
    gltf.paint(alphaMode=mode, pbrMetallicRoughness=pbr, **({} if cutoff is None else {"alphaCutoff": cutoff}))
    base = {"attributes": {"POSITION": gltf.primitive["attributes"]["POSITION"]}, "indices": gltf.primitive["indices"]}
    gltf.document["meshes"].append({"primitives": [base]})
    gltf.document["nodes"].append({"mesh": 1, "name": "rest", "translation": [0, 0, 1]})
    gltf.document["scenes"][0]["nodes"].append(1)
    return load_quietly(gltf.glb(tmp_path / "a.glb"))


@pytest.mark.parametrize(
    "opacities",
    [
        {"mode": "MASK", "factor": 0.2},
        {"mode": "MASK", "vertices": [0.0, 0.1, 0.4]},
        {"mode": "MASK", "factor": 0.6, "texels": [200], "cutoff": 0.5},
        {"mode": "BLEND", "factor": 0.0},
        {"mode": "BLEND", "texels": [0]},
        {"mode": "BLEND", "vertices": [0.0, 0.0, 0.0]},
    ],
)
def test_a_mesh_that_nobody_can_see_is_left_out_by_name(tmp_path, opacities):
    craft = plate(tmp_path, **opacities)
    assert [part.node for part in craft.parts] == ["rest"]
    assert any("fully transparent" in text and "'plate'" in text for text in craft.warnings)


@pytest.mark.parametrize(
    "opacities",
    [
        {"mode": "OPAQUE", "factor": 0.2, "texels": [0]},
        {"mode": "MASK", "factor": 0.6},
        {"mode": "MASK", "texels": [128, 255]},
        {"mode": "BLEND", "texels": [255]},
    ],
)
def test_a_mesh_without_holes_is_opaque(tmp_path, opacities):
    craft = plate(tmp_path, **opacities)
    (part,) = (part for part in craft.parts if part.node == "plate")
    assert (part.material.blend, part.material.alpha_cutoff) == (False, None)


def test_factor_picture_and_vertices_multiply(tmp_path):
    craft = plate(tmp_path, "BLEND", 0.5, [1.0, 0.5, 0.25], [255, 51])
    (part,) = (part for part in craft.parts if part.node == "plate")
    assert (part.material.blend, part.material.opacity) == (True, 0.5)
    assert part.material.textures["base"][0, :, 3].tolist() == [255, 51]
    assert_allclose(np.sort(part.opacity), [0.25, 0.5, 1.0])


def test_a_fully_transparent_file_is_refused(tmp_path):
    gltf = Gltf()
    gltf.paint(alphaMode="BLEND", pbrMetallicRoughness={"baseColorFactor": [1, 1, 1, 0]})
    refusal(gltf.glb(tmp_path / "a.glb"), "fully transparent")


# MTL: d is opacity and Tr what is missing of it (Wavefront, Object Files, Appendix B1; Bourke, MTL material format).
@pytest.mark.parametrize(("line", "opacity"), [("d 0.2", 0.2), ("Tr 0.8", 0.2), ("d -halo 0.2", 0.2), ("d 1.0", 1.0)])
def test_opacity_of_an_mtl(tmp_path, line, opacity):
    material = load_quietly(painted_obj(tmp_path, f"Kd 1 0 0\n{line}")).parts[0].material
    assert material.blend == (opacity < 1.0)
    assert material.opacity == pytest.approx(opacity)


@pytest.mark.parametrize("with_colour", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
def test_the_opacity_picture_of_an_mtl(tmp_path, with_colour, channels):
    pixels = np.full((2, 2, channels), 255)
    pixels[0, :, 3 if channels == 4 else slice(None)] = 51
    write(tmp_path / "holes.png", png(pixels))
    write(tmp_path / "skin.png", png(np.full((4, 4, 3), 9)))
    lines = "map_d holes.png" + ("\nmap_Kd skin.png" if with_colour else "")
    material = load_quietly(painted_obj(tmp_path, lines)).parts[0].material
    base = material.textures["base"]
    assert material.blend
    assert (base[0, 0, 3], base[-1, -1, 3]) == (51, 255)
    assert base[0, 0, 0] == (9 if with_colour else 255)


def test_the_alpha_of_a_colour_picture_is_not_the_opacity_of_an_obj(tmp_path):
    write(tmp_path / "skin.png", png(np.full((2, 2, 4), 9)))
    material = load_quietly(painted_obj(tmp_path, "map_Kd skin.png")).parts[0].material
    assert not material.blend
    assert material.textures["base"].shape[2] == 3


# COLLADA 1.4.1, chapter 7: A_ONE multiplies alpha and transparency; RGB_ZERO is transparent where it is bright.
@pytest.mark.parametrize(
    ("transparency", "opacity"),
    [
        ("<transparency><float>0.3</float></transparency>", 0.3),
        (
            '<transparent opaque="A_ONE"><color>1 1 1 0.5</color></transparent>'
            "<transparency><float>0.5</float></transparency>",
            0.25,
        ),
        (
            '<transparent opaque="RGB_ZERO"><color>1 1 1 1</color></transparent>'
            "<transparency><float>0.4</float></transparency>",
            0.6,
        ),
        ("<transparency><float>0</float></transparency>", 1.0),
    ],
)
def test_transparency_of_a_dae(tmp_path, transparency, opacity):
    pytest.importorskip("collada")
    material = load_quietly(write(tmp_path / "a.dae", painted_dae(transparency))).parts[0].material
    assert material.blend == (opacity < 1.0)
    assert material.opacity == pytest.approx(opacity, abs=1e-6)


def painted_dae(inside="", diffuse="<color>0.8 0.5 0.1 1</color>"):
    effect = (
        f'<effect id="e"><profile_COMMON><technique sid="c"><lambert><diffuse>{diffuse}</diffuse>{inside}</lambert>'
    )
    effect += "</technique></profile_COMMON></effect>"
    library = f"<library_effects>{effect}</library_effects>"
    paint = '<material id="m" name="gold foil"><instance_effect url="#e"/></material>'
    library += f"<library_materials>{paint}</library_materials>"
    use = '<technique_common><instance_material symbol="s" target="#m"/></technique_common>'
    use = f'<instance_geometry url="#g"><bind_material>{use}</bind_material></instance_geometry>'
    nodes = f'<node id="node-mast" name="Mast">{use}</node>'
    text = cube_dae(nodes).replace('<triangles count="12">', '<triangles material="s" count="12">')
    return text.replace("<library_geometries>", f"{library}<library_geometries>", 1)


def test_a_dae_keeps_the_names_of_nodes_and_materials(tmp_path):
    pytest.importorskip("collada")
    craft = load_quietly(write(tmp_path / "a.dae", painted_dae()))
    assert [(part.node, part.material.name) for part in craft.parts] == [("Mast", "gold foil")]
    assert craft.warnings == ()


def test_vertex_opacity_of_a_ply(tmp_path):
    head = "ply\nformat ascii 1.0\nelement vertex 3\n" + "".join(f"property float {axis}\n" for axis in "xyz")
    head += "".join(f"property uchar {name}\n" for name in ("red", "green", "blue", "alpha"))
    head += "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    body = "0 0 0 255 255 255 51\n1 0 0 255 255 255 255\n0 1 0 255 255 255 255\n3 0 1 2\n"
    (part,) = load_quietly(write(tmp_path / "a.ply", head + body)).parts
    assert part.material.blend
    assert_allclose(np.sort(part.opacity), [0.2, 1.0, 1.0], atol=1e-6)


def test_opacity_survives_the_cache(tmp_path):
    first = plate(tmp_path, "BLEND", 0.5, [1.0, 0.5, 0.25], [255, 51])
    again = load_quietly(tmp_path / "a.glb")
    assert again is not first
    assert (again.parts[0].material.opacity, again.parts[0].material.blend) == (0.5, True)
    np.testing.assert_array_equal(again.parts[0].opacity, first.parts[0].opacity)
