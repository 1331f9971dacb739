"""The planet: maps, terrain, and the light that ground and air reflect.

>>> from selfiesim import planet
>>> korolev = planet.locate("Korolev")
>>> red, green, blue = planet.reflectance(korolev.lat_deg, korolev.lon_deg)
>>> metres = planet.height(korolev.lat_deg, korolev.lon_deg)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from selfiesim.planet.places.gazetteer import Feature

__all__ = ["height", "locate", "reflectance"]


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
    from selfiesim.planet.library import user_maps
    from selfiesim.planet.maps import planet_maps
    from selfiesim.planet.maps.load import load_maps
    from selfiesim.planet.maps.surface import Surface, surface_maps

    lat, lon = _places(lat_deg, lon_deg)
    if map is None:
        maps = load_maps(body)
    else:
        maps = surface_maps(Surface(body, map=user_maps.albedo_map_file(map, body)))
    return planet_maps.reflectance(maps, lat, lon)


def height(
    lat_deg: ArrayLike, lon_deg: ArrayLike, body: str = "mars", *, map: str | None = None
) -> NDArray[np.float64]:
    """Return the height of the ground at places, in metres.

    On Mars it is the height above the areoid as MOLA measured it, without detail below 15 km
    (:mod:`selfiesim.planet.terrain.mars_heights`), unless the library has an elevation; that one's numbers are returned
    as they are.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Planetocentric latitude, -90 to 90, and east longitude; they broadcast.
    body : str
        The body; those other than Mars need an elevation in the library.
    map : str, optional
        Name of an elevation in the library; None for the finest, or the built-in heights.

    Returns
    -------
    (...) float64
        NaN where the map has a gap.

    Raises
    ------
    MapError
        There is no elevation of the body.
    ValueError
        A latitude is outside -90 to 90, or a value is not finite.
    """
    import numpy as np

    from selfiesim.planet.library.charts import relief_lookup

    lat, lon = np.broadcast_arrays(*_places(lat_deg, lon_deg))
    lookup, _rows, _credits = relief_lookup(body, "elevation", map)
    return np.asarray(lookup(np.atleast_1d(lat), np.atleast_1d(lon))[..., 0], np.float64).reshape(lat.shape)


def _places(lat_deg: ArrayLike, lon_deg: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return places in radians after checking them."""
    import numpy as np

    lat, lon = np.radians(np.asarray(lat_deg, np.float64)), np.radians(np.asarray(lon_deg, np.float64))
    if not (np.isfinite(lat).all() and np.isfinite(lon).all() and (np.abs(lat) <= np.pi / 2 + 1e-9).all()):
        raise ValueError("lat_deg must be between -90 and 90, and lat_deg and lon_deg must be finite")
    return lat, lon


def locate(name: str, body: str = "mars") -> Feature:
    """Return latitude, east longitude and diameter of a named feature.

    See :func:`selfiesim.planet.places.gazetteer.locate`.

    Raises
    ------
    MapError
        The name is unknown; the message suggests the nearest.
    """
    from selfiesim.planet.places.gazetteer import locate as find

    return find(name, body)
