"""
Other materials
===============

``craft.materials`` puts a material of the library in place of the mesh's own.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene, load_craft

# %%
# What the model calls its materials:
craft = load_craft("tianwen1-orbiter")
print(sorted({part.material.name for part in craft.parts}))

# %%
scene = Scene.load("tianwen1-closeup").with_changes(camera__size_px=[320, 180])
painted = scene.with_changes(craft__materials={"gold_foil": "white-paint"})
figure, axes = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
pixels = []
for axis, each, title in zip(axes, (scene, painted), ("gold foil", "white paint"), strict=True):
    photo = each.view().render("draft").expose()
    pixels.append(photo.pixels)
    axis.imshow(photo.pixels)
    axis.set_title(title)
    axis.axis("off")
assert (pixels[0] != pixels[1]).any()
