"""Monte Carlo over releases: how many of them, and when, frame the picture as planned.

The camera points as in the scene, at the craft or as it tumbles; what varies is the push of the spring.
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
from selfiesim.core.limits import DRIFT_RELEASES
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

_CHUNK = 2_000  # cameras at a time: some 100 MB of points
_BOX_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], bool)
_EXTREME_DIRECTIONS = np.array(
    [[x, y, z] for x in (0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if (x, y, z) > (0, 0, 0)], float
)


@dataclass(frozen=True)
class Dispersion:
    """N releases at T times.

    Attributes
    ----------
    times_s : (T,) array
        Seconds after the planned release.
    range_m : (N, T) array
        Distance from the craft's origin.
    craft_in_frame : (N, T) bool array
        Whether the whole craft is in the picture.
    cap_in_background : (N, T) bool array, optional
        Whether the line of sight past the craft meets the polar cap; None where there is no planet.
    sun_out_of_frame : (N, T) bool array
        Whether the Sun is outside the picture.
    """

    times_s: Vector
    range_m: Vector
    craft_in_frame: NDArray[np.bool_]
    cap_in_background: NDArray[np.bool_] | None
    sun_out_of_frame: NDArray[np.bool_]

    @property
    def good(self) -> NDArray[np.bool_]:
        """Whether all conditions hold at once, (N, T)."""
        good = self.craft_in_frame & self.sun_out_of_frame
        return good if self.cap_in_background is None else good & self.cap_in_background

    def summary(self) -> dict[str, Any]:
        """Return the result as JSON-ready numbers; a time that no release reaches is None."""
        is_good = self.good.any(axis=1)
        first = self.times_s[self.good.argmax(axis=1)][is_good]
        shares = self.good.mean(axis=0)
        return {
            "releases": len(self.good),
            "good_share": float(is_good.mean()),
            "first_good_s": [float(q) for q in np.quantile(first, [0.05, 0.5, 0.95])] if is_good.any() else None,
            "best_s": float(self.times_s[shares.argmax()]) if is_good.any() else None,
            "best_share": float(shares.max()),
        }

    def records(self) -> list[dict[str, float | None]]:
        """Return an object per time: mean and spread of the range, and the share of releases meeting each condition."""
        return [
            {
                "t_s": float(t),
                "range_mean_m": float(self.range_m[:, k].mean()),
                "range_sigma_m": float(self.range_m[:, k].std()),
                "craft_in_frame": float(self.craft_in_frame[:, k].mean()),
                "cap_in_background": None
                if self.cap_in_background is None
                else float(self.cap_in_background[:, k].mean()),
                "sun_out_of_frame": float(self.sun_out_of_frame[:, k].mean()),
                "good": float(self.good[:, k].mean()),
            }
            for k, t in enumerate(self.times_s)
        ]


def disperse(scene: Scene, count: int, times: list[float]) -> Dispersion:
    """Simulate releases with random errors and determine what each camera frames.

    Each camera follows exact two-body motion; further forces act on craft and camera alike, to within millimetres.

    Parameters
    ----------
    scene : Scene
        A scene with ``[release.scatter]``, which gives the spread of the errors and the random seed.
    count : int
        Number of releases, N.
    times : list of float
        T times after the planned release, s.

    Returns
    -------
    Dispersion
        (N, T) arrays: distance, and whether craft, polar cap and Sun are in the picture.

    Raises
    ------
    SceneError
        When the scene has no ``[release.scatter]``, the number of releases is out of range, or the scatter includes
        a push toward the craft.
    """
    resolved = scene.resolve()
    release_state = check_scatter(resolved, count)
    gm = resolved.body.gm_m3_s2
    try:
        samples = sample_release_errors(scene, release_state, count)
        states = sample_camera_states(
            release_state.release, release_state.host, release_state.icrf_to_body, samples, gm, release_state.body_rate
        )
    except ValueError as error:
        raise SceneError(f"release.scatter: {error}") from error
    instants = np.array(times)
    relative_positions = propagate_cloud(release_state.host_after, states, instants, gm)
    craft_in_frame, cap_in_background, sun_out_of_frame = _evaluate_framing(
        resolved, samples, instants, relative_positions
    )
    has_left = instants >= samples.delay[:, None]  # before that, a late camera is still on its mount
    return Dispersion(
        times_s=instants,
        range_m=np.linalg.norm(relative_positions, axis=-1),
        craft_in_frame=craft_in_frame & has_left,
        cap_in_background=cap_in_background,
        sun_out_of_frame=sun_out_of_frame,
    )


def check_scatter(resolved: ResolvedScene, count: int) -> ReleaseState:
    """Return the planned release of a scene whose releases can be drawn.

    Raises
    ------
    SceneError
        When the scene has no ``[release.scatter]``, is on the ground, or the number of releases is out of range.
    """
    release = resolved.scene.release
    if resolved.release_state is None or release is None or release.scatter is None:
        raise SceneError(
            "release.scatter: missing; add for example tilt_deg = { normal = 2.0 } under [release.scatter]"
        )
    if isinstance(resolved.host, LandedHost):
        raise SceneError("release.scatter: not available for a camera that is dropped on the ground")
    if count < 1:
        raise SceneError(f"{count} releases: give a number from 1")
    DRIFT_RELEASES.check(count, f"{count:,} releases are too many", SceneError)
    return resolved.release_state


def _evaluate_framing(
    resolved: ResolvedScene, samples: ReleaseSamples, times: Vector, relative_positions: Vector
) -> tuple[NDArray[np.bool_], NDArray[np.bool_] | None, NDArray[np.bool_]]:
    """Evaluate the three criteria of a :class:`Dispersion`, (N, T) each: craft, cap and Sun."""
    views = [resolved.at(t) for t in times.tolist()]
    outlines = [
        convex_hull_points((view.craft.outline() - view.craft.position) @ view.craft.body_to_camera) for view in views
    ]
    count = len(relative_positions)
    craft, cap, sun = (np.zeros((count, len(times)), bool) for _ in range(3))
    for start in range(0, count, _CHUNK):
        chunk = slice(start, min(start + _CHUNK, count))
        attitudes = _camera_attitude_function(resolved, samples, chunk, times)
        for k, view in enumerate(views):
            positions = relative_positions[chunk, k]
            attitude = attitudes(view, positions, k)
            body_to_icrf = view.track.icrf_to_body.T
            craft[chunk, k] = _is_craft_in_frame(view, attitude @ body_to_icrf, outlines[k], positions @ body_to_icrf)
            sun[chunk, k] = ~_is_in_frame(view, attitude @ (view.icrf_to_camera.T @ view.sun.direction))
            if view.planet is not None:
                cap[chunk, k] = _is_cap_behind(view, view.planet.body, positions)
    return craft, cap if views[0].planet is not None else None, sun


def sample_release_errors(scene: Scene, release_state: ReleaseState, count: int) -> ReleaseSamples:
    """Draw ``count`` releases from the scene's scatter; scatter of the spring energy is converted to speed.

    Raises
    ------
    ValueError
        When a draw leaves the spring with negative energy.
    """
    assert scene.release is not None
    section = scene.release.scatter
    assert section is not None
    tilt = _to_distribution(section.tilt_deg, np.pi / 180.0)
    tip_off = _to_distribution(section.tip_off_deg_s, np.pi / 180.0)
    energy = scene.release.spring_energy_j
    scatter = Scatter(
        speed=_to_distribution(section.spring_energy_j if energy else section.speed_m_s, 1.0),
        tilt_first=tilt,
        tilt_second=tilt,
        tip_off_x=tip_off,
        tip_off_y=tip_off,
        tip_off_z=tip_off,
        delay=_to_distribution(section.delay_s, 1.0),
        spin=_to_distribution(section.spin_deg_s, np.pi / 180.0),
    )
    samples = draw_samples(scatter, count, section.seed)
    if not energy:
        return samples
    if np.any(energy + samples.speed < 0.0):
        raise ValueError("some draws leave the spring with negative energy; lower the spread of spring_energy_j")
    speed = release_state.release.speed  # proportional to the square root of the energy
    return replace(samples, speed=speed * (np.sqrt(1.0 + samples.speed / energy) - 1.0))


def _to_distribution(spread: SpreadSection | None, unit_size: float) -> Distribution:
    """Convert a spread in units of ``unit_size`` to SI."""
    if spread is None:
        return Constant()
    if spread.uniform is not None:
        return Uniform(spread.uniform[0] * unit_size, spread.uniform[1] * unit_size)
    return Normal(0.0, (spread.normal or 0.0) * unit_size)


def _camera_attitude_function(
    resolved: ResolvedScene, samples: ReleaseSamples, chunk: slice, times: Vector
) -> Callable[[View, Vector, int], Vector]:
    """Return a function of view, camera positions (N, 3) and index of the time: rotations (N, 3, 3), ICRF to camera."""
    camera = resolved.scene.camera
    if camera.look == "mount":
        return lambda view, _positions, _k: view.icrf_to_camera[None]
    if camera.look == "craft":

        def look_at_craft(view: View, positions: Vector, _k: int) -> Vector:
            up = resolved.toward(camera.up, view.epoch, view.track.host)
            return icrf_to_camera(view.camera, -positions, up, camera.place, np.radians(camera.roll_deg))

        return look_at_craft
    tumbles = tumbling_attitudes(resolved, samples, chunk, times)
    lens = resolved.camera_to_lens
    return lambda _view, _positions, k: lens @ quaternion_to_matrix(tumbles[:, k])


def tumbling_attitudes(resolved: ResolvedScene, samples: ReleaseSamples, chunk: slice, times: Vector) -> Vector:
    """Return quaternions (N, T, 4), ICRF to the inner lens, of freely tumbling cameras, each from its own release."""
    from selfiesim.motion.tumble import tumble_many

    release_state = resolved.release_state
    assert release_state is not None
    mounting_rotation, axis = resolved.body_to_camera(), release_state.release.axis
    rates = release_state.camera_rate + samples.spin[chunk, None] * (mounting_rotation @ axis) + samples.tip_off[chunk]
    delays = samples.delay[chunk]
    starts = [quaternion(mounting_rotation @ _craft_attitude_after(release_state, delay)) for delay in delays]
    inertia = np.array(resolved.scene.camera.inertia_kg_m2)
    return np.asarray(tumble_many(inertia, np.array(starts), rates, times - delays[:, None]).attitude)


def _craft_attitude_after(release_state: ReleaseState, seconds: float) -> Matrix:
    """Attitude of the craft ``seconds`` after the planned release, at its constant rotation rate."""
    rate = float(np.linalg.norm(release_state.body_rate))
    if rate * seconds == 0.0:
        return release_state.icrf_to_body
    return rotation_about(release_state.body_rate, -rate * seconds) @ release_state.icrf_to_body


def _is_craft_in_frame(view: View, rotations: Vector, outline: Vector, positions: Vector) -> NDArray[np.bool_]:
    """Whether each of N cameras has all of ``outline`` (K, 3) in its picture; body axes.

    Parameters
    ----------
    rotations : (N, 3, 3) array
        Body to camera axes.
    positions : (N, 3) array
        Of the cameras.
    """
    rotations = np.broadcast_to(rotations, (len(positions), 3, 3))
    # A few points decide most cases: a craft leaves the picture with an outermost point first, and a pinhole that sees
    # the corners of a box sees everything inside it.
    projections = outline @ _EXTREME_DIRECTIONS.T
    extreme = np.unique(np.concatenate([projections.argmax(axis=0), projections.argmin(axis=0)]))
    inside = _are_all_in_frame(view, rotations, outline[extreme], positions)
    undecided = np.flatnonzero(inside)
    if view.camera.distortion is None:
        low, high = outline.min(axis=0), outline.max(axis=0)
        box = np.where(_BOX_CORNERS, high, low)
        undecided = undecided[~_are_all_in_frame(view, rotations[undecided], box, positions[undecided])]
    inside[undecided] = _are_all_in_frame(view, rotations[undecided], outline, positions[undecided])
    return inside


def _are_all_in_frame(view: View, rotations: Vector, points: Vector, positions: Vector) -> NDArray[np.bool_]:
    """Whether each of N cameras has all of ``points`` (K, 3) in its picture; see :func:`_is_craft_in_frame`."""
    if view.camera.distortion is not None:
        in_camera = np.einsum("nij,nkj->nki", rotations, points - positions[:, None])
        return np.asarray(_is_in_frame(view, in_camera).all(axis=1))
    # Each edge of a pinhole's picture is a plane: one matrix product tests all planes of all cameras.
    planes = _frustum_planes(view.camera) @ rotations
    nearest = (points @ planes.reshape(-1, 3).T).min(axis=0).reshape(-1, 4)
    return np.asarray((nearest > np.einsum("npj,nj->np", planes, positions)).all(axis=1))


def _frustum_planes(camera: Camera) -> Vector:
    """Inward normals (4, 3) of the planes through a pinhole and the left, right, upper and lower picture edges."""
    left, right = camera.cx + 0.5, camera.width - 0.5 - camera.cx
    upper, lower = camera.cy + 0.5, camera.height - 0.5 - camera.cy
    fx, fy = camera.fx, camera.fy
    return np.array([[fx, 0.0, left], [-fx, 0.0, right], [0.0, fy, upper], [0.0, -fy, lower]])


def _is_in_frame(view: View, points: Vector) -> NDArray[np.bool_]:
    """Whether points (..., 3) in camera axes are in the picture."""
    pixels = view.camera.project(points)
    size = np.array([view.camera.width, view.camera.height])
    return np.asarray(((pixels > -0.5) & (pixels < size - 0.5)).all(axis=-1))


def _is_cap_behind(view: View, body: Body, positions: Vector) -> NDArray[np.bool_]:
    """Whether the ray from each camera past the craft's origin meets ground on the polar cap."""
    fixed = view.track.icrf_to_bodyfixed
    ground = intersect_ellipsoid((view.track.host.position + positions) @ fixed.T, -positions @ fixed.T, body)
    latitude = np.degrees(np.arctan2(ground[:, 2], np.hypot(ground[:, 0], ground[:, 1])))
    return np.asarray(latitude > CAP_EDGE_DEG)  # False for NaN, which is sky
