"""The layers of a picture put together: planet, craft, and what stands behind both."""

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


def composite_over(rgb: Image, cover: Image, drawn: Image, crop: Crop) -> tuple[Image, Image]:
    """``rgb`` (H, W, 3) and ``cover`` (H, W), with the craft (h, w, 4) laid over them in place."""
    # The planet's shade is an estimate: full shade may come out below 0.
    drawn = np.maximum(drawn, 0.0)
    here = rgb[crop.rows, crop.columns]
    here *= 1.0 - drawn[..., 3:]
    here += drawn[..., :3]
    cover[crop.rows, crop.columns] = drawn[..., 3]
    return rgb, cover


def preview_over(
    show: Callable[[Image, Image, int], None], rgb: Image, cover: Image, crop: Crop, drawn: Image, done: int
) -> None:
    """``show`` what is drawn after so many passes, over a copy of the rest."""
    show(*composite_over(rgb.copy(), cover.copy(), drawn, crop), done)


def copy_with_sky(rgb: Image, cover: Image, view: View) -> Image:
    """``rgb`` (H, W, 3) with what stands in the sky of ``view``."""
    light = rgb.copy()
    add_backdrop(light, cover, view)
    return light


def add_backdrop(rgb: Image, cover: Image, view: View) -> None:
    """Add what stands behind everything to ``rgb`` (H, W, 3): over a ground, the dust in the air before the sky."""
    ground = view.ground
    if ground is not None:
        add_dust_sky(rgb, cover, view.camera, ground.enu_to_camera.T, ground.sky, view.sun.extraterrestrial_irradiance)
    add_sky(rgb, cover, view)
