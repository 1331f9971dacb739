"""Rows read one after the other: the last rows show the later picture."""

from __future__ import annotations

import numpy as np

from selfiesim.photo.rolling import rolled
from selfiesim.scene import Scene


def test_the_first_row_is_of_now_and_the_last_of_the_end_of_the_read_out():
    scene = Scene.load("tianwen1-mars").with_changes(
        camera__size_px=[320, 180],
        camera__horizontal_fov_deg=30.0,
        camera__place=[0.5, 0.9],
        camera__roll_deg=268.0,
        release__at="max-latitude-95s",
        release__axis=[-0.30, 0.88, -0.36],
    )
    now, later = scene.view(60.0).render(), scene.view(64.0).render()
    planes = [np.ascontiguousarray(np.moveaxis(light.rgb, -1, 0)) for light in (now, later)]
    ours = rolled(planes[0], now, 4.0)
    assert np.array_equal(ours[:, 0], planes[0][:, 0])
    low = np.s_[:, 165:]
    to_now, to_later = (np.abs(ours[low] - other[low]).mean() for other in planes)
    assert np.abs(planes[0][low] - planes[1][low]).mean() > 0.0
    assert to_later < 0.6 * to_now
