"""Many releases instead of one: in how many, and when, the picture comes out as planned.

The camera looks as the scene says: at the craft, or as it tumbles; what varies is how the spring pushed it off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import Body
from selfiesim.astro.ellipsoid import ground_met
from selfiesim.camera.pinhole import Camera, icrf_to_camera
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector, quaternion, quaternion_to_matrix, rotation_about
from selfiesim.craft.model import outermost
from selfiesim.motion.ejection import Draws, Fixed, Normal, Scatter, Spread, Uniform, draw, release_states
from selfiesim.motion.events import CAP_EDGE_DEG
from selfiesim.motion.host_trajectories import Lander
from selfiesim.motion.relative_motion import cloud
from selfiesim.view.release_setup import Departure
from selfiesim.view.resolved_scene import Plan
from selfiesim.view.view import View

if TYPE_CHECKING:
    from selfiesim.scene.release import SpreadPart
    from selfiesim.scene.scene import Scene

MOST_RELEASES = 100_000
_CHUNK = 2_000  # cameras at once: some 100 MB of points
_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], bool)
_COMPASS = np.array([[x, y, z] for x in (0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if (x, y, z) > (0, 0, 0)], float)


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
        whether the Sun stands outside the picture. Where there is no planet there is no cap: None.
    """

    times_s: Vector
    range_m: Vector
    craft_in_frame: NDArray[np.bool_]
    cap_behind: NDArray[np.bool_] | None
    sun_out: NDArray[np.bool_]

    @property
    def good(self) -> NDArray[np.bool_]:
        """(N, T): all of them at once."""
        good = self.craft_in_frame & self.sun_out
        return good if self.cap_behind is None else good & self.cap_behind

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

    def records(self) -> list[dict[str, float | None]]:
        """One object for each time: mean and spread of the range, and the share of releases for which each holds."""
        return [
            {
                "t_s": float(t),
                "range_mean_m": float(self.range_m[:, k].mean()),
                "range_sigma_m": float(self.range_m[:, k].std()),
                "craft_in_frame": float(self.craft_in_frame[:, k].mean()),
                "cap_behind": None if self.cap_behind is None else float(self.cap_behind[:, k].mean()),
                "sun_out": float(self.sun_out[:, k].mean()),
                "good": float(self.good[:, k].mean()),
            }
            for k, t in enumerate(self.times_s)
        ]


def disperse(scene: Scene, count: int, times: list[float]) -> Dispersion:
    """Throw ``count`` releases and look at each of ``times`` (seconds after the planned release) what they frame.

    Each camera moves by exact two-body motion; further forces pull craft and camera alike to within millimetres.

    Raises
    ------
    SceneError
        When the scene has no ``[release.scatter]``, the number of releases is out of range, or the scatter leaves the
        spring pushing inward.
    """
    plan = scene.plan()
    departure = plan.departure
    if departure is None or scene.release is None or scene.release.scatter is None:
        raise SceneError(
            "release.scatter: missing; write for example tilt_deg = { normal = 2.0 } under [release.scatter]"
        )
    if isinstance(plan.host, Lander):
        raise SceneError("release.scatter: what is dropped on the ground makes no cloud of paths")
    if not 1 <= count <= MOST_RELEASES:
        raise SceneError(f"{count} releases: give a number from 1 to {MOST_RELEASES:,}")
    gm = plan.body.gm_m3_s2
    try:
        draws = drawn(scene, departure, count)
        states = release_states(
            departure.release, departure.host, departure.icrf_to_body, draws, gm, departure.body_rate
        )
    except ValueError as error:
        raise SceneError(f"release.scatter: {error}") from error
    apart = cloud(departure.host_after, states, np.array(times), gm)
    views = [scene.view(at=t) for t in times]
    outlines = [outermost((view.craft.outline() - view.craft.position) @ view.craft.body_to_camera) for view in views]
    held = {name: np.zeros((count, len(times)), bool) for name in ("craft", "cap", "sun")}
    for start in range(0, count, _CHUNK):
        part = slice(start, min(start + _CHUNK, count))
        turns = _turns(plan, draws, part, np.array(times))
        for k, view in enumerate(views):
            turn = turns(view, apart[part, k], k)
            from_body = view.track.icrf_to_body.T
            held["craft"][part, k] = _craft_inside(view, turn @ from_body, outlines[k], apart[part, k] @ from_body)
            held["sun"][part, k] = ~_inside(view, turn @ (view.icrf_to_camera.T @ view.sun.direction))
            if view.planet is not None:
                held["cap"][part, k] = _cap_behind(view, view.planet.body, apart[part, k])
    # Before it has left, a late camera still sits on its mount: it is not in the picture's business yet.
    away = np.array(times) >= draws.delay[:, None]
    return Dispersion(
        times_s=np.array(times),
        range_m=np.linalg.norm(apart, axis=-1),
        craft_in_frame=held["craft"] & away,
        cap_behind=held["cap"] if views[0].planet is not None else None,
        sun_out=held["sun"],
    )


