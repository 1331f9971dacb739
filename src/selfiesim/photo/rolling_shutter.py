"""Rolling shutter: rows are read one after the other while the scene moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.photo.optics import Floats

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Radiance


def apply_rolling_shutter(planes: Floats, radiance: Radiance, readout_s: float) -> Floats:
    """Shift the picture to the instant at which each row is read.

    Pixels are warped along the optical flow to the view ``readout_s`` later. Nothing is rendered again: surfaces that
    come out from behind an edge repeat the edge.

    Parameters
    ----------
    planes : (3, H, W) float32
        The picture at the view's instant.
    radiance : Radiance
        Its render, for depth and motion.
    readout_s : float
        Time from reading the first row, at the view's instant, to reading the last, s.

    Returns
    -------
    (3, H, W) float32
        The warped picture; ``planes`` itself for a mounted camera.
    """
    from scipy.ndimage import map_coordinates

    view = radiance.view
    if view.track.seconds_since_release is None:
        return planes  # a mounted camera and its craft move together
    later = view.after(readout_s)
    move = np.nan_to_num(radiance.motion(later))
    height, width = planes.shape[1:]
    share = (np.arange(height) / max(height - 1, 1))[:, None]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    at = np.stack([rows, columns])
    for _ in range(4):  # fixed-point iteration for the origin of the flow that ends at each pixel
        shift = [map_coordinates(move[..., axis], at, order=0, mode="nearest") for axis in (1, 0)]
        at = np.stack([rows - share * shift[0], columns - share * shift[1]])
    return np.stack([map_coordinates(plane, at, order=1, mode="nearest") for plane in planes]).astype(np.float32)
