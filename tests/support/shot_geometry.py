"""Where the parts of a craft and the places of a planet are in a shot."""

from __future__ import annotations

import numpy as np

from selfiesim.view.in_frame import project_places


def project_lonlat(view, latitude, longitude):
    """Pixel (2,) of a place on the planet (planetocentric, rad); None when it is hidden or out of frame."""
    pixel = project_places(view, np.array([latitude]), np.array([longitude]))[0]
    return pixel if np.isfinite(pixel).all() else None


def fraction(view, place):
    """Position of a place (latitude, longitude) as fractions of width and height; None when it is not visible."""
    pixel = project_lonlat(view, *np.radians(place))
    return None if pixel is None else (pixel + 0.5) / (view.camera.width, view.camera.height)


def nodes(view, name):
    """Pixels (N, 2) of the vertices of the craft's nodes whose names start with ``name``."""
    craft = view.crafts[0]
    found = []
    for part in craft.parts:
        if part.node.startswith(name):
            matrix = craft.joint_matrix(part.joint)
            points = part.vertices @ matrix[:3, :3].T + matrix[:3, 3]
            found.append(view.camera.project(points @ craft.body_to_camera.T + craft.position))
    return np.concatenate(found)


def ends(pixels):
    """The two ends of an elongated set of pixels."""
    middle = pixels - pixels.mean(axis=0)
    along = middle @ np.linalg.svd(middle, full_matrices=False)[2][0]
    return pixels[along.argmin()], pixels[along.argmax()]


def inside(pixels, view):
    return bool(np.all((pixels >= 0) & (pixels <= (view.camera.width, view.camera.height))))
