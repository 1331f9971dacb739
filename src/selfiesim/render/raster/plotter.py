"""A view as an interactive PyVista scene, to rotate and to add actors to.

It has PyVista's own lights and materials: quick to explore, without shadows, planetshine or physical light.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.core.colour import linear_srgb_from_bands, srgb_from_linear
from selfiesim.core.errors import GraphicsError
from selfiesim.core.vectors import unit
from selfiesim.craft.colours import material_in_srgb
from selfiesim.render import forked
from selfiesim.render.gl import opengl_check

if TYPE_CHECKING:
    from selfiesim.view.poses import CraftPose, PlanetPose
    from selfiesim.view.view import View

BACKDROP_M = 2_000.0
"""Distance to the nearest point of the planet's model, m: near enough to share a depth buffer with the craft."""
_MERIDIANS, _PARALLELS = 361, 181
_FIRST, _SECOND = slice(None, -1), slice(1, None)


def plotter(view: View, **options: Any) -> Any:
    """Return a ``pyvista.Plotter`` with craft, planet, Sun and camera of ``view``.

    Coordinates are camera axes in metres: the camera is at the origin and looks along +z, y is down. The planet is a
    model scaled down about the camera: it looks right only from there.

    The window belongs to the thread that calls this, not to the thread that renders pictures: show it, use it and close
    it there. macOS has windows in the main thread only.

    Parameters
    ----------
    view : View
        The view to show.
    **options
        Passed to ``pyvista.Plotter`` (``off_screen=True``, ``window_size`` ...).

    Raises
    ------
    GraphicsError
        If OpenGL does not work on this machine, in a process that was forked from one that had loaded OpenGL, and on
        macOS in another thread than the main one.
    """
    forked.require_own_opengl()
    if sys.platform == "darwin" and threading.current_thread() is not threading.main_thread():
        raise GraphicsError("macOS has windows in the main thread only: call View.plotter there")
    graphics = opengl_check.require()
    import pyvista

    camera = view.camera
    with opengl_check.selected(graphics):
        stage = pyvista.Plotter(**{"window_size": (camera.width, camera.height), "lighting": "none"} | options)
    stage.set_background("black")
    shape = view.planet.body.name if view.planet is not None and view.planet.shape else None
    for pose in view.crafts:
        scale = _backdrop_scale(view.planet) if view.planet is not None and pose.name == shape else 1.0
        for name, mesh, look in _craft_meshes(pose, scale):
            stage.add_mesh(mesh, name=f"{pose.name}/{name}" if pose.name else name, **look)
    if view.planet is not None and view.ground is None and shape is None:
        mesh, texture = _planet_model(view.planet)
        stage.add_mesh(mesh, name=view.planet.body.name, texture=texture, diffuse=1.0, ambient=0.02, specular=0.0)
    sun = pyvista.Light(position=view.sun.direction, light_type="scene light", intensity=1.0)
    sun.positional = False
    stage.add_light(sun)
    stage.camera_position = [(0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)]
    # Vertical field of view of an undistorted lens with a centred principal point.
    stage.camera.view_angle = float(np.degrees(2.0 * np.arctan(0.5 * camera.height / camera.fy)))
    nearest = min(float(np.linalg.norm(pose.position)) for pose in view.crafts if pose.name != shape)
    stage.camera.clipping_range = (0.01 * nearest, 5.0 * BACKDROP_M)
    return stage


def _backdrop_scale(pose: PlanetPose) -> float:
    """Return the scale about the camera at which a planet shares a depth buffer with the craft."""
    height = float(np.linalg.norm(pose.position)) - float(np.mean(pose.body.radii_m))
    return BACKDROP_M / max(height, 1.0)


def _craft_meshes(pose: CraftPose, scale: float) -> list[tuple[str, Any, dict[str, Any]]]:
    """Return name, mesh in camera axes and ``add_mesh`` options of each part still attached to the craft.

    Meshes are scaled by ``scale`` about the camera.
    """
    import pyvista

    found = []
    for part in pose.parts:
        matrix = pose.joint_matrix(part.joint)
        body = part.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        points = scale * (body @ pose.body_to_camera.T + pose.position)
        mesh = pyvista.PolyData.from_regular_faces(points, part.faces)
        material = material_in_srgb(part.material)
        options: dict[str, Any] = {
            "color": srgb_from_linear(np.minimum(material.base_color, 1.0)),
            "smooth_shading": False,
        }
        if material.blend:
            options["opacity"] = material.opacity
        if material.metallic > 0.5:
            options |= {"specular": 0.6, "specular_power": 20.0}
        if "base" in material.textures and part.uv is not None:
            mesh.active_texture_coordinates = part.uv
            options |= {"texture": pyvista.Texture(material.textures["base"][..., :3]), "color": "white"}
        found.append((part.node, mesh, options))
    return found


def _planet_model(pose: PlanetPose) -> tuple[Any, Any]:
    """Return an ellipsoid scaled down about the camera, and its map as an sRGB texture."""
    import pyvista

    from selfiesim.planet.maps.albedo import decode
    from selfiesim.planet.maps.surface import surface_maps

    maps = surface_maps(pose.surface)
    radii = np.array(pose.body.radii_m)
    scale = _backdrop_scale(pose)
    # The prime meridian is there twice, so that the texture closes without a seam.
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
    albedo = decode(np.asarray(maps.globe), maps.reflectance_max)
    image = (255.0 * srgb_from_linear(np.clip(3.0 * linear_srgb_from_bands(albedo), 0.0, 1.0))).astype(np.uint8)
    return mesh, pyvista.Texture(image)
