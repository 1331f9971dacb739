"""Downloads from a local server that cuts connections and misreports as real ones do."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from selfiesim.core.errors import MapError
from selfiesim.planet.library.download import check_address, fetch

CONTENT = np.random.default_rng(0).bytes(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """Serves :data:`CONTENT` with configurable faults, and records the requested ranges."""

    def __init__(self) -> None:
        self.cut_after: list[int] = []  # bytes to send before cutting the connection, per response
        self.ranges = True
        self.tag = '"one"'
        self.requested: list[str] = []
        self.location = ""
        self.length: int | None = len(CONTENT)
        self.status = 200
        handler = self._handler()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/map.img"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *words: object) -> None:
                pass

            def do_GET(self) -> None:
                byte_range = self.headers.get("Range", "")
                server.requested.append(byte_range)
                if server.location:
                    self.send_response(302)
                    self.send_header("Location", server.location)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                begin = int(byte_range.removeprefix("bytes=").rstrip("-")) if byte_range and server.ranges else 0
                if byte_range and self.headers.get("If-Range", server.tag) != server.tag:
                    begin = 0
                if begin >= len(CONTENT):
                    self.send_error(416)
                    return
                body = CONTENT[begin:]
                self.send_response(206 if begin else server.status)
                self.send_header("ETag", server.tag)
                if begin:
                    self.send_header("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")
                    self.send_header("Content-Length", str(len(body)))
                elif server.length is not None:
                    self.send_header("Content-Length", str(server.length))
                self.end_headers()
                if server.cut_after:
                    body = body[: server.cut_after.pop(0)]
                with suppress(ConnectionError):  # the client may have closed the connection
                    self.wfile.write(body)

        return Handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    served = Server()
    yield served
    served.close()


def test_a_download_is_complete_and_leaves_no_other_files(server: Server, tmp_path: Path) -> None:
    progress: list[tuple[int, int | None]] = []
    got = fetch(server.url, tmp_path / "new" / "map.img", progress=lambda done, whole: progress.append((done, whole)))
    assert (got.size, got.sha256) == (len(CONTENT), DIGEST)
    assert got.path.read_bytes() == CONTENT
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["map.img"]
    assert progress[0] == (0, len(CONTENT))
    assert progress[-1] == (len(CONTENT), len(CONTENT))


def test_a_cut_connection_is_resumed(server: Server, tmp_path: Path) -> None:
    server.cut_after = [1_000_000, 500_000]
    got = fetch(server.url, tmp_path / "map.img", size=len(CONTENT), sha256=DIGEST)
    assert got.path.read_bytes() == CONTENT
    assert server.requested == ["", "bytes=1000000-", "bytes=1500000-"]


def test_a_later_call_resumes_the_first(server: Server, tmp_path: Path) -> None:
    server.cut_after = [1_000_000, *[0] * 20]
    with pytest.raises(MapError, match="breaks off repeatedly; the next attempt resumes here"):
        fetch(server.url, tmp_path / "map.img")
    assert not (tmp_path / "map.img").exists()
    assert (tmp_path / "map.img.part").stat().st_size == 1_000_000
    server.cut_after, server.requested = [], []
    assert fetch(server.url, tmp_path / "map.img", sha256=DIGEST).size == len(CONTENT)
    assert server.requested == ["bytes=1000000-"]
    assert [each.name for each in tmp_path.iterdir()] == ["map.img"]


def test_a_file_that_has_changed_is_downloaded_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "map.img.part").write_bytes(b"old" * 1000)
    note = {"url": server.url, "tag": '"another"', "whole": len(CONTENT)}
    (tmp_path / "map.img.part.json").write_text(json.dumps(note))
    assert fetch(server.url, tmp_path / "map.img").sha256 == DIGEST


def test_a_part_from_another_address_is_discarded(server: Server, tmp_path: Path) -> None:
    (tmp_path / "map.img.part").write_bytes(b"other" * 1000)
    (tmp_path / "map.img.part.json").write_text(json.dumps({"url": "https://elsewhere", "tag": "", "whole": None}))
    assert fetch(server.url, tmp_path / "map.img").sha256 == DIGEST
    assert server.requested == [""]


def test_a_server_without_ranges_restarts(server: Server, tmp_path: Path) -> None:
    server.ranges, server.cut_after = False, [1_000_000]
    assert fetch(server.url, tmp_path / "map.img").sha256 == DIGEST


def test_a_server_may_omit_the_length(server: Server, tmp_path: Path) -> None:
    server.length = None
    assert fetch(server.url, tmp_path / "map.img", size=len(CONTENT)).sha256 == DIGEST


def test_a_complete_part_needs_no_request(server: Server, tmp_path: Path) -> None:
    (tmp_path / "map.img.part").write_bytes(CONTENT)
    note = {"url": server.url, "tag": server.tag, "whole": len(CONTENT)}
    (tmp_path / "map.img.part.json").write_text(json.dumps(note))
    assert fetch(server.url, tmp_path / "map.img").sha256 == DIGEST
    assert server.requested == []


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ({"size": 2_073_600}, "has 3,000,000 bytes, not 2,073,600"),
        ({"size": 4_000_000}, "has 3,000,000 bytes, not 4,000,000"),
        ({"sha256": "0" * 64}, f"has the SHA-256 {DIGEST} instead of 0000"),
    ],
)
def test_a_wrong_file_is_deleted(server: Server, tmp_path: Path, requirement: dict, message: str) -> None:
    with pytest.raises(MapError, match=message):
        fetch(server.url, tmp_path / "map.img", **requirement)
    assert list(tmp_path.iterdir()) == []


def test_an_endless_response_is_stopped(server: Server, tmp_path: Path, monkeypatch) -> None:
    server.length = None
    monkeypatch.setenv("SELFIESIM_LIMITS", "download-bytes=1500000")
    with pytest.raises(MapError, match="sends more than 1,500,000 bytes"):
        fetch(server.url, tmp_path / "map.img")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_is_not_started(server: Server, tmp_path: Path) -> None:
    server.length = 39_999_999_999_999
    with pytest.raises(MapError, match="bytes, not 40,000,000,000 at most"):
        fetch(server.url, tmp_path / "map.img")


def test_server_errors_are_reported(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(MapError, match=r"map\.img: the server answered 404"):
        fetch(server.url, tmp_path / "map.img")
    port = server.url.split(":")[2].split("/")[0]
    server.close()
    with pytest.raises(MapError, match="cannot be downloaded"):
        fetch(f"http://127.0.0.1:{port}/map.img", tmp_path / "map.img")


@pytest.mark.parametrize(
    "url",
    [
        "http://planetarymaps.usgs.gov/map.tif",
        "ftp://127.0.0.1/map.tif",
        "sftp://example.org/map.tif",
        "file:///etc/passwd",
        "data:text/plain,x",
        "https://",
        "map.tif",
        "",
        "http://127.0.0.1.example.org/map.tif",
        "https://[::1/map.tif",
    ],
)
def test_only_https_is_allowed(tmp_path: Path, url: str) -> None:
    with pytest.raises(MapError, match=r"over https only|invalid address"):
        fetch(url, tmp_path / "map.img")
    assert list(tmp_path.iterdir()) == []


def test_http_is_allowed_on_the_local_machine() -> None:
    for url in ("http://127.0.0.1:80/a", "http://localhost/a", "http://[::1]:8000/a", "https://usgs.gov/a"):
        check_address(url)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://example.org/map.img", "ftp://127.0.0.1/map.img"])
def test_redirects_lead_only_to_allowed_addresses(server: Server, tmp_path: Path, location: str) -> None:
    server.location = location
    with pytest.raises(MapError, match=r"over https only|server answered 302"):
        fetch(server.url, tmp_path / "map.img")


def test_redirects_are_limited(server: Server, tmp_path: Path) -> None:
    server.location = server.url
    with pytest.raises(MapError, match="302"):
        fetch(server.url, tmp_path / "map.img")
    assert len(server.requested) < 12
