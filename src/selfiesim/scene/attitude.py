"""The section ``[attitude]``: how the craft is oriented."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from selfiesim.scene.section import Axis, FileName, Quaternion, Rate, Section

PointingTarget = Literal["sun", "earth", "nadir", "zenith", "velocity", "orbit-normal", "north", "east"]


class PointingSection(Section):
    """One body axis and what it points at."""

    axis: Axis = Field(description="Direction in the craft's body axes.")
    toward: PointingTarget = Field(description="What the axis points at.")


class AttitudeSection(Section):
    """How the craft is turned: two pointed axes, a fixed quaternion, or what a file says."""

    primary: PointingSection = Field(
        PointingSection(axis=(0.0, 0.0, -1.0), toward="sun"), description="A body axis that points exactly."
    )
    secondary: PointingSection = Field(
        PointingSection(axis=(1.0, 0.0, 0.0), toward="earth"),
        description="A second axis, as near to its target as the first allows.",
    )
    quaternion_icrf_to_body: Quaternion | None = Field(
        None, description="Held still among the stars: x, y, z, w of the rotation from ICRF to body axes."
    )
    aem: FileName | None = Field(None, description="A CCSDS Attitude Ephemeris Message beside the scene.")
    object_id: str = Field("", max_length=100, description="Whose attitude, when the AEM holds several.")
    ck_frame: str | None = Field(
        None, max_length=100, description="SPICE's name of the body axes, from `kernels` with a CK."
    )
    spin_deg_s: Rate = Field(0.0, description="Turns the craft about its primary axis, from the release on and before.")

    @model_validator(mode="after")
    def _check_one_attitude_source(self) -> AttitudeSection:
        fixed = [key for key in ("quaternion_icrf_to_body", "aem", "ck_frame") if getattr(self, key) is not None]
        pointed = [key for key in ("primary", "secondary") if key in self.model_fields_set]
        if len(fixed) > 1:
            raise ValueError(f"give {fixed[0]} or {fixed[1]}, not both")
        if fixed and (pointed or self.spin_deg_s):
            raise ValueError(f"{fixed[0]} says all; take {(*pointed, 'spin_deg_s')[0]} away")
        return self
