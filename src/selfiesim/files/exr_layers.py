"""The layers of an EXR file, by the names and in the units that compositing tools expect, and its header."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import SRGB_FROM_BANDS
from selfiesim.files.cryptomatte import cryptomatte
from selfiesim.files.exr import write_channels
from selfiesim.files.extras import import_extra
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.photo.exposure import white_balance
from selfiesim.render.common.planet_depth import pixel_rays

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo
    from selfiesim.photo.exposure import Exposure
    from selfiesim.render.common.radiance import Progress
    from selfiesim.view.view import View

FAR_M = 1e10
"""Depth of the sky, m, as Blender has it: Infinity and NaN spread through every filter of a compositor."""

# Primaries and white of sRGB: Rec. ITU-R BT.709, x and y of red, green, blue and white.
_SRGB_CHROMATICITIES = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
_CAMERA_TO_EXR = np.diag([1.0, -1.0, 1.0])  # y up, and z forward as here


def exr_layers(
    photo: Photo, half: bool = True, lights: bool = False, progress: Progress | None = None
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the channels of an EXR file, and the attributes that say what they are.

    Parameters
    ----------
    photo : Photo
        The photograph, whose exposure sets the scale of the light.
    half : bool
        Whether to store colours, mattes and normals in half precision.
    lights : bool
        Whether to add each kind of light; all light is then in full precision, in which the kinds add up.
    progress : callable, optional
        Called with the number of steps done and their total while lights are rendered.

    Returns
    -------
    channels : dict of str to (H, W) array
        ``R``, ``G``, ``B``: light before lens and sensor, linear sRGB, the Sun white, 1 where the exposure saturates;
        ``A``, the share of the pixel that craft and planet cover; ``light_NAME.R`` ...; ``radiance.R`` ..., W m^-2
        sr^-1 nm^-1 in the three bands; ``Z``, depth, and ``P.X`` to ``P.Z``, position, m, in full precision,
        :data:`FAR_M` away for the sky; ``N.X`` to ``N.Z``; ``albedo.R`` ...; ``sun.visibility``; ``matte.craft``,
        ``matte.planet``; ``part.id``, uint32, and ``part.number``, the same as float32; Cryptomatte ``CryptoPart`` and
        ``CryptoObject``.
    attributes : dict
        Of the header.
    """
    radiance, truth = photo.radiance, photo.radiance.truth
    kind = np.float16 if half else np.float32
    of_light = np.float32 if lights else kind
    planes = _colours("", linear_light(radiance.rgb, radiance.view, photo.exposure), of_light)
    if lights:
        for name, image in radiance.lights(progress).items():
            planes |= _colours(f"light_{name}.", linear_light(image, radiance.view, photo.exposure), of_light)
    planes |= _colours("radiance.", radiance.rgb, of_light)
    planes |= _colours("albedo.", truth.albedo, kind) | _vectors("N.", truth.normal, kind)
    planes |= _vectors("P.", _finite_positions(photo), np.float32)
    planes["Z"] = np.where(np.isfinite(truth.depth), truth.depth, FAR_M).astype(np.float32)
    planes["sun.visibility"] = truth.sun_visibility.astype(kind)
    planes |= {"part.id": truth.part.astype(np.uint32), "part.number": truth.part.astype(np.float32)}
    coverage = radiance.coverage()
    craft, planet = coverage.craft, coverage.planet
    mattes = {"matte.craft": craft, "matte.planet": planet, "A": np.minimum(craft + planet, 1.0)}
    planes |= {name: matte.astype(kind) for name, matte in mattes.items()}
    names = {number: name for number, name in truth.part_names.items() if number > 0}
    attributes: dict[str, Any] = {"parts": json.dumps(truth.part_names)}
    for layer, owners in (("CryptoObject", _objects(radiance.view, names)), ("CryptoPart", names)):
        channels, entries = cryptomatte(layer, coverage, owners)
        planes |= channels
        attributes |= entries
    return {name: np.ascontiguousarray(plane) for name, plane in planes.items()}, attributes


def linear_light(rgb: NDArray[np.float32], view: View, exposure: Exposure) -> NDArray[np.float32]:
    """Convert radiance (H, W, 3) of a view to linear sRGB, 1 where the exposure saturates."""
    scale = white_balance(view.sun.illuminant, exposure)
    return np.asarray(rgb @ (SRGB_FROM_BANDS * scale).T.astype(np.float32))


