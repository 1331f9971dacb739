"""Strategies that spoil valid inputs: tables (TOML, JSON), lines of text, bytes, archives and glTF."""

from __future__ import annotations

import copy
import datetime
import io
import json
import math
import re
import struct
import warnings
import zipfile
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

BAIT = "../outside/bait"
"""Files beside the folder of a case that nothing may open; the harness puts one there for each suffix."""
BAIT_SUFFIXES = ("toml", "png", "obj", "mtl", "bin", "bsp", "tm", "tls", "img", "lbl", "oem", "aem", "tif")

_INTEGERS = [0, 1, -1, 2, 3, 7, 255, 256, 65535, 2**31 - 1, 2**31, -(2**31), 2**32, 2**53 + 1, 2**63, 2**64, 10**20]
_INTEGERS += [10**400, -(10**400), 1_000_000, 99_999_999]
_FLOATS = [0.0, -0.0, 1e-9, 0.5, 1.0, 90.0, 180.0, 360.0, -360.0, 1e3, 1e6, 1e12, -1e12, 1e30, 1e300, 1.7e308, -1.7e308]
_FLOATS += [5e-324, -5e-324, 2e-310, math.nan, math.inf, -math.inf]
NUMBERS = st.one_of(
    st.sampled_from(_INTEGERS), st.sampled_from(_FLOATS), st.integers(-1000, 1000), st.floats(-1e4, 1e4)
)
_TEXTS = [
    "", " ", "sun", "mars", "nadir", "release+30s", "release+999999999s", "release-999999999s", "periapsis-1s",
    "1960-01-01T00:00:00Z", "2100-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2021-02-30T00:00:00Z", "9999-99-99", "nan",
    "\0", "a\x1b[31mb", "\x07", "é\u202e\U0001f680", "[bold]", "%s%n{0}{x}", "x" * 5000, "a." * 2000, "../" * 40,
    "/etc/passwd", "/dev/zero", "/proc/self/environ", "file:///etc/passwd", "C:\\x.png", "CON", "~/x", "$HOME/x.tm",
]  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(_TEXTS), st.sampled_from([f"{BAIT}.{suffix}" for suffix in BAIT_SUFFIXES]), st.text(max_size=12)
)
_TIMES = st.one_of(
    st.datetimes(), st.datetimes(timezones=st.just(datetime.UTC)), st.dates(), st.times(), st.just(datetime.date.max)
)
SCALARS = st.one_of(NUMBERS, NUMBERS, TEXTS, st.booleans(), _TIMES)
VALUES = st.one_of(
    SCALARS,
    SCALARS,
    st.lists(NUMBERS, max_size=5),
    st.lists(SCALARS, max_size=3),
    st.dictionaries(st.sampled_from(["a", "file", "name", "axis", "x.y", ""]), SCALARS, max_size=3),
    st.just([[[[[[1]]]]]]),
)


