"""
Dust in the air of Mars
=======================

``planet.dust_opacity`` is the vertical optical depth: 0.1 is clear, 0.5 a dusty season, and a global storm reaches 5.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[240, 135], photo__shutter_s=0.03)
opacities = [0.0, 0.3, 1.0, 3.0]
lights = [scene.with_changes(planet__dust_opacity=each).view().render("draft") for each in opacities]
figure, axes = plt.subplots(2, 2, figsize=(8, 4.8), layout="constrained")
for axis, opacity, radiance in zip(axes.flat, opacities, lights, strict=True):
    axis.imshow(radiance.expose().pixels)
    axis.set_title(f"dust_opacity = {opacity:g}")
    axis.axis("off")

# %%
# Dust hides what is below it: a storm takes the contrast of the ground.
ground = lights[0].truth.part == 1
spread = [float(radiance.rgb[ground].std() / radiance.rgb[ground].mean()) for radiance in lights]
print(spread)
assert spread[-1] < spread[0]
