"""What a planner may choose: time since the release, push, lens, roll, and the place of the target in the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Vector
from selfiesim.motion.ejection import tilt_directions
from selfiesim.plan.instants import Lens, Push

if TYPE_CHECKING:
    from selfiesim.view.resolved_scene import ResolvedScene

Range = tuple[float, float]

_LIMITS = {
    "since_s": ("--since", 0.0, 86_400.0),
    "speed_m_s": ("--speed", 1e-3, 100.0),
    "lean_deg": ("--lean", 0.0, 90.0),
    "fov_deg": ("--fov", 0.01, 140.0),
    "roll_deg": ("--roll", -360.0, 360.0),
    "place_x": ("--place-x", 0.0, 1.0),
    "place_y": ("--place-y", 0.0, 1.0),
}
_NUMBER = r"-?\d+(?:\.\d+)?"


@dataclass(frozen=True)
class Ranges:
    """Bounds of what may be chosen; None keeps the scene's own value.

    Attributes
    ----------
    since_s : tuple of float, optional
        Time since the release, s.
    speed_m_s : tuple of float, optional
        Speed of the push.
    lean_deg : tuple of float, optional
        Angle between the push and the scene's own direction, all around it.
    fov_deg : tuple of float, optional
        Horizontal field of view.
    roll_deg : tuple of float, optional
        Roll of the picture.
    place_x, place_y : tuple of float, optional
        Where the target appears, fractions of width and height.
    """

    since_s: Range | None = None
    speed_m_s: Range | None = None
    lean_deg: Range | None = None
    fov_deg: Range | None = None
    roll_deg: Range | None = None
    place_x: Range | None = None
    place_y: Range | None = None

    def __post_init__(self) -> None:
        for key, (option, low, high) in _LIMITS.items():
            span = getattr(self, key)
            if span is not None and not low <= span[0] <= span[1] <= high:
                raise SceneError(
                    f"{option} {span[0]:g}..{span[1]:g}: give bounds from {low:g} to {high:g}, lower first"
                )

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to choose but the time."""
        return all(getattr(self, each.name) is None for each in fields(self))

    def check(self, resolved: ResolvedScene) -> None:
        """Refuse ranges of what the scene's camera does not have.

        Raises
        ------
        SceneError
            For a push of a mounted camera, or a roll or place of one that does not track its target.
        """
        push = [key for key in ("since_s", "speed_m_s", "lean_deg") if getattr(self, key) is not None]
        if push and resolved.release_state is None:
            raise SceneError(f"{_LIMITS[push[0]][0]}: this camera is mounted and never pushed off; leave it out")
        aim = [key for key in ("roll_deg", "place_x", "place_y") if getattr(self, key) is not None]
        if aim and resolved.scene.camera.look != "craft":
            raise SceneError(f"{_LIMITS[aim[0]][0]}: applies only with camera.look = 'craft'")
        if self.fov_deg is not None and resolved.scene.camera.model != "pinhole":
            raise SceneError("--fov: the lens of this scene is not a pinhole; leave it out")


def parse_range(text: str, option: str) -> Range:
    """Return the bounds of a span such as 40..150, or of one number.

    Raises
    ------
    SceneError
        For other text.
    """
    match = re.fullmatch(rf"\s*({_NUMBER})(?:\s*\.\.\s*({_NUMBER}))?\s*", text)
    if not match:
        raise SceneError(f"{option} {text[:40]!r}: write a span such as 40..150, or one number")
    return float(match[1]), float(match[2] or match[1])


@dataclass(frozen=True)
class Candidates:
    """N candidates: times and pushes, each with the number of its lens."""

    t: Vector
    push: Push
    lens: Vector

    def at(self, index: Any) -> Candidates:
        """Return some of them."""
        return Candidates(self.t[index], self.push.at(index), self.lens[index])


class Choices:
    """The space of candidates: a point in the unit cube is a push, and a list of lenses goes with it."""

    DIMENSIONS = 5  # since, speed, lean, direction of the lean, roll

    def __init__(self, resolved: ResolvedScene, ranges: Ranges, lenses: int) -> None:
        self._ranges, self._camera = ranges, resolved.camera
        section, state = resolved.scene.camera, resolved.release_state
        self._since = resolved.seconds(resolved.scene.at) if state is not None else 0.0
        self._speed = state.release.speed if state is not None else 1.0
        self._axis = state.release.axis if state is not None else resolved.axis
        self._roll = float(np.radians(section.roll_deg))
        self.lenses = self._make_lenses(section.place, lenses)

    def _make_lenses(self, place: tuple[float, float], count: int) -> list[Lens]:
        ranges = self._ranges
        spans = (ranges.fov_deg, ranges.place_x, ranges.place_y)
        if all(span is None for span in spans):
            return [Lens(self._camera, place)]
        points = halton(count, 3)
        lenses = []
        for fov, x, y in points.tolist():
            camera = self._camera
            if ranges.fov_deg is not None:
                angle = np.radians(_within(ranges.fov_deg, fov))
                camera = Camera.from_fov(camera.width, camera.height, float(angle))
            spot = (
                place[0] if ranges.place_x is None else float(_within(ranges.place_x, x)),
                place[1] if ranges.place_y is None else float(_within(ranges.place_y, y)),
            )
            lenses.append(Lens(camera, spot))
        return lenses

    def push(self, points: Vector) -> Push:
        """Return the pushes of points (N, 5) in the unit cube."""
        ranges, count = self._ranges, len(points)
        since = np.full(count, self._since) if ranges.since_s is None else _within(ranges.since_s, points[:, 0])
        speed = np.full(count, self._speed) if ranges.speed_m_s is None else _within(ranges.speed_m_s, points[:, 1])
        axis = np.broadcast_to(self._axis, (count, 3))
        if ranges.lean_deg is not None:
            low, high = np.cos(np.radians(ranges.lean_deg))
            lean, around = np.arccos(np.clip(low + (high - low) * points[:, 2], -1.0, 1.0)), 2.0 * np.pi * points[:, 3]
            tilt = lean[:, None] * np.stack([np.cos(around), np.sin(around)], axis=-1)
            axis = tilt_directions(self._axis, tilt)
        roll = np.full(count, self._roll)
        if ranges.roll_deg is not None:
            roll = np.radians(_within(ranges.roll_deg, points[:, 4]))
        return Push(since, speed, axis, roll)

    @property
    def longest_s(self) -> float:
        """Longest time since the release, s."""
        return self._since if self._ranges.since_s is None else self._ranges.since_s[1]


def halton(count: int, dimensions: int) -> Vector:
    """Return a low-discrepancy sequence (count, dimensions) in the unit cube, the same at each call."""
    from scipy.stats.qmc import Halton

    return np.asarray(Halton(dimensions, scramble=True, rng=np.random.default_rng(20220101)).random(count))


def _within(span: Range, fraction: Any) -> Any:
    return span[0] + (span[1] - span[0]) * fraction
