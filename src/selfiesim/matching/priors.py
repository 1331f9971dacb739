"""What a scene says about its assumed values: the plausible ranges in the reasons under ``[assumed]``."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from selfiesim.camera.pinhole import Camera
from selfiesim.matching.parameters import Parameters

_NUMBER = r"(-?\d+(?:,\d{3})*(?:\.\d+)?)"
_RANGE = re.compile(rf"{_NUMBER}(?:\s?[a-z%°/]+)?\s+to\s+{_NUMBER}")


class Prior(NamedTuple):
    """What is known of an unknown before any point: its column, mean and standard deviation, and where that is from.

    Mean and deviation are internal values: differences from the scene, see :mod:`selfiesim.matching.parameters`.
    """

    column: int
    mean: float
    sigma: float
    source: str


def plausible_range(reason: str) -> tuple[float, float] | None:
    """Return the range that a reason calls plausible, as in "60 to 120 is plausible"; None without one."""
    for sentence in re.split(r"[;.]\s", reason):
        found = _RANGE.search(sentence)
        if found and "plausible" in sentence:
            low, high = (float(number.replace(",", "")) for number in found.groups())
            return (low, high) if low < high else None
    return None


def find_priors(parameters: Parameters, focal_ratio: tuple[float, float, str] | None = None) -> list[Prior]:
    """Return the priors of a fit: assumed ranges of the scene, and a focal length from Exif.

    A plausible range counts as a uniform distribution: its middle, and its width over the square root of 12.

    Parameters
    ----------
    parameters : Parameters
        What is solved for.
    focal_ratio : tuple, optional
        Change of the focal length relative to the scene's, its standard deviation, and where that is from;
        it replaces the scene's range.
    """
    names = parameters.names
    priors: list[Prior] = []
    assumed = parameters.setup.shot.assumed
    preset = parameters.setup.scene.camera.preset
    for name, key in (
        ("focal length", "camera.horizontal_fov_deg"),
        ("focal length", f"{preset}: horizontal_fov_deg"),
        ("time", "at"),
        ("speed", "release.speed_m_s"),
    ):
        bounds = plausible_range(assumed.get(key, ""))
        is_known = any(prior.column == names.index(name) for prior in priors) if name in names else True
        if bounds is None or is_known or (name == "focal length" and focal_ratio):
            continue
        low, high = _internal_bounds(parameters, name, bounds)
        if low < high:
            source = f"assumed: {key}, {bounds[0]:g} to {bounds[1]:g}"
            priors.append(Prior(names.index(name), 0.5 * (low + high), (high - low) / np.sqrt(12.0), source))
    if focal_ratio and "focal length" in names:
        priors.append(Prior(names.index("focal length"), *focal_ratio))
    return priors


def _internal_bounds(parameters: Parameters, name: str, bounds: tuple[float, float]) -> tuple[float, float]:
    if name == "focal length":
        high, low = (_focal_change(parameters.setup.camera, fov) for fov in bounds)
        return low, high
    if name == "speed":
        state = parameters.setup.release_state
        assert state is not None
        return bounds[0] / state.release.speed - 1.0, bounds[1] / state.release.speed - 1.0
    seconds = parameters.motion.seconds_since_release
    return (0.0, 0.0) if seconds is None else (bounds[0] - seconds, bounds[1] - seconds)


def _focal_change(camera: Camera, fov_deg: float) -> float:
    try:
        other = Camera.from_fov(camera.width, camera.height, float(np.radians(fov_deg)), camera.distortion)
    except ValueError:  # wider than the lens reaches
        return 0.0
    return other.fx / camera.fx - 1.0
