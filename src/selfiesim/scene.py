"""Scenes: what a user writes, in TOML, checked key by key.

Every key carries its unit in its name; every section is one part of the story (orbit, attitude, release, camera,
photo). What is not publicly known is listed under ``[assumed]`` with a sentence why.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    Strict,
    ValidationError,
    model_validator,
)

from selfiesim import paths
from selfiesim.errors import SceneError
from selfiesim.moment import Moment, UtcTime
from selfiesim.tables import did_you_mean, explain, read_table, shortened

if TYPE_CHECKING:
    from selfiesim.view import View

MAX_PIXELS = 7680 * 4320


def _check_axis(value: object) -> object:
    if isinstance(value, (list, tuple)) and value and all(part == 0 for part in value):
        raise ValueError("an axis needs a direction; not all three numbers may be 0")
    return value


def _check_axis_length(axis: Vector3) -> Vector3:
    if not 1e-6 <= max(abs(part) for part in axis) <= 1e6:
        raise ValueError("the largest number of an axis must lie between 1e-6 and 1e6")
    return axis


Vector3 = tuple[float, float, float]
# TOML has lists and no tuples: only the numbers inside are strict.
Axis = Annotated[Vector3, Strict(False), BeforeValidator(_check_axis), AfterValidator(_check_axis_length)]


def _check_shutter(value: object) -> object:
    # Here rather than in the types, which would tell two faults for one.
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value != "auto" and not (number and 1e-7 <= float(value) <= 3600.0):  # type: ignore[arg-type]
        raise ValueError('a number of seconds from 1e-7 to 3600, or "auto"')
    return value


def _check_text(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in text):
        raise ValueError("control characters have no place in a text")
    return text


Text = Annotated[str, AfterValidator(_check_text)]


class Part(BaseModel):
    """A section of a scene: unknown keys, numbers that are not finite and numbers in quotes are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class CraftPart(Part):
    """The craft in the picture."""

    model: str = Field(
        min_length=1, max_length=1000, description="A shipped model's name, or a mesh file beside the scene."
    )


class OrbitPart(Part):
    """The craft's orbit: Keplerian elements at an epoch."""

    body: Literal["mars"] = Field("mars", description="The planet.")
    frame: Literal["icrf", "mars-inertial"] = Field(
        "mars-inertial",
        description="Axes of the elements: icrf, or mars-inertial (z to Mars' pole of J2000, x on its equator's node).",
    )
    epoch_utc: UtcTime = Field(description="When the elements hold, for example 2021-12-31T16:30:00Z.")
    semi_major_axis_km: float = Field(gt=0, le=1e9)
    eccentricity: float = Field(ge=0, lt=1, description="0 is a circle; below 1.")
    inclination_deg: float = Field(ge=0, le=180)
    raan_deg: float = Field(ge=-360, le=360, description="Right ascension of the ascending node.")
    arg_periapsis_deg: float = Field(ge=-360, le=360)
    true_anomaly_deg: float = Field(ge=-360, le=360, description="Place on the orbit at the epoch, from periapsis.")


class PointingPart(Part):
    """One body axis and what it points at."""

    axis: Axis = Field(description="Direction in the craft's body axes.")
    toward: Literal["sun", "earth", "nadir", "zenith", "velocity", "orbit-normal"] = Field(
        description="What the axis points at."
    )


class AttitudePart(Part):
    """How the craft is turned: the primary axis points exactly, the secondary as nearly as that allows."""

    primary: PointingPart = PointingPart(axis=(0.0, 0.0, -1.0), toward="sun")
    secondary: PointingPart = PointingPart(axis=(1.0, 0.0, 0.0), toward="earth")


class SpreadPart(Part):
    """How far a number may be off: ``normal`` gives the standard deviation, ``uniform`` the lowest and highest."""

    normal: float | None = Field(None, ge=0, description="Standard deviation, about no error.")
    uniform: Annotated[tuple[float, float], Strict(False)] | None = Field(None, description="Lowest and highest error.")

    @model_validator(mode="after")
    def _one_kind(self) -> SpreadPart:
        if (self.normal is None) == (self.uniform is None):
            raise ValueError("give one of normal = 0.01 or uniform = [-0.01, 0.01]")
        if self.uniform and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform: the first number must not be above the second")
        return self


