"""What a job will take, measured on its first frame, and how far a run is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfiesim.batches.draw import draw_frame
from selfiesim.batches.manifest import is_running, read_description, read_records
from selfiesim.batches.vary import Frames

_RECENT = 200


def estimate(frames: Frames, workers: int) -> dict[str, Any]:
    """Frames, seconds and bytes of a whole job; its first frame is drawn twice, and the second time counts.

    Raises
    ------
    UserError
        When the first frame cannot be drawn.
    """
    cold = draw_frame(frames[0])
    warm = draw_frame(frames[0])
    size = sum(len(content) for content in warm.files.values())
    worker_count = max(workers, 1)
    return {
        "frames": len(frames),
        "first_frame_s": round(cold.seconds, 3),
        "frame_s": round(warm.seconds, 3),
        "frame_bytes": size,
        "peak_mb": round(warm.peak_mb, 1),
        "workers": worker_count,
        "total_s": round(cold.seconds + warm.seconds * len(frames) / worker_count, 1),
        "total_bytes": size * len(frames),
    }


def status(folder: Path) -> dict[str, Any]:
    """How far the batch in a folder is; a run may be at work on it.

    Raises
    ------
    BatchError
        When there is no batch in it.
    """
    description = read_description(folder)
    last = {record["frame"]: record for record in read_records(folder)}
    failed = [record for record in last.values() if record["status"] == "failed"]
    done = [record for record in last.values() if record["status"] == "done"]
    running = is_running(folder)
    recent = sorted(record["finished_unix_s"] for record in last.values())[-_RECENT:]
    rate = (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 1 and recent[-1] > recent[0] else None
    left = description["frames"] - len(last)
    return {
        "frames": description["frames"],
        "done": len(done),
        "failed": len(failed),
        "running": running,
        "frames_a_second": rate and round(rate, 3),
        "left_s": round(left / rate, 1) if rate and running else None,
        "bytes": sum(each["bytes"] for record in done for each in record["files"].values()),
        "faults": [{"number": each["number"], "message": each["message"]} for each in failed[:20]],
    }
