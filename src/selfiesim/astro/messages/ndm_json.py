"""Reader of CCSDS messages in JSON: the elements of the XML form as keys, and the flat OMM of Space-Track.

CCSDS has not published a JSON form. What tools write follows the XML schema: ``{"oem": {"header": ..., "body":
{"segment": [{"metadata": ..., "data": {"stateVector": [...]}}]}}}``, with attributes as ``"@version"`` or
``"version"``, and a value as a number, a string or ``{"#text": ..., "@units": ...}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selfiesim.astro.messages.blocks import Fields, Handler, Value, check_version, place_error
from selfiesim.astro.messages.ndm_xml import add_leaf
from selfiesim.core.config_validation import truncate
from selfiesim.core.errors import CcsdsError
from selfiesim.core.limits import CCSDS_DEPTH, CCSDS_JSON_BYTES


def parse_message(
    path: Path,
    content: bytes,
    name: str,
    versions: tuple[str, ...],
    row_element: str,
    on_metadata: Handler,
    on_row: Handler,
) -> None:
    """Parse the messages of one kind in a JSON file; the arguments are those of the XML reader.

    Raises
    ------
    CcsdsError
        The file is not JSON, is too large, is nested too deep, or holds no such message.
    """
    found = False
    for place, message in _find_messages(_load(path, content), name.lower(), ""):
        found = True
        version = message.get("@version", message.get("version"))
        if version is not None:
            check_version(path, place or "the top level", name, str(version), versions)
        if "body" not in message:  # flat
            on_metadata(place, {})
            on_row(place, _flatten(path, message, place))
            continue
        body = _table(path, message["body"], f"{place}.body")
        for segment_place, segment in _items(path, body.get("segment", body.get("segments")), f"{place}.body.segment"):
            metadata = _table(path, segment.get("metadata", {}), f"{segment_place}.metadata")
            on_metadata(f"{segment_place}.metadata", _flatten(path, metadata, f"{segment_place}.metadata"))
            rows = segment if row_element == "data" else _table(path, segment.get("data"), f"{segment_place}.data")
            inside = segment_place if row_element == "data" else f"{segment_place}.data"
            for row_place, row in _items(path, rows.get(row_element), f"{inside}.{row_element}"):
                on_row(row_place, _flatten(path, row, row_place))
    if not found:
        raise CcsdsError(f'{path}: holds no {name}; one begins with {{"{name.lower()}": {{"header": ...')


def _load(path: Path, content: bytes) -> Any:
    # A list of empty objects takes thirty times its text in memory.
    CCSDS_JSON_BYTES.check(len(content), f"{path}: too large", CcsdsError, "write so many rows as KVN or XML")
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        raise place_error(path, error.lineno, f"not valid JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise CcsdsError(f"{path}: not UTF-8 text") from error
    except (ValueError, RecursionError) as error:  # a key given twice, a number of 5,000 digits, nesting
        raise CcsdsError(f"{path}: not valid JSON: {truncate(str(error))}") from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, value in pairs:
        if name in table:
            raise ValueError(f"{truncate(name)!r} is given twice")
        table[name] = value
    return table


def _find_messages(node: Any, name: str, place: str, depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the messages of one kind: alone, in a list, under their name, or under ``ndm``."""
    if isinstance(node, list) and depth < 3:
        for number, item in enumerate(node):
            yield from _find_messages(item, name, f"{place}[{number}]", depth + 1)
    elif isinstance(node, dict) and depth < 4:
        under = [key for key in ("ndm", name) if key in node]
        identity = str(node.get("@id", node.get("id", ""))).upper()
        if under:
            for key in under:
                yield from _find_messages(node[key], name, f"{place}.{key}".lstrip("."), depth + 1)
        elif ("body" in node and identity in ("", f"CCSDS_{name.upper()}_VERS")) or (
            name == "omm" and "MEAN_MOTION" in node
        ):
            yield place, node


def _items(path: Path, node: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tables of a list, or the one table itself."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield f"{place}[{number}]", _table(path, item, f"{place}[{number}]")
    elif node is not None:
        yield place, _table(path, node, place)


def _table(path: Path, node: Any, place: str) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise place_error(path, place, "must be an object in braces")
    return node


def _flatten(path: Path, table: dict[str, Any], place: str) -> Fields:
    """Return the innermost values of a table by key, as the XML form names them."""
    fields: Fields = {}
    _collect(path, table, place, "", fields, 0)
    return fields


def _collect(path: Path, table: dict[str, Any], place: str, parent: str, fields: Fields, depth: int) -> None:
    if depth > CCSDS_DEPTH.value:
        raise place_error(path, place, CCSDS_DEPTH.excess("nested too deeply"))
    for key, node in table.items():
        here = f"{place}.{key}".lstrip(".")
        if key.startswith("@") or key in ("COMMENT", "USER_DEFINED") or node is None or isinstance(node, list):
            continue
        if isinstance(node, dict) and "#text" in node:
            value = Value(here, str(node["#text"]).strip(), str(node.get("@units", "")))
            add_leaf(path, fields, key, parent, value)
        elif isinstance(node, dict):
            _collect(path, node, here, key, fields, depth + 1)
        else:
            add_leaf(path, fields, key, parent, Value(here, str(node).strip()))
