"""Small scenes for render tests: a mesh of a few boxes, the Sun on body +z, a camera at a chosen position."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh
from scipy.ndimage import distance_transform_edt
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from selfiesim.camera.pinhole import Pinhole
from selfiesim.scene.scene import Scene

SUN_AXIS = (0.0, 0.0, 1.0)
FAR_KM = 400_000.0  # planetshine from here is 1e-5 of sunlight: negligible
RELEASED_S = 10.0
SPEED_M_S = 0.2


def box(extents, center=(0.0, 0.0, 0.0)):
    """A trimesh box in body axes, metres."""
    return trimesh.creation.box(extents, trimesh.transformations.translation_matrix(center))


def write_craft(folder: Path, name: str, solids, camera, base_color=(0.5, 0.4, 0.3), roughness=1.0, metallic=0.0):
    """Write a GLB of ``solids`` in one diffuse material, with a mount for a camera at ``camera`` (body axes, m).

    The camera is released away from the craft's origin and is at ``camera`` after ``RELEASED_S`` seconds.
    """
    material = PBRMaterial(name="matt", baseColorFactor=[255] * 4, metallicFactor=metallic, roughnessFactor=roughness)
    scene = trimesh.Scene()
    for number, solid in enumerate(solids):
        mesh = solid.copy()
        mesh.visual = TextureVisuals(material=material)
        scene.add_geometry(mesh, node_name=f"solid{number}")
    folder.mkdir(parents=True, exist_ok=True)
    scene.export(folder / f"{name}.glb")
    camera = np.array(camera, float)
    axis = camera / np.linalg.norm(camera)
    mount = camera - axis * SPEED_M_S * RELEASED_S
    (folder / f"{name}.toml").write_text(
        f'name = "{name}"\n'
        f"[mounts.camera]\nposition_m = {mount.tolist()}\naxis = {axis.tolist()}\n"
        f"[materials.matt]\nbase_color = {list(base_color)}\nroughness = {roughness}\nmetallic = {metallic}\n"
    )
    return f"{name}.glb"


def stage(folder: Path, model: str, size=(160, 90), fov=40.0, distance_km=FAR_KM, **changes) -> Scene:
    """A scene in Mars orbit with a dark sky and the Sun on body +z. ``changes`` are scene keys, ``__`` for the dot."""
    table = {
        "title": "stage",
        "at": f"release+{RELEASED_S}s",
        "craft": {"model": model},
        "orbit": {
            "epoch_utc": "2021-12-31T16:30:00Z",
            "semi_major_axis_km": distance_km,
            "eccentricity": 0.0,
            "inclination_deg": 86.3,
            "raan_deg": 100.72,
            "arg_periapsis_deg": 0.0,
            "true_anomaly_deg": 90.0,
        },
        "attitude": {
            "primary": {"axis": SUN_AXIS, "toward": "sun"},
            "secondary": {"axis": (1.0, 0.0, 0.0), "toward": "orbit-normal"},
        },
        "release": {"at": "2021-12-31T16:30:00Z", "speed_m_s": SPEED_M_S},
        "camera": {"size_px": size, "horizontal_fov_deg": fov, "up": "orbit-normal"},
        "sky": {"stars": False, "sun": False, "moons": False},
    }
    scene = Scene.from_table(table, folder=folder)
    return scene.with_changes(**changes) if changes else scene


def to_pixels(view, points):
    """Pixels (..., 2) of points (..., 3) in body axes."""
    return view.camera.project(to_camera(view, points))


def to_camera(view, points):
    """Points (..., 3) in camera axes, m, from body axes."""
    return np.asarray(points, float) @ view.craft.body_to_camera.T + view.craft.position


def at_pixel(image, pixel):
    """The value of the pixel nearest to (x, y)."""
    x, y = np.round(pixel).astype(int)
    return image[y, x]


def looking(view, direction, fov, size):
    """The same instant through a pinhole of ``fov`` degrees aimed at ``direction`` (camera axes), the planet below."""
    forward = np.asarray(direction, float) / np.linalg.norm(direction)
    downward = view.planet.position - (view.planet.position @ forward) * forward
    if np.linalg.norm(downward) < 1e-6 * np.linalg.norm(view.planet.position):
        downward = np.eye(3)[np.argmin(np.abs(forward))]
    right = np.cross(downward, forward)
    right /= np.linalg.norm(right)
    rotation = np.array([right, np.cross(forward, right), forward])
    return view.turned(rotation, Pinhole.from_fov(*size, np.radians(fov)))


def inside(mask, pixels):
    """The part of a mask (H, W) more than ``pixels`` from its edge; the border of the image counts as an edge."""
    return distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1] > pixels


def airless(scene):
    """The scene without the planet's atmosphere, its clouds and its frost."""
    clear = {f"planet__{key}": 0.0 for key in ("dust_opacity", "gas", "cloud_opacity", "hood_opacity")}
    return scene.with_changes(planet__frost=False, **clear)
