"""Releases thrown by a scene's own scatter, as changes of its ``[release]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.analysis.dispersion import drawn
from selfiesim.core.errors import BatchError, SceneError
from selfiesim.scene.moments import parse_moment

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


def thrown(scene: Scene, count: int) -> list[tuple[dict[str, Any], float]]:
    """``count`` releases: what to change of the scene by key path, and by how many seconds each comes late.

    They are those of ``selfiesim drift --samples``, thrown by the same dice.

    Raises
    ------
    BatchError
        When the scene has no ``[release.scatter]``, or its scatter makes a push that no spring gives.
    """
    departure, part = scene.plan().departure, scene.release
    if departure is None or part is None or part.scatter is None:
        raise BatchError("releases: the scene has no [release.scatter]; write for example tilt_deg = { normal = 2.0 }")
    try:
        draws = drawn(scene, departure, count)
    except ValueError as error:
        raise BatchError(f"releases: release.scatter: {error}") from error
    speeds = departure.release.speed + draws.speed
    if float(speeds.min()) <= 0.0:
        raise BatchError("releases: release.scatter: some draws push inward; lower the speed's spread")
    found = []
    for k in range(count):
        late = float(draws.delay[k])
        changes: dict[str, Any] = {
            "release.tilt_deg": [float(x) for x in np.array(part.tilt_deg) + np.degrees(draws.tilt[k])],
            "release.spin_deg_s": float(part.spin_deg_s + np.degrees(draws.spin[k])),
            "release.tip_off_deg_s": [float(x) for x in np.array(part.tip_off_deg_s) + np.degrees(draws.tip_off[k])],
            "release.at": _shifted(part.at, late),
        }
        if part.spring_energy_j:
            changes["release.spring_energy_j"] = float(
                part.spring_energy_j * (speeds[k] / departure.release.speed) ** 2
            )
        else:
            changes["release.speed_m_s"] = float(speeds[k])
        found.append((changes, late))
    return found


def _shifted(moment: str, seconds: float) -> str:
    """The moment so many seconds later."""
    if seconds == 0.0:
        return moment
    try:
        told = parse_moment(moment)
    except SceneError as error:  # the scene has taken it already
        raise BatchError(f"release.at: {error}") from error
    if isinstance(told, tuple):
        return f"{told[0]}{told[1] + seconds:+.9f}s"
    return (told + seconds).utc(9)
