"""Compare the ground of a picture with that of the published group photograph of Zhurong and its lander.

    python design/compare_ground.py PHOTOGRAPH PICTURE

Both are brought to 1200 pixels across. The photograph is soft: its spectrum falls off like that of a picture blurred by
0.75 pixels; ours is blurred as much. In rows 470 to 650, which hold ground alone: luminance over its mean, in octaves
that are differences of Gaussians (standard deviation, skewness and excess kurtosis), the spread of the red share (with
and without what changes slowly across the picture, such as the cast of a lens), the mean colour, and the number of dark
sides of stones by width. What is off by more than is aimed at has a star: 20 percent of a standard deviation,
30 percent of a kurtosis or the spread, 0.4 of a skewness, a colour difference (CIE 1976) of 4, a factor of 1.5 of a
number.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import find_objects, gaussian_filter, label
from scipy.stats import kurtosis, skew

WIDTH, ROWS, SOFTNESS_PX = 1200, slice(470, 650), 0.75
OCTAVES_PX = (1, 2, 4, 8, 16)
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
# IEC 61966-2-1.
XYZ_FROM_SRGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
SLOW_PX = 40
DARK = 0.80  # of the mean of the surroundings: the dark side of a stone
STONE_WIDTHS_PX = (4, 8, 16, 32, 200)


def load(path: Path, blur_px: float) -> np.ndarray:
    """Return the ground (180, 1200, 3) of a picture, sRGB from 0 to 1."""
    with Image.open(path) as image:
        height = round(image.height * WIDTH / image.width)
        pixels = np.asarray(image.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS), float) / 255.0
    return gaussian_filter(pixels, (blur_px, blur_px, 0.0))[ROWS]


def octaves(ground: np.ndarray) -> list[tuple[float, float, float]]:
    """Return standard deviation, skewness and excess kurtosis in each octave."""
    luminance = ground @ LUMINANCE
    luminance = luminance / luminance.mean()
    bands = [gaussian_filter(luminance, 0.5 * w) - gaussian_filter(luminance, w) for w in OCTAVES_PX]
    return [(float(band.std()), float(skew(band.ravel())), float(kurtosis(band.ravel()))) for band in bands]


def stones(ground: np.ndarray) -> np.ndarray:
    """Return how many dark patches there are in each class of width."""
    luminance = ground @ LUMINANCE
    patches, _ = label(luminance < DARK * gaussian_filter(luminance, 24.0))
    widths = [where[1].stop - where[1].start for where in find_objects(patches)]
    return np.histogram(widths, STONE_WIDTHS_PX)[0]


def lab(srgb: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* (3,) of an sRGB colour (3,) from 0 to 1."""
    linear = np.where(srgb > 0.04045, ((srgb + 0.055) / 1.055) ** 2.4, srgb / 12.92)
    x, y, z = np.cbrt(XYZ_FROM_SRGB @ linear / XYZ_FROM_SRGB.sum(axis=1))
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


def star(good: bool) -> str:
    return " " if good else "*"


def compare_octaves(ours: np.ndarray, theirs: np.ndarray) -> None:
    print("octave, px    standard deviation         skewness        kurtosis   (picture, photograph)")
    for wave, (s, k, q), (s0, k0, q0) in zip(OCTAVES_PX, octaves(ours), octaves(theirs), strict=True):
        print(
            f"{wave:2d} to {2 * wave:2d}   {s:.4f} {s0:.4f} {s / s0:5.2f}{star(abs(s / s0 - 1.0) < 0.2)}"
            f"   {k:6.2f} {k0:5.2f}{star(abs(k - k0) < 0.4)}   {q:6.1f} {q0:4.1f}{star(abs(q / q0 - 1.0) < 0.3)}"
        )


def compare_colours(ours: np.ndarray, theirs: np.ndarray) -> None:
    spreads = []
    for ground in (ours, theirs):
        share = ground[..., 0] / np.maximum(ground.sum(axis=-1), 1e-6)
        spreads.append((share.std(), (share - gaussian_filter(share, SLOW_PX)).std()))
    (one, fast), (one0, fast0) = spreads
    print(f"spread of R / (R + G + B): {one:.4f} {one0:.4f}{star(abs(one / one0 - 1.0) < 0.3)}")
    print(f"    over {SLOW_PX} px and less: {fast:.4f} {fast0:.4f}{star(abs(fast / fast0 - 1.0) < 0.3)}")
    means = [ground.reshape(-1, 3).mean(axis=0) for ground in (ours, theirs)]
    apart = float(np.linalg.norm(lab(means[0]) - lab(means[1])))
    print("mean sRGB:", *(np.round(255.0 * mean, 1) for mean in means), f"{apart:.1f} apart{star(apart < 4.0)}")


def main(photograph: Path, picture: Path) -> None:
    theirs, ours = load(photograph, 0.0), load(picture, SOFTNESS_PX)
    compare_octaves(ours, theirs)
    compare_colours(ours, theirs)
    some, some0 = stones(ours), stones(theirs)
    close = np.maximum(some / some0, some0 / np.maximum(some, 1)) < 1.5
    print(f"dark patches {STONE_WIDTHS_PX} px wide:", some, some0, star(bool(close.all())))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
