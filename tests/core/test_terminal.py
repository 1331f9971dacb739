"""Control characters from files do not reach a terminal."""

from __future__ import annotations

import io
import json
import sys
import unicodedata

import pytest

from selfiesim.cli.app import main
from selfiesim.core.terminal import console, printable, printable_json, printable_output

ROGUE = "\x1b]0;title\x07\x1b[2J\x9b31m\u202eevil\r\u2028\ud800"


def test_each_control_character_becomes_visible():
    assert printable("\x1b[2J \u202e \x9b \ud800 \U000e0041") == r"\x1b[2J \u202e \x9b \ud800 \U000e0041"
    ordinary = "Tianwen-1 天问一号 \t\n é ß 1\u00a0000 \U0001f680"
    assert printable(ordinary) == ordinary


def test_all_of_unicodes_controls_are_known():
    # The Unicode version of this Python may lack the newest.
    hidden = [chr(n) for n in range(sys.maxunicode) if unicodedata.category(chr(n)) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert [each for each in hidden if printable(each) == each] == ["\t", "\n"]


def test_json_keeps_its_meaning():
    value = {"name": ROGUE.replace("\ud800", ""), "mark": "\U000e0041"}
    text = printable_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert printable(text) == text


def test_printed_text_and_tables_are_printable(capsys):
    from rich.table import Table

    table = Table("name")
    table.add_row(ROGUE)
    with printable_output():
        print(ROGUE)
        print(ROGUE, file=sys.stderr)
        console(width=100, markup=False).print(table)
    out, err = capsys.readouterr()
    for text in (out, err):
        assert printable(text) == text
        assert r"\x1b[2J" in text


def test_the_console_keeps_its_own_colours():
    stream = io.StringIO()
    shown_on = console(force_terminal=True, color_system="standard", highlight=False)
    shown_on.file = stream
    shown_on.print("\x1b[2Jred", style="red")
    assert stream.getvalue() == "\x1b[31m\\x1b[2Jred\x1b[0m\n"


@pytest.mark.parametrize("command", [["check"], ["show"], ["render", "-o", "x.png"]])
def test_a_scene_with_controls_in_its_keys_and_file_names_is_reported_without_them(
    tmp_path, monkeypatch, capsys, command
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.toml").write_text('title = "a"\n"\\u001b[2Jkey" = 1\ncraft.model = "\\u001b[31m.glb"\n')
    with pytest.raises(SystemExit) as end:
        main([command[0], "a.toml", *command[1:]])
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert printable(out + err) == out + err
    assert r"\x1b[2Jkey" in err
