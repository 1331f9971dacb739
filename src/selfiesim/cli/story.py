"""The command ``selfiesim story``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from selfiesim.cli.console import load_shot, print_json, progress_line
from selfiesim.cli.options import AsJson, Craft, Quality, SceneName
from selfiesim.core.errors import SceneError

_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(s|min)?")


def draw_story(
    scene: SceneName,
    /,
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Folder for frames, sheet, figure and page.")
    ] = None,
    every: Annotated[str | None, Parameter(help="Time from frame to frame: 5s, 0.5s, 2min; default: 10s.")] = None,
    frames: Annotated[int | None, Parameter(help="Instead: how many frames, evenly spread, 2 to 240.")] = None,
    stop: Annotated[str, Parameter(name="--to", help="The last frame's moment.")] = "release+120s",
    quality: Quality = "draft",
    size: Annotated[str, Parameter(help="Of the frames.")] = "640x360",
    craft: Craft = None,
    meter_at: Annotated[
        str | None, Parameter(help="The moment whose light sets the shutter of all frames; default: the scene's own.")
    ] = None,
    meter_each: Annotated[bool, Parameter(negative="", help="Meter each frame anew instead.")] = False,
    axes: Annotated[
        Literal["rtn", "body"], Parameter(help="Of the figure: up and along the orbit, or the craft's.")
    ] = "rtn",
    as_json: AsJson = False,
) -> None:
    """Tell a release as it happened: its frames, a sheet of them, a figure of the path to scale, and a page.

    For scenes whose camera is pushed off ([release]); a mounted camera has no such story.
    """
    from selfiesim.pages.story import check_released, render_story, story_times
    from selfiesim.scene.scene import Scene, shipped_scenes

    if meter_each and meter_at:
        raise SceneError("--meter-at and --meter-each: give one of them")
    shot = load_shot(scene, craft, size)
    check_released(shot, [name for name in sorted(shipped_scenes()) if Scene.load(name).release])
    times = story_times(shot.seconds(stop, "--to"), _parse_duration(every), frames)
    folder = output or Path(f"{Path(scene).stem}-story")
    with progress_line() as set_status:
        story = render_story(shot, times, folder, quality, meter_at, meter_each, axes, set_status)
    if as_json:
        print_json({"page": str(folder / "index.html")} | story.records())
    else:
        print(f"{folder / 'index.html'}  ({len(story.frames)} frames, exposure {story.metered})")


def _parse_duration(text: str | None) -> float | None:
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    if not match or float(match[1]) == 0.0:
        raise SceneError(f"--every {text[:40]!r}: write a time such as 10s, 0.5s or 2min")
    return float(match[1]) * (60.0 if match[2] == "min" else 1.0)
