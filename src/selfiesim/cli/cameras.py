"""The command about known cameras: ``selfiesim cameras``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import print_camera, print_cameras, print_json
from selfiesim.cli.options import AsJson


def cameras(
    name: Annotated[str | None, Parameter(help="A camera's name; without it, all are listed.")] = None,
    /,
    *,
    as_json: AsJson = False,
) -> None:
    """List the known cameras, or tell all about one and who published it."""
    from selfiesim.camera.catalogue import PRESETS, preset

    if as_json:
        one = None if name is None else {"name": name} | preset(name).facts()
        print_json(one or [{"name": each} | known.facts() for each, known in PRESETS.items()])
    elif name is None:
        print_cameras()
    else:
        print_camera(preset(name).facts())
