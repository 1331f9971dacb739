"""A plate over level ground on Mars: a scene for their interreflection."""

from __future__ import annotations

import numpy as np
from small_scenes import box, write_craft

from selfiesim.scene.scene import Scene

ALBEDO, GROUND = 0.5, 0.3


def plate_over_ground(folder, height_m, lens, half_m=0.8, size=(320, 180), dust=0.4, **ground):
    """A diffuse square plate at ``height_m`` over level ground by day, seen from ``lens`` (east, north, up, m)."""
    plate = box((2.0 * half_m, 2.0 * half_m, 0.02), (0.0, 0.0, height_m + 0.01))
    name = write_craft(folder, "plate", [plate], (0.0, 0.0, 4.0), base_color=[ALBEDO] * 3)
    level = {"rock_share": 0.001, "clod_share": 0.0, "reflectance": [GROUND] * 3, "cell_rad": 0.01}
    table = {
        "title": "plate",
        "at": "2021-06-01T05:10:00Z",
        "craft": {"model": name},
        "site": {"body": "mars", "longitude_deg": 109.925, "latitude_deg": 25.066},
        "attitude": {
            "primary": {"axis": [0, 0, 1], "toward": "zenith"},
            "secondary": {"axis": [-1, 0, 0], "toward": "north"},
        },
        "mounted": {"offset_m": lens},
        "camera": {"size_px": size, "horizontal_fov_deg": 90, "look": "azimuth", "elevation_deg": 20},
        "planet": {"dust_opacity": dust},
        "sky": {"stars": False, "sun": False, "moons": False},
        "ground": level | {"pads": [{"at_m": [0, 0], "radius_m": 60.0}]} | ground,
    }
    return Scene.from_table(table, folder=folder)


def seen_parts(radiance):
    """Masks (H, W) of the underside of the plate, of the ground below it, and of the ground in its shadow."""
    view, truth = radiance.view, radiance.truth
    names = truth.part_names
    is_ground = np.isin(truth.part, [number for number, name in names.items() if name.startswith("ground/")])
    is_plate = np.isin(truth.part, [number for number, name in names.items() if name.startswith("solid")])
    upward = truth.normal @ view.ground.enu_to_camera[:, 2]
    position = np.where(np.isfinite(truth.depth)[..., None], truth.position, 1e6) - view.ground.position
    position = position @ view.ground.enu_to_camera
    below = is_ground & (np.abs(position[..., :2]) < 0.6).all(axis=-1)
    shade = is_ground & (truth.sun_visibility < 0.01) & (np.abs(position[..., :2]) < 3.0).all(axis=-1)
    return is_plate & (upward < -0.9), below, shade
