"""Conventions of a map file: where its edges are, in which direction it runs, what its numbers mean.

Inside the project every map has the same convention: row 0 in the north, the left edge of column 0 at lon 0 E,
planetocentric latitude, pixels that are areas. A file's differences are described key by key and converted to the edges
of its rows and columns on the body; everything after that works on edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

from selfiesim.astro.bodies import BODIES
from selfiesim.core.errors import MapError

Edges = NDArray[np.float64]
Layer = Literal["albedo", "elevation", "normal"]

_ASPECT_TOLERANCE_PX = 1  # allowed deviation from 2:1: pixels of whole kilometres do not divide the globe evenly


class Conventions(BaseModel):
    """What a map's file does not state, or states wrongly; a key left out is taken from the file where possible.

    ``lon0_deg`` and ``bounds_deg`` are in the map's own direction of longitude (``positive``).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    lon0_deg: float | None = Field(
        None, ge=-360, le=360, description="Longitude of the map's left edge; default: the file's own, or -180."
    )
    positive: Literal["east", "west"] | None = Field(
        None, description="Direction in which longitude increases; default: the file's own, or east."
    )
    mirrored: bool = Field(False, description="Whether east is to the left.")
    row0: Literal["north", "south"] = Field("north", description="Where the first row is.")
    registration: Literal["pixel", "point"] | None = Field(
        None,
        description="pixel: a value fills its cell; point: it is on the grid's lines, the first on lon0_deg and on the "
        "pole. Default: pixel.",
    )
    latitude: Literal["planetocentric", "planetographic"] | None = Field(
        None, description="Latitude in which rows are evenly spaced; default: the file's own, or planetocentric."
    )
    bounds_deg: (
        Annotated[
            tuple[
                Annotated[float, Field(ge=-540, le=540)],
                Annotated[float, Field(ge=-540, le=540)],
                Annotated[float, Field(ge=-91, le=91)],
                Annotated[float, Field(ge=-91, le=91)],
            ],
            Strict(False),
        ]
        | None
    ) = Field(None, description="Left, right, bottom and top edge of a partial map: longitudes, then latitudes.")
    coding: Literal["srgb", "linear"] | None = Field(
        None,
        description="Coding of colours; default: srgb for 8 bits, else linear: reflectance at 620, 550, 460 nm.",
    )
    scale: float | None = Field(
        None, description="Value of one step; default: 1 for elevation, full scale for colours."
    )
    offset: float = Field(0.0, description="Added after the scale.")
    nodata: float | None = Field(None, description="Raw number that marks a gap; default: the file's own.")
    shape: (
        Annotated[
            tuple[Annotated[int, Field(ge=2, le=200_000)], Annotated[int, Field(ge=2, le=200_000)]], Strict(False)
        ]
        | None
    ) = Field(None, description="Width and height of a raw file without label.")
    dtype: str | None = Field(
        None,
        pattern=r"^[<>|]?([iu][1248]|f[248])$",
        description="Type of its numbers in numpy's notation, such as >i2.",
    )

    @model_validator(mode="after")
    def _check_consistency(self) -> Conventions:
        if (self.shape is None) != (self.dtype is None):
            raise ValueError("give shape and dtype together, such as shape = [1440, 720] and dtype = '>i2'")
        if self.bounds_deg is None:
            return self
        if self.lon0_deg is not None:
            raise ValueError("lon0_deg: bounds_deg already defines it; give only one of them")
        if self.mirrored:
            raise ValueError("mirrored: bounds_deg already defines it; put the left edge's longitude first")
        left, right, bottom, top = self.bounds_deg
        if bottom >= top:
            raise ValueError("bounds_deg: the order is left, right, bottom, top; bottom must be below top")
        if not 0 < abs(right - left) <= 361:
            raise ValueError("bounds_deg: left and right edge must differ, by at most 360 degrees")
        return self

    @property
    def has_placement(self) -> bool:
        """Whether these keys place the map themselves, so that the file's own placement is ignored."""
        return self.lon0_deg is not None or self.bounds_deg is not None or self.registration is not None


