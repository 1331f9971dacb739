"""GeoTIFFs: placement by their georeferencing, and rejection of unusable files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfiesim.core.errors import MapError
from selfiesim.planet.readers import geotiff
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.resample import read_map

rasterio = pytest.importorskip("rasterio")
pytestmark = [
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
]
from rasterio.crs import CRS  # noqa: E402
from rasterio.transform import from_bounds  # noqa: E402

R = 3_396_190.0
HALF = np.pi * R


def write(
    path: Path,
    field: np.ndarray,
    crs: str | None = f"+proj=eqc +R={R} +lon_0=0",
    bounds: tuple[float, float, float, float] = (-HALF, -HALF / 2, HALF, HALF / 2),
    **options: object,
) -> Path:
    bands = field if field.ndim == 3 else field[None]
    profile: dict[str, object] = {"driver": "GTiff", "count": len(bands), "dtype": bands.dtype}
    if crs:
        profile |= {"crs": CRS.from_string(crs), "transform": from_bounds(*bounds, bands.shape[2], bands.shape[1])}
    with rasterio.open(path, "w", height=bands.shape[1], width=bands.shape[2], **(profile | options)) as file:
        file.write(bands)
    return path


def peak(row: int = 39, column: int = 30) -> np.ndarray:
    field = np.zeros((180, 360), "i2")
    field[row, column] = 1000
    return field


def place(values: np.ndarray) -> tuple[float, float]:
    row, column = np.unravel_index(np.nanargmax(values), values.shape)
    return 89.5 - row, column + 0.5


@pytest.mark.parametrize(
    ("crs", "bounds", "lon_deg"),
    [
        (f"+proj=eqc +R={R} +lon_0=0", (-HALF, -HALF / 2, HALF, HALF / 2), 210.5),
        (f"+proj=eqc +R={R} +lon_0=180", (-HALF, -HALF / 2, HALF, HALF / 2), 30.5),
        (f"+proj=eqc +R={R} +lon_0=0", (0, -HALF / 2, 2 * HALF, HALF / 2), 30.5),
        (f"+proj=eqc +R={R} +lat_ts=60", (-HALF / 2, -HALF / 2, HALF / 2, HALF / 2), 210.5),
        (f"+proj=eqc +R={R} +units=km", (-HALF / 1e3, -HALF / 2e3, HALF / 1e3, HALF / 2e3), 210.5),
        (f"+proj=longlat +R={R}", (0, -90, 360, 90), 30.5),
        (f"+proj=longlat +R={R}", (-180, -90, 180, 90), 210.5),
    ],
)
def test_georeferencing_places_the_map(tmp_path: Path, crs: str, bounds, lon_deg: float) -> None:
    assert place(read_map(write(tmp_path / "m.tif", peak(), crs, bounds), "elevation", 360)) == (50.5, lon_deg)


def test_the_user_overrides_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "m.tif", peak())
    assert place(read_map(path, "elevation", 360, conventions=Conventions(lon0_deg=0.0))) == (50.5, 30.5)


def test_without_georeferencing_it_is_an_ordinary_image(tmp_path: Path) -> None:
    path = write(tmp_path / "m.tif", peak(), None)
    assert place(read_map(path, "elevation", 360)) == (50.5, 210.5)


def test_an_ellipsoid_implies_planetographic_latitude(tmp_path: Path) -> None:
    field = np.zeros((1800, 3600), "u1")
    field[445:455] = 200
    path = write(tmp_path / "m.tif", field, "+proj=longlat +a=3396190 +b=3376200", (-180, -90, 180, 90))
    ours = read_map(path, "elevation", 3600)[:, 0]
    latitude = np.average(90 - (np.arange(1800) + 0.5) / 10, weights=ours)
    assert latitude == pytest.approx(np.degrees(np.arctan((3376.2 / 3396.19) ** 2)), abs=0.005)
    path = write(tmp_path / "s.tif", field, "+proj=longlat +R=3396190", (-180, -90, 180, 90))
    latitude = np.average(90 - (np.arange(1800) + 0.5) / 10, weights=read_map(path, "elevation", 3600)[:, 0])
    assert latitude == pytest.approx(45.0, abs=0.005)


def test_a_partial_map_is_placed_correctly(tmp_path: Path) -> None:
    path = write(tmp_path / "m.tif", np.full((50, 50), 7, "i2"), f"+proj=longlat +R={R}", (77, 17, 78, 18))
    ours = read_map(path, "elevation", 360)
    assert np.argwhere(~np.isnan(ours)).tolist() == [[72, 77]]


def test_rows_from_the_south_are_flipped(tmp_path: Path) -> None:
    path = tmp_path / "m.tif"
    transform = rasterio.Affine(1, 0, 0, 0, 1, -90)
    write(path, peak(), f"+proj=longlat +R={R}", transform=transform)
    assert place(read_map(path, "elevation", 360)) == (-50.5, 30.5)


# As USGS writes them: strips, tiles, with and without compression, gaps marked.
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compress": "lzw"},
        {"compress": "deflate", "tiled": True, "blockxsize": 64, "blockysize": 64},
        {"compress": "deflate", "predictor": 2},
        {"BIGTIFF": "YES"},
        {"ENDIANNESS": "BIG"},
    ],
)
def test_every_tiff_layout_is_read(tmp_path: Path, options: dict[str, object]) -> None:
    field = np.random.default_rng(0).integers(-8000, 21000, (180, 360)).astype("i2")
    field[:20] = -32768
    ours = read_map(write(tmp_path / "m.tif", field, nodata=-32768, **options), "elevation", 360)
    assert np.isnan(ours[:20]).all()
    np.testing.assert_allclose(np.roll(ours, 180, axis=1)[20:], field[20:], atol=1e-3)


def test_colours_masks_and_palettes(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(1, 255, (3, 90, 180)).astype("u1")
    alpha = np.full((1, 90, 180), 255, "u1")
    alpha[0, :45] = 0
    linear = Conventions(coding="linear", lon0_deg=0.0)
    path = write(tmp_path / "m.tif", np.concatenate([colours, alpha]), None, photometric="RGB", alpha="YES")
    ours = read_map(path, "albedo", 180, conventions=linear)
    assert np.isnan(ours[:45]).all()
    np.testing.assert_allclose(ours[45:], np.moveaxis(colours, 0, -1)[45:] / 255, atol=1e-6)
    path = write(tmp_path / "p.tif", colours[:1] % 4, None)
    with rasterio.open(path, "r+") as file:
        file.write_colormap(1, {0: (0, 0, 0), 1: (255, 0, 0), 2: (0, 255, 0), 3: (10, 20, 30)})
    ours = read_map(path, "albedo", 180, conventions=linear)
    third = ours[colours[0] % 4 == 3]
    np.testing.assert_allclose(third, np.broadcast_to([10 / 255, 20 / 255, 30 / 255], third.shape), atol=1e-6)


@pytest.mark.parametrize(
    ("crs", "name"),
    [
        (f"+proj=sinu +R={R}", "Sinusoidal"),
        (f"+proj=merc +R={R}", "Mercator"),
        (f"+proj=stere +lat_0=90 +R={R}", "Stereographic"),
    ],
)
def test_other_projections_are_rejected_by_name(tmp_path: Path, crs: str, name: str) -> None:
    path = write(tmp_path / "m.tif", peak(), crs)
    with pytest.raises(MapError, match=rf"m\.tif: is in the projection .*{name}.*; only plate carree"):
        read_map(path, "elevation")


def test_a_rotated_grid_is_rejected(tmp_path: Path) -> None:
    path = write(tmp_path / "m.tif", peak(), f"+proj=longlat +R={R}", transform=rasterio.Affine(1, 0.3, 0, 0.3, -1, 90))
    with pytest.raises(MapError, match="its grid is rotated"):
        read_map(path, "elevation")


def test_too_many_bands_or_complex_numbers_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="has 7 bands"):
        read_map(write(tmp_path / "m.tif", np.zeros((7, 90, 180), "u1")))
    with pytest.raises(MapError, match="complex64"):
        read_map(write(tmp_path / "c.tif", np.zeros((90, 180), "c8")), "elevation")


def test_a_truncated_tiff_is_rejected(tmp_path: Path) -> None:
    field = np.random.default_rng(0).integers(0, 9000, (900, 1800)).astype("i2")
    path = write(tmp_path / "m.tif", field)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(MapError, match=r"m\.tif: (damaged or truncated in rows|cannot be read)"):
        read_map(path, "elevation", 360)


def test_a_tiff_that_declares_too_many_pixels_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "m.tif"
    options = {"driver": "GTiff", "width": 400_000, "height": 200_000, "count": 1, "dtype": "uint8", "SPARSE_OK": True}
    with rasterio.open(path, "w", BIGTIFF="YES", tiled=True, compress="deflate", **options):
        pass
    with pytest.raises(MapError, match="declares 400000x200000 pixels"):
        read_map(path)


def test_without_rasterio_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "m.tif", peak())
    monkeypatch.setattr(geotiff, "is_rasterio_available", lambda: False)
    with pytest.raises(MapError, match=r"need rasterio: pip install 'selfiesim\[maps\]'"):
        read_map(path, "elevation")


@pytest.mark.slow
def test_the_largest_map_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """46080x23040 heights, the size of USGS's MOLA map: 2.1 GB uncompressed."""
    import tracemalloc

    path = tmp_path / "m.tif"
    profile = {"driver": "GTiff", "width": 46080, "height": 23040, "count": 1, "dtype": "int16", "nodata": -32768}
    profile |= {
        "crs": CRS.from_string(f"+proj=eqc +R={R}"),
        "transform": from_bounds(-HALF, -HALF / 2, HALF, HALF / 2, 46080, 23040),
    }
    longitude = (np.arange(46080) + 0.5) / 128 - 180
    with rasterio.open(path, "w", compress="deflate", zlevel=1, tiled=True, **profile) as file:
        for top in range(0, 23040, 256):
            latitude = 90 - (np.arange(top, top + 256) + 0.5) / 128
            file.write(
                (100 * latitude[:, None] + 10 * longitude).astype("i2"), 1, window=((top, top + 256), (0, 46080))
            )
    tracemalloc.start()
    ours = read_map(path, "elevation", 5760)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    latitude, longitude = 90 - (np.arange(2880) + 0.5) / 16, (np.arange(2880) + 0.5) / 16
    expected = 100 * latitude[:, None] + 10 * longitude
    assert np.abs(ours[:, :2880] - expected)[4:-4, 4:-4].max() < 1.5
    assert peak_bytes < 300e6


def test_a_grid_whose_values_are_on_its_lines_reaches_half_a_cell_beyond_the_globe(tmp_path):
    values = np.zeros((19, 37), "i2")
    path = write(tmp_path / "grid.tif", values, crs="EPSG:4326", bounds=(-185.0, 185.0, -95.0, 95.0))
    with pytest.raises(MapError, match="registration = 'point'"):
        geotiff.GdalRaster(path, Conventions())
    raster = geotiff.GdalRaster(path, Conventions(registration="point"))
    assert raster.conventions.registration == "point"
    raster.close()
