"""The light of the air along lines of sight, worked out once per weather and looked up by the renderers.

A table has a block for each of some latitudes. In a block, a row is a line of sight, from straight down over the
horizon to the top of the air above the limb, and a column is a height of the Sun, for each of some azimuths. Light
scattered once is stored without its phase function, and does not depend on the azimuth. After the blocks come rows
about the ground, one per latitude. The shader (``atmosphere.glsl``) and :mod:`selfiesim.planet.light.atmosphere` read
the table with the same bilinear formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.light.air_cache import load_or_build
from selfiesim.planet.light.air_column import COLUMN_TOP_M, EDGES_M, AirColumn
from selfiesim.planet.light.lines_of_sight import LinesOfSight, ground_sight, limb_sight
from selfiesim.planet.light.multiple_scattering import ScatteredLight, scatter
from selfiesim.planet.light.phase_functions import rayleigh

Floats = NDArray[np.float64]

SUN_COLUMNS, AZIMUTHS = 64, 9
GROUND_ROWS, LIMB_ROWS = 32, 96
BLOCK_ROWS = GROUND_ROWS + LIMB_ROWS
BEAM, SKY, VIEW = range(3)
"""Rows about the ground after the blocks, in this order, each for all latitudes."""

LATITUDES = 7
"""Blocks from pole to pole, where the air depends on latitude."""

GROUND_MU: Floats = (np.arange(GROUND_ROWS) / (GROUND_ROWS - 1.0)) ** 2
LIMB_HEIGHTS_M: Floats = COLUMN_TOP_M * (np.arange(LIMB_ROWS) / (LIMB_ROWS - 1.0)) ** 2
"""Lines of sight of the rows: zenith cosine at the ground, and height of the lowest point, m."""

MIN_MU0, MU0_BEND = -0.35, 0.3
_GREEN = 1
_MAX_SUNWARD_M = 50_000.0  # from where light that is scattered again comes, in clear air (assumed)
_SUNWARD_THICK_M = 40_000.0  # the same in thick gas, by the Monte Carlo (design/earth.md)
_WIDE_GLOW_MU0 = 0.27  # half of the glow counts as the beam; fitted to the Monte Carlo
_MAX_LEAN = 4.0  # under the brightest glow, the Sun at the horizon
_TYPICAL_MU0 = 0.3  # cosine of the Sun's zenith angle for which the place of scattering is worked out


@dataclass(frozen=True, eq=False)
class AirTable:
    """Square roots of the light of the air, as two images of float32.

    Attributes
    ----------
    once : (blocks * BLOCK_ROWS + 3 * blocks, SUN_COLUMNS, 4) array
        RGB: I/F of light scattered once by dust, over its phase function. A: the same of gas, in green. Both are 0
        where the gas is thick. In the rows about the ground instead: transmittance toward the Sun; irradiance by the
        sky, and in A how it leans toward the Sun; transmittance for the light of the ground, with the column for the
        cosine of the line of sight.
    more : (blocks * BLOCK_ROWS, AZIMUTHS * SUN_COLUMNS, 4) array
        RGB: I/F of light scattered more often, or at all if the gas is thick. A: how far before the lowest point of
        the line of sight the air scatters, planet radii; 0 if the gas is thick.
    blocks : int
        Number of latitudes, evenly spaced from the south to the north pole; 1 if the air is the same everywhere.
    horizon_place : float
        How far before the ground the air scatters along the horizon, planet radii.
    """

    once: NDArray[np.float32]
    more: NDArray[np.float32]
    blocks: int
    horizon_place: float


def sun_coordinate(mu0: ArrayLike) -> Floats:
    """Return the column, 0 to 1 from the first to the last, of a cosine of the Sun's zenith angle."""
    low, high = _bend(np.array([MIN_MU0, 1.0]))
    return np.asarray((_bend(np.clip(mu0, MIN_MU0, 1.0)) - low) / (high - low))


def _bend(mu0: Floats) -> Floats:
    return np.asarray(mu0 / (np.abs(mu0) + MU0_BEND))


def _sun_columns() -> Floats:
    low, high = _bend(np.array([MIN_MU0, 1.0]))
    t = np.linspace(low, high, SUN_COLUMNS)
    return np.asarray(MU0_BEND * t / (1.0 - np.abs(t)))


