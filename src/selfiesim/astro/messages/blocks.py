"""What the three written forms of a CCSDS message have in common: blocks of metadata followed by rows of numbers.

The readers of KVN, XML and JSON fill the same :class:`Block`, so that everything after them is written once. Each value
keeps its place in the file, a line or (in JSON, which has no lines to speak of) the path of its key, for messages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from selfiesim.core.config_validation import did_you_mean, truncate
from selfiesim.core.errors import CcsdsError
from selfiesim.core.limits import CCSDS_FIELDS, CCSDS_ROWS, CCSDS_SEGMENTS

MAX_NUMBER = 1e12

Place = int | str
"""Where in a file: a line number, or the path of a JSON key."""

# Units of the numbers that are read. A file need not give them; one that gives others is refused.
_UNITS = {
    **dict.fromkeys(("X", "Y", "Z"), "km"),
    **dict.fromkeys(("X_DOT", "Y_DOT", "Z_DOT"), "km/s"),
    **dict.fromkeys(("X_DDOT", "Y_DDOT", "Z_DDOT"), "km/s**2"),
    **dict.fromkeys(("Q1_DOT", "Q2_DOT", "Q3_DOT", "QC_DOT"), "1/s"),
    **dict.fromkeys(("ANGLE_1", "ANGLE_2", "ANGLE_3", "SPIN_ALPHA", "SPIN_DELTA", "SPIN_ANGLE"), "deg"),
    **dict.fromkeys(("RATE_1", "RATE_2", "RATE_3", "ANGVEL_X", "ANGVEL_Y", "ANGVEL_Z", "SPIN_ANGLE_VEL"), "deg/s"),
    **dict.fromkeys(("INCLINATION", "RA_OF_ASC_NODE", "ARG_OF_PERICENTER", "MEAN_ANOMALY"), "deg"),
    "MEAN_MOTION": "rev/day",
    "MEAN_MOTION_DOT": "rev/day**2",
    "MEAN_MOTION_DDOT": "rev/day**3",
    "BSTAR": "1/ER",
}


class Value(NamedTuple):
    """One value as text, its place, and its unit where the file gives one."""

    place: Place
    text: str
    unit: str = ""

    def number(self, path: Path, key: str) -> float:
        """Return the value as a finite number.

        Raises
        ------
        CcsdsError
            It is not one, or its unit is not the standard's.
        """
        try:
            number = float(self.text)
        except ValueError:
            number = math.nan
        if not abs(number) <= MAX_NUMBER:
            what = f"{key} = {truncate(self.text)!r} is not a finite number (at most {MAX_NUMBER:g})"
            raise place_error(path, self.place, what)
        wanted = _UNITS.get(key, "") if self.unit else ""
        if wanted and _plain(self.unit) != _plain(wanted):
            raise place_error(path, self.place, f"{key} is in {truncate(self.unit)!r}; the standard's unit is {wanted}")
        return number


def _plain(unit: str) -> str:
    return unit.lower().replace(" ", "").replace("^", "**").replace("day", "d")


Fields = dict[str, Value]

Handler = Callable[[Place, Fields], None]
"""Receives a place, and the fields of the metadata or the row that is there."""


@dataclass(frozen=True)
class Columns:
    """Names of the numbers after the time of a row, those that may be absent, and the whole in words."""

    names: tuple[str, ...]
    what: str
    optional: tuple[str, ...] = ()


@dataclass
class Block:
    """The metadata of one segment, and its rows with their times and places."""

    place: Place
    meta: Fields = field(default_factory=dict)
    columns: Columns = Columns((), "")
    times: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    rows: list[list[float]] = field(default_factory=list)

    def value(self, key: str, default: str = "") -> str:
        """Return the text of a keyword."""
        return self.meta[key].text if key in self.meta else default

    def place_of(self, key: str) -> Place:
        """Return the place of a keyword, or that of the block."""
        return self.meta[key].place if key in self.meta else self.place


@dataclass(frozen=True)
class Kind:
    """One kind of message.

    Attributes
    ----------
    name : str
        ``OEM`` or ``AEM``.
    versions : tuple of str
        Versions that are read, the latest last.
    needed, known : tuple of str
        Required and allowed keywords of the metadata.
    columns : callable
        The numbers of a row, from the metadata before it.
    row_element : str
        The element that holds one row, in XML and JSON.
    """

    name: str
    versions: tuple[str, ...]
    needed: tuple[str, ...]
    known: tuple[str, ...]
    columns: Callable[[Path, Block], Columns]
    row_element: str


class BlockBuilder:
    """Collects the blocks of one file, checking keywords, numbers and counts as they arrive."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self.path, self.kind = path, kind
        self.blocks: list[Block] = []
        self._count, self._max_count = 0, CCSDS_ROWS.value

    def start(self, place: Place) -> None:
        """Begin a block."""
        self._require_rows()
        if len(self.blocks) >= CCSDS_SEGMENTS.value:
            raise place_error(self.path, place, CCSDS_SEGMENTS.excess("too many segments", "split the file"))
        self.blocks.append(Block(place))

    def add_metadata(self, key: str, value: Value) -> None:
        """Add one keyword of the metadata."""
        meta = self.blocks[-1].meta
        check_keyword(self.path, value.place, key, value.text, self.kind.known)
        if key in meta:
            raise place_error(self.path, value.place, f"{key} is given twice")
        meta[key] = value

    def finish_metadata(self, place: Place) -> None:
        """Check that the metadata is complete."""
        block = self.blocks[-1]
        missing = [key for key in self.kind.needed if key not in block.meta]
        if missing:
            raise place_error(self.path, place, f"META block without {', '.join(missing)}")
        block.columns = self.kind.columns(self.path, block)

    def add_row(self, place: Place, time: str, numbers: list[float]) -> None:
        """Add one row of numbers in the order of the columns."""
        self._count += 1
        if self._count > self._max_count:
            raise place_error(self.path, place, CCSDS_ROWS.excess("too many rows", "split the file"))
        block = self.blocks[-1]
        block.times.append(time)
        block.places.append(place)
        block.rows.append(numbers)

    def add_named_row(self, place: Place, fields: Mapping[str, Value]) -> None:
        """Add one row whose numbers have names, as in XML and JSON."""
        columns = self.blocks[-1].columns
        needed = ("EPOCH", *columns.names)
        if fields.keys() != set(needed):
            missing = [name for name in needed if name not in fields]
            unknown = [name for name in fields if name not in (*needed, *columns.optional)]
            if missing or unknown:
                fault = f"without {missing[0]}" if missing else f"with the unknown {truncate(unknown[0])!r}"
                raise place_error(self.path, place, f"a row {fault}; it must give {columns.what}")
        self.add_row(place, fields["EPOCH"].text, [fields[name].number(self.path, name) for name in columns.names])

    def finish(self) -> list[Block]:
        """Return the blocks of the whole file."""
        if not self.blocks:
            raise CcsdsError(f"{self.path}: no {self.kind.name} segment: the file holds no data")
        self._require_rows()
        return self.blocks

    def _require_rows(self) -> None:
        if self.blocks and not self.blocks[-1].rows:
            what = "META block without rows after it; the file is truncated"
            raise place_error(self.path, self.blocks[-1].place, what)


