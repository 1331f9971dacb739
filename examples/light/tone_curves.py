"""
Tone curves
===========

How light becomes brightness on the screen: ``photo.tone``.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene

# %%
radiance = Scene.load("tianwen1-mars").with_changes(camera__size_px=[240, 135]).view().render("draft")
tones = ["linear", "shoulder", "filmic", "agx"]
photos = {tone: radiance.expose(tone=tone, stops=0.5) for tone in tones}
figure, axes = plt.subplots(2, 2, figsize=(8, 4.8), layout="constrained")
for axis, (tone, photo) in zip(axes.flat, photos.items(), strict=True):
    axis.imshow(photo.pixels)
    axis.set_title(tone)
    axis.axis("off")

# %%
# The linear curve clips what is brighter than white; the others keep detail there.
clipped = {tone: float((photo.pixels == 255).mean()) for tone, photo in photos.items()}
print(clipped)
assert clipped["linear"] >= max(clipped["filmic"], clipped["agx"])
