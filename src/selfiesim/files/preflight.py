"""Check a view before it is rendered: everything that rendering and development would refuse, in less time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfiesim.files.poster import check_effects, is_large
from selfiesim.photo.camera_model import build_sensor, camera_iso
from selfiesim.photo.exposure import set_exposure
from selfiesim.planet.maps.surface import surface_maps
from selfiesim.render.common.lens_remap import check_pinholes

if TYPE_CHECKING:
    from selfiesim.view.view import View

_FULL_PIXELS = 1 << 18
"""Pixels up to which a lens is checked as it is; the pinholes of a larger picture are those of a smaller one."""


def check_view(view: View) -> None:
    """Check that a view can be rendered and developed.

    Parameters
    ----------
    view : View
        The view.

    Raises
    ------
    UserError
        As rendering, development or a poster would: for a lens whose image needs too many pixels, a map of the scene
        that cannot be used, an unknown sensor, or effects that a poster cannot have.
    """
    if view.camera.distortion is not None:
        small, scale = view.camera.reduced(_FULL_PIXELS)
        check_pinholes(small, scale)
    if view.planet is not None and view.ground is None and view.planet.surface.map is not None:
        surface_maps(view.planet.surface)
    options = view.shot.photo
    if is_large(view.camera):
        check_effects(view, options)
    if options.look != "clean":
        metered = 1.0 if options.shutter_s == "auto" else None
        build_sensor(view, options, set_exposure(options, camera_iso(view, options), metered))
