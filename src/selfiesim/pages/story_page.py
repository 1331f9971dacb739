"""The page of a story: the figure of the path, the frames with their numbers, what is known and what is assumed."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from selfiesim.analysis.drift_table import describe_return
from selfiesim.files.thumbnails import image_size
from selfiesim.pages.html import assumed_table, document, facts_table, picture, table

if TYPE_CHECKING:
    from selfiesim.pages.story import Frame, Story


def html_page(story: Story) -> str:
    """The page, in HTML, with nothing from elsewhere."""
    frames = "\n".join(_figure(story, frame) for frame in story.frames)
    back = describe_return([frame.sample for frame in story.frames])
    thanks = "\n".join(f"<p>{escape(words)}</p>" for words in [*story.credits, "Rendered with selfiesim."])
    first, last = story.frames[0].sample, story.frames[-1].sample
    introduction = (
        f"Synthetic images: {len(story.frames)} frames from the release at {first.utc} to {last.t_s:g} s after it, "
        f"when the camera is {last.range_m:.1f} m from where it left. Exposure {story.metered}. {back}"
    )
    path = picture("path.png", "The camera's path beside the craft, from above and from the side", _px(story))
    body = f"""<article>
<h2>The path</h2>
<a class="wide" href="path.png">{path}</a>
</article>
<article>
<h2>The frames</h2>
<div class="frames">
{frames}
</div>
<p><a href="sheet.png">All on one sheet</a> · <a href="sheet.json">all numbers</a></p>
</article>
<article>
<h2>At release+{story.reference_s:.4g} s</h2>
{facts_table(story.facts)}
</article>
<article>
<h2>The release</h2>
{table(_release(story))}
{assumed_table(story.facts)}
</article>
<article>
<h2>Credits</h2>
{thanks}
</article>"""
    return document(story.title, introduction.strip(), body)


def _px(story: Story) -> tuple[int, int]:
    return image_size(story.folder / "path.png")


def _figure(story: Story, frame: Frame) -> str:
    numbers = frame.sample
    behind = {"limb": numbers.limb_in_frame, "polar cap": numbers.cap_share > 0.02, "Sun": numbers.sun_in_frame}
    parts = [f"release+{numbers.t_s:.4g} s, {numbers.range_m:.1f} m"]
    if numbers.craft_px == numbers.craft_px:
        parts[0] += f", craft {numbers.craft_px:.0f} px"
    if numbers.in_frame:
        parts.append("whole craft in the frame")
    if any(behind.values()):
        parts.append(f"behind it {', '.join(name for name, yes in behind.items() if yes)}")
    words = "; ".join(parts)
    image = picture(
        quote(frame.thumbnail),
        f"Synthetic image: {story.scene.title}, {numbers.t_s:.4g} s after the release",
        image_size(story.folder / frame.thumbnail),
    )
    return f'<figure><a href="{quote(frame.file)}">{image}</a><figcaption>{escape(words)}</figcaption></figure>'


def _release(story: Story) -> list[tuple[str, str]]:
    """How the camera left, as the scene has it."""
    part, resolved = story.scene.release, story.scene.resolved()
    assert part is not None
    assert resolved.release_state is not None
    release = resolved.release_state.release
    x, y, z = release.axis
    return [
        ("moment (UTC)", release.epoch.utc(3)),
        ("from the mount", part.mount),
        ("speed", f"{release.speed:.3g} m/s"),
        ("direction, body axes", f"{x:.3f}, {y:.3f}, {z:.3f}"),
    ]
