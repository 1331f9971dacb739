"""Estimate the cost of a job from its first frame, and report the progress of a run."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from selfiesim.batches.draw import render_frame
from selfiesim.batches.manifest import is_running, read_description, read_records
from selfiesim.batches.vary import Frames, Task
from selfiesim.scene.camera import rescale_intrinsics
from selfiesim.scene.scene import Scene

_MEASURED_PASSES = 32
_MEASURED_PIXELS = 2_000_000.0
_RATE_FRAMES = 200  # the rate is that of the last frames
_MAX_FAULTS_SHOWN = 20


def estimate(frames: Frames, workers: int) -> dict[str, Any]:
    """Estimate seconds and bytes of a whole job.

    The first frame is rendered twice: the second time, with warm caches, stands for all others. Large frames are
    rendered smaller, and of many passes only some; time and bytes are multiplied, memory is extrapolated.

    Raises
    ------
    UserError
        The first frame cannot be rendered.
    """
    first = frames[0]
    passes = min(first.samples or 1, _MEASURED_PASSES)
    sampled = replace(first, samples=passes) if (first.samples or 1) > passes else first
    large, area = _shrink(sampled, _MEASURED_PIXELS)
    cold = render_frame(_shrink(large, _MEASURED_PIXELS / 4.0)[0] if area > 1.0 else large)
    warm = render_frame(large)
    frame_s = warm.seconds * area * (first.samples or 1) / passes
    size = round(sum(len(content) for content in warm.files.values()) * area)
    first_s = frame_s + max(cold.seconds - warm.seconds, 0.0)
    worker_count = max(workers, 1)
    return {
        "frames": len(frames),
        "first_frame_s": round(first_s, 3),
        "frame_s": round(frame_s, 3),
        "frame_bytes": size,
        "peak_mb": round(warm.peak_mb + (warm.peak_mb - cold.peak_mb) * (area - 1.0) / 0.75, 1),
        "workers": worker_count,
        "total_s": round(first_s + frame_s * max(len(frames) - 1, 0) / worker_count, 1),
        "total_bytes": size * len(frames),
    }


def _shrink(task: Task, pixels: float) -> tuple[Task, float]:
    """Return the task with a picture of at most about ``pixels``, and how many times that the original has."""
    scene = Scene.from_table(task.scene, task.source, Path(task.folder))
    width, height = scene.camera.size_px
    scale = (pixels / (width * height)) ** 0.5
    if scale >= 1.0:
        return task, 1.0
    size = [max(round(side * scale), 1) for side in (width, height)]
    table = copy.deepcopy(task.scene)
    table["camera"]["size_px"] = size
    rescale_intrinsics(table, scene.camera, ["camera.size_px"])
    return replace(task, scene=table), width * height / (size[0] * size[1])


def status(folder: Path) -> dict[str, Any]:
    """Report the progress of the batch in a folder, running or not.

    Raises
    ------
    BatchError
        The folder contains no batch.
    """
    description = read_description(folder)
    last = {record["frame"]: record for record in read_records(folder)}
    failed = [record for record in last.values() if record["status"] == "failed"]
    done = [record for record in last.values() if record["status"] == "done"]
    running = is_running(folder)
    times = sorted(record["finished_unix_s"] for record in last.values())[-_RATE_FRAMES:]
    rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else None
    left = description["frames"] - len(last)
    return {
        "frames": description["frames"],
        "done": len(done),
        "failed": len(failed),
        "running": running,
        "frames_per_second": rate and round(rate, 3),
        "remaining_s": round(left / rate, 1) if rate and running else None,
        "bytes": sum(file["bytes"] for record in done for file in record["files"].values()),
        "faults": [{"number": each["number"], "message": each["message"]} for each in failed[:_MAX_FAULTS_SHOWN]],
    }
