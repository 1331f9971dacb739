"""The command ``selfiesim export``: a posed scene as a GLB file, for Blender and others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selfiesim.console import print_json
from selfiesim.errors import OutputError


def export(
    scene: Annotated[str, Parameter(help="A shipped scene's name, or a scene file.")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="The GLB file to write.")],
    at: Annotated[
        str | None, Parameter(allow_leading_hyphen=True, help="A moment such as release+60s; default: the scene's.")
    ] = None,
    craft: Annotated[
        str | None, Parameter(help="A model's name or a mesh file, in place of the scene's craft.")
    ] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for programs.")] = False,
) -> None:
    """Write the posed craft, the camera and the Sun as glTF, to go on with in Blender or elsewhere."""
    from selfiesim.output.scene_glb import scene_glb
    from selfiesim.paths import written_whole
    from selfiesim.scene import Scene

    if output.suffix.lower() != ".glb":
        raise OutputError(f"{output}: a scene is exported as .glb")
    shot = Scene.load(scene)
    if craft is not None:
        shot = shot.with_craft(craft)
    content = scene_glb(shot.view(at))
    with written_whole(output) as temporary:
        temporary.write_bytes(content)
    if as_json:
        print_json({"file": str(output), "bytes": len(content)})
    else:
        print(f"{output}: {len(content):,} bytes")
