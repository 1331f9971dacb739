"""Named places: where a feature lies and how large it is.

Names, places and sizes are those of the IAU's Gazetteer of Planetary Nomenclature (planetocentric latitude, east
longitude), rounded to 0.01 degree; of its two thousand features of Mars the largest and best known are here, those of
the poles more fully. Landing sites, which the IAU does not name, have their source beside them in
``gazetteer_mars.csv``.
"""

from __future__ import annotations

import csv
import unicodedata
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import MapError

GAZETTEER_FILES = {"mars": "gazetteer_mars.csv"}


class Feature(NamedTuple):
    """A named place: planetocentric latitude, east longitude (0 to 360), diameter in km (0 for a landing site)."""

    name: str
    kind: str
    lat_deg: float
    lon_deg: float
    diameter_km: float


def locate(name: str, body: str = "mars") -> Feature:
    """The feature of a name; capitals and accents do not matter, and a part of the name will do if only one has it.

    Raises
    ------
    MapError
        When there is none, or several; the message has the nearest names.
    """
    table = load_features(body)
    wanted = _normalize_name(name)
    exact = [each for each in table if _normalize_name(each.name) == wanted]
    if exact:
        return exact[0]
    part = [each for each in table if wanted and f" {wanted} " in f" {_normalize_name(each.name)} "]
    if len(part) == 1:
        return part[0]
    if part:
        raise MapError(f"{name!r} is a part of several names: {', '.join(each.name for each in part[:8])}")
    known = {_normalize_name(each.name): each.name for each in table}
    hint = did_you_mean(wanted, known)
    for plain, proper in known.items():
        hint = hint.replace(f"'{plain}'", f"'{proper}'")
    raise MapError(f"no place {name[:60]!r} on {body} is known here{hint or '; give latitude and longitude'}")


@cache
def load_features(body: str = "mars") -> tuple[Feature, ...]:
    """All features known of a body, by name.

    Raises
    ------
    MapError
        When there is no table of it.
    """
    if body not in GAZETTEER_FILES:
        raise MapError(f"no names of places on {body} are known here, only on {', '.join(GAZETTEER_FILES)}")
    text = (files("selfiesim.planet.library") / GAZETTEER_FILES[body]).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    found = (
        Feature(row["name"], row["kind"], float(row["lat_deg"]), float(row["lon_deg"]), float(row["diameter_km"]))
        for row in rows
    )
    return tuple(sorted(found))


def _normalize_name(name: str) -> str:
    """Small letters without accents: Olympia Rupēs is found as olympia rupes."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(letter for letter in parts if not unicodedata.combining(letter)).split())
