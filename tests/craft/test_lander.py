"""The landing platform: its appearance in the group photo, and a valid mesh."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_checks import (
    assert_closed_and_outward,
    assert_faces_distinct,
    assert_hangs_together,
    assert_no_flicker,
    assert_normals_lean_outward,
    extent,
    pieces_of,
)

from selfiesim.core.files import shipped
from selfiesim.craft.builders import tianwen1_lander
from selfiesim.craft.builders.catalogue import build_glb
from selfiesim.craft.builders.zhurong_sizes import RoverSizes
from selfiesim.craft.load import load_craft

# In the group photo (CNSA, 11 June 2021), pixels: the deck, its height above the ground, the flag.
DECK_WIDE_PX, DECK_TALL_PX = 1145.0 - 775.0, 420.0 - 297.0
FLAG_WIDE_PX, FLAG_TALL_PX = 62.0, 40.0


@pytest.fixture(scope="module")
def craft():
    return load_craft("tianwen1-lander")


@pytest.fixture(scope="module")
def pieces():
    return pieces_of(tianwen1_lander.build())


def test_deck_has_the_proportions_of_the_group_photo(craft):
    low, high = extent(craft, node="deck.silver_foil_dusted")
    assert (high - low)[0] / high[2] == pytest.approx(DECK_WIDE_PX / DECK_TALL_PX, rel=0.05)


def test_flag_has_the_size_and_position_of_the_group_photo(craft):
    deck, flag = extent(craft, node="deck.silver_foil_dusted"), extent(craft, node="flag.flag_red")
    size, wide = flag[1] - flag[0], (deck[1] - deck[0])[0]
    assert size[0] / wide == pytest.approx(FLAG_WIDE_PX / DECK_WIDE_PX, rel=0.05)
    assert size[2] / wide == pytest.approx(FLAG_TALL_PX / DECK_WIDE_PX, rel=0.1)
    assert flag[1, 2] < deck[1, 2], "below the deck's edge"
    assert flag[0, 1] < deck[0, 1], "in front of it"


def test_four_legs_stand_on_the_ground(craft):
    feet = [extent(craft, node=f"leg_{k}.silver_foil") for k in range(1, 5)]
    for low, _ in feet:
        assert low[2] == pytest.approx(0.0, abs=1e-4)
    quadrants = {tuple(np.sign(foot.mean(axis=0)[:2])) for foot in feet}
    assert len(quadrants) == 4


def test_ramps_reach_from_the_deck_to_the_ground_along_the_rovers_track(craft):
    for side, sign in (("left", 1.0), ("right", -1.0)):
        low, high = extent(craft, node=f"ramp_{side}.silver_foil_dusted")
        assert low[2] == pytest.approx(0.0, abs=0.01)
        assert low[2] > -0.001
        assert high[2] > 0.9
        rover = RoverSizes()
        assert 0.5 * (low[1] + high[1]) == pytest.approx(sign * rover.track_half_m, abs=1e-4)
        assert high[1] - low[1] > rover.wheel_width_m


def test_fits_the_capsule_with_its_ramps_folded(craft):
    """Deck, hull and equipment fit into the recalled 3.4 m of the heat shield; the feet are folded."""
    for node in ("deck", "hull", "equipment", "tanks", "flag", "thrusters"):
        points = np.concatenate([p.vertices for p in craft.parts if p.node.startswith(node)])
        assert np.hypot(points[:, 0], points[:, 1]).max() < 1.7, node


def test_engine_clears_the_ground(craft):
    low, _ = extent(craft, node="engine")
    assert 0.2 < low[2] < 0.35


def test_file_size_and_triangle_count(craft):
    assert 80_000 <= craft.triangle_count <= 400_000
    assert craft.source.stat().st_size < 8_000_000


def test_every_piece_is_closed_and_faces_outward(pieces):
    assert_closed_and_outward(pieces)


@pytest.mark.slow
def test_no_piece_floats(pieces):
    assert_hangs_together(pieces)


@pytest.mark.slow
def test_no_two_materials_share_a_visible_plane(pieces):
    assert_no_flicker(pieces)


def test_faces_and_normals_are_valid(craft):
    assert_faces_distinct(craft)
    assert_normals_lean_outward(craft)


def test_builder_reproduces_the_shipped_file():
    assert build_glb("tianwen1-lander", {}) == (shipped("models") / "tianwen1-lander.glb").read_bytes()
