"""The planet: its maps, its polar caps, and how its ground reflects.

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
    """Reflectance of the ground at places, in the bands R 620, G 550, B 460 nm.

    I/F is the reflectance times the shape of the body's law (:mod:`selfiesim.planet.light.photometry`); a uniform globe of
    reflectance A has the geometric albedo A.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Planetocentric latitude, -90 to 90, and east longitude; they broadcast.
    body
        ``"mars"``, ``"moon"``, ``"earth"``, ...
    map
        A map of the library instead of the default.

    Returns
    -------
    (..., 3) float32

    Raises
    ------
    MapError
        When there is no map of the body.
    ValueError
        A latitude outside -90 to 90, or a number that is not finite.
    """
    import numpy as np

    from selfiesim.planet.library import user_maps
    from selfiesim.planet.maps import planet_maps
    from selfiesim.planet.maps.surface import Surface, surface_maps

    lat, lon = np.radians(np.asarray(lat_deg, np.float64)), np.radians(np.asarray(lon_deg, np.float64))
    if not (np.isfinite(lat).all() and np.isfinite(lon).all() and (np.abs(lat) <= np.pi / 2 + 1e-9).all()):
        raise ValueError("lat_deg must lie between -90 and 90, and both must be finite numbers")
    chosen = (
        planet_maps.load_maps(body)
        if map is None
        else surface_maps(Surface(body, map=user_maps.albedo_map_file(map, body)))
    )
    return planet_maps.reflectance(chosen, lat, lon)


def locate(name: str, body: str = "mars") -> Feature:
    """Where a named feature lies: latitude, east longitude, diameter (:func:`selfiesim.planet.library.gazetteer.locate`).

    Raises
    ------
    MapError
        When the name is not known; the message has the nearest.
    """
    from selfiesim.planet.library.gazetteer import locate as find

    return find(name, body)
