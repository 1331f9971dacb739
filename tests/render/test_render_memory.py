"""Frames do not leak memory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from small_scenes import box, stage, write_craft


def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_thirty_frames_do_not_leak_memory(tmp_path):
    shot = stage(tmp_path, write_craft(tmp_path, "plate", [box((1.0, 1.0, 0.02))], (0.3, 0.1, 3.0)), size=(480, 270))
    views = [shot.with_changes(camera__roll_deg=10.0 * k).view() for k in range(6)]
    for view in views:
        view.render()
    before = resident_mb()
    for _ in range(5):
        for view in views:
            view.render()
    # An image takes 2 MB: a leak would be 60 MB.
    assert resident_mb() - before < 20.0
