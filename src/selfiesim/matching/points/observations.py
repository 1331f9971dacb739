"""What was measured in a photograph: the points file, checked key by key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, Strict, ValidationError, model_validator

from selfiesim.core.config_validation import explain_validation_error, read_toml_table
from selfiesim.core.errors import MatchError
from selfiesim.core.limits import MATCH_POINTS
from selfiesim.core.untrusted.plain_values import plain_table
from selfiesim.scene.section import Number, Positive, Section, Text, Vector3Value, at_most

Pixel = Annotated[tuple[Number, Number], Strict(False)]
"""Column and row; (0, 0) is the centre of the upper left pixel."""

KINDS = (
    "craft_m",
    "mount",
    "node",
    "place",
    "lat_lon_deg",
    "site_m",
    "star",
    "body",
    "sun",
    "glint",
    "limb",
    "terminator",
    "horizon",
)
"""What a point can be, by the key that says so."""


class PointSection(Section):
    """One point of the photograph and what it shows."""

    pixel: Pixel = Field(description="Column and row; (0, 0) is the centre of the upper left pixel.")
    name: Text = Field("", max_length=80, description="What to call it in the report.")
    sigma_px: Positive | None = Field(None, description="Standard deviation along each axis; default: the file's.")
    craft_m: Vector3Value | None = Field(None, description="A point of a craft, body axes, joints at zero.")
    mount: str | None = Field(None, max_length=80, description="A mount of a craft.")
    node: str | None = Field(None, max_length=200, description="The centre of a node of a craft.")
    of: str = Field("craft", max_length=31, description="Whose point it is: the craft, or an object by name.")
    joint: str | None = Field(None, max_length=80, description="The joint that carries a craft_m.")
    sigma_m: Positive | Annotated[tuple[Number, Number, Number], Strict(False)] | None = Field(
        None, description="How well a craft_m is known along each body axis; it is then solved for as well."
    )
    place: str | None = Field(None, max_length=80, description="A named place on the planet.")
    lat_lon_deg: Annotated[tuple[Number, Number], Strict(False)] | None = Field(
        None, description="Planetocentric latitude and east longitude of a point on the planet."
    )
    height_m: Number = Field(0.0, description="Height of a place, lat_lon_deg or limb above the reference ellipsoid.")
    site_m: Vector3Value | None = Field(None, description="A landmark: east, north and up from the craft's origin.")
    star: Annotated[int, Field(ge=1, le=9110)] | str | None = Field(
        None, description="A star: its HR number, or one of the common names."
    )
    body: str | None = Field(None, max_length=31, description="The centre of a planet or moon in the sky.")
    sun: bool = Field(False, description="The centre of the Sun.")
    glint: bool = Field(False, description="The mirror image of the Sun in the planet's surface.")
    limb: bool = Field(False, description="A point of the planet's limb.")
    terminator: bool = Field(False, description="A point of the planet's terminator.")
    horizon: bool = Field(False, description="A point of the horizon of a landed camera.")

    @model_validator(mode="after")
    def _check_one_kind(self) -> PointSection:
        given = [key for key in KINDS if getattr(self, key) not in (None, False)]
        if len(given) != 1:
            raise ValueError(f"{' and '.join(given) or 'pixel without a meaning'}: give one of {', '.join(KINDS)}")
        if self.craft_m is None and (self.joint is not None or self.sigma_m is not None):
            raise ValueError("joint and sigma_m belong to a craft_m")
        if isinstance(self.sigma_m, tuple) and min(self.sigma_m) < 0.0:
            raise ValueError("sigma_m: give three numbers of 0 or more")
        return self

    @property
    def kind(self) -> str:
        """The key that says what it is, one of :data:`KINDS`."""
        return next(key for key in KINDS if getattr(self, key) not in (None, False))

    @property
    def is_curve(self) -> bool:
        """Whether it lies anywhere on a curve: one number is measured, not two."""
        return self.limb or self.terminator or self.horizon


class ArcSection(Section):
    """An arc of the limb, clicked in a few places; its edge is found to a fraction of a pixel between them."""

    pixels: Annotated[tuple[Pixel, ...], Strict(False), Field(min_length=3, max_length=200)] = Field(
        description="Points along the arc, in order; (0, 0) is the centre of the upper left pixel."
    )
    search_px: Annotated[float, Field(gt=0, le=200)] = Field(8.0, description="Distance to search on either side.")
    count: Annotated[int, Field(ge=3, le=500)] = Field(60, description="Number of edge points to find.")
    height_m: Number = Field(0.0, description="Height of the limb above the reference ellipsoid.")
    sigma_px: Positive = Field(0.3, description="Standard deviation of each edge point.")


class Observations(Section):
    """Everything measured in one photograph: the contents of a points file.

    ``Observations.load("points.toml")`` reads one; from Python,
    ``Observations(points=[{"pixel": [10, 20], "sun": True}])`` is the same.
    """

    title: Text = Field("", max_length=200, description="What was measured, and how.")
    size_px: Annotated[tuple[int, int], Strict(False)] | None = Field(
        None, description="Size of the photograph in which the pixels were measured."
    )
    sigma_px: Positive = Field(1.0, description="Standard deviation of points that do not give their own.")
    points: Annotated[tuple[PointSection, ...], Strict(False), at_most(MATCH_POINTS)] = Field(
        (), description="Points of the photograph."
    )
    arcs: Annotated[tuple[ArcSection, ...], Strict(False), Field(max_length=20)] = Field(
        (), description="Arcs of the limb."
    )

    @model_validator(mode="after")
    def _check_any(self) -> Observations:
        if not self.points and not self.arcs:
            raise ValueError("no points: give at least one [[points]] or [[arcs]]")
        return self

    @classmethod
    def load(cls, path: str | Path) -> Observations:
        """Read a points file.

        Parameters
        ----------
        path : str or Path
            A TOML file.

        Returns
        -------
        Observations
            Checked; whether its names exist is checked against a scene.

        Raises
        ------
        MatchError
            For a file that cannot be read or is not TOML, an unknown key, or a value out of range.
        """
        path = Path(path)
        table, _content = read_toml_table(path, "a points file", MatchError)
        return cls.from_table(table, str(path))

    @classmethod
    def from_table(cls, table: dict[str, Any], source: str = "points") -> Observations:
        """Check observations given as nested dicts.

        Parameters
        ----------
        table : dict
            Keys as in a points file.
        source : str
            File or name that begins each line of an error message.

        Returns
        -------
        Observations
            Checked.

        Raises
        ------
        MatchError
            Lists every fault, one per line.
        """
        try:
            return cls.model_validate(plain_table(table, MatchError, source))
        except ValidationError as error:
            raise MatchError("\n".join(f"{source}: {line}" for line in explain_validation_error(error, cls))) from error

    def sigma_of(self, point: PointSection) -> float:
        """Standard deviation of a point along each axis, px."""
        return self.sigma_px if point.sigma_px is None else point.sigma_px


def label(number: int, point: PointSection) -> str:
    """Name of the point with index ``number`` in reports and messages, counted from 1."""
    return f"points[{number + 1}] ({point.name})" if point.name else f"points[{number + 1}]"
