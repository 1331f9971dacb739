"""What the lens sees: a scene resolved at one instant, in metres and double precision, with the camera at the origin.

Everything to the left of this is geometry; everything to the right draws it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.astro.ellipsoid import ellipsoid_height, sun_share
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.mars_time import solar_longitude
from selfiesim.astro.orbit import State
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import GraphicsError, SceneError
from selfiesim.core.vectors import Matrix, Vector, unit
from selfiesim.craft.model import Craft
from selfiesim.motion.host_trajectories import Lander
from selfiesim.planet.light.atmosphere import haze
from selfiesim.planet.light.limb_transmission import sunlight_left
from selfiesim.planet.light.weather import AIRLESS, Weather, frost_lines, seasonal_dust
from selfiesim.scene.ground import NAME
from selfiesim.sky.backdrop import Backdrop, backdrop_of, sun_share_beside
from selfiesim.sky.eclipse_casters import casters_of
from selfiesim.view import release_setup
from selfiesim.view.camera_pointing import angles_of_joints, icrf_to_lens, site_to_icrf
from selfiesim.view.ground import Ground, ground_of
from selfiesim.view.poses import CraftPose, PlanetPose, Sun
from selfiesim.view.release_setup import Departure
from selfiesim.view.resolved_scene import Plan

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Preview, Progress, Radiance
    from selfiesim.scene.craft import ModelPart
    from selfiesim.scene.scene import Scene


@dataclass(frozen=True)
class Track:
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
    track: Track
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
        from selfiesim.planet.terrain.ground_mesh_cache import kept_terrain

        ground = self.ground
        if ground is None:
            return ()
        mesh = kept_terrain(ground.recipe)
        return (CraftPose(mesh, ground.position, ground.site_to_camera, {}, self.craft.sun_share, name=NAME),)

    def refined(self, quality: str) -> View:
        """The same with the ground as fine as pictures of this quality take it."""
        return self if self.ground is None else replace(self, ground=self.ground.refined(quality))

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
        open_s: float | None = None,
        preview: Preview | None = None,
    ) -> Radiance:
        """The light that arrives at each pixel: ``"draft"`` from a few passes, ``"final"`` from many, or ``samples``.

        ``progress`` is told before each pass how many are done, and of how many. The ``engine`` ``"mitsuba"`` traces
        paths instead, 16 or 64 a pixel, or ``samples``. ``open_s`` is over how many seconds from the view's instant on
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
        if open_s is None:
            open_s = self._shutter_s() if self.scene.photo.motion_blur else 0.0
        return render(self, quality, samples, progress, engine, open_s, preview)

    def _shutter_s(self) -> float:
        """For how long the shutter is open: as the scene says, or as a light meter has it on a quick picture."""
        told = self.scene.photo.shutter_s
        if told != "auto":
            return float(told)
        from selfiesim.render.engine import render

        return render(self, "draft", 1).expose().exposure.shutter_s

    def later(self, seconds: float) -> View:
        """The same scene so many seconds later, through the scene's own lens."""
        return _at(self.scene, self.epoch + seconds, f"{seconds:g} s later")

    def plotter(self, **options: Any) -> Any:
        """A live ``pyvista.Plotter`` of this instant (see :func:`selfiesim.render.raster.plotter.plotter`).

        ``view.plotter().show()`` to turn it about; ``options`` go to ``pyvista.Plotter``.
        """
        from selfiesim.render.raster.plotter import plotter

        return plotter(self, **options)

    @cached_property
    def sky(self) -> Backdrop:
        """What else stands in the sky, as far as the scene wants it: Sun, moons, planets, stars."""
        plan, wanted = self.scene.plan(), self.scene.sky
        return backdrop_of(
            plan.almanac,
            plan.body.name,
            self.track.camera.position,
            self.epoch,
            with_sun=wanted.sun,
            with_moons=wanted.moons,
            with_stars=wanted.stars,
        )

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The resolved geometry, one number a key, units in the key (see :mod:`selfiesim.view.view_report`)."""
        from selfiesim.view.view_report import describe, in_the_sky

        return describe(self) | {"sky": in_the_sky(self)}

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
    return _at(scene, scene.plan().instant(moment, "at"), moment)


def _at(scene: Scene, epoch: Epoch, moment: str) -> View:
    """The view at ``epoch``, which messages call ``moment``."""
    plan = scene.plan()
    track, relative = (
        _mounted(plan, epoch) if plan.departure is None else _released(plan, plan.departure, epoch, moment)
    )
    return _compose(plan, epoch, track, relative)


def _released(plan: Plan, departure: Departure, epoch: Epoch, moment: str) -> tuple[Track, State]:
    """The motion of craft and camera after the push, and camera minus craft."""
    seconds = epoch - departure.release.epoch
    if seconds < 0.0:
        raise SceneError(f"at: {moment!r} is {-seconds:.0f} s before the release; the camera is still on board")
    try:
        host, relative = plan.host.apart(
            departure.release.epoch, departure.host_after, departure.camera, seconds
        )
    except ValueError as error:
        raise SceneError(
            f"release.speed_m_s: the push sends the camera off, never to return to {plan.body.name}"
        ) from error
    track = _track(plan, epoch, host, relative, seconds)
    lies = isinstance(plan.host, Lander)
    if not lies and ellipsoid_height(track.icrf_to_bodyfixed @ track.camera.position, plan.body) <= 0.0:
        raise SceneError(f"at: {moment!r} is too late; the push has brought the camera down on {plan.body.name}")
    return track, relative


def _mounted(plan: Plan, epoch: Epoch) -> tuple[Track, State]:
    """The motion of a camera that stays on its craft."""
    host = plan.host.state(epoch)
    part = plan.scene.mounted
    assert part is not None
    if part.offset_m is not None and part.axes == "local":
        offset = site_to_icrf(plan, epoch, host) @ plan.mount
    else:
        offset = plan.law(epoch, host).T @ plan.mount
    # Its own velocity is left at the craft's: nothing is made of the turning of a boom.
    relative = State(offset, np.zeros(3))
    return _track(plan, epoch, host, relative, None), relative


def _track(plan: Plan, epoch: Epoch, host: State, relative: State, seconds: float | None) -> Track:
    icrf_to_body = plan.law(epoch, host)
    return Track(
        host=host,
        camera=State(host.position + relative.position, host.velocity + relative.velocity),
        mount_position=host.position + (relative.position if seconds is None else icrf_to_body.T @ plan.mount),
        seconds_since_release=seconds,
        icrf_to_body=icrf_to_body,
        icrf_to_bodyfixed=icrf_to_bodyfixed(plan.body, epoch),
    )


def _compose(plan: Plan, epoch: Epoch, track: Track, relative: State) -> View:
    """Turn the camera as the scene says and express everything in its axes."""
    body = plan.body
    to_sun = plan.almanac.position("sun", body.name, epoch) - track.camera.position
    others = [(each, *each.place(plan, epoch, track)) for each in plan.companions]
    turn = icrf_to_lens(plan, epoch, track, relative, {each.part.name: offset for each, offset, _ in others})
    sun = Sun(unit(turn @ to_sun), float(np.linalg.norm(to_sun)))
    planet, ground = _below(plan, epoch, track, relative, turn, sun)
    if ground is not None:
        sun = replace(sun, passed=ground.sky.beam)
    left = release_setup.named(plan.gone, *(each.left(epoch) for each in plan.companions))

    air = None
    if planet is not None and ground is None and (planet.weather.dust_opacity > 0.0 or planet.weather.gas > 0.0):
        air = haze(planet.weather.dust_opacity, float(np.mean(body.radii_m)), planet.weather.gas)

    def posed(craft: Craft, part: ModelPart, offset: Vector, icrf_to_body: Matrix, **more: Any) -> CraftPose:
        place, fixed = track.host.position + offset, track.icrf_to_bodyfixed
        dusk = sunlight_left(fixed @ place, fixed @ to_sun, body, air) if air else np.ones(3)
        return CraftPose(
            craft,
            position=turn @ (offset - relative.position),
            body_to_camera=turn @ icrf_to_body.T,
            joint_angles=angles_of_joints(plan, craft, part, epoch, track, icrf_to_body),
            sun_share=_sun_share(plan, epoch, track, offset, to_sun) if planet else 1.0,
            dusk=(float(dusk[0]), float(dusk[1]), float(dusk[2])),
            **more,
        )

    return View(
        epoch=epoch,
        camera=plan.camera,
        icrf_to_camera=turn,
        planet=planet,
        sun=sun,
        craft=posed(plan.craft, plan.scene.craft, np.zeros(3), track.icrf_to_body, gone=left),
        track=track,
        scene=plan.scene,
        objects=tuple(posed(each.craft, each.part, *where, name=each.part.name) for each, *where in others),
        ground=ground,
    )


def _below(
    plan: Plan, epoch: Epoch, track: Track, relative: State, turn: Matrix, sun: Sun
) -> tuple[PlanetPose | None, Ground | None]:
    """The planet in the camera's axes, to which ``turn`` leads from ICRF's, and the ground where the scene has one."""
    body = plan.body
    if body.name == "sun":
        return None, None
    weather = _weather(plan, epoch) if body.name == "mars" else AIRLESS
    pose = turn @ -track.camera.position, track.icrf_to_bodyfixed @ turn.T
    shadows = casters_of(plan.almanac, body, epoch)
    planet = PlanetPose(body, *pose, plan.surface, weather, plan.scene.planet.law, shadows)
    if plan.scene.ground is None:
        return planet, None
    where = turn @ -relative.position, turn @ site_to_icrf(plan, epoch, track.host)
    return planet, ground_of(plan, plan.camera, *where, sun.direction, weather.dust_opacity)


def _sun_share(plan: Plan, epoch: Epoch, track: Track, offset: Vector, to_sun: Vector) -> float:
    """How much of the Sun's disc is seen from ``offset`` (3,) beside the craft, ICRF axes."""
    fixed, place = track.icrf_to_bodyfixed, track.host.position + offset
    share = sun_share(fixed @ place, fixed @ to_sun, plan.body)
    return share * sun_share_beside(plan.almanac, plan.body, place, to_sun, epoch)


def _weather(plan: Plan, epoch: Epoch) -> Weather:
    """What the scene asks for, the rest as it is at that time of the year."""
    part = plan.scene.planet
    ls = solar_longitude(plan.body, epoch)
    north, south = frost_lines(ls) if part.frost else (AIRLESS.frost_north, AIRLESS.frost_south)
    return Weather(
        dust_opacity=seasonal_dust(ls) if part.dust_opacity == "seasonal" else part.dust_opacity,
        cloud_opacity=part.cloud_opacity,
        hood_opacity=part.hood_opacity,
        frost_north=north,
        frost_south=south,
        winter=1.0 if ls > np.pi else -1.0,
        gas=part.gas,
        layer_opacity=part.haze_layer_opacity,
        layer_height_m=1000.0 * part.haze_layer_height_km,
        layer_thickness_m=1000.0 * part.haze_layer_thickness_km,
    )
