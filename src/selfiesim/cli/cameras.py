"""The command ``selfiesim cameras``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import print_camera, print_cameras, print_json
from selfiesim.cli.options import AsJson


def cameras(
    name: Annotated[str | None, Parameter(help="Name of a camera; default: list all.")] = None,
    /,
    *,
    as_json: AsJson = False,
) -> None:
    """List the known cameras, or show one in detail with the source of each value.

    Use one in a scene file with: camera.preset = "NAME"
    """
    from selfiesim.camera.catalogue import PRESETS, preset

    if as_json:
        one = None if name is None else {"name": name} | preset(name).facts()
        print_json(one or [{"name": each} | known.facts() for each, known in PRESETS.items()])
    elif name is None:
        print_cameras()
    else:
        print_camera(preset(name).facts())
