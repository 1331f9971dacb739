"""Resumable, verified download of a large file.

pooch, which is installed with pyvista, restarts after every interruption; the largest maps have 12 GB. So this module
uses the standard library's client, restricted to https (http from the local machine), few redirects and a maximum size.
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
from selfiesim.core.files import reason
from selfiesim.core.limits import DOWNLOAD_BYTES

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 30.0
_MAX_STALLED_RETRIES = 5  # consecutive attempts without a single byte
_MAX_REDIRECTS = 5

ProgressCallback = Callable[[int, int | None], None]
"""Bytes so far, and the total if known."""


@dataclass(frozen=True)
class DownloadResult:
    """A downloaded file."""

    path: Path
    size: int
    sha256: str


def fetch(
    url: str, target: Path, *, size: int = 0, sha256: str = "", progress: ProgressCallback | None = None
) -> DownloadResult:
    """Download a file to ``target`` through ``target.part``, from which a later call resumes.

    Parameters
    ----------
    url : str
        Address of the file.
    target : Path
        Where to put it.
    size, sha256 : int, str
        Required size in bytes and hash; 0 and empty if unknown.
    progress : callable, optional
        Called as bytes arrive.

    Returns
    -------
    DownloadResult
        The file with its actual size and hash.

    Raises
    ------
    MapError
        The address is not https or cannot be reached, the server refuses, the connection breaks off repeatedly, or the
        file has another size or hash. Wrong data are deleted; incomplete data are kept for the next call.
    """
    check_address(url)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download_with_retries(url, part, size, progress or (lambda done, whole: None))
        got, digest = part.stat().st_size, _sha256_of(part)
        if size and got != size:
            raise _discard(part, f"{url}: received {got:,} bytes instead of {size:,}; the file was deleted")
        if sha256 and digest != sha256:
            raise _discard(part, f"{url}: the file has the SHA-256 {digest} instead of {sha256}; it was deleted")
        part.replace(target)
    except OSError as error:
        raise MapError(f"{part}: cannot be written ({reason(error)})") from error
    _sidecar_path(part).unlink(missing_ok=True)
    return DownloadResult(target, got, digest)


def check_address(url: str) -> None:
    """Reject an address that is not https; http is allowed for the local machine.

    Raises
    ------
    MapError
        The scheme is not allowed, or the address is invalid.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise MapError(f"{url[:200]!r}: invalid address ({error})") from error
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and _is_local_machine(host):
        return
    raise MapError(f"{url[:200]!r}: maps are downloaded over https only")


def _is_local_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, each to an allowed address, and none from elsewhere to the local machine."""

    max_redirections = _MAX_REDIRECTS

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        check_address(newurl)
        if urlsplit(newurl).scheme != "https" and urlsplit(req.full_url).scheme == "https":
            raise MapError(f"{req.full_url[:200]}: redirects from https to http, which is not allowed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Return a client for http and https only: no files, no ftp."""
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


def _download_with_retries(url: str, part: Path, size: int, progress: ProgressCallback) -> None:
    """Complete ``part``, over as many connections as it takes."""
    stalled_retries = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            if _download_once(url, part, size, progress):
                return
        except urllib.error.HTTPError as error:
            if error.code != 416 or not before:
                raise MapError(f"{url}: the server answered {error.code} {error.reason}") from error
            failure: Exception = _discard(part, f"{url}: the server does not have the missing part; start again")
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            reason = getattr(error, "reason", None) or error
            failure = MapError(f"{url}: cannot be downloaded ({reason}); the next attempt resumes here")
        else:
            failure = MapError(f"{url}: the connection breaks off repeatedly; the next attempt resumes here")
        after = part.stat().st_size if part.exists() else 0
        stalled_retries = 0 if after > before else stalled_retries + 1
        if stalled_retries >= _MAX_STALLED_RETRIES or after == 0:
            raise failure


def _download_once(url: str, part: Path, size: int, progress: ProgressCallback) -> bool:
    """Download over a single connection; return whether the file is complete."""
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
        limit = size or DOWNLOAD_BYTES.value
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
            done = _copy_response(response, file, begin, limit, whole, progress)
    if done > limit:
        raise _discard(part, f"{url}: the server sends more than {limit:,} bytes")
    # If the server gives no length, the end of the connection is the end of the file.
    return done == whole if whole is not None else True


def _copy_response(
    response: IO[bytes], file: IO[bytes], begin: int, limit: int, whole: int | None, progress: ProgressCallback
) -> int:
    done = begin
    progress(done, whole)
    while done <= limit:
        try:
            piece = response.read(_CHUNK_BYTES)
        except http.client.IncompleteRead as error:
            piece = error.partial
            file.write(piece)
            return done + len(piece)
        except OSError as error:  # the connection, not the disk
            raise http.client.HTTPException(str(error)) from error
        if not piece:
            break
        file.write(piece)
        done += len(piece)
        progress(done, whole)
    return done


def _parse_content_range(response: Any, have: int) -> tuple[int, int | None]:
    """Return the offset at which the response begins, and the total length; the server may restart from 0."""
    length = response.headers.get("Content-Length", "")
    if response.status == 206:
        match = re.fullmatch(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15})", response.headers.get("Content-Range", ""))
        if match and int(match[1]) == have:
            return have, int(match[2])
        raise http.client.HTTPException("the server sends another part than requested")
    return 0, int(length) if re.fullmatch(r"\d{1,15}", length) else None


def _check_disk_space(part: Path, more: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if more > free:
        raise MapError(f"{part.parent}: {free >> 20:,} MB free, but {more >> 20:,} MB still to download")


def _sidecar_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_sidecar(part: Path, url: str) -> dict[str, Any] | None:
    """Return the record of an incomplete file; None if there is none or it is of another address."""
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
