"""Write label records as a BOP data set in the "BOP-scenewise" layout (bop_toolkit, "Format of BOP datasets").

Units and conventions are those of BOP: millimetres, row-major rotations from model to camera, OpenCV camera axes. A
model is the craft's mesh with its joints as in the first record, and its origin at the centre of its bounding box.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import OutputError
from selfiesim.core.files import is_within
from selfiesim.labels.bop_models import BopModel, bop_model
from selfiesim.labels.coco import model_names
from selfiesim.labels.rle import decode

Record = dict[str, Any]

SCENE_FRAMES = 1000
"""Frames per scene folder, as in BOP's own rendered data sets."""
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg")


def check_bop(records: Sequence[Record]) -> None:
    """Check that the BOP format supports the records.

    Raises
    ------
    OutputError
        A lens has distortion, images differ in size or are neither PNG nor JPEG, or depth is stored as EXR.
    """
    for record in records:
        where, camera = record["frame"], record["camera"]
        if camera["model"] != "pinhole":
            raise OutputError(
                f"{where}: BOP supports only pinhole cameras, not camera.model = {camera['model']!r}; leave out bop"
            )
        if camera["size_px"] != records[0]["camera"]["size_px"]:
            raise OutputError(f"{where}: BOP needs images of one size; {records[0]['frame']} has another")
        if Path(record["picture"]).suffix.lower() not in IMAGE_ENDINGS:
            raise OutputError(f"{where}: BOP needs images as .png or .jpg, not {Path(record['picture']).suffix!r}")
        if ".depth.png" not in record["layers"]:
            raise OutputError(f"{where}: BOP needs depth as 16-bit PNG; label with layers = 'png', or leave out bop")


# Long: half of it is the docstring.
def write_bop(
    splits: Mapping[str, Sequence[Record]], root: Path, folder: Path, models_folder: Path, dataset_card: str
) -> None:
    """Write a data set into an empty folder.

    Parameters
    ----------
    splits : dict of list
        The records of each split.
    root : Path
        Folder of the labelled frames; their images and depth are hard-linked where possible, else copied.
    folder : Path
        Folder to write into.
    models_folder : Path
        Folder of the model files that records name by a relative path.
    dataset_card : str
        Content of ``dataset_info.md``.

    Raises
    ------
    UserError
        As :func:`check_bop`, or an image or a model does not exist.
    """
    records = [record for part in splits.values() for record in part]
    check_bop(records)
    models = _build_models(records, models_folder)
    (folder / "models").mkdir(parents=True)
    for number, (name, model) in enumerate(models.items(), 1):
        (folder / "models" / f"obj_{number:06d}.ply").write_bytes(model.ply(f"{Path(name).stem}, mm"))
    infos = {number: model.info for number, model in enumerate(models.values(), 1)}
    _write_keyed_json(folder / "models" / "models_info.json", infos)
    (folder / "camera.json").write_text(json.dumps(_camera(records[0]), indent=2) + "\n")
    (folder / "dataset_info.md").write_text(dataset_card, encoding="utf-8")
    for name, part in splits.items():
        (folder / name).mkdir()
        for start in range(0, len(part), SCENE_FRAMES):
            _write_scene(
                part[start : start + SCENE_FRAMES], root, folder / name / f"{start // SCENE_FRAMES:06d}", models
            )
    if splits.get("test"):
        (folder / "test_targets_bop19.json").write_text(json.dumps(_targets(splits["test"], list(models))) + "\n")


def _build_models(records: Sequence[Record], models_folder: Path) -> dict[str, BopModel]:
    from selfiesim.craft.load import load_craft
    from selfiesim.craft.load import models as shipped_models

    models = {}
    for name in model_names(records):
        craft = next(craft for record in records for craft in record["crafts"] if craft["model"] == name)
        source = name if name in shipped_models() else models_folder / name
        if isinstance(source, Path) and not is_within(models_folder, source):
            raise OutputError(f"craft {name[:60]!r}: its mesh is outside {models_folder}, which is not allowed")
        models[name] = bop_model(load_craft(source), craft["joints_rad"], craft["hidden_nodes"])
    return models


def _camera(record: Record) -> Record:
    (fx, _, cx), (_, fy, cy), _ = record["camera"]["matrix_px"]
    width, height = record["camera"]["size_px"]
    entry = {"cx": cx, "cy": cy, "depth_scale": record["depth_step_mm"], "fx": fx, "fy": fy}
    return entry | {"height": height, "width": width}


