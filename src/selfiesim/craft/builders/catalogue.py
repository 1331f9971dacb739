"""The vehicles that can be built: what each is, its parameters, and how to change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import ModelError
from selfiesim.craft.builders import (
    hayabusa2,
    ikaros,
    juice,
    ryugu,
    tianwen1_camera,
    tianwen1_cruise,
    tianwen1_lander,
    tianwen1_orbiter,
    zhurong,
)

_MIN_FACTOR, _MAX_FACTOR = 0.5, 2.0  # of the default: what a length or an angle may be changed to
_MAX_COUNT = 8
_MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class Vehicle:
    """``summary`` it is in a few words, the dataclass of its ``sizes``, and what makes the ``glb`` bytes from them."""

    summary: str
    sizes: type[Any]
    glb: Callable[[Any], bytes]

    @property
    def defaults(self) -> dict[str, Any]:
        """Each parameter and its default: a number, or three of them."""
        known = {each.name: each.default for each in fields(self.sizes)}
        return {name: value for name, value in known.items() if _is_settable(value)}


VEHICLES: dict[str, Vehicle] = {
    "hayabusa2": Vehicle("the asteroid explorer Hayabusa2", hayabusa2.Hayabusa2Sizes, hayabusa2.glb),
    "ikaros": Vehicle("IKAROS, its sail spread", ikaros.SailSizes, ikaros.glb),
    "juice": Vehicle("the Jupiter Icy Moons Explorer, all booms out", juice.JuiceSizes, juice.glb),
    "ryugu": Vehicle("the asteroid Ryugu, a top 1 km across", ryugu.AsteroidSizes, ryugu.glb),
    "tianwen1-camera": Vehicle("the camera that Tianwen-1 released", tianwen1_camera.CameraSizes, tianwen1_camera.glb),
    "tianwen1-cruise": Vehicle(
        "Tianwen-1 on its way to Mars, with its capsule", tianwen1_cruise.CruiseSizes, tianwen1_cruise.glb
    ),
    "tianwen1-orbiter": Vehicle(
        "Tianwen-1 in Mars orbit, its capsule gone", tianwen1_orbiter.OrbiterSizes, tianwen1_orbiter.glb
    ),
    "tianwen1-lander": Vehicle(
        "Tianwen-1's landing platform, its rover gone", tianwen1_lander.LanderSizes, tianwen1_lander.glb
    ),
    "zhurong": Vehicle("the rover Zhurong, its panels spread", zhurong.RoverSizes, zhurong.glb),
}


def _is_settable(value: Any) -> bool:
    """Whether a parameter can be given in a command: a number or three, not an outline."""
    return isinstance(value, (int, float)) or (
        isinstance(value, tuple) and len(value) == 3 and all(isinstance(v, float) for v in value)
    )


def find_vehicle(name: str) -> Vehicle:
    """The vehicle of that name.

    Raises
    ------
    ModelError
        When there is none; names the nearest.
    """
    if name not in VEHICLES:
        hint = did_you_mean(name, VEHICLES)
        raise ModelError(f"{name[:60]!r} is not a vehicle that can be built; there are {', '.join(VEHICLES)}{hint}")
    return VEHICLES[name]


def build_glb(name: str, changes: Mapping[str, str]) -> bytes:
    """The GLB of a vehicle, some of its parameters given as text: ``{"wing_span_m": "16"}``.

    Raises
    ------
    ModelError
        For an unknown vehicle or parameter, a value out of its range, sizes that do not go together.
    """
    found = find_vehicle(name)
    defaults = found.defaults
    for key in changes:
        if key not in defaults:
            known = "\n".join(f"  {line}" for line in describe_parameters(found))
            raise ModelError(f"{name} has no parameter {key[:60]!r}{did_you_mean(key, defaults)}; it has\n{known}")
    return found.glb(found.sizes(**{key: _parse_value(key, text, defaults[key]) for key, text in changes.items()}))


def describe_parameters(found: Vehicle) -> list[str]:
    """A line for each parameter: its name, its default and its range."""
    return [f"{key} = {_format_value(value)} ({_describe_range(value)})" for key, value in found.defaults.items()]


def _limits(default: float) -> tuple[float, float]:
    low, high = sorted((_MIN_FACTOR * default, _MAX_FACTOR * default))
    return (low, high) if default else (-0.5, 0.5)


def _describe_range(default: Any) -> str:
    if isinstance(default, tuple):
        return "three numbers with commas, each from -1 to 1"
    if isinstance(default, int):
        return f"0 to {_MAX_SEED}" if default > _MAX_COUNT else f"1 to {_MAX_COUNT}"
    low, high = _limits(default)
    return f"{low:g} to {high:g}"


def _format_value(value: Any) -> str:
    return ",".join(f"{v:g}" for v in value) if isinstance(value, tuple) else f"{value}"


def _parse_value(key: str, text: str, default: Any) -> Any:
    """The text as the kind of number that the default is, if it is in its range."""
    try:
        if isinstance(default, tuple):
            numbers = tuple(float(part) for part in text.split(","))
            is_valid = len(numbers) == 3 and all(abs(v) <= 1.0 for v in numbers) and any(numbers)
            value: Any = numbers
        elif isinstance(default, int):
            value = int(text)
            is_valid = 0 <= value <= _MAX_SEED if default > _MAX_COUNT else 1 <= value <= _MAX_COUNT
        else:
            value = float(text)
            low, high = _limits(default)
            is_valid = low <= value <= high
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ModelError(
            f"--param {key}={text[:40]}: {_describe_range(default)}; the default is {_format_value(default)}"
        )
    return value
