"""The ground that a scene stands on, and the dust sky over it: what ``[ground]`` says, worked out for one view.

Places are metres east and north of the craft's origin, which stands on the ground; see ``design/terrain.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.planet.light.atmosphere import build_atmosphere
from selfiesim.planet.light.dust_sky import DustSky
from selfiesim.planet.terrain.ground_mesh import BlastZone, TerrainSpec
from selfiesim.planet.terrain.heightfield import Crater, Pad, Track

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.view.resolved_scene import ResolvedScene


_SECTOR_MARGIN_DEG = 8.0  # of the fine sector beyond the picture, on either side
_MAX_SECTOR_SINE = 0.7  # a lens that looks down or up by more than this sine sees all directions
_LENS_STEP_M, _HEADING_STEP_DEG = 0.05, 2.0  # a lens that hardly moved has the same mesh


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground in a view: camera axes, m.

    Attributes
    ----------
    position : (3,)
        Of the site's origin, from the camera.
    enu_to_camera : (3, 3)
        From east, north, up to camera axes.
    recipe : Terrain
        What the mesh is made by, as fine as ``cell_rad_by_quality`` has it for the quality asked for last.
    cell_rad_by_quality : dict
        Cell of the mesh by quality, rad.
    sky : DustSky
        What is over it.
    """

    position: Vector
    enu_to_camera: Matrix
    recipe: TerrainSpec
    cell_rad_by_quality: dict[str, float]
    sky: DustSky

    @property
    def lens(self) -> Vector:
        """Place of the lens, site axes (3,), m."""
        return -self.enu_to_camera.T @ self.position

    @property
    def lens_height_m(self) -> float:
        """Of the lens above the ground right below it."""
        from selfiesim.planet.terrain.ground_mesh import height_at

        x, y, z = self.lens
        return float(z - height_at(self.recipe, np.array([x]), np.array([y]))[0])

    @property
    def sun_azimuth_deg(self) -> float:
        """Of the Sun, from north toward east, 0 to 360."""
        return float(np.degrees(np.arctan2(self.sky.to_sun[0], self.sky.to_sun[1])) % 360.0)

    def turned(self, turn: Matrix) -> Ground:
        """The same from a camera turned where it stands."""
        return replace(self, position=turn @ self.position, enu_to_camera=turn @ self.enu_to_camera)

    def with_quality(self, quality: str) -> Ground:
        """The same with the mesh that pictures of this quality take."""
        return replace(self, recipe=replace(self.recipe, cell_rad=self.cell_rad_by_quality[quality]))


def make_ground(
    resolved: ResolvedScene, camera: Camera, position: Vector, enu_to_camera: Matrix, sun: Vector, dust: float
) -> Ground:
    """The ground of a scene that has one, for the ``camera``.

    Parameters
    ----------
    position, enu_to_camera
        As :class:`Ground` has them.
    sun : (3,)
        Direction to the Sun, camera axes.
    dust : float
        Vertical optical depth at 550 nm.

    Raises
    ------
    SceneError
        When it is night, or the lens is under the ground.
    """
    part = resolved.scene.ground
    assert part is not None
    to_sun = enu_to_camera.T @ sun
    if to_sun[2] <= 0.0:
        below = np.degrees(-np.arcsin(to_sun[2]))
        raise SceneError(f"at: the Sun is {below:.1f} degrees below the horizon; with [ground] choose a time by day")
    lens, forward = -enu_to_camera.T @ position, enu_to_camera[2]
    heading = np.degrees(np.arctan2(forward[0], forward[1]))
    sector = np.degrees(camera.horizontal_fov) + 2.0 * _SECTOR_MARGIN_DEG
    reflectance = part.reflectance or _map_reflectance(resolved)
    recipe = TerrainSpec(
        seed=part.seed,
        rock_share=part.rock_share,
        reflectance=reflectance,
        camera_xy_m=tuple(float(_LENS_STEP_M * round(v / _LENS_STEP_M)) for v in lens[:2]),  # type: ignore[arg-type]
        heading_deg=float(_HEADING_STEP_DEG * round(heading / _HEADING_STEP_DEG)),
        sector_deg=360.0 if abs(forward[2]) > _MAX_SECTOR_SINE else min(float(np.ceil(sector)), 360.0),
        cell_rad=part.draft_cell_rad,
        rocks_reach_m=part.rocks_reach_m,
        largest_rock_m=part.largest_rock_m,
        clod_share=part.clod_share,
        pads=tuple(Pad(*each.at_m, each.radius_m) for each in part.pads),
        tracks=tuple(Track(each.path_m, each.half_m, each.width_m, each.depth_m) for each in part.tracks),
        craters=tuple(Crater(*each.at_m, each.radius_m, each.depth_m) for each in part.craters),
        blast=None if part.blast is None else BlastZone(*part.blast.at_m, part.blast.radius_m, part.blast.darker),
        finest_rad=part.cell_rad,
    )
    sky = DustSky(build_atmosphere(dust, float(np.mean(resolved.body.radii_m))), to_sun, np.array(reflectance))
    cell_rad_by_quality = {"draft": part.draft_cell_rad, "final": part.cell_rad}
    ground = Ground(position, enu_to_camera, recipe, cell_rad_by_quality, sky)
    if np.hypot(*lens[:2]) < recipe.extent_m and ground.lens_height_m < 0.02:
        raise SceneError(
            f"[ground]: the lens is {-ground.lens_height_m:.2f} m below the ground; move it up (mounted.offset_m)"
        )
    return ground


def _map_reflectance(resolved: ResolvedScene) -> tuple[float, float, float]:
    """Reflectance of the globe's map at the site."""
    from selfiesim.planet.maps.planet_maps import reflectance
    from selfiesim.planet.maps.surface import surface_maps

    site = resolved.scene.site
    assert site is not None
    found = reflectance(surface_maps(resolved.surface), np.radians(site.latitude_deg), np.radians(site.longitude_deg))
    red, green, blue = (round(float(band), 4) for band in np.asarray(found).reshape(3))
    return red, green, blue
