"""A contact sheet of a model: the craft alone in sunlight, from its six sides, all at the same scale."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Pinhole
from selfiesim.files.images import save_picture
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.pages.studio import Direction, centred_outline, fitting_distance, studio_view
from selfiesim.photo.annotations import round_length
from selfiesim.view.poses import CraftPose
from selfiesim.view.view import View

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.render.common.radiance import Progress

SIDES: dict[str, tuple[Direction, Direction]] = {
    "+X": ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "+Y": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "+Z": ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    "-X": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "-Y": ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    "-Z": ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
}
"""Direction to the camera and up direction of each picture, body axes."""

_FOV = np.radians(20.0)  # long enough for little perspective
_MARGIN = 1.1
_SUN = np.array([-0.3, -0.35, -0.89])  # over the photographer's left shoulder, camera axes
_COLUMNS = 3
_AXIS_SHARE = 0.3  # length of the drawn axes over that of the craft
_AXIS_COLOURS = ((235, 80, 70), (90, 200, 90), (90, 140, 250))  # x, y, z, as 3D programs draw them


@dataclass(frozen=True)
class ModelImage:
    """A rendered image of a model: ``pixels`` (H, W, 3) uint8 sRGB, and its recipe as JSON-ready data."""

    pixels: NDArray[np.uint8]
    recipe: dict[str, Any]

    def save(self, path: str | Path) -> Path:
        """Write a PNG or JPEG with its recipe inside and as a JSON file next to it; returns its path.

        Raises
        ------
        OutputError
            When the name ends in neither ``.png`` nor ``.jpg``, or the folder cannot be written to.
        """
        return save_picture(Path(path), self.pixels, self.recipe)


def render_sheet(
    craft: Craft, size: tuple[int, int] = (448, 336), samples: int = 8, progress: Progress | None = None
) -> ModelImage:
    """Render ``craft``, joints at zero, from six sides, with the Sun behind each camera and one exposure for all.

    Parameters
    ----------
    size
        Width and height of each of the six pictures, pixels.
    samples
        Passes per picture.
    progress
        Called before each picture with the number done and the total.

    Raises
    ------
    GraphicsError
        When this machine cannot render.
    """
    views = six_views(craft, size)
    camera = views["+X"].camera
    pixel_m = _fit_distance(craft, camera) * camera.pixel_angle
    radiances = []
    for number, view in enumerate(views.values()):
        if progress is not None:
            progress(number, len(views))
        radiances.append(view.render("draft" if samples == 1 else "final", samples))
    # Exposed for the brightest sides: a median would follow the sides that hardly show, and overexpose the others.
    shutter = float(np.quantile([radiance.expose().exposure.shutter_s for radiance in radiances], 0.2))
    pictures = [
        _annotate(radiance.expose(shutter_s=shutter).pixels, name, pixel_m, view)
        for (name, view), radiance in zip(views.items(), radiances, strict=True)
    ]
    rows = [np.concatenate(pictures[k : k + _COLUMNS], axis=1) for k in range(0, len(pictures), _COLUMNS)]
    return ModelImage(np.concatenate(rows), _recipe(craft, size, samples, shutter))


def six_views(craft: Craft, size: tuple[int, int]) -> dict[str, View]:
    """Return a view of the craft from each of :data:`SIDES`, all at the same scale, the Sun behind each camera."""
    camera = Pinhole.from_fov(*size, _FOV)
    distance = _fit_distance(craft, camera)
    return {name: _side_view(craft, *side, camera, distance) for name, side in SIDES.items()}


def _side_view(craft: Craft, toward: Direction, up: Direction, camera: Pinhole, distance: float) -> View:
    """View of the craft from the side ``toward``, its centre ``distance`` metres in front of the camera."""
    rotation = _body_to_camera(toward, up)
    position = rotation @ -craft.bounds_m.mean(axis=0) + np.array([0.0, 0.0, distance])
    pose = CraftPose(craft, position, rotation, {}, sun_visible_fraction=1.0)
    return studio_view(camera, pose, _SUN / np.linalg.norm(_SUN))


def _body_to_camera(toward: Direction, up: Direction) -> NDArray[np.float64]:
    """Rotation from body to camera axes for a camera on the side ``toward`` that looks at the centre."""
    forward, down = -np.array(toward), -np.array(up)
    return np.array([np.cross(down, forward), down, forward])


def _fit_distance(craft: Craft, camera: Pinhole) -> float:
    """Distance, m, from which the craft fits into the picture from every side."""
    points = centred_outline(craft, craft.bounds_m.mean(axis=0))
    return max(fitting_distance(points @ _body_to_camera(*side).T, camera, _MARGIN) for side in SIDES.values())


def _annotate(pixels: NDArray[Any], name: str, pixel_m: float, view: View) -> NDArray[np.uint8]:
    """Add the body axes, the name of the side and a scale bar to a picture."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(np.asarray(pixels, np.uint8))
    pen, grey = ImageDraw.Draw(image), (170, 170, 170)
    letter = max(10, image.height // 24)
    font = ImageFont.load_default(letter)
    _draw_axes(pen, view, font, letter)
    pen.text((letter // 2, letter // 2), f"from {name}", grey, font)
    metres, long_px = round_length(image.width, pixel_m)
    bottom = image.height - letter // 2
    pen.line((letter // 2, bottom, letter // 2 + round(long_px), bottom), grey, max(1, letter // 8))
    pen.text((letter // 2, bottom - letter // 4), f"{metres:g} m", grey, font, anchor="ls")
    return np.asarray(image, np.uint8)


def _draw_axes(pen: Any, view: View, font: Any, letter: int) -> None:
    """Draw the body axes from their origin, in front of the craft; a ring is the one that points at the camera."""
    camera, pose = view.camera, view.craft
    low, high = pose.craft.bounds_m
    reach = _AXIS_SHARE * float(np.max(high - low))
    points = np.concatenate([np.zeros((1, 3)), reach * np.eye(3)]) @ pose.body_to_camera.T + pose.position
    if not (points[:, 2] > 0.0).all():
        return  # the origin is far off, behind the camera
    origin, *ends = camera.project(points)
    width = max(1, letter // 7)
    for axis, colour, end, depth in zip("XYZ", _AXIS_COLOURS, ends, points[1:, 2], strict=True):
        if np.linalg.norm(end - origin) < letter:
            if depth < points[0, 2]:
                pen.circle(tuple(origin), letter / 2, outline=colour, width=width)
                pen.text((origin[0] - letter, origin[1] - letter), axis, colour, font, anchor="mm")
            continue
        pen.line((*origin, *end), colour, width)
        beyond = end + (end - origin) / np.linalg.norm(end - origin) * letter * 0.8
        pen.text(tuple(beyond), axis, colour, font, anchor="mm")
    pen.circle(tuple(origin), width + 1, fill=(230, 230, 230))


def _recipe(craft: Craft, size: tuple[int, int], samples: int, shutter: float) -> dict[str, Any]:
    return {
        "kind": SYNTHETIC,
        "notice": f"This is a {SYNTHETIC}: a model rendered from six sides, not a photograph taken in space.",
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
