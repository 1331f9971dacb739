"""The section ``[craft]``: mesh, joint angles, materials and decals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, Strict

from selfiesim.scene.section import Angle, Axis, FileName, Rate, Section

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft

JointAngles = dict[str, Annotated[tuple[Angle, ...], Strict(False), Field(min_length=1, max_length=2)]]
JointRates = dict[str, Annotated[tuple[Rate, ...], Strict(False), Field(min_length=1, max_length=2)]]


class DecalSection(Section):
    """An image applied to the craft: a flag, an emblem, a logo."""

    mount: str = Field(description="A mount point named in the model's description: position and outward direction.")
    image: FileName = Field(description="An image file (PNG, JPEG, WebP, ...) next to the scene file.")
    width_m: float = Field(gt=0, le=1000, description="Width; the height follows from the image's aspect ratio.")
    up: Axis | None = Field(None, description="Up direction of the image in body axes; default: +Z, or +X on a Z wall.")


class ModelSection(Section):
    """A mesh with joints, materials and decals."""

    model: FileName = Field(description="Name of a shipped model, or a mesh file next to the scene file.")
    joints_deg: JointAngles = Field(
        default_factory=dict,
        max_length=100,
        description="Joint angles by name, one or two each; default: the joint tracks its target in the description.",
    )
    joints_deg_s: JointRates = Field(
        default_factory=dict,
        max_length=100,
        description="Joint rates by name, added to the angles from the release on, or from the moment `at` of a scene "
        "whose camera is mounted.",
    )
    materials: dict[str, str] = Field(
        default_factory=dict,
        max_length=200,
        description="Replacements for materials of the mesh: library name (`models materials`) by material name.",
    )
    decals: Annotated[tuple[DecalSection, ...], Strict(False)] = Field(
        (), max_length=32, description="Images applied to its walls."
    )


class CraftSection(ModelSection):
    """The craft that carries or released the camera."""

    mass_kg: float | None = Field(
        None, gt=0, le=1e7, description="Mass without the camera; default: that of the model."
    )


def load_finished_craft(
    source: str | Path, section: ModelSection, key: str, resolve_file: Callable[[str, str, str], Path]
) -> Craft:
    """Load a craft with the materials and decals of a section.

    Parameters
    ----------
    source : str or Path
        Name of a shipped model, or a mesh file.
    section : ModelSection
        The section.
    key : str
        Its key path, to name in errors.
    resolve_file : callable
        From key path, file name and what the file is to its path.

    Raises
    ------
    UserError
        For a mesh or an image that cannot be used; the message names the key.
    """
    from selfiesim.craft.decals import Decal, apply_decals
    from selfiesim.craft.load import file_stamp, load_craft
    from selfiesim.craft.material_overrides import apply_finishes

    craft = apply_finishes(load_craft(source), tuple(section.materials.items()), f"{key}.materials")
    decals = []
    for number, each in enumerate(section.decals):
        where = f"{key}.decals[{number}]"
        image = resolve_file(f"{where}.image", each.image, "the picture")
        decals.append(Decal(each.mount, image, each.width_m, each.up, where, file_stamp(image)))
    return apply_decals(craft, tuple(decals))
