"""Measure the gain from levels of detail and their effect on the light: full and simplified meshes, 30 m to 3 km.

``python benchmarks/lod.py [--json] [--models tianwen1-orbiter ikaros] [--turns 12] [--size 1920x1080]``. Whole
pictures of the shipped scene over Mars, warm, the two renderers alternately, the fastest of several; then the light of
the craft alone in finals of ``--samples`` passes, over random attitudes. Results are in ``design/meshes.md``.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from selfiesim import Scene
from selfiesim.camera.pinhole import Pinhole
from selfiesim.craft.load import load_craft
from selfiesim.craft.model import Craft
from selfiesim.render.raster.renderer import PyVistaRenderer
from selfiesim.view.view import View

RANGES_M = (30.0, 300.0, 3000.0)


def place_craft(view: View, craft: Craft, metres: float, turn: np.ndarray | None = None) -> View:
    """The view with ``craft`` in the middle of the picture, ``metres`` away, at the attitude ``turn`` (3, 3)."""
    pose = view.craft
    known = {name: angles for name, angles in pose.joint_angles.items() if name in craft.joints}
    attitude = pose.body_to_camera if turn is None else turn
    place = np.array([0.0, 0.0, metres])
    return replace(view, craft=replace(pose, craft=craft, position=place, body_to_camera=attitude, joint_angles=known))


def fastest_cpu_s(renderers: tuple[PyVistaRenderer, ...], shot: View, quality: str, rounds: int) -> list[float]:
    """CPU seconds of the fastest warm frame of each, all cores together: other processes disturb them less."""
    best = [np.inf] * len(renderers)
    for turn in range(rounds + 1):
        for k, renderer in enumerate(renderers):
            start = time.process_time()
            renderer.render(shot, quality)
            if turn:
                best[k] = min(best[k], time.process_time() - start)
    return best


def light_ratio(
    renderers: tuple[PyVistaRenderer, ...], view: View, craft: Craft, metres: float, turns: int, samples: int
) -> dict[str, float]:
    """Light of the simplified craft over that of the full one: of all attitudes together, and the extremes."""
    focal, half = view.camera.fx, 0.75 * float(np.ptp(craft.bounds_m, axis=0).max()) / metres
    side = max(16, int(2.0 * half * focal) + 8)
    camera = Pinhole.from_fov(side, side, 2.0 * np.arctan(side / 2.0 / focal))
    light = np.empty((turns, len(renderers)))
    for k, turn in enumerate(Rotation.random(turns, random_state=3).as_matrix()):
        shot = replace(place_craft(view, craft, metres, turn), camera=camera, planet=None)
        light[k] = [each.render(shot, "final", samples).rgb[..., 1].sum(dtype=float) for each in renderers]
    share = light[:, 1] / light[:, 0]
    return {
        "light": round(float(light[:, 1].sum() / light[:, 0].sum()), 4),
        "light_least": round(float(share.min()), 4),
        "light_most": round(float(share.max()), 4),
    }


def measure(name: str, options: argparse.Namespace, size: tuple[int, int]) -> list[dict[str, Any]]:
    """One row per distance."""
    empty = {"sky__stars": False, "sky__sun": False, "sky__moons": False}
    view = Scene.load("tianwen1-mars").with_changes(camera__size_px=list(size), **empty).view()
    craft = load_craft(name)
    renderers = PyVistaRenderer(use_lod=False), PyVistaRenderer()
    rows = []
    for metres in RANGES_M:
        row: dict[str, Any] = {"model": name, "range_m": metres}
        for quality in ("draft", "final"):
            full_s, simplified_s = fastest_cpu_s(renderers, place_craft(view, craft, metres), quality, options.rounds)
            row |= {f"{quality}_s": round(full_s, 3), f"{quality}_gain": round(1.0 - simplified_s / full_s, 3)}
        if options.turns:
            row |= light_ratio(renderers, view, craft, metres, options.turns, options.samples)
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--models", nargs="+", default=["tianwen1-orbiter", "ikaros"])
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--turns", type=int, default=12, help="attitudes at which the light is compared; 0: none")
    parser.add_argument("--samples", type=int, default=64)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    rows = []
    for name in options.models:
        rows += measure(name, options, (width, height))
        for row in [] if options.json else rows[-len(RANGES_M) :]:
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if options.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
