"""
A short film
============

:func:`selfiesim.film` renders the drift frame by frame, with one exposure for all.
"""

from pathlib import Path
from tempfile import mkdtemp

import imageio.v3 as iio
import matplotlib.pyplot as plt

from selfiesim import Scene, film
from selfiesim.films.film import FilmSettings

# %%
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[200, 112])
settings = FilmSettings("release+30s", "release+80s", step_s=10.0, fps=5.0)
result = film(scene, Path(mkdtemp()) / "drift.webp", settings)

# %%
frames = list(iio.imiter(result.path))
figure, axes = plt.subplots(1, 3, figsize=(8, 1.8), layout="constrained")
for axis, frame in zip(axes, frames[::2], strict=True):
    axis.imshow(frame)
    axis.axis("off")
assert result.frames == len(frames) == 6
