"""A body's shape model, from a mesh file of the user's, in place of its ellipsoid: a further craft at its centre."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.bodies import Body
from selfiesim.core.errors import ModelWarning, SceneError
from selfiesim.craft.load import load_craft
from selfiesim.craft.model import Craft, Material
from selfiesim.planet.maps.worlds import BODY_APPEARANCES
from selfiesim.scene.objects import ObjectSection

if TYPE_CHECKING:
    from selfiesim.view.scene_setup import SceneSetup

_KEY = "planet.shape"
_SCALES = (1.0, 1e3, 1e6)
_LENGTHS = (0.7, 1.4)  # of a shape, relative to the body's longest axis, that are believed
_LAW = "c-type"  # of the dark ground of small bodies
_GREY = 0.07  # geometric albedo of a body without a published one (assumed)


def load_shape(setup: SceneSetup) -> tuple[ObjectSection, Craft] | None:
    """Load the shape model of a scene's body; None if it has none.

    The file's axes are the body-fixed ones, with the origin at the centre; its unit is the one of metres and kilometres
    in which it has the body's size. Its colours are the body's: an even albedo, and the phase law of dark rubble.

    Raises
    ------
    UserError
        For a mesh that cannot be used, one of another size than the body, or a body without a surface to replace.
    """
    section = setup.scene.planet
    if section.shape is None:
        return None
    body = setup.body
    if body.name == "sun" or setup.scene.ground is not None:
        raise SceneError(f"{_KEY}: only for a body that the craft orbits, and without [ground]")
    path = setup.scene.resolve_file(_KEY, section.shape, "the shape model")
    with warnings.catch_warnings():
        # The readers wonder about craft of this size.
        warnings.simplefilter("ignore", ModelWarning)
        found = load_craft(path)
    own = setup.scene.body
    grey = own.geometric_albedo if own is not None and own.name == body.name else None
    craft = _recolour(_resize(found, body, path), body.name, grey)
    return ObjectSection(name=body.name, model=section.shape, offset_m=(0.0, 0.0, 0.0)), craft


def _resize(craft: Craft, body: Body, path: Path) -> Craft:
    """Scale a mesh to the size of the body: the readers take a unit that is not declared for metres or millimetres."""
    longest = 2.0 * max(body.radii_m)
    length = float(np.ptp(craft.bounds_m, axis=0).max())
    for scale in _SCALES:
        if _LENGTHS[0] < length * scale / longest < _LENGTHS[1]:
            parts = tuple(replace(part, vertices=part.vertices * np.float32(scale)) for part in craft.parts)
            return replace(craft, parts=parts)
    raise SceneError(
        f"{_KEY}: {path.name} is {length:.4g} m, {length:.4g} km or {1000 * length:.4g} km long, whatever its unit; "
        f"{body.name} is {longest / 1000:.4g} km long. Give its shape in metres or kilometres, axes body-fixed"
    )


def _recolour(craft: Craft, body: str, grey: float | None) -> Craft:
    """Give all parts the body's albedo by band and the law of dark rubble."""
    appearance = BODY_APPEARANCES.get(body)
    bands = appearance.band_albedo if appearance is not None else None
    known = None if appearance is None else appearance.geometric_albedo
    level = grey or known or _GREY
    red, green, blue = (1.5 * each for each in bands or (level, level, level))
    ground = Material(f"{body} ground", (red, green, blue), roughness=1.0, specular=0.0, law=_LAW)
    return replace(
        craft, name=body, parts=tuple(replace(part, material=ground, tint=None, uv=None) for part in craft.parts)
    )
