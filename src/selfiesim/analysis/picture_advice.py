"""What a photographer would want to know of a picture before it is drawn: no light, no craft, a lens inside a mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.analysis.framing import framing
from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.core.errors import UserError
from selfiesim.core.vectors import Vector, unit
from selfiesim.view.poses import CraftPose
from selfiesim.view.view import View
from selfiesim.view.view_report import phase_angle_deg

if TYPE_CHECKING:
    from selfiesim.craft.model import Part
    from selfiesim.scene.scene import Scene

_STEP_S, _STEPS = 60.0, 300  # of the search for sunlight
_CLOSE_ENOUGH_S = 1.0
_SEEN_SHARE = 0.02  # of the picture that a planet takes, from which its darkness matters
_ENCLOSED = 0.5  # winding number of a mesh around the lens, if the lens is inside: 1 for a closed one
_NIGHT_SIDE_DEG = 150.0  # phase angle from which little of the craft's day side is seen


def picture_advice(scene: Scene, view: View) -> tuple[str, ...]:
    """Say what is probably not meant in a picture, one sentence each with a way out; geometry alone, nothing is drawn.

    Parameters
    ----------
    scene : Scene
        The scene, whose aim tells whether the craft should be in the picture.
    view : View
        A view of it.

    Returns
    -------
    tuple of str
        Empty if nothing is wrong.
    """
    found = (_craft_in_shadow(view), _craft_against_sun(view), _planet_in_night(view), _craft_not_seen(scene, view))
    return tuple(sentence for sentence in (*found, _lens_inside(view)) if sentence)


def _craft_in_shadow(view: View) -> str:
    if view.craft.sun_visible_fraction > 0.0:
        return ""
    what = f"{_planet_name(view)} hides the Sun from the craft"
    until = _seconds_to_sunlight(view)
    if until is None:
        return f"{what}, for hours; choose another moment or another orbit"
    key = "at" if view.track.seconds_since_release is None else "release.at"
    return f"{what} until {(view.epoch + until).utc()}, {_in_words(until)} later; choose a later {key}"


def _seconds_to_sunlight(view: View) -> float | None:
    """Time until the Sun is seen again, s, to a second; None if it is not soon, or not covered by the scene's files."""

    def is_sunlit(seconds: float) -> bool:
        return view.after(seconds).craft.sun_visible_fraction > 0.0

    try:
        lit = next((k * _STEP_S for k in range(1, _STEPS + 1) if is_sunlit(k * _STEP_S)), None)
        if lit is None:
            return None
        dark = lit - _STEP_S
        while lit - dark > _CLOSE_ENOUGH_S:
            middle = 0.5 * (dark + lit)
            dark, lit = (dark, middle) if is_sunlit(middle) else (middle, lit)
    except UserError:
        return None
    return float(np.ceil(lit))


def _in_words(seconds: float) -> str:
    if seconds < 120.0:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60.0:.0f} minutes" if seconds < 7200.0 else f"{seconds / 3600.0:.1f} hours"


def _craft_against_sun(view: View) -> str:
    phase = phase_angle_deg(view)
    if view.ground is not None or view.craft.sun_visible_fraction == 0.0 or phase < _NIGHT_SIDE_DEG:
        return ""
    return (
        f"the craft is seen against the Sun (phase angle {phase:.0f} degrees), so its dark side fills the picture; "
        "push the camera toward the Sun instead"
    )


def _planet_in_night(view: View) -> str:
    if view.planet is None or view.ground is not None:
        return ""
    seen = framing(view)
    if seen.planet_share < _SEEN_SHARE or seen.sunlit_share > 0.0:
        return ""
    return f"the part of {_planet_name(view)} in the picture is in the night; choose another moment or another aim"


def _craft_not_seen(scene: Scene, view: View) -> str:
    if scene.camera.look == "craft" and scene.camera.target != "craft":
        return ""  # aimed at something else
    pixels = view.camera.project(view.craft.outline())
    size = np.array([view.camera.width, view.camera.height])
    low, high = np.nanmin(pixels, axis=0, initial=np.inf), np.nanmax(pixels, axis=0, initial=-np.inf)
    if (high > -0.5).all() and (low < size - 0.5).all():
        return "" if not _is_behind_planet(view) else f"{_planet_name(view)} hides the craft; choose another moment"
    off_axis = np.degrees(np.arccos(np.clip(unit(view.craft.position)[2], -1.0, 1.0)))
    return (
        f"the craft is outside the picture, {off_axis:.0f} degrees off the lens's axis; "
        'camera.look = "craft" aims at it, a larger camera.horizontal_fov_deg takes in more'
    )


def _is_behind_planet(view: View) -> bool:
    planet = view.planet
    if planet is None or view.ground is not None or planet.shape is not None:
        return False
    eye, to_craft = -planet.camera_to_bodyfixed @ planet.position, planet.camera_to_bodyfixed @ view.craft.position
    hit = intersect_ellipsoid(eye, to_craft[None], planet.body)[0]
    return bool(np.isfinite(hit).all() and np.linalg.norm(hit - eye) < np.linalg.norm(to_craft))


def _lens_inside(view: View) -> str:
    for craft in (view.craft, *view.objects):
        if _is_inside(craft):
            name = craft.name or "the craft"
            return f"the lens lies inside the mesh of {name}, and sees its faces from behind; move the camera out of it"
    return ""


def _is_inside(craft: CraftPose) -> bool:
    """Whether the faces of a mesh enclose the lens: its winding number, from the solid angles of all triangles.

    Van Oosterom and Strackee 1983, IEEE Transactions on Biomedical Engineering 30, 125.
    """
    outline = craft.outline()
    if not ((outline.min(axis=0) < 0.0).all() and (outline.max(axis=0) > 0.0).all()):
        return False
    a, b, c = np.concatenate([_corners(craft, part) for part in craft.parts]).transpose(1, 0, 2)
    lengths = [np.linalg.norm(corner, axis=1) for corner in (a, b, c)]
    over = (np.cross(a, b) * c).sum(axis=1)
    under = lengths[0] * lengths[1] * lengths[2]
    for one, other, length in ((a, b, lengths[2]), (b, c, lengths[0]), (c, a, lengths[1])):
        under = under + (one * other).sum(axis=1) * length
    return bool(abs(np.arctan2(over, under).sum()) / (2.0 * np.pi) > _ENCLOSED)


def _corners(craft: CraftPose, part: Part) -> Vector:
    """Triangles (M, 3, 3) of a part, camera axes, m."""
    matrix = craft.joint_matrix(part.joint)
    placed = part.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    return np.asarray((placed @ craft.body_to_camera.T + craft.position)[part.faces])


def _planet_name(view: View) -> str:
    return "a body" if view.planet is None else view.planet.body.name.capitalize()
