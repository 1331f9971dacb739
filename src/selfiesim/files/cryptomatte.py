"""Mattes by name for compositing: Cryptomatte 1.2 (Friedman and Jones 2015; Psyop's specification)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.files.extras import import_extra

if TYPE_CHECKING:
    from collections.abc import Mapping

    from selfiesim.render.raster.coverage import Coverage

_CHANNELS = "RGBA"


def name_hash(name: str) -> int:
    """Return the 32 bits by which a name is known, which are a finite float32 as well."""
    bits = int(import_extra("mmh3").hash(name, 0, signed=False))
    # An exponent of all zeros or ones would be a subnormal number, an infinity or no number.
    return bits ^ (1 << 23) if (bits >> 23) & 255 in (0, 255) else bits


def cryptomatte(
    layer: str, coverage: Coverage, names: Mapping[int, str]
) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    """Return the channels and the header attributes of a layer.

    Parameters
    ----------
    layer : str
        Its name, such as ``"CryptoPart"``.
    coverage : Coverage
        What covers each pixel.
    names : mapping of int to str
        Name of each part; parts of the same name are one.

    Returns
    -------
    channels : dict of str to (H, W) float32
        Pairs of a name's bits, as a float, and the share of the pixel that it covers.
    attributes : dict of str to str
        Name, hash, conversion and manifest of the layer.
    """
    known = sorted(set(names.values()))
    number_of = {name: number for number, name in enumerate(known, start=1)}
    table = np.zeros(max(names, default=0) + 1, np.int32)
    for part, name in names.items():
        table[part] = number_of[name]
    owner, share = _merged(table[coverage.part], coverage.share)
    bits = np.array([0, *map(name_hash, known)], np.uint32).view(np.float32)
    channels = {}
    for rank in range(len(owner)):
        plane, first = f"{layer}{rank // 2:02d}", 2 * (rank % 2)
        channels[f"{plane}.{_CHANNELS[first]}"] = bits[np.where(share[rank] > 0.0, owner[rank], 0)]
        channels[f"{plane}.{_CHANNELS[first + 1]}"] = share[rank]
    key = f"cryptomatte/{name_hash(layer):08x}"[: len("cryptomatte/") + 7]
    return channels, {
        f"{key}/name": layer,
        f"{key}/hash": "MurmurHash3_32",
        f"{key}/conversion": "uint32_to_float32",
        f"{key}/manifest": json.dumps({name: f"{name_hash(name):08x}" for name in known}),
    }


def _merged(owner: NDArray[np.int32], share: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Add up the shares (K, H, W) of the same owner in a pixel; the largest come first."""
    share = share.copy()
    for rank in range(1, len(owner)):
        for earlier in range(rank):
            same = (owner[rank] == owner[earlier]) & (share[rank] > 0.0) & (share[earlier] > 0.0)
            share[earlier][same] += share[rank][same]
            share[rank][same] = 0.0
    order = np.argsort(-share, axis=0, kind="stable")
    return np.take_along_axis(owner, order, axis=0), np.take_along_axis(share, order, axis=0)
