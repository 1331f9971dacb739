"""CPU time of a plan over a month of Mars: ``python benchmarks/plan_month.py``. The aim is 60 s of one core.

A month is a twelfth of the Martian year, 57.2 days. Each plan runs once with the scene's own release, and once with the
push, the lens, the roll and the place of the craft to choose from. The contact sheet is not rendered.
"""

from __future__ import annotations

import time

from selfiesim.plan.planner import plan
from selfiesim.plan.ranges import Ranges
from selfiesim.scene.scene import Scene

FROM, TO = "2021-11-08T00:00:00Z", "2022-01-04T04:48:00Z"
PLANS = {
    "five wants": ["craft whole", "feature Korolev in frame", "cap lit", "phase 30..70", "sun out 15deg"],
    "wants without a time of their own": ["craft whole", "limb in frame", "phase 40..60"],
    "eclipses and stars": ["eclipse total", "stars visible"],
}
RANGES = Ranges(
    since_s=(40.0, 150.0),
    speed_m_s=(0.15, 0.25),
    lean_deg=(0.0, 50.0),
    fov_deg=(60.0, 115.0),
    roll_deg=(-180.0, 180.0),
    place_x=(0.35, 0.7),
    place_y=(0.35, 0.65),
)


def main() -> None:
    scene = Scene.load("tianwen1-mars")
    scene.view()
    for name, wants in PLANS.items():
        for label, ranges in (("own release", Ranges()), ("all to choose", RANGES)):
            start = time.process_time()
            found = plan(scene, FROM, TO, wants, ranges)
            seconds = time.process_time() - start
            print(f"{name}, {label}: {seconds:.1f} s, {len(found.shots)} shots, {len(found.reasons)} reasons")


if __name__ == "__main__":
    main()
