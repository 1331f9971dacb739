"""The section ``[ground]``: terrain around a landed camera."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from selfiesim.scene.section import Section

GROUND_NAME = "ground"
"""Name of the ground in layers; no object may use it."""

GROUND_BODIES = ("mars", "moon")
"""Bodies whose ground is modelled."""

SiteOffset = Annotated[float, Field(ge=-2000, le=2000)]

EastNorth = Annotated[tuple[SiteOffset, SiteOffset], Strict(False)]

Fraction = Annotated[float, Field(ge=0.001, le=1.0)]


class PadSection(Section):
    """Level ground under a vehicle."""

    at_m: EastNorth = Field((0.0, 0.0), description="Centre, east and north of the craft's origin.")
    radius_m: float = Field(1.4, gt=0, le=100, description="Radius of the level ground.")
    sink_m: float = Field(0.009, ge=0, le=0.3, description="How deep what stands on it has sunk in.")


class PrintSection(Section):
    """Where a foot or a wheel has pressed the ground, with a pushed-up ring around it."""

    at_m: EastNorth = Field(description="Centre, east and north of the craft's origin.")
    radius_m: float = Field(0.14, gt=0.01, le=5, description="Radius of the pressed ground.")
    rim_m: float = Field(0.02, ge=0, le=0.3, description="Height of the ring.")


class TrackSection(Section):
    """Wheel tracks."""

    path_m: Annotated[tuple[EastNorth, ...], Strict(False)] = Field(
        min_length=2, max_length=100, description="Points along the track, east and north of the craft's origin."
    )
    half_m: float = Field(
        0.60, gt=0, le=10, description="Half the track width: from the centre line to the middle of a rut."
    )
    width_m: float = Field(0.22, gt=0, le=2, description="Width of a rut.")
    depth_m: float = Field(0.014, ge=0, le=0.5, description="Depth of a rut.")


class BlastSection(Section):
    """The dark blast zone that the landing engines cleared of dust."""

    at_m: EastNorth = Field((0.0, 0.0), description="Centre, east and north of the craft's origin.")
    radius_m: float = Field(6.0, gt=0, le=500, description="Radius at which the darkening has fallen to a third.")
    darker: float = Field(0.30, ge=0, le=0.9, description="Darkening in the middle, in red light.")


class CraterSection(Section):
    """A small bowl with a raised rim."""

    at_m: EastNorth = Field(description="Centre, east and north of the craft's origin.")
    radius_m: float = Field(gt=0.2, le=500, description="Radius of the rim.")
    depth_m: float = Field(gt=0, le=100, description="Depth from rim to floor.")


class SwellSection(Section):
    """A smooth mound or hollow."""

    at_m: EastNorth = Field(description="Centre, east and north of the craft's origin.")
    radius_m: float = Field(gt=0.2, le=500, description="Distance at which the height has fallen to 0.37 of its peak.")
    height_m: float = Field(ge=-50, le=50, description="Height of the peak; negative: a hollow.")


class GroundSection(Section):
    """Terrain around a landed camera; needs [site] on Mars or the Moon and replaces the globe."""

    seed: int = Field(1, ge=0, le=1_000_000, description="Random seed of the terrain.")
    rock_share: float = Field(
        0.05,
        ge=0.001,
        le=0.4,
        description="Fraction of the ground covered by rocks: k in the law of Golombek and Rapp.",
    )
    largest_rock_m: float = Field(3.0, ge=0.05, le=10, description="Diameter of the largest rock.")
    rocks_reach_m: float = Field(70.0, ge=5, le=300, description="Distance from the lens up to which rocks are placed.")
    clod_share: float = Field(
        0.12, ge=0, le=0.4, description="Fraction of the ground covered by clods of broken crust."
    )
    reflectance: Annotated[tuple[Fraction, Fraction, Fraction], Strict(False)] | None = Field(
        None, description="Reflectance of the dust at 620, 550 and 460 nm; default: that of the map at the site."
    )
    cell_rad: float = Field(
        0.0032, ge=0.0025, le=0.05, description="Angular size of a mesh cell seen from the lens, in final renders."
    )
    draft_cell_rad: float = Field(0.008, ge=0.0025, le=0.05, description="Angular size of a mesh cell in drafts.")
    pads: Annotated[tuple[PadSection, ...], Strict(False)] = Field(
        (PadSection(),), max_length=32, description="Level pads under vehicles; default: one under the craft."
    )
    prints: Annotated[tuple[PrintSection, ...], Strict(False)] = Field(
        (), max_length=64, description="Prints of feet and wheels."
    )
    tracks: Annotated[tuple[TrackSection, ...], Strict(False)] = Field((), max_length=16, description="Wheel tracks.")
    craters: Annotated[tuple[CraterSection, ...], Strict(False)] = Field(
        (), max_length=32, description="Small craters."
    )
    swells: Annotated[tuple[SwellSection, ...], Strict(False)] = Field(
        (), max_length=32, description="Mounds and hollows."
    )
    bare_soil: float = Field(
        1.0, ge=0, le=1, description="How much darker and redder patches are where the crust of dust is gone."
    )
    blast: BlastSection | None = Field(None, description="The dark blast zone of a landing.")
