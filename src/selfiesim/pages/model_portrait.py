"""A portrait of a model: the craft alone in sunlight, from any side and any distance."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Pinhole
from selfiesim.core.errors import ModelError
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.pages.model_sheet import ModelImage
from selfiesim.pages.studio import Direction, centred_outline, fitting_distance, studio_view
from selfiesim.view.poses import CraftPose
from selfiesim.view.view import View

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.render.common.radiance import Progress

_MARGIN = 1.06
_MIN_RANGE_M, _MAX_RANGE_M = 0.06, 1e5
_MIN_SIZE_PX, _MAX_SIZE_PX = 16, 4096
_MAX_SAMPLES = 256
_SUN = np.array([-0.50, -0.55, -0.67])  # over the photographer's left shoulder, camera axes


@dataclass(frozen=True)
class Viewpoint:
    """Where a portrait is taken from; directions and points are in body axes.

    Attributes
    ----------
    side : tuple of float
        Direction from the target to the camera.
    up : tuple of float
        Direction that is up in the picture.
    target_m : tuple of float, optional
        Point at the centre of the picture, m; default: the centre of the craft.
    sun : tuple of float, optional
        Direction to the Sun; default: behind the camera.
    distance_m : float, optional
        From the target to the camera; default: as close as the whole craft fits into the picture.
    fov_deg : float
        Horizontal field of view.
    size_px : tuple of int
        Width and height.

    Raises
    ------
    ModelError
        For a value out of range, or an up direction along the line of sight.
    """

    side: Direction = (0.6, 0.9, -1.0)
    up: Direction = (1.0, 0.0, 0.0)
    target_m: Direction | None = None
    sun: Direction | None = None
    distance_m: float | None = None
    fov_deg: float = 40.0
    size_px: tuple[int, int] = (960, 540)

    def __post_init__(self) -> None:
        numbers = [*self.side, *self.up, *(self.target_m or ()), *(self.sun or ())]
        if not np.all(np.isfinite(numbers)):
            raise ModelError("from, up, at, sun: numbers must be finite")
        if np.linalg.norm(np.cross(self.side, self.up)) < 1e-6 * np.linalg.norm(self.side) * np.linalg.norm(self.up):
            raise ModelError(f"from {self.side} and up {self.up} are zero or parallel; choose another up")
        if self.sun is not None and not any(self.sun):
            raise ModelError("sun: 0,0,0 is not a direction")
        if self.distance_m is not None and not _MIN_RANGE_M <= self.distance_m <= _MAX_RANGE_M:
            raise ModelError(f"range {self.distance_m:g}: give {_MIN_RANGE_M:g} to {_MAX_RANGE_M:g} m")
        if not 0.1 <= self.fov_deg <= 150.0:
            raise ModelError(f"fov {self.fov_deg:g}: give 0.1 to 150 degrees")
        if not all(_MIN_SIZE_PX <= each <= _MAX_SIZE_PX for each in self.size_px):
            raise ModelError(
                f"size {self.size_px[0]}x{self.size_px[1]}: give {_MIN_SIZE_PX} to {_MAX_SIZE_PX} pixels per side"
            )

    def body_to_camera(self) -> NDArray[np.float64]:
        """Rotation (3, 3) from body to camera axes."""
        forward = -np.array(self.side) / np.linalg.norm(self.side)
        right = np.cross(forward, self.up)
        right /= np.linalg.norm(right)
        return np.array([right, np.cross(forward, right), forward])


def portrait(craft: Craft, viewpoint: Viewpoint, samples: int = 16, progress: Progress | None = None) -> ModelImage:
    """Render ``craft``, joints at zero, from ``viewpoint``, exposed by a light meter.

    Raises
    ------
    ModelError
        For samples out of range, 1 to 256.
    GraphicsError
        When this machine cannot render.
    """
    if not 1 <= samples <= _MAX_SAMPLES:
        raise ModelError(f"samples {samples}: give 1 to {_MAX_SAMPLES}")
    view, distance = portrait_view(craft, viewpoint)
    radiance = view.render("draft" if samples == 1 else "final", samples, progress)
    photo = radiance.expose()
    recipe = {
        "kind": SYNTHETIC,
        "notice": f"This is a {SYNTHETIC}: a model rendered on its own, not a photograph taken in space.",
        "title": f"{craft.name}, from {distance:.3g} m",
        "portrait": {
            "model": craft.source.name,
            "triangles": craft.triangle_count,
            "from": list(viewpoint.side),
            "up": list(viewpoint.up),
            "at_m": [round(float(v), 4) for v in _target(craft, viewpoint)],
            "sun": [round(float(v), 4) for v in viewpoint.body_to_camera().T @ view.sun.direction],
            "range_m": round(distance, 4),
            "fov_deg": viewpoint.fov_deg,
            "size_px": list(viewpoint.size_px),
            "samples": samples,
            "exposure": str(photo.exposure),
        },
        "versions": {package: version(package) for package in ("selfiesim", "numpy", "vtk")},
    }
    return ModelImage(np.asarray(photo.pixels, np.uint8), recipe)


def _target(craft: Craft, viewpoint: Viewpoint) -> NDArray[np.float64]:
    return craft.bounds_m.mean(axis=0) if viewpoint.target_m is None else np.array(viewpoint.target_m)


def portrait_view(craft: Craft, viewpoint: Viewpoint) -> tuple[View, float]:
    """Return the view of the craft, joints at zero, and the distance of the target from the camera, m."""
    camera = Pinhole.from_fov(*viewpoint.size_px, float(np.radians(viewpoint.fov_deg)))
    body_to_camera, target = viewpoint.body_to_camera(), _target(craft, viewpoint)
    fitting = fitting_distance(centred_outline(craft, target) @ body_to_camera.T, camera, _MARGIN)
    distance = max(fitting, _MIN_RANGE_M) if viewpoint.distance_m is None else viewpoint.distance_m
    position = np.array([0.0, 0.0, distance]) - body_to_camera @ target
    toward_sun = _SUN if viewpoint.sun is None else body_to_camera @ np.array(viewpoint.sun)
    pose = CraftPose(craft, position, body_to_camera, {}, sun_visible_fraction=1.0)
    return studio_view(camera, pose, toward_sun / np.linalg.norm(toward_sun)), distance
