"""The ground around a landed craft and the dust sky over it: a scene's ``[ground]`` section, resolved for one view.

Site axes are east, north and up, in metres, from the craft's origin, which is on the ground; see ``design/terrain.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.planet.ground.contact import BlastZone, Pad, Print, Track
from selfiesim.planet.ground.heightfield import Crater, Swell
from selfiesim.planet.ground.mesh import TerrainSpec
from selfiesim.planet.ground.soils import SOILS
from selfiesim.planet.light.atmosphere import air_column
from selfiesim.planet.light.dust_sky import DustSky
from selfiesim.planet.light.photometry import lambert_share
from selfiesim.planet.light.weather import Weather, cloud_optical_depth

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.scene.ground import GroundSection
    from selfiesim.view.scene_setup import SceneSetup


_SECTOR_MARGIN_DEG = 8.0  # by which the finely meshed sector exceeds the picture, on either side
_FLIES_ABOVE_M = 5.0  # above a lens on a mast
_MAX_SECTOR_SINE = 0.7  # a lens that looks down or up more steeply sees all azimuths
_LENS_STEP_M, _HEADING_STEP_DEG = 0.05, 2.0  # the mesh is cached on these grids, so that small motions reuse it


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground in a view.

    Attributes
    ----------
    position : (3,) array
        Origin of the site axes, camera axes, m.
    enu_to_camera : (3, 3) array
        From east, north, up to camera axes.
    recipe : TerrainSpec
        Parameters of the mesh; its cell size is that of the quality set by :meth:`with_quality`, at first draft.
    cell_rad_by_quality : dict of str to float
        Angular size of a mesh cell seen from the lens, rad, by render quality.
    sky : DustSky
        The dusty sky over the site.
    """

    position: Vector
    enu_to_camera: Matrix
    recipe: TerrainSpec
    cell_rad_by_quality: dict[str, float]
    sky: DustSky

    @property
    def lens(self) -> Vector:
        """Position of the lens (3,), site axes, m."""
        return -self.enu_to_camera.T @ self.position

    @property
    def lens_height_m(self) -> float:
        """Height of the lens above the ground directly below it, m."""
        from selfiesim.planet.ground.mesh import height_at

        x, y, z = self.lens
        return float(z - height_at(self.recipe, np.array([x]), np.array([y]))[0])

    @property
    def sun_azimuth_deg(self) -> float:
        """Azimuth of the Sun, from north through east, 0 to 360 deg."""
        return float(np.degrees(np.arctan2(self.sky.to_sun[0], self.sky.to_sun[1])) % 360.0)

    def turned(self, rotation: Matrix) -> Ground:
        """The same ground seen by a camera rotated in place by ``rotation`` (3, 3), old to new camera axes."""
        return replace(self, position=rotation @ self.position, enu_to_camera=rotation @ self.enu_to_camera)

    def with_quality(self, quality: str) -> Ground:
        """The same ground with the mesh resolution of a render quality."""
        return replace(self, recipe=replace(self.recipe, cell_rad=self.cell_rad_by_quality[quality]))


