"""Print how each shipped scene is exposed: sunlit craft that burns out, planet, and contrast, by meter.

    python design/exposure_table.py [--size 640x360]

Drafts in the look of each scene, without its compensation (photo.stops). "white" is the share of the sunlit craft at
250 of 255 and above; "median" and "black" (5 and below) are of the planet's pixels; "stops" is how much brighter the
craft's highlights are than the planet's median, and "held" how many stops the look holds between black and white.
"""

from __future__ import annotations

import argparse

from selfiesim.photo.bracket import exposure_report
from selfiesim.scene.scene import Scene
from selfiesim.scene.shipped import scenes

METERS = ("matrix", "subject")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="480x270", help="of the pictures, px")
    size = [int(side) for side in parser.parse_args().size.split("x")]
    print(f"{'scene':26s} meter    shutter s  white %  planet median  black %  stops  held")
    for name in sorted(scenes()):
        scene = Scene.load(name).with_changes(camera__size_px=size)
        light = scene.view().render("draft")
        for meter in METERS:
            photo = light.expose(meter=meter, stops=0.0)
            report = exposure_report(photo)
            planet, white, stops = (
                report["parts"].get("planet"),
                report["sunlit_craft_white"],
                report["contrast_stops"],
            )
            print(
                f"{name:26s} {meter:8s} {photo.exposure.shutter_s:9.2e}"
                + (f"  {100.0 * white:7.1f}" if white is not None else "        -")
                + (f"  {planet['median']:13.0f}  {100.0 * planet['black']:7.1f}" if planet else " " * 14 + "-        -")
                + (f"  {stops:+5.1f}" if stops is not None else "      -")
                + f"  {report['stops_held']:4.1f}"
                + ("" if photo.exposure.metered else "  (shutter set by the scene)"),
                flush=True,
            )


if __name__ == "__main__":
    main()
