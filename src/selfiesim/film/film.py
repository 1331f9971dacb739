"""Films: the drift of a camera as moving pictures, a frame for each step of time.

>>> from selfiesim import Scene
>>> from selfiesim.film.film import Take, film
>>> film(Scene.load("tianwen1-mars"), "drift.mp4", Take("release", "release+300s"))

How fast a film runs is no matter of the scene's time: ``step_s`` is what passes from one frame to the next, ``fps`` how
many are shown a second.
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
from selfiesim.files.images import check_writable, description_of, sidecar_path
from selfiesim.files.recipe import digest, recipe
from selfiesim.film.titles import draw_counter, title_card
from selfiesim.film.video_writer import ENDINGS, check_film, encoder, write_film

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo
    from selfiesim.scene.scene import Scene

TITLE_S = 2.0
"""For how long a title is shown."""
METERED_FRAMES = 9
"""Frames that the light meter looks at for a whole film."""
BLUR_SAMPLES = 12
"""Passes of a draft with motion blur: three would show as three pictures."""

Pixels = NDArray[np.uint8]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FilmSettings(TimeSpan):
    """What is filmed, and how.

    Attributes
    ----------
    fps : float
        Frames shown a second.
    exposure : str
        ``held``: metered once, for the whole film; ``metered``: by each frame anew. A scene with a shutter of its own
        keeps that.
    blur : float, optional
        For what share of a step the shutter is open, 0 to 1; None leaves it to ``photo.motion_blur`` of the scene,
        which smears over the time that the exposure takes.
    ping_pong : bool
        Whether the film runs back to its beginning.
    title, counter : bool
        Whether it begins with a title, and time and range stand in a corner.
    quality, samples
        As of :meth:`selfiesim.view.view.View.render`.

    Raises
    ------
    SceneError
        For numbers out of range.
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
            raise SceneError(f"--blur {self.blur:g}: give a share of the step from 0 to 1")
        if self.samples is not None and not 1 <= self.samples <= 1024:
            raise SceneError(f"--samples {self.samples}: give a number from 1 to 1024")
        if self.exposure not in ("held", "metered"):
            raise SceneError(f"--exposure {self.exposure!r}: choose held or metered")

    @property
    def shutter_open_s(self) -> float | None:
        """For how long the shutter is open, None for what the scene says."""
        return None if self.blur is None else self.blur * self.step_s

    @property
    def passes(self) -> int | None:
        """How many each frame is the mean of, None for as many as the quality has."""
        return BLUR_SAMPLES if self.samples is None and self.blur and self.quality == "draft" else self.samples


@dataclass(frozen=True)
class Film:
    """A film that was written: its file, how many ``frames`` it shows (title and way back among them), its recipe."""

    path: Path
    frames: int
    fps: float
    recipe: dict[str, Any]

    @property
    def duration_s(self) -> float:
        """How long it runs."""
        return self.frames / self.fps


