"""
The drift
=========

How the camera drifts away, and when it first has the whole spacecraft in the frame.
"""

import matplotlib.pyplot as plt
import numpy as np

from selfiesim import Scene, drift

# %%
# Setup
scene = Scene.load("tianwen1-mars")
times_s = np.arange(0.0, 601.0, 20.0)  # seconds after the release

# %%
# Action
samples = drift(scene, times_s.tolist())
for sample in samples:
    framed = "whole spacecraft in frame" if sample.in_frame else ""
    print(f"{sample.t_s:4.0f} s  {sample.range_m:8.3f} m  {sample.craft_px:6.0f} px  {framed}")
first = next(sample for sample in samples if sample.in_frame)
print(f"The whole spacecraft is in the frame from {first.t_s:.0f} s on.")

figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
axis.plot(times_s, [sample.range_m for sample in samples])
axis.axvline(first.t_s, color="#c0563b", label="the whole craft is in the frame")
axis.set_xlabel("seconds after the release")
axis.set_ylabel("range, m")
axis.legend()

# %%
# Validation: a straight line at first, at the speed of the spring; the range keeps growing.
range_m = np.array([sample.range_m for sample in samples])
early = times_s <= 100.0
assert np.allclose(range_m[early], 0.2 * times_s[early], rtol=0.01, atol=1e-6)
assert np.all(np.diff(range_m) > 0.0)
assert 40.0 <= first.t_s <= 100.0
