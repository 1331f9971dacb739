"""The story of a release: a sequence of frames, a contact sheet, a figure of the path, and a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from selfiesim.analysis.drift_table import sample, sample_times
from selfiesim.core.errors import SceneError
from selfiesim.core.files import atomic_write, make_folder
from selfiesim.core.limits import STORY_FRAMES
from selfiesim.files.captions.caption import caption
from selfiesim.files.images import check_writable, save, save_picture
from selfiesim.files.recipe import recipe
from selfiesim.files.thumbnails import save_thumbnail
from selfiesim.pages.path_figure import AxesName, plot_release
from selfiesim.pages.story_page import html_page
from selfiesim.pages.story_record import Frame, Story, best_frame, story_title
from selfiesim.pages.story_sheet import StorySheet
from selfiesim.photo.exposure import limit_shutter

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene
    from selfiesim.view.view import View

THUMBNAIL_PX = (640, 480)
HERO_PX = 1920
"""Width of the picture that the page begins with."""
HERO_FILE = "hero.jpg"
_MAX_HERO_SCALE = 3.0  # of the frames


def story_times(stop: float, every: float | None, frames: int | None) -> list[float]:
    """Choose the times of the frames, up to ``stop``; none is at the release, when the lens is on the craft.

    Parameters
    ----------
    stop
        Last time, seconds after the release.
    every
        Seconds from frame to frame; 10 where neither this nor ``frames`` is given.
    frames
        Instead of ``every``: the number of frames, evenly spaced, the last at ``stop``.

    Returns
    -------
    list of float
        Seconds after the release.

    Raises
    ------
    SceneError
        When both are given, ``stop`` is not after the release, or the number of frames is out of range.
    """
    if every is not None and frames is not None:
        raise SceneError("--every and --frames: give one of them")
    if stop <= 0.0:
        raise SceneError(f"--to: release{stop:+g}s is not after the release; give a later moment, such as release+120s")
    if frames is not None:
        if frames < 2:
            raise SceneError(f"--frames {frames}: give a number from 2 to {STORY_FRAMES.value:,}")
        STORY_FRAMES.check(frames, f"--frames {frames}: too many", SceneError)
        return [stop * k / frames for k in range(1, frames + 1)]
    step = 10.0 if every is None else every
    if step > stop:
        raise SceneError(f"--every {step:g}s: the first frame would be after --to, release+{stop:g}s")
    times = sample_times(0.0, stop, step)[1:]
    STORY_FRAMES.check(len(times), f"--every {step:g}s: {len(times)} frames are too many", SceneError)
    return times


def check_released(scene: Scene, examples: Sequence[str]) -> None:
    """Refuse a scene whose camera is never released; ``examples`` names scenes whose cameras are.

    Raises
    ------
    SceneError
        For such a scene; the message says what to do instead.
    """
    if scene.release is None:
        raise SceneError(
            f"story: the camera of {scene.title!r} stays where it is mounted; a story shows a camera being released "
            f"([release]) and drifting away, as in {', '.join(examples)}. For this scene, use selfiesim render, with "
            "--at for other moments"
        )


# Over 40 lines: long docstring, and one step per output file.
def render_story(
    scene: Scene,
    times: Sequence[float],
    folder: Path,
    quality: str = "draft",
    meter_at: str | None = None,
    meter_each: bool = False,
    axes: AxesName = "rtn",
    on_status: Callable[[str], None] = lambda _text: None,
    on_frame: Callable[[int, int], None] = lambda _done, _of: None,
    draw_film: Callable[[Scene, Path], str] | None = None,
    address: str = "",
) -> Story:
    """Render the story of a release into ``folder``.

    Writes the frames (``frames/``, each with its recipe), ``hero.jpg``, the picture that the page begins with,
    ``sheet.png``, ``path.png``, ``index.html``, and ``sheet.json`` with the numbers of all frames.

    Parameters
    ----------
    times
        Seconds after the release; see :func:`story_times`.
    meter_at
        Moment whose light sets the shutter of all frames; default: the scene's own.
    meter_each
        Meter each frame separately instead.
    axes
        Axes of the figure: RTN, or the craft's body axes.
    on_status
        Called with a few words at the start of each step.
    on_frame
        Called before each frame with the number done and the total.
    draw_film
        Writes a film of the scene, with the exposure of the frames, into ``folder``, and returns the name of its file.
    address
        Where the page will be published, ending in a slash: for the picture shown where the page is shared.

    Raises
    ------
    UserError
        For a scene that cannot be rendered, a camera that is never released, or a folder that cannot be written to.
    """
    for name in ("", "frames", "thumbnails"):
        make_folder(folder / name)
    check_writable(folder / "sheet.png")
    on_status("reading the light meter")
    moment = scene.at if meter_at is None else meter_at
    reference_s = scene.seconds(moment, "--meter-at")
    if reference_s < 0.0:
        raise SceneError(
            f"--meter-at: {moment!r} is {-reference_s:g} s before the release; the camera is still on board"
        )
    exposed, metered = _set_exposure(scene, moment, reference_s, meter_each)
    view = scene.view(reference_s)
    film = ""
    if draw_film is not None:
        on_status("filming")
        film = draw_film(exposed, folder)
    sheet, frames = StorySheet(story_title(scene), metered, len(times)), []
    for number, t in enumerate(times, start=1):
        on_status(f"rendering frame {number} of {len(times)}")
        on_frame(number - 1, len(times))
        frames.append(_render_frame(exposed, t, folder, quality, sheet))
    on_status("drawing the path")
    shown_s = reference_s if reference_s <= times[-1] else None
    plot_release(scene, [0.0, *times], folder / "path.png", axes, shown_s)
    on_status("rendering the first picture of the page")
    hero = _render_hero(exposed, frames[best_frame([frame.sample for frame in frames])], folder, quality)
    story = Story(
        scene, tuple(frames), folder, reference_s, metered, view.facts, _credits(view), quality, hero, film
    )  # fmt: skip
    save_picture(folder / "sheet.png", sheet.pixels(), story.records())
    with atomic_write(folder / "index.html") as temporary:
        temporary.write_text(html_page(story, axes, address), encoding="utf-8")
    return story


def _set_exposure(scene: Scene, moment: str, reference_s: float, meter_each: bool) -> tuple[Scene, str]:
    """Return the scene with its shutter set for all frames, and how that was done, in words."""
    if meter_each:
        return scene.with_changes(photo__shutter_s="auto"), "metered for each frame"
    if scene.photo.shutter_s != "auto":
        return scene, "fixed by the scene"
    exposure = scene.view(reference_s).render("draft").expose().exposure
    shutter_s = limit_shutter(
        exposure.shutter_s / 2.0**exposure.stops
    )  # without the scene's stops, which are applied again
    return scene.with_changes(photo__shutter_s=shutter_s), f"fixed at {exposure}, from a light reading at {moment}"


def _render_frame(scene: Scene, t: float, folder: Path, quality: str, sheet: StorySheet) -> Frame:
    view = scene.view(t)
    photo = view.render(quality).expose()
    stem = f"t{t:08.3f}s"
    file, thumbnail = f"frames/{stem}.png", f"thumbnails/{stem}.jpg"
    save(photo, folder / file)
    save_thumbnail(photo.pixels, folder / thumbnail, THUMBNAIL_PX)
    numbers = sample(view, t)
    sheet.add(photo.pixels, numbers)
    return Frame(numbers, file, str(photo.exposure), thumbnail, caption(recipe(photo), "alt"))


def _render_hero(scene: Scene, frame: Frame, folder: Path, quality: str) -> Frame:
    """Render a frame again, larger: it is shown as wide as the window."""
    width, height = scene.camera.size_px
    scale = max(min(HERO_PX / width, _MAX_HERO_SCALE), 1.0)
    larger = scene.with_changes(camera__size_px=[round(scale * width), round(scale * height)])
    save(larger.view(frame.sample.t_s).render(quality).expose(), folder / HERO_FILE)
    return replace(frame, file=HERO_FILE)


def _credits(view: View) -> tuple[str, ...]:
    from selfiesim.planet.maps.surface import surface_maps

    return () if view.planet is None else (surface_maps(view.planet.surface).credits,)
