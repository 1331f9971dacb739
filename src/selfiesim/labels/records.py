"""Labels of a frame, for machine learning and navigation: a JSON record, and image layers.

:func:`make_labels` returns both in memory, so that a worker can send them; :func:`frame_labels` writes them. Data sets
are assembled from the records afterwards (:mod:`selfiesim.labels.datasets`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from selfiesim.core.config_validation import read_limited
from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write, is_within
from selfiesim.core.limits import RECORD_BYTES
from selfiesim.core.untrusted.json_text import parse_json
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.labels.keypoints import Points, keypoints
from selfiesim.labels.poses import camera_pose, craft_pose
from selfiesim.labels.rle import encode
from selfiesim.labels.truth_files import (
    depth_step_mm,
    encode_exr_layers,
    encode_png16,
    quantise_depth,
    quantise_normals,
)
from selfiesim.labels.visibility import Silhouette, bounding_box, craft_part_ids, silhouettes

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Radiance
    from selfiesim.render.common.truth import Truth
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

FORMAT = 2
RECORD_SUFFIX = ".labels.json"
"""Suffix of a frame's record."""
HOST_CRAFT_NAME = "craft"
"""Name of the craft that carries or released the camera; other objects have names in the scene."""

Record = dict[str, Any]


@dataclass(frozen=True)
class LabelOptions:
    """Options of labelling.

    Attributes
    ----------
    layers : str
        ``png``: part numbers, depth and normals as a 16-bit PNG each; ``exr``: all in one EXR, in full precision.
    picture : str
        Suffix of the frame's image, which is written elsewhere.
    points : dict
        Keypoints besides the mounts, by the name of the craft (``craft``, or the object's) and their own: body axes, m.
    """

    layers: Literal["png", "exr"] = "png"
    picture: str = ".png"
    points: Mapping[str, Points] = field(default_factory=dict)


@dataclass(frozen=True)
class Labels:
    """The labels of a frame: its record, and the contents of its files by suffix, the record's included."""

    record: Record
    files: dict[str, bytes]


# Long: the docstring, and the record as one literal.
def make_labels(
    radiance: Radiance,
    frame: str,
    options: LabelOptions | None = None,
    varied: Mapping[str, Any] | None = None,
    group: str | None = None,
) -> Labels:
    """Label a rendered frame, in memory.

    Parameters
    ----------
    radiance : Radiance
        The rendered frame.
    frame : str
        Path of the frame's files in the data set, without suffix, such as ``frames/0012``.
    options : LabelOptions, optional
        What to label.
    varied : dict, optional
        The values that are particular to this frame, by key path of the scene; the data set's card lists their ranges.
    group : str, optional
        Frames of a group are in the same split of a data set; by default each frame is a group of its own.

    Raises
    ------
    OutputError
        EXR layers are requested and the extra ``exr`` is not installed.
    """
    options = options or LabelOptions()
    view, truth = radiance.view, radiance.truth
    outlines = silhouettes(radiance)
    pairs = zip(craft_part_ids(view), outlines, strict=True)
    crafts = [_craft(view, truth, *part_ids, outline, options) for part_ids, outline in pairs]
    on_craft = np.logical_or.reduce([outline.visible for outline in outlines])
    step = depth_step_mm(float(truth.depth[on_craft].max(initial=0.0)))
    layers = _layers(truth, step, options, f"{SYNTHETIC}: {view.shot.title}")
    record = {
        "kind": SYNTHETIC,
        "format": FORMAT,
        "frame": frame,
        "group": group or frame,
        "picture": frame + options.picture,
        "layers": {ending: frame + ending for ending in layers},
        "depth_step_mm": step if options.layers == "png" else None,
        "title": view.shot.title,
        "varied": dict(varied or {}),
        "time": {"epoch_utc": view.epoch.utc(6), "seconds_since_release": view.track.seconds_since_release},
        "camera": {
            "size_px": [view.camera.width, view.camera.height],
            "matrix_px": view.camera.matrix.tolist(),
            "model": view.shot.lens_model,
            "distortion": list(view.shot.distortion),
        },
        "pose": camera_pose(view),
        "crafts": crafts,
        "sun": {"direction_camera": view.sun.direction.tolist(), "distance_m": view.sun.distance},
        "conditions": {key: value for key, value in view.facts.items() if isinstance(value, float)},
        "part_names": {str(number): truth.part_names[number] for number in np.unique(truth.part).tolist()},
        "credits": _credits(view),
    }
    return Labels(record, layers | {RECORD_SUFFIX: _text(record).encode("utf-8")})


