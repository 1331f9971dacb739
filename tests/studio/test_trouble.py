"""What goes wrong around the studio: one clear sentence on the page and in the terminal, and nothing is lost."""

import asyncio
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import pytest
from studio_server import Browserless, drawing_process, running, write_scene

from selfiesim.core.limits import STUDIO_PAGES
from selfiesim.studio.session import Page


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A running studio whose worker may spend little on a scene: its folder, connection, process, and token."""
    folder = tmp_path_factory.mktemp("studio")
    write_scene(folder, width=32)
    with running(folder, SELFIESIM_LIMITS="studio-seconds=20,studio-turn-seconds=10") as (address, token, process):
        yield folder, Browserless(address), process, token


@pytest.fixture
def live(studio):
    """A live connection to it, and the text that it began with, which is there again at the end."""
    with studio[1].live(studio[3]) as connection:
        document = connection.wait_for(lambda each: each["type"] == "document")
        yield connection, document["text"]
        connection.send("text", text=document["text"] + "# the end")
        connection.send("text", text=document["text"])
        connection.wait_for(lambda each: each["type"] == "document" and each["text"] == document["text"])


def is_error(message):
    return message["type"] == "status" and message.get("error", False)


def saved(message):
    return message["type"] == "status" and message["text"].startswith("Saved")


def test_a_full_disk_is_one_sentence_and_the_text_stays(studio, live):
    folder, _, process, _ = studio
    connection, text = live
    before = (folder / "shot.toml").read_text()
    connection.send("text", text=text + "# changed\n")
    # A file may not grow, as on a full disk.
    limits = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        connection.send("save", name="shot.toml")
        message = connection.wait_for(is_error)
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
    assert "shot.toml: cannot be written" in message["text"]
    assert (folder / "shot.toml").read_text() == before
    assert sorted(each.name for each in folder.iterdir()) == ["box.glb", "box.toml", "shot.toml"]
    connection.send("save", name="later.toml")
    connection.wait_for(saved)
    assert (folder / "later.toml").read_text() == text + "# changed\n"
    (folder / "later.toml").unlink()


def test_a_file_that_has_changed_on_the_disk_is_replaced_only_when_asked_twice(studio, live):
    folder, connection = studio[0], live[0]
    path = folder / "other.toml"
    path.write_text("someone else's")
    connection.send("save", name="other.toml")
    assert "other.toml: has been changed by something else" in connection.wait_for(is_error)["text"]
    assert path.read_text() == "someone else's"
    path.write_text("and again")
    connection.send("save", name="other.toml")
    connection.wait_for(is_error)
    connection.send("save", name="other.toml")
    connection.wait_for(saved)
    assert path.read_text() == live[1]
    connection.send("save", name="other.toml")
    connection.wait_for(saved)
    path.unlink()


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_what_is_no_file_is_not_written_to(studio, live, kind, tmp_path):
    path = studio[0] / "odd.toml"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path / "elsewhere.toml")
    live[0].send("save", name="odd.toml")
    assert "odd.toml: is a link or no file" in live[0].wait_for(is_error)["text"]
    assert not (tmp_path / "elsewhere.toml").exists()
    path.unlink()


@pytest.mark.parametrize("name", ["../shot.toml", "/etc/passwd", "shot.toml", "nothing"])
def test_only_shipped_scenes_are_opened(live, name):
    live[0].send("open", scene=name)
    assert "is not the name of a shipped scene" in live[0].wait_for(is_error)["text"]


def test_a_folder_that_is_read_only_is_one_sentence(tmp_path):
    path = write_scene(tmp_path)
    before = []
    if os.geteuid() == 0:  # root writes everywhere, but for this
        if shutil.which("setpriv") is None:
            pytest.skip("root cannot give up its rights without setpriv")
        before = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    tmp_path.chmod(0o555)
    try:
        with (
            running(tmp_path, path.name, before=before) as (address, token, _),
            Browserless(address).live(token) as live,
        ):
            live.send("save", name="new.toml")
            assert "new.toml: cannot be written (Permission denied)" in live.wait_for(is_error)["text"]
    finally:
        tmp_path.chmod(0o755)


def test_without_opengl_the_page_and_the_terminal_say_so(tmp_path):
    write_scene(tmp_path)
    nowhere = str(tmp_path / "nowhere")
    broken = {"SELFIESIM_CACHE": nowhere, "__EGL_VENDOR_LIBRARY_FILENAMES": nowhere, "LIBGL_DRIVERS_PATH": nowhere}
    with running(tmp_path, **broken) as (address, token, process), Browserless(address).live(token) as live:
        message = live.wait_for(lambda each: each["type"] == "faults")
        assert "OpenGL" in message["faults"][0]["message"]
        assert message["faults"][0]["message"] in process.stderr.readline()


def test_a_browser_that_is_missing_is_one_sentence(tmp_path):
    write_scene(tmp_path)
    command = [sys.executable, "-m", "selfiesim", "studio", "shot.toml"]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "TERM")
    }
    child = subprocess.Popen(
        command, cwd=tmp_path, env=environment | {"BROWSER": "no-such-browser"}, stdout=subprocess.PIPE, text=True
    )
    try:
        lines = [child.stdout.readline() for _ in range(3)]
    finally:
        child.terminate()
        child.wait(120)
        child.stdout.close()
    assert "http://127.0.0.1:" in lines[0]
    assert lines[2] == "No browser could be opened; open the address by hand.\n"


# Each is refused by the checks of scenes, or ended by the limits of the process that draws.
HOSTILE = {
    "deep": lambda text: text + "\nx = " + "[" * 2000 + "]" * 2000,
    "long": lambda text: text + "\nx = [" + "1," * 45_000 + "]",
    "keys": lambda text: text + "\n[x]\n" + "".join(f"a{k} = 1\n" for k in range(8000)),
    "objects": lambda text: text + "".join("\n[[objects]]\nmodel = 'ryugu'\n" for _ in range(2500)),
    "nan": lambda text: text.replace("horizontal_fov_deg = 112", "horizontal_fov_deg = nan"),
    "size": lambda text: text.replace("size_px = [32, 18]", "size_px = [2000000000, 2000000000]"),
    "far": lambda text: text.replace('at = "release+72s"', 'at = "release+1e30s"'),
    "outside": lambda text: text.replace('model = "box.glb"', 'model = "../../etc/passwd"'),
    "surrogate": lambda text: text + "# \ud800",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_scene_is_refused_in_words_while_the_server_answers(studio, live, kind):
    connection, text = live
    connection.send("text", text=HOSTILE[kind](text))
    start = time.monotonic()
    assert studio[1].request("GET", "/")[0] == 200
    connection.send("set", values={"camera.roll_deg": 5.0})
    assert studio[1].request("GET", "/")[0] == 200
    assert time.monotonic() - start < 10.0
    message = connection.wait_for(lambda each: is_error(each) or (each["type"] == "faults" and each["faults"]))
    assert message.get("text") or message["faults"][0]["message"]


@contextmanager
def without_files(pid):
    """Let a process open no more files for a while."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_that_cannot_be_started_is_one_sentence(studio, live):
    with without_files(studio[2].pid):
        wish = {"type": "render", "kind": "picture", "format": ".png", "quality": "draft"}
        live[0].socket.send(json.dumps(wish))
        assert live[0].wait_for(is_error)["text"] == "this cannot be done: Too many open files"


