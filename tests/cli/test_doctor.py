"""The examination of a machine, and the stamp that spares the next start a trial."""

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


def test_doctor_tells_what_draws_and_where_things_are(capsys, empty_cache):
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


def test_the_trial_happens_once_and_is_remembered(empty_cache, monkeypatch):
    found = opengl_check.require()
    kept = json.loads((empty_cache / "graphics.json").read_text())
    assert kept["device"] == found.device
    opengl_check.require.cache_clear()

    def not_again():
        pytest.fail("tried again")

    monkeypatch.setattr(opengl_check, "probe", not_again)
    assert opengl_check.require() == found


@pytest.mark.parametrize("stamp", ["", "{", "[]", "null", '{"key": 1}', '{"key": "of another machine", "window": "x"}'])
def test_a_stamp_that_does_not_fit_is_tried_again(empty_cache, stamp):
    (empty_cache / "graphics.json").write_text(stamp)
    assert opengl_check.require().window.startswith("vtk")
    assert json.loads((empty_cache / "graphics.json").read_text())["device"] == opengl_check.require().device


def test_other_libraries_are_another_machine(monkeypatch, tmp_path):
    before = opengl_check._fingerprint()
    assert opengl_check._fingerprint() == before
    monkeypatch.setattr(opengl_check, "_LIBRARY_FOLDERS", (str(tmp_path),))
    hidden = opengl_check._fingerprint()
    (tmp_path / "libEGL.so.1").touch()
    assert len({before, hidden, opengl_check._fingerprint()}) == 3


def test_a_display_is_left_to_the_user(monkeypatch):
    monkeypatch.setenv(opengl_check.WINDOW_VARIABLE, "vtkXOpenGLRenderWindow")
    monkeypatch.delenv("DISPLAY", raising=False)
    opengl_check.prefer_offscreen()
    assert opengl_check.os.environ[opengl_check.WINDOW_VARIABLE] == "vtkXOpenGLRenderWindow"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL is chosen on Linux")
def test_egl_is_chosen_where_there_is_no_display(monkeypatch):
    monkeypatch.setenv(opengl_check.WINDOW_VARIABLE, "")
    monkeypatch.delenv(opengl_check.WINDOW_VARIABLE)
    monkeypatch.setenv("DISPLAY", ":0")
    opengl_check.prefer_offscreen()
    assert opengl_check.WINDOW_VARIABLE not in opengl_check.os.environ
    monkeypatch.delenv("DISPLAY")
    opengl_check.prefer_offscreen()
    assert opengl_check.os.environ[opengl_check.WINDOW_VARIABLE] == "vtkEGLRenderWindow"


def nothing_draws():
    raise GraphicsError("no working OpenGL")


def test_fixing_needs_apt_get(monkeypatch):
    monkeypatch.setattr(opengl_check, "probe", nothing_draws)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GraphicsError, match="no apt-get"):
        diagnostics.diagnose(fix=True)


def test_fixing_needs_root_and_says_how_to_do_it_by_hand(monkeypatch, tmp_path):
    monkeypatch.setattr(opengl_check, "probe", nothing_draws)
    monkeypatch.setattr(diagnostics.os, "geteuid", lambda: 1000)
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GraphicsError, match=r"only root.*apt-get install libgl1 libegl1"):
        diagnostics.diagnose(fix=True)


def test_a_failed_install_is_told_in_apt_gets_own_words(monkeypatch, tmp_path):
    monkeypatch.setattr(opengl_check, "probe", nothing_draws)
    monkeypatch.setattr(diagnostics.os, "geteuid", lambda: 0)
    (tmp_path / "apt-get").write_text('#!/bin/sh\n[ "$1" = update ] && exit 0\necho "E: no room" >&2\nexit 100\n')
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(GraphicsError, match=r"apt-get install .* failed: E: no room.*libgl1 libegl1"):
        diagnostics.diagnose(fix=True)


def test_a_fix_that_works_reports_what_draws_now(monkeypatch, tmp_path):
    (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    (tmp_path / "apt-get").chmod(0o755)
    real = opengl_check.probe

    def draws_once_installed():
        return real() if (tmp_path / "asked").exists() else nothing_draws()

    monkeypatch.setattr(opengl_check, "probe", draws_once_installed)
    monkeypatch.setattr(diagnostics.os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert diagnostics.diagnose(fix=True)["window"].startswith("vtk")
    asked = (tmp_path / "asked").read_text()
    assert "install" in asked
    assert "libgl1 libegl1" in asked


def test_without_fix_nothing_is_installed(monkeypatch):
    monkeypatch.setattr(opengl_check, "probe", nothing_draws)
    monkeypatch.setattr(diagnostics, "_install_graphics", lambda: pytest.fail("installed"))
    with pytest.raises(GraphicsError, match="no working OpenGL"):
        diagnostics.diagnose()
