"""Captions of a picture, written from its recipe: for the press, for those who know the trade, and as alt text."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from selfiesim.core.errors import OutputError
from selfiesim.files.captions.composition import describe_light, describe_planet, place_of_craft
from selfiesim.files.captions.language import Language, load_language

Style = Literal["press", "full", "alt"]
STYLES: tuple[Style, ...] = get_args(Style)
_MAX_NAMES = 6
_MAX_PRESS_NAMES = 3
_STANDS_BELOW_M = 5.0  # height of a lens, on a mast or by hand, up to which its camera stands on the ground
_ROUND_FROM_S = 180.0  # time from which readers get whole minutes
# Corners of the frame as recipes name them, and as sentences do.
_CORNERS = {
    "upper left": "top_left",
    "upper right": "top_right",
    "lower left": "bottom_left",
    "lower right": "bottom_right",
}


def caption(recipe: dict[str, Any], style: Style = "full", language: str = "en") -> str:
    """Write a caption that says of a synthetic picture that it is one.

    Parameters
    ----------
    recipe
        As :func:`selfiesim.files.replay.read_recipe` returns it.
    style
        ``press``: what, when and from where, in plain words and round numbers; ``full``: besides, scale, camera
        settings, assumptions and credits, one sentence a line; ``alt``: what is where in the picture.
    language
        ``en``, ``zh``, or the path of a file of sentences like ``en.toml`` of this package.

    Returns
    -------
    str
        A few sentences.

    Raises
    ------
    OutputError
        For an unknown style or language, or a file of sentences that cannot be used.
    """
    words = load_language(language)
    if style == "full":
        return "\n".join(_full(recipe, words))
    if style not in STYLES:
        raise OutputError(f"style {style!r}: must be one of {', '.join(STYLES)}")
    return words.join(_press(recipe, words) if style == "press" else _alt(recipe, words))


def readable_date(utc: str) -> str:
    """Write an ISO 8601 time as a date for readers; other text is returned as it is.

    >>> readable_date("2021-12-31T13:17:57.097Z")
    '31 December 2021'
    """
    return _date(utc, load_language("en"), "date") or utc


def _date(utc: str, words: Language, form: str) -> str | None:
    """Return a date in words; None for a leap second, or a time outside the years 1 to 9999."""
    try:
        time = datetime.fromisoformat(utc)
    except ValueError:
        return None
    # Not strftime("%B"): that follows the locale of the program.
    month = words.sentence("months", str(time.month))
    given = {"day": time.day, "month": month, "year": time.year}
    return words.sentence("units", form, **given | ({"time": f"{time:%H:%M:%S}"} if form == "date_time" else {}))


def _is_mounted(recipe: dict[str, Any]) -> bool:
    """Whether the camera is part of the spacecraft, whose origin's distance then says nothing.

    It is not if its place is given in local axes, as that of a camera which was put on the ground.
    """
    mounted = recipe["scene"].get("mounted")
    return mounted is not None and ("mount" in mounted or mounted.get("axes") == "body")


def _title(recipe: dict[str, Any], words: Language) -> str:
    return words.title(recipe["title"]).rstrip(".")


def _body(recipe: dict[str, Any], words: Language) -> str:
    planet = recipe["bodies"].get("planet")
    return words.name(planet["name"], planet["name"].capitalize()) if planet else "?"


def length_in_words(metres: float, words: Language) -> str:
    """Return a length as people say it: 0.6 metres, 16 metres, 1.2 kilometres, 618 kilometres."""
    unit, value = ("kilometre", metres / 1e3) if metres >= 999.5 else ("metre", metres)
    return words.count(_rounded(value), unit)


def duration_in_words(seconds: float, words: Language) -> str:
    """Return a time as people say it: 1.5 seconds, 100 seconds, 2 minutes, 170 seconds, 3 minutes."""
    is_short = seconds < 179.5 and round(seconds) != 120
    unit, size = ("second", 1.0) if is_short else ("minute", 60.0) if seconds < 99.5 * 60.0 else ("hour", 3600.0)
    return words.count(_rounded(seconds / size), unit)


def _rounded(value: float) -> str:
    """Two or three figures that count: 1.6, 17, 618, 1680."""
    if value >= 999.5:
        return f"{float(f'{value:.3g}'):.0f}"
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")


def _press(recipe: dict[str, Any], words: Language) -> list[str]:
    view = recipe["view"]
    title, date = _title(recipe, words), _date(view.get("epoch_utc", ""), words, "date")
    lines = [
        words.sentence("press", "subject", title=title, date=date)
        if date
        else words.sentence("press", "subject_undated", title=title)
    ]
    distance = view.get("range_to_craft_m")
    if _is_mounted(recipe):
        lines.append(words.sentence("press", "mounted"))
    elif distance:
        away, since = length_in_words(distance, words), view.get("seconds_since_release")
        since = since if since is None or since < _ROUND_FROM_S else 60.0 * round(since / 60.0)
        lines.append(
            words.sentence("press", "distance", distance=away)
            if since is None or since < 0.5
            else words.sentence("press", "released", distance=away, time=duration_in_words(since, words))
        )
    if "lens_height_above_ground_m" in view:
        lines.append(_over_ground(view, _body(recipe, words), "press", words))
    elif view.get("camera_altitude_km", 0.0) > 0.0:
        height = length_in_words(view["camera_altitude_km"] * 1e3, words)
        key = "altitude" if distance else "altitude_alone"
        lines.append(words.sentence("press", key, distance=height, body=_body(recipe, words)))
    if names := _names(view)[:_MAX_PRESS_NAMES]:
        lines.append(words.sentence("press", "features", names=words.listed(names, _MAX_PRESS_NAMES)))
    return [*lines, words.sentence("press", "notice"), words.sentence("press", "credit")]


def _over_ground(view: dict[str, Any], body: str, style: Style, words: Language) -> str:
    """Say that a camera stands on the ground, or how high it is if it falls."""
    if (height := view["lens_height_above_ground_m"]) < _STANDS_BELOW_M:
        return words.sentence(style, "ground", body=body)
    return words.sentence("press", "altitude_alone", distance=length_in_words(height, words), body=body)


def _alt(recipe: dict[str, Any], words: Language) -> list[str]:
    view, body = recipe["view"], _body(recipe, words)
    lines = [words.sentence("alt", "subject", title=_title(recipe, words))]
    place = place_of_craft(recipe)
    if _is_mounted(recipe):
        lines.append(words.sentence("alt", "craft_mounted"))
    elif place == "outside":
        lines.append(words.sentence("alt", "craft_outside"))
    elif place and (distance := view.get("range_to_craft_m")):
        where = words.sentence("places", place)
        lines.append(words.sentence("alt", "craft", place=where, distance=length_in_words(distance, words)))
    if "lens_height_above_ground_m" in view:
        lines.append(_over_ground(view, body, "alt", words))
    else:
        key, place, degrees = describe_planet(recipe)
        where = words.sentence("places", place) if place else ""
        lines.append(words.sentence("alt", key, body=body, place=where, degrees=degrees))
    others = [each["name"] for each in recipe["scene"].get("objects") or () if each.get("name")]
    if names := [words.name(name, name.replace("_", " ")) for name in others]:
        lines.append(words.sentence("alt", "objects", names=words.listed(names, _MAX_NAMES)))
    key, side = describe_light(recipe)
    lines.append(words.sentence("alt", key, place=words.sentence("sides", side) if side else ""))
    return lines


def _full(recipe: dict[str, Any], words: Language) -> list[str]:
    view, photo = recipe["view"], recipe["photo"]
    lines = [words.sentence("full", "subject", title=_title(recipe, words)), _seen(recipe, words)]
    if (distance := view.get("range_to_craft_m")) and not _is_mounted(recipe):
        scale = distance / recipe["camera"]["matrix_px"][0][0]
        lines.append(words.sentence("full", "range", range=f"{distance:.1f}", pixel=f"{1e3 * scale:.1f}"))
    if names := _names(view):
        lines.append(words.sentence("full", "features", names=words.listed(names, _MAX_NAMES)))
    lines += _ground_scale(view, words)
    lines.append(
        words.sentence(
            "full",
            "camera",
            shutter=words.sentence("units", "s", number=_shutter(photo["shutter_s"])),
            f_number=f"{photo['f_number']:g}",
            iso=f"{photo['iso']:.0f}",
            field=f"{view['horizontal_fov_deg']:.0f}",
            look=photo["look"],
        )
    )
    if assumed := view.get("assumed"):
        lines.append(words.sentence("full", "assumed_one" if len(assumed) == 1 else "assumed", count=len(assumed)))
    lines.append(words.sentence("full", "notice"))
    if recipe["credits"]:
        lines.append(words.sentence("full", "credits", credits="; ".join(recipe["credits"])))
    return lines


def _names(view: dict[str, Any]) -> list[str]:
    return [each["name"] for each in view.get("features") or ()]


def _ground_scale(view: dict[str, Any], words: Language) -> list[str]:
    """Return a sentence on the first point of the ground whose scale is known: the centre of the frame, or a corner."""
    point = next((each for each in view.get("ground") or () if each.get("ground_sample_m")), None)
    if point is None:
        return []
    metres, sun = point["ground_sample_m"], point["sun_elevation_deg"]
    place = words.sentence("places", _CORNERS.get(point.get("where", ""), "centre"))
    key = "sun_above" if sun >= 0.0 else "sun_below"
    scale = words.sentence("units", "km", number=f"{metres / 1e3:.1f}") if metres >= 1e3 else ""
    scale = scale or words.sentence("units", "m", number=f"{metres:.0f}")
    return [words.sentence("full", key, scale=scale, place=place, degrees=f"{abs(sun):.0f}")]


def _seen(recipe: dict[str, Any], words: Language) -> str:
    view = recipe["view"]
    utc = view.get("epoch_utc")
    when = (
        words.sentence("full", "on", date_time=_date(utc, words, "date_time") or utc)
        if utc
        else words.sentence("full", "at_unknown_time")
    )
    if "lens_height_above_ground_m" in view:
        height = f"{view['lens_height_above_ground_m']:.2f}"
        return words.sentence("full", "seen_ground", when=when, height=height, latitude=_latitude(view, 2, words))
    if "camera_altitude_km" in view:
        surface = words.name(view.get("camera_altitude_above", "reference ellipsoid"))
        height, latitude = f"{view['camera_altitude_km']:.0f}", _latitude(view, 1, words)
        return words.sentence(
            "full",
            "seen_above",
            when=when,
            height=height,
            body=_body(recipe, words),
            surface=surface,
            latitude=latitude,
        )
    return words.sentence("full", "seen", when=when)


def _latitude(view: dict[str, Any], digits: int, words: Language) -> str:
    latitude = view["camera_latitude_deg"]
    return words.sentence("units", "north" if latitude >= 0 else "south", degrees=f"{abs(latitude):.{digits}f}")


def _shutter(seconds: float) -> str:
    return f"1/{1.0 / seconds:.0f}" if seconds < 0.5 else f"{seconds:.2g}"
