"""Shadows that the relief of a planet casts on it, for one direction of the Sun.

All rays of sunlight through a place lie in the plane of the place, the planet's centre and the Sun. In polar
coordinates around the subsolar point such planes are meridians, so that shadows run straight down the columns of a map
whose rows are elevations of the Sun: no seams, no poles, and the planet's curvature is exact. In each plane the
distance of a point from the line through centre and Sun is x = r cos(elevation); a ray of sunlight has a constant x.
A place is lit where its x exceeds that of all places nearer to the subsolar point, which is a running maximum. Doing
this for the lower and the upper limb of the Sun's disc gives the penumbra.

A map holds by how many metres a place rises above each of the two shadows, and not whether it is lit: those numbers
are continuous, so that interpolation finds edges of shadows well inside a texel.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import Matrix, Vector
from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.grids.spline_upsampler import spline_matrix
from selfiesim.planet.terrain.surface_heights import SurfaceHeights

_FADE_RAD = float(np.radians(1.0))  # below the highest elevation, where shadows fade
_BEYOND_RAD = float(np.radians(4.2))  # sunward of a map of Mars, where relief may cast shadows into it
_BEYOND_RADIUS_M = 3_389_500.0  # on a smaller planet that reaches further around
_COARSE_PX = 0.92  # step at which the globe's heights are read, in pixels of theirs
_DEPTH = 0.25  # metres above a shadow per metre of a texel that the last code stands for
_BLOCK = 96  # columns worked on at a time, which fit into a processor's cache
_THREADS = 2
_SMOOTH_TERMINATOR = -0.01, 0.03  # sines of the Sun's elevation between which ground without a map is lit


@dataclass(frozen=True)
class ShadowGrid:
    """Rows of equal steps in the sine of the Sun's elevation, columns of equal steps in angle around the Sun's axis.

    Attributes
    ----------
    columns_per_turn : int
        Columns around the Sun's axis.
    first_column, columns : int
        Those that the grid has.
    first_row, rows : int
        Rows, counted from the terminator toward the Sun.
    """

    columns_per_turn: int
    first_column: int
    columns: int
    first_row: int
    rows: int

    @property
    def texel(self) -> float:
        """Side of a texel, rad."""
        return float(2 * np.pi / self.columns_per_turn)

    @property
    def middle_turn(self) -> float:
        """Angle of the middle of the grid around the Sun's axis, turns."""
        return (self.first_column + 0.5 * self.columns) / self.columns_per_turn

    @property
    def turns(self) -> NDArray[np.float64]:
        """Angles of the columns around the Sun's axis, turns."""
        return np.asarray((self.first_column + np.arange(self.columns) + 0.5) / self.columns_per_turn)

    def sines(self, extra: int = 0) -> NDArray[np.float64]:
        """Return the sine of the Sun's elevation in each row and in ``extra`` rows beyond the last."""
        return np.asarray((np.arange(self.first_row, self.first_row + self.rows + extra) + 0.5) * self.texel)


