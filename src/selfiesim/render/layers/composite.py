"""Composites the layers of an image: planet, craft, and the sky behind both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.render.layers.ground_layer import add_dust_sky
from selfiesim.render.layers.sky_layer import add_sky

if TYPE_CHECKING:
    from selfiesim.render.common.crop import Crop
    from selfiesim.view.view import View

Image = NDArray[np.float32]


def composite_over(rgb: Image, cover: Image, craft: Image, crop: Crop) -> tuple[Image, Image]:
    """Composite the craft over an image in place.

    Parameters
    ----------
    rgb : (H, W, 3) array
        Radiance of the background; receives the result.
    cover : (H, W) array
        Receives the fraction of each pixel that the craft covers.
    craft : (h, w, 4) array
        Premultiplied radiance of the craft and its coverage, in the pixels of ``crop``.
    crop : Crop
        Position of ``craft`` in the image.

    Returns
    -------
    rgb, cover
        The arrays passed in.
    """
    # Occlusion of planetshine is an estimate: full occlusion may result in radiance below 0.
    return _composite(rgb, cover, np.maximum(craft, 0.0), crop)


def composite_lights_over(rgb: Image, cover: Image, craft: Image, crop: Crop) -> tuple[Image, Image]:
    """Composite the kinds of light of the craft (h, w, 3 n + 1) over a background (H, W, 3 n); otherwise the same.

    The planetshine, second of the kinds, takes up what their sum lacks to 0.
    """
    total = sum(craft[..., first : first + 3] for first in range(0, craft.shape[2] - 1, 3))
    craft[..., 3:6] -= np.minimum(total, 0.0)
    return _composite(rgb, cover, craft, crop)


def _composite(rgb: Image, cover: Image, craft: Image, crop: Crop) -> tuple[Image, Image]:
    background = rgb[crop.rows, crop.columns]
    background *= 1.0 - craft[..., -1:]
    background += craft[..., :-1]
    cover[crop.rows, crop.columns] = craft[..., -1]
    return rgb, cover


def preview_over(
    show: Callable[[Image, Image, int], None], rgb: Image, cover: Image, crop: Crop, craft: Image, done: int
) -> None:
    """Call ``show`` with the craft after ``done`` passes over a copy of the background."""
    show(*composite_over(rgb.copy(), cover.copy(), craft, crop), done)


def copy_with_sky(rgb: Image, cover: Image, view: View) -> Image:
    """Return a copy of ``rgb`` (H, W, 3) with the sky of ``view`` added."""
    image = rgb.copy()
    add_backdrop(image, cover, view)
    return image


def add_backdrop(rgb: Image, cover: Image, view: View) -> None:
    """Add the sky to ``rgb`` (H, W, 3) in place; over a ground, the dust sky too."""
    ground = view.ground
    if ground is not None:
        add_dust_sky(rgb, cover, view.camera, ground.enu_to_camera.T, ground.sky, view.sun.extraterrestrial_irradiance)
    add_sky(rgb, cover, view)


def add_sky_to_lights(stack: Image, cover: Image, view: View) -> Image:
    """Return kinds of light (H, W, 3 n), of which the air's is the last, with the sky as one more: (H, W, 3 n + 3)."""
    stack = np.concatenate([stack, np.zeros_like(stack[..., :3])], axis=-1)
    *others, air, sky = (stack[..., first : first + 3] for first in range(0, stack.shape[2], 3))
    ground = view.ground
    if ground is not None:
        add_dust_sky(air, cover, view.camera, ground.enu_to_camera.T, ground.sky, view.sun.extraterrestrial_irradiance)
    add_sky(sky, cover, view, (*others, air))
    return stack
