"""Assemble label records into data sets: COCO, BOP, a table of poses, and a card. Equal records give equal bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write, reason
from selfiesim.core.temporary import temporary_folder
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.labels.bop import check_bop, write_bop
from selfiesim.labels.coco import categories, coco
from selfiesim.labels.dataset_card import dataset_card

Record = dict[str, Any]

FORMATS = ("coco", "bop", "poses")
DEFAULT_SPLIT_SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}
CARD_FILE = "dataset_card.md"
_MARKER_FILE = "made-by-selfiesim"


def assign_split(name: str, shares: Mapping[str, float] | None = None, seed: int = 0) -> str:
    """Return the split of a frame, or of a group of frames, by its name alone: other frames have no influence."""
    shares = shares or DEFAULT_SPLIT_SHARES
    number = int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:8], "big") / 2.0**64
    upper = 0.0
    for split, share in shares.items():
        upper += share / sum(shares.values())
        if number < upper:
            return split
    return list(shares)[-1]


def check_shares(shares: Mapping[str, float]) -> None:
    """Check the shares of the splits.

    Raises
    ------
    OutputError
        A share is negative, or their sum is 0.
    """
    if not shares or any(not 0.0 <= share < float("inf") for share in shares.values()) or sum(shares.values()) <= 0.0:
        raise OutputError(f"splits {dict(shares)}: give shares of at least 0, such as 80, 10 and 10")


def check_formats(formats: Sequence[str]) -> list[str]:
    """Return the names of the formats, each once.

    Raises
    ------
    OutputError
        A format is unknown.
    """
    names = list(dict.fromkeys(name.strip() for name in formats))
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise OutputError(f"unknown format {unknown[0][:40]!r}: choose from {', '.join(FORMATS)}")
    return names


# Long: most of it is the docstring.
def assemble(
    records: Iterable[Record],
    folder: str | Path,
    formats: Sequence[str] = FORMATS,
    shares: Mapping[str, float] | None = None,
    seed: int = 0,
    command: str = "",
    models_folder: str | Path = ".",
    in_order: bool = False,
) -> list[Path]:
    """Write data sets of the labelled frames in a folder.

    Parameters
    ----------
    records : iterable of dict
        From :func:`selfiesim.labels.records.frame_labels` or :func:`~selfiesim.labels.records.read_records`.
    folder : path
        Folder of the frames. ``coco/instances_train.json`` and so on, ``bop/``, ``poses.csv`` and ``dataset_card.md``
        are written into it; older ones are replaced.
    formats : sequence of str
        Which of :data:`FORMATS` to write.
    shares : dict, optional
        Share of the frames in each split; default: 80 percent ``train``, 10 percent each ``val`` and ``test``.
    seed : int
        Random seed of the split.
    command : str
        The command that renders the data set again, for the card.
    models_folder : path
        Folder of the model files that scenes name by a relative path.
    in_order : bool
        Whether to keep the order of ``records`` in the data sets, instead of sorting them by frame name.

    Returns
    -------
    list of Path
        The files and folders written.

    Raises
    ------
    UserError
        There are no records, two have the same name, a format is unknown or does not support them, or the folder cannot
        be written to.
    """
    shares, root, formats = dict(shares or DEFAULT_SPLIT_SHARES), Path(folder), check_formats(formats)
    check_shares(shares)
    ordered = list(records) if in_order else sorted(records, key=lambda record: record["frame"])
    if not ordered:
        raise OutputError(f"{root}: no labelled frames for a data set")
    name, times = Counter(record["frame"] for record in ordered).most_common(1)[0]
    if times > 1:
        raise OutputError(f"{name}: two records have this name")
    if "bop" in formats:
        check_bop(ordered)
    splits: dict[str, list[Record]] = {name: [] for name in shares}
    for record in ordered:
        splits[assign_split(record["group"], shares, seed)].append(record)
    card = dataset_card(splits, command, formats, seed)
    written = []
    if "coco" in formats:
        model_categories, title = categories(ordered), ordered[0]["title"]
        for name, part in splits.items():
            content = json.dumps(coco(part, model_categories, title), ensure_ascii=False, allow_nan=False) + "\n"
            written.append(_write(root / "coco" / f"instances_{name}.json", content))
    if "bop" in formats:
        written.append(_write_bop(splits, root, Path(models_folder), card))
    if "poses" in formats:
        written.append(_write(root / "poses.csv", poses_table(ordered, shares, seed)))
    written.append(_write(root / CARD_FILE, card))
    return written


def poses_table(records: Sequence[Record], shares: Mapping[str, float], seed: int) -> str:
    """Return a CSV table with a row for each craft of each frame: split, time, and poses in camera, ICRF and RTN axes.

    Cells are empty where a row has no value: a craft that orbits nothing has no RTN axes.
    """
    buffer = io.StringIO()
    names = dict.fromkeys(name for row in _pose_rows(records, shares, seed) for name in row)
    writer = csv.DictWriter(buffer, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_pose_rows(records, shares, seed))
    return buffer.getvalue()


def _pose_rows(records: Sequence[Record], shares: Mapping[str, float], seed: int) -> Iterator[Record]:
    for record in records:
        split = assign_split(record["group"], shares, seed)
        for craft in record["crafts"]:
            row = {"frame": record["frame"], "split": split, "craft": craft["name"]} | record["time"]
            for name, pose in (("craft", craft["pose"]), ("camera", record["pose"])):
                row |= _flatten(name, {axes: node for axes, node in pose.items() if node is not None})
            yield {key: value for key, value in row.items() if "rotation" not in key}


def _flatten(name: str, node: Any) -> Record:
    """Flatten nested tables and vectors to one row: keys are joined by dots, components end in _x, _y, _z and _w."""
    if isinstance(node, dict):
        return {key: value for part, inner in node.items() for key, value in _flatten(f"{name}.{part}", inner).items()}
    if isinstance(node, list):
        return {f"{name}_{axis}": value for axis, value in zip("xyzw", node, strict=False)}
    return {name: node}


def _write(path: Path, content: str) -> Path:
    with atomic_write(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
    return path


def _write_bop(splits: Mapping[str, Sequence[Record]], root: Path, models_folder: Path, card: str) -> Path:
    """Write ``bop`` to a temporary folder, and replace an older one when it is complete."""
    target = root / "bop"
    if target.exists() and not (target / _MARKER_FILE).is_file():
        raise OutputError(f"{target}: exists and was not written by selfiesim; move it away, or leave out bop")
    try:
        with temporary_folder(root, ".bop-") as space:
            made = space / "bop"
            made.mkdir()
            (made / _MARKER_FILE).write_text(f"{SYNTHETIC}s\n")
            write_bop(splits, root, made, models_folder, card)
            if target.exists():
                target.rename(space / "old")
            made.rename(target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({reason(error)}); choose a folder you may write to") from error
    return target
