"""The command ``selfiesim story``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from selfiesim.cli.console import load_scene, print_advice, print_json, progress_line
from selfiesim.cli.options import AsJson, Craft, LastFrame, Quality, SceneName, flag, output_file
from selfiesim.core.errors import SceneError

_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(s|min)?")


# Long: the signature declares the options.
def render_story(
    scene_name: SceneName,
    /,
    *,
    output: Annotated[Path | None, output_file("Folder to write to; default: SCENE-story.")] = None,
    every: Annotated[
        str | None, Parameter(help="Interval between frames, such as 5s, 0.5s or 2min; default: 10s.")
    ] = None,
    frames: Annotated[
        int | None, Parameter(help="Number of evenly spaced frames, 2 to 240, instead of --every.")
    ] = None,
    stop: LastFrame = "release+120s",
    quality: Quality = "draft",
    size: Annotated[str, Parameter(help="Frame size in pixels.")] = "640x360",
    craft: Craft = None,
    meter_at: Annotated[
        str | None,
        Parameter(help="Moment whose light sets the shutter of all frames; default: the scene's own moment."),
    ] = None,
    meter_each: Annotated[bool, flag("Meter each frame separately.")] = False,
    axes: Annotated[
        Literal["rtn", "body"],
        Parameter(help="Axes of the figure: rtn (radial, transverse, normal of the orbit), or the craft's body axes."),
    ] = "rtn",
    as_json: AsJson = False,
) -> None:
    """Document a release from start to end: frames, contact sheet, trajectory figure, web page.

    The scene must have a released camera ([release]).

    Example: selfiesim story tianwen1-mars --every 20s -o story
    """
    from selfiesim.pages import story as story_page
    from selfiesim.scene.scene import Scene
    from selfiesim.scene.shipped import scenes as shipped_scenes

    if meter_each and meter_at:
        raise SceneError("--meter-at and --meter-each: give one of them")
    scene = load_scene(scene_name, craft, size)
    story_page.check_released(scene, [name for name in sorted(shipped_scenes()) if Scene.load(name).release])
    times = story_page.story_times(scene.seconds(stop, "--to"), _parse_duration(every), frames)
    print_advice(scene, scene.view())
    folder = output or Path(f"{Path(scene_name).stem}-story")
    with progress_line() as set_status:
        story = story_page.render_story(scene, times, folder, quality, meter_at, meter_each, axes, set_status)
    if as_json:
        print_json({"page": str(folder / "index.html")} | story.records())
    else:
        print(f"{folder / 'index.html'}  ({len(story.frames)} frames, {quality}, exposure {story.metered})")


def _parse_duration(text: str | None) -> float | None:
    """Return the seconds of a duration such as 10s or 2min."""
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    if not match or float(match[1]) == 0.0:
        raise SceneError(f"--every {text[:40]!r}: write a duration such as 10s, 0.5s or 2min")
    return float(match[1]) * (60.0 if match[2] == "min" else 1.0)
