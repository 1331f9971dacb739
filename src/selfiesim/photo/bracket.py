"""Exposure diagnostics: histogram, clipping by subject, advice in one sentence, and a sheet of bracketed exposures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write
from selfiesim.photo.exposure import (
    BLACK_LEVEL,
    CLIPPED_LEVEL,
    CRAFT_HIGHLIGHTS,
    luminance,
    stops_held,
    sunlit_craft,
)

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo
    from selfiesim.render.common.radiance import Radiance

BRACKET_STOPS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)
_CLIPPED_SHARE_LIMIT = 0.25  # clipped share of a subject above which the advice is to darken
_BINS = 32


def exposure_report(photo: Photo) -> dict[str, Any]:
    """Exposure, histogram, and clipping of craft, planet and sky.

    Parameters
    ----------
    photo : Photo
        The photograph.

    Returns
    -------
    dict
        JSON-ready. ``histogram`` counts the brightest colour of each pixel in 32 bins. ``parts`` holds, for each of
        craft, planet and sky in the frame, its ``share`` of all pixels, the shares of its own pixels that are
        ``white`` and ``black``, and its ``median`` of 0 to 255. ``sunlit_craft_white`` is the share of sunlit craft
        that is white, and ``contrast_stops`` by how many stops its highlights are brighter than the
        planet; both are None where there is none of it. ``stops_held`` is how many stops the look holds between black
        and white. ``advice`` is one sentence.
    """
    part = photo.radiance.truth.part
    brightest = photo.pixels.max(axis=-1)
    masks = {"craft": part >= 2, "planet": part == 1, "sky": part == 0}
    parts = {
        name: {
            "share": float(mask.mean()),
            "white": float((brightest[mask] >= CLIPPED_LEVEL).mean()),
            "black": float((brightest[mask] <= BLACK_LEVEL).mean()),
            "median": float(np.median(brightest[mask])),
        }
        for name, mask in masks.items()
        if mask.any()
    }
    summary = {
        "exposure": str(photo.exposure),
        "shutter_s": photo.exposure.shutter_s,
        "metered": photo.exposure.metered,
        "look": photo.settings.look,
        "tone": photo.tone,
        "histogram": np.histogram(brightest, _BINS, (0, 256))[0].tolist(),
        "parts": parts,
    }
    sunlit = sunlit_craft(photo.radiance.truth)
    white = float((brightest[sunlit] >= CLIPPED_LEVEL).mean()) if sunlit.any() else None
    summary |= {
        "sunlit_craft_white": white,
        "contrast_stops": _contrast_stops(photo),
        "stops_held": stops_held(photo.tone, photo.sensor is not None),
    }
    return summary | {"advice": _advice(photo, parts)}


def _contrast_stops(photo: Photo) -> float | None:
    """How many stops the highlights of sunlit craft are brighter than the planet's median."""
    light = luminance(photo.radiance.rgb)
    craft, planet = light[sunlit_craft(photo.radiance.truth)], light[photo.radiance.truth.part == 1]
    if not len(craft) or not len(planet) or not np.median(planet) > 0.0:
        return None
    return float(np.log2(np.quantile(craft, 1.0 - CRAFT_HIGHLIGHTS) / np.median(planet)))