def paths_of(node: Any, start: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every key path in nested dicts and lists, at most 20 items into each list."""
    items: Any = node.items() if isinstance(node, dict) else enumerate(node[:20]) if isinstance(node, list) else ()
    found = []
    for key, value in items:
        found += [(*start, key), *paths_of(value, (*start, key))]
    return found


def _few(most: int) -> Any:
    """How many places to spoil: mostly one, since readers stop at the first that they find."""
    return st.sampled_from([1] * most + list(range(2, most + 1)))


@st.composite
def spoiled_tables(draw: Any, table: Any, most: int = 3, known: Any = None, values: Any = VALUES) -> Any:
    """A copy of a table in which one to ``most`` values are replaced, scaled, removed, repeated or renamed.

    ``known`` is a strategy of (path, value) pairs: keys that the reader knows, whether the table has them or not.
    """
    spoiled = copy.deepcopy(table)
    for _ in range(draw(_few(most))):
        paths = paths_of(spoiled)
        if known is not None and (not paths or draw(st.integers(0, 2)) == 0):
            _set(spoiled, *copy.deepcopy(draw(known)))
            continue
        if not paths:
            break
        *sections, key = draw(st.sampled_from(paths))
        node = spoiled
        for section in sections:
            node = node[section]
        _spoil(draw, node, key, values)
    return spoiled


def _spoil(draw: Any, node: Any, key: Any, values: Any) -> None:
    value = node[key]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    action = draw(
        st.sampled_from(["replace", "number" if is_number else "replace", "near", "remove", "repeat", "name"])
    )
    if action == "number":
        node[key] = draw(NUMBERS)
    elif action == "near" and is_number:
        factor = draw(st.sampled_from([-1, 0, 2, 10, 1000, 1000000, 0.5, 0.001, 1e-6, 1.000001]))
        with suppress(OverflowError):  # an integer beyond all floats
            node[key] = value * factor
    elif action == "near" and isinstance(value, str):
        node[key] = draw(spoiled_texts(value))
    elif action == "remove":
        del node[key]
    elif action == "repeat" and isinstance(value, list) and value:
        node[key] = value * draw(st.sampled_from([2, 3, 30, 300]))
    elif action == "name" and isinstance(node, dict):
        node[str(key) + draw(st.sampled_from(["x", "_", " ", ".y", "é"]))] = node.pop(key)
    else:
        node[key] = copy.deepcopy(draw(values))


def _set(table: Any, path: tuple[Any, ...], value: Any) -> None:
    node = table
    for section in path[:-1]:
        if not isinstance(node, dict):
            return
        node = node.setdefault(section, {})
    if isinstance(node, dict):
        node[path[-1]] = value


@st.composite
def values_of_schema(draw: Any, schema: dict[str, Any], definitions: dict[str, Any], depth: int = 0) -> Any:
    """A value that a JSON Schema allows, often at its bounds."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            schema = draw(st.sampled_from(schema[choice]))
            return draw(values_of_schema(schema, definitions, depth))
    if "enum" in schema or "const" in schema:
        return draw(st.sampled_from(schema.get("enum") or [schema["const"]]))
    kind = schema.get("type")
    if kind in ("number", "integer"):
        return draw(_bounded_numbers(schema, kind))
    if kind == "boolean":
        return draw(st.booleans())
    if kind == "array":
        if "prefixItems" in schema:
            return [draw(values_of_schema(item, definitions, depth + 1)) for item in schema["prefixItems"]]
        least = schema.get("minItems", 0)
        count = draw(st.integers(least, min(schema.get("maxItems", 4), least + 3)))
        return [draw(values_of_schema(schema.get("items", {}), definitions, depth + 1)) for _ in range(count)]
    if kind == "object" and depth < 4:
        keys = schema.get("properties", {})
        wanted = [key for key in keys if key in schema.get("required", ()) or draw(st.integers(0, 3)) == 0]
        return {key: draw(values_of_schema(keys[key], definitions, depth + 1)) for key in wanted}
    return draw(TEXTS) if kind == "string" else draw(SCALARS)


@st.composite
def _bounded_numbers(draw: Any, schema: dict[str, Any], kind: str) -> Any:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1e6))
    high = schema.get("maximum", schema.get("exclusiveMaximum", 1e6))
    if kind == "integer":
        return draw(st.one_of(st.sampled_from([low, high]), st.integers(int(low), int(high))))
    tiny = [0.0, 1e-300, 5e-324, 1e-6, -1e-6] if low <= 0 <= high else [low * 1.0000001]
    return draw(
        st.one_of(
            st.sampled_from([float(low), float(high), *tiny]),
            st.floats(float(low), float(high)),
            st.floats(max(float(low), -100.0), min(float(high), 100.0)) if low < 100 and high > -100 else st.just(low),
        )
    )


@st.composite
def known_keys_of_schema(draw: Any, schema: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
    """A key path of a JSON Schema with a value that its own key allows."""
    definitions = schema.get("$defs", {})
    path: list[str] = []
    node = schema
    while True:
        while "$ref" in node or "anyOf" in node:
            node = (
                definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else draw(st.sampled_from(node["anyOf"]))
            )
        if not node.get("properties") or (path and draw(st.integers(0, 9)) == 0):
            return tuple(path), draw(values_of_schema(node, definitions))
        path.append(draw(st.sampled_from(sorted(node["properties"]))))
        node = node["properties"][path[-1]]


def toml_text(table: dict[str, Any]) -> str:
    """A table as TOML: its top level as keys, everything below inline."""
    return "".join(f"{_toml_key(key)} = {_toml_value(value)}\n" for key, value in table.items())


def _toml_key(key: Any) -> str:
    text = str(key)
    return text if text.isidentifier() and text.isascii() else json.dumps(text)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int):
        return hex(value) if value > 10**30 else str(max(value, -(10**400)))
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml_value(each) for each in value) + "]"
    return json.dumps(value).replace("\x7f", "\\u007f")


_TOKENS = [
    "0", "-1", "1e999", "nan", "inf", "1e308", "5e-324", "99999999999999999999", "4294967295", "-2147483649", "1//1",
    "", "x", "\0", "\\", "é", '"', "'", "<", ">", "&lol;", "]]>", "<!--", "/*", "*/", "(", ")", "=", "{", "}", ";",
    "1" * 400, "a" * 3000, "/etc/passwd", "/dev/zero", *(f"{BAIT}.{suffix}" for suffix in BAIT_SUFFIXES),
]  # fmt: skip


