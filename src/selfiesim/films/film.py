"""Films: the drift of a camera as a video, with one frame per time step.

>>> from selfiesim import Scene
>>> from selfiesim.films.film import FilmSettings, film
>>> film(Scene.load("tianwen1-mars"), "drift.mp4", FilmSettings("release", "release+300s"))

The speed of a film is independent of scene time: ``step_s`` is the scene time between frames, ``fps`` the frames shown
per second.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from selfiesim.analysis.frame_times import TimeSpan
from selfiesim.core.errors import OutputError, SceneError
from selfiesim.core.files import atomic_write
from selfiesim.files.images import check_writable, sidecar_path
from selfiesim.files.metadata import description_of
from selfiesim.files.recipe import digest, recipe
from selfiesim.films.titles import draw_counter, title_card
from selfiesim.films.video_writer import ENDINGS, check_film, encoder, write_film
from selfiesim.photo.exposure import limit_shutter

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo
    from selfiesim.scene.scene import Scene

TITLE_S = 2.0
"""Duration of the title card."""
METERED_FRAMES = 9
"""Number of frames that are metered for the exposure of a film."""
BLUR_SAMPLES = 12
"""Passes of a draft with motion blur; with the usual three, three separate images would show."""

Pixels = NDArray[np.uint8]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FilmSettings(TimeSpan):
    """Settings of a film, besides its span of time.

    Attributes
    ----------
    fps : float
        Frames shown per second.
    exposure : str
        ``held``: metered once, for the whole film; ``metered``: metered for each frame. A shutter time in the scene
        takes precedence.
    blur : float, optional
        Time that the shutter is open, as a fraction of the step, 0 to 1. By default the scene's ``photo.motion_blur``
        applies, which blurs over the exposure time.
    ping_pong : bool
        Whether the film runs back to its start.
    title, counter : bool
        Whether the film starts with a title card, and whether time and range are written into each frame.
    quality, samples
        As in :meth:`selfiesim.view.view.View.render`.

    Raises
    ------
    SceneError
        A number is out of range.
    """

    fps: float = 25.0
    exposure: Literal["held", "metered"] = "held"
    blur: float | None = None
    ping_pong: bool = False
    title: bool = False
    counter: bool = False
    quality: str = "draft"
    samples: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.blur is not None and not 0.0 <= self.blur <= 1.0:
            raise SceneError(f"--blur {self.blur:g}: give a fraction of the step from 0 to 1")
        if self.samples is not None and not 1 <= self.samples <= 1024:
            raise SceneError(f"--samples {self.samples}: give a number from 1 to 1024")
        if self.exposure not in ("held", "metered"):
            raise SceneError(f"--exposure {self.exposure!r}: choose held or metered")

    @property
    def shutter_open_s(self) -> float | None:
        """Time that the shutter is open in each frame; None leaves it to the scene."""
        return None if self.blur is None else self.blur * self.step_s

    @property
    def passes(self) -> int | None:
        """Rendering passes per frame; None leaves them to the quality."""
        return BLUR_SAMPLES if self.samples is None and self.blur and self.quality == "draft" else self.samples


@dataclass(frozen=True)
class Film:
    """A film file.

    Attributes
    ----------
    path : Path
        The file.
    frames : int
        Number of frames shown, title and way back included.
    fps : float
        Frames shown per second.
    recipe : dict
        The recipe, as in the JSON file next to the film.
    """

    path: Path
    frames: int
    fps: float
    recipe: dict[str, Any]

    @property
    def duration_s(self) -> float:
        """Duration of the film."""
        return self.frames / self.fps


# Long: the docstring, and the order of the frames as a closure.
def film(
    scene: Scene, path: str | Path, settings: FilmSettings | None = None, progress: Progress | None = None
) -> Film:
    """Render a film, and write it with its recipe next to it, whole or not at all.

    Parameters
    ----------
    scene : Scene
        The scene.
    path : path
        The file: .mp4, .gif, .apng or .webp.
    settings : FilmSettings, optional
        Span of time, speed, exposure and more.
    progress : callable, optional
        Called before each frame with the number of frames done and their total number.

    Returns
    -------
    Film
        The file, its number of frames and frame rate, and the recipe.

    Raises
    ------
    UserError
        The file format is unknown or needs the extra ``video``, or the geometry is impossible.
    """
    path, settings = Path(path), settings or FilmSettings()
    times = settings.times(scene)
    title_frames = max(1, round(TITLE_S * settings.fps)) if settings.title else 0
    reverse_frames = range(len(times) - 2, 0, -1) if settings.ping_pong else range(0)
    count = title_frames + len(times) + len(reverse_frames)
    size = scene.camera.size_px
    check_writable(path, endings=ENDINGS)
    check_film(path, size, settings.fps, count)
    scene = lock_exposure(scene, settings, times)
    log = _RecipeLog(settings, times)
    with (
        atomic_write(sidecar_path(path)) as sidecar,
        atomic_write(path) as temporary,
        tempfile.TemporaryFile(dir=temporary.parent) as spool,
    ):

        def all_frames() -> Iterator[Pixels]:
            if title_frames:
                card = title_card(scene.view(settings.start))
                yield from [card] * title_frames
            for pixels in _render_frames(scene, settings, times, log, progress):
                if reverse_frames:
                    spool.write(np.ascontiguousarray(pixels).tobytes())
                yield pixels
            yield from (_read_frame(spool, number, size) for number in reverse_frames)

        try:
            write_film(temporary, log.hash_frames(all_frames()), size, settings.fps, description_of(scene.title))
        except OutputError as error:
            raise OutputError(f"{path}: {error}") from error
        metadata = log.recipe(count, path)
        sidecar.write_text(json.dumps(metadata, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    return Film(path, count, settings.fps, metadata)


def render_photos(scene: Scene, settings: FilmSettings, times: list[float]) -> Iterator[Photo]:
    """Yield the photograph of each frame; sensor noise has a seed of its own in each."""
    first = scene.view(settings.start)
    for number, seconds in enumerate(times):
        radiance = first.after(seconds).render(
            settings.quality, settings.passes, shutter_open_s=settings.shutter_open_s
        )
        seed_override = {} if scene.photo.look == "clean" else {"seed": (scene.photo.seed + number) % 2**63}
        yield radiance.expose(**seed_override)


def lock_exposure(scene: Scene, settings: FilmSettings, times: list[float]) -> Scene:
    """Return the scene with one shutter time for the whole film: the lower quartile over nine metered frames.

    With the median, the craft is overexposed while it is near; with the minimum, all but the first seconds are dark.
    The scene is returned as it is if each frame is metered, or if it sets a shutter time.
    """
    if settings.exposure == "metered" or scene.photo.shutter_s != "auto":
        return scene
    first = scene.view(settings.start)
    metered = np.unique(np.linspace(0, len(times) - 1, METERED_FRAMES).round().astype(int))
    photos = [first.after(times[index]).render("draft", 1, shutter_open_s=0.0).expose() for index in metered]
    shutter = np.quantile([photo.exposure.shutter_s for photo in photos], 0.25, method="lower")
    return scene.with_changes(photo__shutter_s=limit_shutter(float(shutter) / 2.0**scene.photo.stops))


def _render_frames(
    scene: Scene, settings: FilmSettings, times: list[float], log: _RecipeLog, report_progress: Progress | None
) -> Iterator[Pixels]:
    """Yield the pixels of each frame (H, W, 3), with the counter if there is one."""
    frames = render_photos(scene, settings, times)
    for number in range(len(times)):
        if report_progress:
            report_progress(number, len(times))
        photo = next(frames)
        log.add(photo)
        yield draw_counter(photo.pixels, photo.radiance.view) if settings.counter else photo.pixels


def _read_frame(spool: IO[bytes], number: int, size: tuple[int, int]) -> Pixels:
    """Read a frame back from the temporary file."""
    width, height = size
    spool.seek(number * height * width * 3)
    return np.frombuffer(spool.read(height * width * 3), np.uint8).reshape(height, width, 3)


class _RecipeLog:
    """Collects the recipe of a film while it is rendered."""

    def __init__(self, settings: FilmSettings, times: list[float]) -> None:
        self._settings, self._times = settings, times
        self._first: dict[str, Any] = {}
        self._columns: dict[str, list[Any]] = {"epoch_utc": [], "range_to_craft_m": [], "shutter_s": []}
        self._pixels = hashlib.sha256()

    def add(self, photo: Photo) -> None:
        """Record the next frame."""
        self._first = self._first or recipe(photo)
        view = photo.radiance.view
        self._columns["epoch_utc"].append(view.epoch.utc(3))
        self._columns["range_to_craft_m"].append(float(np.linalg.norm(view.craft.position)))
        self._columns["shutter_s"].append(photo.exposure.shutter_s)

    def hash_frames(self, frames: Iterator[Pixels]) -> Iterator[Pixels]:
        """Pass the frames through, and hash them."""
        for frame in frames:
            self._pixels.update(np.ascontiguousarray(frame).tobytes())
            yield frame

    def recipe(self, count: int, path: Path) -> dict[str, Any]:
        """Return the recipe of the first frame, extended by the film's."""
        metadata = {key: value for key, value in self._first.items() if key not in ("pixels_sha256", "digest")}
        metadata["film"] = asdict(self._settings) | {
            "frames_shown": count,
            "duration_s": count / self._settings.fps,
            "encoder": encoder(path),
            "frames_sha256": self._pixels.hexdigest(),
        }
        metadata["frames"] = {"seconds": self._times} | self._columns
        return metadata | {"digest": digest(metadata)}
