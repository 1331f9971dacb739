"""The base class of every section of a scene file, and the types of value that several sections share."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from selfiesim.core.limits import Limit


def _check_axis(value: object) -> object:
    if isinstance(value, (list, tuple)) and value and all(part == 0 for part in value):
        raise ValueError("an axis needs a direction: at least one of its three numbers must not be 0")
    return value


def _check_axis_length(axis: Vector3) -> Vector3:
    if not 1e-6 <= max(abs(part) for part in axis) <= 1e6:
        raise ValueError("the largest component of an axis must lie between 1e-6 and 1e6")
    return axis


def _check_quaternion(value: Vector4) -> Vector4:
    if not 0.999 <= sum(part * part for part in value) ** 0.5 <= 1.001:
        raise ValueError("a quaternion (x, y, z, w) must have length 1")
    return value


Vector3 = tuple[float, float, float]

Vector4 = tuple[float, float, float, float]

# TOML has lists but no tuples: only the numbers inside are checked strictly.
Axis = Annotated[Vector3, Strict(False), BeforeValidator(_check_axis), AfterValidator(_check_axis_length)]

Quaternion = Annotated[Vector4, Strict(False), AfterValidator(_check_quaternion)]

Number = Annotated[float, Field(ge=-1e12, le=1e12)]

Vector3Value = Annotated[tuple[Number, Number, Number], Strict(False)]

Rate = Annotated[float, Field(ge=-3600, le=3600)]

Positive = Annotated[float, Field(gt=0, le=1e12)]

Angle = Annotated[float, Field(ge=-360, le=360)]

FileName = Annotated[str, Field(min_length=1, max_length=1000)]


def _check_text(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in text):
        raise ValueError("text must not contain control characters")
    return text


Text = Annotated[str, AfterValidator(_check_text)]

CameraKind = Literal["ejected-camera", "boom-camera", "monitoring-camera", "landed-camera"]


def at_most(limit: Limit) -> BeforeValidator:
    """Return a check of a list's length that comes before the checks of its items."""

    def check(value: object) -> object:
        if isinstance(value, (list, tuple)) and len(value) > limit.value:
            raise ValueError(limit.excess(f"has {len(value):,} entries"))
        return value

    return BeforeValidator(check)


class Section(BaseModel):
    """A section of a scene file: unknown keys, non-finite numbers and numbers in quotes are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    def __getstate__(self) -> dict[Any, Any]:
        state = super().__getstate__()
        private = state["__pydantic_private__"]
        if private and "_resolved" in private:  # another process works it out from the files where it needs it
            state["__pydantic_private__"] = private | {"_resolved": None}
        return state
