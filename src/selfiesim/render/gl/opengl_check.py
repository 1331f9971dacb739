"""Checks that OpenGL works on this machine before VTK has a chance to crash.

Without a display, VTK needs EGL or OSMesa. Where neither can start it raises no exception: the process dies with a
segmentation fault. The first render on a machine therefore runs in a child process. Its result is cached until the
graphics libraries change.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from selfiesim.core import files
from selfiesim.core.errors import GraphicsError, OutputError

WINDOW_VARIABLE = "VTK_DEFAULT_OPENGL_WINDOW"
PACKAGES = ("libgl1", "libegl1")
_OFFSCREEN_WINDOWS = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")

_LIBRARY_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
_LIBRARIES = ("libEGL.so.1", "libEGL_mesa.so.0", "libGL.so.1", "libOSMesa.so.8", "libX11.so.6", "dri", "nvidia")

# Renders an empty window and prints the window class and the device.
_PROBE = """
import json, vtkmodules.vtkRenderingOpenGL2
from vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkRenderer
window = vtkRenderWindow()
window.SetOffScreenRendering(1)
window.SetSize(8, 8)
window.AddRenderer(vtkRenderer())
window.Render()
words = [line.split(":", 1) for line in window.ReportCapabilities().splitlines() if ":" in line]
found = {key.strip().lower(): value.strip() for key, value in words}
print("selfiesim" + json.dumps({
    "window": window.GetClassName(),
    "device": found.get("opengl renderer string", "unknown"),
    "version": found.get("opengl version string", "unknown"),
}))
"""


@dataclass(frozen=True)
class Graphics:
    """The OpenGL of this machine: VTK's window class, the name of the device, and the OpenGL version."""

    window: str
    device: str
    version: str


def preferred_window() -> str:
    """Return the window class to try first: EGL where there is no display, so that VTK does not try X and warn.

    :data:`WINDOW_VARIABLE` takes precedence. Empty: VTK's own choice.
    """
    is_without_display = sys.platform == "linux" and not os.environ.get("DISPLAY")
    return os.environ.get(WINDOW_VARIABLE, "vtkEGLRenderWindow" if is_without_display else "")


@contextmanager
def selected(graphics: Graphics) -> Iterator[None]:
    """Select the off-screen window class for windows that VTK makes itself in the ``with`` block, as in a plotter."""
    if graphics.window not in _OFFSCREEN_WINDOWS or WINDOW_VARIABLE in os.environ:
        yield
        return
    os.environ[WINDOW_VARIABLE] = graphics.window
    try:
        yield
    finally:
        os.environ.pop(WINDOW_VARIABLE, None)


@cache
def require() -> Graphics:
    """Return the OpenGL of this machine, from the cache or by a test render.

    Raises
    ------
    GraphicsError
        If OpenGL does not work; the message has the command that installs it.
    """
    stamp = files.cache_dir() / "graphics.json"
    key = _fingerprint()
    try:
        known = json.loads(stamp.read_text())
        if known.pop("key") == key:
            return Graphics(**known)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # not cached, or unreadable: probe
    graphics = probe()
    try:
        with files.atomic_write(stamp) as temporary:
            temporary.write_text(json.dumps({"key": key} | asdict(graphics)))
    except OutputError:
        pass  # the cache is not writable: the next process probes again
    return graphics


def probe() -> Graphics:
    """Render in a child process, first with EGL, then with OSMesa.

    Raises
    ------
    GraphicsError
        If neither works.
    """
    choices = [preferred_window()]
    if sys.platform == "linux":
        choices += [name for name in _OFFSCREEN_WINDOWS if name not in choices]
    for window in choices:
        environment = dict(os.environ)
        if window:
            environment[WINDOW_VARIABLE] = window
        try:
            child = subprocess.run(
                [sys.executable, "-c", _PROBE],
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        except subprocess.TimeoutExpired:
            continue
        for line in child.stdout.splitlines():
            if child.returncode == 0 and line.startswith("selfiesim{"):
                return Graphics(**json.loads(line.removeprefix("selfiesim")))
    raise GraphicsError(
        "no working OpenGL: this machine cannot render. "
        f"On Debian or Ubuntu install it with: apt-get install {' '.join(PACKAGES)} "
        "(as root), elsewhere Mesa's EGL and OpenGL libraries; then run: selfiesim doctor"
    )


def _fingerprint() -> str:
    """Return a key that changes with VTK, the selected window class or the graphics libraries."""
    from importlib.metadata import version

    found = []
    for folder in _LIBRARY_FOLDERS:
        for name in _LIBRARIES:
            try:
                found.append(f"{Path(folder, name).resolve()}:{Path(folder, name).stat().st_mtime_ns}")
            except OSError:
                continue
    variables = ("DISPLAY", "LIBGL_ALWAYS_SOFTWARE", "LD_LIBRARY_PATH", "VTK_DEFAULT_EGL_DEVICE_INDEX")
    return "|".join(
        [sys.executable, version("vtk"), preferred_window(), *(os.environ.get(name, "") for name in variables), *found]
    )
