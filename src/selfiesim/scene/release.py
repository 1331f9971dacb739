"""How the camera leaves, or where it stays: the sections ``[release]`` and ``[mounted]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from selfiesim.scene.moments import Moment
from selfiesim.scene.section import Angle, Axis, Rate, Section, Vector3Value


class SpreadSection(Section):
    """How far a number may be off: ``normal`` gives the standard deviation, ``uniform`` the lowest and highest."""

    normal: float | None = Field(None, ge=0, description="Standard deviation, about no error.")
    uniform: Annotated[tuple[float, float], Strict(False)] | None = Field(None, description="Lowest and highest error.")

    @model_validator(mode="after")
    def _check_one_distribution(self) -> SpreadSection:
        if (self.normal is None) == (self.uniform is None):
            raise ValueError("give one of normal = 0.01 or uniform = [-0.01, 0.01]")
        if self.uniform and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform: the first number must not be above the second")
        return self


class ScatterSection(Section):
    """How releases differ from one to the next, for clouds of paths; the picture shows the release as planned."""

    speed_m_s: SpreadSection | None = Field(None, description="Error of the spring's speed.")
    spring_energy_j: SpreadSection | None = Field(
        None, description="Error of the spring's energy, where that is given."
    )
    tilt_deg: SpreadSection | None = Field(None, description="Lean of the push, in each of two directions across it.")
    tip_off_deg_s: SpreadSection | None = Field(
        None, description="Error of the tip-off, about each of the camera's axes."
    )
    spin_deg_s: SpreadSection | None = Field(None, description="Error of the spin about the push.")
    delay_s: SpreadSection | None = Field(None, description="Error of the time of release.")
    seed: int = Field(0, ge=0, lt=2**63, description="Another seed throws other dice.")

    @model_validator(mode="after")
    def _check_one_push_key(self) -> ScatterSection:
        if self.speed_m_s and self.spring_energy_j:
            raise ValueError("give speed_m_s or spring_energy_j, not both: the energy makes the speed")
        return self


class ReleaseSection(Section):
    """The push-off."""

    at: Moment = Field(
        description="When: max-latitude, periapsis, apoapsis, cap-crossing or terminator, with an offset if wanted "
        "(max-latitude-30s), or a UTC time."
    )
    mount: str = Field("camera", description="A mount named in the model's description.")
    axis: Axis | None = Field(None, description="Direction of the push in body axes; default: the mount's own.")
    speed_m_s: float = Field(0.2, gt=0, le=100, description="Speed the spring gives along the axis.")
    spring_energy_j: float | None = Field(
        None, gt=0, le=1e6, description="Instead of the speed; needs camera.mass_kg and the craft's mass."
    )
    tilt_deg: Annotated[tuple[Angle, Angle], Strict(False)] = Field(
        (0.0, 0.0), description="The plunger is out of true: lean of the push toward two directions across it."
    )
    spin_deg_s: Rate = Field(0.0, description="Spin the camera leaves with, about the push.")
    tip_off_deg_s: Annotated[tuple[Rate, Rate, Rate], Strict(False)] = Field(
        (0.0, 0.0, 0.0),
        description="Further turning it leaves with, about its inner lens' axes (right, down, forward).",
    )
    recoil: bool = Field(False, description="Push the craft back as well; needs both masses.")
    scatter: ScatterSection | None = Field(None, description="How releases differ, for drift --samples.")

    @model_validator(mode="after")
    def _check_release_time(self) -> ReleaseSection:
        if self.at.startswith("release"):
            raise ValueError("release.at cannot be counted from the release; use max-latitude, periapsis or a UTC time")
        if self.spring_energy_j is not None and "speed_m_s" in self.model_fields_set:
            raise ValueError("give speed_m_s or spring_energy_j, not both: the energy makes the speed")
        scatter = self.scatter
        if scatter and scatter.spring_energy_j and self.spring_energy_j is None:
            raise ValueError("scatter: spring_energy_j goes with spring_energy_j; with a speed, scatter speed_m_s")
        if scatter and scatter.speed_m_s and self.spring_energy_j is not None:
            raise ValueError("scatter: speed_m_s goes with speed_m_s; with an energy, scatter spring_energy_j")
        return self


class MountedSection(Section):
    """A camera that stays on the craft, on a wall or at the end of a boom, instead of one that is released."""

    mount: str = Field("camera", description="A mount named in the model's description.")
    axis: Axis | None = Field(None, description="Direction of the boom in body axes; default: the mount's own.")
    out_m: float = Field(0.0, ge=0, le=1000, description="Length of the boom, from the mount along the axis.")
    offset_m: Vector3Value | None = Field(
        None,
        description="Instead of a mount: where the lens is, from the craft's origin, as on a stand beside it.",
    )
    axes: Literal["body", "local"] = Field(
        "local", description="Of offset_m: the craft's body axes, or east, north and up where the craft is."
    )

    @model_validator(mode="after")
    def _check_one_placement(self) -> MountedSection:
        given = self.model_fields_set & {"mount", "axis", "out_m"}
        if self.offset_m is not None and given:
            raise ValueError(f"offset_m stands instead of a mount: take away {', '.join(sorted(given))}")
        return self
