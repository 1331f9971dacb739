"""Rolling shutter: the last rows show the later picture."""

from __future__ import annotations

import numpy as np

from selfiesim.photo.rolling_shutter import apply_rolling_shutter


def test_rows_show_the_scene_at_their_readout_time(before_the_cap):
    scene = before_the_cap.with_changes(
        camera__size_px=[320, 180], camera__horizontal_fov_deg=30.0, camera__place=[0.5, 0.9]
    )
    now, later = scene.view(60.0).render(), scene.view(64.0).render()
    planes = [np.ascontiguousarray(np.moveaxis(light.rgb, -1, 0)) for light in (now, later)]
    ours = apply_rolling_shutter(planes[0], now, 4.0)
    assert np.array_equal(ours[:, 0], planes[0][:, 0])
    low = np.s_[:, 165:]
    to_now, to_later = (np.abs(ours[low] - other[low]).mean() for other in planes)
    assert np.abs(planes[0][low] - planes[1][low]).mean() > 0.0
    assert to_later < 0.6 * to_now
