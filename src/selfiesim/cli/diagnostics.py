"""What a person needs to know when something does not draw."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import version

from selfiesim.core import files
from selfiesim.core.errors import GraphicsError, MapError
from selfiesim.render.gl import opengl_check


def diagnose(fix: bool = False) -> dict[str, str]:
    """Versions, the device that draws, the map, the cache, the library. With ``fix``, install what is missing first.

    Raises
    ------
    GraphicsError
        When nothing can be drawn, and either ``fix`` was not asked for or it cannot help.
    """
    from selfiesim.planet.maps.planet_maps import source_path

    try:
        found = opengl_check.probe()
    except GraphicsError:
        if not fix:
            raise
        _install_graphics()
        found = opengl_check.probe()
    try:
        mars_map = str(source_path("mars"))
    except MapError as error:
        mars_map = f"missing: {error}"
    return {
        "selfiesim": version("selfiesim"),
        "python": platform.python_version(),
        "pyvista": version("pyvista"),
        "vtk": version("vtk"),
        "window": found.window,
        "device": found.device,
        "opengl": found.version,
        "mitsuba": _mitsuba_status(),
        "mars map": mars_map,
        "cache": str(files.cache_dir()),
        "library": str(files.data_dir() / "maps"),
    }


def _mitsuba_status() -> str:
    """What the engine mitsuba would run on, or how to get it."""
    from selfiesim.render.mitsuba import renderer

    try:
        variant = renderer.require()
    except GraphicsError as error:
        return str(error)
    slow = (
        ""
        if variant == renderer.VECTOR_VARIANT
        else f" (slow, foil smooth: install {renderer.LLVM_PACKAGE} for {renderer.VECTOR_VARIANT})"
    )
    return f"{version('mitsuba')}, {variant}{slow}"


def _install_graphics() -> None:
    """Install Mesa's libraries with apt-get, where that is possible.

    Raises
    ------
    GraphicsError
        Not root, no apt-get, or apt-get failed.
    """
    packages = list(opengl_check.PACKAGES)
    by_hand = f"run as root: apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise GraphicsError(
            "no working OpenGL, and no apt-get here to install it: install Mesa's EGL and OpenGL libraries with this "
            "system's package manager"
        )
    if os.geteuid() != 0:
        raise GraphicsError(f"no working OpenGL, and only root may install it; {by_hand}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            raise GraphicsError(f"{' '.join(command)} failed: {last}; {by_hand}")
