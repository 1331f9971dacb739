"""Make src/selfiesim/planet/terrain/mars_heights.npz: the heights of Mars as spherical harmonics to degree 719.

    python design/make_mars_heights.py [path/to/pyshtools-4.14.1.tar.gz]

The source distribution of pyshtools on PyPI contains both sources, in ``examples/ExampleDataFiles``:

- ``MarsTopo719.shape``: radii of Mars from MOLA, 4-pi normalized without Condon-Shortley phase, in metres (Wieczorek
  2015, Treatise on Geophysics, 2nd ed., 10, 153; doi:10.5281/zenodo.6475460).
- ``gmm3_120_sha.tab``: gravity model GMM-3 (Genova et al. 2016, Icarus 272, 228), a product of NASA's PDS.

Without a path the archive is downloaded from PyPI; pip itself would compile it. Height is radius less the radius of the
areoid in the same direction, as in the grids of the MOLA team: the surface of constant gravitational and centrifugal
potential, from degrees up to 50, whose mean radius at the equator is 3396 km.

The table also gets a coarse map of roughness, from which ``small_scale.py`` continues the relief below 15 km.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
import urllib.request
from pathlib import Path

import numpy as np
from scipy import fft, special

from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM
from selfiesim.planet.terrain import small_scale
from selfiesim.planet.terrain.mars_heights import (
    MAX_DEGREE,
    TABLE,
    HeightSpectrum,
    order_profiles,
    unflatten_coefficients,
)

INDEX = "https://pypi.org/simple/pyshtools/"
ARCHIVE = "pyshtools-4.14.1.tar.gz"
FOLDER = "pyshtools-4.14.1/examples/ExampleDataFiles/"
SHAPE = ("MarsTopo719.shape", "f9fcf24518ab5b1d6330cdc092677bbf12481ee83af738f8876ce95590603594")
GRAVITY = ("gmm3_120_sha.tab", "c8d01d54142d9681607c201f08e385e7cfedd0f2518313c29949eb2681f9ace4")

STEP_M = 0.0025  # of the coefficients; the rms error of the heights is STEP_M * 720 / sqrt(12) = 0.52 m

EQUATOR_M = 3_396_000.0  # mean radius of the areoid at the equator, by definition of MOLA's heights
REFERENCE_M = 3_396_000.0  # reference radius of GMM-3
GM = 0.4282837285418775e14  # of GMM-3, m^3/s^2
SPIN = np.radians(350.891985307) / 86_400.0  # rad/s: Konopliv et al. 2016, Icarus 274, 253
GRAVITY_DEGREE = 50
AREOID_DEGREE = 90  # the areoid bends more than its potential; beyond this it has less than a millimetre

SMOOTHING_KM = 150.0  # rms radius over which roughness is averaged
ROUGHNESS_DEGREE = 80
ROUGHNESS_ROWS = 90


def fetch(index: str, name: str) -> bytes:
    """Download an archive from PyPI and check its digest against the index."""
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urllib.request.urlopen(urllib.request.Request(index, headers=accept)) as reply:  # noqa: S310
        entry = next(each for each in json.load(reply)["files"] if each["filename"] == name)
    with urllib.request.urlopen(entry["url"]) as reply:  # noqa: S310
        data = reply.read()
    if hashlib.sha256(data).hexdigest() != entry["hashes"]["sha256"]:
        raise SystemExit(f"{name}: damaged on the way")
    return data


def member(archive: tarfile.TarFile, name: str, sha256: str) -> str:
    """Return the text of a file of the archive."""
    data = archive.extractfile(FOLDER + name).read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SystemExit(f"{name}: not the file that this script was written for")
    return data.decode("ascii")


def shape_coefficients(text: str) -> np.ndarray:
    """Return the radii's C - iS (degree, order), m."""
    table = np.loadtxt(io.StringIO(text))
    out = np.zeros((MAX_DEGREE + 1, MAX_DEGREE + 1), complex)
    out[table[:, 0].astype(int), table[:, 1].astype(int)] = table[:, 2] - 1j * table[:, 3]
    return out


def gravity_coefficients(text: str) -> np.ndarray:
    """Return the potential's C - iS (degree, order), without unit; degree 0 is 1 and degree 1 is 0."""
    out = np.zeros((GRAVITY_DEGREE + 1, GRAVITY_DEGREE + 1), complex)
    out[0, 0] = 1
    for line in text.splitlines()[1:]:
        degree, order, c, s = (float(field) for field in line.split(",")[:4])
        if degree <= GRAVITY_DEGREE:
            out[int(degree), int(order)] = c - 1j * s
    return out


