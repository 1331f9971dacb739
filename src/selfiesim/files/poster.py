"""Posters, pictures too large for memory: rendered in tiles, metered once, developed and written strip by strip.

All tiles are rendered first, into a temporary file of radiance; light meter and veiling glare cover the whole picture.
Each strip is then developed with as many rows around it as the effects of lens and development reach, and noise has
random streams by rows of the picture, so strips leave no seams. The result equals the picture developed as a whole, up
to rounding in the renderer.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import OutputError, SceneError
from selfiesim.core.files import atomic_write
from selfiesim.core.limits import RENDER_PIXELS
from selfiesim.core.parallel import BAND_ROWS
from selfiesim.files.images import JPEG_QUALITY, check_writable, photo_metadata, sidecar_path
from selfiesim.files.metadata import check_dpi
from selfiesim.files.radiance_file import RadianceFile, check_disk_space, render_tiles
from selfiesim.files.strip_writer import JPEG_SIZE, JpegStrips, PngStrips, TiffStrips
from selfiesim.photo import camera_model, develop, optics
from selfiesim.photo.annotations import draw_marks
from selfiesim.photo.coarse_grid import COARSE_CELL_PX, block_mean
from selfiesim.photo.exposure import (
    FAINT_THRESHOLD,
    HIGHLIGHT_LIMIT,
    Exposure,
    is_seen,
    lit_blocks,
    metered_window,
    set_exposure,
    shutter_for,
    white_balance,
    white_light,
)
from selfiesim.photo.looks import LOOKS, enabled_effects
from selfiesim.photo.sensor import DigitalNumbers, Sensor, simulate_raw
from selfiesim.photo.sun_glare import SunImage, add_sunlight, image_sun
from selfiesim.photo.vignetting import transmission

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Progress
    from selfiesim.scene.photo import PhotoSection
    from selfiesim.view.view import View

ENDINGS = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
MAX_STRIP_ROWS = 512
"""Maximum number of rows of a strip; a multiple of 64, the rows that share a random stream of noise."""
_STRIP_PIXELS = 1 << 22
_SUBJECT_PIXELS = 1 << 19  # of the small picture on which the subject meter finds the craft
TILE_COLUMNS = 2048
"""Columns of a tile; its rows are those of a strip."""

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class RenderInfo:
    """A render of the whole picture, for the recipe.

    Attributes
    ----------
    view : View
        The view it shows.
    quality : str
        ``"draft"`` or ``"final"``.
    samples : int
        Number of passes averaged.
    engine : str
        The renderer with its versions and device.
    """

    view: View
    quality: str
    samples: int
    engine: str


@dataclass(frozen=True)
class Poster:
    """Radiance of a large picture in a temporary file, ready to develop. Leaving its ``with`` block deletes the file.

    Attributes
    ----------
    radiance : RenderInfo
        The render.
    settings : PhotoSection
        The scene's ``[photo]`` section.
    exposure : Exposure
        Settings of the camera, metered over the whole picture.
    sensor : Sensor, optional
        None for the look ``clean``, which has no sensor.
    strip : int
        Rows of a strip.
    """

    radiance: RenderInfo
    settings: PhotoSection
    exposure: Exposure
    sensor: Sensor | None
    strip: int
    _light: RadianceFile = field(repr=False)
    _halo: optics.Floats | None = field(repr=False)
    _sun: SunImage | None = field(repr=False)

    def __enter__(self) -> Poster:
        return self

    def __exit__(self, *_: object) -> None:
        self._light.file.close()

    @property
    def view(self) -> View:
        """The view of the whole picture."""
        return self.radiance.view

    @property
    def focal_length_m(self) -> float:
        """As :attr:`selfiesim.photo.develop.Photo.focal_length_m`."""
        return camera_model.focal_length_m(self.view, self.settings)

    @property
    def tone(self) -> str:
        """Name of the tone curve."""
        return self.settings.tone or LOOKS[self.settings.look].tone

    def strips(self, bits: int = 8) -> Iterator[tuple[Pixels, NDArray[np.uint8]]]:
        """Develop the picture from top to bottom.

        Parameters
        ----------
        bits : int
            8 or 16.

        Yields
        ------
        pixels : (h, W, 3) uint8 or uint16
            sRGB, of ``bits``.
        pixels8 : (h, W, 3) uint8
            The same rows with 8 bits.
        """
        height = self.view.camera.height
        for start in range(0, height, self.strip):
            stop = min(start + self.strip, height)
            pixels8 = self._develop_rows(start, stop, 8)
            yield (pixels8 if bits == 8 else self._develop_rows(start, stop, bits)), np.asarray(pixels8, np.uint8)

    def pixels_sha256(self) -> str:
        """SHA-256 of the 8-bit pixels, row by row."""
        digest = hashlib.sha256()
        for _pixels, pixels8 in self.strips():
            digest.update(np.ascontiguousarray(pixels8).tobytes())
        return digest.hexdigest()

    def save(self, path: str | Path, bits: int = 8, dpi: float | None = None) -> Path:
        """Write the picture with its recipe inside, and the same recipe as a JSON file next to it.

        Parameters
        ----------
        path : str or Path
            A ``.png``, ``.tif`` or ``.jpg`` file.
        bits : int
            8, or 16 for PNG and TIFF.
        dpi : float, optional
            Resolution in print, pixels per inch.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            For another extension or bit depth, or a folder that cannot be written to.
        """
        path = Path(path)
        check_ending(path, self.view.camera)
        check_writable(path, bits)
        check_dpi(dpi)
        # Both files are complete on the disk before either gets its name.
        with atomic_write(sidecar_path(path)) as sidecar, atomic_write(path) as picture:
            text = self._write_strips(picture, bits, dpi)
            sidecar.write_text(text, encoding="utf-8")
        return path

    def _write_strips(self, picture: Path, bits: int, dpi: float | None) -> str:
        """Write the picture strip by strip and return its recipe."""
        size = self.view.camera.width, self.view.camera.height
        ending = picture.suffix.lower()
        writer: PngStrips | TiffStrips | JpegStrips
        if ending in (".jpg", ".jpeg"):
            writer = JpegStrips(picture, *size, JPEG_QUALITY)
        else:
            writer = (PngStrips if ending == ".png" else TiffStrips)(picture, *size, bits)
        with writer:
            digest = hashlib.sha256()
            for pixels, pixels8 in self.strips(bits):
                writer.add(pixels)
                digest.update(np.ascontiguousarray(pixels8).tobytes())
            data = photo_metadata(self, dpi, digest.hexdigest())
            writer.finish(data)
        return data.recipe

    def _develop_rows(self, start: int, stop: int, bits: int) -> Pixels:
        view, options = self.view, self.settings
        if self.sensor is None:
            scale = white_balance(white_light(view.sun.illuminant, options), self.exposure)
            numbers = develop.develop(self._light.rows(start, stop), scale, self.tone, bits, start)
            return draw_marks(numbers, view, options.marks, start)
        # Development needs a few rows on either side; whole bands keep random streams and JPEG blocks aligned.
        first, last = max(start - BAND_ROWS, 0), min(stop + BAND_ROWS, view.camera.height)
        numbers = develop.develop_raw(self._expose_rows(first, last), self.sensor, view, options, bits, first)
        if bits == 8:
            numbers = develop.postprocess(np.asarray(numbers, np.uint8), options, self.sensor)
        return draw_marks(numbers[start - first : stop - first], view, options.marks, start)

    def _expose_rows(self, start: int, stop: int) -> DigitalNumbers:
        """Digital numbers of some rows of the picture."""
        assert self.sensor is not None
        view, height = self.view, self.view.camera.height
        lens = camera_model.build_lens(view, self.settings)
        reach = optics.reach(lens)
        first, last = max(start - reach, 0), min(stop + reach, height)
        planes = camera_model.split_planes(self._light.rows(first, last), view)
        planes = camera_model.apply_aberrations(planes, lens, self._halo, first)
        planes = np.ascontiguousarray(planes[:, start - first : stop - first])
        if self._sun is not None:
            add_sunlight(planes, self._sun, lens, view.shot.sky.sun, start)
        return simulate_raw(planes, transmission(lens, slice(start, stop)), self.sensor, start, height)


# Long for its docstring.
def render_poster(
    view: View,
    options: PhotoSection,
    folder: Path,
    quality: str = "draft",
    samples: int | None = None,
    progress: Progress | None = None,
    strip: int | None = None,
    tile: int = TILE_COLUMNS,
) -> Poster:
    """Render a large picture and meter it.

    Parameters
    ----------
    view : View
        What to render.
    options : PhotoSection
        The ``[photo]`` section.
    folder : Path
        Folder of the temporary file, 12 bytes per pixel; if it is missing, the nearest existing folder above it.
    quality, samples
        As :meth:`selfiesim.view.view.View.render` takes them.
    progress : callable, optional
        Called before each tile with the number done and the total.
    strip : int, optional
        Rows of a strip; a multiple of 64.
    tile : int
        Columns of a tile.

    Returns
    -------
    Poster
        To be used in a ``with`` block.

    Raises
    ------
    SceneError
        For effects that need the whole picture at once.
    OutputError
        When the disk has too little space.
    UserError
        As :meth:`selfiesim.view.view.View.render` and :meth:`selfiesim.render.common.radiance.Radiance.expose`.
    """
    check_effects(view, options)
    folder = next(there for there in (folder.absolute(), *folder.absolute().parents) if there.is_dir())
    height, width = view.camera.height, view.camera.width
    check_disk_space(folder, height * width)
    if strip is None:
        strip = min(MAX_STRIP_ROWS, max(_STRIP_PIXELS // width // BAND_ROWS, 1) * BAND_ROWS)
    light = RadianceFile(tempfile.TemporaryFile(dir=folder), height, width)  # noqa: SIM115  (Poster closes it)
    try:
        engine, passes = render_tiles(view, light, (quality, samples), (strip, tile), progress)
        return _meter_poster(view, options, light, (quality, passes, engine), strip)
    except BaseException:
        light.file.close()
        raise


def is_large(camera: Camera) -> bool:
    """Whether a picture is too large to be rendered at once."""
    return camera.width * camera.height > RENDER_PIXELS.value


def check_ending(path: Path, camera: Camera) -> None:
    """Check that a file format can be written strip by strip.

    Raises
    ------
    OutputError
        Lists the formats that can.
    """
    size = f"{camera.width}x{camera.height}"
    if path.suffix.lower() not in ENDINGS:
        raise OutputError(f"{path}: a picture of {size} is written strip by strip; end its name in .png, .tif or .jpg")
    if path.suffix.lower() in (".jpg", ".jpeg") and max(camera.width, camera.height) > JPEG_SIZE:
        raise OutputError(f"{path}: a JPEG is at most {JPEG_SIZE:,} px wide and high, not {size}; use .png or .tif")


def check_effects(view: View, options: PhotoSection) -> None:
    """Check that the effects of a poster work strip by strip.

    Raises
    ------
    SceneError
        Names the effect that needs the whole picture.
    """
    if options.look == "clean":
        return
    detector = camera_model.detector_of(view, options)
    on = enabled_effects(options, detector.is_colour)
    if "rolling_shutter" in on and detector.readout_s > 0.0:
        raise SceneError("photo.effects.rolling_shutter: needs the whole picture at once; set it to false for a poster")
    if "blooming" in on and detector.spill > 0.0:
        raise SceneError(
            "photo.effects.blooming: charge spills along whole columns; set it to false for a poster of this sensor"
        )


def _meter_poster(
    view: View, options: PhotoSection, light: RadianceFile, render_info: tuple[str, int, str], strip: int
) -> Poster:
    """Meter the exposure and compute the lens effects that need the whole picture."""
    clean = options.look == "clean"
    lens = camera_model.build_lens(view, options)
    cells = np.zeros((3, -(-light.height // COARSE_CELL_PX), -(-light.width // COARSE_CELL_PX)), np.float32)
    for number, part in enumerate(light.strips(strip)):
        develop.check_finite(part)
        if "glare" in lens.on:
            mean = block_mean(camera_model.split_planes(part, view))
            first = number * strip // COARSE_CELL_PX
            cells[:, first : first + mean.shape[1]] = mean
    exposure = _resolve_exposure(view, options, light, strip)
    image_sensor = None if clean else camera_model.build_sensor(view, options, exposure)
    halo = optics.veiling_glare(cells, lens) if "glare" in lens.on else None
    sun = image_sun(view, lens, lambda row, column: _is_pixel_covered(view, row, column))
    quality, passes, engine = render_info
    return Poster(RenderInfo(view, quality, passes, engine), options, exposure, image_sensor, strip, light, halo, sun)


def _resolve_exposure(view: View, options: PhotoSection, light: RadianceFile, strip: int) -> Exposure:
    clean = options.look == "clean"
    iso = options.iso if clean else camera_model.camera_iso(view, options)
    if options.shutter_s != "auto":
        return set_exposure(options, iso)
    white = develop.sunlit_white_luminance(view.sun)
    rows, columns = metered_window(options.meter, light.height, light.width)
    whole = rows.start + max((rows.stop - rows.start) // 8, 1) * 8

    def lit_above(*threshold: float) -> NDArray[np.float32]:
        parts = light.strips(strip, rows.start, min(whole, rows.stop))
        return np.concatenate([lit_blocks(part[:, columns], white, *threshold) for part in parts])

    lit = lit_above()
    if not lit.size:
        faint = lit_above(FAINT_THRESHOLD)
        lit = faint if is_seen(faint, (rows.stop - rows.start, columns.stop - columns.start)) else lit
    limit = HIGHLIGHT_LIMIT if clean else develop.SENSOR_HIGHLIGHTS
    exposure = set_exposure(options, iso, shutter_for(lit, white, options.f_number, iso, options.meter, limit))
    if options.meter != "subject":
        return exposure
    small = view.turned(np.eye(3), view.camera.reduced(_SUBJECT_PIXELS)[0])
    return develop.protect(small.render(), options, exposure)


def _is_pixel_covered(view: View, row: int, column: int) -> bool:
    """Whether craft or planet cover a pixel, from a render of its neighbourhood."""
    camera = view.camera
    neighbourhood = replace(camera, width=9, height=9, cx=camera.cx - column + 4, cy=camera.cy - row + 4)
    return bool(np.isfinite(view.turned(np.eye(3), neighbourhood).render().depth[4, 4]))
