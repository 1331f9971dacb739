"""A CCSDS message from a file in any of its forms: KVN, XML or JSON, by what the file begins with."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

from selfiesim.astro.messages import kvn, ndm_json, ndm_xml
from selfiesim.astro.messages.blocks import Block, BlockBuilder, Fields, Handler, Kind, Place, place_error
from selfiesim.core.config_validation import read_limited
from selfiesim.core.errors import CcsdsError
from selfiesim.core.limits import CCSDS_BYTES, MEAN_ELEMENT_SETS

Parser = Callable[[Path, bytes, str, tuple[str, ...], str, Handler, Handler], None]


def read_blocks(path: Path, kind: Kind) -> list[Block]:
    """Read the segments of a message of one kind.

    Parameters
    ----------
    path : Path
        The file.
    kind : Kind
        The kind of message.

    Raises
    ------
    CcsdsError
        The file cannot be read, is too large, or is not such a message.
    """
    content = _read(path)
    parse = _structured_parser(content)
    if parse is None:
        return kvn.read_blocks(path, _decode(path, content), kind)
    builder = BlockBuilder(path, kind)

    def add_block(place: Place, fields: Fields) -> None:
        builder.start(place)
        for key, value in fields.items():
            builder.add_metadata(key, value)
        builder.finish_metadata(place)

    def add_row(place: Place, fields: Fields) -> None:
        if not builder.blocks:
            raise place_error(path, place, "a row before any metadata")
        builder.add_named_row(place, fields)

    parse(path, content, kind.name, kind.versions, kind.row_element, add_block, add_row)
    return builder.finish()


def read_field_sets(path: Path, name: str, versions: tuple[str, ...]) -> list[Fields]:
    """Read a message that is one set of keywords, such as an OMM, or several in one XML or JSON file.

    Raises
    ------
    CcsdsError
        The file cannot be read, is too large, or is not such a message.
    """
    content = _read(path)
    parse = _structured_parser(content)
    if parse is None:
        return [kvn.read_fields(path, _decode(path, content), name, versions)]
    sets: list[Fields] = []

    def begin(place: Place, fields: Fields) -> None:
        if len(sets) >= MEAN_ELEMENT_SETS.value:
            raise place_error(path, place, MEAN_ELEMENT_SETS.excess("too many sets", "split the file"))
        sets.append(dict(fields))

    def complete(place: Place, fields: Fields) -> None:
        if not sets:
            raise place_error(path, place, "data before any metadata")
        sets[-1].update(fields)

    parse(path, content, name, versions, "data", begin, complete)
    if not sets:
        raise CcsdsError(f"{path}: no {name} segment: the file holds no data")
    return sets


def _read(path: Path) -> bytes:
    return read_limited(path, CCSDS_BYTES, "split the file", CcsdsError).removeprefix(codecs.BOM_UTF8)


def _structured_parser(content: bytes) -> Parser | None:
    """Return the parser of XML or JSON; None for KVN."""
    first = content[:1000].lstrip()[:1]
    if first == b"<" or content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ndm_xml.parse_message
    return ndm_json.parse_message if first in (b"{", b"[") else None


def _decode(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise place_error(path, line, "not plain text; a message is KVN, XML or JSON in UTF-8") from error
