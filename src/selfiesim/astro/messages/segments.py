"""The segments of a message as tables to interpolate, with the time each may be used for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.messages.blocks import Block, place_error, printable
from selfiesim.astro.messages.reference_frames import ReferenceFrame
from selfiesim.astro.messages.times import rounding_s, time_system, times_to_tdb
from selfiesim.core.errors import CcsdsError
from selfiesim.core.vectors import Matrix, Vector

MAX_DEGREE = 25
USEABLE = ("USEABLE_START_TIME", "USEABLE_STOP_TIME")

# Tolerance of time comparisons: a time with six decimals is off by as much.
_TIME_TOLERANCE_S = 2e-6

# An epoch may lie outside a segment by this much, the rounding of a time written with three decimals.
_EDGE_TOLERANCE_S = 1.002e-3


@dataclass(frozen=True)
class Span:
    """The times of one block: those of its rows (N,) in seconds after ``start``, and which may be used."""

    start: Epoch
    seconds: Vector
    usable: tuple[float, float]


@dataclass(frozen=True)
class Segment:
    """The table of one block, for interpolation: values (N, k) at the times of its span, in the axes of ``frame``.

    Attributes
    ----------
    fault : str
        Why it cannot be interpolated; an error only where a time falls into it.
    rates : (N, 3) array, optional
        Angular velocity at each row of an attitude, rad/s.
    """

    span: Span
    rows: Matrix
    method: str
    degree: int
    frame: ReferenceFrame
    fault: str = ""
    rates: Matrix | None = None

    def covers(self, epoch: Epoch, tolerance_s: float) -> bool:
        """Whether an epoch lies within the usable time."""
        first, last = self.span.usable
        return first - tolerance_s <= epoch - self.span.start <= last + tolerance_s

    def window(self, seconds: float, count: int) -> slice:
        """Select ``count`` rows around a time: half before and half after it, or centred on the nearest if odd."""
        times = self.span.seconds
        if count % 2:
            after = int(np.searchsorted(times, seconds))
            near = [n for n in (after - 1, after) if 0 <= n < len(times)]
            first = min(near, key=lambda n: abs(times[n] - seconds)) - count // 2
        else:
            first = int(np.searchsorted(times, seconds, side="right")) - count // 2
        first = min(max(first, 0), len(times) - count)
        return slice(first, first + count)


@dataclass(frozen=True)
class Message:
    """The common part of trajectories and attitudes: the object and the segments."""

    path: Path
    object_name: str
    object_id: str
    segments: tuple[Segment, ...] = field(repr=False)

    @property
    def coverage(self) -> list[tuple[Epoch, Epoch]]:
        """Start and end of the usable time of each segment that can be interpolated."""
        spans = [segment.span for segment in self.segments if not segment.fault]
        return [(span.start + span.usable[0], span.start + span.usable[1]) for span in spans]

    def segment_at(self, epoch: Epoch) -> Segment:
        """Return the segment for an epoch: at a time that two share the later, since a manoeuvre may separate them.

        Raises
        ------
        CcsdsError
            None covers it, or the one that does has too few rows.
        """
        for tolerance in (_TIME_TOLERANCE_S, _EDGE_TOLERANCE_S):
            found = [segment for segment in reversed(self.segments) if segment.covers(epoch, tolerance)]
            whole = [segment for segment in found if not segment.fault]
            if whole:
                return whole[0]
            if found:
                raise CcsdsError(found[0].fault)
        spans = ", ".join(f"{start.utc(3)} to {stop.utc(3)}" for start, stop in self.coverage[:4])
        raise CcsdsError(f"{self.path}: does not cover {epoch.utc(3)}; it covers {spans}")


def normalized_times(times: Vector, seconds: float) -> tuple[Vector, float, float]:
    """Scale ``times`` (N,) and ``seconds`` to run from 0 to 1 over the window, and return its length in seconds.

    Powers of large numbers would lose digits.
    """
    length = max(float(times[-1] - times[0]), 1.0)
    return (times - times[0]) / length, (seconds - times[0]) / length, length


def select_object(path: Path, blocks: list[Block], object_id: str) -> list[Block]:
    """Return the blocks of one object, chosen by OBJECT_ID or OBJECT_NAME.

    Raises
    ------
    CcsdsError
        No object has that name, or none is given and the file holds several.
    """
    if not object_id:
        found = {(block.value("OBJECT_NAME"), block.value("OBJECT_ID")) for block in blocks}
        if len(found) > 1:
            raise CcsdsError(f"{path}: holds {_object_names(blocks)}; choose one by its OBJECT_ID")
        return blocks
    chosen = [block for block in blocks if object_id in (block.value("OBJECT_ID"), block.value("OBJECT_NAME"))]
    if not chosen:
        raise CcsdsError(f"{path}: holds no {object_id!r}; it holds {_object_names(blocks)}")
    return chosen


def _object_names(blocks: Iterable[Block]) -> str:
    names = sorted({block.value("OBJECT_ID") or block.value("OBJECT_NAME") for block in blocks})
    return printable(", ".join(names[:10])) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def interpolation_degree(path: Path, block: Block, default: int) -> int:
    """Return the block's INTERPOLATION_DEGREE.

    Raises
    ------
    CcsdsError
        It is not a whole number from 1 to :data:`MAX_DEGREE`.
    """
    text = block.value("INTERPOLATION_DEGREE")
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text[:4]) <= MAX_DEGREE:
        what = f"INTERPOLATION_DEGREE must be a whole number from 1 to {MAX_DEGREE}"
        raise place_error(path, block.place_of("INTERPOLATION_DEGREE"), what)
    return int(text)


def rows_needed(path: Path, block: Block, degree: int, hermite: bool) -> int:
    """Return how many rows interpolation of a degree takes; Hermite's uses rows and their rates.

    Raises
    ------
    CcsdsError
        The degree is even with Hermite interpolation.
    """
    if hermite and degree % 2 == 0:
        raise place_error(path, block.place_of("INTERPOLATION_DEGREE"), "a Hermite degree must be odd (3, 5, 7 ...)")
    return (degree + 1) // 2 if hermite else degree + 1


def short_fault(path: Path, block: Block, degree: int, points: int) -> str:
    """Return what to say of a block with fewer rows than its degree needs; nothing if it has enough."""
    if points <= len(block.rows):
        return ""
    why = f"interpolation of degree {degree} needs {points} rows, and the segment has {len(block.rows)}"
    return str(place_error(path, block.place, why))


def require_whole_segment(segments: list[Segment]) -> tuple[Segment, ...]:
    """Return the segments, or raise an error if none of them can be interpolated."""
    if all(segment.fault for segment in segments):
        raise CcsdsError(segments[0].fault)
    return tuple(segments)


def make_span(path: Path, block: Block) -> Span:
    """Convert the times of a block, checking that they increase and stay within the block's own limits.

    Raises
    ------
    CcsdsError
        They do not, or are not times.
    """
    system = time_system(path, block)
    days, fractions = times_to_tdb(path, block.times, block.places, system)
    start = Epoch.from_tdb_jd(float(days[0]), float(fractions[0]))
    seconds = ((days - start.day) + (fractions - start.fraction)) * DAY_S
    late = np.flatnonzero(np.diff(seconds) <= 0.0)
    if len(late):
        raise place_error(path, block.places[late[0] + 1], "not later than the row before; times must increase")
    keys = [key for key in ("START_TIME", *USEABLE, "STOP_TIME") if key in block.meta]
    bounds = times_to_tdb(path, [block.value(k) for k in keys], [block.place_of(k) for k in keys], system)
    limits = dict(zip(keys, ((bounds[0] - start.day) + (bounds[1] - start.fraction)) * DAY_S, strict=True))
    # A time may be rounded to its last digit, or cut off after it.
    slack = {key: rounding_s(block.value(key)) + _TIME_TOLERANCE_S for key in keys}
    if any(limits[a] > limits[b] + max(slack[a], slack[b]) for a, b in pairwise(keys)):
        raise place_error(path, block.place_of("START_TIME"), f"{', '.join(keys)} must not decrease")
    early, beyond = limits["START_TIME"] - slack["START_TIME"], limits["STOP_TIME"] + slack["STOP_TIME"]
    if early > 0.0 or beyond < seconds[-1]:
        raise place_error(path, block.places[0], "rows outside START_TIME to STOP_TIME of their block")
    first = max(0.0, limits.get("USEABLE_START_TIME", 0.0))
    last = min(float(seconds[-1]), limits.get("USEABLE_STOP_TIME", np.inf))
    return Span(start, seconds, (float(first), float(last)))
