"""A picture taken on the ground: the ground drawn as a craft is, and the dust sky behind everything.

Its mesh is made by :mod:`selfiesim.planet.terrain.ground_mesh`; the light of the sky is in :mod:`selfiesim.render.light.sky_light`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera
from selfiesim.planet.light.dust_sky import DustSky
from selfiesim.planet.terrain.ground_mesh import NEAR_RADIUS_M
from selfiesim.render.layers.craft_layer import CraftLayer

if TYPE_CHECKING:
    from selfiesim.craft.model import Part
    from selfiesim.view.view import View

Floats = NDArray[np.float64]

_MARGIN_M = 0.5  # round the vehicles
_SHADOW_RANGE_HEIGHTS = 8.0  # how far off shadows of rocks are seen well, over the lens' height
_STEP_PX = 4  # the sky is smooth: it is worked out at every fourth pixel


class GroundLayer(CraftLayer):
    """The ground: its near parts throw shadows, its Sun's map is fitted to what stands on it."""

    # The smooth normal at a crest leans away from the lens: turned round it would be dark.
    has_outward_normals = True

    def casts_shadow(self, part: Part) -> bool:
        """Far parts throw none: their shadows are smaller than a pixel, and lie outside the map."""
        return not part.node.endswith("_far")

    def update_indirect_light(self, view: View) -> None:
        """What the ground passes on to itself is left out: of open ground that is little."""


def fit_shadow_maps(crafts: list[CraftLayer]) -> None:
    """Fit the shadow maps of a ground among ``crafts`` to the box round all others, the lens and what it looks at.

    A shadow lies behind what throws it, as the light sees it: so the map of the vehicles holds their shadows too.
    """
    for ground in crafts:
        if not ground.pose.is_ground:
            continue
        pose = ground.pose
        lens = -pose.body_to_camera.T @ pose.position
        corners = [(each.corners() - pose.position) @ pose.body_to_camera for each in crafts if each is not ground]
        reach = min(_SHADOW_RANGE_HEIGHTS * max(lens[2], 0.0), NEAR_RADIUS_M)
        ahead = np.arctan2(pose.body_to_camera[2, 1], pose.body_to_camera[2, 0]) + np.radians([-40.0, 0.0, 40.0])
        seen = lens * (1.0, 1.0, 0.0) + reach * np.stack([np.cos(ahead), np.sin(ahead), np.zeros(3)], axis=1)
        points = np.concatenate([*corners, [lens], seen])
        points = points[np.hypot(*(points - lens)[:, :2].T) < NEAR_RADIUS_M + _MARGIN_M]
        low, high = points.min(axis=0) - _MARGIN_M, points.max(axis=0) + _MARGIN_M
        ground.bounds = np.array([low, high])


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
    down, across = _interpolation_matrix(rows, camera.height), _interpolation_matrix(columns, camera.width)
    for band in range(3):
        rgb[..., band] += (1.0 - cover) * (down @ coarse[..., band] @ across.T)


def _interpolation_matrix(places: NDArray[np.int64], size: int) -> Floats:
    """Matrix (size, N) that spreads values at ``places`` (N,) over all pixels, linearly in between."""
    pixels = np.arange(size)
    after = np.clip(np.searchsorted(places, pixels, side="right"), 1, len(places) - 1)
    share = (pixels - places[after - 1]) / (places[after] - places[after - 1])
    matrix = np.zeros((size, len(places)))
    matrix[pixels, after - 1], matrix[pixels, after] = 1.0 - share, share
    return matrix