def film(scene: Scene, path: str | Path, take: FilmSettings | None = None, progress: Progress | None = None) -> Film:
    """Draw a film and write it with its recipe beside it, whole or not at all.

    ``progress`` is told before each frame how many are done, and of how many.

    Raises
    ------
    UserError
        An ending that is none of .mp4, .gif, .apng and .webp, MP4 without the extra ``video``, impossible geometry.
    """
    path, take = Path(path), take or FilmSettings()
    times = take.times(scene)
    title_frames = max(1, round(TITLE_S * take.fps)) if take.title else 0
    reverse_frames = range(len(times) - 2, 0, -1) if take.ping_pong else range(0)
    count = title_frames + len(times) + len(reverse_frames)
    size = scene.camera.size_px
    check_writable(path, endings=ENDINGS)
    check_film(path, size, take.fps, count)
    scene = lock_exposure(scene, take, times)
    log = _RecipeLog(take, times)
    with (
        atomic_write(path) as temporary,
        atomic_write(sidecar_path(path)) as sidecar,
        tempfile.TemporaryFile(dir=temporary.parent) as spool,
    ):

        def shown() -> Iterator[Pixels]:
            if title_frames:
                card = title_card(scene.view(take.start))
                yield from [card] * title_frames
            for pixels in _render_frames(scene, take, times, log, progress):
                if reverse_frames:
                    spool.write(np.ascontiguousarray(pixels).tobytes())
                yield pixels
            yield from (_read_frame(spool, number, size) for number in reverse_frames)

        try:
            write_film(temporary, log.hash_frames(shown()), size, take.fps, description_of(scene.title))
        except OutputError as error:
            raise OutputError(f"{path}: {error}") from error
        metadata = log.recipe(count, path)
        sidecar.write_text(json.dumps(metadata, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    return Film(path, count, take.fps, metadata)


def render_photos(scene: Scene, take: FilmSettings, times: list[float]) -> Iterator[Photo]:
    """Each frame's photograph, in order; the dice of a sensor fall anew for each."""
    first = scene.view(take.start)
    for number, seconds in enumerate(times):
        radiance = first.later(seconds).render(take.quality, take.passes, shutter_open_s=take.shutter_open_s)
        seed_override = {} if scene.photo.look == "clean" else {"seed": (scene.photo.seed + number) % 2**63}
        yield radiance.expose(**seed_override)


def lock_exposure(scene: Scene, take: FilmSettings, times: list[float]) -> Scene:
    """The scene with the shutter that suits the whole film: the lower quartile of what the meter has for its frames.

    Of nine of them, evenly over the film. The median left the craft burnt out while it is near, the shortest left all
    but the first seconds in the dark. Unchanged where each frame is to be metered, or the scene has its own shutter.
    """
    if take.exposure == "metered" or scene.photo.shutter_s != "auto":
        return scene
    first = scene.view(take.start)
    places = np.unique(np.linspace(0, len(times) - 1, METERED_FRAMES).round().astype(int))
    render_photos = [first.later(times[place]).render("draft", 1, shutter_open_s=0.0).expose() for place in places]
    shutter = np.quantile([photo.exposure.shutter_s for photo in render_photos], 0.25, method="lower")
    return scene.with_changes(photo__shutter_s=float(np.clip(shutter / 2.0**scene.photo.stops, 1e-7, 3600.0)))


def _render_frames(
    scene: Scene, take: FilmSettings, times: list[float], log: _RecipeLog, report_progress: Progress | None
) -> Iterator[Pixels]:
    """The pixels of each frame (H, W, 3), with what is written into them."""
    frames = render_photos(scene, take, times)
    for number in range(len(times)):
        if report_progress:
            report_progress(number, len(times))
        photo = next(frames)
        log.add(photo)
        yield draw_counter(photo.pixels, photo.radiance.view) if take.counter else photo.pixels


def _read_frame(spool: IO[bytes], number: int, size: tuple[int, int]) -> Pixels:
    """A frame out of the file that they were put aside in."""
    width, height = size
    spool.seek(number * height * width * 3)
    return np.frombuffer(spool.read(height * width * 3), np.uint8).reshape(height, width, 3)


class _RecipeLog:
    """What a film's recipe tells, gathered while it is drawn."""

    def __init__(self, take: FilmSettings, times: list[float]) -> None:
        self._take, self._times = take, times
        self._first: dict[str, Any] = {}
        self._columns: dict[str, list[Any]] = {"epoch_utc": [], "range_to_craft_m": [], "shutter_s": []}
        self._pixels = hashlib.sha256()

    def add(self, photo: Photo) -> None:
        """The next frame that was drawn."""
        self._first = self._first or recipe(photo)
        view = photo.radiance.view
        self._columns["epoch_utc"].append(view.epoch.utc(3))
        self._columns["range_to_craft_m"].append(float(np.linalg.norm(view.craft.position)))
        self._columns["shutter_s"].append(photo.exposure.shutter_s)

    def hash_frames(self, frames: Iterator[Pixels]) -> Iterator[Pixels]:
        """The frames as they are, their digest taken."""
        for frame in frames:
            self._pixels.update(np.ascontiguousarray(frame).tobytes())
            yield frame

    def recipe(self, count: int, path: Path) -> dict[str, Any]:
        """The recipe of the first frame, and what makes it a film."""
        metadata = {key: value for key, value in self._first.items() if key not in ("pixels_sha256", "digest")}
        metadata["film"] = asdict(self._take) | {
            "frames_shown": count,
            "duration_s": count / self._take.fps,
            "encoder": encoder(path),
            "frames_sha256": self._pixels.hexdigest(),
        }
        metadata["frames"] = {"seconds": self._times} | self._columns
        return metadata | {"digest": digest(metadata)}