class ScatterPart(Part):
    """How releases differ from one to the next, for clouds of paths; the picture shows the release as planned."""

    speed_m_s: SpreadPart | None = Field(None, description="Error of the spring's speed.")
    tilt_deg: SpreadPart | None = Field(None, description="Lean of the push, in each of two directions across it.")
    delay_s: SpreadPart | None = Field(None, description="Error of the time of release.")
    seed: int = Field(0, ge=0, lt=2**63, description="Another seed throws other dice.")


class ReleasePart(Part):
    """The push-off."""

    at: Moment = Field(description="When: max-latitude, periapsis, either with an offset (-30s), or a UTC time.")
    mount: str = Field("camera", description="A mount named in the model's description.")
    axis: Axis | None = Field(None, description="Direction of the push in body axes; default: the mount's own.")
    scatter: ScatterPart | None = Field(None, description="How releases differ, for drift --samples.")
    speed_m_s: float = Field(0.2, gt=0, le=100)

    @model_validator(mode="after")
    def _not_after_itself(self) -> ReleasePart:
        if self.at.startswith("release"):
            raise ValueError("release.at cannot be counted from the release; use max-latitude, periapsis or a UTC time")
        return self


class CameraPart(Part):
    """The released camera: lens, picture size, and which way it looks."""

    size_px: Annotated[
        tuple[Annotated[int, Field(ge=16, le=16384)], Annotated[int, Field(ge=16, le=16384)]], Strict(False)
    ] = (1920, 1080)
    horizontal_fov_deg: float = Field(70.0, ge=0.01, le=140, description="From the left edge to the right edge.")
    up: Literal["zenith", "sun", "velocity", "orbit-normal"] = Field(
        "zenith", description="What is upward in the picture."
    )
    roll_deg: float = Field(0.0, ge=-360, le=360, description="Turns the picture's content counter-clockwise.")
    place: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]], Strict(False)] = (
        Field(
            (0.5, 0.5),
            description="Where the craft stands in the picture: fractions of width and height from the upper left.",
        )
    )

    @model_validator(mode="after")
    def _not_too_large(self) -> CameraPart:
        if self.size_px[0] * self.size_px[1] > MAX_PIXELS:
            raise ValueError(f"size_px: {self.size_px[0]}x{self.size_px[1]} is more than 7680x4320 pixels")
        return self


class PlanetPart(Part):
    """The planet's looks."""

    dust_opacity: float = Field(
        0.2, ge=0, le=10, description="Vertical optical depth of the dust in the air at 550 nm; 0 is clear."
    )


class PhotoPart(Part):
    """From light to picture."""

    shutter_s: Annotated[Literal["auto"] | float, BeforeValidator(_check_shutter)] = Field(
        "auto", description="Exposure time, 1e-7 to 3600; auto lets the light meter choose it."
    )
    f_number: float = Field(8.0, ge=0.5, le=256, description="Focal length over aperture.")
    iso: float = Field(100.0, ge=1, le=1e7, description="Sensitivity, ISO 12232 saturation-based.")
    stops: float = Field(0.0, ge=-20, le=20, description="Exposure correction: +1 doubles the light.")