def add_field(path: Path, fields: Fields, key: str, value: Value) -> None:
    """Add a value under its key.

    Raises
    ------
    CcsdsError
        The key is given twice, or there are too many.
    """
    if key in fields:
        raise place_error(path, value.place, f"{truncate(key)} is given twice")
    if len(fields) >= CCSDS_FIELDS.value:
        raise place_error(path, value.place, CCSDS_FIELDS.excess("too many values in one set"))
    fields[key] = value


def check_version(path: Path, place: Place, kind: str, version: str, versions: Sequence[str]) -> None:
    """Raise an error unless the version is one of those that are read."""
    if version not in versions:
        known = ", ".join(versions)
        raise place_error(path, place, f"{kind} version {truncate(version)!r} is not supported; these are: {known}")


def check_keyword(path: Path, place: Place, key: str, text: str, known: Sequence[str]) -> None:
    """Raise an error for an unknown keyword, or one without a value."""
    if key not in known:
        hint = did_you_mean(key, known) or "; known keywords are " + ", ".join(known)
        raise place_error(path, place, f"unknown keyword {truncate(key)!r}{hint}")
    if not text:
        raise place_error(path, place, f"{key} has no value")


def require_choice(path: Path, block: Block, key: str, known: Sequence[str], default: str = "") -> str:
    """Return the value of a keyword in capitals, or raise an error if it is not one of ``known``."""
    text = block.value(key, default)
    if text.upper() not in known:
        what = f"{key} = {truncate(text)} is not supported; use {' or '.join(known)}"
        raise place_error(path, block.place_of(key), what)
    return text.upper()


def place_error(path: Path, place: Place, what: str) -> CcsdsError:
    """Return an error about one place in a file, without the control characters that the file may hold."""
    where = f"line {place}" if isinstance(place, int) else place
    return CcsdsError(printable(f"{path}, {where}: {what}"))


def printable(text: str) -> str:
    """Replace characters that would steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