def frame_labels(
    radiance: Radiance,
    folder: str | Path,
    stem: str,
    options: LabelOptions | None = None,
    varied: Mapping[str, Any] | None = None,
    group: str | None = None,
) -> Record:
    """Label a rendered frame, and write the files, each whole or not at all.

    Parameters are those of :func:`make_labels`. Files are named ``folder/stem`` plus a suffix; ``stem`` may include
    folders, as in ``frames/0012``.

    Returns
    -------
    dict
        The record, which is also written to ``stem.labels.json``.

    Raises
    ------
    OutputError
        As :func:`make_labels`, or the folder cannot be written to.
    """
    labels = make_labels(radiance, stem, options, varied, group)
    for ending, content in labels.files.items():
        with atomic_write(Path(folder) / f"{stem}{ending}") as temporary:
            temporary.write_bytes(content)
    return labels.record


def read_records(folder: str | Path) -> Iterator[Record]:
    """Yield the records in a folder and its subfolders, sorted by name.

    Raises
    ------
    OutputError
        As :func:`read_record`.
    """
    root = Path(folder)
    for path in sorted(root.rglob(f"*{RECORD_SUFFIX}")):
        yield read_record(root, path.relative_to(root).as_posix().removesuffix(RECORD_SUFFIX))


def read_record(folder: str | Path, frame: str) -> Record:
    """Return the record of a frame, named as in ``frames/0012``.

    Raises
    ------
    OutputError
        The file does not exist, is not a label record, or has been moved within the data set.
    """
    path = Path(folder) / f"{frame}{RECORD_SUFFIX}"
    content = read_limited(path, RECORD_BYTES, "that is not a label record", OutputError)
    record: Record = parse_json(content, f"{path}: this label record", OutputError)
    if not isinstance(record, dict) or record.get("format") != FORMAT or record.get("kind") != SYNTHETIC:
        raise OutputError(f"{path}: is not a label record of this version")
    if record.get("frame") != frame:
        raise OutputError(
            f"{path}: is the record of {record.get('frame')!r}; keep the folders of the data set as they were written"
        )
    layers = record.get("layers")
    for name in (record.get("picture"), *(layers.values() if isinstance(layers, dict) else (None,))):
        if not isinstance(name, str) or not is_within(Path(folder), Path(folder) / name):
            raise OutputError(f"{path}: names a file outside the data set ({str(name)[:60]!r}), which is not allowed")
    return record


def _craft(
    view: View, truth: Truth, pose: CraftPose, part_ids: dict[str, int], outline: Silhouette, options: LabelOptions
) -> Record:
    name = pose.name or HOST_CRAFT_NAME
    counts = np.bincount(truth.part[outline.visible], minlength=max(part_ids.values(), default=0) + 1)
    return {
        "name": name,
        "model": _model(view, pose),
        "hidden_nodes": list(pose.hidden_nodes),
        "joints_rad": {joint: list(angles) for joint, angles in pose.joint_angles.items()},
        "visible_px": int(outline.visible.sum()),
        "whole_px": outline.whole_px,
        "visible_share": outline.visible_share,
        "box": bounding_box(outline.visible),
        "whole_box": outline.whole_box,
        "mask": encode(outline.visible),
        "whole_mask": encode(outline.whole),
        "parts_px": {node: int(counts[number]) for node, number in part_ids.items() if counts[number]},
        "keypoints": keypoints(view, pose, truth.depth, options.points.get(name, {})),
        "pose": craft_pose(view, pose),
        "sun_share": pose.sun_visible_fraction,
    }


def _model(view: View, pose: CraftPose) -> str:
    """Return the model as the scene names it: a shipped one, or a file."""
    models = view.shot.models
    return models.get(pose.name, models[""])


def _layers(truth: Truth, step_mm: float, options: LabelOptions, title: str) -> dict[str, bytes]:
    if options.layers == "exr":
        return {".layers.exr": encode_exr_layers(truth, title)}
    return {
        ".parts.png": encode_png16(truth.part.astype(np.uint16)),
        ".depth.png": encode_png16(quantise_depth(truth.depth, step_mm)),
        ".normal.png": encode_png16(quantise_normals(truth.normal)),
    }


def _credits(view: View) -> list[str]:
    from selfiesim.planet.maps.surface import surface_maps

    return [] if view.planet is None else [surface_maps(view.planet.surface).credits]


def _text(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