class Scene(Part):
    """A shot: craft, orbit, attitude, release, camera, photo.

    ``Scene.load("tianwen1-mars").view().render().expose().save("selfie.png")`` is the whole road.
    """

    title: Text = Field(min_length=1, max_length=200, description="One line that names the shot.")
    summary: Text = Field("", max_length=4000, description="What the picture shows, in a few sentences.")
    at: Moment = Field("release+100s", description="When the picture is taken.")
    craft: CraftPart
    orbit: OrbitPart
    attitude: AttitudePart = AttitudePart()
    release: ReleasePart
    camera: CameraPart = CameraPart()
    planet: PlanetPart = PlanetPart()
    photo: PhotoPart = PhotoPart()
    assumed: dict[str, str] = Field(
        default_factory=dict, description="Key path of each value that is not publicly known, and why it is what it is."
    )

    _source: str = PrivateAttr("scene")
    _folder: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _assumed_keys_exist(self) -> Scene:
        for key in self.assumed:
            node: Any = self
            for part in key.split("."):
                fields = type(node).model_fields if isinstance(node, BaseModel) else {}
                if part not in fields:
                    raise ValueError(f"assumed: there is no key {key!r} in this scene{did_you_mean(part, fields)}")
                node = getattr(node, part)
        return self

    @classmethod
    def load(cls, name_or_path: str | Path) -> Scene:
        """Read a shipped scene by name, or any scene file by path.

        Raises
        ------
        SceneError
            No such scene, not TOML, an unknown key, or a value out of range; the message says which.
        """
        path = find_scene(name_or_path)
        table, _content = read_table(path, "a scene", SceneError)
        return cls.from_table(table, str(path), path.parent)

    @classmethod
    def from_table(cls, table: dict[str, Any], source: str = "scene", folder: Path | None = None) -> Scene:
        """Check a scene given as nested dicts. ``folder`` is where a mesh named by a relative path is looked for.

        Raises
        ------
        SceneError
            Every fault found, one a line: file, key path, and what would be right.
        """
        try:
            scene = cls.model_validate(table)
        except ValidationError as error:
            raise SceneError("\n".join(f"{source}: {line}" for line in explain(error, cls))) from error
        scene._source, scene._folder = source, folder
        return scene

    def with_changes(self, **changes: Any) -> Scene:
        """A copy with some keys changed, each named by its path with ``__`` for the dot.

        ``scene.with_changes(camera__roll_deg=30.0, at="release+60s")``.

        Raises
        ------
        SceneError
            As :meth:`from_table`.
        """
        table = self.model_dump(mode="json")
        for key, value in changes.items():
            *sections, last = key.split("__")
            node = table
            for depth, section in enumerate(sections):
                node = node.setdefault(section, {})
                if not isinstance(node, dict):
                    raise SceneError(f"{'.'.join(sections[: depth + 1])}: is a value, with no key {last!r} under it")
            node[last] = value.tolist() if hasattr(value, "tolist") else value  # numpy's numbers and arrays
        return self.from_table(table, self._source, self._folder)

    @property
    def craft_source(self) -> str | Path:
        """What to load for the craft: a shipped model's name, or a mesh file in the scene's own folder.

        Raises
        ------
        SceneError
            When the path leaves the scene's folder.
        """
        model = Path(self.craft.model)
        if not model.suffix and model.name == self.craft.model:
            return self.craft.model
        try:
            folder = (self._folder or Path.cwd()).resolve()
            target = (folder / model).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # a name too long, a link to itself, a zero character
            raise SceneError(f"craft.model: {self.craft.model!r} is no usable path") from error
        if not target.is_relative_to(folder):
            raise SceneError(
                f"craft.model: {self.craft.model!r} lies outside the scene's folder; put the mesh beside the scene"
            )
        return target

    def view(self, at: str | float | None = None) -> View:
        """What the lens sees at a moment: by default the scene's own.

        ``at`` is a moment such as ``"release+60s"`` or a UTC time, or a number of seconds after the release.

        Raises
        ------
        SceneError
            Impossible geometry; the message names the file and the key.
        """
        from selfiesim.view import resolve

        try:
            return resolve(self, f"release{at:+.9f}s" if isinstance(at, (int, float)) else at)
        except SceneError as error:
            raise SceneError(f"{self._source}: {error}") from error

    def to_json(self) -> str:
        """The scene as JSON text with every default filled in."""
        return json.dumps(self.model_dump(mode="json"), indent=2)


def schema() -> dict[str, Any]:
    """JSON Schema of a scene file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Scene.model_json_schema()


def shipped_scenes() -> dict[str, Path]:
    """Name and file of each shipped scene."""
    return {path.stem: path for path in sorted(paths.shipped("scenes").glob("*.toml"))}


def find_scene(name_or_path: str | Path) -> Path:
    """The file of a shipped scene's name or a path.

    Raises
    ------
    SceneError
        When there is neither; the message lists what is shipped.
    """
    text = str(name_or_path)
    shipped = shipped_scenes()
    if text in shipped:
        return shipped[text]
    path = Path(text)
    try:
        if path.is_file():
            return path
        if path.is_dir():
            raise SceneError(f"{text}: is a folder; name a scene file (.toml) in it")
    except OSError as error:
        raise SceneError(f"{shortened(text)}: cannot be read ({error.strerror})") from error
    if path.suffix or path.parent != Path():
        raise SceneError(f"{text}: no such file; shipped scenes are: {', '.join(shipped)}")
    raise SceneError(f"no scene named {text!r}{did_you_mean(text, shipped)}; shipped scenes are: {', '.join(shipped)}")
