"""Deep and endless TOML is refused before it is parsed, and ordinary TOML is not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from selfiesim.core.config_validation import read_toml_table
from selfiesim.core.errors import SceneError
from selfiesim.core.untrusted.toml_shape import check_toml_shape

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".".join("a" * 8_000) + " = 1", "too many dots"),
        ("[" + ".".join("a" * 100) + "]\nb = 1", "too many dots"),
        ("x = " + "[" * 40, "nested too deeply"),
        ("x = " + "{a=" * 40, "nested too deeply"),
        ("x = " + "{a.b.c.d.e=" * 7, "nested too deeply|too many dots"),
        ("a" * 401 + " = 1", "a key is too long"),
        ('"' + "a" * 401 + '" = 1', "a key is too long"),
        ('x = """ [[[ """\ny = ' + "[" * 40, "nested too deeply"),
    ],
)
def test_deep_texts_are_refused(text, words):
    with pytest.raises(SceneError, match=words):
        check_toml_shape(text, "a.toml", SceneError)


@pytest.mark.parametrize(
    "text",
    [
        'x = "' + "a." * 300 + '"',
        "x = '" + "[" * 300 + "'",
        'x = """\n' + "[{." * 300 + '\n"""',
        "x = '''" + "[{.'" * 300 + "'''",
        "# " + "a." * 300 + "[" * 100 + "\nx = 1",
        'x = "\\"' + "[" * 300 + '"',
        "x = [" + "[1.5], " * 300 + "]",
        "x = " + "1" * 401,
        "\n".join(f"[a.b.c{k}]\nd.e = [1.0, 2.0]" for k in range(300)),
    ],
)
def test_ordinary_texts_are_read(text):
    check_toml_shape(text, "a.toml", SceneError)


def test_every_shipped_file_is_read():
    for path in (*(ROOT / "scenes").glob("*.toml"), *(ROOT / "models").glob("*.toml"), ROOT / "pyproject.toml"):
        read_toml_table(path, "a scene", SceneError)


@pytest.mark.parametrize("piece", ['\\"""', "'''\\", '"""\\', '"', "'", "[", "a.", '"a".', "=", "\\", "#", "{}", "a\n"])
def test_the_scan_takes_linear_time(piece):
    text = piece * ((1 << 20) // len(piece))
    start = time.process_time()
    try:
        check_toml_shape(text, "a.toml", SceneError)
    except SceneError:
        return
    assert time.process_time() - start < 3.0
