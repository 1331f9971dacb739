"""Which law of reflection a map goes with: Mars has its own, other bodies a plain one.

Every law is normalised as :mod:`selfiesim.planet.photometry` says: a uniform sphere of reflectance A has the geometric
albedo A. Each has a twin in ``render/shaders``; the two are kept alike by a test.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet import photometry
from selfiesim.planet.photometry import Law

# Fitted to the Moon's brightness by phase angle, m = 0.026 |g| + 4e-9 g^4, g in degrees (Allen, Astrophysical
# Quantities, 3rd edition, 1973; as used by Krisciunas and Schaefer, PASP 103, 1033, 1991), over that of a
# Lommel-Seeliger sphere: within 2.3 percent from 0 to 120 degrees. The same numbers stand in shaders/lunar.glsl.
DIMMING = 2.5346
DIMMING_BEND = 0.7709


def lunar(mu0: ArrayLike, mu: ArrayLike, cos_phase: ArrayLike) -> NDArray[np.float64]:
    """Dark airless ground: Lommel-Seeliger's law, dimming with phase as the Moon does. A full Moon is flat.

    ``mu0``, ``mu``, ``cos_phase`` are arrays that broadcast: cosines of incidence, emission and phase angle.
    """
    lit, seen, c = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (mu0, mu, cos_phase)))
    lit, seen, c = np.clip(lit, 0.0, 1.0), np.clip(seen, 0.0, 1.0), np.clip(c, -1.0, 1.0)
    tan_half = np.sqrt((1 - c) / (1 + c + 1e-6))
    dimmed = np.exp(-DIMMING * tan_half / (1 + DIMMING_BEND * tan_half))
    return np.asarray(2 * lit / (lit + seen + photometry.GRAZING) * dimmed)


LAWS: dict[str, tuple[Law, str]] = {
    "mars": (photometry.bidirectional, "photometry.glsl"),
    "lunar": (lunar, "lunar.glsl"),
    "lambert": (photometry.lambert, "lambert.glsl"),
}
"""Name of a law to the law and the shader file that has it too (each defines ``bidirectional``)."""


def law_of(name: str) -> Law:
    """The law of a name."""
    return LAWS[name][0]


def shader_of(name: str) -> str:
    """The shader file of a law."""
    return LAWS[name][1]


def rotation_weights(rows: int, law: Law) -> NDArray[np.float64]:
    """What each row of a plate carree map adds to the disc seen from above the equator at phase 0, over one turn.

    (rows,), adding up to 1 by the norm of the law.
    """
    latitude = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
    longitude = (np.arange(720) + 0.5) / 720 * np.pi - np.pi / 2
    mu = np.cos(latitude)[:, None] * np.cos(longitude)[None, :]
    cell = np.cos(latitude)[:, None] * (np.pi / rows) * (np.pi / 720)
    return np.asarray((law(mu, mu, np.ones_like(mu)) * mu * cell).sum(axis=1) / np.pi, dtype=np.float64)
