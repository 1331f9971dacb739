"""From a scene's words on attitude to a law: how a craft is turned at any instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State
from selfiesim.astro.solar_system import Almanac
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector, quaternion_to_matrix, rotation_about, unit
from selfiesim.motion import pointing_laws
from selfiesim.motion.host_trajectories import Host
from selfiesim.view.release_setup import AttitudeLaw

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels
    from selfiesim.scene.attitude import AttitudeSection
    from selfiesim.scene.scene import Scene


def toward(host: Host, almanac: Almanac, target: str, epoch: Epoch, state: State) -> Vector:
    """Unit vector (3,), ICRF axes, from the craft toward one of :data:`selfiesim.motion.pointing_laws.TARGETS`."""
    return pointing_laws.target_direction(target, host.body, epoch, state, almanac, host.local_vertical(epoch, state))


def attitude_law(
    scene: Scene, part: AttitudeSection, host: Host, almanac: Almanac, kernels: Kernels | None, key: str = "attitude"
) -> AttitudeLaw:
    """The law that ``part`` of ``scene`` describes for what moves as ``host`` does; its spin is left out.

    Raises
    ------
    SceneError
        Now for a file that cannot be used, from the law for axes that are parallel; ``key`` is where it is written.
    """
    if part.quaternion_icrf_to_body is not None:
        held = quaternion_to_matrix(unit(np.array(part.quaternion_icrf_to_body)))
        return lambda _epoch, _state: held
    if part.aem is not None:
        from selfiesim.astro.ccsds import read_aem

        message = read_aem(scene.resolve_file(f"{key}.aem", part.aem, "it"), part.object_id)
        return lambda epoch, _state: message.icrf_to_body(epoch)
    if part.ck_frame is not None:
        assert kernels is not None
        source, frame = kernels, part.ck_frame
        return lambda epoch, _state: source.icrf_to_body(frame, epoch)
    first, second = np.array(part.primary.axis), np.array(part.secondary.axis)

    def pointed(epoch: Epoch, state: State) -> Matrix:
        try:
            return pointing_laws.icrf_to_body(
                first,
                toward(host, almanac, part.primary.toward, epoch, state),
                second,
                toward(host, almanac, part.secondary.toward, epoch, state),
            )
        except ValueError as error:
            raise SceneError(f"{key}: primary and secondary must not be parallel, neither axes nor targets") from error

    return pointed


def add_spin(law: AttitudeLaw, part: AttitudeSection, start: Epoch) -> AttitudeLaw:
    """The law, with the craft turning about its primary axis: as the law has it at ``start``."""
    if not part.spin_deg_s:
        return law
    axis, rate = unit(np.array(part.primary.axis)), np.radians(part.spin_deg_s)
    return lambda epoch, state: rotation_about(axis, -rate * (epoch - start)) @ law(epoch, state)
