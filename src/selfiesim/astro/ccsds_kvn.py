"""Strict reader of CCSDS messages in keyword form (KVN): META blocks of ``KEYWORD = value`` followed by number rows.

File size and row count are limited. Every error names the file, the line and what would be valid.
"""

from __future__ import annotations

import datetime
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.core.config_validation import did_you_mean, read_limited, truncate
from selfiesim.core.errors import CcsdsError, SceneError
from selfiesim.core.vectors import Vector

MAX_BYTES = 64 << 20
MAX_ROWS = 500_000

_TIME_SYSTEMS = ("UTC", "TAI", "TT", "TDB")
_TIME = re.compile(r"(\d{4})-(?:(\d\d)-(\d\d)|(\d{3}))T(\d\d):(\d\d):(\d\d(?:\.\d*)?)Z?")
_HEADER = ("CREATION_DATE", "ORIGINATOR", "MESSAGE_ID", "CLASSIFICATION")


@dataclass
class Block:
    """One META block (keyword to line number and value) and the rows after it, with line numbers for messages."""

    line: int
    meta: dict[str, tuple[int, str]] = field(default_factory=dict)
    times: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rows: list[list[float]] = field(default_factory=list)

    def value(self, key: str, default: str = "") -> str:
        """Return the value of a keyword."""
        return self.meta.get(key, (self.line, default))[1]


# One loop over the lines with the state of the parser; splitting it would only pass that state around.
def read_blocks(
    path: Path, kind: str, needed: Sequence[str], known: Sequence[str], widths: tuple[int, ...]
) -> Iterator[Block]:
    """Yield the META blocks of a file with their rows.

    Parameters
    ----------
    kind : str
        The message's name in its first line, ``OEM`` or ``AEM``.
    needed, known : sequence of str
        Required and allowed keywords of a META block.
    widths : tuple of int
        Allowed counts of numbers after a row's time.

    Raises
    ------
    CcsdsError
        The file cannot be read, is too large, or is not such a message.
    """
    lines = enumerate(_read_text(path).splitlines(), start=1)
    content_lines = ((n, line.strip()) for n, line in lines if line.strip() and line.split(None, 1)[0] != "COMMENT")
    _check_version(path, kind, *next(content_lines, (1, "")))
    block: Block | None = None
    state, count = "header", 0
    for number, line in content_lines:
        if line in _BLOCK_MARKERS:
            if (line, state) not in _TRANSITIONS:
                raise line_error(path, number, f"{line} is not allowed here")
            state = _TRANSITIONS[line, state]
            if line == "META_START":
                if block is not None:
                    yield _require_rows(path, block)
                block = Block(number)
            elif line == "META_STOP" and block is not None:
                _check_meta(path, block, number, needed)
        elif state in ("header", "meta"):
            _add_pair(path, block, number, line, _HEADER if block is None else known)
        elif state == "rows" and block is not None:
            count += 1
            if count > MAX_ROWS:
                raise line_error(path, number, f"more than {MAX_ROWS:,} rows; split the file")
            _add_row(path, block, number, line, widths)
    if block is None:
        raise CcsdsError(f"{path}: no META_START: the file holds no data")
    if state != "rows":
        raise CcsdsError(f"{path}: ends within a block; the file is truncated")
    yield _require_rows(path, block)


# (marker, state it is allowed in): the state after it.
_TRANSITIONS = {
    ("META_START", "header"): "meta",
    ("META_START", "rows"): "meta",
    ("META_STOP", "meta"): "rows",
    ("DATA_START", "rows"): "rows",
    ("DATA_STOP", "rows"): "rows",
    ("COVARIANCE_START", "rows"): "covariance",
    ("COVARIANCE_STOP", "covariance"): "rows",
}
_BLOCK_MARKERS = {marker for marker, _state in _TRANSITIONS}


def _check_version(path: Path, kind: str, number: int, line: str) -> None:
    version = re.fullmatch(rf"CCSDS_{kind}_VERS\s*=\s*(\S+)", line)
    if not version or version.group(1) not in ("1.0", "2.0"):
        raise line_error(path, number, f"must begin with CCSDS_{kind}_VERS = 2.0 (or 1.0), not {truncate(line)!r}")


def _read_text(path: Path) -> str:
    content = read_limited(path, MAX_BYTES, "split the file", CcsdsError)
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise line_error(path, line, "not plain text; OEM and AEM files are ASCII in keyword form (KVN)") from error


