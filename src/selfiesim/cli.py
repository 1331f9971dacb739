"""The command line: each command is a few lines over the Python API.

Answers go to standard output, progress and errors to standard error; progress only on a terminal. Bad input exits with
code 2 and one clear message, without a traceback unless ``--debug`` is given.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

from selfiesim.batch_cli import run_batch
from selfiesim.console import (
    parse_size,
    print_camera,
    print_cameras,
    print_dispersion,
    print_downlink,
    print_drift,
    print_facts,
    print_json,
    progress_line,
)
from selfiesim.errors import SceneError, UserError
from selfiesim.export_cli import export
from selfiesim.film_cli import draw_film
from selfiesim.gallery_cli import draw_gallery
from selfiesim.labels_cli import label_frames
from selfiesim.maps_cli import draw_map, maps_app
from selfiesim.models_cli import models_app
from selfiesim.story_cli import draw_story

app = App(
    name="selfiesim",
    help="Recreate spacecraft selfies: the path of an ejected camera, and the picture it takes.",
    help_format="plaintext",
    version=lambda: _version(),
)

app.command(run_batch, name="batch")
app.command(draw_film, name="film")
app.command(label_frames, name="labels")
app.command(draw_map, name="map")
app.command(draw_gallery, name="gallery")
app.command(draw_story, name="story")
app.command(maps_app)
app.command(models_app)
app.command(export)

SceneName = Annotated[str, Parameter(help="A shipped scene's name, or the path of a scene file.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for programs.")]
Quality = Annotated[Literal["draft", "final"], Parameter(help="draft: quick; final: with soft shadows.")]
Size = Annotated[str | None, Parameter(help="Picture size, such as 1280x720; default: the scene's.")]
At = Annotated[str | None, Parameter(help="The moment: release+60s, max-latitude, or a UTC time.")]


@app.command
def render(
    scene: SceneName,
    /,
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="File: .png, .jpg, .tif; .exr or .npz for the light.")
    ] = None,
    at: At = None,
    size: Size = None,
    craft: Annotated[
        str | None, Parameter(help="A model's name or a mesh file in any folder, in place of the scene's craft.")
    ] = None,
    quality: Quality = "draft",
    samples: Annotated[int | None, Parameter(help="How many passes, 1 to 1024, instead of the quality's.")] = None,
    engine: Annotated[
        Literal["pyvista", "mitsuba"],
        Parameter(help="mitsuba: trace 16 or 64 paths a pixel, or --samples."),
    ] = "pyvista",
    look: Annotated[
        Literal["clean", "raw", "onboard", "press"] | None, Parameter(help="As what camera; default: the scene's.")
    ] = None,
    bits: Annotated[int, Parameter(help="Of a PNG or TIFF: 8 or 16.")] = 8,
    half: Annotated[bool, Parameter(help="EXR with light and colours in 16 bits instead of 32.")] = True,
    scale_bar: Annotated[bool, Parameter(negative="", help="Draw a scale bar for the craft's distance.")] = False,
    watermark: Annotated[bool, Parameter(negative="", help="Write 'synthetic image' into the picture.")] = False,
    as_json: AsJson = False,
) -> None:
    """Render a scene into a file, with its recipe inside and in a JSON file beside it."""
    from selfiesim.output.images import check_writable, sidecar_path
    from selfiesim.parts import MAX_PIXELS
    from selfiesim.poster import check_ending, is_large, poster
    from selfiesim.scene import Scene

    start = time.perf_counter()
    shot = Scene.load(scene)
    if craft is not None:
        shot = shot.with_craft(craft)
    if size is not None:
        shot = shot.with_changes(camera__size_px=parse_size(size))
    path = output or Path(f"{Path(scene).stem}.png")
    check_writable(path, bits)
    if samples is not None and not 1 <= samples <= 1024:
        raise SceneError(f"--samples {samples}: give a number from 1 to 1024")
    marks = [mark for mark, wanted in (("scale-bar", scale_bar), ("watermark", watermark)) if wanted]
    settings = ({"look": look} if look else {}) | ({"marks": marks} if marks else {})
    with progress_line() as say:
        say("placing craft, camera, planet and Sun")
        view = shot.view(at)
        say(f"drawing ({quality})")
        if is_large(view.camera):
            check_ending(path, view.camera)
            if engine != "pyvista":
                raise SceneError(f"--engine {engine}: draws pictures of up to {MAX_PIXELS / 1e6:.0f} megapixels only")
            options = shot.with_changes(**{f"photo__{key}": value for key, value in settings.items()}).photo
            tell = lambda done, of: say(f"drawing, tile {done + 1} of {of}")  # noqa: E731
            with poster(view, options, path.parent, quality, samples, tell) as large:
                say("developing")
                large.save(path, bits)
                exposure = large.exposure
        else:
            radiance = view.render(quality, samples, lambda done, of: say(f"drawing, {done + 1} of {of}"), engine)
            say("developing")
            photo = radiance.expose(**settings)
            photo.save(path, bits, half)
            exposure = photo.exposure
    seconds = time.perf_counter() - start
    if as_json:
        width, height = view.camera.width, view.camera.height
        print_json(
            {
                "file": str(path),
                "sidecar": str(sidecar_path(path)),
                "size_px": [width, height],
                "seconds": round(seconds, 3),
            }
            | {"exposure": str(exposure)}
        )
    else:
        print(f"{path}  ({exposure}, {seconds:.1f} s)")


@app.command
def expose(
    scene: SceneName,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="Bracket of nine exposures (.png).")] = None,
    at: At = None,
    size: Size = "960x540",
    as_json: AsJson = False,
) -> None:
    """Tell how a scene is exposed: histogram, what is clipped where, and what to change; draw a bracket."""
    from selfiesim.photo.bracket import contact_sheet, examine, explain
    from selfiesim.scene import Scene

    shot = Scene.load(scene)
    if size is not None:
        shot = shot.with_changes(camera__size_px=parse_size(size))
    with progress_line() as say:
        say("drawing")
        radiance = shot.view(at).render()
        report = examine(radiance.expose())
        if output:
            say("bracketing")
            contact_sheet(radiance, output)
    if as_json:
        print_json(report | ({"bracket": str(output)} if output else {}))
    else:
        print(explain(report) + (f"\n{output}" if output else ""))


@app.command
def replay(
    file: Annotated[Path, Parameter(help="A picture that selfiesim wrote, or its recipe (.json).")],
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="Write the new picture.")] = None,
    edited: Annotated[bool, Parameter(negative="", help="Take a recipe that was changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Render a picture again from its file alone, and tell what differs."""
    from selfiesim.output.images import check_writable
    from selfiesim.output.replay import replay as play

    if output:
        check_writable(output)
    photo, differs = play(file, edited)
    if output:
        photo.save(output)
    if as_json:
        print_json({"file": str(file), "same": not differs, "differences": differs})
    else:
        print(f"{file}: the same, bit for bit" if not differs else "\n".join(f"{file}: {line}" for line in differs))


