"""The command ``selfiesim export``: a posed scene as a GLB file, for Blender and others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import load_shot, parse_at, print_json
from selfiesim.cli.options import AsJson, At, Craft, SceneName
from selfiesim.core.errors import OutputError


def export(
    scene: SceneName,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="The GLB file to write.")],
    at: At = None,
    craft: Craft = None,
    as_json: AsJson = False,
) -> None:
    """Write the posed craft, the camera and the Sun as glTF, to go on with in Blender or elsewhere."""
    from selfiesim.core.files import atomic_write
    from selfiesim.files.scene_glb import scene_glb

    if output.suffix.lower() != ".glb":
        raise OutputError(f"{output}: a scene is exported as .glb")
    shot = load_shot(scene, craft)
    content = scene_glb(shot.view(parse_at(at)))
    with atomic_write(output) as temporary:
        temporary.write_bytes(content)
    if as_json:
        print_json({"file": str(output), "bytes": len(content)})
    else:
        print(f"{output}: {len(content):,} bytes")
