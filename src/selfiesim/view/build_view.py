"""Evaluate a scene's setup at an instant: the view, with everything placed in camera axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.astro.bodies import BODIES
from selfiesim.astro.ellipsoid import ellipsoid_height, sun_visible_fraction
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.astro.mars_time import solar_longitude
from selfiesim.astro.orbit import State
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector, cross, unit
from selfiesim.craft.model import Craft
from selfiesim.motion.host_trajectories import Host, LandedHost, OrbitingHost, height_above_ground
from selfiesim.planet.earth.air import AEROSOL_TOP_M, EarthColumn
from selfiesim.planet.earth.sea import sea_ice_edges
from selfiesim.planet.light.climate import seasonal_clouds
from selfiesim.planet.light.limb_transmission import limb_sun_transmittance
from selfiesim.planet.light.weather import AIRLESS, Weather, frost_edge_latitudes
from selfiesim.sky.backdrop import sun_visible_fraction_beside
from selfiesim.sky.earth_shadow import refracted_sunlight
from selfiesim.sky.eclipse_casters import find_shadow_casters
from selfiesim.view.attitude_setup import compute_joint_angles
from selfiesim.view.camera_setup import enu_to_icrf, icrf_to_lens
from selfiesim.view.geometry import ViewKinematics
from selfiesim.view.ground import Ground, make_ground
from selfiesim.view.poses import CraftPose, PlanetPose, Sun
from selfiesim.view.release_setup import ReleaseState, body_rate, drop_empty
from selfiesim.view.scene_setup import SceneSetup
from selfiesim.view.view import View

if TYPE_CHECKING:
    from selfiesim.scene.craft import ModelSection
    from selfiesim.scene.scene import Scene

_DUST_LATITUDE_STEP_RAD = float(np.radians(2.0))


# Long for its docstring.
def view_at(setup: SceneSetup, epoch: Epoch, moment: str | None = None, with_light: bool = True) -> View:
    """Build the view at an instant.

    Parameters
    ----------
    setup : SceneSetup
        The scene, set up.
    epoch : Epoch
        The instant.
    moment : str, optional
        What error messages call it; the default is its UTC time.
    with_light : bool
        False leaves out weather, shadows and the ground, which take most of the time, and all that depends on them:
        enough to project points.

    Returns
    -------
    View
        The geometry in camera axes.

    Raises
    ------
    UserError
        For a moment before the release, a push after which the camera hits the body or escapes from it, or a time that
        a file does not cover.
    """
    release_state = setup.release_state
    if release_state is None:
        track, relative = _mounted_motion(setup, epoch)
    else:
        track, relative = _released_motion(setup, release_state, epoch, moment or epoch.utc(3))
    return _build_view(setup, epoch, track, relative, with_light)


def _released_motion(
    setup: SceneSetup, release_state: ReleaseState, epoch: Epoch, moment: str
) -> tuple[ViewKinematics, State]:
    """Motion of craft and camera after the push, and the camera's state relative to the craft."""
    seconds = epoch - release_state.release.epoch
    if seconds < 0.0:
        raise SceneError(f"at: {moment!r} is {-seconds:.0f} s before the release; the camera is still on board")
    try:
        host, relative = setup.host.propagate_pair(
            release_state.release.epoch, release_state.host_after, release_state.camera, seconds
        )
    except ValueError as error:
        raise SceneError(
            f"release.speed_m_s: the push puts the camera on an escape path from {setup.body.name}"
        ) from error
    track = _track(setup, epoch, host, relative, seconds)
    if _camera_height_m(setup, track) <= 0.0:
        raise SceneError(f"at: {moment!r} is too late; after its push the camera has hit {setup.body.name}")
    return track, relative


def _camera_height_m(setup: SceneSetup, track: ViewKinematics) -> float:
    """Height of the lens above the reference ellipsoid of the body; infinite where the craft stands on its ground."""
    if isinstance(setup.host, LandedHost):
        return np.inf
    return ellipsoid_height(track.icrf_to_bodyfixed @ track.camera.position, setup.body)


def _mounted_motion(setup: SceneSetup, epoch: Epoch) -> tuple[ViewKinematics, State]:
    """Motion of a craft with a mounted camera, and the camera's state relative to the craft."""
    host = setup.host.state(epoch)
    section = setup.scene.mounted
    assert section is not None
    if section.offset_m is not None and section.axes == "local":
        offset = enu_to_icrf(setup, epoch, host) @ setup.mount
    else:
        offset = setup.law(epoch, host).T @ setup.mount
    # The camera keeps the craft's velocity: the motion of a rotating boom's end is neglected.
    relative = State(offset, np.zeros(3))
    track = _track(setup, epoch, host, relative, None)
    height = _camera_height_m(setup, track)
    if height <= 0.0:
        raise SceneError(
            f"mounted: the lens is {-height / 1e3:.0f} km below the surface of {setup.body.name}; "
            "mount it closer to its craft"
        )
    return track, relative


