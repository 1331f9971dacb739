"""The command ``selfiesim story``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from selfiesim.cli.console import load_scene, parse_address, print_advice, print_json, progress_line
from selfiesim.cli.options import (
    AsJson,
    Craft,
    DraftByDefault,
    LastFrame,
    PageAddress,
    Quality,
    SceneName,
    choose_quality,
    flag,
    output_file,
)
from selfiesim.core.errors import SceneError

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene

_FILM_FILE, _FILM_FRAMES, _FILM_FPS = "film.mp4", 120, 12.0
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
    quality: Quality | None = None,
    draft: DraftByDefault = False,
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
    film: Annotated[bool, flag("Also draw a film of ten seconds, and show it on the page.")] = False,
    url: PageAddress = None,
    as_json: AsJson = False,
) -> None:
    """Document a release from start to end: frames, contact sheet, trajectory figure, web page.

    The scene must have a released camera ([release]).

    Example: selfiesim story tianwen1-mars --every 20s -o story
    """
    from selfiesim.pages import story as story_page
    from selfiesim.scene.scene import Scene
    from selfiesim.scene.shipped import scenes as shipped_scenes

    quality = choose_quality(quality, draft, "draft")
    if meter_each and meter_at:
        raise SceneError("--meter-at and --meter-each: give one of them")
    scene = load_scene(scene_name, craft, size)
    story_page.check_released(scene, [name for name in sorted(shipped_scenes()) if Scene.load(name).release])
    times = story_page.story_times(scene.seconds(stop, "--to"), _parse_duration(every), frames)
    print_advice(scene, scene.view())
    folder = output or Path(f"{Path(scene_name).stem}-story")
    address = parse_address(url)
    with progress_line() as set_status:
        story = story_page.render_story(
            scene, times, folder, quality, meter_at, meter_each, axes, set_status,
            draw_film=_filming(times, quality) if film else None, address=address,
        )  # fmt: skip
    if as_json:
        print_json({"page": str(folder / "index.html")} | story.records())
    else:
        print(f"{folder / 'index.html'}  ({len(story.frames)} frames, {quality}, exposure {story.metered})")


def _filming(times: list[float], quality: str) -> Callable[[Scene, Path], str]:
    """Return a function that draws the film of a story with frames at ``times``, s after the release."""
    from selfiesim.films.film import FilmSettings
    from selfiesim.films.film import film as render_film

    first, last = min(times[0], 0.5 * times[-1]), times[-1]
    settings = FilmSettings(
        f"release+{first:.6f}s", f"release+{last:.6f}s", (last - first) / (_FILM_FRAMES - 1), _FILM_FPS, quality=quality
    )

    def draw(scene: Scene, folder: Path) -> str:
        render_film(scene, folder / _FILM_FILE, settings)
        return _FILM_FILE

    return draw


def _parse_duration(text: str | None) -> float | None:
    """Return the seconds of a duration such as 10s or 2min."""
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    if not match or float(match[1]) == 0.0:
        raise SceneError(f"--every {text[:40]!r}: write a duration such as 10s, 0.5s or 2min")
    return float(match[1]) * (60.0 if match[2] == "min" else 1.0)
