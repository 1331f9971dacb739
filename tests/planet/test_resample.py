"""Resampling: conserved means, no aliasing, correct placement."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import MapError
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.resample import read_map

float_steps = 3e-6  # relative rounding of float32


def write(folder: Path, values: np.ndarray, name: str = "map.img") -> tuple[Path, dict[str, object]]:
    """Write a raw file of numbers, and return its path and the keys that describe it."""
    values.tofile(folder / name)
    height, width = values.shape
    return folder / name, {"shape": (width, height), "dtype": values.dtype.str}


def read(file: tuple[Path, dict[str, object]], width: int | None = None, **keys: object) -> np.ndarray:
    conventions = Conventions.model_validate({"lon0_deg": 0.0} | file[1] | keys)
    return read_map(file[0], "elevation", width, conventions=conventions)


def areas(rows: int) -> np.ndarray:
    """Return the relative area of each row of a plate carree map; the sum is 1."""
    return -np.diff(np.sin(np.linspace(np.pi / 2, -np.pi / 2, rows + 1))) / 2


@given(
    rows=st.integers(2, 60),
    width=st.integers(1, 60),
    seed=st.integers(0, 1000),
    row0=st.sampled_from(["north", "south"]),
    left=st.floats(-360, 360),
)
def test_the_mean_over_the_globe_is_conserved(tmp_path_factory, rows, width, seed, row0, left) -> None:
    """For any size that is no finer than the file."""
    field = np.random.default_rng(seed).uniform(-8000, 21000, (rows, 2 * rows)).astype("f4")
    width = 2 * min(width, rows)
    ours = read(write(tmp_path_factory.mktemp("map"), field), width, row0=row0, lon0_deg=left)
    expected = areas(rows) @ field.astype(float).mean(axis=1)
    assert areas(width // 2) @ ours.astype(float).mean(axis=1) == pytest.approx(expected, abs=21000 * float_steps)


# OpenCV's INTER_AREA averages over fractions of pixels.
@pytest.mark.parametrize("width", [360, 250, 98, 36, 2])
def test_columns_are_averaged_as_by_opencv(tmp_path: Path, width: int) -> None:
    cv2 = pytest.importorskip("cv2", exc_type=ImportError)
    line = np.random.default_rng(1).uniform(0, 1000, 360).astype("f4")
    field = np.repeat(line[None], 180, axis=0)
    ours = read(write(tmp_path, field), width)
    expected = cv2.resize(line[None], (width, 1), interpolation=cv2.INTER_AREA)[0]
    np.testing.assert_allclose(ours[0], expected, rtol=1e-4)
    np.testing.assert_allclose(ours[-1], expected, rtol=1e-4)


def test_stripes_finer_than_the_result_become_grey(tmp_path: Path) -> None:
    """Nearest or linear lookup of every eighth pixel would alias."""
    field = np.where(np.arange(720) % 2, 1000, 0).astype("i2") * np.ones((360, 1), "i2")
    assert np.ptp(read(write(tmp_path, field), 90)) == pytest.approx(0.0, abs=1e-3)
    rows = np.where(np.arange(360) % 2, 1000, 0).astype("i2")[:, None] * np.ones((1, 720), "i2")
    coarse = read(write(tmp_path, rows), 90)
    assert np.abs(coarse[2:-2] - 500).max() < 30  # not exactly, because rows nearer to the equator have more area


def test_the_same_size_returns_the_file_unchanged(tmp_path: Path) -> None:
    field = np.random.default_rng(2).integers(-8000, 21000, (90, 180)).astype(">i2")
    np.testing.assert_array_equal(read(write(tmp_path, field), 180), field)
    np.testing.assert_array_equal(read(write(tmp_path, field)), field)


@pytest.mark.parametrize(
    ("keys", "lat_deg", "lon_deg"),
    [
        ({"lon0_deg": 0.0}, 50.5, 30.5),
        ({"lon0_deg": -180.0}, 50.5, 210.5),
        ({"lon0_deg": 360.0, "positive": "west"}, 50.5, 30.5),
        ({"lon0_deg": 0.0, "mirrored": True}, 50.5, 329.5),
        ({"lon0_deg": 0.0, "row0": "south"}, -50.5, 30.5),
        ({"bounds_deg": (0.0, 360.0, -90.0, 90.0)}, 50.5, 30.5),
    ],
)
def test_a_peak_is_placed_correctly(tmp_path: Path, keys: dict[str, object], lat_deg: float, lon_deg: float) -> None:
    field = np.zeros((180, 360), "i2")
    field[39, 30] = 1000
    path, keys_of_file = write(tmp_path, field)
    ours = read_map(path, "elevation", 360, conventions=Conventions.model_validate(keys_of_file | keys))
    row, column = np.unravel_index(ours.argmax(), ours.shape)
    assert (89.5 - row, column + 0.5) == pytest.approx((lat_deg, lon_deg))
    assert ours[row, column] == pytest.approx(1000)


def test_grid_registered_values_stay_on_their_lines(tmp_path: Path) -> None:
    """A grid of 1 degree with a row on each pole and the first column repeated, read at twice the resolution."""
    lat, lon = np.meshgrid(np.arange(90, -91, -1.0), np.arange(0, 361, 1.0), indexing="ij")
    field = (100 * np.cos(np.radians(lat)) * np.cos(np.radians(lon - 70)) + 50 * np.sin(np.radians(lat))).astype("f4")
    ours = read(write(tmp_path, field), 720, registration="point")
    lat, lon = np.meshgrid(89.75 - 0.5 * np.arange(360), 0.25 + 0.5 * np.arange(720), indexing="ij")
    wanted = 100 * np.cos(np.radians(lat)) * np.cos(np.radians(lon - 70)) + 50 * np.sin(np.radians(lat))
    assert np.abs(ours - wanted)[4:-4].max() < 0.02
    assert not np.isnan(ours).any()


def test_finer_than_the_file_is_smooth_round_the_back(tmp_path: Path) -> None:
    field = (1000 * np.cos(np.radians(np.arange(36) * 10 + 5.0)))[None] * np.ones((18, 1))
    ours = read(write(tmp_path, field.astype("f4")), 360)
    wanted = 1000 * np.cos(np.radians(np.arange(360) + 0.5))
    assert np.abs(ours - wanted).max() < 6.0  # chords of a cosine over 10 degrees: 1000 * (pi/18)^2 / 8 = 3.8
    assert np.abs(np.diff(np.concatenate([ours[9], ours[9, :1]]))).max() < 18.0


def test_planetographic_rows_shift_by_a_third_of_a_degree(tmp_path: Path) -> None:
    field = np.zeros((1800, 3600), "u1")
    field[445:455] = 200  # 45 degrees north
    graphic = read(write(tmp_path, field), 3600, latitude="planetographic")[:, 0]
    lat = 90 - (np.arange(1800) + 0.5) / 10
    # 45 degrees planetographic on Mars: atan((1 - f)^2), f = 1 / 169.89 (IAU 2015).
    expected = np.degrees(np.arctan((3376.2 / 3396.19) ** 2))
    assert np.average(lat, weights=graphic) == pytest.approx(expected, abs=0.005)


def test_gaps_stay_gaps_and_do_not_darken_their_neighbours(tmp_path: Path) -> None:
    field = np.full((180, 360), 500, "i2")
    field[60:80, 100:140] = -32768
    ours = read(write(tmp_path, field), 90, nodata=-32768.0)
    assert np.isnan(ours[16:19, 26:34]).all()
    np.testing.assert_allclose(ours[~np.isnan(ours)], 500, rtol=float_steps)
    assert np.isnan(ours).sum() == 5 * 10


def test_a_partial_map_leaves_the_rest_as_gaps(tmp_path: Path) -> None:
    field = np.full((40, 40), 7, "i2")
    path, keys_of_file = write(tmp_path, field)
    conventions = Conventions.model_validate(keys_of_file | {"bounds_deg": (350.0, 370.0, -10.0, 10.0)})
    ours = read_map(path, "elevation", 360, conventions=conventions)
    known = ~np.isnan(ours)
    assert known.sum() == 20 * 20
    assert known[80:100, :10].all()
    assert known[80:100, -10:].all()


def test_colours_are_averaged_in_linear_light(tmp_path: Path) -> None:
    """Equal parts of black and white give half the light, which sRGB codes as 188 (IEC 61966-2-1), not 128."""
    image = np.zeros((64, 128), np.uint8)
    image[:, ::2] = 255
    Image.fromarray(image).save(tmp_path / "map.png")
    ours = read_map(tmp_path / "map.png", "albedo", 32)
    np.testing.assert_allclose(ours, 0.5, atol=1e-6)
    assert float(linear_from_srgb(np.float32(188 / 255))) == pytest.approx(0.5, abs=0.004)
    linear = read_map(tmp_path / "map.png", "albedo", 32, conventions=Conventions(coding="linear", scale=0.002))
    np.testing.assert_allclose(linear, 0.255, atol=1e-6)


def test_normals_are_decoded_as_vectors(tmp_path: Path) -> None:
    image = np.full((64, 128, 3), (128, 128, 255), np.uint8)
    Image.fromarray(image).save(tmp_path / "map.png")
    ours = read_map(tmp_path / "map.png", "normal", 64)
    np.testing.assert_allclose(ours, np.broadcast_to([0, 0, 1], ours.shape), atol=0.005)


@pytest.mark.parametrize(
    ("values", "keys", "message"),
    [
        (np.full((8, 16), np.nan, "f4"), {}, "has only gaps and no elevation; check nodata"),
        (np.full((8, 16), -32768, "i2"), {"nodata": -32768.0}, "has only gaps and no elevation"),
        (np.full((8, 16), np.inf, "f4"), {}, "has infinite numbers"),
        (np.full((8, 16), 7, "i2"), {"offset": 1e308}, "has infinite numbers"),  # warnings are errors here
        (np.full((8, 16), -3.4e38, "f4"), {}, r"heights from -3\.4e\+38 .* give nodata"),
    ],
)
def test_invalid_elevation_is_rejected(tmp_path: Path, values: np.ndarray, keys: dict[str, object], message) -> None:
    with pytest.raises(MapError, match=rf"map\.img: .*{message}"):
        read(write(tmp_path, values), 8, **keys)


def test_wrong_layer_is_rejected(tmp_path: Path) -> None:
    Image.new("RGB", (64, 32)).save(tmp_path / "map.png")
    with pytest.raises(MapError, match="elevation has one band, not three; is it a colour image"):
        read_map(tmp_path / "map.png", "elevation")
    Image.new("L", (64, 32)).save(tmp_path / "grey.png")
    with pytest.raises(MapError, match="normals has three bands"):
        read_map(tmp_path / "grey.png", "normal")
    path, keys_of_file = write(tmp_path, np.full((8, 16), 500, "f4"))
    with pytest.raises(MapError, match=r"reflectances from .* give a scale"):
        read_map(path, "albedo", 8, conventions=Conventions.model_validate(keys_of_file))


def test_a_large_map_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """23040x11520 numbers are 0.5 GB on disk and 1 GB in float32."""
    path = tmp_path / "large.img"
    with path.open("wb") as file:
        for value in (1, 2):
            for _ in range(5760):
                file.write(np.full(23040, value, ">i2").tobytes())
    keys = Conventions(shape=(23040, 11520), dtype=">i2", lon0_deg=0.0)
    tracemalloc.start()
    ours = read_map(path, "elevation", 2880, conventions=keys)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (ours[0, 0], ours[-1, -1]) == pytest.approx((1.0, 2.0), rel=float_steps)
    assert peak < 200e6
