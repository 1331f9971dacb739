"""A contact sheet: a craft alone in sunlight, from its six sides, all at one scale."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import AU_M
from selfiesim.camera.pinhole import Pinhole
from selfiesim.craft.model import convex_hull_by_joint
from selfiesim.files.images import png_with_recipe, save_with_recipe
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.photo.annotations import round_length
from selfiesim.scene.scene import Scene
from selfiesim.view.poses import CraftPose, Sun
from selfiesim.view.view import View

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.render.common.radiance import Progress

Vector = tuple[float, float, float]
SIDES: dict[str, tuple[Vector, Vector]] = {
    "+X": ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "+Y": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "+Z": ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    "-X": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "-Y": ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    "-Z": ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
}
"""From where each picture is taken and what is upward in it, body axes."""

_FOV = np.radians(20.0)  # long enough for little perspective
_MARGIN = 1.1
_SUN = np.array([-0.3, -0.35, -0.89])  # over the photographer's left shoulder, camera axes
_COLUMNS = 3
# Any scene in deep space lends its camera, its clock and its development; the craft is put in place of its own.
EMPTY_SCENE = {
    "title": "model sheet",
    "at": "2021-12-31T16:30:00Z",
    "craft": {"model": "tianwen1-orbiter"},
    "orbit": {
        "body": "sun",
        "frame": "ecliptic",
        "epoch_utc": "2021-12-31T16:30:00Z",
        "semi_major_axis_km": 1.496e8,
        "eccentricity": 0.0,
        "inclination_deg": 0.0,
        "raan_deg": 0.0,
        "arg_periapsis_deg": 0.0,
        "true_anomaly_deg": 0.0,
    },
    "attitude": {"secondary": {"axis": [1.0, 0.0, 0.0], "toward": "orbit-normal"}},
    "mounted": {},
    "camera": {"up": "orbit-normal"},
    "sky": {"stars": False, "sun": False, "moons": False},
}


@dataclass(frozen=True)
class ModelImage:
    """A drawn picture of a model: ``pixels`` (H, W, 3) uint8 sRGB, and its recipe as JSON-ready data."""

    pixels: NDArray[np.uint8]
    recipe: dict[str, Any]

    def save(self, path: str | Path) -> Path:
        """Write a PNG with its recipe inside, and the same recipe as JSON beside it. Returns the picture's path.

        Raises
        ------
        OutputError
            When the name does not end in ``.png`` or the folder cannot be written to.
        """
        text = json.dumps(self.recipe, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        return save_with_recipe(Path(path), png_with_recipe(self.pixels, self.recipe["title"], text), text)


def draw_sheet(
    craft: Craft, size: tuple[int, int] = (448, 336), samples: int = 8, report: Progress | None = None
) -> ModelImage:
    """Draw ``craft`` from six sides, joints at zero, each picture ``size`` pixels wide and high.

    The Sun stands behind each camera; all are exposed alike.

    Raises
    ------
    GraphicsError
        When this machine cannot draw.
    """
    views = six_views(craft, size)
    camera = views["+X"].camera
    pixel_m = _fit_distance(craft, camera) * camera.pixel_angle
    lights = []
    for number, view in enumerate(views.values()):
        if report is not None:
            report(number, len(views))
        lights.append(view.render("draft" if samples == 1 else "final", samples))
    # As the brightest sides ask for: a median would follow the sides that hardly show, and burn out the others.
    shutter = float(np.quantile([light.expose().exposure.shutter_s for light in lights], 0.2))
    pictures = [
        _annotate(light.expose(shutter_s=shutter).pixels, name, pixel_m)
        for name, light in zip(SIDES, lights, strict=True)
    ]
    rows = [np.concatenate(pictures[k : k + _COLUMNS], axis=1) for k in range(0, len(pictures), _COLUMNS)]
    return ModelImage(np.concatenate(rows), _recipe(craft, size, samples, shutter))


def six_views(craft: Craft, size: tuple[int, int]) -> dict[str, View]:
    """The craft alone in space from each of :data:`SIDES`, all at one scale, the Sun behind each camera."""
    stage = Scene.from_table(EMPTY_SCENE).view()
    camera = Pinhole.from_fov(*size, _FOV)
    distance = _fit_distance(craft, camera)
    return {name: _view(stage, craft, *side, camera, distance) for name, side in SIDES.items()}


def _view(stage: View, craft: Craft, toward: Vector, up: Vector, camera: Pinhole, distance: float) -> View:
    """The craft alone, its middle ``distance`` metres before the camera, seen from the side ``toward``."""
    turn = _look_rotation(toward, up)
    position = turn @ -craft.bounds_m.mean(axis=0) + np.array([0.0, 0.0, distance])
    pose = CraftPose(craft, position, turn, {}, sun_visible_fraction=1.0)
    return replace(stage, camera=camera, planet=None, sun=Sun(_SUN / np.linalg.norm(_SUN), AU_M), craft=pose)


def _look_rotation(toward: Vector, up: Vector) -> NDArray[np.float64]:
    """Body to camera axes for a camera on the side ``toward`` that looks at the middle."""
    forward, down = -np.array(toward), -np.array(up)
    return np.array([np.cross(down, forward), down, forward])


def _fit_distance(craft: Craft, camera: Pinhole) -> float:
    """From how far, m, the craft fits into the picture from every side: all sides are drawn at one scale."""
    points = np.concatenate(list(convex_hull_by_joint(craft).values())) - craft.bounds_m.mean(axis=0)
    half = np.array([camera.width / camera.fx, camera.height / camera.fy]) / 2.0
    return max(
        float((np.abs(seen[:, :2]) * _MARGIN / half - seen[:, 2:]).max())
        for seen in (points @ _look_rotation(*side).T for side in SIDES.values())
    )


def _annotate(pixels: NDArray[Any], name: str, pixel_m: float) -> NDArray[np.uint8]:
    """The picture with the side it shows, and a scale bar."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(np.asarray(pixels, np.uint8))
    pen, grey = ImageDraw.Draw(image), (170, 170, 170)
    letter = max(10, image.height // 24)
    font = ImageFont.load_default(letter)
    pen.text((letter // 2, letter // 2), f"from {name}", grey, font)
    metres, long_px = round_length(image.width, pixel_m)
    bottom = image.height - letter // 2
    pen.line((letter // 2, bottom, letter // 2 + round(long_px), bottom), grey, max(1, letter // 8))
    pen.text((letter // 2, bottom - letter // 4), f"{metres:g} m", grey, font, anchor="ls")
    return np.asarray(image, np.uint8)


def _recipe(craft: Craft, size: tuple[int, int], samples: int, shutter: float) -> dict[str, Any]:
    return {
        "kind": SYNTHETIC,
        "notice": f"This is a {SYNTHETIC}: a model drawn from six sides, not a photograph taken in space.",
        "title": f"{craft.name}, from six sides",
        "sheet": {
            "model": craft.source.name,
            "triangles": craft.triangle_count,
            "sides": list(SIDES),
            "size_px": list(size),
            "samples": samples,
            "shutter_s": shutter,
        },
        "versions": {package: version(package) for package in ("selfiesim", "numpy", "vtk")},
    }
