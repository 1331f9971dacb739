"""Images with PDS3 labels: values agree with GDAL, and unusable files are rejected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from selfiesim.core.errors import MapError
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.readers.pds3 import read_label
from selfiesim.planet.readers.resample import read_map

FIELD = np.random.default_rng(0).integers(-8000, 21000, (90, 180)).astype(">i2")

# Laid out as the labels of MOLA's gridded records (MEGDR) are.
LABEL = """PDS_VERSION_ID            = "PDS3"\r
/* a comment with OBJECT = NOTHING in it */\r
FILE_NAME                 = "MAP.IMG"\r
RECORD_TYPE               = FIXED_LENGTH\r
RECORD_BYTES              = 360\r
{pointer}\r
DESCRIPTION               = "A text that runs on
  over lines, LINES = 5."\r
OBJECT                    = IMAGE\r
  NAME                    = MEDIAN_TOPOGRAPHY\r
  LINES                   = 90\r
  LINE_SAMPLES            = 180\r
  SAMPLE_TYPE             = {kind}\r
  SAMPLE_BITS             = {bits}\r
  UNIT                    = METER\r
{extra}END_OBJECT                = IMAGE\r
OBJECT                    = IMAGE_MAP_PROJECTION\r
  MAP_PROJECTION_TYPE     = "{projection}"\r
  COORDINATE_SYSTEM_NAME  = {system}\r
  A_AXIS_RADIUS           = 3396.0 <KM>\r
  POSITIVE_LONGITUDE_DIRECTION = "{direction}"\r
  MAP_RESOLUTION          = 0.5 <PIXEL/DEGREE>\r
  MAXIMUM_LATITUDE        = 90.0 <DEGREE>\r
  MINIMUM_LATITUDE        = -90.0 <DEGREE>\r
  WESTERNMOST_LONGITUDE   = {west} <DEGREE>\r
  EASTERNMOST_LONGITUDE   = {east} <DEGREE>\r
END_OBJECT                = IMAGE_MAP_PROJECTION\r
END\r
"""
DEFAULTS = {
    "pointer": '^IMAGE                    = "MAP.IMG"',
    "kind": "MSB_INTEGER",
    "bits": "16",
    "extra": "",
    "projection": "SIMPLE CYLINDRICAL",
    "system": "PLANETOCENTRIC",
    "direction": "EAST",
    "west": "0.0",
    "east": "360.0",
}


def write(folder: Path, field: np.ndarray = FIELD, **changes: str) -> Path:
    """Write an image with a detached label, and return the label's path."""
    (folder / "map.img").write_bytes(field.tobytes())
    (folder / "map.lbl").write_bytes(LABEL.format(**(DEFAULTS | changes)).encode("latin-1"))
    return folder / "map.lbl"


@pytest.mark.parametrize("name", ["map.lbl", "map.img"])
def test_detached_label(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    np.testing.assert_array_equal(read_map(tmp_path / name, "elevation", 180), FIELD)


def test_attached_label(tmp_path: Path) -> None:
    text = LABEL.format(**(DEFAULTS | {"pointer": "^IMAGE = 9"})).encode("latin-1")
    assert len(text) < 8 * 360
    (tmp_path / "map.img").write_bytes(text.ljust(8 * 360, b" ") + FIELD.tobytes())
    np.testing.assert_array_equal(read_map(tmp_path / "map.img", "elevation", 180), FIELD)


@pytest.mark.parametrize(
    ("kind", "bits", "dtype"),
    [
        ("MSB_INTEGER", "16", ">i2"),
        ("LSB_INTEGER", "16", "<i2"),
        ("PC_REAL", "32", "<f4"),
        ("IEEE_REAL", "32", ">f4"),
        ("MSB_UNSIGNED_INTEGER", "16", ">u2"),
        ("LSB_INTEGER", "32", "<i4"),
    ],
)
def test_every_sample_type_is_read(tmp_path: Path, kind: str, bits: str, dtype: str) -> None:
    field = np.abs(FIELD.astype(float)).astype(dtype)
    np.testing.assert_array_equal(read_map(write(tmp_path, field, kind=kind, bits=bits), "elevation", 180), field)


# GDAL's PDS driver, through rasterio.
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    "pointer", ['^IMAGE = "MAP.IMG"', '^IMAGE = ("MAP.IMG", 3)', '^IMAGE = ("MAP.IMG", 721 <BYTES>)']
)
def test_values_and_offsets_agree_with_gdal(tmp_path: Path, pointer: str) -> None:
    rasterio = pytest.importorskip("rasterio")
    lead = b"x" * (0 if "(" not in pointer else 720)
    label = write(tmp_path, pointer=pointer)
    (tmp_path / "MAP.IMG").write_bytes(lead + FIELD.tobytes())
    (tmp_path / "map.img").unlink()
    with rasterio.open(label, driver="PDS") as file:
        expected = file.read(1)
    with open_raster(label) as raster:
        np.testing.assert_array_equal(raster.rows(0, 90)[0][..., 0], expected)


def test_scale_offset_and_gaps_come_from_the_label(tmp_path: Path) -> None:
    field = FIELD.copy()
    field[0] = -9999
    extra = "  SCALING_FACTOR = 0.5\r\n  OFFSET = 100.0\r\n  MISSING_CONSTANT = -9999\r\n"
    ours = read_map(write(tmp_path, field, extra=extra), "elevation", 180)
    assert np.isnan(ours[0]).all()
    np.testing.assert_allclose(ours[1:], field[1:] * 0.5 + 100, atol=1e-6)


