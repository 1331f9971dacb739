"""What of the planet is in the picture: ground points at its centre and corners, and named places."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.astro.frames import direction_to_lonlat
from selfiesim.core.vectors import Vector, unit
from selfiesim.view.geometry import ViewGeometry
from selfiesim.view.poses import PlanetPose

MAX_FEATURES = 40
"""Most named places that the facts of a view list, the largest in the picture first."""

_CORNERS = {
    "centre": (0.5, 0.5),
    "upper left": (0.0, 0.0),
    "upper right": (1.0, 0.0),
    "lower left": (0.0, 1.0),
    "lower right": (1.0, 1.0),
}


def place_vectors(latitude: Vector, longitude: Vector, radii_m: tuple[float, float, float]) -> Vector:
    """Return the points (..., 3) of an ellipsoid at planetocentric latitudes and longitudes (...), rad; m."""
    across = np.cos(latitude)
    direction = np.stack([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], axis=-1)
    return np.asarray(direction / np.linalg.norm(direction / np.array(radii_m), axis=-1, keepdims=True))


def project_places(view: ViewGeometry, latitude: Vector, longitude: Vector) -> NDArray[np.float64]:
    """Return the pixels (N, 2) of places on the planet (planetocentric, rad); NaN for one hidden or out of frame."""
    planet = view.planet
    if planet is None:
        return np.full((len(latitude), 2), np.nan)
    points = place_vectors(latitude, longitude, planet.body.radii_m)
    normals = points / np.array(planet.body.radii_m) ** 2 @ planet.camera_to_bodyfixed
    positions = planet.position + points @ planet.camera_to_bodyfixed
    pixels = view.camera.project(positions)
    size = np.array([view.camera.width, view.camera.height])
    inside = ((pixels > -0.5) & (pixels < size - 0.5)).all(axis=-1)
    on_this_side = (normals * positions).sum(axis=-1) < 0.0
    return np.where((inside & on_this_side)[:, None], pixels, np.nan)


def list_ground_points(view: ViewGeometry) -> list[dict[str, Any]]:
    """Describe the ground at the picture's centre and corners.

    Parameters
    ----------
    view : ViewGeometry
        The geometry. The craft is ignored.

    Returns
    -------
    list of dict
        JSON-ready, empty without a planet or with terrain around the lens: ``where`` and ``pixel``, and where the ray
        meets the ellipsoid the keys of :func:`list_features`.
    """
    if view.planet is None or view.ground is not None:
        return []
    camera = view.camera
    size = np.array([camera.width, camera.height])
    # The outermost pixels, not the corners of the image, which a lens need not reach.
    pixels = np.array(list(_CORNERS.values())) * (size - 1.0)
    entries = _ground_entries(view, view.planet, pixels)
    return [
        {"where": where, "pixel": pixel} | entry
        for where, pixel, entry in zip(_CORNERS, pixels.tolist(), entries, strict=True)
    ]


def list_features(view: ViewGeometry) -> list[dict[str, Any]]:
    """List the named places whose centre is in the picture, the largest in it first.

    Parameters
    ----------
    view : ViewGeometry
        The geometry. The craft is ignored.

    Returns
    -------
    list of dict
        JSON-ready, :data:`MAX_FEATURES` at most: ``name``, ``kind``, ``pixel``, ``width_px`` (its diameter as seen, 0
        for a landing site), ``latitude_deg``, ``longitude_deg``, ``distance_km``, ``ground_sample_m`` (square root of
        the ground that a pixel covers) and ``sun_elevation_deg``.
    """
    from selfiesim.planet.places.gazetteer import GAZETTEER_FILES, load_features

    planet = view.planet
    if planet is None or view.ground is not None or planet.body.name not in GAZETTEER_FILES:
        return []
    features = load_features(planet.body.name)
    places = np.radians([(each.lat_deg, each.lon_deg) for each in features])
    pixels = project_places(view, places[:, 0], places[:, 1])
    seen = np.flatnonzero(np.isfinite(pixels[:, 0]))
    entries = []
    for index, entry in zip(seen, _ground_entries(view, planet, pixels[seen]), strict=True):
        if entry:
            feature = features[index]
            width = feature.diameter_km / entry["distance_km"] / view.camera.pixel_angle
            head = {"name": feature.name, "kind": feature.kind, "pixel": pixels[index].tolist(), "width_px": width}
            entries.append(head | entry)
    return sorted(entries, key=lambda entry: (-entry["width_px"], entry["name"]))[:MAX_FEATURES]


def _ground_entries(view: ViewGeometry, planet: PlanetPose, pixels: NDArray[np.float64]) -> list[dict[str, float]]:
    """Place, distance, ground sample distance and elevation of the Sun at pixels (N, 2); empty for sky."""
    if not len(pixels):
        return []
    step = np.array([[0.0, 0.0], [0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])
    rays = view.camera.unproject(pixels[:, None] + step)
    ray = rays[:, 0]
    pixel_area = np.linalg.norm(np.cross(rays[:, 1] - rays[:, 2], rays[:, 3] - rays[:, 4]), axis=-1)  # sr
    eye = -planet.camera_to_bodyfixed @ planet.position
    points = intersect_ellipsoid(eye, ray @ planet.camera_to_bodyfixed.T, planet.body)
    normals = unit(points / np.array(planet.body.radii_m) ** 2)
    sun = normals @ (planet.camera_to_bodyfixed @ view.sun.direction)
    distance = np.linalg.norm(points - eye, axis=-1)
    facing = (normals * (eye - points)).sum(axis=-1) / distance
    entries: list[dict[str, float]] = []
    for point, metres, area, rise, sine in zip(points, distance, pixel_area, facing, sun, strict=True):
        if not np.isfinite([metres, area]).all() or rise <= 0.0:
            entries.append({})
            continue
        longitude, latitude = direction_to_lonlat(point)
        entries.append(
            {
                "latitude_deg": float(np.degrees(latitude)),
                "longitude_deg": float(np.degrees(longitude)),
                "distance_km": float(metres / 1e3),
                "ground_sample_m": float(metres * np.sqrt(area / rise)),
                "sun_elevation_deg": float(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))),
            }
        )
    return entries
