"""Job files: a scene and how it varies, validated key by key as scenes are."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    Strict,
    ValidationError,
    model_validator,
)

from selfiesim.core.config_validation import explain_validation_error, read_toml_table
from selfiesim.core.errors import BatchError, ModelError, SceneError
from selfiesim.core.limits import JOB_FRAMES, JOB_VALUES
from selfiesim.core.untrusted.plain_values import plain_table
from selfiesim.scene.moments import Moment, time_text
from selfiesim.scene.scene import Scene
from selfiesim.scene.shipped import scenes

MAX_NUMBER = 1e15
"""Limit of random values; no key of a scene takes more."""
FORMAT = 1

Pair = Annotated[tuple[float, float], Strict(False)]


class _JobSection(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _check_value(value: Any) -> Any:
    """Write times as text, and refuse numbers that no key takes: the frames are named by their JSON."""
    try:
        value = time_text(value)
    except SceneError as error:
        raise ValueError(str(error)) from None
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "a value must be text, a finite number, true, false, a date, or a list or table of these"
        ) from error
    return value


class SweepAxis(_JobSection):
    """The values of one key of the scene: one of values, linspace, uniform, normal, or from, to and step_s."""

    values: Annotated[tuple[Annotated[Any, BeforeValidator(_check_value)], ...], Strict(False)] | None = Field(
        None, min_length=1, description="Values, in this order."
    )
    linspace: Annotated[tuple[float, float, int], Strict(False)] | None = Field(
        None, description="First, last, and number of evenly spaced values."
    )
    uniform: Pair | None = Field(None, description="Uniform random values: lowest, highest.")
    normal: Pair | None = Field(None, description="Normally distributed random values: mean, standard deviation.")
    start: Moment | None = Field(None, alias="from", description="For time: first moment.")
    stop: Moment | None = Field(None, alias="to", description="For time: last moment.")
    step_s: float | None = Field(None, gt=0, description="For time: seconds between moments.")
    link: str | None = Field(
        None, max_length=100, description="Keys with the same link vary together instead of in all combinations."
    )

    @model_validator(mode="after")
    def _check_one_source(self) -> SweepAxis:
        times = (self.start, self.stop, self.step_s)
        given = [name for name in ("values", "linspace", "uniform", "normal") if getattr(self, name) is not None]
        given += ["from, to, step_s"] if any(part is not None for part in times) else []
        if len(given) != 1:
            raise ValueError(f"give one of values, linspace, uniform, normal, or from, to and step_s; not {given}")
        if given[0].startswith("from") and None in times:
            raise ValueError("from, to and step_s: give all three")
        count = self.linspace[2] if self.linspace else len(self.values or (None,))
        if count < 1:
            raise ValueError("linspace: the third number is the number of values, at least 1")
        if count > JOB_VALUES.value:
            raise ValueError(JOB_VALUES.excess(f"{given[0]}: {count:,} values"))
        if self.uniform and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform: the first number is above the second")
        if any(abs(number) > MAX_NUMBER for number in (*(self.uniform or ()), *(self.normal or ()))):
            raise ValueError(f"uniform and normal: numbers must lie between -{MAX_NUMBER:g} and {MAX_NUMBER:g}")
        if self.normal and self.normal[1] < 0:
            raise ValueError("normal: the second number, the standard deviation, is negative")
        if self.link and self.is_random:
            raise ValueError("link: random keys vary together anyway; link is for values, linspace and times")
        return self

    @property
    def is_random(self) -> bool:
        """Whether the values are random."""
        return self.uniform is not None or self.normal is not None


class LabelSection(_JobSection):
    """Labels of each frame, and the data sets to write once all frames are done."""

    formats: Annotated[tuple[Literal["coco", "bop", "poses"], ...], Strict(False)] = Field(
        ("coco", "bop", "poses"), min_length=1, max_length=3, description="Data sets to write."
    )
    layers: Literal["png", "exr"] = Field("png", description="File format of depth, normals and part numbers.")
    split: Annotated[tuple[float, float, float], Strict(False)] = Field(
        (80.0, 10.0, 10.0), description="Shares of train, val and test."
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Random seed of the split.")
    group: int = Field(1, ge=1, lt=2**63, description="Keep this many consecutive frames in the same split.")

    @model_validator(mode="after")
    def _check_consistency(self) -> LabelSection:
        if min(self.split) < 0.0 or sum(self.split) <= 0.0:
            raise ValueError("split: give three shares of at least 0, such as [80, 10, 10]")
        if "bop" in self.formats and self.layers != "png":
            raise ValueError("layers: BOP needs depth as PNG; remove layers, or give formats without bop")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """The share of each split, by its name."""
        return dict(zip(("train", "val", "test"), self.split, strict=True))


class Job(_JobSection):
    """A scene, how to render it, and what varies from frame to frame."""

    scene: str = Field(
        min_length=1,
        max_length=400,
        description="Name of a shipped scene, or path of a scene file relative to the job's folder.",
    )
    size: Annotated[tuple[int, int], Strict(False)] | None = Field(None, description="Width and height, pixels.")
    quality: Literal["draft", "final"] = Field("draft", description="As in selfiesim render.")
    samples: int | None = Field(None, ge=1, le=1024, description="Rendering passes; default: set by quality.")
    file: Literal["png", "jpg", "tif", "exr", "npz"] = Field("png", description="File format of the frames.")
    bits: Literal[8, 16] = Field(8, description="Bits per channel of a PNG or TIFF.")
    seed: int = Field(0, ge=0, lt=2**63, description="Random seed of uniform and normal keys.")
    draws: int | None = Field(None, ge=1, description="Number of random samples of uniform and normal keys.")
    releases: int | None = Field(
        None, ge=1, le=100_000, description="Number of random releases from the scene's release.scatter."
    )
    labels: LabelSection | None = Field(
        None, description="Label each frame and write data sets; all keys have defaults."
    )
    vary: dict[str, SweepAxis] = Field(
        default_factory=dict, max_length=100, description="The values of each key that varies, by its path."
    )

    _source: str = PrivateAttr("job")
    _folder: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _check_consistency(self) -> Job:
        random = any(axis.is_random for axis in self.vary.values())
        if random and self.draws is None:
            raise ValueError("draws: required key is missing; give the number of random samples, such as draws = 100")
        if self.draws is not None and self.draws > JOB_FRAMES.value:
            raise ValueError(JOB_FRAMES.excess("draws: too many"))
        if self.draws is not None and not random:
            raise ValueError(
                "draws: no key under [vary] is random; give one of them uniform or normal, or remove draws"
            )
        for key, axis in self.vary.items():
            if axis.step_s is not None and key != "time":
                raise ValueError(f"vary.{key}: from, to and step_s are for vary.time only")
        if "time" in self.vary and "at" in self.vary:
            raise ValueError("vary.at: vary.time sets the same key; give one of them")
        if self.writes_bop and self.file not in ("png", "jpg"):
            raise ValueError(
                f"file: BOP needs images as png or jpg, not {self.file}; change it, or give labels.formats without bop"
            )
        return self

    @classmethod
    def load(cls, path: str | Path) -> Job:
        """Read a job file.

        Raises
        ------
        BatchError
            The file is not TOML, or has an unknown key or a value out of range; the message names file and key.
        """
        table, _content = read_toml_table(Path(path), "a job", BatchError)
        if "craft" in table and "scene" not in table:
            raise BatchError(f'{path}: is a scene; a job names it and states what varies: scene = "{Path(path).name}"')
        return cls.from_table(table, str(path), Path(path).parent)

    @classmethod
    def from_table(cls, table: dict[str, Any], source: str = "job", folder: Path | None = None) -> Job:
        """Validate a job given as nested dicts; ``folder`` is the one that its scene file is relative to.

        Raises
        ------
        BatchError
            Lists every fault, one per line.
        """
        table = plain_table(table, BatchError, source)
        try:
            job = cls.model_validate(table)
        except ValidationError as error:
            raise BatchError("\n".join(f"{source}: {line}" for line in explain_validation_error(error, cls))) from error
        job._source, job._folder = source, folder
        return job

    @property
    def source(self) -> str:
        """The file the job was read from, or the name that error messages give it."""
        return self._source

    @property
    def writes_bop(self) -> bool:
        """Whether a BOP data set is written, which limits cameras and file formats."""
        return self.labels is not None and "bop" in self.labels.formats

    def base_scene(self) -> Scene:
        """Load the scene before anything varies, with the job's size.

        Raises
        ------
        UserError
            The scene does not exist, is outside the job's folder, or is invalid.
        """
        name: str | Path = self.scene
        if self.scene not in scenes():
            folder = (self._folder or Path.cwd()).resolve()
            try:
                name = (folder / self.scene).resolve()
            except (OSError, RuntimeError, ValueError) as error:
                raise BatchError(f"{self.source}: scene: {self.scene[:60]!r} is not a usable path") from error
            if not name.is_relative_to(folder):
                raise BatchError(
                    f"{self.source}: scene: {self.scene!r} is outside the job's folder; put it next to the job"
                )
        scene = Scene.load(name)
        return scene if self.size is None else scene.with_changes(camera__size_px=list(self.size))


def job_description(job: Job, scene: Scene) -> dict[str, Any]:
    """Describe everything that the frames depend on, ready for JSON; equal descriptions may share a folder."""
    job_table = job.model_dump(mode="json", by_alias=True, exclude_unset=True)
    table = scene.model_dump(mode="json", exclude_unset=True)
    return {
        "format": FORMAT,
        "selfiesim": version("selfiesim"),
        "job": job_table,
        "scene": table,
        "files": _file_digests([job_table.get("vary", {}), table], scene.folder),
    }


def _file_digests(node: Any, folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in the scene's folder that ``node`` names, and of the files of its meshes."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        return {name: digest for each in node for name, digest in _file_digests(each, folder).items()}
    if not isinstance(node, str) or not 0 < len(node) <= 200 or "\0" in node or "\n" in node:
        return {}
    root = folder.resolve()
    path = (root / node).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        return {}
    found = {}
    for each in (path, *_mesh_files(root / node)):
        with each.open("rb") as file:
            name = each.resolve().relative_to(root).as_posix()
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _mesh_files(path: Path) -> tuple[Path, ...]:
    """Return the files that a mesh consists of; none for a file that is not a mesh, or is an invalid one."""
    from selfiesim.craft.formats.mesh_reader import MESH_FORMATS
    from selfiesim.craft.load import load_craft

    try:
        return load_craft(path).files if path.suffix.lower() in MESH_FORMATS else ()
    except ModelError:
        return ()


def changes_between(old: Any, new: Any, path: str = "") -> list[str]:
    """Return the differences between two descriptions, one line per key path."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({*old, *new})
        return [
            line for key in keys for line in changes_between(old.get(key), new.get(key), f"{path}.{key}".lstrip("."))
        ]
    if old == new:
        return []
    then, now = (json.dumps(value)[:60] if value is not None else "missing" for value in (old, new))
    return [f"{path} was {then}, is now {now}"]
