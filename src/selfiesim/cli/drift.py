"""The commands about the path of a released camera: ``selfiesim drift`` and ``downlink``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from selfiesim.cli.console import load_shot, print_dispersion, print_downlink, print_drift, print_json, progress_line
from selfiesim.cli.options import AsJson, Craft, FirstFrame, LastFrame, SceneName, Size
from selfiesim.core.errors import SceneError

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


def drift(
    scene: SceneName,
    /,
    *,
    start: Annotated[
        str, Parameter(name="--from", allow_leading_hyphen=True, help="First moment, or seconds after the release.")
    ] = "release",
    stop: Annotated[
        str, Parameter(name="--to", allow_leading_hyphen=True, help="Last moment, or seconds after the release.")
    ] = "release+300s",
    step_s: Annotated[float, Parameter(name=["--step-s", "--step"], help="Seconds from one to the next.")] = 10.0,
    craft: Craft = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, Parameter(name="--csv", negative="", help="Print comma-separated values.")] = False,
    samples: Annotated[
        int | None, Parameter(help="Throw so many releases by [release.scatter] instead of one.")
    ] = None,
    plot: Annotated[Path | None, Parameter(help="Draw a figure into this file (.png, .svg, .pdf).")] = None,
) -> None:
    """Show the camera's path after the release: range, position, size of the craft, and what each moment frames."""
    from selfiesim.analysis import drift_table

    shot = load_shot(scene, craft)
    drift_table.require_released_camera(shot)
    times = drift_table.sample_times(
        _seconds_after_release(shot, start, "--from"), _seconds_after_release(shot, stop, "--to"), step_s
    )
    if samples is not None:
        if plot or as_csv:
            raise SceneError("--samples goes with --json alone, not with --plot or --csv")
        from selfiesim.analysis.dispersion import run_dispersion

        cloud = run_dispersion(shot, samples, times)
        if as_json:
            print_json({"summary": cloud.summary(), "times": cloud.records()})
        else:
            print_dispersion(cloud)
        return
    path = drift_table.timeline(shot, times)
    if plot:
        from selfiesim.analysis.drift_plot import plot_drift

        plot_drift(path, shot.title, plot)
    if as_json:
        print_json(drift_table.as_records(path))
    elif as_csv:
        print(drift_table.as_csv(path), end="")
    else:
        print_drift(path)
    if words := drift_table.describe_return(path):
        print(words, file=sys.stderr)


def _seconds_after_release(shot: Scene, text: str, option: str) -> float:
    """Seconds from the release to a moment; a bare number is that already."""
    try:
        return float(text)
    except ValueError:
        return round(shot.seconds(text, option), 6)  # an instant has no finer digits


def downlink(
    scene: SceneName,
    /,
    *,
    start: FirstFrame = "release",
    stop: LastFrame = "release+120s",
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Folder for some frames, clean and as received.")
    ] = None,
    frames: Annotated[int, Parameter(help="How many of them to render, 1 to 50.")] = 4,
    size: Size = None,
    as_json: AsJson = False,
) -> None:
    """Send the camera's pictures to the craft by radio and on to the Earth: range, rate, losses, times of arrival."""
    from selfiesim.analysis.downlink import downlink_sequence, simulate_reception
    from selfiesim.pages.received_frames import make_folder, report, save_sequence

    shot = load_shot(scene, size=size)
    if not 1 <= frames <= 50:
        raise SceneError(f"--frames {frames}: give a number from 1 to 50")
    span = shot.seconds(start, "--from"), shot.seconds(stop, "--to")
    if output is None:
        whole, files = downlink_sequence(shot, *span), []
    else:
        make_folder(output)
        with progress_line() as set_status:
            whole, received = simulate_reception(
                shot, *span, frames, lambda done, of: set_status(f"drawing, frame {done + 1} of {of}")
            )
            files = save_sequence(shot, whole, received, output)
    if as_json:
        print_json(report(shot, whole) | ({"files": [str(file) for file in files]} if files else {}))
    else:
        print_downlink(whole)
        for file in files:
            print(file)
