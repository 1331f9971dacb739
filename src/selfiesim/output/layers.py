"""Files of light and truth: EXR with the layers compositing tools expect, and numpy's npz."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.errors import OutputError
from selfiesim.output.sidecar import SYNTHETIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from selfiesim.photo.develop import Photo


def open_exr() -> Any:
    """The OpenEXR package.

    Raises
    ------
    OutputError
        When it is not installed.
    """
    try:
        import OpenEXR
    except ImportError as error:
        raise OutputError("EXR files need OpenEXR: pip install 'selfiesim[exr]'") from error
    return OpenEXR


def channels_of(photo: Photo) -> dict[str, NDArray[Any]]:
    """Channels (H, W) by name: ``R G B`` W m^-2 sr^-1 nm^-1, then the layers of truth, each with its axes."""
    radiance, truth = photo.radiance, photo.radiance.truth
    planes: dict[str, NDArray[Any]] = {"depth.Z": truth.depth, "sun_visibility.Y": truth.sun_visibility}
    for layer, axes in ((radiance.rgb, "RGB"), (truth.albedo, "albedo.RGB")):
        prefix, letters = axes[:-3], axes[-3:]
        planes |= {prefix + letter: layer[..., k] for k, letter in enumerate(letters)}
    for name in ("position", "normal"):
        planes |= {f"{name}.{letter}": getattr(truth, name)[..., k] for k, letter in enumerate("XYZ")}
    planes = {name: np.ascontiguousarray(plane, np.float32) for name, plane in planes.items()}
    return planes | {"part.ID": np.ascontiguousarray(truth.part, np.uint32)}


def exr_file(photo: Photo, path: Path, text: str) -> None:
    """A scanline EXR, float channels; sky is infinitely far and has no position (NaN)."""
    library = open_exr()
    view = photo.radiance.view
    header = {
        "compression": library.ZIP_COMPRESSION,
        "type": library.scanlineimage,
        "comments": f"{SYNTHETIC}: {view.scene.title}",
        "software": "selfiesim",
        "capDate": view.epoch.utc().replace("-", ":").replace("T", " ").removesuffix("Z"),
        "expTime": float(photo.exposure.shutter_s),
        "aperture": float(photo.exposure.f_number),
        "parts": json.dumps(photo.radiance.truth.part_names),
        "selfiesim": text,
    }
    with library.File(header, channels_of(photo)) as file:
        file.write(str(path))


def npz_file(photo: Photo, path: Path, text: str) -> None:
    """Arrays by name, part names and recipe as JSON text; loads without pickle."""
    truth = photo.radiance.truth
    arrays = {name: photo.radiance.layer(name) for name in
              ("rgb", "depth", "position", "normal", "part", "albedo", "sun_visibility")}  # fmt: skip
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            pixels=photo.pixels,
            part_names=np.array(json.dumps(truth.part_names)),
            recipe=np.array(text),
            allow_pickle=False,
            **arrays,
        )
