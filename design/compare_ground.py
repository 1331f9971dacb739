"""Compare the ground of a picture with that of the published group photograph of Zhurong and its lander.

    python design/compare_ground.py PHOTOGRAPH PICTURE

Both are brought to 1200 pixels across. The photograph is soft: its spectrum falls off like that of a picture blurred by
0.75 pixels; ours is blurred as much. In rows 470 to 650, which hold ground alone: luminance over its mean, in octaves
that are differences of Gaussians (standard deviation, skewness and excess kurtosis), the spread of the red share, the
mean colour, and the number of dark sides of stones by width.
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


def main(photograph: Path, picture: Path) -> None:
    theirs, ours = load(photograph, 0.0), load(picture, SOFTNESS_PX)
    print("octave, px    standard deviation        skewness       kurtosis   (picture, photograph)")
    for wave, (s, k, q), (s0, k0, q0) in zip(OCTAVES_PX, octaves(ours), octaves(theirs), strict=True):
        print(f"{wave:2d} to {2 * wave:2d}   {s:.4f} {s0:.4f} {s / s0:5.2f}   {k:6.2f} {k0:5.2f}   {q:6.1f} {q0:4.1f}")
    shares = [ground[..., 0] / ground.sum(axis=-1) for ground in (ours, theirs)]
    print("spread of R / (R + G + B):", *(f"{share.std():.4f}" for share in shares))
    print("mean sRGB:", *(np.round(255.0 * ground.reshape(-1, 3).mean(axis=0), 1) for ground in (ours, theirs)))
    print(f"dark patches {STONE_WIDTHS_PX} px wide:", stones(ours), stones(theirs))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
