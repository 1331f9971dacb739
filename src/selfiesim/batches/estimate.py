"""Estimate the cost of a job from its first frame, and report the progress of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from selfiesim.batches.draw import render_frame
from selfiesim.batches.manifest import is_running, read_description, read_records
from selfiesim.batches.vary import Frames

_MEASURED_PASSES = 32
_RATE_FRAMES = 200  # the rate is that of the last frames
_MAX_FAULTS_SHOWN = 20


def estimate(frames: Frames, workers: int) -> dict[str, Any]:
    """Estimate seconds and bytes of a whole job.

    The first frame is rendered twice: the second time, with warm caches, stands for all others. Of many passes only
    some are rendered, and the time is multiplied.

    Raises
    ------
    UserError
        The first frame cannot be rendered.
    """
    first = frames[0]
    passes = min(first.samples or 1, _MEASURED_PASSES)
    factor = (first.samples or 1) / passes
    sampled = replace(first, samples=passes) if factor > 1.0 else first
    cold = render_frame(sampled)
    warm = render_frame(sampled)
    frame_s = warm.seconds * factor
    size = sum(len(content) for content in warm.files.values())
    worker_count = max(workers, 1)
    return {
        "frames": len(frames),
        "first_frame_s": round(cold.seconds - warm.seconds + frame_s, 3),
        "frame_s": round(frame_s, 3),
        "frame_bytes": size,
        "peak_mb": round(warm.peak_mb, 1),
        "workers": worker_count,
        "total_s": round(cold.seconds + frame_s * len(frames) / worker_count, 1),
        "total_bytes": size * len(frames),
    }


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