def drawn(scene: Scene, departure: Departure, count: int) -> Draws:
    """The dice thrown; a spring's energy is told as the speed it makes."""
    part = scene.release.scatter if scene.release else None
    assert scene.release is not None
    assert part is not None
    tilt, tip_off = _spread(part.tilt_deg, np.pi / 180.0), _spread(part.tip_off_deg_s, np.pi / 180.0)
    energy = scene.release.spring_energy_j
    scatter = Scatter(
        speed=_spread(part.spring_energy_j if energy else part.speed_m_s, 1.0),
        tilt_first=tilt,
        tilt_second=tilt,
        tip_off_x=tip_off,
        tip_off_y=tip_off,
        tip_off_z=tip_off,
        delay=_spread(part.delay_s, 1.0),
        spin=_spread(part.spin_deg_s, np.pi / 180.0),
    )
    draws = draw(scatter, count, part.seed)
    if not energy:
        return draws
    if np.any(energy + draws.speed < 0.0):
        raise ValueError("some draws leave the spring less than no energy: lower spring_energy_j's spread")
    speed = departure.release.speed  # goes with the root of the energy
    return replace(draws, speed=speed * (np.sqrt(1.0 + draws.speed / energy) - 1.0))


def _spread(part: SpreadPart | None, unit_size: float) -> Spread:
    if part is None:
        return Fixed()
    if part.uniform is not None:
        return Uniform(part.uniform[0] * unit_size, part.uniform[1] * unit_size)
    return Normal(0.0, (part.normal or 0.0) * unit_size)


def _turns(plan: Plan, draws: Draws, part: slice, times: Vector) -> Callable[[View, Vector, int], Vector]:
    """A function of view, places (N, 3) from the craft and number of the time: ICRF to camera (N, 3, 3)."""
    look = plan.scene.camera
    if look.look == "mount":
        return lambda view, _apart, _k: view.icrf_to_camera[None]
    if look.look == "craft":

        def at_the_craft(view: View, apart: Vector, _k: int) -> Vector:
            up = plan.toward(look.up, view.epoch, view.track.host)
            return icrf_to_camera(view.camera, -apart, up, look.place, np.radians(look.roll_deg))

        return at_the_craft
    tumbles = _tumbles(plan, draws, part, times)
    lens = plan.camera_to_lens
    return lambda _view, _apart, k: lens @ quaternion_to_matrix(tumbles[:, k])


def _tumbles(plan: Plan, draws: Draws, part: slice, times: Vector) -> Vector:
    """Quaternions (N, T, 4) of ICRF to the inner lens for cameras left to themselves, each from its own release on."""
    from selfiesim.motion.tumble import tumble_many

    departure = plan.departure
    assert departure is not None
    bolted, axis = plan.body_to_camera(), departure.release.axis
    rates = departure.camera_rate + draws.spin[part, None] * (bolted @ axis) + draws.tip_off[part]
    late = draws.delay[part]
    starts = [quaternion(bolted @ _turned_on(departure, delay)) for delay in late]
    inertia = np.array(plan.scene.camera.inertia_kg_m2)
    return np.asarray(tumble_many(inertia, np.array(starts), rates, times - late[:, None]).attitude)


