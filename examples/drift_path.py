"""How the camera moves away, and when it first has the whole craft in the picture."""

import numpy as np

from selfiesim import Scene
from selfiesim.analysis.drift_table import sample_times, timeline

# Setup
scene = Scene.load("tianwen1-mars")

# Action
samples = timeline(scene, sample_times(0.0, 600.0, 20.0))
seconds = np.array([each.t_s for each in samples])
distance = np.array([each.range_m for each in samples])
first = next(each for each in samples if each.in_frame)
for each in samples:
    print(
        f"{each.t_s:4.0f} s  {each.range_m:8.3f} m  craft {each.craft_px:6.0f} px  {'whole' if each.in_frame else ''}"
    )
print(f"the whole craft is in the picture from {first.t_s:.0f} s on")

# Validation: a straight line at first; later the two orbits part.
early = seconds <= 100.0
assert np.allclose(distance[early], 0.2 * seconds[early], rtol=0.01, atol=1e-6)
assert np.all(np.diff(distance) > 0.0)
assert 40.0 <= first.t_s <= 100.0
