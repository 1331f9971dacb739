"""Plates of any opacity in front of a matt wall, photographed along their normal with the Sun behind the camera."""

from __future__ import annotations

import numpy as np
from mesh_files import Gltf, load_quietly, png

from selfiesim.pages.model_portrait import Viewpoint, portrait_view

SQUARE = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], "<f4")
FACES = ((0, 1, 2), (0, 2, 3))
UV = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], "<f4")


def plates(folder, *sheets, wall=True):
    """A craft of square sheets a metre apart, the first in front, before a wall twice as large.

    Each sheet is a dict: ``colour`` (grey, linear), ``alpha``, ``mode``, ``cutoff``, ``vertices`` (opacity of each of
    the four corners), ``texels`` (a row of opacities), ``wrap`` (OpenGL's), ``uv_scale``.
    """
    rows = [*sheets, {"colour": 0.5, "size": 2.0}] if wall else list(sheets)
    gltf = Gltf(POSITION=SQUARE, faces=FACES)
    document = gltf.document | {
        "nodes": [],
        "meshes": [],
        "materials": [],
        "scenes": [{"nodes": list(range(len(rows)))}],
    }
    indices = gltf.primitive["indices"]
    position = gltf.primitive["attributes"]["POSITION"]
    for number, row in enumerate(rows):
        attributes = {"POSITION": position}
        pbr = {"baseColorFactor": [row.get("colour", 0.5)] * 3 + [row.get("alpha", 1.0)], "metallicFactor": 0.0}
        if "vertices" in row:
            attributes["COLOR_0"] = gltf.add(np.column_stack([np.ones((4, 3)), row["vertices"]]).astype("<f4"))
        if "texels" in row:
            attributes["TEXCOORD_0"] = gltf.add(row.get("uv_scale", 1.0) * UV)
            pixels = np.full((4, len(row["texels"]), 4), 255)
            pixels[..., 3] = row["texels"]
            index = gltf.texture(png(pixels))
            pbr["baseColorTexture"] = {"index": index}
            document.setdefault("samplers", []).append(dict.fromkeys(("wrapS", "wrapT"), row.get("wrap", 10497)))
            gltf.document["textures"][index]["sampler"] = len(document["samplers"]) - 1
        material = {"name": f"sheet {number}", "pbrMetallicRoughness": pbr, "alphaMode": row.get("mode", "OPAQUE")}
        document["materials"].append(material | ({"alphaCutoff": row["cutoff"]} if "cutoff" in row else {}))
        document["meshes"].append({"primitives": [{"attributes": attributes, "indices": indices, "material": number}]})
        scale = row.get("size", 1.0)
        place = {"translation": [0, 0, -float(number)], "scale": [scale, scale, 1.0]}
        document["nodes"].append({"name": f"sheet {number}", "mesh": number} | place)
    document |= {key: gltf.document[key] for key in ("images", "textures") if key in gltf.document}
    gltf.document = document
    return load_quietly(gltf.glb(folder / "plates.glb"))


def view_of(craft, side=(0.0, 0.0, 1.0), sun=None, size=(96, 96)):
    """The craft from one side, from far enough for parallel rays; by default the Sun is behind the camera."""
    viewpoint = Viewpoint(side=side, up=(0.0, 1.0, 0.0), sun=sun or side, size_px=size, fov_deg=3.0, target_m=(0, 0, 0))
    return portrait_view(craft, viewpoint)[0]


def middle(image, half=6):
    """The mean of the middle of a picture."""
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    return np.asarray(image[rows - half : rows + half, columns - half : columns + half], float).mean(axis=(0, 1))
