"""An image of a craft for figures, from so far away that its near and far sides have the same scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Pinhole
from selfiesim.core.colour import linear_srgb_from_bands, srgb_from_linear
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.pages.studio import studio_view

if TYPE_CHECKING:
    from selfiesim.view.poses import CraftPose

_DISTANCE_FACTOR = 2000.0  # distance over size of the craft: its far side is 0.05 percent smaller than its near side
_MARGIN_PX = 2
_SUN, _HEADLIGHT, _AMBIENT = 0.65, 0.25, 0.1  # shares of the light; those from the reader and all round fill shadows
_PAGE_TO_CAMERA = np.diag([1.0, -1.0, -1.0])


def orthographic_view(
    pose: CraftPose, body_to_page: Matrix, toward_sun: Vector, size_px: int
) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """Render the craft, joints as they are, in its own colours: sunlit, with some light from the reader's side.

    Parameters
    ----------
    body_to_page : (3, 3) array
        Body axes to page axes: right, up, toward the reader.
    toward_sun : (3,) array
        Unit vector in page axes.
    size_px : int
        Length of the longer side of the craft.

    Returns
    -------
    (H, W, 4) uint8 array
        sRGB and opacity, row 0 at the top.
    (left, right, bottom, top)
        Edges of the image, m from the craft's origin.

    Raises
    ------
    GraphicsError
        When this machine cannot render.
    """
    points = replace(pose, position=np.zeros(3), body_to_camera=body_to_page).outline()
    low, high = points.min(axis=0), points.max(axis=0)
    px_per_m = size_px / max(float((high - low)[:2].max()), 1e-6)
    width, height = (int(np.ceil(span * px_per_m)) + 2 * _MARGIN_PX for span in (high - low)[:2])
    middle, half = (low + high) / 2.0, np.array([width, height]) / (2.0 * px_per_m)
    camera_distance = _DISTANCE_FACTOR * float(np.linalg.norm(high - low))
    placed = replace(
        pose,
        position=np.array([0.0, 0.0, camera_distance]) - _PAGE_TO_CAMERA @ middle,
        body_to_camera=_PAGE_TO_CAMERA @ body_to_page,
        sun_visible_fraction=1.0,
    )
    camera = Pinhole.from_fov(width, height, 2.0 * float(np.arctan(half[0] / camera_distance)))
    view = studio_view(camera, placed, _PAGE_TO_CAMERA @ toward_sun)
    truth = view.render("draft", 1).truth
    solid = np.isfinite(truth.depth)
    sunlight = np.clip(truth.normal @ view.sun.direction, 0.0, 1.0) * truth.sun_visibility
    lamp = np.clip(-truth.normal[..., 2], 0.0, 1.0)
    colours = _srgb(truth.albedo * (_SUN * sunlight + _HEADLIGHT * lamp + _AMBIENT)[..., None])
    (left, bottom), (right, top) = (middle[:2] - half).tolist(), (middle[:2] + half).tolist()
    return np.dstack([colours, 255.0 * solid]).round().astype(np.uint8), (left, right, bottom, top)


def _srgb(bands: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Convert light in the bands, 1 for white, to sRGB values from 0 to 255 (IEC 61966-2-1)."""
    light = np.clip(linear_srgb_from_bands(np.nan_to_num(bands)), 0.0, 1.0)
    return np.asarray(255.0 * srgb_from_linear(light))
