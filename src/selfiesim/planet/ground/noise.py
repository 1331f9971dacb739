"""Noise that is the same on every machine, and the step that eases in and out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GRADIENT_ANGLES = np.arange(256) * (2.0 * np.pi / 256)
_GRADIENTS = np.stack([np.cos(_GRADIENT_ANGLES), np.sin(_GRADIENT_ANGLES)], axis=1)


def smoothstep(t: Floats) -> Floats:
    """Return 0 below 0, 1 above 1, and a cubic between."""
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def perlin_noise(x: Floats, y: Floats, seed: int) -> Floats:
    """Return gradient noise (Perlin 1985, 2002) of about -1 to 1, rotated by an angle that depends on the seed."""
    angle = 2.39996 * seed
    u, v = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    column, row = np.floor(u), np.floor(v)
    fu, fv = u - column, v - row
    wu, wv = (f * f * f * (f * (6.0 * f - 15.0) + 10.0) for f in (fu, fv))
    i, j = column.astype(np.int64), row.astype(np.int64)

    def corner(di: int, dj: int) -> Floats:
        which = cell_hash(i + di, j + dj, seed)
        return np.asarray(_GRADIENTS[which, 0] * (fu - di) + _GRADIENTS[which, 1] * (fv - dj))

    low = corner(0, 0) + wu * (corner(1, 0) - corner(0, 0))
    high = corner(0, 1) + wu * (corner(1, 1) - corner(0, 1))
    return np.asarray(1.6 * (low + wv * (high - low)))


def cell_hash(i: NDArray[np.int64], j: NDArray[np.int64], seed: int) -> NDArray[np.intp]:
    """Return a number below 256 for each cell, the same on every machine."""
    # Arithmetic modulo 2^32.
    h = i.astype(np.uint32) * np.uint32(0x9E3779B1) + j.astype(np.uint32) * np.uint32(0x85EBCA77)
    h += np.uint32(seed * 0xC2B2AE3D & 0xFFFFFFFF)
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(factor)
    return np.asarray(h >> np.uint32(24), dtype=np.intp)
