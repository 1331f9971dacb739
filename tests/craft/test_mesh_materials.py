"""Materials as their makers meant them: glossiness, second coordinates, wrap modes, and the keys of an MTL."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_files import Gltf, cube_obj, load_quietly, png, write
from numpy.testing import assert_allclose
from test_craft_load_formats import painted_obj

from selfiesim.core.colour import linear_from_srgb, srgb_from_linear

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], "<f4")
FACES = ((0, 1, 2), (0, 2, 3))
UV = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], "<f4")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def material_of(path):
    return load_quietly(path).parts[0].material


# --- Specular and glossiness ----------------------------------------------------------------------------------------


def glossiness(tmp_path, diffuse, specular, gloss, **factors):
    """A material with pictures of one texel: colours are linear."""
    gltf = Gltf(POSITION=SQUARE, faces=FACES, TEXCOORD_0=UV)
    codes = [np.round(255.0 * srgb_from_linear(np.array(each, float))) for each in (diffuse, specular)]
    texels = [[[[*code, alpha]]] for code, alpha in zip(codes, (255, round(255 * gloss)), strict=True)]
    indices = [gltf.texture(png(texel)) for texel in texels]
    extension = {"diffuseTexture": {"index": indices[0]}, "specularGlossinessTexture": {"index": indices[1]}} | factors
    gltf.paint(extensions={"KHR_materials_pbrSpecularGlossiness": extension})
    return material_of(gltf.glb(tmp_path / "a.glb"))


def test_the_glossiness_picture_makes_a_dull_ball_dull(tmp_path):
    material = glossiness(tmp_path, (0.5, 0.5, 0.5), (0.02, 0.02, 0.02), 0.1)
    rough = material.textures["rough"][0, 0] / 255.0
    assert material.roughness * rough[1] == pytest.approx(0.9, abs=0.01)
    assert material.metallic * rough[2] == pytest.approx(0.0, abs=0.01)
    base = linear_from_srgb(material.textures["base"][0, 0, :3] / 255.0)
    # Diffuse reflectance is base times what the specular reflection leaves: (1 - 0.04) base = 0.98 * 0.5.
    assert_allclose(0.96 * base, 0.98 * 0.5, atol=0.01)


def test_the_specular_picture_makes_gold(tmp_path):
    # Gold at normal incidence, linear sRGB: Khronos, glTF 2.0 appendix B, and physicallybased.info.
    gold = (1.0, 0.766, 0.336)
    material = glossiness(tmp_path, (0, 0, 0), gold, 0.7)
    rough = material.textures["rough"][0, 0] / 255.0
    assert material.metallic * rough[2] == pytest.approx(1.0, abs=0.01)
    assert material.roughness * rough[1] == pytest.approx(0.3, abs=0.01)
    from selfiesim.craft.colours import material_in_srgb

    base = material_in_srgb(material).textures["base"][0, 0, :3]
    assert_allclose(linear_from_srgb(base / 255.0), gold, atol=0.03)


def test_glossiness_factors_multiply_the_pictures(tmp_path):
    material = glossiness(tmp_path, (0.5, 0.5, 0.5), (1, 1, 1), 1.0, specularFactor=[0.04] * 3, glossinessFactor=0.25)
    rough = material.textures["rough"][0, 0] / 255.0
    assert (material.roughness * rough[1], material.metallic * rough[2]) == (pytest.approx(0.75, abs=0.01), 0.0)


# --- Two mappings ---------------------------------------------------------------------------------------------------


def mapped(tmp_path, samplers=(), **references):
    """A square with two sets of coordinates; ``references`` are the properties of its textures."""
    gltf = Gltf(POSITION=SQUARE, faces=FACES, TEXCOORD_0=UV, TEXCOORD_1=0.5 * UV)
    index = gltf.texture(png([[[10, 20, 30], [40, 50, 60]]]))
    gltf.document["samplers"] = [{"wrapS": u, "wrapT": v} for u, v in samplers]
    gltf.document["textures"] = [{"source": 0, "sampler": k} for k in range(len(samplers))] or [{"source": 0}]
    base = {"index": index} | references.pop("base", {})
    gltf.paint(
        pbrMetallicRoughness={"baseColorTexture": base}, **{k: {"index": index} | v for k, v in references.items()}
    )
    return load_quietly(gltf.glb(tmp_path / "a.glb"))


def test_occlusion_on_the_second_set_of_coordinates_is_kept(tmp_path):
    craft = mapped(tmp_path, occlusionTexture={"texCoord": 1})
    (part,) = craft.parts
    assert part.material.second_uv == ("occlusion",)
    assert set(part.material.textures) == {"base", "occlusion"}
    assert craft.warnings == ()
    order = np.lexsort(part.vertices.T)
    expected = np.lexsort(SQUARE.T)
    assert_allclose(part.uv[order], np.column_stack([UV[:, 0], 1.0 - UV[:, 1]])[expected])
    assert_allclose(part.uv2[order], np.column_stack([0.5 * UV[:, 0], 1.0 - 0.5 * UV[:, 1]])[expected])


def test_a_third_mapping_is_named_and_left_out(tmp_path):
    turned = {"extensions": {"KHR_texture_transform": {"scale": [2, 2]}}}
    craft = mapped(tmp_path, occlusionTexture={"texCoord": 1}, emissiveTexture=turned)
    assert set(craft.parts[0].material.textures) == {"base", "occlusion"}
    assert any("emissiveTexture" in text and "third mapping" in text for text in craft.warnings)


# OpenGL's constants: 33071 clamps to the edge, 33648 mirrors, 10497 repeats.
def test_wrap_modes_are_kept(tmp_path):
    craft = mapped(tmp_path, [(33071, 10497), (33648, 33648)], occlusionTexture={"index": 1})
    material = craft.parts[0].material
    assert (material.wrap, material.second_wrap) == (("clamp", "repeat"), ("mirror", "mirror"))
    assert material.second_uv == ("occlusion",)


# --- MTL ------------------------------------------------------------------------------------------------------------


def test_options_before_the_name_of_a_picture_are_options(tmp_path):
    write(tmp_path / "my skin.png", png([[[2, 2, 2]] * 2] * 2))
    craft = load_quietly(painted_obj(tmp_path, "map_Kd -s 3 3 1 -o 0.5 0 0 -bm 1 my skin.png"))
    (part,) = craft.parts
    assert part.material.textures["base"][0, 0].tolist() == [2, 2, 2]
    assert_allclose(part.uv[part.faces[0]], [[0.5, 0], [3.5, 0], [0.5, 3]], atol=1e-6)
    assert any("map_Kd -bm" in text for text in craft.warnings)


def test_clamped_pictures_of_an_mtl(tmp_path):
    write(tmp_path / "skin.png", png([[[2, 2, 2]] * 2] * 2))
    assert material_of(painted_obj(tmp_path, "map_Kd -clamp on skin.png")).wrap == ("clamp", "clamp")


def test_blender_writes_linear_colours(tmp_path):
    write(
        tmp_path / "a.mtl",
        "# Blender 4.2.0 MTL File: 'x.blend'\n# www.blender.org\n\nnewmtl Grey\nKd 0.084 0.084 0.084\n",
    )
    path = write(tmp_path / "a.obj", "mtllib a.mtl\nusemtl Grey\n" + cube_obj())
    assert_allclose(material_of(path).base_color, 0.084, atol=1e-6)


def test_pbr_keys_of_an_mtl(tmp_path):
    write(tmp_path / "rough.png", png([[[51, 51, 51]]]))
    lines = "Kd 1 1 1\nPm 0.5\nmap_Pr rough.png\nPc 0.7\nPcr 0.1\nNi 1.33\nKe 2 0 0\naniso 0.4"
    material = material_of(painted_obj(tmp_path, lines))
    assert material.textures["rough"][0, 0].tolist() == [255, 51, 255]
    assert (material.metallic, material.roughness, material.clearcoat) == (0.5, 1.0, 0.7)
    assert (material.ior, material.anisotropy) == (1.33, 0.4)
    assert material.glow[0] > 0.0


def test_normals_are_judged_mesh_by_mesh(tmp_path):
    text = cube_obj() + "vn 0 0 1\nvn 0 1 0\n"
    craft = load_quietly(write(tmp_path / "listed.obj", text))
    # A cube whose faces name no normals is sharp: each of its 24 corners has the normal of its side.
    assert sum(len(part.vertices) for part in craft.parts) == 24
    both = text.replace("f 1 2 4", "o first\nf 1 2 4", 1) + "o second\nv 0 0 9\nv 1 0 9\nv 0 1 9\nf -3//2 -2//2 -1//2\n"
    first, second = load_quietly(write(tmp_path / "both.obj", both)).parts
    assert (first.node, second.node) == ("first", "second")
    assert_allclose(second.normals, np.tile([0, 1, 0], (3, 1)), atol=1e-6)
    assert_allclose(np.abs(first.normals).max(axis=1), 1.0, atol=1e-6)


def test_a_dae_without_normals_is_sharp_and_silent(tmp_path, capfd):
    pytest.importorskip("collada")
    from test_craft_load_formats import cube_dae

    craft = load_quietly(write(tmp_path / "a.dae", cube_dae()))
    assert_allclose(np.abs(craft.parts[0].normals).max(axis=1), 1.0, atol=1e-6)
    assert capfd.readouterr().err == ""
