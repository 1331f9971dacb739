"""An off-screen VTK window, which provides the OpenGL context; its scenes; and the projection of a pinhole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.render import forked
from selfiesim.render.gl.shadow_map import SUN_MAP_SIZE

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera


def new_window(kind: str) -> Any:
    """Return an off-screen window of a class of VTK, without multisampling.

    Raises
    ------
    GraphicsError
        In a process that was forked from one that had loaded OpenGL.
    """
    forked.require_own_opengl()
    import vtkmodules.vtkRenderingOpenGL2  # which also registers the OpenGL implementation of vtkRenderWindow
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    # By its class, since vtkRenderWindow() chooses by a variable of the environment, which belongs to the user.
    window = getattr(vtkmodules.vtkRenderingOpenGL2, kind, vtkRenderWindow)()
    window.SetOffScreenRendering(True)
    window.SetSize(SUN_MAP_SIZE, SUN_MAP_SIZE)
    window.SetMultiSamples(0)
    return window


def new_scene(window: Any) -> Any:
    """Add to the window a scene with a black background and no culling."""
    from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

    scene = vtkRenderer()
    scene.SetBackground(0.0, 0.0, 0.0)
    scene.SetBackgroundAlpha(0.0)
    scene.GetCullers().RemoveAllItems()
    # The custom shaders do the lighting, but VTK passes normals on only if there is a light.
    light = vtkLight()
    light.SetLightTypeToHeadlight()
    scene.AddLight(light)
    window.AddRenderer(scene)
    return scene


def projection(camera: Camera, shift: tuple[float, float], near: float, far: float) -> NDArray[np.float64]:
    """Return the OpenGL projection matrix (4, 4) of a pinhole.

    For a VTK camera that looks along +z with -y up.

    Parameters
    ----------
    camera : Camera
        A pinhole.
    shift : tuple of float
        Shift of the pixel grid, pixels right and down.
    near, far : float
        Clipping distances, m.
    """
    cx, cy = camera.cx + 0.5 + shift[0], camera.cy + 0.5 + shift[1]
    return np.array(
        [
            [2.0 * camera.fx / camera.width, 0.0, 1.0 - 2.0 * cx / camera.width, 0.0],
            [0.0, 2.0 * camera.fy / camera.height, 2.0 * cy / camera.height - 1.0, 0.0],
            [0.0, 0.0, -(far + near) / (far - near), -2.0 * far * near / (far - near)],
            [0.0, 0.0, -1.0, 0.0],
        ]
    )