@dataclass(frozen=True, eq=False)
class ShadowMap:
    """Where the relief shades a planet.

    Attributes
    ----------
    codes : (rows, columns, 2) uint8
        Height above the shadow of the Sun's lower and of its upper limb, coded around 127.5 by the square root; the
        last code stands for ``_DEPTH`` texels.
    grid : ShadowGrid
        Where the codes are.
    frame : (3, 3) array
        From body-fixed axes to those of the grid: two axes across the Sun's and one toward the Sun.
    """

    codes: NDArray[np.uint8]
    grid: ShadowGrid
    frame: Matrix

    def visible_fraction(self, directions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fraction (N,) of the Sun's disc visible in directions (N, 3) from the centre, body-fixed axes."""
        across, aside, sine = self.frame @ directions.T
        grid = self.grid
        turn = np.mod(np.arctan2(aside, across) / (2 * np.pi) - grid.middle_turn + 0.5, 1.0) - 0.5
        column = turn * grid.columns_per_turn + 0.5 * grid.columns - 0.5
        row = sine / grid.texel - grid.first_row - 0.5
        inside = (np.abs(column - 0.5 * grid.columns + 0.5) <= 0.5 * grid.columns) & (
            np.abs(row - 0.5 * grid.rows + 0.5) <= 0.5 * grid.rows
        )
        row, column = np.clip(row, 0, grid.rows - 1), np.clip(column, 0, grid.columns - 1)
        top, left = np.minimum(row.astype(int), grid.rows - 2), np.minimum(column.astype(int), grid.columns - 2)
        down, right = (row - top)[:, None], (column - left)[:, None]
        upper = self.codes[top, left] * (1 - right) + self.codes[top, left + 1] * right
        lower = self.codes[top + 1, left] * (1 - right) + self.codes[top + 1, left + 1] * right
        fraction = disc_fraction((upper + (lower - upper) * down) / 127.5 - 1)
        return np.where(inside, fraction, smoothstep(*_SMOOTH_TERMINATOR, sine))


def disc_fraction(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the visible fraction of the disc from codes (..., 2) in -1..1, as the shader does.

    Between the limbs the height above the shadow is linear. The cubic is within 2 percent of the light of a disc with a
    linear limb darkening of 0.6, that of the Sun at 550 nm (assumed).
    """
    height = code * np.abs(code)
    share = np.clip(height[..., 1] / np.maximum(height[..., 1] - height[..., 0], 1e-4), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def cast_shadows(
    heights: SurfaceHeights,
    grid: ShadowGrid,
    frame: Matrix,
    radii_m: tuple[float, ...],
    sun_radius_rad: float,
    to_sun: Vector | None = None,
) -> ShadowMap:
    """Follow the rays of sunlight over the relief.

    The relief is kept: another Sun in the same frame takes less time.

    Parameters
    ----------
    heights : SurfaceHeights
        Heights above the ellipsoid.
    grid, frame
        Those of the map.
    radii_m : (3,) tuple of float
        Semi-axes of the ellipsoid.
    sun_radius_rad : float
        Angular radius of the Sun.
    to_sun : (3,) array, optional
        Direction of the Sun, body-fixed axes, within a degree of the frame's; the default is the frame's. Its rays
        leave the planes of the columns by less than that degree.
    """
    sines, over = _kept_relief(heights, grid, tuple(frame.ravel().tolist()), radii_m)
    across, aside, along = frame @ (frame[2] if to_sun is None else to_sun)
    turns = 2 * np.pi * grid.turns
    tilt = np.arctan2(across * np.cos(turns) + aside * np.sin(turns), along)
    codes = np.empty((grid.rows, grid.columns, 2), np.uint8)
    planet = float(np.mean(radii_m)), heights.highest_sun_rad

    def sweep(columns: slice) -> None:
        _sweep(over[:, columns], sines, tilt[columns], planet, sun_radius_rad, grid, codes[:, columns])

    _in_threads(sweep, grid)
    return ShadowMap(codes, grid, frame)


def _in_threads(function: Callable[[slice], None], grid: ShadowGrid) -> None:
    blocks = [slice(k, min(k + _BLOCK, grid.columns)) for k in range(0, grid.columns, _BLOCK)]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(function, blocks))


@lru_cache(maxsize=4)
def _kept_relief(
    heights: SurfaceHeights, grid: ShadowGrid, frame: tuple[float, ...], radii_m: tuple[float, ...]
) -> tuple[NDArray[np.float64], Field]:
    """Return the sines of a grid's rows, and of rows sunward of it, and its heights over the sphere in these rows."""
    top = grid.sines()[-1]
    reach = _BEYOND_RAD * min(np.sqrt(_BEYOND_RADIUS_M / np.mean(radii_m)), 3.0)
    beyond = np.sin(min(np.arcsin(min(top, 1.0)) + reach, heights.highest_sun_rad + 0.4 * reach))
    extra = max(int((beyond - top) / grid.texel), 1)
    sines = grid.sines(extra)
    relief = _Relief(heights, grid, np.reshape(frame, (3, 3)), sines, np.array(radii_m))
    over = np.empty((len(sines), grid.columns), np.float32)

    def read(columns: slice) -> None:
        over[:, columns] = relief.over_sphere(columns)

    _in_threads(read, grid)
    return sines, over


class _Relief:
    """Heights over a sphere, in columns of a grid whose rows have the given sines."""

    def __init__(
        self,
        heights: SurfaceHeights,
        grid: ShadowGrid,
        frame: Matrix,
        sines: NDArray[np.float64],
        radii_m: NDArray[np.float64],
    ) -> None:
        self.radius = float(np.mean(radii_m))
        self._heights, self._grid, self._frame, self._radii = heights, grid, frame, radii_m
        self._sines = sines
        turns = grid.turns
        step = max(_COARSE_PX * np.pi / heights.rows / grid.texel, 1.0)
        rows, columns = (int(np.ceil(count / step)) for count in (len(sines), grid.columns))
        coarse_sines = sines[0] + ((np.arange(rows) + 0.5) * len(sines) / rows - 0.5) * grid.texel
        coarse_turns = turns[0] + ((np.arange(columns) + 0.5) * grid.columns / columns - 0.5) / grid.columns_per_turn
        direction = self._directions(coarse_sines, coarse_turns)
        self._turns = turns
        self._across = None
        if heights.globe_share(direction).any():
            from scipy.ndimage import spline_filter

            coefficients = spline_filter(heights.of_globe(direction), order=3, output=np.float32, mode="mirror")
            self._down = (spline_matrix(rows, len(sines)) @ coefficients).T
            self._across = spline_matrix(columns, grid.columns)

    def over_sphere(self, columns: slice) -> Field:
        """Return the distance (rows, n) of the ground from the planet's centre less the mean radius, m."""
        direction = self._directions(self._sines, self._turns[columns])
        if self._across is None:
            height: Field = np.zeros(direction[2].shape, np.float32)
        else:
            height = np.ascontiguousarray((self._across[columns] @ self._down).T)
        self._heights.add_patches(height, direction, self._grid.texel)
        x, y, z = (part * np.float32(self.radius / axis) for part, axis in zip(direction, self._radii, strict=True))
        squared = x * x + y * y + z * z
        return np.asarray(height + (1 / np.sqrt(squared) - 1) * np.float32(self.radius), np.float32)

    def _directions(self, sines: NDArray[np.float64], turns: NDArray[np.float64]) -> tuple[Field, Field, Field]:
        ring = self._frame[:2].T @ np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)])
        cosines = np.sqrt(1 - sines**2).astype(np.float32)[:, None]
        axis = (sines[:, None] * self._frame[2]).astype(np.float32)
        x, y, z = (axis[:, k, None] + cosines * ring[k].astype(np.float32) for k in range(3))
        return x, y, z


