"""
Depth, normals and parts
========================

:attr:`Radiance.truth <selfiesim.Radiance.truth>` holds what is exact: for each pixel its depth, its surface normal in
camera axes, the part that it shows, and how much sunlight falls there.
"""

import matplotlib.pyplot as plt
import numpy as np

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[320, 180], at="release+40s")
radiance = scene.view().render("draft")
truth = radiance.truth
craft = truth.part >= 2
layers = {
    "photograph": radiance.expose().pixels,
    "depth": np.where(craft, truth.depth, np.nan),
    "normals": np.where(craft[..., None], truth.normal / 2 + 0.5, 0.0),
    "parts": np.where(craft, truth.part % 20, -1),
}
figure, axes = plt.subplots(2, 2, figsize=(8, 4.8), layout="constrained")
for axis, (name, layer) in zip(axes.flat, layers.items(), strict=True):
    axis.imshow(layer)
    axis.set_title(name)
    axis.axis("off")
assert np.allclose(np.linalg.norm(truth.normal[craft], axis=-1), 1.0, atol=1e-3)
