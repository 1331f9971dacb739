"""A craft in a few hundred triangles, for the page to draw and turn by itself, and where its parts are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.colours import srgb_factor

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft, Part
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

_CELLS = 8  # along the longest side: each hull holds what is in one cell, so that a dish stays hollow
_MAX_FACES = 6000
_STEPS = 6  # to which the points of a hull are rounded, along its longest side


@dataclass(frozen=True, eq=False)
class Hull:
    """The convex hull of a piece of the craft.

    Attributes
    ----------
    joint : str or None
        The joint that carries it.
    color : (3,) tuple of float
        sRGB, 0 to 1.
    points : (N, 3) array
        Body axes, m, joints at zero.
    faces : (M, 3) array
        Triangles of ``points``.
    """

    joint: str | None
    color: tuple[float, float, float]
    points: NDArray[np.float64]
    faces: NDArray[np.int32]


@lru_cache(maxsize=4)
def hulls(craft: Craft, hidden_nodes: tuple[str, ...] = ()) -> tuple[Hull, ...]:
    """Return a craft as convex hulls: the outermost, then the largest; no more than a few thousand triangles."""
    low, high = craft.bounds_m
    cell = max(float((high - low).max()) / _CELLS, 1e-6)
    found: list[Hull] = []
    for part in craft.parts:
        if part.node.startswith(hidden_nodes) or not len(part.faces):
            continue
        centres = part.vertices[part.faces].mean(axis=1)
        place = np.floor((centres - low) / cell).astype(np.int64)
        _, number = np.unique(place, axis=0, return_inverse=True)
        for each in range(int(number.max()) + 1):
            vertices = part.vertices[np.unique(part.faces[number.ravel() == each])]
            hull = _hull(vertices.astype(np.float64))
            if hull is not None:
                color = tuple(float(c) for c in np.clip(srgb_factor(_color(part)), 0.0, 1.0) ** (1.0 / 2.2))
                found.append(Hull(part.joint, color, *hull))  # type: ignore[arg-type]

    def importance(hull: Hull) -> tuple[bool, float]:
        first, last = hull.points.min(axis=0), hull.points.max(axis=0)
        near = float((last - first).max()) / _STEPS
        is_outermost = bool((first <= low + near).any() or (last >= high - near).any())  # a thin antenna, say
        return is_outermost, float(np.linalg.norm(last - first))

    found.sort(key=importance, reverse=True)
    count = np.cumsum([len(hull.faces) for hull in found])
    return tuple(found[: int(np.searchsorted(count, _MAX_FACES, side="right"))])


def shape(pose: CraftPose) -> dict[str, Any]:
    """Return what the page needs to draw and to set a craft.

    Parameters
    ----------
    pose : CraftPose
        The craft.

    Returns
    -------
    dict
        ``hulls``, each with points (m, body axes, joints at zero), faces, colour and joint; ``mounts`` with position
        and axis; ``joints`` with number of axes, limits and what they track; ``materials``, the names in its mesh.
    """
    craft = pose.craft
    return {
        "name": craft.name,
        "hulls": [
            {
                "joint": hull.joint,
                "color": [round(255 * channel) for channel in hull.color],
                "points": np.round(hull.points, 3).ravel().tolist(),
                "faces": hull.faces.ravel().tolist(),
            }
            for hull in hulls(craft, pose.hidden_nodes)
        ],
        "mounts": {
            name: {"position": list(mount.position_m), "axis": list(mount.axis)} for name, mount in craft.mounts.items()
        },
        "joints": {
            name: {"axes": len(joint.axes), "limits": joint.limits_deg, "tracks": joint.tracks}
            for name, joint in craft.joints.items()
        },
        "materials": sorted({part.material.name for part in craft.parts}),
    }


def body_axes(view: View) -> dict[str, Any]:
    """Return camera, Sun and planet in the body axes of the craft that the camera left.

    Returns
    -------
    dict
        ``camera``, its position, m; ``corners``, unit vectors to the corners of the picture where the lens has them;
        ``sun`` and ``planet``, unit vectors; ``joints``, a matrix (3, 4) and the angles, deg, of each joint.
    """
    pose, camera = view.craft, view.camera
    to_body = pose.body_to_camera.T
    edge = np.array([[-0.5, -0.5], [camera.width - 0.5, -0.5], [camera.width - 0.5, camera.height - 0.5],
                     [-0.5, camera.height - 0.5]])  # fmt: skip
    rays = camera.unproject(edge) @ to_body.T
    planet = None if view.planet is None else to_body @ view.planet.position
    return {
        "camera": (-to_body @ pose.position).tolist(),
        "corners": rays.tolist() if np.isfinite(rays).all() else None,
        "sun": (to_body @ view.sun.direction).tolist(),
        "planet": None if planet is None else (planet / np.linalg.norm(planet)).tolist(),
        "joints": {
            name: {
                "matrix": pose.joint_matrix(name)[:3].ravel().tolist(),
                "angles_deg": np.degrees(pose.joint_angles.get(name, ())).tolist(),
            }
            for name in pose.craft.joints
        },
    }


def assembly_places(pose: CraftPose) -> dict[str, NDArray[np.float64]]:
    """Return the middle (3,) of each assembly, camera axes, m, the largest first."""
    placed = {}
    for name, (joint, middle) in _middles(pose.craft, pose.hidden_nodes).items():
        matrix = pose.joint_matrix(joint)
        placed[name] = pose.body_to_camera @ (matrix[:3, :3] @ middle + matrix[:3, 3]) + pose.position
    return placed


@lru_cache(maxsize=4)
def _middles(craft: Craft, hidden_nodes: tuple[str, ...]) -> dict[str, tuple[str | None, NDArray[np.float64]]]:
    """Return the joint of each assembly, and the middle of its bounding box, joints at zero; the largest first."""
    boxes: dict[str, tuple[str | None, list[NDArray[np.float32]]]] = {}
    for part in craft.parts:
        if not part.node.startswith(hidden_nodes) and len(part.vertices):
            corners = boxes.setdefault(assembly(part.node), (part.joint, []))[1]
            corners += [part.vertices.min(axis=0), part.vertices.max(axis=0)]
    sized = {name: (joint, np.array(corners, float)) for name, (joint, corners) in boxes.items()}
    # By the area of the largest side, so that an antenna's rod does not come first.
    by_size = sorted(sized, key=lambda name: -float(np.prod(np.sort(np.ptp(sized[name][1], axis=0))[1:])))
    return {name: (sized[name][0], (sized[name][1].min(axis=0) + sized[name][1].max(axis=0)) / 2.0) for name in by_size}


def assembly(node: str) -> str:
    """Return the assembly of a node of a mesh: ``bus.gold_foil`` belongs to ``bus``."""
    return node.split(".", 1)[0]


def words(group: str) -> str:
    """Return the name of an assembly as people read it: ``wing_plus_y_panel_1`` is "wing +Y panel 1"."""
    text = re.sub(r"(plus|minus)_([xyz])", lambda m: f"{'+' if m[1] == 'plus' else '-'}{m[2].upper()}", group)
    text = re.sub(r"(?<![a-z])(hga|mga|lga)(?![a-z])", lambda m: m[1].upper(), text)
    return " ".join(text.replace("_", " ").split())[:40]


def _color(part: Part) -> tuple[float, float, float]:
    texture = part.material.textures.get("base")
    base = np.array(part.material.base_color)
    if texture is not None:
        base = base * (texture[..., :3].reshape(-1, 3)[:: max(1, texture.size // 12_000)].mean(axis=0) / 255.0) ** 2.2
    return float(base[0]), float(base[1]), float(base[2])


def _hull(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]] | None:
    """Return points and triangles of a convex hull; None where the points span nothing."""
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    step = np.minimum(float(size.max()) / _STEPS, np.where(size > 0.0, size, 1.0))  # keeps the outermost of thin sides
    rounded = low + np.unique(np.round((points - low) / step), axis=0) * step
    for each in (rounded, points):  # rounding makes a line of a thin tape that lies aslant
        if (hull := _convex_hull(each)) is not None:
            return hull
    return None


def _convex_hull(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]] | None:
    from scipy.spatial import ConvexHull, QhullError

    if len(points) < 4:
        return None
    try:
        hull = ConvexHull(points, qhull_options="QJ")  # joggled: a flat panel has a hull too
    except QhullError:
        return None
    used, faces = np.unique(hull.simplices, return_inverse=True)
    return points[used], faces.reshape(-1, 3).astype(np.int32)
