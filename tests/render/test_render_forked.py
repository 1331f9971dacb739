"""A process forked from one that has rendered renders as well, with the same results, and neither hangs nor crashes."""

from __future__ import annotations

import multiprocessing

import pytest
from child_python import run_python

pytestmark = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork")

DRAW = """
import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor
from selfiesim import GraphicsError, Scene
SCENE = Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 36])

def draw(seconds):
    seen = []
    radiance = SCENE.view(seconds).render("final", 2, progress=lambda *done: seen.append(done))
    return radiance, radiance.truth.depth.tobytes(), radiance.expose(), seen

def workers(count):
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("fork"))
"""


def test_forked_workers_give_what_their_parent_gives():
    run_python(
        DRAW
        + """
times = [30.0, 45.0]
mine = [draw(seconds) for seconds in times]
with workers(2) as pool:
    assert list(pool.map(draw, times)) == mine
assert draw(45.0) == mine[1]
"""
    )


def test_workers_forked_before_the_first_render_use_opengl_themselves():
    run_python(
        DRAW
        + """
from selfiesim.render import forked
def draw_here(seconds):
    return draw(seconds)[:3], forked.is_cut_off()
with workers(1) as pool:
    found, was_cut_off = pool.submit(draw_here, 30.0).result()
assert found == draw(30.0)[:3]
assert not was_cut_off
"""
    )


def test_errors_of_a_forked_worker_are_those_of_its_parent_and_callbacks_may_render():
    run_python(
        DRAW
        + """
import traceback
def wrong(_):
    try:
        SCENE.view(30.0).render("best")
    except ValueError as error:
        assert "subframes.py" in error.__notes__[0]
        return str(error)
def complain(_):
    def progress(done, total):
        raise KeyError("mine")
    try:
        SCENE.view(30.0).render(progress=progress)
    except KeyError as error:
        return [frame.name for frame in traceback.extract_tb(error.__traceback__)][-1]
def nested(_):
    depths = []
    SCENE.view(30.0).render("final", 2, preview=lambda radiance: depths.append(radiance.depth.tobytes()))
    return depths
def window(_):
    try:
        SCENE.view(30.0).plotter(off_screen=True)
    except GraphicsError as error:
        return str(error)
mine = draw(30.0)
with workers(1) as pool:
    assert pool.submit(wrong, 0).result() == "quality 'best': must be one of draft, final"
    assert pool.submit(complain, 0).result() == "progress"
    assert pool.submit(nested, 0).result() == [mine[1]] * 2
    assert "forked" in pool.submit(window, 0).result()
    assert pool.submit(draw, 30.0).result() == mine
"""
    )


@pytest.mark.parametrize("does", ["nothing", "draws"])
def test_a_forked_process_ends_as_any_other(does):
    lines = run_python(
        DRAW
        + """
first = draw(30.0)
child = os.fork()
if child == 0:
    if sys.argv[1] == "draws":
        assert draw(30.0) == first
    sys.exit(7)  # not os._exit: Python frees what it has
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
assert draw(30.0) == first
""",
        does,
    )
    assert lines == ["7"]


def test_a_process_that_renders_for_a_forked_one_and_dies_is_named_and_replaced():
    run_python(
        DRAW
        + """
import psutil, signal
def kill_and_draw(_):
    draw(30.0)
    [helper] = psutil.Process().children()
    helper.kill()
    try:
        draw(30.0)
    except GraphicsError as error:
        return str(error), draw(30.0)
mine = draw(30.0)
with workers(1) as pool:
    message, again = pool.submit(kill_and_draw, 0).result()
assert "ended unexpectedly" in message
assert again == mine
"""
    )


def test_a_fork_while_other_threads_render_gives_a_working_process():
    run_python(
        DRAW
        + """
import threading
first, stop = draw(30.0), threading.Event()
def keep_drawing():
    while not stop.is_set():
        draw(30.0)
threads = [threading.Thread(target=keep_drawing) for _ in range(2)]
[thread.start() for thread in threads]
for _ in range(2):
    with workers(1) as pool:
        assert pool.submit(draw, 30.0).result() == first
stop.set()
[thread.join() for thread in threads]
"""
    )


@pytest.mark.slow
def test_two_hundred_renders_from_four_forked_workers_equal_those_of_one():
    run_python(
        DRAW
        + """
times = [30.0 + 0.5 * number for number in range(200)]
alone = [draw(seconds) for seconds in times]
with workers(4) as pool:
    assert list(pool.map(draw, times)) == alone
"""
    )
