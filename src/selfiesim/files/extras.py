"""Packages that write some of the file formats, installed by selfiesim's extras."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from selfiesim.core.errors import OutputError

# By module: what needs it, the package that has it, and the extra that installs it.
_PACKAGES = {
    "OpenEXR": ("EXR files need", "OpenEXR", "exr"),
    "mmh3": ("EXR files need", "mmh3", "exr"),
    "reportlab.pdfgen.canvas": ("PDF files need", "reportlab", "print"),
    "pxr": ("USD files need", "usd-core", "usd"),
}


def import_extra(module: str) -> Any:
    """Import a module that one of selfiesim's extras installs.

    Parameters
    ----------
    module : str
        Its name.

    Raises
    ------
    OutputError
        When it is not installed; the message says how to install it.
    """
    needed_by, package, extra = _PACKAGES[module]
    try:
        return import_module(module)
    except ImportError as error:
        raise OutputError(f"{needed_by} {package}: pip install 'selfiesim[{extra}]'") from error
