"""
Motion blur
===========

With ``photo.motion_blur`` the picture smears what moves while the shutter is open: here for a second, which a tumbling
camera does not forgive.
"""

import matplotlib.pyplot as plt
import numpy as np

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars").with_changes(
    camera={"size_px": [200, 112], "horizontal_fov_deg": 112, "look": "tumbling"},
    release__tip_off_deg_s=[0.0, 0.0, 3.0],
    at="release+20s",
    photo__shutter_s=1.0,
    photo__f_number=45,
)
sharp = scene.view().render("draft").expose()
blurred = scene.with_changes(photo__motion_blur=True).view().render("draft", samples=16).expose()

figure, axes = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
for axis, photo, title in zip(axes, (sharp, blurred), ("motion_blur = false", "motion_blur = true"), strict=True):
    axis.imshow(photo.pixels)
    axis.set_title(title)
    axis.axis("off")

# %%
# The light is the same, on other pixels.
lights = [photo.pixels.astype(float).mean() for photo in (sharp, blurred)]
assert abs(lights[1] / lights[0] - 1.0) < 0.05
assert np.abs(blurred.pixels.astype(float) - sharp.pixels).mean() > 2.0
