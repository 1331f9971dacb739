"""
From scene to picture
=====================

From a shipped scene to a picture, step by step: the view, the light, the photograph.
"""

from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from selfiesim import Scene

# %%
# Setup: a small image, so that the example runs in seconds.
folder = Path(mkdtemp())
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[640, 360])

# %%
# Action: the geometry one minute after the release, the light that arrives, the photograph.
view = scene.view(at="release+60s")
radiance = view.render("draft")
photo = radiance.expose()
path = photo.save(folder / "selfie.png")
print(view)
print(radiance)
print(photo)
print(f"saved as {path}")
photo

# %%
# Validation: the spring gave 0.2 m/s, the spacecraft is in the frame, and the file has a recipe next to it.
assert abs(view.facts["distance_from_mount_m"] - 12.0) < 0.12
assert (radiance.depth < 50.0).any()
assert photo.pixels.shape == (360, 640, 3)
assert np.isfinite(radiance.rgb).all()
assert path.with_suffix(".json").exists()
