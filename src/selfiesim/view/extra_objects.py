"""Further craft in the picture, each with its own position and attitude.

A second vehicle on the ground, a target on another orbit, or the released camera itself, seen from its craft.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State
from selfiesim.camera.pinhole import Camera, icrf_to_camera
from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.craft.model import Craft
from selfiesim.motion.ejection import tilt_axes
from selfiesim.motion.host_trajectories import Host
from selfiesim.scene.craft import ModelSection
from selfiesim.scene.objects import ObjectSection
from selfiesim.view.attitude_setup import add_spin, attitude_law
from selfiesim.view.host_setup import make_orbiting_host
from selfiesim.view.release_setup import AttitudeLaw, Masses, ReleaseState, find_release_point, plan_release
from selfiesim.view.shape_model import load_shape

if TYPE_CHECKING:
    from selfiesim.view.geometry import ViewKinematics
    from selfiesim.view.scene_setup import SceneSetup

# From the axes of a lens (x right, y down, z forward) that looks back at the craft to those of the camera's mesh.
_LENS_TO_MESH = np.diag([1.0, -1.0, -1.0])
_NOMINAL_CAMERA = Camera.from_fov(100, 100, 1.0)


@dataclass(frozen=True, eq=False)
class ExtraObject:
    """A further craft of a scene: on its own orbit, released from the main craft, or at a fixed offset from it.

    Attributes
    ----------
    section : ObjectSection
        The object as the scene describes it.
    craft : Craft
        Its model.
    law : AttitudeLaw, optional
        Its attitude; without one it shares the main craft's attitude, or tumbles after its release.
    host : Host, optional
        Its own trajectory.
    release_state : ReleaseState, optional
        Its release from the main craft.
    node_prefix : str
        Name prefix of the main craft's nodes that represent this object until its release.
    is_planet : bool
        Whether it is the shape of the central body, and turns with it.
    """

    section: ObjectSection
    craft: Craft
    law: AttitudeLaw | None = None
    host: Host | None = None
    release_state: ReleaseState | None = None
    node_prefix: str = ""
    is_planet: bool = False

    def place(self, setup: SceneSetup, epoch: Epoch, track: ViewKinematics) -> tuple[Vector, Matrix]:
        """Its origin from the main craft's origin (3,), ICRF axes, m, and its attitude, ICRF to body axes."""
        if self.is_planet:
            return -track.host.position, track.icrf_to_bodyfixed
        if self.release_state is not None:
            return self._after_release(setup, epoch, track)
        if self.host is not None:
            state = self.host.state(epoch)
            icrf_to_body = track.icrf_to_body if self.law is None else self.law(epoch, state)
            return state.position - track.host.position, icrf_to_body
        offset, to_icrf = np.array(self.section.offset_m), track.icrf_to_body.T
        if self.section.axes == "local":
            east, north, up = (setup.toward(name, epoch, track.host) for name in ("east", "north", "zenith"))
            to_icrf = np.array([east, north, up]).T
        return to_icrf @ offset, track.icrf_to_body if self.law is None else self.law(epoch, track.host)

    def _after_release(self, setup: SceneSetup, epoch: Epoch, track: ViewKinematics) -> tuple[Vector, Matrix]:
        released = self.release_state
        assert released is not None
        seconds = epoch - released.release.epoch
        if seconds <= 0.0:  # still on board
            body_to_lens = released.icrf_to_camera @ released.icrf_to_body.T
            return track.icrf_to_body.T @ released.release.mount, _LENS_TO_MESH @ body_to_lens @ track.icrf_to_body
        try:
            host, relative = setup.host.propagate_pair(
                released.release.epoch, released.host_after, released.camera, seconds
            )
        except ValueError as error:
            raise SceneError(
                f"objects.{self.section.name}.release.speed_m_s: the push puts it on an escape path from "
                f"{setup.body.name}"
            ) from error
        if self.law is None:
            icrf_to_lens = released.tumbling_attitude(np.array(self.section.inertia_kg_m2), seconds)
            icrf_to_body = _LENS_TO_MESH @ icrf_to_lens
        else:
            own = State(host.position + relative.position, host.velocity + relative.velocity)
            icrf_to_body = self.law(epoch, own)
        # `host` recoils from this release alone; the main craft of the view may have recoiled from another.
        return host.position - track.host.position + relative.position, icrf_to_body

    def released_nodes(self, epoch: Epoch) -> str:
        """Name prefix of the main craft's nodes that have left it by ``epoch``; empty before the release."""
        return self.node_prefix if self.release_state and epoch >= self.release_state.release.epoch else ""


def make_extra_objects(setup: SceneSetup) -> tuple[ExtraObject, ...]:
    """Load the further craft of a scene and resolve their orbits, attitudes and releases.

    Raises
    ------
    UserError
        For an orbit through the planet, a push into the craft, or a mesh that cannot be used; the message names the
        object.
    """
    objects = [_make_extra_object(setup, section) for section in setup.scene.objects]
    shape = load_shape(setup)
    return tuple(objects if shape is None else [*objects, ExtraObject(*shape, is_planet=True)])


def _make_extra_object(setup: SceneSetup, section: ObjectSection) -> ExtraObject:
    key = f"objects.{section.name}"
    scene = setup.scene
    craft = scene.load_craft(key, section)
    check_joints(craft, section, key)
    host = setup.host
    if section.orbit is not None:
        host = make_orbiting_host(section.orbit, setup.body, setup.almanac, f"{key}.orbit")
    law = None
    if section.attitude is not None:
        law = attitude_law(scene, section.attitude, host, setup.almanac, setup.kernels, f"{key}.attitude")
        law = add_spin(law, section.attitude, setup.start)
    if section.release is None:
        return ExtraObject(section, craft, law, None if section.orbit is None else host)
    start = find_release_point(setup.craft, section.release, f"{key}.release")
    masses = Masses(section.mass_kg, scene.craft.mass_kg or setup.craft.mass_kg, (f"{key}.mass_kg", "craft.mass_kg"))
    epoch = setup.epoch_at(section.release.at, f"{key}.release.at")
    looking_back = icrf_to_camera(_NOMINAL_CAMERA, -start.axis, tilt_axes(start.axis)[0], (0.5, 0.5), 0.0)
    released = plan_release(
        section.release, start, setup.host, setup.law, epoch, looking_back, masses, f"{key}.release"
    )
    return ExtraObject(section, craft, law, None, released, start.node_prefix)


def check_joints(craft: Craft, section: ModelSection, key: str) -> None:
    """Check a section's joint angles and rates against the joints of ``craft``; ``key`` is the section's key.

    Raises
    ------
    SceneError
        For an unknown joint or the wrong number of values; the message lists the joints, or the number of axes.
    """
    given = [("joints_deg", "angle", section.joints_deg), ("joints_deg_s", "rate", section.joints_deg_s)]
    for table, what, joints in given:
        for name, values in joints.items():
            if name not in craft.joints:
                hint, known = did_you_mean(name, craft.joints), ", ".join(craft.joints) or "none"
                raise SceneError(f"{key}.{table}: {craft.name} has no joint {name!r}{hint}; it has: {known}")
            axes = len(craft.joints[name].axes)
            if len(values) != axes:
                raise SceneError(f"{key}.{table}.{name}: takes {axes} {what}{'s' * (axes > 1)}, not {len(values)}")
