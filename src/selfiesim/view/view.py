"""What the lens sees: a scene resolved at one instant, in metres and double precision, with the camera at the origin.

Everything to the left of this is geometry; everything to the right draws it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.astro.ellipsoid import ellipsoid_height, sun_visible_fraction
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.mars_time import solar_longitude
from selfiesim.astro.orbit import State
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import GraphicsError, SceneError
from selfiesim.core.vectors import Matrix, Vector, unit
from selfiesim.craft.model import Craft
from selfiesim.motion.host_trajectories import LandedHost
from selfiesim.planet.light.atmosphere import build_atmosphere
from selfiesim.planet.light.limb_transmission import limb_sun_transmittance
from selfiesim.planet.light.weather import AIRLESS, Weather, frost_edge_latitudes, seasonal_dust
from selfiesim.scene.ground import GROUND_NAME
from selfiesim.sky.backdrop import Backdrop, build_backdrop, sun_visible_fraction_beside
from selfiesim.sky.eclipse_casters import find_shadow_casters
from selfiesim.view import release_setup
from selfiesim.view.camera_pointing import compute_joint_angles, enu_to_icrf, icrf_to_lens
from selfiesim.view.ground import Ground, make_ground
from selfiesim.view.poses import CraftPose, PlanetPose, Sun
from selfiesim.view.release_setup import ReleaseState
from selfiesim.view.resolved_scene import ResolvedScene

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Preview, Progress, Radiance
    from selfiesim.scene.craft import ModelSection
    from selfiesim.scene.scene import Scene


@dataclass(frozen=True)
class ViewKinematics:
    """The motion behind a view, ICRF axes about the planet's centre; no seconds for a camera that is never released."""

    host: State
    camera: State
    mount_position: Vector
    seconds_since_release: float | None
    icrf_to_body: Matrix
    icrf_to_bodyfixed: Matrix


