"""The command line: what each command is called, and how bad input ends.

Answers go to standard output, progress and errors to standard error; progress only on a terminal. Bad input exits with
code 2 and one clear message, without a traceback unless ``--debug`` is given.
"""

from __future__ import annotations

import os
import sys
import warnings

from cyclopts import App, CycloptsError

from selfiesim.cli.batch import run_batch
from selfiesim.cli.cameras import cameras
from selfiesim.cli.doctor import doctor
from selfiesim.cli.drift import downlink, drift
from selfiesim.cli.export import export
from selfiesim.cli.film import draw_film
from selfiesim.cli.gallery import draw_gallery
from selfiesim.cli.labels import label_frames
from selfiesim.cli.maps import draw_map, maps_app
from selfiesim.cli.models import models_app
from selfiesim.cli.recipe import caption, replay
from selfiesim.cli.render import demo, expose, render
from selfiesim.cli.scenes import check, scenes, schema, show
from selfiesim.cli.story import draw_story
from selfiesim.core.errors import UserError

app = App(
    name="selfiesim",
    help="Recreate spacecraft selfies: the path of an ejected camera, and the picture it takes. With --debug anywhere, "
    "what goes wrong is told with its traceback.",
    help_format="plaintext",
    version=lambda: _version(),
)

for command in (render, demo, show, check, scenes, schema, drift, downlink, expose, replay, caption, cameras, export):
    app.command(command)
app.command(doctor)
app.command(run_batch, name="batch")
app.command(draw_film, name="film")
app.command(draw_gallery, name="gallery")
app.command(label_frames, name="labels")
app.command(draw_map, name="map")
app.command(draw_story, name="story")
app.command(maps_app)
app.command(models_app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 when done, 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    warnings.showwarning = _print_warning
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
        _silence_stdout()  # the reader (head, less) has seen enough
    except OSError as error:
        if debug:
            raise
        _silence_stdout()
        _fail(f"{error.filename or 'standard output'}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    """A warning in one line, without the place in the source that it came from."""
    print(f"selfiesim: {message}", file=sys.stderr)


def _fail(message: str) -> None:
    for line in message.splitlines():
        print(f"selfiesim: {line}", file=sys.stderr)
    sys.exit(2)


def _silence_stdout() -> None:
    """Keep Python from complaining at exit about what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version() -> str:
    from importlib.metadata import version

    return version("selfiesim")
