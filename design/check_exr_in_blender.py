"""Read an EXR file in Blender's compositor: its picture, and the matte of the craft by Cryptomatte.

Needs Blender as a Python module, in an environment of its own: pip install bpy==4.5.15 (Python 3.11). Usage:

    selfiesim render tianwen1-mars --draft --size 640x360 -o a.exr
    python design/check_exr_in_blender.py a.exr "Tianwen-1 orbiter" out

It writes out/matte0001.exr and out/picture0001.exr: the first equals matte.craft of the file, the second R, G and B.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy


def main(file: str, craft: str, folder: str) -> None:
    image = bpy.data.images.load(str(Path(file).resolve()))
    scene = bpy.context.scene
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    picture = tree.nodes.new("CompositorNodeImage")
    picture.image = image
    print("layers:", ", ".join(each.name for each in picture.outputs if each.enabled))
    matte = tree.nodes.new("CompositorNodeCryptomatteV2")
    matte.source, matte.image = "IMAGE", image
    matte.layer_name, matte.matte_id = "CryptoObject", craft
    output = tree.nodes.new("CompositorNodeOutputFile")
    output.base_path = str(Path(folder).resolve())
    output.format.file_format, output.format.color_depth = "OPEN_EXR", "32"
    output.file_slots.clear()
    output.file_slots.new("matte")
    output.file_slots.new("picture")
    tree.links.new(matte.outputs["Matte"], output.inputs["matte"])
    tree.links.new(picture.outputs[0], output.inputs["picture"])
    tree.links.new(picture.outputs[0], tree.nodes.new("CompositorNodeComposite").inputs[0])
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    bpy.ops.render.render()


if __name__ == "__main__":
    main(*sys.argv[1:4])
