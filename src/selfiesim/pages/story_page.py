"""The page of a story: the path, the frames with their numbers, what is known, and what is assumed."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from selfiesim.analysis.drift_table import describe_return
from selfiesim.files.captions.caption import readable_utc
from selfiesim.files.thumbnails import image_size
from selfiesim.pages.html import assumed_table, document, facts_table, paragraphs, picture, table
from selfiesim.pages.story_record import Frame, Story


def html_page(story: Story) -> str:
    """Return the page as HTML that needs nothing from outside the story's folder."""
    frames = "\n".join(_figure(story, frame) for frame in story.frames)
    path = picture(
        "path.png",
        "The camera's path relative to the craft, seen from above and from the side",
        image_size(story.folder / "path.png"),
    )
    body = f"""<article>
<h2>The path</h2>
<a class="wide" href="path.png">{path}</a>
</article>
<article>
<h2>The frames</h2>
<div class="frames">
{frames}
</div>
<p><a href="sheet.png">Contact sheet</a> · <a href="sheet.json">all numbers (JSON)</a></p>
</article>
<article>
<h2>{escape(_after_release(story.reference_s))}</h2>
{facts_table(story.facts)}
</article>
<article>
<h2>The release</h2>
{table(_release_rows(story))}
{assumed_table(story.facts)}
</article>
<article>
<h2>Credits</h2>
{paragraphs([*story.credits, "Rendered with selfiesim."])}
</article>"""
    return document(story.title, _introduction(story), body)


def _introduction(story: Story) -> str:
    first, last = story.samples[0], story.samples[-1]
    sentences = [
        f"{len(story.frames)} synthetic images follow the camera from its release on {readable_utc(first.utc)}, to a "
        f"point {last.range_m:.1f} m from its mount {last.t_s:g} s later.",
        f"Exposure {story.metered}.",
        describe_return(story.samples),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _after_release(seconds: float) -> str:
    return "At release" if seconds == 0.0 else f"{seconds:.4g} s after release"


def _figure(story: Story, frame: Frame) -> str:
    image = picture(
        quote(frame.thumbnail),
        f"Synthetic image: {story.scene.title}, {frame.sample.t_s:.4g} s after release",
        image_size(story.folder / frame.thumbnail),
    )
    words = escape(_frame_caption(frame))
    return f'<figure><a href="{quote(frame.file)}">{image}</a><figcaption>{words}</figcaption></figure>'


def _frame_caption(frame: Frame) -> str:
    numbers = frame.sample
    parts = [f"{_after_release(numbers.t_s)}, {numbers.range_m:.1f} m from the mount"]
    if numbers.craft_px == numbers.craft_px:  # not NaN: no part of the craft is behind the camera
        parts[0] += f", craft {numbers.craft_px:.0f} px across"
    if numbers.in_frame:
        parts.append("whole craft in the frame")
    background = {"limb": numbers.limb_in_frame, "polar cap": numbers.cap_in_frame, "Sun": numbers.sun_in_frame}
    if any(background.values()):
        parts.append(f"in the background: {', '.join(name for name, shown in background.items() if shown)}")
    return "; ".join(parts)


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
