"""Maps from anywhere: links out of the folder, endless labels, declared sizes, damaged bytes."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import MapError
from selfiesim.planet.maps.map_file import fingerprint
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.readers.mosaics import FACES
from selfiesim.planet.readers.pds3 import read_label
from selfiesim.planet.readers.resample import read_map

LABEL = """PDS_VERSION_ID = PDS3
^IMAGE = "{image}"
OBJECT = IMAGE
LINES = 8
LINE_SAMPLES = 16
SAMPLE_TYPE = UNSIGNED_INTEGER
SAMPLE_BITS = 8
END_OBJECT = IMAGE
END
"""


@pytest.fixture
def folders(tmp_path):
    """A folder of maps, and a folder outside it with a picture and raw numbers."""
    inside, outside = tmp_path / "maps", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    Image.new("RGB", (16, 16)).save(outside / "x.png")
    (outside / "x.img").write_bytes(bytes(128))
    return inside, outside


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("m_{face}.png", [f"m_{face}.png" for face in FACES]),
        ("t_{x}_{y}.png", [f"t_{x}_{y}.png" for x in (0, 1) for y in (0,)]),
        ("{x}/{y}.png", ["0/0.png", "1/0.png"]),
    ],
)
def test_a_face_or_tile_may_not_be_a_link_out_of_the_folder(folders, pattern, names):
    inside, outside = folders
    for name in names:
        (inside / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (16, 16), (100, 90, 80)).save(inside / name)
    with open_raster(inside / pattern, Conventions()) as raster:
        raster.rows(0, 8)
    fingerprint(inside / pattern)
    (inside / names[-1]).unlink()
    (inside / names[-1]).symlink_to(outside / "x.png")
    with pytest.raises(MapError, match="a link that leads out of"), open_raster(inside / pattern) as raster:
        raster.rows(0, 8)
    with pytest.raises(MapError, match="a link that leads out of"):
        fingerprint(inside / pattern)


def test_a_link_within_the_folder_is_followed(folders):
    inside, _outside = folders
    (inside / "store").mkdir()
    for face in FACES:
        Image.new("RGB", (16, 16), (100, 90, 80)).save(inside / "store" / f"{face}.png")
        (inside / f"m_{face}.png").symlink_to(inside / "store" / f"{face}.png")
    assert read_map(inside / "m_{face}.png", width=8).shape == (4, 8, 3)


def test_neither_a_label_nor_its_image_may_be_a_link_out_of_the_folder(folders):
    inside, outside = folders
    (inside / "a.lbl").write_text(LABEL.format(image="a.img"))
    (inside / "a.img").symlink_to(outside / "x.img")
    with pytest.raises(MapError, match=r"a\.img: is a link that leads out"), open_raster(inside / "a.lbl"):
        pass
    (outside / "b.lbl").write_text(LABEL.format(image="b.img"))
    (inside / "b.img").write_bytes(bytes(128))
    (inside / "b.lbl").symlink_to(outside / "b.lbl")
    with pytest.raises(MapError, match=r"b\.lbl: is a link that leads out"), open_raster(inside / "b.img"):
        pass


@pytest.mark.parametrize(
    "text", ["/* ", 'A = "', "A = (", "A = {", "A = a", "A" * 60 + "\n", "^IMAGE = " + "a" * 1000, "^IMAGE = 1", " \n"]
)
def test_a_label_of_any_text_takes_little_time(tmp_path, text):
    (tmp_path / "a.lbl").write_text("PDS_VERSION_ID = PDS3\n" + text * ((1 << 20) // len(text)))
    start = time.process_time()
    with pytest.raises(MapError):
        read_label(tmp_path / "a.lbl")
    (tmp_path / "a.lbl").write_text("PDS_VERSION_ID = PDS3\n^IMAGE = a" + "1" * 900_000 + ".b\nEND\n")
    with pytest.raises(MapError), open_raster(tmp_path / "a.lbl"):
        pass
    assert time.process_time() - start < 3.0


def test_no_other_program_is_started_for_a_picture(tmp_path):
    # Pillow starts Ghostscript for PostScript, whatever the file's name says.
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 8\n%%EndComments\nshowpage\n")
    with pytest.raises(MapError, match="not an image"), open_raster(tmp_path / "a.png"):
        pass


def test_a_file_that_is_none_is_refused(tmp_path):
    import os

    os.mkfifo(tmp_path / "a.img")
    with pytest.raises(MapError, match="no such file"), open_raster(tmp_path / "a.img"):
        pass


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    ("crs", "bounds"),
    [
        ("EPSG:4326", (-185, -95, 185, 95)),
        ("+proj=eqc +R=3396190", (0, -21e6, 21e6, 0)),
        ("+proj=eqc +R=1", (0, 0, 2e9, 1e9)),
    ],
)
def test_a_geotiff_beyond_the_globe_is_refused_with_its_corners(tmp_path, crs, bounds):
    rasterio = pytest.importorskip("rasterio")
    profile = {"driver": "GTiff", "height": 19, "width": 37, "count": 1, "dtype": "uint8", "crs": crs}
    with rasterio.open(
        tmp_path / "a.tif", "w", transform=rasterio.transform.from_bounds(*bounds, 37, 19), **profile
    ) as file:
        file.write(np.zeros((1, 19, 37), np.uint8))
    with pytest.raises(MapError, match="beyond the globe; give bounds_deg"), open_raster(tmp_path / "a.tif"):
        pass


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_damaged_geotiffs_are_refused_or_read(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    profile = {"driver": "GTiff", "height": 64, "width": 128, "count": 3, "dtype": "uint8", "compress": "deflate"}
    with rasterio.open(tmp_path / "a.tif", "w", **profile) as file:
        file.write(np.random.default_rng(0).integers(0, 256, (3, 64, 128), np.uint8))
    content, rng, refused = (tmp_path / "a.tif").read_bytes(), random.Random(0), 0
    for _ in range(60):
        damaged = bytearray(content)
        damaged[rng.randrange(400)] = rng.randrange(256)
        (tmp_path / "b.tif").write_bytes(damaged)
        try:
            read_map(tmp_path / "b.tif", width=8)
        except MapError:
            refused += 1
    assert refused > 5


def test_a_type_that_numpy_lacks_is_refused_by_key():
    with pytest.raises(ValueError, match="dtype"):
        Conventions(shape=(16, 8), dtype="f1")
