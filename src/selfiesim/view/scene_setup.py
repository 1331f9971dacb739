"""A scene set up: the host and its attitude law, the release, the lens and further craft, worked out once.

All instants of a scene share its setup; :mod:`selfiesim.view.build_view` evaluates it at one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.bodies import Body
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.orbit import State, state_to_elements
from selfiesim.astro.solar_system import Almanac, find_body
from selfiesim.camera.catalogue import preset
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.craft.model import Craft
from selfiesim.motion.events import find_event_epoch
from selfiesim.motion.host_trajectories import Host
from selfiesim.scene.moments import parse_moment
from selfiesim.view.attitude_setup import add_spin, attitude_law, toward
from selfiesim.view.camera_setup import make_camera, mounted_attitude
from selfiesim.view.extra_objects import ExtraObject, check_joints, make_extra_objects
from selfiesim.view.geometry import ShotInfo
from selfiesim.view.host_setup import load_scene_kernels, make_heliocentric_body, make_host, make_own_body
from selfiesim.view.release_setup import (
    AttitudeLaw,
    Masses,
    MountPoint,
    ReleaseState,
    find_mount_point,
    find_release_point,
    plan_release,
)

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels
    from selfiesim.planet.maps.surface import Surface
    from selfiesim.scene.host import OrbitSection
    from selfiesim.scene.scene import Scene


@dataclass(frozen=True, eq=False)
class SceneSetup:
    """What all instants of a scene share.

    Attributes
    ----------
    scene : Scene
        The scene.
    craft : Craft
        Model of the craft that carries the camera.
    almanac : Almanac
        Ephemeris: the scene's kernels first, the built-in one for the rest.
    host : Host
        Trajectory of the craft.
    law : AttitudeLaw
        Attitude of the craft at any instant.
    camera : Camera
        The lens.
    mount, axis : (3,) array
        Mount point of the camera, or the end of the boom that carries it, m, and the outward direction; body axes.
    hidden_nodes : str
        Name prefix of the craft's nodes that are this camera and hence not in its picture.
    release_state : ReleaseState, optional
        None for a camera that stays on the craft.
    extra_objects : tuple of ExtraObject
        Further craft.
    kernels : Kernels, optional
        The scene's SPICE kernels.
    """

    scene: Scene
    craft: Craft
    almanac: Almanac
    host: Host
    law: AttitudeLaw
    camera: Camera
    mount: Vector
    axis: Vector
    hidden_nodes: str
    release_state: ReleaseState | None = None
    extra_objects: tuple[ExtraObject, ...] = ()
    kernels: Kernels | None = None
    _events: dict[str, Epoch] = field(default_factory=dict, repr=False)

    @property
    def body(self) -> Body:
        """The body that the craft orbits or stands on."""
        return self.host.body

    @cached_property
    def surface(self) -> Surface:
        """The maps that the body is rendered with.

        Raises
        ------
        UserError
            When the scene's own map cannot be used.
        """
        from selfiesim.view.surface_setup import resolve_surface

        return resolve_surface(self.scene, self.body.name)

    def toward(self, target: str, epoch: Epoch, state: State) -> Vector:
        """Unit vector (3,), ICRF axes, from the craft toward one of :data:`selfiesim.motion.pointing_laws.TARGETS`."""
        return toward(self.host, self.almanac, target, epoch, state)

    def epoch_at(self, text: str, key: str) -> Epoch:
        """The instant that a moment such as ``release+60s`` names; ``key`` is the key to name in an error.

        Raises
        ------
        SceneError
            For text that is not a moment, an event that the orbit does not have, or a release where there is none.
        """
        try:
            moment = parse_moment(text)
        except SceneError as error:
            raise SceneError(f"{key}: {error}") from error
        if isinstance(moment, Epoch):
            return moment
        event, seconds = moment
        if event == "release":
            released = self.release_state or next(
                (each.release_state for each in self.extra_objects if each.release_state), None
            )
            if released is None:
                raise SceneError(f"{key}: {text!r}: a mounted camera is never released; give an event or a UTC time")
            return released.release.epoch + seconds
        return _cached_event_epoch(self.host, self.almanac, self._events, event, key) + seconds

    def is_own_moment(self, epoch: Epoch) -> bool:
        """Whether ``epoch`` is the scene's own ``at``."""
        return self._own_epoch == epoch

    @cached_property
    def _own_epoch(self) -> Epoch | None:
        try:
            return self.epoch_at(self.scene.at, "at")
        except SceneError:  # the orbit lacks the event of the scene's own moment; other moments can still be viewed
            return None

    @cached_property
    def shot(self) -> ShotInfo:
        """What the stages after the view need of the scene."""
        scene = self.scene
        return ShotInfo(
            title=scene.title,
            source=scene.source,
            photo=scene.photo,
            sky=scene.sky,
            camera_preset=scene.camera.preset,
            pixel_pitch_um=scene.camera.pixel_pitch_um,
            lens_model=scene.camera.model,
            distortion=scene.camera.distortion,
            link_range_m=scene.camera.link_range_m,
            body=scene.center,
            models={"": scene.craft.model} | {section.name: section.model for section in scene.objects},
            assumed=_assumed(scene, self.craft),
            orbit=_orbit_over(scene, self.host),
            table=scene.model_dump(mode="json", exclude_unset=True),
            defaults=scene.model_dump(mode="json"),
        )

    @cached_property
    def start(self) -> Epoch:
        """The instant from which spins are counted: the release, or the scene's own moment."""
        return self.epoch_at(self.scene.at, "at") if self.release_state is None else self.release_state.release.epoch

    def body_to_camera(self) -> Matrix:
        """Attitude of the camera on its mount (3, 3): the inner lens looks back along the mount's axis."""
        return mounted_attitude(self.scene.camera, self.camera, self.axis)

    @property
    def camera_to_lens(self) -> Matrix:
        """From the axes of the inner lens to those of the lens in use (3, 3); both share the downward axis."""
        return np.eye(3) if self.scene.camera.lens == "inner" else np.diag([-1.0, 1.0, -1.0])


