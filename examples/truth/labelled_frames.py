"""
A labelled data set
===================

:func:`selfiesim.label` renders frames with boxes, masks, keypoints and poses; ``assemble`` writes them as COCO and BOP.
"""

import json
from pathlib import Path
from tempfile import mkdtemp

import imageio.v3 as iio
import matplotlib.pyplot as plt

from selfiesim import Scene, label
from selfiesim.labels.datasets import assemble
from selfiesim.labels.sequence import LabelSettings

# %%
folder = Path(mkdtemp())
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[320, 180])
settings = LabelSettings("release+40s", "release+60s", step_s=10.0)
records = list(label(scene, folder, settings))
assemble(records, folder, formats=["coco", "poses"])

# %%
# A frame with the box that COCO has for it.
files = sorted((folder / "coco").glob("*.json"))
boxes = {box["image_id"]: box for file in files for box in json.loads(file.read_text())["annotations"]}
images = [image for file in files for image in json.loads(file.read_text())["images"]]
picture = iio.imread(folder / "frames/frame-00000.png")
image = next(each for each in images if "00000" in each["file_name"])
x, y, width, height = boxes[image["id"]]["bbox"]
figure, axis = plt.subplots(figsize=(8, 4.6), layout="constrained")
axis.imshow(picture)
axis.add_patch(plt.Rectangle((x, y), width, height, fill=False, color="#ffd166"))
axis.axis("off")
assert len(records) == 3
