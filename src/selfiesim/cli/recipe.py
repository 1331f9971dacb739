"""The commands on images already rendered, which read the recipe in them: ``selfiesim replay`` and ``caption``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from selfiesim.cli.console import print_json
from selfiesim.cli.options import AsJson, flag, output_file

RecipeFile = Annotated[Path, Parameter(help="Image file written by selfiesim, or its recipe (.json).")]


def replay(
    file: RecipeFile,
    /,
    *,
    output: Annotated[Path | None, output_file("Write the new image to this file.")] = None,
    edited: Annotated[bool, flag("Accept a recipe that was edited.")] = False,
    as_json: AsJson = False,
) -> None:
    """Render an image again from its own file, and report any difference."""
    from selfiesim.files.images import check_writable
    from selfiesim.files.replay import replay as render_again

    if output:
        check_writable(output)
    photo, differences = render_again(file, edited)
    if output:
        photo.save(output)
    if as_json:
        print_json({"file": str(file), "same": not differences, "differences": differences})
    elif differences:
        print("\n".join(f"{file}: {line}" for line in differences))
    else:
        print(f"{file}: the same, bit for bit")


def caption(
    file: RecipeFile,
    /,
    *,
    style: Annotated[
        Literal["press", "full", "alt"],
        Parameter(
            help="press: plain words and round numbers; full: besides, scale, camera settings, assumptions and "
            "credits; alt: what is where in the picture."
        ),
    ] = "full",
    language: Annotated[
        str, Parameter(help="en, zh, or the path of a file of sentences (.toml) in another language.")
    ] = "en",
    as_json: AsJson = False,
) -> None:
    """Print a caption for an image: subject, time, place, range, scale and credits.

    The caption states that the image is synthetic.

    Example: selfiesim caption selfie.png --style press --language zh
    """
    from selfiesim.files.captions.caption import caption as caption_of
    from selfiesim.files.replay import read_recipe

    text = caption_of(read_recipe(file), style, language)
    if as_json:
        print_json({"file": str(file), "style": style, "language": language, "caption": text})
    else:
        print(text)
