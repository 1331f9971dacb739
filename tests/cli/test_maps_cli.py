"""The commands on maps as people and programs use them."""

from __future__ import annotations

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from height_charts import synthesize
from PIL import Image

from selfiesim.planet.library.catalogue import PUBLIC_MAPS


@pytest.fixture(autouse=True)
def _own_library(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def image_file(tmp_path):
    shade = np.linspace(50, 200, 128).astype(np.uint8)[None] * np.ones((64, 1), np.uint8)
    Image.fromarray(np.dstack([shade, shade // 2, shade // 3])).save(tmp_path / "My_Mars.png")
    return tmp_path / "My_Mars.png"


def strict_json(text):
    return json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "words", [["map"], ["maps"], ["maps", "add"], ["maps", "get"], ["maps", "list"], ["maps", "show"]]
)
def test_every_command_has_help(run, words):
    code, out, err = run(*words, "--help")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) > 3


def test_a_map_is_drawn_with_its_recipe(run, tmp_path):
    code, out, err = run("map", "moon", "--patch", "10,20,30", "--size", "64", "-o", "m.png")
    assert (code, err) == (0, "")
    assert out.startswith("m.png  (Moon around 10 N, 20 E, albedo, 64x64")
    assert Image.open(tmp_path / "m.png").size == (64, 64)
    report = strict_json(run("map", "mars", "--size", "64", "--json")[1])
    assert report["file"] == "mars-albedo.png"
    assert report["projection"] == "plate carree"
    assert (tmp_path / report["sidecar"]).is_file()


@pytest.mark.parametrize("layer", ["elevation", "slope", "relief"])
def test_heights_of_mars_need_no_download(run, tmp_path, layer):
    for name in ("h.png", "h.tif", "h.npz"):
        code, out, err = run("map", "mars", "--patch", "Korolev", "--layer", layer, "--size", "64", "-o", name)
        assert (code, err) == (0, "")
        assert out.startswith(f"{name}  (Korolev, Mars, {layer}, 64x64")
    with np.load(tmp_path / "h.npz") as stored:
        assert stored["values"].shape == stored["lat_deg"].shape == stored["lon_deg"].shape == (64, 64)
        assert stored["lat_deg"].mean() == pytest.approx(72.77, abs=0.2)
    assert run("map", "mars", "--size", "64", "-o", "h.bmp")[0] == 2


def test_maps_are_added_listed_shown_and_removed(run, image_file):
    code, out, err = run("maps", "add", image_file.name, "--credits", "Me")
    assert (code, err) == (0, "")
    assert out.startswith("my-mars: 128x64, covers 100.0 % of the body")
    listed = {row["name"]: row for row in strict_json(run("maps", "list", "--json")[1])}
    assert listed["my-mars"]["here"] is True
    assert listed["mola-463m"]["here"] is False
    assert "my-mars" in run("maps", "list")[1]
    shown = strict_json(run("maps", "show", "my-mars", "--json")[1])
    assert (shown["credits"], shown["width_px"], shown["path"]) == ("Me", 128.0, str(image_file))
    assert "width_px" in run("maps", "show", "my-mars")[1]
    assert run("maps", "remove", "my-mars")[0] == 0
    assert run("maps", "show", "my-mars")[0] == 2
    assert image_file.is_file()


def test_a_map_of_the_library_is_drawn(run, image_file):
    run("maps", "add", image_file.name, "--name", "mine", "--body", "moon")
    code, _out, err = run("map", "moon", "--map", "mine", "--size", "64", "-o", "m.png")
    assert (code, err) == (0, "")
    pixels = np.asarray(Image.open("m.png")).astype(float)
    assert pixels[16, 60].sum() > 1.5 * pixels[16, 4].sum()


def test_every_convention_has_an_option(run, tmp_path):
    height_m = synthesize(90)
    ((height_m[::-1] - 5.0) / 2.0).astype(">i2").tofile(tmp_path / "h.img")
    words = ["--lon0", "0", "--positive", "west", "--latitude", "planetographic", "--shape", "180x90", "--dtype", ">i2"]
    words += ["--scale", "2", "--offset", "5", "--row0", "south", "--registration", "pixel", "--nodata", "-32768"]
    code, _out, err = run("maps", "add", "h.img", "--layer", "elevation", *words)
    assert (code, err) == (0, "")
    shown = strict_json(run("maps", "show", "h", "--json")[1])
    assert shown["conventions"] == {
        "lon0_deg": 0.0, "positive": "west", "row0": "south", "registration": "pixel", "latitude": "planetographic",
        "scale": 2.0, "offset": 5.0, "nodata": -32768.0, "shape": [180, 90], "dtype": ">i2",
    }  # fmt: skip
    weight = np.cos(np.radians(np.arange(-89.0, 90.0, 2.0)))[:, None] * np.ones(180)
    assert shown["mean"] == pytest.approx(np.average(height_m, weights=weight), abs=30.0)
    code, _out, err = run("maps", "add", "h.img", "--name", "part", "--body", "mercury", "--layer", "elevation",
                          "--bounds=0,90,-45,0", "--shape", "180x90", "--dtype", ">i2")  # fmt: skip
    assert (code, err) == (0, "")


REFUSED = {
    "an unknown body": (["map", "vulcan"], ["no map of 'vulcan'", "mars"]),
    "an unknown place": (["map", "mars", "--patch", "Korolov"], ["did you mean 'Korolev'"]),
    "a place without a width": (["map", "mars", "--patch", "10,20"], ["use LAT,LON,SPAN in degrees"]),
    "no elevation yet": (["map", "mercury", "--layer", "elevation"], ["selfiesim maps add FILE"]),
    "too large": (["map", "mars", "--size", "100000"], ["16 to 8192"]),
    "an unknown image format": (["map", "mars", "-o", "m.gif"], ["m.gif", ".png or .jpg"]),
    "no such map": (["map", "mars", "--map", "gone"], ["no map 'gone' in the library"]),
    "no such file": (["maps", "add", "gone.png"], ["gone.png: no such file"]),
    "an unknown map format": (["maps", "add", "map.docx"], ["map.docx", "unknown kind of map"]),
    "no shape": (["maps", "add", "h.img", "--layer", "elevation"], ["no PDS label", "--shape 1440x720"]),
    "an odd shape": (["maps", "add", "h.img", "--shape", "axb", "--dtype", ">i2"], ["--shape 'axb'", "1440x720"]),
    "an odd type": (["maps", "add", "h.img", "--shape", "180x90", "--dtype", "object"], ["dtype"]),
    "shape without type": (["maps", "add", "h.img", "--shape", "180x90"], ["give shape and dtype together"]),
    "odd bounds": (["maps", "add", "h.img", "--bounds", "1,2,3"], ["--bounds '1,2,3'", "4 numbers"]),
    "a name with a blank": (["maps", "add", "h.img", "--name", "a b"], ["lower-case letters"]),
    "no public map": (["maps", "get", "mola-8ppd"], ["unknown public map 'mola-8ppd'", "did you mean 'mola-4ppd'"]),
    "no https": (["maps", "get", "mola-4ppd", "--url", "http://example.org/a.img"], ["over https only"]),
    "nothing to remove": (["maps", "remove", "gone"], ["no map 'gone'"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_input_is_refused_with_a_clear_message(run, tmp_path, case):
    np.zeros((90, 180), ">i2").tofile(tmp_path / "h.img")
    (tmp_path / "map.docx").write_bytes(b"x")
    words, expected = REFUSED[case]
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert 1 <= len(err.splitlines()) <= 2
    for piece in expected:
        assert piece in err
    assert not list((tmp_path / "data").rglob("*.toml"))


@pytest.fixture(scope="module")
def mola_4ppd():
    """Bytes of Mars's heights on the grid of the public map, with the detail of one a quarter as fine."""
    return np.kron(synthesize(180), np.ones((4, 4))).astype(">i2").tobytes()


@pytest.fixture
def served(tmp_path):
    """Serve a folder on this machine; return the folder and the address."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *words: None
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    http.server_close()


def test_a_public_map_is_downloaded_into_the_library(run, served, mola_4ppd, monkeypatch):
    import hashlib
    from dataclasses import replace

    folder, address = served
    (folder / "grid.img").write_bytes(mola_4ppd)
    known = replace(PUBLIC_MAPS["mola-4ppd"], sha256=hashlib.sha256(mola_4ppd).hexdigest())
    monkeypatch.setitem(PUBLIC_MAPS, "mola-4ppd", known)
    code, out, _err = run("maps", "get", "mola-4ppd", "--url", f"{address}/grid.img")
    assert code == 0
    assert out.startswith("mola-4ppd: 1440x720, covers 100.0 %")
    shown = strict_json(run("maps", "show", "mola-4ppd", "--json")[1])
    assert (shown["url"], shown["sha256"]) == (f"{address}/grid.img", known.sha256)
    assert run("map", "mars", "--layer", "elevation", "--size", "64", "-o", "h.png")[0] == 0
    code, _out, err = run("maps", "get", "mola-4ppd")
    assert code == 2
    assert "in the library already" in err


def test_a_download_without_a_known_hash_is_kept_with_a_note(run, served, mola_4ppd, monkeypatch):
    from dataclasses import replace

    folder, address = served
    (folder / "grid.img").write_bytes(mola_4ppd)
    monkeypatch.setitem(PUBLIC_MAPS, "mola-4ppd", replace(PUBLIC_MAPS["mola-4ppd"], sha256=""))
    code, _out, err = run("maps", "get", "mola-4ppd", "--url", f"{address}/grid.img")
    assert code == 0
    assert "no SHA-256 is known to check the download against; the file has" in err
    assert len(strict_json(run("maps", "show", "mola-4ppd", "--json")[1])["sha256"]) == 64


@pytest.mark.parametrize(
    ("size", "message"), [(2_073_598, "has 2,073,598 bytes, not 2,073,600"), (2_073_600, "has the SHA-256")]
)
def test_a_download_with_wrong_content_is_refused(run, served, size, message):
    folder, address = served
    (folder / "grid.img").write_bytes(bytes(size))
    code, out, err = run("maps", "get", "mola-4ppd", "--url", f"{address}/grid.img")
    assert (code, out) == (2, "")
    assert message in err
    assert not list(Path("data").rglob("mola*"))
