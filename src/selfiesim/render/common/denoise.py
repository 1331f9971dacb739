"""An edge-stopping à-trous filter: removes the noise of few rays without blurring across surfaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SPLINE = ((-2, 1.0 / 6.0), (-1, 4.0 / 6.0), (1, 4.0 / 6.0), (2, 1.0 / 6.0))  # relative to 1 for the pixel itself


@dataclass(frozen=True)
class FilterGuide:
    """Which of N pixels of an image may be averaged with each other.

    Attributes
    ----------
    mask : (H, W) array of bool
        The N pixels, counted row by row.
    part : (N,) array of int
        Only pixels of the same part are averaged.
    facing : (N, 3) array
        Unit vectors; only pixels whose vectors have a cosine above ``min_cosine`` (N,) are averaged.
    strength : (N,) array
        How strongly each pixel is filtered, 0 (not at all) to 1.
    points : (N, 3) array, optional
        The position each pixel sees, m; only points within ``plane_tolerance`` (N,), m, of the plane through the
        pixel's own point are averaged.
    """

    mask: NDArray[np.bool_]
    part: NDArray[np.int64]
    facing: Floats
    min_cosine: Floats
    strength: Floats
    points: Floats | None = None
    plane_tolerance: Floats | None = None


def atrous_filter(values: Floats, guide: FilterGuide, steps: Iterable[int]) -> Floats:
    """Average ``values`` over neighbouring pixels, with a spacing that grows from pass to pass.

    Each pass filters rows and then columns with B-spline weights, so that steps of 1, 2, 4 and 8 leave no pattern.

    Parameters
    ----------
    values : (N, C) array
        The last column is the weight of each pixel, 0 where it has no light of its own; the other columns are
        premultiplied by it.
    guide : FilterGuide
        Which pixels may be averaged.
    steps : iterable of int
        Spacing of each pass, pixels.

    Returns
    -------
    (N, C) array
        Filtered values, premultiplied like the input.
    """
    steps = list(steps)
    margin = 2 * max(steps)
    indices = np.full((guide.mask.shape[0] + 2 * margin, guide.mask.shape[1] + 2 * margin), -1)
    pixels = np.argwhere(guide.mask) + margin
    indices[tuple(pixels.T)] = np.arange(len(pixels))
    for step in steps:
        for axis in (0, 1):
            values = _atrous_pass(values, guide, indices, pixels, step * np.eye(2, dtype=int)[axis])
    return values


def _atrous_pass(
    values: Floats, guide: FilterGuide, indices: NDArray[np.int64], pixels: NDArray[np.int64], step: NDArray[np.int64]
) -> Floats:
    total, weights = values.copy(), np.ones(len(values), np.float32)
    for offset, spline_weight in _SPLINE:
        neighbour = indices[tuple((pixels + offset * step).T)]
        own = np.flatnonzero((neighbour >= 0) & (guide.strength > 0.0))
        own = own[guide.part[own] == guide.part[neighbour[own]]]
        own = own[_dot(guide.facing[own], guide.facing[neighbour[own]]) > guide.min_cosine[own]]
        if guide.points is not None and guide.plane_tolerance is not None:
            distance = _dot(guide.points[neighbour[own]] - guide.points[own], guide.facing[own])
            own = own[np.abs(distance) < guide.plane_tolerance[own]]
        weight = np.float32(spline_weight) * guide.strength[own]
        total[own] += weight[:, None] * values[neighbour[own]]
        weights[own] += weight
    return np.asarray(total / weights[:, None])


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("nk,nk->n", a, b))
