"""Measure the first build of Mars' maps, and of a user's map of 16384 x 8192: processor time and peak memory.

``python benchmarks/map_build.py [--json]``. Each is measured in a process of its own with an empty cache, imports
included. Required of the first build: at most 10 s of processor time and 0.8 GB; of the user's polar patches: at most
15 s. Processor time grows by a third or more while other processes keep all cores busy. Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

MAX_BUILD_S, MAX_BUILD_MB, MAX_PATCHES_S = 10.0, 800.0, 15.0


def build_default() -> dict[str, float]:
    """Build the default maps."""
    from selfiesim.planet.maps.load import load_maps

    load_maps("mars")
    return {"cpu_s": time.process_time(), "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def build_patches(folder: Path) -> dict[str, float]:
    """Build the polar patches of a map of 16384 x 8192, which repeats the default's globe."""
    import numpy as np
    from PIL import Image

    from selfiesim.planet.maps import globes
    from selfiesim.planet.maps.cap_source import fit_polar_cap, own_ice
    from selfiesim.planet.maps.load import load_maps
    from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, reflectance
    from selfiesim.planet.maps.tone_match import match_measured_tones
    from selfiesim.planet.readers.conventions import Conventions, place
    from selfiesim.planet.readers.dispatch import open_raster

    default = load_maps("mars")
    image = Image.fromarray(np.asarray(default.globe)).resize((16384, 8192))
    image.save(folder / "large.jpg", quality=90)
    with open_raster(folder / "large.jpg", Conventions(lon0_deg=0.0)) as raster:
        placement = place(raster.conventions, raster.width, raster.height, "mars", raster.name)
        preview = globes.read_preview(raster, placement)
        light = np.asarray(image.resize((1024, 512)), np.float32) / 255
        tones = match_measured_tones(preview, light**2 * default.reflectance_max, "mars", raster.name)
        build = partial(
            globes.build_map_arrays, raster, placement, tones, partial(reflectance, default), 3072,
            default.reflectance_max,
        )  # fmt: skip
        start = time.process_time()
        build(patches=False)
        middle = time.process_time()
        parts = build(patches=True)
        for pole in ("north", "south"):
            fitted = fit_polar_cap(parts[pole], getattr(default, pole), PATCH_SPAN_RAD)
            own_ice(fitted.patch, getattr(default, f"{pole}_relief"))
    return {"patches_cpu_s": time.process_time() - middle - (middle - start), "globe_cpu_s": middle - start}


def measure(task: str) -> dict[str, float]:
    """Run one task in a process of its own with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"SELFIESIM_CACHE": folder}
        command = [sys.executable, __file__, "--task", task, "--folder", folder]
        return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--task", choices=("default", "patches"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(build_default() if options.task == "default" else build_patches(options.folder)))
        return
    found = measure("default") | measure("patches")
    if options.json:
        print(json.dumps(found))
    else:
        print(f"first build of Mars: {found['cpu_s']:.1f} s of processor time, {found['peak_mb']:.0f} MB")
        print(f"polar patches of 16384 x 8192: {found['patches_cpu_s']:.1f} s (its globe {found['globe_cpu_s']:.1f} s)")
    slow = found["cpu_s"] > MAX_BUILD_S or found["patches_cpu_s"] > MAX_PATCHES_S
    raise SystemExit(int(slow or found["peak_mb"] > MAX_BUILD_MB))


if __name__ == "__main__":
    main()