# Long for its docstring.
def set_up_scene(scene: Scene, craft: Craft) -> SceneSetup:
    """Resolve everything in a scene that its instants share.

    Parameters
    ----------
    scene : Scene
        The scene.
    craft : Craft
        Model of the craft that carries the camera.

    Returns
    -------
    SceneSetup
        With trajectory, attitude, release, camera and further craft.

    Raises
    ------
    UserError
        Impossible input: an orbit through the planet, axes that are parallel, a push into the craft, a file that does
        not cover the time; the message names the key.
    """
    kernels = load_scene_kernels(scene)
    own = make_own_body(scene.body) if scene.body else None
    almanac = Almanac(kernels, make_heliocentric_body(scene.body, own) if scene.body and own else None)
    body = find_body(scene.center, own)
    host = make_host(scene, body, almanac, kernels)
    camera = make_camera(scene.camera)
    start, mount = _find_camera_mount(scene, craft)
    law = attitude_law(scene, scene.attitude, host, almanac, kernels)
    check_joints(craft, scene.craft, "craft")
    setup = SceneSetup(scene, craft, almanac, host, law, camera, mount, start.axis, start.node_prefix, kernels=kernels)
    orbit = scene.orbit
    if orbit is not None and kernels is None and own is None and not (orbit.tle or orbit.omm):
        setup = replace(setup, _events=_events_of(orbit))
    if orbit is not None and orbit.over is not None:
        setup._events["over"] = host.reference_epoch
    if scene.release is not None:
        epoch = setup.epoch_at(scene.release.at, "release.at")
        law = add_spin(law, scene.attitude, epoch)
        masses = Masses(scene.camera.mass_kg, scene.craft.mass_kg or craft.mass_kg, ("camera.mass_kg", "craft.mass_kg"))
        released = plan_release(scene.release, start, host, law, epoch, setup.body_to_camera(), masses, "release")
        setup = replace(setup, law=law, release_state=released)
    setup = replace(setup, extra_objects=make_extra_objects(setup))
    if scene.release is None:
        setup = replace(setup, law=add_spin(law, scene.attitude, setup.start))
    return setup


def _find_camera_mount(scene: Scene, craft: Craft) -> tuple[MountPoint, Vector]:
    """Mount point of the camera, and the position (3,) from which it is released or looks, body axes, m."""
    if scene.release is not None:
        start = find_release_point(craft, scene.release, "release")
        return start, start.position
    section = scene.mounted
    assert section is not None
    if section.offset_m is not None:
        # Next to the craft, not on it. Local axes need the craft's position, so the view converts them.
        offset = np.array(section.offset_m)
        distance = float(np.linalg.norm(offset))
        return MountPoint(offset, offset / distance if distance > 0.0 else np.array([0.0, 0.0, 1.0]), ""), offset
    start = find_mount_point(craft, section.mount, section.axis, "mounted")
    return start, start.position + section.out_m * start.axis


@lru_cache(maxsize=16)
def _events_of(_orbit: OrbitSection) -> dict[str, Epoch]:
    """Return the events found so far on an orbit, which stay while other keys of a scene change."""
    return {}


def _cached_event_epoch(host: Host, almanac: Almanac, known: dict[str, Epoch], event: str, key: str) -> Epoch:
    if event not in known:
        try:
            known[event] = find_event_epoch(event, host, almanac)
        except SceneError as error:
            raise SceneError(f"{key}: {error}") from error
    return known[event]


def _orbit_over(scene: Scene, host: Host) -> dict[str, str | float]:
    """The elements of an orbit over a place, as the keys of ``[orbit]``; empty for another orbit."""
    if scene.orbit is None or not scene.orbit.over:
        return {}
    body, epoch = host.body, host.reference_epoch
    to_equator, state = icrf_to_inertial("equator-of-date", body, epoch), host.state(epoch)
    found = state_to_elements(State(to_equator @ state.position, to_equator @ state.velocity), body.gm_m3_s2)
    angles = {key: float(np.degrees(getattr(found, key))) for key in ("inclination", "raan", "arg_periapsis")}
    return {
        "frame": "equator-of-date",
        "epoch_utc": epoch.utc(6),
        "semi_major_axis_km": found.semi_major_axis / 1e3,
        "eccentricity": found.eccentricity,
        **{f"{key}_deg": angle for key, angle in angles.items()},
        "true_anomaly_deg": float(np.degrees(found.true_anomaly)),
    }


def _assumed(scene: Scene, craft: Craft) -> dict[str, str]:
    """Reasons for assumed values, by key: of the scene, its known camera and its craft."""
    camera, camera_reasons = scene.camera, {}
    if camera.preset is not None:
        known = preset(camera.preset)
        keys = known.scene_keys()
        unchanged = [key for key in known.assumed if key in keys and getattr(camera, key) == keys[key]]
        camera_reasons = {f"{camera.preset}: {key}": known.assumed[key] for key in unchanged}
    craft_reasons = {f"{craft.name}: {key}": reason for key, reason in craft.assumed.items()}
    return dict(scene.assumed) | camera_reasons | craft_reasons
