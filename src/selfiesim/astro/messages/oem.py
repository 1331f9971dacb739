"""Trajectories from CCSDS Orbit Ephemeris Messages (OEM, CCSDS 502.0-B, versions 1 to 3), as KVN, XML or JSON.

Covariances, accelerations and manoeuvres are passed over: they do not change where the craft is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.messages.blocks import Block, Columns, Kind, require_choice
from selfiesim.astro.messages.forms import read_blocks
from selfiesim.astro.messages.reference_frames import center_body, find_frame
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
from selfiesim.astro.orbit import State
from selfiesim.core.errors import CcsdsError

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels

_NEEDED = ("OBJECT_NAME", "CENTER_NAME", "REF_FRAME", "TIME_SYSTEM", "START_TIME", "STOP_TIME")
_KNOWN = (*_NEEDED, "OBJECT_ID", "REF_FRAME_EPOCH", *USEABLE, "INTERPOLATION", "INTERPOLATION_DEGREE")
_COLUMNS = Columns(
    ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT"),
    "x y z (km) and their rates (km/s)",
    ("X_DDOT", "Y_DDOT", "Z_DDOT"),
)
_OEM = Kind("OEM", ("1.0", "2.0", "3.0"), _NEEDED, _KNOWN, lambda _path, _block: _COLUMNS, "stateVector")


@dataclass(frozen=True)
class OemTrajectory(Message):
    """The trajectory of one object about ``center`` (the file's name for it), ICRF axes."""

    center: str

    def state(self, epoch: Epoch) -> State:
        """Return position (m) and velocity (m/s), interpolated by the file's method in the file's frame.

        With Hermite interpolation the velocity is the derivative of the interpolated position.

        Raises
        ------
        CcsdsError
            The file does not cover ``epoch``.
        """
        segment = self.segment_at(epoch)
        return segment.frame.state_to_icrf(_interpolate(segment, epoch), epoch)


def _interpolate(segment: Segment, epoch: Epoch) -> State:
    from scipy.interpolate import KroghInterpolator

    seconds = epoch - segment.span.start
    hermite = segment.method == "HERMITE"
    window = segment.window(seconds, (segment.degree + 1) // 2 if hermite else segment.degree + 1)
    rows = segment.rows[window]
    nodes, at, length = normalized_times(segment.span.seconds[window], seconds)
    if not hermite:
        km_and_km_s = KroghInterpolator(nodes, rows)(at)
        return State(km_and_km_s[:3] * 1e3, km_and_km_s[3:] * 1e3)
    values = np.stack([rows[:, :3], rows[:, 3:] * length], axis=1).reshape(-1, 3)
    curve = KroghInterpolator(np.repeat(nodes, 2), values)
    return State(np.asarray(curve(at)) * 1e3, np.asarray(curve.derivative(at, 1)) / length * 1e3)


def read_oem(path: str | Path, object_id: str = "", kernels: Kernels | None = None) -> OemTrajectory:
    """Read an Orbit Ephemeris Message.

    Parameters
    ----------
    path : path-like
        The file: KVN, XML or JSON.
    object_id : str, optional
        The OBJECT_ID or OBJECT_NAME to read; required if the file holds more than one object.
    kernels : Kernels, optional
        SPICE kernels for frames that are not built in.

    Raises
    ------
    CcsdsError
        The file cannot be read, is too large, or is not a valid OEM of the supported kind.
    """
    path = Path(path)
    blocks = select_object(path, read_blocks(path, _OEM), object_id)
    segments = require_whole_segment([_make_segment(path, block, kernels) for block in blocks])
    centers = {center_body(block.value("CENTER_NAME")) for block in blocks}
    if len(centers) > 1:
        names = " and ".join(sorted({block.value("CENTER_NAME").upper() for block in blocks}))
        raise CcsdsError(f"{path}: segments about {names}; all must have the same centre")
    first = blocks[0]
    return OemTrajectory(
        path, first.value("OBJECT_NAME"), first.value("OBJECT_ID"), segments, first.value("CENTER_NAME")
    )


def _make_segment(path: Path, block: Block, kernels: Kernels | None) -> Segment:
    method = require_choice(path, block, "INTERPOLATION", ("HERMITE", "LAGRANGE", "LINEAR"), "HERMITE")
    # The standard gives no default degree. Seven takes the four rows around the time.
    degree = 1 if method == "LINEAR" else interpolation_degree(path, block, 7)
    if "INTERPOLATION_DEGREE" not in block.meta:
        degree = min(degree, (2 if method == "HERMITE" else 1) * len(block.rows) - 1)
    points = rows_needed(path, block, degree, method == "HERMITE")
    span = make_span(path, block)
    frame = find_frame(path, block, "REF_FRAME", span.start, kernels)
    fault = short_fault(path, block, degree, points)
    return Segment(span, np.array(block.rows), "LAGRANGE" if method == "LINEAR" else method, degree, frame, fault)
