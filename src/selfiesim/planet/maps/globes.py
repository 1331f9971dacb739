"""Maps of any body from a colour image, or from nothing but its albedo.

A *reflectance transform* turns the image's light into reflectance. For bodies without a calibration it is one factor
(:func:`scale_to_albedo`); for a user's image of Mars it is a match to measured tones
(:mod:`selfiesim.planet.maps.tone_match`). Gaps in the image are filled by a *fallback sampler*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.planet.light.photometry import LAWS
from selfiesim.planet.maps.albedo import disc_row_weights, encode, luminance
from selfiesim.planet.maps.map_cache import load_or_build
from selfiesim.planet.maps.packaged_images import PACKAGE_CREDITS, packaged_image_path
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, MapArrays, PlanetMaps
from selfiesim.planet.maps.polar_patch import patch_row_edges, sample_polar_patch
from selfiesim.planet.maps.worlds import BODY_APPEARANCES, LAMBERT_SPHERE_ALBEDO, BodyAppearance
from selfiesim.planet.readers.conventions import Conventions, Placement, place
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.readers.rasters import ArrayRaster, Raster
from selfiesim.planet.readers.resample import Values, iter_strips, native_width
from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.map_shading import ShadedRelief, relief_from_shading, remove_shading
from selfiesim.planet.terrain.measured_heights import MEASURED_HEIGHTS
from selfiesim.planet.terrain.unshaded_ground import add_unshaded_relief

FORMAT_VERSION = 4  # increment whenever these maps change
PREVIEW_WIDTH = 1024  # columns of the small map that statistics of the whole globe are taken from
PATCH_SIZE = 1024  # pixels per side of a polar patch: finer than any packaged image
MOTTLING = 0.08  # rms variation of a grey body's reflectance
_BAND_WIDTH = 8192  # most columns that a polar patch is sampled from

ReflectanceTransform = Callable[[Values], Values]
"""Light of an image (..., 1 or 3) to reflectance (..., 3); NaN stays NaN."""

FallbackSampler = Callable[[NDArray[np.float64], NDArray[np.float64]], Values]
"""Latitude and longitude (rad, broadcast) to reflectance (..., 3), for gaps in the image."""


def load_body_maps(body: str) -> PlanetMaps:
    """Return the maps of a body other than Mars, built unless they are cached.

    Raises
    ------
    MapError
        The body is unknown, or its image is missing or damaged.
    """
    if body not in BODY_APPEARANCES:
        raise MapError(f"no map of {body!r}; maps exist of: mars, {', '.join(sorted(BODY_APPEARANCES))}")
    world = BODY_APPEARANCES[body]
    return _maps_from_image(body, world) if world.image_file else build_grey_maps(body, world)


def _maps_from_image(body: str, world: BodyAppearance) -> PlanetMaps:
    assert world.image_file is not None
    source = packaged_image_path(world.image_file)
    digest = hashlib.sha256(source.read_bytes() + repr(world).encode()).hexdigest()[:16]
    conventions = Conventions(lon0_deg=0.0, coding=world.coding)

    def build() -> MapArrays:
        with open_raster(source, conventions) as file:
            raster = _without_shading(file, body) if world.shaded_radius_km else file
            placement = place(raster.conventions, raster.width, raster.height, body, raster.name)
            to_reflectance = scale_to_albedo(raster, placement, world)
            gaps = build_gap_filler(raster, placement, to_reflectance)
            return build_map_arrays(raster, placement, to_reflectance, gaps, PATCH_SIZE, max_reflectance(world))

    parts = load_or_build(f"{body}-{digest}-w{FORMAT_VERSION}", build)
    image_note = f" ({world.image_note})" if world.image_note else ""
    level = world.source
    if world.geometric_albedo is not None:
        level = f"geometric albedo {world.geometric_albedo:g}, {world.source}"
    credits = f"{body.capitalize()} map{image_note}: {PACKAGE_CREDITS}; {level}"
    return coded_maps(parts, body, credits, world)


def default_heights(body: str) -> HeightGrid | None:
    """Return the heights that a body is rendered with, or None.

    They are measured, or else those that the shading of its image tells, with a statistical continuation where it tells
    nothing.
    """
    if body in MEASURED_HEIGHTS:
        return MEASURED_HEIGHTS[body].load()
    shaded = _shaded_relief(body)
    return None if shaded is None else add_unshaded_relief(shaded)


@cache
def _shaded_relief(body: str) -> ShadedRelief | None:
    world = BODY_APPEARANCES.get(body)
    if world is None or world.image_file is None or world.shaded_radius_km is None:
        return None
    with open_raster(packaged_image_path(world.image_file), Conventions(coding=world.coding)) as raster:
        return relief_from_shading(_grey_light(raster), world.shaded_radius_km)


def _grey_light(raster: Raster) -> Values:
    """Return the linear light (H, W) of a grey image, 0 to 1."""
    code, _gaps = raster.rows(0, raster.height)
    return np.asarray(code.mean(axis=2) / np.iinfo(raster.dtype).max, np.float32)


def _without_shading(raster: Raster, body: str) -> Raster:
    """Return a grey mosaic without its shading by relief."""
    shaded = None if body in MEASURED_HEIGHTS else _shaded_relief(body)
    heights = MEASURED_HEIGHTS[body].load() if shaded is None else shaded.heights
    tone = remove_shading(_grey_light(raster), heights, BODY_APPEARANCES[body].shadowed_from_deg)
    deep = np.clip(tone * 65535 + 0.5, 0, 65535).astype(np.uint16)
    return ArrayRaster(raster.name, deep[..., None], raster.conventions)


def build_grey_maps(body: str, world: BodyAppearance) -> PlanetMaps:
    """Return maps of a body without an image: one hue, slightly mottled; the body's name is the random seed."""
    stem = f"mottling-{hashlib.sha256(body.encode()).hexdigest()[:16]}-w{FORMAT_VERSION}"
    fields = {name: part.view(np.float32) for name, part in load_or_build(stem, lambda: mottling(body)).items()}
    albedo = world.geometric_albedo or 0.0
    colour = np.array(world.band_albedo or (albedo,) * 3, np.float32)
    level = colour / np.float32(disc_row_weights(512, LAWS[world.law]) @ fields["globe"].mean(axis=1))
    parts = {name: encode(field[..., None] * level, max_reflectance(world)) for name, field in fields.items()}
    hue = "one hue" if world.band_albedo else "grey"
    credits = f"{body.capitalize()}: no map; {hue} of albedo {albedo:g} ({world.source})"
    return coded_maps(parts, body, credits, world)


