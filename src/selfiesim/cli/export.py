"""The command ``selfiesim export``: a posed scene as glTF, USD or Mitsuba's XML, for Blender and other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from selfiesim.cli.console import load_scene, parse_at, print_json, progress_line
from selfiesim.cli.options import AsJson, At, Craft, SceneName, Size, flag, output_file
from selfiesim.core.errors import OutputError

if TYPE_CHECKING:
    from selfiesim.view.view import View


# Long: the signature declares the options.
def export(
    scene_name: SceneName,
    /,
    *,
    output: Annotated[Path, output_file("File to write: .glb; .usda, .usdc or .usdz; or .xml for Mitsuba.")],
    at: At = None,
    size: Size = None,
    craft: Craft = None,
    blender: Annotated[
        bool, flag("Also write a script that sets the shot up in Blender, next to the .glb.", "--blender")
    ] = False,
    backplate: Annotated[
        bool, flag("With --blender: also render planet and sky, as background of the picture.", "--backplate")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Export the posed craft, the camera and the Sun as glTF or USD, for Blender and others, or as XML for Mitsuba 3.

    Example: selfiesim export tianwen1-mars --blender --backplate -o shot.glb
    """
    from selfiesim.core.files import atomic_write
    from selfiesim.files.exports.mitsuba_xml import write_mitsuba
    from selfiesim.files.exports.usd import ENDINGS, write_usd
    from selfiesim.files.scene_glb import scene_glb

    ending = output.suffix.lower()
    if ending not in (".glb", ".xml", *ENDINGS):
        raise OutputError(f"{output}: a scene is exported as .glb, .usda, .usdc, .usdz or .xml")
    if (blender or backplate) and ending != ".glb":
        raise OutputError(f"{output}: the script for Blender loads a .glb; end its name in .glb")
    if backplate and not blender:
        raise OutputError("--backplate: the script of --blender shows it; give both")
    view = load_scene(scene_name, craft, size).view(parse_at(at))
    if ending == ".glb":
        content = scene_glb(view)
        with atomic_write(output) as temporary:
            temporary.write_bytes(content)
        files = [output, *(_write_for_blender(view, output, backplate) if blender else [])]
    elif ending == ".xml":
        with progress_line() as set_status:
            set_status("rendering what is around the craft")
            files = write_mitsuba(view, output)
    else:
        write_usd(view, output)
        files = [output]
    if as_json:
        print_json({"file": str(output), "bytes": output.stat().st_size, "files": [str(file) for file in files]})
    else:
        for file in files:
            print(f"{file}: {file.stat().st_size:,} bytes" if file.is_file() else f"{file}: meshes and pictures")


def _write_for_blender(view: View, glb: Path, with_backplate: bool) -> list[Path]:
    """Write the script for Blender, and the backplate that it shows."""
    from selfiesim.core.files import atomic_write
    from selfiesim.files.exports.blender import blender_script, metered_exposure, write_backplate

    with progress_line() as set_status:
        set_status("metering")
        exposure = metered_exposure(view)
        plate = glb.with_name(f"{glb.stem}-backplate.exr") if with_backplate else None
        if plate is not None:
            set_status("rendering planet and sky")
            with atomic_write(plate) as temporary:
                write_backplate(view, temporary, exposure)
    script = glb.with_suffix(".py")
    with atomic_write(script) as temporary:
        temporary.write_text(blender_script(view, glb, exposure, plate), encoding="utf-8")
    return [script, *([plate] if plate else [])]
