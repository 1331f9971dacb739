"""What every built craft's mesh has to be: closed, outward, without slivers, its normals true, its pictures whole."""

from __future__ import annotations

import numpy as np
from craft_solids import groups, shared_planes
from numpy.testing import assert_allclose

from selfiesim.craft.mesh.normals import weld_ids


def pieces_of(model):
    """Every closed piece of a model, labelled (group, material, number)."""
    return {(*key, k): solid for key, solids in model.solids().items() for k, solid in enumerate(solids)}


def extent(craft, *, node="", material=""):
    """Lower and upper corner (2, 3) of the parts whose node begins with, and whose material is, what is asked for."""
    chosen = [p for p in craft.parts if p.node.startswith(node) and material in ("", p.material.name)]
    assert chosen, f"no part {node!r} of {material!r}"
    points = np.concatenate([p.vertices for p in chosen])
    return np.stack([points.min(axis=0), points.max(axis=0)])


def assert_closed_and_outward(pieces):
    for label, solid in pieces.items():
        place = weld_ids(np.round(solid.vertices, 6))[solid.faces]
        directed = np.concatenate([place[:, [0, 1]], place[:, [1, 2]], place[:, [2, 0]]])
        forward = {tuple(edge) for edge in directed.tolist()}
        assert len(forward) == len(directed), f"{label}: an edge is run through twice the same way"
        assert forward == {(b, a) for a, b in forward}, f"{label}: an edge has only one face"
        assert solid.volume_m3 > 0.0, f"{label} is inside out"


def assert_hangs_together(pieces):
    loose = sorted(groups(list(pieces.values())), key=len)[:-1]
    labels = list(pieces)
    assert not loose, [labels[group[0]] for group in loose]


def assert_no_flicker(pieces):
    assert not shared_planes(list(pieces), list(pieces.values()))


def assert_faces_distinct(craft):
    for part in craft.parts:
        a, b, c = (part.vertices[part.faces[:, k]].astype(float) for k in range(3))
        area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
        assert area.min() > 1e-10, part.name
        corners = np.sort(weld_ids(part.vertices.astype(float))[part.faces], axis=1)
        assert len(np.unique(corners, axis=0)) == len(corners), f"{part.name} has a face twice"


def assert_normals_lean_outward(craft):
    for part in craft.parts:
        assert np.isfinite(part.vertices).all()
        assert_allclose(np.linalg.norm(part.normals, axis=1), 1.0, atol=1e-5)
        a, b, c = (part.vertices[part.faces[:, k]].astype(float) for k in range(3))
        face = np.cross(b - a, c - a)
        face /= np.linalg.norm(face, axis=1, keepdims=True)
        leaning = np.einsum("mk,mck->mc", face, part.normals[part.faces].astype(float))
        assert leaning.min() > 0.2, part.name


def assert_pictures_whole(craft):
    pictured = [p for p in craft.parts if p.material.textures]
    for part in pictured:
        assert part.uv is not None
        assert part.uv.min() >= 0.0, part.name
        assert part.uv.max() <= 1.0, part.name
    return pictured
