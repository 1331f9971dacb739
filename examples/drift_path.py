"""How the camera moves away: range and speed along the first ten minutes, from the views alone."""

import numpy as np

from selfiesim import Scene

# Setup
scene = Scene.load("tianwen1-mars")
seconds = np.arange(0, 601, 60)

# Action
views = [scene.view(at=f"release+{t}s") for t in seconds]
distance = np.array([view.facts["distance_from_mount_m"] for view in views])
for t, d in zip(seconds, distance, strict=True):
    print(f"{t:4d} s  {d:8.3f} m")

# Validation: a straight line at first; later the two orbits part.
assert np.allclose(distance[:2], 0.2 * seconds[:2], rtol=0.01, atol=1e-6)
assert np.all(np.diff(distance) > 0.0)
