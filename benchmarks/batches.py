"""Measure the gain from a second worker, and the memory growth of a long run in one process.

``python benchmarks/batches.py [--json] [--frames 40] [--long 1000]``. Required: two workers render at least 1.7 times
as fast as one on two cores, and a run of 1,000 frames grows by at most 5 percent after frame 50. Rates exclude the
start of the workers. Linux, on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from typing import Any

from memory import resident_mb

import selfiesim

WARM_UP_FRAMES = 50


def job(count: int, size: tuple[int, int] = (640, 360)) -> dict[str, Any]:
    """A job with ``count`` frames, 0.05 s apart."""
    time_axis = {"from": "release+30s", "to": f"release+{30 + 0.05 * (count - 1):.6f}s", "step_s": 0.05}
    return {"scene": "tianwen1-mars", "size": list(size), "vary": {"time": time_axis}}


def rate(frames: int, workers: int) -> float:
    """Frames per second with ``workers`` workers."""
    with tempfile.TemporaryDirectory() as folder:
        # By then each worker has rendered a few frames and is warm.
        warm = 5 * workers
        for number, _ in enumerate(selfiesim.batch(job(frames + warm), folder, workers=workers), 1):
            if number == warm:
                start = time.perf_counter()
        return frames / (time.perf_counter() - start)


def growth(frames: int) -> float:
    """Relative growth of the resident set of this process after the first frames."""
    settled = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, _ in enumerate(selfiesim.batch(job(frames, (160, 90)), folder), 1):
            if number == WARM_UP_FRAMES:
                settled = resident_mb()
    return resident_mb() / settled - 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--frames", type=int, default=40, help="number of frames to time")
    parser.add_argument("--long", type=int, default=1000, help="frames of the long run, more than 50")
    options = parser.parse_args()
    if options.long <= WARM_UP_FRAMES or options.frames < 1:
        parser.error("--frames: at least 1; --long: more than 50")
    result: dict[str, Any] = {"load_before": os.getloadavg()[0]}
    one, two = rate(options.frames, 1), rate(options.frames, 2)
    result |= {"one_a_second": round(one, 3), "two_a_second": round(two, 3), "gain": round(two / one, 3)}
    result |= {"growth": round(growth(options.long), 4), "frames": options.long}
    if options.json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(f"{key:14s} {value}")


if __name__ == "__main__":
    main()
