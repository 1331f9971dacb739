"""Scenes: TOML files that describe a shot, checked key by key.

Each key carries its unit in its name, and each section has a module in this package. A scene lists every value that is
not publicly known under ``[assumed]``, with the reason for it.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PrivateAttr, Strict, ValidationError, model_validator

from selfiesim.core.config_validation import explain_validation_error, read_toml_table, set_by_path
from selfiesim.core.errors import CcsdsError, EphemerisError, MapError, SceneError
from selfiesim.core.limits import KERNEL_FILES, SCENE_OBJECTS
from selfiesim.core.untrusted.plain_values import plain_table
from selfiesim.scene.attitude import AttitudeSection
from selfiesim.scene.camera import CameraSection, rescale_intrinsics
from selfiesim.scene.consistency import check_assumed_keys, check_consistency, find_section_conflicts
from selfiesim.scene.craft import CraftSection, ModelSection, load_finished_craft
from selfiesim.scene.downlink import DownlinkSection
from selfiesim.scene.ground import GroundSection
from selfiesim.scene.host import BodySection, OrbitSection, PathSection, SiteSection
from selfiesim.scene.moments import Moment, MomentLike
from selfiesim.scene.objects import ObjectSection
from selfiesim.scene.photo import PhotoSection
from selfiesim.scene.planet import PlanetSection
from selfiesim.scene.release import MountedSection, ReleaseSection, changes_for_craft
from selfiesim.scene.section import CameraKind, FileName, Section, Text, at_most
from selfiesim.scene.shipped import find_model, find_scene, find_scene_file
from selfiesim.scene.sky import SkySection

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.studio.notebook import NotebookStudio
    from selfiesim.view.resolved_scene import ResolvedScene
    from selfiesim.view.view import View


class Scene(Section):
    """A shot: craft, orbit, attitude, release, camera, photo.

    ``Scene.load("tianwen1-mars").view().render().expose().save("selfie.png")`` takes the picture. Each attribute is a
    key or section of the TOML file. Scenes are immutable: :meth:`with_changes` returns a changed copy.
    """

    title: Text = Field(min_length=1, max_length=200, description="Title of the shot, one line.")
    summary: Text = Field("", max_length=4000, description="What the picture shows, in a few sentences.")
    mission: Text = Field("", max_length=60, description="The mission, by which lists of scenes are grouped.")
    kind: CameraKind | None = Field(None, description="What carries the camera: nothing, a boom, a wall, the ground.")
    at: Moment = Field("release+100s", description="When the picture is taken.")
    kernels: Annotated[tuple[FileName, ...], Strict(False), at_most(KERNEL_FILES)] = Field(
        (),
        description="SPICE kernels or meta-kernels next to the scene file, used before the built-in ephemeris.",
    )
    craft: CraftSection
    orbit: OrbitSection | None = Field(None, description="The craft is on an orbit.")
    path: PathSection | None = Field(None, description="Instead: the craft follows a trajectory from a file.")
    site: SiteSection | None = Field(None, description="Instead: the craft stands on the ground.")
    body: BodySection | None = Field(None, description="A body that the scene defines.")
    attitude: AttitudeSection = AttitudeSection()
    release: ReleaseSection | None = Field(None, description="How the camera is released.")
    mounted: MountedSection | None = Field(None, description="Instead: the camera is mounted on the craft.")
    objects: Annotated[tuple[ObjectSection, ...], Strict(False), at_most(SCENE_OBJECTS)] = Field(
        (), description="Further craft."
    )
    camera: CameraSection = CameraSection()
    planet: PlanetSection = PlanetSection()
    ground: GroundSection | None = Field(None, description="Terrain around a landed camera.")
    sky: SkySection = SkySection()
    photo: PhotoSection = PhotoSection()
    downlink: DownlinkSection = DownlinkSection()
    assumed: dict[str, str] = Field(
        default_factory=dict, description="Reason for each value that is not publicly known, by key path."
    )

    _source: str = PrivateAttr("scene")
    _folder: Path | None = PrivateAttr(None)
    _table: dict[str, Any] | None = PrivateAttr(None)
    _resolved: Any = PrivateAttr(None)
    _craft_override: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _check_consistency(self) -> Scene:
        check_consistency(self)
        check_assumed_keys(self)
        return self

    def __eq__(self, other: object) -> bool:
        # The same keys make the same scene, whatever file they were read from.
        return isinstance(other, Scene) and self.model_dump() == other.model_dump()

    @classmethod
    def load(cls, name_or_path: str | Path) -> Scene:
        """Read a shipped scene by name, or any scene file by path.

        Parameters
        ----------
        name_or_path : str or Path
            A name from :func:`selfiesim.scenes`, or a TOML file.

        Returns
        -------
        Scene
            Checked; :meth:`resolve` reads the files that it names.

        Raises
        ------
        SceneError
            For an unknown scene, a file that is not TOML, an unknown key, or a value out of range.
        """
        path = find_scene(name_or_path)
        table, _content = read_toml_table(path, "a scene", SceneError)
        return cls.from_table(table, str(path), path.parent)

    @classmethod
    def from_table(cls, table: dict[str, Any], source: str = "scene", folder: Path | None = None) -> Scene:
        """Check a scene given as nested dicts.

        Parameters
        ----------
        table : dict
            Sections and keys as in a scene file.
        source : str
            File or name that begins each line of an error message.
        folder : Path, optional
            Folder of the files that the scene names; by default the current one.

        Returns
        -------
        Scene
            Checked.

        Raises
        ------
        SceneError
            Lists every fault, one per line: file, key path, and what is allowed.
        """
        try:
            scene = cls.model_validate(table := plain_table(table, SceneError, source))
        except ValidationError as error:
            lines = explain_validation_error(error, cls)
            if isinstance(table, dict):
                lines += [line for line in find_section_conflicts(set(table)) if line not in lines]
            raise SceneError("\n".join(f"{source}: {line}" for line in lines)) from error
        scene._source, scene._folder, scene._table = source, folder, table
        return scene

    def with_changes(self, **changes: Any) -> Scene:
        """Return a copy with some keys changed: ``scene.with_changes(camera__roll_deg=30.0, at="release+60s")``.

        A new ``camera__size_px`` keeps the horizontal field of view: a camera matrix or a focal length scales with it,
        unless the lens is changed as well.

        Parameters
        ----------
        **changes
            Values by key path, with ``__`` for the dot; None clears an optional key.

        Returns
        -------
        Scene
            The changed copy, checked.

        Raises
        ------
        SceneError
            As :meth:`from_table`.
        """
        table = copy.deepcopy(self._table) if self._table is not None else self.model_dump(mode="json")
        for key, value in changes.items():
            set_by_path(table, key.split("__"), plain_table(value, SceneError, key.replace("__", ".")))
        rescale_intrinsics(table, self.camera, [key.replace("__", ".") for key in changes])
        changed = self.from_table(table, self._source, self._folder)
        changed._craft_override = self._craft_override
        return changed

    def with_craft(self, name_or_path: str | Path) -> Scene:
        """Return a copy with another craft.

        The camera leaves along the axis of the new craft's mount, since ``release.axis`` was meant for the old one. A
        craft that lacks the mount uses its first one; one without any mounts, the surface in the scene's direction.
        The title names the new craft, so that captions stay correct.

        Parameters
        ----------
        name_or_path : str or Path
            Name of a shipped model, or a mesh file in any folder.

        Returns
        -------
        Scene
            The changed copy, checked.

        Raises
        ------
        SceneError
            As :meth:`from_table`.
        """
        name = "".join(letter if letter.isprintable() else "?" for letter in Path(name_or_path).stem)
        title = f"{self.title[:120]}, with {name[:40]} in place of its craft"
        assumed = {key: why for key, why in self.assumed.items() if key not in ("release.axis", "mounted.axis")}
        changes: dict[str, Any] = {"craft": {"model": str(name_or_path)}, "title": title, "assumed": assumed}
        changes |= changes_for_craft(self.release, self.mounted, name_or_path, self.craft_source)
        changed = self.with_changes(**changes)
        changed._craft_override = Path(name_or_path)
        return changed

    @property
    def center(self) -> str:
        """Name of the body that the craft orbits or stands on."""
        host = self.orbit or self.path or self.site
        assert host is not None
        return host.body

    @property
    def source(self) -> str:
        """The file that the scene was read from, or its name in messages."""
        return self._source

    @property
    def folder(self) -> Path:
        """The folder of the scene's files."""
        return self._folder or Path.cwd()

    @property
    def craft_source(self) -> str | Path:
        """Model name or mesh file of the craft; see :meth:`model_source`."""
        return self._craft_override or self.model_source("craft.model", self.craft.model)

    def load_craft(self, key: str, part: ModelSection) -> Craft:
        """Load the craft of a section, with its materials and decals.

        Parameters
        ----------
        key : str
            Key path of the section, to name in errors.
        part : ModelSection
            The scene's ``craft``, or one of its ``objects``.

        Returns
        -------
        Craft
            Body axes, m.

        Raises
        ------
        UserError
            For a mesh or an image that cannot be used; the message names the key.
        """
        source = self.craft_source if part is self.craft else self.model_source(f"{key}.model", part.model)
        return load_finished_craft(source, part, key, self.resolve_file)

    def model_source(self, key: str, model: str) -> str | Path:
        """Resolve the value of a ``model`` key.

        Parameters
        ----------
        key : str
            Its key path, to name in errors.
        model : str
            Name of a shipped model, or a mesh file in the scene's folder.

        Returns
        -------
        str or Path
            The name or the file.

        Raises
        ------
        SceneError
            For an unknown name, or a path outside the scene's folder.
        """
        return find_model(self.folder, key, model)

    def resolve_file(self, key: str, name: str, what: str) -> Path:
        """Resolve a file name in the scene to a path in or below its folder, or to a file shipped with a scene.

        Parameters
        ----------
        key : str
            Key path of the file name, to name in errors.
        name : str
            File name, relative to the scene's folder.
        what : str
            What the file is, for the error message: ``"the mesh"``.

        Returns
        -------
        Path
            The file, which need not exist.

        Raises
        ------
        SceneError
            For a path outside the folder.
        """
        return find_scene_file(self.folder, key, name, what)

    def resolve(self) -> ResolvedScene:
        """Read the files that the scene names and compute its release; cached until the craft's files change.

        Returns
        -------
        ResolvedScene
            What all views of the scene share; ``scene.resolve().at("release+60s")`` is one of them.

        Raises
        ------
        UserError
            Impossible geometry, or a file that cannot be used; the message names the key.
        """
        from selfiesim.view.resolved_scene import resolve

        craft = self.load_craft("craft", self.craft)
        if self._resolved is None or self._resolved.craft is not craft:
            self._resolved = resolve(self, craft)
        return self._resolved  # type: ignore[no-any-return]

    def view(self, at: MomentLike | None = None) -> View:
        """Compute what the lens sees at a moment.

        Parameters
        ----------
        at : str, float, datetime or Epoch, optional
            A moment such as ``"release+60s"``, UTC, or seconds after the release; by default the scene's own.

        Returns
        -------
        View
            Its geometry, ready to render.

        Raises
        ------
        UserError
            Impossible geometry, or a file that does not cover the moment; names scene and key.
        """
        try:
            resolved = self.resolve()
        except (SceneError, EphemerisError, CcsdsError, MapError) as error:
            raise type(error)(f"{self._source}: {error}") from error
        return resolved.at(at)

    def studio(self, height: int = 720) -> NotebookStudio:
        """Set up the shot by hand in a notebook: as the last line of a cell it shows the studio's page.

        Parameters
        ----------
        height : int
            Height of the frame, CSS pixels.

        Returns
        -------
        NotebookStudio
            Runs until the kernel ends, or its ``stop()`` is called; needs ``selfiesim[studio]``.
        """
        from selfiesim.studio.notebook import NotebookStudio

        return NotebookStudio(self, height)

    def seconds(self, moment: str, key: str = "at") -> float:
        """Convert a moment of the scene to seconds after the release.

        Parameters
        ----------
        moment : str
            A moment such as ``"periapsis-30s"``, or a UTC time.
        key : str
            Key or option that gives it, to name in errors.

        Returns
        -------
        float
            s; negative before the release.

        Raises
        ------
        SceneError
            For a camera that is never released, or text that is not a moment.
        """
        return self.resolve().seconds(moment, key)

    def to_json(self) -> str:
        """The scene as JSON text with every default filled in.

        Returns
        -------
        str
            Indented JSON, keys as in the TOML file.
        """
        return json.dumps(self.model_dump(mode="json"), indent=2)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of scene files, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Scene.model_json_schema()
