"""What comes of reading a mesh file, and what is kept of it in the cache."""

from __future__ import annotations

from dataclasses import dataclass

from selfiesim.craft.model import Part


@dataclass(frozen=True, eq=False)
class ImportResult:
    """The parts of a file, a line for each kind of repair, what a person should know of it, and the files it names."""

    parts: tuple[Part, ...]
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
