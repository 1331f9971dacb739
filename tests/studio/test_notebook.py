"""The studio of a scene in a notebook: a frame in a page of another port, for as long as the kernel runs."""

import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest
from studio_server import Browserless, write_scene

from selfiesim.scene.scene import Scene


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """The studio of a small scene, as a cell shows it."""
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = Scene.load(write_scene(folder, width=32)).with_changes(camera__roll_deg=12.0).studio(height=640)
    yield found, folder
    found.stop()


# Jupyter prints addresses with either name; the frame's cookie needs the same one.
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_frame_works_in_a_page_of_another_port(studio, browser, tmp_path, host):
    notebook, _ = studio
    (tmp_path / "cell.html").write_text(f"<!doctype html><title>cell</title>{notebook._repr_html_()}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = browser.new_page()
        page.goto(f"http://{host}:{server.server_address[1]}/cell.html")
        assert page.locator("iframe").bounding_box()["height"] == 640
        frame = page.frame_locator("iframe")
        frame.locator("#canvas[data-stage]").wait_for(timeout=90_000)
        assert "roll_deg = 12" in frame.locator("#toml").input_value()
        page.close()
    finally:
        server.shutdown()
        server.server_close()


def test_only_pages_of_this_machine_may_embed_it(studio):
    client = Browserless(studio[0].address.partition("#")[0])
    policy = client.request("GET", "/")[1]["content-security-policy"]
    assert policy.endswith("frame-ancestors http://localhost:* http://127.0.0.1:*")


def test_it_saves_into_the_folder_of_the_notebook(studio):
    notebook, folder = studio
    address, _, token = notebook.address.partition("#")
    with Browserless(address).live(token) as live:
        live.send("save", name="kept.toml")
        live.wait_for(lambda each: each["type"] == "status" and each["text"].startswith("Saved"))
    assert Scene.load(folder / "kept.toml").camera.roll_deg == 12.0


KERNEL = """
import time
from selfiesim import Scene
studio = Scene.load("shot.toml").studio()
print(studio.address, flush=True)
time.sleep(60)
"""


def test_it_ends_with_the_kernel_even_if_that_is_killed(tmp_path):
    write_scene(tmp_path, width=32)
    kernel = subprocess.Popen([sys.executable, "-c", KERNEL], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert "http://localhost:" in kernel.stdout.readline()
    children = psutil.Process(kernel.pid).children(recursive=True)
    assert children
    kernel.kill()
    kernel.wait()
    kernel.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=120)
    assert alive == []
