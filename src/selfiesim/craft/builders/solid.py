"""A closed triangle mesh being built, and how to move it about.

Every part of a built craft starts as a :class:`Solid`. Solids are closed (each edge has two faces), so that outward
can be told from inward by the sign of the volume, and the tests can check it for every part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.mesh.normals import CREASE_DEG


@dataclass(frozen=True)
class Solid:
    """Vertices (N, 3) in metres, faces (M, 3), and texture coordinates a corner (M, 3, 2) where textured.

    Edges that bend by less than ``crease_deg`` are shaded smooth.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    uv: NDArray[np.float64] | None = None
    crease_deg: float = CREASE_DEG

    @property
    def volume_m3(self) -> float:
        """Signed volume: positive when the faces look outward."""
        a, b, c = (self.vertices[self.faces[:, k]] for k in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)

    def outward(self) -> Solid:
        """The same solid with its faces looking outward."""
        if self.volume_m3 >= 0.0:
            return self
        return replace(self, faces=self.faces[:, ::-1], uv=None if self.uv is None else self.uv[:, ::-1])

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Solid:
        """Shifted by metres along the axes."""
        return replace(self, vertices=self.vertices + np.array([x, y, z]))

    def turned(self, axis: ArrayLike, angle_deg: float) -> Solid:
        """Rotated about an axis through the origin, right-handed."""
        return replace(self, vertices=self.vertices @ rotation_matrix(axis, angle_deg).T)

    def aimed(self, direction: ArrayLike, up: ArrayLike = (1.0, 0.0, 0.0)) -> Solid:
        """Local +z turned to ``direction``, local +y to the part of ``up`` across it."""
        return replace(self, vertices=self.vertices @ orientation_matrix(direction, up).T)

    def at(self, point: ArrayLike) -> Solid:
        """Shifted so that the origin comes to ``point`` (3,), metres."""
        return replace(self, vertices=self.vertices + np.asarray(point, dtype=float))


@dataclass(frozen=True)
class Face:
    """A flat face of the craft to mount things on: local x, y in the face, z outward."""

    centre: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    z: NDArray[np.float64]

    def point(self, x: float, y: float, z: float = 0.0) -> NDArray[np.float64]:
        """Body coordinates (3,) of a local point."""
        return self.centre + x * self.x + y * self.y + z * self.z

    def vector(self, x: float, y: float, z: float) -> NDArray[np.float64]:
        """Body direction (3,) of a local direction."""
        return x * self.x + y * self.y + z * self.z

    def put(self, solid: Solid, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Solid:
        """A solid made in local coordinates, moved to (x, y, z) on this face."""
        matrix = np.stack([self.x, self.y, self.z])
        return replace(solid, vertices=(solid.vertices + np.array([x, y, z])) @ matrix + self.centre)


def face_of(centre: ArrayLike, normal: ArrayLike, up: ArrayLike = (1.0, 0.0, 0.0)) -> Face:
    """The face round ``centre`` with an outward ``normal``; local y is the part of ``up`` in the face."""
    columns = orientation_matrix(normal, up)
    return Face(np.asarray(centre, dtype=float), columns[:, 0], columns[:, 1], columns[:, 2])


def unit(vector: ArrayLike) -> NDArray[np.float64]:
    """The vector at length one."""
    v = np.asarray(vector, dtype=float)
    return np.asarray(v / np.linalg.norm(v), dtype=float)


def rotation_matrix(axis: ArrayLike, angle_deg: float) -> NDArray[np.float64]:
    """Rotation matrix (3, 3) about an axis, right-handed (Rodrigues' formula)."""
    k, angle = unit(axis), np.radians(angle_deg)
    cross = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross))


def orientation_matrix(direction: ArrayLike, up: ArrayLike) -> NDArray[np.float64]:
    """Matrix (3, 3) whose columns are local x, y, z: z along ``direction``, y as near ``up`` as can be."""
    z = unit(direction)
    across = np.asarray(up, dtype=float) - z * (z @ np.asarray(up, dtype=float))
    if np.linalg.norm(across) < 1e-6:
        across = np.array([0.0, 1.0, 0.0]) - z * z[1] if abs(z[1]) < 0.9 else np.array([0.0, 0.0, 1.0]) - z * z[2]
    y = unit(across)
    return np.stack([np.cross(y, z), y, z], axis=1)


def loft(rings: Sequence[NDArray[np.float64]]) -> Solid:
    """Skin over rings (each (K, 3), or (1, 3) for a tip); open ends are closed by a fan about their middle."""
    stack = list(rings)
    if len(stack[0]) > 1:
        stack.insert(0, stack[0].mean(axis=0, keepdims=True))
    if len(stack[-1]) > 1:
        stack.append(stack[-1].mean(axis=0, keepdims=True))
    return _skin(stack, closed=False)


def loft_closed(rings: Sequence[NDArray[np.float64]]) -> Solid:
    """Skin over rings (each (K, 3)) of which the last joins the first: a torus of any section."""
    return _skin(list(rings), closed=True)


def _skin(stack: list[NDArray[np.float64]], closed: bool) -> Solid:
    starts = np.cumsum([0] + [len(ring) for ring in stack])
    pairs = [(k, k + 1) for k in range(len(stack) - 1)] + ([(len(stack) - 1, 0)] if closed else [])
    faces = []
    for low, high in pairs:
        a, b = (starts[k] + np.arange(len(stack[k])) for k in (low, high))
        a2, b2 = np.roll(a, -1), np.roll(b, -1)
        if len(b) > 1:
            faces.append(np.stack([np.broadcast_to(a, b.shape), b2, b], axis=1))
        if len(a) > 1:
            faces.append(np.stack([a, a2, np.broadcast_to(b2, a.shape)], axis=1))
    return Solid(np.concatenate(stack), np.concatenate(faces).astype(np.int64)).outward()


def merge_solids(solids: Iterable[Solid]) -> Solid:
    """Several solids as one; either all of them carry texture coordinates or none."""
    many = list(solids)
    starts = np.cumsum([0] + [len(s.vertices) for s in many])
    uvs = [s.uv for s in many if s.uv is not None]
    if uvs and len(uvs) != len(many):
        raise ValueError("some of the solids to join have texture coordinates and some have none")
    return Solid(
        np.concatenate([s.vertices for s in many]),
        np.concatenate([s.faces + start for s, start in zip(many, starts, strict=False)]),
        np.concatenate(uvs) if uvs else None,
        max(s.crease_deg for s in many),
    )
