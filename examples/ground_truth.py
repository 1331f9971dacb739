"""Ground truth for vision: what each pixel sees, how far away, and where it goes until the next frame."""

import numpy as np

from selfiesim import Scene

# Setup: the deployable camera's wide lens, 40 seconds after the release.
scene = Scene.load("tianwen1-mars").with_changes(
    camera={"preset": "tianwen1-deployable", "size_px": [640, 360], "roll_deg": 268.0}
)
view, next_view = scene.view(at="release+40s"), scene.view(at="release+41s")

# Action: the light, and the truth beside it.
radiance = view.render("draft")
truth = radiance.truth
motion = radiance.motion(next_view)
for number, name in truth.part_names.items():
    share = (truth.part == number).mean()
    if share > 0.005:
        print(f"{name:40s} {100 * share:5.1f} % of the picture")

# Validation: the dish is as far as the craft, give or take its arm; in a second nothing moves far.
dish = np.isin(truth.part, [number for number, name in truth.part_names.items() if "hga_dish" in name])
craft = truth.part >= 2
assert dish.any()
assert np.abs(truth.depth[dish] - view.facts["range_to_craft_m"]).max() < 4.0
assert np.allclose(np.linalg.norm(truth.normal[craft], axis=-1), 1.0, atol=1e-3)
assert np.nanmax(np.abs(motion)) < 20.0