def _sweep(
    over: Field,
    sines: NDArray[np.float64],
    tilt: NDArray[np.float64],
    planet: tuple[float, float],
    sun_radius_rad: float,
    grid: ShadowGrid,
    out: NDArray[np.uint8],
) -> None:
    """Write the codes of some columns from their heights over the sphere, (rows, n).

    ``tilt`` (n,) is added to the elevation of the Sun; ``planet`` is its radius and the highest Sun that casts shadows.
    """
    elevation, (radius, highest_sun_rad) = np.arcsin(sines), planet
    sine_tilt, cosine_tilt = (each(tilt).astype(np.float32) for each in (np.sin, lambda x: np.cos(x) - 1))
    texel_m = grid.texel * radius
    fade = np.clip((elevation - (highest_sun_rad - _FADE_RAD)) / _FADE_RAD, 0, 1)[: grid.rows, None]
    lift = (fade * texel_m).astype(np.float32)
    for k, limb in enumerate((-sun_radius_rad, sun_radius_rad)):
        # The distance from the Sun's axis less the mean radius, in single precision to a decimetre.
        cosine, sine = np.cos(elevation + limb)[:, None], np.sin(elevation + limb)[:, None].astype(np.float32)
        turned = cosine.astype(np.float32) * cosine_tilt - sine * sine_tilt
        x = over * (cosine.astype(np.float32) + turned)
        turned *= np.float32(radius)
        x += turned
        x += (radius * (cosine - 1)).astype(np.float32)
        sunward = np.maximum.accumulate(x[::-1], axis=0)[::-1]
        above = x[: grid.rows] - sunward[1 : grid.rows + 1]
        if fade.any():
            above += lift
        above *= np.float32(1 / (_DEPTH * texel_m))
        np.clip(above, -1, 1, out=above)
        code = np.sqrt(np.abs(above))
        np.copysign(code, above, out=code)
        code *= np.float32(127.5)
        code += np.float32(128.0)
        out[..., k] = code
