"""Lines of sight from space through the layers of a column of air, straight, on a spherical planet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.light.air_column import COARSE_EDGES_M, EDGES_M, AirColumn
from selfiesim.planet.light.multiple_scattering import HARMONICS, legendre, phase_moments

Floats = NDArray[np.float64]

_SUN_STEPS = 801  # heights of the Sun for which the sunlight in a layer is tabulated


@dataclass(frozen=True, eq=False)
class LinesOfSight:
    """How the layers of a column contribute to the light along some lines of sight, the rows.

    Attributes
    ----------
    column : AirColumn
        The air, N layers.
    near, far : (rows, N, 3)
        Contribution of a layer per unit of its source, before and beyond the lowest point.
    cosine : (rows, N)
        Zenith cosine in a layer of the light that comes from before the lowest point; beyond it, the negative.
    place : (rows, N)
        Distance of a layer from the end of the line on the ground or from its lowest point, planet radii.
    transmittance : (rows, 3)
        Along the whole line.
    """

    column: AirColumn
    near: Floats
    far: Floats
    cosine: Floats
    place: Floats
    transmittance: Floats

    def light_by_layer(self, source: Floats) -> Floats:
        """Return the light (rows, M, 3) of a source (N, M, 3) that is the same in all directions."""
        weight = (self.near + self.far).transpose(2, 0, 1)
        return np.asarray((weight @ source.transpose(2, 0, 1)).transpose(1, 2, 0))

    def light_by_moments(self, moments: Floats, m: int) -> Floats:
        """Return the light (rows, M, 3) scattered from moments (L - m, K, M, 3) of the intensity in coarse layers."""
        functions = self._functions[m]
        sign = np.where(np.arange(len(functions)) % 2, -1.0, 1.0)[:, None, None]
        lights = []
        for band in range(3):
            phase = self._phase[m:, None, :, band]
            weight = functions * phase * (self.near[..., band] + sign * self.far[..., band])  # (L - m, rows, N)
            coarse = (weight @ self._refine).transpose(1, 0, 2).reshape(len(self.near), -1)
            lights.append(coarse @ moments[..., band].reshape(coarse.shape[1], -1))
        return np.stack(lights, axis=-1)

    def mean_place(self, source: Floats) -> Floats:
        """Return the distance (rows, 3) before the ground or the lowest point at which a source (N, 3) is seen."""
        signed = ((self.near - self.far) * source * self.place[..., None]).sum(axis=1)
        return np.asarray(signed / np.maximum(((self.near + self.far) * source).sum(axis=1), 1e-30))

    def light_once(self, height_m: Floats, mu0: Floats, cosine: Floats) -> tuple[Floats, Floats]:
        """Return the light (rows, A, M, 3) that dust and gas scatter once, without their phase functions.

        The Sun's height changes along the line: at the terminator of thick air, that makes the colours of dusk.

        Parameters
        ----------
        height_m : (rows,) array
            Height of the line's end on the ground, 0, or of its lowest point, m.
        mu0 : (M,) array
            Cosine of the Sun's zenith angle there.
        cosine : (rows, A, M) array
            Cosine of the angle between the Sun and the eye.
        """
        column, grains = self.column, self.column.aerosol
        grid = np.linspace(-1.0, 1.0, _SUN_STEPS) ** 3  # dense about the horizon
        middle = 0.5 * (EDGES_M[:-1] + EDGES_M[1:])
        sunlight = 0.25 * np.exp(-column.slant_depth(middle[:, None], grid))
        dust, gas, _absorber = column.layers(EDGES_M)
        extinction = np.maximum(column.extinction, 1e-30)
        shares = (grains.delta_albedo / (1.0 - grains.peak_fraction) * dust / extinction, gas / extinction)
        by_dust, by_gas = lights = (np.zeros((*cosine.shape, 3)), np.zeros((*cosine.shape, 3)))
        start = 1.0 + height_m[:, None, None] / column.radius_m
        for layer, height in enumerate(1.0 + middle / column.radius_m):
            for weight, side in ((self.near[:, layer], 1.0), (self.far[:, layer], -1.0)):
                if not weight.any():
                    continue
                along = side * self.place[:, layer, None, None]
                local = np.cbrt(np.clip((start * mu0 + along * cosine) / height, -1.0, 1.0))
                at = 0.5 * (local + 1.0) * (_SUN_STEPS - 1.0)
                first = np.minimum(at.astype(np.intp), _SUN_STEPS - 2)
                share = (at - first)[..., None]
                table = sunlight[layer]
                lit = (table[first] * (1.0 - share) + table[first + 1] * share) * weight[:, None, None]
                for light, scatterers in zip(lights, shares, strict=True):
                    light += lit * scatterers[layer]
        return by_dust, by_gas

    @cached_property
    def _phase(self) -> Floats:
        return phase_moments(self.column, EDGES_M)

    @cached_property
    def _refine(self) -> Floats:
        """Matrix (N, K) that interpolates between the middles of the coarse layers."""
        fine, coarse = (0.5 * (edges[:-1] + edges[1:]) for edges in (EDGES_M, COARSE_EDGES_M))
        return np.stack([np.interp(fine, coarse, unit) for unit in np.eye(len(coarse))], axis=1)

    @cached_property
    def _functions(self) -> tuple[Floats, ...]:
        return _legendre_functions(self.cosine.tobytes(), self.cosine.shape)


@cache
def _legendre_functions(cosines: bytes, shape: tuple[int, ...]) -> tuple[Floats, ...]:
    """Return the functions for all harmonics; columns of air on one planet share them."""
    cosine = np.frombuffer(cosines).reshape(shape)
    return tuple(legendre(cosine, m) for m in range(HARMONICS))


def ground_sight(column: AirColumn, mu: Floats) -> LinesOfSight:
    """Return the lines of sight that meet the ground at zenith cosines (rows,)."""
    lowest, start = column.radius_m * np.sqrt(1.0 - mu**2), column.radius_m * mu
    return _through_layers(column, lowest, start, ends_on_ground=True)


def limb_sight(column: AirColumn, height_m: Floats) -> LinesOfSight:
    """Return the lines of sight above the limb by the heights (rows,) of their lowest points, m."""
    return _through_layers(column, column.radius_m + height_m, np.zeros(len(height_m)), ends_on_ground=False)


def _through_layers(column: AirColumn, lowest_m: Floats, start_m: Floats, ends_on_ground: bool) -> LinesOfSight:
    radius, edges = column.radius_m, EDGES_M
    # Distance of the layers' edges from the lowest point of the line.
    distance = np.sqrt(np.maximum((radius + edges) ** 2 - lowest_m[:, None] ** 2, 0.0))
    depth = np.diff(distance, axis=1)[..., None] * column.extinction
    absorbed = -np.expm1(-depth)
    above = np.cumsum(depth[:, ::-1], axis=1)[:, ::-1] - depth  # between a layer and the eye
    half = depth.sum(axis=1)
    far = np.exp(above + depth - 2.0 * half[:, None]) * absorbed * (not ends_on_ground)
    middle = 0.5 * (distance[:, :-1] + distance[:, 1:])
    return LinesOfSight(
        column,
        np.exp(-above) * absorbed,
        far,
        np.minimum(middle / (radius + 0.5 * (edges[:-1] + edges[1:])), 1.0),
        (middle - start_m[:, None]) / radius,
        np.exp(-half) if ends_on_ground else np.exp(-2.0 * half),
    )
