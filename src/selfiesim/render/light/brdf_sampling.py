"""Glossy reflection in numpy: the GGX lobes of ``craft.glsl``, evaluated and importance-sampled."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GlossyPoints:
    """Points on a craft's glossy surfaces, body axes.

    Attributes
    ----------
    points, normals : (N, 3) array
        Positions, m, and normals of the mesh.
    shading : (N, 3) array
        Normals bent by foil or a normal map; the lobe is centred on these.
    roughness : (N,) array
        0 to 1.
    grain : (N, 3) array
        Direction along the surface in which highlights are longer; 0 for isotropic gloss.
    stretch : (N,) array
        How much longer, 0 to 1 (glTF's anisotropy).
    """

    points: Floats
    normals: Floats
    shading: Floats
    roughness: Floats
    grain: Floats
    stretch: Floats

    def select(self, which: NDArray[Any]) -> GlossyPoints:
        """Return the points ``which``, an index array or a mask."""
        return GlossyPoints(*(getattr(self, each.name)[which] for each in fields(self)))


def isotropic_gloss(points: Floats, normals: Floats, shading: Floats, roughness: Floats) -> GlossyPoints:
    """Return glossy points without a grain."""
    return GlossyPoints(points, normals, shading, roughness, np.zeros_like(normals), np.zeros_like(roughness))


def schlick(f0: Floats, cosine: Floats) -> Floats:
    """Return the reflectance at a cosine (Schlick 1994); it stays 0 where ``f0`` is 0."""
    return np.asarray(f0 + (1.0 - f0) * (1.0 - cosine.clip(0.0, 1.0)) ** 5 * (f0 > 0.0))


def ggx_brdf(f0: Floats, alpha: Floats, normals: Floats, light: Floats, outgoing: Floats) -> Floats:
    """Return the GGX BRDF (N, 3), as in ``craft.glsl``.

    Parameters
    ----------
    f0 : (N, 3) array
        Reflectance at normal incidence.
    alpha : (N,) array
        Roughness squared.
    normals : (N, 3) array
        Normals on which the lobes are centred.
    light : (3,) array
        Direction to the light.
    outgoing : (N, 3) array
        Directions in which the light leaves.
    """
    half = unit(outgoing + light)
    a2 = alpha**2
    nl, nv = np.maximum(normals @ light, 1e-3), np.maximum((normals * outgoing).sum(axis=1), 1e-3)
    d = (normals * half).sum(axis=1) ** 2 * (a2 - 1.0) + 1.0
    masked = 0.5 / (nl * np.sqrt(nv * nv * (1.0 - a2) + a2) + nv * np.sqrt(nl * nl * (1.0 - a2) + a2))
    fresnel = schlick(f0, (outgoing * half).sum(axis=1)[:, None])
    return np.asarray((a2 / (np.pi * d * d) * masked)[:, None] * fresnel)


class GgxSampler:
    """Importance sampling of GGX lobes by their visible normals (Heitz 2018).

    Parameters
    ----------
    gloss : GlossyPoints
        N points.
    toward : (N, 3) array
        Unit vectors to where each lobe is seen from, or lit from.

    Attributes
    ----------
    view_cosine : (N,) array
        Cosine between the lobe's normal and ``toward``, at least 0.02.
    """

    def __init__(self, gloss: GlossyPoints, toward: Floats) -> None:
        self._axes = _axes(gloss)
        narrow = np.maximum(gloss.roughness**2, 0.003)
        wide = narrow + (1.0 - narrow) * gloss.stretch**2
        self._alpha = np.stack([wide, narrow, np.ones_like(wide)], axis=-1)
        self._eye = (self._axes @ toward[..., None])[..., 0]
        self._is_visible = self._eye[:, 2] > 0.0  # a facet of foil may face away
        self._eye[:, 2] = np.maximum(self._eye[:, 2], 0.02)
        self.view_cosine = self._eye[:, 2]
        stretched = self._eye * self._alpha
        self._length = np.linalg.norm(stretched, axis=1)
        self._hemisphere = _VisibleHemisphere(stretched / self._length[:, None])

    def rays(self, randoms: Floats) -> tuple[Floats, Floats, Floats]:
        """Sample one ray from each of the first M lobes.

        Parameters
        ----------
        randoms : (M, 2) array
            Numbers in 0 to 1.

        Returns
        -------
        rays : (M, 3) array
            Unit vectors.
        weight : (M,) array
            Fraction of that light that other facets do not mask.
        cosine : (M,) array
            Cosine between each ray and the normal of its facet.
        """
        first = slice(len(randoms))
        eye, alpha, view_cosine, length = (
            each[first] for each in (self._eye, self._alpha, self.view_cosine, self._length)
        )
        half = unit(self._hemisphere.normal(randoms) * alpha)
        cosine = (half * eye).sum(axis=1)
        ray = 2.0 * cosine[:, None] * half - eye
        # The masking of light that leaves by visible facets: G2 over G1.
        up, ray_length = ray[:, 2], np.linalg.norm(ray * alpha, axis=1)
        weight = up * (view_cosine + length) / np.maximum(up * length + view_cosine * ray_length, 1e-9)
        in_body_axes = (ray[:, None] @ self._axes[first])[:, 0]
        return in_body_axes, np.where((up > 0.0) & self._is_visible[first], weight, 0.0), cosine.clip(0.0, 1.0)


def _axes(gloss: GlossyPoints) -> Floats:
    """Return the axes (N, 3, 3) of each lobe as rows: along the grain, across it, and the normal."""
    n = gloss.shading
    helper = np.where(np.abs(n[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    along = np.where(gloss.stretch[:, None] > 0.0, gloss.grain, np.cross(helper, n))
    along = unit(along - n * (along * n).sum(axis=1)[:, None])
    return np.stack([along, np.cross(n, along), n], axis=1)


class _VisibleHemisphere:
    """The part of the unit hemisphere around +z that is visible from the directions ``eye`` (N, 3)."""

    def __init__(self, eye: Floats) -> None:
        flat = np.hypot(eye[:, 0], eye[:, 1])
        safe = np.maximum(flat, 1e-9)
        self._eye = eye
        self._across = np.stack([-eye[:, 1] / safe, eye[:, 0] / safe, np.zeros_like(flat)], axis=-1)
        self._across[flat < 1e-7] = (1.0, 0.0, 0.0)
        self._other = np.cross(eye, self._across)
        self._share = 0.5 * (1.0 + eye[:, 2])

    def normal(self, randoms: Floats) -> Floats:
        """Return the normal (M, 3) at a point of each of the first M, uniform over the visible projected area."""
        first = slice(len(randoms))
        eye, across, other, share = self._eye[first], self._across[first], self._other[first], self._share[first]
        radius, turn = np.sqrt(randoms[:, 0]), 2.0 * np.pi * randoms[:, 1]
        x, y = radius * np.cos(turn), radius * np.sin(turn)
        y = (1.0 - share) * np.sqrt(np.maximum(1.0 - x**2, 0.0)) + share * y
        z = np.sqrt(np.maximum(1.0 - x**2 - y**2, 0.0))
        normal = x[:, None] * across + y[:, None] * other + z[:, None] * eye
        normal[:, 2] = np.maximum(normal[:, 2], 1e-6)
        return np.asarray(normal)
