"""The command ``selfiesim export``: a posed scene as a GLB file, for Blender and other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from selfiesim.cli.console import load_scene, parse_at, print_json
from selfiesim.cli.options import AsJson, At, Craft, SceneName, output_file
from selfiesim.core.errors import OutputError


def export(
    scene_name: SceneName,
    /,
    *,
    output: Annotated[Path, output_file("GLB file to write.")],
    at: At = None,
    craft: Craft = None,
    as_json: AsJson = False,
) -> None:
    """Export the posed craft, the camera and the Sun as glTF, for Blender and others."""
    from selfiesim.core.files import atomic_write
    from selfiesim.files.scene_glb import scene_glb

    if output.suffix.lower() != ".glb":
        raise OutputError(f"{output}: a scene is exported as .glb")
    scene = load_scene(scene_name, craft)
    content = scene_glb(scene.view(parse_at(at)))
    with atomic_write(output) as temporary:
        temporary.write_bytes(content)
    if as_json:
        print_json({"file": str(output), "bytes": len(content)})
    else:
        print(f"{output}: {len(content):,} bytes")
