"""Trace the reference pictures: ``make references`` (needs the extra ``mitsuba``; takes minutes on two cores).

Each scene is traced twice: direct light of the Sun and the planet alone, and with interreflection.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from proof_scenes import NAMES, REFERENCES, view_of

from selfiesim.render.mitsuba.renderer import MAX_PATH_DEPTH, MitsubaRenderer

SAMPLES = 1024
LIGHTS = {"direct": 2, "bounced": MAX_PATH_DEPTH}


def main(names: list[str]) -> None:
    REFERENCES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in names or NAMES:
            view = view_of(name, Path(folder))
            for light, depth in LIGHTS.items():
                start = time.perf_counter()
                rgb = MitsubaRenderer(depth).render(view, "final", samples=SAMPLES).rgb
                # Half precision keeps three digits; the brightest pixel is scaled to 1.
                scale = float(rgb.max())
                path = REFERENCES / f"{name}-{light}.npz"
                np.savez_compressed(path, rgb=(rgb / scale).astype(np.float16), scale=scale)
                print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
