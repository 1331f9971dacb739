"""Coarser meshes for far views: what is too small to be seen takes no vertices.

A craft has one: what it is seen by, whose normals stay (`craft/thinning.py`), and what throws its shadows, of which
only the depth counts. It is taken where what it is off is a small part of a pixel, so that a film that comes near
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selfiesim.camera.pinhole import Camera
    from selfiesim.craft.model import Material
    from selfiesim.render.layers.craft_group import Group

LOD_TOLERANCE = 1.0 / 4096.0
"""How far off what is seen may be, of the craft's longest side."""
_SHADOW_LOD_TOLERANCE = 1.0 / 2048.0  # the same of what throws shadows: a texel of the Sun's map is as wide
LOD_MAX_PX = 256.0
"""Pixels along that side up to which it is: a sixteenth of a pixel is off at most, shadows an eighth."""
LOD_MIN_TRIANGLES = 10_000
"""Triangles from which on a craft is worth it."""
_NORMAL_TOLERANCE = 0.25  # how far normals may be off, of the width of the gloss, and within which bounds
_MIN_NORMAL_TOLERANCE, _MAX_NORMAL_TOLERANCE = 0.01, 0.05
_TINT_TOLERANCE = 0.05

Faces = NDArray[np.int32]


@dataclass
class LodMesh:
    """The coarser mesh of a group: ``seen``, made of the vertices ``kept`` (K,) of the whole one, and its caster."""

    seen: Any
    kept: NDArray[np.int64]
    cast: Any


def projected_size_px(size: float, depth: float, camera: Camera) -> float:
    """How many pixels long a craft looks at most that is ``size`` m long, its nearest point ``depth`` m ahead."""
    return size * max(camera.fx, camera.fy) / depth if depth > 0.0 else np.inf


def load_lods(groups: Sequence[Group], size: float, max_edge: float) -> list[LodMesh]:
    """One for each group, from the cache or made now; ``size`` of the craft and the ``max_edge`` edge, m."""
    path = lod_cache_path(_digest(groups, size, max_edge))
    sizes = [group.mesh.n_points for group in groups]
    kept = fetch_lod_faces(path, [count for count in sizes for _ in range(2)])
    if kept is None:
        kept = [faces for group in groups for faces in _simplify(group.mesh, group.material, size, max_edge)]
        store_lod_faces(path, kept)
    pairs = zip(groups, kept[::2], kept[1::2], strict=True)
    return [LodMesh(*_submesh(group.mesh, seen), _submesh(group.mesh, cast)[0]) for group, seen, cast in pairs]


def _simplify(mesh: Any, material: Material, size: float, max_edge: float) -> tuple[Faces, Faces]:
    """Triangles to be seen by and to throw shadows."""
    points, faces = np.asarray(mesh.points), mesh.regular_faces
    seen = simplify_mesh(
        points, faces, LOD_TOLERANCE * size, _vertex_attributes(mesh, material, LOD_TOLERANCE * size), max_edge
    )
    # What has holes in it by its texture throws their light as well.
    return seen, seen if material.alpha_cutoff is not None else simplify_mesh(
        points, faces, _SHADOW_LOD_TOLERANCE * size
    )


def _vertex_attributes(mesh: Any, material: Material, tolerance: float) -> NDArray[np.float64]:
    """What else than places counts, each over what may be lost of it."""
    turned = float(np.clip(_NORMAL_TOLERANCE * material.roughness**2, _MIN_NORMAL_TOLERANCE, _MAX_NORMAL_TOLERANCE))
    looks = [np.asarray(mesh.point_data.active_normals) / turned]
    if material.textures:
        uv, points = np.asarray(mesh.active_texture_coordinates, float), np.asarray(mesh.points, float)
        ends = mesh.regular_faces[:, :2]
        here, there = (np.linalg.norm(v[ends[:, 0]] - v[ends[:, 1]], axis=1) for v in (uv, points))
        spread = here > 0.0
        looks.append(uv * (float(np.median(there[spread] / here[spread])) / tolerance if spread.any() else 1.0))
    for name, least in (("vertexTint", _TINT_TOLERANCE), ("vertexTangent", turned)):
        if name in mesh.point_data:
            looks.append(np.asarray(mesh.point_data[name]) / least)
    return np.concatenate(looks, axis=1).astype(float)


def _submesh(mesh: Any, faces: Faces) -> tuple[Any, NDArray[np.int64]]:
    """A mesh of some triangles (K, 3) of vertices of another, and which vertices it has."""
    import pyvista

    kept = np.unique(faces).astype(np.int64)
    new = np.zeros(mesh.n_points, np.int64)
    new[kept] = np.arange(len(kept))
    part = pyvista.PolyData.from_regular_faces(np.asarray(mesh.points)[kept], new[faces])
    for name in mesh.point_data:
        part.point_data[name] = np.asarray(mesh.point_data[name])[kept]
    part.point_data.active_normals = np.asarray(mesh.point_data.active_normals)[kept]
    part.active_texture_coordinates = np.asarray(mesh.active_texture_coordinates)[kept]
    return part, kept


def _digest(groups: Sequence[Group], size: float, max_edge: float) -> str:
    digest = hashlib.sha256(repr((LOD_TOLERANCE, _SHADOW_LOD_TOLERANCE, size, max_edge)).encode())
    for group in groups:
        mesh, material = group.mesh, group.material
        digest.update(repr((mesh.n_points, sorted(material.textures), material.alpha_cutoff)).encode())
        digest.update(np.ascontiguousarray(mesh.regular_faces, np.int32).tobytes())
        digest.update(np.ascontiguousarray(mesh.points, np.float32).tobytes())
        digest.update(np.ascontiguousarray(_vertex_attributes(mesh, material, 1.0), np.float32).tobytes())
    return digest.hexdigest()
