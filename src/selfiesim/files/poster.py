"""Pictures too large for memory: drawn in tiles, metered once, photographed and written strip by strip.

First all light is drawn, tile by tile, and put aside in a temporary file; meter and wide halo see the whole of it. Then
each strip is photographed with so many rows around it that neither lens nor development knows of strips; noise has its
streams by rows of the picture. What comes out is what the whole picture would be, to the rounding of the drawing.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import OutputError, SceneError
from selfiesim.core.parallel import BAND_ROWS
from selfiesim.photo import develop, optics
from selfiesim.photo.annotations import draw_marks
from selfiesim.photo.coarse_grid import COARSE_CELL_PX, block_mean
from selfiesim.photo.detectors import detector
from selfiesim.photo.exposure import HIGHLIGHT_LIMIT, Exposure, lit_blocks, metered_window, shutter_for
from selfiesim.photo.looks import LOOKS, enabled_effects
from selfiesim.photo.sensor import DigitalNumbers, Sensor, simulate_raw
from selfiesim.photo.sun_glare import SunImage, add_sunlight, image_sun
from selfiesim.scene.camera import MAX_PIXELS

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Progress
    from selfiesim.scene.photo import PhotoSection
    from selfiesim.view.view import View

ENDINGS = (".png", ".tif", ".tiff")
MAX_STRIP_ROWS = 512
"""Rows of a strip at most; a multiple of 64, the rows that share a stream of noise."""
_STRIP_PIXELS = 1 << 22
TILE_COLUMNS = 2048
"""Columns of a tile; it has a strip's rows."""
_DISK_RESERVE_BYTES = 1 << 28  # bytes left free on the disk, beside light and picture

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class RenderInfo:
    """What was drawn, how well, and by what."""

    view: View
    quality: str
    samples: int
    engine: str


@dataclass(frozen=True)
class Poster:
    """Light of a large picture on the disk, and how it is photographed. A ``with`` gives the room on the disk back.

    Attributes
    ----------
    radiance : Drawn
        What is in the picture.
    settings : PhotoSection
        The ``[photo]`` section.
    exposure : Exposure
        Metered over the whole.
    sensor : Sensor, optional
        For looks that have one.
    """

    radiance: RenderInfo
    settings: PhotoSection
    exposure: Exposure
    sensor: Sensor | None
    strip: int
    _light: _RadianceFile = field(repr=False)
    _halo: optics.Floats | None = field(repr=False)
    _sun: SunImage | None = field(repr=False)

    def __enter__(self) -> Poster:
        return self

    def __exit__(self, *_: object) -> None:
        self._light.file.close()

    @property
    def view(self) -> View:
        """The whole picture's."""
        return self.radiance.view

    @property
    def focal_length_m(self) -> float:
        """As :attr:`selfiesim.photo.develop.Photo.focal_length_m`."""
        return develop.focal_length_m(self.view, self.settings)

    @property
    def tone(self) -> str:
        """Name of the tone curve."""
        return self.settings.tone or LOOKS[self.settings.look].tone

    def strips(self, bits: int = 8) -> Iterator[tuple[Pixels, NDArray[np.uint8]]]:
        """The picture from top to bottom, (h, W, 3) each, of 8 or 16 bits; and the same with 8."""
        height = self.view.camera.height
        for start in range(0, height, self.strip):
            stop = min(start + self.strip, height)
            pixels8 = self._develop_rows(start, stop, 8)
            yield (pixels8 if bits == 8 else self._develop_rows(start, stop, bits)), np.asarray(pixels8, np.uint8)

    def digest(self) -> str:
        """SHA-256 of the 8-bit pixels, row by row."""
        made = hashlib.sha256()
        for _pixels, pixels8 in self.strips():
            made.update(np.ascontiguousarray(pixels8).tobytes())
        return made.hexdigest()

    def save(self, path: str | Path, bits: int = 8) -> Path:
        """Write a ``.png`` or ``.tif`` with its recipe inside, and the same recipe as JSON beside it; returns its path.

        Raises
        ------
        OutputError
            For another ending, or a folder that cannot be written to.
        """
        from selfiesim.files.images import check_writable
        from selfiesim.files.strip_writer import write_strips

        check_ending(Path(path), self.view.camera)
        check_writable(Path(path), bits)
        return write_strips(self, Path(path), bits)

    def _develop_rows(self, start: int, stop: int, bits: int) -> Pixels:
        view, options = self.view, self.settings
        if self.sensor is None:
            scale = develop.white_balance(view.sun.irradiance, self.exposure)
            numbers = develop.develop(self._light.rows(start, stop), scale, self.tone, bits, start)
            return draw_marks(numbers, view, options.marks, start)
        # Development looks a few rows to each side; whole bands of noise, whole blocks of JPEG.
        first, last = max(start - BAND_ROWS, 0), min(stop + BAND_ROWS, view.camera.height)
        numbers = develop.develop_raw(self._expose_rows(first, last), self.sensor, view, options, bits, first)
        if bits == 8:
            numbers = develop.postprocess(np.asarray(numbers, np.uint8), options, self.sensor)
        return draw_marks(numbers[start - first : stop - first], view, options.marks, start)

    def _expose_rows(self, start: int, stop: int) -> DigitalNumbers:
        """The converter's numbers of rows of the picture."""
        assert self.sensor is not None
        view, height = self.view, self.view.camera.height
        lens = develop.build_lens(view, self.settings)
        reach = optics.reach(lens)
        first, last = max(start - reach, 0), min(stop + reach, height)
        planes = develop.split_planes(self._light.rows(first, last), view)
        planes = develop.apply_aberrations(planes, lens, self._halo, first)
        planes = np.ascontiguousarray(planes[:, start - first : stop - first])
        if self._sun is not None:
            add_sunlight(planes, self._sun, lens, view.scene.sky.sun, start)
        return simulate_raw(planes, optics.transmission(lens, slice(start, stop)), self.sensor, start, height)


