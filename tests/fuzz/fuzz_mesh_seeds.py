"""Small valid meshes in every format, made here; the mutators spoil them."""

from __future__ import annotations

import base64
import struct
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_seeds import archive, picture

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))  # for runs without pytest


def _triangles() -> tuple[np.ndarray, np.ndarray]:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    return points, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)


@cache
def simple_meshes() -> dict[str, bytes]:
    """A tetrahedron in each of the formats that are one plain file, by file name."""
    points, faces = _triangles()
    rows = "\n".join(" ".join(map(str, point)) for point in points.tolist())
    head = (
        "ply\nformat {} 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        "element face 4\nproperty list uchar int vertex_indices\nend_header\n"
    )
    ascii_rows = "\n".join(f"{line} 255 128 0" for line in rows.split("\n"))
    ascii_faces = "\n".join(f"3 {a} {b} {c}" for a, b, c in faces.tolist())
    binary = b"".join(struct.pack("<3f3B", *point, 255, 128, 0) for point in points.tolist())
    binary += b"".join(struct.pack("<B3i", 3, *face) for face in faces.tolist())
    corners = points[faces]
    stl = b"a solid of a test".ljust(80) + struct.pack("<I", 4)
    stl += b"".join(struct.pack("<12fH", 0, 0, 1, *each.ravel().tolist(), 0) for each in corners)
    facets = "\n".join(
        "facet normal 0 0 1\nouter loop\n"
        + "\n".join(f"vertex {x} {y} {z}" for x, y, z in each.tolist())
        + "\nendloop\nendfacet"
        for each in corners
    )
    return {
        "a.ply": (head.format("ascii") + ascii_rows + "\n" + ascii_faces + "\n").encode(),
        "b.ply": head.format("binary_little_endian").encode() + binary,
        "a.stl": f"solid a\n{facets}\nendsolid a\n".encode(),
        "b.stl": stl,
        "a.off": f"OFF\n4 4 6\n{rows}\n{ascii_faces}\n".encode(),
    }


DAE = """<?xml version="1.0" encoding="utf-8"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><unit name="metre" meter="1"/><up_axis>Z_UP</up_axis></asset>
<library_images><image id="i"><init_from>tex.png</init_from></image></library_images>
<library_effects><effect id="e"><profile_COMMON><technique sid="t"><phong>
<diffuse><color>0.8 0.4 0.2 1</color></diffuse><transparency><float>1</float></transparency>
</phong></technique></profile_COMMON></effect></library_effects>
<library_materials><material id="m" name="paint"><instance_effect url="#e"/></material></library_materials>
<library_geometries><geometry id="g" name="solid"><mesh>
<source id="p"><float_array id="pa" count="12">0 0 0 1 0 0 0 1 0 0 0 1</float_array>
<technique_common><accessor source="#pa" count="4" stride="3"><param name="X" type="float"/>
<param name="Y" type="float"/><param name="Z" type="float"/></accessor></technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
<polylist count="4" material="m"><input semantic="VERTEX" source="#v" offset="0"/>
<vcount>3 3 3 3</vcount><p>0 2 1 0 1 3 0 3 2 1 2 3</p></polylist></mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="s"><node id="n" name="body"><matrix>1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1</matrix>
<instance_geometry url="#g"><bind_material><technique_common><instance_material symbol="m" target="#m"/>
</technique_common></bind_material></instance_geometry></node></visual_scene></library_visual_scenes>
<scene><instance_visual_scene url="#s"/></scene></COLLADA>
"""
MODEL_3MF = """<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">
<resources><basematerials id="5"><base name="red" displaycolor="#FF0000FF"/></basematerials>
<object id="1" type="model" pid="5" pindex="0"><mesh><vertices>
<vertex x="0" y="0" z="0"/><vertex x="10" y="0" z="0"/><vertex x="0" y="10" z="0"/><vertex x="0" y="0" z="10"/>
</vertices><triangles><triangle v1="0" v2="2" v3="1"/><triangle v1="0" v2="1" v3="3"/>
<triangle v1="0" v2="3" v3="2"/><triangle v1="1" v2="2" v3="3" pid="5" p1="0"/></triangles></mesh></object>
<object id="2" type="model"><components><component objectid="1" transform="1 0 0 0 1 0 0 0 1 20 0 0"/></components>
</object></resources><build><item objectid="1"/><item objectid="2"/></build></model>
"""


