"""Maps in several files: faces of a cube and grids of tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import MapError
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.resample import read_map

SIZE = 96

# OpenGL 4.6 core specification, table 8.19 (selection of cube map images): for each face sc, tc and ma; a texel at
# (s, t), with t counted from the first row, faces the direction that solves them. x right, y up, z front.
FACES = {
    "posx": lambda s, t: (np.ones_like(s), -t, -s),
    "negx": lambda s, t: (-np.ones_like(s), -t, s),
    "posy": lambda s, t: (s, np.ones_like(s), t),
    "negy": lambda s, t: (s, -np.ones_like(s), -t),
    "posz": lambda s, t: (s, -t, np.ones_like(s)),
    "negz": lambda s, t: (-s, -t, -np.ones_like(s)),
}
PANORAMA = {"posx": "right", "negx": "left", "posy": "up", "negy": "down", "posz": "front", "negz": "back"}


def colour(right: np.ndarray, up: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Return a colour that varies smoothly over the sphere and differs everywhere."""
    size = np.sqrt(right**2 + up**2 + front**2)
    return (127.5 + 120 * np.stack([right, up, front], -1) / size[..., None]).round().astype(np.uint8)


def write_faces(folder: Path, names: dict[str, str], size: int = SIZE) -> None:
    axis = (2 * (np.arange(size) + 0.5) / size) - 1
    s, t = np.meshgrid(axis, axis)
    for face, direction in FACES.items():
        Image.fromarray(colour(*direction(s, t))).save(folder / f"mars_{names[face]}.png")


@pytest.mark.parametrize(
    "names", [PANORAMA, {face: face for face in FACES}, {face: face[0].replace("p", "p") + face[-1] for face in FACES}]
)
def test_faces_join_into_the_original_sphere(tmp_path: Path, names: dict[str, str]) -> None:
    write_faces(tmp_path, names)
    linear = Conventions(coding="linear", lon0_deg=-180.0)  # front is the middle of the map
    ours = read_map(tmp_path / "mars_{face}.png", "albedo", 180, conventions=linear) * 255
    lat = np.radians(89 - 2.0 * np.arange(90))[:, None]
    lon = np.radians(1 + 2.0 * np.arange(180))[None, :]
    expected = colour(np.cos(lat) * np.sin(lon), np.sin(lat) * np.ones_like(lon), np.cos(lat) * np.cos(lon))
    assert np.abs(ours - expected).max() < 3.0


def test_front_may_face_another_longitude(tmp_path: Path) -> None:
    write_faces(tmp_path, PANORAMA)
    ours = read_map(tmp_path / "mars_{face}.png", width=8, conventions=Conventions(lon0_deg=0.0))
    assert ours[2, :, 2].argmax() in (3, 4)


def test_missing_or_unequal_faces_are_rejected(tmp_path: Path) -> None:
    write_faces(tmp_path, PANORAMA)
    Image.new("RGB", (50, 50)).save(tmp_path / "mars_left.png")
    with pytest.raises(MapError, match="the six faces must be squares of the same size"):
        read_map(tmp_path / "mars_{face}.png")
    (tmp_path / "mars_left.png").unlink()
    with pytest.raises(MapError, match=r"no file for the face 'left' \(left, l, nx, negx, neg_x\)"):
        read_map(tmp_path / "mars_{face}.png")


def write_tiles(folder: Path, ending: str) -> np.ndarray:
    """Write a level of a virtual texture, 4x2 tiles of 64 pixels, and return the whole image."""
    whole = np.random.default_rng(0).integers(0, 255, (128, 256, 3)).astype(np.uint8)
    for y in range(2):
        for x in range(4):
            Image.fromarray(whole[64 * y : 64 * y + 64, 64 * x : 64 * x + 64]).save(folder / f"tx_{x}_{y}.{ending}")
    return whole


@pytest.mark.parametrize("ending", ["png", "dds"])
def test_tiles_join_into_one_map(tmp_path: Path, ending: str) -> None:
    whole = write_tiles(tmp_path, ending)
    linear = Conventions(coding="linear", lon0_deg=0.0)
    ours = read_map(tmp_path / f"tx_{{x}}_{{y}}.{ending}", width=256, conventions=linear)
    np.testing.assert_allclose(ours, whole / 255, atol=1e-6)


def test_a_missing_or_unequal_tile_is_named(tmp_path: Path) -> None:
    write_tiles(tmp_path, "png")
    Image.new("RGB", (32, 32)).save(tmp_path / "tx_2_1.png")
    with pytest.raises(MapError, match=r"tx_2_1\.png: differs in size"):
        read_map(tmp_path / "tx_{x}_{y}.png")
    (tmp_path / "tx_2_1.png").unlink()
    with pytest.raises(MapError, match=r"tile .*tx_2_1\.png is missing"):
        read_map(tmp_path / "tx_{x}_{y}.png")
    with pytest.raises(MapError, match="no first tile"):
        read_map(tmp_path / "ty_{x}_{y}.png")


@pytest.mark.parametrize("name", ["a_{x}.png", "a_{face}_{x}_{y}.png", "a_{what}.png", "a_{face}.img"])
def test_other_patterns_are_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(MapError, match=r"use \{face\}|must be images"):
        read_map(tmp_path / name)
