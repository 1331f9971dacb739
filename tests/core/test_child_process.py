"""Readers in a child process: what kills, blocks or fills the child leaves the parent whole."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import threading
import time

import numpy as np
import pytest

from selfiesim.core.child_process import ReaderProcess
from selfiesim.core.errors import MapError, ReaderError


@pytest.fixture(scope="module")
def child():
    return ReaderProcess()


def crash() -> None:
    ctypes.string_at(0)


def refuse() -> None:
    raise MapError("a.tif: is no map")


def fail() -> None:
    raise KeyError("x")


def loop() -> None:
    while True:
        pass


def fill() -> int:
    return len(bytearray(64 << 30))


def process_id() -> int:
    return os.getpid()


def test_functions_run_in_another_process_that_is_kept(child):
    first = child.call(process_id)
    assert first != os.getpid()
    assert child.call(process_id) == first
    values = np.arange(1e6)
    assert np.array_equal(child.call(np.square, values), np.square(values))


def test_a_crash_is_an_error_and_the_next_call_works(child):
    for _ in range(2):
        with pytest.raises(ReaderError, match="crashed"):
            child.call(crash)
    assert child.call(process_id) != os.getpid()


def test_errors_come_back(child):
    with pytest.raises(MapError, match=r"a\.tif: is no map"):
        child.call(refuse)
    with pytest.raises(ReaderError, match="KeyError"):
        child.call(fail)


def test_time_is_limited(monkeypatch):
    monkeypatch.setenv("SELFIESIM_LIMITS", "reader-seconds=1")
    with pytest.raises(ReaderError, match="takes too long; the limit is 1 s"):
        ReaderProcess().call(loop)


def test_memory_is_limited(child):
    with pytest.raises(ReaderError, match="too much memory; the limit is 3 GB"):
        child.call(fill)


def test_threads_may_share_a_child(child):
    got = []
    threads = [
        threading.Thread(target=lambda k=k: got.extend((k, child.call(abs, -k)) for _ in range(20))) for k in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 120
    assert all(k == answer for k, answer in got)


def test_a_fork_has_a_child_of_its_own(child):
    before = child.call(process_id)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe()
    fork = context.Process(target=lambda: sender.send(child.call(process_id)))
    fork.start()
    assert receiver.recv() != before
    fork.join()
    assert child.call(process_id) == before


def test_the_child_ends_with_its_owner():
    owner = ReaderProcess()
    number = owner.call(process_id)
    del owner
    deadline = time.monotonic() + 120.0
    while time.monotonic() < deadline:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("still there")
