"""Further craft in the picture: the ``[[objects]]`` of a scene."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from selfiesim.core.config_validation import did_you_mean
from selfiesim.motion.pointing_laws import TARGETS
from selfiesim.scene.attitude import AttitudeSection
from selfiesim.scene.craft import ModelSection
from selfiesim.scene.host import OrbitSection
from selfiesim.scene.release import ReleaseSection
from selfiesim.scene.section import Positive, Vector3Value


class ObjectSection(ModelSection):
    """A further craft: at an offset from the first, on an orbit of its own, or released by the first."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,30}$", description="Name in messages, layers and camera.target; lower case."
    )
    offset_m: Vector3Value | None = Field(None, description="Offset from the craft's origin to its own.")
    axes: Literal["body", "local"] = Field(
        "local", description="Axes of offset_m: body axes of the craft, or east, north and up at the craft."
    )
    orbit: OrbitSection | None = Field(None, description="Instead: an orbit of its own about the same body.")
    release: ReleaseSection | None = Field(
        None,
        description="Instead: released by the craft, with +Z along the push, then tumbling freely.",
    )
    attitude: AttitudeSection | None = Field(
        None, description="Attitude; default: that of the craft, or tumbling if it was released."
    )
    mass_kg: float | None = Field(None, gt=0, le=1e7, description="Mass of a released object.")
    inertia_kg_m2: Annotated[tuple[Positive, Positive, Positive], Strict(False)] = Field(
        (1.0, 1.0, 1.0), description="Principal moments of inertia for tumbling; only their ratios matter."
    )

    @model_validator(mode="after")
    def _check_one_placement(self) -> ObjectSection:
        given = [key for key in ("offset_m", "orbit", "release") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(
                f"{self.name}: {' and '.join(given) or 'no position'}: give one of offset_m, orbit, release"
            )
        return self


def check_target(target: str, objects: tuple[ObjectSection, ...]) -> None:
    """Check that ``target`` names the craft, an object, or one of :data:`selfiesim.motion.pointing_laws.TARGETS`.

    Raises
    ------
    ValueError
        Lists the valid names.
    """
    names = ["craft", *(part.name for part in objects)]
    if target not in (*names, *TARGETS):
        near = did_you_mean(target, [*names, *TARGETS])
        raise ValueError(f"camera.target: unknown target {target!r}{near}; objects: {names}; directions: {TARGETS}")
