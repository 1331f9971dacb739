"""Label records as a COCO data set (cocodataset.org, "data format"): boxes, run-length masks, keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from selfiesim.files.recipe import SYNTHETIC
from selfiesim.labels.keypoints import OUTSIDE

Record = dict[str, Any]


def model_names(records: Sequence[Record]) -> list[str]:
    """Return the models of all craft, sorted; the id of a model is its position, from 1."""
    return sorted({craft["model"] for record in records for craft in record["crafts"]})


def categories(records: Sequence[Record]) -> list[Record]:
    """Return a category for each model, with the names of its keypoints."""
    points: dict[str, set[str]] = {model: set() for model in model_names(records)}
    for record in records:
        for craft in record["crafts"]:
            points[craft["model"]].update(point["name"] for point in craft["keypoints"])
    return [
        {"id": number, "name": model, "supercategory": "spacecraft", "keypoints": sorted(names), "skeleton": []}
        for number, (model, names) in enumerate(points.items(), 1)
    ]


# Long: the docstring, and the data set as one literal.
def coco(records: Sequence[Record], model_categories: Sequence[Record], title: str) -> Record:
    """Return the data set of ``records``, numbered in their order.

    A craft without a visible pixel has no annotation. Masks and boxes are of the visible part. Following OpenCV,
    keypoints have the centre of the first pixel at (0, 0); following COCO, boxes have its corner there.

    Parameters
    ----------
    records : list of dict
        The records of one split.
    model_categories : list of dict
        The :func:`categories`, the same for all splits.
    title : str
        Title of the data set.
    """
    by_model = {category["name"]: category for category in model_categories}
    images: list[Record] = []
    annotations: list[Record] = []
    for number, record in enumerate(records, 1):
        width, height = record["camera"]["size_px"]
        images.append(
            {
                "id": number,
                "file_name": record["picture"],
                "width": width,
                "height": height,
                "date_captured": record["time"]["epoch_utc"],
                "license": 1,
            }
        )
        for craft in record["crafts"]:
            if craft["box"] is not None:
                category = by_model[craft["model"]]
                annotations.append({"id": len(annotations) + 1, "image_id": number} | _annotation(craft, category))
    return {
        "info": {"description": f"{SYNTHETIC}s: {title}", "version": "1", "contributor": "selfiesim"},
        "licenses": [{"id": 1, "name": "see dataset_card.md", "url": ""}],
        "categories": list(model_categories),
        "images": images,
        "annotations": annotations,
    }


def _annotation(craft: Record, category: Record) -> Record:
    points = {point["name"]: point for point in craft["keypoints"]}
    flat: list[float] = []
    for name in category["keypoints"]:
        point = points.get(name, {"visibility": OUTSIDE})
        inside = point["visibility"] != OUTSIDE
        flat += [*(round(value, 4) for value in point["pixel"]), point["visibility"]] if inside else [0, 0, 0]
    return {
        "category_id": category["id"],
        "bbox": craft["box"],
        "area": craft["visible_px"],
        "iscrowd": 0,
        "segmentation": craft["mask"],
        "keypoints": flat,
        "num_keypoints": sum(value > 0 for value in flat[2::3]),
        "instance": craft["name"],
        "visible_share": craft["visible_share"],
    }