def _track(setup: SceneSetup, epoch: Epoch, host: State, relative: State, seconds: float | None) -> ViewKinematics:
    icrf_to_body = setup.law(epoch, host)
    mount = relative
    if seconds is not None:
        rate = body_rate(_from_here(setup.host, epoch, host), setup.law, epoch, icrf_to_body)
        mount = State(icrf_to_body.T @ setup.mount, icrf_to_body.T @ cross(rate, setup.mount))
    return ViewKinematics(
        host=host,
        camera=State(host.position + relative.position, host.velocity + relative.velocity),
        mount_position=host.position + mount.position,
        mount_velocity=host.velocity + mount.velocity,
        seconds_since_release=seconds,
        icrf_to_body=icrf_to_body,
        icrf_to_bodyfixed=icrf_to_bodyfixed(setup.body, epoch),
    )


def _from_here(host: Host, epoch: Epoch, state: State) -> Host:
    """The host for moments next to ``epoch``, without integrating a perturbed orbit from its own epoch again."""
    return replace(host, reference_epoch=epoch, start=state) if isinstance(host, OrbitingHost) else host


# Long: one constructor call and a closure over the geometry it shares.
def _build_view(setup: SceneSetup, epoch: Epoch, track: ViewKinematics, relative: State, with_light: bool) -> View:
    """Point the camera and express everything in its axes."""
    body = setup.body
    to_sun = setup.almanac.position("sun", body.name, epoch) - track.camera.position
    others = [(each, *each.place(setup, epoch, track)) for each in setup.extra_objects]
    offsets = {each.section.name: offset for each, offset, _ in others}
    icrf_to_camera = icrf_to_lens(setup, epoch, track, relative, offsets)
    sun = Sun(unit(icrf_to_camera @ to_sun), float(np.linalg.norm(to_sun)))
    planet, ground = _place_planet_and_ground(setup, epoch, track, relative, icrf_to_camera, sun, with_light)
    if ground is not None:
        sun = replace(sun, air_transmittance=ground.sky.beam_transmittance, sky_share=ground.sky.diffuse_share)
    released_nodes = drop_empty(setup.hidden_nodes, *(each.released_nodes(epoch) for each in setup.extra_objects))

    weather = planet.weather if planet is not None and ground is None and planet.weather.has_air else None

    def make_craft_pose(
        craft: Craft, section: ModelSection, offset: Vector, icrf_to_body: Matrix, is_planet: bool = False, **more: Any
    ) -> CraftPose:
        place, fixed = track.host.position + offset, track.icrf_to_bodyfixed
        air_transmittance = (
            limb_sun_transmittance(fixed @ place, fixed @ to_sun, body, weather) if weather else np.ones(3)
        )
        refracted = _refracted_share(setup, epoch, place, to_sun) if body.name == "moon" and with_light else np.zeros(3)
        return CraftPose(
            craft,
            position=icrf_to_camera @ (offset - relative.position),
            body_to_camera=icrf_to_camera @ icrf_to_body.T,
            joint_angles=compute_joint_angles(setup, craft, section, epoch, track, icrf_to_body),
            sun_visible_fraction=(
                _sun_visible_fraction(setup, epoch, track, offset, to_sun)
                if planet and not is_planet and with_light
                else 1.0
            ),
            air_transmittance=(float(air_transmittance[0]), float(air_transmittance[1]), float(air_transmittance[2])),
            refracted_share=(float(refracted[0]), float(refracted[1]), float(refracted[2])),
            **more,
        )

    return View(
        epoch=epoch,
        camera=setup.camera,
        icrf_to_camera=icrf_to_camera,
        planet=planet,
        sun=sun,
        craft=make_craft_pose(
            setup.craft, setup.scene.craft, np.zeros(3), track.icrf_to_body, hidden_nodes=released_nodes
        ),
        track=track,
        shot=setup.shot,
        almanac=setup.almanac,
        at=_moment_text(setup, epoch, track),
        objects=tuple(
            make_craft_pose(each.craft, each.section, offset, attitude, each.is_planet, name=each.section.name)
            for each, offset, attitude in others
        ),
        ground=ground,
        _view_at=_OtherInstants(setup.scene, setup),
    )


class _OtherInstants:
    """The views of a scene at other instants; pickled as the scene alone, which is resolved again at the first call."""

    def __init__(self, scene: Scene, setup: SceneSetup | None = None) -> None:
        self._scene, self._setup = scene, setup

    def __call__(self, epoch: Epoch) -> View:
        self._setup = self._setup or self._scene.resolve()
        return view_at(self._setup, epoch)

    def __reduce__(self) -> tuple[type[_OtherInstants], tuple[Scene]]:
        return _OtherInstants, (self._scene,)


def _moment_text(setup: SceneSetup, epoch: Epoch, track: ViewKinematics) -> str | None:
    """The moment as a scene file writes it; None for the scene's own."""
    if setup.is_own_moment(epoch):
        return None
    seconds = track.seconds_since_release
    return epoch.utc(9) if seconds is None else f"release+{seconds:.9f}s"


