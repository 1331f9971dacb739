"""Light scattered more than once in a column of air, at every height and for every height of the Sun.

Discrete ordinates: layers over a Lambert surface, the phase function as Legendre moments, the azimuth as a Fourier
series, intensities at Gauss points, and one linear system per harmonic for the moments in all layers (Chandrasekhar,
Radiative Transfer, 1950, chapter 6). What the moments cannot resolve of the forward peak counts as not scattered
(Wiscombe 1977, J. Atmos. Sci. 34, 1408). All paths are those of a sphere; the Sun stands equally high over all of a
neighbourhood (after Dahlback and Stamnes 1991, Planet. Space Sci. 39, 671, who have the sunbeam alone on a sphere).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.light.aerosol import MOMENTS
from selfiesim.planet.light.air_column import COARSE_EDGES_M, AirColumn

Floats = NDArray[np.float64]

HARMONICS = 12
"""Terms of the Fourier series in azimuth."""

_DIRECTIONS = 8  # toward the ground, toward space, and half as many between the horizon and the horizontal


@dataclass(frozen=True)
class ScatteredLight:
    """Light in a column, in units of I/F: 1 is the radiance of a white card that faces the Sun above the air.

    Attributes
    ----------
    moments : HARMONICS arrays (L - m, N, M, 3)
        Moments of the intensity of light that the air has scattered, and the ground has not yet reflected, by layer and
        cosine of the Sun's zenith angle. The source of more scattered light, per unit of optical depth, into a
        direction of cosine mu with the upward vertical and an azimuth phi from that of the sunbeam is the sum over m
        and l of cos(m phi) phase[l] moments[m][l - m] legendre(mu, m)[l - m], with phase by :func:`phase_moments`.
    ground_moments : (L, N, 3)
        The same, m = 0, for the light of ground of radiance 1.
    ground : (M, 3)
        Radiance of the ground, of the column's albedo.
    sky : (M, 3)
        Irradiance of level ground by the sky, relative to the Sun's on a surface that faces it.
    sunward : (M, 3)
        Horizontal part of the same: the sky's irradiance of a wall that faces the Sun's azimuth, less that of one that
        faces away.
    """

    moments: tuple[Floats, ...]
    ground_moments: Floats
    ground: Floats
    sky: Floats
    sunward: Floats


def legendre(x: Floats, m: int) -> Floats:
    """Return the associated Legendre functions (L - m, ...) of orders m to L - 1, times ((l - m)! / (l + m)!)^1/2."""
    # Upward in the order, as in DLMF 14.10.3; scipy's lpmv starts over for each, at ten times the cost.
    functions = np.empty((MOMENTS - m, *np.shape(x)))
    functions[0] = (-1.0) ** m * np.prod([1.0 - 0.5 / k for k in range(1, m + 1)]) ** 0.5 * (1.0 - x * x) ** (0.5 * m)
    before: Floats | float = 0.0
    for row, order in enumerate(range(m + 1, MOMENTS), 1):
        scale, scale_before = ((k * k - m * m) ** 0.5 for k in (order, order - 1))
        functions[row] = ((2 * order - 1) * x * functions[row - 1] - scale_before * before) / scale
        before = functions[row - 1]
    return functions


def phase_moments(column: AirColumn, edges_m: Floats) -> Floats:
    """Return albedo times moments of the phase function times 2 l + 1, (L, N, 3), in layers between ``edges_m``."""
    dust, gas, absorber = column.layers(edges_m)
    rayleigh = np.zeros((MOMENTS, 1, 1))
    rayleigh[[0, 2]] = [[[1.0]], [[0.1]]]
    mixed = column.aerosol.delta_moments[:, None] * (dust * column.aerosol.delta_albedo) + rayleigh * gas
    total = np.maximum(dust + gas + absorber, 1e-30)
    return np.asarray((2.0 * np.arange(len(mixed)) + 1.0)[:, None, None] * mixed / total)


def scatter(column: AirColumn, mu0: Floats) -> ScatteredLight:
    """Work out the light in a column.

    Parameters
    ----------
    column : AirColumn
        Dust and gas.
    mu0 : (M,) array
        Cosines of the Sun's zenith angle at the ground; negative after sunset.
    """
    edges = COARSE_EDGES_M
    extinction, phase, rays = np.sum(column.layers(edges), axis=0), phase_moments(column, edges), _rays(column.radius_m)
    sunlight = np.exp(-column.slant_depth(0.5 * (edges[:-1] + edges[1:])[:, None], mu0))
    direct = np.maximum(mu0, 0.0)[:, None] * np.exp(-column.slant_depth(0.0, mu0))
    bands = [
        _solve_band(
            _Transport.through(rays, extinction[:, k]),
            phase[..., k],
            0.25 * sunlight[..., k],
            mu0,
            direct[:, k],
            column.ground_albedo[k],
        )
        for k in range(3)
    ]
    stacked = [np.stack(each, axis=-1) for each in zip(*(band[1:] for band in bands), strict=True)]
    moments = tuple(np.stack(each, axis=-1) for each in zip(*(band[0] for band in bands), strict=True))
    return ScatteredLight(moments, *stacked)


def _solve_band(
    paths: _Transport, phase: Floats, sunlight: Floats, mu0: Floats, direct: Floats, ground: float
) -> tuple[list[Floats], Floats, Floats, Floats, Floats]:
    """Solve for the moments of the intensity in all layers of one band; return what :class:`ScatteredLight` holds.

    Parameters
    ----------
    paths : _Transport
        How N layers light one another.
    phase : (L, N) array
        Albedo times moments of the phase function times 2 l + 1.
    sunlight : (N, M) array
        A quarter of the transmittance toward the Sun.
    mu0, direct : (M,) array
        Cosine of the Sun's zenith angle, and irradiance of the ground by the beam.
    ground : float
        Albedo of the ground.
    """
    moments: list[Floats] = []
    for m in range(HARMONICS):
        scale = phase[m:].reshape(-1, 1)
        once = (1.0 if m == 0 else 2.0) * phase[m:, :, None] * legendre(-mu0, m)[:, None] * sunlight
        once = once.reshape(len(scale), -1)
        between = paths.between_layers(m)
        known = between @ once if m else np.column_stack([between @ once, paths.from_ground()])
        solved = np.linalg.solve(np.eye(len(scale)) - between * scale.T, known)
        if m == 0:
            solved, by_ground = np.hsplit(solved, [-1])
            dark = 2.0 * paths.onto_ground(0) @ (scale * solved + once)
            back = 2.0 * paths.onto_ground(0) @ (scale * by_ground)[:, 0]
        elif m == 1:
            sunward = paths.onto_ground(1) @ (scale * solved + once)
        moments.append(np.asarray(solved.reshape(*phase[m:].shape, -1), float))
    lit = ground * (direct + dark) / (1.0 - ground * back)
    return moments, by_ground.reshape(phase.shape), lit, dark + back * lit, sunward


@dataclass(frozen=True, eq=False)
class _Rays:
    """Straight rays from the middles of N layers, and from the ground, in J directions each.

    Attributes
    ----------
    weight, mu : (N + 1, J)
        Weights of the mean over the sphere; cosines with the vertical of the light that comes along a ray.
    own : (N + 1, J)
        Path within the layer where the ray starts, m.
    near, far : (N + 1, J, N)
        Path through the layers between the start and the lowest point, and beyond it, m.
    cosine : (N + 1, J, N)
        Cosine with the vertical, its magnitude, in those layers.
    rising : (N + 1, J)
        Whether the light comes from below.
    grounded : (N + 1, J)
        Whether the ray ends on the ground.
    """

    weight: Floats
    mu: Floats
    own: Floats
    near: Floats
    far: Floats
    cosine: Floats
    rising: NDArray[np.bool_]
    grounded: NDArray[np.bool_]

    @cached_property
    def functions(self) -> tuple[tuple[Floats, Floats], ...]:
        """Legendre functions (L - m, N + 1, J) where rays start, and (L - m, N + 1, J, N) in the layers, by m."""
        return tuple((legendre(self.mu, m), legendre(self.cosine, m)) for m in range(HARMONICS))


@cache
def _rays(radius: float) -> _Rays:
    edges = radius + COARSE_EDGES_M
    start = np.append(0.5 * (edges[:-1] + edges[1:]), radius)
    count = len(start) - 1
    x, w = np.polynomial.legendre.leggauss(_DIRECTIONS)
    x_few, w_few = np.polynomial.legendre.leggauss(_DIRECTIONS // 2)
    horizon = np.sqrt(1.0 - np.minimum(radius / start, 1.0) ** 2)[:, None]
    # Light from above, from the air below the horizontal, and from the ground.
    mu = np.concatenate([-0.5 * (x + 1.0) + 0.0 * horizon, horizon * 0.5 * (x_few + 1.0),
                         horizon + (1.0 - horizon) * 0.5 * (x + 1.0)], axis=1)  # fmt: skip
    weight = 0.25 * np.concatenate([w + 0.0 * horizon, horizon * w_few, (1.0 - horizon) * w], axis=1)
    weight[count, len(x) :] = 0.0  # nothing from below the ground
    rising = mu > 0.0
    lowest = start[:, None] * np.sqrt(1.0 - mu**2)
    grounded = rising & (lowest < radius)
    distance = np.sqrt(np.maximum(edges**2 - lowest[..., None] ** 2, 0.0))  # of the edges from the lowest point
    paths = np.diff(distance, axis=-1)
    layer, mine = np.arange(count), np.append(np.arange(count), -1)[:, None, None]
    near = np.where(rising[..., None], paths * (layer < mine), paths * (layer > mine))
    far = np.where((rising & ~grounded)[..., None], paths * (layer != mine), 0.0)
    along = start[:, None] * np.abs(mu)
    index = np.minimum(mine[..., 0], count - 1)
    bottom, top = (np.take_along_axis(distance, index[..., None] + k, axis=-1)[..., 0] for k in (0, 1))
    own = np.where(rising, np.where(grounded | (bottom > 0.0), along - bottom, along + top), top - along)
    # A ray that turns below its own layer crosses that layer again.
    again = (rising & ~grounded & (bottom > 0.0))[..., None] & (layer == mine)
    far = np.where(again, paths, far)
    own[count] = 0.0
    cosine = np.sqrt(np.maximum(1.0 - (lowest[..., None] / (0.5 * (edges[:-1] + edges[1:]))) ** 2, 0.0))
    return _Rays(weight, mu, own, near, far, cosine, rising, grounded)


@dataclass(frozen=True, eq=False)
class _Transport:
    """How sources in N layers of one band light the layers and the ground.

    Attributes
    ----------
    rays : _Rays
        Where the light comes along.
    own : (N + 1, J)
        Share of the light in a layer that comes from the layer itself.
    near, far : (N + 1, J, N)
        Share that comes from other layers, before and beyond the lowest point of a ray.
    ground : (N + 1, J)
        Share that comes from the ground.
    """

    rays: _Rays
    own: Floats
    near: Floats
    far: Floats
    ground: Floats

    @classmethod
    def through(cls, rays: _Rays, extinction: Floats) -> _Transport:
        """Integrate along the rays through layers of an extinction (N,), 1/m."""
        count = len(extinction)
        inside = 2.0 * rays.own * np.append(extinction, 0.0)[:, None]
        mean = np.where(inside > 1e-9, -np.expm1(-inside) / np.maximum(inside, 1e-12), 1.0)  # over the layer's height
        near, far = rays.near * extinction, rays.far * extinction
        below = np.cumsum(near, axis=-1)
        total = below[..., -1:]
        # Rays run downward through near layers if the light rises, upward otherwise.
        before = np.where(rays.rising[..., None], total - below, below - near)
        beyond = total + np.cumsum(far, axis=-1) - far
        near = mean[..., None] * np.exp(-before) * -np.expm1(-near)
        far = mean[..., None] * np.exp(-beyond) * -np.expm1(-far)
        ground = np.where(rays.grounded, mean * np.exp(-total[..., 0]), 0.0)
        own = np.where(np.arange(count + 1)[:, None] < count, 1.0 - mean, 0.0)
        return cls(rays, own, near, far, ground)

    def between_layers(self, m: int) -> Floats:
        """Return the moments of the intensity in all layers by those of the sources, a square matrix."""
        here, there = self.rays.functions[m]
        orders, count = len(here), self.near.shape[2]
        odd = np.where(np.arange(orders) % 2, -1.0, 1.0)
        # Light that rises does so in near layers and falls in far ones; light that falls does so in near layers.
        sign = np.where(self.rays.rising, 1.0, odd[:, None, None])[..., None]
        seen = there * (sign * self.near + odd[:, None, None, None] * self.far)
        seen = seen[:, :count].transpose(1, 2, 0, 3).reshape(count, -1, orders * count)
        weighted = (self.rays.weight * here)[:, :count].transpose(1, 0, 2)
        matrix = (weighted @ seen).reshape(count, orders, orders, count)
        itself = weighted @ (self.own * here)[:, :count].transpose(1, 2, 0)
        layer = np.arange(count)
        matrix[layer, :, :, layer] += itself
        return np.asarray(matrix.transpose(1, 0, 2, 3).reshape(orders * count, -1))

    def from_ground(self) -> Floats:
        """Return the moments of the intensity in all layers by ground of radiance 1, m = 0."""
        here = self.rays.functions[0][0]
        return np.asarray((self.rays.weight * here * self.ground).sum(axis=2)[:, :-1].ravel())

    def onto_ground(self, m: int) -> Floats:
        """Return the mean of intensity times cosine, or sine for m = 1, at the ground by the moments of the sources."""
        there, mu = self.rays.functions[m][1][:, -1], self.rays.mu[-1]
        odd = np.where(np.arange(len(there)) % 2, -1.0, 1.0)[:, None]
        weight = 2.0 * self.rays.weight[-1] * (np.sqrt(1.0 - mu**2) if m else np.abs(mu))
        return np.asarray((odd * (weight[:, None] * self.near[-1] * there).sum(axis=1)).ravel())
