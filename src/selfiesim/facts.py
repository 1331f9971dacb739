"""The numbers a person asks about a view."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfiesim import season
from selfiesim.bodies import AU_M
from selfiesim.ellipsoid import ellipsoid_foot, ellipsoid_height, planet_diameter
from selfiesim.frames import direction_to_lonlat, unit
from selfiesim.presets import preset
from selfiesim.view import PlanetPose, View


def describe(view: View) -> dict[str, Any]:
    """Epoch, season, Sun, camera and craft, one number a key, units in the key; JSON-ready.

    Latitudes are planetocentric, longitudes east, altitude is above the reference ellipsoid. What has no meaning for
    the view (latitudes in deep space, seconds since no release) is left out.
    """
    track = view.track
    to_craft, distance = view.craft.position, float(np.linalg.norm(view.craft.position))
    released = {} if track.seconds_since_release is None else {
        "seconds_since_release": round(track.seconds_since_release, 6),
        "distance_from_mount_m": float(np.linalg.norm(track.camera.position - track.mount_position)),
    }  # fmt: skip
    return (
        {"title": view.scene.title, "epoch_utc": view.epoch.utc(3)}
        | released
        | {"sun_distance_au": view.sun.distance / AU_M}
        | ({} if view.planet is None else _over_the_planet(view, view.planet))
        | {
            "range_to_craft_m": distance,
            "phase_angle_deg": _degrees(float(unit(-to_craft) @ view.sun.direction)) if distance else 0.0,
            "sun_off_axis_deg": _degrees(float(view.sun.direction[2])),
            "sun_visible_share": view.craft.sun_share,
            "horizontal_fov_deg": float(np.degrees(view.camera.horizontal_fov)),
            "assumed": _assumed(view),
        }
    )


def _assumed(view: View) -> dict[str, str]:
    """What is not publicly known: of the scene, of the camera it names, of its craft; each with why it is so here."""
    camera, of_camera = view.scene.camera, {}
    if camera.preset is not None:
        known = preset(camera.preset)
        keys = known.scene_keys()
        taken = [key for key in known.assumed if key in keys and getattr(camera, key) == keys[key]]
        of_camera = {f"{camera.preset}: {key}": known.assumed[key] for key in taken}
    of_craft = {f"{view.craft.craft.name}: {key}": why for key, why in view.craft.craft.assumed.items()}
    return dict(view.scene.assumed) | of_camera | of_craft


def _over_the_planet(view: View, planet: PlanetPose) -> dict[str, Any]:
    track, body = view.track, planet.body
    position = track.icrf_to_bodyfixed @ track.camera.position
    longitude, latitude = direction_to_lonlat(position)
    to_sun = track.icrf_to_bodyfixed @ view.icrf_to_camera.T @ view.sun.direction
    sun_longitude, sun_latitude = direction_to_lonlat(to_sun)
    zenith = unit(ellipsoid_foot(position, body) / np.array(body.radii_m) ** 2)
    ls = (
        {"solar_longitude_deg": float(np.degrees(season.solar_longitude(body, view.epoch)))}
        if body.name == "mars"
        else {}
    )
    return ls | {
        "subsolar_latitude_deg": float(np.degrees(sun_latitude)),
        "subsolar_longitude_deg": float(np.degrees(sun_longitude)),
        "local_true_solar_time_h": float((longitude - sun_longitude) / (2.0 * np.pi) * 24.0 + 12.0) % 24.0,
        "sun_elevation_below_camera_deg": float(np.degrees(np.arcsin(np.clip(zenith @ to_sun, -1, 1)))),
        "camera_altitude_km": ellipsoid_height(position, body) / 1e3,
        "camera_latitude_deg": float(np.degrees(latitude)),
        "camera_longitude_deg": float(np.degrees(longitude)),
        "planet_angular_diameter_deg": float(np.degrees(planet_diameter(position, body))),
    }


def _degrees(cosine: float) -> float:
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
