"""Standard output in an encoding that lacks letters: commands print escapes, and JSON stays JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

TITLE = "Sélé, 天问一号"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from selfiesim.scene.shipped import scenes

    folder = tmp_path_factory.mktemp("encoding")
    text = scenes()["tianwen1-mars"].read_text(encoding="utf-8")
    title = text[text.index("title = ") : text.index("\n", text.index("title = "))]
    (folder / "shot.toml").write_text(text.replace(title, f'title = "{TITLE}"', 1), encoding="utf-8")
    return folder


def run(folder, *words, **environment):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LC_")} | environment
    command = [sys.executable, "-m", "selfiesim", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
    ids=["ascii", "C locale"],
)
@pytest.mark.parametrize("command", ["show", "check"])
def test_letters_that_the_encoding_lacks_are_escaped(folder, command, environment):
    result = run(folder, command, "shot.toml", **environment)
    assert result.returncode == 0, result.stderr
    assert rb"S\xe9l\xe9, \u5929\u95ee" in result.stdout


def test_json_stays_json(folder):
    result = run(folder, "check", "shot.toml", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(result.stdout)["title"] == TITLE


def test_json_in_utf_8_is_readable(folder):
    assert TITLE.encode() in run(folder, "check", "shot.toml", "--json", PYTHONIOENCODING="utf-8").stdout
