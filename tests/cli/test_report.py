"""The report on an installation that accompanies a bug report."""

from __future__ import annotations

import os
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest

import selfiesim
from selfiesim.cli import report
from selfiesim.core.errors import GraphicsError
from selfiesim.render.gl import opengl_check

DEVICE = opengl_check.Graphics("vtkEGLRenderWindow", "<llvmpipe>", "4.5")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path))
    return tmp_path


def test_a_report_states_versions_device_machine_and_folders(cache):
    (cache / "maps").mkdir()
    (cache / "maps" / "mars.npy").write_bytes(bytes(1_500_000))
    facts = selfiesim.Report(DEVICE).facts
    assert facts["selfiesim"] == version("selfiesim")
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["vtk"] == version("vtk")
    assert (facts["device"], facts["opengl"]) == ("<llvmpipe>", "4.5")
    assert facts["cores"].startswith(f"{os.cpu_count()} (")
    assert facts["memory"] == f"{psutil.virtual_memory().total / 2**30:.1f} GiB"
    assert (facts["cache"], facts["cache size"]) == (str(cache), "1.5 MB")


def test_every_fact_is_printed_and_shown_in_notebooks(cache):
    made = report.Report(DEVICE)
    lines = str(made).splitlines()
    html = made._repr_html_()
    for name, value in made.facts.items():
        assert any(line.split() == f"{name} {value}".split() for line in lines), name
        assert f">{name}</td>" in html
    assert "&lt;llvmpipe&gt;" in html
    assert "<llvmpipe>" not in html


def test_optional_packages_are_those_of_the_extras():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = project["optional-dependencies"]
    extras = [line for name, lines in groups.items() if name not in ("dev", "docs") for line in lines]
    packages = {line.partition(">")[0].strip() for line in extras if not line.startswith("selfiesim")}
    assert packages == set(report.OPTIONAL_PACKAGES)


def test_a_missing_package_is_reported_as_such(monkeypatch, cache):
    monkeypatch.setattr(report, "OPTIONAL_PACKAGES", ("no-such-package",))
    assert report.Report(DEVICE).facts["no-such-package"] == "not installed"


def test_a_report_can_be_made_where_opengl_does_not_work(monkeypatch, cache):
    def no_opengl():
        raise GraphicsError("no working OpenGL")

    monkeypatch.setattr(opengl_check, "require", no_opengl)
    facts = report.Report().facts
    assert (facts["device"], facts["opengl"]) == ("none", "no working OpenGL")
