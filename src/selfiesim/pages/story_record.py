"""What a story consists of: its frames with their numbers, and the exposure, facts and credits they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from selfiesim.analysis.drift_table import DriftSample, as_records, describe_return
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.scene.scene import Scene


@dataclass(frozen=True)
class Frame:
    """One frame of a story.

    Attributes
    ----------
    sample : DriftSample
        Where the camera is and what it frames.
    file, thumbnail : str
        Picture and thumbnail, relative to the story's folder.
    exposure : str
        Shutter, f-number and ISO.
    alternative : str
        What the picture shows, for those who cannot see it.
    """

    sample: DriftSample
    file: str
    exposure: str
    thumbnail: str
    alternative: str


@dataclass(frozen=True)
class Story:
    """A release, frame by frame.

    Attributes
    ----------
    folder : Path
        Where the files are.
    reference_s : float
        Seconds after the release of the moment that sets the exposure, unless each frame is metered.
    metered : str
        How the exposure was chosen; continues a sentence that begins with "Exposure".
    facts : dict
        Facts of the view at ``reference_s``.
    credits : tuple of str
        Sources of the maps.
    quality : str
        Of the pictures: ``"draft"`` or ``"final"``.
    hero : Frame
        The frame that the page begins with, its picture larger than the others.
    film : str
        File of the film, relative to ``folder``; empty without one.
    """

    scene: Scene
    frames: tuple[Frame, ...]
    folder: Path
    reference_s: float
    metered: str
    facts: dict[str, Any]
    credits: tuple[str, ...]
    quality: str
    hero: Frame
    film: str = ""

    @property
    def title(self) -> str:
        """Title of the sheet and the page."""
        return story_title(self.scene)

    @property
    def samples(self) -> list[DriftSample]:
        """The numbers of all frames."""
        return [frame.sample for frame in self.frames]

    def records(self) -> dict[str, Any]:
        """The whole story as JSON-ready data."""
        files = [{"file": frame.file, "exposure": frame.exposure} for frame in self.frames]
        return {
            "kind": SYNTHETIC,
            "notice": f"Each frame is a {SYNTHETIC}: a simulation, not a photograph taken in space.",
            "title": self.title,
            "quality": self.quality,
            "exposure": self.metered,
            "return_to_craft": describe_return(self.samples) or None,
            "hero": self.hero.file,
            "film": self.film or None,
            "frames": [file | record for file, record in zip(files, as_records(self.samples), strict=True)],
            "assumed": self.facts["assumed"],
            "credits": list(self.credits),
            "versions": {package: version(package) for package in ("selfiesim", "numpy", "pyvista", "vtk")},
        }


def best_frame(samples: Sequence[DriftSample]) -> int:
    """Return the number of the frame that shows most: the first with all of the craft, and something behind it.

    Without one, it is the last that has something behind the craft.
    """

    def interest(number: int) -> tuple[int, float]:
        sample = samples[number]
        value = 2 * sample.in_frame + bool(background(sample))
        return value, -sample.t_s if sample.in_frame else sample.t_s

    return max(range(len(samples)), key=interest)


def background(sample: DriftSample) -> list[str]:
    """Return what is behind the craft, in words."""
    seen = {"the limb": sample.limb_in_frame, "the polar cap": sample.cap_in_frame, "the Sun": sample.sun_in_frame}
    return [name for name, is_shown in seen.items() if is_shown]


def story_title(scene: Scene) -> str:
    """Title of everything about the release of a scene."""
    return f"{scene.title}: the release"
