"""The dust sky in a picture taken on the ground: behind everything, and as the soft light on what stands there.

The ground itself is a mesh (:mod:`selfiesim.planet.terrain`) that the craft's layer draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera import Camera
from selfiesim.planet.dust_sky import DustSky
from selfiesim.render.planetshine import Planetshine, irradiance_harmonics

Floats = NDArray[np.float64]

_STEP_PX = 4  # the sky is smooth: it is worked out at every fourth pixel


def dust_shine(sky: DustSky, sun_irradiance: Floats, site_to_body: Floats) -> Planetshine:
    """The light of sky and ground as the craft's shaders take a planet's.

    Parameters
    ----------
    sky : DustSky
        In site axes (east, north, up).
    sun_irradiance : (3,)
        Above the air, W m^-2 nm^-1; what reaches the craft directly is ``sky.beam`` times it.
    site_to_body : (3, 3)
        From site axes to the craft's.
    """
    rays, light = sky.light()
    rays, light = rays @ site_to_body.T, light * sun_irradiance
    ground = sky.ground * sky.transmitted * sun_irradiance / np.pi
    # The ground is a planet so near that it fills the lower half; what is mirrored of it is lit by the Sun's height.
    return Planetshine(irradiance_harmonics(rays, light), -site_to_body[:, 2], 1.0, ground, rays, light)


def add_dust_sky(
    rgb: NDArray[np.float32],
    cover: NDArray[np.float32],
    camera: Camera,
    camera_to_site: Floats,
    sky: DustSky,
    sun_irradiance: Floats,
) -> None:
    """Add the sky to a picture (H, W, 3), in place, where ``cover`` (H, W) leaves it open."""
    columns, rows = (np.append(np.arange(0, size - 1, _STEP_PX), size - 1) for size in (camera.width, camera.height))
    x, y = np.meshgrid(columns.astype(float), rows.astype(float))
    rays = camera.unproject(np.stack([x, y], axis=-1).reshape(-1, 2)) @ camera_to_site.T
    coarse = np.nan_to_num(sky.radiance(rays) * sun_irradiance / np.pi).reshape(len(rows), len(columns), 3)
    down, across = _between(rows, camera.height), _between(columns, camera.width)
    for band in range(3):
        rgb[..., band] += (1.0 - cover) * (down @ coarse[..., band] @ across.T)


def _between(places: NDArray[np.int64], size: int) -> Floats:
    """Matrix (size, N) that spreads values at ``places`` (N,) over all pixels, linearly in between."""
    pixels = np.arange(size)
    after = np.clip(np.searchsorted(places, pixels, side="right"), 1, len(places) - 1)
    share = (pixels - places[after - 1]) / (places[after] - places[after - 1])
    matrix = np.zeros((size, len(places)))
    matrix[pixels, after - 1], matrix[pixels, after] = 1.0 - share, share
    return matrix
