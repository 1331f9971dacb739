"""Comparing two pictures: similarity against scikit-image, the files, and pictures that cannot be compared."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import MatchError
from selfiesim.matching.comparison import compare

Y, X = np.mgrid[:60, :80]
WAVES = np.clip(128 + 90 * np.sin(X / 5.0) * np.cos(Y / 7.0), 0, 255).round()
FADED = np.clip(0.8 * WAVES + 20 + 15 * np.sin(X * 1.7 + Y * 0.9), 0, 255).round()


def write(path, grey):
    Image.fromarray(np.repeat(np.asarray(grey, np.uint8)[..., None], 3, axis=2)).save(path)
    return path


# scikit-image 0.26.0: structural_similarity(..., gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
# data_range=255), whose variances are not kept from falling below zero by rounding.
@pytest.mark.parametrize(
    ("other", "expected"),
    [(FADED, 0.7600356596), (255 - WAVES, -0.6101083544), (np.roll(WAVES, 3, 1), 0.7714852224), (WAVES, 1.0)],
)
def test_similarity_is_that_of_scikit_image(tmp_path, other, expected):
    found = compare(write(tmp_path / "a.png", WAVES), write(tmp_path / "b.png", other))
    assert found.ssim == pytest.approx(expected, abs=1e-6)
    assert found.difference == pytest.approx(np.abs(WAVES - other).mean(), abs=1e-9)


def test_light_contrast_and_structure_are_separate(tmp_path):
    first = write(tmp_path / "a.png", WAVES)
    dimmer = compare(first, write(tmp_path / "b.png", WAVES - 30.0))
    flatter = compare(first, write(tmp_path / "c.png", 128 + 0.4 * (WAVES - 128)))
    shifted = compare(first, write(tmp_path / "d.png", np.roll(WAVES, 8, 1)))
    assert (dimmer.light < 0.97, dimmer.contrast > 0.99, dimmer.structure > 0.99) == (True,) * 3
    assert (flatter.light > 0.97, flatter.contrast < 0.8, flatter.structure > 0.97) == (True,) * 3
    assert shifted.structure < 0.3


def test_the_command_writes_the_pictures(run, tmp_path):
    write(tmp_path / "a.png", WAVES)
    Image.open(write(tmp_path / "b.png", FADED)).resize((160, 120)).save(tmp_path / "large.png")
    words = ("compare", tmp_path / "a.png", tmp_path / "large.png", "-o", tmp_path / "out", "--json")
    code, out, err = run(*words)
    assert code == 0, err
    assert 0.5 < json.loads(out)["ssim"] < 1.0
    with Image.open(tmp_path / "out" / "beside.png") as beside, Image.open(tmp_path / "out" / "blink.webp") as blink:
        assert beside.size == (160, 60)
        assert (blink.size, blink.n_frames) == ((80, 60), 2)
    with Image.open(tmp_path / "out" / "difference.png") as difference:
        assert abs(float(np.asarray(difference).mean()) - 128.0) > 1.0
    assert "structure" in run("compare", tmp_path / "a.png", tmp_path / "b.png")[1]


def test_pictures_that_cannot_be_compared_are_refused(tmp_path):
    first = write(tmp_path / "a.png", WAVES)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(MatchError, match=r"text\.png: not a picture"):
        compare(first, tmp_path / "text.png")
    with pytest.raises(MatchError, match=r"gone\.png"):
        compare(first, tmp_path / "gone.png")
    with pytest.raises(MatchError, match="another shape than 80x60"):
        compare(first, write(tmp_path / "wide.png", WAVES[:30]))
    with pytest.raises(MatchError, match="too few"):
        compare(write(tmp_path / "s.png", WAVES[:10, :10]), write(tmp_path / "t.png", WAVES[:10, :10]))
