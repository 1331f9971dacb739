"""What a scene plans, worked out once: who carries the camera, how it is turned, how the camera leaves, which lens.

Scenes are words and views are instants; a plan is what all instants of one scene share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from selfiesim import attitude, ejection
from selfiesim.almanac import Almanac, body_of
from selfiesim.bodies import Body
from selfiesim.camera import Camera, icrf_to_camera
from selfiesim.craft.craft import Craft, first_contact
from selfiesim.epoch import Epoch
from selfiesim.errors import SceneError, UserError
from selfiesim.events import event_time
from selfiesim.frames import (
    Matrix,
    Vector,
    quaternion,
    quaternion_to_matrix,
    rotation_about,
    rotation_vector,
    unit,
)
from selfiesim.hosts import Host
from selfiesim.moment import parse_moment
from selfiesim.orbit import State
from selfiesim.tumble import tumble
from selfiesim.whereabouts import host_of, kernels_of, own_body, wanderer_of

if TYPE_CHECKING:
    from selfiesim.kernels import Kernels
    from selfiesim.lens import BrownConrady, KannalaBrandt
    from selfiesim.parts import AttitudePart, CameraPart
    from selfiesim.planet.surface import Surface
    from selfiesim.scene import Scene

AttitudeLaw = Callable[[Epoch, State], Matrix]
"""From an instant and the craft's state to its attitude, ICRF to body axes."""


@dataclass(frozen=True)
class Departure:
    """The release as planned.

    Attributes
    ----------
    release : Release
        Instant, mount and push.
    host, host_after, camera : State
        The craft before the push and after it (the same unless it recoils), and the camera just after it.
    icrf_to_body, body_rate : (3, 3) and (3,) array
        The craft's attitude then, and its angular velocity, rad/s, body axes.
    icrf_to_camera, camera_rate : (3, 3) and (3,) array
        The camera's, as it leaves; rad/s, axes of its inner lens.
    """

    release: ejection.Release
    host: State
    host_after: State
    camera: State
    icrf_to_body: Matrix
    body_rate: Vector
    icrf_to_camera: Matrix
    camera_rate: Vector


@dataclass(frozen=True, eq=False)
class Plan:
    """See the module.

    Attributes
    ----------
    mount, axis : (3,) array
        Where the camera leaves, or the end of the boom that carries it, and the outward direction; body axes, m.
    departure : Departure, optional
        None for a camera that stays on the craft.
    """

    scene: Scene
    craft: Craft
    almanac: Almanac
    host: Host
    law: AttitudeLaw
    camera: Camera
    mount: Vector
    axis: Vector
    gone: str
    departure: Departure | None = None
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
        from selfiesim.planet.choice import surface_of

        return surface_of(self.scene, self.body.name)

    def toward(self, target: str, epoch: Epoch, state: State) -> Vector:
        """Unit vector (3,), ICRF axes, from the craft toward one of :data:`selfiesim.attitude.TARGETS`."""
        return _toward(self.host, self.almanac, target, epoch, state)

    def instant(self, text: str, key: str) -> Epoch:
        """The instant a moment names; ``key`` says where it was written.

        Raises
        ------
        SceneError
            When the orbit has no such event, or nothing is released.
        """
        moment = parse_moment(text)
        if isinstance(moment, Epoch):
            return moment
        event, seconds = moment
        if event == "release":
            if self.departure is None:
                raise SceneError(f"{key}: {text!r}: a mounted camera is never released; give an event or a UTC time")
            return self.departure.release.epoch + seconds
        return _event(self.host, self.almanac, self._events, event, key) + seconds

    def body_to_camera(self) -> Matrix:
        """The camera as it is bolted on: its inner lens looks back along its mount's axis."""
        return _bolted(self.scene.camera, self.camera, self.axis)

    @property
    def camera_to_lens(self) -> Matrix:
        """From the axes of the inner lens to those of the one that takes the picture: they share what is down."""
        return np.eye(3) if self.scene.camera.lens == "inner" else np.diag([-1.0, 1.0, -1.0])


