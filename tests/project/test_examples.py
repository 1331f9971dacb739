"""Every example, tutorial and code block that a reader copies runs as it is."""

from __future__ import annotations

import contextlib
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import matplotlib as mpl
import pytest
from packaging.requirements import Requirement

from selfiesim.cli.app import main

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))
# Worker processes import the file that started them, and a browser in this process has an event loop of its own.
ALONE = {"worker_processes", "web_server"}


@pytest.fixture(autouse=True)
def no_windows():
    import matplotlib.pyplot as plt

    with mpl.rc_context({"backend": "agg"}):
        yield
        plt.close("all")


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if script.stem in ALONE:
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    else:
        runpy.run_path(str(script), run_name="__main__")


def test_there_are_examples_of_each_kind():
    assert len(EXAMPLES) >= 20
    for script in EXAMPLES:
        title, line = script.read_text(encoding="utf-8").splitlines()[1:3]
        assert line == "=" * len(title), f"{script}: a title, underlined, for the gallery"


def installed_with(requirements, extras=("",)):
    """Names of the distributions that pip installs for requirements, in lower case."""
    found, waiting = set(), [Requirement(text) for text in requirements]
    while waiting:
        each = waiting.pop()
        name = each.name.lower().replace("_", "-")
        if name in found or (each.marker and not any(each.marker.evaluate({"extra": extra}) for extra in extras)):
            continue
        found.add(name)
        with contextlib.suppress(metadata.PackageNotFoundError):
            waiting += [Requirement(text) for text in metadata.requires(name) or []]
    return found


def test_what_the_examples_import_comes_with_the_site_or_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    there = installed_with(project["dependencies"] + project["optional-dependencies"]["docs"])
    owners = metadata.packages_distributions()
    for script in EXAMPLES:
        names = set(re.findall(r"^(?:import|from) (\w+)", script.read_text(encoding="utf-8"), re.MULTILINE))
        for name in names - set(sys.stdlib_module_names) - {"selfiesim"}:
            assert there & {each.lower().replace("_", "-") for each in owners[name]}, f"{script.name}: {name}"


def test_readme_code_works(tmp_path, monkeypatch):
    code = (ROOT / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "selfie.png").stat().st_size > 100_000


# As a reader does it: files are saved, Python is typed, commands are run, one after the other.
BLOCK = re.compile(r"(?:^`([\w-]+\.\w+)`\n\n)?```(sh|toml|python)\n(.*?)```", re.MULTILINE | re.DOTALL)
PICTURES = {"hobbyist": "mine.png", "outreach": "press.jpg", "designer": "hero.png", "developer": "one.png"}


@pytest.mark.parametrize("tutorial", PICTURES)
def test_a_tutorial_works_by_copy_and_paste(tutorial, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for package in ("OpenEXR", "reportlab", "imageio_ffmpeg") if tutorial == "designer" else ():
        pytest.importorskip(package)
    names: dict[str, object] = {}
    for file, kind, text in BLOCK.findall((ROOT / f"docs/start/{tutorial}.md").read_text(encoding="utf-8")):
        if kind == "toml":
            Path(file).write_text(text)
        elif kind == "python":
            exec(compile(text, f"{tutorial}.md", "exec"), names)
        else:
            for line in text.splitlines():
                program, *words = shlex.split(line)
                assert program == "selfiesim"
                with pytest.raises(SystemExit) as left:
                    main(words)
                assert not left.value.code, f"{line}: {capsys.readouterr().err}"
    assert Path(PICTURES[tutorial]).stat().st_size > 20_000
