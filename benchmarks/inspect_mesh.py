"""CPU time of `selfiesim models inspect` for a mesh of 100,352 triangles, in each format, without picture.

The last line is an OBJ of 20,000 groups.

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
GROUPS = 20_000
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


def square_group(number: int) -> str:
    """Return a group of an OBJ file: one square, with vertices of its own."""
    vertices = "".join(f"v {number + x} {y} 0\n" for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)))
    corners = " ".join(str(4 * number + k) for k in range(1, 5))
    return f"{vertices}g part{number}\nf {corners}\n"


def main() -> None:
    """Print the CPU time for each format."""
    mesh = trimesh.creation.torus(3.0, 1.0, major_sections=GRID, minor_sections=GRID)
    with tempfile.TemporaryDirectory() as folder:
        for kind in FORMATS:
            path = Path(folder) / f"torus.{kind}"
            mesh.export(path)
            print(f"{kind:6s} {cpu_seconds(path, Path(folder) / f'cache-{kind}'):5.2f} s of CPU time")
        path = Path(folder) / "groups.obj"
        path.write_text("".join(square_group(number) for number in range(GROUPS)))
        print(f"groups {cpu_seconds(path, Path(folder) / 'cache-groups'):5.2f} s of CPU time")


if __name__ == "__main__":
    main()
