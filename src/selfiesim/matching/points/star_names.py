"""Stars by name: the brightest, by the names that the IAU has approved, with their HR numbers."""

from __future__ import annotations

import numpy as np

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import MatchError
from selfiesim.sky.stars import stars

# IAU Catalog of Star Names; HR numbers of the Yale Bright Star Catalogue, 5th edition (Hoffleit & Warren 1991).
STAR_NAMES = {
    "sirius": 2491,
    "canopus": 2326,
    "rigil kentaurus": 5459,
    "arcturus": 5340,
    "vega": 7001,
    "capella": 1708,
    "rigel": 1713,
    "procyon": 2943,
    "achernar": 472,
    "betelgeuse": 2061,
    "hadar": 5267,
    "altair": 7557,
    "acrux": 4730,
    "aldebaran": 1457,
    "antares": 6134,
    "spica": 5056,
    "pollux": 2990,
    "fomalhaut": 8728,
    "deneb": 7924,
    "mimosa": 4853,
    "regulus": 3982,
    "adhara": 2618,
    "castor": 2891,
    "shaula": 6527,
    "gacrux": 4763,
    "bellatrix": 1790,
    "elnath": 1791,
    "alnilam": 1903,
    "alnitak": 1948,
    "mintaka": 1852,
    "saiph": 2004,
    "dubhe": 4301,
    "merak": 4295,
    "alioth": 4905,
    "mizar": 5054,
    "alkaid": 5191,
    "polaris": 424,
    "kochab": 5563,
    "mirfak": 1017,
    "algol": 936,
    "hamal": 617,
    "alphard": 3748,
    "denebola": 4534,
    "alphecca": 5793,
    "rasalhague": 6556,
    "enif": 8308,
    "markab": 8781,
    "schedar": 168,
    "caph": 21,
}


def find_star(star: int | str | None, where: str) -> int:
    """Return the row of a star in :func:`selfiesim.sky.stars.stars`, given its HR number or its name.

    Raises
    ------
    MatchError
        The table has no such star; ``where`` begins the message.
    """
    if isinstance(star, str):
        number = STAR_NAMES.get(star.strip().casefold())
        if number is None:
            hint = did_you_mean(star.casefold(), STAR_NAMES) or "; give its HR number instead"
            raise MatchError(f"{where}: star: no star is called {star[:40]!r}{hint}")
        star = number
    rows = np.flatnonzero(stars().number == star)
    if not rows.size:
        raise MatchError(f"{where}: star: HR {star} is not in the table, which ends at magnitude 5.5")
    return int(rows[0])
