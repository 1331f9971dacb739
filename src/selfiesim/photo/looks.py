"""Looks: which effects are on, the tone curve and the finish; and how faithful each effect is to physics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selfiesim.scene.photo import PhotoSection


@dataclass(frozen=True)
class Look:
    """A style of development.

    Attributes
    ----------
    tone : str
        Name of the tone curve.
    sharpening : float
        Amount of the unsharp mask.
    jpeg_quality : int
        1 to 100.
    balanced : bool
        Whether white balance and colour matrix are applied.
    shading : float
        Fraction of the vignetting that is corrected, as an exponent.
    off : frozenset of str
        Effects that are off by default.
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

# Fidelity of each effect when it is on, and the reason.
EFFECT_FIDELITY = {
    "vignetting": ("physical", "cos^4 from the camera's own rays; the mount's share is assumed"),
    "diffraction": ("physical", "Airy pattern of a round aperture, cut at 24 pixels"),
    "defocus": ("approximated", "one disc for the whole picture, whatever the distance"),
    "glare": ("approximated", "Harvey's scatter law with assumed parameters"),
    "ghosts": ("artistic", "energy from the coatings' reflectance, positions and sizes of an assumed lens"),
    "sun_disc": ("physical", "a disc of the Sun's size and irradiance, without limb darkening"),
    "lateral_colour": ("approximated", "linear in the distance from the axis, assumed strength"),
    "dust": ("artistic", "specks at random positions"),
    "shot_noise": ("physical", "Poisson; above 20 electrons by Cornish and Fisher's expansion"),
    "read_noise": ("physical", "normal, the sensor's published or assumed width"),
    "dark_current": ("physical", "Poisson, the sensor's published or assumed mean"),
    "hot_pixels": ("approximated", "log-normal, assumed share"),
    "fixed_pattern": ("approximated", "columns only"),
    "prnu": ("physical", "normal, the sensor's published or assumed width"),
    "cosmic_rays": ("approximated", "straight tracks of minimum-ionising particles, isotropic flux"),
    "blooming": ("approximated", "along the column, in both directions"),
    "quantisation": ("physical", "rounded to the converter's digital numbers"),
    "mosaic": ("physical", "RGGB; demosaiced after Malvar, He and Cutler 2004"),
    "rolling_shutter": ("approximated", "the picture is shifted by its motion, row by row"),
    "shading": ("approximated", "part of the vignetting divided out"),
    "sharpening": ("artistic", "unsharp mask on the finished picture"),
    "jpeg": ("physical", "a real JPEG codec, 4:2:0"),
}
_NEEDS_COLOUR = {"mosaic", "lateral_colour"}


def enabled_effects(section: PhotoSection, is_colour: bool = True) -> frozenset[str]:
    """Names of the effects that are on for a ``[photo]`` section; those of colour need a colour sensor."""
    if section.look == "clean":
        return frozenset()
    off = LOOKS[section.look].off
    choices = {name: getattr(section.effects, name) for name in EFFECT_FIDELITY}
    on = {name for name, choice in choices.items() if choice or (choice is None and name not in off)}
    return frozenset(on if is_colour else on - _NEEDS_COLOUR)


def effects_report(section: PhotoSection, is_colour: bool = True) -> dict[str, dict[str, str]]:
    """Fidelity of each effect of a ``[photo]`` section, for the recipe.

    Parameters
    ----------
    section : PhotoSection
        The settings.
    is_colour : bool
        Whether the sensor has colour filters.

    Returns
    -------
    dict of str to dict
        By effect: ``is``, one of ``physical``, ``approximated``, ``artistic`` and ``off``, and ``why``.
    """
    on = enabled_effects(section, is_colour)
    entries = {name: {"is": kind if name in on else "off", "why": why} for name, (kind, why) in EFFECT_FIDELITY.items()}
    tone = section.tone or LOOKS[section.look].tone
    entries["motion_blur"] = {
        "is": "approximated" if section.motion_blur else "off",
        "why": "the mean of as many instants as the render has passes, for light, craft, ground and sky",
    }
    entries["tone"] = {"is": "physical" if tone == "linear" else "artistic", "why": f"the curve {tone!r}"}
    entries["colour"] = {
        "is": "approximated",
        "why": "three narrow bands, at 620, 550 and 460 nm, represent the spectrum",
    }
    return entries
