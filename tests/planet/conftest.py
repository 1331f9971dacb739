"""One set of maps for all tests here, in a cache of its own; and where the reference pictures are, if anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.planet.maps.planet_maps import PlanetMaps, load_maps

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def map_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def mars(map_cache: Path) -> Iterator[PlanetMaps]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SELFIESIM_CACHE", str(map_cache))
        load_maps.cache_clear()
        yield load_maps("mars")
        load_maps.cache_clear()


def reference_file(name: str) -> Path:
    """A file of the reference folder; the test is skipped without it."""
    path = Path(os.environ.get("SELFIESIM_REFERENCE", REPOSITORY.parent / "shared" / "reference")) / name
    if not path.is_file():
        pytest.skip("no reference files here (SELFIESIM_REFERENCE)")
    return path


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Path]:
    """Gives a file of the reference folder by its name."""
    return reference_file


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty library of maps and an empty cache; gives the library's folder."""
    monkeypatch.setenv("SELFIESIM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "data" / "maps"


@pytest.fixture(scope="session")
def reference_cap() -> np.ndarray:
    """Linear luminance of the reference picture of the north cap, (1000, 1000); the test is skipped without it."""
    path = reference_file("look_north_cap_65N_celestia.png")
    srgb = np.asarray(Image.open(path).convert("RGB")) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])
