"""Moments, the times in a scene file: ``release+100s``, ``max-latitude-30s``, another of :data:`EVENTS`, or UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import BeforeValidator

from selfiesim.astro.epoch import Epoch
from selfiesim.core.errors import SceneError

EVENTS = ("release", "max-latitude", "periapsis", "apoapsis", "cap-crossing", "terminator")
"""Events that a moment may be relative to; :mod:`selfiesim.motion.events` defines them."""

# At most nine digits: 30 years from the event.
_EVENT = re.compile(rf"(?P<event>{'|'.join(EVENTS)})(?:(?P<sign>[+-])(?P<seconds>\d{{1,9}}(?:\.\d{{1,12}})?)s)?")


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
        raise SceneError(
            f"{text!r} is not a moment; write release+100s, max-latitude-30s, periapsis or 2021-12-31T16:30:00Z"
        ) from error


def _check_moment(text: object) -> object:
    return _checked(text, parse_moment)


def _check_utc(text: object) -> object:
    return _checked(text, Epoch.from_utc)


def _checked(text: object, parse: Callable[[str], object]) -> object:
    """Return ``text`` if ``parse`` accepts it; other types are left for pydantic to reject."""
    if isinstance(text, str):
        try:
            parse(text)
        except SceneError as error:
            raise ValueError(str(error)) from None
    return text


Moment = Annotated[str, BeforeValidator(_check_moment)]
UtcTime = Annotated[str, BeforeValidator(_check_utc)]
