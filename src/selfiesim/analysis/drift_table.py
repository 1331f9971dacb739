"""The drift of a released camera as a table: where it is at each time, and what it frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.analysis.framing import framing
from selfiesim.astro.frames import icrf_to_rtn
from selfiesim.core.errors import SceneError
from selfiesim.core.limits import DRIFT_SAMPLES
from selfiesim.core.vectors import quaternion
from selfiesim.view.view import View
from selfiesim.view.view_report import phase_angle_deg

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene

_MIN_CAP_SHARE = 0.02


@dataclass(frozen=True)
class DriftSample:
    """The drift at one time. RTN axes rotate with the craft's orbit, body axes with the craft; both have its origin.

    Attributes
    ----------
    t_s : float
        Seconds after the release.
    utc : str
        The same time, UTC.
    position_rtn_m, velocity_rtn_m_s : tuple of float
        Position and velocity of the camera, as seen in RTN axes.
    position_body_m : tuple of float
        Position of the camera in body axes.
    quaternion_icrf_to_camera : tuple of float
        Attitude of the camera, scalar last.
    range_m, range_rate_m_s : float
        Distance from the mount point, and its rate, to which the rotation of the craft contributes.
    craft_distance_m, clearance_m : float
        Distance from the craft's origin, and from its nearest surface.
    phase_deg : float
        Phase angle of the craft.
    craft_px : float
        Longer side of the craft's bounding box; NaN when part of the craft is behind the camera.
    in_frame, limb_in_frame, sun_in_frame : bool
        Whether the whole craft, the planet's limb, and the centre of the Sun are in the picture.
    sky_share, cap_share : float
        Shares of the picture with sky, and with the polar cap, as if the craft were not there.
    in_link_range : bool, optional
        Whether the camera's radio reaches the craft; None where the scene gives no range.
    """

    t_s: float
    utc: str
    position_rtn_m: tuple[float, float, float]
    velocity_rtn_m_s: tuple[float, float, float]
    position_body_m: tuple[float, float, float]
    quaternion_icrf_to_camera: tuple[float, float, float, float]
    range_m: float
    range_rate_m_s: float
    craft_distance_m: float
    phase_deg: float
    craft_px: float
    in_frame: bool
    sky_share: float
    cap_share: float
    limb_in_frame: bool
    sun_in_frame: bool
    clearance_m: float
    in_link_range: bool | None

    @property
    def cap_in_frame(self) -> bool:
        """Whether more than a sliver of the polar cap is in the picture."""
        return self.cap_share > _MIN_CAP_SHARE


def sample_times(start: float, stop: float, step: float) -> list[float]:
    """Return times from ``start`` in steps, up to and including ``stop`` where a step ends there; s after the release.

    Raises
    ------
    SceneError
        When the times are out of order, the step is not positive, or there are more than 100,000 times.
    """
    if not (np.isfinite([start, stop, step]).all() and step > 0.0 and 0.0 <= start <= stop):
        raise SceneError(f"times from {start:g} s to {stop:g} s by {step:g} s: give 0 <= from <= to and a step above 0")
    count = int(np.floor((stop - start) / step + 1e-9)) + 1
    DRIFT_SAMPLES.check(count, f"{count:,} samples are too many", SceneError, "choose a larger step")
    return [start + k * step for k in range(count)]


def require_released_camera(scene: Scene) -> None:
    """Refuse a scene whose camera is never released.

    Raises
    ------
    SceneError
        For such a scene.
    """
    if scene.mounted is not None:
        raise SceneError("mounted: this camera stays on its craft and does not drift; use show or render with --at")


def drift(scene: Scene, times: Sequence[float]) -> list[DriftSample]:
    """Sample the drift of a released camera.

    Parameters
    ----------
    scene : Scene
        A scene with a released camera.
    times : sequence of float
        Times after the release, s.

    Returns
    -------
    list of DriftSample
        One per time: relative position and velocity, attitude, distances and framing.

    Raises
    ------
    SceneError
        For impossible geometry at one of the times, or a camera that is never released.
    """
    require_released_camera(scene)
    return [sample(scene.view(f"release+{t:.9f}s"), t) for t in times]


def sample(view: View, t: float) -> DriftSample:
    """Return the numbers of one view, ``t`` seconds after the release."""
    track, framed = view.track, framing(view)
    host, camera = track.host, track.camera
    to_rtn = icrf_to_rtn(host.position, host.velocity)
    relative_position, relative_velocity = camera.position - host.position, camera.velocity - host.velocity
    # RTN axes rotate with the orbit, so the velocity seen in them lacks that rotation.
    orbit_rate = np.cross(host.position, host.velocity) / (host.position @ host.position)
    from_mount, mount_relative_velocity = camera.position - track.mount_position, camera.velocity - track.mount_velocity
    distance = float(np.linalg.norm(from_mount))
    link_range = view.shot.link_range_m
    surface_distance, _node = view.craft.clearance(track.icrf_to_body @ relative_position)
    return DriftSample(
        t_s=t,
        utc=view.epoch.utc(3),
        position_rtn_m=_to_tuple3(to_rtn @ relative_position),
        velocity_rtn_m_s=_to_tuple3(to_rtn @ (relative_velocity - np.cross(orbit_rate, relative_position))),
        position_body_m=_to_tuple3(track.icrf_to_body @ relative_position),
        quaternion_icrf_to_camera=tuple(quaternion(view.icrf_to_camera).tolist()),
        range_m=distance,
        range_rate_m_s=float(mount_relative_velocity @ from_mount) / distance
        if distance > 0.0
        else float(np.linalg.norm(mount_relative_velocity)),
        craft_distance_m=float(np.linalg.norm(view.craft.position)),
        phase_deg=phase_angle_deg(view),
        craft_px=framed.craft_px,
        in_frame=framed.craft_in_frame,
        sky_share=framed.sky_share,
        cap_share=framed.cap_share,
        limb_in_frame=framed.limb_in_frame,
        sun_in_frame=framed.sun_in_frame,
        clearance_m=surface_distance,
        in_link_range=None if link_range is None else distance <= link_range,
    )


CONTACT_DISTANCE_M = 0.1
"""Clearance below which a camera the size of a fist touches the craft."""
APPROACH_TOLERANCE_M = 0.01
"""Least approach that counts as a return: rounding errors of a camera at rest do not."""


def closest_return(samples: Sequence[DriftSample]) -> DriftSample | None:
    """Return the sample nearest to the craft among those at which the camera has turned back toward it.

    As exact as the samples are dense; None if the camera never turns back.
    """
    surface_distance = np.array([each.clearance_m for each in samples])
    approach = np.maximum.accumulate(surface_distance) - surface_distance
    back = [k for k in range(len(surface_distance)) if approach[k] > APPROACH_TOLERANCE_M]
    return samples[min(back, key=lambda k: surface_distance[k])] if back else None


def describe_return(samples: Sequence[DriftSample]) -> str:
    """Return a sentence about the camera's return to the craft, or an empty string if it never turns back."""
    back = closest_return(samples)
    if back is None:
        return ""
    touches = " and touches it" if back.clearance_m < CONTACT_DISTANCE_M else ""
    return f"The camera returns to within {back.clearance_m:.2f} m of the craft {back.t_s:g} s after release{touches}."


def _to_tuple3(vector: np.ndarray) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z


def as_records(samples: Sequence[DriftSample]) -> list[dict[str, object]]:
    """Return JSON-ready objects; ``craft_px`` is None where part of the craft is behind the camera."""
    records = [asdict(each) for each in samples]
    for record in records:
        if not np.isfinite(record["craft_px"]):
            record["craft_px"] = None
    return records


def as_csv(samples: Sequence[DriftSample]) -> str:
    """Return comma-separated text with a header line; vectors have a column per component, ``_x _y _z _w``."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = [field.name for field in fields(DriftSample)]
    first = samples[0]
    header = []
    for name in names:
        value = getattr(first, name)
        header += [f"{name}_{axis}" for axis in "xyzw"[: len(value)]] if isinstance(value, tuple) else [name]
    writer.writerow(header)
    for each in samples:
        row: list[object] = []
        for name in names:
            value = getattr(each, name)
            row += value if isinstance(value, tuple) else [value]
        writer.writerow(row)
    return buffer.getvalue()
