"""The command ``selfiesim gallery``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import parse_size, print_json, progress_line
from selfiesim.cli.options import AsJson, Quality
from selfiesim.core.errors import SceneError

_FLAGSHIP_SCENE = "tianwen1-mars"  # the shot this project exists for


def draw_gallery(
    scenes: Annotated[list[str] | None, Parameter(help="Names or files of scenes; default: all shipped ones.")] = None,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="Folder for pictures and page.")] = Path("gallery"),
    quality: Quality = "final",
    size: Annotated[str | None, Parameter(help="Of the pictures, such as 1280x720; default: each scene's.")] = None,
    fresh: Annotated[bool, Parameter(negative="", help="Draw pictures that are there and unchanged as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw all shipped scenes, and a page with their captions, geometry and assumptions; run again, it draws the rest.

    A picture is kept while nothing that it depends on has changed: scene, meshes, maps, program, renderer.
    """
    from selfiesim.pages.gallery import as_json as gallery_json
    from selfiesim.pages.gallery import gallery
    from selfiesim.scene.scene import shipped_scenes

    size_px = parse_size(size) if size else None
    with progress_line() as set_status:
        names = scenes or sorted(shipped_scenes(), key=lambda name: (name != _FLAGSHIP_SCENE, name))
        shown = gallery(names, output, quality, size_px, set_status, fresh)
    if as_json:
        print_json(gallery_json(shown, output))
    else:
        new = sum(one.is_new for one in shown)
        drawn = sum(one.picture is not None for one in shown)
        print(f"{output / 'index.html'}  ({new} drawn, {drawn - new} kept)")
    faults = [f"{one.name}: {one.fault}" for one in shown if one.fault]
    if faults:
        raise SceneError("not drawn: " + "; ".join(faults))
