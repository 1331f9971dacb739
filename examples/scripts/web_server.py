"""
A web server
============

A web server that renders: asyncio keeps answering while one thread draws, and requests wait their turn.
"""

import asyncio
import io
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import imageio.v3 as iio

from selfiesim import Scene, UserError

# Setup: a small image, so that the example runs in seconds.
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[160, 90])


def draw(seconds: float) -> bytes:
    """Return the photograph some seconds after the release, as a PNG file."""
    photo = scene.view(at=seconds).render("draft").expose()
    return iio.imwrite("<bytes>", photo.pixels, extension=".png")


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request such as ``GET /selfie.png?seconds=60``."""
    _method, target, _version = (await reader.readline()).decode().split()
    while (await reader.readline()).strip():
        pass  # the headers
    status, kind = "200 OK", "image/png"
    try:
        seconds = float(parse_qs(urlsplit(target).query)["seconds"][0])
        body = await asyncio.to_thread(draw, seconds)  # any thread may render; the server goes on meanwhile
    except (KeyError, ValueError):
        status, kind, body = "400 Bad Request", "text/plain", b"give a time: /selfie.png?seconds=60"
    except UserError as error:  # such as a time at which the camera has fallen onto Mars
        status, kind, body = "400 Bad Request", "text/plain", str(error).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()


def fetch(address: str) -> bytes:
    """Return what is at an address."""
    with urlopen(address, timeout=60) as response:  # noqa: S310  (of this file alone)
        return response.read()


async def main() -> None:
    """Serve, and ask for four pictures at once. A real server would call ``server.serve_forever()`` instead."""
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        addresses = [f"http://127.0.0.1:{port}/selfie.png?seconds={seconds}" for seconds in (30, 60, 30, 60)]
        # Action: each request is answered by a thread of its own.
        files = await asyncio.gather(*(asyncio.to_thread(fetch, address) for address in addresses))
    for address, file in zip(addresses, files, strict=True):
        print(f"{address}: {len(file)} bytes")
    # Validation: pictures of the expected size, the same each time, and the same as without a server.
    assert iio.imread(io.BytesIO(files[0])).shape == (90, 160, 3)
    assert files[0] == files[2] == draw(30)
    assert files[1] == files[3] != files[0]


asyncio.run(main())