def _place_planet_and_ground(
    setup: SceneSetup,
    epoch: Epoch,
    track: ViewKinematics,
    relative: State,
    icrf_to_camera: Matrix,
    sun: Sun,
    with_light: bool,
) -> tuple[PlanetPose | None, Ground | None]:
    """The planet in camera axes, None on an orbit about the Sun, and the ground where the scene has one."""
    body = setup.body
    if body.name == "sun":
        return None, None
    latitude = direction_to_lonlat(track.icrf_to_bodyfixed @ track.camera.position)[1]
    weather = AIRLESS
    if with_light and body.name == "mars":
        weather = _weather(setup, epoch, latitude)
    elif with_light and body.name == "earth":
        weather = _earth_weather(setup, epoch)
    pose = icrf_to_camera @ -track.camera.position, track.icrf_to_bodyfixed @ icrf_to_camera.T
    casters = find_shadow_casters(setup.almanac, body, epoch) if with_light else ()
    options = setup.scene.planet
    site_height = setup.host.height_m if isinstance(setup.host, LandedHost) else None
    planet = PlanetPose(body, *pose, setup.surface, weather, options.law, casters, options.shadows, site_height)
    planet = replace(planet, shape=options.shape)
    if setup.scene.ground is None or not with_light:
        return planet, None
    enu_to_camera = icrf_to_camera @ enu_to_icrf(setup, epoch, track.host)
    below = height_above_ground(setup.host, epoch) * enu_to_camera[:, 2]
    site = icrf_to_camera @ -relative.position - below
    return planet, make_ground(setup, setup.camera, site, enu_to_camera, sun.direction, weather)


def _sun_visible_fraction(
    setup: SceneSetup, epoch: Epoch, track: ViewKinematics, offset: Vector, to_sun: Vector
) -> float:
    """Visible fraction of the Sun's disc at ``offset`` (3,) from the craft, ICRF axes, m."""
    fixed, place = track.icrf_to_bodyfixed, track.host.position + offset
    share = sun_visible_fraction(fixed @ place, fixed @ to_sun, setup.body)
    return share * sun_visible_fraction_beside(setup.almanac, setup.body, place, to_sun, epoch)


def _refracted_share(setup: SceneSetup, epoch: Epoch, place: Vector, to_sun: Vector) -> Vector:
    """Sunlight that the Earth's air refracts to a craft at ``place`` (3,) from the Moon, ICRF axes, m."""
    earth = setup.almanac.position("earth", "moon", epoch) - place
    direct = sun_visible_fraction_beside(setup.almanac, setup.body, place, to_sun, epoch)
    return refracted_sunlight(earth, BODIES["earth"].radii_m[0], to_sun, direct)


def _weather(setup: SceneSetup, epoch: Epoch, latitude: float) -> Weather:
    """The scene's weather, completed by the season at ``epoch`` and at the latitude, rad, below the camera."""
    section = setup.scene.planet
    ls = solar_longitude(setup.body, epoch)
    north, south = frost_edge_latitudes(ls) if section.frost else (AIRLESS.frost_north, AIRLESS.frost_south)
    tropics, *hoods = seasonal_clouds(ls)
    if section.cloud_opacity != "seasonal":
        tropics = section.cloud_opacity
    if section.hood_opacity != "seasonal":
        hoods = [section.hood_opacity, 0.0] if ls > np.pi else [0.0, section.hood_opacity]
    return Weather(
        dust_opacity=None if section.dust_opacity == "seasonal" else section.dust_opacity,
        dust_top_m=None if section.dust_top_km == "seasonal" else 1000.0 * section.dust_top_km,
        # The table of the air is worked out again when these change.
        dust_latitude=_DUST_LATITUDE_STEP_RAD * round(latitude / _DUST_LATITUDE_STEP_RAD),
        solar_longitude=float(np.radians(np.round(np.degrees(ls)))),
        cloud_opacity=tropics,
        north_hood_opacity=hoods[0],
        south_hood_opacity=hoods[1],
        frost_north=north,
        frost_south=south,
        gas=section.gas,
        layer_opacity=section.haze_layer_opacity,
        layer_height_m=1000.0 * section.haze_layer_height_km,
        layer_thickness_m=1000.0 * section.haze_layer_thickness_km,
    )


def _earth_weather(setup: SceneSetup, epoch: Epoch) -> Weather:
    """The Earth's air, clouds, wind and sea ice as the scene and the season at ``epoch`` have them."""
    section = setup.scene.planet
    ls = solar_longitude(setup.body, epoch)
    north, south = sea_ice_edges(ls) if section.frost else (AIRLESS.frost_north, AIRLESS.frost_south)
    return Weather(
        dust_opacity=section.aerosol_opacity,
        dust_top_m=AEROSOL_TOP_M,
        solar_longitude=float(np.radians(np.round(np.degrees(ls)))),
        frost_north=north,
        frost_south=south,
        gas=section.gas,
        cloud_cover=section.cloud_cover,
        cloud_seed=section.cloud_seed,
        wind_m_s=section.wind_m_s,
        air=EarthColumn,
    )
