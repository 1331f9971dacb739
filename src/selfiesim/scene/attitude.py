"""The section ``[attitude]``: how the craft is oriented."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from selfiesim.scene.section import Axis, FileName, Quaternion, Rate, Section

PointingTarget = Literal["sun", "earth", "nadir", "zenith", "velocity", "orbit-normal", "north", "east"]


class PointingSection(Section):
    """A body axis and the target that it points at."""

    axis: Axis = Field(description="Direction in the craft's body axes.")
    toward: PointingTarget = Field(description="Target of the axis.")


class AttitudeSection(Section):
    """Attitude of the craft: two pointed axes, a fixed quaternion, or a file."""

    primary: PointingSection = Field(
        PointingSection(axis=(0.0, 0.0, -1.0), toward="sun"),
        description="The body axis that points exactly at its target.",
    )
    secondary: PointingSection = Field(
        PointingSection(axis=(1.0, 0.0, 0.0), toward="earth"),
        description="A second axis, as close to its target as the first allows.",
    )
    quaternion_icrf_to_body: Quaternion | None = Field(
        None, description="Inertially fixed attitude: x, y, z, w of the rotation from ICRF to body axes."
    )
    aem: FileName | None = Field(
        None, description="A CCSDS Attitude Ephemeris Message next to the scene file: KVN, XML or JSON."
    )
    object_id: str = Field("", max_length=100, description="Object to use when the AEM holds several.")
    ck_frame: str | None = Field(
        None, max_length=100, description="SPICE name of the body frame, from `kernels` with a CK."
    )
    spin_deg_s: Rate = Field(
        0.0, description="Spin rate about the primary axis; the attitude above holds at the release."
    )

    @model_validator(mode="after")
    def _check_one_attitude_source(self) -> AttitudeSection:
        fixed = [key for key in ("quaternion_icrf_to_body", "aem", "ck_frame") if getattr(self, key) is not None]
        pointed = [key for key in ("primary", "secondary") if key in self.model_fields_set]
        if len(fixed) > 1:
            raise ValueError(f"give {fixed[0]} or {fixed[1]}, not both")
        if fixed and (pointed or self.spin_deg_s):
            raise ValueError(f"{fixed[0]} sets the whole attitude; remove {(*pointed, 'spin_deg_s')[0]}")
        return self
