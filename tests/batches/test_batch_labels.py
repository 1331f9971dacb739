"""Labels of batches: files of each frame, and data sets at the end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from batch_jobs import digests, job_file, run_batch

import selfiesim
from selfiesim.labels.rle import decode
from selfiesim.render.common.truth import FIRST_PART

SPEEDS = '[labels]\ngroup = 2\n[vary."release.speed_m_s"]\nvalues = [0.19, 0.2]\n'
FISHEYE = {
    "camera.model": {"values": ["kannala-brandt"], "link": "lens"},
    "camera.distortion": {"values": [[0, 0, 0, 0]], "link": "lens"},
}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled")
    list(selfiesim.batch(job_file(folder, 3, SPEEDS), folder / "out"))
    return folder / "out"


def _contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _data_sets(folder):
    skip = ("batch.json", "manifest.jsonl", "index.html", ".lock")
    return {path: content for path, content in _contents(folder).items() if path.name not in skip}


def test_pycocotools_reads_masks_that_match_the_part_layer(labelled):
    coco_api = pytest.importorskip("pycocotools.coco")
    from PIL import Image

    count = 0
    for split in ("train", "val", "test"):
        data = coco_api.COCO(labelled / "coco" / f"instances_{split}.json")
        for image in data.loadImgs(data.getImgIds()):
            count += 1
            image_path = labelled / image["file_name"]
            assert Image.open(image_path).size == (64, 36)
            parts = np.asarray(Image.open(str(image_path).replace(".png", ".parts.png")))
            (annotation,) = data.loadAnns(data.getAnnIds(image["id"]))
            assert (data.annToMask(annotation).astype(bool) == (parts >= FIRST_PART)).all()
    assert count == 6


def test_data_sets_keep_the_order_of_the_job_and_list_what_varies(labelled):
    rows = (labelled / "poses.csv").read_text().splitlines()
    header, rows = rows[0].split(","), [row.split(",") for row in rows[1:]]
    seconds = [float(row[header.index("seconds_since_release")]) for row in rows]
    # The last key varies fastest.
    assert np.allclose(seconds, [30, 31, 32] * 2)
    card = (labelled / "dataset_card.md").read_text()
    assert "| `release.speed_m_s` | 0.19 | 0.2 | 2 |" in card
    groups = [json.loads((labelled / f"{row[0]}.labels.json").read_text())["group"] for row in rows]
    assert groups == ["group-0", "group-0", "group-1", "group-1", "group-2", "group-2"]


@pytest.mark.slow
def test_workers_and_a_second_run_give_the_same_bytes(tmp_path, labelled):
    path = job_file(tmp_path, 3, SPEEDS)
    code, out, err = run_batch(path, "-o", tmp_path / "out", "--workers", 2)
    assert code == 0, err
    assert "dataset_card.md" in out
    assert digests(tmp_path / "out") == digests(labelled)
    assert _data_sets(tmp_path / "out") == _data_sets(labelled)
    code, out, err = run_batch(path, "-o", tmp_path / "out")
    assert "0 of them new" in out
    assert _data_sets(tmp_path / "out") == _data_sets(labelled)


def test_bop_masks_equal_those_of_the_records(labelled):
    from PIL import Image

    compared = 0
    for scene in labelled.glob("bop/*/0*"):
        for number in json.loads((scene / "scene_gt.json").read_text()):
            image = scene / "rgb" / f"{int(number):06d}.png"
            (record,) = [path for path in labelled.rglob("*.labels.json") if _has_image(path, image)]
            craft = json.loads(record.read_text())["crafts"][0]
            mask = np.asarray(Image.open(scene / "mask_visib" / f"{int(number):06d}_000000.png")) > 0
            assert (mask == decode(craft["mask"])).all()
            compared += 1
    assert compared == 6


def _has_image(record, image):
    return Path(str(record).replace(".labels.json", ".png")).read_bytes() == image.read_bytes()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"labels": {"formats": ["voc"]}}, "labels.formats.0"),
        ({"labels": {"split": [0, 0, 0]}}, "labels.split: give three shares"),
        ({"labels": {"layers": "exr"}}, "labels.layers: BOP needs depth as PNG"),
        ({"labels": {}, "file": "tif"}, "file: BOP needs images as png or jpg, not tif"),
        ({"labels": {}, "vary": FISHEYE}, "BOP supports only pinhole cameras"),
        ({"labels": {}, "vary": {"camera.size_px": {"values": [[64, 36], [32, 18]]}}}, "images of one size"),
    ],
)
def test_what_cannot_be_labelled_is_refused_before_rendering(tmp_path, keys, message):
    with pytest.raises(selfiesim.UserError) as error:
        selfiesim.batch({"scene": "tianwen1-mars", "size": [64, 36]} | keys, tmp_path / "out")
    assert message in str(error.value)
    assert not (tmp_path / "out").exists()
