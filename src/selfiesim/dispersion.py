"""Many releases instead of one: in how many, and when, the picture comes out as planned.

The camera is taken to look as the scene says, at the craft; what varies is how the spring pushed it off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim import attitude
from selfiesim.camera import icrf_to_camera
from selfiesim.craft.craft import outermost
from selfiesim.drift import cloud
from selfiesim.ejection import Fixed, Normal, Scatter, Spread, Uniform, draw, release_states
from selfiesim.ellipsoid import ground_met
from selfiesim.errors import SceneError
from selfiesim.frames import Vector
from selfiesim.framing import CAP_EDGE_DEG
from selfiesim.view import View, planned_release

if TYPE_CHECKING:
    from selfiesim.scene import Scene, SpreadPart

MOST_RELEASES = 100_000
_CHUNK = 2_000  # cameras at once: some 100 MB of points


@dataclass(frozen=True)
class Dispersion:
    """N releases at T times.

    Attributes
    ----------
    times_s : (T,)
        Seconds after the planned release.
    range_m : (N, T)
        From the craft's origin.
    craft_in_frame, cap_behind, sun_out : (N, T) bool
        Whether the whole craft is in the picture; whether the line of sight past the craft meets the polar cap;
        whether the Sun stands outside the picture.
    """

    times_s: Vector
    range_m: Vector
    craft_in_frame: NDArray[np.bool_]
    cap_behind: NDArray[np.bool_]
    sun_out: NDArray[np.bool_]

    @property
    def good(self) -> NDArray[np.bool_]:
        """(N, T): all three at once."""
        return self.craft_in_frame & self.cap_behind & self.sun_out

    def summary(self) -> dict[str, Any]:
        """The answer in numbers, JSON-ready; a second that no release reaches is null."""
        some = self.good.any(axis=1)
        first = self.times_s[self.good.argmax(axis=1)][some]
        shares = self.good.mean(axis=0)
        return {
            "releases": len(self.good),
            "good_share": float(some.mean()),
            "first_good_s": [float(q) for q in np.quantile(first, [0.05, 0.5, 0.95])] if some.any() else None,
            "best_s": float(self.times_s[shares.argmax()]) if some.any() else None,
            "best_share": float(shares.max()),
        }

    def records(self) -> list[dict[str, float]]:
        """One object for each time: mean and spread of the range, and the share of releases for which each holds."""
        return [
            {
                "t_s": float(t),
                "range_mean_m": float(self.range_m[:, k].mean()),
                "range_sigma_m": float(self.range_m[:, k].std()),
                "craft_in_frame": float(self.craft_in_frame[:, k].mean()),
                "cap_behind": float(self.cap_behind[:, k].mean()),
                "sun_out": float(self.sun_out[:, k].mean()),
                "good": float(self.good[:, k].mean()),
            }
            for k, t in enumerate(self.times_s)
        ]


def disperse(scene: Scene, count: int, times: list[float]) -> Dispersion:
    """Throw ``count`` releases and look at each of ``times`` (seconds after the planned release) what they frame.

    Raises
    ------
    SceneError
        When the scene has no ``[release.scatter]``, the number of releases is out of range, or the scatter leaves the
        spring pushing inward.
    """
    if scene.release.scatter is None:
        raise SceneError(
            "release.scatter: missing; write for example tilt_deg = { normal = 2.0 } under [release.scatter]"
        )
    if not 1 <= count <= MOST_RELEASES:
        raise SceneError(f"{count} releases: give a number from 1 to {MOST_RELEASES:,}")
    body, release, host, attitude_then, rate = planned_release(scene)
    draws = draw(_scatter(scene), count, scene.release.scatter.seed)
    try:
        states = release_states(release, host, attitude_then, draws, body.gm_m3_s2, rate)
    except ValueError as error:
        raise SceneError(f"release.scatter: {error}") from error
    apart = cloud(host, states, np.array(times), body.gm_m3_s2)
    # Before it has left, a late camera still sits on its mount: it is not in the picture's business yet.
    away = np.array(times) >= draws.delay[:, None]
    shape = (count, len(times))
    held = {name: np.zeros(shape, bool) for name in ("craft", "cap", "sun")}
    for k, t in enumerate(times):
        view = scene.view(at=t)
        outline = outermost((view.craft.outline() - view.craft.position) @ view.icrf_to_camera)
        for start in range(0, count, _CHUNK):
            part = slice(start, start + _CHUNK)
            turns = _turns(view, apart[part, k])
            held["craft"][part, k] = _craft_inside(view, turns, outline, apart[part, k])
            held["cap"][part, k] = _cap_behind(view, apart[part, k])
            held["sun"][part, k] = ~_inside(view, turns @ (view.icrf_to_camera.T @ view.sun.direction))
    return Dispersion(
        times_s=np.array(times),
        range_m=np.linalg.norm(apart, axis=-1),
        craft_in_frame=held["craft"] & away,
        cap_behind=held["cap"],
        sun_out=held["sun"],
    )


def _scatter(scene: Scene) -> Scatter:
    part = scene.release.scatter
    assert part is not None
    tilt = _spread(part.tilt_deg, np.pi / 180.0)
    return Scatter(
        speed=_spread(part.speed_m_s, 1.0), tilt_first=tilt, tilt_second=tilt, delay=_spread(part.delay_s, 1.0)
    )


def _spread(part: SpreadPart | None, unit_size: float) -> Spread:
    if part is None:
        return Fixed()
    if part.uniform is not None:
        return Uniform(part.uniform[0] * unit_size, part.uniform[1] * unit_size)
    return Normal(0.0, (part.normal or 0.0) * unit_size)


def _turns(view: View, apart: Vector) -> Vector:
    """ICRF to camera (N, 3, 3) for cameras ``apart`` (N, 3) from the craft, each looking at it as the scene says."""
    part = view.scene.camera
    up = attitude.target_direction(part.up, view.planet.body, view.epoch, view.track.host)
    return icrf_to_camera(view.camera, -apart, up, part.place, np.radians(part.roll_deg))


def _craft_inside(view: View, turns: Vector, outline: Vector, apart: Vector) -> NDArray[np.bool_]:
    points = np.einsum("nij,nkj->nki", turns, outline[None] - apart[:, None])
    return np.asarray(_inside(view, points).all(axis=1))


def _inside(view: View, points: Vector) -> NDArray[np.bool_]:
    """Whether points (..., 3) in camera axes are in the picture."""
    pixels = view.camera.project(points)
    size = np.array([view.camera.width, view.camera.height])
    return np.asarray(((pixels > -0.5) & (pixels < size - 0.5)).all(axis=-1))


def _cap_behind(view: View, apart: Vector) -> NDArray[np.bool_]:
    """Whether the ray from each camera past the craft's origin meets ground on the polar cap."""
    fixed, body = view.track.icrf_to_bodyfixed, view.planet.body
    ground = ground_met((view.track.host.position + apart) @ fixed.T, -apart @ fixed.T, body)
    latitude = np.degrees(np.arctan2(ground[:, 2], np.hypot(ground[:, 0], ground[:, 1])))
    return np.asarray(latitude > CAP_EDGE_DEG)  # NaN, the sky, is not
