"""Your own craft in the same place: a mesh file beside the scene, with a few lines that say where its camera sits."""

from pathlib import Path
from tempfile import mkdtemp

import trimesh

from selfiesim import Scene

# Setup: a box with two wings, in metres, and the description beside it.
folder = Path(mkdtemp())
parts = [trimesh.creation.box((1.2, 1.2, 1.2))]
for side in (-1, 1):
    wing = trimesh.creation.box((1.0, 2.5, 0.03))
    wing.apply_translation((0.0, side * 2.0, 0.0))
    parts.append(wing)
trimesh.util.concatenate(parts).export(folder / "boxsat.stl")
(folder / "boxsat.toml").write_text(
    """
name = "Box with wings"
[mounts.camera]
position_m = [0.0, 0.6, -0.6]
axis = [0.0, 0.7, -0.7]
"""
)

# Action: the shipped scene with another craft in it.
table = Scene.load("tianwen1-mars").model_dump(mode="json")
table["craft"] = {"model": "boxsat.stl"}
table["camera"] |= {"size_px": [480, 270], "horizontal_fov_deg": 60}
scene = Scene.from_table(table, folder=folder)
radiance = scene.view(at="release+40s").render()
radiance.expose().save(folder / "boxsat.png")

# Validation: the craft stands in the picture, about 8 m away.
nearest = radiance.depth.min()
print(f"nearest point of the craft: {nearest:.2f} m; picture in {folder}")
assert 4.0 < nearest < 10.0
