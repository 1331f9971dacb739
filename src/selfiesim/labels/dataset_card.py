"""The card of a data set: contents, what varies over which range, credits, and the command that renders it again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from selfiesim.files.recipe import SYNTHETIC
from selfiesim.labels.coco import model_names

Record = dict[str, Any]

_BINS, _BAR_CHARS = 10, 40
# The conditions to plot, with their titles.
_HISTOGRAMS = {
    "range_to_craft_m": "range to the craft, m",
    "phase_angle_deg": "phase angle (Sun, craft, camera), degrees",
    "sun_off_axis_deg": "angle of the Sun off the camera axis, degrees",
    "camera_latitude_deg": "latitude of the sub-camera point, degrees",
    "sun_elevation_below_camera_deg": "elevation of the Sun at the sub-camera point, degrees",
}
_MAX_VALUES = 8
_UNITS = (
    "Camera axes are those of OpenCV: x right, y down, z forward; the centre of the first pixel is (0, 0). "
    "Quaternions are scalar last. Records use metres, BOP files millimetres. Depth is measured along the camera axis; "
    "in 16-bit images a step is `depth_step_mm` of the record, and 0 is sky or beyond the range of the format."
)


def dataset_card(splits: Mapping[str, Sequence[Record]], command: str, formats: Sequence[str], seed: int) -> str:
    """Return the card as Markdown."""
    records = [record for part in splits.values() for record in part]
    titles = sorted({record["title"] for record in records})
    origin = f"simulated with selfiesim {version('selfiesim')}"
    credits = sorted({line for record in records for line in record["credits"]})
    sections = {
        "What varies": _variation_table(records),
        "Distribution of the frames": ["```", *_histograms(records), "```"],
        "Models and joints": _models(records),
        "Units and axes": [_UNITS],
        "Credits": [f"- {line}" for line in [*credits, f"Rendered with selfiesim {version('selfiesim')} (MIT)."]],
        "How to render it again": ["```", command or "(command not recorded)", "```"],
    }
    lines = [
        f"# {', '.join(titles)}: {SYNTHETIC}s with labels",
        "",
        f"{len(records)} {SYNTHETIC}s, {origin}; none is a photograph.",
        f"Formats: {', '.join(formats)}. A frame's split follows from the SHA-256 of its name and the seed {seed}; "
        "adding frames moves none of the others.",
        *_split_note(records),
        "",
        *_split_table(splits),
        "",
    ]
    for title, part in sections.items():
        lines += [f"## {title}", "", *part, ""]
    return "\n".join(lines)


def _split_note(records: Sequence[Record]) -> list[str]:
    if any(record["group"] != record["frame"] for record in records):
        return ["Frames of a group are in the same split."]
    return ["Consecutive frames are similar, and may be in different splits."]


def _split_table(splits: Mapping[str, Sequence[Record]]) -> list[str]:
    models = model_names([record for part in splits.values() for record in part])
    lines = ["| split | frames | " + " | ".join(f"`{model}` visible" for model in models) + " | keypoints visible |"]
    lines.append("|---|---|" + "---|" * (len(models) + 1))
    for name, part in splits.items():
        crafts = [craft for record in part for craft in record["crafts"]]
        visible = [
            str(sum(craft["model"] == model and craft["visible_px"] > 0 for craft in crafts)) for model in models
        ]
        points = sum(point["visibility"] == 2 for craft in crafts for point in craft["keypoints"])
        lines.append(f"| {name} | {len(part)} | {' | '.join(visible)} | {points} |")
    return lines


def _variation_table(records: Sequence[Record]) -> list[str]:
    """Return a table of each varied key and each condition that differs between frames, with its range."""
    lines = ["| what | from | to | values |", "|---|---|---|---|"]
    for name, values in _columns(records):
        numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
        distinct = {str(value) for value in values}
        if len(distinct) < 2:
            continue
        if len(numbers) == len(values):
            lines.append(f"| `{name}` | {min(numbers):.6g} | {max(numbers):.6g} | {len(distinct)} |")
        else:
            texts = sorted(distinct)
            few = len(texts) <= _MAX_VALUES and len("".join(texts)) <= _BAR_CHARS * 2
            ends = (", ".join(texts), "") if few else (texts[0], texts[-1])
            lines.append(f"| `{name}` | {ends[0]} | {ends[1]} | {len(texts)} |")
    return lines if len(lines) > 2 else ["Nothing: conditions are the same in all frames."]


def _columns(records: Sequence[Record]) -> Iterator[tuple[str, list[Any]]]:
    for source in ("varied", "conditions"):
        names = dict.fromkeys(name for record in records for name in record[source])
        for name in names:
            yield name, [record[source][name] for record in records if name in record[source]]
    yield "time.epoch_utc", [record["time"]["epoch_utc"] for record in records]


def _histograms(records: Sequence[Record]) -> list[str]:
    lines: list[str] = []
    for key, title in _HISTOGRAMS.items():
        values = [record["conditions"][key] for record in records if key in record["conditions"]]
        lines += _text_histogram(title, values) if values else []
    crafts = [craft for record in records for craft in record["crafts"] if craft["whole_px"]]
    lines += _text_histogram("visible share of a craft's silhouette", [craft["visible_share"] for craft in crafts])
    sizes = [max(craft["box"][2:]) for craft in crafts if craft["box"]]
    return lines + _text_histogram("longer side of the visible part's box, pixels", sizes)


def _text_histogram(title: str, values: Sequence[float]) -> list[str]:
    """Return a histogram of `#` bars, one line per bin."""
    if not values:
        return []
    low, high = min(values), max(values)
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-9):
        return [f"{title}: {low:.4g} in all {len(values)}", ""]
    step = (high - low) / _BINS
    counts = [0] * _BINS
    for value in values:
        counts[min(int((value - low) / step), _BINS - 1)] += 1
    rows = [
        f"{low + k * step:>10.4g} to {low + (k + 1) * step:<10.4g} {count:>7} "
        + "#" * math.ceil(_BAR_CHARS * count / max(counts))
        for k, count in enumerate(counts)
    ]
    return [title, *(row.rstrip() for row in rows), ""]


def _models(records: Sequence[Record]) -> list[str]:
    """Return a line for each model with the motion of its joints over the data set, which rigid BOP models ignore."""
    lines = []
    for model in model_names(records):
        crafts = [craft for record in records for craft in record["crafts"] if craft["model"] == model]
        first = crafts[0]["joints_rad"]
        rotations = [
            math.degrees(max(abs(angle - start) for angle, start in zip(angles, first[joint], strict=True)))
            for craft in crafts
            for joint, angles in craft["joints_rad"].items()
            if joint in first
        ]
        motion = (
            f"joints rotate by up to {max(rotations):.3g} degrees from the first frame" if rotations else "no joints"
        )
        lines.append(f"- `{model}`: {motion}")
    return lines