@pytest.mark.parametrize(
    ("direction", "west", "east", "first_lon_deg"),
    [
        ("EAST", "0.0", "360.0", 0),
        ("EAST", "-180.0", "180.0", 180),
        ("WEST", "360.0", "0.0", 0),
        ("WEST", "180.0", "-180.0", 180),
    ],
)
def test_longitude_may_increase_in_either_direction(
    tmp_path: Path, direction: str, west: str, east: str, first_lon_deg: int
) -> None:
    label = write(tmp_path, direction=direction, west=west, east=east)
    ours = read_map(label, "elevation", 180)
    np.testing.assert_array_equal(ours, np.roll(FIELD, first_lon_deg // 2, axis=1))


def test_planetographic_labels_are_recognised(tmp_path: Path) -> None:
    with open_raster(write(tmp_path, system="PLANETOGRAPHIC")) as raster:
        assert raster.conventions.latitude == "planetographic"


def test_the_user_overrides_the_label(tmp_path: Path) -> None:
    ours = read_map(write(tmp_path), "elevation", 180, conventions=Conventions(lon0_deg=180.0))
    np.testing.assert_array_equal(ours, np.roll(FIELD, 90, axis=1))


@pytest.mark.parametrize("order", ["BAND_SEQUENTIAL", "LINE_INTERLEAVED", "SAMPLE_INTERLEAVED"])
def test_three_bands_in_any_order(tmp_path: Path, order: str) -> None:
    colours = np.random.default_rng(1).integers(0, 255, (90, 180, 3)).astype("u1")
    stored = {"BAND_SEQUENTIAL": (2, 0, 1), "LINE_INTERLEAVED": (0, 2, 1), "SAMPLE_INTERLEAVED": (0, 1, 2)}[order]
    extra = f"  BANDS = 3\r\n  BAND_STORAGE_TYPE = {order}\r\n"
    label = write(tmp_path, colours.transpose(stored).copy(), kind="UNSIGNED_INTEGER", bits="8", extra=extra)
    ours = read_map(label, "albedo", 180, conventions=Conventions(coding="linear"))
    np.testing.assert_allclose(ours, colours / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"projection": "POLAR STEREOGRAPHIC"}, "is in the projection POLAR STEREOGRAPHIC; only plate carree"),
        ({"kind": "VAX_REAL", "bits": "24"}, "numbers of type VAX_REAL with 24 bits are not supported"),
        ({"kind": "CHARACTER"}, "numbers of type CHARACTER"),
        ({"extra": "  BANDS = 7\r\n"}, "7 bands"),
        ({"extra": "  LINE_SAMPLES = 0.0\r\n"}, "0 LINE_SAMPLES and 90 LINES, so no map"),
        ({"pointer": '^IMAGE = "GONE.IMG"'}, "its image GONE.IMG is missing"),
        ({"pointer": ""}, r"no pointer to an image \(\^IMAGE\)"),
        ({"pointer": '^IMAGE = "../../etc/passwd"'}, "its image|no pointer to an image"),
    ],
)
def test_unusable_labels_are_rejected_with_a_reason(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    label = write(tmp_path, **changes)
    with pytest.raises(MapError, match=rf"map\.lbl: .*{message}"):
        read_map(label, "elevation")


def test_a_truncated_image_is_rejected(tmp_path: Path) -> None:
    label = write(tmp_path)
    (tmp_path / "map.img").write_bytes(FIELD.tobytes()[:-2])
    with pytest.raises(MapError, match=r"map\.img: has 32,398 bytes, but 180x90 numbers of type >i2 take 32,400 bytes"):
        read_map(label, "elevation")


def test_a_label_without_an_end_is_rejected(tmp_path: Path) -> None:
    write(tmp_path)
    text = (tmp_path / "map.lbl").read_bytes()
    (tmp_path / "map.lbl").write_bytes(text[: len(text) // 2])
    with pytest.raises(MapError, match="its PDS label has no END"):
        read_map(tmp_path / "map.lbl", "elevation")


def test_raw_numbers_need_shape_and_type(tmp_path: Path) -> None:
    (tmp_path / "map.img").write_bytes(FIELD.tobytes())
    with pytest.raises(MapError, match=r"no PDS label, neither attached nor next .* --shape 1440x720 --dtype '>i2'"):
        read_map(tmp_path / "map.img", "elevation")
    keys = Conventions(shape=(180, 90), dtype=">i2", lon0_deg=0.0)
    np.testing.assert_array_equal(read_map(tmp_path / "map.img", "elevation", 180, conventions=keys), FIELD)
    with pytest.raises(MapError, match="give another shape or dtype"):
        read_map(tmp_path / "map.img", "elevation", conventions=Conventions(shape=(90, 45), dtype=">i2"))


def test_keywords_are_prefixed_with_their_object(tmp_path: Path) -> None:
    label = read_label(write(tmp_path))
    assert label["IMAGE.LINES"] == "90"
    assert label["IMAGE_MAP_PROJECTION.A_AXIS_RADIUS"] == "3396.0 <KM>"
    assert "LINES" not in label


# Smith et al. 1999, Science 284, 1495, and the file's own extremes as published with it.
def test_mola_has_olympus_mons_and_hellas_in_place(reference: Callable[[str], Path]) -> None:
    keys = Conventions(shape=(1440, 720), dtype=">i2", lon0_deg=0.0)
    ours = read_map(reference("mola_megt90n000cb_4ppd.img"), "elevation", 1440, conventions=keys)
    assert (ours.min(), ours.max()) == (-8068, 21134)
    olympus = ours[int((90 - 18.65) * 4), int(226.2 * 4)]
    hellas = ours[int((90 + 42.43) * 4), int(70.5 * 4)]
    assert olympus > 19_000
    assert hellas < -5_500