_LINE_ACTIONS = ["number"] * 5 + ["word", "word", "remove", "repeat", "swap", "insert", "cut", "letter"]


@st.composite
def _other_numbers(draw: Any, line: str) -> str:
    """Replace one number of a line by another one."""
    found = list(re.finditer(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", line))
    if not found:
        return line
    match = draw(st.sampled_from(found))
    value = draw(
        st.one_of(st.sampled_from(["0", "-1", "2", "7", "1e6", "0.5", "999999999", "1e-9", "nan"]), NUMBERS.map(str))
    )
    return line[: match.start()] + value + line[match.end() :]


@st.composite
def spoiled_texts(draw: Any, text: str, most: int = 3, tokens: tuple[str, ...] = ()) -> str:
    """A text in which one to ``most`` words or lines are replaced, removed, repeated or moved."""
    lines = text.split("\n")
    for _ in range(draw(_few(most))):
        at = draw(st.integers(0, len(lines) - 1))
        action = draw(st.sampled_from(_LINE_ACTIONS))
        words = lines[at].split(" ")
        token = draw(st.sampled_from([*tokens, *_TOKENS]))
        if action == "word":
            words[draw(st.integers(0, len(words) - 1))] = token
            lines[at] = " ".join(words)
        elif action == "number":
            lines[at] = draw(_other_numbers(lines[at]))
        elif action == "remove":
            lines[at : at + draw(st.sampled_from([1, 1, 3]))] = []
            lines = lines or [""]
        elif action == "repeat":
            lines[at : at + 1] = [lines[at]] * draw(st.sampled_from([2, 2, 50, 3000]))
        elif action == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        elif action == "insert":
            lines.insert(at, token)
        elif action == "cut":
            lines[at] = lines[at][: draw(st.integers(0, 40))]
        else:
            place = draw(st.integers(0, max(len(lines[at]) - 1, 0)))
            lines[at] = lines[at][:place] + draw(st.sampled_from(list("0-9.ex<>/\\\"'\0\t é"))) + lines[at][place + 1 :]
    return "\n".join(lines)


@st.composite
def spoiled_bytes(draw: Any, content: bytes, most: int = 4, before: int | None = None) -> bytes:
    """Bytes with one to ``most`` places changed, mostly within the first ``before``."""
    data = bytearray(content)
    for _ in range(draw(_few(most))):
        end = len(data) if before is None or draw(st.integers(0, 3)) == 0 else min(before, len(data))
        at = draw(st.integers(0, max(end - 1, 0)))
        action = draw(st.sampled_from(["bit", "byte", "byte", "word", "word", "cut", "remove", "insert", "copy"]))
        if action == "bit" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif action == "byte" and data:
            data[at] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF, 0x20, 0x2F]))
        elif action == "word":
            number = draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000, 0x1000000, 0x7F800000]))
            data[at : at + 4] = struct.pack(draw(st.sampled_from(["<I", ">I"])), number)
        elif action == "cut":
            del data[at:]
        elif action == "remove":
            del data[at : at + draw(st.sampled_from([1, 4, 100]))]
        elif action == "insert":
            data[at:at] = draw(st.binary(max_size=8))
        else:
            data[at:at] = data[at : at + draw(st.sampled_from([1, 16, 2000]))]
    return bytes(data)


@st.composite
def spoiled_archives(draw: Any, content: bytes, members: Any) -> bytes:
    """A ZIP archive with members spoiled by ``members(name, content)``, doubled, missing or renamed."""
    if draw(st.integers(0, 5)) == 0:
        return draw(spoiled_bytes(content))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    chosen = draw(st.sampled_from(sorted(files)))
    action = draw(st.sampled_from(["member", "member", "member", "remove", "rename", "double", "bomb"]))
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore", UserWarning)  # a name that is there twice
        for name, member in files.items():
            if name != chosen:
                archive.writestr(name, member)
            elif action == "member":
                archive.writestr(name, draw(members(name, member)))
            elif action == "rename":
                archive.writestr(draw(st.sampled_from(["../x", "/etc/x", "a\\b", "x" * 200, name.upper()])), member)
            elif action == "double":
                archive.writestr(name, member)
                archive.writestr(name, draw(members(name, member)))
            elif action == "bomb":
                archive.writestr(name, member + b" " * 30_000_000)
    return out.getvalue()


def json_text(table: Any) -> str:
    """A table as JSON, times as text."""
    return json.dumps(table, default=str)
