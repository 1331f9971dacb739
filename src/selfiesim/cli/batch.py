"""The command ``selfiesim batch``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from selfiesim.cli.console import print_json
from selfiesim.cli.options import AsJson
from selfiesim.core.errors import BatchError


def run_batch(
    job: Annotated[Path | None, Parameter(help="A job file: a scene, and what varies.")] = None,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="The folder for the frames.")] = None,
    workers: Annotated[int, Parameter(help="Processes to draw in; 0 draws in this one.")] = 0,
    dask: Annotated[
        str | None, Parameter(help="A Dask scheduler's address, such as tcp://host:8786, or local.")
    ] = None,
    tries: Annotated[int, Parameter(help="How often a frame is tried before it is set aside.")] = 3,
    timeout: Annotated[float, Parameter(help="Seconds after which a worker process is taken to hang.")] = 600.0,
    plan: Annotated[bool, Parameter(negative="", help="Only tell how many frames, how long and how large.")] = False,
    status: Annotated[Path | None, Parameter(help="Only tell how far the batch in this folder is.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draw many frames of a scene into a folder; run it again to go on where it stopped."""
    if status is not None:
        _print_report(_status(status), as_json)
        return
    if job is None:
        raise BatchError("name a job file, such as job.toml, or --status FOLDER")
    from selfiesim.batches.run import batch
    from selfiesim.batches.run import read_job as read
    from selfiesim.labels.datasets import CARD_FILE

    if plan:
        from selfiesim.batches.estimate import estimate
        from selfiesim.batches.vary import Frames

        _print_report(estimate(Frames(read(job)), workers), as_json)
        return
    if output is None:
        raise BatchError("--output: name the folder for the frames, such as -o frames")
    parsed_job = read(job)
    done = new = failed = 0
    for frame in batch(parsed_job, output, workers=workers, dask=dask, tries=tries, timeout_s=timeout):
        done, new, failed = (
            done + frame.is_drawn,
            new + (frame.is_drawn and frame.is_new),
            failed + (not frame.is_drawn),
        )
        if not frame.is_drawn:
            print(f"selfiesim: frame {frame.number} is set aside: {frame.message}", file=sys.stderr)
    report: dict[str, Any] = {"folder": str(output), "done": done, "new": new, "failed": failed}
    report |= {"card": str(output / CARD_FILE)} if parsed_job.labels and done else {}
    if as_json:
        print_json(report)
    else:
        print(f"{output}: {done:,} frames, {new:,} of them new, {failed:,} set aside")
        if "card" in report:
            print(f"{report['card']}: the labels' data sets")
    if failed:
        sys.exit(1)


def _status(folder: Path) -> dict[str, Any]:
    from selfiesim.batches.estimate import status

    return status(folder)


def _print_report(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for key, value in report.items():
        if key == "faults":
            for fault in value:
                print(f"frame {fault['number']} is set aside: {fault['message']}")
        else:
            words = f"{value:,}" if isinstance(value, (int, float)) else "-" if value is None else value
            print(f"{key:16s} {words}")