@app.command
def caption(file: Annotated[Path, Parameter(help="A picture that selfiesim wrote, or its recipe (.json).")], /) -> None:
    """Write a caption for a picture: what, when, where, range, scale, that it is synthetic, credits."""
    from selfiesim.output.caption import caption as write
    from selfiesim.output.replay import read_recipe

    print(write(read_recipe(file)))


@app.command
def scenes(*, as_json: AsJson = False) -> None:
    """List the shipped scenes."""
    from selfiesim.scene import Scene, shipped_scenes

    listed = {name: Scene.load(name).title for name in shipped_scenes()}
    if as_json:
        print_json([{"name": name, "title": title} for name, title in listed.items()])
    else:
        width = max(map(len, listed))
        for name, title in listed.items():
            print(f"{name:{width}s}  {title}")


@app.command
def cameras(
    name: Annotated[str | None, Parameter(help="A camera's name; without it, all are listed.")] = None,
    /,
    *,
    as_json: AsJson = False,
) -> None:
    """List the known cameras, or tell all about one and who published it."""
    from selfiesim.presets import PRESETS, preset

    if as_json:
        one = None if name is None else {"name": name} | preset(name).facts()
        print_json(one or [{"name": each} | known.facts() for each, known in PRESETS.items()])
    elif name is None:
        print_cameras()
    else:
        print_camera(preset(name).facts())


@app.command
def show(scene: SceneName, /, *, at: At = None, as_json: AsJson = False) -> None:
    """Show where everything is: epoch, season, Sun, camera, craft, and which values are assumed."""
    from selfiesim.scene import Scene

    facts = Scene.load(scene).view(at).facts
    if as_json:
        print_json(facts)
        return
    print_facts(facts)


