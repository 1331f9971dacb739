"""
Field of view and framing
=========================

A wide lens shows the planet's limb, a narrow one the craft. ``camera.place`` puts the craft off the centre.
"""

import matplotlib.pyplot as plt
import numpy as np

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[240, 135], at="release+72s")
fields_deg = [112, 70, 50]
wide, normal, narrow = (
    scene.with_changes(camera__horizontal_fov_deg=field, camera__place=[0.5, 0.5]).view().render("draft")
    for field in fields_deg
)
corner = scene.with_changes(camera__horizontal_fov_deg=70, camera__place=[0.25, 0.7]).view().render("draft")

figure, axes = plt.subplots(2, 2, figsize=(8, 4.8), layout="constrained")
titles = [f"horizontal_fov_deg = {field}" for field in fields_deg] + ["70, place = [0.25, 0.7]"]
for axis, title, radiance in zip(axes.flat, titles, [wide, normal, narrow, corner], strict=True):
    axis.imshow(radiance.expose().pixels)
    axis.set_title(title)
    axis.axis("off")

# %%
# In a pinhole, the tangent of half the angle counts: 50 degrees show the craft 1.5 times as large as 70.
widths_px = [np.ptp(np.nonzero((radiance.truth.part >= 2).any(axis=0))[0]) for radiance in (normal, narrow)]
print(widths_px)
expected = np.tan(np.radians(35.0)) / np.tan(np.radians(25.0))
assert abs(widths_px[1] / widths_px[0] / expected - 1.0) < 0.15