def mottling(body: str) -> MapArrays:
    """Return the bytes of float32 factors around 1, on the globe and around its poles; ``body`` is the random seed."""
    seed = int.from_bytes(hashlib.sha256(body.encode()).digest()[:4], "big")
    lattice = np.random.default_rng(seed).standard_normal((32, 32, 32)).astype(np.float32)

    def polar_patch(sign: float) -> Values:
        axis = (2 * (np.arange(512) + 0.5) / 512 - 1) * 2 * np.sin(PATCH_SPAN_RAD / 2)
        x, y = np.meshgrid(axis, axis, indexing="ij")
        square = np.minimum(x * x + y * y, 4.0)
        shrink = np.sqrt(1 - square / 4)
        return _mottle_noise(lattice, x * shrink, y * shrink, sign * (1 - square / 2))

    latitude = (0.5 - (np.arange(512) + 0.5) / 512)[:, None] * np.pi
    longitude = (np.arange(1024) + 0.5)[None, :] / 1024 * 2 * np.pi
    globe = _mottle_noise(
        lattice, np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)
    )
    fields = {"globe": globe, "north": polar_patch(1.0), "south": polar_patch(-1.0)}
    return {name: field.view(np.uint8) for name, field in fields.items()}


def _mottle_noise(lattice: Values, x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]) -> Values:
    """Return noise of three scales around 1 at unit directions (x, y, z)."""
    from scipy import ndimage

    total = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), np.float32)
    for scale, share in ((3.0, 0.6), (7.0, 0.6), (15.0, 0.53)):
        places = np.array(np.broadcast_arrays(x, y, z)) * scale + 16.0
        total += share * ndimage.map_coordinates(lattice, places, order=3, mode="grid-wrap", output=np.float32)
    # Splines through white noise have less contrast than the noise.
    return np.asarray(np.maximum(1 + MOTTLING * total / 0.6, 0.2), np.float32)


