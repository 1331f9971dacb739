"""
Your own mesh
=============

Your own spacecraft in a shipped scene: a mesh file, and a short description of where its camera is mounted.
"""

from pathlib import Path
from tempfile import mkdtemp

import trimesh

from selfiesim import Scene

# %%
# Setup: a box with two wings, in metres, and its description next to it.
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

# %%
# Action: render the shipped scene with this spacecraft in it.
scene = Scene.load("tianwen1-mars").with_craft(folder / "boxsat.stl")
scene = scene.with_changes(camera__size_px=[480, 270], camera__horizontal_fov_deg=60)
radiance = scene.view(at="release+40s").render()
photo = radiance.expose()
path = photo.save(folder / "boxsat.png")
photo

# %%
# Validation: the spacecraft is in the frame, about 8 m away.
nearest_m = radiance.depth.min()
print(f"nearest point of the spacecraft: {nearest_m:.2f} m; saved as {path}")
assert 4.0 < nearest_m < 10.0