@app.command
def drift(
    scene: SceneName,
    /,
    *,
    start: Annotated[float, Parameter(name="--from", help="First moment, seconds after the release.")] = 0.0,
    stop: Annotated[float, Parameter(name="--to", help="Last moment, seconds after the release.")] = 300.0,
    step: Annotated[float, Parameter(name="--step", help="Seconds from one to the next.")] = 10.0,
    as_json: AsJson = False,
    as_csv: Annotated[bool, Parameter(name="--csv", negative="", help="Print comma-separated values.")] = False,
    samples: Annotated[
        int | None, Parameter(help="Throw so many releases by [release.scatter] instead of one.")
    ] = None,
    plot: Annotated[Path | None, Parameter(help="Draw a figure into this file (.png, .svg, .pdf).")] = None,
) -> None:
    """Show the camera's path after the release: range, position, size of the craft, and what each moment frames."""
    from selfiesim import timeline
    from selfiesim.scene import Scene

    shot = Scene.load(scene)
    times = timeline.sample_times(start, stop, step)
    if samples is not None:
        if plot or as_csv:
            raise SceneError("--samples goes with --json alone, not with --plot or --csv")
        from selfiesim.dispersion import disperse

        cloud = disperse(shot, samples, times)
        if as_json:
            print_json({"summary": cloud.summary(), "times": cloud.records()})
        else:
            print_dispersion(cloud)
        return
    path = timeline.timeline(shot, times)
    if plot:
        from selfiesim.plot import plot_drift

        plot_drift(path, shot.title, plot)
    if as_json:
        print_json(timeline.as_records(path))
    elif as_csv:
        print(timeline.as_csv(path), end="")
    else:
        print_drift(path)
    if words := timeline.return_words(path):
        print(words, file=sys.stderr)


@app.command
def downlink(
    scene: SceneName,
    /,
    *,
    start: Annotated[str, Parameter(name="--from", help="First frame's moment.")] = "release",
    stop: Annotated[str, Parameter(name="--to", help="Last frame's moment.")] = "release+120s",
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Folder for some frames, clean and as received.")
    ] = None,
    frames: Annotated[int, Parameter(help="How many of them to render, 1 to 50.")] = 4,
    size: Size = None,
    as_json: AsJson = False,
) -> None:
    """Send the camera's pictures to the craft by radio and on to the Earth: range, rate, losses, times of arrival."""
    from selfiesim.output.sequence import make_folder, report, save_sequence
    from selfiesim.photo.downlink import receive, sequence
    from selfiesim.scene import Scene

    shot = Scene.load(scene)
    if size is not None:
        shot = shot.with_changes(camera__size_px=parse_size(size))
    if not 1 <= frames <= 50:
        raise SceneError(f"--frames {frames}: give a number from 1 to 50")
    span = shot.seconds(start, "--from"), shot.seconds(stop, "--to")
    if output is None:
        whole, files = sequence(shot, *span), []
    else:
        make_folder(output)
        with progress_line() as say:
            whole, received = receive(shot, *span, frames, lambda done, of: say(f"drawing, frame {done + 1} of {of}"))
            files = save_sequence(shot, whole, received, output)
    if as_json:
        print_json(report(shot, whole) | ({"files": [str(file) for file in files]} if files else {}))
    else:
        print_downlink(whole)
        for file in files:
            print(file)


@app.command
def check(
    file: Annotated[str, Parameter(help="A scene file, or a shipped scene's name.")], /, *, as_json: AsJson = False
) -> None:
    """Check a scene file: keys, values, craft and geometry, without drawing."""
    from selfiesim.scene import Scene

    view = Scene.load(file).view()
    if as_json:
        print_json({"file": file, "ok": True, "title": view.scene.title})
    else:
        print(f"{file}: good ({view.scene.title})")


@app.command
def schema(
    *, recipe: Annotated[bool, Parameter(negative="", help="Of the recipes beside pictures instead.")] = False
) -> None:
    """Print the JSON Schema of scene files, so that editors complete and check them."""
    from selfiesim.output.sidecar import recipe_schema
    from selfiesim.scene import schema as scene_schema

    print_json(recipe_schema() if recipe else scene_schema())


@app.command
def doctor(
    *,
    fix: Annotated[
        bool, Parameter(negative="", help="Install missing graphics libraries (root, Debian or Ubuntu).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell whether this machine can draw, with what, and where things are kept."""
    from selfiesim.doctor import examine

    report = examine(fix)
    if as_json:
        print_json(report)
    else:
        for key, value in report.items():
            print(f"{key:10s} {value}")


@app.command
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


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 when done, 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    warnings.showwarning = _say_warning
    try:
        try:
            app(words, exit_on_error=False, print_error=False)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # now, where what goes wrong can still be said
    except UserError as error:
        if debug:
            raise
        _fail(str(error))
    except CycloptsError as error:
        if debug:
            raise
        _fail(f"{error}\nTry: selfiesim --help")
    except BrokenPipeError:
        _drop_standard_output()  # the reader (head, less) has seen enough
    except OSError as error:
        if debug:
            raise
        _drop_standard_output()
        _fail(f"{error.filename or 'standard output'}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _say_warning(message: Warning | str, *_: object, **__: object) -> None:
    """A warning in one line, without the place in the source that it came from."""
    print(f"selfiesim: {message}", file=sys.stderr)


def _fail(message: str) -> None:
    for line in message.splitlines():
        print(f"selfiesim: {line}", file=sys.stderr)
    sys.exit(2)


def _drop_standard_output() -> None:
    """Keep Python from complaining at exit about what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version() -> str:
    from importlib.metadata import version

    return version("selfiesim")
