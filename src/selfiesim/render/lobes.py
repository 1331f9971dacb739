"""How gloss scatters light, in numpy: the lobes of ``craft.glsl`` as rays that follow them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.frames import unit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gloss:
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

    def of(self, which: NDArray[Any]) -> Gloss:
        """Some of them."""
        return Gloss(*(getattr(self, each.name)[which] for each in fields(self)))


def even(points: Floats, normals: Floats, shading: Floats, roughness: Floats) -> Gloss:
    """Gloss without a grain."""
    return Gloss(points, normals, shading, roughness, np.zeros_like(normals), np.zeros_like(roughness))


def schlick(f0: Floats, cosine: Floats) -> Floats:
    """Share mirrored at this cosine (Schlick 1994); none of what mirrors nothing straight on."""
    return np.asarray(f0 + (1.0 - f0) * (1.0 - cosine.clip(0.0, 1.0)) ** 5 * (f0 > 0.0))


def lobe(f0: Floats, alpha: Floats, normals: Floats, light: Floats, away: Floats) -> Floats:
    """GGX, as ``craft.glsl`` has it: light passed on (N, 3) from the direction ``light`` (3,) to ``away`` (N, 3)."""
    half = unit(away + light)
    a2 = alpha**2
    nl, nv = np.maximum(normals @ light, 1e-3), np.maximum((normals * away).sum(axis=1), 1e-3)
    d = (normals * half).sum(axis=1) ** 2 * (a2 - 1.0) + 1.0
    masked = 0.5 / (nl * np.sqrt(nv * nv * (1.0 - a2) + a2) + nv * np.sqrt(nl * nl * (1.0 - a2) + a2))
    fresnel = schlick(f0, (away * half).sum(axis=1)[:, None])
    return np.asarray((a2 / (np.pi * d * d) * masked)[:, None] * fresnel)


def scattered(gloss: Gloss, toward: Floats, dice: Floats) -> tuple[Floats, Floats, Floats]:
    """Where each point's gloss may send light that comes from ``toward`` (N, 3), by two numbers (N, 2) in 0 to 1.

    By the facets that are seen from there (Heitz 2018). Gives a ray (N, 3) of each lobe; its weight (N,), what other
    facets do not keep of that light; and the cosine (N,) at which it meets its facet.
    """
    axes = _axes(gloss)
    narrow = np.maximum(gloss.roughness**2, 0.003)
    wide = narrow + (1.0 - narrow) * gloss.stretch**2
    size = np.stack([wide, narrow, np.ones_like(wide)], axis=-1)
    eye = np.einsum("nij,nj->ni", axes, toward)
    seen = eye[:, 2] > 0.0  # a facet of foil may face away
    eye[:, 2] = np.maximum(eye[:, 2], 0.02)
    half = unit(_facet(unit(eye * size), dice) * size)
    cosine = (half * eye).sum(axis=1)
    ray = 2.0 * cosine[:, None] * half - eye
    # Of light that leaves by facets that are seen, what other facets do not keep: G2 over G1.
    of_eye, of_ray = np.linalg.norm(eye * size, axis=1), np.linalg.norm(ray * size, axis=1)
    weight = ray[:, 2] * (eye[:, 2] + of_eye) / np.maximum(ray[:, 2] * of_eye + eye[:, 2] * of_ray, 1e-9)
    return np.einsum("nij,ni->nj", axes, ray), np.where((ray[:, 2] > 0.0) & seen, weight, 0.0), cosine.clip(0.0, 1.0)


def _axes(gloss: Gloss) -> Floats:
    """The axes (N, 3, 3) of each lobe, a row each: along the grain, across it, and the normal."""
    n = gloss.shading
    helper = np.where(np.abs(n[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    along = np.where(gloss.stretch[:, None] > 0.0, gloss.grain, np.cross(helper, n))
    along = unit(along - n * (along * n).sum(axis=1)[:, None])
    return np.stack([along, np.cross(n, along), n], axis=1)


def _facet(eye: Floats, dice: Floats) -> Floats:
    """A normal (N, 3) of the half ball that is seen along ``eye`` (N, 3), z up."""
    flat = np.hypot(eye[:, 0], eye[:, 1])
    safe = np.maximum(flat, 1e-9)
    t1 = np.stack([-eye[:, 1] / safe, eye[:, 0] / safe, np.zeros_like(flat)], axis=-1)
    t1[flat < 1e-7] = (1.0, 0.0, 0.0)
    t2 = np.cross(eye, t1)
    radius, turn = np.sqrt(dice[:, 0]), 2.0 * np.pi * dice[:, 1]
    p1, p2 = radius * np.cos(turn), radius * np.sin(turn)
    seen = 0.5 * (1.0 + eye[:, 2])
    p2 = (1.0 - seen) * np.sqrt(np.maximum(1.0 - p1**2, 0.0)) + seen * p2
    p3 = np.sqrt(np.maximum(1.0 - p1**2 - p2**2, 0.0))
    facet = p1[:, None] * t1 + p2[:, None] * t2 + p3[:, None] * eye
    facet[:, 2] = np.maximum(facet[:, 2], 1e-6)
    return np.asarray(facet)
