"""What the pictures and outputs on the site depend on: the package as it is, by content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "out/site-cache"


@cache
def package_digest() -> str:
    """Return the SHA-256 of all files that a picture is made from."""
    digest = hashlib.sha256()
    for folder in ("src", "scenes", "models"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(ROOT)).encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def key(*parts: str) -> str:
    """Return a name for what the package makes of some words."""
    return hashlib.sha256("\0".join((package_digest(), *parts)).encode()).hexdigest()[:32]
