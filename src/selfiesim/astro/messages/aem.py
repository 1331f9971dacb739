"""Attitudes from CCSDS Attitude Ephemeris Messages (AEM, CCSDS 504.0-B, versions 1 and 2), as KVN, XML or JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.messages.attitude_rows import MAX_TURN, AttitudeRows, attitude_columns, read_rows
from selfiesim.astro.messages.blocks import Block, Kind, place_error, require_choice
from selfiesim.astro.messages.forms import read_blocks
from selfiesim.astro.messages.reference_frames import FRAMES, find_frame
from selfiesim.astro.messages.segments import (
    USEABLE,
    Message,
    Segment,
    interpolation_degree,
    make_span,
    normalized_times,
    require_whole_segment,
    rows_needed,
    select_object,
    short_fault,
)
from selfiesim.core.errors import CcsdsError
from selfiesim.core.vectors import Matrix, Vector

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels

_BODY_FRAME = re.compile(r"SC[ _]BODY([ _]\d+)?")
_NEEDED = ("OBJECT_NAME", "REF_FRAME_A", "REF_FRAME_B", "TIME_SYSTEM", "START_TIME", "STOP_TIME", "ATTITUDE_TYPE")
_KNOWN = (
    *(*_NEEDED, "OBJECT_ID", "REF_FRAME_EPOCH", *USEABLE, "CENTER_NAME", "ATTITUDE_DIR", "QUATERNION_TYPE"),
    *("EULER_ROT_SEQ", "RATE_FRAME", "ANGVEL_FRAME", "INTERPOLATION_METHOD", "INTERPOLATION_DEGREE"),
)
_AEM = Kind("AEM", ("1.0", "2.0"), _NEEDED, _KNOWN, attitude_columns, "attitudeState")


@dataclass(frozen=True)
class AemAttitude(Message):
    """The attitude of one object: the orientation of its body axes ``frame`` (the file's name for them)."""

    frame: str

    def icrf_to_body(self, epoch: Epoch) -> Matrix:
        """Return the rotation (3, 3) from ICRF to body axes, interpolated by the file's method, by default SLERP.

        Raises
        ------
        CcsdsError
            The file does not cover ``epoch``.
        """
        segment = self.segment_at(epoch)
        seconds = epoch - segment.span.start
        turning = segment.method in ("LINEAR", "SLERP")
        rotation = _turn(segment, seconds) if turning else _polynomial(segment, seconds)
        return np.asarray(rotation.as_matrix() @ segment.frame.to_icrf(epoch).T)


def _turn(segment: Segment, seconds: float) -> Any:
    """Turn about a fixed axis from one row to the next; with rates, by as many revolutions as they imply."""
    from scipy.spatial.transform import Rotation

    window = segment.window(seconds, min(2, len(segment.rows)))
    times, rows = segment.span.seconds[window], segment.rows[window]
    if len(times) == 1:
        return Rotation.from_quat(rows[0])
    first, last = Rotation.from_quat(rows)
    turn = (last * first.inv()).as_rotvec()
    if segment.rates is not None:
        # Axes that turn by +w carry the components of a fixed vector by -w.
        turn = _nearest_turn(turn, -segment.rates[window].mean(axis=0) * (times[1] - times[0]))
    return Rotation.from_rotvec((seconds - times[0]) / (times[1] - times[0]) * turn) * first


def _nearest_turn(turn: Vector, expected: Vector) -> Vector:
    """Return the rotation vector (3,) of the same rotation that is nearest to the expected one."""
    angle = float(np.linalg.norm(turn))
    if angle < 1e-9:
        total = float(np.linalg.norm(expected))
        return expected / total * 2.0 * np.pi * round(total / (2.0 * np.pi)) if total > np.pi else turn
    axis = turn / angle
    return np.asarray(axis * (angle + 2.0 * np.pi * round((float(expected @ axis) - angle) / (2.0 * np.pi))))


def _polynomial(segment: Segment, seconds: float) -> Any:
    """Interpolate the four parts of the quaternion, with their derivatives where the rows have rates (Hermite)."""
    from scipy.interpolate import KroghInterpolator
    from scipy.spatial.transform import Rotation

    hermite = segment.method == "HERMITE" and segment.rates is not None
    window = segment.window(seconds, (segment.degree + 1) // 2 if hermite else segment.degree + 1)
    rows = segment.rows[window]
    nodes, at, length = normalized_times(segment.span.seconds[window], seconds)
    if hermite and segment.rates is not None:
        slopes = _quaternion_rates(rows, segment.rates[window]) * length
        nodes, rows = np.repeat(nodes, 2), np.stack([rows, slopes], axis=1).reshape(-1, 4)
    return Rotation.from_quat(KroghInterpolator(nodes, rows)(at))


def _quaternion_rates(quaternions: Matrix, rates: Matrix) -> Matrix:
    """Return the derivatives (N, 4) of quaternions to axes that turn by the rates (N, 3): -w q / 2."""
    vector, scalar = quaternions[:, :3], quaternions[:, 3:]
    parts = [rates * scalar + np.cross(rates, vector), -np.sum(rates * vector, axis=1, keepdims=True)]
    return np.asarray(-0.5 * np.concatenate(parts, axis=1))


def read_aem(path: str | Path, object_id: str = "", kernels: Kernels | None = None) -> AemAttitude:
    """Read an Attitude Ephemeris Message; the parameters are those of :func:`selfiesim.astro.messages.oem.read_oem`.

    Raises
    ------
    CcsdsError
        The file cannot be read, is too large, or is not a valid AEM of the supported kind.
    """
    path = Path(path)
    blocks = select_object(path, read_blocks(path, _AEM), object_id)
    segments = require_whole_segment([_make_segment(path, block, kernels) for block in blocks])
    first = blocks[0]
    frames = {_body_key(path, block)[1] for block in blocks}
    if len(frames) > 1:
        raise CcsdsError(f"{path}: segments for {' and '.join(sorted(frames))}; all must have the same body frame")
    return AemAttitude(path, first.value("OBJECT_NAME"), first.value("OBJECT_ID"), segments, frames.pop())


def _make_segment(path: Path, block: Block, kernels: Kernels | None) -> Segment:
    known = ("LINEAR", "SLERP", "HERMITE", "LAGRANGE")
    method = require_choice(path, block, "INTERPOLATION_METHOD", known, "SLERP")
    span = make_span(path, block)
    rows, inertial_key = _inertial_to_body(path, block, span.seconds)
    if rows.rates is not None and _fastest_turn(rows.rates, span.seconds) > MAX_TURN:
        method = "SLERP"  # polynomials through the parts of a quaternion cannot follow a fast spin
    count = len(block.rows)
    hermite = method == "HERMITE" and rows.rates is not None
    degree = interpolation_degree(path, block, min(7, 2 * count - 1 if hermite else count - 1))
    points = rows_needed(path, block, degree, hermite)
    fault = "" if method in ("LINEAR", "SLERP") else short_fault(path, block, degree, points)
    frame = find_frame(path, block, inertial_key, span.start, kernels)
    return Segment(span, _continuous(rows.quaternions), method, degree, frame, fault, rows.rates)


def _fastest_turn(rates: Matrix, seconds: Vector) -> float:
    """Return the largest angle between neighbouring rows, rad."""
    speeds = np.linalg.norm(rates, axis=1)
    return float(np.max(np.maximum(speeds[1:], speeds[:-1]) * np.diff(seconds), initial=0.0))


def _continuous(quaternions: Matrix) -> Matrix:
    """Choose between q and -q, which are the same rotation, so that neighbours are close."""
    flips = np.cumprod(np.where(np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0.0, -1.0, 1.0))
    return np.concatenate([quaternions[:1], quaternions[1:] * flips[:, None]])


def _inertial_to_body(path: Path, block: Block, seconds: Vector) -> tuple[AttitudeRows, str]:
    """Return the rows as rotations to the body axes, and the keyword of the frame that they start from."""
    from scipy.spatial.transform import Rotation

    body_key, _name = _body_key(path, block)
    rows = read_rows(path, block, seconds)
    a_to_b = require_choice(path, block, "ATTITUDE_DIR", ("A2B", "B2A"), "A2B") == "A2B"
    if a_to_b == (body_key == "REF_FRAME_B"):
        return rows, "REF_FRAME_A" if body_key == "REF_FRAME_B" else "REF_FRAME_B"
    inverse = Rotation.from_quat(rows.quaternions).inv()
    rates = None if rows.rates is None else -inverse.apply(rows.rates)
    return AttitudeRows(inverse.as_quat(), rates), "REF_FRAME_A" if body_key == "REF_FRAME_B" else "REF_FRAME_B"


def _body_key(path: Path, block: Block) -> tuple[str, str]:
    """Return the keyword that names the body axes, and their name."""
    names = {key: " ".join(block.value(key).upper().split()) for key in ("REF_FRAME_A", "REF_FRAME_B")}
    bodies = [key for key, name in names.items() if _BODY_FRAME.fullmatch(name)]
    if len(bodies) != 1:
        what = f"frames {' and '.join(names.values())}: one must be SC_BODY_1, and the other {FRAMES}"
        raise place_error(path, block.place_of("REF_FRAME_A"), what)
    return bodies[0], names[bodies[0]]
