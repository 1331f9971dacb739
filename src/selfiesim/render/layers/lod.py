"""Level of detail: coarser meshes for distant views, without details that are too small to be visible.

A craft has one level: a visible mesh that preserves normals (:mod:`selfiesim.craft.mesh.simplify`), and a shadow mesh,
of which only the depth matters. It is used where its error is a small part of a pixel, so that a film that approaches
shows no change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.cache import fetch_lod_faces, lod_cache_path, store_lod_faces
from selfiesim.craft.mesh.simplify import simplify_mesh
from selfiesim.render.layers.craft_shader import is_see_through

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selfiesim.camera.pinhole import Camera
    from selfiesim.craft.model import Material
    from selfiesim.render.layers.craft_group import Group

LOD_TOLERANCE = 1.0 / 4096.0
"""Maximum error of the visible mesh, relative to the craft's longest side."""
_SHADOW_LOD_TOLERANCE = 1.0 / 2048.0  # of the shadow mesh: a texel of the Sun's map is as wide
LOD_MAX_PX = 256.0
"""Maximum length of that side in the image, pixels: errors are at most 1/16 of a pixel, those of shadows 1/8."""
LOD_MIN_TRIANGLES = 10_000
"""Minimum number of triangles for which a coarser mesh pays."""
_NORMAL_TOLERANCE = 0.25  # maximum error of normals relative to the width of the gloss, within these bounds:
_MIN_NORMAL_TOLERANCE, _MAX_NORMAL_TOLERANCE = 0.01, 0.05
_TINT_TOLERANCE = 0.05

Faces = NDArray[np.int32]


@dataclass
class LodMesh:
    """The coarser mesh of a group.

    Attributes
    ----------
    visible_mesh : pyvista.PolyData
        The mesh that the camera sees.
    vertices : (K,) array of int
        Its vertices, as indices of those of the full mesh.
    shadow_mesh : pyvista.PolyData
        The mesh that casts shadows.
    """

    visible_mesh: Any
    vertices: NDArray[np.int64]
    shadow_mesh: Any


def projected_size_px(size: float, depth: float, camera: Camera) -> float:
    """Return the maximum length in pixels of a craft ``size`` m long whose nearest point is ``depth`` m ahead."""
    return size * max(camera.fx, camera.fy) / depth if depth > 0.0 else np.inf


def load_lods(groups: Sequence[Group], size: float, max_edge: float) -> list[LodMesh]:
    """Return the coarser mesh of each group, from the cache if it is there.

    Parameters
    ----------
    groups : sequence of Group
        The groups of a craft.
    size : float
        Longest side of the craft, m.
    max_edge : float
        Maximum length of an edge, m.
    """
    path = lod_cache_path(_digest(groups, size, max_edge))
    sizes = [group.mesh.n_points for group in groups]
    faces = fetch_lod_faces(path, [count for count in sizes for _ in range(2)])
    if faces is None:
        faces = [each for group in groups for each in _simplify(group.mesh, group.material, size, max_edge)]
        store_lod_faces(path, faces)
    pairs = zip(groups, faces[::2], faces[1::2], strict=True)
    return [
        LodMesh(*_submesh(group.mesh, visible), _submesh(group.mesh, shadow)[0]) for group, visible, shadow in pairs
    ]


def _simplify(mesh: Any, material: Material, size: float, max_edge: float) -> tuple[Faces, Faces]:
    """Return the triangles of the visible and of the shadow mesh."""
    points, faces = np.asarray(mesh.points), mesh.regular_faces
    tolerance = LOD_TOLERANCE * size
    visible = simplify_mesh(points, faces, tolerance, _vertex_attributes(mesh, material, tolerance), max_edge)
    if is_see_through(material):  # the shadow has the holes of the texture, and needs its coordinates
        return visible, visible
    return visible, simplify_mesh(points, faces, _SHADOW_LOD_TOLERANCE * size)


def _vertex_attributes(mesh: Any, material: Material, tolerance: float) -> NDArray[np.float64]:
    """Return the vertex attributes to preserve (normals, texture coordinates, tints), each over its tolerance."""
    normal_tolerance = float(
        np.clip(_NORMAL_TOLERANCE * material.roughness**2, _MIN_NORMAL_TOLERANCE, _MAX_NORMAL_TOLERANCE)
    )
    attributes = [np.asarray(mesh.point_data.active_normals) / normal_tolerance]
    points, ends = np.asarray(mesh.points, float), mesh.regular_faces[:, :2]
    mappings = [mesh.active_texture_coordinates] if material.textures else []
    mappings += [mesh.point_data["vertexUv2"]] if "vertexUv2" in mesh.point_data else []
    for uv in (np.asarray(each, float) for each in mappings):
        uv_length, length = (np.linalg.norm(v[ends[:, 0]] - v[ends[:, 1]], axis=1) for v in (uv, points))
        mapped = uv_length > 0.0
        scale = float(np.median(length[mapped] / uv_length[mapped])) / tolerance if mapped.any() else 1.0
        attributes.append(uv * scale)
    for name, attribute_tolerance in (
        ("vertexTint", _TINT_TOLERANCE),
        ("vertexAlpha", _TINT_TOLERANCE),
        ("vertexTangent", normal_tolerance),
    ):
        if name in mesh.point_data:
            values = np.asarray(mesh.point_data[name])
            attributes.append(values.reshape(len(values), -1) / attribute_tolerance)
    return np.concatenate(attributes, axis=1).astype(float)


def _submesh(mesh: Any, faces: Faces) -> tuple[Any, NDArray[np.int64]]:
    """Return a mesh of triangles ``faces`` (M, 3) of another mesh, and the indices (K,) of its vertices there."""
    import pyvista

    vertices = np.unique(faces).astype(np.int64)
    new = np.zeros(mesh.n_points, np.int64)
    new[vertices] = np.arange(len(vertices))
    part = pyvista.PolyData.from_regular_faces(np.asarray(mesh.points)[vertices], new[faces])
    for name in mesh.point_data:
        part.point_data[name] = np.asarray(mesh.point_data[name])[vertices]
    part.point_data.active_normals = np.asarray(mesh.point_data.active_normals)[vertices]
    part.active_texture_coordinates = np.asarray(mesh.active_texture_coordinates)[vertices]
    return part, vertices


def _digest(groups: Sequence[Group], size: float, max_edge: float) -> str:
    digest = hashlib.sha256(repr((LOD_TOLERANCE, _SHADOW_LOD_TOLERANCE, size, max_edge)).encode())
    for group in groups:
        mesh, material = group.mesh, group.material
        digest.update(repr((mesh.n_points, sorted(material.textures), material.alpha_cutoff, material.blend)).encode())
        digest.update(np.ascontiguousarray(mesh.regular_faces, np.int32).tobytes())
        digest.update(np.ascontiguousarray(mesh.points, np.float32).tobytes())
        digest.update(np.ascontiguousarray(_vertex_attributes(mesh, material, 1.0), np.float32).tobytes())
    return digest.hexdigest()
