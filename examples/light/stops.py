"""
Exposure
========

A light meter sets the shutter. ``photo.stops`` corrects it: +1 doubles the light. Radiance is rendered once and exposed
as often as you like.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene

# %%
radiance = Scene.load("tianwen1-mars").with_changes(camera__size_px=[240, 135]).view().render("draft")
stops = [-2, -1, 0, 1]
photos = [radiance.expose(stops=each) for each in stops]

figure, axes = plt.subplots(2, 2, figsize=(8, 4.8), layout="constrained")
for axis, each, photo in zip(axes.flat, stops, photos, strict=True):
    axis.imshow(photo.pixels)
    axis.set_title(f"stops = {each:+d}, 1/{1 / photo.exposure.shutter_s:.0f} s")
    axis.axis("off")
shutter_s = [photo.exposure.shutter_s for photo in photos]
assert abs(shutter_s[3] / shutter_s[0] - 8.0) < 1e-6

# %%
# In a scene the key is ``photo.stops``:
darker = Scene.load("tianwen1-mars").with_changes(camera__size_px=[240, 135], photo__stops=-2)
assert darker.view().render("draft").expose().exposure.shutter_s == shutter_s[0]
