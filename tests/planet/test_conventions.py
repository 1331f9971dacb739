"""Placement of a map's rows and columns by each convention."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from selfiesim.astro.bodies import MARS
from selfiesim.core.errors import MapError
from selfiesim.planet.readers.conventions import Conventions, place, planetographic_to_planetocentric


def edges_deg(conventions: Conventions, width: int = 8, height: int = 4) -> tuple[list[float], list[float]]:
    placed = place(conventions, width, height, "mars", "map.png")
    return (
        np.degrees(placed.lat_edges).round(9).tolist(),
        np.degrees(placed.lon_edges).round(9).tolist(),
    )


def test_a_map_is_centred_on_the_prime_meridian_by_default() -> None:
    lat, lon = edges_deg(Conventions())
    assert lat == [90, 45, 0, -45, -90]
    assert lon == [-180, -135, -90, -45, 0, 45, 90, 135, 180]


@pytest.mark.parametrize(
    ("conventions", "left", "right"),
    [
        (Conventions(lon0_deg=0.0), 0, 360),
        (Conventions(lon0_deg=360.0, positive="west"), -360, 0),  # from 360 W to 0 W, so east is to the right
        (Conventions(lon0_deg=180.0, positive="west"), -180, 180),
        (Conventions(lon0_deg=0.0, mirrored=True), 0, -360),
        (Conventions(lon0_deg=0.0, positive="west", mirrored=True), 0, -360),  # from 0 W to 360 W
        (Conventions(bounds_deg=(10.0, 20.0, -5.0, 5.0)), 10, 20),
        (Conventions(bounds_deg=(20.0, 10.0, -5.0, 5.0), positive="west"), -20, -10),
    ],
)
def test_columns_follow_the_conventions(conventions: Conventions, left: float, right: float) -> None:
    _lat, lon = edges_deg(conventions)
    assert (lon[0], lon[-1]) == (left, right)


def test_rows_may_start_in_the_south() -> None:
    assert edges_deg(Conventions(row0="south"))[0] == [-90, -45, 0, 45, 90]


# A grid of 1 degree with values on its lines has 181 rows and 361 columns, or 360 without the first one repeated.
@pytest.mark.parametrize("width", [361, 360])
def test_grid_registration_extends_values_by_half_a_step(width: int) -> None:
    lat, lon = edges_deg(Conventions(lon0_deg=0.0, registration="point"), width, 181)
    assert lat[:3] == [90, 89.5, 88.5]
    assert lat[-1] == -90
    assert lon[:2] == [-0.5, 0.5]
    assert lon[-1] == width - 0.5


# NAIF's georec and reclat (SPICE).
@pytest.mark.parametrize("graphic", [-90.0, -60.0, -0.1, 0.0, 30.0, 45.0, 89.9, 90.0])
def test_planetographic_latitude_agrees_with_spice(spice: object, graphic: float) -> None:
    equator, _, pole = (radius / 1e3 for radius in MARS.radii_m)
    place_km = spice.georec(0.3, np.radians(graphic), 0.0, equator, (equator - pole) / equator)  # type: ignore[attr-defined]
    centric = spice.reclat(place_km)[2]  # type: ignore[attr-defined]
    ours = planetographic_to_planetocentric(np.array([np.radians(graphic)]), "mars", "map")[0]
    assert ours == pytest.approx(centric, abs=1e-12)


def test_planetographic_rows_are_nearer_to_the_equator() -> None:
    lat, _ = edges_deg(Conventions(latitude="planetographic"))
    assert lat[1] == pytest.approx(45.0 - 0.337, abs=0.002)
    assert (lat[0], lat[-1]) == (90, -90)


def test_planetographic_rows_of_an_unknown_body_are_rejected() -> None:
    with pytest.raises(MapError, match="the shape of vulcan is unknown; use planetocentric latitude"):
        place(Conventions(latitude="planetographic"), 8, 4, "vulcan", "map.png")


def test_a_partial_map_without_bounds_is_rejected() -> None:
    with pytest.raises(MapError, match=r"map\.png: is 300x200; .* must be twice as wide .* give bounds_deg"):
        place(Conventions(), 300, 200, "mars", "map.png")


@pytest.mark.parametrize("size", [(361, 181), (360, 181), (7200, 3601), (5761, 2881)])
def test_a_grid_with_a_row_on_each_pole_needs_its_registration(size: tuple[int, int]) -> None:
    with pytest.raises(MapError, match="registration = 'point'"):
        place(Conventions(), *size, "mars", "map.img")
    place(Conventions(registration="point"), *size, "mars", "map.img")


# Viking's colour mosaics have 23059x11530 and 21339x10670 pixels.
@pytest.mark.parametrize("size", [(23059, 11530), (21339, 10670), (2048, 1024)])
def test_a_pixel_more_or_less_is_still_a_global_map(size: tuple[int, int]) -> None:
    assert place(Conventions(), *size, "mars", "map.tif").is_global


def test_a_partial_map_is_not_global() -> None:
    assert not place(Conventions(bounds_deg=(0.0, 90.0, -45.0, 45.0)), 90, 90, "mars", "map").is_global
    assert place(
        Conventions(bounds_deg=(0.0, 90.0, 0.0, 45.0)), 90, 45, "mars", "map"
    ).columns_per_turn == pytest.approx(360)
    narrow = place(Conventions(bounds_deg=(0.0, 50.0, 0.0, 45.0)), 7, 45, "mars", "map")
    assert narrow.columns_per_turn == pytest.approx(50.4)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"shape": (8, 4)}, "give shape and dtype together"),
        ({"bounds_deg": (0.0, 10.0, 5.0, 5.0)}, "bottom must be below top"),
        ({"bounds_deg": (0.0, 0.0, 0.0, 5.0)}, "must differ"),
        ({"bounds_deg": (0.0, 400.0, 0.0, 5.0)}, "by at most 360 degrees"),
        ({"bounds_deg": (0.0, 10.0, 0.0, 5.0), "lon0_deg": 0.0}, "give only one of them"),
        ({"bounds_deg": (0.0, 10.0, 0.0, 5.0), "mirrored": True}, "bounds_deg already defines it"),
        ({"dtype": "O8", "shape": (8, 4)}, "dtype"),
        ({"lon0_deg": float("nan")}, "finite"),
        ({"lonO_deg": 0.0}, "Extra inputs"),
    ],
)
def test_contradictory_conventions_are_rejected(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Conventions.model_validate(keys)
