"""Fetching a large file: in pieces that go on where they stopped, checked, whole or not at all.

pooch, which is installed with pyvista, begins again after every cut; the largest maps have 12 GB. So this is the
standard library's client with care: https only (http from this machine itself), few redirects, a bound on the size.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from selfiesim.core.errors import MapError

MAX_BYTES = 40_000_000_000
"""No map is larger."""

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 30.0
_MAX_STALLED_RETRIES = 5  # in a row without a byte between them
_MAX_REDIRECTS = 5

ProgressCallback = Callable[[int, int | None], None]
"""Bytes so far, and in all where that is known."""


@dataclass(frozen=True)
class DownloadResult:
    """What came."""

    path: Path
    size: int
    sha256: str


def fetch(
    url: str, target: Path, *, size: int = 0, sha256: str = "", told: ProgressCallback | None = None
) -> DownloadResult:
    """Bring the file at an address to ``target``, through ``target.part``, which a later call goes on with.

    Parameters
    ----------
    size, sha256
        What it must have, where known (0 and empty: not known); what came is in the result.
    told
        Called as bytes come in.

    Raises
    ------
    MapError
        When the address is not https, cannot be reached, says no, breaks off again and again, or sends something of
        another size or hash. What is known to be wrong is deleted; what is only incomplete waits for the next call.
    """
    check_address(url)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download_with_retries(url, part, size, told or (lambda done, whole: None))
        got, digest = part.stat().st_size, _sha256_of(part)
        if size and got != size:
            raise _discard(part, f"{url}: {got:,} bytes came, not {size:,}; what came is deleted")
        if sha256 and digest != sha256:
            raise _discard(part, f"{url}: what came has the SHA-256 {digest}, not {sha256}; it is deleted")
        part.replace(target)
    except OSError as error:
        raise MapError(f"{part}: cannot be written ({error.strerror})") from error
    _sidecar_path(part).unlink(missing_ok=True)
    return DownloadResult(target, got, digest)


def check_address(url: str) -> None:
    """Refuse what is not https; http is for a server on this machine.

    Raises
    ------
    MapError
        For another scheme, or an address that cannot be read.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise MapError(f"{url[:200]!r}: no address ({error})") from error
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and _is_this_machine(host):
        return
    raise MapError(f"{url[:200]!r}: maps are fetched by https only")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, each to an address that would be allowed itself."""

    max_redirections = _MAX_REDIRECTS

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """A client of http and https alone: no files, no ftp."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _download_with_retries(url: str, part: Path, size: int, told: ProgressCallback) -> None:
    """Bring ``part`` to its full length, over as many connections as it takes."""
    stalled_retries = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            if _download_once(url, part, size, told):
                return
        except urllib.error.HTTPError as error:
            if error.code != 416 or not before:
                raise MapError(f"{url}: the server says {error.code} {error.reason}") from error
            failure: Exception = _discard(
                part, f"{url}: the server does not know the piece that is missing; begin again"
            )
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            reason = getattr(error, "reason", None) or error
            failure = MapError(f"{url}: cannot be fetched ({reason}); the next try goes on where this stopped")
        else:
            failure = MapError(f"{url}: breaks off again and again; the next try goes on where this stopped")
        after = part.stat().st_size if part.exists() else 0
        stalled_retries = 0 if after > before else stalled_retries + 1
        if stalled_retries >= _MAX_STALLED_RETRIES or after == 0:
            raise failure


def _download_once(url: str, part: Path, size: int, told: ProgressCallback) -> bool:
    """Take what one connection gives; whether the file is whole then."""
    have = part.stat().st_size if part.exists() else 0
    sidecar = _read_sidecar(part, url)
    if have and sidecar is None:
        part.unlink()
        have = 0
    if sidecar and sidecar.get("whole") == have:
        return True
    request = urllib.request.Request(url, headers={"User-Agent": "selfiesim", "Accept-Encoding": "identity"})  # noqa: S310 (checked)
    if have:
        request.add_header("Range", f"bytes={have}-")
        if sidecar and sidecar.get("tag"):
            request.add_header("If-Range", str(sidecar["tag"]))
    with _opener().open(request, timeout=_TIMEOUT_S) as response:
        begin, whole = _parse_content_range(response, have)
        limit = size or MAX_BYTES
        if whole is not None and (whole > limit or (size and whole != size)):
            raise _discard(part, f"{url}: has {whole:,} bytes, not {limit:,}" + ("" if size else " at most"))
        _check_disk_space(part, (whole or 0) - begin)
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        _sidecar_path(part).write_text(
            json.dumps({"url": url, "tag": "" if tag.startswith("W/") else tag, "whole": whole})
        )
        with part.open("r+b" if begin else "wb") as file:
            file.seek(begin)
            file.truncate()
            done = _copy_response(response, file, begin, limit, whole, told)
    if done > limit:
        raise _discard(part, f"{url}: sends more than {limit:,} bytes")
    # Without a length from the server, its end of the connection is the end of the file.
    return done == whole if whole is not None else True


def _copy_response(
    response: IO[bytes], file: IO[bytes], begin: int, limit: int, whole: int | None, told: ProgressCallback
) -> int:
    done = begin
    told(done, whole)
    while done <= limit:
        try:
            piece = response.read(_CHUNK_BYTES)
        except http.client.IncompleteRead as error:
            piece = error.partial
            file.write(piece)
            return done + len(piece)
        except OSError as error:  # the line, not the disk
            raise http.client.HTTPException(str(error)) from error
        if not piece:
            break
        file.write(piece)
        done += len(piece)
        told(done, whole)
    return done


def _parse_content_range(response: Any, have: int) -> tuple[int, int | None]:
    """Where what the server sends begins, and how long the whole is; it may send all again."""
    length = response.headers.get("Content-Length", "")
    if response.status == 206:
        match = re.fullmatch(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15})", response.headers.get("Content-Range", ""))
        if match and int(match[1]) == have:
            return have, int(match[2])
        raise http.client.HTTPException("the server sends another piece than was asked for")
    return 0, int(length) if re.fullmatch(r"\d{1,15}", length) else None


def _check_disk_space(part: Path, more: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if more > free:
        raise MapError(f"{part.parent}: {free >> 20:,} MB are free, and {more >> 20:,} MB are still to come")


def _sidecar_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_sidecar(part: Path, url: str) -> dict[str, Any] | None:
    """What is known of an incomplete file; None when it is another address's, or nothing is."""
    try:
        sidecar = json.loads(_sidecar_path(part).read_bytes()[:10_000])
    except (OSError, ValueError):
        return None
    return sidecar if isinstance(sidecar, dict) and sidecar.get("url") == url else None


def _discard(part: Path, message: str) -> MapError:
    part.unlink(missing_ok=True)
    _sidecar_path(part).unlink(missing_ok=True)
    return MapError(message)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