def build_table(columns: tuple[AirColumn, ...]) -> AirTable:
    """Work out the table of an atmosphere.

    Parameters
    ----------
    columns : tuple of AirColumn
        The air at latitudes evenly spaced from the south to the north pole, or one for all.
    """
    sizes = [int(np.prod(shape)) for shape in _BLOCK_SHAPES]
    blocks = []
    for column in columns:
        flat = load_or_build(f"{column!r} {_optics(column)}", sum(sizes), partial(_build_block, column))
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        blocks.append([part.reshape(shape) for part, shape in zip(parts, _BLOCK_SHAPES, strict=True)])
    once, more, ground, places = zip(*blocks, strict=True)
    about_ground = np.stack(ground, axis=1).reshape(-1, SUN_COLUMNS, 4)
    return AirTable(
        np.concatenate([*once, about_ground]), np.concatenate(more), len(columns), float(np.mean(places))
    )  # fmt: skip


def _optics(column: AirColumn) -> str:
    """Describe what a block depends on besides the numbers of its column."""
    heights = np.linspace(0.0, COLUMN_TOP_M, 9)
    profiles = (column.gas_profile(heights), column.absorber_profile(heights))
    depths = (column.gas_depth, column.absorber_depth, column.ground_albedo)
    return f"{column.aerosol!r} " + " ".join(np.array(each).tobytes().hex() for each in (*profiles, *depths))


_BLOCK_SHAPES = (
    (BLOCK_ROWS, SUN_COLUMNS, 4),
    (BLOCK_ROWS, AZIMUTHS * SUN_COLUMNS, 4),
    (3, SUN_COLUMNS, 4),
    (1,),
)  # of the parts of a block: light scattered once and more often, rows about the ground, place of the horizon


def _build_block(column: AirColumn) -> NDArray[np.float32]:
    """Work out the parts of a block, roots of light, one after the other (N,)."""
    mu0, edges = _sun_columns(), EDGES_M
    light, sunlight = scatter(column, mu0), np.exp(-column.slant_depth(0.5 * (edges[:-1] + edges[1:])[:, None], mu0))
    dust, gas, absorber = column.layers(edges)
    extinction, grains = np.maximum(dust + gas + absorber, 1e-30), column.aerosol
    by_dust = 0.25 * sunlight * (grains.delta_albedo / (1.0 - grains.peak_fraction) * dust / extinction)[:, None]
    by_gas = 0.25 * sunlight * (gas / extinction)[:, None]
    azimuth = 2.0 * np.arcsin(np.linspace(0.0, 1.0, AZIMUTHS))

    once, more = np.zeros((BLOCK_ROWS, SUN_COLUMNS, 4)), np.zeros((BLOCK_ROWS, AZIMUTHS, SUN_COLUMNS, 4))
    bright = np.argmin(np.abs(mu0 - _TYPICAL_MU0))
    ground, limb = ground_sight(column, GROUND_MU), limb_sight(column, LIMB_HEIGHTS_M)
    sights = (
        (ground, slice(0, GROUND_ROWS), GROUND_MU, np.zeros(GROUND_ROWS)),
        (limb, slice(GROUND_ROWS, BLOCK_ROWS), np.zeros(LIMB_ROWS), LIMB_HEIGHTS_M),
    )
    for sight, rows, _mu, _height in sights:
        once[rows, :, :3] = sight.light_by_layer(by_dust)
        once[rows, :, 3] = sight.light_by_layer(by_gas)[..., _GREEN]
        for m, moments in enumerate(light.moments):
            more[rows, ..., :3] += np.cos(m * azimuth)[:, None, None] * sight.light_by_moments(moments, m)[:, None]
    by_ground = light.ground_moments[:, :, None]
    more[GROUND_ROWS:, ..., :3] += (limb.light_by_moments(by_ground, 0) * light.ground)[:, None]
    more[..., :3] = _as_sunward(column, mu0, more[..., :3])
    if column.thick_gas:
        once[:] = 0.0
        for sight, rows, mu, height in sights:
            lit = _Lines(sight, mu, height, azimuth, mu0)
            more[rows, ..., :3] = lit.by_thick_air(more[rows, ..., :3], by_dust + by_gas)
        place = 0.0
    else:
        more[GROUND_ROWS:, ..., 3] = limb.mean_place(by_dust[:, bright])[:, _GREEN, None, None]
        place = float(ground.mean_place(by_dust[:, bright])[0, _GREEN])
    views = ground_sight(column, np.maximum(mu0, 0.0))
    seen = views.transmittance + views.light_by_moments(by_ground, 0)[:, 0]
    light_parts = (once, more, _rows_about_ground(*_split_daylight(column, light, mu0), seen))
    roots = np.sqrt(np.maximum(np.concatenate([part.ravel() for part in light_parts]), 0.0))
    return np.append(roots, place).astype(np.float32)


