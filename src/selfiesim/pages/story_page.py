"""The page of a story: the path, the frames with their numbers, what is known, and what is assumed."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from selfiesim.analysis.drift_table import describe_return
from selfiesim.files.captions.caption import duration_in_words, length_in_words, readable_date
from selfiesim.files.captions.language import load_language
from selfiesim.files.thumbnails import image_size
from selfiesim.pages.html import (
    Preview,
    assumed_table,
    columns_table,
    document,
    facts_table,
    paragraphs,
    picture,
    table,
)
from selfiesim.pages.path_figure import AxesName
from selfiesim.pages.path_viewer import path_viewer
from selfiesim.pages.story_record import Frame, Story, background

_ENGLISH = "en"
_FRAME_HEADS = ("After release", "Distance", "Size of the craft", "Phase angle")


# Long by its docstring and the page.
def html_page(story: Story, axes: AxesName = "rtn", address: str = "") -> str:
    """Return the page as HTML that needs nothing from outside the story's folder.

    Parameters
    ----------
    story : Story
        What it shows.
    axes : {"rtn", "body"}
        Axes of the path.
    address : str
        Where the page will be published, ending in a slash; empty if that is not known.
    """
    frames = "\n".join(_figure(story, frame, frame.thumbnail, frame.file) for frame in story.frames)
    path = picture(
        "path.png",
        "The camera's path relative to the craft, seen from above and from the side",
        image_size(story.folder / "path.png"),
    )
    times = [frame.sample.t_s for frame in story.frames]
    captions = [_words(frame) for frame in story.frames]
    body = f"""{_film(story)}<article>
<h2>From frame to frame</h2>
<div class="frames">
{frames}
</div>
<p><a href="sheet.png">All frames on one sheet</a></p>
</article>
<article>
<h2>The path of the camera</h2>
{path_viewer(story.scene, times, captions, axes, min(story.reference_s, times[-1]))}
<a class="wide" href="path.png">{path}</a>
</article>
<article>
<details>
<summary>Technical details</summary>
<h2>{escape(_after_release(story.reference_s))}</h2>
{facts_table(story.facts)}
<h2>The release</h2>
{table(_release_rows(story))}
<h2>The frames</h2>
{columns_table(_FRAME_HEADS, map(_frame_row, story.frames))}
<p>{escape(_technical(story))} <a href="sheet.json">All numbers (JSON)</a></p>
</details>
{assumed_table(story.facts)}
</article>
<article>
<h2>Credits</h2>
{paragraphs([*story.credits, "Rendered with selfiesim."])}
</article>"""
    hero = story.hero
    figure = _figure(story, hero, hero.file, hero.file).replace("<figure>", '<figure class="hero">', 1)
    preview = Preview(quote(hero.file), hero.alternative, image_size(story.folder / hero.file), address)
    return document(story.title, _introduction(story), body, figure, preview)


def _introduction(story: Story) -> str:
    words = load_language(_ENGLISH)
    first, last = story.samples[0], story.samples[-1]
    speed = f"{story.scene.resolve().release_state.release.speed:.2g}"  # type: ignore[union-attr]
    count = "One picture" if len(story.frames) == 1 else f"{len(story.frames)} pictures"
    return (
        f"On {readable_date(first.utc)}, a camera was pushed off its spacecraft at {speed} metres a second. In "
        f"{duration_in_words(last.t_s, words)} it drifts {length_in_words(last.range_m, words)} away, looking back: "
        f"{count}, computed and not photographed."
    )


def _film(story: Story) -> str:
    """The film, with controls: it starts when asked to, and repeats."""
    if not story.film:
        return ""
    words = load_language(_ENGLISH)
    first, last = (duration_in_words(story.samples[end].t_s, words) for end in (0, -1))
    label = f"A silent film of the drift, from {first} to {last} after release"
    width, height = story.scene.camera.size_px
    return f"""<article>
<h2>The drift as a film</h2>
<video src="{quote(story.film)}" poster="{quote(story.hero.file)}" width="{width}" height="{height}" \
controls loop muted playsinline preload="metadata" aria-label="{escape(label)}"></video>
<p class="quiet">{escape(label)}. <a href="{quote(story.film)}">Save the film</a></p>
</article>
"""


def _technical(story: Story) -> str:
    quality = "Drawn as drafts, with hard shadows." if story.quality == "draft" else "Drawn in final quality."
    sentences = [quality, f"Exposure {story.metered}.", describe_return(story.samples)]
    return " ".join(sentence for sentence in sentences if sentence)


def _after_release(seconds: float) -> str:
    return "At release" if seconds == 0.0 else f"{duration_in_words(seconds, load_language(_ENGLISH))} after release"


def _figure(story: Story, frame: Frame, file: str, target: str) -> str:
    """A frame as ``file``, with a link to ``target``."""
    image = picture(quote(file), frame.alternative, image_size(story.folder / file))
    return f'<figure><a href="{quote(target)}">{image}</a><figcaption>{escape(_words(frame))}</figcaption></figure>'


def _words(frame: Frame) -> str:
    """What a frame shows: 11 seconds after release, 2.2 metres away: the limb and the polar cap in view."""
    words, numbers = load_language(_ENGLISH), frame.sample
    seen = background(numbers)
    behind = f": {words.listed(seen, len(seen))} in view" if seen else ""
    return f"{_after_release(numbers.t_s)}, {length_in_words(numbers.range_m, words)} away{behind}."


def _frame_row(frame: Frame) -> tuple[str, ...]:
    """Numbers of a frame; the craft's size only where all of it is in the picture, as otherwise it says nothing."""
    numbers = frame.sample
    size = f"{numbers.craft_px:.0f} px" if numbers.in_frame else "not all in the frame"
    return f"{round(numbers.t_s, 1):g} s", f"{numbers.range_m:.1f} m", size, f"{numbers.phase_deg:.0f}°"


def _release_rows(story: Story) -> list[tuple[str, str]]:
    """How the camera was released."""
    section, resolved = story.scene.release, story.scene.resolve()
    assert section is not None
    assert resolved.release_state is not None
    release = resolved.release_state.release
    x, y, z = release.axis
    return [
        ("Time (UTC)", release.epoch.utc(3)),
        ("Mount point", section.mount),
        ("Speed", f"{release.speed:.3g} m/s"),
        ("Direction (body axes)", f"{x:.3f}, {y:.3f}, {z:.3f}"),
    ]
