"""The command ``selfiesim batch``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from selfiesim.cli.console import print_json
from selfiesim.cli.options import AsJson, flag, output_file
from selfiesim.core.errors import BatchError


# Long: the signature declares the options.
def run_batch(
    job: Annotated[Path | None, Parameter(help="Job file (.toml): names a scene and what varies.")] = None,
    /,
    *,
    output: Annotated[Path | None, output_file("Folder for the frames.")] = None,
    workers: Annotated[int, Parameter(help="Number of worker processes; 0 renders in the main process.")] = 0,
    dask: Annotated[
        str | None,
        Parameter(help="Address of a Dask scheduler, such as tcp://host:8786, or local for one on this machine."),
    ] = None,
    tries: Annotated[int, Parameter(help="Number of attempts before a frame counts as failed.")] = 3,
    timeout: Annotated[float, Parameter(help="Seconds after which a worker process is considered hung.")] = 600.0,
    shard: Annotated[
        str | None, Parameter(help="Render only part i of n of the job, such as 2/8, for the tasks of a cluster.")
    ] = None,
    commands: Annotated[
        int | None,
        Parameter(help="Only print the commands of so many shards, one a line, and that which merges them."),
    ] = None,
    merge: Annotated[
        tuple[Path, ...],
        Parameter(consume_multiple=True, help="Folders of finished shards: check their frames and copy them."),
    ] = (),
    plan: Annotated[bool, flag("Only estimate number of frames, time and disk space.")] = False,
    status: Annotated[Path | None, Parameter(help="Only report the progress of the batch in this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Render many variations of a scene into a folder.

    Run the same command again to resume where an earlier run stopped. Failed frames
    are listed, and tried again by the next run.

    Example: selfiesim batch job.toml -o frames --workers 4

    Exit codes: 0 all frames are done, 1 some failed, 2 the input is invalid.
    """
    if status is not None:
        _print_report(_status(status), as_json)
        return
    if job is None:
        raise BatchError("name a job file, such as job.toml, or --status FOLDER")
    from selfiesim.batches.run import batch, read_job
    from selfiesim.batches.shards import Shard, shard_commands
    from selfiesim.labels.datasets import CARD_FILE

    if plan:
        from selfiesim.batches.estimate import estimate
        from selfiesim.batches.vary import Frames

        _print_report(estimate(Frames(read_job(job)), workers), as_json)
        return
    if output is None:
        raise BatchError("--output: name the folder for the frames, such as -o frames")
    if commands is not None:
        print("\n".join(shard_commands(str(job), output, commands, f" --workers {workers}" if workers else "")))
        return
    parsed_job = read_job(job)
    part = Shard.parse(shard) if shard else None
    done = new = failed = 0
    options: dict[str, Any] = {"workers": workers, "dask": dask, "tries": tries, "timeout_s": timeout}
    for frame in batch(parsed_job, output, **options, shard=part, merge=merge):
        done += frame.is_done
        new += frame.is_done and frame.is_new
        failed += not frame.is_done
        if not frame.is_done:
            print(f"selfiesim: frame {frame.number} failed: {frame.message}", file=sys.stderr)
    report: dict[str, Any] = {"folder": str(output), "done": done, "new": new, "failed": failed}
    report |= {"card": str(output / CARD_FILE)} if parsed_job.labels and done and not part else {}
    if as_json:
        print_json(report)
    else:
        print(f"{output}: {done:,} frames, {new:,} of them new, {failed:,} failed")
        if "card" in report:
            print(f"{report['card']}: describes the data sets of the labels")
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
                print(f"frame {fault['number']} failed: {fault['message']}")
        else:
            text = f"{value:,}" if isinstance(value, (int, float)) else "-" if value is None else value
            print(f"{key:16s} {text}")
