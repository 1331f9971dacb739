"""What a bug report needs to state about an installation."""

from __future__ import annotations

import os
import platform
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from selfiesim.core import files
from selfiesim.core.errors import GraphicsError

if TYPE_CHECKING:
    from selfiesim.render.gl.opengl_check import Graphics

PACKAGES = ("numpy", "scipy", "pyvista", "vtk", "mapbox_earcut", "imageio", "pydantic")
OPTIONAL_PACKAGES = (
    "basemap-data", "spiceypy", "rasterio", "imageio-ffmpeg", "OpenEXR", "mitsuba", "DracoPy", "distributed",
    "starlette", "uvicorn", "websockets", "pycollada", "lxml", "assimp-py", "usd-core",
    "mmh3", "reportlab",
)  # fmt: skip
"""The packages that selfiesim's extras install."""


class Report:
    """Versions, OpenGL device, machine and folders: the facts that belong in a bug report.

    >>> import selfiesim
    >>> print(selfiesim.Report())  # doctest: +SKIP

    Parameters
    ----------
    graphics : Graphics, optional
        The OpenGL device, where it is known already. By default it is found in a child process, so that a broken driver
        cannot crash this one; the result is cached.

    Attributes
    ----------
    sections : dict of dict
        Titles of the sections, and in each the names of the facts and their values.
    """

    def __init__(self, graphics: Graphics | None = None) -> None:
        self.sections: dict[str, dict[str, str]] = {
            "Software": {"selfiesim": _version("selfiesim"), "python": platform.python_version(), "os": _system()}
            | {name: _version(name) for name in PACKAGES},
            "Optional packages": {name: _version(name) for name in OPTIONAL_PACKAGES},
            "Graphics": _graphics_facts(graphics),
            "Machine": _machine_facts(),
            "Folders": {
                "cache": str(files.cache_dir()),
                "cache size": f"{_folder_bytes(files.cache_dir()) / 1e6:,.1f} MB",
                "library": str(files.data_dir() / "maps"),
            },
        }

    @property
    def facts(self) -> dict[str, str]:
        """The facts of all sections, by name."""
        return {name: value for section in self.sections.values() for name, value in section.items()}

    def __str__(self) -> str:
        width = max(map(len, self.facts))
        blocks = [
            "\n".join([f"{title}:", *(f"  {name:{width}s}  {value}" for name, value in section.items())])
            for title, section in self.sections.items()
        ]
        return "\n".join(blocks)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        left = 'style="text-align:left"'
        rows = []
        for title, section in self.sections.items():
            rows.append(f'<tr><th colspan="2" {left}>{escape(title)}</th></tr>')
            rows += [
                f"<tr><td {left}>{escape(name)}</td><td {left}>{escape(value)}</td></tr>"
                for name, value in section.items()
            ]
        return f"<table>{''.join(rows)}</table>"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _system() -> str:
    """Return the operating system, with the distribution where there is one."""
    name = f"{platform.system()} {platform.release()} ({platform.machine()})"
    try:
        return f"{name}, {platform.freedesktop_os_release()['PRETTY_NAME']}"
    except (OSError, KeyError):
        return name


def _graphics_facts(graphics: Graphics | None) -> dict[str, str]:
    from selfiesim.render.gl import opengl_check

    try:
        found = graphics or opengl_check.require()
    except GraphicsError as error:
        return {"window": "none", "device": "none", "opengl": str(error)}
    return {"window": found.window, "device": found.device, "opengl": found.version}


def _machine_facts() -> dict[str, str]:
    import psutil

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": f"{psutil.cpu_count()} ({usable} usable)",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
    }


def _folder_bytes(folder: Path) -> int:
    """Return the size of all files in a folder; files that vanish or cannot be read do not count."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(parent, name).stat().st_size
            except OSError:
                continue
    return total