@dataclass(frozen=True)
class _RadianceFile:
    """Radiance (H, W, 3) float32 in a file, row by row."""

    file: IO[bytes]
    height: int
    width: int

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        """Some rows of it."""
        self.file.seek(start * self.width * 12)
        flat = np.fromfile(self.file, np.float32, (stop - start) * self.width * 3)
        return flat.reshape(stop - start, self.width, 3)

    def strips(self, rows: int, start: int = 0, stop: int | None = None) -> Iterator[NDArray[np.float32]]:
        """One strip after the other."""
        end = self.height if stop is None else stop
        for first in range(start, end, rows):
            yield self.rows(first, min(first + rows, end))


def poster(
    view: View,
    options: PhotoSection,
    folder: Path,
    quality: str = "draft",
    samples: int | None = None,
    progress: Progress | None = None,
    strip: int | None = None,
    tile: int = TILE_COLUMNS,
) -> Poster:
    """Draw a large picture and make ready to photograph it; ``folder`` is where its light is put aside meanwhile.

    Raises
    ------
    SceneError
        For effects that need the whole picture at once.
    OutputError
        When the disk has no room.
    UserError
        As :meth:`selfiesim.view.view.View.render` and :meth:`selfiesim.render.common.radiance.Radiance.expose`.
    """
    _check_effects(view, options)
    folder = next(there for there in (folder.absolute(), *folder.absolute().parents) if there.is_dir())
    height, width = view.camera.height, view.camera.width
    _check_disk_space(folder, height * width)
    if strip is None:
        strip = min(MAX_STRIP_ROWS, max(_STRIP_PIXELS // width // BAND_ROWS, 1) * BAND_ROWS)
    light = _RadianceFile(tempfile.TemporaryFile(dir=folder), height, width)  # noqa: SIM115  (Poster closes it)
    try:
        engine, passes = _draw_tiles(view, light, (quality, samples), (strip, tile), progress)
        return _meter_poster(view, options, light, (quality, passes, engine), strip)
    except BaseException:
        light.file.close()
        raise


def is_large(camera: Camera) -> bool:
    """Whether a picture is too large to be drawn at once."""
    return camera.width * camera.height > MAX_PIXELS


def check_ending(path: Path, camera: Camera) -> None:
    """Refuse a poster's file that holds no strips.

    Raises
    ------
    OutputError
        With the endings that do.
    """
    if path.suffix.lower() not in ENDINGS:
        size = f"{camera.width}x{camera.height}"
        raise OutputError(f"{path}: a picture of {size} is written strip by strip; end its name in .png or .tif")


def _check_effects(view: View, options: PhotoSection) -> None:
    if options.look == "clean":
        return
    device = detector(options.detector, view.scene.camera)
    on = enabled_effects(options, device.colour)
    if "rolling_shutter" in on and device.readout_s > 0.0:
        raise SceneError("photo.effects.rolling_shutter: needs the whole picture at once; a poster goes without it")
    if "blooming" in on and device.spill > 0.0:
        raise SceneError(
            "photo.effects.blooming: charge runs along whole columns; a poster of this sensor goes without it (false)"
        )


def _check_disk_space(folder: Path, pixels: int) -> None:
    needed = pixels * (12 + 6) + _DISK_RESERVE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(f"{folder}: {free >> 20} MB are free; light and picture of this size take {needed >> 20} MB")


def tiles(camera: Camera, strip: int, tile: int) -> Iterator[tuple[slice, slice, Camera | None]]:
    """Rows, columns and camera of each tile, row by row; None where the lens sees nothing in its middle."""
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


def _draw_tiles(
    view: View,
    light: _RadianceFile,
    render_options: tuple[str, int | None],
    size: tuple[int, int],
    progress: Progress | None,
) -> tuple[str, int]:
    """Draw all tiles into the file; what drew them, and in how many passes."""
    strip, tile = size
    of = -(-light.height // strip) * -(-light.width // tile)
    engine, passes = "nothing", 1
    band = np.zeros((strip, light.width, 3), np.float32)
    for done, (rows, columns, camera) in enumerate(tiles(view.camera, strip, tile)):
        if progress:
            progress(done, of)
        part = band[: rows.stop - rows.start]
        part[:, columns] = 0.0
        if camera is not None:
            drawn = view.turned(np.eye(3), camera).render(*render_options)
            part[:, columns] = drawn.rgb
            engine, passes = drawn.engine, drawn.samples
        if columns.stop == light.width:
            try:
                part.tofile(light.file)
            except OSError as error:
                raise OutputError(f"the light cannot be put aside ({error.strerror or 'disk full'})") from error
    return engine, passes


def _meter_poster(
    view: View, options: PhotoSection, light: _RadianceFile, render_info: tuple[str, int, str], strip: int
) -> Poster:
    """Meter, and what of the lens needs the whole picture."""
    clean = options.look == "clean"
    lens = develop.build_lens(view, options)
    cells = np.zeros((3, -(-light.height // COARSE_CELL_PX), -(-light.width // COARSE_CELL_PX)), np.float32)
    for number, part in enumerate(light.strips(strip)):
        develop.check_finite(part)
        if "glare" in lens.on:
            mean = block_mean(develop.split_planes(part, view))
            first = number * strip // COARSE_CELL_PX
            cells[:, first : first + mean.shape[1]] = mean
    exposure = _resolve_exposure(view, options, light, strip)
    image_sensor = None if clean else develop.build_sensor(view, options, exposure)
    halo = optics.veiling_glare(cells, lens) if "glare" in lens.on else None
    sun = image_sun(view, lens, lambda row, column: _is_pixel_covered(view, row, column))
    quality, passes, engine = render_info
    return Poster(RenderInfo(view, quality, passes, engine), options, exposure, image_sensor, strip, light, halo, sun)


def _resolve_exposure(view: View, options: PhotoSection, light: _RadianceFile, strip: int) -> Exposure:
    clean = options.look == "clean"
    iso = options.iso if clean else develop.camera_iso(view, options)
    shutter = options.shutter_s
    if shutter == "auto":
        white = develop.sunlit_white_luminance(view.sun)
        rows, columns = metered_window(options.meter, light.height, light.width)
        whole = rows.start + max((rows.stop - rows.start) // 8, 1) * 8
        parts = light.strips(strip, rows.start, min(whole, rows.stop))
        lit = np.concatenate([lit_blocks(part[:, columns], white) for part in parts])
        limit = HIGHLIGHT_LIMIT if clean else develop.SENSOR_HIGHLIGHTS
        shutter = shutter_for(lit, white, options.f_number, iso, options.meter, limit)
    metered = options.shutter_s == "auto"
    return Exposure(shutter * 2.0**options.stops, options.f_number, iso, options.stops, metered, options.meter)


def _is_pixel_covered(view: View, row: int, column: int) -> bool:
    """Whether craft or planet stand in a pixel: drawn again, that pixel and a few round it."""
    camera = view.camera
    around = replace(camera, width=9, height=9, cx=camera.cx - column + 4, cy=camera.cy - row + 4)
    return bool(np.isfinite(view.turned(np.eye(3), around).render().depth[4, 4]))
