"""Our own fragment shaders inside VTK's: where the pieces go in, and how values reach them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.core.errors import GraphicsError

# How drivers tell a fault: Mesa "0:12(3): error: ...", NVIDIA "0(12) : error C1008: ...", others "ERROR: 0:12: ...".
_COMPILE_ERROR = re.compile(r"\d+[:(]\d+.{0,9}:? error.*|ERROR: \d+:\d+.*")


def shader_source(name: str) -> str:
    """Text of one of the shader files beside this module."""
    return (files("selfiesim.render") / "shaders" / name).read_text(encoding="utf-8")


@contextmanager
def raise_shader_errors() -> Iterator[None]:
    """Hear what VTK has to say while it draws: it reports a shader that does not compile, and draws on without it.

    Raises
    ------
    GraphicsError
        With the driver's first complaint.
    """
    from vtkmodules.vtkCommonCore import vtkLogger, vtkOutputWindow, vtkStringOutputWindow

    before, heard, level = vtkOutputWindow.GetInstance(), vtkStringOutputWindow(), vtkLogger.GetCurrentVerbosityCutoff()
    vtkOutputWindow.SetInstance(heard)
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)  # a fault comes with the whole shader
    try:
        yield
    finally:
        vtkOutputWindow.SetInstance(before)
        vtkLogger.SetStderrVerbosity(level)
    said = heard.GetOutput()
    if "vtkShaderProgram" in said or "vtkOpenGLShaderCache" in said:
        compile_error = _COMPILE_ERROR.search(said)
        first = compile_error[0][:200] if compile_error else "it gives no reason"
        raise GraphicsError(
            f"this machine's OpenGL does not compile a shader of selfiesim ({first}); a newer driver may, or Mesa's "
            "software: set LIBGL_ALWAYS_SOFTWARE=1"
        )
    if said:
        before.DisplayText(said)


def new_actor(mesh: Any) -> Any:
    """An actor of ``mesh`` (PolyData) whose vertices reach the shader as they are."""
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    mapper.SetVBOShiftScaleMethod(0)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    return actor


def replace_shading(actor: Any, functions: str, main: str, vertex: dict[str, str] | None = None) -> None:
    """Shade ``actor`` by our own code.

    Parameters
    ----------
    functions : str
        GLSL put where uniforms and samplers are known already (VTK declares samplers at ``//VTK::TMap::Dec``).
    main : str
        Statements that set ``fragOutput0`` in place of VTK's lighting.
    vertex : dict
        Vertex shader replacements, hook to text.
    """
    shader = actor.GetShaderProperty()
    shader.AddFragmentShaderReplacement("//VTK::Picking::Dec", True, functions + "\n//VTK::Picking::Dec", False)
    shader.AddFragmentShaderReplacement("//VTK::Light::Impl", True, main, False)
    # VTK would multiply every texture it finds into the colour.
    shader.AddFragmentShaderReplacement("//VTK::TCoord::Impl", True, "", False)
    for hook, text in (vertex or {}).items():
        shader.AddVertexShaderReplacement(hook, True, text, False)


def _vtk_matrix(array: NDArray[np.float64]) -> Any:
    from vtkmodules.vtkCommonMath import vtkMatrix3x3, vtkMatrix4x4

    # VTK passes the numbers on in their order, and OpenGL takes them column by column.
    matrix = vtkMatrix3x3() if len(array) == 3 else vtkMatrix4x4()
    matrix.DeepCopy(array.T.ravel().tolist())
    return matrix


class Uniforms:
    """Named values for an actor's shader; a name seen first declares the uniform, so set all before drawing."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def set(self, **values: ArrayLike) -> None:
        """Floats, vectors of 2 to 4 numbers, and 3x3 or 4x4 matrices (as mathematicians write them)."""
        for name, value in values.items():
            array = np.asarray(value, float)
            if array.ndim == 2:
                self._target.SetUniformMatrix(name, _vtk_matrix(array))
            elif array.ndim == 1:
                getattr(self._target, f"SetUniform{len(array)}f")(name, array.tolist())
            else:
                self._target.SetUniformf(name, float(array))


def new_float_texture() -> Any:
    """A texture for a picture that changes from frame to frame, empty at first; v runs along the rows from row 0."""
    from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture

    texture = vtkOpenGLTexture()
    texture.SetColorModeToDirectScalars()
    texture.InterpolateOn()
    texture.SetMaximumAnisotropicFiltering(1.0)
    texture.SetRepeat(False)
    texture.SetEdgeClamp(True)
    upload_image(texture, np.zeros((1, 1, 4), np.float32))
    return texture


def upload_image(texture: Any, picture: NDArray[np.float32]) -> None:
    """Put a picture (H, W, C) of plain numbers into a texture."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    height, width = picture.shape[:2]
    data = vtkImageData()
    data.SetDimensions(width, height, 1)
    data.GetPointData().SetScalars(numpy_to_vtk(picture.reshape(height * width, -1), deep=True))
    texture.SetInputData(data)


def new_mipmapped_texture(image: ArrayLike, repeat: bool = False, srgb: bool = False) -> Any:
    """A mipmapped texture of an image (H, W, 3) uint8; v runs along the rows from row 0.

    One of ``srgb`` codes reads as linear light, and coarse levels are means of light rather than of codes.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture

    pixels = np.ascontiguousarray(image)
    height, width = pixels.shape[:2]
    data = vtkImageData()
    data.SetDimensions(width, height, 1)
    data.GetPointData().SetScalars(numpy_to_vtk(pixels.reshape(height * width, -1), deep=False))
    texture = vtkOpenGLTexture()
    texture.SetInputData(data)
    texture.SetColorModeToDirectScalars()
    texture.SetUseSRGBColorSpace(srgb)
    texture.InterpolateOn()
    texture.MipmapOn()
    texture.SetMaximumAnisotropicFiltering(1.0)  # VTK's default of 4 makes llvmpipe many times slower
    texture.SetRepeat(repeat)
    texture.SetEdgeClamp(not repeat)
    return texture