def test_a_file_that_cannot_be_opened_is_one_sentence_and_the_process_goes_on(studio, live):
    connection, text = live
    connection.wait_for(lambda each: each["type"] == "frame" and each["stage"] == "done")  # all is imported
    worker = drawing_process(studio[2])
    with without_files(worker.pid):
        connection.send("text", text=text.replace("box.glb", "hayabusa2"))
        message = connection.wait_for(lambda each: is_error(each) or (each["type"] == "faults" and each["faults"]))
    assert message["faults"][0]["message"] == "this scene cannot be drawn: Too many open files"
    connection.send("text", text=text + "# once more\n")
    connection.wait_for(lambda each: each["type"] == "frame")
    assert worker == drawing_process(studio[2])


def test_a_process_that_hangs_is_replaced_and_a_scene_that_ends_it_twice_is_given_up(studio, live):
    connection, text = live
    connection.send("text", text=text + "# again\n")
    drawing_process(studio[2]).send_signal(signal.SIGKILL)
    assert "was replaced: it died (SIGKILL)" in connection.wait_for(is_error)["text"]
    drawing_process(studio[2]).send_signal(signal.SIGKILL)
    assert "ended twice with this scene" in connection.wait_for(is_error)["text"]
    children = psutil.Process(studio[2].pid).children()
    assert not [each for each in children if "spawn_main" in " ".join(each.cmdline())]
    connection.send("text", text=text)
    connection.wait_for(lambda each: each["type"] == "frame" and each["stage"] == "done")


