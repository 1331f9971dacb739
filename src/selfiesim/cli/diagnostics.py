"""Diagnose an installation that does not render, and install missing graphics libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.metadata import version

from selfiesim.cli.report import Report
from selfiesim.core.errors import GraphicsError, MapError
from selfiesim.render.gl import opengl_check


def diagnose(fix: bool = False) -> Report:
    """Render one pixel, and report on this installation.

    Parameters
    ----------
    fix : bool
        Install missing graphics libraries first.

    Returns
    -------
    Report
        Also states which map of Mars and which variant of Mitsuba are in use.

    Raises
    ------
    GraphicsError
        OpenGL does not work, and ``fix`` is not set or does not help.
    """
    from selfiesim.planet.maps.load import mars_image_path

    try:
        graphics = opengl_check.probe()
    except GraphicsError:
        if not fix:
            raise
        _install_graphics()
        graphics = opengl_check.probe()
    try:
        mars_map = str(mars_image_path())
    except MapError as error:
        mars_map = f"missing: {error}"
    report = Report(graphics)
    report.sections["Optional packages"]["mitsuba"] = _mitsuba_status()
    report.sections["Folders"]["mars map"] = mars_map
    return report


def _mitsuba_status() -> str:
    """Return the version of Mitsuba and the variant it would run, or how to install it."""
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
    """Install Mesa's libraries with apt-get.

    Raises
    ------
    GraphicsError
        Not root, no apt-get, or apt-get fails.
    """
    packages = list(opengl_check.PACKAGES)
    by_hand = f"run as root: apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise GraphicsError(
            "no working OpenGL, and no apt-get to install it with: install Mesa's EGL and OpenGL libraries with this "
            "system's package manager"
        )
    if os.geteuid() != 0:  # apt-get is there, so the system has user ids
        raise GraphicsError(f"no working OpenGL, and only root can install it; {by_hand}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],
    ):
        process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if process.returncode != 0:
            last = (process.stderr.strip() or process.stdout.strip() or "no message").splitlines()[-1]
            raise GraphicsError(f"{' '.join(command)} failed: {last}; {by_hand}")