def make_plan(scene: Scene, craft: Craft) -> Plan:
    """Work out what ``scene`` plans for ``craft``.

    Raises
    ------
    UserError
        Impossible input: an orbit through the planet, axes that are parallel, a push into the craft, a file that does
        not cover the time; the message names the key.
    """
    kernels = kernels_of(scene)
    own = own_body(scene.body) if scene.body else None
    almanac = Almanac(kernels, wanderer_of(scene.body, own) if scene.body and own else None)
    body = body_of(scene.center, own)
    host = host_of(scene, body, almanac, kernels)
    camera = _camera(scene.camera)
    mount, axis, gone = _mount(scene, craft)
    law = _law(scene, host, almanac, kernels)
    plan = Plan(scene, craft, almanac, host, law, camera, mount, axis, gone)
    if scene.release is None:
        return plan
    epoch = plan.instant(scene.release.at, "release.at")
    if scene.attitude.spin_deg_s:
        law = _spinning(law, scene.attitude, epoch)
    departure = _departure(scene, craft, host, law, camera, epoch, mount, axis)
    return Plan(scene, craft, almanac, host, law, camera, mount, axis, gone, departure, plan._events)


def _event(host: Host, almanac: Almanac, known: dict[str, Epoch], event: str, key: str) -> Epoch:
    if event not in known:
        try:
            known[event] = event_time(event, host, almanac)
        except SceneError as error:
            raise SceneError(f"{key}: {error}") from error
    return known[event]


def _toward(host: Host, almanac: Almanac, target: str, epoch: Epoch, state: State) -> Vector:
    return attitude.target_direction(target, host.body, epoch, state, almanac, host.up(epoch, state))


def _camera(part: CameraPart) -> Camera:
    """The lens of the scene.

    Raises
    ------
    SceneError
        When its numbers fit no lens; the message names the key.
    """
    width, height = part.size_px
    try:
        distortion = _distortion(part)
        if part.matrix is not None:
            return Camera.from_matrix(width, height, np.array(part.matrix), distortion)
        if part.focal_length_mm is not None and part.pixel_pitch_um is not None:
            return Camera.from_focal_length(
                width, height, part.focal_length_mm * 1e-3, part.pixel_pitch_um * 1e-6, distortion
            )
        return Camera.from_fov(width, height, np.radians(part.horizontal_fov_deg), distortion)
    except ValueError as error:
        key = "matrix" if part.matrix else "focal_length_mm" if part.focal_length_mm else "horizontal_fov_deg"
        raise SceneError(f"camera.{key}: {error}") from error


def _distortion(part: CameraPart) -> BrownConrady | KannalaBrandt | None:
    if part.model == "pinhole":
        return None
    from selfiesim.lens import BrownConrady, KannalaBrandt

    if part.model == "brown-conrady":
        return BrownConrady.from_opencv(part.distortion)
    return KannalaBrandt(part.distortion)


def _mount(scene: Scene, craft: Craft) -> tuple[Vector, Vector, str]:
    """Position (m) and outward direction of the camera, body axes, and the nodes that are not on the craft."""
    section, part = ("release", scene.release) if scene.release else ("mounted", scene.mounted)
    assert part is not None
    if part.mount not in craft.mounts:
        name, description = part.mount, craft.source.with_suffix(".toml").name
        known = f"it has: {', '.join(craft.mounts)}"
        if not craft.mounts:
            known = f"write [mounts.{name}] with position_m and axis into {description} beside it"
        raise SceneError(f"{section}.mount: {craft.name} has no mount {name!r}; {known}")
    mount = craft.mounts[part.mount]
    axis = unit(np.array(part.axis or mount.axis))
    position = np.array(mount.position_m)
    if scene.mounted is not None:
        return position + scene.mounted.out_m * axis, axis, mount.leaves
    assert scene.release is not None
    axis = ejection.leaning(axis, np.radians(np.array([scene.release.tilt_deg])))[0]
    contact = first_contact(craft, mount.position_m, (float(axis[0]), float(axis[1]), float(axis[2])), mount.leaves)
    if contact:
        where = f"{contact[0]} {contact[1]:.2f} m from its mount"
        raise SceneError(f"release.axis: the camera would run into {where}; push it another way")
    return position, axis, mount.leaves


