"""Scenes: what a user writes, in TOML, checked key by key.

Every key carries its unit in its name; every section is one part of the story (orbit, attitude, release, camera,
photo; :mod:`selfiesim.scene.section`). What is not publicly known is listed under ``[assumed]`` with a sentence why.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, PrivateAttr, Strict, ValidationError, model_validator

from selfiesim.core import files
from selfiesim.core.config_validation import did_you_mean, explain_validation_error, read_toml_table, truncate
from selfiesim.core.errors import CcsdsError, EphemerisError, MapError, SceneError
from selfiesim.scene.attitude import AttitudeSection
from selfiesim.scene.camera import CameraSection, rescale_intrinsics
from selfiesim.scene.craft import CraftSection, ModelSection
from selfiesim.scene.downlink import DownlinkSection
from selfiesim.scene.ground import GROUND_NAME, GroundSection
from selfiesim.scene.host import BodySection, OrbitSection, PathSection, SiteSection
from selfiesim.scene.moments import Moment
from selfiesim.scene.objects import MAX_OBJECTS, ObjectSection, check_target
from selfiesim.scene.photo import PhotoSection
from selfiesim.scene.planet import PlanetSection
from selfiesim.scene.release import MountedSection, ReleaseSection
from selfiesim.scene.section import FileName, Section, Text
from selfiesim.scene.sky import SkySection

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.view.resolved_scene import ResolvedScene
    from selfiesim.view.view import View

_BODIES = ("mars", "earth", "moon", "phobos", "deimos", "jupiter", "sun")


class Scene(Section):
    """A shot: craft, orbit, attitude, release, camera, photo.

    ``Scene.load("tianwen1-mars").view().render().expose().save("selfie.png")`` is the whole road.
    """

    title: Text = Field(min_length=1, max_length=200, description="One line that names the shot.")
    summary: Text = Field("", max_length=4000, description="What the picture shows, in a few sentences.")
    at: Moment = Field("release+100s", description="When the picture is taken.")
    kernels: Annotated[tuple[FileName, ...], Strict(False)] = Field(
        (), max_length=100, description="SPICE kernels or meta-kernels beside the scene; they go before the built-in."
    )
    craft: CraftSection
    orbit: OrbitSection | None = Field(None, description="Where the craft is: an orbit.")
    path: PathSection | None = Field(None, description="Where the craft is, instead: a path from a file.")
    site: SiteSection | None = Field(None, description="Where the craft is, instead: a place on the ground.")
    body: BodySection | None = Field(None, description="A body of the scene's own.")
    attitude: AttitudeSection = AttitudeSection()
    release: ReleaseSection | None = Field(None, description="How the camera is pushed off.")
    mounted: MountedSection | None = Field(None, description="Instead: the camera stays on the craft.")
    objects: Annotated[tuple[ObjectSection, ...], Strict(False)] = Field(
        (), max_length=MAX_OBJECTS, description="Further craft in the picture."
    )
    camera: CameraSection = CameraSection()
    planet: PlanetSection = PlanetSection()
    ground: GroundSection | None = Field(None, description="The ground that a lens close to it sees.")
    sky: SkySection = SkySection()
    photo: PhotoSection = PhotoSection()
    downlink: DownlinkSection = DownlinkSection()
    assumed: dict[str, str] = Field(
        default_factory=dict, description="Key path of each value that is not publicly known, and why it is what it is."
    )

    _source: str = PrivateAttr("scene")
    _folder: Path | None = PrivateAttr(None)
    _table: dict[str, Any] | None = PrivateAttr(None)
    _resolved: Any = PrivateAttr(None)
    _craft_override: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _check_consistency(self) -> Scene:
        for fault in _find_section_conflicts(
            {key for key in type(self).model_fields if getattr(self, key) is not None}
        ):
            raise ValueError(fault)
        host = next(key for key in ("orbit", "path", "site") if getattr(self, key) is not None)
        name = self.center
        known = (*_BODIES, self.body.name) if self.body else _BODIES
        if name not in known:
            raise ValueError(f"{host}.body: there is no {name!r}{did_you_mean(name, known)}; give [body] for others")
        if self.orbit and self.orbit.frame == "mars-inertial" and name != "mars":
            others = "icrf or ecliptic" if name == "sun" else "icrf, ecliptic or equator-of-date"
            raise ValueError(f"orbit.frame: mars-inertial goes with body = 'mars'; about {name} write {others}")
        if self.body and self.body.name in _BODIES:
            raise ValueError(f"body.name: {self.body.name} is known already; take another name")
        if self.site and name == "sun":
            raise ValueError("site.body: nothing stands on the sun")
        if self.ground and not (self.site and name == "mars"):
            raise ValueError("ground: needs a [site] on mars; light and dust of no other ground are known here")
        if ((self.path and self.path.target) or self.attitude.ck_frame) and not self.kernels:
            raise ValueError("kernels: missing; path.target and attitude.ck_frame ask SPICE kernels")
        names = [part.name for part in self.objects]
        if len(set(names)) < len(names) or "craft" in names:
            raise ValueError(f"objects: each needs a name of its own, and none is called craft; there are {names}")
        if self.ground and GROUND_NAME in names:
            raise ValueError(f"objects: {GROUND_NAME} is what layers call the ground; take another name")
        check_target(self.camera.target, self.objects)
        released = any(part.release for part in self.objects)
        if self.mounted and self.at.startswith("release") and not released:
            raise ValueError("at: a mounted camera is never released; give an event such as max-latitude or a UTC time")
        if self.mounted and self.camera.look == "tumbling":
            raise ValueError("camera.look: a mounted camera does not tumble; write craft or mount")
        return self

    @model_validator(mode="after")
    def _check_assumed_keys(self) -> Scene:
        for key in self.assumed:
            node: Any = self
            for part in key.split("."):
                fields = _child_keys(node)
                if part not in fields:
                    raise ValueError(f"assumed: there is no key {key!r} in this scene{did_you_mean(part, fields)}")
                node = fields[part]
        return self

    def __eq__(self, other: object) -> bool:
        # The same keys make the same scene, whatever file they were read from.
        return isinstance(other, Scene) and self.model_dump() == other.model_dump()

    @classmethod
    def load(cls, name_or_path: str | Path) -> Scene:
        """Read a shipped scene by name, or any scene file by path.

        Raises
        ------
        SceneError
            No such scene, not TOML, an unknown key, or a value out of range; the message says which.
        """
        path = find_scene(name_or_path)
        table, _content = read_toml_table(path, "a scene", SceneError)
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
            lines = explain_validation_error(error, cls)
            if isinstance(table, dict):
                lines += [line for line in _find_section_conflicts(set(table)) if line not in lines]
            raise SceneError("\n".join(f"{source}: {line}" for line in lines)) from error
        scene._source, scene._folder, scene._table = source, folder, copy.deepcopy(table)
        return scene

    def with_changes(self, **changes: Any) -> Scene:
        """A copy with some keys changed, each named by its path with ``__`` for the dot.

        ``scene.with_changes(camera__roll_deg=30.0, at="release+60s")``. A new ``camera__size_px`` keeps the field from
        left to right: a camera matrix or a focal length changes with it, unless the lens is changed as well.

        Raises
        ------
        SceneError
            As :meth:`from_table`.
        """
        table = copy.deepcopy(self._table) if self._table is not None else self.model_dump(mode="json")
        for key, value in changes.items():
            *sections, last = key.split("__")
            node = table
            for depth, section in enumerate(sections):
                node = node.setdefault(section, {})
                if not isinstance(node, dict):
                    raise SceneError(f"{'.'.join(sections[: depth + 1])}: is a value, with no key {last!r} under it")
            node[last] = value.tolist() if hasattr(value, "tolist") else value  # numpy's numbers and arrays
        rescale_intrinsics(table, self.camera, [key.replace("__", ".") for key in changes])
        changed = self.from_table(table, self._source, self._folder)
        changed._craft_override = self._craft_override
        return changed

    def with_craft(self, name_or_path: str | Path) -> Scene:
        """A copy with another craft in place of its own: a shipped model's name, or a mesh file in any folder.

        The camera leaves as its mount there points: a direction of push was meant for the craft that was there. The
        title tells of it, so that no caption names the wrong craft.

        Raises
        ------
        SceneError
            As :meth:`from_table`.
        """
        name = "".join(letter if letter.isprintable() else "?" for letter in Path(name_or_path).stem)
        title = f"{self.title[:120]}, with {name[:40]} in place of its craft"
        changes: dict[str, Any] = {"craft": {"model": str(name_or_path)}, "title": title}
        if self.release:
            told = {key: why for key, why in self.assumed.items() if key != "release.axis"}
            changes |= {"release__axis": None, "assumed": told}
        changed = self.with_changes(**changes)
        changed._craft_override = Path(name_or_path)
        return changed

    @property
    def center(self) -> str:
        """The body that the craft goes round or stands on."""
        host = self.orbit or self.path or self.site
        assert host is not None
        return host.body

    @property
    def folder(self) -> Path:
        """Where the scene's files are looked for."""
        return self._folder or Path.cwd()

    @property
    def craft_source(self) -> str | Path:
        """What to load for the craft: see :meth:`model_source`."""
        return self._craft_override or self.model_source("craft.model", self.craft.model)

    def load_craft(self, key: str, part: ModelSection) -> Craft:
        """The craft that ``part`` of the scene, written at ``key``, names, with its own materials and decals.

        Raises
        ------
        UserError
            A mesh or a picture that cannot be used; the message names the key.
        """
        from selfiesim.craft.decals import Decal, apply_decals, file_stamp
        from selfiesim.craft.load import load_craft
        from selfiesim.craft.material_overrides import apply_finishes

        source = self.craft_source if part is self.craft else self.model_source(f"{key}.model", part.model)
        craft = apply_finishes(load_craft(source), tuple(part.materials.items()), f"{key}.materials")
        decals = []
        for number, each in enumerate(part.decals):
            where = f"{key}.decals[{number}]"
            image = self.resolve_file(f"{where}.image", each.image, "the picture")
            decals.append(Decal(each.mount, image, each.width_m, each.up, where, file_stamp(image)))
        return apply_decals(craft, tuple(decals))

    def model_source(self, key: str, model: str) -> str | Path:
        """What to load for the ``model`` written at ``key``: a shipped one's name, or a file in the scene's own folder.

        Raises
        ------
        SceneError
            When the path leaves the scene's folder.
        """
        path = Path(model)
        if not path.suffix and path.name == model:
            return model
        return self.resolve_file(key, model, "the mesh")

    def resolve_file(self, key: str, name: str, what: str) -> Path:
        """The file ``name`` in the scene's own folder, or below it; else one that is shipped with a scene.

        Raises
        ------
        SceneError
            When the path leaves the folder.
        """
        try:
            folder = self.folder.resolve()
            target = (folder / name).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # a name too long, a link to itself, a zero character
            raise SceneError(f"{key}: {name!r} is no usable path") from error
        if not target.is_relative_to(folder):
            raise SceneError(f"{key}: {name!r} lies outside the scene's folder; put {what} beside the scene")
        # A copy of a shipped scene, and a picture made again from its recipe, stand in other folders than its files.
        shipped = files.shipped("scenes") / Path(name).name
        return shipped if not target.exists() and Path(name).name == name and shipped.is_file() else target

    def resolved(self) -> ResolvedScene:
        """What the scene plans: host, attitude, release and camera, worked out once.

        Raises
        ------
        UserError
            Impossible geometry, or a file that cannot be used; the message names the key.
        """
        from selfiesim.view.resolved_scene import resolve_scene

        craft = self.load_craft("craft", self.craft)
        if self._resolved is None or self._resolved.craft is not craft:
            self._resolved = resolve_scene(self, craft)
        return self._resolved  # type: ignore[no-any-return]

    def view(self, at: str | float | None = None) -> View:
        """What the lens sees at a moment: by default the scene's own.

        ``at`` is a moment such as ``"release+60s"`` or a UTC time, or a number of seconds after the release.

        Raises
        ------
        UserError
            Impossible geometry, or a file that does not cover the moment; the message names the scene and the key.
        """
        from selfiesim.view.view import resolve

        try:
            return resolve(self, f"release{at:+.9f}s" if isinstance(at, (int, float)) else at)
        except (SceneError, EphemerisError, CcsdsError, MapError) as error:
            raise type(error)(f"{self._source}: {error}") from error

    def seconds(self, moment: str, key: str = "at") -> float:
        """Seconds from the release to a moment of the scene; ``key`` is what to name in an error.

        Raises
        ------
        SceneError
            For a camera that is never released, or what is no moment.
        """
        resolved = self.resolved()
        if resolved.release_state is None:
            raise SceneError(f"{key}: {moment!r} has no meaning; this camera is mounted and never released")
        return resolved.epoch_at(moment, key) - resolved.release_state.release.epoch

    def to_json(self) -> str:
        """The scene as JSON text with every default filled in."""
        return json.dumps(self.model_dump(mode="json"), indent=2)


