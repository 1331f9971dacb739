"""One posed scene by three renderers beside each other: ours in final quality, Mitsuba 3, and Cycles.

Usage: python tools/engines.py [--blender-python PYTHON] [--size WxH] [SCENE ...]

All three pictures are in linear sRGB with a value of 1 where our exposure saturates, and are shown by the same curve.
Mitsuba is the extra `mitsuba`. Cycles is Blender as a Python module, which wants an environment of its own:

    python3.11 -m venv .venv-blender && .venv-blender/bin/pip install bpy==4.5.15

Only when all three are there does the command replace docs/engines.webp and the figures in docs/accuracy.md, which it
keeps in docs/_site/figures/engines.json.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import measured
import numpy as np
import scorecard
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from selfiesim import Scene
from selfiesim.core.errors import UserError
from selfiesim.files.exports.blender import blender_script, metered_exposure
from selfiesim.files.exr_layers import linear_light
from selfiesim.files.scene_glb import scene_glb
from selfiesim.matching.comparison import compare

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/engines.webp"
SCENES = ("tianwen1-cruise", "ikaros-dcam2")  # without a planet, whose light Cycles does not get
OURS, MITSUBA, CYCLES = "selfiesim, final", "Mitsuba 3, 64 paths", "Cycles, 64 paths"
PATHS = 64
MIN_PX = 250  # of a region, without its edges
REGIONS = 6
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear sRGB (IEC 61966-2-1)
Floats = NDArray[np.float64]

_RENDER = """
import runpy, sys, bpy
runpy.run_path(sys.argv[1])
scene = bpy.context.scene
scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.seed = int(sys.argv[3]), False, 0
scene.render.filepath = sys.argv[2]
scene.render.image_settings.file_format = "OPEN_EXR"
scene.render.image_settings.color_depth = "32"
bpy.ops.render.render(write_still=True)
"""


class AbsentError(Exception):
    """A renderer that this machine does not have, and how to get it."""


@dataclass(frozen=True)
class Result:
    """The pictures of a scene in linear sRGB by renderer, and the masks of its larger parts by name."""

    title: str
    pictures: dict[str, Floats]
    regions: dict[str, NDArray[np.bool_]]


def render(name: str, size: list[int], blender_python: str | None) -> tuple[Result, list[str]]:
    """Render a scene by every renderer that is there; returns a sentence for each that is not."""
    scene = Scene.load(name).with_changes(
        camera__size_px=size, sky__stars=False, sky__sun=False, sky__moons=False, photo__motion_blur=False
    )
    view = scene.view()
    if view.planet is not None:
        raise UserError(f"{name}: the export to Blender has no light of a planet; choose a scene about the Sun")
    exposure = metered_exposure(view)
    ours = view.render("final")
    pictures, missing = {OURS: linear_light(ours.rgb, view, exposure)}, []
    try:
        if importlib.util.find_spec("mitsuba") is None:
            raise AbsentError("Mitsuba is left out: it is not installed (pip install 'selfiesim[mitsuba]')")
        pictures[MITSUBA] = linear_light(view.render("final", PATHS, engine="mitsuba").rgb, view, exposure)
    except AbsentError as error:
        missing.append(str(error))
    try:
        pictures[CYCLES] = _cycles(view, exposure, blender_python)
    except AbsentError as error:
        missing.append(str(error))
    found = {key: np.asarray(value, np.float64) for key, value in pictures.items()}
    return Result(scene.title, found, regions(ours.truth)), missing


def _cycles(view: Any, exposure: Any, python: str | None) -> Floats:
    import OpenEXR

    python = python or (sys.executable if importlib.util.find_spec("bpy") else None)
    if python is None:
        raise AbsentError(
            "Cycles is left out: Blender's module bpy is not installed here; give --blender-python PYTHON"
        )
    with tempfile.TemporaryDirectory() as folder:
        glb, script, picture = (Path(folder) / each for each in ("shot.glb", "shot.py", "shot.exr"))
        glb.write_bytes(scene_glb(view))
        script.write_text(blender_script(view, glb, exposure))
        try:
            done = subprocess.run(
                [python, "-c", _RENDER, script, picture, str(PATHS)], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise AbsentError(f"Cycles is left out: {python} cannot be run ({error.strerror})") from error
        if done.returncode != 0 or not picture.exists():
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            raise AbsentError(f"Cycles is left out: {python} did not render the scene ({last})")
        channels = OpenEXR.File(str(picture)).channels()
        first = next(iter(channels.values())).pixels
        return np.asarray(first[..., :3], np.float64)


def regions(truth: Any) -> dict[str, NDArray[np.bool_]]:
    """Return masks of the largest parts by name, without the mixed pixels at their edges."""
    masks = {}
    for number, name in truth.part_names.items():
        mask = distance_transform_edt(np.pad(truth.part == number, 1))[1:-1, 1:-1] > 1.0
        if name != "sky" and mask.sum() >= MIN_PX:
            masks[name] = mask
    return dict(sorted(masks.items(), key=lambda item: -int(item[1].sum()))[:REGIONS])


def region_means(result: Result) -> dict[str, dict[str, float]]:
    """Return the mean luminance of each region by renderer, 1 where the exposure saturates."""
    return {
        part: {engine: float((picture[mask] @ LUMINANCE).mean()) for engine, picture in result.pictures.items()}
        for part, mask in result.regions.items()
    }


def shown(linear: Floats) -> NDArray[np.uint8]:
    """Return a picture by sRGB's curve (IEC 61966-2-1), clipped."""
    x = np.clip(linear, 0.0, 1.0)
    return np.round(255.0 * np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)).astype(np.uint8)