def _rows_about_ground(beam: Floats, sky: Floats, lean: Floats, seen: Floats) -> Floats:
    """Return the rows (3, M, 4) after the blocks, not yet their roots."""
    rows = np.pad(np.stack([beam, sky, seen]), ((0, 0), (0, 0), (0, 1)))
    rows[SKY, :, 3] = lean
    return rows


@dataclass(frozen=True, eq=False)
class _Lines:
    """Lines of sight with their cosines and heights (rows,), for azimuths (A,) and cosines of the Sun (M,)."""

    sight: LinesOfSight
    mu: Floats
    height_m: Floats
    azimuth: Floats
    mu0: Floats

    def by_thick_air(self, more: Floats, scattered: Floats) -> Floats:
        """Return the light (rows, A, M, 3) of thick air: scattered once along the path, and more often.

        The latter is ``more``, worked out for a Sun equally high everywhere, taken where the air scatters light.
        """
        mu = self.mu[:, None, None]
        sines = np.sqrt((1.0 - mu**2) * (1.0 - np.minimum(self.mu0**2, 1.0)))
        cosine = mu * self.mu0 - sines * np.cos(self.azimuth)[:, None]
        dust, gas = self.sight.light_once(self.height_m, self.mu0, cosine)
        total = dust * self.sight.column.aerosol.phase(-cosine) + gas * rayleigh(cosine)[..., None]
        place = self.sight.mean_place(scattered[:, np.argmin(np.abs(self.mu0 - _TYPICAL_MU0))])
        row, turn, _ = np.ogrid[: len(self.mu), : len(self.azimuth), :1]
        for band in range(3):
            at = sun_coordinate(self.mu0 + place[:, band, None, None] * cosine) * (SUN_COLUMNS - 1.0)
            first = np.minimum(at.astype(int), SUN_COLUMNS - 2)
            low, high = (more[row, turn, first + k, band] for k in (0, 1))
            total[..., band] += low + (high - low) * (at - first)
        return np.asarray(total)


def _as_sunward(column: AirColumn, mu0: Floats, more: Floats) -> Floats:
    """Return light (..., M, 3), worked out for a Sun as high everywhere, as if the Sun stood as sunward of the place.

    Most light that is scattered again comes from the Sun's side, where the Sun is higher. At the terminator this
    counts: on Mars, half a mean free path brings the limb within 7 percent of the Monte Carlo, from 12
    (design/atmosphere.md).
    """
    mean_free_path = 1.0 / max(float(column.extinction[0, _GREEN]), 0.5 / _MAX_SUNWARD_M)
    path = _SUNWARD_THICK_M if column.thick_gas else 0.5 * mean_free_path
    place = sun_coordinate(mu0 + path / column.radius_m) * (SUN_COLUMNS - 1.0)
    first = np.minimum(place.astype(int), SUN_COLUMNS - 2)
    share = (place - first)[:, None]
    return np.asarray(more[..., first, :] * (1.0 - share) + more[..., first + 1, :] * share)


def _split_daylight(column: AirColumn, light: ScatteredLight, mu0: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the transmittance (M, 3) of the beam, the irradiance (M, 3) of level ground by the rest, and its lean.

    Light scattered by some degrees shades slopes as the beam does, and a ridge that hides the Sun hides it too. The
    higher the Sun, the wider the glow that counts as the beam, so that what is left is the light behind such a ridge
    by the Monte Carlo (design/atmosphere.md). The lean, in green, is how much more the sky lights a wall that faces the
    Sun than one that faces away, over what it lights level ground.
    """
    depth, height = column.slant_depth(0.0, mu0), np.maximum(mu0, 0.0)[:, None]
    direct = np.exp(-depth)
    sky, sunward = (_as_sunward(column, mu0, each) for each in (light.sky, light.sunward))
    total = height * direct + sky
    beam = direct
    if not column.thick_gas:
        grains = column.aerosol
        glow = np.exp(-depth * (grains.scaled_extinction / grains.delta_extinction))
        glow = np.minimum(glow, total / np.maximum(height, 1e-6))
        beam = direct + (glow - direct) * (height / (height + _WIDE_GLOW_MU0))
    beam = np.where(mu0[:, None] > 0.0, beam, 0.0)
    rest = total - beam * height
    sunward = sunward + (direct - beam) * np.sqrt(1.0 - mu0**2)[:, None]
    lean = np.clip(sunward / np.maximum(rest, 1e-12), 0.0, _MAX_LEAN)
    return beam, rest, lean[:, _GREEN]
