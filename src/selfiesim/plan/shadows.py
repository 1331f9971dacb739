"""The condition that one part of the craft casts a shadow on another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Vector, unit
from selfiesim.plan.conditions import eclipsed
from selfiesim.plan.expressions import Every, Expression, Leaf, Without
from selfiesim.plan.instants import Instants

if TYPE_CHECKING:
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.resolved_scene import ResolvedScene

_POINTS = 400  # on the parts that a shadow falls on
_LEAST_SHARE = 0.02  # of their sunlit points, in shadow: less is no shadow to see
_DIRECTION_STEP = 0.004  # rad; the Sun's direction in body axes is rounded to this
_LIFT_M = 1e-3


def shadow_on(text: str, name: str, resolved: ResolvedScene) -> Expression:
    """Return the condition that the craft's own shadow is on the parts whose node's name holds ``name``.

    Joints are at the angles of the scene's own moment.

    Raises
    ------
    SceneError
        The craft has no such part.
    """
    pose = resolved.at().craft
    nodes = sorted({part.node for part in pose.parts})
    chosen = [node for node in nodes if name.casefold() in node.casefold()]
    if not chosen:
        raise SceneError(f"the craft has no part {name!r}{did_you_mean(name, nodes)}; it has {', '.join(nodes[:20])}")
    points, normals, mesh = _surface(pose, chosen)
    shares: dict[tuple[int, ...], float] = {}

    def share(direction: Vector) -> float:
        faces = np.flatnonzero(np.abs(normals @ direction) > 0.05)  # both sides of a panel
        if not faces.size:
            return 0.0
        side = np.sign(normals[faces] @ direction)[:, None] * normals[faces]
        starts = points[faces] + _LIFT_M * side
        return float(mesh.intersects_any(starts, np.broadcast_to(direction, starts.shape)).mean())

    def evaluate(pictures: Instants) -> Vector:
        sun = (pictures.attitude @ pictures.sun[..., None])[..., 0]
        keys, where = np.unique(np.round(sun / _DIRECTION_STEP).astype(int), axis=0, return_inverse=True)
        values = []
        for key in map(tuple, keys.tolist()):
            if key not in shares:
                shares[key] = share(unit(np.array(key, float)))
            values.append(shares[key])
        return np.array(values)[where.ravel()] - _LEAST_SHARE

    return Every((Without(eclipsed(text, total=True)), Leaf(text, evaluate, 0.1)))


def _surface(pose: CraftPose, chosen: list[str]) -> tuple[Vector, Vector, Any]:
    """Points and normals (P, 3) on the chosen parts, body axes, m, and the whole craft for rays."""
    import trimesh

    vertices, faces, targets, offset = [], [], [], 0
    for part in pose.parts:
        matrix = pose.joint_matrix(part.joint)
        placed = part.vertices.astype(float) @ matrix[:3, :3].T + matrix[:3, 3]
        vertices.append(placed)
        faces.append(part.faces + offset)
        offset += len(placed)
        if part.node in chosen:
            targets.append(placed[part.faces])
    triangles = np.concatenate(targets)
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(cross, axis=1)
    kept = np.flatnonzero(area > 0.0)
    rng = np.random.default_rng(0)
    drawn = rng.choice(kept, _POINTS, p=area[kept] / area[kept].sum())
    a, b = rng.random((2, _POINTS, 1))
    a, b = np.where(a + b > 1.0, 1.0 - a, a), np.where(a + b > 1.0, 1.0 - b, b)
    corners = triangles[drawn]
    points = corners[:, 0] + a * (corners[:, 1] - corners[:, 0]) + b * (corners[:, 2] - corners[:, 0])
    mesh = trimesh.Trimesh(np.concatenate(vertices), np.concatenate(faces), process=False)
    return points, unit(cross[drawn]), mesh.ray
