"""Custom shader code inside VTK's shaders, with its uniforms and textures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import GraphicsError

_MAX_16_BIT_PIXELS = 2048 * 2048  # of a texture; larger ones would take too much memory
# Error formats of drivers: Mesa "0:12(3): error: ...", NVIDIA "0(12) : error C1008: ...", others "ERROR: 0:12: ...".
_COMPILE_ERROR = re.compile(r"\d+[:(]\d+.{0,9}:? error.*|ERROR: \d+:\d+.*")


def shader_source(name: str) -> str:
    """Return the text of one of the files in ``render/shaders``."""
    return (files("selfiesim.render") / "shaders" / name).read_text(encoding="utf-8")


@contextmanager
def raise_shader_errors() -> Iterator[None]:
    """Raise an error for a shader that does not compile, which VTK only logs before it renders on without it.

    Raises
    ------
    GraphicsError
        With the first error message of the driver.
    """
    from vtkmodules.vtkCommonCore import vtkLogger, vtkOutputWindow, vtkStringOutputWindow

    before, capture = vtkOutputWindow.GetInstance(), vtkStringOutputWindow()
    level = vtkLogger.GetCurrentVerbosityCutoff()
    # An error would print the whole shader. A level above the default is the user's, and cannot be read back exactly.
    is_quiet = level <= vtkLogger.VERBOSITY_INFO
    vtkOutputWindow.SetInstance(capture)
    if is_quiet:
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    try:
        yield
    finally:
        if vtkOutputWindow.GetInstance() is capture:  # another thread may have set its own meanwhile
            vtkOutputWindow.SetInstance(before)
        if is_quiet:
            vtkLogger.SetStderrVerbosity(level)
    messages = capture.GetOutput()
    if "vtkShaderProgram" in messages or "vtkOpenGLShaderCache" in messages:
        compile_error = _COMPILE_ERROR.search(messages)
        first = compile_error[0][:200] if compile_error else "no reason given"
        raise GraphicsError(
            f"this machine's OpenGL does not compile a shader of selfiesim ({first}); try a newer driver, or Mesa's "
            "software renderer: set LIBGL_ALWAYS_SOFTWARE=1"
        )
    if messages:
        before.DisplayText(messages)


def new_actor(mesh: Any) -> Any:
    """Return an actor for ``mesh`` (PolyData) that passes vertices to the shader without shift or scale."""
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    mapper.SetVBOShiftScaleMethod(0)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    return actor


def replace_shading(actor: Any, functions: str, main: str, vertex: dict[str, str] | None = None) -> None:
    """Replace VTK's shading of ``actor``.

    Parameters
    ----------
    actor : vtkActor
        The actor to shade.
    functions : str
        GLSL inserted after the declarations of uniforms and samplers (VTK declares samplers at ``//VTK::TMap::Dec``).
    main : str
        GLSL statements that set ``fragOutput0``, in place of VTK's lighting.
    vertex : dict of str to str, optional
        Replacements in the vertex shader: VTK's hook to GLSL.
    """
    shader = actor.GetShaderProperty()
    set_functions(actor, functions)
    shader.AddFragmentShaderReplacement("//VTK::Light::Impl", True, main, False)
    # VTK would multiply the colour by every texture of the actor.
    shader.AddFragmentShaderReplacement("//VTK::TCoord::Impl", True, "", False)
    for hook, text in (vertex or {}).items():
        shader.AddVertexShaderReplacement(hook, True, text, False)


def set_functions(actor: Any, functions: str) -> None:
    """Replace the ``functions`` of :func:`replace_shading`; programs that were compiled before are found again."""
    text = functions + "\n//VTK::Picking::Dec"
    actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::Picking::Dec", True, text, False)


def _vtk_matrix(array: NDArray[np.float64]) -> Any:
    from vtkmodules.vtkCommonMath import vtkMatrix3x3, vtkMatrix4x4

    # VTK passes elements on in memory order, and OpenGL reads them column by column.
    matrix = vtkMatrix3x3() if len(array) == 3 else vtkMatrix4x4()
    matrix.DeepCopy(array.T.ravel().tolist())
    return matrix


class Uniforms:
    """Uniforms of an actor's shader. Setting a new name declares it, so set all of them before the first render."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def set(self, **values: ArrayLike) -> None:
        """Set floats, vectors of 2 to 4 numbers, and 3x3 or 4x4 matrices (row by row)."""
        for name, value in values.items():
            array = np.asarray(value, float)
            if array.ndim == 2:
                self._target.SetUniformMatrix(name, _vtk_matrix(array))
            elif array.ndim == 1:
                getattr(self._target, f"SetUniform{len(array)}f")(name, array.tolist())
            else:
                self._target.SetUniformf(name, float(array))


def new_float_texture() -> Any:
    """Return a float texture for an image that changes from frame to frame, black at first; v increases from row 0."""
    from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture

    texture = vtkOpenGLTexture()
    texture.SetColorModeToDirectScalars()
    texture.InterpolateOn()
    texture.SetMaximumAnisotropicFiltering(1.0)
    texture.SetRepeat(False)
    texture.SetEdgeClamp(True)
    upload_image(texture, np.zeros((1, 1, 4), np.float32))
    return texture


def upload_image(texture: Any, image: NDArray[Any], *, copy: bool = True) -> None:
    """Set the image (H, W, C) of a texture, linear values; without ``copy`` the image must not change."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    height, width = image.shape[:2]
    pixels = np.ascontiguousarray(image).reshape(height * width, -1)
    data = vtkImageData()
    data.SetDimensions(width, height, 1)
    data.GetPointData().SetScalars(numpy_to_vtk(pixels, deep=copy))
    texture.SetInputData(data)


def new_still_texture(renderer: Any, image: NDArray[np.uint8]) -> Any:
    """Return a mipmapped texture as :func:`new_mipmapped_texture`, of which only the graphics card keeps a copy."""
    from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture

    loader, texture = new_mipmapped_texture(image), vtkOpenGLTexture()
    renderer.GetRenderWindow().MakeCurrent()
    loader.Load(renderer)
    loader.PostRender(renderer)
    texture.SetTextureObject(loader.GetTextureObject())
    loader.SetTextureObject(None)  # else it would free the texture, at its own end
    return texture


def _linear_16_bits(image: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return an sRGB image (H, W, C) in linear light; the opacity, its second or fourth channel, is linear already."""
    levels = np.round(linear_from_srgb(np.arange(256) / 255.0) * 65535.0).astype(np.uint16)
    linear = levels[image]
    if image.shape[2] in (2, 4):
        linear[..., -1] = image[..., -1] * np.uint16(257)
    return linear


def new_mipmapped_texture(image: ArrayLike, repeat: bool = False, srgb: bool = False) -> Any:
    """Return a mipmapped texture of an image (H, W, C) uint8; v increases from row 0.

    An ``srgb`` image is decoded to linear light, and its coarse levels are averages of linear light.
    """
    from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture

    texture, pixels = vtkOpenGLTexture(), np.asarray(image)
    # OpenGL rounds each coarse level of an 8-bit texture to whole codes, which is 2 percent of a dark blue.
    in_16_bits = srgb and pixels[..., 0].size <= _MAX_16_BIT_PIXELS
    upload_image(texture, _linear_16_bits(pixels) if in_16_bits else pixels, copy=in_16_bits)
    texture.SetColorModeToDirectScalars()
    texture.SetUseSRGBColorSpace(srgb and not in_16_bits)
    texture.InterpolateOn()
    texture.MipmapOn()
    texture.SetMaximumAnisotropicFiltering(1.0)  # VTK's default of 4 makes llvmpipe many times slower
    texture.SetRepeat(repeat)
    texture.SetEdgeClamp(not repeat)
    return texture