def _child_keys(node: Any) -> dict[str, Any]:
    """What can stand behind the next dot of a key path: keys, names of objects."""
    if isinstance(node, BaseModel):
        return {key: getattr(node, key) for key in type(node).model_fields}
    if isinstance(node, tuple):
        return {each.name: each for each in node if isinstance(each, ObjectSection)}
    return node if isinstance(node, dict) else {}


def _find_section_conflicts(sections: set[str]) -> list[str]:
    """What is wrong with the choice of sections: who carries the camera, and how it leaves."""
    faults = []
    for choice in (("orbit", "path", "site"), ("release", "mounted")):
        given = [key for key in choice if key in sections]
        if len(given) != 1:
            offered = " or ".join(f"[{key}]" for key in choice)
            faults.append(f"{' and '.join(given) or choice[0]}: give one of {offered}")
    return faults


def schema() -> dict[str, Any]:
    """JSON Schema of a scene file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Scene.model_json_schema()


def shipped_scenes() -> dict[str, Path]:
    """Name and file of each shipped scene."""
    return {path.stem: path for path in sorted(files.shipped("scenes").glob("*.toml"))}


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
        raise SceneError(f"{truncate(text)}: cannot be read ({error.strerror})") from error
    if path.suffix or path.parent != Path():
        raise SceneError(f"{text}: no such file; shipped scenes are: {', '.join(shipped)}")
    hint = did_you_mean(text, shipped)
    raise SceneError(f"no scene named {text!r}{hint}{' Shipped' if hint else '; shipped'} are: {', '.join(shipped)}")
