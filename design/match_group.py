"""The picture of docs/match.md: the group photo's solution rendered, with the points that were measured in it.

The photograph itself is not part of the project. Run: python design/match_group.py PHOTO
"""

import sys
from pathlib import Path

from PIL import Image

from selfiesim import match

ROOT = Path(__file__).parents[1]
FIT = ["pose", "fov", "craft.tilt", "platform.position", "platform.heading"]

found = match(sys.argv[1], "zhurong-group", ROOT / "examples/zhurong-group-points.toml", fit=FIT)
render = found.scene.view().render().expose().pixels
Image.fromarray(found.overlay(render, magnify=1.0)).save(ROOT / "docs/match-group.webp", quality=85)
