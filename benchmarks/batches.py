"""What workers gain, and whether a long run in one process stays within its memory.

``python benchmarks/batches.py [--json] [--frames 40] [--long 1000]``. Asked: two workers draw at least 1.7 times as
fast as one on two cores, and a run of 1,000 frames grows by at most 5 percent after frame 50. Rates are those between
the first frame and the last, so that starting does not count. Linux, on a quiet machine.
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

SETTLED = 50


def job(count: int, size: tuple[int, int] = (640, 360)) -> dict[str, Any]:
    """A job of so many moments."""
    time_axis = {"from": "release+30s", "to": f"release+{30 + 0.05 * (count - 1):.6f}s", "step_s": 0.05}
    return {"scene": "tianwen1-mars", "size": list(size), "vary": {"time": time_axis}}


def rate(frames: int, workers: int) -> float:
    """Frames a second by so many workers."""
    with tempfile.TemporaryDirectory() as folder:
        # Each worker has drawn a few by then, and is warm.
        warm = 5 * workers
        for number, _ in enumerate(selfiesim.batch(job(frames + warm), folder, workers=workers), 1):
            if number == warm:
                start = time.perf_counter()
        return frames / (time.perf_counter() - start)


def growth(frames: int) -> float:
    """By what share the resident set of this process grows after the first frames."""
    settled = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, _ in enumerate(selfiesim.batch(job(frames, (160, 90)), folder), 1):
            if number == SETTLED:
                settled = resident_mb()
    return resident_mb() / settled - 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--frames", type=int, default=40, help="to time")
    parser.add_argument("--long", type=int, default=1000, help="frames of the long run, more than 50")
    options = parser.parse_args()
    if options.long <= SETTLED or options.frames < 1:
        parser.error("--frames: at least 1; --long: more than 50")
    found: dict[str, Any] = {"load_before": os.getloadavg()[0]}
    one, two = rate(options.frames, 1), rate(options.frames, 2)
    found |= {"one_a_second": round(one, 3), "two_a_second": round(two, 3), "gain": round(two / one, 3)}
    found |= {"growth": round(growth(options.long), 4), "frames": options.long}
    if options.json:
        print(json.dumps(found))
        return
    for key, value in found.items():
        print(f"{key:14s} {value}")


if __name__ == "__main__":
    main()
