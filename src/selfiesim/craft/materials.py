"""A small library of spacecraft surface finishes, as metallic-roughness materials of glTF.

Colours are reflectances in the three bands. None is measured on a particular spacecraft. Foil, bare metals, mirrors
and solar cells have the hue that measured optical constants give, white paint and dust that of a measured spectrum
(design/colour.md, "Materials"); other hues are chosen by eye from published images (assumed). The total reflectance
follows published solar absorptances where a finish gives one (``solar_absorptance`` and ``source``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ASSUMED = "assumed"


@dataclass(frozen=True)
class Finish:
    """A surface finish.

    Attributes
    ----------
    base_color : (3,) float
        Reflectance in the bands; multiplies the texture.
    metallic, roughness : float
        0 to 1.
    texture_png : bytes, optional
        A PNG of the base colour texture, sRGB.
    clearcoat, clearcoat_roughness : float
        A clear layer on top, cover glass or varnish (KHR_materials_clearcoat).
    anisotropy, anisotropy_rotation : float
        Stretch of highlights along u, and the angle of that direction, rad (KHR_materials_anisotropy).
    ior, specular : float
        Refractive index of the dielectric part and weight of its specular reflection (KHR_materials_ior,
        KHR_materials_specular); a weight of 0 suits a surface that is rough down to its grains.
    law : str, optional
        Reflection law of regolith, see :class:`selfiesim.craft.model.Material`.
    solar_absorptance : float, optional
        Absorbed share of sunlight, as published for such a surface.
    source : str
        Source of the absorptance, or ``assumed``.
    """

    base_color: tuple[float, float, float]
    metallic: float
    roughness: float
    texture_png: bytes | None = None
    clearcoat: float = 0.0
    clearcoat_roughness: float = 0.0
    anisotropy: float = 0.0
    anisotropy_rotation: float = 0.0
    ior: float = 1.5
    specular: float = 1.0
    law: str | None = None
    solar_absorptance: float | None = None
    source: str = ASSUMED

    def with_dust(self, share: float) -> Finish:
        """Return the finish with a share, 0 to 1, of it covered by Martian dust, which is diffuse and not metallic."""
        r, g, b = (c + share * (d - c) for c, d in zip(self.base_color, DUST_REFLECTANCE, strict=True))
        return replace(
            self,
            base_color=(r, g, b),
            metallic=self.metallic * (1.0 - share),
            roughness=self.roughness + share * (0.95 - self.roughness),
            clearcoat=self.clearcoat * (1.0 - share),
            anisotropy=self.anisotropy * (1.0 - share),
            solar_absorptance=None,
            source=ASSUMED,
        )


DUST_REFLECTANCE = (0.292, 0.186, 0.091)
"""Reflectance of Martian dust in the bands: bright ground (Singer et al. 1979, J. Geophys. Res. 84, 8415)."""

_FORTESCUE = "Fortescue, Swinerd and Stark, Spacecraft Systems Engineering, 4th ed. 2011, table 11.3"

FINISHES: dict[str, Finish] = {
    # Aluminised Kapton, amber side out. Covers are 25 to 125 um thick, from lemon to brown; 75 um is the gold of
    # published pictures. It reflects mostly infrared, and less in the three bands.
    "gold_foil": Finish((0.625, 0.409, 0.117), 1.0, 0.34, solar_absorptance=0.40, source=_FORTESCUE),
    "silver_foil": Finish((0.854, 0.860, 0.866), 1.0, 0.30, solar_absorptance=0.14, source=_FORTESCUE),
    "black_kapton": Finish((0.022, 0.021, 0.020), 0.0, 0.50, solar_absorptance=0.95, source=_FORTESCUE),
    "white_paint": Finish((0.785, 0.780, 0.737), 0.0, 0.62, solar_absorptance=0.26, source=_FORTESCUE),
    "aluminium": Finish((0.745, 0.750, 0.755), 0.7, 0.42, solar_absorptance=0.24, source=_FORTESCUE),
    "cfrp": Finish((0.028, 0.028, 0.030), 0.0, 0.42, clearcoat=0.3, clearcoat_roughness=0.35),
    # The texture has the colour; under the cover glass, the fingers of the contact grid run along u.
    "solar_cell": Finish(
        (1.0, 1.0, 1.0),
        0.0,
        0.28,
        clearcoat=1.0,
        clearcoat_roughness=0.06,
        anisotropy=0.6,
        solar_absorptance=0.88,
        source=_FORTESCUE,
    ),
    "dish_silver": Finish((0.76, 0.76, 0.77), 0.75, 0.48),
    "nozzle_niobium": Finish((0.13, 0.12, 0.12), 0.7, 0.45),  # silicide-coated niobium: dark grey
    "tank_titanium": Finish((0.422, 0.405, 0.383), 0.75, 0.36, solar_absorptance=0.60, source=_FORTESCUE),
    # Optical solar reflectors: silver behind glass, which look white where they reflect the craft or the planet.
    "radiator_white": Finish(
        (0.894, 0.890, 0.884),
        0.0,
        0.30,
        clearcoat=1.0,
        clearcoat_roughness=0.04,
        solar_absorptance=0.07,
        source=_FORTESCUE,
    ),
    "glass": Finish((0.012, 0.014, 0.022), 0.0, 0.06, clearcoat=1.0, clearcoat_roughness=0.02),
    # The flag's sRGB colours on screens, de2910 and ffde00.
    "flag_red": Finish((0.543, 0.114, 0.026), 0.0, 0.55),
    "flag_gold": Finish((0.899, 0.713, 0.145), 0.0, 0.50),
    "thruster_black": Finish((0.035, 0.033, 0.032), 0.3, 0.50),
    # The capsule's thermal coating: white with a silver sheen, between CNSA's "silver" and other authors' "white".
    "capsule_silver": Finish((0.80, 0.80, 0.79), 0.35, 0.42),
    "heat_shield": Finish((0.62, 0.61, 0.59), 0.15, 0.60),
    # Stretched aluminised polyimide, 7.5 um thick, metal side out: a mirror with ripples.
    "sail_film": Finish((0.844, 0.850, 0.856), 0.78, 0.24, solar_absorptance=0.14, source=_FORTESCUE),
    "steering_film": Finish((0.50, 0.51, 0.52), 0.2, 0.45),  # liquid crystal that switches from clear to milky
    # Rock as dark as coal, rough down to its grains. Ryugu: geometric albedo 0.045 at 550 nm, flat over the bands
    # (Sugita et al. 2019), 2/3 of these reflectances; it dims with the phase angle as its law says.
    "dark_rubble": Finish((0.0699, 0.0684, 0.0669), 0.0, 1.0, specular=0.0, law="c-type"),
    "dark_rock": Finish((0.0793, 0.0777, 0.0747), 0.0, 0.95, specular=0.0, law="c-type"),
    "thin_cell": Finish((0.030, 0.027, 0.040), 0.1, 0.25, clearcoat=0.8, clearcoat_roughness=0.10),  # amorphous silicon
}
FINISHES |= {
    f"{name}_dusted": FINISHES[name].with_dust(share)
    for name, share in [
        ("gold_foil", 0.25),
        ("silver_foil", 0.18),
        ("white_paint", 0.18),
        ("aluminium", 0.22),
        ("cfrp", 0.25),
        ("solar_cell", 0.10),
    ]
}

# Strength of crumpling and facet size, m, both chosen by eye (assumed); glTF has no equivalent.
CRUMPLE_BY_FINISH: dict[str, tuple[float, float]] = {
    "gold_foil": (0.40, 0.085),
    "silver_foil": (0.40, 0.06),
    "black_kapton": (0.30, 0.08),
    "sail_film": (0.035, 0.30),
    "dark_rubble": (0.55, 3.0),
    "dark_rock": (0.35, 2.5),
}
