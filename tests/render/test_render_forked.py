"""A process forked from one that has rendered renders as well, with the same results, and neither hangs nor crashes."""

from __future__ import annotations

import json
import multiprocessing
import os

import pytest
from child_python import run_python
from mesh_files import cube_obj

pytestmark = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork")

# A cube near a small asteroid, which has no map and no air: what is rendered does not matter here.
SCENE = """
title = "a cube near an asteroid"
at = "release+20s"
craft = { model = "cube.obj" }
camera = { size_px = [64, 36], horizontal_fov_deg = 60.0 }
release = { at = "2019-01-10T00:01:00Z", speed_m_s = 0.05, axis = [0.0, 0.2, 1.0] }
[body]
name = "pebble"
radii_km = [0.28, 0.27, 0.25]
gm_km3_s2 = 4.9e-9
geometric_albedo = 0.045
[body.orbit]
epoch_utc = "2019-01-01T00:00:00Z"
semi_major_axis_au = 1.126
eccentricity = 0.2037
inclination_deg = 6.03
node_deg = 2.06
arg_periapsis_deg = 66.2
mean_anomaly_deg = 101.7
[orbit]
body = "pebble"
frame = "icrf"
epoch_utc = "2019-01-10T00:00:00Z"
position_km = [1.5, 0.2, 0.1]
velocity_km_s = [0.0, 0.00005, 0.00001]
"""
DRAW = """
import json, multiprocessing, os, psutil, sys, threading, traceback
from concurrent.futures import ProcessPoolExecutor
from selfiesim import GraphicsError, Scene
SCENE = Scene.load(sys.argv[1])
os.environ["LP_NUM_THREADS"] = "2"  # llvmpipe has threads, which forked processes lack, as outside of tests

def draw(seconds):
    seen = []
    radiance = SCENE.view(seconds).render("draft", 2, progress=lambda *done: seen.append(done))
    return radiance, radiance.truth.depth.tobytes(), radiance.expose(), seen

def workers(count):
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("fork"))
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forked")
    (folder / "cube.obj").write_text(cube_obj())
    (folder / "scene.toml").write_text(SCENE)
    return folder / "scene.toml"


@pytest.fixture(scope="module")
def forked(scene):
    """What forked processes of one parent, which has rendered, found: by claim."""
    script = """
def wrong(_):
    try:
        SCENE.view(30.0).render("best")
    except ValueError as error:
        return [str(error), error.__notes__[0]]
def complain(_):
    def progress(done, total):
        raise KeyError("mine")
    try:
        SCENE.view(30.0).render(progress=progress)
    except KeyError as error:
        return [frame.name for frame in traceback.extract_tb(error.__traceback__)][-1]
def nested(_):
    depths = []
    SCENE.view(30.0).render("draft", 2, preview=lambda radiance: depths.append(radiance.depth.tobytes()))
    return depths
def window(_):
    try:
        SCENE.view(30.0).plotter(off_screen=True)
    except GraphicsError as error:
        return str(error)
def kill_and_draw(_):
    draw(30.0)
    [helper] = psutil.Process().children()
    helper.kill()
    try:
        draw(30.0)
    except GraphicsError as error:
        return str(error), draw(30.0)
def end(draws):
    child = os.fork()
    if child == 0:
        if draws:
            assert draw(30.0) == mine[0]
        sys.exit(7)  # not os._exit: Python frees what it has
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

times = [30.0, 45.0]
mine = [draw(seconds) for seconds in times]
found = {"after nothing": end(False), "after drawing": end(True)}
with workers(2) as pool:
    found["equal"] = list(pool.map(draw, times)) == mine
    found |= {task.__name__: pool.submit(task, 0).result() for task in (wrong, complain, window)}
    found["nested"] = set(pool.submit(nested, 0).result()) == {mine[0][1]}
    found["killed"], again = pool.submit(kill_and_draw, 0).result()
found["replaced"] = again == mine[0]
found["parent"] = draw(45.0) == mine[1]
print(json.dumps(found))
"""
    return json.loads(run_python(DRAW + script, scene)[-1])


def test_forked_workers_give_what_their_parent_gives(forked):
    assert forked["equal"]
    assert forked["parent"]


def test_errors_of_a_forked_worker_are_those_of_its_parent_and_callbacks_may_render(forked):
    message, note = forked["wrong"]
    assert message == "quality 'best': must be one of draft, final"
    assert "subframes.py" in note
    assert forked["complain"] == "progress"
    assert forked["nested"]
    assert "forked" in forked["window"]


def test_a_forked_process_ends_as_any_other(forked):
    assert forked["after nothing"] == forked["after drawing"] == 7


def test_a_process_that_renders_for_a_forked_one_and_dies_is_named_and_replaced(forked):
    assert "ended unexpectedly" in forked["killed"]
    assert forked["replaced"]


def test_workers_forked_before_the_first_render_use_opengl_themselves(scene):
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
""",
        scene,
    )


def test_a_fork_while_other_threads_render_gives_a_working_process(scene):
    run_python(
        DRAW
        + """
first, stop, all_draw = draw(30.0), threading.Event(), threading.Barrier(3)
def keep_drawing():
    draw(30.0)
    all_draw.wait()
    while not stop.is_set():
        draw(30.0)
threads = [threading.Thread(target=keep_drawing) for _ in range(2)]
[thread.start() for thread in threads]
all_draw.wait()
with workers(2) as pool:
    found = [pool.submit(draw, 30.0) for _ in range(2)]  # the first one forks both
    stop.set()
    assert [each.result() for each in found] == [first] * 2
[thread.join() for thread in threads]
""",
        scene,
    )


@pytest.mark.slow
def test_two_hundred_renders_from_four_forked_workers_equal_those_of_one():
    run_python(
        DRAW
        + """
SCENE = SCENE.with_changes(camera__size_px=[64, 36])
times = [30.0 + 0.5 * number for number in range(200)]
alone = [draw(seconds) for seconds in times]
with workers(4) as pool:
    assert list(pool.map(draw, times)) == alone
""",
        "tianwen1-mars",
    )


def test_ctrl_c_reaches_only_the_process_that_waits():
    from selfiesim.render.forked import _Helper

    helper = _Helper()
    try:
        assert os.getsid(helper._process.pid) == helper._process.pid
    finally:
        helper.stop()
