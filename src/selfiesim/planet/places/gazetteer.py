"""Named places: position and size of features.

Names, places and sizes are those of the IAU's Gazetteer of Planetary Nomenclature (planetocentric latitude, east
longitude), rounded to 0.01 degree. Of its two thousand features of Mars the table has the largest and best known, and
more of those at the poles. Landing sites, which the IAU does not name, have their source in ``gazetteer_mars.csv``.
"""

from __future__ import annotations

import csv
import unicodedata
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import MapError

GAZETTEER_FILES = {"mars": "gazetteer_mars.csv", "mercury": "gazetteer_mercury.csv"}


class Feature(NamedTuple):
    """A named place: planetocentric latitude, east longitude (0 to 360), diameter in km (0 for a landing site)."""

    name: str
    kind: str
    lat_deg: float
    lon_deg: float
    diameter_km: float


def locate(name: str, body: str = "mars") -> Feature:
    """Return the feature of a name, ignoring case and accents; part of a name is enough if it is unique.

    Raises
    ------
    MapError
        No feature or several features match; the message suggests the nearest names.
    """
    table = load_features(body)
    target = _normalize_name(name)
    exact = [each for each in table if _normalize_name(each.name) == target]
    if exact:
        return exact[0]
    part = [each for each in table if target and f" {target} " in f" {_normalize_name(each.name)} "]
    if len(part) == 1:
        return part[0]
    if part:
        raise MapError(f"{name!r} is part of several names: {', '.join(each.name for each in part[:8])}")
    known = {_normalize_name(each.name): each.name for each in table}
    hint = did_you_mean(target, known)
    for plain, proper in known.items():
        hint = hint.replace(f"'{plain}'", f"'{proper}'")
    raise MapError(f"unknown place {name[:60]!r} on {body}{hint or '; give latitude and longitude'}")


@cache
def load_features(body: str = "mars") -> tuple[Feature, ...]:
    """Return all known features of a body, sorted by name.

    Raises
    ------
    MapError
        There is no table of the body.
    """
    if body not in GAZETTEER_FILES:
        raise MapError(f"no named places on {body}, only on {', '.join(GAZETTEER_FILES)}")
    text = (files("selfiesim.planet.places") / GAZETTEER_FILES[body]).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    found = (
        Feature(row["name"], row["kind"], float(row["lat_deg"]), float(row["lon_deg"]), float(row["diameter_km"]))
        for row in rows
    )
    return tuple(sorted(found))


def _normalize_name(name: str) -> str:
    """Return a name in lower case without accents: Olympia Rupēs becomes olympia rupes."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(letter for letter in parts if not unicodedata.combining(letter)).split())
