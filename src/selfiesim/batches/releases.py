"""Random releases drawn from a scene's scatter, as changes of its ``[release]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.analysis.dispersion import sample_release_errors
from selfiesim.core.errors import BatchError, SceneError
from selfiesim.scene.moments import parse_moment

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


# Long: a third of it is the docstring.
def sample_releases(scene: Scene, count: int) -> list[tuple[dict[str, Any], float]]:
    """Draw releases from a scene's ``[release.scatter]``.

    They are the same, number by number, as those of ``selfiesim drift --samples``.

    Returns
    -------
    list of (dict, float)
        For each release, the changes of the scene by key path, and its delay in seconds.

    Raises
    ------
    BatchError
        The scene has no ``[release.scatter]``, or its scatter includes a speed that is not positive.
    """
    release_state, section = scene.resolve().release_state, scene.release
    if release_state is None or section is None or section.scatter is None:
        raise BatchError("releases: the scene has no [release.scatter]; write for example tilt_deg = { normal = 2.0 }")
    try:
        samples = sample_release_errors(scene, release_state, count)
    except ValueError as error:
        raise BatchError(f"releases: release.scatter: {error}") from error
    speeds = release_state.release.speed + samples.speed
    if float(speeds.min()) <= 0.0:
        raise BatchError("releases: release.scatter: some samples push inward; lower the spread of the speed")
    releases = []
    for k in range(count):
        delay_s = float(samples.delay[k])
        tip_off = np.array(section.tip_off_deg_s) + np.degrees(samples.tip_off[k])
        changes: dict[str, Any] = {
            "release.tilt_deg": [float(x) for x in np.array(section.tilt_deg) + np.degrees(samples.tilt[k])],
            "release.spin_deg_s": float(section.spin_deg_s + np.degrees(samples.spin[k])),
            "release.tip_off_deg_s": [float(x) for x in tip_off],
            "release.at": _shift_moment(section.at, delay_s),
        }
        if section.spring_energy_j:
            changes["release.spring_energy_j"] = float(
                section.spring_energy_j * (speeds[k] / release_state.release.speed) ** 2
            )
        else:
            changes["release.speed_m_s"] = float(speeds[k])
        releases.append((changes, delay_s))
    return releases


def _shift_moment(moment: str, seconds: float) -> str:
    """Return the moment that is ``seconds`` later."""
    if seconds == 0.0:
        return moment
    try:
        parsed = parse_moment(moment)
    except SceneError as error:  # cannot happen: the scene is valid
        raise BatchError(f"release.at: {error}") from error
    if isinstance(parsed, tuple):
        return f"{parsed[0]}{parsed[1] + seconds:+.9f}s"
    return (parsed + seconds).utc(9)
