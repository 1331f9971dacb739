"""A caption for the press, from a picture's recipe."""

from __future__ import annotations

from typing import Any


def caption(recipe: dict[str, Any]) -> str:
    """What, when, where, range, scale, that it is synthetic, and whom to thank; a few sentences.

    ``recipe`` is a recipe as :func:`selfiesim.files.replay.read_recipe` gives it.
    """
    view, camera = recipe["view"], recipe["camera"]
    sentences = [f"{recipe['title']}.", f"Seen at {view.get('epoch_utc', 'an unknown time')} (UTC)"]
    if "lens_height_above_ground_m" in view:
        sentences[-1] += (
            f" from {view['lens_height_above_ground_m']:.2f} m above the ground at "
            f"{abs(view['camera_latitude_deg']):.2f} degrees {'north' if view['camera_latitude_deg'] >= 0 else 'south'}"
        )
    elif "camera_altitude_km" in view:
        planet = (recipe["bodies"].get("planet") or {}).get("name", "the planet")
        side = "north" if view["camera_latitude_deg"] >= 0 else "south"
        sentences[-1] += (
            f" from {view['camera_altitude_km']:.0f} km above {planet.capitalize()}, "
            f"{abs(view['camera_latitude_deg']):.1f} degrees {side}"
        )
    sentences[-1] += "."
    if view.get("range_to_craft_m"):
        scale = view["range_to_craft_m"] / camera["matrix_px"][0][0]
        sentences.append(f"The craft is {view['range_to_craft_m']:.1f} m away; there a pixel is {1e3 * scale:.1f} mm.")
    photo = recipe["photo"]
    sentences.append(
        f"Exposure {_seconds(photo['shutter_s'])} at f/{photo['f_number']:g}, ISO {photo['iso']:.0f}, "
        f"a field of {view['horizontal_fov_deg']:.0f} degrees, look '{photo['look']}'."
    )
    assumed = view.get("assumed") or {}
    if assumed:
        sentences.append(
            f"{len(assumed)} values behind it are not publicly known and were assumed; the recipe lists them."
        )
    sentences.append(recipe.get("notice", "This is a synthetic image."))
    if recipe["credits"]:
        sentences.append(f"Credits: {'; '.join(recipe['credits'])}; rendered with selfiesim.")
    return "\n".join(sentences)


def _seconds(shutter: float) -> str:
    return f"1/{1.0 / shutter:.0f} s" if shutter < 0.5 else f"{shutter:.2g} s"
