"""The command ``selfiesim labels``."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from selfiesim.cli.console import load_scene, print_json, progress_line
from selfiesim.cli.options import AsJson, FirstFrame, LastFrame, Quality, Samples, Size, output_file
from selfiesim.core.errors import OutputError, SceneError

if TYPE_CHECKING:
    from selfiesim.labels.records import Record
    from selfiesim.labels.sequence import LabelSettings


# Long: the signature declares the options.
def label_frames(
    *scenes: Annotated[str, Parameter(help="Names of shipped scenes, or paths of scene files.")],
    output: Annotated[Path, output_file("Folder of the data set.")],
    start: FirstFrame = "release+10s",
    stop: LastFrame = "release+120s",
    step_s: Annotated[float, Parameter(help="Seconds of scene time between frames.")] = 10.0,
    size: Size = None,
    quality: Quality = "draft",
    samples: Samples = None,
    formats: Annotated[
        str, Parameter(name="--format", help="Formats to write, separated by commas: coco, bop, poses.")
    ] = "coco,bop,poses",
    layers: Annotated[Literal["png", "exr"], Parameter(help="File format of depth, normals and part numbers.")] = "png",
    split: Annotated[str, Parameter(help="Shares of train, val and test.")] = "80,10,10",
    seed: Annotated[int, Parameter(help="Random seed of the split.")] = 0,
    group: Annotated[int, Parameter(help="Keep this many consecutive frames in the same split.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Render a labelled data set for machine learning and navigation.

    Each frame has masks, keypoints, poses, depth, normals and part numbers. The
    data set comes as COCO, BOP and a table of poses, with a card about it.

    Example: selfiesim labels tianwen1-mars --step-s 5 -o data
    """
    from selfiesim.labels.bop import check_bop
    from selfiesim.labels.datasets import assemble, check_formats
    from selfiesim.labels.records import LabelOptions
    from selfiesim.labels.sequence import LabelSettings, label

    began = time.perf_counter()
    format_names, shares = check_formats(formats.split(",")), _parse_shares(split)
    names = _frame_prefixes(scenes)
    settings = LabelSettings(
        start, stop, step_s, quality=quality, samples=samples, group=group, options=LabelOptions(layers)
    )
    loaded = [load_scene(scene, size=size) for scene in scenes]
    records: list[Record] = []
    with progress_line() as set_status:
        for name, scene in zip(names, loaded, strict=True):
            on_progress = lambda done, of, name=name: set_status(f"{name}: frame {done + 1} of {of}")  # noqa: E731
            for record in label(scene, output, settings, name, on_progress):
                records.append(record)
                if "bop" in format_names:  # now rather than after an hour of rendering
                    check_bop([records[0], record])
        set_status("assembling the data set")
        command = _command(scenes, output, settings, size, format_names, split, seed)
        written = assemble(records, output, format_names, shares, seed, command, loaded[0].folder)
    seconds = time.perf_counter() - began
    if as_json:
        files = [str(path) for path in written]
        print_json({"folder": str(output), "frames": len(records), "files": files, "seconds": round(seconds, 3)})
    else:
        print(f"{output}: {len(records)} frames ({seconds:.1f} s)")
        for path in written:
            print(path)


def _frame_prefixes(scenes: tuple[str, ...]) -> list[str]:
    """Return the name that the frames of each scene begin with."""
    if not scenes:
        raise SceneError("name a scene, such as tianwen1-mars; `selfiesim scenes` lists the shipped ones")
    names = [Path(scene).stem for scene in scenes]
    if len(set(names)) < len(names):
        raise SceneError(f"two scenes have the same name among {', '.join(names)}; rename one of the files")
    return names


def _command(
    scenes: tuple[str, ...],
    output: Path,
    settings: LabelSettings,
    size: str | None,
    formats: list[str],
    split: str,
    seed: int,
) -> str:
    """Return the command line with all defaults written out, because those may change."""
    words = ["selfiesim", "labels", *scenes, "-o", str(output), "--from", settings.start, "--to", settings.stop]
    words += ["--step-s", f"{settings.step_s:g}", "--quality", settings.quality, "--layers", settings.options.layers]
    words += ["--size", size] if size else []
    words += ["--samples", str(settings.samples)] if settings.samples else []
    words += ["--format", ",".join(formats), "--split", split, "--seed", str(seed), "--group", str(settings.group)]
    return shlex.join(words)


def _parse_shares(text: str) -> dict[str, float]:
    """Return the share of each split from text such as 80,10,10."""
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
