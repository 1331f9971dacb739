"""Opacity in the raster renderer: what is seen, what is lit through it, and what the truth shows."""

from __future__ import annotations

import numpy as np
import pytest
from see_through import middle, plates, view_of


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def light(folder, *sheets, quality="draft", samples=None, **view):
    """Radiance of the middle of the picture."""
    folder.mkdir(exist_ok=True)
    return middle(view_of(plates(folder, *sheets), **view).render(quality, samples).rgb)[0]


@pytest.mark.parametrize(
    ("alpha", "quality"),
    [
        (0.5, "draft"),
        (0.5, "final"),
        *[
            pytest.param(alpha, quality, marks=pytest.mark.slow)
            for alpha in (0.15, 0.8)
            for quality in ("draft", "final")
        ],
    ],
)
def test_a_blended_sheet_mixes_with_what_it_covers_and_shades(tmp_path, alpha, quality):
    glass = {"colour": 0.2, "alpha": alpha, "mode": "BLEND"}
    found = light(tmp_path / "a", glass, quality=quality)
    sheet = light(tmp_path / "b", {"colour": 0.2}, quality=quality)
    wall = light(tmp_path / "c", {"colour": 0.5}, quality=quality)
    # Porter and Duff 1984, "over"; the wall is lit through the sheet too, by what that leaves of the sunlight.
    assert found == pytest.approx(alpha * sheet + (1.0 - alpha) ** 2 * wall, rel=0.04)


def test_two_sheets_mix_independently_in_any_order(tmp_path):
    thin, thick = ({"colour": 0.5, "alpha": alpha, "mode": "BLEND"} for alpha in (0.3, 0.6))
    whole = light(tmp_path / "a", {"colour": 0.5}, size=(48, 48))
    one, other = (
        light(tmp_path / name, *pair, samples=96, size=(48, 48))
        for name, pair in (("b", (thin, thick)), ("c", (thick, thin)))
    )
    # Each layer is lit by the share of sunlight that those before it leave, and seen by the same share.
    expected = [a + (1 - a) ** 2 * b + ((1 - a) * (1 - b)) ** 2 for a, b in ((0.3, 0.6), (0.6, 0.3))]
    assert one / whole == pytest.approx(expected[0], rel=0.05)
    assert other / whole == pytest.approx(expected[1], rel=0.05)


@pytest.mark.parametrize("opacities", [{"vertices": [0.0, 1.0, 1.0, 0.0]}, {"texels": [0, 255]}])
def test_a_cutoff_leaves_a_sharp_hole(tmp_path, opacities):
    craft = plates(tmp_path, {"colour": 0.5, "mode": "MASK", "cutoff": 0.5} | opacities, wall=False)
    view = view_of(craft)
    radiance = view.render("final")
    seen = np.isfinite(radiance.truth.depth)
    rows, columns = seen.shape
    assert not seen[rows // 2, : columns // 2 - 2].any()
    assert seen[rows // 2, columns // 2 + 2 : columns // 2 + 8].all()
    assert radiance.rgb[rows // 2, columns // 4].max() == 0.0


def test_the_factor_counts_against_the_cutoff(tmp_path):
    sheet = {"colour": 0.5, "mode": "MASK", "cutoff": 0.5, "texels": [160, 255], "alpha": 0.7}
    seen = np.isfinite(view_of(plates(tmp_path, sheet, wall=False)).render().truth.depth)
    # 160 / 255 alone is above the cutoff; times 0.7 it is not.
    assert not seen[48, 30]
    assert seen[48, 66]


@pytest.mark.parametrize(("alpha", "number"), [(0.4, 1), (0.6, 0)])
def test_the_truth_shows_the_first_surface_that_is_at_least_half_opaque(tmp_path, alpha, number):
    craft = plates(tmp_path, {"colour": 0.2, "alpha": alpha, "mode": "BLEND"})
    truth = view_of(craft).render().truth
    front = view_of(craft).craft.position[2]
    assert truth.depth[48, 48] == pytest.approx(front + number, abs=0.02)


def test_shadows_of_masked_sheets_have_their_holes(tmp_path):
    half = {"colour": 0.5, "mode": "MASK", "texels": [0, 255]}
    view = view_of(plates(tmp_path, half), side=(0.0, 0.0, 1.0), sun=(-1.5, 0.0, 1.0))
    rgb = view.render("draft").rgb[..., 0]
    # The Sun is at the left: the shadow of the right half falls 1.5 m to the right, on the wall beside the sheet.
    row = rgb[48]
    wall = np.median(row[row > 0.0])
    assert (row < 0.2 * wall).any()


@pytest.mark.parametrize(("wrap", "seen"), [(10497, [0, 1, 0, 1]), (33071, [0, 1, 1, 1]), (33648, [0, 1, 1, 0])])
def test_textures_repeat_clamp_or_mirror(tmp_path, wrap, seen):
    # glTF 2.0, section 5.29: wrapS of OpenGL's constants; the picture is a hole and a plate, over twice its width.
    sheet = {"colour": 0.5, "mode": "MASK", "texels": [0, 255], "wrap": wrap, "uv_scale": np.float32(2.0)}
    craft = plates(tmp_path, sheet, wall=False)
    view = view_of(craft)
    truth = view.render().truth
    pixels = view.camera.project(
        np.array([[x, 0.01, 0.0] for x in (-0.75, -0.25, 0.25, 0.75)]) * (1, -1, 1) + view.craft.position
    )
    found = [int(np.isfinite(truth.depth[round(y), round(x)])) for x, y in pixels]
    assert found == seen


def test_the_same_view_gives_the_same_bytes(tmp_path):
    view = view_of(plates(tmp_path, {"colour": 0.2, "alpha": 0.3, "mode": "BLEND"}))
    assert view.render().rgb.tobytes() == view.render().rgb.tobytes()
