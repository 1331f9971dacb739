"""Looks: which effects are on, which tone curve, how the picture is finished; and how true each effect is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selfiesim.scene.photo import PhotoSection


@dataclass(frozen=True)
class Look:
    """How a picture is finished.

    ``balanced`` tells whether colours are put right (white balance and colour matrix), ``shading`` which share of the
    vignetting is evened out, ``off`` which effects are off.
    """

    tone: str
    sharpening: float
    jpeg_quality: int
    balanced: bool
    shading: float
    off: frozenset[str]


_OFF_BY_DEFAULT = {"defocus", "rolling_shutter"}

LOOKS = {
    "clean": Look("shoulder", 0.0, 100, True, 0.0, frozenset()),
    "raw": Look("linear", 0.0, 100, False, 0.0, frozenset({*_OFF_BY_DEFAULT, "sharpening", "jpeg", "shading"})),
    "onboard": Look("shoulder", 1.0, 78, True, 0.6, frozenset(_OFF_BY_DEFAULT)),
    "press": Look("filmic", 0.6, 95, True, 0.85, frozenset({*_OFF_BY_DEFAULT, "jpeg", "dust"})),
}

# What each effect is made of: its standing when it is on, and why.
EFFECT_FIDELITY = {
    "vignetting": ("physical", "cos^4 from the camera's own rays; the mount's share is assumed"),
    "diffraction": ("physical", "Airy pattern of a round aperture, cut at 24 pixels"),
    "defocus": ("approximated", "one disc for the whole picture, whatever the distance"),
    "glare": ("approximated", "Harvey's scatter law with assumed numbers"),
    "ghosts": ("artistic", "energy from the coatings' reflectance, places and sizes of an assumed lens"),
    "sun_disc": ("physical", "a disc of the Sun's size and light, without limb darkening"),
    "lateral_colour": ("approximated", "linear in the distance from the axis, assumed strength"),
    "dust": ("artistic", "specks where chance puts them"),
    "shot_noise": ("physical", "Poisson; above 20 electrons by Cornish and Fisher's expansion"),
    "read_noise": ("physical", "normal, the sensor's published or assumed width"),
    "dark_current": ("physical", "Poisson, the sensor's published or assumed mean"),
    "hot_pixels": ("approximated", "log-normal, assumed share"),
    "fixed_pattern": ("approximated", "columns only"),
    "prnu": ("physical", "normal, the sensor's published or assumed width"),
    "cosmic_rays": ("approximated", "straight tracks of minimum-ionising particles, isotropic flux"),
    "blooming": ("approximated", "along the column, both ways"),
    "quantisation": ("physical", "the converter's whole numbers"),
    "mosaic": ("physical", "RGGB; put together again after Malvar, He and Cutler 2004"),
    "rolling_shutter": ("approximated", "what is seen is shifted by its motion, row by row"),
    "shading": ("approximated", "part of the vignetting divided out"),
    "sharpening": ("artistic", "unsharp mask on the finished picture"),
    "jpeg": ("physical", "a real JPEG coder, 4:2:0"),
}
_NEEDS_COLOUR = {"mosaic", "lateral_colour"}


def enabled_effects(part: PhotoSection, colour: bool = True) -> frozenset[str]:
    """Names of the effects that are on for a scene's ``[photo]``; a sensor without ``colour`` has no mosaic."""
    if part.look == "clean":
        return frozenset()
    off = LOOKS[part.look].off
    wanted = {name: getattr(part.effects, name) for name in EFFECT_FIDELITY}
    on = {name for name, choice in wanted.items() if choice or (choice is None and name not in off)}
    return frozenset(on if colour else on - _NEEDS_COLOUR)


def receipt(part: PhotoSection, colour: bool = True) -> dict[str, dict[str, str]]:
    """For each effect, whether it is ``physical``, ``approximated``, ``artistic`` or ``off``, and why."""
    on = enabled_effects(part, colour)
    entries = {name: {"is": kind if name in on else "off", "why": why} for name, (kind, why) in EFFECT_FIDELITY.items()}
    tone = part.tone or LOOKS[part.look].tone
    entries["motion_blur"] = {
        "is": "approximated" if part.motion_blur else "off",
        "why": "as many instants as the picture has passes, for light, craft, ground and sky",
    }
    entries["tone"] = {"is": "physical" if tone == "linear" else "artistic", "why": f"the curve {tone!r}"}
    entries["colour"] = {
        "is": "approximated",
        "why": "three narrow bands, at 620, 550 and 460 nm, stand for the spectrum",
    }
    return entries