def _law(scene: Scene, host: Host, almanac: Almanac, kernels: Kernels | None) -> AttitudeLaw:
    part = scene.attitude
    if part.quaternion_icrf_to_body is not None:
        held = quaternion_to_matrix(unit(np.array(part.quaternion_icrf_to_body)))
        return lambda _epoch, _state: held
    if part.aem is not None:
        from selfiesim.ccsds import read_aem

        message = read_aem(scene.beside("attitude.aem", part.aem, "it"), part.object_id)
        return lambda epoch, _state: message.icrf_to_body(epoch)
    if part.ck_frame is not None:
        assert kernels is not None
        source, frame = kernels, part.ck_frame
        return lambda epoch, _state: source.icrf_to_body(frame, epoch)
    first, second = np.array(part.primary.axis), np.array(part.secondary.axis)

    def pointed(epoch: Epoch, state: State) -> Matrix:
        try:
            return attitude.icrf_to_body(
                first,
                _toward(host, almanac, part.primary.toward, epoch, state),
                second,
                _toward(host, almanac, part.secondary.toward, epoch, state),
            )
        except ValueError as error:
            raise SceneError(
                "attitude: primary and secondary must not be parallel, neither axes nor targets"
            ) from error

    return pointed


def _spinning(law: AttitudeLaw, part: AttitudePart, start: Epoch) -> AttitudeLaw:
    """The law, with the craft turning about its primary axis: as the law has it at ``start``."""
    axis, rate = unit(np.array(part.primary.axis)), np.radians(part.spin_deg_s)
    return lambda epoch, state: rotation_about(axis, -rate * (epoch - start)) @ law(epoch, state)


def _departure(
    scene: Scene, craft: Craft, host: Host, law: AttitudeLaw, camera: Camera, epoch: Epoch, mount: Vector, axis: Vector
) -> Departure:
    part = scene.release
    assert part is not None
    state = host.state(epoch)
    turn = law(epoch, state)
    rate = _body_rate(host, law, epoch, turn)
    release = ejection.Release(epoch, mount, axis, _speed(scene, craft))
    bolted = _bolted(scene.camera, camera, axis)
    after = state
    if part.recoil:
        after = ejection.recoil(release, state, turn, *_masses(scene, craft, "release.recoil"))
    leaving = bolted @ (rate + np.radians(part.spin_deg_s) * axis) + np.radians(np.array(part.tip_off_deg_s))
    return Departure(
        release=release,
        host=state,
        host_after=after,
        camera=ejection.camera_state(release, state, turn, rate),
        icrf_to_body=turn,
        body_rate=rate,
        icrf_to_camera=bolted @ turn,
        camera_rate=leaving,
    )


def _body_rate(host: Host, law: AttitudeLaw, epoch: Epoch, turn: Matrix) -> Vector:
    """Angular velocity (rad/s, body axes) that the attitude law gives the craft."""
    step = 0.1
    try:
        later = law(epoch + step, host.state(epoch + step))
    except UserError:  # the end of a file
        step = -step
        later = law(epoch + step, host.state(epoch + step))
    # The frame turns with the body: what it was turns the other way in it.
    return -rotation_vector(later @ turn.T) / step


def _bolted(part: CameraPart, camera: Camera, axis: Vector) -> Matrix:
    """Body to camera axes: looking back along ``axis``, its vertical on the body axis most nearly square to it."""
    up = ejection.tilt_axes(axis)[0]
    return icrf_to_camera(camera, -axis, up, (0.5, 0.5), np.radians(part.roll_deg))


def _masses(scene: Scene, craft: Craft, key: str) -> tuple[float, float]:
    """Of the camera and of the craft, kg."""
    of_craft = scene.craft.mass_kg or craft.mass_kg
    if scene.camera.mass_kg is None:
        raise SceneError(f"{key}: needs camera.mass_kg")
    if of_craft is None:
        raise SceneError(f"{key}: needs craft.mass_kg, which the model does not give")
    return scene.camera.mass_kg, of_craft


def _speed(scene: Scene, craft: Craft) -> float:
    part = scene.release
    assert part is not None
    if part.spring_energy_j is None:
        return part.speed_m_s
    return ejection.spring_speed(part.spring_energy_j, *_masses(scene, craft, "release.spring_energy_j"))


def tumbled(plan: Plan, seconds: float) -> Matrix:
    """ICRF to the axes of the inner lens, ``seconds`` after the release, of a camera left to itself."""
    departure = plan.departure
    assert departure is not None
    start = quaternion(departure.icrf_to_camera)
    turned = tumble(np.array(plan.scene.camera.inertia_kg_m2), start, departure.camera_rate, np.array(seconds))
    return quaternion_to_matrix(turned.attitude)
