"""Path tracing with Mitsuba 3: full global illumination, slowly. For posters, and to validate the raster renderer.

The craft is traced in the light of the Sun and of the planet. The background, planet and sky, is computed in numpy and
composited by the coverage of each pixel. Compared with :mod:`selfiesim.render.raster.renderer` it leaves out what
:mod:`selfiesim.render.light.planet_radiance` leaves out, occlusion textures (real geometry occludes), and the craft's
shadow on the planet.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import GraphicsError
from selfiesim.render import render_thread
from selfiesim.render.common.lens_remap import pinhole_views, sample_bilinear
from selfiesim.render.common.radiance import QUALITIES, Preview, Progress, Radiance
from selfiesim.render.layers.ground_layer import add_dust_sky
from selfiesim.render.layers.sky_layer import add_sky
from selfiesim.render.light.planet_radiance import planet_radiance

if TYPE_CHECKING:
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.view.view import View

SAMPLES = {"draft": 16, "final": 64}
MAX_SAMPLES = 1024
MAX_PATH_DEPTH = 8
"""Segments of a path from camera to light: 2 is direct light alone."""
VECTOR_VARIANT, SCALAR_VARIANT = "llvm_ad_rgb", "scalar_rgb"
_PATHS_AT_ONCE = 2**22
_FEW_SUBSAMPLES, _MANY_SUBSAMPLES = 2, 6  # of the background across a pixel, below and from _MANY_SAMPLES paths
_MANY_SAMPLES = 256
_SQUARE_PIXEL_TOLERANCE = 1e-6
INSTALL_COMMAND = "pip install 'selfiesim[mitsuba]'"
LLVM_PACKAGE = "libllvm19"
"""Debian package of the library that :data:`VECTOR_VARIANT` needs."""
# With a libLLVM that is too old for Dr.Jit, which needs an instruction of LLVM 16 for minima, the process dies. So a
# child process tries first.
_PROBE = (
    "import mitsuba as mi; mi.set_variant('{}'); import drjit as dr; print('sum', dr.minimum(mi.Float([1, 2]), 1.5)[0])"
)


class MitsubaRenderer:
    """Renders by tracing paths of at most ``depth`` segments."""

    def __init__(self, depth: int = MAX_PATH_DEPTH) -> None:
        self.variant = require()
        self.depth = depth

    @property
    def engine(self) -> str:
        """Name and version of the renderer."""
        from importlib.metadata import version

        return f"mitsuba {version('mitsuba')}, {self.variant}"

    # Long by its docstring and the checks of its arguments.
    def render(
        self,
        view: View,
        quality: str,
        samples: int | None = None,
        progress: Progress | None = None,
        moving: Sequence[View] = (),
        preview: Preview | None = None,
    ) -> Radiance:
        """Render ``view``; see :class:`selfiesim.render.common.radiance.Renderer`.

        ``samples`` is the number of paths per pixel, for the Sun and for the planet each. ``preview`` is not called.

        Raises
        ------
        ValueError
            For an unknown quality, or samples out of range.
        GraphicsError
            For motion blur.
        """
        if moving:
            raise GraphicsError("photo.motion_blur: the engine mitsuba renders a single instant; remove the key")
        if quality not in QUALITIES:
            raise ValueError(f"quality {quality!r}: must be one of {', '.join(QUALITIES)}")
        count = SAMPLES[quality] if samples is None else samples
        if not 1 <= count <= MAX_SAMPLES:
            raise ValueError(f"{count} samples: give a number from 1 to {MAX_SAMPLES}")
        view = view.with_quality(quality)
        # In the thread of the raster renderer, since both share what they trace with.
        rgb = render_thread.call(self._render, view, count, render_thread.in_caller(progress))
        return Radiance(rgb, view, quality, self.engine, count)

    def _render(self, view: View, count: int, report: Progress) -> NDArray[np.float32]:
        """Return the radiance (H, W, 3) through the lens."""
        with _selected(self.variant):
            return self._render_selected(view, count, report)

    def _render_selected(self, view: View, count: int, report: Progress) -> NDArray[np.float32]:
        """Render with the variant of Mitsuba that is selected."""
        from selfiesim.render.mitsuba.scene import build_scenes

        maps = _maps(view)
        scenes = build_scenes(view, maps, self.variant == VECTOR_VARIANT)
        camera = view.camera
        if camera.distortion is None and abs(camera.fx / camera.fy - 1.0) < _SQUARE_PIXEL_TOLERANCE:
            light = self._trace_pinhole(scenes, view, count, report)
        else:
            light = self._trace_distorted(scenes, view, count, report)
        rgb = np.ascontiguousarray(light[..., :3])
        if maps is not None:
            _add_planet_behind(rgb, light[..., 3], view, maps, count)
        ground = view.ground
        if ground is not None:
            add_dust_sky(
                rgb, light[..., 3], camera, ground.enu_to_camera.T, ground.sky, view.sun.extraterrestrial_irradiance
            )
        add_sky(rgb, light[..., 3], view)
        return rgb

    def _trace_pinhole(self, scenes: list[Any], view: View, count: int, report: Progress) -> NDArray[np.float32]:
        """Return the radiance of the craft and its coverage of each pixel (H, W, 4)."""
        import mitsuba as mi

        from selfiesim.render.mitsuba.scene import build_sensor, has_null_transmission

        # A new sensor for each picture: its parameters depend on the size of the picture.
        sensor = build_sensor(view)
        # Only the integrator for volumes lets light through surfaces with holes on its way from a lamp.
        kind = "volpath" if has_null_transmission(view) else "path"
        integrator = mi.load_dict({"type": kind, "max_depth": self.depth, "hide_emitters": True})
        total = np.zeros((view.camera.height, view.camera.width, 4), np.float32)
        per_pass = _paths_per_pass(view.camera.width * view.camera.height)
        for seed, done in enumerate(range(0, count, per_pass)):
            report(done, count)
            paths = min(per_pass, count - done)
            for bands, scene in zip((4, 3), scenes, strict=False):  # coverage is counted once
                image = mi.render(scene, sensor=sensor, integrator=integrator, spp=paths, seed=seed)
                total[..., :bands] += np.array(image, np.float32)[..., :bands] * np.float32(paths / count)
        return total

    def _trace_distorted(self, scenes: list[Any], view: View, count: int, report: Progress) -> NDArray[np.float32]:
        """Trace as :meth:`_trace_pinhole` for a lens with distortion or with pixels that are not square."""
        camera = view.camera
        light = np.zeros((camera.width * camera.height, 4), np.float32)
        parts = pinhole_views(camera)
        for number, share in enumerate(parts):

            def report_view(done: int, of: int, before: int = number * count) -> None:
                report(before + done, len(parts) * of)

            part = self._trace_pinhole(scenes, view.turned(share.lens_to_pinhole, share.camera), count, report_view)
            light[share.pixels] = sample_bilinear(part, share.pinhole_pixels)
        return light.reshape(camera.height, camera.width, 4)


def _paths_per_pass(pixels: int) -> int:
    """Return the number of paths per pixel in one pass, a power of two that bounds the memory."""
    return int(2 ** np.clip(np.floor(np.log2(_PATHS_AT_ONCE / pixels)), 0, 10))


def _maps(view: View) -> PlanetMaps | None:
    from selfiesim.planet.maps.surface import surface_maps

    if view.planet is None or view.ground is not None or view.planet.shape is not None:
        return None
    return surface_maps(view.planet.surface)


def _add_planet_behind(
    rgb: NDArray[np.float32], cover: NDArray[np.float32], view: View, maps: PlanetMaps, count: int
) -> None:
    """Add the planet behind the craft, by its coverage (H, W), to a picture with ``count`` paths per pixel."""
    free = np.flatnonzero(cover.ravel() < 1.0)
    pixels = np.stack(np.divmod(free, view.camera.width)[::-1], axis=-1).astype(float)
    behind = np.zeros((len(free), 3), np.float32)
    across = _FEW_SUBSAMPLES if count < _MANY_SAMPLES else _MANY_SUBSAMPLES
    steps = (np.arange(across) + 0.5) / across - 0.5
    for offset in product(steps, steps):
        behind += planet_radiance(view, maps, np.zeros(3), view.camera.unproject(pixels + offset)) / across**2
    rgb.reshape(-1, 3)[free] += behind * (1.0 - cover.ravel()[free, None])


@contextmanager
def _selected(variant: str) -> Iterator[None]:
    """Select a variant of Mitsuba, and afterwards the one that other code in this process had selected."""
    import mitsuba as mi

    before = mi.variant()
    mi.set_variant(variant)
    try:
        yield
    finally:
        if before is not None:
            mi.set_variant(before)


@cache
def require() -> str:
    """Return the variant of Mitsuba that runs here: :data:`VECTOR_VARIANT`, or :data:`SCALAR_VARIANT` without libLLVM.

    Raises
    ------
    GraphicsError
        Mitsuba is not installed, with the command that installs it, or does not start.
    """
    from importlib.util import find_spec

    if find_spec("mitsuba") is None:
        raise GraphicsError(f"the engine mitsuba is not installed; run: {INSTALL_COMMAND}")
    last = ""
    for variant in (VECTOR_VARIANT, SCALAR_VARIANT):
        probe = _PROBE if variant == VECTOR_VARIANT else "import mitsuba as mi; mi.set_variant('{}'); print('sum')"
        command = [sys.executable, "-c", probe.format(variant)]
        try:
            child = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            continue
        if child.returncode == 0 and child.stdout.startswith("sum"):
            return variant
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
    raise GraphicsError(f"mitsuba is installed but does not start: {last}")
