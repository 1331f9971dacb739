"""Rows that are read one after the other while things move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.photo.optics import Floats

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Radiance


def apply_rolling_shutter(planes: Floats, radiance: Radiance, readout_s: float) -> Floats:
    """Planes (3, H, W), each row as when it was read: the first at the view's instant, the last ``readout_s`` later.

    What a pixel sees is taken back along its own motion, from the view ``readout_s`` later; nothing is drawn again, so
    what comes out from behind an edge is a repetition of the edge.
    """
    from scipy.ndimage import map_coordinates

    view = radiance.view
    seconds = view.track.seconds_since_release
    if seconds is None:
        return planes  # a mounted camera and its craft move together
    later = view.scene.view(seconds + readout_s)
    move = np.nan_to_num(radiance.motion(later))
    height, width = planes.shape[1:]
    share = (np.arange(height) / max(height - 1, 1))[:, None]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    at = np.stack([rows, columns])
    for _ in range(4):  # what has come to this pixel started where its own motion leads here
        shift = [map_coordinates(move[..., axis], at, order=0, mode="nearest") for axis in (1, 0)]
        at = np.stack([rows - share * shift[0], columns - share * shift[1]])
    return np.stack([map_coordinates(plane, at, order=1, mode="nearest") for plane in planes]).astype(np.float32)
