"""The section ``[ground]``: the ground that a lens close to it sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, Strict

from selfiesim.scene.section import Section

if TYPE_CHECKING:
    pass


GROUND_NAME = "ground"
"""What layers call it; no object may have that name."""

SiteOffset = Annotated[float, Field(ge=-2000, le=2000)]

EastNorth = Annotated[tuple[SiteOffset, SiteOffset], Strict(False)]

Fraction = Annotated[float, Field(ge=0.001, le=1.0)]


class PadSection(Section):
    """Level ground where a vehicle stands."""

    at_m: EastNorth = Field((0.0, 0.0), description="Its middle, east and north of the craft's origin.")
    radius_m: float = Field(1.4, gt=0, le=100, description="How far it is level.")


class TrackSection(Section):
    """Where wheels have rolled."""

    path_m: Annotated[tuple[EastNorth, ...], Strict(False)] = Field(
        min_length=2, max_length=100, description="Points of the way, each east and north of the craft's origin."
    )
    half_m: float = Field(0.60, gt=0, le=10, description="From the middle of the way to the middle of a rut.")
    width_m: float = Field(0.22, gt=0, le=2, description="Of a rut.")
    depth_m: float = Field(0.014, ge=0, le=0.5, description="Of a rut.")


class BlastSection(Section):
    """The dark zone that landing engines blew free of dust."""

    at_m: EastNorth = Field((0.0, 0.0), description="Its middle.")
    radius_m: float = Field(6.0, gt=0, le=500, description="Where the darkening has fallen to a third.")
    darker: float = Field(0.30, ge=0, le=0.9, description="How much darker in the middle, in red light.")


class CraterSection(Section):
    """A small bowl with a raised rim."""

    at_m: EastNorth = Field(description="Its middle.")
    radius_m: float = Field(gt=0.2, le=500, description="Of its rim.")
    depth_m: float = Field(gt=0, le=100, description="From the rim down to the floor.")


class GroundSection(Section):
    """The ground as seen by a lens on it: needs [site] on Mars. The globe is not drawn then."""

    seed: int = Field(1, ge=0, le=1_000_000, description="Another seed, another ground.")
    rock_share: float = Field(
        0.05, ge=0.001, le=0.4, description="Share of the ground under rocks: k of Golombek and Rapp's law."
    )
    largest_rock_m: float = Field(3.0, ge=0.05, le=10, description="Larger ones are left out.")
    rocks_reach_m: float = Field(70.0, ge=5, le=300, description="How far from the lens rocks lie.")
    clod_share: float = Field(0.12, ge=0, le=0.4, description="Share under clods of broken crust.")
    reflectance: Annotated[tuple[Fraction, Fraction, Fraction], Strict(False)] | None = Field(
        None, description="Of the dust at 620, 550 and 460 nm; default: the map's at the site."
    )
    cell_rad: float = Field(
        0.0032, ge=0.0025, le=0.05, description="Fineness of the mesh in final pictures: a cell seen from the lens."
    )
    draft_cell_rad: float = Field(0.008, ge=0.0025, le=0.05, description="The same in drafts.")
    pads: Annotated[tuple[PadSection, ...], Strict(False)] = Field(
        (PadSection(),), max_length=32, description="Where vehicles stand; default: one under the craft."
    )
    tracks: Annotated[tuple[TrackSection, ...], Strict(False)] = Field(
        (), max_length=16, description="Where wheels have rolled."
    )
    craters: Annotated[tuple[CraterSection, ...], Strict(False)] = Field(
        (), max_length=32, description="Small craters."
    )
    blast: BlastSection | None = Field(None, description="The dark zone of a landing.")