def _turned_on(departure: Departure, seconds: float) -> Matrix:
    """The craft's attitude a little after the planned release: it goes on turning as it does."""
    rate = float(np.linalg.norm(departure.body_rate))
    if rate * seconds == 0.0:
        return departure.icrf_to_body
    return rotation_about(departure.body_rate, -rate * seconds) @ departure.icrf_to_body


def _craft_inside(view: View, turns: Vector, outline: Vector, apart: Vector) -> NDArray[np.bool_]:
    """Whether all of ``outline`` (K, 3) is in the picture of each camera at ``apart`` (N, 3), body axes: (N,)."""
    turns = np.broadcast_to(turns, (len(apart), 3, 3))
    # A few points settle most: what leaves the picture does so with its outermost, and a pinhole that sees the corners
    # of a box sees what is in it.
    extreme = np.unique(np.concatenate([(outline @ _COMPASS.T).argmax(axis=0), (outline @ _COMPASS.T).argmin(axis=0)]))
    inside = _all_inside(view, turns, outline[extreme], apart)
    open_ = np.flatnonzero(inside)
    if view.camera.distortion is None:
        low, high = outline.min(axis=0), outline.max(axis=0)
        box = np.where(_CORNERS, high, low)
        open_ = open_[~_all_inside(view, turns[open_], box, apart[open_])]
    inside[open_] = _all_inside(view, turns[open_], outline, apart[open_])
    return inside


def _all_inside(view: View, turns: Vector, points: Vector, apart: Vector) -> NDArray[np.bool_]:
    """Whether each of N cameras has all of ``points`` (K, 3) in its picture."""
    if view.camera.distortion is not None:
        seen = np.einsum("nij,nkj->nki", turns, points - apart[:, None])
        return np.asarray(_inside(view, seen).all(axis=1))
    # Each edge of a pinhole's picture is a plane; one product for all planes of all cameras.
    planes = _edges(view.camera) @ turns
    nearest = (points @ planes.reshape(-1, 3).T).min(axis=0).reshape(-1, 4)
    return np.asarray((nearest > np.einsum("npj,nj->np", planes, apart)).all(axis=1))


def _edges(camera: Camera) -> Vector:
    """Inward normals (4, 3) of the planes through a pinhole and the left, right, upper, lower edge of its picture."""
    left, right = camera.cx + 0.5, camera.width - 0.5 - camera.cx
    upper, lower = camera.cy + 0.5, camera.height - 0.5 - camera.cy
    fx, fy = camera.fx, camera.fy
    return np.array([[fx, 0.0, left], [-fx, 0.0, right], [0.0, fy, upper], [0.0, -fy, lower]])


def _inside(view: View, points: Vector) -> NDArray[np.bool_]:
    """Whether points (..., 3) in camera axes are in the picture."""
    pixels = view.camera.project(points)
    size = np.array([view.camera.width, view.camera.height])
    return np.asarray(((pixels > -0.5) & (pixels < size - 0.5)).all(axis=-1))


def _cap_behind(view: View, body: Body, apart: Vector) -> NDArray[np.bool_]:
    """Whether the ray from each camera past the craft's origin meets ground on the polar cap."""
    fixed = view.track.icrf_to_bodyfixed
    ground = ground_met((view.track.host.position + apart) @ fixed.T, -apart @ fixed.T, body)
    latitude = np.degrees(np.arctan2(ground[:, 2], np.hypot(ground[:, 0], ground[:, 1])))
    return np.asarray(latitude > CAP_EDGE_DEG)  # NaN, the sky, is not
