"""What a scene plans, worked out once: who carries the camera, how it is turned, how the camera leaves, which lens.

Scenes are words and views are instants; a plan is what all instants of one scene share.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.bodies import Body
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State
from selfiesim.astro.solar_system import Almanac, find_body
from selfiesim.camera.pinhole import Camera, icrf_to_camera
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.craft.model import Craft
from selfiesim.motion.ejection import tilt_axes
from selfiesim.motion.events import find_event_epoch
from selfiesim.motion.host_trajectories import Host
from selfiesim.scene.moments import parse_moment
from selfiesim.view.attitude_setup import add_spin, attitude_law, toward
from selfiesim.view.extra_objects import ExtraObject, check_joints, extra_objects
from selfiesim.view.host_setup import load_scene_kernels, make_heliocentric_body, make_host, make_own_body
from selfiesim.view.release_setup import (
    AttitudeLaw,
    Masses,
    MountPoint,
    ReleaseState,
    find_mount_point,
    find_release_point,
    release_state,
)

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels
    from selfiesim.camera.distortion import Distortion
    from selfiesim.planet.maps.surface import Surface
    from selfiesim.scene.camera import CameraSection
    from selfiesim.scene.scene import Scene


@dataclass(frozen=True, eq=False)
class ResolvedScene:
    """See the module.

    Attributes
    ----------
    mount, axis : (3,) array
        Where the camera leaves, or the end of the boom that carries it, and the outward direction; body axes, m.
    hidden_nodes : str
        First part of the names of the craft's nodes that are this camera, and not in its picture.
    release_state : Departure, optional
        None for a camera that stays on the craft.
    extra_objects : tuple of Companion
        Further craft.
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
        """What the craft goes round or stands on."""
        return self.host.body

    @cached_property
    def surface(self) -> Surface:
        """What the body is drawn with.

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
        """The instant a moment names; ``key`` says where it was written.

        Raises
        ------
        SceneError
            For words that are no moment, and when the orbit has no such event, or nothing is released.
        """
        try:
            moment = parse_moment(text)
        except SceneError as error:
            raise SceneError(f"{key}: {error}") from error
        if isinstance(moment, Epoch):
            return moment
        event, seconds = moment
        if event == "release":
            leaving = self.release_state or next(
                (each.release_state for each in self.extra_objects if each.release_state), None
            )
            if leaving is None:
                raise SceneError(f"{key}: {text!r}: a mounted camera is never released; give an event or a UTC time")
            return leaving.release.epoch + seconds
        return _cached_event_epoch(self.host, self.almanac, self._events, event, key) + seconds

    @cached_property
    def start(self) -> Epoch:
        """The instant from which spins are counted: the release, or the scene's own moment."""
        return self.epoch_at(self.scene.at, "at") if self.release_state is None else self.release_state.release.epoch

    def body_to_camera(self) -> Matrix:
        """The camera as it is bolted on: its inner lens looks back along its mount's axis."""
        return _bolted_attitude(self.scene.camera, self.camera, self.axis)

    @property
    def camera_to_lens(self) -> Matrix:
        """From the axes of the inner lens to those of the one that takes the picture: they share what is down."""
        return np.eye(3) if self.scene.camera.lens == "inner" else np.diag([-1.0, 1.0, -1.0])


