"""Whether coarser meshes for far views would pay: each craft whole and thinned, from 30 m to 3 km.

``python benchmarks/levels.py [--json] [--models tianwen1-orbiter ikaros] [--share 0.1] [--size 1920x1080]``. Whole
pictures of the shipped scene over Mars, warm, the two meshes by turns, the fastest of some; then how far a draft from
3 km is off 64 samples a pixel, which is what would sparkle in a film. What it told is in ``design/meshes.md``.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import Any

import numpy as np

from selfiesim import Scene
from selfiesim.craft.craft import Craft, Part
from selfiesim.craft.load import load_craft
from selfiesim.craft.normals import creased_normals, index_corners, same_place
from selfiesim.view import View

RANGES_M = (30.0, 300.0, 3000.0)
OFFSETS = 8


def finer(craft: Craft) -> Craft:
    """The same shape with each triangle cut in four: what a detailed model of it might have."""
    return replace(craft, parts=tuple(map(_quartered, craft.parts)))


def _quartered(part: Part) -> Part:
    faces = part.faces.astype(np.int64)
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    pairs, place = np.unique(edges, axis=0, return_inverse=True)
    ab, bc, ca = (len(part.vertices) + place.ravel()).reshape(3, -1)
    a, b, c = faces.T
    cut = np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    columns = {name: getattr(part, name) for name in ("vertices", "normals", "uv", "tint")}
    columns = {n: None if v is None else np.concatenate([v, v[pairs].mean(axis=1)]) for n, v in columns.items()}
    return replace(part, faces=cut.astype(np.int32), **columns)


def thinned(craft: Craft, share: float) -> Craft:
    """Each part with about ``share`` of its triangles (VTK's quadric error); texture places of the nearest vertex."""
    return replace(craft, parts=tuple(_thinned(part, share) for part in craft.parts))


def _thinned(part: Part, share: float) -> Part:
    import pyvista
    from scipy.spatial import cKDTree

    place = same_place(part.vertices.astype(float))
    _, first = np.unique(place, return_index=True)
    mesh = pyvista.PolyData.from_regular_faces(part.vertices[first], place[part.faces])
    less = mesh.decimate(1.0 - share)
    if less.n_cells < 4:
        return part
    points, faces = np.asarray(less.points, float), less.regular_faces.astype(np.int64)
    nearest = cKDTree(part.vertices).query(points)[1]
    carried = [c for c in (part.uv, part.tint) if c is not None]
    table = np.concatenate(carried, axis=1)[nearest][faces] if carried else None
    v, n, t, f = index_corners(points, faces, creased_normals(points, faces), table)
    uv = None if part.uv is None or t is None else np.ascontiguousarray(t[:, :2])
    tint = None if part.tint is None or t is None else np.ascontiguousarray(t[:, -3:])
    return replace(part, vertices=v, normals=n, faces=f, uv=uv, tint=tint)


def seen(view: View, craft: Craft, metres: float, roll: float = 0.0) -> View:
    """The craft in the middle of the picture, so far away."""
    pose = view.craft
    turn = np.array([[np.cos(roll), -np.sin(roll), 0.0], [np.sin(roll), np.cos(roll), 0.0], [0.0, 0.0, 1.0]])
    place = np.array([2e-4 * roll * metres, 3e-4 * roll * metres, metres])
    known = {name: angles for name, angles in pose.joint_angles.items() if name in craft.joints}
    posed = replace(pose, craft=craft, position=place, body_to_camera=turn @ pose.body_to_camera, joint_angles=known)
    return replace(view, craft=posed)


def times(view: View, crafts: list[Craft], metres: float, quality: str, rounds: int) -> list[float]:
    """Processor seconds of each craft's fastest warm frame, all cores together: neighbours on the machine tell less."""
    best = [np.inf] * len(crafts)
    for _ in range(2):
        for k, craft in enumerate(crafts):
            shot = seen(view, craft, metres)
            shot.render(quality)
            for _ in range(rounds):
                start = time.process_time()
                shot.render(quality)
                best[k] = min(best[k], time.process_time() - start)
    return best


def unsteady(view: View, craft: Craft, metres: float) -> tuple[float, float]:
    """Root mean square of a draft less 64 samples over the pixels of the craft, and their mean light.

    What is brighter than white paper in this sunlight is white in both, as in a picture.
    """
    errors, light = [], []
    white = float(view.sun.irradiance[1]) / np.pi
    for k in range(OFFSETS):
        shot = seen(view, craft, metres, roll=0.7 * k)
        exact = np.minimum(shot.render("draft", 64).rgb[..., 1], white).astype(float)
        away = np.hypot(*(np.indices(exact.shape) - np.array(exact.shape)[:, None, None] / 2.0))
        here = away < 4.0 + view.camera.fx * np.linalg.norm(craft.bounds_m, axis=1).max() / metres
        errors.append((np.minimum(shot.render("draft").rgb[..., 1], white) - exact)[here])
        light.append(exact[here])
    return float(np.sqrt(np.mean(np.square(np.concatenate(errors))))), float(np.mean(np.concatenate(light)))


def measure(name: str, share: float, size: tuple[int, int], rounds: int) -> list[dict[str, Any]]:
    """A row for each distance."""
    empty = {"sky__stars": False, "sky__sun": False, "sky__moons": False}
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=list(size), **empty)
    view = scene.view()
    whole = finer(load_craft(name.removesuffix("+"))) if name.endswith("+") else load_craft(name)
    less = thinned(whole, share)
    rows = []
    for metres in RANGES_M:
        row: dict[str, Any] = {"model": name, "range_m": metres}
        row |= {"triangles": whole.triangle_count, "thinned": less.triangle_count}
        for quality in ("draft", "final"):
            slow, fast = times(view, [whole, less], metres, quality, rounds)
            row |= {f"{quality}_s": round(slow, 3), f"{quality}_gain": round(1.0 - fast / slow, 3)}
        rows.append(row)
    dark = replace(view, planet=None)
    (error, light), (other, dimmed) = (unsteady(dark, craft, RANGES_M[-1]) for craft in (whole, less))
    rows[-1] |= {"error": round(error / light, 3), "error_thinned": round(other / light, 3)}
    rows[-1] |= {"light_thinned": round(dimmed / light, 4)}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    models = ["tianwen1-orbiter", "ikaros", "ryugu", "tianwen1-orbiter+"]
    parser.add_argument("--models", nargs="+", default=models, help="a + after the name: each triangle cut in four")
    parser.add_argument("--share", type=float, default=0.1, help="of the triangles that are left")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    rows = []
    for name in options.models:
        rows += measure(name, options.share, (width, height), options.rounds)
        for row in [] if options.json else rows[-len(RANGES_M) :]:
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if options.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
