"""Reader of CCSDS messages in keyword form (KVN): META blocks of ``KEYWORD = value`` followed by number rows.

Reading is strict: an unknown keyword or a malformed number is an error that names the line and what would be valid.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

from selfiesim.astro.messages.blocks import (
    MAX_NUMBER,
    Block,
    BlockBuilder,
    Columns,
    Fields,
    Kind,
    Value,
    add_field,
    check_keyword,
    check_version,
    place_error,
)
from selfiesim.core.config_validation import truncate
from selfiesim.core.errors import CcsdsError
from selfiesim.core.limits import CCSDS_LINES

_HEADER = ("CREATION_DATE", "ORIGINATOR", "MESSAGE_ID", "CLASSIFICATION")
_UNIT = re.compile(r"\s*\[([^\[\]]*)\]$")

# Blocks between rows that say nothing about where the craft is.
_IGNORED = ("COVARIANCE", "COV", "MANEUVER", "MAN", "PHYS", "PERT", "OD", "USER")

# (marker, state it is allowed in): the state after it.
_TRANSITIONS = {
    ("META_START", "header"): "meta",
    ("META_START", "rows"): "meta",
    ("META_STOP", "meta"): "rows",
    ("DATA_START", "rows"): "rows",
    ("DATA_STOP", "rows"): "rows",
    **{(f"{name}_START", "rows"): name for name in _IGNORED},
    **{(f"{name}_STOP", name): "rows" for name in _IGNORED},
}
_MARKERS = {marker for marker, _state in _TRANSITIONS}


def read_blocks(path: Path, text: str, kind: Kind) -> list[Block]:
    """Return the META blocks of a message with their rows.

    Raises
    ------
    CcsdsError
        The text is not such a message.
    """
    builder = BlockBuilder(path, kind)
    lines = _content_lines(path, text)
    _check_first_line(path, kind.name, kind.versions, *next(lines, (1, "")))
    state = "header"
    for number, line in lines:
        if line in _MARKERS:
            if (line, state) not in _TRANSITIONS:
                raise place_error(path, number, f"{line} is not allowed here")
            state = _TRANSITIONS[line, state]
            if line == "META_START":
                builder.start(number)
            elif line == "META_STOP":
                builder.finish_metadata(number)
        elif state == "header":
            key, value = _split_pair(path, number, line)
            check_keyword(path, number, key, value.text, _HEADER)
        elif state == "meta":
            builder.add_metadata(*_split_pair(path, number, line))
        elif state == "rows":
            time, numbers = _split_row(path, number, line, builder.blocks[-1].columns)
            builder.add_row(number, time, numbers)
    if not builder.blocks:
        raise CcsdsError(f"{path}: no META_START: the file holds no data")
    if state != "rows":
        raise CcsdsError(f"{path}: ends within a block; the file is truncated")
    return builder.finish()


def read_fields(path: Path, text: str, name: str, versions: tuple[str, ...]) -> Fields:
    """Return the keywords of a message without blocks, such as an OMM.

    Raises
    ------
    CcsdsError
        The text is not such a message, or gives a keyword twice.
    """
    lines = _content_lines(path, text)
    _check_first_line(path, name, versions, *next(lines, (1, "")))
    fields: Fields = {}
    for number, line in lines:
        if line in ("META_START", "META_STOP"):
            continue
        key, value = _split_pair(path, number, line)
        add_field(path, fields, key, value)
    return fields


def _content_lines(path: Path, text: str) -> Iterator[tuple[int, str]]:
    max_lines = CCSDS_LINES.value
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if number > max_lines:
            raise place_error(path, number, CCSDS_LINES.excess("too many lines", "split the file"))
        if line.strip() and line.split(None, 1)[0] != "COMMENT":
            yield number, line.strip()


def _check_first_line(path: Path, name: str, versions: tuple[str, ...], number: int, line: str) -> None:
    version = re.fullmatch(rf"CCSDS_{name}_VERS\s*=\s*(\S+)", line)
    if not version:
        raise place_error(path, number, f"must begin with CCSDS_{name}_VERS = {versions[-1]}, not {truncate(line)!r}")
    check_version(path, number, name, version.group(1), versions)


def _split_pair(path: Path, number: int, line: str) -> tuple[str, Value]:
    key, equals, text = (part.strip() for part in line.partition("="))
    if not equals:
        raise place_error(path, number, f"KEYWORD = value expected, not {truncate(line)!r}")
    unit = _UNIT.search(text)
    return key, Value(number, text[: unit.start()] if unit else text, unit.group(1) if unit else "")


def _split_row(path: Path, number: int, line: str, columns: Columns) -> tuple[str, list[float]]:
    widths = (len(columns.names), len(columns.names) + len(columns.optional))
    time, *words = line.split(None, widths[1] + 1)
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) not in widths or not all(abs(value) <= MAX_NUMBER for value in numbers):
        what = f"a time, then {columns.what}, finite numbers without units, not {truncate(line)!r}"
        raise place_error(path, number, what)
    return time, numbers[: widths[0]]
