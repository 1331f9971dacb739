"""The command line: its commands, and how errors reach the user.

Results go to standard output, progress and errors to standard error; progress is shown only on a terminal. Invalid
input ends with exit code 2 and one message, without a traceback unless ``--debug`` is given.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings

from cyclopts import App, CycloptsError, Group, UnknownCommandError

from selfiesim.cli.batch import run_batch
from selfiesim.cli.cameras import cameras
from selfiesim.cli.compare import compare_pictures
from selfiesim.cli.doctor import doctor
from selfiesim.cli.drift import downlink, drift
from selfiesim.cli.export import export
from selfiesim.cli.film import render_film
from selfiesim.cli.gallery import render_gallery
from selfiesim.cli.labels import label_frames
from selfiesim.cli.maps import draw_map, maps_app
from selfiesim.cli.match import match_photograph
from selfiesim.cli.models import models_app
from selfiesim.cli.plan import plan
from selfiesim.cli.poster import poster
from selfiesim.cli.recipe import caption, replay
from selfiesim.cli.render import demo, expose, render
from selfiesim.cli.scenes import check, scenes, schema, show
from selfiesim.cli.story import render_story
from selfiesim.cli.studio import studio
from selfiesim.cli.validate import validate
from selfiesim.core.errors import UserError
from selfiesim.core.files import reason
from selfiesim.core.terminal import console, printable, printable_output

_HELP = """Simulate spacecraft selfies: the trajectory of a released camera, and the images it takes.

First steps: selfiesim demo
             selfiesim scenes
             selfiesim render tianwen1-mars --at release+60s -o selfie.png

Each command explains itself: selfiesim COMMAND --help
With --debug anywhere on the command line, errors come with a traceback.
"""

app = App(name="selfiesim", help=_HELP, help_format="plaintext", version=lambda: _version())

_RENDER = Group.create_ordered("Render")
app.command(demo, group=_RENDER)
app.command(studio, group=_RENDER)
app.command(render, group=_RENDER)
app.command(poster, group=_RENDER)
app.command(expose, group=_RENDER)
app.command(render_film, name="film", group=_RENDER)
app.command(render_story, name="story", group=_RENDER)
app.command(render_gallery, name="gallery", group=_RENDER)

_SCENES = Group.create_ordered("Scenes")
app.command(scenes, group=_SCENES)
app.command(show, group=_SCENES)
app.command(check, group=_SCENES)
app.command(schema, group=_SCENES)
app.command(export, group=_SCENES)

_ANALYSIS = Group.create_ordered("Trajectory, radio link, photographs")
app.command(plan, group=_ANALYSIS)
app.command(drift, group=_ANALYSIS)
app.command(downlink, group=_ANALYSIS)
app.command(match_photograph, name="match", group=_ANALYSIS)
app.command(compare_pictures, name="compare", group=_ANALYSIS)

_DATA_SETS = Group.create_ordered("Data sets")
app.command(run_batch, name="batch", group=_DATA_SETS)
app.command(label_frames, name="labels", group=_DATA_SETS)

_IMAGES = Group.create_ordered("Images already rendered")
app.command(replay, group=_IMAGES)
app.command(caption, group=_IMAGES)

_CATALOGUES = Group.create_ordered("Models, cameras and maps")
models_app.group = (_CATALOGUES,)
maps_app.group = (_CATALOGUES,)
app.command(models_app)
app.command(cameras, group=_CATALOGUES)
app.command(maps_app)
app.command(draw_map, name="map", group=_CATALOGUES)

_MACHINE = Group.create_ordered("This installation")
app.command(doctor, group=_MACHINE)
app.command(validate, group=_MACHINE)
for option in ("--help", "--version"):
    app[option].group = (_MACHINE,)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; exit with 0 when it succeeds, 2 when its input is invalid.

    Parameters
    ----------
    arguments : list of str, optional
        The words after ``selfiesim``; default: those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    _escape_what_cannot_be_encoded()
    with printable_output():
        _run(words, debug)


def _run(words: list[str], debug: bool) -> None:
    warnings.showwarning = _print_warning
    app.console = console()  # of the help
    try:
        try:
            app(words, exit_on_error=False, print_error=False)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where a failure can still be reported
    except UserError as error:
        if debug:
            raise
        _fail(str(error))
    except CycloptsError as error:
        if debug:
            raise
        _fail(f"{error}\nTry: {_advice(error)}")
    except BrokenPipeError:
        _silence_stdout()  # the reader (head, less) has closed the pipe: not an error
    except OSError as error:
        if debug:
            raise
        _silence_stdout()
        _fail(f"{error.filename or 'standard output'}: {reason(error)}")
    except KeyboardInterrupt:
        sys.exit(130)


def _escape_what_cannot_be_encoded() -> None:
    """Let standard output take any letter: in an encoding that lacks it, its escape is printed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Print a warning on one line, without the source location."""
    print(f"selfiesim: {_one_line(str(message))}", file=sys.stderr)


def _advice(error: CycloptsError) -> str:
    """Return the command that helps: for a subcommand without its group (``inspect``), the two together."""
    chain = list(error.command_chain or ())
    if isinstance(error, UnknownCommandError) and not chain and error.unused_tokens:
        word = error.unused_tokens[0]
        for group in app:
            if word in app[group] and not word.startswith("-"):
                return f"selfiesim {group} {word}"
    return " ".join(["selfiesim", *chain, "--help"])


def _fail(message: str) -> None:
    for line in message.split("\n"):
        print(f"selfiesim: {_one_line(line)}", file=sys.stderr)
    sys.exit(2)


def _one_line(text: str) -> str:
    """Return text without control characters and line feeds, which a file or an argument could send with a message."""
    return printable(text).replace("\n", r"\n")


def _silence_stdout() -> None:
    """Redirect standard output to nowhere, so that Python does not complain at exit about unwritten data."""
    with contextlib.suppress(OSError):  # a notebook's has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version() -> str:
    from importlib.metadata import version

    return version("selfiesim")
