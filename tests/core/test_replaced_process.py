"""A process that is replaced: when it dies, when it dies twice, and after some calls."""

from __future__ import annotations

import os
import signal

import pytest

from selfiesim.core.errors import GraphicsError, SceneError
from selfiesim.core.replaced_process import ReplacedProcess


def number():
    return os.getpid()


def die_once(marker):
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    return "drawn"


def die():
    os.kill(os.getpid(), signal.SIGSEGV)


def refuse():
    raise SceneError("camera.size_px: too large")


def test_a_crash_costs_a_second_try_and_another_is_said(tmp_path):
    with ReplacedProcess() as process:
        assert process.call(die_once, tmp_path / "marker") == "drawn"
        with pytest.raises(GraphicsError, match=r"died twice \(SIGSEGV\)"):
            process.call(die)
        with pytest.raises(SceneError, match=r"camera\.size_px: too large"):
            process.call(refuse)


def test_the_process_is_another_and_changes_after_some_calls():
    with ReplacedProcess(calls=2) as process:
        numbers = [process.call(number) for _ in range(3)]
    assert numbers[0] == numbers[1] != numbers[2]
    assert os.getpid() not in numbers