# Long for its docstring.
def make_ground(
    setup: SceneSetup, camera: Camera, position: Vector, enu_to_camera: Matrix, sun: Vector, weather: Weather
) -> Ground:
    """Resolve the ``[ground]`` section of a scene for one camera position.

    Parameters
    ----------
    setup : SceneSetup
        A scene with a ground.
    camera : Camera
        The lens, whose field of view sets the finely meshed sector.
    position : (3,) array
        Origin of the site axes, camera axes, m.
    enu_to_camera : (3, 3) array
        From east, north, up to camera axes.
    sun : (3,) array
        Unit vector toward the Sun, camera axes.
    weather : Weather
        Dust, gas and clouds of the day.

    Returns
    -------
    Ground
        With the mesh resolution of drafts.

    Raises
    ------
    SceneError
        When the Sun is below the horizon, or the lens below the ground.
    """
    section = setup.scene.ground
    assert section is not None
    to_sun = enu_to_camera.T @ sun
    if to_sun[2] <= 0.0:
        below = np.degrees(-np.arcsin(to_sun[2]))
        raise SceneError(
            f"at: the Sun is {below:.1f} degrees below the horizon; with [ground] choose a time in daylight"
        )
    lens = -enu_to_camera.T @ position
    law = SOILS[setup.body.name].law
    reflectance = section.reflectance or _map_reflectance(setup, law)
    recipe = _terrain_spec(section, camera, lens, enu_to_camera[2], reflectance)
    recipe = replace(recipe, soil=setup.body.name, radius_m=float(setup.body.radii_m[0]))
    assert setup.scene.site is not None
    latitude = float(np.radians(setup.scene.site.latitude_deg))
    air = air_column(weather, setup.body, latitude)
    scattered = np.array(reflectance) * (lambert_share(law) if law else 1.0)
    sky = DustSky(air, to_sun, scattered, float(cloud_optical_depth(weather, latitude)))
    cell_rad_by_quality = {"draft": section.draft_cell_rad, "final": section.cell_rad}
    ground = Ground(position, enu_to_camera, recipe, cell_rad_by_quality, sky)
    if np.hypot(*lens[:2]) < recipe.extent_m and ground.lens_height_m < 0.02:
        raise SceneError(
            f"[ground]: the lens is {-ground.lens_height_m:.2f} m below the ground; move it up (mounted.offset_m)"
        )
    return ground


def _terrain_spec(
    section: GroundSection, camera: Camera, lens: Vector, forward: Vector, reflectance: tuple[float, float, float]
) -> TerrainSpec:
    """Parameters of the mesh around ``lens`` (3,) that looks along ``forward`` (3,), site axes."""
    heading = np.degrees(np.arctan2(forward[0], forward[1]))
    sector = np.degrees(camera.horizontal_fov) + 2.0 * _SECTOR_MARGIN_DEG
    blast = section.blast
    return TerrainSpec(
        seed=section.seed,
        rock_share=section.rock_share,
        reflectance=reflectance,
        camera_xy_m=tuple(float(_LENS_STEP_M * round(v / _LENS_STEP_M)) for v in lens[:2]),  # type: ignore[arg-type]
        lens_height_m=float(round(lens[2])) if lens[2] > _FLIES_ABOVE_M else 0.0,
        heading_deg=float(_HEADING_STEP_DEG * round(heading / _HEADING_STEP_DEG)),
        sector_deg=360.0 if abs(forward[2]) > _MAX_SECTOR_SINE else min(float(np.ceil(sector)), 360.0),
        cell_rad=section.draft_cell_rad,
        rocks_reach_m=section.rocks_reach_m,
        largest_rock_m=section.largest_rock_m,
        clod_share=section.clod_share,
        pads=tuple(Pad(*each.at_m, each.radius_m, each.sink_m) for each in section.pads),
        prints=tuple(Print(*each.at_m, each.radius_m, each.rim_m) for each in section.prints),
        tracks=tuple(Track(each.path_m, each.half_m, each.width_m, each.depth_m) for each in section.tracks),
        craters=tuple(Crater(*each.at_m, each.radius_m, each.depth_m) for each in section.craters),
        swells=tuple(Swell(*each.at_m, each.radius_m, each.height_m) for each in section.swells),
        bare_soil=section.bare_soil,
        blast=None if blast is None else BlastZone(*blast.at_m, blast.radius_m, blast.darker),
        finest_rad=section.cell_rad,
    )


def _map_reflectance(setup: SceneSetup, law: str | None) -> tuple[float, float, float]:
    """Base colour of the ground after the body's map at the site: red, green, blue."""
    from selfiesim.planet.maps.planet_maps import reflectance
    from selfiesim.planet.maps.surface import surface_maps

    site = setup.scene.site
    assert site is not None
    found = reflectance(surface_maps(setup.surface), np.radians(site.latitude_deg), np.radians(site.longitude_deg))
    # A map has geometric albedos; a material with a law has the colour of a Lambertian sphere as bright.
    factor = 1.5 if law else 1.0
    red, green, blue = (round(factor * float(band), 4) for band in np.asarray(found).reshape(3))
    return red, green, blue
