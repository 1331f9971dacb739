"""
A tumbling camera
=================

A camera that is tipped off tumbles without torque: what it sees sweeps across craft, planet and sky.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars").with_changes(
    camera={
        "size_px": [200, 112],
        "look": "tumbling",
        "horizontal_fov_deg": 100,
        "inertia_kg_m2": [1.0, 1.4, 0.7],
    },
    release__tip_off_deg_s=[0.5, 0.2, 1.0],
    photo__shutter_s=0.03,
)
figure, axes = plt.subplots(2, 3, figsize=(8, 3.3), layout="constrained")
pixels = []
for axis, seconds in zip(axes.flat, range(10, 70, 10), strict=True):
    photo = scene.view(at=f"release+{seconds}s").render("draft").expose()
    pixels.append(photo.pixels_sha256())
    axis.imshow(photo.pixels)
    axis.set_title(f"{seconds} s", fontsize=9)
    axis.axis("off")
assert len(set(pixels)) == 6
