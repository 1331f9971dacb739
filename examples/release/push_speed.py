"""
A harder push
=============

``release.speed_m_s`` is the speed that the spring gives. A faster camera has the whole craft in its frame sooner.
"""

import matplotlib.pyplot as plt

from selfiesim import Scene, drift

# %%
times_s = [float(seconds) for seconds in range(0, 181, 5)]
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
first_s = []
for speed in (0.1, 0.2, 0.4):
    samples = drift(Scene.load("tianwen1-mars").with_changes(release__speed_m_s=speed), times_s)
    axis.plot(times_s, [sample.craft_px for sample in samples], label=f"{speed} m/s")
    first_s.append(next(sample.t_s for sample in samples if sample.in_frame))
axis.set_yscale("log")
axis.set_xlabel("seconds after the release")
axis.set_ylabel("size of the craft, pixels")
axis.legend()

# %%
print(first_s)
assert first_s[0] > first_s[1] > first_s[2]
