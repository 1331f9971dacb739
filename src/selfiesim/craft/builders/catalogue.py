"""The vehicles that can be built, and their parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import ModelError
from selfiesim.craft.builders import (
    bepicolombo,
    change6,
    cubesat,
    hayabusa2,
    ikaros,
    juice,
    nova_c,
    orion,
    rosetta,
    ryugu,
    shenzhou7,
    tianwen1_camera,
    tianwen1_cruise,
    tianwen1_lander,
    tianwen1_orbiter,
    zhurong,
)

_MIN_FACTOR, _MAX_FACTOR = 0.5, 2.0  # range of a length or an angle, relative to its default
_MAX_COUNT = 8
_MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class Vehicle:
    """A vehicle that can be built.

    Attributes
    ----------
    sizes : type
        The dataclass of its parameters.
    glb : callable
        Builds the bytes of the model file from an instance of ``sizes``.
    """

    sizes: type[Any]
    glb: Callable[[Any], bytes]

    @property
    def defaults(self) -> dict[str, Any]:
        """The default of each parameter that can be set: a number, or three of them."""
        known = {field.name: field.default for field in fields(self.sizes)}
        return {name: value for name, value in known.items() if _is_settable(value)}


VEHICLES: dict[str, Vehicle] = {
    "change6-lander": Vehicle(change6.Change6Sizes, change6.glb),
    "cubesat": Vehicle(cubesat.CubesatSizes, cubesat.glb),
    "bepicolombo": Vehicle(bepicolombo.BepiColomboSizes, bepicolombo.glb),
    "hayabusa2": Vehicle(hayabusa2.Hayabusa2Sizes, hayabusa2.glb),
    "ikaros": Vehicle(ikaros.SailSizes, ikaros.glb),
    "juice": Vehicle(juice.JuiceSizes, juice.glb),
    "nova-c": Vehicle(nova_c.NovaCSizes, nova_c.glb),
    "orion": Vehicle(orion.OrionSizes, orion.glb),
    "rosetta": Vehicle(rosetta.RosettaSizes, rosetta.glb),
    "ryugu": Vehicle(ryugu.AsteroidSizes, ryugu.glb),
    "shenzhou7": Vehicle(shenzhou7.Shenzhou7Sizes, shenzhou7.glb),
    "tianwen1-camera": Vehicle(tianwen1_camera.CameraSizes, tianwen1_camera.glb),
    "tianwen1-cruise": Vehicle(tianwen1_cruise.CruiseSizes, tianwen1_cruise.glb),
    "tianwen1-orbiter": Vehicle(tianwen1_orbiter.OrbiterSizes, tianwen1_orbiter.glb),
    "tianwen1-lander": Vehicle(tianwen1_lander.LanderSizes, tianwen1_lander.glb),
    "zhurong": Vehicle(zhurong.RoverSizes, zhurong.glb),
}


def _is_settable(value: Any) -> bool:
    """Whether a parameter can be set on the command line: a number or three, not an outline."""
    return isinstance(value, (int, float)) or (
        isinstance(value, tuple) and len(value) == 3 and all(isinstance(v, float) for v in value)
    )


def find_vehicle(name: str) -> Vehicle:
    """Look up a vehicle by name.

    Raises
    ------
    ModelError
        For an unknown name; the message suggests the closest one.
    """
    if name not in VEHICLES:
        hint = did_you_mean(name, VEHICLES)
        raise ModelError(f"unknown vehicle {name[:60]!r}; choose one of {', '.join(VEHICLES)}{hint}")
    return VEHICLES[name]


def build_glb(name: str, changes: Mapping[str, str]) -> bytes:
    """Build the GLB file of a vehicle.

    Parameters
    ----------
    name : str
        One of ``VEHICLES``.
    changes : mapping
        Parameters to change and their new values as text, such as ``{"wing_span_m": "16"}``.

    Raises
    ------
    ModelError
        For an unknown vehicle or parameter, a value out of range, or sizes that are inconsistent.
    """
    found = find_vehicle(name)
    defaults = found.defaults
    for key in changes:
        if key not in defaults:
            known = "\n".join(f"  {line}" for line in describe_parameters(found))
            hint = did_you_mean(key, defaults)
            raise ModelError(f"{name} has no parameter {key[:60]!r}{hint or '.'} Its parameters are:\n{known}")
    return found.glb(found.sizes(**{key: _parse_value(key, text, defaults[key]) for key, text in changes.items()}))


def describe_parameters(found: Vehicle) -> list[str]:
    """Describe each parameter in one line: its name, default and range."""
    return [f"{key} = {_format_value(value)} ({_describe_range(value)})" for key, value in found.defaults.items()]


def _limits(default: float) -> tuple[float, float]:
    """The range of a length or an angle."""
    low, high = sorted((_MIN_FACTOR * default, _MAX_FACTOR * default))
    return (low, high) if default else (-0.5, 0.5)


def _describe_range(default: Any) -> str:
    if isinstance(default, tuple):
        return "three comma-separated numbers, each from -1 to 1, not all 0"
    if isinstance(default, int):
        return f"0 to {_MAX_SEED}" if default > _MAX_COUNT else f"1 to {_MAX_COUNT}"
    low, high = _limits(default)
    return f"{low:g} to {high:g}"


def _format_value(value: Any) -> str:
    return ",".join(f"{v:g}" for v in value) if isinstance(value, tuple) else f"{value}"


def _parse_value(key: str, text: str, default: Any) -> Any:
    """Convert the text to the type of the default and check its range."""
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
            f"--param {key}={text[:40]}: must be {_describe_range(default)}; the default is {_format_value(default)}"
        )
    return value
