"""What a scene says of a craft: its mesh, how its joints stand, what it wears."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from selfiesim.scene.section import Angle, Axis, FileName, Rate, Section

JointAngles = dict[str, Annotated[tuple[Angle, ...], Strict(False), Field(min_length=1, max_length=2)]]
JointRates = dict[str, Annotated[tuple[Rate, ...], Strict(False), Field(min_length=1, max_length=2)]]


class DecalSection(Section):
    """A picture stuck onto a craft: a flag, an emblem, a logo."""

    mount: str = Field(description="A mount named in the model's description: where, and which way the wall looks.")
    image: FileName = Field(description="A picture file (PNG, JPEG, WebP ...) beside the scene.")
    width_m: float = Field(gt=0, le=1000, description="How wide it is; its height follows from the picture's shape.")
    up: Axis | None = Field(None, description="What is upward in it, body axes; default: +Z, on a Z wall +X.")


class ModelSection(Section):
    """A mesh with joints."""

    model: FileName = Field(description="A shipped model's name, or a mesh file beside the scene.")
    joints_deg: JointAngles = Field(
        default_factory=dict,
        max_length=100,
        description="Angles of joints by name, one or two each; default: what the model's description has them follow.",
    )
    joints_deg_s: JointRates = Field(
        default_factory=dict,
        max_length=100,
        description="How fast joints turn beside that, by name: at the release, or at the moment `at` of a scene whose "
        "camera is mounted, they stand as without it.",
    )
    materials: dict[str, str] = Field(
        default_factory=dict,
        max_length=200,
        description="The mesh's materials by name, and what of the library (`models materials`) is put in its place.",
    )
    decals: Annotated[tuple[DecalSection, ...], Strict(False)] = Field(
        (), max_length=32, description="Pictures stuck onto its walls."
    )


class CraftSection(ModelSection):
    """The craft in the picture."""

    mass_kg: float | None = Field(None, gt=0, le=1e7, description="Without the camera; default: the model's own.")
