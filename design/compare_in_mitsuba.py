"""Export a scene for Mitsuba, let Mitsuba render it, and compare the picture with ours.

    python design/compare_in_mitsuba.py tianwen1-mars side_by_side.png

The left half of the picture is Mitsuba's. Needs the extras mitsuba and exr.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import mitsuba
import numpy as np
from PIL import Image

from selfiesim.core.colour import srgb_from_linear
from selfiesim.files.exports.mitsuba_xml import write_mitsuba
from selfiesim.files.exr_layers import linear_light
from selfiesim.render.mitsuba.renderer import require
from selfiesim.scene.scene import Scene

SIZE_PX, PATHS = [480, 270], 48


def main(name: str, picture: str) -> None:
    """Print the differences and write both pictures."""
    mitsuba.set_variant(require())
    view = Scene.load(name).with_changes(camera__size_px=SIZE_PX).view()
    with tempfile.TemporaryDirectory() as folder:
        write_mitsuba(view, Path(folder) / "shot.xml")
        theirs = np.array(mitsuba.render(mitsuba.load_file(f"{folder}/shot.xml"), spp=PATHS), float)
    radiance = view.render("draft")
    ours = linear_light(radiance.rgb, view, radiance.expose().exposure)
    shown = [srgb_from_linear(np.clip(image, 0.0, 1.0)) for image in (theirs, ours)]
    craft = radiance.truth.part >= 2
    difference = 255.0 * np.abs(shown[0] - shown[1])
    print(f"{difference.mean():.1f} of 255 levels on average")
    for what, where in (("craft", craft), ("rest", ~craft)):
        if where.any():
            light = [np.clip(image, 0.0, 1.0)[where].mean() for image in (theirs, ours)]
            print(f"{what}: {difference[where].mean():.1f} levels; mean light {light[0]:.3f}, ours {light[1]:.3f}")
    Image.fromarray(np.round(255.0 * np.concatenate(shown, axis=1)).astype(np.uint8)).save(picture)


if __name__ == "__main__":
    main(*sys.argv[1:3])
