"""The command ``selfiesim gallery``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import parse_address, parse_size, print_json, progress_line
from selfiesim.cli.options import AsJson, Draft, PageAddress, Quality, Size, choose_quality, flag, output_file
from selfiesim.core.errors import SceneError
from selfiesim.core.replaced_process import ReplacedProcess

_FLAGSHIP_SCENE = "tianwen1-mars"  # first on the page: the reference scene


def render_gallery(
    scenes: Annotated[list[str] | None, Parameter(help="Scene names or files; default: all shipped scenes.")] = None,
    /,
    *,
    output: Annotated[Path, output_file("Folder for the images and the page.")] = Path("gallery"),
    quality: Quality | None = None,
    draft: Draft = False,
    size: Size = None,
    fresh: Annotated[bool, flag("Also render images that exist and are up to date.")] = False,
    png: Annotated[bool, flag("Write PNG images, which keep every pixel, instead of JPEG.")] = False,
    url: PageAddress = None,
    as_json: AsJson = False,
) -> None:
    """Render all shipped scenes and a web page with captions, geometry and assumptions.

    An image is kept while nothing that it depends on has changed: scene, meshes,
    maps, program, renderer. Run the command again to render the rest.
    """
    from selfiesim.pages.gallery import as_json as gallery_json
    from selfiesim.pages.gallery import gallery
    from selfiesim.scene.shipped import scenes as shipped_scenes

    quality = choose_quality(quality, draft, "final")
    size_px, address = parse_size(size) if size else None, parse_address(url)
    with progress_line() as set_status, ReplacedProcess() as drawing:
        names = scenes or sorted(shipped_scenes(), key=lambda name: (name != _FLAGSHIP_SCENE, name))
        ending = ".png" if png else ".jpg"
        entries = gallery(names, output, quality, size_px, set_status, fresh, ending, drawing.call, address)
    if as_json:
        print_json(gallery_json(entries, output))
    else:
        new = sum(entry.is_new for entry in entries)
        rendered = sum(entry.picture is not None for entry in entries)
        print(f"{output / 'index.html'}  ({new} rendered, {rendered - new} kept)")
    faults = [f"{entry.name}: {entry.fault}" for entry in entries if entry.fault]
    if faults:
        raise SceneError("not rendered: " + "; ".join(faults))
