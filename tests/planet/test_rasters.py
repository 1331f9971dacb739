"""Images of every format, and rejection of bad files before anything is decoded."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import MapError
from selfiesim.core.limits import MAP_MEMORY_PIXELS
from selfiesim.planet.readers import geotiff
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.readers.resample import read_map


def gradient(width: int = 128) -> np.ndarray:
    """Return an image that is bright in the north, with red increasing to the right."""
    rows, columns = np.mgrid[0 : width // 2, 0:width]
    return np.stack([255 * columns // width, 255 - 510 * rows // width, np.full_like(rows, 60)], -1).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("map.png", {}, 0),
        ("map.tif", {}, 0),
        ("map.bmp", {}, 0),
        ("map.tga", {}, 0),
        ("map.webp", {"lossless": True}, 0),
        ("map.jpg", {"quality": 95, "subsampling": 0}, 4),
        ("map.dds", {}, 0),
        ("map.dds", {"pixel_format": "DXT1"}, 16),
        ("map.dds", {"pixel_format": "DXT5"}, 16),
    ],
)
def test_every_format_returns_its_pixels(tmp_path: Path, name: str, options: dict[str, object], error: int) -> None:
    expected = gradient()
    Image.fromarray(expected).convert("RGBA" if "pixel_format" in options else "RGB").save(tmp_path / name, **options)
    with open_raster(tmp_path / name) as raster:
        values, _gaps = raster.rows(0, 64)
        assert (raster.width, raster.height, raster.bands) == (128, 64, 3)
    assert np.abs(values.astype(int) - expected).max() <= error


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16"])
def test_every_mode_returns_light_from_zero_to_one(tmp_path: Path, mode: str) -> None:
    grey = np.linspace(0, 255, 128).astype(np.uint8)[None] * np.ones((64, 1), np.uint8)
    image = Image.fromarray(grey)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    elif mode == "P":
        image = image.convert("RGB").quantize(256)
    elif mode != "L":
        image = image.convert("RGB").convert(mode)
    path = tmp_path / ("map.tif" if mode == "CMYK" else "map.png")
    image.save(path)
    ours = read_map(path, "albedo", 128, conventions=Conventions(lon0_deg=0.0))
    expected = grey / np.float32(255) if mode == "I;16" else linear_from_srgb(grey / np.float32(255))
    assert ours.shape[:2] == (64, 128)
    np.testing.assert_allclose(ours if ours.ndim == 2 else ours[..., 1], expected, atol=3e-3)


def test_transparent_parts_are_gaps(tmp_path: Path) -> None:
    image = np.dstack([gradient(), np.full((64, 128), 255, np.uint8)])
    image[:32, :64, 3] = 0
    Image.fromarray(image).save(tmp_path / "map.png")
    ours = read_map(tmp_path / "map.png", "albedo", 128, conventions=Conventions(lon0_deg=0.0))
    assert np.isnan(ours[:32, :64]).all()
    assert not np.isnan(ours[32:]).any()


def png_that_declares(width: int, height: int) -> bytes:
    """Return a PNG of a few hundred bytes whose header declares many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(400_000, 200_000), (2_000_000_000, 1_000_000_000)])
def test_a_decompression_bomb_is_rejected_by_its_header(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "map.png").write_bytes(png_that_declares(*size))
    tracemalloc.start()
    with pytest.raises(MapError, match=r"map\.png: .*(declares|cannot be read)"):
        read_map(tmp_path / "map.png")
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_an_image_too_large_for_memory_needs_rasterio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (2 * int(np.sqrt(MAP_MEMORY_PIXELS.value / 2)) + 4, int(np.sqrt(MAP_MEMORY_PIXELS.value / 2)) + 2)
    (tmp_path / "map.png").write_bytes(png_that_declares(*size))
    monkeypatch.setattr(geotiff, "is_rasterio_available", lambda: False)
    with pytest.raises(MapError, match=r"need rasterio: pip install 'selfiesim\[maps\]'"):
        read_map(tmp_path / "map.png")


@pytest.mark.parametrize("name", ["map.png", "map.jpg", "map.webp", "map.tif", "map.dds"])
@pytest.mark.parametrize("fraction", [0.02, 0.5, 0.9])
def test_a_truncated_image_is_rejected(tmp_path: Path, name: str, fraction: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (256, 512, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(fraction * len(whole))])
    with pytest.raises(MapError, match=rf"{name}: "):
        read_map(tmp_path / name, "albedo", 64)


@pytest.mark.parametrize(
    "content", [b"", b"not an image", bytes(1000), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0"]
)
@pytest.mark.parametrize("name", ["map.png", "map.jpg", "map.tif", "map.webp", "map.dds", "map.tga", "map.bmp"])
def test_a_file_that_is_not_an_image_is_rejected(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MapError, match=rf"{name}: "):
        read_map(tmp_path / name)


def test_other_files_are_rejected_by_name(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"gone\.png: no such file"):
        read_map(tmp_path / "gone.png")
    (tmp_path / "map.docx").write_bytes(b"x")
    with pytest.raises(MapError, match=r"map\.docx: unknown kind of map; known suffixes are \.bin"):
        read_map(tmp_path / "map.docx")
    with pytest.raises(MapError, match="no such file"):
        read_map(tmp_path)


def test_a_bilevel_image_is_rejected(tmp_path: Path) -> None:
    Image.new("1", (64, 32)).save(tmp_path / "map.png")
    with pytest.raises(MapError, match="only black and white"):
        read_map(tmp_path / "map.png")


def test_a_wrong_aspect_ratio_is_reported_with_the_file(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200)).save(tmp_path / "map.png")
    with pytest.raises(MapError, match=r"map\.png: is 300x200; a plate carree map must be twice as wide as high"):
        read_map(tmp_path / "map.png")
    ours = read_map(tmp_path / "map.png", width=360, conventions=Conventions(bounds_deg=(0.0, 30.0, 0.0, 20.0)))
    assert (~np.isnan(ours[..., 0])).sum() == 600
