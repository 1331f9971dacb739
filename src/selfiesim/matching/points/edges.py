"""The edge of a planet's disc, found to a fraction of a pixel along an arc that was clicked in a few places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d, map_coordinates

from selfiesim.core.errors import MatchError
from selfiesim.core.vectors import Vector
from selfiesim.matching.points.observations import ArcSection

_SAMPLES_PER_PX = 4
_BLUR_PX = 1.0  # of the brightness across the edge, before its steepest place is taken
_FAINT = 0.1  # of the median contrast along the arc: weaker edges are left out


def find_edges(picture: NDArray[np.uint8], arc: ArcSection, where: str) -> NDArray[np.float64]:
    """Find the steepest change of brightness across an arc.

    Parameters
    ----------
    picture : (H, W, 3) uint8
        The photograph.
    arc : ArcSection
        The clicked points, and how far to search.
    where : str
        What to call the arc in messages.

    Returns
    -------
    (N, 2) array
        Pixels of the edge, at most ``arc.count``; places without a clear edge are left out.

    Raises
    ------
    MatchError
        Fewer than three places have an edge.
    """
    grey = np.asarray(picture, float).mean(axis=-1)
    middle, across = _places(np.array(arc.pixels), arc.count)
    reach = np.arange(-arc.search_px, arc.search_px + 1e-9, 1.0 / _SAMPLES_PER_PX)
    samples = middle[:, None] + reach[None, :, None] * across[:, None]
    profile = map_coordinates(grey, [samples[..., 1], samples[..., 0]], order=1, mode="nearest")
    slope = np.abs(gaussian_filter1d(profile, _BLUR_PX * _SAMPLES_PER_PX, axis=1, order=1))
    inner = slope[:, 1:-1].argmax(axis=1) + 1
    rows = np.arange(len(slope))
    before, peak, after = (slope[rows, inner + step] for step in (-1, 0, 1))
    curvature = before - 2.0 * peak + after
    offset = np.where(curvature < 0.0, 0.5 * (before - after) / np.where(curvature < 0.0, curvature, 1.0), 0.0)
    is_edge = (curvature < 0.0) & (peak > _FAINT * np.median(peak)) & (peak > 0.0) & (np.abs(offset) <= 1.0)
    found = middle + (reach[inner] + offset / _SAMPLES_PER_PX)[:, None] * across
    if is_edge.sum() < 3:
        raise MatchError(
            f"{where}: no edge within {arc.search_px:g} px of the arc; click closer to it, or raise search_px"
        )
    return np.asarray(found[is_edge])


def _places(clicks: Vector, count: int) -> tuple[Vector, Vector]:
    """Places (count, 2) evenly along the clicked curve, and unit vectors (count, 2) across it."""
    length = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(clicks, axis=0), axis=1)))
    if np.any(np.diff(length) <= 0.0):
        raise MatchError("arcs: two successive clicks are at the same pixel")
    curve = CubicSpline(length, clicks, bc_type="natural" if len(clicks) == 3 else "not-a-knot")
    along = np.linspace(0.0, length[-1], count)
    tangent = curve(along, 1)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return np.asarray(curve(along)), np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1)
