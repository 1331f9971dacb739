"""
Parts of the craft, pixel by pixel
==================================

Ground truth for computer vision: what each pixel shows, its distance, and its motion to the next frame.
"""

import matplotlib.pyplot as plt
import numpy as np

from selfiesim import Scene

# %%
# Setup: the wide lens of the deployable camera, 40 seconds after the release.
scene = Scene.load("tianwen1-mars").with_changes(
    camera={"preset": "tianwen1-deployable", "size_px": [640, 360], "roll_deg": 268.0}
)
view, next_view = scene.view(at="release+40s"), scene.view(at="release+41s")

# %%
# Action: render the light, and read the truth that comes with it.
radiance = view.render("draft")
truth = radiance.truth
motion = radiance.motion(next_view)
for part, name in truth.part_names.items():
    share = (truth.part == part).mean()
    if share > 0.005:
        print(f"{name:40s} {100 * share:5.1f} % of the image")

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
left.imshow(radiance.expose().pixels)
right.imshow(np.where(truth.part >= 2, truth.part % 20, -1))
left.axis("off")
right.axis("off")

# %%
# Validation: the dish is as far away as the spacecraft, within its arm's length; nothing moves far in one second.
dish = np.isin(truth.part, [part for part, name in truth.part_names.items() if "hga_dish" in name])
craft = truth.part >= 2
assert dish.any()
assert np.abs(truth.depth[dish] - view.facts["range_to_craft_m"]).max() < 4.0
assert np.allclose(np.linalg.norm(truth.normal[craft], axis=-1), 1.0, atol=1e-3)
assert np.nanmax(np.abs(motion)) < 20.0
