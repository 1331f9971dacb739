"""Craft as BOP models: ASCII PLY in millimetres, with the origin at the centre of the bounding box."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_from_srgb, linear_srgb_from_bands, srgb_from_linear
from selfiesim.craft.model import Craft, Part, convex_hull_points
from selfiesim.view.poses import CraftPose

if TYPE_CHECKING:
    from selfiesim.core.vectors import Matrix

Floats = NDArray[np.float64]
_ROWS = 1000  # points whose distances to all others are computed at once


@dataclass(frozen=True, eq=False)
class BopModel:
    """A rigid mesh.

    Attributes
    ----------
    vertices, normals : (N, 3) float
        Body axes: mm from the centre of the bounding box, and unit vectors.
    colours : (N, 3) uint8
        sRGB.
    faces : (M, 3) int
        Vertex numbers of each triangle.
    center_m : (3,) float
        The centre of the bounding box, body axes, m.
    """

    vertices: Floats
    normals: Floats
    colours: NDArray[np.uint8]
    faces: NDArray[np.int64]
    center_m: Floats

    @property
    def info(self) -> dict[str, Any]:
        """The entry in ``models_info.json``: box and diameter, mm; as an addition, the origin of the body axes."""
        low, size = self.vertices.min(axis=0), np.ptp(self.vertices, axis=0)
        entry: dict[str, Any] = {f"min_{axis}": float(value) for axis, value in zip("xyz", low, strict=True)}
        entry |= {f"size_{axis}": float(value) for axis, value in zip("xyz", size, strict=True)}
        return entry | {"diameter": _diameter(self.vertices), "body_origin": (-1e3 * self.center_m).tolist()}

    def ply(self, comment: str) -> bytes:
        """Return the content of the PLY file."""
        header = (
            f"ply\nformat ascii 1.0\ncomment {comment}\nelement vertex {len(self.vertices)}\n"
            + "".join(f"property float {name}\n" for name in ("x", "y", "z", "nx", "ny", "nz"))
            + "".join(f"property uchar {name}\n" for name in ("red", "green", "blue"))
            + f"element face {len(self.faces)}\nproperty list uchar int vertex_indices\nend_header\n"
        )
        text = io.StringIO()
        rows = np.hstack([self.vertices, self.normals, self.colours])
        np.savetxt(text, rows, ["%.4f"] * 3 + ["%.5f"] * 3 + ["%d"] * 3)
        np.savetxt(text, np.hstack([np.full((len(self.faces), 1), 3), self.faces]), "%d")
        return (header + text.getvalue()).encode("ascii")


def bop_model(craft: Craft, joints_rad: Mapping[str, Sequence[float]], hidden_nodes: Sequence[str]) -> BopModel:
    """Return the mesh of a craft with its joints at these angles and without its hidden nodes (see ``CraftPose``)."""
    angles = {name: tuple(joint) for name, joint in joints_rad.items()}
    pose = CraftPose(craft, np.zeros(3), np.eye(3), angles, 1.0, tuple(hidden_nodes))
    vertices, normals, colours, faces = [], [], [], []
    first = 0
    for part in pose.parts:
        joint: Matrix = pose.joint_matrix(part.joint)
        vertices.append(part.vertices @ joint[:3, :3].T + joint[:3, 3])
        normals.append(part.normals @ joint[:3, :3].T)
        colours.append(_colours(part))
        faces.append(part.faces.astype(np.int64) + first)
        first += len(part.vertices)
    placed = np.concatenate(vertices)
    center = 0.5 * (placed.min(axis=0) + placed.max(axis=0))
    return BopModel(
        1e3 * (placed - center), np.concatenate(normals), np.concatenate(colours), np.concatenate(faces), center
    )


def _colours(part: Part) -> NDArray[np.uint8]:
    """Return the colour of each vertex, sRGB (N, 3); a texture contributes its mean."""
    colour = np.array(part.material.base_color, float) * np.ones((len(part.vertices), 1))
    if "base" in part.material.textures:
        colour *= linear_from_srgb(part.material.textures["base"][..., :3] / 255.0).mean(axis=(0, 1))
    if part.tint is not None:
        colour = colour * part.tint[:, :3]
    linear = np.clip(linear_srgb_from_bands(colour), 0.0, 1.0)
    return np.round(255.0 * srgb_from_linear(linear)).astype(np.uint8)


def _diameter(points: Floats) -> float:
    """Return the largest distance between any two of the points (N, 3)."""
    from scipy.spatial.distance import cdist

    corners = convex_hull_points(points)
    return float(max(cdist(corners[k : k + _ROWS], corners).max() for k in range(0, len(corners), _ROWS)))
