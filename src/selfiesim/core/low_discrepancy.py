"""Low-discrepancy points for ray directions, identical in every run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import perpendicular

R2_STEP = np.array([0.7548776662466927, 0.5698402909980532])
"""Step of Roberts' R2 sequence in the unit square."""


def r2_points(count: int, samples: int) -> Iterator[NDArray[np.float64]]:
    """Yield ``samples`` arrays (``count``, 2) of points in the unit square, one point for each of ``count`` sequences.

    Each sequence is Roberts' R2 sequence from a random start, so any number of its first points is evenly spread.
    """
    start = np.random.default_rng(1).random((count, 2))
    for k in range(samples):
        yield (start + k * R2_STEP) % 1.0


def sunflower(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return radii and angles (N,), rad, of ``count`` points spread evenly over the unit disc.

    Sunflower spiral (H. Vogel 1979, Math. Biosci. 44, 179); each point represents the same area.
    """
    k = np.arange(count) + 0.5
    return np.sqrt(k / count), np.pi * (1.0 + np.sqrt(5.0)) * k


def disc_offsets(axis: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return a sunflower spiral (N, 3) on the unit disc perpendicular to the unit vector ``axis`` (3,)."""
    across = perpendicular(axis)
    radius, angle = sunflower(count)
    return np.asarray(
        radius[:, None] * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(axis, across))
    )
