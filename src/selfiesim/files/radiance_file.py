"""Radiance too large for memory: rendered tile by tile into a file, and read in strips."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import OutputError
from selfiesim.core.files import reason

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.render.common.radiance import Progress
    from selfiesim.view.view import View

_DISK_RESERVE_BYTES = 1 << 28  # left free on the disk, in addition to radiance and picture


@dataclass(frozen=True)
class RadianceFile:
    """Radiance (H, W, 3) float32 in a file, row by row."""

    file: IO[bytes]
    height: int
    width: int

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        """Read some rows, (stop - start, W, 3)."""
        self.file.seek(start * self.width * 12)
        flat = np.fromfile(self.file, np.float32, (stop - start) * self.width * 3)
        return flat.reshape(stop - start, self.width, 3)

    def strips(self, rows: int, start: int = 0, stop: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Read rows in strips, from the top down."""
        end = self.height if stop is None else stop
        for first in range(start, end, rows):
            yield self.rows(first, min(first + rows, end))


def check_disk_space(folder: Path, pixels: int) -> None:
    """Check that a folder has room for the radiance and the picture of so many pixels.

    Raises
    ------
    OutputError
        Gives the space that is free and the space needed.
    """
    needed = pixels * (12 + 6) + _DISK_RESERVE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(f"{folder}: {free >> 20} MB are free; a picture of this size needs {needed >> 20} MB")


def tiles(camera: Camera, strip: int, tile: int) -> Iterator[tuple[slice, slice, Camera | None]]:
    """Rows, columns and camera of each tile, row by row; the camera is None where the lens images nothing."""
    for top in range(0, camera.height, strip):
        for left in range(0, camera.width, tile):
            bottom, right = min(top + strip, camera.height), min(left + tile, camera.width)
            try:
                shifted = replace(
                    camera, width=right - left, height=bottom - top, cx=camera.cx - left, cy=camera.cy - top
                )
            except ValueError:
                shifted = None
            yield slice(top, bottom), slice(left, right), shifted


# Long for its docstring.
def render_tiles(
    view: View,
    light: RadianceFile,
    render_options: tuple[str, int | None],
    size: tuple[int, int],
    progress: Progress | None,
) -> tuple[str, int]:
    """Render a view tile by tile into a file.

    Parameters
    ----------
    view : View
        The whole picture.
    light : RadianceFile
        Open for writing, at its start.
    render_options : tuple
        Quality and number of passes, as :meth:`selfiesim.view.view.View.render` takes them.
    size : tuple of int
        Rows and columns of a tile.
    progress : callable, optional
        Called before each tile with the number done and the total.

    Returns
    -------
    engine : str
        The renderer with its versions and device; ``"nothing"`` if the lens images nothing.
    passes : int
        Number of passes averaged.

    Raises
    ------
    OutputError
        When the disk is full.
    """
    strip, tile = size
    total = -(-light.height // strip) * -(-light.width // tile)
    engine, passes = "nothing", 1
    band = np.zeros((strip, light.width, 3), np.float32)
    for done, (rows, columns, camera) in enumerate(tiles(view.camera, strip, tile)):
        if progress:
            progress(done, total)
        part = band[: rows.stop - rows.start]
        part[:, columns] = 0.0
        if camera is not None:
            radiance = view.turned(np.eye(3), camera).render(*render_options)
            part[:, columns] = radiance.rgb
            engine, passes = radiance.engine, radiance.samples
        if columns.stop == light.width:
            try:
                part.tofile(light.file)
            except OSError as error:
                raise OutputError(f"the temporary file cannot be written ({reason(error)})") from error
    return engine, passes
