"""A craft alone in sunlight against a black sky: the setting of model sheets, portraits and figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.bodies import AU_M
from selfiesim.craft.model import convex_hull_by_joint
from selfiesim.scene.scene import Scene
from selfiesim.view.poses import Sun

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Pinhole
    from selfiesim.core.vectors import Vector
    from selfiesim.craft.model import Craft
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

Direction = tuple[float, float, float]

# Any scene in deep space provides a clock and photo settings; its camera, Sun and craft are replaced.
EMPTY_SCENE = {
    "title": "model sheet",
    "at": "2021-12-31T16:30:00Z",
    "craft": {"model": "tianwen1-orbiter"},
    "orbit": {
        "body": "sun",
        "frame": "ecliptic",
        "epoch_utc": "2021-12-31T16:30:00Z",
        "semi_major_axis_km": 1.496e8,
        "eccentricity": 0.0,
        "inclination_deg": 0.0,
        "raan_deg": 0.0,
        "arg_periapsis_deg": 0.0,
        "true_anomaly_deg": 0.0,
    },
    "attitude": {"secondary": {"axis": [1.0, 0.0, 0.0], "toward": "orbit-normal"}},
    "mounted": {},
    "camera": {"up": "orbit-normal"},
    "sky": {"stars": False, "sun": False, "moons": False},
}


def studio_view(camera: Pinhole, pose: CraftPose, toward_sun: Vector) -> View:
    """Return a view of one craft, 1 au from the Sun; ``toward_sun`` is a unit vector (3,) in camera axes."""
    stage = Scene.from_table(EMPTY_SCENE).view()
    return replace(stage, camera=camera, planet=None, sun=Sun(toward_sun, AU_M), craft=pose)


def centred_outline(craft: Craft, center: Vector) -> Vector:
    """Return points (N, 3) whose hull holds the craft, joints at zero: body axes, m from ``center`` (3,)."""
    return np.concatenate(list(convex_hull_by_joint(craft).values())) - center


def fitting_distance(points: Vector, camera: Pinhole, margin: float) -> float:
    """Distance, m, at which points (N, 3) about their centre, camera axes, fill the picture up to ``margin``."""
    half = np.array([camera.width / camera.fx, camera.height / camera.fy]) / 2.0
    return float((np.abs(points[:, :2]) * margin / half - points[:, 2:]).max())