def similarities(pictures: Mapping[str, Floats]) -> dict[tuple[str, str], float]:
    """Return the SSIM of each pair of renderers, as `selfiesim compare` finds it."""
    names, found = list(pictures), {}
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.png" for number in range(len(names))]
        for file, name in zip(files, names, strict=True):
            iio.imwrite(file, shown(pictures[name]))
        for one in range(len(names)):
            for other in range(one + 1, len(names)):
                found[names[one], names[other]] = compare(files[one], files[other]).ssim
    return found


def figures(results: list[Result]) -> list[dict[str, Any]]:
    """Return the figures of each scene as rows of text."""
    scenes = []
    for result in results:
        engines, found, rows = list(result.pictures), similarities(result.pictures), []
        for name in engines[1:]:
            row = [found.get((each, name), found.get((name, each), 1.0)) for each in engines]
            rows.append({"label": f"SSIM to {name.split(',')[0]}", "values": [f"{value:.3f}" for value in row]})
        for part, means in region_means(result).items():
            rows.append({"label": f"mean of `{part}`", "values": [f"{means[name]:.4f}" for name in engines]})
        scenes.append({"title": result.title, "engines": engines, "rows": rows})
    return scenes


def beside(results: list[Result]) -> NDArray[np.uint8]:
    """Return the pictures, a row for each scene, with the renderer's name in each."""
    from PIL import Image, ImageDraw, ImageFont

    rows = []
    for result in results:
        cells = []
        for name, linear in result.pictures.items():
            image = Image.fromarray(shown(linear))
            ImageDraw.Draw(image).text((8, 6), name, (235, 235, 235), ImageFont.load_default(15))
            cells.append(np.asarray(image))
        rows.append(np.hstack(cells))
    return np.vstack(rows)


def main() -> None:
    """Render, print the figures, and put them on the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", default=list(SCENES), metavar="SCENE")
    parser.add_argument("--blender-python", help="Python in which `import bpy` works")
    parser.add_argument("--size", default="480x270", help="of each picture, WxH")
    options = parser.parse_args()
    size = [int(side) for side in options.size.split("x")]
    rendered = [render(name, size, options.blender_python) for name in options.scenes]
    results, missing = [each for each, _ in rendered], sorted({line for _, lines in rendered for line in lines})
    found = figures(results)
    print(scorecard.engines(found))
    for line in missing:
        print(line)
    if missing:
        print(f"{measured.PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)} are left as they are")
        return
    iio.imwrite(PICTURE, beside(results), quality=88)
    measured.save("engines", found)
    measured.PAGE.write_text(scorecard.filled(measured.PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except (UserError, ValueError) as error:
        sys.exit(f"engines: {error}")
