"""The commands that render one image: ``selfiesim render``, ``demo`` and ``expose``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from selfiesim.cli.console import SetStatus, load_scene, parse_at, print_advice, print_json, progress_line
from selfiesim.cli.options import (
    AsJson,
    At,
    Craft,
    Draft,
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
from selfiesim.core.errors import SceneError
from selfiesim.core.limits import RENDER_PIXELS

if TYPE_CHECKING:
    from selfiesim.photo.exposure import Exposure
    from selfiesim.view.view import View


# Long: the signature declares the options.
def render(
    scene_name: SceneName,
    /,
    *,
    output: Annotated[
        Path | None,
        output_file(
            "File to write: .png, .jpg or .tif for the image, .exr or .npz for radiance and layers too; "
            "default: SCENE.png."
        ),
    ] = None,
    at: At = None,
    size: Size = None,
    craft: Craft = None,
    quality: Quality | None = None,
    draft: Draft = False,
    samples: Samples = None,
    engine: Annotated[
        Literal["pyvista", "mitsuba"],
        Parameter(help="Renderer; mitsuba traces 16 (draft) or 64 (final) paths per pixel, or --samples."),
    ] = "pyvista",
    look: Look = None,
    bits: Annotated[int, Parameter(help="Bits per channel of a PNG or TIFF, 8 or 16.")] = 8,
    dpi: Annotated[
        float | None, Parameter(help="Resolution in print, pixels per inch, to write into the file.")
    ] = None,
    half: Annotated[bool, Parameter(help="Store EXR light and colours in 16 bits instead of 32.")] = True,
    lights: Annotated[
        bool, flag("EXR only: also each kind of light on its own (Sun, planetshine, air ...).", "--lights")
    ] = False,
    scale_bar: ScaleBar = False,
    watermark: Watermark = False,
    as_json: AsJson = False,
) -> None:
    """Render a scene to an image file.

    The recipe, which is all that is needed to render the image again, is embedded
    in the file and written next to it as JSON.

    Example: selfiesim render tianwen1-mars --at release+60s -o selfie.png
    """
    from selfiesim.files.images import check_lights, check_writable, save, sidecar_path
    from selfiesim.files.metadata import check_dpi
    from selfiesim.files.poster import is_large

    start = time.perf_counter()
    scene = load_scene(scene_name, craft, size)
    path = output or Path(f"{Path(scene_name).stem}.png")
    check_writable(path, bits)
    check_dpi(dpi)
    check_lights(path, lights)
    if lights and engine != "pyvista":
        raise SceneError(f"--lights: the engine {engine} does not separate light by kind; leave out --engine")
    if samples is not None and not 1 <= samples <= 1024:
        raise SceneError(f"--samples {samples}: give a number from 1 to 1024")
    quality = choose_quality(quality, draft, "final")
    marks = mark_names(scale_bar, watermark)
    settings: dict[str, Any] = ({"look": look} if look else {}) | ({"marks": marks} if marks else {})
    with progress_line() as set_status:
        set_status("placing craft, camera, planet and Sun")
        view = scene.view(parse_at(at))
        print_advice(scene, view)
        set_status(f"rendering ({quality})")
        if is_large(view.camera):
            exposure = _save_poster(view, path, settings, (bits, dpi), (quality, samples, engine), set_status)
        else:
            radiance = view.render(
                quality, samples, lambda done, of: set_status(f"rendering, pass {done + 1} of {of}"), engine
            )
            set_status("developing")
            photo = radiance.expose(**settings)
            save(photo, path, bits, half, dpi, lights, lambda done, of: set_status(f"rendering light, {done} of {of}"))
            exposure = photo.exposure
    seconds = time.perf_counter() - start
    if as_json:
        result = {
            "file": str(path),
            "sidecar": str(sidecar_path(path)),
            "size_px": [view.camera.width, view.camera.height],
        }
        print_json(result | {"quality": quality, "seconds": round(seconds, 3), "exposure": str(exposure)})
    else:
        print(f"{path}  ({quality}, {exposure}, {seconds:.1f} s)")


def _save_poster(
    view: View,
    path: Path,
    settings: dict[str, Any],
    file_options: tuple[int, float | None],
    render_options: tuple[str, int | None, str],
    set_status: SetStatus,
) -> Exposure:
    """Render an image too large for one piece in tiles.

    ``file_options`` is bits and dpi; ``render_options`` is quality, samples and engine.
    """
    from selfiesim.files.poster import check_ending, render_poster

    quality, samples, engine = render_options
    check_ending(path, view.camera)
    if engine != "pyvista":
        raise SceneError(f"--engine {engine}: renders images of at most {RENDER_PIXELS.value / 1e6:.0f} megapixels")
    options = view.shot.photo.with_changes(view.shot.source, **settings)

    def on_progress(done: int, of: int) -> None:
        set_status(f"rendering, tile {done + 1} of {of}")

    with render_poster(view, options, path.parent, quality, samples, on_progress) as large:
        set_status("developing")
        large.save(path, *file_options)
        return large.exposure


def demo(
    *,
    output: Annotated[Path, output_file("Image file to write.")] = Path("tianwen1-mars.png"),
    quality: Quality = "final",
) -> None:
    """Render a first image: Tianwen-1 over the north pole of Mars."""
    render("tianwen1-mars", output=output, quality=quality)
    print(f"The image is at {output.resolve()}")


def expose(
    scene_name: SceneName,
    /,
    *,
    output: Annotated[Path | None, output_file("Also write a sheet of nine exposures (.png).")] = None,
    at: At = None,
    size: Annotated[str, Parameter(help="Image size in pixels.")] = "960x540",
    craft: Craft = None,
    as_json: AsJson = False,
) -> None:
    """Report how a scene is exposed: histogram, clipped areas and advice.

    Example: selfiesim expose tianwen1-mars -o bracket.png
    """
    from selfiesim.photo.bracket import exposure_report, format_exposure_report, save_bracket_sheet

    scene = load_scene(scene_name, craft, size)
    with progress_line() as set_status:
        set_status("rendering")
        radiance = scene.view(parse_at(at)).render()
        report = exposure_report(radiance.expose())
        if output:
            set_status("bracketing")
            save_bracket_sheet(radiance, output)
    if as_json:
        print_json(report | ({"bracket": str(output)} if output else {}))
    else:
        print(format_exposure_report(report) + (f"\n{output}" if output else ""))
