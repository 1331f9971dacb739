"""The geometry of one instant: camera, planet, Sun and craft, in camera axes, with what later stages need to know.

Everything to the left of a view is astrodynamics; everything to its right renders it. Positions are in metres and
double precision with the camera at the origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State
from selfiesim.astro.solar_system import Almanac
from selfiesim.camera.pinhole import Camera
from selfiesim.core.equality import EqualByContent
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.scene.ground import GROUND_NAME
from selfiesim.scene.photo import PhotoSection
from selfiesim.scene.sky import SkySection
from selfiesim.sky.backdrop import Backdrop, build_backdrop
from selfiesim.view.ground import Ground
from selfiesim.view.poses import CraftPose, PlanetPose, Sun


@dataclass(frozen=True)
class ViewKinematics:
    """The motion behind a view, in ICRF axes about the planet's centre.

    Attributes
    ----------
    host, camera : State
        Craft and camera, m and m/s.
    mount_position, mount_velocity : (3,) array
        Point from which the camera was released, or where it is mounted, m, and its velocity, m/s: that of the craft
        and, after a release, that of its rotation.
    seconds_since_release : float, optional
        None for a camera that is never released.
    icrf_to_body, icrf_to_bodyfixed : (3, 3) array
        Attitude of the craft, and orientation of the planet.
    """

    host: State
    camera: State
    mount_position: Vector
    mount_velocity: Vector
    seconds_since_release: float | None
    icrf_to_body: Matrix
    icrf_to_bodyfixed: Matrix


@dataclass(frozen=True, eq=False)
class ShotInfo:
    """What later stages need of the scene: the settings of its photograph, and how to describe and repeat it.

    Attributes
    ----------
    title, source : str
        Title of the shot, and the file or scene name that error messages begin with.
    photo : PhotoSection
        Exposure, look, lens and sensor.
    sky : SkySection
        Which of Sun, moons and stars are rendered.
    camera_preset : str, optional
        Name of the camera in the catalogue.
    pixel_pitch_um : float, optional
        Pixel pitch of the sensor; None where the scene does not give it.
    lens_model : str
        ``"pinhole"``, ``"brown-conrady"`` and so on.
    distortion : tuple of float
        Coefficients in OpenCV's order.
    link_range_m : float, optional
        Range of the camera's radio link.
    body : str
        Name of the body that the craft orbits or stands on.
    models : mapping of str
        Model of each craft by name, as the scene gives it; ``""`` is the craft that carries the camera.
    assumed : mapping of str
        Reason for each value that is not publicly known, by key path.
    orbit : mapping of str
        The elements that ``orbit.over`` led to, as the keys of ``[orbit]``; empty where the scene gives its orbit.
    table, defaults : dict
        The scene as written, and with every default filled in; JSON-ready. Neither may be changed.
    """

    title: str
    source: str
    photo: PhotoSection
    sky: SkySection
    camera_preset: str | None
    pixel_pitch_um: float | None
    lens_model: str
    distortion: tuple[float, ...]
    link_range_m: float | None
    body: str
    models: Mapping[str, str]
    assumed: Mapping[str, str]
    orbit: Mapping[str, str | float]
    table: dict[str, Any]
    defaults: dict[str, Any]


@dataclass(frozen=True, eq=False)
class ViewGeometry(EqualByContent):
    """One instant through the lens. Vectors are in camera axes (x right, y down, z forward), metres.

    Attributes
    ----------
    epoch : Epoch
        The instant.
    camera : Camera
        The lens: size in pixels, intrinsics and distortion.
    icrf_to_camera : (3, 3) array
        Attitude of the camera.
    planet : PlanetPose, optional
        None on an orbit about the Sun: no planet is in the picture.
    sun : Sun
        Direction, distance and irradiance of the Sun.
    craft : CraftPose
        The craft that carries or released the camera.
    track : ViewKinematics
        The motion behind it, in ICRF axes.
    shot : ShotInfo
        What later stages need of the scene.
    almanac : Almanac
        Ephemeris of the Sun, planets and moons.
    at : str, optional
        The moment as a scene writes it; None for the scene's own.
    objects : tuple of CraftPose
        Further craft.
    ground : Ground, optional
        Ground and dust sky, for a scene on the surface.
    """

    epoch: Epoch
    camera: Camera
    icrf_to_camera: Matrix
    planet: PlanetPose | None
    sun: Sun
    craft: CraftPose
    track: ViewKinematics
    shot: ShotInfo
    almanac: Almanac
    at: str | None = None
    objects: tuple[CraftPose, ...] = ()
    ground: Ground | None = None

    @property
    def crafts(self) -> tuple[CraftPose, ...]:
        """The main craft, the further ones, and the ground where there is one."""
        return self.craft, *self.objects, *self._ground_pose

    @cached_property
    def _ground_pose(self) -> tuple[CraftPose, ...]:
        """The ground as a craft, or nothing. Its mesh takes a while to build, and only rendering needs it."""
        from selfiesim.planet.ground.mesh_cache import cached_terrain

        ground = self.ground
        if ground is None:
            return ()
        mesh = cached_terrain(ground.recipe)
        share = self.craft.sun_visible_fraction
        return (CraftPose(mesh, ground.position, ground.enu_to_camera, {}, share, name=GROUND_NAME),)

    @cached_property
    def sky(self) -> Backdrop:
        """Those of Sun, moons, planets and stars that the scene renders, ICRF axes from the camera."""
        return build_backdrop(
            self.almanac,
            self.shot.body,
            self.track.camera.position,
            self.epoch,
            with_sun=self.shot.sky.sun,
            with_moons=self.shot.sky.moons,
            with_stars=self.shot.sky.stars,
        )

    def with_quality(self, quality: str) -> Self:
        """A copy whose ground mesh has the resolution of a render quality.

        Parameters
        ----------
        quality : str
            ``"draft"`` or ``"final"``.

        Returns
        -------
        ViewGeometry
            Of the same class; the view itself without a ground.
        """
        return self if self.ground is None else replace(self, ground=self.ground.with_quality(quality))

    def turned(self, rotation: Matrix, camera: Camera) -> Self:
        """The same instant through another lens at the same position.

        Parameters
        ----------
        rotation : (3, 3) array
            From the present camera axes to those of the other lens.
        camera : Camera
            The other lens.

        Returns
        -------
        ViewGeometry
            Of the same class.
        """
        planet = self.planet
        return replace(
            self,
            camera=camera,
            icrf_to_camera=rotation @ self.icrf_to_camera,
            planet=planet
            and replace(
                planet,
                position=rotation @ planet.position,
                camera_to_bodyfixed=planet.camera_to_bodyfixed @ rotation.T,
            ),
            sun=replace(self.sun, direction=rotation @ self.sun.direction),
            craft=self.craft.turned(rotation),
            objects=tuple(each.turned(rotation) for each in self.objects),
            ground=self.ground and self.ground.turned(rotation),
        )
