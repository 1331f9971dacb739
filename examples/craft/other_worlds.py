"""
Other worlds
============

The shipped scenes visit Mars, the Moon, Mercury, the Earth and an asteroid, and the space between.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene, scenes

# %%
print(", ".join(sorted(scenes())))

# %%
names = ["juice-jmc-moon", "ikaros-dcam2"]
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for axis, name in zip(axes.flat, names, strict=True):
    scene = Scene.load(name)
    width, height = scene.camera.size_px
    photo = scene.with_changes(camera__size_px=[240, round(240 * height / width)]).view().render("draft").expose()
    axis.imshow(photo.pixels)
    axis.set_title(scene.title, fontsize=9)
    axis.axis("off")
assert set(names) <= set(scenes())
