"""
The same release at four moments
================================

The camera keeps drifting after the push. A :meth:`Scene.view <selfiesim.Scene.view>` is one instant of it.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene

# %%
# A moment is counted from the release, here in seconds. All four pictures have the same shutter time.
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[240, 135], photo__shutter_s=0.03)
moments_s = [20, 40, 60, 90]
views = [scene.view(at=f"release+{seconds}s") for seconds in moments_s]
photos = [view.render("draft").expose() for view in views]

figure, axes = plt.subplots(2, 2, figsize=(8, 4.8), layout="constrained")
for axis, view, photo in zip(axes.flat, views, photos, strict=True):
    axis.imshow(photo.pixels)
    axis.set_title(f"{view.facts['range_to_craft_m']:.1f} m")
    axis.axis("off")

# %%
# The spring gives 0.2 m/s, and the camera keeps that speed.
distances_m = [view.facts["distance_from_mount_m"] for view in views]
assert all(abs(distance - 0.2 * seconds) < 0.1 for distance, seconds in zip(distances_m, moments_s, strict=True))
