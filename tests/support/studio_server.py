"""A studio that runs for tests, as the command starts it."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from contextlib import contextmanager

from selfiesim.scene.shipped import find_scene


def write_scene(folder, name="shot.toml", width=160):
    """Write a small copy of a shipped scene; return its path."""
    text = find_scene("tianwen1-mars").read_text()
    assert "size_px = [1920, 1080]" in text
    path = folder / name
    path.write_text(text.replace("size_px = [1920, 1080]", f"size_px = [{width}, {width * 9 // 16}]"))
    return path


@contextmanager
def running(folder, scene="shot.toml", *options):
    """Start the studio in ``folder``; yield its address, token and process."""
    command = [sys.executable, "-m", "selfiesim", "studio", scene, "--no-browser", *options]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert "http://127.0.0.1:" in line, process.stderr.read()
        address, _, token = line.split()[-1].partition("#")
        yield address, token, process
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
        process.stderr.close()


class Browserless:
    """Requests to a studio with any headers."""

    def __init__(self, address):
        self.host = address.removeprefix("http://").rstrip("/")

    def request(self, method, path, headers=None, body=None):
        """Return status, headers and body."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
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
