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
from selfiesim.craft.model import outermost_points
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.pages.model_sheet import STAGE, Sheet
from selfiesim.scene.scene import Scene
from selfiesim.view.poses import CraftPose, Sun
from selfiesim.view.view import View

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.render.common.radiance import Progress

Vector = tuple[float, float, float]

_MARGIN = 1.06
_LEAST_M, _MOST_M = 0.06, 1e5
_LEAST_PX, _MOST_PX = 16, 4096
_MOST_SAMPLES = 256
_SUN = np.array([-0.50, -0.55, -0.67])  # over the photographer's left shoulder, camera axes


@dataclass(frozen=True)
class Stand:
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
        if self.distance_m is not None and not _LEAST_M <= self.distance_m <= _MOST_M:
            raise ModelError(f"range {self.distance_m:g}: give {_LEAST_M:g} to {_MOST_M:g} m")
        if not 0.1 <= self.fov_deg <= 150.0:
            raise ModelError(f"fov {self.fov_deg:g}: give 0.1 to 150 degrees")
        if not all(_LEAST_PX <= each <= _MOST_PX for each in self.size_px):
            raise ModelError(f"size {self.size_px[0]}x{self.size_px[1]}: give {_LEAST_PX} to {_MOST_PX} pixels a side")

    def turn(self) -> NDArray[np.float64]:
        """Body to camera axes (3, 3)."""
        forward = -np.array(self.side) / np.linalg.norm(self.side)
        right = np.cross(forward, self.up)
        right /= np.linalg.norm(right)
        return np.array([right, np.cross(forward, right), forward])


def portrait(craft: Craft, stand: Stand, samples: int = 16, told: Progress | None = None) -> Sheet:
    """Draw ``craft``, joints at zero, as seen from ``stand``; exposed by a light meter.

    Raises
    ------
    ModelError
        When the samples are not 1 to 256.
    GraphicsError
        When this machine cannot draw.
    """
    if not 1 <= samples <= _MOST_SAMPLES:
        raise ModelError(f"samples {samples}: give 1 to {_MOST_SAMPLES}")
    view, distance = posed(craft, stand)
    light = view.render("draft" if samples == 1 else "final", samples, told)
    photo = light.expose()
    recipe = {
        "kind": SYNTHETIC,
        "notice": f"This is a {SYNTHETIC}: a model drawn alone, not a photograph taken in space.",
        "title": f"{craft.name}, from {distance:.3g} m",
        "portrait": {
            "model": craft.source.name,
            "triangles": craft.triangle_count,
            "from": list(stand.side),
            "up": list(stand.up),
            "at_m": [round(float(v), 4) for v in _target(craft, stand)],
            "sun": [round(float(v), 4) for v in stand.turn().T @ view.sun.direction],
            "range_m": round(distance, 4),
            "fov_deg": stand.fov_deg,
            "size_px": list(stand.size_px),
            "samples": samples,
            "exposure": str(photo.exposure),
        },
        "versions": {package: version(package) for package in ("selfiesim", "numpy", "vtk")},
    }
    return Sheet(np.asarray(photo.pixels, np.uint8), recipe)


def _target(craft: Craft, stand: Stand) -> NDArray[np.float64]:
    return craft.bounds_m.mean(axis=0) if stand.target_m is None else np.array(stand.target_m)


def posed(craft: Craft, stand: Stand) -> tuple[View, float]:
    """The craft before the camera, joints at zero, and how far from it the point looked at is, m."""
    camera = Pinhole.from_fov(*stand.size_px, float(np.radians(stand.fov_deg)))
    turn, target = stand.turn(), _target(craft, stand)
    points = (np.concatenate(list(outermost_points(craft).values())) - target) @ turn.T
    half = np.array([camera.width / camera.fx, camera.height / camera.fy]) / 2.0
    fitting = float((np.abs(points[:, :2]) * _MARGIN / half - points[:, 2:]).max())
    distance = max(fitting, _LEAST_M) if stand.distance_m is None else stand.distance_m
    position = np.array([0.0, 0.0, distance]) - turn @ target
    sunward = _SUN if stand.sun is None else turn @ np.array(stand.sun)
    return replace(
        Scene.from_table(STAGE | {"title": "portrait"}).view(),
        camera=camera,
        planet=None,
        sun=Sun(sunward / np.linalg.norm(sunward), AU_M),
        craft=CraftPose(craft, position, turn, {}, sun_share=1.0),
    ), distance