def max_reflectance(world: BodyAppearance) -> float:
    """Return the reflectance of the code 255: well above the mean, so that dark bodies get fine steps too."""
    return LAMBERT_SPHERE_ALBEDO * 1.05 if world.geometric_albedo is None else min(1.5, 8.0 * world.geometric_albedo)


def coded_maps(parts: MapArrays, body: str, credits: str, world: BodyAppearance) -> PlanetMaps:
    """Wrap coded arrays as maps of a body; 255 stands for its :func:`max_reflectance`."""
    return PlanetMaps(
        globe=parts["globe"],
        north=parts["north"],
        south=parts["south"],
        patch_span_rad=PATCH_SPAN_RAD,
        reflectance_max=max_reflectance(world),
        name=body,
        credits=credits,
        law=world.law,
    )


def build_map_arrays(
    raster: Raster,
    placement: Placement,
    to_reflectance: ReflectanceTransform,
    fallback: FallbackSampler,
    patch_size: int,
    reflectance_max: float,
    patches: bool = True,
) -> MapArrays:
    """Build globe and polar patches, coded, straight from a map file.

    Parameters
    ----------
    raster, placement
        The map file and where its rows and columns lie.
    to_reflectance, fallback
        Transform of its light, and the sampler that fills its gaps.
    patch_size : int
        Pixels per side of a polar patch.
    reflectance_max : float
        Reflectance of the code 255.
    patches : bool
        Whether to build the polar patches as well.
    """
    width = native_width(placement)
    globe = np.empty((width // 2, width, 3), np.uint8)
    edges = np.linspace(np.pi / 2, -np.pi / 2, width // 2 + 1)
    for top, light in iter_strips(raster, placement, "albedo", width):
        globe[top : top + len(light)] = encode(
            _fill_strip_gaps(to_reflectance(light), edges, top, fallback), reflectance_max
        )
    parts = {"globe": globe}
    for name in ("north", "south") if patches else ():
        rows = placement.columns_per_turn / 4
        edges = patch_row_edges(patch_size, PATCH_SPAN_RAD, rows, name == "north")
        columns = min(native_width(placement, _BAND_WIDTH), _BAND_WIDTH)
        band = np.empty((len(edges) - 1, columns, 3), np.float32)
        for top, light in iter_strips(raster, placement, "albedo", columns, edges):
            band[top : top + len(light)] = _fill_strip_gaps(to_reflectance(light), edges, top, fallback)
        parts[name] = encode(sample_polar_patch(band, edges, patch_size, PATCH_SPAN_RAD), reflectance_max)
    return parts


def _fill_strip_gaps(values: Values, edges: NDArray[np.float64], top: int, fallback: FallbackSampler) -> Values:
    """Return a strip with its gaps filled."""
    gaps = np.asarray(np.isnan(values).any(axis=-1))
    if gaps.any():
        row, column = np.nonzero(gaps)
        latitude = 0.5 * (edges[top + row] + edges[top + row + 1])
        longitude = (column + 0.5) / values.shape[1] * 2 * np.pi
        values = values.copy()
        values[gaps] = fallback(latitude, longitude)
    return values


def read_preview(raster: Raster, placement: Placement) -> Values:
    """Read a small version of an image (512, 1024, bands), for statistics of the whole globe."""
    out = np.empty((PREVIEW_WIDTH // 2, PREVIEW_WIDTH, raster.bands), np.float32)
    for top, light in iter_strips(raster, placement, "albedo", PREVIEW_WIDTH):
        out[top : top + len(light)] = light
    return out


def scale_to_albedo(
    raster: Raster, placement: Placement, world: BodyAppearance, own_hue: bool = False
) -> ReflectanceTransform:
    """Return the transform that scales an image's own light to the body's albedo.

    Parameters
    ----------
    raster, placement
        The image and where its rows and columns lie.
    world : BodyAppearance
        The body.
    own_hue : bool
        Whether an image in colour keeps its hue, although the albedo of each band is known.

    Raises
    ------
    MapError
        The image is entirely black.
    """
    mean = _disc_means(raster, placement, world)
    if mean.max() <= 0.0:
        raise MapError(f"{raster.name}: is entirely black; is it a colour map?")
    factor = _scale_factors(mean, world, own_hue and raster.bands == 3)

    def to_reflectance(light: Values) -> Values:
        colours = np.repeat(light, 3, axis=-1) if light.shape[-1] == 1 else light
        colours = np.where((luminance(light) < world.gap_threshold)[..., None], np.float32(np.nan), colours)
        if factor is not None:
            return np.asarray(colours * factor, np.float32)
        return np.asarray(np.float32(LAMBERT_SPHERE_ALBEDO) * colours, np.float32)

    return to_reflectance


def _disc_means(raster: Raster, placement: Placement, world: BodyAppearance) -> NDArray[np.float64]:
    """Return the mean light (3,) of an image's known part, with the weights of the disc at full phase."""
    light = read_preview(raster, placement)
    known = np.asarray(~(luminance(light) < world.gap_threshold) & ~np.isnan(light).any(axis=-1))
    weight = disc_row_weights(len(light), LAWS[world.law])
    total = weight @ np.where(known[..., None], light, 0.0).mean(axis=1)
    return np.broadcast_to(total / max(float(weight @ known.mean(axis=1)), 1e-9), (3,))


def _scale_factors(mean: NDArray[np.float64], world: BodyAppearance, own_hue: bool) -> Values | None:
    """Return the factors (3,) that give the image the body's albedo; None for a body that takes the image's values."""
    if world.band_albedo is not None and not own_hue:
        return np.asarray(np.array(world.band_albedo) / np.maximum(mean, 1e-9), np.float32)
    if world.geometric_albedo is None:
        return None
    green = float(mean[1]) if mean[1] > 0.0 else float(mean.max())
    return np.full(3, world.geometric_albedo / green, np.float32)


def build_gap_filler(raster: Raster, placement: Placement, to_reflectance: ReflectanceTransform) -> FallbackSampler:
    """Return a sampler that spreads an image's surroundings of a gap into it."""
    field = fill_gaps(to_reflectance(read_preview(raster, placement)))

    def fallback(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> Values:
        row = np.clip((0.5 - latitude / np.pi) * len(field), 0, len(field) - 1).astype(np.intp)
        column = np.mod(longitude / (2 * np.pi) * field.shape[1], field.shape[1]).astype(np.intp)
        return np.asarray(field[row, column])

    return fallback


def fill_gaps(field: Values) -> Values:
    """Fill the gaps of a field (H, W, 3) from ever coarser means of their surroundings."""
    gaps = np.asarray(np.isnan(field).any(axis=-1))
    if not gaps.any() or min(field.shape[:2]) < 2:
        return np.nan_to_num(field)
    known = (~gaps)[..., None].astype(np.float32)
    height, width = field.shape[0] // 2 * 2, field.shape[1] // 2 * 2
    quarters = (height // 2, 2, width // 2, 2)
    count = known[:height, :width].reshape(*quarters, 1).sum(axis=(1, 3))
    total = (np.nan_to_num(field) * known)[:height, :width].reshape(*quarters, 3).sum(axis=(1, 3))
    with np.errstate(invalid="ignore", divide="ignore"):
        coarse = fill_gaps(np.where(count > 0, total / count, np.float32(np.nan)))
    larger = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)
    larger = np.pad(larger, ((0, field.shape[0] - height), (0, field.shape[1] - width), (0, 0)), mode="edge")
    return np.where(gaps[..., None], larger, field)
