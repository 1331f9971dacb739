"""The commands about a picture that is there, by the recipe in it: ``selfiesim replay`` and ``caption``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import print_json
from selfiesim.cli.options import AsJson


def replay(
    file: Annotated[Path, Parameter(help="A picture that selfiesim wrote, or its recipe (.json).")],
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="Write the new picture.")] = None,
    edited: Annotated[bool, Parameter(negative="", help="Take a recipe that was changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Render a picture again from its file alone, and tell what differs."""
    from selfiesim.files.images import check_writable
    from selfiesim.files.replay import replay as play

    if output:
        check_writable(output)
    photo, differs = play(file, edited)
    if output:
        photo.save(output)
    if as_json:
        print_json({"file": str(file), "same": not differs, "differences": differs})
    else:
        print(f"{file}: the same, bit for bit" if not differs else "\n".join(f"{file}: {line}" for line in differs))


def caption(file: Annotated[Path, Parameter(help="A picture that selfiesim wrote, or its recipe (.json).")], /) -> None:
    """Write a caption for a picture: what, when, where, range, scale, that it is synthetic, credits."""
    from selfiesim.files.caption import caption as write
    from selfiesim.files.replay import read_recipe

    print(write(read_recipe(file)))