def resolve_scene(scene: Scene, craft: Craft) -> ResolvedScene:
    """Work out what ``scene`` plans for ``craft``.

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
    camera = _make_camera(scene.camera)
    start, mount = _find_camera_mount(scene, craft)
    law = attitude_law(scene, scene.attitude, host, almanac, kernels)
    check_joints(craft, scene.craft, "craft")
    resolved = ResolvedScene(scene, craft, almanac, host, law, camera, mount, start.axis, start.leaves, kernels=kernels)
    if scene.release is not None:
        epoch = resolved.epoch_at(scene.release.at, "release.at")
        law = add_spin(law, scene.attitude, epoch)
        masses = Masses(scene.camera.mass_kg, scene.craft.mass_kg or craft.mass_kg, ("camera.mass_kg", "craft.mass_kg"))
        leaving = release_state(scene.release, start, host, law, epoch, resolved.body_to_camera(), masses, "release")
        resolved = replace(resolved, law=law, release_state=leaving)
    resolved = replace(resolved, extra_objects=extra_objects(resolved))
    if scene.release is None:
        resolved = replace(resolved, law=add_spin(law, scene.attitude, resolved.start))
    return resolved


def _find_camera_mount(scene: Scene, craft: Craft) -> tuple[MountPoint, Vector]:
    """Where the camera sits, and where it leaves or the end of the boom that carries it, body axes."""
    if scene.release is not None:
        start = find_release_point(craft, scene.release, "release")
        return start, start.position
    part = scene.mounted
    assert part is not None
    if part.offset_m is not None:
        # Beside the craft rather than on it; in which axes is for the view to say, which knows the place.
        offset = np.array(part.offset_m)
        away = float(np.linalg.norm(offset))
        return MountPoint(offset, offset / away if away > 0.0 else np.array([0.0, 0.0, 1.0]), ""), offset
    start = find_mount_point(craft, part.mount, part.axis, "mounted")
    return start, start.position + part.out_m * start.axis


def _cached_event_epoch(host: Host, almanac: Almanac, known: dict[str, Epoch], event: str, key: str) -> Epoch:
    if event not in known:
        try:
            known[event] = find_event_epoch(event, host, almanac)
        except SceneError as error:
            raise SceneError(f"{key}: {error}") from error
    return known[event]


def _make_camera(part: CameraSection) -> Camera:
    """The lens of the scene.

    Raises
    ------
    SceneError
        When its numbers fit no lens; the message names the key.
    """
    width, height = part.size_px
    try:
        distortion = _make_distortion(part)
        if part.matrix is not None:
            return Camera.from_matrix(width, height, np.array(part.matrix), distortion)
        if part.focal_length_mm is not None and part.pixel_pitch_um is not None:
            return Camera.from_focal_length(
                width, height, part.focal_length_mm * 1e-3, part.pixel_pitch_um * 1e-6, distortion
            )
        return _shift_panorama_horizon(
            Camera.from_fov(width, height, np.radians(part.horizontal_fov_deg), distortion), part
        )
    except ValueError as error:
        key = "matrix" if part.matrix else "focal_length_mm" if part.focal_length_mm else "horizontal_fov_deg"
        raise SceneError(f"camera.{key}: {error}") from error


def _shift_panorama_horizon(camera: Camera, part: CameraSection) -> Camera:
    """The camera, with a panorama's middle as high over its horizon as the scene looks: the horizon stays straight."""
    from selfiesim.camera.distortion import Panorama

    if not isinstance(camera.distortion, Panorama) or part.look != "azimuth":
        return camera
    upward = np.array([0.0, -np.sin(np.radians(part.elevation_deg)), np.cos(np.radians(part.elevation_deg))])
    return replace(camera, cy=camera.cy - camera.fy * float(camera.distortion.distort(upward)[1]))


def _make_distortion(part: CameraSection) -> Distortion | None:
    if part.model == "pinhole":
        return None
    from selfiesim.camera.distortion import BrownConrady, Cylindrical, Equirectangular, KannalaBrandt

    if part.model == "equirectangular":
        return Equirectangular()
    if part.model == "cylindrical":
        return Cylindrical()

    if part.model == "brown-conrady":
        return BrownConrady.from_opencv(part.distortion)
    return KannalaBrandt(part.distortion)


def _bolted_attitude(part: CameraSection, camera: Camera, axis: Vector) -> Matrix:
    """Body to camera axes: looking back along ``axis``, its vertical on the body axis most nearly square to it."""
    up = tilt_axes(axis)[0]
    return icrf_to_camera(camera, -axis, up, (0.5, 0.5), np.radians(part.roll_deg))
