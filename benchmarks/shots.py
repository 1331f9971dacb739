"""Time a warm draft of each shipped scene: one process, meshes and maps cached, the scene file read again.

``python benchmarks/shots.py [--json] [--size 640x360] [--runs 3] [NAME ...]``. Required: at most 3 s each, from the
scene file to the photograph. The first run of each scene fills the caches and is reported separately.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

from selfiesim import Scene
from selfiesim.cli.console import parse_size
from selfiesim.scene.scene import scenes

MAX_WARM_S = 3.0


def seconds(name: str, size: list[int]) -> float:
    """Seconds from the scene's file to its photograph."""
    start = time.perf_counter()
    Scene.load(name).with_changes(camera__size_px=size).view().render("draft").expose()
    return time.perf_counter() - start


def measure(names: list[str], size: list[int], runs: int) -> dict[str, dict[str, float]]:
    """For each scene, the first run and the median of the others."""
    results = {}
    for name in names:
        first, *others = [seconds(name, size) for _ in range(runs + 1)]
        results[name] = {"first_s": round(first, 3), "warm_s": round(statistics.median(others), 3)}
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="*", metavar="NAME", help="scenes to time; default: all")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--size", default="640x360", help="size of the pictures")
    parser.add_argument("--runs", type=int, default=3, help="number of warm runs, 1 or more")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs: 1 or more")
    results = measure(options.scenes or sorted(scenes()), list(parse_size(options.size)), options.runs)
    if options.json:
        print(json.dumps(results))
        return
    for name, times in results.items():
        over = f"  over {MAX_WARM_S:.0f} s" if times["warm_s"] > MAX_WARM_S else ""
        print(f"{name:26} first {times['first_s']:6.2f} s, warm {times['warm_s']:6.2f} s{over}")


if __name__ == "__main__":
    main()
