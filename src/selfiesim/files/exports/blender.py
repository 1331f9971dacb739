"""A script that sets a shot up in Blender: the GLB, its camera and picture size, the Sun as exposed, a backplate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.files.exr import write_channels
from selfiesim.files.exr_layers import linear_light
from selfiesim.files.extras import import_extra
from selfiesim.photo.exposure import luminance

if TYPE_CHECKING:
    from selfiesim.photo.exposure import Exposure
    from selfiesim.view.view import View

_METER_PIXELS = 1 << 16
_BEHIND_M = -1e4

_SCRIPT = '''"""{title}: set up in Blender 4.2 or newer. Usage: blender --python {name}"""

from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
GLB, BACKPLATE = {glb!r}, {backplate!r}
SIZE_PX, PIXEL_ASPECT = {size!r}, {pixel_aspect!r}
SENSOR_FIT, FIELD_OF_VIEW, SHIFT = {fit!r}, {fov!r}, {shift!r}
SUN_STRENGTH, SUN_ANGLE = {sun!r}, {angle!r}

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=str(HERE / GLB))
scene = bpy.context.scene
scene.unit_settings.system, scene.unit_settings.length_unit = "METRIC", "METERS"

# The camera of the shot, with its principal point, is the active one.
camera = next(each for each in bpy.data.objects if each.type == "CAMERA")
scene.camera = camera
camera.data.sensor_fit, camera.data.angle = SENSOR_FIT, FIELD_OF_VIEW
camera.data.shift_x, camera.data.shift_y = SHIFT
camera.data.clip_start, camera.data.clip_end = 0.01, 1e6
scene.render.resolution_x, scene.render.resolution_y = SIZE_PX
scene.render.resolution_percentage = 100
scene.render.pixel_aspect_x, scene.render.pixel_aspect_y = PIXEL_ASPECT

# A value of 1 in the picture is where our exposure saturates: no exposure is left to set.
sun = next(each for each in bpy.data.objects if each.type == "LIGHT")
sun.data.energy, sun.data.angle, sun.data.color = SUN_STRENGTH, SUN_ANGLE, (1.0, 1.0, 1.0)
scene.view_settings.view_transform, scene.view_settings.look = "Standard", "None"
scene.view_settings.exposure, scene.view_settings.gamma = 0.0, 1.0
scene.render.engine = "CYCLES"
scene.cycles.samples = 64
scene.world = bpy.data.worlds.new("space")
scene.world.use_nodes = True
scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.0, 0.0, 0.0, 1.0)

if BACKPLATE:
    # Planet and sky, in the same light and of the same size: behind the craft in the viewport and in the picture.
    image = bpy.data.images.load(str(HERE / BACKPLATE))
    camera.data.show_background_images = True
    background = camera.data.background_images.new()
    background.image, background.alpha, background.frame_method = image, 1.0, "STRETCH"
    scene.render.film_transparent = True
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    layers, plate = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeImage")
    over, output = tree.nodes.new("CompositorNodeAlphaOver"), tree.nodes.new("CompositorNodeComposite")
    plate.image = image
    tree.links.new(plate.outputs["Image"], over.inputs[1])
    tree.links.new(layers.outputs["Image"], over.inputs[2])
    tree.links.new(over.outputs["Image"], output.inputs["Image"])
'''


def metered_exposure(view: View) -> Exposure:
    """Return the exposure of a view's photograph, metered on a small draft where the scene leaves it to the meter."""
    small = view.turned(np.eye(3), view.camera.reduced(_METER_PIXELS)[0])
    return small.render("draft", 1, shutter_open_s=0.0).expose().exposure


def blender_script(view: View, glb: Path, exposure: Exposure, backplate: Path | None = None) -> str:
    """Return a Python script for Blender.

    Parameters
    ----------
    view : View
        The view that ``glb`` holds.
    glb : Path
        File in the folder of the script.
    exposure : Exposure
        What saturates it is a value of 1 in Blender's picture.
    backplate : Path, optional
        File of :func:`write_backplate` in the same folder.

    Returns
    -------
    str
        Source code, which names files without their folder.
    """
    camera = view.camera
    # In Blender a Sun of strength pi lights a white wall that faces it to a value of 1.
    white = float(luminance(np.asarray(view.sun.irradiance, np.float32)))
    strength = white * view.craft.sun_visible_fraction / exposure.saturation_luminance
    across, down = camera.width / camera.fx, camera.height / camera.fy
    is_wide = across >= down
    side = max(across, down)
    shift = ((camera.width - 1) / 2 - camera.cx) / camera.fx, (camera.cy - (camera.height - 1) / 2) / camera.fy
    aspect = (1.0, camera.fx / camera.fy) if camera.fx >= camera.fy else (camera.fy / camera.fx, 1.0)
    values: dict[str, Any] = {
        "title": view.shot.title.replace("\\", " ").replace('"', "'"),
        "name": glb.with_suffix(".py").name,
        "glb": glb.name,
        "backplate": backplate.name if backplate else "",
        "size": (camera.width, camera.height),
        "pixel_aspect": tuple(round(value, 9) for value in aspect),
        "fit": "HORIZONTAL" if is_wide else "VERTICAL",
        "fov": float(2.0 * np.arctan(0.5 * side)),
        "shift": tuple(float(round(value / side, 9)) for value in shift),
        "sun": strength,
        "angle": 2.0 * view.sun.angular_radius,
    }
    return _SCRIPT.format(**values)


def write_backplate(view: View, path: Path, exposure: Exposure, quality: str = "final") -> None:
    """Write planet and sky without any craft as EXR: linear sRGB, 1 where the exposure saturates.

    Parameters
    ----------
    view : View
        The view.
    path : Path
        The file.
    exposure : Exposure
        The exposure.
    quality : str
        As :meth:`selfiesim.view.view.View.render` takes it.

    Raises
    ------
    OutputError
        When the package for EXR is missing.
    """
    library = import_extra("OpenEXR")
    behind = np.array([0.0, 0.0, _BEHIND_M])
    alone = replace(
        view,
        craft=replace(view.craft, position=behind),
        objects=tuple(replace(each, position=behind) for each in view.objects if not each.is_ground),
    )
    light = linear_light(alone.render(quality, shutter_open_s=0.0).rgb, view, exposure)
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage, "software": "selfiesim"}
    channels = {band: np.ascontiguousarray(light[..., k].astype(np.float32)) for k, band in enumerate("RGB")}
    write_channels(path, header, channels)
