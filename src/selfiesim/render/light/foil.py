"""Crumpled foil in numpy: the facets of ``craft.glsl``, for the points where rays hit it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit

Floats = NDArray[np.float64]

NOISE_ROTATION = np.array([[0.74, -0.62, 0.25], [0.51, 0.76, 0.40], [-0.44, -0.17, 0.88]])
"""Tilts the lattices of the noise against the axes, as in ``craft.glsl``."""
_CORNERS = np.array([[k & 1, k >> 1 & 1, k >> 2] for k in range(8)], float)


_SAG_VARIANCE = 0.0526  # of the slopes along each axis, for a crumple of 1
_FACET_SHARES = 1.5, 0.975, 0.63375
_TILT_VARIANCE = 1.0 / 12.0
FOIL_VARIANCE = _SAG_VARIANCE + _TILT_VARIANCE * sum(share**2 for share in _FACET_SHARES)
"""Variance of the slopes of foil along each axis, for a crumple of 1."""


def widen_alpha(alpha: Floats, variance: Floats) -> Floats:
    """Return the alpha of a GGX lobe widened by slopes of a variance along each axis; a mirror gets sqrt(2 variance).

    So foil is equally bright on average whether or not the pixels resolve its facets.
    """
    return np.asarray(np.sqrt(alpha**2 + 2.0 * variance))


def crumple_normals(
    normals: Floats, points: Floats, crumple: Floats, scale: Floats, pixel_m: Floats
) -> tuple[Floats, Floats]:
    """Return the normals (N, 3) of crumpled foil, and the variance (N,) of slopes too small to resolve.

    Parameters
    ----------
    normals, points : (N, 3) array
        Normals of the smooth surface and positions, m, body axes.
    crumple, scale : (N,) array
        The material's strength of crumpling and size of facets, m.
    pixel_m : (N,) array
        Size of a pixel there, m; facets smaller than that fade out.
    """
    place = points @ NOISE_ROTATION.T
    sag = _noise_gradient(place / (4.0 * scale)[:, None])
    bend = _noise_gradient(place[:, [2, 0, 1]] / (1.1 * scale)[:, None] + 7.3)
    visible = (1.5 - pixel_m / scale).clip(0.0, 1.0)
    slope: Floats = 0.30 * visible[:, None] * (sag @ NOISE_ROTATION)
    unresolved = _SAG_VARIANCE * (1.0 - visible**2)
    size = 1.15 * scale
    for k, share in enumerate(_FACET_SHARES):
        visible = (1.5 - 3.0 * pixel_m / size).clip(0.0, 1.0)
        slope += share * visible[:, None] * _facet_tilt(place / size[:, None] + 0.22 * bend + 11.7 * k)
        unresolved += share**2 * _TILT_VARIANCE * (1.0 - visible**2)
        place = place @ NOISE_ROTATION.T
        size = 0.42 * size
    slope -= normals * (normals * slope).sum(axis=1)[:, None]
    return np.asarray(unit(normals + crumple[:, None] * slope)), np.asarray(crumple**2 * unresolved)


def _hash3(cells: Floats) -> Floats:
    """Hash each lattice cell to three numbers (..., 3) in 0 to 1: hash3 in ``noise.glsl``."""
    p = _mix(cells)
    return np.asarray(np.mod((p[..., [0, 0, 1]] + p[..., [1, 2, 2]]) * p[..., [2, 1, 0]], 1.0))


def _hash(cells: Floats) -> Floats:
    """Hash each lattice cell to one number (...) in 0 to 1: hash1 in ``noise.glsl``."""
    p = _mix(cells)
    return np.asarray(np.mod((p[..., 0] + p[..., 1]) * p[..., 2], 1.0))


def _mix(cells: Floats) -> Floats:
    p = np.mod(cells * (0.1031, 0.1030, 0.0973), 1.0)
    return np.asarray(p + (p * (p[..., [1, 0, 2]] + 33.33)).sum(axis=-1, keepdims=True))


def _noise_gradient(x: Floats) -> Floats:
    """Return the gradient (N, 3) of value noise in -1 to 1."""
    cell = np.floor(x)
    f = x - cell
    w = f * f * f * (f * (f * 6.0 - 15.0) + 10.0)
    dw = 30.0 * f * f * (f * (f - 2.0) + 1.0)
    c = _hash(cell[:, None] + _CORNERS).reshape(-1, 2, 2, 2)  # z, y, x
    rise_x = c[..., 1] - c[..., 0]
    along_x = c[..., 0] + rise_x * w[:, None, None, 0]
    rise_y = along_x[..., 1] - along_x[..., 0]
    along_y = along_x[..., 0] + rise_y * w[:, None, 1]
    across_x = rise_x[..., 0] + (rise_x[..., 1] - rise_x[..., 0]) * w[:, None, 1]
    dx = (across_x[:, 0] + (across_x[:, 1] - across_x[:, 0]) * w[:, 2]) * dw[:, 0]
    dy = (rise_y[:, 0] + (rise_y[:, 1] - rise_y[:, 0]) * w[:, 2]) * dw[:, 1]
    return np.asarray(2.0 * np.stack([dx, dy, (along_y[:, 1] - along_y[:, 0]) * dw[:, 2]], axis=-1))


def _facet_tilt(x: Floats) -> Floats:
    """Return the tilt (N, 3) of the flat facet at each point: that of the nearest of random points, one per cell."""
    cells = np.floor(x - 0.5)[:, None] + _CORNERS
    randoms = _hash3(cells)
    away = cells + 0.15 + 0.7 * randoms - x[:, None]
    nearest = (away**2).sum(axis=-1).argmin(axis=1)
    return np.asarray(np.take_along_axis(randoms, nearest[:, None, None], axis=1)[:, 0][:, [2, 0, 1]] - 0.5)
