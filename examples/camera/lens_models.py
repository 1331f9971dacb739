"""
Lens models
===========

A pinhole keeps straight lines straight, a barrel-shaped lens bends them, and a fisheye sees half a sphere. Distortion
is OpenCV's, coefficient for coefficient.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-closeup").with_changes(camera__size_px=[240, 150])
lenses = {
    "pinhole": {},
    "brown-conrady": {"camera__distortion": [-0.18, 0.02, 0.0, 0.0]},
    "kannala-brandt": {"camera__horizontal_fov_deg": 180.0, "camera__distortion": [0.0, 0.0, 0.0, 0.0]},
    "equirectangular": {"camera__horizontal_fov_deg": 240.0},
}
figure, axes = plt.subplots(2, 2, figsize=(8, 5.4), layout="constrained")
for axis, (model, changes) in zip(axes.flat, lenses.items(), strict=True):
    view = scene.with_changes(camera__model=model, **changes).view()
    axis.imshow(view.render("draft").expose().pixels)
    axis.set_title(f"{model}, {view.facts['horizontal_fov_deg']:.0f} degrees")
    axis.axis("off")

# %%
# A pixel of the fisheye is as many degrees wide at the edge as in the middle.
camera = scene.with_changes(camera__model="kannala-brandt", **lenses["kannala-brandt"]).view().camera
ray = camera.unproject([[camera.width - 0.5, camera.height / 2 - 0.5]])[0]
assert abs(ray[2]) < 0.02
