"""The result of reading a mesh file, which the cache keeps."""

from __future__ import annotations

from dataclasses import dataclass

from selfiesim.craft.model import Part


@dataclass(frozen=True, eq=False)
class ImportResult:
    """The parts read from a mesh file.

    Attributes
    ----------
    parts : tuple of Part
        In body axes, metres, joints at zero.
    repairs : tuple of str
        One line per kind of repair.
    warnings : tuple of str
        What the user should know about the file, one line each.
    resources : tuple of str
        Names of the files that the mesh file refers to.
    units : str
        The file's unit, and why it is believed to be that.
    """

    parts: tuple[Part, ...]
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    units: str = ""
