"""
Looks
=====

``clean`` has neither lens nor sensor. The other looks simulate both: ``raw`` as read out, ``onboard`` as a small camera
sends it, ``press`` as developed with care on the ground.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[320, 180], at="release+50s")
radiance = scene.view().render("draft")
figure, axes = plt.subplots(2, 2, figsize=(8, 4.8), layout="constrained")
for axis, look in zip(axes.flat, ("clean", "raw", "onboard", "press"), strict=True):
    axis.imshow(radiance.expose(look=look).pixels)
    axis.set_title(look)
    axis.axis("off")

# %%
# The noise has a seed: the same one gives the same picture, pixel by pixel.
first, again = radiance.expose(look="onboard", seed=3), radiance.expose(look="onboard", seed=3)
assert first.pixels_sha256() == again.pixels_sha256()
assert first.pixels_sha256() != radiance.expose(look="onboard", seed=4).pixels_sha256()
photo = scene.with_changes(photo__look="press").view().render("draft").expose()  # or in the scene
