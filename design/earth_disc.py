"""Brightness of the whole Earth: geometric and spherical albedo by band, for clouds of several kinds.

``PYTHONPATH=tests/support python design/earth_disc.py [--anisotropy 0.8] [--thicker 1.0] [--seeds 4]``. ``--thicker``
multiplies the optical depth of all clouds. What came of it is in ``design/earth.md``.
"""

from __future__ import annotations

import argparse

import numpy as np
from earth_disc_light import disc

from selfiesim.planet.earth import cloud_light

PHASES_DEG = np.array([0.0, 8.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0, 140.0, 160.0, 175.0, 180.0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anisotropy", type=float, default=cloud_light.ANISOTROPY)
    parser.add_argument("--thicker", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    cloud_light.ANISOTROPY = options.anisotropy
    cloud_light.MAX_OPACITY *= options.thicker
    seeds = tuple(range(options.seeds))
    light = np.array([*(disc(phase, seeds, 64, 8) for phase in PHASES_DEG[:-1]), np.zeros(3)])
    fine = np.linspace(0.0, np.pi, 400)
    for band, name in enumerate(("R 620", "G 550", "B 460")):
        curve = np.interp(fine, np.radians(PHASES_DEG), light[:, band])
        bond = 2.0 * np.trapezoid(curve * np.sin(fine), fine)
        geometric = light[0, band]
        print(f"{name}  geometric {geometric:.4f}  Bond {bond:.4f}  phase integral {bond / geometric:.3f}  "
              f"over green {geometric / light[0, 1]:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
