"""The command ``selfiesim film``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from selfiesim.cli.console import load_scene, print_json, progress_line
from selfiesim.cli.options import (
    AsJson,
    Craft,
    DraftByDefault,
    FirstFrame,
    LastFrame,
    Look,
    Quality,
    Samples,
    ScaleBar,
    SceneName,
    Size,
    Watermark,
    choose_quality,
    flag,
    mark_names,
    output_file,
)


# Long: the signature declares the options.
def render_film(
    scene_name: SceneName,
    /,
    *,
    start: FirstFrame = "release",
    stop: LastFrame = "release+120s",
    step_s: Annotated[float, Parameter(help="Seconds of scene time between frames.")] = 1.0,
    fps: Annotated[float, Parameter(help="Frames shown per second.")] = 25.0,
    output: Annotated[
        Path | None, output_file("Film file to write: .mp4, .gif, .apng or .webp; default: SCENE.mp4.")
    ] = None,
    size: Size = None,
    craft: Craft = None,
    quality: Quality | None = None,
    draft: DraftByDefault = False,
    samples: Samples = None,
    look: Look = None,
    exposure: Annotated[
        Literal["held", "metered"],
        Parameter(help="held: one exposure for the whole film; metered: each frame has its own."),
    ] = "held",
    blur: Annotated[
        float | None,
        Parameter(help="Motion blur: open shutter as a fraction of the step, 0 to 1; cinema uses 0.5."),
    ] = None,
    ping_pong: Annotated[bool, flag("Run back to the start at the end.")] = False,
    title: Annotated[bool, flag("Start with a title card.")] = False,
    counter: Annotated[bool, flag("Write time and range into each frame.")] = False,
    scale_bar: ScaleBar = False,
    watermark: Watermark = False,
    as_json: AsJson = False,
) -> None:
    """Render a film of the drift, one frame per time step.

    The recipe is written next to the film as JSON.

    Example: selfiesim film tianwen1-mars --to release+60s --fps 12 -o drift.mp4
    """
    from selfiesim.files.images import sidecar_path
    from selfiesim.films.film import FilmSettings, film

    began = time.perf_counter()
    quality = choose_quality(quality, draft, "draft")
    scene = load_scene(scene_name, craft, size)
    changes = {"photo__look": look, "photo__marks": mark_names(scale_bar, watermark)}
    scene = scene.with_changes(**{key: value for key, value in changes.items() if value})
    settings = FilmSettings(
        start, stop, step_s, fps=fps, exposure=exposure, blur=blur, ping_pong=ping_pong, title=title, counter=counter,
        quality=quality, samples=samples,
    )  # fmt: skip
    path = output or Path(f"{Path(scene_name).stem}.mp4")
    with progress_line() as set_status:

        def on_progress(done: int, of: int) -> None:
            set_status(progress_text(time.perf_counter() - began, done, of))

        set_status("metering")
        made = film(scene, path, settings, on_progress)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(
            {
                "file": str(path),
                "sidecar": str(sidecar_path(path)),
                "size_px": list(scene.camera.size_px),
                "frames": made.frames,
                "fps": made.fps,
                "duration_s": made.duration_s,
                "seconds": round(seconds, 3),
                "shutter_s": made.recipe["frames"]["shutter_s"][0],
            }
        )
    else:
        print(
            f"{path}  ({made.frames} frames, {quality}, {made.duration_s:.1f} s at {made.fps:g} fps; "
            f"took {seconds:.1f} s)"
        )


def progress_text(elapsed_s: float, done: int, of: int) -> str:
    """Return which frame is rendered, and from the second one on the time that is left."""
    left = f", {elapsed_s / done * (of - done):.0f} s left" if done else ""
    return f"rendering, frame {done + 1} of {of}{left}"
