"""The drift second by second: where the camera is, and what it frames, as a table of numbers."""

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
from selfiesim.core.vectors import quaternion
from selfiesim.view.view import View
from selfiesim.view.view_report import describe_view

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene

MAX_SAMPLES = 100_000


@dataclass(frozen=True)
class DriftSample:
    """One moment of the drift. Axes: RTN turn with the craft's orbit, body with the craft; the origin is the craft's.

    ``range_m`` counts from the mount, ``craft_distance_m`` from the craft's origin, ``clearance_m`` from its nearest
    surface; the quaternion is scalar last. ``in_link_range`` is None where the scene gives the radio no range.
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


def sample_times(start: float, stop: float, step: float) -> list[float]:
    """Seconds after the release from ``start`` to ``stop``, both included where the step meets them.

    Raises
    ------
    SceneError
        When the times are not in order, the step is not positive, or they are more than 100,000.
    """
    if not (np.isfinite([start, stop, step]).all() and step > 0.0 and 0.0 <= start <= stop):
        raise SceneError(f"times from {start:g} s to {stop:g} s by {step:g} s: give 0 <= from <= to and a step above 0")
    count = int(np.floor((stop - start) / step + 1e-9)) + 1
    if count > MAX_SAMPLES:
        raise SceneError(f"{count:,} samples are too many; the most is {MAX_SAMPLES:,}; choose a larger step")
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


def timeline(scene: Scene, times: Sequence[float]) -> list[DriftSample]:
    """A sample for each of ``times``, seconds after the release.

    Raises
    ------
    SceneError
        Impossible geometry at one of them, or a camera that is never released.
    """
    require_released_camera(scene)
    return [sample(scene.view(f"release+{t:.9f}s"), t) for t in times]


def sample(view: View, t: float) -> DriftSample:
    """The numbers of one view, ``t`` seconds after the release."""
    track, framed = view.track, framing(view)
    host, camera = track.host, track.camera
    to_rtn = icrf_to_rtn(host.position, host.velocity)
    relative_position, relative_velocity = camera.position - host.position, camera.velocity - host.velocity
    # The craft's axes turn with its orbit; what they see is slower by their own turning.
    orbit_rate = np.cross(host.position, host.velocity) / (host.position @ host.position)
    from_mount = camera.position - track.mount_position
    distance = float(np.linalg.norm(from_mount))
    facts = describe_view(view)
    reach = view.scene.camera.link_range_m
    surface_distance, _node = view.craft.clearance(track.icrf_to_body @ relative_position)
    return DriftSample(
        t_s=t,
        utc=view.epoch.utc(3),
        position_rtn_m=_to_tuple3(to_rtn @ relative_position),
        velocity_rtn_m_s=_to_tuple3(to_rtn @ (relative_velocity - np.cross(orbit_rate, relative_position))),
        position_body_m=_to_tuple3(track.icrf_to_body @ relative_position),
        quaternion_icrf_to_camera=tuple(quaternion(view.icrf_to_camera).tolist()),
        range_m=distance,
        range_rate_m_s=float(relative_velocity @ from_mount) / distance
        if distance > 0.0
        else float(np.linalg.norm(relative_velocity)),
        craft_distance_m=facts["range_to_craft_m"],
        phase_deg=facts["phase_angle_deg"],
        craft_px=framed.craft_px,
        in_frame=framed.craft_in_frame,
        sky_share=framed.sky_share,
        cap_share=framed.cap_share,
        limb_in_frame=framed.limb_in_frame,
        sun_in_frame=framed.sun_in_frame,
        clearance_m=surface_distance,
        in_link_range=None if reach is None else distance <= reach,
    )


CONTACT_DISTANCE_M = 0.1
"""Nearer than this, a camera the size of a fist touches."""
APPROACH_TOLERANCE_M = 0.01
"""A camera that lies still comes no nearer, whatever the last digits do."""


def closest_return(samples: Sequence[DriftSample]) -> DriftSample | None:
    """Of the moments at which the camera, once on its way, comes back toward the craft: the nearest.

    As fine as the samples lie; None when it only goes away.
    """
    surface_distance = np.array([each.clearance_m for each in samples])
    lost = np.maximum.accumulate(surface_distance) - surface_distance
    back = [k for k in range(len(surface_distance)) if lost[k] > APPROACH_TOLERANCE_M]
    return samples[min(back, key=lambda k: surface_distance[k])] if back else None


def describe_return(samples: Sequence[DriftSample]) -> str:
    """A sentence about the camera's coming back to the craft; empty when it only goes away."""
    back = closest_return(samples)
    if back is None:
        return ""
    touches = " and touches it" if back.clearance_m < CONTACT_DISTANCE_M else ""
    return f"The camera comes back: {back.clearance_m:.2f} m from the craft at {back.t_s:g} s{touches}."


def _to_tuple3(vector: np.ndarray) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z


def as_records(samples: Sequence[DriftSample]) -> list[dict[str, object]]:
    """JSON-ready objects; a size that cannot be told (craft partly behind the camera) is null."""
    records = [asdict(each) for each in samples]
    for record in records:
        if not np.isfinite(record["craft_px"]):
            record["craft_px"] = None
    return records


def as_csv(samples: Sequence[DriftSample]) -> str:
    """Comma-separated text with a header line; vectors take a column for each component, ``_x _y _z _w``."""
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
