"""The commands on the trajectory of a released camera: ``selfiesim drift`` and ``downlink``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from selfiesim.cli.console import (
    load_scene,
    print_chances,
    print_dispersion,
    print_downlink,
    print_drift,
    print_json,
    progress_line,
)
from selfiesim.cli.options import AsJson, Craft, FirstFrame, LastFrame, SceneName, Size, flag, output_file
from selfiesim.core.errors import SceneError

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


# Long: the signature declares the options.
def drift(
    scene_name: SceneName,
    /,
    *,
    start: Annotated[
        str,
        Parameter(name="--from", allow_leading_hyphen=True, help="First moment, or seconds after the release."),
    ] = "release",
    stop: Annotated[
        str, Parameter(name="--to", allow_leading_hyphen=True, help="Last moment, or seconds after the release.")
    ] = "release+300s",
    step_s: Annotated[float, Parameter(name=["--step-s", "--step"], help="Seconds between moments.")] = 10.0,
    craft: Craft = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, flag("Print comma-separated values.", "--csv")] = False,
    samples: Annotated[
        int | None, Parameter(help="Simulate this number of releases with the errors of [release.scatter].")
    ] = None,
    want: Annotated[
        list[str] | None,
        Parameter(help="With --samples: print the probability of these wants, such as 'craft whole' (docs/plan.md)."),
    ] = None,
    plot: Annotated[Path | None, Parameter(help="Also draw a figure to this file (.png, .svg or .pdf).")] = None,
) -> None:
    """Print the camera's trajectory after the release.

    For each moment: range and range rate, position (radial, transverse, normal),
    phase angle, apparent size of the craft, and what is in the field of view.

    Example: selfiesim drift tianwen1-mars --to 300 --step 20 --plot drift.png
    """
    from selfiesim.analysis import drift_table

    scene = load_scene(scene_name, craft)
    drift_table.require_released_camera(scene)
    times = drift_table.sample_times(
        _seconds_after_release(scene, start, "--from"), _seconds_after_release(scene, stop, "--to"), step_s
    )
    if want and samples is None:
        raise SceneError("--want: needs --samples, the number of releases to simulate; or use selfiesim plan")
    if samples is not None:
        if plot or as_csv:
            raise SceneError("--samples: prints a table or --json; leave out --plot and --csv")
        if want:
            _print_chances(scene, samples, times, want, as_json)
            return
        from selfiesim.analysis.dispersion import disperse

        dispersion = disperse(scene, samples, times)
        if as_json:
            print_json({"summary": dispersion.summary(), "times": dispersion.records()})
        else:
            print_dispersion(dispersion)
        return
    path = drift_table.drift(scene, times)
    if plot:
        from selfiesim.analysis.drift_plot import plot_drift

        plot_drift(path, scene.title, plot)
    if as_json:
        print_json(drift_table.as_records(path))
    elif as_csv:
        print(drift_table.as_csv(path), end="")
    else:
        print_drift(path)
    if words := drift_table.describe_return(path):
        print(words, file=sys.stderr)


def _print_chances(scene: Scene, samples: int, times: list[float], wants: list[str], as_json: bool) -> None:
    """Print the probability of each want at each time, and of all required ones at once."""
    from selfiesim.plan.chances import chances

    found = chances(scene, samples, times, wants)
    if as_json:
        print_json({"summary": found.summary(), "times": found.records()})
    else:
        print_chances(found)


def _seconds_after_release(scene: Scene, text: str, option: str) -> float:
    """Return the seconds from the release to a moment; a bare number is seconds already."""
    try:
        return float(text)
    except ValueError:
        return round(scene.seconds(text, option), 6)  # moments are resolved to the microsecond


# Long: the signature declares the options.
def downlink(
    scene_name: SceneName,
    /,
    *,
    start: FirstFrame = "release",
    stop: LastFrame = "release+120s",
    output: Annotated[
        Path | None, output_file("Folder for rendered frames, each as taken and as received; default: render none.")
    ] = None,
    frames: Annotated[int, Parameter(help="Number of frames to render into --output, 1 to 50.")] = 4,
    size: Size = None,
    as_json: AsJson = False,
) -> None:
    """Simulate the radio link: camera to craft, craft to Earth.

    For each frame: range, received power, data rate, lost packets, and times of
    arrival at the craft and at Earth.
    """
    from selfiesim.analysis.downlink import downlink_sequence, simulate_reception
    from selfiesim.core.files import make_folder
    from selfiesim.pages.received_frames import report, save_sequence

    scene = load_scene(scene_name, size=size)
    if not 1 <= frames <= 50:
        raise SceneError(f"--frames {frames}: give a number from 1 to 50")
    span = scene.seconds(start, "--from"), scene.seconds(stop, "--to")
    if output is None:
        sequence, files = downlink_sequence(scene, *span), []
    else:
        make_folder(output)
        with progress_line() as set_status:
            sequence, received = simulate_reception(
                scene, *span, frames, lambda done, of: set_status(f"rendering, frame {done + 1} of {of}")
            )
            files = save_sequence(scene, sequence, received, output)
    if as_json:
        print_json(report(scene, sequence) | ({"files": [str(file) for file in files]} if files else {}))
    else:
        print_downlink(sequence)
        for file in files:
            print(file)
