"""Seconds a draft of each shipped scene takes, warm: one process, meshes and maps at hand, the scene read anew.

``python benchmarks/shots.py [--json] [--size 640x360] [--runs 3] [NAME ...]``. Asked: at most 3 s each. From the scene
file to the photograph; the first run of each fills the caches and is told apart.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

from selfiesim import Scene
from selfiesim.cli.console import parse_size
from selfiesim.scene.scene import shipped_scenes

ASKED_S = 3.0


def seconds(name: str, size: list[int]) -> float:
    """From the scene's file to its photograph."""
    start = time.perf_counter()
    Scene.load(name).with_changes(camera__size_px=size).view().render("draft").expose()
    return time.perf_counter() - start


def measure(names: list[str], size: list[int], runs: int) -> dict[str, dict[str, float]]:
    """For each scene the first run and the median of those after it."""
    found = {}
    for name in names:
        first, *others = [seconds(name, size) for _ in range(runs + 1)]
        found[name] = {"first_s": round(first, 3), "warm_s": round(statistics.median(others), 3)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="*", metavar="NAME", help="which; default: all")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--size", default="640x360", help="of the pictures")
    parser.add_argument("--runs", type=int, default=3, help="warm ones, 1 or more")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs: 1 or more")
    found = measure(options.scenes or sorted(shipped_scenes()), list(parse_size(options.size)), options.runs)
    if options.json:
        print(json.dumps(found))
        return
    for name, times in found.items():
        over = f"  over {ASKED_S:.0f} s" if times["warm_s"] > ASKED_S else ""
        print(f"{name:26} first {times['first_s']:6.2f} s, warm {times['warm_s']:6.2f} s{over}")


if __name__ == "__main__":
    main()
