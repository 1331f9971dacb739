"""Any thread may render, with the results of one; callbacks, exceptions, Ctrl-C and the end of Python are in order.

Each script runs in a process of its own, since what these tests guard against are crashes and hangs.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
from child_python import TIMEOUT_S, run_python

DRAW = """
import hashlib
from selfiesim import Scene
SCENE = Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 36])
TIMES = [30.0, 45.0, 60.0, 75.0]

def digest(array):
    return hashlib.sha256(array.tobytes()).hexdigest()

def draw(seconds):
    radiance = SCENE.view(seconds).render("draft")
    return digest(radiance.rgb), digest(radiance.depth), digest(radiance.expose().pixels)
"""


def test_threads_give_what_the_main_thread_gave_before_and_gives_after():
    run_python(
        DRAW
        + """
from concurrent.futures import ThreadPoolExecutor
before = [draw(seconds) for seconds in TIMES]
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(draw, TIMES * 2)) == before * 2
assert [draw(seconds) for seconds in TIMES] == before
"""
    )


def test_threads_that_come_and_go_give_the_same_before_the_main_thread_does():
    run_python(
        DRAW
        + """
import threading
found = {}
for name in range(3):
    thread = threading.Thread(target=lambda: found.setdefault(name, draw(30.0)))
    thread.start()
    thread.join()
assert len(found) == 3
assert set(found.values()) == {draw(30.0)}
"""
    )


def test_asyncio_renders_in_its_threads():
    run_python(
        DRAW
        + """
import asyncio
async def main():
    return await asyncio.gather(*(asyncio.to_thread(draw, seconds) for seconds in TIMES))
assert asyncio.run(main()) == [draw(seconds) for seconds in TIMES]
"""
    )


def test_a_callback_runs_in_the_thread_that_renders_and_may_render_itself():
    run_python(
        DRAW
        + """
import threading
view, seen = SCENE.view(30.0), []
def show(radiance):
    assert threading.current_thread() is threading.main_thread()
    seen.append((digest(radiance.depth), draw(60.0)))
plain = digest(view.render("final", 2).rgb)
assert digest(view.render("final", 2, preview=show).rgb) == plain
assert seen == [(digest(view.render().depth), draw(60.0))] * 2  # after the first and the second pass
"""
    )


def test_threads_with_callbacks_that_render_do_not_wait_for_each_other():
    run_python(
        DRAW
        + """
from concurrent.futures import ThreadPoolExecutor
def show_depth(seconds):
    depths = []
    radiance = SCENE.view(seconds).render("draft", preview=lambda so_far: depths.append(digest(so_far.depth)))
    assert depths and set(depths) == {digest(radiance.depth)}
    return depths
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(show_depth, TIMES)) == [show_depth(seconds) for seconds in TIMES]
"""
    )


def test_an_exception_keeps_its_type_and_traceback_and_the_next_render_is_right():
    run_python(
        DRAW
        + """
import traceback
from selfiesim.render import render_thread
before = draw(30.0)
class MineError(Exception):
    pass
def complain(done, total):
    raise MineError("mine")
try:
    SCENE.view(30.0).render(progress=complain)
except MineError as error:
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert names[0] == "<module>" and names[-1] == "complain" and "_render_pinhole" in names, names
else:
    raise AssertionError("no exception")
def divide():
    huge = [0] * 1000
    return 1 / 0
try:
    render_thread.call(divide)
except ZeroDivisionError as error:
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    assert frame.f_code.co_name == "divide"
    assert not frame.f_locals, "what the frame held would live as long as the exception"
assert draw(30.0) == before
"""
    )


def test_context_variables_carry_over():
    run_python(
        """
import contextvars
import numpy as np
from selfiesim.render import render_thread
name = contextvars.ContextVar("name")
name.set("mine")
assert render_thread.call(name.get) == "mine"
with np.errstate(divide="raise"):
    assert render_thread.call(np.geterr)["divide"] == "raise"
"""
    )


def test_a_pyvista_window_of_the_user_and_a_render_do_not_disturb_each_other():
    run_python(
        DRAW
        + """
import threading
import pyvista
from selfiesim.render.gl import opengl_check
before = draw(30.0)
with opengl_check.selected(opengl_check.require()):
    plotter = pyvista.Plotter(off_screen=True, window_size=(64, 64))
plotter.add_mesh(pyvista.Sphere())
first = plotter.screenshot(None, return_img=True)
found = []
thread = threading.Thread(target=lambda: found.extend(draw(30.0) for _ in range(4)))
thread.start()
while thread.is_alive():
    plotter.render()
    assert (plotter.screenshot(None, return_img=True) == first).all()
thread.join()
assert found == [before] * 4
plotter.close()
"""
    )


INTERRUPTED = """
import sys
try:
    SCENE.view().render(
        "final", 1024, progress=lambda done, total: print("pass", done, flush=True)
    )
except KeyboardInterrupt:
    print("interrupted", flush=True)
if sys.argv[1] == "again":
    assert draw(30.0) == before
    print("drawn")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("then", ["again", "exit"])
def test_ctrl_c_ends_a_render_at_once(then):
    script = DRAW + "before = draw(30.0)\n" + INTERRUPTED
    process = subprocess.Popen([sys.executable, "-c", script, then], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        while "pass 2" not in process.stdout.readline():
            assert process.poll() is None
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        lines = process.stdout.read().split("\n")
        assert process.wait(TIMEOUT_S) == 0
    assert "interrupted" in lines
    assert ("drawn" in lines) == (then == "again")
    assert len([line for line in lines if line.startswith("pass")]) < 200
    assert time.monotonic() - start < 60.0


def test_python_ends_while_a_daemon_thread_renders():
    start = time.monotonic()
    lines = run_python(
        DRAW
        + """
import threading
started = threading.Event()
def render():
    SCENE.view().render(
        "final", 1024, progress=lambda done, total: started.set()
    )
threading.Thread(target=render, daemon=True).start()
started.wait()
print("ends")
"""
    )
    assert lines == ["ends"]
    assert time.monotonic() - start < 120.0  # all passes take longer


@pytest.mark.slow
def test_two_hundred_renders_from_eight_threads_equal_those_of_one():
    run_python(
        DRAW
        + """
from concurrent.futures import ThreadPoolExecutor
times = [30.0 + 0.5 * number for number in range(200)]
alone = [draw(seconds) for seconds in times]
with ThreadPoolExecutor(8) as pool:
    assert list(pool.map(draw, times)) == alone
"""
    )
