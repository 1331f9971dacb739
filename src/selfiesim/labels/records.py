"""Labels of a frame, for learning and navigation: what is where in the picture, as a record and files beside it.

:func:`make_labels` makes both in memory, so that any worker can hand them on; :func:`frame_labels` writes them. Data sets
are put together from the records afterwards (:mod:`selfiesim.labels.datasets`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write
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

FORMAT = 1
RECORD_SUFFIX = ".labels.json"
"""Ending of a frame's record."""
HOST_CRAFT_NAME = "craft"
"""What the craft that the camera belongs to is called; objects have names of their own."""
MAX_BYTES = 64 << 20  # of a record

Record = dict[str, Any]


@dataclass(frozen=True)
class LabelOptions:
    """What to label.

    Attributes
    ----------
    layers : str
        ``png``: parts, depth and normals as PNG of 16 bits each; ``exr``: all in one EXR, in full precision.
    picture : str
        Ending of the frame's picture, which is written elsewhere.
    points : dict
        Further keypoints by the craft's name (``craft``, or the object's), by their own, body axes, m. Mounts are
        always among them.
    """

    layers: Literal["png", "exr"] = "png"
    picture: str = ".png"
    points: Mapping[str, Points] = field(default_factory=dict)


@dataclass(frozen=True)
class Labels:
    """A frame's record, and its files' bytes by ending; the record itself is among them."""

    record: Record
    files: dict[str, bytes]


def make_labels(
    radiance: Radiance,
    frame: str,
    wanted: LabelOptions | None = None,
    varied: Mapping[str, Any] | None = None,
    group: str | None = None,
) -> Labels:
    """Label what was drawn.

    Parameters
    ----------
    frame : str
        Path of the frame's files in the data set, without an ending: ``frames/0012``.
    varied : dict, optional
        What sets this frame apart, by key path of the scene; the data set's card tells its ranges.
    group : str, optional
        Frames of one group go to the same split of a data set; default: each by itself.

    Raises
    ------
    OutputError
        For EXR without the extra ``exr``.
    """
    wanted = wanted or LabelOptions()
    view, truth = radiance.view, radiance.truth
    seen = silhouettes(radiance)
    pairs = zip(craft_part_ids(view), seen, strict=True)
    crafts = [_craft(view, truth, *vehicle, silhouette, wanted) for vehicle, silhouette in pairs]
    on_craft = np.logical_or.reduce([each.visible for each in seen])
    step = depth_step_mm(float(truth.depth[on_craft].max(initial=0.0)))
    layers = _layers(truth, step, wanted, f"{SYNTHETIC}: {view.scene.title}")
    record = {
        "kind": SYNTHETIC,
        "format": FORMAT,
        "frame": frame,
        "group": group or frame,
        "picture": frame + wanted.picture,
        "layers": {ending: frame + ending for ending in layers},
        "depth_step_mm": step if wanted.layers == "png" else None,
        "title": view.scene.title,
        "varied": dict(varied or {}),
        "time": {"epoch_utc": view.epoch.utc(6), "seconds_since_release": view.track.seconds_since_release},
        "camera": {
            "size_px": [view.camera.width, view.camera.height],
            "matrix_px": view.camera.matrix.tolist(),
            "model": view.scene.camera.model,
            "distortion": list(view.scene.camera.distortion),
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
    wanted: LabelOptions | None = None,
    varied: Mapping[str, Any] | None = None,
    group: str | None = None,
) -> Record:
    """Label what was drawn and write the files, each whole or not at all, as ``folder/stem`` with endings.

    ``stem`` may name folders: ``frames/0012``. Gives back the record, which is also in the file that ends in
    ``.labels.json``.

    Raises
    ------
    OutputError
        As :func:`make_labels`, and for a folder that cannot be written to.
    """
    made = make_labels(radiance, stem, wanted, varied, group)
    for ending, content in made.files.items():
        with atomic_write(Path(folder) / f"{stem}{ending}") as temporary:
            temporary.write_bytes(content)
    return made.record


def read_records(folder: str | Path) -> Iterator[Record]:
    """The records in a folder and those below it, by name.

    Raises
    ------
    OutputError
        For a file that is no record of ours, or that lies elsewhere than it says.
    """
    root = Path(folder)
    for path in sorted(root.rglob(f"*{RECORD_SUFFIX}")):
        yield read_record(root, path.relative_to(root).as_posix().removesuffix(RECORD_SUFFIX))


def read_record(folder: str | Path, frame: str) -> Record:
    """The record of a frame by its name, ``frames/0012``, in a folder.

    Raises
    ------
    OutputError
        For a file that is not there, is no record of ours, or lies elsewhere than it says.
    """
    path = Path(folder) / f"{frame}{RECORD_SUFFIX}"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise OutputError(f"{path}: larger than {MAX_BYTES >> 20} MB; that is no record of labels")
        record: Record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError(f"{path}: cannot be read as a record of labels ({str(error)[:60]})") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT or record.get("kind") != SYNTHETIC:
        raise OutputError(f"{path}: is no record of labels of this version")
    if record.get("frame") != frame:
        raise OutputError(f"{path}: says that it belongs to {record.get('frame')!r}; keep the folder as it was made")
    return record


def _craft(
    view: View, truth: Truth, pose: CraftPose, numbers: dict[str, int], silhouette: Silhouette, wanted: LabelOptions
) -> Record:
    name = pose.name or HOST_CRAFT_NAME
    counts = np.bincount(truth.part[silhouette.visible], minlength=max(numbers.values(), default=0) + 1)
    return {
        "name": name,
        "model": _model(view, pose),
        "gone": list(pose.hidden_nodes),
        "joints_rad": {joint: list(angles) for joint, angles in pose.joint_angles.items()},
        "visible_px": int(silhouette.visible.sum()),
        "whole_px": silhouette.whole_px,
        "visible_share": silhouette.visible_share,
        "box": bounding_box(silhouette.visible),
        "whole_box": silhouette.whole_box,
        "mask": encode(silhouette.visible),
        "whole_mask": encode(silhouette.whole),
        "parts_px": {node: int(counts[number]) for node, number in numbers.items() if counts[number]},
        "keypoints": keypoints(view, pose, truth.depth, wanted.points.get(name, {})),
        "pose": craft_pose(view, pose),
        "sun_share": pose.sun_visible_fraction,
    }


def _model(view: View, pose: CraftPose) -> str:
    """What the scene calls the model: a shipped one's name, or a file."""
    scene = view.scene
    return next((part.model for part in scene.objects if part.name == pose.name), scene.craft.model)


def _layers(truth: Truth, step_mm: float, wanted: LabelOptions, title: str) -> dict[str, bytes]:
    if wanted.layers == "exr":
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
