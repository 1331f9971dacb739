"""The command that films: ``selfiesim film``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from selfiesim.cli.console import load_shot, print_json, progress_line
from selfiesim.cli.options import (
    AsJson,
    Craft,
    FirstFrame,
    LastFrame,
    Look,
    Quality,
    Samples,
    ScaleBar,
    SceneName,
    Size,
    Watermark,
    mark_names,
)


def draw_film(
    scene: SceneName,
    /,
    *,
    start: FirstFrame = "release",
    stop: LastFrame = "release+120s",
    step_s: Annotated[float, Parameter(help="Seconds that pass from one frame to the next.")] = 1.0,
    fps: Annotated[float, Parameter(help="Frames shown a second.")] = 25.0,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="File: .mp4, .gif, .apng or .webp.")] = None,
    size: Size = None,
    craft: Craft = None,
    quality: Quality = "draft",
    samples: Samples = None,
    look: Look = None,
    exposure: Annotated[
        Literal["held", "metered"], Parameter(help="held: one for the whole film; metered: by each frame anew.")
    ] = "held",
    blur: Annotated[
        float | None, Parameter(help="For what share of a step the shutter is open, 0 to 1; 0.5 is cinema's.")
    ] = None,
    ping_pong: Annotated[bool, Parameter(negative="", help="Run back to the beginning.")] = False,
    title: Annotated[bool, Parameter(negative="", help="Begin with a title.")] = False,
    counter: Annotated[bool, Parameter(negative="", help="Write time and range into the picture.")] = False,
    scale_bar: ScaleBar = False,
    watermark: Watermark = False,
    as_json: AsJson = False,
) -> None:
    """Film the drift: a frame for each step of time, with the recipe in a JSON file beside the film."""
    from selfiesim.files.images import sidecar_path
    from selfiesim.film.film import FilmSettings, film

    began = time.perf_counter()
    shot = load_shot(scene, craft, size)
    marks = mark_names(scale_bar, watermark)
    changes = {"photo__look": look, "photo__marks": marks}
    shot = shot.with_changes(**{key: value for key, value in changes.items() if value})
    take = FilmSettings(
        start, stop, step_s, fps=fps, exposure=exposure, blur=blur, ping_pong=ping_pong, title=title, counter=counter,
        quality=quality, samples=samples,
    )  # fmt: skip
    path = output or Path(f"{Path(scene).stem}.mp4")
    with progress_line() as set_status:

        def on_progress(done: int, of: int) -> None:
            left = (time.perf_counter() - began) / done * (of - done) if done else 0.0
            set_status(f"drawing, frame {done + 1} of {of}" + (f", {left:.0f} s left" if done else ""))

        set_status("metering")
        made = film(shot, path, take, on_progress)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(
            {
                "file": str(path),
                "sidecar": str(sidecar_path(path)),
                "size_px": list(shot.camera.size_px),
                "frames": made.frames,
                "fps": made.fps,
                "duration_s": made.duration_s,
                "seconds": round(seconds, 3),
                "shutter_s": made.recipe["frames"]["shutter_s"][0],
            }
        )
    else:
        print(f"{path}  ({made.frames} frames, {made.duration_s:.1f} s at {made.fps:g} a second; {seconds:.1f} s)")
