"""The map that a body is rendered with: the default, or a file of the user's."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.core.shared_cache import shared_cache
from selfiesim.planet.maps import cap_source, globes
from selfiesim.planet.maps.albedo import GEOMETRIC_ALBEDO
from selfiesim.planet.maps.cap_source import fit_polar_cap
from selfiesim.planet.maps.load import add_relief, load_maps, relief_credit
from selfiesim.planet.maps.map_cache import load_or_build
from selfiesim.planet.maps.map_file import MapFile, Tone, fingerprint
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, MapArrays, PlanetMaps, reflectance
from selfiesim.planet.maps.tone_match import match_measured_tones
from selfiesim.planet.maps.worlds import ASTEROID_ALBEDO, BODY_APPEARANCES, BodyAppearance, default_appearance
from selfiesim.planet.readers.conventions import Placement, place
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.readers.rasters import Raster
from selfiesim.planet.readers.resample import Values

_PATCH_SIZES = (1024, 3072)  # least and most pixels per side of a polar patch from a user's map
_POLES = ("north", "south")
_MARS = BodyAppearance(None, GEOMETRIC_ALBEDO, "Mallama, Krobusek and Pavlov 2017", "mars")


@dataclass(frozen=True)
class Surface:
    """What a body is rendered with.

    Attributes
    ----------
    body : str
        The body's name.
    albedo : float, optional
        Geometric albedo of a body that the scene defines and that has no map.
    map : MapFile, optional
        The user's map of colours; None for the default.
    elevation : MapFile, optional
        The user's heights, which take the place of the measured ones.
    radius_km : float, optional
        Mean radius of a body that the scene defines.
    """

    body: str
    albedo: float | None = None
    map: MapFile | None = None
    elevation: MapFile | None = None
    radius_km: float | None = None

    @property
    def relief_source(self) -> str:
        """Where the relief comes from, for people."""
        return relief_credit(self.body, self.elevation) or "none: rendered as a smooth ellipsoid"


def surface_maps(surface: Surface) -> PlanetMaps:
    """Return the maps of a surface, built unless they are cached.

    Raises
    ------
    MapError
        The map cannot be used.
    """
    elevation, file = surface.elevation, surface.map
    digest = "" if elevation is None else fingerprint(elevation.path)
    if file is not None or surface.albedo is not None or surface.body not in ("mars", *BODY_APPEARANCES):
        return _own_maps(surface, "" if file is None else fingerprint(file.path), digest)
    if elevation is None:
        return load_maps(surface.body)
    return load_maps(surface.body, elevation, digest, surface.radius_km)


@shared_cache(maxsize=8)
def _own_maps(surface: Surface, file_fingerprint: str, digest: str) -> PlanetMaps:
    """Return maps of a body that the scene defines, or from the user's file."""
    body, elevation = surface.body, surface.elevation
    if surface.map is None:
        maps = globes.build_grey_maps(body, _appearance_of(body, surface.albedo))
    else:
        maps = _maps_from_file(body, surface.albedo, surface.map, file_fingerprint, elevation, digest)
        if body == "earth":  # whatever the picture, the sea is where it is
            maps = replace(maps, water=load_maps(body).water)
    return maps if body == "mars" else add_relief(maps, elevation, digest, surface.radius_km)


def _appearance_of(body: str, albedo: float | None) -> BodyAppearance:
    if body == "mars":
        return _MARS
    if albedo is None and body in BODY_APPEARANCES:
        return BODY_APPEARANCES[body]
    return default_appearance(ASTEROID_ALBEDO if albedo is None else albedo)


def check_map_file(file: MapFile, body: str) -> Placement:
    """Check by its header whether a map can be used; no pixel is read.

    Raises
    ------
    MapError
        The map cannot be used.
    """
    with open_raster(file.path, file.conventions) as raster:
        return place(raster.conventions, raster.width, raster.height, body, raster.name)


def _maps_from_file(
    body: str, albedo: float | None, file: MapFile, file_fingerprint: str, elevation: MapFile | None, digest: str
) -> PlanetMaps:
    tone = file.tone or ("measured" if body == "mars" else "own")
    if tone == "measured" and body != "mars":
        raise MapError(f"{file.path}: tone 'measured' exists for mars only; use 'own' for {body}")
    default = surface_maps(Surface("mars", elevation=elevation)) if body == "mars" else None
    reference = _sample_reference(default) if default else None
    key = json.dumps(
        [
            file_fingerprint,
            file.conventions.model_dump(mode="json"),
            tone,
            file.cap,
            body,
            albedo,
            digest if body == "mars" else "",
            globes.FORMAT_VERSION,
            cap_source.CAPS_FORMAT_VERSION,
            0 if reference is None else zlib.crc32(np.ascontiguousarray(reference).data),
        ]
    )
    stem = f"{body}-user-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    parts = load_or_build(stem, lambda: _build(body, albedo, file, tone, default, reference))
    credits = file.credits or f"{body.capitalize()} map: {file.path.name}, supplied by the scene's author"
    if default:
        # The slopes of the default maps stay; ice is where the caps drawn have it.
        reliefs = [parts.get(f"{pole}-relief", getattr(default, f"{pole}_relief")) for pole in _POLES]
        credits = f"{credits}; toned as: {default.credits}"
        credits = f"{credits}; {_describe_caps(file, tone, parts['caps'])}"
        return replace(
            default,
            globe=parts["globe"],
            north=parts["north"],
            south=parts["south"],
            north_relief=reliefs[0],
            south_relief=reliefs[1],
            credits=credits,
        )
    return globes.coded_maps(parts, body, credits, _appearance_of(body, albedo))


