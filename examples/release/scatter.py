"""
Many releases
=============

No spring pushes exactly. :func:`selfiesim.disperse` draws releases from ``release.scatter``, and says how many of the
cameras frame the shot.
"""

import matplotlib.pyplot as plt
import numpy as np

from selfiesim import Scene, disperse

# %%
scene = Scene.load("tianwen1-mars")
times_s = [float(seconds) for seconds in range(10, 201, 10)]
spread = disperse(scene, 300, times_s)

figure, (above, below) = plt.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained")
above.plot(times_s, spread.range_m.T, color="#c0563b", alpha=0.06)
above.set_ylabel("range, m")
below.plot(times_s, 100 * spread.craft_in_frame.mean(axis=0))
below.set_ylabel("whole craft in frame, %")
below.set_xlabel("seconds after the planned release")

# %%
# The speed scatters by 0.01 m/s, so the range by 2 m after 200 s.
sigma_m = float(np.std(spread.range_m[:, -1]))
print(f"{sigma_m:.2f} m")
assert 1.5 < sigma_m < 2.5
