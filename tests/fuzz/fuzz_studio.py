"""Kinds of cases around the studio: what a page sends to it, and edits of the scene's text."""

from __future__ import annotations

import json
from typing import Any

import fuzz_seeds as seeds
from fuzz_case import Case, encoded, scene_schema, toml
from fuzz_mutators import (
    NUMBERS,
    TEXTS,
    VALUES,
    json_text,
    known_keys_of_schema,
    spoiled_bytes,
    spoiled_tables,
    spoiled_texts,
    toml_text,
)
from hypothesis import strategies as st

_PATHS = [
    "camera", "camera.roll_deg", "camera.size_px", "camera.size_px[0]", "camera.size_px.x", "objects[0].model",
    "objects[9].name", "objects[0]", "objects", "craft.decals[0].mount", "at", "title", "assumed", "release.axis[2]",
    "a", "a.b.c.d.e.f", "a-b._", "[0]", "x[0][1]", "0", "1.2", "", ".", "camera.", "é", "x" * 300, "photo.meter.x",
]  # fmt: skip
_MESSAGES: list[dict[str, Any]] = [
    {"type": "set", "values": {"camera.roll_deg": 10.0}, "merge": "drag 1"},
    {"type": "text", "text": "title = 'x'"},
    {"type": "undo"},
    {"type": "redo"},
    {"type": "open", "scene": "tianwen1-mars"},
    {"type": "save", "name": "mine.toml"},
    {"type": "render", "format": ".png", "quality": "draft", "size": [32, 18]},
    {"type": "cancel", "id": "1"},
    {"type": "ack"},
    {"type": "x"},
]
_SMALL = {"type": "set", "values": {"camera.size_px": [32, 18]}}
_FILES = ["scene.toml", "link.png", "../outside/bait.toml", "/etc/passwd", "box.toml", "", ".", "a/b.toml", "x.TOML"]


@st.composite
def _edits(draw: Any) -> dict[str, Any]:
    """Set keys that the schema knows, or any others, to any value that JSON has."""
    known = draw(known_keys_of_schema(scene_schema()))
    path = draw(st.one_of(st.just(".".join(map(str, known[0]))), st.sampled_from(_PATHS), TEXTS))
    value = draw(st.one_of(st.just(known[1]), VALUES, st.none()))
    return {"type": "set", "values": {path: value}, "merge": draw(st.sampled_from(["drag 1", None, 7, ["x"]]))}


@st.composite
def _texts(draw: Any) -> dict[str, Any]:
    table = draw(st.sampled_from(seeds.scene_tables()))
    if draw(st.booleans()):
        table = draw(spoiled_tables(table, known=known_keys_of_schema(scene_schema())))
        return {"type": "text", "text": toml_text(table)}
    return {"type": "text", "text": draw(spoiled_texts(toml_text(table)))}


@st.composite
def _page_messages(draw: Any) -> Any:
    """One message of a page as text, or bytes in its place."""
    what = draw(st.sampled_from(["edit"] * 5 + ["text"] * 3 + ["table"] * 3 + ["letters", "bytes", "file"]))
    if what == "bytes":
        return draw(st.binary(max_size=20))
    if what == "edit":
        message = draw(_edits())
    elif what == "text":
        message = draw(_texts())
    elif what == "file":
        name = draw(st.one_of(st.sampled_from(_FILES), TEXTS, VALUES))
        message = draw(st.sampled_from([{"type": "save", "name": name}, {"type": "open", "scene": name}]))
    else:
        message = draw(spoiled_tables(draw(st.sampled_from(_MESSAGES[:9] * 3 + _MESSAGES))))
    text = json_text(message)
    return draw(spoiled_texts(text)) if what == "letters" else text


@st.composite
def _requests(draw: Any) -> tuple[str, str, dict[str, str], bytes]:
    """An HTTP request: method, path, headers and body."""
    path = draw(
        st.one_of(
            st.sampled_from(["/", "/session", "/catalogue", "/output/1", "/static/studio.js", "/live", "/static/"]),
            st.sampled_from(
                ["/output/../x", "/output/%2e%2e", "/output/²", "/static/../server.py", "/static/%00", "//x"]
            ),
            TEXTS.map(lambda text: "/output/" + text),
            TEXTS.map(lambda text: "/static/" + text),
        )
    )
    body = draw(
        st.one_of(
            st.sampled_from([b"", b"{}", b'{"token": 1}', b'{"token": "\xc3\xa9"}', b"[" * 5000, b"x" * 2000, b"\xff"]),
            VALUES.map(lambda value: encoded(json_text({"token": value}))),
        )
    )
    headers = draw(
        st.dictionaries(
            st.sampled_from(["host", "origin", "cookie", "range", "if-none-match", "content-length"]),
            st.one_of(TEXTS, NUMBERS.map(str), st.sampled_from(["bytes=0-9999999999999", "bytes=-0", "null", "a=b;"])),
            max_size=2,
        )
    )
    return draw(st.sampled_from(["GET", "POST", "HEAD", "DELETE", "x"])), path, headers, body


@st.composite
def _talks(draw: Any) -> Case:
    """What one page sends over its connection, with HTTP requests in between."""
    messages = draw(st.lists(st.one_of(*[_page_messages()] * 5, _requests()), min_size=1, max_size=4))
    table = draw(st.sampled_from(seeds.scene_tables()))
    return Case(("studio",), seeds.box_files() | {"scene.toml": toml(table)}, [json.dumps(_SMALL), *messages])


@st.composite
def _document_edits(draw: Any) -> Case:
    """Edits of texts in every style of TOML, with their faults' lines."""
    text = draw(st.sampled_from([*map(toml_text, seeds.scene_tables()), STYLES]))
    if draw(st.booleans()):
        text = draw(
            st.one_of(spoiled_texts(text), spoiled_bytes(encoded(text)).map(lambda b: b.decode(errors="replace")))
        )
    edits = draw(st.lists(_edits(), min_size=1, max_size=4))
    return Case(("document",), seeds.box_files() | {"scene.toml": encoded(text)}, [each["values"] for each in edits])


STYLES = """# A scene in every style of TOML
title = '''A box
over Mars'''  # its title
at = "release+30s"
craft.model = "box.obj"
[orbit]
body = "mars" \t # tabs
frame = "mars-inertial"
"epoch_utc" = 2021-12-31T13:05:00Z
semi_major_axis_km = 8_898.75
eccentricity = 5.884e-1
inclination_deg = 0x56
raan_deg = +100.72
arg_periapsis_deg = 57.1
true_anomaly_deg = 32.9

[release]
at = 'max-latitude-95s'
speed_m_s = 0.2
axis = [
    0.0,  # x
    0.2,
    1.0,
]
[camera]
size_px = [32, 18]
horizontal_fov_deg = 60.0
[[objects]]
name = "mate"
model = "box.obj"
offset_m = [4.0, 1.0, 0.0]
[objects.attitude]
primary = { axis = [0, 1, 0], toward = "zenith" }
secondary = { axis = [1, 0, 0], toward = "velocity" }
[[objects]]
name = "sub"
model = "box.obj"
[objects.release]
axis = [0, 1, 0.2]
[assumed]
"release.speed_m_s" = "not published"
"""

KINDS: dict[str, Any] = {"studio": _talks, "document": _document_edits}