def areoid(gravity: np.ndarray, rows: int = 360) -> np.ndarray:
    """Return the radius of the areoid (rows, 2 rows), m, by Newton's method at every pixel of a plate carree grid."""
    degrees = len(gravity)
    terms = [on_grid(np.where(np.arange(degrees)[:, None] == k, gravity, 0), rows) for k in range(degrees)]
    sine2 = np.sin((np.arange(rows) + 0.5) / rows * np.pi)[:, None] ** 2
    equator = slice(rows // 2 - 1, rows // 2 + 1)

    def potential(radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, slope = np.zeros_like(radius), np.zeros_like(radius)
        for degree, term in enumerate(terms):
            part = GM / radius * (REFERENCE_M / radius) ** degree * term
            value += part
            slope -= (degree + 1) * part / radius
        return value + 0.5 * SPIN**2 * radius**2 * sine2, slope + SPIN**2 * radius * sine2

    radius = np.full((rows, 2 * rows), EQUATOR_M)
    for _ in range(8):
        value, slope = potential(radius)
        level = (value - slope * (radius - EQUATOR_M))[equator].mean()
        radius = radius - (value - level) / slope
    print(f"areoid: poles {radius[0].mean():.1f} and {radius[-1].mean():.1f} m, potential {level:.2f} m^2/s^2")
    return radius


def on_grid(coefficients: np.ndarray, rows: int) -> np.ndarray:
    """Evaluate harmonics on a plate carree grid (rows, 2 rows)."""
    profile = order_profiles(coefficients, rows)
    phase = np.exp(0.5j * np.pi / rows * np.arange(profile.shape[1])) * rows
    phase[0] *= 2
    return fft.irfft(profile * phase, 2 * rows, axis=1)


def analyze(field: np.ndarray, max_degree: int) -> np.ndarray:
    """Return the harmonics C - iS of a field on a plate carree grid, by Fejer's quadrature."""
    rows = len(field)
    k = np.arange(rows // 2)
    colatitude = (np.arange(rows) + 0.5) / rows * np.pi
    # The integral of cos(2 k colatitude) over the cosine is 2 / (1 - 4 k^2).
    weight = (np.where(k, 2.0, 1.0) / (1 - 4.0 * k * k) * np.cos(2 * np.outer(colatitude, k))).sum(axis=1) * 2 / rows
    orders = np.arange(max_degree + 1)
    profile = fft.rfft(field, axis=1)[:, orders] / rows * np.exp(-0.5j * np.pi / rows * orders)
    profile[:, 0] /= 2
    # scipy's functions have unit norm and the Condon-Shortley phase.
    norm = np.where(orders % 2, -1, 1) * np.sqrt(np.where(orders, 8, 4) * np.pi)
    legendre = special.sph_legendre_p_all(max_degree, max_degree, colatitude)[0][:, orders] * norm[:, None]
    out = np.einsum("lmn,nm,n->lm", legendre, profile, weight)
    return out / np.where(orders, 4, 2)


def flatten(coefficients: np.ndarray) -> np.ndarray:
    """Return a list by degree: C of orders 0 to l, then S of orders 1 to l."""
    rows = [[row[: k + 1].real, -row[1 : k + 1].imag] for k, row in enumerate(coefficients)]
    return np.concatenate([part for row in rows for part in row])


def pack(exact: np.ndarray, step_m: float) -> np.ndarray:
    """Return coefficients as multiples of a step, in three planes of bytes."""
    code = np.rint(exact / step_m).astype(np.int64)
    print(f"rms error by rounding: {np.sqrt(((code * step_m - exact) ** 2).sum()):.3f} m")
    # Signs are folded into the last bit, and bytes sorted by weight: the high ones are nearly all zero.
    folded = np.where(code < 0, -2 * code - 1, 2 * code).astype("<u4")
    assert folded.max() < 1 << 24
    return np.ascontiguousarray(folded.view(np.uint8).reshape(-1, 4).T[:3])


def band_slope(heights: np.ndarray) -> np.ndarray:
    """Return the rms slope per octave in a band of degrees, averaged over a Gaussian of SMOOTHING_KM on the sphere."""
    low, high = small_scale.BAND_DEGREES
    band = np.where((np.arange(len(heights)) >= low) & (np.arange(len(heights)) < high), heights.T, 0).T
    east, north = HeightSpectrum.from_harmonics(band[:high, :high]).gradient(2 * high)
    square = analyze((east**2 + north**2) / np.log2(high / low), ROUGHNESS_DEGREE)
    degree = np.arange(ROUGHNESS_DEGREE + 1)[:, None]
    square *= np.exp(-0.5 * degree * (degree + 1) * (SMOOTHING_KM / MARS_RADIUS_KM) ** 2)
    return np.sqrt(np.maximum(on_grid(square, ROUGHNESS_ROWS), 1e-8)).astype(np.float16)


def main(path: str | None = None) -> None:
    data = Path(path).read_bytes() if path else fetch(INDEX, ARCHIVE)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        shape = shape_coefficients(member(archive, *SHAPE))
        gravity = gravity_coefficients(member(archive, *GRAVITY))
    low = analyze(areoid(gravity), AREOID_DEGREE)
    heights = shape.copy()
    heights[: AREOID_DEGREE + 1, : AREOID_DEGREE + 1] -= low
    exact = flatten(heights)
    assert np.array_equal(unflatten_coefficients(exact), heights)
    np.savez_compressed(TABLE, planes=pack(exact, STEP_M), step_m=STEP_M, band_slope=band_slope(heights))
    print(f"{len(exact)} coefficients, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