def _advice(photo: Photo, parts: dict[str, dict[str, float]]) -> str:
    """One sentence: why the frame is black or white, and which setting to change."""
    exposure_key = "photo.stops" if photo.exposure.metered else "photo.shutter_s"
    subjects = [name for name in ("craft", "planet") if name in parts]
    if not subjects:
        return "Black because only sky is in the frame; change camera.place, camera.up or the moment (at)."
    sun_visible_fraction = photo.radiance.view.craft.sun_visible_fraction
    white = [name for name in subjects if parts[name]["white"] > _CLIPPED_SHARE_LIMIT]
    black = [name for name in subjects if parts[name]["black"] > 0.5]
    if set(black) == set(subjects):
        if sun_visible_fraction == 0.0:
            return "Black because the planet hides the Sun from the craft; choose another moment (at)."
        return (
            f"Black because {_exposure_settings_text(photo)} lets in too little light; "
            f"try photo.shutter_s = 'auto', or {_brighten_advice(exposure_key)}."
        )
    contrast = _contrast_stops(photo)
    held = stops_held(photo.tone, photo.sensor is not None)
    if contrast is not None and contrast > held:
        return (
            f"No exposure of this look shows both: the craft's highlights are {contrast:.1f} stops brighter than the "
            f"planet, and it holds {held:.1f} from black to white. "
            'photo.meter = "subject" keeps the craft, photo.stops above 0 the planet.'
        )
    if white:
        where = " and the ".join(white)
        return (
            f"White where the {where} is, because {_exposure_settings_text(photo)} lets in too much light; "
            f"{_darken_advice(exposure_key)}."
        )
    if black:
        in_shadow = black == ["craft"] and sun_visible_fraction == 0.0
        why = "is in the planet's shadow" if in_shadow else "gets far less light"
        advice = _brighten_advice(exposure_key)
        return f"The {black[0]} is black because it {why}; {advice} if it matters more than the rest."
    return "Well exposed: neither craft nor planet is black or white over large parts."


def _exposure_settings_text(photo: Photo) -> str:
    return f"1/{1.0 / photo.exposure.shutter_s:.4g} s at f/{photo.exposure.f_number:g}, ISO {photo.exposure.iso:.0f}"


def _brighten_advice(exposure_key: str) -> str:
    return "raise photo.stops by 1 or 2" if exposure_key == "photo.stops" else "double photo.shutter_s once or twice"


def _darken_advice(exposure_key: str) -> str:
    return "lower photo.stops by 1 or 2" if exposure_key == "photo.stops" else "halve photo.shutter_s once or twice"


def format_exposure_report(report: dict[str, Any]) -> str:
    """Format the report as text: exposure, histogram, shares and advice."""
    bars = " .:-=+*#%@"
    top = max(max(report["histogram"]), 1)
    line = "".join(bars[min(int(9.999 * (count / top) ** 0.5), 9)] for count in report["histogram"])
    rows = [f"{report['exposure']}, look {report['look']}, tone {report['tone']}", f"black |{line}| white"]
    rows += [
        f"{name:7s} {100 * one['share']:5.1f} % of the frame, {100 * one['white']:5.1f} % of it white, "
        f"{100 * one['black']:5.1f} % black, median {one['median']:.0f} of 255"
        for name, one in report["parts"].items()
    ]
    if report["sunlit_craft_white"] is not None:
        rows.append(f"{100 * report['sunlit_craft_white']:.1f} % of the sunlit craft is white")
    if report["contrast_stops"] is not None:
        rows.append(
            f"the craft's highlights are {report['contrast_stops']:+.1f} stops from the planet; the look holds "
            f"{report['stops_held']:.1f} from black to white"
        )
    return "\n".join([*rows, report["advice"]])


def save_bracket_sheet(radiance: Radiance, path: Path) -> Path:
    """Write a contact sheet of nine exposures, from 4 stops less to 4 more, labelled with their settings.

    Parameters
    ----------
    radiance : Radiance
        The rendered light.
    path : Path
        A ``.png`` file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        For another file name extension, or a folder that cannot be written to.
    """
    from PIL import Image, ImageDraw

    if path.suffix.lower() != ".png":
        raise OutputError(f"{path}: a bracket is written as PNG; choose a name that ends in .png")
    height, width = radiance.rgb.shape[:2]
    shown = (min(width, 480), max(round(height * min(width, 480) / width), 1))
    base = radiance.view.shot.photo.stops
    sheet = Image.new("RGB", (3 * shown[0], 3 * (shown[1] + 18)))
    draw = ImageDraw.Draw(sheet)
    for number, stops in enumerate(BRACKET_STOPS):
        photo = radiance.expose(stops=float(np.clip(base + stops, -20, 20)))
        left, top = number % 3 * shown[0], number // 3 * (shown[1] + 18)
        sheet.paste(Image.fromarray(photo.pixels).resize(shown, Image.Resampling.BOX), (left, top))
        draw.text((left + 4, top + shown[1] + 3), f"{stops:+d} stops   {photo.exposure}", fill=(220, 220, 220))
    with atomic_write(path) as temporary:
        sheet.save(temporary, "PNG")
    return path
