"""A release as it happened: its frames one after the other, a sheet of them, the path as a figure, and a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfiesim.analysis.drift_table import DriftSample, as_records, describe_return, sample, sample_times
from selfiesim.core.errors import SceneError
from selfiesim.core.files import atomic_write
from selfiesim.files.images import check_writable, png_with_recipe, save, save_with_recipe
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.files.thumbnails import save_thumbnail
from selfiesim.pages.path_figure import AxesName, plot_release
from selfiesim.pages.received_frames import make_folder
from selfiesim.pages.story_page import html_page
from selfiesim.pages.story_sheet import StorySheet

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene

MAX_FRAMES = 240
THUMBNAIL_PX = (640, 480)


@dataclass(frozen=True)
class Frame:
    """One picture of the story: its numbers, its file in the story's folder, what the camera was set to."""

    sample: DriftSample
    file: str
    exposure: str
    thumbnail: str


@dataclass(frozen=True)
class Story:
    """A release told: ``facts`` are those of the moment ``reference_s`` (s after the release), whose light sets all."""

    scene: Scene
    frames: tuple[Frame, ...]
    folder: Path
    reference_s: float
    metered: str
    facts: dict[str, Any]
    credits: tuple[str, ...]

    @property
    def title(self) -> str:
        """Of sheet and page."""
        return f"{self.scene.title}: the release"

    def records(self) -> dict[str, Any]:
        """All of it, JSON-ready."""
        numbers = as_records([each.sample for each in self.frames])
        files = [{"file": each.file, "exposure": each.exposure} for each in self.frames]
        return {
            "kind": SYNTHETIC,
            "notice": f"Each frame is a {SYNTHETIC}: a simulation, not a photograph taken in space.",
            "title": self.title,
            "exposure": self.metered,
            "comes_back": describe_return([each.sample for each in self.frames]) or None,
            "frames": [told | record for told, record in zip(files, numbers, strict=True)],
            "assumed": self.facts["assumed"],
            "credits": list(self.credits),
            "versions": {package: version(package) for package in ("selfiesim", "numpy", "pyvista", "vtk")},
        }


def story_times(stop: float, every: float | None, frames: int | None) -> list[float]:
    """Seconds after the release at which frames are taken: every so many, or so many evenly spread, both ends in.

    Raises
    ------
    SceneError
        When both are given, or they make no or more than 240 frames.
    """
    if every is not None and frames is not None:
        raise SceneError("--every and --frames: give one of them")
    if stop <= 0.0:
        raise SceneError(f"--to: release{stop:+g}s is not after the release; name a later moment, such as release+120s")
    if frames is not None:
        if not 2 <= frames <= MAX_FRAMES:
            raise SceneError(f"--frames {frames}: give a number from 2 to {MAX_FRAMES}")
        return [stop * k / (frames - 1) for k in range(frames)]
    times = sample_times(0.0, stop, 10.0 if every is None else every)
    if len(times) > MAX_FRAMES:
        raise SceneError(f"--every {every:g}s: {len(times)} frames are too many; the most is {MAX_FRAMES}")
    return times


def check_released(scene: Scene, known: Sequence[str]) -> None:
    """Whether the scene's camera is pushed off; ``known`` names scenes whose cameras are.

    Raises
    ------
    SceneError
        That says what can be done instead.
    """
    if scene.release is None:
        raise SceneError(
            f"story: the camera of {scene.title!r} stays where it is mounted; a story tells how a camera is pushed off "
            f"([release]) and drifts, as in {', '.join(known)}. For this scene: selfiesim render, with --at for other "
            "moments"
        )


def render_story(
    scene: Scene,
    times: Sequence[float],
    folder: Path,
    quality: str = "draft",
    meter_at: str | None = None,
    meter_each: bool = False,
    axes: AxesName = "rtn",
    told: Callable[[str], None] = lambda _words: None,
) -> Story:
    """Draw the story of a release into ``folder``.

    It gets the frames (``frames/``, each with its recipe), ``sheet.png``, ``path.png``, ``index.html``, and
    ``sheet.json`` with the numbers of all frames.

    Parameters
    ----------
    times
        Seconds after the release (:func:`story_times`).
    meter_at
        The moment whose light sets the shutter of all frames; default: the scene's own.
    meter_each
        Let each frame have a reading of its own.
    axes
        Of the figure: RTN or the craft's.

    Raises
    ------
    UserError
        A scene that cannot be drawn, a camera that is never released, a folder that cannot be written to.
    """
    for name in ("", "frames", "thumbnails"):
        make_folder(folder / name)
    check_writable(folder / "sheet.png")
    told("reading the light meter")
    moment = scene.at if meter_at is None else meter_at
    reference_time = scene.seconds(moment, "--meter-at")
    if reference_time < 0.0:
        raise SceneError(
            f"--meter-at: {moment!r} is {-reference_time:g} s before the release; the camera is still on board"
        )
    held, metered = _hold_exposure(scene, moment, reference_time, meter_each)
    view = scene.view(reference_time)
    sheet, frames = StorySheet(f"{scene.title}: the release", metered, len(times)), []
    for number, t in enumerate(times, start=1):
        told(f"drawing, frame {number} of {len(times)}")
        frames.append(_draw(held, t, folder, quality, sheet))
    told("drawing the path")
    plot_release(
        scene, times, folder / "path.png", axes, reference_time if times[0] <= reference_time <= times[-1] else None
    )
    story = Story(scene, tuple(frames), folder, reference_time, metered, view.facts, _credits(view))
    text = json.dumps(story.records(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    save_with_recipe(folder / "sheet.png", png_with_recipe(sheet.pixels(), story.title, text), text)
    with atomic_write(folder / "index.html") as temporary:
        temporary.write_text(html_page(story), encoding="utf-8")
    return story


def _hold_exposure(scene: Scene, moment: str, reference_time: float, meter_each: bool) -> tuple[Scene, str]:
    """The scene with the shutter of one reading of its meter, and what was done in words."""
    if meter_each:
        return scene.with_changes(photo__shutter_s="auto"), "metered anew for each frame"
    if scene.photo.shutter_s != "auto":
        return scene, "held as the scene sets it"
    exposure = scene.view(reference_time).render("draft").expose().exposure
    plain = exposure.shutter_s / 2.0**exposure.stops  # the scene's stops come on top again
    return scene.with_changes(photo__shutter_s=plain), f"held at {exposure}, read at {moment}"


def _draw(scene: Scene, t: float, folder: Path, quality: str, sheet: StorySheet) -> Frame:
    view = scene.view(t)
    photo = view.render(quality).expose()
    stem = f"t{t:08.3f}s"
    file, small = f"frames/{stem}.png", f"thumbnails/{stem}.jpg"
    save(photo, folder / file)
    save_thumbnail(photo.pixels, folder / small, THUMBNAIL_PX)
    numbers = sample(view, t)
    sheet.add(photo.pixels, numbers)
    return Frame(numbers, file, str(photo.exposure), small)


def _credits(view: Any) -> tuple[str, ...]:
    from selfiesim.planet.maps.surface import surface_maps

    return () if view.planet is None else (surface_maps(view.planet.surface).credits,)
