"""The grain of clouds and land below the pixels of their maps, invented: a tile that repeats, drawn at two scales."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import Field
from selfiesim.planet.grids.noise import power_law_noise

SIZE = 1024
"""Pixels per side of the tile."""

SPANS = (0.11, 0.0143)
"""Sides of the tile on the ground at both scales, planet radii: 700 and 91 km."""

_CELLS = 1500  # cells of stratocumulus in a tile: 18 km each, and 2 km at the finer scale
_SEED = 19721207  # the day of a well-known picture


@cache
def grain_tile() -> NDArray[np.uint8]:
    """Return the tile (SIZE, SIZE, 4): billows, cells, streaks and patches of land, each around 128.

    One standard deviation is 42 codes.
    """
    rng = np.random.default_rng(_SEED)
    streaks = _streaks(rng)
    land = power_law_noise(rng, SIZE, 1.0, 1.5, 40.0, 1.5)
    layers = (_billows(rng), _cells(rng), streaks, land)
    coded = np.stack([np.clip(128.0 + 42.0 * layer, 0, 255) for layer in layers], axis=-1)
    return np.asarray(coded.astype(np.uint8))


def _billows(rng: np.random.Generator) -> Field:
    """Return heaps (SIZE, SIZE) with creases between, as cumulus has; mean 0, variance 1."""
    heaps = sum(
        wave**0.8 * np.abs(power_law_noise(rng, SIZE, 1.0, 0.5 * wave, wave, 3.0)) for wave in (60.0, 27.0, 12.0, 5.0)
    )
    field = 0.6 * (heaps - heaps.mean()) / heaps.std() + 0.8 * power_law_noise(rng, SIZE, 1.0, 1.5, 110.0, 2.0)
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def _cells(rng: np.random.Generator) -> Field:
    """Return closed cells (SIZE, SIZE): bright in the middle, with dark lanes between; mean 0, variance 1."""
    from scipy.spatial import cKDTree

    middles = rng.uniform(0, SIZE, (_CELLS, 2))
    tree = cKDTree(middles, boxsize=SIZE)
    warp = [9.0 * power_law_noise(rng, SIZE, 1.0, 4.0, 60.0, 1.9) for _ in range(2)]
    row, column = np.mgrid[:SIZE, :SIZE]
    places = np.stack([row + warp[0], column + warp[1]], axis=-1) % SIZE
    near = tree.query(places.reshape(-1, 2), k=2)[0].reshape(SIZE, SIZE, 2)
    lanes = np.minimum((near[..., 1] - near[..., 0]) / 9.0, 1.0)
    field = lanes + 0.35 * power_law_noise(rng, SIZE, 1.0, 1.5, 30.0, 1.7)
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def _streaks(rng: np.random.Generator) -> Field:
    """Return fibrous noise (SIZE, SIZE), drawn out and bent; mean 0, variance 1."""
    from scipy import ndimage

    noise = power_law_noise(rng, SIZE, 1.0, 1.5, 70.0, 1.6)
    drawn = ndimage.gaussian_filter1d(noise, 14.0, axis=1, mode="wrap")
    bend = 28.0 * power_law_noise(rng, SIZE, 1.0, 40.0, 300.0, 2.2)
    row, column = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    field = ndimage.map_coordinates(drawn, [row + bend, column], order=1, mode="grid-wrap", output=np.float32)
    field = field / field.std() + np.float32(0.5) * noise
    return np.asarray((field - field.mean()) / field.std(), np.float32)
