"""Check, before anything large is installed, that the system has what pip cannot install; used by the Makefile.

Python must be able to create virtual environments, and there must be an OpenGL library that draws without a display:
EGL, or OSMesa. On Debian and Ubuntu, root installs all missing packages in one go; everyone else gets one message that
names them all. Standard library only: it runs before the environment exists.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys

OPENGL_PACKAGES = ("libgl1", "libegl1")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OSMESA = ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so")


def loads(library: str) -> bool:
    """Whether the dynamic loader finds a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_packages() -> list[str]:
    """Debian packages that provide what is missing."""
    missing = []
    if importlib.util.find_spec("ensurepip") is None:
        # python3-venv serves Debian's default Python only; other versions have a package each.
        default = shutil.which("python3")
        is_default = default is not None and os.path.realpath(default) == os.path.realpath(sys.executable)
        missing.append("python3-venv" if is_default else f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    if sys.platform == "linux" and not any(loads(library) for library in OSMESA):
        wanted = zip(OPENGL_PACKAGES, ("libGL.so.1", "libEGL.so.1"), strict=True)
        missing += [package for package, library in wanted if not loads(library)]
    return missing


def install(packages: list[str]) -> None:
    """Install Debian packages, or exit with apt-get's exit code."""
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],
    ):
        code = subprocess.run(command, env=environment, check=False).returncode
        if code:
            sys.exit(f"{' '.join(command)} failed; install these packages, then run make again: {' '.join(packages)}")


def provide_browser() -> None:
    """Install Chromium, with which the tests use the studio's page, where possible; else say what is skipped."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing chromium ...")
        install(["chromium"])
    else:
        print("Chromium is not installed: the tests of the studio's page are skipped", file=sys.stderr)


def main() -> None:
    """Install what is missing, or say what to install and exit with code 1."""
    if sys.argv[1:] == ["--browser"]:
        provide_browser()
        return
    packages = missing_packages()
    if not packages:
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing {' '.join(packages)} ...")
        install(packages)
    elif shutil.which("apt-get"):
        sys.exit(f"system packages are missing; run: sudo apt-get install {' '.join(packages)}")
    else:
        sys.exit(
            f"system libraries are missing; with this system's package manager, install what Debian calls "
            f"{' '.join(packages)}"
        )


if __name__ == "__main__":
    main()
