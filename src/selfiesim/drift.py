"""The path after the release: craft and camera each on its own orbit, and the difference between them."""

from __future__ import annotations

from selfiesim.orbit import State, propagate


def relative_state(host: State, camera: State, seconds: float, gm: float) -> State:
    """Camera minus craft, ``seconds`` after both states were given: position (m) and velocity (m/s), same axes.

    Both are moved by the exact two-body motion and subtracted. Two doubles of 4e6 m leave about 1e-8 m, so the
    millimetres of a 20 m drift are safe.
    """
    craft_later = propagate(host, seconds, gm)
    camera_later = propagate(camera, seconds, gm)
    return State(
        camera_later.position - craft_later.position,
        camera_later.velocity - craft_later.velocity,
    )
