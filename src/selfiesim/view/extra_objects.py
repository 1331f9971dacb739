"""What else is in the picture: further craft beside the one the camera belongs to, each with a place and an attitude.

A second vehicle on the ground, a target that another orbit carries, or the released camera itself as its craft sees it.
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
from selfiesim.view.release_setup import AttitudeLaw, Masses, ReleaseState, find_release_point, release_state

if TYPE_CHECKING:
    from selfiesim.view.resolved_scene import ResolvedScene
    from selfiesim.view.view import ViewKinematics

# From the axes of a lens (x right, y down, z forward) that looks back at the craft to those of the mesh round it.
_LENS_TO_MESH = np.diag([1.0, -1.0, -1.0])
_NOMINAL_CAMERA = Camera.from_fov(100, 100, 1.0)


@dataclass(frozen=True, eq=False)
class ExtraObject:
    """A further craft as planned: on a ``host`` of its own, after a ``release_state`` from the first, or beside that.

    ``leaves`` is the first part of the names of the first craft's nodes that are this one before it is released.
    """

    part: ObjectSection
    craft: Craft
    law: AttitudeLaw | None = None
    host: Host | None = None
    release_state: ReleaseState | None = None
    leaves: str = ""

    def place(self, resolved: ResolvedScene, epoch: Epoch, track: ViewKinematics) -> tuple[Vector, Matrix]:
        """From the first craft's origin to its own (3,), ICRF axes, m, and its attitude, ICRF to body axes."""
        if self.release_state is not None:
            return self._after_release(resolved, epoch, track)
        if self.host is not None:
            state = self.host.state(epoch)
            turn = track.icrf_to_body if self.law is None else self.law(epoch, state)
            return state.position - track.host.position, turn
        offset, to_icrf = np.array(self.part.offset_m), track.icrf_to_body.T
        if self.part.axes == "local":
            east, north, up = (resolved.toward(name, epoch, track.host) for name in ("east", "north", "zenith"))
            to_icrf = np.array([east, north, up]).T
        return to_icrf @ offset, track.icrf_to_body if self.law is None else self.law(epoch, track.host)

    def _after_release(self, resolved: ResolvedScene, epoch: Epoch, track: ViewKinematics) -> tuple[Vector, Matrix]:
        leaving = self.release_state
        assert leaving is not None
        seconds = epoch - leaving.release.epoch
        if seconds <= 0.0:  # still on board
            bolted = leaving.icrf_to_camera @ leaving.icrf_to_body.T
            return track.icrf_to_body.T @ leaving.release.mount, _LENS_TO_MESH @ bolted @ track.icrf_to_body
        host, propagate_pair = resolved.host.propagate_pair(
            leaving.release.epoch, leaving.host_after, leaving.camera, seconds
        )
        turn = _LENS_TO_MESH @ leaving.tumbling_attitude(np.array(self.part.inertia_kg_m2), seconds)
        if self.law is not None:
            turn = self.law(
                epoch, State(host.position + propagate_pair.position, host.velocity + propagate_pair.velocity)
            )
        # The main craft may have been pushed by another release; the difference to it is what is asked for.
        return host.position - track.host.position + propagate_pair.position, turn

    def released_nodes(self, epoch: Epoch) -> str:
        """First part of the names of the first craft's nodes that are no longer on it."""
        return self.leaves if self.release_state and epoch >= self.release_state.release.epoch else ""


def extra_objects(resolved: ResolvedScene) -> tuple[ExtraObject, ...]:
    """What else the scene of ``resolved`` puts into the picture.

    Raises
    ------
    UserError
        An orbit through the planet, a push into the craft, a mesh that cannot be used; the message names the object.
    """
    return tuple(_make_extra_object(resolved, part) for part in resolved.scene.objects)


def _make_extra_object(resolved: ResolvedScene, part: ObjectSection) -> ExtraObject:
    key = f"objects.{part.name}"
    scene = resolved.scene
    craft = scene.load_craft(key, part)
    check_joints(craft, part, key)
    host = (
        resolved.host
        if part.orbit is None
        else make_orbiting_host(part.orbit, resolved.body, resolved.almanac, f"{key}.orbit")
    )
    law = None
    if part.attitude is not None:
        law = attitude_law(scene, part.attitude, host, resolved.almanac, resolved.kernels, f"{key}.attitude")
        law = add_spin(law, part.attitude, resolved.start)
    if part.release is None:
        return ExtraObject(part, craft, law, None if part.orbit is None else host)
    start = find_release_point(resolved.craft, part.release, f"{key}.release")
    masses = Masses(part.mass_kg, scene.craft.mass_kg or resolved.craft.mass_kg, (f"{key}.mass_kg", "craft.mass_kg"))
    epoch = resolved.epoch_at(part.release.at, f"{key}.release.at")
    looking_back = icrf_to_camera(_NOMINAL_CAMERA, -start.axis, tilt_axes(start.axis)[0], (0.5, 0.5), 0.0)
    leaving = release_state(
        part.release, start, resolved.host, resolved.law, epoch, looking_back, masses, f"{key}.release"
    )
    return ExtraObject(part, craft, law, None, leaving, start.leaves)


def check_joints(craft: Craft, part: ModelSection, key: str) -> None:
    """Whether ``craft`` has the joints whose angles and rates ``part`` of the scene, written at ``key``, gives.

    Raises
    ------
    SceneError
        Names the joint and those there are, or how many angles it takes.
    """
    given = [("joints_deg", "angle", part.joints_deg), ("joints_deg_s", "rate", part.joints_deg_s)]
    for table, what, joints in given:
        for name, turned in joints.items():
            if name not in craft.joints:
                hint, known = did_you_mean(name, craft.joints), ", ".join(craft.joints) or "none"
                raise SceneError(f"{key}.{table}: {craft.name} has no joint {name!r}{hint}; it has: {known}")
            axes = len(craft.joints[name].axes)
            if len(turned) != axes:
                raise SceneError(f"{key}.{table}.{name}: takes {axes} {what}{'s' * (axes > 1)}, not {len(turned)}")
