"""Closed triangle meshes, the transforms that place them, and the faces of a craft they mount on.

Every part of a built craft starts as a :class:`Solid`. Solids are closed (each edge belongs to two faces), so the sign
of the volume separates outward from inward, and the tests can check it for every part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.mesh.normals import CREASE_DEG

BOX_SIDES = [(axis, sign) for axis in range(3) for sign in (1.0, -1.0)]
"""Axis and sign of the outward normal of each side of a box."""


@dataclass(frozen=True)
class Solid:
    """A closed triangle mesh.

    Attributes
    ----------
    vertices : (N, 3) float
        Positions, m.
    faces : (M, 3) int
        Vertex indices, counter-clockwise from outside.
    uv : (M, 3, 2) float, optional
        Texture coordinates per corner.
    crease_deg : float
        Edges that bend by less than this are shaded smooth.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    uv: NDArray[np.float64] | None = None
    crease_deg: float = CREASE_DEG

    @property
    def volume_m3(self) -> float:
        """Signed volume: positive when the faces point outward."""
        a, b, c = (self.vertices[self.faces[:, k]] for k in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)

    def outward(self) -> Solid:
        """The same solid with its faces pointing outward."""
        if self.volume_m3 >= 0.0:
            return self
        return replace(self, faces=self.faces[:, ::-1], uv=None if self.uv is None else self.uv[:, ::-1])

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Solid:
        """The solid translated along the axes, m."""
        return replace(self, vertices=self.vertices + np.array([x, y, z]))

    def rotated(self, axis: ArrayLike, angle_deg: float) -> Solid:
        """The solid rotated about an axis through the origin, right-handed."""
        return replace(self, vertices=self.vertices @ rotation_matrix(axis, angle_deg).T)

    def aimed(self, direction: ArrayLike, up: ArrayLike = (1.0, 0.0, 0.0)) -> Solid:
        """The solid rotated so that +z points along ``direction`` and +y as close to ``up`` as possible."""
        return replace(self, vertices=self.vertices @ orientation_matrix(direction, up).T)

    def at(self, point: ArrayLike) -> Solid:
        """The solid translated so that its origin is at ``point`` (3,), m."""
        return replace(self, vertices=self.vertices + np.asarray(point, dtype=float))


@dataclass(frozen=True)
class Face:
    """A flat face of the craft that parts mount on: its centre and unit axes, x and y in the face, z outward."""

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
        """Place a solid, built in local coordinates, at (x, y, z) on this face; returns it in body axes."""
        matrix = np.stack([self.x, self.y, self.z])
        return replace(solid, vertices=(solid.vertices + np.array([x, y, z])) @ matrix + self.centre)


def face_of(centre: ArrayLike, normal: ArrayLike, up: ArrayLike = (1.0, 0.0, 0.0)) -> Face:
    """The face about ``centre`` with an outward ``normal``; local y is the projection of ``up`` onto the face."""
    columns = orientation_matrix(normal, up)
    return Face(np.asarray(centre, dtype=float), columns[:, 0], columns[:, 1], columns[:, 2])


def box_side(size_m: ArrayLike, axis: int, sign: float) -> tuple[Face, float, float]:
    """Return a side of a box about the origin.

    Parameters
    ----------
    size_m : (3,) array_like
        Edge lengths along body X, Y, Z, m.
    axis, sign
        The axis of the outward normal (0 to 2) and its sign. Local y is body Z, on the Z sides body X.

    Returns
    -------
    tuple
        The face, and its extent along its local x and y, m.
    """
    size = np.asarray(size_m, dtype=float)
    normal = sign * np.eye(3)[axis]
    face = face_of(0.5 * size[axis] * normal, normal, np.eye(3)[0 if axis == 2 else 2])
    return face, float(abs(face.x) @ size), float(abs(face.y) @ size)


def unit(vector: ArrayLike) -> NDArray[np.float64]:
    """The vector scaled to unit length."""
    v = np.asarray(vector, dtype=float)
    return np.asarray(v / np.linalg.norm(v), dtype=float)


def rotation_matrix(axis: ArrayLike, angle_deg: float) -> NDArray[np.float64]:
    """Matrix (3, 3) of a right-handed rotation about an axis (Rodrigues' formula)."""
    k, angle = unit(axis), np.radians(angle_deg)
    cross = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross))


def orientation_matrix(direction: ArrayLike, up: ArrayLike) -> NDArray[np.float64]:
    """Matrix (3, 3) whose columns are local x, y, z: z along ``direction``, y as close to ``up`` as possible."""
    z = unit(direction)
    across = np.asarray(up, dtype=float) - z * (z @ np.asarray(up, dtype=float))
    if np.linalg.norm(across) < 1e-6:
        across = np.array([0.0, 1.0, 0.0]) - z * z[1] if abs(z[1]) < 0.9 else np.array([0.0, 0.0, 1.0]) - z * z[2]
    y = unit(across)
    return np.stack([np.cross(y, z), y, z], axis=1)


def loft(rings: Sequence[NDArray[np.float64]]) -> Solid:
    """Skin rings of points (each (K, 3), or (1, 3) for a tip); a fan about the mean point closes open ends."""
    stack = list(rings)
    if len(stack[0]) > 1:
        stack.insert(0, stack[0].mean(axis=0, keepdims=True))
    if len(stack[-1]) > 1:
        stack.append(stack[-1].mean(axis=0, keepdims=True))
    return _skin(stack, closed=False)


def loft_closed(rings: Sequence[NDArray[np.float64]]) -> Solid:
    """Skin rings of points (each (K, 3)) and join the last to the first: a torus of any section."""
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
    """Merge solids into one; either all of them carry texture coordinates or none does."""
    parts = list(solids)
    starts = np.cumsum([0] + [len(s.vertices) for s in parts])
    uvs = [s.uv for s in parts if s.uv is not None]
    if uvs and len(uvs) != len(parts):
        raise ValueError("cannot merge solids with and without texture coordinates")
    return Solid(
        np.concatenate([s.vertices for s in parts]),
        np.concatenate([s.faces + start for s, start in zip(parts, starts, strict=False)]),
        np.concatenate(uvs) if uvs else None,
        max(s.crease_deg for s in parts),
    )
