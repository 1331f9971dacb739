"""The frames of a job: every combination of what varies, each with its place in the order and a name by content."""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfiesim.batches.job import MAX_FRAMES, Job, SweepAxis, job_description
from selfiesim.batches.releases import sample_releases
from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import BatchError, SceneError
from selfiesim.scene.camera import rescale_intrinsics
from selfiesim.scene.scene import Scene

Changes = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One frame to draw, all of it in plain values, so that it goes to any worker.

    ``name`` is the SHA-256 of everything that the files depend on; ``changes`` is what varies, by key path. With
    ``layers`` (png or exr) it is labelled, and goes with its ``group`` to a split of a data set.
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
    """The frames of a job, in order: the last axis of the file goes fastest. Made one by one, never all at once.

    Raises
    ------
    UserError
        More frames than a job may have, an axis of no length, or a value that the scene does not take.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.scene = job.base_scene()
        self.job_description = job_description(job, self.scene)
        self._table: dict[str, Any] = self.job_description["scene"]
        self._axes = _axes(job, self.scene)
        for axis in self._axes:
            _reject_duplicates(axis, job._source)
        self._count = math.prod(len(axis) for axis in self._axes)
        if self._count > MAX_FRAMES:
            raise BatchError(f"{job._source}: {self._count:,} frames; a job has at most {MAX_FRAMES:,}")
        self._check()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Task]:
        return (self[number] for number in range(self._count))

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
            number, name, changes, table, str(self.scene.folder.resolve()), self.scene._source, job.quality,
            job.samples, job.file, job.bits, layers, group,
        )  # fmt: skip

    def changes(self, number: int) -> Changes:
        """What varies, of one frame."""
        found: Changes = {}
        places = []
        for axis in reversed(self._axes):
            number, place = divmod(number, len(axis))
            places.append(place)
        for axis, place in zip(self._axes, reversed(places), strict=True):
            found |= axis[place]
        return found

    def _apply_changes(self, changes: Changes) -> dict[str, Any]:
        table: dict[str, Any] = copy.deepcopy(self._table)
        for key, value in changes.items():
            set_by_path(table, key, value, f"{self.job._source}: vary.{key}")
        rescale_intrinsics(table, self.scene.camera, changes)
        return table

    def _check(self) -> None:
        """Each key's first and last value goes into the scene: a misspelt key is told before anything is drawn."""
        for axis in self._axes:
            for changes in (axis[0], axis[len(axis) - 1]):
                where = f"{self.job._source}: vary ({', '.join(changes)})"
                scene = Scene.from_table(self._apply_changes(changes), where, self.scene.folder)
                if self.job.makes_bop:
                    self._check_bop(scene, where)

    def _check_bop(self, scene: Scene, where: str) -> None:
        """BOP's limits, told before an hour of drawing."""
        if scene.camera.model != "pinhole":
            raise BatchError(
                f"{where}: BOP knows only pinholes, not camera.model = {scene.camera.model!r}; "
                "give labels.formats without bop"
            )
        if scene.camera.size_px != self.scene.camera.size_px:
            raise BatchError(f"{where}: BOP wants pictures of one size; give labels.formats without bop")


def set_by_path(table: dict[str, Any], path: str, value: Any, where: str) -> None:
    """Set the value at a key path such as ``release.speed_m_s``, or ``objects.NAME.key``.

    Raises
    ------
    BatchError
        When the path goes through a value, or names an object that is not there.
    """
    *sections, last = path.split(".")
    node: Any = table
    for section in sections:
        if isinstance(node, list):
            names = {str(each.get("name")): each for each in node if isinstance(each, dict)}
            if section not in names:
                raise BatchError(f"{where}: nothing is called {section!r}{did_you_mean(section, names)}")
            node = names[section]
        else:
            node = node.setdefault(section, {})
        if not isinstance(node, (dict, list)):
            raise BatchError(f"{where}: {section!r} is a value, with no key under it")
    if isinstance(node, list):
        raise BatchError(f"{where}: give the name of one of them and a key")
    node[last] = value


def _reject_duplicates(axis: list[Changes], source: str) -> None:
    """The same values twice would be one frame, counted as two."""
    seen: set[str] = set()
    for changes in axis:
        content = json.dumps(changes, sort_keys=True)
        if content in seen:
            raise BatchError(f"{source}: vary: {content[:200]} stands there twice; each frame is drawn once")
        seen.add(content)


def _axes(job: Job, scene: Scene) -> list[list[Changes]]:
    """What goes crosswise: each fixed key, each group of linked keys, all dice together, all releases."""
    axes: dict[str, list[Changes]] = {}
    for key, axis in job.vary.items():
        if axis.is_random:
            new, group = _sample_axis(job, key, axis), " draws"
        else:
            new, group = _expand_axis(job, scene, key, axis), f"link {axis.link}" if axis.link else f"key {key}"
        if group in axes:
            if len(axes[group]) != len(new):
                raise BatchError(
                    f"{job._source}: vary.{key}: {len(new)} values, and {len(axes[group])} where link = {axis.link!r} "
                    "stands too; linked keys have as many values each"
                )
            axes[group] = [old | each for old, each in zip(axes[group], new, strict=True)]
        else:
            axes[group] = new
    if job.releases is not None:
        clash = [key for key in job.vary if key.split(".")[0] in ("release", "at")]
        if clash:
            raise BatchError(f"{job._source}: vary.{clash[0]}: releases = {job.releases} sets [release]; leave one out")
        pushes = sample_releases(scene, job.releases)
        times = axes.pop("key time", None)
        pushed = [_delay_moment(scene, each, moment) for each in pushes for moment in (times or [{"at": scene.at}])]
        axes[" releases"] = pushed
    return list(axes.values()) or [[{}]]


def _delay_moment(scene: Scene, push: tuple[Changes, float], moment: Changes) -> Changes:
    """A push at a moment. Moments are counted from the planned release, and the push may come late."""
    changes, late = push
    at = scene.seconds(moment["at"]) - late
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
    resolved = scene.resolved()
    try:
        first_epoch, last_epoch = resolved.epoch_at(axis.start, "from"), resolved.epoch_at(axis.stop, "to")
    except SceneError as error:
        raise BatchError(f"{job._source}: vary.time.{error}") from error
    span = last_epoch - first_epoch
    if span < 0.0:
        raise BatchError(f"{job._source}: vary.time.to: {axis.stop!r} comes before from, {axis.start!r}")
    count = int(span / axis.step_s + 1e-9) + 1
    if count > MAX_FRAMES:
        raise BatchError(f"{job._source}: vary.time: {count:,} moments; a job has at most {MAX_FRAMES:,} frames")
    if resolved.release_state is None:
        return [{"at": (first_epoch + k * axis.step_s).utc(9)} for k in range(count)]
    before = first_epoch - resolved.release_state.release.epoch
    return [{"at": f"release{before + k * axis.step_s:+.9f}s"} for k in range(count)]


def _sample_axis(job: Job, key: str, axis: SweepAxis) -> list[Changes]:
    """Each key has dice of its own: another key more or less leaves it as it was."""
    own = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    rng = np.random.default_rng([job.seed, own])
    if axis.uniform is not None:
        numbers = rng.uniform(*axis.uniform, size=job.draws)
    else:
        assert axis.normal is not None
        numbers = rng.normal(*axis.normal, size=job.draws)
    return [{key: float(number)} for number in numbers]
