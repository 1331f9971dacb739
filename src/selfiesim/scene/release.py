"""How the camera is released, or where it is mounted: the sections ``[release]`` and ``[mounted]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict, model_validator

from selfiesim.core.errors import ModelError
from selfiesim.scene.moments import Moment
from selfiesim.scene.section import Angle, Axis, Rate, Section, Vector3Value

if TYPE_CHECKING:
    from selfiesim.craft.description import Mount


class SpreadSection(Section):
    """Distribution of an error: ``normal`` gives the standard deviation, ``uniform`` the bounds."""

    normal: float | None = Field(None, ge=0, description="Standard deviation of a zero-mean normal distribution.")
    uniform: Annotated[tuple[float, float], Strict(False)] | None = Field(
        None, description="Lower and upper bound of the error."
    )

    @model_validator(mode="after")
    def _check_one_distribution(self) -> SpreadSection:
        if (self.normal is None) == (self.uniform is None):
            raise ValueError("give one of normal = 0.01 or uniform = [-0.01, 0.01]")
        if self.uniform and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform: the lower bound must not exceed the upper one")
        return self


class ScatterSection(Section):
    """Release errors for Monte Carlo runs; a render shows the nominal release."""

    speed_m_s: SpreadSection | None = Field(None, description="Error of the ejection speed.")
    spring_energy_j: SpreadSection | None = Field(None, description="Error of the spring energy, where that is given.")
    tilt_deg: SpreadSection | None = Field(None, description="Tilt of the push about each of two perpendicular axes.")
    tip_off_deg_s: SpreadSection | None = Field(None, description="Error of the tip-off rate about each camera axis.")
    spin_deg_s: SpreadSection | None = Field(None, description="Error of the spin rate about the push.")
    delay_s: SpreadSection | None = Field(None, description="Error of the release time.")
    seed: int = Field(0, ge=0, lt=2**63, description="Random seed.")

    @model_validator(mode="after")
    def _check_one_push_key(self) -> ScatterSection:
        if self.speed_m_s and self.spring_energy_j:
            raise ValueError("give speed_m_s or spring_energy_j, not both: the energy sets the speed")
        return self


class ReleaseSection(Section):
    """The ejection of the camera."""

    at: Moment = Field(
        description="Time of release: max-latitude, periapsis, apoapsis, cap-crossing or terminator, with an "
        "optional offset (max-latitude-30s), or a UTC time."
    )
    mount: str = Field("camera", description="A mount point named in the model's description.")
    axis: Axis | None = Field(None, description="Direction of the push in body axes; default: the axis of the mount.")
    speed_m_s: float = Field(0.2, gt=0, le=100, description="Ejection speed along the axis.")
    spring_energy_j: float | None = Field(
        None,
        gt=0,
        le=1e6,
        description="Energy of the spring, instead of the speed; needs camera.mass_kg and the mass of the craft.",
    )
    tilt_deg: Annotated[tuple[Angle, Angle], Strict(False)] = Field(
        (0.0, 0.0), description="Misalignment of the plunger: tilt of the push about two perpendicular axes."
    )
    spin_deg_s: Rate = Field(0.0, description="Spin rate of the camera about the push.")
    tip_off_deg_s: Annotated[tuple[Rate, Rate, Rate], Strict(False)] = Field(
        (0.0, 0.0, 0.0),
        description="Tip-off rates about the axes of the inner lens (right, down, forward).",
    )
    recoil: bool = Field(False, description="Whether the craft recoils; needs both masses.")
    scatter: ScatterSection | None = Field(None, description="Release errors, for drift --samples.")

    @model_validator(mode="after")
    def _check_release_time(self) -> ReleaseSection:
        if self.at.startswith("release"):
            raise ValueError(
                "release.at cannot be relative to the release itself; use max-latitude, periapsis or a UTC time"
            )
        if self.spring_energy_j is not None and "speed_m_s" in self.model_fields_set:
            raise ValueError("give speed_m_s or spring_energy_j, not both: the energy sets the speed")
        scatter = self.scatter
        if scatter and scatter.spring_energy_j and self.spring_energy_j is None:
            raise ValueError("scatter: spring_energy_j needs spring_energy_j; with a speed, scatter speed_m_s")
        if scatter and scatter.speed_m_s and self.spring_energy_j is not None:
            raise ValueError("scatter: speed_m_s needs speed_m_s; with an energy, scatter spring_energy_j")
        return self


class MountedSection(Section):
    """A camera that stays on the craft, on a wall or at the end of a boom, instead of being released."""

    mount: str = Field("camera", description="A mount point named in the model's description.")
    axis: Axis | None = Field(None, description="Direction of the boom in body axes; default: the axis of the mount.")
    out_m: float = Field(0.0, ge=0, le=1000, description="Length of the boom from the mount along the axis.")
    offset_m: Vector3Value | None = Field(
        None,
        description="Instead of a mount: position of the lens from the craft's origin, as on a stand next to it.",
    )
    axes: Literal["body", "local"] = Field(
        "local", description="Axes of offset_m: body axes of the craft, or east, north and up at the craft."
    )

    @model_validator(mode="after")
    def _check_one_placement(self) -> MountedSection:
        given = self.model_fields_set & {"mount", "axis", "out_m"}
        if self.offset_m is not None and given:
            raise ValueError(f"offset_m replaces the mount: remove {', '.join(sorted(given))}")
        return self


def changes_for_craft(
    release: ReleaseSection | None, mounted: MountedSection | None, craft: str | Path, own_craft: str | Path
) -> dict[str, Any]:
    """Return the changes of a scene's sections for another craft: the camera's mount, and its axis.

    A craft that lacks the mount gives its first one. One without any mounts leaves the scene's own direction, along
    which the camera then leaves its surface.

    Parameters
    ----------
    release, mounted : Section, optional
        The camera's.
    craft, own_craft : str or Path
        The other craft, and the one of the scene.
    """
    key, section = ("release", release) if release else ("mounted", mounted)
    if section is None or (mounted is not None and mounted.offset_m is not None):
        return {}
    mounts = _known_mounts(craft)
    if section.mount in mounts:
        return {f"{key}__axis": None}
    if mounts:
        return {f"{key}__mount": next(iter(mounts)), f"{key}__axis": None}
    own = _known_mounts(own_craft).get(section.mount)
    axis = section.axis or (own.axis if own else None)
    return {f"{key}__axis": None if axis is None else list(axis)}


def _known_mounts(craft: str | Path) -> dict[str, Mount]:
    """Mounts of a craft by name; none where it cannot be read, which loading it will report."""
    from selfiesim.craft.load import read_mounts

    try:
        return read_mounts(craft)
    except ModelError:
        return {}
