"""glTF as the specification has it (Khronos, glTF 2.0 and its ratified extensions): numbers, placing, looks."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_files import CUBE_CORNERS, CUBE_FACES, Gltf, load_quietly, png, refusal, volume
from numpy.testing import assert_allclose

HALF_TURN = np.sqrt(0.5)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def triangle(path):
    """The corners (3, 3) of a craft of one triangle, in the order of its face."""
    (part,) = load_quietly(path).parts
    return part.vertices[part.faces[0]]


# --- Numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["<u1", "<u2", "<u4"])
def test_indices_of_every_width(tmp_path, kind):
    assert_allclose(triangle(Gltf(index_kind=kind).glb(tmp_path / "a.glb")), [[0, 0, 0], [1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize("count", [65_535, 65_536, 65_537])
def test_either_side_of_sixteen_bits(tmp_path, count):
    points = np.zeros((count, 3), "<f4")
    points[-3:] = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    kind = "<u2" if count <= 65_536 else "<u4"
    made = Gltf([[count - 3, count - 2, count - 1]], kind, POSITION=points)
    assert_allclose(triangle(made.glb(tmp_path / "a.glb")), points[-3:])


def test_no_indices_means_one_after_the_other(tmp_path):
    assert load_quietly(Gltf(None).glb(tmp_path / "a.glb")).triangle_count == 1


def test_sparse_accessor_replaces_rows(tmp_path):
    # glTF 2.0, section 3.6.2.3
    made = Gltf()
    at, new = made.view(np.array([2], "<u2").tobytes()), made.view(np.array([[0, 5, 0]], "<f4").tobytes())
    made.table["accessors"][0]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": at, "componentType": 5123},
        "values": {"bufferView": new},
    }
    assert_allclose(triangle(made.glb(tmp_path / "a.glb"))[2], [0, 5, 0])


def test_sparse_accessor_without_a_buffer_begins_with_zeros(tmp_path):
    made = Gltf()
    at = made.view(np.array([1, 2], "<u1").tobytes())
    new = made.view(np.array([[3, 0, 0], [0, 4, 0]], "<f4").tobytes())
    sparse = {"count": 2, "indices": {"bufferView": at, "componentType": 5121}, "values": {"bufferView": new}}
    made.table["accessors"][0] = {"componentType": 5126, "count": 3, "type": "VEC3", "sparse": sparse}
    assert_allclose(triangle(made.glb(tmp_path / "a.glb")), [[0, 0, 0], [3, 0, 0], [0, 4, 0]])


def test_interleaved_rows(tmp_path):
    rows = np.zeros((3, 6), "<f4")
    rows[:, :3] = [[0, 0, 0], [2, 0, 0], [0, 2, 0]]
    rows[:, 3:] = [0, 0, 1]
    made = Gltf()
    view = made.view(rows.tobytes(), byteStride=24)
    made.table["accessors"][0] |= {"bufferView": view}
    made.table["accessors"].append(
        {"bufferView": view, "byteOffset": 12, "componentType": 5126, "count": 3, "type": "VEC3"}
    )
    made.primitive["attributes"]["NORMAL"] = 2
    (part,) = load_quietly(made.glb(tmp_path / "a.glb")).parts
    assert_allclose(part.vertices, rows[:, :3])
    assert_allclose(part.normals, rows[:, 3:])


def test_quantised_positions_and_normals(tmp_path):
    # KHR_mesh_quantization: the node's scale brings whole numbers back; normalised ones are shares of the largest.
    made = Gltf(POSITION=np.array([[0, 0, 0, 0], [1000, 0, 0, 0], [0, 500, 0, 0]], "<i2"))
    made.table["accessors"][0]["type"] = "VEC3"
    made.table["bufferViews"][0]["byteStride"] = 8
    normals = made.view(np.array([[0, 0, 127, 0]] * 3, "<i1").tobytes(), byteStride=4)
    made.table["accessors"].append(
        {"bufferView": normals, "componentType": 5120, "normalized": True, "count": 3, "type": "VEC3"}
    )
    made.primitive["attributes"]["NORMAL"] = 2
    made.table["nodes"][0]["scale"] = [0.01] * 3
    made.table["extensionsRequired"] = ["KHR_mesh_quantization"]
    (part,) = load_quietly(made.glb(tmp_path / "a.glb")).parts
    assert_allclose(part.vertices, [[0, 0, 0], [10, 0, 0], [0, 5, 0]], rtol=1e-6)
    assert_allclose(part.normals, [[0, 0, 1]] * 3)


@pytest.mark.parametrize(("mode", "corners"), [(5, (0, 1, 2, 3)), (6, (0, 1, 3, 2))])
def test_strips_and_fans_keep_their_sense(tmp_path, mode, corners):
    square = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], "<f4")
    made = Gltf(np.array(corners), POSITION=square, NORMAL=np.array([[0, 0, 1]] * 4, "<f4"))
    made.primitive["mode"] = mode
    craft = load_quietly(made.glb(tmp_path / "a.glb"))
    (part,) = craft.parts
    a, b, c = np.moveaxis(part.vertices[part.faces], 1, 0)
    assert_allclose(np.cross(b - a, c - a)[:, 2], [1, 1])
    assert craft.repairs == ()


def test_points_and_lines_are_left_out_and_told(tmp_path):
    made = Gltf()
    made.table["meshes"][0]["primitives"].append({"attributes": {"POSITION": 0}, "mode": 1})
    craft = load_quietly(made.glb(tmp_path / "a.glb"))
    assert craft.triangle_count == 1
    assert any("lines" in text for text in craft.warnings)


def test_draco_gives_what_was_packed(tmp_path):
    # Authority: Google's encoder, through DracoPy; positions quantised to 14 bits.
    DracoPy = pytest.importorskip("DracoPy")
    made = Gltf(CUBE_FACES, POSITION=CUBE_CORNERS.astype("<f4"))
    packed = DracoPy.encode(CUBE_CORNERS, CUBE_FACES.astype(np.uint32), quantization_bits=14)
    extension = {"bufferView": made.view(packed), "attributes": {"POSITION": 0}}
    made.primitive["extensions"] = {"KHR_draco_mesh_compression": extension}
    for number in (0, 1):
        del made.table["accessors"][number]["bufferView"]
    made.table["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    craft = load_quietly(made.glb(tmp_path / "a.glb"))
    assert craft.triangle_count == 12
    assert volume(craft) == pytest.approx(1.0, abs=1e-3)


def test_draco_without_its_decoder_says_how_to_get_it(tmp_path, monkeypatch):
    from selfiesim.craft.formats import gltf

    monkeypatch.setattr(gltf, "find_spec", lambda name: None)
    made = Gltf()
    made.table["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    refusal(made.glb(tmp_path / "a.glb"), "selfiesim[draco]")


# --- Placing --------------------------------------------------------------------------------------------------------


def test_transforms_multiply_down_the_tree(tmp_path):
    made = Gltf()
    made.table["nodes"] = [
        {"children": [1], "translation": [0, 0, 4]},
        {"children": [2], "rotation": [0, 0, HALF_TURN, HALF_TURN]},  # a quarter turn about z
        {"mesh": 0, "scale": [2, 2, 2]},
    ]
    assert_allclose(triangle(made.glb(tmp_path / "a.glb")), [[0, 0, 4], [0, 2, 4], [-2, 0, 4]], atol=1e-6)


def test_matrix_is_column_by_column(tmp_path):
    made = Gltf()
    made.table["nodes"][0]["matrix"] = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 2, 3, 1]
    assert_allclose(triangle(made.glb(tmp_path / "a.glb"))[0], [1, 2, 3])


def test_one_mesh_in_many_nodes_and_many_copies_in_one_node(tmp_path):
    made = Gltf()
    made.table["nodes"] = [{"mesh": 0, "name": "a"}, {"mesh": 0, "name": "a", "translation": [3, 0, 0]}]
    made.table["scenes"][0]["nodes"] = [0, 1]
    craft = load_quietly(made.glb(tmp_path / "a.glb"))
    assert [part.node for part in craft.parts] == ["a", "a 2"]
    # EXT_mesh_gpu_instancing
    where = made.add(np.array([[0, 0, 0], [0, 0, 1], [0, 0, 2]], "<f4"))
    made.table["nodes"] = [
        {"mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": where}}}}
    ]
    made.table["scenes"][0]["nodes"] = [0]
    craft = load_quietly(made.glb(tmp_path / "b.glb"))
    assert craft.triangle_count == 3
    assert craft.bounds_m[1, 2] == 2.0


def test_negative_scale_turns_faces_and_normals_right_side_out(tmp_path):
    made = Gltf(CUBE_FACES, POSITION=CUBE_CORNERS.astype("<f4"))
    assert volume(load_quietly(made.glb(tmp_path / "plain.glb"))) == pytest.approx(1.0)
    made.table["nodes"][0]["scale"] = [-1, 1, 1]
    craft = load_quietly(made.glb(tmp_path / "mirrored.glb"))
    assert volume(craft) == pytest.approx(1.0)
    (part,) = craft.parts
    outward = part.vertices - (-0.5, 0.5, 0.5)
    assert (np.einsum("ij,ij->i", part.normals, outward) > 0.4).all()


# --- Looks ----------------------------------------------------------------------------------------------------------


def test_every_number_of_a_material_arrives(tmp_path):
    made = Gltf()
    made.paint(
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
    (part,) = load_quietly(made.glb(tmp_path / "a.glb")).parts
    look = part.material
    assert (look.name, look.base_color, look.metallic, look.roughness) == ("paint", (0.1, 0.2, 0.3), 0.4, 0.5)
    assert look.glow == (0, 4, 0)
    assert (look.clearcoat, look.clearcoat_roughness, look.anisotropy, look.anisotropy_rotation) == (0.6, 0.1, 0.7, 1.5)
    assert (look.ior, look.specular, look.specular_color) == (1.33, 0.8, (1, 0.5, 2))


@pytest.mark.parametrize(("given", "taken"), [(0, 0.0), (0.5, 1.0), (float("nan"), 1.5), (None, 1.5)])
def test_a_refractive_index_is_one_at_least_or_the_zero_of_its_extension(tmp_path, given, taken):
    # KHR_materials_ior: valid are 1 and more, and 0 for what mirrors all light; 1.5 where none is given.
    made = Gltf()
    made.paint(extensions={"KHR_materials_ior": {"ior": given}})
    look = load_quietly(made.glb(tmp_path / "a.glb")).parts[0].material
    assert look.ior == taken
    assert (look.f0_reflectance == 1.0).all() == (taken == 0.0)


def test_pictures_of_the_mirrored_light(tmp_path):
    made = Gltf(TEXCOORD_0=np.array([[0, 0], [1, 0], [0, 1]], "<f4"))
    weight, colour = (made.picture(png([[pixel]])) for pixel in ([0, 0, 0, 51], [255, 0, 128]))
    mirror = {"specularTexture": {"index": weight}, "specularColorTexture": {"index": colour}}
    made.paint(extensions={"KHR_materials_specular": mirror})
    textures = load_quietly(made.glb(tmp_path / "a.glb")).parts[0].material.textures
    assert textures["specular"].tolist() == [[[0, 0, 0, 51]]]
    assert textures["specular_color"].tolist() == [[[255, 0, 128]]]


def test_no_material_is_grey_and_an_empty_one_is_white_metal(tmp_path):
    # glTF 2.0, section 5.22.2: metallicFactor and roughnessFactor are 1 where they are not given.
    made = Gltf()
    assert load_quietly(made.glb(tmp_path / "a.glb")).parts[0].material.metallic == 0.0
    made.paint()
    look = load_quietly(made.glb(tmp_path / "b.glb")).parts[0].material
    assert (look.base_color, look.metallic, look.roughness) == ((1, 1, 1), 1, 1)


def test_texture_and_its_place(tmp_path):
    uv = np.array([[0, 0], [1, 0], [0, 1]], "<f4")
    made = Gltf(TEXCOORD_0=uv)
    picture = made.picture(png([[[255, 0, 0], [0, 255, 0]]]))
    made.paint(pbrMetallicRoughness={"baseColorTexture": {"index": picture}})
    (part,) = load_quietly(made.glb(tmp_path / "a.glb")).parts
    assert part.material.textures["base"].tolist() == [[[255, 0, 0], [0, 255, 0]]]
    # glTF counts v from the upper edge (section 3.8.3), the renderer from the lower.
    assert_allclose(part.uv, np.stack([uv[:, 0], 1 - uv[:, 1]], 1))


def test_texture_transform_offset_after_rotation_after_scale(tmp_path):
    # KHR_texture_transform, "Overview": u' = sx cos r u + sy sin r v + ox; v' = -sx sin r u + sy cos r v + oy
    made = Gltf(TEXCOORD_0=np.array([[0, 0], [1, 0], [0, 1]], "<f4"))
    transform = {"offset": [0.5, 0.25], "rotation": np.pi / 2, "scale": [2, 3]}
    place = {"index": made.picture(png([[[9, 9, 9]]])), "extensions": {"KHR_texture_transform": transform}}
    made.paint(pbrMetallicRoughness={"baseColorTexture": place})
    (part,) = load_quietly(made.glb(tmp_path / "a.glb")).parts
    expected = np.array([[0.5, 0.25], [0.5, 0.25 - 2], [0.5 + 3, 0.25]])
    assert_allclose(part.uv, np.stack([expected[:, 0], 1 - expected[:, 1]], 1), atol=1e-6)


def test_second_set_of_texture_coordinates(tmp_path):
    made = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"), TEXCOORD_1=np.full((3, 2), 0.25, "<f4"))
    made.paint(pbrMetallicRoughness={"baseColorTexture": {"index": made.picture(png([[[9, 9, 9]]])), "texCoord": 1}})
    (part,) = load_quietly(made.glb(tmp_path / "a.glb")).parts
    assert_allclose(part.uv, [[0.25, 0.75]] * 3)


def test_webp_texture_goes_before_its_stand_in(tmp_path):
    import io

    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (4, 4), (10, 200, 30)).save(content, "WEBP", lossless=True)
    made = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"))
    plain, webp = made.picture(png([[[1, 1, 1]]])), made.picture(content.getvalue(), "image/webp")
    made.table["textures"] = [{"source": plain, "extensions": {"EXT_texture_webp": {"source": webp}}}]
    made.paint(pbrMetallicRoughness={"baseColorTexture": {"index": 0}})
    (part,) = load_quietly(made.glb(tmp_path / "a.glb")).parts
    assert part.material.textures["base"][0, 0].tolist() == [10, 200, 30]


def test_old_specular_glossiness_becomes_roughness(tmp_path):
    made = Gltf()
    old = {"diffuseFactor": [0.2, 0.3, 0.4, 1], "glossinessFactor": 0.75, "specularFactor": [0.04] * 3}
    made.paint(extensions={"KHR_materials_pbrSpecularGlossiness": old})
    look = load_quietly(made.glb(tmp_path / "a.glb")).parts[0].material
    assert (look.base_color, look.metallic, look.roughness) == ((0.2, 0.3, 0.4), 0.0, 0.25)


@pytest.mark.parametrize("kind", ["<u1", "<u2", "<f4"])
def test_vertex_colours_are_linear_shares(tmp_path, kind):
    top = 1.0 if kind == "<f4" else np.iinfo(kind).max
    colours = (np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]]) * top).astype(kind)
    made = Gltf(COLOR_0=colours)
    (part,) = load_quietly(made.glb(tmp_path / "a.glb")).parts
    assert_allclose(part.tint[part.faces[0]], np.eye(3), atol=1e-6)


@pytest.mark.parametrize(("mode", "channels", "cutoff"), [("OPAQUE", 4, None), ("MASK", 4, 0.3), ("BLEND", 4, 0.3),
                                                          ("BLEND", 3, None)])  # fmt: skip
def test_what_is_see_through_becomes_holes(tmp_path, mode, channels, cutoff):
    made = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"))
    picture = made.picture(png(np.full((2, 2, channels), 9)))
    made.paint(alphaMode=mode, alphaCutoff=0.3, pbrMetallicRoughness={"baseColorTexture": {"index": picture}})
    craft = load_quietly(made.glb(tmp_path / "a.glb"))
    assert craft.parts[0].material.alpha_cutoff == cutoff
    assert bool(craft.warnings) == (mode == "BLEND" and channels == 4)


def test_materials_of_one_name_stay_apart(tmp_path):
    made = Gltf()
    made.table["materials"] = [{"name": "m", "pbrMetallicRoughness": {"roughnessFactor": r}} for r in (0.1, 0.9)]
    made.table["meshes"] = [{"primitives": [made.primitive | {"material": k} for k in (0, 1)]}]
    craft = load_quietly(made.glb(tmp_path / "a.glb"))
    assert sorted((p.material.name, p.material.roughness) for p in craft.parts) == [("m", 0.1), ("m 2", 0.9)]


@pytest.mark.parametrize("name", ["EXT_meshopt_compression", "KHR_texture_basisu", "VENDOR_future_thing"])
def test_extension_that_cannot_be_read_is_named(tmp_path, name):
    made = Gltf()
    made.table["extensionsRequired"] = [name]
    refusal(made.glb(tmp_path / "a.glb"), name)
