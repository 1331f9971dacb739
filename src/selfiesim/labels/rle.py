"""COCO run-length encoding of masks: lengths of alternating runs of 0 and 1 in column-major order, as text.

The format is that of the COCO data set (cocodataset.org, "RLE"). From the fourth run on, the length two runs before is
subtracted. Each number is split into groups of five bits, least significant first; the sixth bit marks that more groups
follow, and 48 is added to make a printable character.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def encode(mask: Mask) -> dict[str, Any]:
    """Return ``size`` (height, width) and ``counts`` of a mask (H, W)."""
    flat = mask.ravel(order="F")
    ends = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    first = [0] if flat.size and flat[0] else []
    lengths = [*first, *np.diff(np.concatenate([[0], ends, [flat.size]])).tolist()]
    return {"size": list(mask.shape), "counts": _compress_counts(lengths)}


def decode(encoded: dict[str, Any]) -> Mask:
    """Return the mask (H, W) of run lengths.

    Raises
    ------
    ValueError
        The run lengths do not add up to a mask of that size.
    """
    height, width = encoded["size"]
    lengths = _decompress_counts(encoded["counts"])
    if min(lengths, default=0) < 0 or sum(lengths) != height * width:
        raise ValueError(f"run lengths do not add up to a mask of {width}x{height} pixels")
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(height, width, order="F")


def _compress_counts(lengths: list[int]) -> str:
    letters = []
    for place, length in enumerate(lengths):
        left = length - lengths[place - 2] if place > 2 else length
        while True:
            low, left = left & 31, left >> 5
            # Done when only the sign is left, and the group's highest bit has the same sign.
            done = left == (-1 if low & 16 else 0)
            letters.append(chr(48 + low + (0 if done else 32)))
            if done:
                break
    return "".join(letters)


def _decompress_counts(text: str) -> list[int]:
    lengths: list[int] = []
    value = shift = 0
    for letter in text:
        group = ord(letter) - 48
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            value -= (group & 16) << (shift - 4)
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            value = shift = 0
    return lengths
