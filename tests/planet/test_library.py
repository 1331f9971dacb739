"""The library of maps: entries survive a round trip, and unusable maps are rejected."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import MapError
from selfiesim.planet.library import user_maps
from selfiesim.planet.library.catalogue import PUBLIC_MAPS
from selfiesim.planet.library.user_maps import MapEntry
from selfiesim.planet.readers.conventions import Conventions, place


def write_image(path: Path, size: tuple[int, int] = (128, 64)) -> Path:
    Image.fromarray(np.full((size[1], size[0], 3), 128, np.uint8)).save(path)
    return path


def test_an_added_map_is_found_with_all_its_settings(library: Path, tmp_path: Path) -> None:
    keys = Conventions(lon0_deg=-180.0, latitude="planetographic", coding="linear", nodata=0.0)
    stats = user_maps.add(write_image(tmp_path / "m.png"), "mine", conventions=keys, credits='Me & "you", Ō')
    assert (stats["width_px"], stats["height_px"], stats["covered"]) == (128, 64, 1.0)
    assert stats["mean"] == pytest.approx(128 / 255, abs=1e-6)
    found = user_maps.load_entry("mine")
    assert (found.body, found.layer, found.conventions) == ("mars", "albedo", keys)
    assert found.credits == 'Me & "you", Ō'
    assert found.path == (tmp_path / "m.png").resolve()
    assert found.bytes == (tmp_path / "m.png").stat().st_size
    assert list(user_maps.load_entries()) == ["mine"]
    assert tomllib.loads((library / "mine.toml").read_text(encoding="utf-8"))["conventions"]["lon0_deg"] == -180.0


def test_conventions_survive_the_round_trip_through_toml() -> None:
    keys = Conventions(
        bounds_deg=(-30.0, 30.0, -10.0, 10.0), positive="west", row0="south", registration="point", scale=0.5,
        offset=-10.0, shape=(100, 50), dtype=">i2",
    )  # fmt: skip
    made = MapEntry(body="mars", layer="elevation", file='a\\b "c".img', conventions=keys)
    assert MapEntry.model_validate(tomllib.loads(user_maps.entry_to_toml(made))) == made


def test_a_copy_is_in_the_library_and_removed_with_it(library: Path, tmp_path: Path) -> None:
    user_maps.add(write_image(tmp_path / "m.PNG"), "mine", copy=True)
    assert user_maps.load_entry("mine").path == library / "mine.png"
    (tmp_path / "m.PNG").unlink()
    assert user_maps.albedo_map_file("mine", "mars").path.is_file()
    assert user_maps.remove("mine") == [library / "mine.toml", library / "mine.png"]
    assert list(library.iterdir()) == []


def test_a_file_elsewhere_survives_its_entry(library: Path, tmp_path: Path) -> None:
    user_maps.add(write_image(tmp_path / "m.png"), "mine")
    assert user_maps.remove("mine") == [library / "mine.toml"]
    assert (tmp_path / "m.png").is_file()


@pytest.mark.parametrize("damage", ["short", "shape", "text"])
def test_an_unusable_map_is_not_added(library: Path, tmp_path: Path, damage: str) -> None:
    path = write_image(tmp_path / "m.png", (300, 200) if damage == "shape" else (128, 64))
    if damage == "short":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "text":
        path.write_text("not a map")
    with pytest.raises(MapError, match=r"m\.png"):
        user_maps.add(path, "mine", copy=True)
    assert not library.exists()


@pytest.mark.parametrize("name", ["", "Mine", "a b", "../a", "a/b", "a" * 62, ".a", "-a"])
def test_invalid_names_are_rejected(library: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(MapError, match="use lower-case letters, digits and hyphens"):
        user_maps.add(write_image(tmp_path / "m.png"), name)
    with pytest.raises(MapError):
        user_maps.load_entry(name)
    with pytest.raises(MapError):
        user_maps.remove(name)


def test_a_name_can_be_used_only_once(library: Path, tmp_path: Path) -> None:
    user_maps.add(write_image(tmp_path / "m.png"), "mine")
    with pytest.raises(MapError, match="is already in the library; selfiesim maps remove mine"):
        user_maps.add(write_image(tmp_path / "n.png"), "mine")


def test_bodies_and_layers_are_kept_apart(library: Path, tmp_path: Path) -> None:
    user_maps.add(write_image(tmp_path / "m.png"), "luna", body="moon")
    with pytest.raises(MapError, match="map 'luna' is the albedo of moon, not the albedo of mars"):
        user_maps.albedo_map_file("luna", "mars")
    assert user_maps.finest_entry("moon", "albedo")[0] == "luna"  # type: ignore[index]
    assert user_maps.finest_entry("mars", "albedo") is None


def test_an_unknown_name_gets_advice(library: Path, tmp_path: Path) -> None:
    with pytest.raises(MapError, match="selfiesim maps get mola-4ppd downloads it"):
        user_maps.load_entry("mola-4ppd")
    with pytest.raises(MapError, match="selfiesim maps list shows all"):
        user_maps.load_entry("nothing")
    user_maps.add(write_image(tmp_path / "m.png"), "viking-mine")
    with pytest.raises(MapError, match="did you mean 'viking-mine'"):
        user_maps.load_entry("viking-mime")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("body = [", "not valid TOML"),
        ('body = "mars"\nlayer = "albedo"\nfiel = "a.png"', "fiel: unknown key; did you mean 'file'"),
        ('body = "mars"\nlayer = "smell"\nfile = "a.png"', "layer"),
    ],
)
def test_a_damaged_entry_is_reported_and_does_not_hide_the_others(
    library: Path, tmp_path: Path, text: str, message: str
) -> None:
    user_maps.add(write_image(tmp_path / "m.png"), "mine")
    (library / "broken.toml").write_text(text)
    with pytest.raises(MapError, match=rf"broken\.toml: .*{message}"):
        user_maps.load_entry("broken")
    kept = user_maps.load_entries()
    assert isinstance(kept["broken"], MapError)
    assert isinstance(kept["mine"], MapEntry)
    assert user_maps.remove("broken") == [library / "broken.toml"]


def test_a_missing_file_is_named(library: Path, tmp_path: Path) -> None:
    user_maps.add(write_image(tmp_path / "m.png"), "mine")
    (tmp_path / "m.png").unlink()
    found = user_maps.load_entry("mine")
    with pytest.raises(MapError, match=r"m\.png: no such file"):
        user_maps.summarize_map(found.path, found.layer, found.body, found.conventions)


# Sizes follow from the grids' shapes, with two bytes per number.
@pytest.mark.parametrize(("name", "pixels"), [("mola-4ppd", 1440 * 720), ("mola-16ppd", 5760 * 2880)])
def test_public_grids_have_the_size_of_their_shape(name: str, pixels: int) -> None:
    assert PUBLIC_MAPS[name].size == 2 * pixels
    assert PUBLIC_MAPS[name].to_conventions().shape == (pixels // int(np.sqrt(pixels / 2)), int(np.sqrt(pixels / 2)))


def test_public_maps_are_described_consistently() -> None:
    for name, source in PUBLIC_MAPS.items():
        assert source.url.startswith("https://"), name
        assert len(source.sha256) in (0, 64)
        assert not source.size or abs(source.size / 1e6 - source.approx_mb) < 1
        assert source.to_conventions() is not None


# The georeferencing that USGS gives with the 1 km mosaic: pixels of 1000 m, upper left at (-10,670,000, 5,335,000) m on
# a sphere of 3,396,190 m.
def test_the_one_kilometre_mosaic_is_placed_by_its_georeferencing() -> None:
    placed = place(PUBLIC_MAPS["viking-1km"].to_conventions(), 21339, 10670, "mars", "viking")
    degrees = np.degrees(np.array([-10_670_000, 10_669_000]) / 3_396_190)
    assert np.degrees(placed.lon_edges[[0, -1]]) == pytest.approx(degrees, abs=1e-4)
    assert placed.is_global


# The hash is recorded in public repositories; the file has another origin.
def test_a_reference_file_has_the_hash_in_the_catalogue(reference) -> None:
    import hashlib

    content = reference("mola_megt90n000cb_4ppd.img").read_bytes()
    assert hashlib.sha256(content).hexdigest() == PUBLIC_MAPS["mola-4ppd"].sha256
    assert len(content) == PUBLIC_MAPS["mola-4ppd"].size
