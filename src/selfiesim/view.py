"""What the lens sees: a scene resolved at one instant, in metres and double precision, with the camera at the origin.

Everything to the left of this is geometry; everything to the right draws it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim import attitude, drift, ejection, ephemeris, season
from selfiesim.bodies import AU_M, BODIES, SOLAR_IRRADIANCE_1AU, SUN_RADIUS_M, Body
from selfiesim.camera import Pinhole, icrf_to_camera
from selfiesim.craft.assembly import Joint
from selfiesim.craft.craft import Craft, Part, first_contact, outermost_points
from selfiesim.craft.load import load_craft
from selfiesim.ellipsoid import ellipsoid_foot, ellipsoid_height, planet_diameter, sun_share
from selfiesim.epoch import Epoch
from selfiesim.errors import SceneError
from selfiesim.frames import (
    Matrix,
    Vector,
    direction_to_lonlat,
    icrf_to_bodyfixed,
    icrf_to_inertial,
    rotation_about,
    unit,
)
from selfiesim.moment import parse_moment
from selfiesim.orbit import (
    Elements,
    State,
    elements_to_state,
    max_latitude_anomaly,
    period,
    propagate,
    true_to_mean,
)
from selfiesim.scene import OrbitPart, Scene

if TYPE_CHECKING:
    from selfiesim.render.base import Radiance


@dataclass(frozen=True)
class Sun:
    """The Sun as seen from the camera: unit ``direction`` (3,), ``distance`` m, ``irradiance`` (3,) W m^-2 nm^-1."""

    direction: Vector
    distance: float

    @property
    def irradiance(self) -> Vector:
        """Sunlight on a surface facing it, at the three bands (3,)."""
        return np.array(SOLAR_IRRADIANCE_1AU) * (AU_M / self.distance) ** 2

    @property
    def angular_radius(self) -> float:
        """Half the angle its disc spans, rad."""
        return float(np.arcsin(SUN_RADIUS_M / self.distance))


@dataclass(frozen=True)
class PlanetPose:
    """A planet: its centre (3,) from the camera, the rotation from camera axes to body-fixed axes, its dust.

    ``dust_opacity`` is the vertical optical depth at 550 nm.
    """

    body: Body
    position: Vector
    camera_to_bodyfixed: Matrix
    dust_opacity: float


@dataclass(frozen=True)
class CraftPose:
    """A craft: its model's origin (3,) from the camera, its attitude, the angles of each joint (rad).

    ``sun_share`` is how much of the Sun's disc the planet leaves visible from it, 0 in eclipse, 1 by day;
    ``gone`` is the first part of the names of nodes that are no longer on it, such as the released camera's.
    """

    craft: Craft
    position: Vector
    body_to_camera: Matrix
    joint_angles: dict[str, tuple[float, ...]]
    sun_share: float
    gone: str = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts still on the craft."""
        return tuple(part for part in self.craft.parts if not (self.gone and part.node.startswith(self.gone)))

    def joint_matrix(self, name: str | None) -> Matrix:
        """(4, 4) that turns what hangs on a joint to where it stands now, body axes; no joint, no turn."""
        matrix = np.eye(4)
        if name is not None:
            joint = self.craft.joints[name]
            for axis, angle in zip(joint.axes, self.joint_angles.get(name, ()), strict=False):
                matrix[:3, :3] = matrix[:3, :3] @ rotation_about(np.array(axis), angle)
            matrix[:3, 3] = np.array(joint.origin_m) - matrix[:3, :3] @ np.array(joint.origin_m)
        return matrix

    def outline(self) -> Vector:
        """The craft's outermost points (N, 3), camera axes: enough for its outline from anywhere."""
        placed = []
        for joint, points in outermost_points(self.craft, self.gone).items():
            matrix = self.joint_matrix(joint)
            placed.append(points @ matrix[:3, :3].T + matrix[:3, 3])
        return np.asarray(np.concatenate(placed) @ self.body_to_camera.T + self.position)


@dataclass(frozen=True)
class Track:
    """The motion behind a view, ICRF axes about the planet's centre."""

    host: State
    camera: State
    mount_position: Vector
    seconds_since_release: float
    icrf_to_body: Matrix
    icrf_to_bodyfixed: Matrix


