"""Time drafts over the Earth against drafts over Mars: the same craft and camera, only the planet differs.

``python benchmarks/earth_against_mars.py [--runs 9] [--size 1920x1080]``. Both are drawn in turn in one process, warm;
printed are medians of the processor time of all threads, and of the ratios of pairs. Required: at most 1.3.
"""

from __future__ import annotations

import argparse
import statistics
import time

from selfiesim import Scene, View

MARS = {"orbit__body": "mars", "orbit__frame": "icrf", "orbit__semi_major_axis_km": 3390.0 + 420.0}


def day_side(scene: Scene) -> View:
    """The view of the scene with the highest Sun below the camera, along its orbit."""
    views = [scene.with_changes(orbit__true_anomaly_deg=float(angle)).view() for angle in range(0, 360, 20)]
    return max(views, key=lambda view: view.facts["sun_elevation_below_camera_deg"])


def main() -> None:
    """Draw both in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--size", default="1920x1080")
    options = parser.parse_args()
    size = [int(each) for each in options.size.split("x")]
    scene = Scene.load("cubesat-earth").with_changes(camera__size_px=size)
    views = {"mars": day_side(scene.with_changes(**MARS)), "earth": day_side(scene)}
    times: dict[str, list[float]] = {name: [] for name in views}
    for run in range(options.runs + 1):
        for name, view in views.items():
            start = time.process_time()
            view.render(quality="draft")
            if run:  # the first builds maps and compiles shaders
                times[name].append(time.process_time() - start)
    ratios = [earth / mars for earth, mars in zip(times["earth"], times["mars"], strict=True)]
    for name, found in times.items():
        print(f"{name:6} {statistics.median(found):.3f} s")
    print(f"ratio  {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
