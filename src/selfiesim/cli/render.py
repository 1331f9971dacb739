"""The commands that draw one picture: ``selfiesim render``, ``demo`` and ``expose``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from selfiesim.cli.console import load_shot, parse_at, print_json, progress_line
from selfiesim.cli.options import (
    AsJson,
    At,
    Craft,
    Look,
    Quality,
    Samples,
    ScaleBar,
    SceneName,
    Size,
    Watermark,
    mark_names,
)
from selfiesim.core.errors import SceneError

if TYPE_CHECKING:
    from selfiesim.photo.exposure import Exposure
    from selfiesim.view.view import View


def render(
    scene: SceneName,
    /,
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="File: .png, .jpg, .tif; .exr or .npz for the light.")
    ] = None,
    at: At = None,
    size: Size = None,
    craft: Craft = None,
    quality: Quality = "draft",
    samples: Samples = None,
    engine: Annotated[
        Literal["pyvista", "mitsuba"],
        Parameter(help="mitsuba: trace 16 or 64 paths a pixel, or --samples."),
    ] = "pyvista",
    look: Look = None,
    bits: Annotated[int, Parameter(help="Of a PNG or TIFF: 8 or 16.")] = 8,
    half: Annotated[bool, Parameter(help="EXR with light and colours in 16 bits instead of 32.")] = True,
    scale_bar: ScaleBar = False,
    watermark: Watermark = False,
    as_json: AsJson = False,
) -> None:
    """Render a scene into a file, with its recipe inside and in a JSON file beside it."""
    from selfiesim.files.images import check_writable, sidecar_path
    from selfiesim.files.poster import is_large

    start = time.perf_counter()
    shot = load_shot(scene, craft, size)
    path = output or Path(f"{Path(scene).stem}.png")
    check_writable(path, bits)
    if samples is not None and not 1 <= samples <= 1024:
        raise SceneError(f"--samples {samples}: give a number from 1 to 1024")
    marks = mark_names(scale_bar, watermark)
    settings: dict[str, Any] = ({"look": look} if look else {}) | ({"marks": marks} if marks else {})
    with progress_line() as set_status:
        set_status("placing craft, camera, planet and Sun")
        view = shot.view(parse_at(at))
        set_status(f"drawing ({quality})")
        if is_large(view.camera):
            exposure = _save_poster(view, path, settings, bits, (quality, samples, engine), set_status)
        else:
            radiance = view.render(
                quality, samples, lambda done, of: set_status(f"drawing, {done + 1} of {of}"), engine
            )
            set_status("developing")
            photo = radiance.expose(**settings)
            photo.save(path, bits, half)
            exposure = photo.exposure
    seconds = time.perf_counter() - start
    if as_json:
        result = {
            "file": str(path),
            "sidecar": str(sidecar_path(path)),
            "size_px": [view.camera.width, view.camera.height],
        }
        print_json(result | {"seconds": round(seconds, 3), "exposure": str(exposure)})
    else:
        print(f"{path}  ({exposure}, {seconds:.1f} s)")


def _save_poster(
    view: View, path: Path, settings: dict[str, Any], bits: int, how: tuple[str, int | None, str], set_status: Any
) -> Exposure:
    """Draw in tiles what is too large for one piece; ``how`` is quality, samples and engine."""
    from selfiesim.files.poster import check_ending, poster
    from selfiesim.scene.camera import MAX_PIXELS

    quality, samples, engine = how
    check_ending(path, view.camera)
    if engine != "pyvista":
        raise SceneError(f"--engine {engine}: draws pictures of up to {MAX_PIXELS / 1e6:.0f} megapixels only")
    options = view.scene.with_changes(**{f"photo__{key}": value for key, value in settings.items()}).photo
    on_progress = lambda done, of: set_status(f"drawing, tile {done + 1} of {of}")  # noqa: E731
    with poster(view, options, path.parent, quality, samples, on_progress) as large:
        set_status("developing")
        large.save(path, bits)
        return large.exposure


def demo(
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="Picture file (.png).")] = Path(
        "tianwen1-mars.png"
    ),
    quality: Quality = "final",
) -> None:
    """Render the shot this project exists for: Tianwen-1 over the north pole of Mars."""
    render("tianwen1-mars", output=output, quality=quality)
    print(f"The picture is at {output.resolve()}")


def expose(
    scene: SceneName,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="Bracket of nine exposures (.png).")] = None,
    at: At = None,
    size: Size = "960x540",
    craft: Craft = None,
    as_json: AsJson = False,
) -> None:
    """Tell how a scene is exposed: histogram, what is clipped where, and what to change; draw a bracket."""
    from selfiesim.photo.bracket import exposure_report, format_exposure_report, save_bracket_sheet

    shot = load_shot(scene, craft, size)
    with progress_line() as set_status:
        set_status("drawing")
        radiance = shot.view(parse_at(at)).render()
        report = exposure_report(radiance.expose())
        if output:
            set_status("bracketing")
            save_bracket_sheet(radiance, output)
    if as_json:
        print_json(report | ({"bracket": str(output)} if output else {}))
    else:
        print(format_exposure_report(report) + (f"\n{output}" if output else ""))
