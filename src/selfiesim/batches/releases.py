"""Releases thrown by a scene's own scatter, as changes of its ``[release]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.analysis.dispersion import sample_release_errors
from selfiesim.core.errors import BatchError, SceneError
from selfiesim.scene.moments import parse_moment

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


def sample_releases(scene: Scene, count: int) -> list[tuple[dict[str, Any], float]]:
    """``count`` releases: what to change of the scene by key path, and by how many seconds each comes late.

    They are those of ``selfiesim drift --samples``, thrown by the same dice.

    Raises
    ------
    BatchError
        When the scene has no ``[release.scatter]``, or its scatter makes a push that no spring gives.
    """
    release_state, part = scene.resolved().release_state, scene.release
    if release_state is None or part is None or part.scatter is None:
        raise BatchError("releases: the scene has no [release.scatter]; write for example tilt_deg = { normal = 2.0 }")
    try:
        samples = sample_release_errors(scene, release_state, count)
    except ValueError as error:
        raise BatchError(f"releases: release.scatter: {error}") from error
    speeds = release_state.release.speed + samples.speed
    if float(speeds.min()) <= 0.0:
        raise BatchError("releases: release.scatter: some draws push inward; lower the speed's spread")
    found = []
    for k in range(count):
        delay_s = float(samples.delay[k])
        changes: dict[str, Any] = {
            "release.tilt_deg": [float(x) for x in np.array(part.tilt_deg) + np.degrees(samples.tilt[k])],
            "release.spin_deg_s": float(part.spin_deg_s + np.degrees(samples.spin[k])),
            "release.tip_off_deg_s": [float(x) for x in np.array(part.tip_off_deg_s) + np.degrees(samples.tip_off[k])],
            "release.at": _shift_moment(part.at, delay_s),
        }
        if part.spring_energy_j:
            changes["release.spring_energy_j"] = float(
                part.spring_energy_j * (speeds[k] / release_state.release.speed) ** 2
            )
        else:
            changes["release.speed_m_s"] = float(speeds[k])
        found.append((changes, delay_s))
    return found


def _shift_moment(moment: str, seconds: float) -> str:
    """The moment so many seconds later."""
    if seconds == 0.0:
        return moment
    try:
        parsed = parse_moment(moment)
    except SceneError as error:  # the scene has taken it already
        raise BatchError(f"release.at: {error}") from error
    if isinstance(parsed, tuple):
        return f"{parsed[0]}{parsed[1] + seconds:+.9f}s"
    return (parsed + seconds).utc(9)
