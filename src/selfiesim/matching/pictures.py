"""Pictures of a match: residual arrows, the edges of the render, a blink animation and a side-by-side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.files import atomic_write

if TYPE_CHECKING:
    from selfiesim.matching.match import Match

Pixels = NDArray[np.uint8]

_MEASURED, _OUTLIER, _PREDICTED = (255, 255, 255), (255, 80, 80), (60, 220, 255)
_RADIUS_PX = 4
_BLINK_MS = 700
_EDGE = (60, 220, 255)


def draw_residuals(match: Match, picture: Pixels, magnify: float) -> Pixels:
    """Draw a ring where each point should be, and an arrow, ``magnify`` times too long, to where it was measured."""
    from PIL import Image, ImageDraw

    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for i, (start, residual) in enumerate(zip(match.predicted, match.residuals, strict=True)):
        if not (np.isfinite(start).all() and np.isfinite(residual).all()):
            continue
        x, y = start
        r = _RADIUS_PX
        draw.ellipse((x - r, y - r, x + r, y + r), outline=_PREDICTED)
        colour = _OUTLIER if i in match.outliers else _MEASURED
        end = start + magnify * residual
        draw.line((x, y, *end), fill=colour, width=1)
        for barb in _barbs(start, end):
            draw.line((*end, *barb), fill=colour, width=1)
        draw.text((x + r + 2, y - r - 8), str(i + 1), fill=colour)
    return np.array(image)


def _barbs(start: NDArray[np.float64], end: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    length = float(np.linalg.norm(end - start))
    if length < 3.0:
        return []
    back = (start - end) / length * min(5.0, 0.5 * length)
    turn = np.array([[0.85, -0.5], [0.5, 0.85]])
    return [end + turn @ back, end + turn.T @ back]


def draw_edges(picture: Pixels, parts: NDArray[np.int32]) -> Pixels:
    """Draw the outlines of the parts (H, W) of a render over a picture of the same size."""
    edge = np.zeros(parts.shape, bool)
    edge[:, 1:] |= parts[:, 1:] != parts[:, :-1]
    edge[1:] |= parts[1:] != parts[:-1]
    drawn = picture.copy()
    drawn[edge] = _EDGE
    return drawn


def save_pictures(match: Match, folder: Path, stem: str, progress: Callable[[str], None] | None = None) -> list[Path]:
    """Render the matched scene, and write overlay, blink animation and side-by-side next to each other.

    Parameters
    ----------
    match : Match
        The match.
    folder : Path
        Where to write.
    stem : str
        Beginning of the file names.
    progress : callable, optional
        Called with what is being done.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    UserError
        The scene cannot be rendered, or a file not be written.
    """
    if progress:
        progress("rendering")
    radiance = match.scene.view().render()
    render = radiance.expose().pixels
    overlay = draw_residuals(match, draw_edges(match.photograph, radiance.truth.part), 10.0)
    files = [folder / f"{stem}-overlay.png", folder / f"{stem}-beside.png", folder / f"{stem}-blink.webp"]
    save_png(overlay, files[0])
    save_png(np.hstack([match.photograph, render]), files[1])
    save_blink([match.photograph, render], files[2])
    return files


def save_png(pixels: Pixels, path: Path) -> None:
    """Write a picture as PNG, or nothing."""
    from PIL import Image

    with atomic_write(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")


def save_blink(frames: list[Pixels], path: Path) -> None:
    """Write an animation that shows pictures in turn, as WebP."""
    from PIL import Image

    first, *rest = (Image.fromarray(frame) for frame in frames)
    with atomic_write(path) as temporary:
        first.save(temporary, format="WEBP", save_all=True, append_images=rest, duration=_BLINK_MS, loop=0, quality=85)
