"""Render an exported shot in Blender, to compare it with our picture of it.

Needs Blender as a Python module, in an environment of its own: pip install bpy==4.5.15 (Python 3.11). Usage:

    selfiesim export tianwen1-mars --size 640x360 --blender --backplate -o shot.glb
    selfiesim render tianwen1-mars --size 640x360 -o ours.png
    python design/compare_in_blender.py shot.py blender.png
    selfiesim compare ours.png blender.png
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import bpy


def main(script: str, picture: str) -> None:
    runpy.run_path(script)
    scene = bpy.context.scene
    scene.cycles.samples = 16
    scene.render.filepath = str(Path(picture).resolve())
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