def _colours(prefix: str, image: NDArray[np.float32], kind: type) -> dict[str, NDArray[Any]]:
    # Half precision ends at 65504: the Sun's disc would become infinite.
    maximum = float(np.finfo(kind).max)
    return {f"{prefix}{band}": np.clip(image[..., k], -maximum, maximum).astype(kind) for k, band in enumerate("RGB")}


def _vectors(prefix: str, image: NDArray[Any], kind: type) -> dict[str, NDArray[Any]]:
    return {f"{prefix}{axis}": image[..., k].astype(kind) for k, axis in enumerate("XYZ")}


def _finite_positions(photo: Photo) -> NDArray[np.float32]:
    """Positions (H, W, 3), camera axes, m; where there is none, along the line of sight at the depth of the sky."""
    position = photo.radiance.truth.position
    sky = np.asarray(~np.isfinite(position).all(axis=-1))
    if not sky.any():
        return position
    rays = np.nan_to_num(pixel_rays(photo.radiance.view)[sky])
    return _with(position, sky, FAR_M * rays)


def _with(image: NDArray[np.float32], where: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[np.float32]:
    image = image.copy()
    image[where] = values
    return image


def _objects(view: View, names: dict[int, str]) -> dict[int, str]:
    """Return the object that each part belongs to: an object of the scene by its name, the craft by its own."""
    others = {pose.name for pose in view.crafts if pose.name}

    def owner(number: int, name: str) -> str:
        head = name.split("/", 1)[0]
        return name if number == 1 else head if head in others else view.craft.craft.name

    return {number: owner(number, name) for number, name in names.items()}


def world_matrices(view: View) -> dict[str, NDArray[np.float32]]:
    """Return the attributes ``worldToCamera`` and ``worldToNDC``, matrices (4, 4) for row vectors, as EXR defines them.

    The world is the body frame of the craft, m. ``worldToNDC``, from the upper left corner at (0, 0) to the lower right
    at (1, 1), is given for lenses without distortion only.
    """
    to_camera = np.eye(4)
    to_camera[:3, :3] = _CAMERA_TO_EXR @ view.craft.body_to_camera
    to_camera[:3, 3] = _CAMERA_TO_EXR @ view.craft.position
    matrices = {"worldToCamera": np.ascontiguousarray(to_camera.T, np.float32)}
    camera = view.camera
    if camera.distortion is None:
        to_ndc = np.array(
            [
                [camera.fx / camera.width, 0.0, (camera.cx + 0.5) / camera.width, 0.0],
                [0.0, -camera.fy / camera.height, (camera.cy + 0.5) / camera.height, 0.0],
                [0.0, 0.0, 1.0, 0.0],
                [0.0, 0.0, 1.0, 0.0],
            ]
        )
        matrices["worldToNDC"] = np.ascontiguousarray((to_ndc @ to_camera).T, np.float32)
    return matrices


# Long by its keys.
def write_exr(
    photo: Photo,
    path: Path,
    text: str,
    half: bool = True,
    lights: bool = False,
    dpi: float | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a scanline EXR with the recipe ``text`` as the attribute ``selfiesim``."""
    library = import_extra("OpenEXR")
    view, exposure = photo.radiance.view, photo.exposure
    channels, attributes = exr_layers(photo, half, lights, progress)
    header = {
        "compression": library.ZIP_COMPRESSION,
        "type": library.scanlineimage,
        "comments": f"{SYNTHETIC}: {view.shot.title}",
        "software": "selfiesim",
        "capDate": view.epoch.utc().replace("-", ":").replace("T", " ").removesuffix("Z"),
        "utcOffset": 0.0,
        "chromaticities": _SRGB_CHROMATICITIES,
        "whiteLuminance": float(exposure.saturation_luminance),
        "pixelAspectRatio": float(view.camera.fy / view.camera.fx),
        "expTime": float(exposure.shutter_s),
        "aperture": float(exposure.f_number),
        "isoSpeed": float(exposure.iso),
        "selfiesim": text,
    }
    if dpi is not None:
        header["xDensity"] = float(dpi)
    write_channels(path, header | world_matrices(view) | attributes, channels)