@dataclass(frozen=True)
class View:
    """One instant through the lens. Vectors are in camera axes (x right, y down, z forward), metres.

    ``planet`` is None on a way round the Sun: there is none in the picture. ``objects`` are further craft.
    """

    epoch: Epoch
    camera: Camera
    icrf_to_camera: Matrix
    planet: PlanetPose | None
    sun: Sun
    craft: CraftPose
    track: ViewKinematics
    scene: Scene = field(repr=False)
    objects: tuple[CraftPose, ...] = ()
    ground: Ground | None = None

    @property
    def crafts(self) -> tuple[CraftPose, ...]:
        """The craft and the further ones beside it; the ground comes last, where there is one."""
        return self.craft, *self.objects, *self._ground_pose

    @cached_property
    def _ground_pose(self) -> tuple[CraftPose, ...]:
        """None or one; making its mesh takes a while, and only drawing needs it."""
        from selfiesim.planet.terrain.ground_mesh_cache import cached_terrain

        ground = self.ground
        if ground is None:
            return ()
        mesh = cached_terrain(ground.recipe)
        return (
            CraftPose(
                mesh, ground.position, ground.enu_to_camera, {}, self.craft.sun_visible_fraction, name=GROUND_NAME
            ),
        )

    def with_quality(self, quality: str) -> View:
        """The same with the ground as fine as pictures of this quality take it."""
        return self if self.ground is None else replace(self, ground=self.ground.with_quality(quality))

    def turned(self, turn: Matrix, camera: Camera) -> View:
        """The same instant through another lens, turned: ``turn`` (3, 3) leads from these camera axes to the new."""
        planet = self.planet
        return replace(
            self,
            camera=camera,
            icrf_to_camera=turn @ self.icrf_to_camera,
            planet=planet
            and replace(
                planet, position=turn @ planet.position, camera_to_bodyfixed=planet.camera_to_bodyfixed @ turn.T
            ),
            sun=replace(self.sun, direction=turn @ self.sun.direction),
            craft=self.craft.turned(turn),
            objects=tuple(each.turned(turn) for each in self.objects),
            ground=self.ground and self.ground.turned(turn),
        )

    def render(
        self,
        quality: str = "draft",
        samples: int | None = None,
        progress: Progress | None = None,
        engine: str = "pyvista",
        shutter_open_s: float | None = None,
        preview: Preview | None = None,
    ) -> Radiance:
        """The light that arrives at each pixel: ``"draft"`` from a few passes, ``"final"`` from many, or ``samples``.

        ``progress`` is told before each pass how many are done, and of how many. The ``engine`` ``"mitsuba"`` traces
        paths instead, 16 or 64 a pixel, or ``samples``. ``shutter_open_s`` is over how many seconds from the view's instant on
        the passes are spread, so that what moves is smeared; default: the scene's ``photo.motion_blur``. ``preview`` is
        shown the picture as it is after 1, 2, 4 ... passes, as radiance that may be exposed like the last; through a
        lens that bends, and by ``"mitsuba"``, there is none before the end.

        Raises
        ------
        GraphicsError
            When this machine cannot draw, or the picture is too large to be drawn at once.
        ValueError
            For an unknown quality or engine, samples not from 1 to 1024, or a negative time.
        """
        from selfiesim.render.engine import render
        from selfiesim.scene.camera import MAX_PIXELS

        if self.camera.width * self.camera.height > MAX_PIXELS:
            raise GraphicsError(
                f"camera.size_px: {self.camera.width}x{self.camera.height} is too large to be drawn at once; "
                "selfiesim render writes it strip by strip, into a .png or .tif (selfiesim.files.poster)"
            )
        if shutter_open_s is None:
            shutter_open_s = self._resolve_shutter_s() if self.scene.photo.motion_blur else 0.0
        return render(self, quality, samples, progress, engine, shutter_open_s, preview)

    def _resolve_shutter_s(self) -> float:
        """For how long the shutter is open: as the scene says, or as a light meter has it on a quick picture."""
        told = self.scene.photo.shutter_s
        if told != "auto":
            return float(told)
        from selfiesim.render.engine import render

        return render(self, "draft", 1).expose().exposure.shutter_s

    def later(self, seconds: float) -> View:
        """The same scene so many seconds later, through the scene's own lens."""
        return _view_at(self.scene, self.epoch + seconds, f"{seconds:g} s later")

    def plotter(self, **options: Any) -> Any:
        """A live ``pyvista.Plotter`` of this instant (see :func:`selfiesim.render.raster.plotter.plotter`).

        ``view.plotter().show()`` to turn it about; ``options`` go to ``pyvista.Plotter``.
        """
        from selfiesim.render.raster.plotter import plotter

        return plotter(self, **options)

    @cached_property
    def sky(self) -> Backdrop:
        """What else stands in the sky, as far as the scene wants it: Sun, moons, planets, stars."""
        resolved, wanted = self.scene.resolved(), self.scene.sky
        return build_backdrop(
            resolved.almanac,
            resolved.body.name,
            self.track.camera.position,
            self.epoch,
            with_sun=wanted.sun,
            with_moons=wanted.moons,
            with_stars=wanted.stars,
        )

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The resolved geometry, one number a key, units in the key (see :mod:`selfiesim.view.view_report`)."""
        from selfiesim.view.view_report import describe_view, list_visible_bodies

        return describe_view(self) | {"sky": list_visible_bodies(self)}

    def _repr_html_(self) -> str:
        shown = {key: value for key, value in self.facts.items() if key not in ("assumed", "sky")}
        cells = {key: f"{value:,.4f}" if isinstance(value, float) else str(value) for key, value in shown.items()}
        rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(text)}</td></tr>" for key, text in cells.items())
        return f"<table>{rows}</table>"

    def __repr__(self) -> str:
        facts = self.facts
        where = "in deep space"
        if self.planet is not None:
            where = f"{facts['camera_altitude_km']:.0f} km over latitude {facts['camera_latitude_deg']:.1f} deg"
        return (
            f"View({self.scene.title!r}, {self.epoch.utc()}, {facts['range_to_craft_m']:.1f} m from the craft, {where})"
        )


def resolve(scene: Scene, at: str | None = None) -> View:
    """Work out where everything is at a moment of the scene (default: the scene's own).

    Raises
    ------
    UserError
        Impossible input: an orbit through the planet, axes that are parallel, a moment before the release, a push
        that brings the camera down or away for good, a time that a file does not cover.
    """
    moment = scene.at if at is None else at
    return _view_at(scene, scene.resolved().epoch_at(moment, "at"), moment)


def _view_at(scene: Scene, epoch: Epoch, moment: str) -> View:
    """The view at ``epoch``, which messages call ``moment``."""
    resolved = scene.resolved()
    track, relative = (
        _mounted_motion(resolved, epoch)
        if resolved.release_state is None
        else _released_motion(resolved, resolved.release_state, epoch, moment)
    )
    return _build_view(resolved, epoch, track, relative)


def _released_motion(
    resolved: ResolvedScene, release_state: ReleaseState, epoch: Epoch, moment: str
) -> tuple[ViewKinematics, State]:
    """The motion of craft and camera after the push, and camera minus craft."""
    seconds = epoch - release_state.release.epoch
    if seconds < 0.0:
        raise SceneError(f"at: {moment!r} is {-seconds:.0f} s before the release; the camera is still on board")
    try:
        host, relative = resolved.host.propagate_pair(
            release_state.release.epoch, release_state.host_after, release_state.camera, seconds
        )
    except ValueError as error:
        raise SceneError(
            f"release.speed_m_s: the push sends the camera off, never to return to {resolved.body.name}"
        ) from error
    track = _track(resolved, epoch, host, relative, seconds)
    is_landed = isinstance(resolved.host, LandedHost)
    if not is_landed and ellipsoid_height(track.icrf_to_bodyfixed @ track.camera.position, resolved.body) <= 0.0:
        raise SceneError(f"at: {moment!r} is too late; the push has brought the camera down on {resolved.body.name}")
    return track, relative


def _mounted_motion(resolved: ResolvedScene, epoch: Epoch) -> tuple[ViewKinematics, State]:
    """The motion of a camera that stays on its craft."""
    host = resolved.host.state(epoch)
    part = resolved.scene.mounted
    assert part is not None
    if part.offset_m is not None and part.axes == "local":
        offset = enu_to_icrf(resolved, epoch, host) @ resolved.mount
    else:
        offset = resolved.law(epoch, host).T @ resolved.mount
    # Its own velocity is left at the craft's: nothing is made of the turning of a boom.
    relative = State(offset, np.zeros(3))
    return _track(resolved, epoch, host, relative, None), relative


def _track(
    resolved: ResolvedScene, epoch: Epoch, host: State, relative: State, seconds: float | None
) -> ViewKinematics:
    icrf_to_body = resolved.law(epoch, host)
    return ViewKinematics(
        host=host,
        camera=State(host.position + relative.position, host.velocity + relative.velocity),
        mount_position=host.position + (relative.position if seconds is None else icrf_to_body.T @ resolved.mount),
        seconds_since_release=seconds,
        icrf_to_body=icrf_to_body,
        icrf_to_bodyfixed=icrf_to_bodyfixed(resolved.body, epoch),
    )


def _build_view(resolved: ResolvedScene, epoch: Epoch, track: ViewKinematics, relative: State) -> View:
    """Turn the camera as the scene says and express everything in its axes."""
    body = resolved.body
    to_sun = resolved.almanac.position("sun", body.name, epoch) - track.camera.position
    others = [(each, *each.place(resolved, epoch, track)) for each in resolved.extra_objects]
    turn = icrf_to_lens(resolved, epoch, track, relative, {each.part.name: offset for each, offset, _ in others})
    sun = Sun(unit(turn @ to_sun), float(np.linalg.norm(to_sun)))
    planet, ground = _place_planet_and_ground(resolved, epoch, track, relative, turn, sun)
    if ground is not None:
        sun = replace(sun, air_transmittance=ground.sky.beam_transmittance)
    released_nodes = release_setup.drop_empty(
        resolved.hidden_nodes, *(each.released_nodes(epoch) for each in resolved.extra_objects)
    )

    air = None
    if planet is not None and ground is None and (planet.weather.dust_opacity > 0.0 or planet.weather.gas > 0.0):
        air = build_atmosphere(planet.weather.dust_opacity, float(np.mean(body.radii_m)), planet.weather.gas)

    def make_craft_pose(
        craft: Craft, part: ModelSection, offset: Vector, icrf_to_body: Matrix, **more: Any
    ) -> CraftPose:
        place, fixed = track.host.position + offset, track.icrf_to_bodyfixed
        air_transmittance = limb_sun_transmittance(fixed @ place, fixed @ to_sun, body, air) if air else np.ones(3)
        return CraftPose(
            craft,
            position=turn @ (offset - relative.position),
            body_to_camera=turn @ icrf_to_body.T,
            joint_angles=compute_joint_angles(resolved, craft, part, epoch, track, icrf_to_body),
            sun_visible_fraction=_sun_visible_fraction(resolved, epoch, track, offset, to_sun) if planet else 1.0,
            air_transmittance=(float(air_transmittance[0]), float(air_transmittance[1]), float(air_transmittance[2])),
            **more,
        )

    return View(
        epoch=epoch,
        camera=resolved.camera,
        icrf_to_camera=turn,
        planet=planet,
        sun=sun,
        craft=make_craft_pose(
            resolved.craft, resolved.scene.craft, np.zeros(3), track.icrf_to_body, hidden_nodes=released_nodes
        ),
        track=track,
        scene=resolved.scene,
        objects=tuple(make_craft_pose(each.craft, each.part, *where, name=each.part.name) for each, *where in others),
        ground=ground,
    )


def _place_planet_and_ground(
    resolved: ResolvedScene, epoch: Epoch, track: ViewKinematics, relative: State, turn: Matrix, sun: Sun
) -> tuple[PlanetPose | None, Ground | None]:
    """The planet in the camera's axes, to which ``turn`` leads from ICRF's, and the ground where the scene has one."""
    body = resolved.body
    if body.name == "sun":
        return None, None
    weather = _weather(resolved, epoch) if body.name == "mars" else AIRLESS
    pose = turn @ -track.camera.position, track.icrf_to_bodyfixed @ turn.T
    shadows = find_shadow_casters(resolved.almanac, body, epoch)
    planet = PlanetPose(body, *pose, resolved.surface, weather, resolved.scene.planet.law, shadows)
    if resolved.scene.ground is None:
        return planet, None
    where = turn @ -relative.position, turn @ enu_to_icrf(resolved, epoch, track.host)
    return planet, make_ground(resolved, resolved.camera, *where, sun.direction, weather.dust_opacity)


def _sun_visible_fraction(
    resolved: ResolvedScene, epoch: Epoch, track: ViewKinematics, offset: Vector, to_sun: Vector
) -> float:
    """How much of the Sun's disc is seen from ``offset`` (3,) beside the craft, ICRF axes."""
    fixed, place = track.icrf_to_bodyfixed, track.host.position + offset
    share = sun_visible_fraction(fixed @ place, fixed @ to_sun, resolved.body)
    return share * sun_visible_fraction_beside(resolved.almanac, resolved.body, place, to_sun, epoch)


def _weather(resolved: ResolvedScene, epoch: Epoch) -> Weather:
    """What the scene asks for, the rest as it is at that time of the year."""
    part = resolved.scene.planet
    ls = solar_longitude(resolved.body, epoch)
    north, south = frost_edge_latitudes(ls) if part.frost else (AIRLESS.frost_north, AIRLESS.frost_south)
    return Weather(
        dust_opacity=seasonal_dust(ls) if part.dust_opacity == "seasonal" else part.dust_opacity,
        cloud_opacity=part.cloud_opacity,
        hood_opacity=part.hood_opacity,
        frost_north=north,
        frost_south=south,
        winter_pole_sign=1.0 if ls > np.pi else -1.0,
        gas=part.gas,
        layer_opacity=part.haze_layer_opacity,
        layer_height_m=1000.0 * part.haze_layer_height_km,
        layer_thickness_m=1000.0 * part.haze_layer_thickness_km,
    )