@dataclass(frozen=True)
class Placement:
    """Where a raster's rows and columns lie on the body.

    Attributes
    ----------
    lat_edges : (H + 1,)
        Planetocentric latitude, rad, of the edges between rows, in the file's order.
    lon_edges : (W + 1,)
        East longitude, rad, of the edges between columns, in the file's order.
    """

    lat_edges: Edges
    lon_edges: Edges

    @property
    def is_global(self) -> bool:
        """Whether the whole body is covered, to within a pixel."""
        rows, columns = len(self.lat_edges) - 1, len(self.lon_edges) - 1
        lat, lon = np.ptp(self.lat_edges), np.ptp(self.lon_edges)
        return bool(lat >= np.pi * (1 - 1.5 / rows) and lon >= 2 * np.pi * (1 - 1.5 / columns))

    @property
    def columns_per_turn(self) -> float:
        """Number of columns that a full circle of longitude would have."""
        return (len(self.lon_edges) - 1) * 2 * np.pi / float(np.ptp(self.lon_edges))


def place(conventions: Conventions, width: int, height: int, body: str, name: str) -> Placement:
    """Place a map of ``width`` x ``height`` values on a body.

    Parameters
    ----------
    conventions : Conventions
        How the map is laid out.
    width, height : int
        Columns and rows.
    body : str
        The body's name; its shape is needed for planetographic latitude.
    name : str
        The map's name, for messages.

    Raises
    ------
    MapError
        The map is not twice as wide as high and has no bounds, or its rows are planetographic and the body's shape is
        unknown.
    """
    if conventions.bounds_deg is None:
        _check_aspect(width, height, conventions, name)
    lat_deg, lon_deg = _edges_deg(conventions, width, height)
    if conventions.positive == "west":
        lon_deg = -lon_deg
    lat = np.radians(np.clip(lat_deg, -90.0, 90.0))
    if conventions.latitude == "planetographic":
        lat = planetographic_to_planetocentric(lat, body, name)
    return Placement(lat, np.radians(lon_deg))


def planetographic_to_planetocentric(planetographic_rad: Edges, body: str, name: str) -> Edges:
    """Convert planetographic to planetocentric latitude, rad, on the body's spheroid.

    Raises
    ------
    MapError
        The body's shape is unknown.
    """
    if body not in BODIES:
        raise MapError(f"{name}: the shape of {body} is unknown; use planetocentric latitude")
    equator, _, pole = BODIES[body].radii_m
    # tan(planetocentric) = (b / a)^2 tan(planetographic), in a form that stays finite at the pole.
    return np.asarray(
        np.arctan2((pole / equator) ** 2 * np.sin(planetographic_rad), np.cos(planetographic_rad)), np.float64
    )


def _check_aspect(width: int, height: int, conventions: Conventions, name: str) -> None:
    intervals = height - 1 if conventions.registration == "point" else height
    on_lines = width in (2 * (height - 1), 2 * height - 1) and (height - 1) % 90 == 0
    if conventions.registration is None and on_lines:
        raise MapError(
            f"{name}: {width}x{height} fits a grid with a row on each pole; give registration = 'point', or 'pixel' if "
            "its values fill cells"
        )
    if abs(width - 2 * intervals) > _ASPECT_TOLERANCE_PX:
        raise MapError(
            f"{name}: is {width}x{height}; a plate carree map must be twice as wide as high; give bounds_deg = "
            "[left, right, bottom, top] for a partial map"
        )


def _edges_deg(conventions: Conventions, width: int, height: int) -> tuple[Edges, Edges]:
    """Return latitude and longitude of the edges, degrees, in the map's own direction."""
    if conventions.bounds_deg is not None:
        left, right, bottom, top = conventions.bounds_deg
    else:
        left, bottom, top = -180.0 if conventions.lon0_deg is None else conventions.lon0_deg, -90.0, 90.0
        # With north up, east is to the right, in whichever direction longitude increases.
        right = left + (360.0 if conventions.positive != "west" else -360.0)
        if conventions.mirrored:
            right = 2 * left - right
    if conventions.row0 == "south":
        bottom, top = top, bottom
    if conventions.registration != "point":
        return np.linspace(top, bottom, height + 1), np.linspace(left, right, width + 1)
    # Values are on the lines; each fills half a step on either side. The last column may repeat the first, or not.
    lat_step = (bottom - top) / (height - 1)
    whole_turn = abs(abs(right - left) - 360.0) < 1e-6
    lon_step = (right - left) / (width if whole_turn and width % 2 == 0 else width - 1)
    lat = np.asarray(top + lat_step * (np.arange(height + 1) - 0.5), np.float64)
    return lat, np.asarray(left + lon_step * (np.arange(width + 1) - 0.5), np.float64)
