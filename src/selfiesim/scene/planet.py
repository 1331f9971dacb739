"""What a scene says of its planet: the map, the weather, how the ground reflects."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from selfiesim.planet.readers.conventions import Conventions
from selfiesim.scene.section import FileName, Section


class MapSection(Conventions):
    """A colour map of the planet beside the scene, and how it lies."""

    file: FileName = Field(
        description="A picture or GeoTIFF beside the scene; {face} or {x} and {y} stand for several."
    )
    tone: Literal["measured", "own"] | None = Field(
        None, description="measured: in the tones measured on Mars, the default there; own: its own, elsewhere."
    )
    credits: str = Field("", max_length=1000, description="Whom to thank; goes into the recipe.")


class PlanetSection(Section):
    """The planet's looks."""

    map: MapSection | FileName | None = Field(
        None, description="Another colour map: a name in the library (selfiesim maps list), or a file beside the scene."
    )
    dust_opacity: Literal["seasonal"] | Annotated[float, Field(ge=0, le=10)] = Field(
        "seasonal",
        description="Vertical optical depth of the dust in Mars' air at 550 nm; 0 is clear; seasonal: 0.2 to 0.45.",
    )
    frost: bool = Field(True, description="Whether Mars wears the seasonal frost of the date.")
    cloud_opacity: float = Field(
        0.0, ge=0, le=5, description="Optical depth of thin water-ice clouds over Mars' tropics, at 550 nm."
    )
    hood_opacity: float = Field(0.0, ge=0, le=5, description="Optical depth of the hood of haze over the winter pole.")
    gas: float = Field(
        1.0, ge=0, le=10, description="The gas of Mars' air, which scatters blue light, over its usual amount."
    )
    haze_layer_opacity: float = Field(
        0.0, ge=0, le=1, description="Vertical optical depth of a detached layer of haze above Mars' limb."
    )
    haze_layer_height_km: float = Field(50.0, ge=20, le=120, description="Height of its middle (assumed).")
    haze_layer_thickness_km: float = Field(8.0, ge=1, le=40, description="From its lower to its upper end (assumed).")
    law: Literal["mars", "hapke", "lunar", "lunar-lambert", "lommel-seeliger", "lambert"] | None = Field(
        None, description="How bare ground shares light among directions; default: the body's own."
    )
