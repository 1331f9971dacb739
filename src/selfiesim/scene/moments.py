"""Moments, the times in a scene file: ``release+100s``, ``max-latitude-30s``, another of :data:`EVENTS`, or UTC.

From Python and in TOML, a UTC time may also be a date, a ``datetime`` (without a time zone it is UTC), or an Epoch.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator

from selfiesim.astro.epoch import Epoch
from selfiesim.core.errors import SceneError
from selfiesim.core.untrusted.plain_values import plain_table

EVENTS = ("release", "max-latitude", "periapsis", "apoapsis", "cap-crossing", "terminator", "over")
"""Events that a moment may be relative to; :mod:`selfiesim.motion.events` defines them."""

# At most nine digits: 30 years from the event.
_EVENT = re.compile(rf"(?P<event>{'|'.join(EVENTS)})(?:(?P<sign>[+-])(?P<seconds>\d{{1,9}}(?:\.\d{{1,12}})?)s)?")


MomentLike = str | float | datetime.date | Epoch
"""What names a moment from Python: text, seconds after the release, a ``datetime`` in UTC, or an Epoch."""


def parse_moment(text: str) -> tuple[str, float] | Epoch:
    """Parse an event with its offset in seconds, or a UTC time.

    Raises
    ------
    SceneError
        For text that is neither.
    """
    match = _EVENT.fullmatch(text)
    if match:
        seconds = float(match["seconds"] or 0.0)
        return match["event"], -seconds if match["sign"] == "-" else seconds
    try:
        return Epoch.from_utc(text)
    except SceneError as error:
        if "the year must be" in str(error):
            raise
        raise SceneError(
            f"{text!r} is not a moment; write release+100s, max-latitude-30s, periapsis or 2021-12-31T16:30:00Z"
        ) from error


def time_text(value: Any) -> Any:
    """Write a date, a ``datetime`` or an Epoch as a UTC time; other values are returned as they are.

    Raises
    ------
    SceneError
        For an instant that has no UTC time.
    """
    if isinstance(value, Epoch):
        return value.utc(9)
    if isinstance(value, datetime.datetime):
        try:
            utc = value.astimezone(datetime.UTC) if value.tzinfo else value
        except (OverflowError, ValueError) as error:  # a time zone that leads out of the years 1 to 9999
            raise SceneError(f"{value} is not a UTC time; the year must be between 1960 and 2100") from error
        return utc.replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat() if isinstance(value, datetime.date) else value


def moment_text(value: Any) -> str:
    """Write anything that names a moment as text: seconds after the release, a time as :func:`time_text`, or text.

    Raises
    ------
    SceneError
        For a value that is none of them.
    """
    if not isinstance(value, int):
        value = plain_table(value, SceneError, "moment")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not -1e9 < value < 1e9 or math.isnan(value):
            raise SceneError("give less than 1e9 seconds from the release")
        return f"release{float(value):+.9f}s"
    text = time_text(value)
    if not isinstance(text, str):
        raise SceneError(
            f"{type(value).__name__} is not a moment; give text, a number of seconds, or a datetime in UTC"
        )
    return text


def _check_moment(text: object) -> object:
    return _checked(text, parse_moment)


def _check_utc(text: object) -> object:
    return _checked(text, Epoch.from_utc)


def _checked(value: object, parse: Callable[[str], object]) -> object:
    """Return ``value`` as text if ``parse`` accepts it; other types are left for pydantic to reject."""
    try:
        text = time_text(value)
    except SceneError as error:
        raise ValueError(str(error)) from None
    if isinstance(text, str):
        try:
            parse(text)
        except SceneError as error:
            raise ValueError(str(error)) from None
    return text


Moment = Annotated[str, BeforeValidator(_check_moment)]
UtcTime = Annotated[str, BeforeValidator(_check_utc)]
