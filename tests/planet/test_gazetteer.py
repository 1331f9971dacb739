"""Named places of Mars and Mercury: the IAU's numbers, and lookup by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from selfiesim import planet
from selfiesim.core.errors import MapError
from selfiesim.planet.places.gazetteer import load_features, locate

rounding_deg = 0.0051


# Names, latitudes, longitudes and diameters of the IAU Gazetteer of Planetary Nomenclature.
def test_places_and_sizes_agree_with_the_iau(reference: Callable[[str], Path]) -> None:
    listed = {}
    for line in reference("mars_nomenclature.tsv").read_text(encoding="utf-8").splitlines():
        row = line.split("\t")
        name, kind = re.match(r'_\("(.*?)","(.*?)"\)', row[2]).groups()  # type: ignore[union-attr]
        listed[name] = (kind, float(row[4]), float(row[5]) % 360, float(row[6]))
    compared = 0
    for feature in load_features("mars"):
        if feature.kind == "landing site":
            continue
        kind, lat, lon, size = listed[feature.name]
        assert feature.kind == kind
        assert feature.lat_deg == pytest.approx(lat, abs=rounding_deg)
        assert abs((feature.lon_deg - lon + 180) % 360 - 180) < rounding_deg
        assert feature.diameter_km == pytest.approx(size, abs=0.51)
        compared += 1
    assert compared > 150


# Published with each mission; Zhurong: Liu et al. 2022, Nature Astronomy, 25.066 N 109.925 E.
@pytest.mark.parametrize(
    ("name", "lat", "lon"),
    [("Zhurong", 25.066, 109.925), ("Curiosity", -4.5895, 137.4417), ("Opportunity", -1.9462, 354.4734)],
)
def test_landing_sites_agree_with_publications(name: str, lat: float, lon: float) -> None:
    assert planet.locate(name)[2:4] == pytest.approx((lat, lon), abs=rounding_deg)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("mars", {"mons", "planitia", "chasma", "planum", "unda", "crater", "landing site"}),
        ("mercury", {"crater", "planitia"}),
    ],
)
def test_the_table_is_consistent(body: str, expected: set[str]) -> None:
    table = load_features(body)
    assert len({feature.name for feature in table}) == len(table)
    numbers = np.array([feature[2:] for feature in table])
    assert (np.abs(numbers[:, 0]) <= 90).all()
    assert ((numbers[:, 1] >= 0) & (numbers[:, 1] < 360)).all()
    assert (numbers[:, 2] >= 0).all()
    kinds = {feature.kind for feature in table}
    assert expected <= kinds


# ESA and the IAU: Caloris is centred at 31.7 N 162 E; Kuiper, 62 km, at 11.3 S 31.3 W; Hun Kal defines 20 W.
def test_places_on_mercury_are_east_of_the_meridian() -> None:
    assert locate("Caloris Planitia", "mercury")[2:4] == pytest.approx((31.65, 161.98))
    assert locate("Kuiper", "mercury")[2:] == pytest.approx((-11.34, 360 - 31.32, 62))


@pytest.mark.parametrize("name", ["Korolev", "korolev", "KOROLEV", "  Korolev "])
def test_case_is_ignored(name: str) -> None:
    assert planet.locate(name) == ("Korolev", "crater", 72.77, 164.58, 81.0)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Olympia rupes", "Olympia Rupēs"),
        ("hellas planitia", "Hellas Planitia"),
        ("syrtis major planum", "Syrtis Major Planum"),
        ("ascraeus", "Ascraeus Mons"),
    ],
)
def test_accents_are_ignored_and_a_unique_part_is_enough(word: str, name: str) -> None:
    assert locate(word).name == name


def test_an_ambiguous_part_lists_the_candidates() -> None:
    with pytest.raises(MapError, match=r"'olympia' is part of several names: Olympia Cavi, .*Olympia Undae"):
        locate("olympia")


def test_a_misspelt_name_suggests_the_nearest() -> None:
    with pytest.raises(MapError, match="unknown place 'Korolov' on mars; did you mean 'Korolev'"):
        locate("Korolov")
    with pytest.raises(MapError, match="give latitude and longitude"):
        locate("")
    with pytest.raises(MapError, match="no named places on moon, only on mars, mercury"):
        locate("Tycho", "moon")


def test_reflectance_takes_degrees() -> None:
    syrtis, arabia = planet.reflectance([9.2, 21.0], [67.1, 5.7])
    assert (syrtis < arabia).all()
    assert planet.reflectance(0.0, [0.0, 360.0, -360.0]) == pytest.approx(
        np.repeat(planet.reflectance(0, 0)[None], 3, 0)
    )
    assert planet.reflectance(np.zeros((4, 1)), np.zeros(5), body="moon").shape == (4, 5, 3)
    for lat, lon in ((91.0, 0.0), (np.nan, 0.0), (0.0, np.inf)):
        with pytest.raises(ValueError, match="between -90 and 90"):
            planet.reflectance(lat, lon)
    with pytest.raises(MapError, match="no map of 'vulcan'"):
        planet.reflectance(0, 0, body="vulcan")
