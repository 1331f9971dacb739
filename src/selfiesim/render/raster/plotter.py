"""A view as a live PyVista scene, to turn about and to add one's own actors to.

PyVista's own lights and materials draw it: quicker to explore, without shadows, planetshine or physical light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit
from selfiesim.render.gl import opengl_check

if TYPE_CHECKING:
    from selfiesim.view.poses import CraftPose, PlanetPose
    from selfiesim.view.view import View

BACKDROP_M = 2_000.0
"""Distance to the nearest point of the planet's model: near enough for one depth buffer to hold it and the craft."""
_MERIDIANS, _PARALLELS = 361, 181
_FIRST, _SECOND = slice(None, -1), slice(1, None)


def plotter(view: View, **options: Any) -> Any:
    """A ``pyvista.Plotter`` with craft, planet, Sun and camera where ``view`` has them.

    Camera axes in metres: the camera stands at the origin and looks along +z, y is down. The planet is a model shrunk
    about the camera, so that it looks right from there; move far away and it is what it is. ``options`` go to
    ``pyvista.Plotter`` (``off_screen=True``, ``window_size`` ...).

    Raises
    ------
    GraphicsError
        When this machine cannot draw.
    """
    opengl_check.require()
    import pyvista

    camera = view.camera
    stage = pyvista.Plotter(**{"window_size": (camera.width, camera.height), "lighting": "none"} | options)
    stage.set_background("black")
    for pose in view.crafts:
        for name, mesh, look in _craft_meshes(pose):
            stage.add_mesh(mesh, name=f"{pose.name}/{name}" if pose.name else name, **look)
    if view.planet is not None and view.ground is None:
        mesh, texture = _planet_model(view.planet)
        stage.add_mesh(mesh, name=view.planet.body.name, texture=texture, diffuse=1.0, ambient=0.02, specular=0.0)
    sun = pyvista.Light(position=view.sun.direction, light_type="scene light", intensity=1.0)
    sun.positional = False
    stage.add_light(sun)
    stage.camera_position = [(0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)]
    # Vertical field of an undistorted lens with the principal point in the middle.
    stage.camera.view_angle = float(np.degrees(2.0 * np.arctan(0.5 * camera.height / camera.fy)))
    nearest = min(float(np.linalg.norm(pose.position)) for pose in view.crafts)
    stage.camera.clipping_range = (0.01 * nearest, 5.0 * BACKDROP_M)
    return stage


def _craft_meshes(pose: CraftPose) -> list[tuple[str, Any, dict[str, Any]]]:
    """Name, mesh in camera axes and look of each part still on the craft."""
    import pyvista

    found = []
    for part in pose.parts:
        matrix = pose.joint_matrix(part.joint)
        body = part.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        mesh = pyvista.PolyData.from_regular_faces(body @ pose.body_to_camera.T + pose.position, part.faces)
        material = part.material
        look: dict[str, Any] = {"color": _linear_to_srgb(np.array(material.base_color)), "smooth_shading": False}
        if material.metallic > 0.5:
            look |= {"specular": 0.6, "specular_power": 20.0}
        if "base" in material.textures and part.uv is not None:
            mesh.active_texture_coordinates = part.uv
            look |= {"texture": pyvista.Texture(material.textures["base"][..., :3]), "color": "white"}
        found.append((part.node, mesh, look))
    return found


def _planet_model(pose: PlanetPose) -> tuple[Any, Any]:
    """An ellipsoid shrunk about the camera, and the map on it as screens show it."""
    import pyvista

    from selfiesim.planet.maps.albedo import decode
    from selfiesim.planet.maps.surface import surface_maps

    maps = surface_maps(pose.surface)
    radii = np.array(pose.body.radii_m)
    distance = float(np.linalg.norm(pose.position))
    scale = BACKDROP_M / max(distance - float(radii.mean()), 1.0)
    # Twice the first meridian, so that the texture closes without a seam.
    u, v = np.meshgrid(np.linspace(0.0, 1.0, _MERIDIANS), np.linspace(0.0, 1.0, _PARALLELS))
    longitude, latitude = (2.0 * np.pi * u).ravel(), (np.pi * (0.5 - v)).ravel()
    fixed = np.stack([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], -1)
    points = ((fixed * radii) @ pose.camera_to_bodyfixed + pose.position) * scale
    corner = np.arange(_MERIDIANS * _PARALLELS).reshape(_PARALLELS, _MERIDIANS)
    a, b, c, d = (corner[rows, columns].ravel() for rows in (_FIRST, _SECOND) for columns in (_FIRST, _SECOND))
    mesh = pyvista.PolyData.from_regular_faces(
        points, np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)])
    )
    mesh.active_texture_coordinates = np.stack([u.ravel(), 1.0 - v.ravel()], axis=-1)
    mesh.point_data.active_normals = unit((fixed / radii) @ pose.camera_to_bodyfixed)
    picture = decode(np.asarray(maps.globe), maps.reflectance_max)
    shown = (255.0 * _linear_to_srgb(np.clip(3.0 * picture, 0.0, 1.0))).astype(np.uint8)
    return mesh, pyvista.Texture(shown)


def _linear_to_srgb(linear: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Linear light, 0 to 1, as sRGB codes it (IEC 61966-2-1)."""
    curve = 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, curve))
