"""Labels of batches: with each frame, and as data sets at the end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from batch_jobs import digests, finished, job_file

import selfiesim
from selfiesim.labels.rle import decode
from selfiesim.render.common.truth import FIRST_PART

PUSHES = '[labels]\ngroup = 2\n[vary."release.speed_m_s"]\nvalues = [0.19, 0.2]\n'
FISHEYE = {
    "camera.model": {"values": ["kannala-brandt"], "link": "lens"},
    "camera.distortion": {"values": [[0, 0, 0, 0]], "link": "lens"},
}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled")
    list(selfiesim.batch(job_file(folder, 3, PUSHES), folder / "out"))
    return folder / "out"


def _bytes(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _data_sets(folder):
    skip = ("batch.json", "manifest.jsonl", "index.html", ".lock")
    return {path: content for path, content in _bytes(folder).items() if path.name not in skip}


def test_pycocotools_reads_the_frames_of_a_batch_and_its_masks_are_the_parts(labelled):
    coco_api = pytest.importorskip("pycocotools.coco")
    from PIL import Image

    seen = 0
    for split in ("train", "val", "test"):
        data = coco_api.COCO(labelled / "coco" / f"instances_{split}.json")
        for image in data.loadImgs(data.getImgIds()):
            seen += 1
            picture = labelled / image["file_name"]
            assert Image.open(picture).size == (64, 36)
            parts = np.asarray(Image.open(str(picture).replace(".png", ".parts.png")))
            (mark,) = data.loadAnns(data.getAnnIds(image["id"]))
            assert (data.annToMask(mark).astype(bool) == (parts >= FIRST_PART)).all()
    assert seen == 6


def test_data_sets_keep_the_order_of_the_job_and_what_varies(labelled):
    rows = (labelled / "poses.csv").read_text().splitlines()
    head, rows = rows[0].split(","), [row.split(",") for row in rows[1:]]
    since = [float(row[head.index("seconds_since_release")]) for row in rows]
    # The key that stands last goes fastest.
    assert np.allclose(since, [30, 31, 32] * 2)
    card = (labelled / "dataset_card.md").read_text()
    assert "| `release.speed_m_s` | 0.19 | 0.2 | 2 |" in card
    groups = [json.loads((labelled / f"{row[0]}.labels.json").read_text())["group"] for row in rows]
    assert groups == ["group-0", "group-0", "group-1", "group-1", "group-2", "group-2"]


@pytest.mark.slow
def test_workers_make_the_same_bytes_and_so_does_a_second_run(tmp_path, labelled):
    path = job_file(tmp_path, 3, PUSHES)
    code, out, err = finished(path, "-o", tmp_path / "out", "--workers", 2)
    assert code == 0, err
    assert "dataset_card.md" in out
    assert digests(tmp_path / "out") == digests(labelled)
    assert _data_sets(tmp_path / "out") == _data_sets(labelled)
    code, out, err = finished(path, "-o", tmp_path / "out")
    assert "0 of them new" in out
    assert _data_sets(tmp_path / "out") == _data_sets(labelled)


def test_bop_masks_of_a_batch_are_those_of_its_records(labelled):
    from PIL import Image

    compared = 0
    for scene in labelled.glob("bop/*/0*"):
        for number in json.loads((scene / "scene_gt.json").read_text()):
            picture = scene / "rgb" / f"{int(number):06d}.png"
            (record,) = [path for path in labelled.rglob("*.labels.json") if _same(path, picture)]
            told = json.loads(record.read_text())["crafts"][0]
            mask = np.asarray(Image.open(scene / "mask_visib" / f"{int(number):06d}_000000.png")) > 0
            assert (mask == decode(told["mask"])).all()
            compared += 1
    assert compared == 6


def _same(record, picture):
    return Path(str(record).replace(".labels.json", ".png")).read_bytes() == picture.read_bytes()


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"labels": {"formats": ["voc"]}}, "labels.formats.0"),
        ({"labels": {"split": [0, 0, 0]}}, "labels.split: give three shares"),
        ({"labels": {"layers": "exr"}}, "labels.layers: BOP takes depth as PNG"),
        ({"labels": {}, "file": "tif"}, "file: BOP takes pictures as png or jpg, not tif"),
        ({"labels": {}, "vary": FISHEYE}, "BOP knows only pinholes"),
        ({"labels": {}, "vary": {"camera.size_px": {"values": [[64, 36], [32, 18]]}}}, "pictures of one size"),
    ],
)
def test_what_cannot_be_labelled_is_told_before_anything_is_drawn(tmp_path, keys, told):
    with pytest.raises(selfiesim.UserError) as error:
        selfiesim.batch({"scene": "tianwen1-mars", "size": [64, 36]} | keys, tmp_path / "out")
    assert told in str(error.value)
    assert not (tmp_path / "out").exists()
