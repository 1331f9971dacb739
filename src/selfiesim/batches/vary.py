"""The frames of a job: every combination of what varies, each with a number and a name that hashes its content."""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfiesim.batches.job import Job, SweepAxis, job_description
from selfiesim.batches.releases import sample_releases
from selfiesim.batches.shards import Shard
from selfiesim.core.config_validation import set_by_path
from selfiesim.core.errors import BatchError, SceneError
from selfiesim.core.limits import JOB_DRAWS, JOB_FRAMES, JOB_VALUES
from selfiesim.scene.camera import rescale_intrinsics
from selfiesim.scene.scene import Scene

Changes = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A frame to render, in plain values, so that it can be sent to any worker.

    Attributes
    ----------
    number : int
        Position in the job, from 0.
    name : str
        SHA-256 of everything that the frame's files depend on.
    changes : dict
        The values that vary, by key path of the scene.
    scene : dict
        The scene with the changes applied.
    folder, source : str
        The folder that its files are relative to, and the name of the scene in messages.
    quality, samples
        As in :meth:`selfiesim.view.view.View.render`.
    file : str
        Suffix of the image file, without the dot.
    bits : int
        Bits per channel of a PNG or TIFF.
    layers : str or None
        File format of the labels' layers, png or exr; None for a frame without labels.
    group : str or None
        Frames of a group are in the same split of a data set; None puts the frame in a group of its own.
    """

    number: int
    name: str
    changes: Changes
    scene: dict[str, Any]
    folder: str
    source: str
    quality: str
    samples: int | None
    file: str
    bits: int
    layers: str | None
    group: str | None


class Frames:
    """The frames of a job, a lazy sequence of :class:`Task`; the last axis of the job varies fastest.

    Attributes
    ----------
    job : Job
        The job.
    shard : Shard, optional
        The part of it that these frames are; they keep their numbers in the job.
    scene : Scene
        The scene before anything varies.
    job_description : dict
        Everything that the frames depend on, for ``batch.json``.

    Raises
    ------
    UserError
        The job has too many frames, an axis without values, or a value that is invalid in the scene.
    """

    def __init__(self, job: Job, shard: Shard | None = None) -> None:
        self.job, self.shard = job, shard
        self.scene = job.base_scene()
        self.job_description = job_description(job, self.scene)
        self._table: dict[str, Any] = self.job_description["scene"]
        self._axes = _axes(job, self.scene)
        for axis in self._axes:
            _reject_duplicates(axis, job.source)
        self._count = math.prod(len(axis) for axis in self._axes)
        JOB_FRAMES.check(self._count, f"{job.source}: {self._count:,} frames", BatchError)
        self._check()

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Task]:
        return (self[number] for number in self._numbers)

    @property
    def _numbers(self) -> range:
        return self.shard.numbers(self._count) if self.shard else range(self._count)

    def __getitem__(self, number: int) -> Task:
        if not 0 <= number < self._count:
            raise IndexError(number)
        job, changes = self.job, self.changes(number)
        table = self._apply_changes(changes)
        content = {key: self.job_description[key] for key in ("selfiesim", "files")}
        content |= {"scene": table, "quality": job.quality, "samples": job.samples, "file": job.file, "bits": job.bits}
        labels = job.labels
        layers = labels.layers if labels else None
        group = f"group-{number // labels.group}" if labels and labels.group > 1 else None
        content |= {"labels": [layers, group]} if labels else {}
        name = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        return Task(
            number, name, changes, table, str(self.scene.folder.resolve()), self.scene.source, job.quality,
            job.samples, job.file, job.bits, layers, group,
        )  # fmt: skip

    def changes(self, number: int) -> Changes:
        """Return the values that vary, of one frame, by key path."""
        changes: Changes = {}
        indices = []
        for axis in reversed(self._axes):
            number, index = divmod(number, len(axis))
            indices.append(index)
        for axis, index in zip(self._axes, reversed(indices), strict=True):
            changes |= axis[index]
        return changes

    def _apply_changes(self, changes: Changes) -> dict[str, Any]:
        table: dict[str, Any] = copy.deepcopy(self._table)
        for key, value in changes.items():
            set_by_path(table, key.split("."), value, f"{self.job.source}: vary.{key}", BatchError)
        rescale_intrinsics(table, self.scene.camera, changes)
        return table

    def _check(self) -> None:
        """Validate the first and last value of each axis, so that a misspelt key is found before rendering."""
        for axis in self._axes:
            for changes in (axis[0], axis[len(axis) - 1]):
                where = f"{self.job.source}: vary ({', '.join(changes)})"
                scene = Scene.from_table(self._apply_changes(changes), where, self.scene.folder)
                if self.job.writes_bop:
                    self._check_bop(scene, where)

    def _check_bop(self, scene: Scene, where: str) -> None:
        """Check the limits of BOP now rather than after an hour of rendering."""
        if scene.camera.model != "pinhole":
            raise BatchError(
                f"{where}: BOP supports only pinhole cameras, not camera.model = {scene.camera.model!r}; "
                "give labels.formats without bop"
            )
        if scene.camera.size_px != self.scene.camera.size_px:
            raise BatchError(f"{where}: BOP needs images of one size; give labels.formats without bop")


def _reject_duplicates(axis: list[Changes], source: str) -> None:
    """Refuse an axis with the same values twice: that would be one frame, counted as two."""
    seen: set[str] = set()
    for changes in axis:
        content = json.dumps(changes, sort_keys=True)
        if content in seen:
            raise BatchError(f"{source}: vary: {content[:200]} is listed twice; remove one")
        seen.add(content)


def _axes(job: Job, scene: Scene) -> list[list[Changes]]:
    """Return the axes whose combinations are the frames, each a list of changes.

    An axis is a key, a group of linked keys, all random keys together, or all releases.
    """
    draws = (job.draws or 0) * sum(axis.is_random for axis in job.vary.values())
    JOB_DRAWS.check(draws, f"{job.source}: draws: {draws:,} random numbers", BatchError)
    axes: dict[str, list[Changes]] = {}
    for key, axis in job.vary.items():
        if axis.is_random:
            new, group = _sample_axis(job, key, axis), " draws"
        else:
            new, group = _expand_axis(job, scene, key, axis), f"link {axis.link}" if axis.link else f"key {key}"
        if group in axes:
            if len(axes[group]) != len(new):
                raise BatchError(
                    f"{job.source}: vary.{key}: {len(new)} values, but {len(axes[group])} in other keys with "
                    f"link = {axis.link!r}; linked keys need equally many"
                )
            axes[group] = [old | each for old, each in zip(axes[group], new, strict=True)]
        else:
            axes[group] = new
    if job.releases is not None:
        clash = [key for key in job.vary if key.split(".")[0] in ("release", "at")]
        if clash:
            raise BatchError(f"{job.source}: vary.{clash[0]}: releases = {job.releases} sets [release]; remove one")
        if "time" in job.vary and job.vary["time"].link:
            raise BatchError(f"{job.source}: vary.time: cannot be linked to other keys with releases; remove its link")
        moments = axes.pop("key time", None) or [{"at": scene.at}]
        count = job.releases * len(moments)
        JOB_FRAMES.check(count, f"{job.source}: {count:,} frames", BatchError)
        releases = sample_releases(scene, job.releases)
        axes[" releases"] = [_release_at(scene, release, moment) for release in releases for moment in moments]
    return list(axes.values()) or [[{}]]


def _release_at(scene: Scene, release: tuple[Changes, float], moment: Changes) -> Changes:
    """Return the changes of a release at a moment. Moments count from the planned release, which may be delayed."""
    changes, delay_s = release
    at = scene.seconds(moment["at"]) - delay_s
    return changes | {"at": f"release+{max(at, 0.0):.9f}s"}


def _expand_axis(job: Job, scene: Scene, key: str, axis: SweepAxis) -> list[Changes]:
    if axis.values is not None:
        return [{"at" if key == "time" else key: value} for value in axis.values]
    if axis.linspace is not None:
        first, last, count = axis.linspace
        return [{key: float(value)} for value in np.linspace(first, last, count)]
    assert axis.start is not None
    assert axis.stop is not None
    assert axis.step_s is not None
    resolved = scene.resolve()
    try:
        first_epoch, last_epoch = resolved.epoch_at(axis.start, "from"), resolved.epoch_at(axis.stop, "to")
    except SceneError as error:
        raise BatchError(f"{job.source}: vary.time.{error}") from error
    span = last_epoch - first_epoch
    if span < 0.0:
        raise BatchError(f"{job.source}: vary.time.to: {axis.stop!r} is before from, {axis.start!r}")
    count = int(span / axis.step_s + 1e-9) + 1
    JOB_VALUES.check(count, f"{job.source}: vary.time: {count:,} moments", BatchError)
    if resolved.release_state is None:
        return [{"at": (first_epoch + k * axis.step_s).utc(9)} for k in range(count)]
    before = first_epoch - resolved.release_state.release.epoch
    return [{"at": f"release{before + k * axis.step_s:+.9f}s"} for k in range(count)]


def _sample_axis(job: Job, key: str, axis: SweepAxis) -> list[Changes]:
    """Draw random values. Each key has a random stream of its own, independent of the other keys."""
    key_seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    rng = np.random.default_rng([job.seed, key_seed])
    if axis.uniform is not None:
        numbers = rng.uniform(*axis.uniform, size=job.draws)
    else:
        assert axis.normal is not None
        numbers = rng.normal(*axis.normal, size=job.draws)
    return [{key: float(number)} for number in numbers]