@dataclass(frozen=True)
class View:
    """One instant through the lens. Vectors are in camera axes (x right, y down, z forward), metres."""

    epoch: Epoch
    camera: Pinhole
    icrf_to_camera: Matrix
    planet: PlanetPose
    sun: Sun
    craft: CraftPose
    track: Track
    scene: Scene = field(repr=False)

    def render(self, quality: str = "draft") -> Radiance:
        """The light that arrives at each pixel: ``"draft"`` in one pass, ``"final"`` from many.

        Raises
        ------
        GraphicsError
            When this machine cannot draw.
        """
        from selfiesim.render import render

        return render(self, quality)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The resolved geometry, one number a key, units in the key (see :func:`describe`)."""
        return describe(self)

    def _repr_html_(self) -> str:
        shown = {key: value for key, value in self.facts.items() if key != "assumed"}
        cells = {key: f"{value:,.4f}" if isinstance(value, float) else str(value) for key, value in shown.items()}
        rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(text)}</td></tr>" for key, text in cells.items())
        return f"<table>{rows}</table>"

    def __repr__(self) -> str:
        return (
            f"View({self.scene.title!r}, {self.epoch.utc()}, {self.facts['range_to_craft_m']:.1f} m from the craft, "
            f"{self.facts['camera_altitude_km']:.0f} km over latitude {self.facts['camera_latitude_deg']:.1f} deg)"
        )


def resolve(scene: Scene, at: str | None = None) -> View:
    """Work out where everything is at a moment of the scene (default: the scene's own).

    Raises
    ------
    SceneError
        Impossible input: an orbit through the planet, axes that are parallel, a moment before the release, a push
        that brings the camera down or away for good.
    """
    moment = scene.at if at is None else at
    craft = load_craft(scene.craft_source)
    body, release, host, attitude_then, rate = planned_release(scene)
    mount = release.mount
    camera_then = ejection.camera_state(release, host, attitude_then, rate)

    epoch = _moment(moment, "at", scene, body, release.epoch)
    seconds = epoch - release.epoch
    if seconds < 0.0:
        raise SceneError(f"at: {moment!r} is {-seconds:.0f} s before the release; the camera is still on board")
    host_now = propagate(host, seconds, body.gm_m3_s2)
    try:
        relative = drift.relative_state(host, camera_then, seconds, body.gm_m3_s2)
    except ValueError as error:
        raise SceneError(f"release.speed_m_s: the push sends the camera off, never to return to {body.name}") from error
    icrf_to_body = _attitude(scene, body, epoch, host_now)
    track = Track(
        host=host_now,
        camera=State(host_now.position + relative.position, host_now.velocity + relative.velocity),
        mount_position=host_now.position + icrf_to_body.T @ mount,
        seconds_since_release=seconds,
        icrf_to_body=icrf_to_body,
        icrf_to_bodyfixed=icrf_to_bodyfixed(body, epoch),
    )
    if ellipsoid_height(track.icrf_to_bodyfixed @ track.camera.position, body) <= 0.0:
        raise SceneError(f"at: {moment!r} is too late; the push has brought the camera down on {body.name}")
    return _compose(scene, craft, body, epoch, track, relative)


def planned_release(scene: Scene) -> tuple[Body, ejection.Release, State, Matrix, Vector]:
    """The release as the scene plans it: planet, push, the craft's state then, its attitude and its rate of turn.

    States in ICRF axes about the planet's centre, the attitude ICRF to body, the rate rad/s in body axes.

    Raises
    ------
    SceneError
        As :func:`resolve`.
    """
    body = BODIES[scene.orbit.body]
    orbit_epoch, host_at_epoch = _orbit_state(scene.orbit, body)
    epoch = _moment(scene.release.at, "release.at", scene, body, None)
    host = propagate(host_at_epoch, epoch - orbit_epoch, body.gm_m3_s2)
    mount, axis = _mount(scene, load_craft(scene.craft_source))
    release = ejection.Release(epoch, mount, axis, scene.release.speed_m_s)
    attitude_then = _attitude(scene, body, epoch, host)
    return body, release, host, attitude_then, _body_rate(scene, body, epoch, host, attitude_then)


def _compose(scene: Scene, craft: Craft, body: Body, epoch: Epoch, track: Track, relative: State) -> View:
    """Turn the camera toward the craft and express everything in its axes."""
    part = scene.camera
    camera = Pinhole.from_fov(*part.size_px, np.radians(part.horizontal_fov_deg))
    to_sun = ephemeris.from_body(body, "sun", epoch) - track.camera.position
    up = attitude.target_direction(part.up, body, epoch, track.host)
    try:
        turn = icrf_to_camera(camera, -relative.position, up, part.place, np.radians(part.roll_deg))
    except ValueError as error:
        raise SceneError(f"camera.up: {part.up!r} lies along the line to the craft; choose another") from error
    gone = craft.mounts[scene.release.mount].leaves
    joints = {
        name: _joint_angles(
            joint, track.icrf_to_body @ attitude.target_direction(joint.tracks, body, epoch, track.host)
        )
        for name, joint in craft.joints.items()
        if joint.tracks != "nothing"
    }
    return View(
        epoch=epoch,
        camera=camera,
        icrf_to_camera=turn,
        planet=PlanetPose(
            body, turn @ -track.camera.position, track.icrf_to_bodyfixed @ turn.T, scene.planet.dust_opacity
        ),
        sun=Sun(unit(turn @ to_sun), float(np.linalg.norm(to_sun))),
        craft=CraftPose(
            craft,
            position=turn @ -relative.position,
            body_to_camera=turn @ track.icrf_to_body.T,
            joint_angles=joints,
            sun_share=sun_share(track.icrf_to_bodyfixed @ track.host.position, track.icrf_to_bodyfixed @ to_sun, body),
            gone=gone,
        ),
        track=track,
        scene=scene,
    )


def _joint_angles(joint: Joint, target: Vector) -> tuple[float, ...]:
    limits = None
    if joint.limits_deg:
        limits = [(float(np.radians(low)), float(np.radians(high))) for low, high in joint.limits_deg]
    return attitude.joint_angles([np.array(axis) for axis in joint.axes], np.array(joint.zero_normal), target, limits)


def _elements(part: OrbitPart) -> Elements:
    return Elements(
        semi_major_axis=part.semi_major_axis_km * 1e3,
        eccentricity=part.eccentricity,
        inclination=np.radians(part.inclination_deg),
        raan=np.radians(part.raan_deg),
        arg_periapsis=np.radians(part.arg_periapsis_deg),
        true_anomaly=np.radians(part.true_anomaly_deg),
    )


def _orbit_state(part: OrbitPart, body: Body) -> tuple[Epoch, State]:
    """The epoch of the elements and the craft's state there, ICRF axes."""
    elements = _elements(part)
    periapsis = elements.semi_major_axis * (1.0 - elements.eccentricity)
    if periapsis <= max(body.radii_m):
        raise SceneError(
            f"orbit: semi_major_axis_km and eccentricity put the periapsis {periapsis / 1e3:.0f} km from the centre of "
            f"{body.name}, inside the planet (radius {max(body.radii_m) / 1e3:.0f} km)"
        )
    state = elements_to_state(elements, body.gm_m3_s2)
    to_icrf = icrf_to_inertial(part.frame).T
    return Epoch.from_utc(part.epoch_utc), State(to_icrf @ state.position, to_icrf @ state.velocity)


def _moment(text: str, key: str, scene: Scene, body: Body, release: Epoch | None) -> Epoch:
    """The instant a moment names. Orbit events are the ones nearest to the epoch of the elements."""
    moment = parse_moment(text)
    if isinstance(moment, Epoch):
        return moment
    event, seconds = moment
    if event == "release":
        if release is None:
            raise SceneError(f"{key}: {text!r} cannot be counted from the release")
        return release + seconds
    elements = _elements(scene.orbit)
    anomaly = 0.0
    if event == "max-latitude":
        # The farthest point north of the planet's equator: the elements' own equator is that to 0.03 degrees.
        if scene.orbit.frame != f"{body.name}-inertial":
            raise SceneError(f"{key}: {event} needs orbit.frame = '{body.name}-inertial'; or give a UTC time")
        anomaly = max_latitude_anomaly(elements)
    change = true_to_mean(anomaly, elements.eccentricity) - true_to_mean(elements.true_anomaly, elements.eccentricity)
    change = (change + np.pi) % (2.0 * np.pi) - np.pi
    wait = change / (2.0 * np.pi) * period(elements, body.gm_m3_s2)
    return Epoch.from_utc(scene.orbit.epoch_utc) + (wait + seconds)


def _mount(scene: Scene, craft: Craft) -> tuple[Vector, Vector]:
    """Position (m) and push direction of the release, body axes."""
    if scene.release.mount not in craft.mounts:
        name, description = scene.release.mount, craft.source.with_suffix(".toml").name
        known = f"it has: {', '.join(craft.mounts)}"
        if not craft.mounts:
            known = f"write [mounts.{name}] with position_m and axis into {description} beside it"
        raise SceneError(f"release.mount: {craft.name} has no mount {scene.release.mount!r}; {known}")
    mount = craft.mounts[scene.release.mount]
    axis = unit(np.array(scene.release.axis or mount.axis))
    contact = first_contact(craft, mount.position_m, (float(axis[0]), float(axis[1]), float(axis[2])), mount.leaves)
    if contact:
        where = f"{contact[0]} {contact[1]:.2f} m from its mount"
        raise SceneError(f"release.axis: the camera would run into {where}; push it another way")
    return np.array(mount.position_m), axis


def _attitude(scene: Scene, body: Body, epoch: Epoch, host: State) -> Matrix:
    rule = scene.attitude
    try:
        return attitude.icrf_to_body(
            np.array(rule.primary.axis),
            attitude.target_direction(rule.primary.toward, body, epoch, host),
            np.array(rule.secondary.axis),
            attitude.target_direction(rule.secondary.toward, body, epoch, host),
        )
    except ValueError as error:
        raise SceneError("attitude: primary and secondary must not be parallel, neither axes nor targets") from error


def _body_rate(scene: Scene, body: Body, epoch: Epoch, host: State, attitude_now: Matrix) -> Vector:
    """Angular velocity (rad/s, body axes) that the pointing rule gives the craft: it turns a little in a second."""
    turned = _attitude(scene, body, epoch + 1.0, propagate(host, 1.0, body.gm_m3_s2)) @ attitude_now.T
    return 0.5 * np.array([turned[1, 2] - turned[2, 1], turned[2, 0] - turned[0, 2], turned[0, 1] - turned[1, 0]])


def describe(view: View) -> dict[str, Any]:
    """The numbers a person asks about a view; JSON-ready.

    Latitudes are planetocentric, longitudes east, altitude is above the reference ellipsoid.
    """
    track, planet = view.track, view.planet
    body = planet.body
    position = track.icrf_to_bodyfixed @ track.camera.position
    longitude, latitude = direction_to_lonlat(position)
    to_sun = track.icrf_to_bodyfixed @ view.icrf_to_camera.T @ view.sun.direction
    sun_longitude, sun_latitude = direction_to_lonlat(to_sun)
    to_craft, distance = view.craft.position, float(np.linalg.norm(view.craft.position))
    zenith = unit(ellipsoid_foot(position, body) / np.array(body.radii_m) ** 2)
    return {
        "title": view.scene.title,
        "epoch_utc": view.epoch.utc(3),
        "seconds_since_release": round(track.seconds_since_release, 6),
        "solar_longitude_deg": float(np.degrees(season.solar_longitude(body, view.epoch))),
        "subsolar_latitude_deg": float(np.degrees(sun_latitude)),
        "subsolar_longitude_deg": float(np.degrees(sun_longitude)),
        "sun_distance_au": view.sun.distance / AU_M,
        "sun_elevation_below_camera_deg": float(np.degrees(np.arcsin(np.clip(zenith @ to_sun, -1, 1)))),
        "camera_altitude_km": ellipsoid_height(position, body) / 1e3,
        "camera_latitude_deg": float(np.degrees(latitude)),
        "camera_longitude_deg": float(np.degrees(longitude)),
        "distance_from_mount_m": float(np.linalg.norm(track.camera.position - track.mount_position)),
        "range_to_craft_m": distance,
        "phase_angle_deg": float(np.degrees(np.arccos(np.clip(unit(-to_craft) @ view.sun.direction, -1, 1)))),
        "sun_off_axis_deg": float(np.degrees(np.arccos(np.clip(view.sun.direction[2], -1, 1)))),
        "sun_visible_share": view.craft.sun_share,
        "planet_angular_diameter_deg": float(np.degrees(planet_diameter(position, body))),
        "assumed": dict(view.scene.assumed)
        | {f"{view.craft.craft.name}: {key}": why for key, why in view.craft.craft.assumed.items()},
    }
