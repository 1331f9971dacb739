"""CPU time of `selfiesim models inspect` for a mesh of 100,352 triangles, in each format, without picture.

Each run is a process of its own that reads the file: nothing is cached. Usage: python benchmarks/inspect_mesh.py
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import trimesh

GRID = 224  # 2 * 224**2 = 100,352 triangles
FORMATS = ("glb", "obj", "ply", "stl", "off", "dae")


def cpu_seconds(path: Path, cache: Path) -> float:
    """Return the CPU time of one command, s."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "selfiesim", "models", "inspect", str(path)],
        check=True,
        capture_output=True,
        env=os.environ | {"SELFIESIM_CACHE": str(cache), "OMP_NUM_THREADS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the CPU time for each format."""
    mesh = trimesh.creation.torus(3.0, 1.0, major_sections=GRID, minor_sections=GRID)
    with tempfile.TemporaryDirectory() as folder:
        for kind in FORMATS:
            path = Path(folder) / f"torus.{kind}"
            mesh.export(path)
            print(f"{kind:4s} {cpu_seconds(path, Path(folder) / f'cache-{kind}'):5.2f} s of CPU time")


if __name__ == "__main__":
    main()
