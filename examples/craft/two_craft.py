"""
A second spacecraft
===================

Each entry of ``objects`` adds one. They cast shadows on each other and receive each other's light.
"""

import numpy as np

from selfiesim import Scene

# %%
scene = Scene.load("tianwen1-mars")
scene = scene.with_changes(
    camera__size_px=[480, 270],
    objects=[{"name": "visitor", "model": "hayabusa2", "offset_m": [0.0, 0.0, -6.0], "axes": "body"}],
    at="release+35s",
)
radiance = scene.view().render("draft")
photo = radiance.expose()
photo

# %%
# The layers know it by its name.
visitor = [part for part, name in radiance.truth.part_names.items() if name.startswith("visitor")]
share = np.isin(radiance.truth.part, visitor).mean()
print(f"{100 * share:.2f} % of the picture")
assert share > 0.0005
