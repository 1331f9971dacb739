"""Options shared by several commands."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from selfiesim.core.errors import SceneError


def flag(text: str, name: str | None = None) -> Parameter:
    """Return a switch that is off unless given, without a ``--no-`` form and without a default in the help."""
    return Parameter(name=name, negative="", show_default=False, help=text)


def output_file(text: str) -> Parameter:
    """Return the option ``--output`` or ``-o`` with its help text."""
    return Parameter(name=["--output", "-o"], help=text)


SceneName = Annotated[str, Parameter(name="SCENE", help="Name of a shipped scene, or path of a scene file (.toml).")]
AsJson = Annotated[bool, flag("Print JSON instead of text.", "--json")]
Quality = Annotated[
    Literal["draft", "final"], Parameter(help="draft: quick, hard shadows; final: smooth, soft shadows.")
]
Draft = Annotated[bool, flag("Quick: the same as --quality draft. The default is final.", "--draft")]
DraftByDefault = Annotated[bool, flag("Quick: the same as --quality draft, which is the default.", "--draft")]
Samples = Annotated[int | None, Parameter(help="Number of rendering passes, 1 to 1024; default: set by --quality.")]
Size = Annotated[str | None, Parameter(help="Image size in pixels, such as 1280x720; default: the scene's.")]
At = Annotated[
    str | None,
    Parameter(
        allow_leading_hyphen=True,
        help="Moment, such as release+60s, max-latitude or 2021-12-31T16:30:00Z; default: the scene's.",
    ),
]
FirstFrame = Annotated[str, Parameter(name="--from", help="Moment of the first frame.")]
LastFrame = Annotated[str, Parameter(name="--to", help="Moment of the last frame.")]
PageAddress = Annotated[
    str | None,
    Parameter(
        name="--url", help="Address at which the page will be published, for the picture shown where it is shared."
    ),
]
Craft = Annotated[
    str | None, Parameter(help="Replace the scene's craft: the name of a shipped model, or the path of a mesh file.")
]
Look = Annotated[
    Literal["clean", "raw", "onboard", "press"] | None,
    Parameter(help="clean: no lens or sensor effects; others: as a camera delivers it. Default: the scene's."),
]
ScaleBar = Annotated[bool, flag("Draw a scale bar at the craft's distance.")]
Watermark = Annotated[bool, flag("Write 'synthetic image' into the image.")]


def choose_quality(
    quality: Literal["draft", "final"] | None, draft: bool, default: Literal["draft", "final"]
) -> Literal["draft", "final"]:
    """Return the quality that ``--quality`` and ``--draft`` ask for.

    Raises
    ------
    SceneError
        When they contradict each other.
    """
    if draft and quality == "final":
        raise SceneError("--draft and --quality final: give one of them")
    return quality or ("draft" if draft else default)


def mark_names(scale_bar: bool, watermark: bool) -> list[str]:
    """Return the requested marks under the names that the scene key ``photo.marks`` takes."""
    return [mark for mark, is_wanted in (("scale-bar", scale_bar), ("watermark", watermark)) if is_wanted]
