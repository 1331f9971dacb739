"""
Optical flow
============

:meth:`Radiance.motion <selfiesim.Radiance.motion>` says where each pixel goes until a later view: exact optical flow.
"""

import matplotlib.pyplot as plt
import numpy as np

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[320, 180])
radiance = scene.view(at="release+40s").render("draft")
flow = radiance.motion(scene.view(at="release+42s"))
length = np.linalg.norm(flow, axis=-1)
figure, axis = plt.subplots(figsize=(8, 4.2), layout="constrained")
shown = axis.imshow(length, vmax=np.nanpercentile(length, 99))
figure.colorbar(shown, label="pixels in two seconds")
axis.axis("off")

# %%
# The camera recedes, so the craft shrinks toward its centre: its pixels move by less than a hundredth of the picture's
# width per second.
craft = radiance.truth.part >= 2
assert 0.0 < np.nanmedian(length[craft]) < 6.4
