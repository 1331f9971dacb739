"""Statistics of the default north cap against an independent picture of it (maps.md, "The polar patches").

    python design/compare_cap.py FOLDER

FOLDER holds look_north_cap_65N_celestia.png: the cap down to 65 N, azimuthal equidistant, 0 E at the bottom, made from
a plate carree map of 4096 x 2048 pixels. look_planum_boreum_viking.jpg, a Viking mosaic whose ice is overexposed, is
compared as well if it is there. tests/planet/test_polar_cap.py holds the default to these figures.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from selfiesim.core.colour import linear_from_srgb
from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance


@dataclass(frozen=True)
class Projection:
    """How a picture of the cap is laid out: azimuthal equidistant, 0 E at the bottom, 90 E at the right.

    Attributes
    ----------
    rim_deg : float
        Colatitude at the middle of a side.
    turn_rad : float
        Turn about the pole, counter-clockwise.
    rows : int
        Rows of the plate carree map whose pixels limit its detail.
    """

    rim_deg: float
    turn_rad: float
    rows: int


# Rim and turn are those that correlate best with the default map at 20 km; both pictures are said to end at 65 N.
CELESTIA = Projection(25.164, 0.0022, 2048)
VIKING = Projection(25.771, -0.0006, 4096)
ICE_DEG = 18.0  # colatitude that all ice lies within, Korolev included
SIZES_KM = (3.0, 6.0, 12.0, 24.0, 40.0)  # of features, half a wave each
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])

Picture = NDArray[np.float64]


def colatitude_deg(size: int, projection: Projection) -> Picture:
    """Return the colatitude of a picture's pixels, degrees."""
    axis = (2 * (np.arange(size) + 0.5) / size - 1) * projection.rim_deg
    return np.hypot(axis[:, None], axis[None, :])


def read_picture(path: Path) -> Picture:
    """Return a picture's linear luminance."""
    return linear_from_srgb(np.asarray(Image.open(path).convert("RGB")) / 255) @ LUMINANCE


def see_cap(maps: PlanetMaps, size: int, projection: Projection) -> Picture:
    """Return the luminance of a cap as a plate carree map would show it, re-projected as a picture.

    The reference knows no more than the map it was drawn from: detail that its pixels average must be averaged here.
    """
    fine, rows = 4, projection.rows
    count = int(rows * (projection.rim_deg * 1.5) / 180)
    lon = (np.arange(2 * rows) + 0.5) / rows * np.pi
    cells = np.empty((count, 2 * rows), np.float32)
    for start in range(0, count, 16):
        stop = min(start + 16, count)
        lat = np.pi / 2 - (np.arange(fine * start, fine * stop) + 0.5) / fine * np.pi / rows
        light = reflectance(maps, lat[:, None], lon[None, :]) @ LUMINANCE
        cells[start:stop] = light.reshape(stop - start, fine, -1).mean(axis=1)
    over_the_pole = np.roll(cells[:1], rows, axis=1)
    padded = np.pad(np.concatenate([over_the_pole, cells]), ((0, 0), (1, 1)), mode="wrap")
    axis = (2 * (np.arange(size) + 0.5) / size - 1) * np.radians(projection.rim_deg)
    x, y = axis[:, None], axis[None, :]
    row = np.hypot(x, y) * rows / np.pi + 0.5
    column = np.mod(np.arctan2(y, x) + projection.turn_rad, 2 * np.pi) * rows / np.pi + 0.5
    return np.asarray(map_coordinates(padded, [row, column], order=1, output=np.float64))


def fit_tones(ours: Picture, reference: Picture, projection: Projection) -> Picture:
    """Scale and shift a picture's tones to the reference's, by least squares where ice is."""
    ice = colatitude_deg(len(ours), projection) < ICE_DEG
    return np.polyval(np.polyfit(ours[ice], reference[ice], 1), ours)


def band(picture: Picture, projection: Projection, smallest_km: float, largest_km: float) -> Picture:
    """Return the part of a picture whose features, half a wave each, have a range of sizes."""
    size = len(picture)
    window = smoothstep(ICE_DEG + 2, ICE_DEG, colatitude_deg(size, projection))
    mean = (picture * window).sum() / window.sum()
    km = 2 * np.radians(projection.rim_deg) * MARS_RADIUS_KM / size
    frequency = np.hypot(np.fft.fftfreq(size, km)[:, None], np.fft.fftfreq(size, km)[None, :])
    kept = (frequency > 0.5 / largest_km) & (frequency <= 0.5 / smallest_km)
    return np.fft.ifft2(np.fft.fft2((picture - mean) * window) * kept).real


def difference_of_gaussians(picture: Picture, projection: Projection, fine_km: float, coarse_km: float) -> Picture:
    """Return what lies between two Gaussian blurs, whose widths are rms."""
    km = 2 * np.radians(projection.rim_deg) * MARS_RADIUS_KM / len(picture)
    return gaussian_filter(picture, fine_km / km) - gaussian_filter(picture, coarse_km / km)


def statistics(ours: Picture, reference: Picture, projection: Projection) -> dict[str, float]:
    """Return the ratios of ours to the reference's, and correlations, of two pictures with the same tones."""
    colatitude = colatitude_deg(len(ours), projection)
    ice = colatitude < ICE_DEG
    out = {}
    for low, high in pairwise(SIZES_KM):
        a, b = (band(each, projection, low, high) for each in (ours, reference))
        out[f"power {low:.0f}-{high:.0f} km"] = (a**2).sum() / (b**2).sum()
    a, b = (difference_of_gaussians(each, projection, 11.0, 23.0) for each in (ours, reference))
    out["correlation 11-23 km"] = np.corrcoef(a[ice], b[ice])[0, 1]
    ground = np.median(reference[(colatitude > 14) & (colatitude < 24)])
    white = np.median(reference[colatitude < 6])
    tones = [(each - ground) / (white - ground) for each in (ours, reference)]
    ours_mid, their_mid = (((t > 0.25) & (t < 0.75))[ice].mean() for t in tones)
    out["share of mid-tones"] = ours_mid / their_mid
    steep = [np.quantile(np.hypot(*np.gradient(t))[ice], 0.99) for t in tones]
    out["99 % gradient"] = steep[0] / steep[1]
    return {name: float(value) for name, value in out.items()}


def match_histogram(ours: Picture, reference: Picture, projection: Projection) -> Picture:
    """Give a picture the reference's histogram where ice is."""
    ice = colatitude_deg(len(ours), projection) < ICE_DEG
    levels = np.linspace(0, 1, 2000)
    return np.interp(ours, np.quantile(ours[ice], levels), np.quantile(reference[ice], levels))


def main(folder: str) -> None:
    from selfiesim.planet.maps.load import load_maps

    maps = load_maps("mars")
    celestia = read_picture(Path(folder) / "look_north_cap_65N_celestia.png")
    seen = fit_tones(see_cap(maps, len(celestia), CELESTIA), celestia, CELESTIA)
    print("look_north_cap_65N_celestia.png, ours over theirs:")
    for name, value in statistics(seen, celestia, CELESTIA).items():
        print(f"  {name:36s} {value:.3f}")
    other = Path(folder) / "look_planum_boreum_viking.jpg"
    if other.is_file():
        viking = read_picture(other)
        seen = match_histogram(see_cap(maps, len(viking), VIKING), viking, VIKING)
        print(f"{other.name}, ours over theirs, with its histogram:")
        for name, value in statistics(seen, viking, VIKING).items():
            print(f"  {name:36s} {value:.3f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