@cache
def model_3mf() -> bytes:
    """Two tetrahedra as 3MF."""
    relations = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Target="/3D/3dmodel.model" Id="r" '
        'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
    )
    return archive({"_rels/.rels": relations.encode(), "3D/3dmodel.model": MODEL_3MF.encode()})


def gltf_document() -> tuple[dict[str, Any], bytes]:
    """A glTF document and its buffer: a textured triangle with colours, a skin, and a child node."""
    from mesh_files import Gltf

    model = Gltf(
        NORMAL=np.tile(np.array([[0, 0, 1]], "<f4"), (3, 1)),
        TEXCOORD_0=np.array([[0, 0], [1, 0], [0, 1]], "<f4"),
        COLOR_0=np.full((3, 4), 200, "u1"),
    )
    model.document["accessors"][-2]["normalized"] = True
    model.paint(
        pbrMetallicRoughness={"baseColorTexture": {"index": model.texture(picture())}, "roughnessFactor": 0.5},
        alphaMode="BLEND",
        doubleSided=True,
    )
    model.document["nodes"][0] |= {"children": [1], "translation": [0, 0, 1], "rotation": [0, 0, 0, 1]}
    model.document["nodes"].append({"name": "child", "mesh": 0, "matrix": np.eye(4).ravel().tolist()})
    model.document["buffers"] = [{"byteLength": len(model.buffer)}]
    return model.document, model.buffer


def embedded_gltf() -> dict[str, Any]:
    """The same as one JSON document."""
    document, buffer = gltf_document()
    uri = "data:application/octet-stream;base64," + base64.b64encode(buffer).decode()
    return document | {"buffers": [{"byteLength": len(buffer), "uri": uri}]}


