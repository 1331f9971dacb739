"""Trajectories and attitudes from CCSDS Orbit and Attitude Ephemeris Messages (OEM, AEM).

Supported are the keyword (KVN) forms of CCSDS 502.0-B (OEM versions 1.0 and 2.0) and CCSDS 504.0-B (AEM versions 1.0
and 2.0, quaternions only). Reading is strict: an unknown keyword, frame, time system or number is an error that names
the file, the line and the valid choices. EME2000 is treated as ICRF, as in SPICE (they differ by 0.02 arcseconds).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from selfiesim.astro.ccsds_kvn import Block, line_error, read_blocks, require_choice, times_to_tdb
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.orbit import State
from selfiesim.core.errors import CcsdsError
from selfiesim.core.vectors import Matrix, Vector

__all__ = ["AemAttitude", "OemTrajectory", "read_aem", "read_oem"]

MAX_DEGREE = 25

# Tolerance of time comparisons: times written with six decimals are off by as much.
_TIME_TOLERANCE_S = 2e-6

_FRAMES = ("EME2000", "ICRF")
_BODY_FRAME = re.compile(r"SC[ _]BODY([ _]\d+)?")
_SPAN = ("TIME_SYSTEM", "START_TIME", "STOP_TIME")
_USEABLE = ("USEABLE_START_TIME", "USEABLE_STOP_TIME")
_OEM_NEEDED = ("OBJECT_NAME", "OBJECT_ID", "CENTER_NAME", "REF_FRAME", *_SPAN)
_OEM_KNOWN = (*_OEM_NEEDED, *_USEABLE, "INTERPOLATION", "INTERPOLATION_DEGREE")
_AEM_NEEDED = ("OBJECT_NAME", "OBJECT_ID", "REF_FRAME_A", "REF_FRAME_B", *_SPAN, "ATTITUDE_TYPE")
_AEM_KNOWN = (
    *(*_AEM_NEEDED, *_USEABLE, "CENTER_NAME", "ATTITUDE_DIR", "QUATERNION_TYPE"),
    *("INTERPOLATION_METHOD", "INTERPOLATION_DEGREE"),
)


@dataclass(frozen=True)
class _Segment:
    """The table of one block, for interpolation: times (N,) in seconds since ``start`` and values (N, k)."""

    start: Epoch
    seconds: Vector
    rows: Matrix
    method: str
    degree: int
    usable: tuple[float, float]

    def covers(self, epoch: Epoch) -> bool:
        return self.usable[0] - _TIME_TOLERANCE_S <= epoch - self.start <= self.usable[1] + _TIME_TOLERANCE_S

    def window(self, seconds: float, count: int) -> slice:
        """Select ``count`` rows around a time: half before and half after it, or centred on the nearest if odd."""
        if count % 2:
            after = int(np.searchsorted(self.seconds, seconds))
            near = [n for n in (after - 1, after) if 0 <= n < len(self.seconds)]
            first = min(near, key=lambda n: abs(self.seconds[n] - seconds)) - count // 2
        else:
            first = int(np.searchsorted(self.seconds, seconds, side="right")) - count // 2
        first = min(max(first, 0), len(self.seconds) - count)
        return slice(first, first + count)


@dataclass(frozen=True)
class _Message:
    """The common part of both messages: the object and the segments."""

    path: Path
    object_name: str
    object_id: str
    segments: tuple[_Segment, ...] = field(repr=False)

    @property
    def coverage(self) -> list[tuple[Epoch, Epoch]]:
        """Start and end of the usable time span of each segment."""
        return [(s.start + s.usable[0], s.start + s.usable[1]) for s in self.segments]

    def _segment_at(self, epoch: Epoch) -> _Segment:
        # At a time that two segments share, the later one counts: a manoeuvre may separate them.
        for segment in reversed(self.segments):
            if segment.covers(epoch):
                return segment
        spans = ", ".join(f"{start.utc(3)} to {stop.utc(3)}" for start, stop in self.coverage[:4])
        raise CcsdsError(f"{self.path}: does not cover {epoch.utc(3)}; it covers {spans}")


@dataclass(frozen=True)
class OemTrajectory(_Message):
    """The trajectory of one object about ``center`` (the file's name for it), ICRF axes."""

    center: str

    def state(self, epoch: Epoch) -> State:
        """Return position (m) and velocity (m/s), interpolated by the file's method.

        With Hermite interpolation the velocity is the derivative of the interpolated position.

        Raises
        ------
        CcsdsError
            The file does not cover ``epoch``.
        """
        from scipy.interpolate import KroghInterpolator

        segment = self._segment_at(epoch)
        seconds = epoch - segment.start
        hermite = segment.method == "HERMITE"
        window = segment.window(seconds, (segment.degree + 1) // 2 if hermite else segment.degree + 1)
        rows = segment.rows[window]
        nodes, at, length = _normalized_times(segment.seconds[window], seconds)
        if not hermite:
            km_and_km_s = KroghInterpolator(nodes, rows)(at)
            return State(km_and_km_s[:3] * 1e3, km_and_km_s[3:] * 1e3)
        values = np.stack([rows[:, :3], rows[:, 3:] * length], axis=1).reshape(-1, 3)
        curve = KroghInterpolator(np.repeat(nodes, 2), values)
        return State(np.asarray(curve(at)) * 1e3, np.asarray(curve.derivative(at, 1)) / length * 1e3)


@dataclass(frozen=True)
class AemAttitude(_Message):
    """The attitude of one object: the orientation of its body axes ``frame`` (the file's name for them)."""

    frame: str

    def icrf_to_body(self, epoch: Epoch) -> Matrix:
        """Return the rotation (3, 3) from ICRF to body axes, interpolated by the file's method, by default SLERP.

        Raises
        ------
        CcsdsError
            The file does not cover ``epoch``.
        """
        from scipy.interpolate import KroghInterpolator
        from scipy.spatial.transform import Rotation

        segment = self._segment_at(epoch)
        seconds = epoch - segment.start
        window = segment.window(seconds, segment.degree + 1)
        times, rows = segment.seconds[window], segment.rows[window]
        if segment.method in ("LINEAR", "SLERP") and len(times) > 1:
            first, last = Rotation.from_quat(rows)
            fraction = (seconds - times[0]) / (times[1] - times[0])
            rotation = first * Rotation.from_rotvec(fraction * (first.inv() * last).as_rotvec())
        else:
            nodes, at, _length = _normalized_times(times, seconds)
            rotation = Rotation.from_quat(KroghInterpolator(nodes, rows)(at))
        return np.asarray(rotation.as_matrix())


def _normalized_times(times: Vector, seconds: float) -> tuple[Vector, float, float]:
    """Scale ``times`` (N,) and ``seconds`` to run from 0 to 1 over the window, and return its length in seconds.

    Powers of large numbers would lose digits.
    """
    length = max(float(times[-1] - times[0]), 1.0)
    return (times - times[0]) / length, (seconds - times[0]) / length, length


def read_oem(path: str | Path, object_id: str = "") -> OemTrajectory:
    """Read an Orbit Ephemeris Message.

    Parameters
    ----------
    path : path-like
        The file.
    object_id : str, optional
        The OBJECT_ID to read; required if the file holds more than one object.

    Raises
    ------
    CcsdsError
        The file cannot be read, is too large, or is not a valid OEM of the supported kind.
    """
    path = Path(path)
    blocks = _select_object(path, list(read_blocks(path, "OEM", _OEM_NEEDED, _OEM_KNOWN, (6, 9))), object_id)
    segments = []
    for block in blocks:
        require_choice(path, block, "REF_FRAME", _FRAMES)
        method = require_choice(path, block, "INTERPOLATION", ("HERMITE", "LAGRANGE", "LINEAR"), "HERMITE")
        # The standard gives no default degree. Seven takes the four rows around the time.
        degree = 1 if method == "LINEAR" else _interpolation_degree(path, block, 7)
        if method == "HERMITE" and degree % 2 == 0:
            raise line_error(path, block.meta["INTERPOLATION_DEGREE"][0], "a Hermite degree must be odd (3, 5, 7 ...)")
        rows = np.array([row[:6] for row in block.rows])
        if "INTERPOLATION_DEGREE" not in block.meta:
            degree = min(degree, (2 if method == "HERMITE" else 1) * len(rows) - 1)
        points = (degree + 1) // 2 if method == "HERMITE" else degree + 1
        segments.append(_make_segment(path, block, rows, "LAGRANGE" if method == "LINEAR" else method, degree, points))
    centers = {block.value("CENTER_NAME").upper() for block in blocks}
    if len(centers) > 1:
        raise CcsdsError(f"{path}: segments about {' and '.join(sorted(centers))}; all must have the same centre")
    first = blocks[0]
    return OemTrajectory(
        path, first.value("OBJECT_NAME"), first.value("OBJECT_ID"), tuple(segments), first.value("CENTER_NAME")
    )


def read_aem(path: str | Path, object_id: str = "") -> AemAttitude:
    """Read an Attitude Ephemeris Message of quaternions; the parameters are those of :func:`read_oem`.

    Raises
    ------
    CcsdsError
        The file cannot be read, is too large, or is not a valid AEM of the supported kind.
    """
    path = Path(path)
    blocks = _select_object(path, list(read_blocks(path, "AEM", _AEM_NEEDED, _AEM_KNOWN, (4,))), object_id)
    segments = []
    for block in blocks:
        require_choice(path, block, "ATTITUDE_TYPE", ("QUATERNION",))
        known = ("LINEAR", "SLERP", "HERMITE", "LAGRANGE")
        method = require_choice(path, block, "INTERPOLATION_METHOD", known, "SLERP")
        # Hermite interpolation without rates is Lagrange; a single row is a constant attitude.
        straight = method in ("LINEAR", "SLERP")
        degree = (
            min(1, len(block.rows) - 1) if straight else _interpolation_degree(path, block, min(7, len(block.rows) - 1))
        )
        segments.append(_make_segment(path, block, _icrf_to_body(path, block), method, degree, degree + 1))
    first = blocks[0]
    frames = {_body_frame(path, block)[0] for block in blocks}
    if len(frames) > 1:
        raise CcsdsError(f"{path}: segments for {' and '.join(sorted(frames))}; all must have the same body frame")
    return AemAttitude(path, first.value("OBJECT_NAME"), first.value("OBJECT_ID"), tuple(segments), frames.pop())


def _icrf_to_body(path: Path, block: Block) -> Matrix:
    """Return quaternions (N, 4) from ICRF to body axes, in scipy's convention and with continuous signs."""
    order = require_choice(path, block, "QUATERNION_TYPE", ("FIRST", "LAST"), "LAST")
    q = np.array(block.rows)
    q = q[:, [1, 2, 3, 0]] if order == "FIRST" else q
    lengths = np.linalg.norm(q, axis=1)
    bad = np.flatnonzero(np.abs(lengths - 1.0) > 1e-3)
    if len(bad):
        raise line_error(path, block.lines[bad[0]], f"the quaternion has length {lengths[bad[0]]:.4f}; it must be 1")
    q = q / lengths[:, None]
    # CCSDS rotates the frame (v_B = q* v_A q), scipy the vector: its quaternion of the same matrix is the conjugate.
    if _body_frame(path, block)[1]:
        q = q * [-1.0, -1.0, -1.0, 1.0]
    flips = np.cumprod(np.where(np.sum(q[1:] * q[:-1], axis=1) < 0.0, -1.0, 1.0))
    q[1:] *= flips[:, None]
    return np.asarray(q)


def _body_frame(path: Path, block: Block) -> tuple[str, bool]:
    """Return the name of the body axes, and whether the quaternion goes from ICRF to them."""
    names = [" ".join(block.value(key).upper().split()) for key in ("REF_FRAME_A", "REF_FRAME_B")]
    line = block.meta["REF_FRAME_A"][0]
    for a_is_inertial in (True, False):
        inertial, body = names if a_is_inertial else reversed(names)
        if inertial in _FRAMES and _BODY_FRAME.fullmatch(body):
            a_to_b = require_choice(path, block, "ATTITUDE_DIR", ("A2B", "B2A"), "A2B") == "A2B"
            return body, a_is_inertial == a_to_b
    raise line_error(path, line, f"frames {names[0]} and {names[1]}: one must be {' or '.join(_FRAMES)}, one SC_BODY_1")


def _select_object(path: Path, blocks: list[Block], object_id: str) -> list[Block]:
    """Return the blocks of one object."""
    found = sorted({block.value("OBJECT_ID") for block in blocks})
    if not object_id and len(found) > 1:
        raise CcsdsError(f"{path}: holds {', '.join(found)}; choose one by its OBJECT_ID")
    chosen = [block for block in blocks if not object_id or block.value("OBJECT_ID") == object_id]
    if not chosen:
        raise CcsdsError(f"{path}: holds no {object_id!r}; it holds {', '.join(found)}")
    return chosen


def _interpolation_degree(path: Path, block: Block, default: int) -> int:
    if "INTERPOLATION_DEGREE" not in block.meta:
        return default
    number, text = block.meta["INTERPOLATION_DEGREE"]
    if not text.isdecimal() or not 1 <= int(text[:4]) <= MAX_DEGREE:
        raise line_error(path, number, f"INTERPOLATION_DEGREE must be a whole number from 1 to {MAX_DEGREE}")
    return int(text)


def _make_segment(path: Path, block: Block, rows: Matrix, method: str, degree: int, points: int) -> _Segment:
    """Build a segment, checking that its times increase and stay within the block's own limits."""
    if points > len(rows):
        why = f"interpolation of degree {degree} needs {points} rows, and the segment has {len(rows)}"
        raise line_error(path, block.line, why)
    system = block.value("TIME_SYSTEM").upper()
    days, fractions = times_to_tdb(path, block.times, block.lines, system)
    start = Epoch.from_tdb_jd(float(days[0]), float(fractions[0]))
    seconds = ((days - start.day) + (fractions - start.fraction)) * DAY_S
    late = np.flatnonzero(np.diff(seconds) <= 0.0)
    if len(late):
        raise line_error(path, block.lines[late[0] + 1], "not later than the row before; times must increase")
    keys = [key for key in ("START_TIME", *_USEABLE, "STOP_TIME") if key in block.meta]
    bounds = times_to_tdb(path, [block.value(k) for k in keys], [block.meta[k][0] for k in keys], system)
    limits = dict(zip(keys, ((bounds[0] - start.day) + (bounds[1] - start.fraction)) * DAY_S, strict=True))
    if any(limits[a] > limits[b] for a, b in pairwise(keys)):
        raise line_error(path, block.meta["START_TIME"][0], f"{', '.join(keys)} must not decrease")
    if limits["START_TIME"] > _TIME_TOLERANCE_S or limits["STOP_TIME"] < seconds[-1] - _TIME_TOLERANCE_S:
        raise line_error(path, block.lines[0], "rows outside START_TIME to STOP_TIME of their block")
    first = max(0.0, limits.get("USEABLE_START_TIME", 0.0))
    last = min(float(seconds[-1]), limits.get("USEABLE_STOP_TIME", np.inf))
    return _Segment(start, seconds, rows, method, degree, (first, last))
