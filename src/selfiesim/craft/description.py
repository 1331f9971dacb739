"""The description beside a model file: frame, joints, mounts, mass, and what a mesh format cannot say of materials.

One TOML file, same stem as the mesh. Unknown keys are errors, with the nearest known key named, because a misspelt
key that is silently dropped gives a wrong picture.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from selfiesim.core.config_validation import explain_validation_error, read_toml_table
from selfiesim.core.errors import ModelError

Vector = tuple[FiniteFloat, FiniteFloat, FiniteFloat]
UnitInterval = Annotated[float, Field(ge=0.0, le=1.0)]


def _normalize(vector: Vector) -> Vector:
    length = math.sqrt(sum(v * v for v in vector))
    if length < 1e-9:
        raise ValueError("a direction cannot be (0, 0, 0)")
    return vector[0] / length, vector[1] / length, vector[2] / length


def _check_rotation(rows: tuple[Vector, Vector, Vector]) -> tuple[Vector, Vector, Vector]:
    for i in range(3):
        for j in range(3):
            if abs(sum(a * b for a, b in zip(rows[i], rows[j], strict=True)) - (i == j)) > 1e-6:
                raise ValueError("the rows must be three unit vectors at right angles")
    (a, b, c), (d, e, f), (g, h, k) = rows
    if a * (e * k - f * h) - b * (d * k - f * g) + c * (d * h - e * g) < 0.0:
        raise ValueError("the rows mirror the model; a rotation has determinant +1")
    return rows


Direction = Annotated[Vector, AfterValidator(_normalize)]
Rotation = Annotated[tuple[Vector, Vector, Vector], AfterValidator(_check_rotation)]


class _StrictModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


METRES_PER_UNIT = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3, "in": 0.0254, "ft": 0.3048}
Positive = Annotated[FiniteFloat, Field(gt=0.0)]


class Frame(_StrictModel):
    """From the file's axes and unit to body axes in metres: ``body = body_from_gltf @ (file - origin) * metres``.

    The axes: ``body_from_gltf``, or ``up``, the axis of the file that becomes body +Z. The unit: ``units``, or
    ``metres_per_unit``, or ``longest_m``, what the longest side of the box round the mesh measures. ``origin`` is where
    in the file, in its own unit, the origin of the body axes lies.
    """

    body_from_gltf: Rotation = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    up: Literal["x", "y", "z"] | None = None
    units: Literal["mm", "cm", "m", "km", "in", "ft"] | None = None
    metres_per_unit: Positive | None = None
    longest_m: Positive | None = None
    origin: Vector | None = None

    @model_validator(mode="after")
    def _check_exclusive(self) -> Frame:
        for keys in (("up", "body_from_gltf"), ("units", "metres_per_unit", "longest_m")):
            given = [key for key in keys if key in self.model_fields_set]
            if len(given) > 1:
                raise ValueError(f"{given[0]}: {given[1]} says the same; give one of the two")
        return self

    def declared_metres_per_unit(self, longest_side: float) -> float | None:
        """Metres that one of the file's units stands for, where the box round the mesh is ``longest_side`` of them long."""
        if self.longest_m is not None:
            return self.longest_m / longest_side
        return METRES_PER_UNIT[self.units] if self.units else self.metres_per_unit


class Mass(_StrictModel):
    """Mass in kg, and where the number comes from."""

    mass_kg: Annotated[FiniteFloat, Field(gt=0.0)]
    source: str = ""


class Joint(_StrictModel):
    """A part that turns: the node that moves, a point on its axes, one or two axes (the outer first), body axes.

    ``zero_normal`` is where the part looks when every angle is zero; ``tracks`` is what it is kept pointed at.
    """

    node: str
    origin_m: Vector
    axes: Annotated[tuple[Direction, ...], Field(min_length=1, max_length=2)]
    zero_normal: Direction
    tracks: Literal["sun", "earth", "nothing"] = "nothing"
    limits_deg: tuple[tuple[FiniteFloat, FiniteFloat], ...] | None = None


class Mount(_StrictModel):
    """Where a camera is fixed before its release: position and outward axis, body axes.

    ``leaves`` is the node (or the first part of the names of several) that goes with the camera.
    """

    position_m: Vector
    axis: Direction
    leaves: str = ""


class MaterialOverride(_StrictModel):
    """What to add to, or put in place of, a material of the mesh file: see :class:`selfiesim.craft.model.Material`.

    ``finish`` puts a material of the library in its place, whole.
    """

    finish: str | None = None
    base_color: tuple[UnitInterval, UnitInterval, UnitInterval] | None = None
    metallic: UnitInterval | None = None
    roughness: UnitInterval | None = None
    crumple: UnitInterval = 0.0
    crumple_scale_m: Positive = 0.1
    clearcoat: UnitInterval | None = None
    clearcoat_roughness: UnitInterval | None = None
    anisotropy: Annotated[float, Field(ge=-1.0, le=1.0)] | None = None
    anisotropy_rotation: FiniteFloat | None = None
    ior: Annotated[float, Field(ge=1.0, le=10.0)] | None = None
    specular: UnitInterval | None = None
    specular_color: tuple[UnitInterval, UnitInterval, UnitInterval] | None = None

    @model_validator(mode="after")
    def _check_finish_alone(self) -> MaterialOverride:
        others = sorted(self.model_fields_set - {"finish"})
        if self.finish is not None and others:
            raise ValueError(f"finish: is a whole material of the library; leave out {', '.join(others)}")
        return self


class ModelDescription(_StrictModel):
    """A whole description file."""

    name: str = ""
    description: str = ""
    licence: str = ""
    frame: Frame = Frame()
    sources: dict[str, str] = {}
    assumed: dict[str, str] = {}
    mass: Mass | None = None
    joints: dict[str, Joint] = {}
    mounts: dict[str, Mount] = {}
    materials: dict[str, MaterialOverride] = {}


def read_description(path: Path) -> tuple[ModelDescription, bytes]:
    """The description at ``path`` and the bytes it was read from.

    Raises
    ------
    ModelError
        Names the file, the key and, for an unknown key, the nearest known one.
    """
    table, content = read_toml_table(path, "a craft's description", ModelError)
    if "orbit" in table:
        raise ModelError(f"{path}: is a scene; a mesh of the same name needs another one, or the scene does")
    try:
        return ModelDescription.model_validate(table), content
    except ValidationError as error:
        raise ModelError(
            "\n".join(f"{path}: {line}" for line in explain_validation_error(error, ModelDescription))
        ) from error
