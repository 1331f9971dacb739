"""Nobody but the studio's own page can talk to it."""

import asyncio
import io
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from studio_server import Browserless, running, write_scene
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from selfiesim.studio.access import Pace
from selfiesim.studio.server import listen


def in_thread(coroutine):
    """Run a coroutine in a thread of its own: that of the tests has the browser's event loop."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A running studio: its address and token."""
    folder = tmp_path_factory.mktemp("studio")
    write_scene(folder)
    Image.new("RGB", (40, 30), (200, 90, 40)).save(folder / "photo.png")
    with running(folder, "shot.toml", "--photo", "photo.png") as (address, token, _):
        yield address, token


# DNS rebinding: the name of a foreign page resolves to 127.0.0.1.
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example"]
)
def test_a_foreign_host_is_refused(studio, host):
    address, token = studio
    client = Browserless(address)
    cookie = client.cookie(token)
    for path in ("/", "/static/main.js", "/catalogue"):
        assert client.request("GET", path, {"Host": host, "Cookie": cookie})[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://{host}"])
def test_a_foreign_origin_is_refused(studio, origin):
    address, token = studio
    client = Browserless(address)
    headers = {"Origin": origin.format(host=client.host)}
    assert client.request("POST", "/session", headers, {"token": token})[0] == 403
    assert client.request("GET", "/catalogue", headers | {"Cookie": client.cookie(token)})[0] == 403


def test_a_post_without_origin_is_refused(studio):
    address, token = studio
    assert Browserless(address).request("POST", "/session", None, {"token": token})[0] == 403


@pytest.mark.parametrize("token", ["", "x", None, 7, ["a"], "é"])
def test_a_wrong_token_gets_no_cookie(studio, token):
    address, _ = studio
    client = Browserless(address)
    status, headers, _ = client.request("POST", "/session", {"Origin": f"http://{client.host}"}, {"token": token})
    assert status == 403
    assert "set-cookie" not in headers


def test_without_the_cookie_only_the_bare_page_is_served(studio):
    address, _ = studio
    client = Browserless(address)
    assert client.request("GET", "/")[0] == 200
    assert client.request("GET", "/static/main.js")[0] == 200
    for path in ("/catalogue", "/photo", "/output/1/shot.png", "/live", "/nothing"):
        assert client.request("GET", path)[0] == 403


def test_the_cookie_is_bound_to_this_page(studio):
    address, token = studio
    client = Browserless(address)
    _, headers, _ = client.request("POST", "/session", {"Origin": f"http://{client.host}"}, {"token": token})
    assert "SameSite=strict" in headers["set-cookie"]
    assert "HttpOnly" in headers["set-cookie"]


def test_every_answer_has_a_strict_content_security_policy(studio):
    address, token = studio
    client = Browserless(address)
    for path, cookie in (("/", ""), ("/catalogue", client.cookie(token)), ("/catalogue", "")):
        policy = client.request("GET", path, {"Cookie": cookie})[1]["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert policy.endswith("frame-ancestors 'none'")


# A page at another port of this machine: browsers count it as the same site, and send the cookie with what it embeds.
@pytest.mark.parametrize("site", ["same-site", "cross-site", "anything"])
def test_what_another_page_embeds_is_refused(studio, site):
    address, token = studio
    client = Browserless(address)
    headers = {"Cookie": client.cookie(token)}
    assert client.request("GET", "/output/1", headers | {"Sec-Fetch-Site": "same-origin"})[0] == 404
    assert client.request("GET", "/output/1", headers | {"Sec-Fetch-Site": site})[0] == 403


# Browsers share cookies between the ports of a host.
def test_two_studios_have_cookies_of_different_names(studio, tmp_path):
    write_scene(tmp_path)
    first = Browserless(studio[0]).cookie(studio[1])
    with running(tmp_path) as (address, token, _):
        second = Browserless(address).cookie(token)
    assert first.partition("=")[0] != second.partition("=")[0]


def test_messages_beyond_the_burst_wait_for_their_turn():
    pace = Pace(10.0, 5.0)
    assert [pace.delay(100.0) for _ in range(7)] == pytest.approx([0.0] * 5 + [0.1, 0.2])
    assert pace.delay(200.0) == 0.0


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static//etc/passwd",
        "/output/..%2f1/shot.png",
        "/output/1/..%2fshot.png",
    ],
)
def test_no_other_file_is_served(studio, path):
    address, token = studio
    client = Browserless(address)
    assert client.request("GET", path, {"Cookie": client.cookie(token)})[0] == 404


def test_the_photograph_of_the_command_is_served(studio):
    address, token = studio
    client = Browserless(address)
    status, headers, body = client.request("GET", "/photo", {"Cookie": client.cookie(token)})
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(body)) as photo:
        assert photo.size == (40, 30)
    catalogue = client.request("GET", "/catalogue", {"Cookie": client.cookie(token)})[2]
    assert json.loads(catalogue)["photo"] is True


def test_the_live_connection_needs_cookie_and_origin(studio):
    address, token = studio
    client = Browserless(address)
    cookie = client.cookie(token)
    own = f"http://{client.host}"

    async def status(origin, cookies):
        try:
            async with connect(f"ws://{client.host}/live", origin=origin, additional_headers={"Cookie": cookies}):
                return 101
        except InvalidStatus as error:
            return error.response.status_code

    assert in_thread(status(own, cookie)) == 101
    assert in_thread(status(own, "")) == 403
    assert in_thread(status("http://evil.example", cookie)) == 403
    assert in_thread(status(None, cookie)) == 403


def test_it_listens_on_the_loopback_interface_only(studio):
    address, _ = studio
    port = int(address.rsplit(":", 1)[1].rstrip("/"))
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))  # free: the studio is bound to 127.0.0.1, and not to all addresses


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    write_scene(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "selfiesim", "studio", "shot.toml", "--no-browser", "--port", port]
        child = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert child.returncode == 2
    assert child.stderr.count("\n") == 1
    assert f"--port {port}" in child.stderr


def test_small_packets_are_sent_at_once():
    # A page of 30 files took 1.3 s where each answer's body waited for the acknowledgement of its headers.
    async def option():
        found = asyncio.get_running_loop().create_future()

        def accept(_reader, writer):
            connection = writer.get_extra_info("socket")
            found.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen(0)
        async with await asyncio.start_server(accept, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.close()
            return await asyncio.wait_for(found, 10)

    assert in_thread(option()) == 1
