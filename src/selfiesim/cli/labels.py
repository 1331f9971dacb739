"""The command that labels: ``selfiesim labels``."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from selfiesim.cli.console import load_shot, print_json, progress_line
from selfiesim.cli.options import AsJson, FirstFrame, LastFrame, Quality, Samples, Size
from selfiesim.core.errors import OutputError, SceneError

if TYPE_CHECKING:
    from selfiesim.labels.records import Record
    from selfiesim.labels.sequence import LabelSettings


def label_frames(
    *scenes: Annotated[str, Parameter(help="Shipped scenes' names, or paths of scene files.")],
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="Folder of the data set.")],
    start: FirstFrame = "release+10s",
    stop: LastFrame = "release+120s",
    step_s: Annotated[float, Parameter(help="Seconds from one frame to the next.")] = 10.0,
    size: Size = None,
    quality: Quality = "draft",
    samples: Samples = None,
    formats: Annotated[str, Parameter(name="--format", help="What to make, with commas.")] = "coco,bop,poses",
    layers: Annotated[Literal["png", "exr"], Parameter(help="Depth, normals and parts as what.")] = "png",
    split: Annotated[str, Parameter(help="Shares of train, val and test.")] = "80,10,10",
    seed: Annotated[int, Parameter(help="Another one splits otherwise.")] = 0,
    group: Annotated[int, Parameter(help="So many frames in a row go to one split together.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Draw frames with labels for learning and navigation: COCO, BOP, poses, depth, normals, parts, and a card."""
    from selfiesim.labels.bop import check_bop
    from selfiesim.labels.datasets import assemble, check_formats
    from selfiesim.labels.records import LabelOptions
    from selfiesim.labels.sequence import LabelSettings, label

    began = time.perf_counter()
    wanted, shares = check_formats(formats.split(",")), _parse_shares(split)
    names = _names(scenes)
    series = LabelSettings(
        start, stop, step_s, quality=quality, samples=samples, group=group, wanted=LabelOptions(layers)
    )
    shots = [load_shot(scene, size=size) for scene in scenes]
    records: list[Record] = []
    with progress_line() as set_status:
        for name, shot in zip(names, shots, strict=True):
            on_progress = lambda done, of, name=name: set_status(f"{name}: frame {done + 1} of {of}")  # noqa: E731
            for record in label(shot, output, series, name, on_progress):
                records.append(record)
                if "bop" in wanted:  # now rather than after an hour of drawing
                    check_bop([records[0], record])
        set_status("putting the data set together")
        command = _command(scenes, output, series, size, wanted, split, seed)
        written = assemble(records, output, wanted, shares, seed, command, shots[0].folder)
    seconds = time.perf_counter() - began
    if as_json:
        files = [str(path) for path in written]
        print_json({"folder": str(output), "frames": len(records), "files": files, "seconds": round(seconds, 3)})
    else:
        print(f"{output}: {len(records)} frames ({seconds:.1f} s)")
        for path in written:
            print(path)


def _names(scenes: tuple[str, ...]) -> list[str]:
    """What the frames of each scene are called."""
    if not scenes:
        raise SceneError("name a scene, such as tianwen1-mars; `selfiesim scenes` lists those that are shipped")
    names = [Path(scene).stem for scene in scenes]
    if len(set(names)) < len(names):
        raise SceneError(f"two scenes have one name among {', '.join(names)}; their frames would have, too")
    return names


def _command(
    scenes: tuple[str, ...],
    output: Path,
    series: LabelSettings,
    size: str | None,
    wanted: list[str],
    split: str,
    seed: int,
) -> str:
    """The command with all that it leaves to defaults written out: those may change."""
    words = ["selfiesim", "labels", *scenes, "-o", str(output), "--from", series.start, "--to", series.stop]
    words += ["--step-s", f"{series.step_s:g}", "--quality", series.quality, "--layers", series.wanted.layers]
    words += ["--size", size] if size else []
    words += ["--samples", str(series.samples)] if series.samples else []
    words += ["--format", ",".join(wanted), "--split", split, "--seed", str(seed), "--group", str(series.group)]
    return shlex.join(words)


def _parse_shares(text: str) -> dict[str, float]:
    from selfiesim.labels.datasets import DEFAULT_SPLIT_SHARES, check_shares

    try:
        shares = [float(part) for part in text.split(",")]
        by_split = dict(zip(DEFAULT_SPLIT_SHARES, shares, strict=True))
    except ValueError as error:
        raise OutputError(
            f"--split {text[:40]!r}: write the shares of train, val and test, such as 80,10,10"
        ) from error
    check_shares(by_split)
    return by_split
