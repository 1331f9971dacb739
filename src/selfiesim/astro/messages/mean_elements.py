"""Orbits about the Earth from mean elements: two-line elements (TLE) and CCSDS Orbit Mean-Elements Messages (OMM).

Both are propagated with SGP4 (the package ``sgp4``, WGS 72 constants), which is good to about a kilometre at the epoch
of the elements and loses one to three more with each day (Vallado et al. 2006, AIAA 2006-6753).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.messages.blocks import Fields, Value, place_error, printable
from selfiesim.astro.messages.forms import read_field_sets
from selfiesim.astro.messages.reference_frames import teme_to_icrf
from selfiesim.astro.messages.times import time_to_epoch
from selfiesim.astro.orbit import State
from selfiesim.core.config_validation import closest_match, read_limited, truncate
from selfiesim.core.errors import CcsdsError
from selfiesim.core.limits import MEAN_ELEMENT_SETS, TLE_BYTES
from selfiesim.core.quiet import ignored_warnings

MAX_DAYS = 30
"""Mean elements are not propagated further than this from their epoch, days."""

_SIGNED = r"[ +\-]"
_TLE_LINE_1 = re.compile(
    rf"1 [A-Z0-9 ][0-9 ]{{4}}[A-Z ] .{{8}} \d\d[0-9 ]{{2}}\d\.\d{{8}} {_SIGNED}\.\d{{8}} "
    rf"{_SIGNED}[0-9 ]{{5}}{_SIGNED}\d {_SIGNED}[0-9 ]{{5}}{_SIGNED}\d [0-9 ] [0-9 ]{{4}}\d",
    re.ASCII,
)
_TLE_ANGLE = r"[0-9 ]{3}\.\d{4}"
_TLE_LINE_2 = re.compile(
    rf"2 [A-Z0-9 ][0-9 ]{{4}} {_TLE_ANGLE} {_TLE_ANGLE} \d{{7}} {_TLE_ANGLE} {_TLE_ANGLE} "
    r"[0-9 ]{2}\.\d{8}[0-9 ]{5}\d",
    re.ASCII,
)
_OMM_VERSIONS = ("1.0", "2.0", "3.0")
_OMM_ELEMENTS = {
    "MEAN_MOTION": (0.0, 20.0),
    "ECCENTRICITY": (0.0, 0.999999),
    "INCLINATION": (0.0, 180.0),
    "RA_OF_ASC_NODE": (-360.0, 360.0),
    "ARG_OF_PERICENTER": (-360.0, 360.0),
    "MEAN_ANOMALY": (-360.0, 360.0),
    "BSTAR": (-10.0, 10.0),
}
_OMM_DRAG_RATES = {"MEAN_MOTION_DOT": (-10.0, 10.0), "MEAN_MOTION_DDOT": (-100.0, 100.0)}
_OMM_FIXED = {
    "CENTER_NAME": ("EARTH",),
    "REF_FRAME": ("TEME",),
    "TIME_SYSTEM": ("UTC",),
    "MEAN_ELEMENT_THEORY": ("SGP4", "SGP", "SGP/SGP4", "SGP4/SDP4"),
    "EPHEMERIS_TYPE": ("0", "2", "SGP", "SGP4"),
}


@dataclass(frozen=True)
class MeanElements:
    """The orbit of one object about the Earth.

    Attributes
    ----------
    path : Path
        The file.
    object_name, object_id, number : str
        Its name, its international designator, and its number in the catalogue; empty where the file gives none.
    epoch : Epoch
        The epoch of the elements.
    """

    path: Path
    object_name: str
    object_id: str
    number: str
    epoch: Epoch
    _satellite: Any = field(repr=False, compare=False)

    @property
    def coverage(self) -> list[tuple[Epoch, Epoch]]:
        """The time within :data:`MAX_DAYS` of the epoch."""
        return [(self.epoch + -MAX_DAYS * DAY_S, self.epoch + MAX_DAYS * DAY_S)]

    def state(self, epoch: Epoch) -> State:
        """Return position (m) and velocity (m/s) from the Earth's centre, ICRF axes.

        Raises
        ------
        CcsdsError
            The time is too far from the epoch of the elements, or SGP4 fails, as after a decay.
        """
        from sgp4.api import SGP4_ERRORS

        seconds = epoch - self.epoch
        if abs(seconds) > MAX_DAYS * DAY_S:
            raise CcsdsError(
                f"{self.path}: {epoch.utc()} is {abs(seconds) / DAY_S:.0f} days from the epoch of the elements, "
                f"{self.epoch.utc()}; SGP4 is used for {MAX_DAYS} days at most: get elements of another date"
            )
        fault, position, velocity = self._satellite.sgp4_tsince(seconds / 60.0)
        if fault:
            raise CcsdsError(f"{self.path}: SGP4 cannot be used at {epoch.utc()}: {SGP4_ERRORS[fault]}")
        to_icrf = teme_to_icrf(epoch)
        return State(to_icrf @ np.array(position) * 1e3, to_icrf @ np.array(velocity) * 1e3)


def read_tle(path: str | Path, object_id: str = "", near: Epoch | None = None) -> MeanElements:
    """Read two-line elements, with or without a line of the name above each pair.

    Parameters
    ----------
    path : path-like
        The file.
    object_id : str, optional
        Catalogue number, international designator (1998-067A) or name; required if the file holds several objects.
    near : Epoch, optional
        Of several sets of one object, use that nearest in time; by default the last in the file.

    Raises
    ------
    CcsdsError
        The file cannot be read, or a line has not the form or the checksum of two-line elements.
    """
    path = Path(path)
    content = read_limited(path, TLE_BYTES, "that is not a file of two-line elements", CcsdsError)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CcsdsError(f"{path}: not plain text; two-line elements are ASCII") from error
    return _choose(path, _split_tle(path, text), object_id, near)


def _split_tle(path: Path, text: str) -> list[MeanElements]:
    sets: list[MeanElements] = []
    name, first = "", ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.rstrip()
        if first:
            _check_tle_line(path, number, line, _TLE_LINE_2, 2)
            if line[2:7] != first[2:7]:
                raise place_error(path, number, f"belongs to {line[2:7]}, and line {number - 1} to {first[2:7]}")
            if len(sets) >= MEAN_ELEMENT_SETS.value:
                raise place_error(path, number, MEAN_ELEMENT_SETS.excess("too many objects", "split the file"))
            sets.append(_from_tle(path, name, first, line))
            name, first = "", ""
        elif line.startswith("1 "):
            _check_tle_line(path, number, line, _TLE_LINE_1, 1)
            first = line
        elif line.startswith("2 ") and len(line) == 69:
            raise place_error(path, number, "line 2 of two-line elements without line 1 above it")
        elif line and not line.startswith("#"):
            name = line.removeprefix("0 ").strip()
    if first or not sets:
        raise CcsdsError(f"{path}: holds no two-line elements; they are two lines of 69 characters, from '1 ' and '2 '")
    return sets


def _check_tle_line(path: Path, number: int, line: str, form: re.Pattern[str], which: int) -> None:
    from sgp4.io import compute_checksum

    if not form.fullmatch(line) or (which == 1 and not 1.0 <= float(line[20:32]) < 367.0):
        raise place_error(
            path, number, f"not line {which} of two-line elements, whose columns are fixed: {line[:69]!r}"
        )
    if int(line[68]) != compute_checksum(line):
        raise place_error(path, number, f"the checksum is {line[68]}, and the line's is {compute_checksum(line)}")


def _from_tle(path: Path, name: str, first: str, second: str) -> MeanElements:
    import erfa
    from sgp4.api import WGS72, Satrec

    satellite = Satrec.twoline2rv(first, second, WGS72)
    launch = first[9:17].strip()
    century = "19" if launch[:2] >= "57" else "20"
    designator = f"{century}{launch[:2]}-{launch[2:]}" if launch[:5].isdecimal() else ""
    with ignored_warnings(erfa.ErfaWarning):  # of a dubious year
        terrestrial = erfa.taitt(*erfa.utctai(satellite.jdsatepoch, satellite.jdsatepochF))
    epoch = Epoch.from_tdb_jd(*map(float, erfa.tttdb(*terrestrial, erfa.dtdb(*terrestrial, 0.0, 0.0, 0.0, 0.0))))
    return _checked(MeanElements(path, name, designator, first[2:7].strip(), epoch, satellite))


def read_omm(path: str | Path, object_id: str = "", near: Epoch | None = None) -> MeanElements:
    """Read an Orbit Mean-Elements Message (CCSDS 502.0-B) as KVN, XML or JSON; the parameters are those of a TLE.

    Raises
    ------
    CcsdsError
        The file cannot be read, or does not hold elements for SGP4.
    """
    path = Path(path)
    sets = [_from_omm(path, fields) for fields in read_field_sets(path, "OMM", _OMM_VERSIONS)]
    return _choose(path, sets, object_id, near)


def _from_omm(path: Path, fields: Fields) -> MeanElements:
    from sgp4 import omm
    from sgp4.api import Satrec

    _check_omm(path, fields)
    limits = _OMM_ELEMENTS | {key: span for key, span in _OMM_DRAG_RATES.items() if key in fields}
    numbers = dict.fromkeys(_OMM_DRAG_RATES, 0.0) | {key: _bounded(path, fields, key, *limits[key]) for key in limits}
    epoch = time_to_epoch(path, fields["EPOCH"].text, fields["EPOCH"].place, "UTC")
    satellite = Satrec()
    unused = {"CLASSIFICATION_TYPE": "U", "OBJECT_ID": ""}
    unused |= dict.fromkeys(("EPHEMERIS_TYPE", "ELEMENT_SET_NO", "REV_AT_EPOCH", "NORAD_CAT_ID"), "0")
    try:
        omm.initialize(satellite, numbers | unused | {"EPOCH": epoch.utc(6).removesuffix("Z")})
    except ValueError as error:
        raise place_error(path, fields["EPOCH"].place, f"SGP4 cannot use this EPOCH: {error}") from error
    name, designator, number = (
        fields[key].text if key in fields else "" for key in ("OBJECT_NAME", "OBJECT_ID", "NORAD_CAT_ID")
    )
    return _checked(MeanElements(path, name, designator, number, epoch, satellite))


def _check_omm(path: Path, fields: Mapping[str, Value]) -> None:
    for key, known in _OMM_FIXED.items():
        if key in fields and fields[key].text.upper() not in known:
            what = f"{key} = {truncate(fields[key].text)} is not supported; SGP4 needs {' or '.join(known)}"
            raise place_error(path, fields[key].place, what)
    missing = [key for key in ("EPOCH", *_OMM_ELEMENTS) if key not in fields]
    if missing:
        near = closest_match(missing[0], [key for key in fields if key not in _OMM_ELEMENTS])
        hint = f" (it has {printable(truncate(near))})" if near else ""
        raise CcsdsError(f"{path}: an OMM without {missing[0]}{hint}, which SGP4 needs")


def _bounded(path: Path, fields: Fields, key: str, low: float, high: float) -> float:
    number = fields[key].number(path, key)
    if not low <= number <= high or (key == "MEAN_MOTION" and number == 0.0):
        raise place_error(path, fields[key].place, f"{key} = {number:g} must lie between {low:g} and {high:g}")
    return number


def _checked(elements: MeanElements) -> MeanElements:
    """Return the elements if SGP4 accepts them at their own epoch."""
    elements.state(elements.epoch)
    return elements


def _choose(path: Path, sets: list[MeanElements], object_id: str, near: Epoch | None) -> MeanElements:
    """Return the elements of the one object, or of the chosen one."""
    chosen = [each for each in sets if not object_id or object_id in (each.object_id, each.object_name, each.number)]
    names = sorted({each.number or each.object_id or each.object_name for each in chosen or sets})
    listed = printable(", ".join(names[:10])) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    if not chosen:
        raise CcsdsError(f"{path}: holds no {object_id!r}; it holds {listed}")
    if len(names) > 1:
        raise CcsdsError(f"{path}: holds {listed}; choose one by its number, designator or name (object_id)")
    return chosen[-1] if near is None else min(chosen, key=lambda each: abs(each.epoch - near))
