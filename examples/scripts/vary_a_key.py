"""
A batch over two keys
=====================

A job crosses the values of any keys of a scene. Frames are named by their content, so an interrupted batch goes on
where it stopped.
"""

from pathlib import Path
from tempfile import mkdtemp

import imageio.v3 as iio
import matplotlib.pyplot as plt

from selfiesim import batch

# %%
job = {
    "scene": "tianwen1-mars",
    "size": [160, 90],
    "quality": "draft",
    "vary": {
        "camera.roll_deg": {"values": [0, 90]},
        "time": {"from": "release+40s", "to": "release+80s", "step_s": 20},
    },
}
folder = Path(mkdtemp())
frames = sorted(batch(job, folder, progress=False), key=lambda frame: frame.number)
figure, axes = plt.subplots(2, 3, figsize=(8, 3.4), layout="constrained")
for axis, frame in zip(axes.flat, frames, strict=True):
    axis.imshow(iio.imread(folder / frame.path))
    axis.axis("off")

# %%
# A second run renders nothing: it finds all frames.
assert len(frames) == 6
assert not any(frame.is_new for frame in batch(job, folder, progress=False))
