"""Upsampling of a coarse field in blocks of columns, so that a large field never has to fit in memory at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.planet.grids.fields import Field

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class SplineUpsampler:
    """Upsamples a square field with cubic B-splines, which keep smooth curves smooth.

    Parameters
    ----------
    coarse, fine : int
        Pixels per side of the two grids, which cover the same area.
    """

    def __init__(self, coarse: int, fine: int) -> None:
        self._matrix = spline_matrix(coarse, fine)

    def columns(self, coefficients: Field, columns: slice) -> Field:
        """Return columns of the fine field, (fine, n), from coefficients of the coarse one."""
        across = (self._matrix[columns] @ coefficients).T
        return np.asarray(self._matrix @ np.ascontiguousarray(across), dtype=np.float32)


def spline_coefficients(field: Field) -> Field:
    """Return the spline coefficients of a coarse field (N, N), transposed for :class:`SplineUpsampler`."""
    from scipy.ndimage import spline_filter

    return np.ascontiguousarray(spline_filter(field, order=3, output=np.float32, mode="mirror").T)


def spline_matrix(coarse: int, fine: int) -> csr_array:
    """Return cubic B-spline weights at the fine pixels' centres, sparse (fine, coarse)."""
    from scipy.sparse import csr_array

    at = (np.arange(fine) + 0.5) / fine * coarse - 0.5
    low = np.floor(at).astype(np.intp)
    t = at - low
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1) / 6
    index = low[:, None] + np.arange(-1, 3)
    index = np.where(index < 0, -index, index)
    index = np.where(index > coarse - 1, 2 * (coarse - 1) - index, index)
    rows = np.repeat(np.arange(fine), 4)
    return csr_array((weights.ravel().astype(np.float32), (rows, index.ravel())), shape=(fine, coarse))
