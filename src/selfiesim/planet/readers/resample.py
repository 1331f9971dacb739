"""Resampling of any map file to the project's convention: plate carree at a given size, in bounded memory.

Where the result is coarser than the file, each of its cells is the mean over true area on the sphere, computed exactly
from the edges of the file's cells, so that nothing is aliased and no light or height is lost. Where it is finer, values
are interpolated linearly between the centres of the file's cells. Rows and columns are separable in a plate carree map,
and are resampled strip by strip. Colours coded as sRGB are averaged in linear light and then become bands; linear
colours count as bands.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import bands_from_linear_srgb, linear_from_srgb
from selfiesim.core.errors import MapError
from selfiesim.planet.readers.conventions import Conventions, Edges, Layer, Placement, place
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.readers.rasters import Raster

Values = NDArray[np.float32]

_CHUNK = 8_000_000  # numbers processed at once: 32 MB in float32
_STRIP = 64  # rows of the result computed at once
_MIN_COVER = 0.5  # a cell of which less is known is a gap
MAX_HEIGHT_M = 200_000.0
"""Larger numbers cannot be heights; they are a file's undeclared marker for gaps."""

_MAX_REFLECTANCE = 2.0  # larger numbers cannot be reflectances


def read_map(
    path: Path,
    layer: Layer = "albedo",
    width: int | None = None,
    *,
    body: str = "mars",
    conventions: Conventions | None = None,
) -> Values:
    """Read a map file as an array in the project's convention.

    Parameters
    ----------
    path
        The file, or a pattern for faces or tiles; see :func:`selfiesim.planet.readers.dispatch.open_raster`.
    layer
        Meaning of its numbers: ``"albedo"`` is returned as reflectance in the bands (0 to 1), ``"elevation"`` in
        metres, ``"normal"`` as vectors with components from -1 to 1.
    width
        Columns of the result, even; None for the file's own resolution, at most 8192.
    body
        The body, whose shape converts planetographic latitudes.
    conventions
        How the file is laid out, where it does not state so itself.

    Returns
    -------
    (width / 2, width) float32 for one band, (width / 2, width, 3) for three
        Row 0 in the north, left edge of column 0 at lon 0 E, planetocentric; NaN in gaps.

    Raises
    ------
    MapError
        The file cannot be used; the message names the file and the remedy.
    """
    with open_raster(path, conventions) as raster:
        placement = place(raster.conventions, raster.width, raster.height, body, raster.name)
        size = width or native_width(placement)
        out = np.empty((size // 2, size, raster.bands), np.float32)
        for top, strip in iter_strips(raster, placement, layer, size):
            out[top : top + len(strip)] = strip
        if np.isnan(out).all():
            raise MapError(f"{raster.name}: has only gaps and no {layer}; check nodata")
    return out[..., 0] if out.shape[2] == 1 else out


def native_width(placement: Placement, max_width: int = 8192) -> int:
    """Return the even number of columns that keeps a map's resolution, at most ``max_width``."""
    return int(min(max_width, max(64, 2 * round(placement.columns_per_turn / 2))))


def iter_strips(
    raster: Raster,
    placement: Placement,
    layer: Layer,
    width: int,
    lat_edges: Edges | None = None,
) -> Iterator[tuple[int, Values]]:
    """Resample a map strip by strip, from north to south.

    Parameters
    ----------
    raster, placement, layer
        The map, where it lies, and what its numbers mean.
    width : int
        Columns of the result.
    lat_edges : (n + 1,) array, optional
        Edges of the result's rows, rad, decreasing and evenly spaced; None for ``width`` / 2 rows from pole to pole.

    Yields
    ------
    top : int
        Index of the strip's first row.
    values : (n, width, bands) float32
        The strip; NaN in gaps.
    """
    target_edges = np.linspace(np.pi / 2, -np.pi / 2, width // 2 + 1) if lat_edges is None else lat_edges
    down = _row_weights(placement.lat_edges, target_edges)
    across = _column_weights(placement.lon_edges, width)
    decode = _Decoder(raster, layer)
    rows = min(_STRIP, max(8, _CHUNK // (raster.width * raster.bands)))
    for top in range(0, len(target_edges) - 1, rows):
        yield top, _resample_strip(raster, decode, down[top : top + rows], across)


def _resample_strip(raster: Raster, decode: _Decoder, down: Any, across: Any) -> Values:
    """Return a few rows of the result: each cell's weighted sum over the weight of its known part."""
    rows, bands = down.shape[0], raster.bands
    total = np.zeros((rows, raster.width * bands), np.float32)
    known = np.zeros((rows, raster.width), np.float32)
    used = np.unique(down.indices)
    if used.size:
        step = max(1, _CHUNK // (raster.width * bands))
        for start in range(int(used[0]), int(used[-1]) + 1, step):
            stop = min(start + step, int(used[-1]) + 1)
            values, gaps = decode(raster, start, stop)
            part = down[:, start:stop]
            total += part @ values.reshape(stop - start, -1)
            share = part.sum(axis=1)[:, None] if gaps is None else part @ (~gaps).astype(np.float32)
            known += share.astype(np.float32)
    known = _resample_columns(across, known[..., None])
    total = _resample_columns(across, total.reshape(rows, -1, bands))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / known
    mean[known[..., 0] < _MIN_COVER] = np.nan
    return bands_from_linear_srgb(mean) if decode.srgb and bands == 3 else mean


def _resample_columns(across: Any, values: Values) -> Values:
    """Resample the columns of (n, W, bands) to (n, width, bands)."""
    count, wide, bands = values.shape
    columns_first = np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(wide, count * bands)
    resampled = (across @ columns_first).reshape(-1, count, bands)
    return np.ascontiguousarray(resampled.transpose(1, 0, 2))


class _Decoder:
    """Converts raw numbers to reflectance, metres or vector components, float32, 0 in gaps."""

    def __init__(self, raster: Raster, layer: Layer) -> None:
        conventions = raster.conventions
        self.layer, self._nodata = layer, conventions.nodata
        whole = raster.dtype.kind in "iu"
        full = float(np.iinfo(raster.dtype).max) if whole else 1.0
        if layer == "normal" and raster.bands != 3:
            raise MapError(f"{raster.name}: a map of normals has three bands, not one")
        if layer == "elevation" and raster.bands != 1:
            raise MapError(f"{raster.name}: elevation has one band, not three; is it a colour image?")
        self._scale = (
            conventions.scale if conventions.scale is not None else 1.0 if layer == "elevation" else 1.0 / full
        )
        self._offset = conventions.offset
        self.srgb = (
            layer == "albedo" and (conventions.coding or ("srgb" if raster.dtype == np.uint8 else "linear")) == "srgb"
        )
        self._table: Values | None = None
        if raster.dtype == np.uint8:
            self._table = self._values(np.arange(256, dtype=np.float32))

    def _values(self, raw: NDArray[Any]) -> Values:
        with np.errstate(over="ignore", invalid="ignore"):  # _check says it in a sentence
            value = raw.astype(np.float32) * np.float32(self._scale) + np.float32(self._offset)
            if self.srgb:
                value = linear_from_srgb(value)
            return value * 2 - 1 if self.layer == "normal" else value

    def __call__(self, raster: Raster, start: int, stop: int) -> tuple[Values, NDArray[np.bool_] | None]:
        raw, gaps = raster.rows(start, stop)
        if self._nodata is not None:
            marked = (raw == self._nodata).all(axis=-1)
            gaps = marked if gaps is None else gaps | marked
        if raw.dtype.kind == "f":
            unknown = np.isnan(raw).any(axis=-1)
            gaps = unknown if gaps is None else gaps | unknown
        values = self._values(raw) if self._table is None else self._table[raw]
        if gaps is not None:
            values[gaps] = 0.0
            gaps = gaps if gaps.any() else None
        self._check(values, raster, start)
        return values, gaps

    def _check(self, values: Values, raster: Raster, start: int) -> None:
        if self._table is not None and self.layer != "albedo":
            return
        low, high = float(values.min()), float(values.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise MapError(
                f"{raster.name}: has infinite numbers near row {start}; give nodata, or another scale or offset"
            )
        if self.layer == "elevation" and max(-low, high) > MAX_HEIGHT_M:
            raise MapError(
                f"{raster.name}: has heights from {low:g} to {high:g} m; give nodata for the gaps, or a scale"
            )
        if self.layer == "albedo" and not (low >= -0.05 and high <= _MAX_REFLECTANCE):
            raise MapError(
                f"{raster.name}: has reflectances from {low:g} to {high:g}; give a scale that maps them to 0 to 1"
            )


def _row_weights(edges: Edges, target_edges: Edges) -> Any:
    """Return sparse weights (result's rows, file's rows); the sine of latitude measures area."""
    decreasing = edges[0] > edges[-1]
    increasing = np.maximum.accumulate(edges[::-1] if decreasing else edges)
    weights = _weights(np.sin(increasing), np.sin(target_edges[::-1]), increasing, target_edges[::-1])
    weights = weights[::-1]
    return (weights[:, ::-1] if decreasing else weights).tocsr()


def _column_weights(edges: Edges, width: int) -> Any:
    """Return sparse weights (result's columns, file's columns), with the file repeated around the body as needed."""
    from scipy import sparse

    turn = 2 * np.pi
    decreasing = edges[0] > edges[-1]
    increasing = edges[::-1] if decreasing else edges
    step = np.ptp(increasing) / (len(increasing) - 1)
    closed = bool(np.ptp(increasing) >= turn - 1.5 * step)
    repeated = np.ptp(increasing) > turn + 0.5 * step  # the last column repeats the first
    if repeated:
        increasing = increasing[:-1]
    target_edges = np.linspace(0.0, turn, width + 1)
    first = int(np.floor((target_edges[0] - increasing[-1]) / turn))
    last = int(np.ceil((target_edges[-1] - increasing[0]) / turn))
    parts = [
        _weights(increasing + k * turn, target_edges, increasing + k * turn, target_edges, closed)
        for k in range(first, last + 1)
    ]
    weights = parts[0]
    for part in parts[1:]:
        weights = weights + part
    if closed:
        weights = _normalize_rows(weights)
    if repeated:
        weights = sparse.hstack([weights, sparse.csr_array((width, 1), dtype=np.float32)])
    return (weights.tocsr()[:, ::-1] if decreasing else weights).tocsr()


def _normalize_rows(weights: Any) -> Any:
    """Divide each row by its sum, so that a map that overlaps itself or lacks a pixel is averaged."""
    from scipy import sparse

    total = np.asarray(weights.sum(axis=1)).ravel()
    return sparse.diags_array((1.0 / np.where(total > 0.0, total, 1.0)).astype(np.float32)) @ weights


def _weights(measure: Edges, target_measure: Edges, edges: Edges, target_edges: Edges, closed: bool = False) -> Any:
    """Return sparse weights (result's cells, file's cells); all edges increase.

    Where the result's cells are larger they are overlaps in ``measure``; where they are smaller, weights of linear
    interpolation between the file's cell centres.
    """
    if np.ptp(target_edges) / (len(target_edges) - 1) < 0.999 * np.ptp(edges) / (len(edges) - 1):
        return _linear_weights(edges, 0.5 * (target_edges[:-1] + target_edges[1:]), closed)
    return _overlap_weights(measure, target_measure)


def _overlap_weights(edges: Edges, target_edges: Edges) -> Any:
    from scipy import sparse

    cuts = np.unique(np.concatenate([edges, target_edges]))
    middle, length = 0.5 * (cuts[:-1] + cuts[1:]), np.diff(cuts)
    row = np.searchsorted(target_edges, middle, "right") - 1
    column = np.searchsorted(edges, middle, "right") - 1
    inside = (row >= 0) & (row < len(target_edges) - 1) & (column >= 0) & (column < len(edges) - 1)
    row, column, length = row[inside], column[inside], length[inside]
    share = (length / np.diff(target_edges)[row]).astype(np.float32)
    return sparse.csr_array((share, (row, column)), shape=(len(target_edges) - 1, len(edges) - 1))


def _linear_weights(edges: Edges, places: Edges, closed: bool) -> Any:
    from scipy import sparse

    centres = 0.5 * (edges[:-1] + edges[1:])
    count = len(centres)
    right = np.searchsorted(centres, places)
    low, high = np.clip(right - 1, 0, count - 1), np.clip(right, 0, count - 1)
    span = centres[high] - centres[low]  # 0 at the ends, and between rows clipped at the pole
    share = np.where(span > 0.0, (places - centres[low]) / np.where(span > 0.0, span, 1.0), 0.0)
    inside = (places >= edges[0]) & (places < edges[-1])
    if closed:
        # Beyond the outermost centres the neighbour is the other end of the map.
        gap = centres[0] + 2 * np.pi - centres[-1]
        before, after = inside & (places < centres[0]), inside & (places > centres[-1])
        low, high = np.where(before | after, count - 1, low), np.where(before | after, 0, high)
        share = np.where(before, (places - (centres[-1] - 2 * np.pi)) / gap, share)
        share = np.where(after, (places - centres[-1]) / gap, share)
    row = np.flatnonzero(inside)
    rows, columns = np.concatenate([row, row]), np.concatenate([low[row], high[row]])
    shares = np.concatenate([1.0 - share[row], share[row]]).astype(np.float32)
    return sparse.csr_array((shares, (rows, columns)), shape=(len(places), count))
