"""The page of a story: the path, the frames with their numbers, what is known, and what is assumed."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from selfiesim.analysis.drift_table import describe_return
from selfiesim.files.captions.caption import duration_in_words, length_in_words, readable_utc
from selfiesim.files.captions.language import load_language
from selfiesim.files.thumbnails import image_size
from selfiesim.pages.html import assumed_table, document, facts_table, paragraphs, picture, table
from selfiesim.pages.path_figure import AxesName
from selfiesim.pages.path_viewer import path_viewer
from selfiesim.pages.story_record import Frame, Story

_ENGLISH = "en"


def html_page(story: Story, axes: AxesName = "rtn") -> str:
    """Return the page as HTML that needs nothing from outside the story's folder; the path in ``axes``."""
    shown = [frame for frame in story.frames if frame.sample.t_s > 0.0] or list(story.frames)
    frames = "\n".join(_figure(story, frame, frame.thumbnail) for frame in shown)
    path = picture(
        "path.png",
        "The camera's path relative to the craft, seen from above and from the side",
        image_size(story.folder / "path.png"),
    )
    times = [frame.sample.t_s for frame in story.frames]
    moment = min(max(story.reference_s, times[0]), times[-1])
    captions = [_words(frame) for frame in story.frames]
    hero = _hero(story, shown)
    body = f"""<article>
<h2>From frame to frame</h2>
<div class="frames">
{frames}
</div>
<p><a href="sheet.png">All frames on one sheet</a></p>
</article>
<article>
<h2>The path of the camera</h2>
{path_viewer(story.scene, times, captions, axes, moment)}
<a class="wide" href="path.png">{path}</a>
</article>
<details>
<summary>Technical details</summary>
<h2>{escape(_after_release(story.reference_s))}</h2>
{facts_table(story.facts)}
<h2>The release</h2>
{table(_release_rows(story))}
<p>{escape(_technical(story))} <a href="sheet.json">All numbers (JSON)</a></p>
</details>
{assumed_table(story.facts)}
<article>
<h2>Credits</h2>
{paragraphs([*story.credits, "Rendered with selfiesim."])}
</article>"""
    figure = _figure(story, hero, hero.file).replace("<figure>", '<figure class="hero">', 1)
    return document(story.title, _introduction(story), body, figure, hero.file)


def _hero(story: Story, frames: list[Frame]) -> Frame:
    """The frame that the page begins with: the first with the whole craft and something behind it, else the last."""

    def interest(frame: Frame) -> int:
        return (2 if frame.sample.in_frame else 0) + bool(_background(frame))

    best = max(frames, key=interest)
    return best if interest(best) else frames[-1]


def _introduction(story: Story) -> str:
    words = load_language(_ENGLISH)
    first, last = story.samples[0], story.samples[-1]
    release = story.scene.resolve().release_state
    assert release is not None
    speed = f"{release.release.speed:.2g}"
    count = "One picture" if len(story.frames) == 1 else f"{len(story.frames)} pictures"
    verb = "follows" if len(story.frames) == 1 else "follow"
    return (
        f"On {readable_utc(first.utc)}, a camera was pushed off at {speed} metres a second. {count}, computed and not "
        f"photographed, {verb} it for {duration_in_words(last.t_s, words)}, until it is "
        f"{length_in_words(last.range_m, words)} away."
    )


def _technical(story: Story) -> str:
    sentences = [f"Exposure {story.metered}.", describe_return(story.samples)]
    return " ".join(sentence for sentence in sentences if sentence)


def _after_release(seconds: float) -> str:
    return "At release" if seconds == 0.0 else f"{duration_in_words(seconds, load_language(_ENGLISH))} after release"


def _figure(story: Story, frame: Frame, file: str) -> str:
    """A frame as ``file``, itself or its thumbnail, with a link to the frame."""
    words = _words(frame)
    alternative = f"Computer-generated image: {story.scene.title}. {words}"
    image = picture(quote(file), alternative, image_size(story.folder / file))
    return f'<figure><a href="{quote(frame.file)}">{image}</a><figcaption>{escape(words)}</figcaption></figure>'


def _background(frame: Frame) -> list[str]:
    """What is behind the craft."""
    numbers = frame.sample
    seen = {"the limb": numbers.limb_in_frame, "the polar cap": numbers.cap_in_frame, "the Sun": numbers.sun_in_frame}
    return [name for name, is_shown in seen.items() if is_shown]


def _words(frame: Frame) -> str:
    """What a frame shows: 11 seconds after release, 2.2 metres away: the limb and the polar cap in view."""
    words, numbers = load_language(_ENGLISH), frame.sample
    background = _background(frame)
    behind = f": {words.listed(background, len(background))} in view" if background else ""
    # The craft's size only where all of it is in the frame: outside, its projection says nothing about the picture.
    size = f" The spacecraft is {numbers.craft_px:.0f} pixels across." if numbers.in_frame else ""
    return f"{_after_release(numbers.t_s)}, {length_in_words(numbers.range_m, words)} away{behind}.{size}"


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
