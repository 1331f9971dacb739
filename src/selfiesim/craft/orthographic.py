"""A craft seen from infinitely far, to scale: a small drawing for figures, triangle by triangle from far to near."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.frames import Matrix, Vector

if TYPE_CHECKING:
    from selfiesim.view import CraftPose

_SHADE = 0.35  # of what faces away from the Sun, so that no side vanishes in a dark figure
_SMALLEST_PX = 64


def orthographic(
    pose: CraftPose, body_to_page: Matrix, toward_sun: Vector, size_px: int
) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """Draw the craft as seen against the third axis of the page.

    Parameters
    ----------
    body_to_page : (3, 3) array
        Body axes to the page's: right, up, toward who looks.
    toward_sun : (3,) array
        Unit vector in the page's axes; it shades the sides.
    size_px : int
        Of the longer side of the drawing.

    Returns
    -------
    (H, W, 4) uint8 array
        sRGB and opacity, row 0 at the top.
    (left, right, bottom, top)
        Where its edges are, m from the craft's origin.
    """
    from PIL import Image, ImageDraw

    corners, colours = _triangles(pose, body_to_page, toward_sun)
    low, high = corners[..., :2].min(axis=(0, 1)), corners[..., :2].max(axis=(0, 1))
    metre = max(size_px, _SMALLEST_PX) / max(float((high - low).max()), 1e-9)
    width, height = (int(np.ceil(span * metre)) + 1 for span in high - low)
    image = Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(image)
    pixels = np.stack([(corners[..., 0] - low[0]) * metre, (high[1] - corners[..., 1]) * metre], axis=-1)
    far_first = np.argsort(corners[..., 2].mean(axis=1), kind="stable")
    for points, colour in zip(pixels[far_first].reshape(-1, 6).tolist(), colours[far_first].tolist(), strict=True):
        pen.polygon(points, fill=tuple(colour))
    right, bottom = low[0] + width / metre, high[1] - height / metre
    return np.asarray(image), (float(low[0]), float(right), float(bottom), float(high[1]))


def _triangles(
    pose: CraftPose, body_to_page: Matrix, toward_sun: Vector
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Corners (N, 3, 3) in the page's axes, joints as they stand, and colours (N, 4)."""
    corners, colours = [], []
    for part in pose.parts:
        matrix = pose.joint_matrix(part.joint)
        placed = (part.vertices @ matrix[:3, :3].T + matrix[:3, 3]) @ body_to_page.T
        triangle = placed[part.faces]
        square = np.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0])
        length = np.linalg.norm(square, axis=1)
        faces_sun = np.abs(square @ toward_sun) / np.maximum(length, 1e-30)
        # Both sides of a sheet are drawn; which of them is seen says whether the Sun is on that side.
        lit = np.sign(square[:, 2]) * (square @ toward_sun) > 0.0
        light = _SHADE + (1.0 - _SHADE) * np.where(lit, faces_sun, 0.0)
        linear = np.clip(np.array(part.material.base_color) * light[:, None], 0.0, 1.0)
        shown = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        opaque = np.full((len(linear), 1), 255.0)
        corners.append(triangle)
        colours.append(np.concatenate([255.0 * shown, opaque], axis=1).round().astype(np.uint8))
    return np.concatenate(corners), np.concatenate(colours)
