"""A craft drawn from so far away that it keeps its scale from near to far: a drawing for figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import AU_M
from selfiesim.camera.pinhole import Pinhole
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.pages.model_sheet import EMPTY_SCENE
from selfiesim.scene.scene import Scene
from selfiesim.view.poses import Sun

if TYPE_CHECKING:
    from selfiesim.view.poses import CraftPose

_DISTANCE_FACTOR = (
    2000.0  # as far away as so many times its size: the far end is 0.05 percent smaller than the near one
)
_MARGIN_PX = 2
_SUN, _HEADLIGHT, _AMBIENT = (
    0.65,
    0.25,
    0.1,
)  # sunlight, a lamp at the page's eye, light from all sides: no side goes black
_PAGE_TO_CAMERA = np.diag([1.0, -1.0, -1.0])


def orthographic_view(
    pose: CraftPose, body_to_page: Matrix, toward_sun: Vector, size_px: int
) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """Draw the craft, joints as they stand: its own colours in sunlight, with a little light from the page's side.

    Parameters
    ----------
    body_to_page : (3, 3) array
        Body axes to the page's: right, up, toward who looks.
    toward_sun : (3,) array
        Unit vector in the page's axes.
    size_px : int
        Of the longer side of the craft.

    Returns
    -------
    (H, W, 4) uint8 array
        sRGB and opacity, row 0 at the top.
    (left, right, bottom, top)
        Where its edges are, m from the craft's origin.

    Raises
    ------
    GraphicsError
        When this machine cannot draw.
    """
    points = replace(pose, position=np.zeros(3), body_to_camera=body_to_page).outline()
    low, high = points.min(axis=0), points.max(axis=0)
    metre = size_px / max(float((high - low)[:2].max()), 1e-6)
    width, height = (int(np.ceil(span * metre)) + 2 * _MARGIN_PX for span in (high - low)[:2])
    middle, half = (low + high) / 2.0, np.array([width, height]) / (2.0 * metre)
    camera_distance = _DISTANCE_FACTOR * float(np.linalg.norm(high - low))
    view = replace(
        Scene.from_table(EMPTY_SCENE).view(),
        camera=Pinhole.from_fov(width, height, 2.0 * float(np.arctan(half[0] / camera_distance))),
        planet=None,
        sun=Sun(_PAGE_TO_CAMERA @ toward_sun, AU_M),
        craft=replace(
            pose,
            position=np.array([0.0, 0.0, camera_distance]) - _PAGE_TO_CAMERA @ middle,
            body_to_camera=_PAGE_TO_CAMERA @ body_to_page,
            sun_visible_fraction=1.0,
        ),
    )
    truth = view.render("draft", 1).truth
    solid = np.isfinite(truth.depth)
    sunlight = np.clip(truth.normal @ view.sun.direction, 0.0, 1.0) * truth.sun_visibility
    lamp = np.clip(-truth.normal[..., 2], 0.0, 1.0)
    shown = _srgb(truth.albedo * (_SUN * sunlight + _HEADLIGHT * lamp + _AMBIENT)[..., None])
    (left, bottom), (right, top) = (middle[:2] - half).tolist(), (middle[:2] + half).tolist()
    return np.dstack([shown, 255.0 * solid]).round().astype(np.uint8), (left, right, bottom, top)


def _srgb(linear: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """From linear light, 1 being white, to sRGB numbers of 0 to 255."""
    light = np.clip(np.nan_to_num(linear), 0.0, 1.0)
    return np.asarray(255.0 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1.0 / 2.4) - 0.055))
