"""Craft as BOP's models: ASCII PLY in millimetres, about the middle of their box."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.formats.trimesh_reader import linear_from_srgb
from selfiesim.craft.model import Craft, Part, convex_hull_points
from selfiesim.photo.tone_curves import srgb
from selfiesim.view.poses import CraftPose

if TYPE_CHECKING:
    from selfiesim.core.vectors import Matrix

Floats = NDArray[np.float64]
_ROWS = 1000


@dataclass(frozen=True, eq=False)
class BopModel:
    """A rigid mesh.

    Attributes
    ----------
    vertices, normals : (N, 3) float
        Along the body axes: mm from the middle of the box, and unit vectors.
    colours : (N, 3) uint8
        sRGB.
    faces : (M, 3) int
    middle_m : (3,) float
        The middle of the box, body axes, m.
    """

    vertices: Floats
    normals: Floats
    colours: NDArray[np.uint8]
    faces: NDArray[np.int64]
    middle_m: Floats

    @property
    def info(self) -> dict[str, Any]:
        """Its entry in ``models_info.json``: box and diameter, mm; beyond the format, the origin of the body axes."""
        low, size = self.vertices.min(axis=0), np.ptp(self.vertices, axis=0)
        entry: dict[str, Any] = {f"min_{axis}": float(value) for axis, value in zip("xyz", low, strict=True)}
        entry |= {f"size_{axis}": float(value) for axis, value in zip("xyz", size, strict=True)}
        return entry | {"diameter": _diameter(self.vertices), "body_origin": (-1e3 * self.middle_m).tolist()}

    def ply(self, comment: str) -> bytes:
        """The bytes of the file."""
        head = (
            f"ply\nformat ascii 1.0\ncomment {comment}\nelement vertex {len(self.vertices)}\n"
            + "".join(f"property float {name}\n" for name in ("x", "y", "z", "nx", "ny", "nz"))
            + "".join(f"property uchar {name}\n" for name in ("red", "green", "blue"))
            + f"element face {len(self.faces)}\nproperty list uchar int vertex_indices\nend_header\n"
        )
        text = io.StringIO()
        rows = np.hstack([self.vertices, self.normals, self.colours])
        np.savetxt(text, rows, ["%.4f"] * 3 + ["%.5f"] * 3 + ["%d"] * 3)
        np.savetxt(text, np.hstack([np.full((len(self.faces), 1), 3), self.faces]), "%d")
        return (head + text.getvalue()).encode("ascii")


def bop_model(craft: Craft, joints_rad: Mapping[str, Sequence[float]], hidden_nodes: Sequence[str]) -> BopModel:
    """The mesh of a craft with its joints at these angles and without what is ``hidden_nodes`` (see ``CraftPose``)."""
    angles = {name: tuple(turned) for name, turned in joints_rad.items()}
    pose = CraftPose(craft, np.zeros(3), np.eye(3), angles, 1.0, tuple(hidden_nodes))
    vertices, normals, colours, faces = [], [], [], []
    first = 0
    for part in pose.parts:
        turn: Matrix = pose.joint_matrix(part.joint)
        vertices.append(part.vertices @ turn[:3, :3].T + turn[:3, 3])
        normals.append(part.normals @ turn[:3, :3].T)
        colours.append(_colours(part))
        faces.append(part.faces.astype(np.int64) + first)
        first += len(part.vertices)
    placed = np.concatenate(vertices)
    middle = 0.5 * (placed.min(axis=0) + placed.max(axis=0))
    return BopModel(
        1e3 * (placed - middle), np.concatenate(normals), np.concatenate(colours), np.concatenate(faces), middle
    )


def _colours(part: Part) -> NDArray[np.uint8]:
    """Of each vertex (N, 3), sRGB; a texture counts by its mean."""
    light = np.array(part.material.base_color, float) * np.ones((len(part.vertices), 1))
    if "base" in part.material.textures:
        light *= linear_from_srgb(part.material.textures["base"][..., :3] / 255.0).mean(axis=(0, 1))
    if part.tint is not None:
        light = light * part.tint[:, :3]
    return np.round(255.0 * srgb(np.clip(light, 0.0, 1.0))).astype(np.uint8)


def _diameter(points: Floats) -> float:
    """The largest distance between any two points (N, 3)."""
    from scipy.spatial.distance import cdist

    corners = convex_hull_points(points)
    return float(max(cdist(corners[k : k + _ROWS], corners).max() for k in range(0, len(corners), _ROWS)))
