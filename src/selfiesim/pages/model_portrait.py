"""A craft alone in sunlight before a black sky, from any side and any distance: to look at a mesh closely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import AU_M
from selfiesim.camera.pinhole import Pinhole
from selfiesim.core.errors import ModelError
from selfiesim.craft.model import convex_hull_by_joint
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.pages.model_sheet import EMPTY_SCENE, ModelImage
from selfiesim.scene.scene import Scene
from selfiesim.view.poses import CraftPose, Sun
from selfiesim.view.view import View

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.render.common.radiance import Progress

Vector = tuple[float, float, float]

_MARGIN = 1.06
_MIN_RANGE_M, _MAX_RANGE_M = 0.06, 1e5
_MIN_SIZE_PX, _MAX_SIZE_PX = 16, 4096
_MAX_SAMPLES = 256
_SUN = np.array([-0.50, -0.55, -0.67])  # over the photographer's left shoulder, camera axes


@dataclass(frozen=True)
class Viewpoint:
    """From where a portrait is taken: directions and points in body axes.

    ``side`` leads from the point looked at (``target_m``; None: the craft's middle) to the camera, ``distance_m`` away
    (None: as near as all of the craft is in the picture). ``sun`` points to the Sun; None puts it behind the camera.
    """

    side: Vector = (0.6, 0.9, -1.0)
    up: Vector = (1.0, 0.0, 0.0)
    target_m: Vector | None = None
    sun: Vector | None = None
    distance_m: float | None = None
    fov_deg: float = 40.0
    size_px: tuple[int, int] = (960, 540)

    def __post_init__(self) -> None:
        numbers = [*self.side, *self.up, *(self.target_m or ()), *(self.sun or ())]
        if not np.all(np.isfinite(numbers)):
            raise ModelError("from, up, at, sun: numbers have to be finite")
        if np.linalg.norm(np.cross(self.side, self.up)) < 1e-6 * np.linalg.norm(self.side) * np.linalg.norm(self.up):
            raise ModelError(f"from {self.side} and up {self.up} are zero or along one line; choose another up")
        if self.sun is not None and not any(self.sun):
            raise ModelError("sun: a direction cannot be 0,0,0")
        if self.distance_m is not None and not _MIN_RANGE_M <= self.distance_m <= _MAX_RANGE_M:
            raise ModelError(f"range {self.distance_m:g}: give {_MIN_RANGE_M:g} to {_MAX_RANGE_M:g} m")
        if not 0.1 <= self.fov_deg <= 150.0:
            raise ModelError(f"fov {self.fov_deg:g}: give 0.1 to 150 degrees")
        if not all(_MIN_SIZE_PX <= each <= _MAX_SIZE_PX for each in self.size_px):
            raise ModelError(
                f"size {self.size_px[0]}x{self.size_px[1]}: give {_MIN_SIZE_PX} to {_MAX_SIZE_PX} pixels a side"
            )

    def body_to_camera(self) -> NDArray[np.float64]:
        """Body to camera axes (3, 3)."""
        forward = -np.array(self.side) / np.linalg.norm(self.side)
        right = np.cross(forward, self.up)
        right /= np.linalg.norm(right)
        return np.array([right, np.cross(forward, right), forward])


def portrait(craft: Craft, viewpoint: Viewpoint, samples: int = 16, report: Progress | None = None) -> ModelImage:
    """Draw ``craft``, joints at zero, as seen from ``viewpoint``; exposed by a light meter.

    Raises
    ------
    ModelError
        When the samples are not 1 to 256.
    GraphicsError
        When this machine cannot draw.
    """
    if not 1 <= samples <= _MAX_SAMPLES:
        raise ModelError(f"samples {samples}: give 1 to {_MAX_SAMPLES}")
    view, distance = portrait_view(craft, viewpoint)
    light = view.render("draft" if samples == 1 else "final", samples, report)
    photo = light.expose()
    recipe = {
        "kind": SYNTHETIC,
        "notice": f"This is a {SYNTHETIC}: a model drawn alone, not a photograph taken in space.",
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
    """The craft before the camera, joints at zero, and how far from it the point looked at is, m."""
    camera = Pinhole.from_fov(*viewpoint.size_px, float(np.radians(viewpoint.fov_deg)))
    body_to_camera, target = viewpoint.body_to_camera(), _target(craft, viewpoint)
    points = (np.concatenate(list(convex_hull_by_joint(craft).values())) - target) @ body_to_camera.T
    half = np.array([camera.width / camera.fx, camera.height / camera.fy]) / 2.0
    fitting = float((np.abs(points[:, :2]) * _MARGIN / half - points[:, 2:]).max())
    distance = max(fitting, _MIN_RANGE_M) if viewpoint.distance_m is None else viewpoint.distance_m
    position = np.array([0.0, 0.0, distance]) - body_to_camera @ target
    sunward = _SUN if viewpoint.sun is None else body_to_camera @ np.array(viewpoint.sun)
    return replace(
        Scene.from_table(EMPTY_SCENE | {"title": "portrait"}).view(),
        camera=camera,
        planet=None,
        sun=Sun(sunward / np.linalg.norm(sunward), AU_M),
        craft=CraftPose(craft, position, body_to_camera, {}, sun_visible_fraction=1.0),
    ), distance
