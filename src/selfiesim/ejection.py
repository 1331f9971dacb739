"""The release: a spring pushes the camera off a mount on the craft.

What is known of the real one: about 0.2 m/s, from the outer side wall, no attitude control afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.epoch import Epoch
from selfiesim.frames import Matrix, Vector, unit
from selfiesim.orbit import State


@dataclass(frozen=True)
class Release:
    """One push-off.

    Attributes
    ----------
    epoch : Epoch
        The instant the camera leaves.
    mount : (3,) array
        Where the camera sits, body axes, m.
    axis : (3,) array
        The way it is pushed, body axes (any length).
    speed : float
        Speed gained along the axis, m/s.
    """

    epoch: Epoch
    mount: Vector
    axis: Vector
    speed: float


def camera_state(release: Release, host: State, icrf_to_body: Matrix, body_rate: Vector | None = None) -> State:
    """State of the camera just after the push, about the planet's centre, ICRF axes.

    ``host`` is the craft's state at the release and ``body_rate`` its angular velocity (rad/s, body axes, default
    none). The craft's recoil (0.68 kg against 1,600 kg: 0.04 percent of the speed) is left out.
    """
    rate = np.zeros(3) if body_rate is None else body_rate
    mount_velocity = np.cross(rate, release.mount) + release.speed * unit(release.axis)
    return State(
        host.position + icrf_to_body.T @ release.mount,
        host.velocity + icrf_to_body.T @ mount_velocity,
    )
