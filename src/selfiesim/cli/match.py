"""The command ``selfiesim match``: where the camera of a photograph was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import load_scene, print_json, progress_line
from selfiesim.cli.options import AsJson, SceneName, output_file
from selfiesim.core.errors import MatchError


# Long: the signature declares the options.
def match_photograph(
    photo: Annotated[Path, Parameter(name="PHOTO", help="The photograph (JPEG, PNG, TIFF or WebP).")],
    scene_name: SceneName,
    /,
    *,
    points: Annotated[Path, Parameter(help="Points file (TOML): what is where in the photograph.")],
    fit: Annotated[
        str,
        Parameter(
            help="What to solve for, comma-separated: pose, position, attitude, fov, centre, k1..k4, p1, p2, time, "
            "release_time, speed, axis, joint.NAME, OBJECT.position, OBJECT.heading, OBJECT.tilt, craft.tilt."
        ),
    ] = "pose,fov",
    output: Annotated[Path, output_file("Scene file to write (.toml); the pictures are written next to it.")] = Path(
        "matched.toml"
    ),
    as_json: AsJson = False,
    pictures: Annotated[
        bool, Parameter(negative="--no-pictures", help="Render the matched scene, and lay it over the photograph.")
    ] = True,
) -> None:
    """Find the camera of a photograph: position, attitude, lens and moment, each with its standard deviation.

    Writes the scene that reproduces the photograph, an overlay with the outlines of
    the render and the residuals of the points, a side-by-side, and a blink animation.

    Example: selfiesim match photo.jpg zhurong-group --points points.toml -o matched.toml
    """
    from selfiesim.matching.match import match
    from selfiesim.matching.report import lines

    if output.suffix.lower() != ".toml":
        raise MatchError(f"--output {output}: give a scene file ending in .toml")
    scene = load_scene(scene_name)
    with progress_line() as set_status:
        set_status("solving")
        found = match(photo, scene, points, fit=[word for word in fit.split(",") if word.strip()])
        found.save(output)
        files = [output]
        if pictures:
            from selfiesim.matching.pictures import save_pictures

            files += save_pictures(found, output.parent, output.stem, set_status)
    if as_json:
        print_json(found.report() | {"files": [str(file) for file in files]})
        return
    for line in lines(found):
        print(line)
    for file in files:
        print(file)
