"""The section ``[planet]``: map, weather and reflection law."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from selfiesim.planet.readers.conventions import Conventions
from selfiesim.scene.section import FileName, Section


class MapSection(Conventions):
    """A colour map of the planet next to the scene file, and its conventions."""

    file: FileName = Field(
        description="An image or GeoTIFF next to the scene file; {face} or {x} and {y} stand for tiles."
    )
    tone: Literal["measured", "own"] | None = Field(
        None,
        description="measured: matched to the measured reflectance, default on Mars; own: as it is, default elsewhere.",
    )
    credits: str = Field("", max_length=1000, description="Credit line, recorded in the recipe.")
    cap: Literal["auto", "own", "default"] = Field(
        "auto",
        description=(
            "Polar caps of Mars: own, the file's; default, the default map's; auto, the file's if it is finer than the"
            " default's and not overexposed."
        ),
    )


class PlanetSection(Section):
    """Appearance of the planet."""

    map: MapSection | FileName | None = Field(
        None,
        description="Another colour map: a name in the library (selfiesim maps list), or a file next to the scene.",
    )
    shape: FileName | None = Field(
        None,
        description="A mesh file (OBJ, PLY, ...) of the body's shape next to the scene, in km or m, axes body-fixed: "
        "in place of the ellipsoid of a small body.",
    )
    dust_opacity: Literal["seasonal"] | Annotated[float, Field(ge=0, le=10)] = Field(
        "seasonal",
        description="Vertical optical depth of dust in the air of Mars at 550 nm; seasonal: by latitude, 0.1 to 0.5.",
    )
    dust_top_km: Literal["seasonal"] | Annotated[float, Field(ge=10, le=80)] = Field(
        "seasonal", description="Height at which the dust ends; seasonal: by latitude, 10 to 55, and more in a storm."
    )
    frost: bool = Field(True, description="Whether to add the seasonal frost of the date on Mars.")
    cloud_opacity: Literal["seasonal"] | Annotated[float, Field(ge=0, le=5)] = Field(
        "seasonal", description="Optical depth of thin water-ice clouds over the tropics of Mars at 550 nm; 0 for none."
    )
    hood_opacity: Literal["seasonal"] | Annotated[float, Field(ge=0, le=5)] = Field(
        "seasonal", description="Optical depth of the hood of water ice over the winter pole of Mars; 0 for none."
    )
    gas: float = Field(
        1.0, ge=0, le=10, description="Column of gas, which scatters blue light, relative to the usual one."
    )
    haze_layer_opacity: float = Field(
        0.0, ge=0, le=1, description="Vertical optical depth of a detached haze layer above the limb of Mars."
    )
    haze_layer_height_km: float = Field(
        50.0, ge=20, le=120, description="Height of the middle of the haze layer (assumed)."
    )
    haze_layer_thickness_km: float = Field(8.0, ge=1, le=40, description="Thickness of the haze layer (assumed).")
    aerosol_opacity: float = Field(
        0.14, ge=0, le=3, description="Vertical optical depth of the aerosol in the air of the Earth at 550 nm."
    )
    cloud_cover: float = Field(
        0.64, ge=0, le=1, description="Share of the Earth under clouds, which are invented (assumed); 0 for none."
    )
    cloud_seed: int = Field(0, ge=0, le=2**31, description="Which clouds: each number gives others.")
    wind_m_s: float = Field(
        7.0, ge=0, le=30, description="Wind over the sea of the Earth, by which the Sun's glint is wide (assumed)."
    )
    shadows: bool = Field(True, description="Whether the relief of the planet casts shadows on it.")
    law: (
        Literal["mars", "hapke", "lunar", "mercury", "c-type", "lunar-lambert", "lommel-seeliger", "lambert"] | None
    ) = Field(None, description="Reflection law (BRDF) of bare ground; default: that of the body.")