def test_a_request_that_waits_does_not_stop_the_server(studio, live):
    connection, text = live
    worker = drawing_process(studio[2])
    worker.suspend()
    for number in range(8):  # together more than a pipe holds
        connection.send("text", text=text + f"# {number}\n" + "#" * 90_000)
    assert studio[1].request("GET", "/")[0] == 200
    worker.resume()
    connection.wait_for(lambda each: each["type"] == "frame")


def test_a_page_that_does_not_read_gets_the_newest_of_each_kind():
    async def sent_late():
        sent, reads = [], asyncio.Event()

        async def send(message):
            await reads.wait()
            sent.append(message)

        page = Page(send)
        sending = asyncio.create_task(page.run())
        for number in range(100):
            page.tell("document", {"number": number})
            page.tell("status", {"number": number})
            page.show(b"%d" % number)
            await asyncio.sleep(0)
        reads.set()
        while len(sent) < 4:
            await asyncio.sleep(0)
        sending.cancel()
        return [each if isinstance(each, bytes) else tuple(json.loads(each).values()) for each in sent]

    with ThreadPoolExecutor() as pool:  # in this thread, the browser's driver has a loop that runs
        first, *newest = pool.submit(asyncio.run, sent_late()).result(20)
    assert first[0] == "document"
    assert newest == [("document", 99), ("status", 99), b"99"]


def test_one_page_too_many_is_refused(studio):
    _, client, _, token = studio
    with client.live(token):
        others = [client.live(token) for _ in range(STUDIO_PAGES.value)]
        connected = [each.__enter__() for each in others]
        assert "close one" in connected[-1].wait_for(is_error)["text"]
        for each in others:
            each.__exit__(None, None, None)


@pytest.mark.parametrize(
    "message",
    [
        "nothing",
        "[]",
        '{"type": 7}',
        '{"type": "set", "values": {"camera": null}}',
        '{"type": "set", "values": {"camera.roll_deg": [[[]]]}}',
        '{"type": "set", "values": {"camera.roll_deg": {"a": null}}}',
        '{"type": "set", "values": {"camera.place[0]": 1e999}}',
        '{"type": "set", "values": {"assumed": "x", "title.y": 1}}',
        '{"type": "text", "text": "a\\u0000"}',
        '{"type": "open", "scene": "a\\u0000"}',
        '{"type": "save", "name": "a\\u0000.toml"}',
        '{"type": "save", "name": "' + "a" * 300 + '.toml"}',
        '{"type": "render", "format": [], "quality": {}, "size": "x"}',
        '{"type": "cancel", "id": {}}',
    ],
)
def test_no_message_ends_the_connection(live, message):
    connection, text = live
    connection.socket.send(message)
    connection.send("text", text=text + "# still here")
    connection.wait_for(lambda each: each["type"] == "document" and each["text"].endswith("still here"))
