"""glTF files follow the specification (Khronos, glTF 2.0 and its ratified extensions)."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_files import CUBE_CORNERS, CUBE_FACES, Gltf, bands, load_quietly, png, refusal, volume
from numpy.testing import assert_allclose

SIN_45 = np.sqrt(0.5)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def triangle(path):
    """The corners (3, 3) of a single-triangle craft, in the order of its face."""
    (part,) = load_quietly(path).parts
    return part.vertices[part.faces[0]]


# --- Accessors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["<u1", "<u2", "<u4"])
def test_indices_of_every_width(tmp_path, kind):
    assert_allclose(triangle(Gltf(index_kind=kind).glb(tmp_path / "a.glb")), [[0, 0, 0], [1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize("count", [65_535, 65_536, 65_537])
def test_vertex_counts_around_sixteen_bits(tmp_path, count):
    points = np.zeros((count, 3), "<f4")
    points[-3:] = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    kind = "<u2" if count <= 65_536 else "<u4"
    gltf = Gltf([[count - 3, count - 2, count - 1]], kind, POSITION=points)
    assert_allclose(triangle(gltf.glb(tmp_path / "a.glb")), points[-3:])


def test_mesh_without_indices_uses_vertices_in_order(tmp_path):
    assert load_quietly(Gltf(None).glb(tmp_path / "a.glb")).triangle_count == 1


def test_sparse_accessor_replaces_rows(tmp_path):
    # glTF 2.0, section 3.6.2.3
    gltf = Gltf()
    at, new = gltf.view(np.array([2], "<u2").tobytes()), gltf.view(np.array([[0, 5, 0]], "<f4").tobytes())
    gltf.document["accessors"][0]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": at, "componentType": 5123},
        "values": {"bufferView": new},
    }
    assert_allclose(triangle(gltf.glb(tmp_path / "a.glb"))[2], [0, 5, 0])


def test_sparse_accessor_without_a_buffer_starts_from_zeros(tmp_path):
    gltf = Gltf()
    at = gltf.view(np.array([1, 2], "<u1").tobytes())
    new = gltf.view(np.array([[3, 0, 0], [0, 4, 0]], "<f4").tobytes())
    sparse = {"count": 2, "indices": {"bufferView": at, "componentType": 5121}, "values": {"bufferView": new}}
    gltf.document["accessors"][0] = {"componentType": 5126, "count": 3, "type": "VEC3", "sparse": sparse}
    assert_allclose(triangle(gltf.glb(tmp_path / "a.glb")), [[0, 0, 0], [3, 0, 0], [0, 4, 0]])


def test_interleaved_attributes(tmp_path):
    rows = np.zeros((3, 6), "<f4")
    rows[:, :3] = [[0, 0, 0], [2, 0, 0], [0, 2, 0]]
    rows[:, 3:] = [0, 0, 1]
    gltf = Gltf()
    view = gltf.view(rows.tobytes(), byteStride=24)
    gltf.document["accessors"][0] |= {"bufferView": view}
    gltf.document["accessors"].append(
        {"bufferView": view, "byteOffset": 12, "componentType": 5126, "count": 3, "type": "VEC3"}
    )
    gltf.primitive["attributes"]["NORMAL"] = 2
    (part,) = load_quietly(gltf.glb(tmp_path / "a.glb")).parts
    assert_allclose(part.vertices, rows[:, :3])
    assert_allclose(part.normals, rows[:, 3:])


def test_quantised_positions_and_normals(tmp_path):
    # KHR_mesh_quantization: the node's scale restores the positions; normalised values are fractions of the largest.
    gltf = Gltf(POSITION=np.array([[0, 0, 0, 0], [1000, 0, 0, 0], [0, 500, 0, 0]], "<i2"))
    gltf.document["accessors"][0]["type"] = "VEC3"
    gltf.document["bufferViews"][0]["byteStride"] = 8
    normals = gltf.view(np.array([[0, 0, 127, 0]] * 3, "<i1").tobytes(), byteStride=4)
    gltf.document["accessors"].append(
        {"bufferView": normals, "componentType": 5120, "normalized": True, "count": 3, "type": "VEC3"}
    )
    gltf.primitive["attributes"]["NORMAL"] = 2
    gltf.document["nodes"][0]["scale"] = [0.01] * 3
    gltf.document["extensionsRequired"] = ["KHR_mesh_quantization"]
    (part,) = load_quietly(gltf.glb(tmp_path / "a.glb")).parts
    assert_allclose(part.vertices, [[0, 0, 0], [10, 0, 0], [0, 5, 0]], rtol=1e-6)
    assert_allclose(part.normals, [[0, 0, 1]] * 3)


@pytest.mark.parametrize(("mode", "corners"), [(5, (0, 1, 2, 3)), (6, (0, 1, 3, 2))])
def test_strips_and_fans_keep_their_winding(tmp_path, mode, corners):
    square = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], "<f4")
    gltf = Gltf(np.array(corners), POSITION=square, NORMAL=np.array([[0, 0, 1]] * 4, "<f4"))
    gltf.primitive["mode"] = mode
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    (part,) = craft.parts
    a, b, c = np.moveaxis(part.vertices[part.faces], 1, 0)
    assert_allclose(np.cross(b - a, c - a)[:, 2], [1, 1])
    assert craft.repairs == ()


def test_points_and_lines_are_left_out_with_a_warning(tmp_path):
    gltf = Gltf()
    gltf.document["meshes"][0]["primitives"].append({"attributes": {"POSITION": 0}, "mode": 1})
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert craft.triangle_count == 1
    assert any("lines" in text for text in craft.warnings)


def test_draco_mesh_is_decoded(tmp_path):
    # Authority: Google's encoder, through DracoPy; positions quantised to 14 bits.
    DracoPy = pytest.importorskip("DracoPy")
    gltf = Gltf(CUBE_FACES, POSITION=CUBE_CORNERS.astype("<f4"))
    packed = DracoPy.encode(CUBE_CORNERS, CUBE_FACES.astype(np.uint32), quantization_bits=14)
    extension = {"bufferView": gltf.view(packed), "attributes": {"POSITION": 0}}
    gltf.primitive["extensions"] = {"KHR_draco_mesh_compression": extension}
    for number in (0, 1):
        del gltf.document["accessors"][number]["bufferView"]
    gltf.document["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert craft.triangle_count == 12
    assert volume(craft) == pytest.approx(1.0, abs=1e-3)


def test_draco_without_its_decoder_is_refused_with_advice(tmp_path, monkeypatch):
    monkeypatch.setattr("selfiesim.craft.formats.gltf.find_spec", lambda name: None)
    gltf = Gltf()
    gltf.document["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    refusal(gltf.glb(tmp_path / "a.glb"), "selfiesim[draco]")


# --- Transforms -----------------------------------------------------------------------------------------------------


def test_transforms_compose_down_the_tree(tmp_path):
    gltf = Gltf()
    gltf.document["nodes"] = [
        {"children": [1], "translation": [0, 0, 4]},
        {"children": [2], "rotation": [0, 0, SIN_45, SIN_45]},  # 90 degrees about z
        {"mesh": 0, "scale": [2, 2, 2]},
    ]
    assert_allclose(triangle(gltf.glb(tmp_path / "a.glb")), [[0, 0, 4], [0, 2, 4], [-2, 0, 4]], atol=1e-6)


def test_matrix_is_column_major(tmp_path):
    gltf = Gltf()
    gltf.document["nodes"][0]["matrix"] = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 2, 3, 1]
    assert_allclose(triangle(gltf.glb(tmp_path / "a.glb"))[0], [1, 2, 3])


def test_mesh_is_instanced_by_several_nodes_or_within_one(tmp_path):
    gltf = Gltf()
    gltf.document["nodes"] = [{"mesh": 0, "name": "a"}, {"mesh": 0, "name": "a", "translation": [3, 0, 0]}]
    gltf.document["scenes"][0]["nodes"] = [0, 1]
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert [part.node for part in craft.parts] == ["a", "a 2"]
    # EXT_mesh_gpu_instancing
    translation = gltf.add(np.array([[0, 0, 0], [0, 0, 1], [0, 0, 2]], "<f4"))
    gltf.document["nodes"] = [
        {"mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": translation}}}}
    ]
    gltf.document["scenes"][0]["nodes"] = [0]
    craft = load_quietly(gltf.glb(tmp_path / "b.glb"))
    assert craft.triangle_count == 3
    assert craft.bounds_m[1, 2] == 2.0


def test_mirrored_node_keeps_faces_and_normals_outward(tmp_path):
    gltf = Gltf(CUBE_FACES, POSITION=CUBE_CORNERS.astype("<f4"))
    assert volume(load_quietly(gltf.glb(tmp_path / "plain.glb"))) == pytest.approx(1.0)
    gltf.document["nodes"][0]["scale"] = [-1, 1, 1]
    craft = load_quietly(gltf.glb(tmp_path / "mirrored.glb"))
    assert volume(craft) == pytest.approx(1.0)
    (part,) = craft.parts
    outward = part.vertices - (-0.5, 0.5, 0.5)
    assert (np.einsum("ij,ij->i", part.normals, outward) > 0.4).all()


# --- Materials ------------------------------------------------------------------------------------------------------


def test_every_material_factor_is_read(tmp_path):
    gltf = Gltf()
    gltf.paint(
        pbrMetallicRoughness={"baseColorFactor": [0.1, 0.2, 0.3, 1], "metallicFactor": 0.4, "roughnessFactor": 0.5},
        emissiveFactor=[0, 0.5, 0],
        extensions={
            "KHR_materials_emissive_strength": {"emissiveStrength": 8},
            "KHR_materials_clearcoat": {"clearcoatFactor": 0.6, "clearcoatRoughnessFactor": 0.1},
            "KHR_materials_anisotropy": {"anisotropyStrength": 0.7, "anisotropyRotation": 1.5},
            "KHR_materials_ior": {"ior": 1.33},
            "KHR_materials_specular": {"specularFactor": 0.8, "specularColorFactor": [1, 0.5, 2]},
        },
    )
    (part,) = load_quietly(gltf.glb(tmp_path / "a.glb")).parts
    material = part.material
    assert (material.name, material.metallic, material.roughness) == ("paint", 0.4, 0.5)
    assert_allclose(material.base_color, bands(0.1, 0.2, 0.3))
    assert_allclose(material.glow, bands(0, 4, 0))
    assert (material.clearcoat, material.clearcoat_roughness, material.anisotropy, material.anisotropy_rotation) == (
        0.6,
        0.1,
        0.7,
        1.5,
    )
    assert (material.ior, material.specular) == (1.33, 0.8)
    assert_allclose(material.specular_color, bands(1, 0.5, 2))


@pytest.mark.parametrize(("given", "expected"), [(0, 0.0), (0.5, 1.0), (float("nan"), 1.5), (None, 1.5)])
def test_refractive_index_is_at_least_one_or_zero(tmp_path, given, expected):
    # KHR_materials_ior: 1 or more, or 0 to reflect all light; the default is 1.5.
    gltf = Gltf()
    gltf.paint(extensions={"KHR_materials_ior": {"ior": given}})
    material = load_quietly(gltf.glb(tmp_path / "a.glb")).parts[0].material
    assert material.ior == expected
    assert (material.f0_reflectance == 1.0).all() == (expected == 0.0)


def test_specular_textures_are_read(tmp_path):
    gltf = Gltf(TEXCOORD_0=np.array([[0, 0], [1, 0], [0, 1]], "<f4"))
    weight, colour = (gltf.texture(png([[pixel]])) for pixel in ([0, 0, 0, 51], [128, 128, 128]))
    specular = {"specularTexture": {"index": weight}, "specularColorTexture": {"index": colour}}
    gltf.paint(extensions={"KHR_materials_specular": specular})
    textures = load_quietly(gltf.glb(tmp_path / "a.glb")).parts[0].material.textures
    assert textures["specular"].tolist() == [[[0, 0, 0, 51]]]
    assert textures["specular_color"].tolist() == [[[128, 128, 128]]]


def test_missing_material_is_grey_and_empty_material_is_white_metal(tmp_path):
    # glTF 2.0, section 5.22.2: metallicFactor and roughnessFactor default to 1.
    gltf = Gltf()
    assert load_quietly(gltf.glb(tmp_path / "a.glb")).parts[0].material.metallic == 0.0
    gltf.paint()
    material = load_quietly(gltf.glb(tmp_path / "b.glb")).parts[0].material
    assert (material.base_color, material.metallic, material.roughness) == ((1, 1, 1), 1, 1)


def test_texture_and_its_coordinates_are_read(tmp_path):
    uv = np.array([[0, 0], [1, 0], [0, 1]], "<f4")
    gltf = Gltf(TEXCOORD_0=uv)
    texture = gltf.texture(png([[[255, 255, 255], [7, 7, 7]]]))
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": {"index": texture}})
    (part,) = load_quietly(gltf.glb(tmp_path / "a.glb")).parts
    assert part.material.textures["base"].tolist() == [[[255, 255, 255], [7, 7, 7]]]
    # glTF measures v from the upper edge (section 3.8.3), the renderer from the lower.
    assert_allclose(part.uv, np.stack([uv[:, 0], 1 - uv[:, 1]], 1))


def test_texture_transform_scales_then_rotates_then_offsets(tmp_path):
    # KHR_texture_transform, "Overview": u' = sx cos r u + sy sin r v + ox; v' = -sx sin r u + sy cos r v + oy
    gltf = Gltf(TEXCOORD_0=np.array([[0, 0], [1, 0], [0, 1]], "<f4"))
    transform = {"offset": [0.5, 0.25], "rotation": np.pi / 2, "scale": [2, 3]}
    reference = {"index": gltf.texture(png([[[9, 9, 9]]])), "extensions": {"KHR_texture_transform": transform}}
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": reference})
    (part,) = load_quietly(gltf.glb(tmp_path / "a.glb")).parts
    expected = np.array([[0.5, 0.25], [0.5, 0.25 - 2], [0.5 + 3, 0.25]])
    assert_allclose(part.uv, np.stack([expected[:, 0], 1 - expected[:, 1]], 1), atol=1e-6)


def test_second_set_of_texture_coordinates(tmp_path):
    gltf = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"), TEXCOORD_1=np.full((3, 2), 0.25, "<f4"))
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": {"index": gltf.texture(png([[[9, 9, 9]]])), "texCoord": 1}})
    (part,) = load_quietly(gltf.glb(tmp_path / "a.glb")).parts
    assert_allclose(part.uv, [[0.25, 0.75]] * 3)


def test_webp_texture_takes_precedence_over_its_fallback(tmp_path):
    import io

    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (4, 4), (90, 90, 90)).save(content, "WEBP", lossless=True)
    gltf = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"))
    plain, webp = gltf.texture(png([[[1, 1, 1]]])), gltf.texture(content.getvalue(), "image/webp")
    gltf.document["textures"] = [{"source": plain, "extensions": {"EXT_texture_webp": {"source": webp}}}]
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": {"index": 0}})
    (part,) = load_quietly(gltf.glb(tmp_path / "a.glb")).parts
    assert part.material.textures["base"][0, 0].tolist() == [90, 90, 90]


def test_deprecated_specular_glossiness_becomes_roughness(tmp_path):
    gltf = Gltf()
    specular_glossiness = {"diffuseFactor": [0.2, 0.3, 0.4, 1], "glossinessFactor": 0.75, "specularFactor": [0.04] * 3}
    gltf.paint(extensions={"KHR_materials_pbrSpecularGlossiness": specular_glossiness})
    material = load_quietly(gltf.glb(tmp_path / "a.glb")).parts[0].material
    assert (material.metallic, material.roughness) == (0.0, 0.25)
    assert_allclose(material.base_color, bands(0.2, 0.3, 0.4))


@pytest.mark.parametrize("kind", ["<u1", "<u2", "<f4"])
def test_vertex_colours_are_normalised_and_linear(tmp_path, kind):
    top = 1.0 if kind == "<f4" else np.iinfo(kind).max
    colours = (np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]]) * top).astype(kind)
    gltf = Gltf(COLOR_0=colours)
    (part,) = load_quietly(gltf.glb(tmp_path / "a.glb")).parts
    assert_allclose(part.tint[part.faces[0]], [bands(1, 0, 0), bands(0, 1, 0), bands(0, 0, 1)], atol=1e-6)


def test_materials_with_the_same_name_stay_distinct(tmp_path):
    gltf = Gltf()
    gltf.document["materials"] = [{"name": "m", "pbrMetallicRoughness": {"roughnessFactor": r}} for r in (0.1, 0.9)]
    gltf.document["meshes"] = [{"primitives": [gltf.primitive | {"material": k} for k in (0, 1)]}]
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert sorted((p.material.name, p.material.roughness) for p in craft.parts) == [("m", 0.1), ("m 2", 0.9)]


@pytest.mark.parametrize("name", ["EXT_meshopt_compression", "KHR_texture_basisu", "VENDOR_future_thing"])
def test_unsupported_extension_is_named(tmp_path, name):
    gltf = Gltf()
    gltf.document["extensionsRequired"] = [name]
    refusal(gltf.glb(tmp_path / "a.glb"), name)
