"""A studio that runs for tests, as the command starts it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from contextlib import contextmanager

import psutil
from small_scenes import box, write_craft
from websockets.sync.client import connect

from selfiesim.scene.shipped import find_scene


def write_scene(folder, name="shot.toml", width=160):
    """Write a small copy of a shipped scene, with a craft of two boxes, which is soon rendered; return its path."""
    text = find_scene("tianwen1-mars").read_text()
    assert "size_px = [1920, 1080]" in text
    assert 'model = "tianwen1-orbiter"' in text
    text = text.replace("size_px = [1920, 1080]", f"size_px = [{width}, {width * 9 // 16}]")
    path = folder / name
    model = write_craft(folder, "box", [box((2.0, 3.0, 2.0)), box((1.0, 14.0, 0.1))], (2.0, 3.0, -2.0))
    with (folder / "box.toml").open("a") as description:
        description.write("[mounts.flag]\nposition_m = [1.0, 0.5, 0.5]\naxis = [1, 0, 0]\n")
    path.write_text(text.replace('model = "tianwen1-orbiter"', f'model = "{model}"'))
    return path


def drawing_process(server):
    """The process that draws for a server, of which there is one."""
    (process,) = (each for each in psutil.Process(server.pid).children() if "spawn_main" in " ".join(each.cmdline()))
    return process


@contextmanager
def running(folder, scene="shot.toml", *options, before=(), **environment):
    """Start the studio in ``folder``; yield its address, token and process.

    ``before`` are words before the command, and ``environment`` more variables.
    """
    command = [*before, sys.executable, "-m", "selfiesim", "studio", scene, "--no-browser", *options]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    try:
        line = process.stdout.readline()
        assert "http://127.0.0.1:" in line, process.stderr.read()
        address, _, token = line.split()[-1].partition("#")
        yield address, token, process
    finally:
        process.terminate()
        process.wait(120)
        process.stdout.close()
        process.stderr.close()


class Browserless:
    """Requests to a studio with any headers."""

    def __init__(self, address):
        self.host = address.removeprefix("http://").rstrip("/")

    def request(self, method, path, headers=None, body=None):
        """Return status, headers and body."""
        connection = http.client.HTTPConnection(self.host, timeout=120)
        connection.putrequest(method, path, skip_host="Host" in (headers or {}))
        content = json.dumps(body).encode() if body is not None else b""
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders(content)
        answer = connection.getresponse()
        try:
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def cookie(self, token):
        """Exchange the token for the cookie."""
        status, headers, _ = self.request("POST", "/session", {"Origin": f"http://{self.host}"}, {"token": token})
        assert status == 200
        return headers["set-cookie"].partition(";")[0]

    @contextmanager
    def live(self, token):
        """A live connection, as that of a page."""
        headers = {"Cookie": self.cookie(token)}
        own = f"http://{self.host}"
        with connect(f"ws://{self.host}/live", origin=own, additional_headers=headers, max_size=None) as socket:
            yield Live(socket)


class Live:
    """A live connection: JSON both ways; frames are acknowledged and passed over."""

    def __init__(self, socket):
        self.socket = socket

    def send(self, kind, **content):
        """Send a message."""
        self.socket.send(json.dumps({"type": kind, **content}))

    def wait_for(self, wanted, timeout=120):
        """Return the next message of which ``wanted`` is true."""
        while True:
            message = self.socket.recv(timeout=timeout)
            if isinstance(message, bytes):
                self.send("ack")
                header = json.loads(message[4 : 4 + int.from_bytes(message[:4], "big")])
                message = json.dumps(header | {"media": header["type"], "type": "frame"})
            message = json.loads(message)
            if wanted(message):
                return message