def _write_scene(part: Sequence[Record], root: Path, folder: Path, models: Mapping[str, BopModel]) -> None:
    for name in ("rgb", "depth", "mask", "mask_visib"):
        (folder / name).mkdir(parents=True)
    cameras, poses, infos = {}, {}, {}
    for number, record in enumerate(part):
        image = Path(record["picture"])
        ending = ".png" if image.suffix.lower() == ".png" else ".jpg"
        _link_or_copy(root / image, folder / "rgb" / f"{number:06d}{ending}")
        _link_or_copy(root / record["layers"][".depth.png"], folder / "depth" / f"{number:06d}.png")
        crafts = bop_crafts(record)
        for instance, craft in enumerate(crafts):
            for kind, mask in (("mask", "whole_mask"), ("mask_visib", "mask")):
                content = _mask_png(decode(craft[mask]))
                (folder / kind / f"{number:06d}_{instance:06d}.png").write_bytes(content)
        cameras[number] = _scene_camera(record)
        poses[number] = [_scene_gt(craft, models) for craft in crafts]
        infos[number] = [_scene_gt_info(craft) for craft in crafts]
    _write_keyed_json(folder / "scene_camera.json", cameras)
    _write_keyed_json(folder / "scene_gt.json", poses)
    _write_keyed_json(folder / "scene_gt_info.json", infos)


def bop_crafts(record: Record) -> list[Record]:
    """Return the craft of a record that are in the image or near its edges."""
    return [craft for craft in record["crafts"] if craft["whole_px"]]


def _scene_camera(record: Record) -> Record:
    """Return the camera. World axes are ICRF, from the first craft: from the planet's centre, float32 loses the mm."""
    from selfiesim.core.vectors import quaternion_to_matrix

    rotation = quaternion_to_matrix(np.array(record["pose"]["icrf"]["quaternion_icrf_to_camera"]))
    return {
        "cam_K": np.array(record["camera"]["matrix_px"]).ravel().tolist(),
        "depth_scale": record["depth_step_mm"],
        "cam_R_w2c": rotation.ravel().tolist(),
        "cam_t_w2c": (1e3 * np.array(record["crafts"][0]["pose"]["camera"]["position_m"])).tolist(),
    }


def _scene_gt(craft: Record, models: Mapping[str, BopModel]) -> Record:
    pose = craft["pose"]["camera"]
    rotation = np.array(pose["rotation_body_to_camera"])
    center = np.array(pose["position_m"]) + rotation @ models[craft["model"]].center_m
    return {
        "cam_R_m2c": rotation.ravel().tolist(),
        "cam_t_m2c": (1e3 * center).tolist(),
        "obj_id": list(models).index(craft["model"]) + 1,
    }


def _scene_gt_info(craft: Record) -> Record:
    """Return visibility and boxes as bop_toolkit's calc_gt_info does.

    Boxes extend from the centre of the first pixel to that of the last, and are -1 where nothing is visible. As there,
    the silhouette includes what is up to one image width and height beyond the edges.
    """
    is_visible = craft["visible_px"] > 0
    return {
        "bbox_obj": _inclusive_box(craft["whole_box"]) if is_visible else [-1] * 4,
        "bbox_visib": _inclusive_box(craft["box"]) if is_visible else [-1] * 4,
        "px_count_all": craft["whole_px"],
        "px_count_valid": int(decode(craft["whole_mask"]).sum()),
        "px_count_visib": craft["visible_px"],
        "visib_fract": craft["visible_share"],
    }


def _inclusive_box(box: Sequence[int]) -> list[int]:
    x, y, width, height = box
    return [x, y, width - 1, height - 1]


def _targets(part: Sequence[Record], models: list[str]) -> list[Record]:
    """Return the targets of the test split: craft with at least a tenth visible, as in the BOP challenge."""
    targets = []
    for number, record in enumerate(part):
        visible = [craft["model"] for craft in bop_crafts(record) if craft["visible_share"] >= 0.1]
        for model in sorted(set(visible)):
            image = {"im_id": number % SCENE_FRAMES, "scene_id": number // SCENE_FRAMES}
            targets.append(image | {"inst_count": visible.count(model), "obj_id": models.index(model) + 1})
    return targets


def _mask_png(mask: NDArray[np.bool_]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file, or copy it where the file system has no hard links."""
    try:
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copyfile(source, target)
    except FileNotFoundError as error:
        raise OutputError(f"{source}: does not exist; keep images and labels in one folder") from error


def _write_keyed_json(path: Path, table: Mapping[int, Any]) -> None:
    """Write a JSON object with one line per key, as in BOP's own files."""
    lines = [f'  "{key}": {json.dumps(value, sort_keys=True, allow_nan=False)}' for key, value in table.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
