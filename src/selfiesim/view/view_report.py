"""Facts about a view: time, season, distances, angles and the bodies in the picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfiesim.astro import mars_time
from selfiesim.astro.bodies import AU_M
from selfiesim.astro.ellipsoid import ellipsoid_foot, ellipsoid_height, intersect_ellipsoid, planet_angular_diameter
from selfiesim.astro.frames import direction_to_lonlat
from selfiesim.core.vectors import Vector, unit
from selfiesim.view.geometry import ViewGeometry
from selfiesim.view.poses import PlanetPose


def describe_view(view: ViewGeometry) -> dict[str, Any]:
    """Epoch, season, Sun, camera and craft, one value per key with its unit in the key.

    Parameters
    ----------
    view : ViewGeometry
        The geometry.

    Returns
    -------
    dict
        JSON-ready. Latitudes are planetocentric, longitudes east-positive. ``camera_altitude_km`` is the height above
        what ``camera_altitude_above`` says: the reference ellipsoid, or the ground of a landing site.
        Keys that do not apply are absent: latitudes in deep space, the time since a release of a mounted camera.
    """
    track = view.track
    distance = float(np.linalg.norm(view.craft.position))
    released = {} if track.seconds_since_release is None else {
        "seconds_since_release": round(track.seconds_since_release, 6),
        "distance_from_mount_m": float(np.linalg.norm(track.camera.position - track.mount_position)),
    }  # fmt: skip
    return (
        {"title": view.shot.title, "epoch_utc": view.epoch.utc(3)}
        | released
        | {"sun_distance_au": view.sun.distance / AU_M}
        | ({} if view.planet is None else _planet_facts(view, view.planet))
        | {
            "range_to_craft_m": distance,
            "phase_angle_deg": phase_angle_deg(view),
            "sun_off_axis_deg": _acos_deg(float(view.sun.direction[2])),
            "sun_visible_share": view.craft.sun_visible_fraction,
            "horizontal_fov_deg": float(np.degrees(view.camera.horizontal_fov)),
            "assumed": dict(view.shot.assumed),
        }
        | ({"orbit": dict(view.shot.orbit)} if view.shot.orbit else {})
    )


def list_visible_bodies(view: ViewGeometry) -> list[dict[str, Any]]:
    """List the Sun, planets and moons whose centre is in the picture and not occulted by the planet, nearest first.

    Parameters
    ----------
    view : ViewGeometry
        The geometry. Occultation by craft is ignored.

    Returns
    -------
    list of dict
        JSON-ready: ``name``, ``pixel``, ``diameter_deg`` and, except for the Sun and unlit bodies, V ``magnitude``.
    """
    sky, camera = view.sky, view.camera
    found = [
        (globe.distance, globe.name, view.icrf_to_camera @ globe.position, globe.angular_radius, globe.magnitude)
        for globe in sky.globes
    ]
    if sky.sun:
        found.append((view.sun.distance, "sun", view.sun.direction, view.sun.angular_radius, np.inf))
    entries = []
    for distance, name, position, radius, magnitude in sorted(found, key=lambda body: body[0]):
        pixel = camera.project(position)
        inside = (pixel >= -0.5).all() and (pixel <= (camera.width - 0.5, camera.height - 0.5)).all()
        if inside and not _is_occluded(view, position, distance):
            entry = {"name": name, "pixel": pixel.tolist(), "diameter_deg": float(np.degrees(2.0 * radius))}
            entries.append(entry | ({"magnitude": float(magnitude)} if np.isfinite(magnitude) else {}))
    return entries


def _is_occluded(view: ViewGeometry, position: Vector, distance: float) -> bool:
    """Whether the planet occults ``position`` (3,), camera axes, m."""
    planet = view.planet
    if planet is None or distance < np.linalg.norm(planet.position):
        return False
    to_bodyfixed = planet.camera_to_bodyfixed
    hits = intersect_ellipsoid(-to_bodyfixed @ planet.position, (to_bodyfixed @ position)[None], planet.body)
    return bool(np.isfinite(hits).all())


def _planet_facts(view: ViewGeometry, planet: PlanetPose) -> dict[str, Any]:
    track, body = view.track, planet.body
    position = track.icrf_to_bodyfixed @ track.camera.position
    longitude, latitude = direction_to_lonlat(position)
    to_sun = track.icrf_to_bodyfixed @ view.icrf_to_camera.T @ view.sun.direction
    sun_longitude, sun_latitude = direction_to_lonlat(to_sun)
    zenith = unit(ellipsoid_foot(position, body) / np.array(body.radii_m) ** 2)
    ls = (
        {"solar_longitude_deg": float(np.degrees(mars_time.solar_longitude(body, view.epoch)))}
        if body.name == "mars"
        else {}
    )
    site_facts = {} if planet.site_height_m is None else {"site_height_m": planet.site_height_m}
    ground = view.ground
    ground_facts = {} if ground is None else {
        "lens_height_above_ground_m": ground.lens_height_m,
        "sun_azimuth_deg": ground.sun_azimuth_deg,
        "direct_sunlight_share_550nm": float(ground.sky.beam_transmittance[1]),
    }  # fmt: skip
    return (
        ls
        | site_facts
        | ground_facts
        | {
            "subsolar_latitude_deg": float(np.degrees(sun_latitude)),
            "subsolar_longitude_deg": float(np.degrees(sun_longitude)),
            "local_true_solar_time_h": float((longitude - sun_longitude) / (2.0 * np.pi) * 24.0 + 12.0) % 24.0,
            "sun_elevation_below_camera_deg": float(np.degrees(np.arcsin(np.clip(zenith @ to_sun, -1, 1)))),
            "camera_altitude_km": ellipsoid_height(position, body) / 1e3,
            "camera_altitude_above": "ground of the site" if site_facts else "reference ellipsoid",
            "camera_latitude_deg": float(np.degrees(latitude)),
            "camera_longitude_deg": float(np.degrees(longitude)),
            "planet_relief": f"shape model {planet.shape}" if planet.shape else planet.surface.relief_source,
            "planet_angular_diameter_deg": float(np.degrees(planet_angular_diameter(position, body))),
        }
    )


def phase_angle_deg(view: ViewGeometry) -> float:
    """Angle between camera and Sun, seen from the craft, deg."""
    to_craft = view.craft.position
    return _acos_deg(float(unit(-to_craft) @ view.sun.direction)) if to_craft.any() else 0.0


def _acos_deg(cosine: float) -> float:
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
