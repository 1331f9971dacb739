"""Plan the shot that the published caption describes, and score it as viewpoint_search.py scores its candidates.

Run it in a checkout: ``python design/plan_viewpoint.py``. plan.md has the result.
"""

from __future__ import annotations

import time

import numpy as np
import viewpoint_search

from selfiesim.analysis.framing import framing
from selfiesim.astro.ellipsoid import ellipsoid_height
from selfiesim.core.vectors import unit
from selfiesim.plan.planner import Plan, plan
from selfiesim.plan.ranges import Ranges
from selfiesim.scene.scene import Scene
from selfiesim.view.view import View

# What the caption says: over the north pole, the cap white, Olympia Undae dark in the lower part of Mars, Korolev
# bright at the upper left, the craft before it, in light.
CAPTION = [
    "craft whole",
    "feature Korolev in 0..0.42, 0..0.45",
    "feature Korolev lit 2deg",
    "feature Korolev seen 7deg",
    "feature Olympia Undae in 0..1, 0.55..1",
    "feature Olympia Undae lit 2deg",
    "cap lit 3deg",
    "cap in 0..1, 0..0.8",
    "phase 20..80",
    "sky 0.03..0.55",
]
# What makes a better picture of it.
TASTE = [
    "feature Korolev seen 25deg weight 2",
    "cap lit 12deg weight 2",
    "phase 35..55 weight 2",
    "sky 0.1..0.3 weight 1",
]
RANGES = Ranges(
    since_s=(40.0, 150.0),
    lean_deg=(0.0, 60.0),
    fov_deg=(60.0, 115.0),
    roll_deg=(-180.0, 180.0),
    place_x=(0.35, 0.70),
    place_y=(0.35, 0.65),
)


def plan_caption() -> Plan:
    """Plan with the shipped scene's orbit and attitude: its release, lens, roll and place are all given up."""
    scene = Scene.load("tianwen1-mars").with_changes(release__axis=None)
    return plan(scene, "2021-12-28T00:00:00Z", "2021-12-31T16:00:00Z", CAPTION + TASTE, RANGES, top=5)


def measure(view: View) -> dict[str, np.ndarray]:
    """Measure a view as :func:`viewpoint_search.evaluate` measures candidates: arrays of one number."""
    planet = view.planet
    assert planet is not None
    fixed = view.track.icrf_to_bodyfixed
    place, sun = fixed @ view.track.camera.position, fixed @ view.icrf_to_camera.T @ view.sun.direction
    camera, fov = planet.camera_to_bodyfixed.T, np.array([view.camera.horizontal_fov])
    found = {
        "lit_deg": np.array([view.facts["phase_angle_deg"]]),
        "sky": np.array([framing(view).sky_share]),
        "fov": fov,
        "altitude_km": np.array([ellipsoid_height(place, planet.body) / 1e3]),
        "latitude_deg": np.degrees(np.arcsin(unit(place)[2:])),
    }
    for name, points in viewpoint_search.landmarks().items():
        x, y, rise, daylight = viewpoint_search.project(camera[None], place[None], fov, points[None], sun[None])
        inside = (x > 0.0) & (x < 1.0) & (y > 0.0) & (y < 1.0)
        count = np.maximum(inside.sum(axis=1), 1)
        found[f"{name}_share"] = inside.mean(axis=1)
        found[f"{name}_x"] = np.where(inside, x, 0.0).sum(axis=1) / count
        found[f"{name}_y"] = np.where(inside, y, 0.0).sum(axis=1) / count
        found[f"{name}_rise_deg"] = np.degrees(np.arcsin(np.where(inside, rise, 0.0).sum(axis=1) / count))
        found[f"{name}_sun_deg"] = np.degrees(np.arcsin(np.where(inside, daylight, 0.0).sum(axis=1) / count))
    return found


def caption_score(view: View) -> tuple[float, bool]:
    """Return the score of a view, and whether it meets all conditions of the search."""
    found = measure(view)
    return float(viewpoint_search.score(found)[0]), bool(viewpoint_search.matches_caption(found)[0])


def main() -> None:
    """Plan, and print the scores."""
    print("shipped: score {:.2f}, matches the caption: {}".format(*caption_score(Scene.load("tianwen1-mars").view())))
    start = time.process_time()
    found = plan_caption()
    print(f"planned in {time.process_time() - start:.1f} s of one core")
    for number, shot in enumerate(found.shots, start=1):
        print("shot {}: {} score {:.2f}, matches: {}".format(number, shot.best.utc(), *caption_score(shot.view())))
    for reason in found.reasons:
        print(reason.text)


if __name__ == "__main__":
    main()
