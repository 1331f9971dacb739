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
from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.camera.pinhole import Camera, icrf_to_camera
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector, quaternion, quaternion_to_matrix, rotation_about
from selfiesim.craft.model import convex_hull_points
from selfiesim.motion.ejection import (
    Constant,
    Distribution,
    Normal,
    ReleaseSamples,
    Scatter,
    Uniform,
    draw_samples,
    sample_camera_states,
)
from selfiesim.motion.events import CAP_EDGE_DEG
from selfiesim.motion.host_trajectories import LandedHost
from selfiesim.motion.relative_motion import propagate_cloud
from selfiesim.view.release_setup import ReleaseState
from selfiesim.view.resolved_scene import ResolvedScene
from selfiesim.view.view import View

if TYPE_CHECKING:
    from selfiesim.scene.release import SpreadSection
    from selfiesim.scene.scene import Scene

MAX_RELEASES = 100_000
_CHUNK = 2_000  # cameras at once: some 100 MB of points
_BOX_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], bool)
_EXTREME_DIRECTIONS = np.array(
    [[x, y, z] for x in (0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if (x, y, z) > (0, 0, 0)], float
)


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


def run_dispersion(scene: Scene, count: int, times: list[float]) -> Dispersion:
    """Throw ``count`` releases and look at each of ``times`` (seconds after the planned release) what they frame.

    Each camera moves by exact two-body motion; further forces pull craft and camera alike to within millimetres.

    Raises
    ------
    SceneError
        When the scene has no ``[release.scatter]``, the number of releases is out of range, or the scatter leaves the
        spring pushing inward.
    """
    resolved = scene.resolved()
    release_state = resolved.release_state
    if release_state is None or scene.release is None or scene.release.scatter is None:
        raise SceneError(
            "release.scatter: missing; write for example tilt_deg = { normal = 2.0 } under [release.scatter]"
        )
    if isinstance(resolved.host, LandedHost):
        raise SceneError("release.scatter: what is dropped on the ground makes no cloud of paths")
    if not 1 <= count <= MAX_RELEASES:
        raise SceneError(f"{count} releases: give a number from 1 to {MAX_RELEASES:,}")
    gm = resolved.body.gm_m3_s2
    try:
        samples = sample_release_errors(scene, release_state, count)
        states = sample_camera_states(
            release_state.release, release_state.host, release_state.icrf_to_body, samples, gm, release_state.body_rate
        )
    except ValueError as error:
        raise SceneError(f"release.scatter: {error}") from error
    relative_positions = propagate_cloud(release_state.host_after, states, np.array(times), gm)
    views = [scene.view(at=t) for t in times]
    outlines = [
        convex_hull_points((view.craft.outline() - view.craft.position) @ view.craft.body_to_camera) for view in views
    ]
    masks = {name: np.zeros((count, len(times)), bool) for name in ("craft", "cap", "sun")}
    for start in range(0, count, _CHUNK):
        part = slice(start, min(start + _CHUNK, count))
        rotations = _camera_attitude_function(resolved, samples, part, np.array(times))
        for k, view in enumerate(views):
            turn = rotations(view, relative_positions[part, k], k)
            from_body = view.track.icrf_to_body.T
            masks["craft"][part, k] = _is_craft_in_frame(
                view, turn @ from_body, outlines[k], relative_positions[part, k] @ from_body
            )
            masks["sun"][part, k] = ~_is_in_frame(view, turn @ (view.icrf_to_camera.T @ view.sun.direction))
            if view.planet is not None:
                masks["cap"][part, k] = _is_cap_behind(view, view.planet.body, relative_positions[part, k])
    # Before it has left, a late camera still sits on its mount: it is not in the picture's business yet.
    has_left = np.array(times) >= samples.delay[:, None]
    return Dispersion(
        times_s=np.array(times),
        range_m=np.linalg.norm(relative_positions, axis=-1),
        craft_in_frame=masks["craft"] & has_left,
        cap_behind=masks["cap"] if views[0].planet is not None else None,
        sun_out=masks["sun"],
    )


def sample_release_errors(scene: Scene, release_state: ReleaseState, count: int) -> ReleaseSamples:
    """The dice thrown; a spring's energy is told as the speed it makes."""
    part = scene.release.scatter if scene.release else None
    assert scene.release is not None
    assert part is not None
    tilt, tip_off = _to_distribution(part.tilt_deg, np.pi / 180.0), _to_distribution(part.tip_off_deg_s, np.pi / 180.0)
    energy = scene.release.spring_energy_j
    scatter = Scatter(
        speed=_to_distribution(part.spring_energy_j if energy else part.speed_m_s, 1.0),
        tilt_first=tilt,
        tilt_second=tilt,
        tip_off_x=tip_off,
        tip_off_y=tip_off,
        tip_off_z=tip_off,
        delay=_to_distribution(part.delay_s, 1.0),
        spin=_to_distribution(part.spin_deg_s, np.pi / 180.0),
    )
    samples = draw_samples(scatter, count, part.seed)
    if not energy:
        return samples
    if np.any(energy + samples.speed < 0.0):
        raise ValueError("some draws leave the spring less than no energy: lower spring_energy_j's spread")
    speed = release_state.release.speed  # goes with the root of the energy
    return replace(samples, speed=speed * (np.sqrt(1.0 + samples.speed / energy) - 1.0))


def _to_distribution(part: SpreadSection | None, unit_size: float) -> Distribution:
    if part is None:
        return Constant()
    if part.uniform is not None:
        return Uniform(part.uniform[0] * unit_size, part.uniform[1] * unit_size)
    return Normal(0.0, (part.normal or 0.0) * unit_size)


def _camera_attitude_function(
    resolved: ResolvedScene, samples: ReleaseSamples, part: slice, times: Vector
) -> Callable[[View, Vector, int], Vector]:
    """A function of view, places (N, 3) from the craft and number of the time: ICRF to camera (N, 3, 3)."""
    look = resolved.scene.camera
    if look.look == "mount":
        return lambda view, _apart, _k: view.icrf_to_camera[None]
    if look.look == "craft":

        def look_at_craft(view: View, relative_positions: Vector, _k: int) -> Vector:
            up = resolved.toward(look.up, view.epoch, view.track.host)
            return icrf_to_camera(view.camera, -relative_positions, up, look.place, np.radians(look.roll_deg))

        return look_at_craft
    tumbles = _tumbling_attitudes(resolved, samples, part, times)
    lens = resolved.camera_to_lens
    return lambda _view, _apart, k: lens @ quaternion_to_matrix(tumbles[:, k])


def _tumbling_attitudes(resolved: ResolvedScene, samples: ReleaseSamples, part: slice, times: Vector) -> Vector:
    """Quaternions (N, T, 4) of ICRF to the inner lens for cameras left to themselves, each from its own release on."""
    from selfiesim.motion.tumble import tumble_many

    release_state = resolved.release_state
    assert release_state is not None
    mounting_rotation, axis = resolved.body_to_camera(), release_state.release.axis
    rates = release_state.camera_rate + samples.spin[part, None] * (mounting_rotation @ axis) + samples.tip_off[part]
    delays = samples.delay[part]
    starts = [quaternion(mounting_rotation @ _craft_attitude_after(release_state, delay)) for delay in delays]
    inertia = np.array(resolved.scene.camera.inertia_kg_m2)
    return np.asarray(tumble_many(inertia, np.array(starts), rates, times - delays[:, None]).attitude)


def _craft_attitude_after(release_state: ReleaseState, seconds: float) -> Matrix:
    """The craft's attitude a little after the planned release: it goes on turning as it does."""
    rate = float(np.linalg.norm(release_state.body_rate))
    if rate * seconds == 0.0:
        return release_state.icrf_to_body
    return rotation_about(release_state.body_rate, -rate * seconds) @ release_state.icrf_to_body


def _is_craft_in_frame(view: View, rotations: Vector, outline: Vector, relative_positions: Vector) -> NDArray[np.bool_]:
    """Whether all of ``outline`` (K, 3) is in the picture of each camera at ``relative_positions`` (N, 3), body axes: (N,)."""
    rotations = np.broadcast_to(rotations, (len(relative_positions), 3, 3))
    # A few points settle most: what leaves the picture does so with its outermost, and a pinhole that sees the corners
    # of a box sees what is in it.
    extreme = np.unique(
        np.concatenate(
            [(outline @ _EXTREME_DIRECTIONS.T).argmax(axis=0), (outline @ _EXTREME_DIRECTIONS.T).argmin(axis=0)]
        )
    )
    inside = _are_all_in_frame(view, rotations, outline[extreme], relative_positions)
    undecided = np.flatnonzero(inside)
    if view.camera.distortion is None:
        low, high = outline.min(axis=0), outline.max(axis=0)
        box = np.where(_BOX_CORNERS, high, low)
        undecided = undecided[~_are_all_in_frame(view, rotations[undecided], box, relative_positions[undecided])]
    inside[undecided] = _are_all_in_frame(view, rotations[undecided], outline, relative_positions[undecided])
    return inside


def _are_all_in_frame(view: View, rotations: Vector, points: Vector, relative_positions: Vector) -> NDArray[np.bool_]:
    """Whether each of N cameras has all of ``points`` (K, 3) in its picture."""
    if view.camera.distortion is not None:
        seen = np.einsum("nij,nkj->nki", rotations, points - relative_positions[:, None])
        return np.asarray(_is_in_frame(view, seen).all(axis=1))
    # Each edge of a pinhole's picture is a plane; one product for all planes of all cameras.
    planes = _frustum_planes(view.camera) @ rotations
    nearest = (points @ planes.reshape(-1, 3).T).min(axis=0).reshape(-1, 4)
    return np.asarray((nearest > np.einsum("npj,nj->np", planes, relative_positions)).all(axis=1))


def _frustum_planes(camera: Camera) -> Vector:
    """Inward normals (4, 3) of the planes through a pinhole and the left, right, upper, lower edge of its picture."""
    left, right = camera.cx + 0.5, camera.width - 0.5 - camera.cx
    upper, lower = camera.cy + 0.5, camera.height - 0.5 - camera.cy
    fx, fy = camera.fx, camera.fy
    return np.array([[fx, 0.0, left], [-fx, 0.0, right], [0.0, fy, upper], [0.0, -fy, lower]])


def _is_in_frame(view: View, points: Vector) -> NDArray[np.bool_]:
    """Whether points (..., 3) in camera axes are in the picture."""
    pixels = view.camera.project(points)
    size = np.array([view.camera.width, view.camera.height])
    return np.asarray(((pixels > -0.5) & (pixels < size - 0.5)).all(axis=-1))


def _is_cap_behind(view: View, body: Body, relative_positions: Vector) -> NDArray[np.bool_]:
    """Whether the ray from each camera past the craft's origin meets ground on the polar cap."""
    fixed = view.track.icrf_to_bodyfixed
    ground = intersect_ellipsoid(
        (view.track.host.position + relative_positions) @ fixed.T, -relative_positions @ fixed.T, body
    )
    latitude = np.degrees(np.arctan2(ground[:, 2], np.hypot(ground[:, 0], ground[:, 1])))
    return np.asarray(latitude > CAP_EDGE_DEG)  # NaN, the sky, is not
