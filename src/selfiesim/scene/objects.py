"""Further craft in the picture: the ``[[objects]]`` of a scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, Strict, model_validator

from selfiesim.core.config_validation import did_you_mean
from selfiesim.motion.pointing_laws import TARGETS
from selfiesim.scene.attitude import AttitudeSection
from selfiesim.scene.craft import ModelSection
from selfiesim.scene.host import OrbitSection
from selfiesim.scene.release import ReleaseSection
from selfiesim.scene.section import Positive, Vector3Value

if TYPE_CHECKING:
    pass


MAX_OBJECTS = 32


class ObjectSection(ModelSection):
    """A further craft: beside the first one, on an orbit of its own, or pushed off by the first."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,30}$", description="What messages, layers and camera.target call it; lower case."
    )
    offset_m: Vector3Value | None = Field(None, description="From the craft's origin to its own.")
    axes: Literal["body", "local"] = Field(
        "local", description="Of offset_m: the craft's body axes, or east, north and up where the craft is."
    )
    orbit: OrbitSection | None = Field(None, description="An orbit of its own about the same body, instead.")
    release: ReleaseSection | None = Field(
        None,
        description="Pushed off from the craft, instead: as released it has its +Z along the push, and tumbles on.",
    )
    attitude: AttitudeSection | None = Field(
        None, description="How it is turned; default: as the craft is, or tumbling if it was released."
    )
    mass_kg: float | None = Field(None, gt=0, le=1e7, description="Of a released object.")
    inertia_kg_m2: Annotated[tuple[Positive, Positive, Positive], Strict(False)] = Field(
        (1.0, 1.0, 1.0), description="Moments about its own axes, for tumbling; only their ratios matter."
    )

    @model_validator(mode="after")
    def _check_one_placement(self) -> ObjectSection:
        given = [key for key in ("offset_m", "orbit", "release") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"{self.name}: {' and '.join(given) or 'no place'}: give one of offset_m, orbit, release")
        return self


def check_target(target: str, objects: tuple[ObjectSection, ...]) -> None:
    """Check that ``target`` names the craft, an object, or one of :data:`selfiesim.motion.pointing_laws.TARGETS`.

    Raises
    ------
    ValueError
        With the names there are.
    """
    names = ["craft", *(part.name for part in objects)]
    if target not in (*names, *TARGETS):
        near = did_you_mean(target, [*names, *TARGETS])
        raise ValueError(f"camera.target: there is no {target!r}{near}; in the picture: {names}; directions: {TARGETS}")
