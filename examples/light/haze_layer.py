"""
A detached haze layer
=====================

Above the limb of Mars a thin layer often floats on its own: ``planet.haze_layer_opacity`` draws it.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars").with_changes(
    camera={"size_px": [320, 180], "horizontal_fov_deg": 60, "place": [0.0, 1.0]},
)
plain = scene.view().render("draft")
layered = scene.with_changes(planet__haze_layer_opacity=0.01).view().render("draft")
figure, axes = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
for axis, radiance, title in zip(axes, (plain, layered), ("no layer", "haze_layer_opacity = 0.01"), strict=True):
    axis.imshow(radiance.expose(shutter_s=0.05).pixels)
    axis.set_title(title)
    axis.axis("off")
assert layered.rgb.sum() > plain.rgb.sum()
