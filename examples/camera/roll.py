"""
Roll
====

``camera.roll_deg`` turns the picture about its centre line, as a tumbling camera does.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[240, 135], at="release+50s")
angles_deg = [0, 45, 120, 240]
photos = [scene.with_changes(camera__roll_deg=angle).view().render("draft").expose() for angle in angles_deg]

figure, axes = plt.subplots(2, 2, figsize=(8, 4.8), layout="constrained")
for axis, angle, photo in zip(axes.flat, angles_deg, photos, strict=True):
    axis.imshow(photo.pixels)
    axis.set_title(f"roll_deg = {angle}")
    axis.axis("off")
assert len({photo.pixels_sha256() for photo in photos}) == 4
