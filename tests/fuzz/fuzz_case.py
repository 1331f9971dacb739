"""What a case is: files, and the command that reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fuzz_mutators import toml_text


@dataclass(frozen=True)
class Case:
    """Files in a folder of their own, and what reads them.

    Attributes
    ----------
    words : tuple of str
        Words of the command line; or ``python``, ``document`` or ``studio``, which :mod:`fuzz_worker` calls.
    files : dict of str to bytes
        Content by name.
    value : Any
        What those three take.
    then : tuple of str
        Words of a command that follows when the first one succeeds.
    """

    words: tuple[str, ...]
    files: dict[str, bytes] = field(repr=False)
    value: Any = None
    then: tuple[str, ...] = ()


def toml(table: dict[str, Any]) -> bytes:
    """A table as the bytes of a TOML file."""
    return encoded(toml_text(table))


def encoded(text: str) -> bytes:
    """A text as UTF-8, half characters too."""
    return text.encode("utf-8", "surrogatepass")


def inspected(name: str, files: dict[str, bytes]) -> Case:
    """A mesh file that is inspected."""
    return Case(("models", "inspect", name), files)


@cache
def scene_schema() -> dict[str, Any]:
    """The schema of scenes."""
    from selfiesim.scene.scene import schema

    return schema()
