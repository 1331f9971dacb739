"""Times of CCSDS messages: dates by calendar or day of the year, in the time systems that can be converted exactly."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.messages.blocks import Block, Place, place_error
from selfiesim.core.config_validation import truncate
from selfiesim.core.errors import SceneError
from selfiesim.core.quiet import ignored_warnings
from selfiesim.core.vectors import Vector

TIME_SYSTEMS = ("UTC", "TAI", "TT", "TDB", "GPS", "TCB", "TCG")

_UNUSABLE = {
    "UT1": "needs the measured UT1-UTC, which the file does not give; write UTC",
    "GMST": "is an angle of the Earth, not a uniform time; write UTC",
    "MET": "counts from a launch that the file does not give; write UTC",
    "MRT": "counts from an event that the file does not give; write UTC",
    "SCLK": "is a spacecraft clock, whose calibration the file does not give; write UTC",
}

# GPS time is TAI - 19 s by definition (IS-GPS-200).
_TAI_MINUS_GPS_S = 19.0

_TIME = re.compile(r"(\d{4})-(?:(\d\d)-(\d\d)|(\d{3}))T(\d\d):(\d\d):(\d\d(?:\.\d*)?)Z?", re.ASCII)

Clock = tuple[datetime.date, int, int, str]


def time_system(path: Path, block: Block) -> str:
    """Return the block's TIME_SYSTEM.

    Raises
    ------
    CcsdsError
        It is none that can be converted.
    """
    name = block.value("TIME_SYSTEM").upper()
    if name not in TIME_SYSTEMS:
        why = _UNUSABLE.get(name, f"is not supported; use {' or '.join(TIME_SYSTEMS)}")
        raise place_error(path, block.place_of("TIME_SYSTEM"), f"TIME_SYSTEM = {truncate(name)} {why}")
    return name


def times_to_tdb(path: Path, times: Sequence[str], places: Sequence[Place], system: str) -> tuple[Vector, Vector]:
    """Convert times of one system to two-part TDB Julian dates, (N,) each.

    Raises
    ------
    CcsdsError
        A text is not a time such as 2021-12-31T16:30:00.000 or 2021-365T16:30:00.000.
    """
    import erfa

    clocks = [_parse_time(path, place, text) for text, place in zip(times, places, strict=True)]
    if system == "UTC":
        _check_leap_seconds(path, clocks, places)
        with ignored_warnings(erfa.ErfaWarning):  # of years and ends of days, which are checked above
            fields = [(d.year, d.month, d.day, h, m, float(s)) for d, h, m, s in clocks]
            whole, part = erfa.taitt(*erfa.utctai(*erfa.dtf2d("UTC", *zip(*fields, strict=True))))
    else:
        whole = np.array([day.toordinal() + 1721424.5 for day, *_rest in clocks])
        part = np.array([(hour * 3600 + minute * 60 + float(second)) / DAY_S for _day, hour, minute, second in clocks])
        if system == "GPS":
            part = part + _TAI_MINUS_GPS_S / DAY_S
        if system in ("TAI", "GPS"):
            whole, part = erfa.taitt(whole, part)
        elif system == "TCG":
            whole, part = erfa.tcgtt(whole, part)
        elif system == "TCB":
            return erfa.tcbtdb(whole, part)  # type: ignore[no-any-return]
    if system != "TDB":
        whole, part = erfa.tttdb(whole, part, erfa.dtdb(whole, part, 0.0, 0.0, 0.0, 0.0))
    return whole, part


def time_to_epoch(path: Path, text: str, place: Place, system: str) -> Epoch:
    """Convert one time to an epoch, with the errors of :func:`times_to_tdb`."""
    whole, part = times_to_tdb(path, [text], [place], system)
    return Epoch.from_tdb_jd(float(whole[0]), float(part[0]))


def rounding_s(text: str) -> float:
    """Return the unit of the last digit of a time, by which a rounded one may be off, s."""
    _before, _point, decimals = text.removesuffix("Z").partition(".")
    return float(10.0 ** -len(decimals))


def _check_leap_seconds(path: Path, clocks: Sequence[Clock], places: Sequence[Place]) -> None:
    for (day, hour, minute, second), place in zip(clocks, places, strict=True):
        if float(second) >= 60.0:
            try:
                Epoch.from_utc(f"{day.isoformat()}T{hour:02d}:{minute:02d}:{second}")
            except SceneError as error:
                raise place_error(path, place, f"{error}: no leap second there") from error


def _parse_time(path: Path, place: Place, text: str) -> Clock:
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
        raise place_error(path, place, f"{truncate(text)!r} is not a time such as 2021-12-31T16:30:00.000") from None
    return date, hour, minute, second.rstrip(".")
