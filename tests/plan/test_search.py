"""The search for windows: none lost between samples, none invented, edges where they are."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.plan.optimise import _best_of_each_pass
from selfiesim.plan.search import find_windows

GRID = np.linspace(0.0, 1000.0, 41)  # 25 s apart


@given(middle=st.floats(30.0, 970.0), width=st.floats(0.05, 60.0))
def test_a_window_shorter_than_the_step_is_found(middle, width):
    found = find_windows(lambda t: (width / 2.0) ** 2 - (t - middle) ** 2, GRID)
    assert len(found) == 1
    np.testing.assert_allclose(found.spans[0], [middle - width / 2.0, middle + width / 2.0], atol=1e-3)


@given(middle=st.floats(30.0, 970.0), width=st.floats(0.05, 60.0))
def test_a_gap_shorter_than_the_step_is_found(middle, width):
    found = find_windows(lambda t: (t - middle) ** 2 - (width / 2.0) ** 2, GRID)
    assert len(found) == 2
    assert found.spans[0][1] == pytest.approx(middle - width / 2.0, abs=1e-3)
    assert found.spans[1][0] == pytest.approx(middle + width / 2.0, abs=1e-3)


@given(middle=st.floats(30.0, 970.0), miss=st.floats(1e-6, 1.0))
def test_a_near_miss_is_no_window(middle, miss):
    assert not find_windows(lambda t: -miss - (t - middle) ** 2, GRID)


def test_a_kink_is_followed_to_its_summit():
    found = find_windows(lambda t: 0.5 - np.abs(t - 512.3), GRID)
    np.testing.assert_allclose(found.spans, [(511.8, 512.8)], atol=1e-3)


def test_windows_at_the_ends_of_the_span_are_found():
    found = find_windows(lambda t: np.maximum(1.0 - (t - 0.5) ** 2, 1.0 - (t - 999.5) ** 2), GRID)
    np.testing.assert_allclose(found.spans, [(0.0, 1.5), (998.5, 1000.0)], atol=1e-3)


def test_what_always_or_never_holds():
    assert find_windows(np.ones_like, GRID).spans == ((0.0, 1000.0),)
    assert not find_windows(lambda t: -np.ones_like(t), GRID)


def test_every_oscillation_is_found():
    # sin(2 pi t / 100) > 0.9999 for 0.45 s at a time; a quarter of a sample.
    found = find_windows(lambda t: np.sin(2.0 * np.pi * t / 100.0) - 0.9999, GRID)
    half = np.arccos(0.9999) / (2.0 * np.pi) * 100.0
    assert len(found) == 10
    np.testing.assert_allclose(
        found.spans, [(25.0 + 100.0 * k - half, 25.0 + 100.0 * k + half) for k in range(10)], atol=2e-3
    )


def test_a_week_of_windows_is_that_of_spice(spice, tmp_path):
    # tests/validation/test_windows_against_spice.py has a year, and every function of SPICE's geometry finder.
    from windows_by_spice import CRAFT, Finder, write_trajectories

    from selfiesim.plan.motion import Motion
    from selfiesim.plan.planner import scene_pictures
    from selfiesim.plan.wants import Subject, parse_wants
    from selfiesim.scene.scene import Scene

    resolved = Scene.load("tianwen1-mars").resolve()
    # In the season of eclipses.
    motion = Motion(resolved, resolved.host.reference_epoch + 100.0 * 86400.0, 7.0 * 86400.0)
    spice.furnsh(str(write_trajectories(spice, tmp_path / "week.bsp", motion)))
    finder, pictures = Finder(spice, motion, CRAFT), scene_pictures(motion)
    expected = {
        "earth hidden": finder.occultation("ANY", "EARTH", "POINT"),
        "distance to phobos < 2000km": finder.distance("PHOBOS", 2000.0),
        "planet phase 0..60": finder.phase(60.0),
    }
    spice.unload(str(tmp_path / "week.bsp"))
    for text, spans in expected.items():
        want = parse_wants([text], Subject(resolved, np.zeros((1, 3))))[0]
        found = want.expression.windows(pictures)
        assert len(found) == len(spans) > 0
        np.testing.assert_allclose(found.spans, spans, rtol=0.0, atol=0.01)


def test_no_pass_crowds_out_the_others():
    # Forty steps of 30 s: a pass is 1200 s. The first has the fifty best candidates.
    t = np.concatenate([np.linspace(0.0, 1199.0, 50), np.linspace(1200.0, 2399.0, 50)])
    value = np.concatenate([np.linspace(2.0, 1.5, 50), np.linspace(1.0, 0.5, 50)])
    kept = _best_of_each_pass(value, t, SimpleNamespace(sampling_step=lambda: 30.0))
    assert kept.tolist() == [*range(12), *range(50, 62)]
