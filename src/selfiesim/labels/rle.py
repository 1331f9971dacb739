"""Masks as COCO's run lengths: how many pixels off, on, off ... down the columns, packed into a text.

The format is that of the COCO data set (cocodataset.org, "RLE"): each length, from the fourth on less the one before
the last, as groups of five bits, least first, the sixth bit for "more follows", plus 48 as a letter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def encode(mask: Mask) -> dict[str, Any]:
    """``size`` (height, width) and ``counts`` of a mask (H, W)."""
    flat = mask.ravel(order="F")
    ends = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    first = [0] if flat.size and flat[0] else []
    lengths = [*first, *np.diff(np.concatenate([[0], ends, [flat.size]])).tolist()]
    return {"size": list(mask.shape), "counts": _compress_counts(lengths)}


def decode(encoded: dict[str, Any]) -> Mask:
    """The mask (H, W) of run lengths.

    Raises
    ------
    ValueError
        When they do not make up a mask of that size.
    """
    height, width = encoded["size"]
    lengths = _decompress_counts(encoded["counts"])
    if min(lengths, default=0) < 0 or sum(lengths) != height * width:
        raise ValueError(f"run lengths of a mask of {width}x{height} pixels do not sum to as many")
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(height, width, order="F")


def _compress_counts(lengths: list[int]) -> str:
    letters = []
    for place, length in enumerate(lengths):
        left = length - lengths[place - 2] if place > 2 else length
        while True:
            low, left = left & 31, left >> 5
            # Done when what is left is the sign alone, and the group's own highest bit tells the same sign.
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
