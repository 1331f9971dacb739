"""Options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

SceneName = Annotated[str, Parameter(help="A shipped scene's name, or the path of a scene file.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for programs.")]
Quality = Annotated[Literal["draft", "final"], Parameter(help="draft: quick; final: with soft shadows.")]
Samples = Annotated[int | None, Parameter(help="How many passes, 1 to 1024, instead of the quality's.")]
Size = Annotated[str | None, Parameter(help="Picture size, such as 1280x720; default: the scene's.")]
At = Annotated[
    str | None,
    Parameter(allow_leading_hyphen=True, help="The moment: release+60s, max-latitude, or a UTC time."),
]
FirstFrame = Annotated[str, Parameter(name="--from", help="First frame's moment.")]
LastFrame = Annotated[str, Parameter(name="--to", help="Last frame's moment.")]
Craft = Annotated[
    str | None, Parameter(help="A model's name or a mesh file in any folder, in place of the scene's craft.")
]
Look = Annotated[
    Literal["clean", "raw", "onboard", "press"] | None, Parameter(help="As what camera; default: the scene's.")
]
ScaleBar = Annotated[bool, Parameter(negative="", help="Draw a scale bar for the craft's distance.")]
Watermark = Annotated[bool, Parameter(negative="", help="Write 'synthetic image' into the picture.")]
PngOutput = Annotated[Path | None, Parameter(name=["--output", "-o"], help="Picture file (.png).")]


def mark_names(scale_bar: bool, watermark: bool) -> list[str]:
    """The marks that a picture is asked to have, as ``photo.marks`` names them."""
    return [mark for mark, wanted in (("scale-bar", scale_bar), ("watermark", watermark)) if wanted]
