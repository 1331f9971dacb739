"""Instants of time: UTC for people, TDB for ephemerides.

An :class:`Epoch` holds Barycentric Dynamical Time as a two-part Julian date, which resolves a nanosecond. Leap seconds
come from ERFA (pyerfa).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from selfiesim.core.errors import SceneError

DAY_S = 86400.0
J2000_JD = 2451545.0
_DUBIOUS_YEAR = 1  # a status of ERFA: no leap seconds are announced yet, and none are assumed; 2 is after end of day
_MAX_DAYS = 2000.0 * 365.25  # ERFA's calendar goes further, its UTC means nothing there

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?\s*(?:Z|UTC|\+00:00)?")


@dataclass(frozen=True, order=True)
class Epoch:
    """One instant as a two-part TDB Julian date.

    Attributes
    ----------
    day : float
        Whole days.
    fraction : float
        The rest in days, in [-0.5, 0.5). Each instant has one representation, so epochs compare as instants do.
    """

    day: float
    fraction: float

    @classmethod
    def from_utc(cls, text: str) -> Epoch:
        """Read an ISO 8601 UTC time.

        Parameters
        ----------
        text : str
            Such as ``"2021-12-31T16:30:00Z"``; leap seconds are counted.

        Returns
        -------
        Epoch
            The instant.

        Raises
        ------
        SceneError
            The text is not such a time, or its year is outside 1960 (when UTC began) to 2100.
        """
        import erfa
        from erfa import ufunc

        match = _ISO.fullmatch(text.strip())
        if not match:
            raise SceneError(f"{text!r} is not a UTC time; write it like 2021-12-31T16:30:00Z")
        year, month, day, hour, minute = (int(part or 0) for part in match.groups()[:5])
        if not 1960 <= year <= 2100:
            raise SceneError(f"{text!r}: the year must be between 1960 and 2100")
        second = float(match.group(6) or 0.0)
        *utc, status = ufunc.dtf2d("UTC", year, month, day, hour, minute, second)
        if status not in (0, _DUBIOUS_YEAR):
            raise SceneError(f"{text!r} is not a date in the calendar")
        *tai, _status = ufunc.utctai(*utc)
        tt = erfa.taitt(*tai)
        # TDB - TT at the geocentre is 1.7 ms at most.
        return cls._normalized(*erfa.tttdb(*tt, erfa.dtdb(*tt, 0.0, 0.0, 0.0, 0.0)))

    @classmethod
    def from_tdb_jd(cls, day: float, fraction: float = 0.0) -> Epoch:
        """Return the instant of a TDB Julian date, given as one number or in two parts.

        Parameters
        ----------
        day, fraction : float
            Their sum is the Julian date, days; two parts keep its precision.

        Returns
        -------
        Epoch
            The instant.

        Raises
        ------
        SceneError
            A number is infinite or NaN.
        """
        return cls._normalized(day, fraction)

    @classmethod
    def _normalized(cls, day: float, fraction: float) -> Epoch:
        if not (math.isfinite(day) and math.isfinite(fraction)):
            raise SceneError(f"an instant must be finite, not {day:g} + {fraction:g} days")
        whole = math.floor(day + 0.5)
        rest = (day - whole) + fraction
        carry = math.floor(rest + 0.5)
        return cls(float(whole + carry), float(rest - carry))

    def __add__(self, seconds: float) -> Epoch:
        return self._normalized(self.day, self.fraction + seconds / DAY_S)

    def __sub__(self, other: Epoch) -> float:
        """Return the seconds from ``other`` to this instant."""
        return ((self.day - other.day) + (self.fraction - other.fraction)) * DAY_S

    @property
    def days_since_j2000(self) -> float:
        """TDB days since J2000.0."""
        return (self.day - J2000_JD) + self.fraction

    @property
    def centuries_since_j2000(self) -> float:
        """TDB Julian centuries since J2000.0."""
        return self.days_since_j2000 / 36525.0

    def utc(self, decimals: int = 0) -> str:
        """Format the instant as ISO 8601 UTC text.

        Parameters
        ----------
        decimals : int
            Decimals of the seconds.

        Returns
        -------
        str
            Such as ``"2021-12-31T16:30:00Z"``.

        Raises
        ------
        SceneError
            The instant is not finite, or thousands of years away.
        """
        import erfa
        from erfa import ufunc

        if not abs(self.days_since_j2000) < _MAX_DAYS:
            raise SceneError(f"a TDB Julian date of {self.day:g} + {self.fraction:g} days has no UTC time")
        tt = erfa.tdbtt(self.day, self.fraction, erfa.dtdb(self.day, self.fraction, 0.0, 0.0, 0.0, 0.0))
        *utc, _status = ufunc.taiutc(*erfa.tttai(*tt))
        year, month, day, clock, _status = ufunc.d2dtf("UTC", decimals, *utc)
        hour, minute, second, fraction = (int(clock[name]) for name in ("h", "m", "s", "f"))
        seconds = f"{second:02d}" + (f".{fraction:0{decimals}d}" if decimals > 0 else "")
        return f"{int(year):04d}-{int(month):02d}-{int(day):02d}T{hour:02d}:{minute:02d}:{seconds}Z"

    def __repr__(self) -> str:
        known = abs(self.days_since_j2000) < _MAX_DAYS
        return f"Epoch({self.utc(3) if known else f'{self.day!r}, {self.fraction!r}'})"
