"""Images taken on the ground: the ground, rendered like a craft, and the dust sky behind everything.

The mesh comes from :mod:`selfiesim.planet.ground.mesh`, the light of the sky from
:mod:`selfiesim.render.light.sky_light`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera
from selfiesim.planet.ground.mesh import NEAR_RADIUS_M
from selfiesim.planet.ground.soils import SOILS
from selfiesim.planet.light.dust_sky import DustSky
from selfiesim.render.layers.craft_layer import CraftLayer

if TYPE_CHECKING:
    from selfiesim.craft.model import Part
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

Floats = NDArray[np.float64]

_MARGIN_M = 0.5  # around the vehicles
_SHADOW_RANGE_HEIGHTS = 8.0  # range within which shadows of rocks are resolved, in heights of the lens
_STEP_PX = 4  # the sky is smooth: it is evaluated at every fourth pixel


class GroundLayer(CraftLayer):
    """The ground. Its near parts cast shadows; its shadow map is fitted to the vehicles on it."""

    # The smooth normal at a crest may lean away from the lens: flipped, it would be dark.
    has_outward_normals = True

    def casts_shadow(self, part: Part) -> bool:
        """Return False for far parts, whose shadows are smaller than a pixel and lie outside the map."""
        return not part.node.endswith("_far")

    def update(self, view: View, pose: CraftPose, maps: PlanetMaps | None) -> None:
        """Set the light for ``view``, and the colour of grit."""
        super().update(view, pose, maps)
        assert view.ground is not None
        self._set_light(gritTint=SOILS[view.ground.recipe.soil].grit_tint)

    def update_indirect_light(self, view: View) -> None:
        """Do nothing: interreflection within open ground is small and left out."""


def fit_shadow_maps(crafts: list[CraftLayer]) -> None:
    """Fit the shadow map of the ground among ``crafts`` to all others, the lens, and the ground it looks at.

    As seen from the light, a shadow is behind its caster: a map that holds the vehicles holds their shadows too.
    """
    for ground in crafts:
        if not ground.pose.is_ground:
            continue
        pose = ground.pose
        lens = -pose.body_to_camera.T @ pose.position
        corners = [(each.corners() - pose.position) @ pose.body_to_camera for each in crafts if each is not ground]
        reach = min(_SHADOW_RANGE_HEIGHTS * max(lens[2], 0.0), NEAR_RADIUS_M)
        ahead = np.arctan2(pose.body_to_camera[2, 1], pose.body_to_camera[2, 0]) + np.radians([-40.0, 0.0, 40.0])
        foreground = lens * (1.0, 1.0, 0.0) + reach * np.stack([np.cos(ahead), np.sin(ahead), np.zeros(3)], axis=1)
        points = np.concatenate([*corners, [lens], foreground])
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
    """Add the dust sky to an image in place.

    Parameters
    ----------
    rgb : (H, W, 3) array
        Radiance of the image.
    cover : (H, W) array
        Fraction of each pixel that is covered.
    camera : Camera
        The camera, with any distortion.
    camera_to_site : (3, 3) array
        Rotation from camera axes to east, north, up.
    sky : DustSky
        The sky.
    sun_irradiance : (3,) array
        Solar irradiance above the atmosphere, W m^-2 nm^-1.
    """
    columns, rows = (np.append(np.arange(0, size - 1, _STEP_PX), size - 1) for size in (camera.width, camera.height))
    x, y = np.meshgrid(columns.astype(float), rows.astype(float))
    rays = camera.unproject(np.stack([x, y], axis=-1).reshape(-1, 2)) @ camera_to_site.T
    coarse = np.nan_to_num(sky.radiance(rays) * sun_irradiance / np.pi).reshape(len(rows), len(columns), 3)
    down, across = _interpolation_matrix(rows, camera.height), _interpolation_matrix(columns, camera.width)
    for band in range(3):
        rgb[..., band] += (1.0 - cover) * (down @ coarse[..., band] @ across.T)


def _interpolation_matrix(nodes: NDArray[np.int64], size: int) -> Floats:
    """Return the matrix (size, N) that interpolates values at pixels ``nodes`` (N,) linearly to all pixels."""
    pixels = np.arange(size)
    after = np.clip(np.searchsorted(nodes, pixels, side="right"), 1, len(nodes) - 1)
    weight = (pixels - nodes[after - 1]) / (nodes[after] - nodes[after - 1])
    matrix = np.zeros((size, len(nodes)))
    matrix[pixels, after - 1], matrix[pixels, after] = 1.0 - weight, weight
    return matrix