def _sample_reference(default: PlanetMaps) -> Values:
    """Return the default maps' reflectance at the cell centres of a small plate carree map, (H, W, 3)."""
    rows, columns = globes.PREVIEW_WIDTH // 2, globes.PREVIEW_WIDTH
    latitude = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
    longitude = (np.arange(columns) + 0.5) / columns * 2 * np.pi
    return reflectance(default, latitude[:, None], longitude[None, :])


def _build(
    body: str,
    albedo: float | None,
    file: MapFile,
    tone: Tone,
    default: PlanetMaps | None,
    reference: Values | None,
) -> MapArrays:
    with open_raster(file.path, file.conventions) as raster:
        placement = place(raster.conventions, raster.width, raster.height, body, raster.name)
        to_reflectance = _make_transform(raster, placement, _appearance_of(body, albedo), tone, reference)
        finer = default is None or file.cap == "own" or placement.columns_per_turn > default.globe.shape[1]
        fallback = (
            globes.build_gap_filler(raster, placement, to_reflectance)
            if default is None
            else partial(reflectance, default)
        )
        maximum = default.reflectance_max if default else globes.max_reflectance(_appearance_of(body, albedo))
        size = _patch_size(placement)
        parts = globes.build_map_arrays(raster, placement, to_reflectance, fallback, size, maximum, patches=finer)
    if default is not None:
        parts |= _choose_caps(parts, default, file, tone)
    return parts


_COARSE = 255  # in place of a correlation: the map is coarser than the default


def _choose_caps(parts: MapArrays, default: PlanetMaps, file: MapFile, tone: Tone) -> MapArrays:
    """Return both polar patches, and under ``caps`` whether each cap is the file's own and the bands' correlation."""
    if "north" not in parts:
        # The default's polar patches show more than the map could.
        caps = np.array([[0, _COARSE]] * 2, np.uint8)
        return {"north": np.asarray(default.north), "south": np.asarray(default.south), "caps": caps}
    if tone == "own" and file.cap != "default":
        own = {pole: parts[pole] for pole in _POLES}
        return _ice_of(own, default) | {"caps": np.array([[1, 0]] * 2, np.uint8)}
    fitted = [fit_polar_cap(parts[pole], getattr(default, pole), PATCH_SPAN_RAD, file.cap) for pole in _POLES]
    caps = np.array([[each.own, round(100 * max(each.correlation, 0.0))] for each in fitted], np.uint8)
    patches = {pole: each.patch for pole, each in zip(_POLES, fitted, strict=True)}
    own = {pole: each.patch for pole, each in zip(_POLES, fitted, strict=True) if each.own}
    return patches | _ice_of(own, default) | {"caps": caps}


def _ice_of(own: MapArrays, default: PlanetMaps) -> MapArrays:
    """Return the default's relief of the patches that have a cap of their own, with the ice of that cap."""
    reliefs = {pole: getattr(default, f"{pole}_relief") for pole in own}
    return {f"{pole}-relief": cap_source.own_ice(own[pole], relief) for pole, relief in reliefs.items()}


def _describe_caps(file: MapFile, tone: Tone, caps: NDArray[np.uint8]) -> str:
    """Say which caps are drawn and why."""
    return "; ".join(
        f"{pole} cap: {'its own' if own else 'of the default map'}, {_cap_reason(file, tone, bool(own), int(percent))}"
        for pole, (own, percent) in zip(_POLES, caps, strict=True)
    )


def _cap_reason(file: MapFile, tone: Tone, own: bool, percent: int) -> str:
    if file.cap != "auto":
        return f"as cap = {file.cap!r} asks"
    if percent == _COARSE:
        return "which is finer (cap = 'own' keeps the map's)"
    if tone == "own":
        return "as its tones are"
    seen = f"their troughs correlate {percent / 100:.2f}"
    return f"as {seen}" if own else f"as the map's is overexposed: {seen} (cap = 'own' keeps it)"


def _make_transform(
    raster: Raster, placement: Placement, world: BodyAppearance, tone: Tone, reference: Values | None
) -> globes.ReflectanceTransform:
    if tone == "own" or reference is None:
        return globes.scale_to_albedo(raster, placement, world, own_hue=True)
    return match_measured_tones(globes.read_preview(raster, placement), reference, world.law, raster.name)


def _patch_size(placement: Placement) -> int:
    """Return twice the pixels that the map has across a patch, so that interpolation hides its pixels."""
    native = placement.columns_per_turn * 2 * PATCH_SPAN_RAD / (2 * np.pi)
    return int(np.clip(64 * round(2 * native / 64), *_PATCH_SIZES))
