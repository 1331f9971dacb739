"""Measure the growth of the resident set over 500 small frames of changing views, after the first 50.

``python benchmarks/memory.py [--json] [--frames 500] [--changes all]``. Required: at most 5 percent. Linux.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selfiesim import Scene

WARM_UP_FRAMES = 50
MAX_GROWTH = 0.05


def views(kind: str) -> Iterator[Any]:
    """An endless series of views, each different from the one before."""
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[320, 180])
    sizes = ([320, 180], [300, 200], [180, 320])
    number = 0
    while True:
        number += 1
        changes: dict[str, Any] = {"camera__roll_deg": 7.0 * number % 360.0}
        if kind in ("lenses", "all"):
            changes["camera__horizontal_fov_deg"] = 30.0 + 13.0 * number % 60.0
        if kind in ("sizes", "all"):
            changes["camera__size_px"] = sizes[number % len(sizes)]
        yield scene.with_changes(**changes).view(at=f"release+{30 + number % 200}s")


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(kind: str, frames: int) -> dict[str, float]:
    """Resident set (MB) after the first frames and at the end, and its relative growth."""
    settled = 0.0
    for number, view in zip(range(1, frames + 1), views(kind), strict=False):
        view.render("draft")
        if number == WARM_UP_FRAMES:
            settled = resident_mb()
    end = resident_mb()
    return {"settled_mb": round(settled, 1), "end_mb": round(end, 1), "growth": round(end / settled - 1.0, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--frames", type=int, default=500, help="number of frames, more than 50")
    parser.add_argument(
        "--changes", choices=("poses", "lenses", "sizes", "all"), default="all", help="what changes from frame to frame"
    )
    options = parser.parse_args()
    if options.frames <= WARM_UP_FRAMES:
        parser.error(f"--frames: more than {WARM_UP_FRAMES}")
    result = measure(options.changes, options.frames)
    if options.json:
        print(json.dumps(result))
        return
    print(
        f"{result['settled_mb']} MB after {WARM_UP_FRAMES} frames, {result['end_mb']} MB after {options.frames}: ",
        end="",
    )
    print(f"{100.0 * result['growth']:+.1f} percent (limit: {100.0 * MAX_GROWTH:.0f})")


if __name__ == "__main__":
    main()
