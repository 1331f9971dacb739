"""The craft and the camera's path in three dimensions, turned by mouse, finger or keys, inside a page.

The page holds all of it: a simplified mesh, the path, and a script of our own for WebGL, without a server or library.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_from_srgb, linear_srgb_from_bands, srgb_from_linear
from selfiesim.craft.mesh.simplify import simplify_mesh
from selfiesim.pages.path_figure import AxesName, camera_position_in_axes, icrf_to_axes

if TYPE_CHECKING:
    from selfiesim.craft.model import Part
    from selfiesim.scene.scene import Scene
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

MAX_TRIANGLES = 40_000
"""Triangles of the simplified craft: some 0.6 MB of the page."""

_TOLERANCE = 1.0 / 1000.0  # of the mesh, relative to the craft's longest side; doubled until the triangles suffice
_STEPS = 32767  # of a coordinate, as a 16-bit integer
_PATH_POINTS = 60


def path_viewer(scene: Scene, times: Sequence[float], captions: Sequence[str], axes: AxesName, moment: float) -> str:
    """Return the viewer as HTML.

    Parameters
    ----------
    scene : Scene
        A scene whose camera is released.
    times : sequence of float
        Seconds after the release, one for each frame.
    captions : sequence of str
        What to say of each frame.
    axes : {"rtn", "body"}
        Axes in which the path is drawn, as in :func:`selfiesim.pages.path_figure.release_figure`.
    moment : float
        Seconds after the release at which the craft and the Sun are shown.
    """
    resolved = scene.resolve()
    view = resolved.at(moment)
    to_axes = icrf_to_axes(view, axes)
    line = [camera_position_in_axes(resolved.at(float(t)), axes) for t in np.linspace(0.0, times[-1], _PATH_POINTS)]
    lens = view.camera
    data: dict[str, Any] = {
        "mesh": _mesh(view.craft, to_axes @ view.track.icrf_to_body.T),
        "path": [_rounded(point) for point in line],
        "frames": [_frame(resolved.at(t), axes, caption) for t, caption in zip(times, captions, strict=True)],
        "slopes": [0.5 * lens.width / lens.fx, 0.5 * lens.height / lens.fy],
        "up": [1.0, 0.0, 0.0] if axes == "rtn" else [0.0, 0.0, 1.0],
        "sun": _rounded(to_axes @ view.icrf_to_camera.T @ view.sun.direction),
    }
    shown = min(range(len(times)), key=lambda number: abs(times[number] - moment))
    script = (files("selfiesim.pages") / "path_viewer.js").read_text(encoding="utf-8")
    return f"""<figure class="viewer" data-path-viewer hidden>
<canvas tabindex="0" role="img" aria-label="The craft and the camera's path in three dimensions; arrow keys turn, plus \
and minus zoom"></canvas>
<p><label>Frame <input type="range" min="0" max="{len(times) - 1}" value="{shown}" step="1"></label>
<label><input type="checkbox"> seen by the camera</label></p>
<figcaption><span aria-live="polite"></span> Orange: the path; blue: the picture's frame; yellow: toward the Sun. Drag \
or use the arrow keys to turn, pinch or use + and - to zoom.</figcaption>
<script type="application/json">{_inside_a_page(json.dumps(data))}</script>
</figure>
<script type="module">{script}</script>"""


def _frame(view: View, axes: AxesName, caption: str) -> dict[str, Any]:
    """Return where the camera of a frame is, and the axes of its picture."""
    camera = icrf_to_axes(view, axes) @ view.icrf_to_camera.T
    pointing = {name: _rounded(camera[:, column]) for column, name in enumerate(("right", "down", "ahead"))}
    return {"position": _rounded(camera_position_in_axes(view, axes)), "caption": caption} | pointing


def _inside_a_page(text: str) -> str:
    """Return JSON in which nothing ends the element around it."""
    return text.replace("<", "\\u003c")


def _rounded(vector: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in vector]


def _mesh(pose: CraftPose, to_axes: NDArray[np.float64]) -> dict[str, Any]:
    """Simplify the posed craft: corners as 16-bit integers times ``scale``, three for each triangle, and its colour."""
    size = float(np.ptp(pose.craft.bounds_m, axis=0).max())
    tolerance, meshes = size * _TOLERANCE, [(part, part.faces) for part in pose.parts]
    while True:
        meshes = [(part, simplify_mesh(part.vertices, faces, tolerance)) for part, faces in meshes]
        if sum(len(faces) for _part, faces in meshes) <= MAX_TRIANGLES or tolerance > size:
            break
        tolerance *= 2.0
    corners, colours = [], []
    for part, faces in meshes:
        matrix = pose.joint_matrix(part.joint)
        placed = (part.vertices @ matrix[:3, :3].T + matrix[:3, 3]) @ to_axes.T
        corners.append(placed[faces].reshape(-1, 3))
        colours.append(_face_colours(part, faces))
    triangles = np.concatenate(corners)[: 3 * MAX_TRIANGLES]
    scale = max(float(np.abs(triangles).max(initial=0.0)), 1e-6) / _STEPS
    return {
        "scale": scale,
        "corners": _coded(np.round(triangles / scale).astype("<i2")),
        "colours": _coded(np.concatenate(colours)[:MAX_TRIANGLES]),
    }


def _coded(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _face_colours(part: Part, faces: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the mean colour of each triangle, sRGB, (M, 3)."""
    bands = np.array(part.material.base_color, float)
    texture = part.material.textures.get("base")
    if texture is not None:
        bands = bands * linear_from_srgb(texture[..., :3].reshape(-1, 3)[::97].astype(float) / 255.0).mean(axis=0)
    each = np.broadcast_to(bands, (len(faces), 3))
    if part.tint is not None:
        each = each * part.tint[faces].mean(axis=1)
    light = np.clip(linear_srgb_from_bands(np.asarray(each, float)), 0.0, 1.0)
    return np.asarray(np.round(255.0 * srgb_from_linear(light)), np.uint8)
