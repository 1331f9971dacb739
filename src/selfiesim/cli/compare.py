"""The command ``selfiesim compare``: two pictures beside each other, and how alike they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import print_json
from selfiesim.cli.options import AsJson, output_file


def compare_pictures(
    first: Annotated[Path, Parameter(name="A", help="A picture (JPEG, PNG, TIFF or WebP).")],
    second: Annotated[Path, Parameter(name="B", help="Another, of the same shape; it is scaled to the size of A.")],
    /,
    *,
    output: Annotated[
        Path | None,
        output_file("Folder for a side-by-side, a blink animation and the difference, four times as strong."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two pictures: structural similarity (SSIM) in light, contrast and structure, and the mean difference.

    Example: selfiesim compare photo.jpg render.png -o compared
    """
    from selfiesim.matching.comparison import compare

    found = compare(first, second)
    files = found.save(output) if output else []
    figures = {
        "ssim": found.ssim,
        "light": found.light,
        "contrast": found.contrast,
        "structure": found.structure,
        "mean_difference": found.difference,
    }
    if as_json:
        print_json({key: round(value, 4) for key, value in figures.items()} | {"files": [str(file) for file in files]})
        return
    for key, value in figures.items():
        print(f"{key.replace('_', ' '):16s}{value:8.3f}")
    for file in files:
        print(file)
