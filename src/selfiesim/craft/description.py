"""The description of a model file: frame, joints, mounts, mass, and material properties that mesh formats lack.

It is a TOML file next to the mesh, with the same stem. An unknown key is an error that names the nearest known key,
because a misspelt key that is silently ignored gives a wrong image.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from selfiesim.core.config_validation import explain_validation_error, read_toml_table
from selfiesim.core.errors import ModelError
from selfiesim.core.untrusted.plain_values import plain_table

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
                raise ValueError("the rows must be three perpendicular unit vectors")
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

    Attributes
    ----------
    body_from_gltf : (3, 3) float
        Rotation from the file's axes to body axes.
    up : {"x", "y", "z"}, optional
        Instead of ``body_from_gltf``, the axis of the file that becomes body +Z.
    units : {"mm", "cm", "m", "km", "in", "ft"}, optional
        The file's unit.
    metres_per_unit : float, optional
        Instead of ``units``, the size of the file's unit.
    longest_m : float, optional
        Instead of ``units``, the length of the longest side of the mesh's bounding box.
    origin : (3,) float, optional
        Origin of the body axes in the file, in the file's unit.
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
                raise ValueError(f"{given[0]}: conflicts with {given[1]}; give only one of the two")
        return self

    def declared_metres_per_unit(self, longest_side: float) -> float | None:
        """Return the declared size of the file's unit, m; ``longest_side`` is that of the mesh, in the file's unit."""
        if self.longest_m is not None:
            return self.longest_m / longest_side
        return METRES_PER_UNIT[self.units] if self.units else self.metres_per_unit


class Mass(_StrictModel):
    """Mass in kg, and the source of the value."""

    mass_kg: Annotated[FiniteFloat, Field(gt=0.0)]
    source: str = ""


class Joint(_StrictModel):
    """A joint that rotates part of the craft; positions and directions in body axes.

    Attributes
    ----------
    node : str
        The node that rotates.
    origin_m : (3,) float
        A point on the axes.
    axes : one or two (3,) float
        Rotation axes, the outer first.
    zero_normal : (3,) float
        Direction that the part faces when every angle is zero.
    tracks : {"sun", "earth", "nothing"}
        What the joint keeps the part pointed at.
    limits_deg : tuple of (float, float), optional
        Lowest and highest angle about each axis.
    """

    node: str
    origin_m: Vector
    axes: Annotated[tuple[Direction, ...], Field(min_length=1, max_length=2)]
    zero_normal: Direction
    tracks: Literal["sun", "earth", "nothing"] = "nothing"
    limits_deg: tuple[tuple[FiniteFloat, FiniteFloat], ...] | None = None


class Mount(_StrictModel):
    """A place on the craft for a camera or a decal, in body axes.

    Attributes
    ----------
    position_m : (3,) float
    axis : (3,) float
        Outward direction.
    leaves : str
        Name, or prefix of the names, of the nodes that leave the craft with a released camera.
    """

    position_m: Vector
    axis: Direction
    leaves: str = ""


class MaterialOverride(_StrictModel):
    """Properties that override those of a mesh file's material, see :class:`selfiesim.craft.model.Material`.

    ``finish`` replaces the whole material by one from the library.
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
    law: Literal["lunar", "mercury", "c-type"] | None = None

    @model_validator(mode="after")
    def _check_finish_alone(self) -> MaterialOverride:
        others = sorted(self.model_fields_set - {"finish"})
        if self.finish is not None and others:
            raise ValueError(f"finish: replaces the whole material; leave out {', '.join(others)}")
        return self


class ModelDescription(_StrictModel):
    """The content of a description file."""

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
    """Read a description file and return it with its bytes.

    Raises
    ------
    ModelError
        Names the file, the key and, for an unknown key, the nearest known one.
    """
    table, content = read_toml_table(path, "a craft's description", ModelError)
    table = plain_table(table, ModelError, str(path))
    if "orbit" in table:
        raise ModelError(f"{path}: is a scene, not a description; rename it or the mesh of the same name")
    try:
        return ModelDescription.model_validate(table), content
    except ValidationError as error:
        raise ModelError(
            "\n".join(f"{path}: {line}" for line in explain_validation_error(error, ModelDescription))
        ) from error
