"""Two pictures beside each other, in turn, and subtracted; how alike they are in light, contrast and structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MatchError
from selfiesim.matching.photograph import read_photograph
from selfiesim.matching.pictures import Pixels, save_blink, save_png

Floats = NDArray[np.float64]

_SIGMA_PX, _TRUNCATE = 1.5, 3.5  # the window of 11 pixels of Wang et al. 2004
_K1, _K2, _RANGE = 0.01, 0.03, 255.0
_MARGIN_PX = 5  # half the window: means leave out what sees beyond the edge
_SAME_SHAPE = 0.01  # relative difference of width over height up to which one picture is scaled to the other
_GAIN = 4  # of the picture of differences


@dataclass(frozen=True, eq=False)
class Comparison:
    """How alike two pictures are.

    Attributes
    ----------
    first, second : (H, W, 3) uint8
        The pictures; the second is scaled to the size of the first.
    ssim : float
        Structural similarity of their grey values, 1 for equal pictures: mean of the product of the next three.
    light, contrast, structure : float
        Means of its three factors.
    difference : float
        Mean absolute difference of the pixels, 0 to 255.
    """

    first: Pixels
    second: Pixels
    ssim: float
    light: float
    contrast: float
    structure: float
    difference: float

    def save(self, folder: Path) -> list[Path]:
        """Write ``beside.png``, ``blink.webp``, and ``difference.png``, four times as strong, around mid-grey.

        Raises
        ------
        UserError
            A file cannot be written.
        """
        files = [folder / "beside.png", folder / "blink.webp", folder / "difference.png"]
        save_png(np.hstack([self.first, self.second]), files[0])
        save_blink([self.first, self.second], files[1])
        change = _GAIN * (self.second.astype(int) - self.first.astype(int))
        save_png(np.clip(128 + change, 0, 255).astype(np.uint8), files[2])
        return files


def compare(first: Path, second: Path) -> Comparison:
    """Compare two picture files.

    Structural similarity is that of Wang, Bovik, Sheikh and Simoncelli 2004, IEEE Transactions on Image Processing 13,
    600, with a Gaussian window of 1.5 pixels.

    Parameters
    ----------
    first, second : Path
        JPEG, PNG, TIFF or WebP.

    Returns
    -------
    Comparison
        The figures and the pictures.

    Raises
    ------
    MatchError
        A file cannot be read, or the pictures have different shapes.
    """
    a, b = read_photograph(first), read_photograph(second)
    (width, height), (other_width, other_height) = a.size_px, b.size_px
    if abs(other_width * height / (other_height * width) - 1.0) > _SAME_SHAPE:
        raise MatchError(
            f"{second}: {other_width}x{other_height} pixels have another shape than {width}x{height} of {first}; "
            "crop one to the shape of the other"
        )
    if min(width, height) <= 2 * _MARGIN_PX:
        raise MatchError(f"{first}: {width}x{height} pixels are too few to compare; at least 11 each way")
    pixels = b.pixels if b.size_px == a.size_px else _scaled(b.pixels, a.size_px)
    factors = _similarity(_grey(a.pixels), _grey(pixels))
    difference = float(np.abs(a.pixels.astype(int) - pixels).mean())
    return Comparison(a.pixels, pixels, float(np.prod(factors, axis=0).mean()), *_means(factors), difference)


def _scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    from PIL import Image

    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def _grey(pixels: Pixels) -> Floats:
    return np.asarray(pixels @ np.array([0.2126, 0.7152, 0.0722]))


def _similarity(a: Floats, b: Floats) -> list[Floats]:
    """Light, contrast and structure (H', W') at each place whose window is within the picture."""
    from scipy.ndimage import gaussian_filter

    def blur(values: Floats) -> Floats:
        inside = slice(_MARGIN_PX, -_MARGIN_PX)
        return np.asarray(gaussian_filter(values, _SIGMA_PX, truncate=_TRUNCATE)[inside, inside])

    c1, c2 = (_K1 * _RANGE) ** 2, (_K2 * _RANGE) ** 2
    mean_a, mean_b = blur(a), blur(b)
    variance_a, variance_b = (np.maximum(blur(v * v) - m * m, 0.0) for v, m in ((a, mean_a), (b, mean_b)))
    product = np.sqrt(variance_a * variance_b)
    return [
        (2.0 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1),
        (2.0 * product + c2) / (variance_a + variance_b + c2),
        (blur(a * b) - mean_a * mean_b + 0.5 * c2) / (product + 0.5 * c2),
    ]


def _means(factors: Sequence[Floats]) -> tuple[float, float, float]:
    light, contrast, structure = (float(factor.mean()) for factor in factors)
    return light, contrast, structure