def _add_pair(path: Path, block: Block | None, number: int, line: str, known: Sequence[str]) -> None:
    key, equals, text = (part.strip() for part in line.partition("="))
    if not equals:
        raise line_error(path, number, f"KEYWORD = value expected, not {truncate(line)!r}")
    if key not in known:
        hint = did_you_mean(key, known) or "; known keywords are " + ", ".join(known)
        raise line_error(path, number, f"unknown keyword {truncate(key)!r}{hint}")
    if not text:
        raise line_error(path, number, f"{key} has no value")
    if block is not None:
        if key in block.meta:
            raise line_error(path, number, f"{key} is given twice")
        block.meta[key] = (number, text)


def _check_meta(path: Path, block: Block, number: int, needed: Sequence[str]) -> None:
    missing = [key for key in needed if key not in block.meta]
    if missing:
        raise line_error(path, number, f"META block without {', '.join(missing)}")
    require_choice(path, block, "TIME_SYSTEM", _TIME_SYSTEMS)


def _add_row(path: Path, block: Block, number: int, line: str, widths: tuple[int, ...]) -> None:
    time, *words = line.split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) not in widths or not all(math.isfinite(value) for value in numbers):
        what = "x y z (km) and their rates (km/s)" if widths[0] == 6 else "the four parts of the quaternion"
        raise line_error(path, number, f"a time, then {what}, finite numbers without units, not {truncate(line)!r}")
    block.times.append(time)
    block.lines.append(number)
    block.rows.append(numbers)


def _require_rows(path: Path, block: Block) -> Block:
    if not block.rows:
        raise line_error(path, block.line, "META block without rows after it; the file is truncated")
    return block


def require_choice(path: Path, block: Block, key: str, known: Sequence[str], default: str = "") -> str:
    """Return the value of a keyword in capitals, or raise an error if it is not one of ``known``."""
    number, text = block.meta.get(key, (block.line, default))
    if text.upper() not in known:
        raise line_error(path, number, f"{key} = {truncate(text)} is not supported; use {' or '.join(known)}")
    return text.upper()


def times_to_tdb(path: Path, times: Sequence[str], lines: Sequence[int], system: str) -> tuple[Vector, Vector]:
    """Convert CCSDS times to two-part TDB Julian dates, (N,) each.

    Dates may be given by calendar (2021-12-31T...) or by day of the year (2021-365T...).
    """
    import erfa

    clocks = [_parse_time(path, number, text) for text, number in zip(times, lines, strict=True)]
    if system == "UTC":
        _check_leap_seconds(path, clocks, lines)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*(dubious year|end of day).*")  # both are checked above
            fields = [(d.year, d.month, d.day, h, m, float(s)) for d, h, m, s in clocks]
            whole, part = erfa.taitt(*erfa.utctai(*erfa.dtf2d("UTC", *zip(*fields, strict=True))))
    else:
        whole = np.array([day.toordinal() + 1721424.5 for day, *_rest in clocks])
        part = np.array([(hour * 3600 + minute * 60 + float(second)) / DAY_S for _day, hour, minute, second in clocks])
        if system == "TAI":
            whole, part = erfa.taitt(whole, part)
    if system != "TDB":
        whole, part = erfa.tttdb(whole, part, erfa.dtdb(whole, part, 0.0, 0.0, 0.0, 0.0))
    return whole, part


def _check_leap_seconds(
    path: Path, clocks: Sequence[tuple[datetime.date, int, int, str]], lines: Sequence[int]
) -> None:
    for (day, hour, minute, second), number in zip(clocks, lines, strict=True):
        if float(second) >= 60.0:
            try:
                Epoch.from_utc(f"{day.isoformat()}T{hour:02d}:{minute:02d}:{second}")
            except SceneError as error:
                raise line_error(path, number, f"{error}: no leap second there") from error


def _parse_time(path: Path, number: int, text: str) -> tuple[datetime.date, int, int, str]:
    match = _TIME.fullmatch(text)
    try:
        if not match:
            raise ValueError
        year, month, day, day_of_year = (int(part) if part else 0 for part in match.groups()[:4])
        date = datetime.date(year, month or 1, day or 1) + datetime.timedelta(days=max(day_of_year - 1, 0))
        hour, minute, second = int(match.group(5)), int(match.group(6)), match.group(7)
        if not 1960 <= year <= 2100 or date.year != year or (match.group(4) and not day_of_year):
            raise ValueError
        if hour > 23 or minute > 59 or float(second) >= 61:  # leap seconds are checked in times_to_tdb
            raise ValueError
    except ValueError:
        raise line_error(path, number, f"{truncate(text)!r} is not a time such as 2021-12-31T16:30:00.000") from None
    return date, hour, minute, second.rstrip(".")


def line_error(path: Path, line: int, what: str) -> CcsdsError:
    """Return an error about one line of a file."""
    return CcsdsError(f"{path}, line {line}: {what}")
