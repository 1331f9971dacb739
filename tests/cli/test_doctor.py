"""The check whether a machine can render, and its cached result."""

from __future__ import annotations

import json
import sys

import pytest

from selfiesim.cli import diagnostics
from selfiesim.cli.app import main
from selfiesim.core.errors import GraphicsError
from selfiesim.render.gl import opengl_check


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path))
    opengl_check.require.cache_clear()
    yield tmp_path
    opengl_check.require.cache_clear()


def test_doctor_reports_the_opengl_device_and_the_folders(capsys, empty_cache):
    with pytest.raises(SystemExit) as stop:
        main(["doctor", "--json"])
    assert not stop.value.code
    report = json.loads(capsys.readouterr().out)
    assert report["window"].startswith("vtk")
    assert report["device"] not in ("", "unknown")
    assert report["opengl"][0].isdigit()
    assert report["mars map"].endswith("Mars.jpg")
    assert report["cache"] == str(empty_cache)
    assert report["python"] == ".".join(map(str, sys.version_info[:3]))


def test_the_probe_runs_once_and_is_cached(empty_cache, monkeypatch):
    found = opengl_check.require()
    cached = json.loads((empty_cache / "graphics.json").read_text())
    assert cached["device"] == found.device
    opengl_check.require.cache_clear()

    def probe_again():
        pytest.fail("probed again")

    monkeypatch.setattr(opengl_check, "probe", probe_again)
    assert opengl_check.require() == found


@pytest.mark.parametrize("stamp", ["", "{", "[]", "null", '{"key": 1}', '{"key": "of another machine", "window": "x"}'])
def test_an_invalid_cached_result_is_probed_again(empty_cache, stamp):
    (empty_cache / "graphics.json").write_text(stamp)
    assert opengl_check.require().window.startswith("vtk")
    assert json.loads((empty_cache / "graphics.json").read_text())["device"] == opengl_check.require().device


def test_the_fingerprint_changes_with_the_libraries(monkeypatch, tmp_path):
    before = opengl_check._fingerprint()
    assert opengl_check._fingerprint() == before
    monkeypatch.setattr(opengl_check, "_LIBRARY_FOLDERS", (str(tmp_path),))
    hidden = opengl_check._fingerprint()
    (tmp_path / "libEGL.so.1").touch()
    assert len({before, hidden, opengl_check._fingerprint()}) == 3


def test_a_window_chosen_by_the_user_is_kept(monkeypatch):
    monkeypatch.setenv(opengl_check.WINDOW_VARIABLE, "vtkXOpenGLRenderWindow")
    monkeypatch.delenv("DISPLAY", raising=False)
    assert opengl_check.preferred_window() == "vtkXOpenGLRenderWindow"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL is chosen on Linux")
def test_egl_is_chosen_where_there_is_no_display(monkeypatch):
    monkeypatch.delenv(opengl_check.WINDOW_VARIABLE, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert opengl_check.preferred_window() == ""
    monkeypatch.delenv("DISPLAY")
    assert opengl_check.preferred_window() == "vtkEGLRenderWindow"


def no_opengl():
    raise GraphicsError("no working OpenGL")


def test_fixing_needs_apt_get(monkeypatch):
    monkeypatch.setattr(opengl_check, "probe", no_opengl)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GraphicsError, match="no apt-get"):
        diagnostics.diagnose(fix=True)


def test_fixing_needs_root_and_names_the_command_to_run_by_hand(monkeypatch, tmp_path):
    monkeypatch.setattr(opengl_check, "probe", no_opengl)
    monkeypatch.setattr(diagnostics.os, "geteuid", lambda: 1000)
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GraphicsError, match=r"only root.*apt-get install libgl1 libegl1"):
        diagnostics.diagnose(fix=True)


def test_a_failed_install_is_reported_with_the_message_of_apt_get(monkeypatch, tmp_path):
    monkeypatch.setattr(opengl_check, "probe", no_opengl)
    monkeypatch.setattr(diagnostics.os, "geteuid", lambda: 0)
    (tmp_path / "apt-get").write_text('#!/bin/sh\n[ "$1" = update ] && exit 0\necho "E: no room" >&2\nexit 100\n')
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(GraphicsError, match=r"apt-get install .* failed: E: no room.*libgl1 libegl1"):
        diagnostics.diagnose(fix=True)


def test_a_fix_that_works_reports_the_device(monkeypatch, tmp_path):
    (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    (tmp_path / "apt-get").chmod(0o755)
    real = opengl_check.probe

    def works_once_installed():
        return real() if (tmp_path / "asked").exists() else no_opengl()

    monkeypatch.setattr(opengl_check, "probe", works_once_installed)
    monkeypatch.setattr(diagnostics.os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert diagnostics.diagnose(fix=True).facts["window"].startswith("vtk")
    asked = (tmp_path / "asked").read_text()
    assert "install" in asked
    assert "libgl1 libegl1" in asked


def test_without_fix_nothing_is_installed(monkeypatch):
    monkeypatch.setattr(opengl_check, "probe", no_opengl)
    monkeypatch.setattr(diagnostics, "_install_graphics", lambda: pytest.fail("installed"))
    with pytest.raises(GraphicsError, match="no working OpenGL"):
        diagnostics.diagnose()
