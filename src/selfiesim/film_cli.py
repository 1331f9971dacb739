"""The command that films: ``selfiesim film``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from selfiesim.console import parse_size, print_json, progress_line


def draw_film(
    scene: Annotated[str, Parameter(help="A shipped scene's name, or the path of a scene file.")],
    /,
    *,
    start: Annotated[str, Parameter(name="--from", help="First frame's moment.")] = "release",
    stop: Annotated[str, Parameter(name="--to", help="Last frame's moment.")] = "release+120s",
    step_s: Annotated[float, Parameter(help="Seconds that pass from one frame to the next.")] = 1.0,
    fps: Annotated[float, Parameter(help="Frames shown a second.")] = 25.0,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="File: .mp4, .gif, .apng or .webp.")] = None,
    size: Annotated[str | None, Parameter(help="Picture size, such as 1280x720; default: the scene's.")] = None,
    quality: Annotated[Literal["draft", "final"], Parameter(help="draft: quick; final: with soft shadows.")] = "draft",
    samples: Annotated[int | None, Parameter(help="How many passes, 1 to 1024, instead of the quality's.")] = None,
    look: Annotated[
        Literal["clean", "raw", "onboard", "press"] | None, Parameter(help="As what camera; default: the scene's.")
    ] = None,
    exposure: Annotated[
        Literal["held", "metered"], Parameter(help="held: one for the whole film; metered: by each frame anew.")
    ] = "held",
    blur: Annotated[
        float | None, Parameter(help="For what share of a step the shutter is open, 0 to 1; 0.5 is cinema's.")
    ] = None,
    ping_pong: Annotated[bool, Parameter(negative="", help="Run back to the beginning.")] = False,
    title: Annotated[bool, Parameter(negative="", help="Begin with a title.")] = False,
    counter: Annotated[bool, Parameter(negative="", help="Write time and range into the picture.")] = False,
    scale_bar: Annotated[bool, Parameter(negative="", help="Draw a scale bar for the craft's distance.")] = False,
    watermark: Annotated[bool, Parameter(negative="", help="Write 'synthetic image' into the picture.")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for programs.")] = False,
) -> None:
    """Film the drift: a frame for each step of time, with the recipe in a JSON file beside the film."""
    from selfiesim.film import Take, film
    from selfiesim.output.images import sidecar_path
    from selfiesim.scene import Scene

    began = time.perf_counter()
    shot = Scene.load(scene)
    marks = [mark for mark, wanted in (("scale-bar", scale_bar), ("watermark", watermark)) if wanted]
    changes = {"camera__size_px": size and parse_size(size), "photo__look": look, "photo__marks": marks}
    shot = shot.with_changes(**{key: value for key, value in changes.items() if value})
    take = Take(
        start, stop, step_s, fps=fps, exposure=exposure, blur=blur, ping_pong=ping_pong, title=title, counter=counter,
        quality=quality, samples=samples,
    )  # fmt: skip
    path = output or Path(f"{Path(scene).stem}.mp4")
    with progress_line() as say:

        def tell(done: int, of: int) -> None:
            left = (time.perf_counter() - began) / done * (of - done) if done else 0.0
            say(f"drawing, frame {done + 1} of {of}" + (f", {left:.0f} s left" if done else ""))

        say("metering")
        made = film(shot, path, take, tell)
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
