"""The planet: maps, terrain, and the light that ground and air reflect.

>>> from selfiesim import planet
>>> korolev = planet.locate("Korolev")
>>> red, green, blue = planet.reflectance(korolev.lat_deg, korolev.lon_deg)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from selfiesim.planet.library.gazetteer import Feature

__all__ = ["locate", "reflectance"]


def reflectance(
    lat_deg: ArrayLike, lon_deg: ArrayLike, body: str = "mars", *, map: str | None = None
) -> NDArray[np.float32]:
    """Return the reflectance of the ground at places, in the bands R 620, G 550, B 460 nm.

    I/F is the reflectance times the shape of the body's law (:mod:`selfiesim.planet.light.photometry`); a uniform globe
    of reflectance A has the geometric albedo A.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Planetocentric latitude, -90 to 90, and east longitude; they broadcast.
    body : str
        ``"mars"``, ``"moon"``, ``"earth"``, ...
    map : str, optional
        Name of a map in the library; None for the default map.

    Returns
    -------
    (..., 3) float32

    Raises
    ------
    MapError
        There is no map of the body.
    ValueError
        A latitude is outside -90 to 90, or a value is not finite.
    """
    import numpy as np

    from selfiesim.planet.library import user_maps
    from selfiesim.planet.maps import planet_maps
    from selfiesim.planet.maps.load import load_maps
    from selfiesim.planet.maps.surface import Surface, surface_maps

    lat, lon = np.radians(np.asarray(lat_deg, np.float64)), np.radians(np.asarray(lon_deg, np.float64))
    if not (np.isfinite(lat).all() and np.isfinite(lon).all() and (np.abs(lat) <= np.pi / 2 + 1e-9).all()):
        raise ValueError("lat_deg must be between -90 and 90, and lat_deg and lon_deg must be finite")
    if map is None:
        maps = load_maps(body)
    else:
        maps = surface_maps(Surface(body, map=user_maps.albedo_map_file(map, body)))
    return planet_maps.reflectance(maps, lat, lon)


def locate(name: str, body: str = "mars") -> Feature:
    """Return latitude, east longitude and diameter of a named feature.

    See :func:`selfiesim.planet.library.gazetteer.locate`.

    Raises
    ------
    MapError
        The name is unknown; the message suggests the nearest.
    """
    from selfiesim.planet.library.gazetteer import locate as find

    return find(name, body)
