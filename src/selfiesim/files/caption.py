"""A press caption, written from a picture's recipe."""

from __future__ import annotations

from datetime import datetime
from typing import Any

# Not strftime("%B"): that follows the locale of the program.
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


_MAX_NAMES = 6


def caption(recipe: dict[str, Any]) -> str:
    """Write what, when, where, range, scale, the camera settings, that the picture is synthetic, and the credits.

    Parameters
    ----------
    recipe
        As :func:`selfiesim.files.replay.read_recipe` returns it.

    Returns
    -------
    str
        A few sentences, one per line.
    """
    view = recipe["view"]
    lines = [f"{recipe['title']}.", _time_and_place(recipe)]
    if view.get("range_to_craft_m"):
        scale = view["range_to_craft_m"] / recipe["camera"]["matrix_px"][0][0]
        lines.append(
            f"The craft is {view['range_to_craft_m']:.1f} m from the camera; "
            f"at that distance one pixel spans {1e3 * scale:.1f} mm."
        )
    lines += _in_frame(view)
    photo = recipe["photo"]
    lines.append(
        f"Camera settings: {_shutter(photo['shutter_s'])} at f/{photo['f_number']:g}, ISO {photo['iso']:.0f}, "
        f"horizontal field of view {view['horizontal_fov_deg']:.0f} degrees, look '{photo['look']}'."
    )
    if assumed := view.get("assumed"):
        count = "1 value is" if len(assumed) == 1 else f"{len(assumed)} values are"
        lines.append(f"{count} assumed for want of published data; the recipe lists them.")
    lines.append(recipe.get("notice", "This is a synthetic image."))
    if recipe["credits"]:
        lines.append(f"Credits: {'; '.join(recipe['credits'])}; rendered with selfiesim.")
    return "\n".join(lines)


def readable_utc(utc: str) -> str:
    """Write an ISO 8601 time as a date and time of day for readers; other text is returned as it is.

    >>> readable_utc("2021-12-31T13:17:57.097Z")
    '31 December 2021, 13:17:57 UTC'
    """
    try:
        time = datetime.fromisoformat(utc)
    except ValueError:  # a leap second, or a time outside the years 1 to 9999
        return utc
    return f"{time.day} {_MONTHS[time.month - 1]} {time.year}, {time:%H:%M:%S} UTC"


def _in_frame(view: dict[str, Any]) -> list[str]:
    """Return up to two sentences: the named places in the frame, and the ground at its centre."""
    lines = []
    if features := view.get("features"):
        names = [each["name"] for each in features[:_MAX_NAMES]]
        more = f" and {len(features) - len(names)} more" if len(features) > len(names) else ""
        lines.append(f"Named places in the frame: {', '.join(names)}{more}.")
    centre = next((each for each in view.get("ground") or () if each.get("ground_sample_m")), None)
    if centre is not None:
        metres, sun = centre["ground_sample_m"], centre["sun_elevation_deg"]
        scale = f"{metres / 1e3:.1f} km" if metres >= 1e3 else f"{metres:.0f} m"
        height = f"{abs(sun):.0f} degrees {'above' if sun >= 0.0 else 'below'} the horizon"
        where = {"centre": "in the middle"}.get(centre.get("where", ""), f"at the {centre.get('where', 'edge')}")
        lines.append(f"One pixel spans {scale} of ground {where} of the frame, where the Sun is {height}.")
    return lines


def _time_and_place(recipe: dict[str, Any]) -> str:
    view = recipe["view"]
    time = f"on {readable_utc(view['epoch_utc'])}" if "epoch_utc" in view else "at an unknown time"
    if "lens_height_above_ground_m" in view:
        return f"Seen {time}, from {view['lens_height_above_ground_m']:.2f} m above the ground at {_latitude(view, 2)}."
    if "camera_altitude_km" in view:
        planet = recipe["bodies"].get("planet")
        name = planet["name"].capitalize() if planet else "the planet"
        above = f"{name}'s {view.get('camera_altitude_above', 'reference ellipsoid')}"
        return f"Seen {time}, from {view['camera_altitude_km']:.0f} km above {above} at {_latitude(view, 1)}."
    return f"Seen {time}."


def _latitude(view: dict[str, Any], digits: int) -> str:
    latitude = view["camera_latitude_deg"]
    return f"{abs(latitude):.{digits}f} degrees {'north' if latitude >= 0 else 'south'}"


def _shutter(seconds: float) -> str:
    return f"1/{1.0 / seconds:.0f} s" if seconds < 0.5 else f"{seconds:.2g} s"