def rich_gltf() -> tuple[dict[str, Any], bytes]:
    """A glTF document and its buffer: a skin, morph targets, quantized and sparse accessors, second coordinates."""
    from mesh_files import Gltf

    corners = np.array([[0, 0, 0, 0], [9000, 0, 0, 0], [0, 9000, 0, 0], [0, 0, 9000, 0]], "<i2")
    model = Gltf(
        faces=((0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)),
        POSITION=corners[:, :3].astype("<f4"),
        TEXCOORD_0=np.array([[0, 0], [1, 0], [0, 1], [1, 1]], "<f4"),
        TEXCOORD_1=np.array([[0, 0], [255, 0], [0, 255], [255, 255]], "u1"),
        JOINTS_0=np.zeros((4, 4), "u1"),
        WEIGHTS_0=np.tile(np.array([1, 0, 0, 0], "<f4"), (4, 1)),
    )
    document, attributes = model.document, model.primitive["attributes"]
    document["accessors"][attributes["TEXCOORD_1"]]["normalized"] = True
    quantized = {"bufferView": model.view(corners.tobytes(), byteStride=8), "componentType": 5122, "count": 4}
    document["accessors"].append(quantized | {"type": "VEC3"})
    attributes["POSITION"] = len(document["accessors"]) - 1
    sparse = {
        "indices": {"bufferView": model.view(np.array([1, 3], "<u2").tobytes()), "componentType": 5123},
        "values": {"bufferView": model.view(np.ones((2, 3), "<f4").tobytes())},
        "count": 2,
    }
    document["accessors"].append({"componentType": 5126, "count": 4, "type": "VEC3", "sparse": sparse})
    model.primitive["targets"] = [{"POSITION": len(document["accessors"]) - 1}]
    document["meshes"][0]["weights"] = [0.25]
    inverse = model.view(np.eye(4, dtype="<f4").tobytes())
    document["accessors"].append({"bufferView": inverse, "componentType": 5126, "count": 1, "type": "MAT4"})
    document["skins"] = [{"joints": [1], "inverseBindMatrices": len(document["accessors"]) - 1, "skeleton": 1}]
    document["nodes"][0] |= {"skin": 0, "children": [1, 2]}
    shift = {"translation": model.add(np.array([[0, 0, 0], [0, 0, 3]], "<f4"))}
    document["nodes"] += [
        {"name": "bone", "scale": [0.001, 0.001, 0.001]},
        {"name": "copies", "mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": shift}}},
    ]
    texture = model.texture(picture())
    document["samplers"] = [{"wrapS": 33071, "wrapT": 33648}]
    document["textures"][texture] |= {"sampler": 0, "extensions": {"KHR_texture_basisu": {"source": 0}}}
    moved = {"offset": [0.1, 0.2], "rotation": 0.3, "scale": [2.0, 2.0], "texCoord": 1}
    reference = {"index": texture, "extensions": {"KHR_texture_transform": moved}}
    glossiness = {"diffuseFactor": [0.8, 0.5, 0.2, 0.9], "specularFactor": [0.9, 0.8, 0.7], "glossinessFactor": 0.8}
    glossiness |= {"diffuseTexture": reference, "specularGlossinessTexture": {"index": texture, "texCoord": 1}}
    model.paint(
        alphaMode="MASK",
        alphaCutoff=0.3,
        occlusionTexture={"index": texture, "texCoord": 1, "strength": 0.7},
        normalTexture={"index": texture, "scale": 0.5},
        extensions={
            "KHR_materials_pbrSpecularGlossiness": glossiness,
            "KHR_materials_clearcoat": {"clearcoatFactor": 0.5, "clearcoatRoughnessFactor": 0.1},
            "KHR_materials_anisotropy": {"anisotropyStrength": 0.5, "anisotropyRotation": 1.0},
            "KHR_materials_transmission": {"transmissionFactor": 0.6},
            "KHR_materials_ior": {"ior": 1.4},
            "KHR_materials_volume": {"thicknessFactor": 0.2},
        },
    )
    document["extensionsUsed"] = ["KHR_mesh_quantization", "KHR_texture_transform", "EXT_mesh_gpu_instancing"]
    document["animations"] = [{"channels": [], "samplers": []}]
    document["buffers"] = [{"byteLength": len(model.buffer)}]
    return document, model.buffer


@cache
def compressed_gltf() -> tuple[dict[str, Any], bytes]:
    """A glTF document and its buffer, compressed with Draco."""
    import DracoPy
    from mesh_files import Gltf

    points, faces = _triangles()
    model = Gltf(POSITION=points)
    content = DracoPy.encode(points, faces)
    model.primitive["extensions"] = {
        "KHR_draco_mesh_compression": {"bufferView": model.view(content), "attributes": {"POSITION": 0}}
    }
    model.document["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    model.document["buffers"] = [{"byteLength": len(model.buffer)}]
    return model.document, model.buffer


@cache
def converted_meshes() -> dict[str, bytes]:
    """A mesh in each of the formats that are converted in a child process, by file name."""
    from foreign_meshes import bracket_usda, cube_fbx, mesh_3ds
    from mesh_files import CUBE_CORNERS, CUBE_FACES

    usd = bracket_usda(100.0 * CUBE_CORNERS[[0, 4, 6, 2]], range(4)).encode()
    return {
        "a.3ds": mesh_3ds(CUBE_CORNERS, CUBE_FACES, texture="tex.png"),
        "a.fbx": cube_fbx(CUBE_CORNERS, CUBE_FACES).encode(),
        "a.usda": usd,
        "a.usdz": archive({"layer.usda": usd, "tex.png": picture()}),
    }
