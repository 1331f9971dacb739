"""Fixtures of the planet tests: one set of maps in its own cache, an empty library, reference files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from selfiesim.core.colour import linear_from_srgb
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.planet_maps import PlanetMaps

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def map_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the cache of this run, one for all workers of pytest-xdist."""
    folder = tmp_path_factory.getbasetemp()
    shared = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "map-cache"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="module", autouse=True)
def _own_cache(map_cache: Path) -> Iterator[None]:
    """Use that cache in this room, and no longer: maps are those of the code that is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SELFIESIM_CACHE", str(map_cache))
        yield


@pytest.fixture(scope="session")
def mars(map_cache: Path) -> PlanetMaps:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SELFIESIM_CACHE", str(map_cache))
        load_maps.cache_clear()
        with FileLock(map_cache / "lock"):  # one worker builds them, and the others wait
            return load_maps("mars")


def reference_file(name: str) -> Path:
    """Return a file of the reference folder; skip the test without it."""
    path = Path(os.environ.get("SELFIESIM_REFERENCE", REPOSITORY.parent / "shared" / "reference")) / name
    if not path.is_file():
        pytest.skip("no reference files (SELFIESIM_REFERENCE)")
    return path


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Path]:
    """Function that returns a file of the reference folder by name."""
    return reference_file


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of an empty library of maps, with an empty cache."""
    monkeypatch.setenv("SELFIESIM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "data" / "maps"


@pytest.fixture(scope="session")
def reference_cap() -> np.ndarray:
    """Linear luminance of the reference image of the north cap, (1000, 1000); skips the test without it."""
    path = reference_file("look_north_cap_65N_celestia.png")
    srgb = np.asarray(Image.open(path).convert("RGB")) / 255
    return linear_from_srgb(srgb) @ np.array([0.2126, 0.7152, 0.0722])
