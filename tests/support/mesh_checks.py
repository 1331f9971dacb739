"""Checks on the meshes of built craft: closed, oriented outward, no slivers, valid normals, complete textures."""

from __future__ import annotations

import numpy as np
from craft_solids import groups, shared_planes
from numpy.testing import assert_allclose

from selfiesim.craft.mesh.normals import weld_ids


def pieces_of(model):
    """Every closed solid of a model, by (group, material, number)."""
    return {(*key, k): solid for key, solids in model.solids().items() for k, solid in enumerate(solids)}


def extent(craft, *, node="", material=""):
    """Bounding box (2, 3) of the parts whose node starts with ``node`` and whose material is ``material``."""
    chosen = [p for p in craft.parts if p.node.startswith(node) and material in ("", p.material.name)]
    assert chosen, f"no part {node!r} of {material!r}"
    points = np.concatenate([p.vertices for p in chosen])
    return np.stack([points.min(axis=0), points.max(axis=0)])


def assert_closed_and_outward(pieces):
    """Every edge belongs to two faces that run along it in opposite directions, and the volume is positive."""
    for label, solid in pieces.items():
        place = weld_ids(np.round(solid.vertices, 6))[solid.faces]
        directed = np.concatenate([place[:, [0, 1]], place[:, [1, 2]], place[:, [2, 0]]])
        forward = {tuple(edge) for edge in directed.tolist()}
        assert len(forward) == len(directed), f"{label}: two faces run along an edge in the same direction"
        assert forward == {(b, a) for a, b in forward}, f"{label}: an edge has only one face"
        assert solid.volume_m3 > 0.0, f"{label} is inside out"


def assert_hangs_together(pieces):
    """All solids are connected."""
    loose = sorted(groups(list(pieces.values())), key=len)[:-1]
    labels = list(pieces)
    assert not loose, [labels[group[0]] for group in loose]


def assert_no_flicker(pieces):
    """No two materials share a plane, which would z-fight."""
    assert not shared_planes(list(pieces), list(pieces.values()))


def assert_faces_distinct(craft):
    """No face is degenerate or duplicated."""
    for part in craft.parts:
        a, b, c = (part.vertices[part.faces[:, k]].astype(float) for k in range(3))
        area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
        assert area.min() > 1e-10, part.name
        corners = np.sort(weld_ids(part.vertices.astype(float))[part.faces], axis=1)
        assert len(np.unique(corners, axis=0)) == len(corners), f"{part.name} has a duplicate face"


def assert_normals_lean_outward(craft):
    """Vertex normals are unit vectors on the outer side of their faces."""
    for part in craft.parts:
        assert np.isfinite(part.vertices).all()
        assert_allclose(np.linalg.norm(part.normals, axis=1), 1.0, atol=1e-5)
        a, b, c = (part.vertices[part.faces[:, k]].astype(float) for k in range(3))
        face_normal = np.cross(b - a, c - a)
        face_normal /= np.linalg.norm(face_normal, axis=1, keepdims=True)
        cosine = np.einsum("mk,mck->mc", face_normal, part.normals[part.faces].astype(float))
        assert cosine.min() > 0.2, part.name


def assert_pictures_whole(craft):
    """Texture coordinates stay within the texture; returns the textured parts."""
    textured = [p for p in craft.parts if p.material.textures]
    for part in textured:
        assert part.uv is not None
        assert part.uv.min() >= 0.0, part.name
        assert part.uv.max() <= 1.0, part.name
    return textured
