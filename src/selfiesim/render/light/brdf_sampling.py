"""How gloss scatters light, in numpy: the lobes of ``craft.glsl`` as rays that follow them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GlossyPoints:
    """Points of a craft's gloss, body axes.

    Attributes
    ----------
    points, normals : (N, 3) array
        Where, m, and which way the mesh faces there.
    shading : (N, 3) array
        Normals bent by foil or a normal map, which the lobe lies about.
    roughness : (N,) array
        0 to 1.
    grain : (N, 3) array
        Along the surface, the way highlights are longer; 0 where they are not.
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
        """Some of them."""
        return GlossyPoints(*(getattr(self, each.name)[which] for each in fields(self)))


def isotropic_gloss(points: Floats, normals: Floats, shading: Floats, roughness: Floats) -> GlossyPoints:
    """Gloss without a grain."""
    return GlossyPoints(points, normals, shading, roughness, np.zeros_like(normals), np.zeros_like(roughness))


def schlick(f0: Floats, cosine: Floats) -> Floats:
    """Share mirrored at this cosine (Schlick 1994); none of what mirrors nothing straight on."""
    return np.asarray(f0 + (1.0 - f0) * (1.0 - cosine.clip(0.0, 1.0)) ** 5 * (f0 > 0.0))


def ggx_brdf(f0: Floats, alpha: Floats, normals: Floats, light: Floats, outgoing: Floats) -> Floats:
    """GGX, as ``craft.glsl`` has it: light passed on (N, 3) from the direction ``light`` (3,) to ``outgoing`` (N, 3)."""
    half = unit(outgoing + light)
    a2 = alpha**2
    nl, nv = np.maximum(normals @ light, 1e-3), np.maximum((normals * outgoing).sum(axis=1), 1e-3)
    d = (normals * half).sum(axis=1) ** 2 * (a2 - 1.0) + 1.0
    masked = 0.5 / (nl * np.sqrt(nv * nv * (1.0 - a2) + a2) + nv * np.sqrt(nl * nl * (1.0 - a2) + a2))
    fresnel = schlick(f0, (outgoing * half).sum(axis=1)[:, None])
    return np.asarray((a2 / (np.pi * d * d) * masked)[:, None] * fresnel)


class GgxSampler:
    """Where points' gloss may send light that comes from ``toward`` (N, 3), by the facets seen from there (Heitz 2018).

    Attributes
    ----------
    view_cosine : (N,) array
        Cosine between the lobe's normal and ``toward``, at least 0.02.
    """

    def __init__(self, gloss: GlossyPoints, toward: Floats) -> None:
        self._axes = _axes(gloss)
        narrow = np.maximum(gloss.roughness**2, 0.003)
        wide = narrow + (1.0 - narrow) * gloss.stretch**2
        self._size = np.stack([wide, narrow, np.ones_like(wide)], axis=-1)
        self._eye = (self._axes @ toward[..., None])[..., 0]
        self._seen = self._eye[:, 2] > 0.0  # a facet of foil may face away
        self._eye[:, 2] = np.maximum(self._eye[:, 2], 0.02)
        self.view_cosine = self._eye[:, 2]
        self._stretched = self._eye * self._size
        self._length = np.linalg.norm(self._stretched, axis=1)
        self._half = _VisibleHemisphere(self._stretched / self._length[:, None])

    def rays(self, randoms: Floats) -> tuple[Floats, Floats, Floats]:
        """A ray (M, 3) of each of the first M lobes by two numbers (M, 2) in 0 to 1.

        Also its weight (M,), what other facets do not keep of that light, and the cosine (M,) at which it meets its
        facet.
        """
        first = slice(len(randoms))
        eye, size, view_cosine, length = (
            self._eye[first],
            self._size[first],
            self.view_cosine[first],
            self._length[first],
        )
        half = unit(self._half.normal(randoms) * size)
        cosine = (half * eye).sum(axis=1)
        ray = 2.0 * cosine[:, None] * half - eye
        # Of light that leaves by facets that are seen, what other facets do not keep: G2 over G1.
        up, of_ray = ray[:, 2], np.linalg.norm(ray * size, axis=1)
        weight = up * (view_cosine + length) / np.maximum(up * length + view_cosine * of_ray, 1e-9)
        turned = (ray[:, None] @ self._axes[first])[:, 0]
        return turned, np.where((up > 0.0) & self._seen[first], weight, 0.0), cosine.clip(0.0, 1.0)


def _axes(gloss: GlossyPoints) -> Floats:
    """The axes (N, 3, 3) of each lobe, a row each: along the grain, across it, and the normal."""
    n = gloss.shading
    helper = np.where(np.abs(n[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    along = np.where(gloss.stretch[:, None] > 0.0, gloss.grain, np.cross(helper, n))
    along = unit(along - n * (along * n).sum(axis=1)[:, None])
    return np.stack([along, np.cross(n, along), n], axis=1)


class _VisibleHemisphere:
    """The half of a ball, z up, that is seen along ``eye`` (N, 3)."""

    def __init__(self, eye: Floats) -> None:
        flat = np.hypot(eye[:, 0], eye[:, 1])
        safe = np.maximum(flat, 1e-9)
        self._eye = eye
        self._across = np.stack([-eye[:, 1] / safe, eye[:, 0] / safe, np.zeros_like(flat)], axis=-1)
        self._across[flat < 1e-7] = (1.0, 0.0, 0.0)
        self._other = np.cross(eye, self._across)
        self._share = 0.5 * (1.0 + eye[:, 2])

    def normal(self, randoms: Floats) -> Floats:
        """Of a point (M, 3) of the first M of them, each that is seen as likely as any other."""
        first = slice(len(randoms))
        eye, across, other, share = self._eye[first], self._across[first], self._other[first], self._share[first]
        radius, turn = np.sqrt(randoms[:, 0]), 2.0 * np.pi * randoms[:, 1]
        x, y = radius * np.cos(turn), radius * np.sin(turn)
        y = (1.0 - share) * np.sqrt(np.maximum(1.0 - x**2, 0.0)) + share * y
        z = np.sqrt(np.maximum(1.0 - x**2 - y**2, 0.0))
        found = x[:, None] * across + y[:, None] * other + z[:, None] * eye
        found[:, 2] = np.maximum(found[:, 2], 1e-6)
        return np.asarray(found)
