"""Any thread may render, with the results of one; callbacks, exceptions, Ctrl-C and the end of Python are in order.

Each script runs in a process of its own, since what these tests guard against are crashes and hangs.
"""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from child_python import TIMEOUT_S, run_claims, run_python

DRAW = """
import hashlib
from selfiesim import Scene
SCENE = Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 36])
TIMES = [30.0, 60.0]
LONG = SCENE.with_changes(camera__size_px=[160, 90]).view()  # 512 passes with 1024 samples

def digest(array):
    return hashlib.sha256(array.tobytes()).hexdigest()

def draw(seconds):
    radiance = SCENE.view(seconds).render("draft")
    return digest(radiance.rgb), digest(radiance.depth), digest(radiance.expose().pixels)
"""


# What one process checks after another, by claim.
CLAIMS = {
    "threads that come and go give the same before the main thread does": """
import threading
found = {}
for name in range(3):
    thread = threading.Thread(target=lambda: found.setdefault(name, draw(30.0)))
    thread.start()
    thread.join()
assert len(found) == 3
assert set(found.values()) == {draw(30.0)}
""",
    "threads give what the main thread gave before and gives after": """
from concurrent.futures import ThreadPoolExecutor
before = [draw(seconds) for seconds in TIMES]
assert len(set(before)) == len(TIMES)
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(draw, TIMES * 2)) == before * 2
assert [draw(seconds) for seconds in TIMES] == before
""",
    "asyncio renders in its threads": """
import asyncio
async def main():
    return await asyncio.gather(*(asyncio.to_thread(draw, seconds) for seconds in TIMES))
assert asyncio.run(main()) == [draw(seconds) for seconds in TIMES]
""",
    "a callback runs in the thread that renders and may render itself": """
import threading
view, seen = SCENE.view(30.0), []
def show(radiance):
    assert threading.current_thread() is threading.main_thread()
    seen.append((digest(radiance.depth), draw(60.0)))
plain = digest(view.render("final", 2).rgb)
assert digest(view.render("final", 2, preview=show).rgb) == plain
assert seen == [(digest(view.render().depth), draw(60.0))] * 2  # after the first and the second pass
""",
    "threads with callbacks that render do not wait for each other": """
from concurrent.futures import ThreadPoolExecutor
def show_depth(seconds):
    depths = []
    radiance = SCENE.view(seconds).render("draft", preview=lambda so_far: depths.append(digest(so_far.depth)))
    assert depths and set(depths) == {digest(radiance.depth)}
    return depths
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(show_depth, TIMES)) == [show_depth(seconds) for seconds in TIMES]
""",
    "an exception keeps its type and traceback and the next render is right": """
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
""",
    "context variables carry over": """
import contextvars
import numpy as np
from selfiesim.render import render_thread
name = contextvars.ContextVar("name")
name.set("mine")
assert render_thread.call(name.get) == "mine"
with np.errstate(divide="raise"):
    assert render_thread.call(np.geterr)["divide"] == "raise"
""",
}


@pytest.fixture(scope="module")
def verdicts():
    return run_claims(DRAW, CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS)
def test_threads_of_one_process(claim, verdicts):
    assert verdicts[claim] == "holds"


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
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it
try:
    LONG.render(
        "draft", 1024, progress=lambda done, total: print("pass", done, total, flush=True)
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
        while not (line := process.stdout.readline()).startswith("pass 2 "):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        lines = process.stdout.read().split("\n")
        assert process.wait(TIMEOUT_S) == 0
    assert "interrupted" in lines
    assert ("drawn" in lines) == (then == "again")
    assert len([each for each in lines if each.startswith("pass")]) < int(line.split()[-1]) / 2


def test_python_ends_while_a_daemon_thread_renders():
    lines = run_python(
        DRAW
        + """
import os, threading
started = threading.Event()
def progress(done, total):
    os.write(1, f"pass {done} {total}\\n".encode())
    started.set()
threading.Thread(target=lambda: LONG.render("draft", 1024, progress=progress), daemon=True).start()
started.wait()
os.write(1, b"ends\\n")
"""
    )
    assert "ends" in lines
    _, done, total = [line for line in lines if line.startswith("pass")][-1].split()
    assert int(done) < int(total) / 2


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
