"""Labels of a frame: masks, keypoints, poses and layers against OpenCV, SPICE, pycocotools and Embree."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import OpenImageIO
import pytest
import trimesh
from label_scenes import BENT, FISHEYE, MOUNTS, satellites
from pycocotools import mask as authority
from scipy.spatial.transform import Rotation

from selfiesim.core.errors import OutputError
from selfiesim.labels.poses import camera_pose
from selfiesim.labels.records import RECORD_SUFFIX, LabelOptions, frame_labels, make_labels, read_records
from selfiesim.labels.truth_files import depth_step_mm, encode_png16, quantise_depth
from selfiesim.render.common.truth import part_numbers


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return satellites(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def radiance(scene):
    return scene.view().render("draft", 1)


@pytest.fixture(scope="module")
def written(radiance, tmp_path_factory):
    """A folder with one labelled frame, and its record."""
    folder = tmp_path_factory.mktemp("data")
    return folder, frame_labels(radiance, folder, "frames/one")


def test_masks_match_the_part_layer_pixel_for_pixel(radiance, written):
    folder, record = written
    part = radiance.truth.part
    assert np.array_equal(cv2.imread(str(folder / "frames/one.parts.png"), cv2.IMREAD_UNCHANGED), part)
    assert [craft["name"] for craft in record["crafts"]] == ["craft", "second"]
    union = np.zeros(part.shape, bool)
    for craft, numbers in zip(record["crafts"], part_numbers(radiance.view), strict=True):
        mask = authority.decode(craft["mask"]).astype(bool)
        assert mask.any()
        assert np.array_equal(mask, np.isin(part, list(numbers.values())))
        assert list(craft["box"]) == authority.toBbox(craft["mask"]).tolist()
        assert craft["visible_px"] == mask.sum() == sum(craft["parts_px"].values())
        for node, count in craft["parts_px"].items():
            assert count == (part == numbers[node]).sum()
        union |= mask
    assert np.array_equal(union, part >= 2)


@pytest.mark.parametrize("lens", [{}, BENT, FISHEYE], ids=["pinhole", "brown-conrady", "kannala-brandt"])
def test_keypoints_are_where_opencv_projects_them(tmp_path, lens):
    radiance = satellites(tmp_path, camera=lens, beside=None).view().render("draft", 1)
    record = make_labels(radiance, "one").record
    (craft,) = record["crafts"]
    camera, pose = record["camera"], craft["pose"]["camera"]
    rotation = Rotation.from_quat(pose["quaternion_body_to_camera"]).as_rotvec()
    K, distortion = np.array(camera["matrix_px"]), np.array(camera["distortion"])
    projected = [point for point in craft["keypoints"] if point["pixel"] is not None]
    assert {"near", "far", "tip"} <= {point["name"] for point in projected}
    bodies = np.array([point["body_m"] for point in projected])
    if lens is FISHEYE:
        found, _ = cv2.fisheye.projectPoints(bodies[:, None], rotation, np.array(pose["position_m"]), K, distortion)
    else:
        found, _ = cv2.projectPoints(bodies, rotation, np.array(pose["position_m"]), K, distortion)
    assert np.abs(found.reshape(-1, 2) - [point["pixel"] for point in projected]).max() < 1e-6


def test_a_keypoint_is_visible_if_no_surface_occludes_it(radiance, written):
    pytest.importorskip("embreex")
    _folder, record = written
    solids = [trimesh.load(radiance.view.craft.craft.source, force="mesh")]
    found = {}
    for pose, craft in zip(radiance.view.crafts, record["crafts"], strict=True):
        eye = -pose.body_to_camera.T @ pose.position
        meshes = []
        for other in radiance.view.crafts:
            meshes.append(solids[0].copy().apply_transform(other.transform_to_body(pose)))
        whole = trimesh.util.concatenate(meshes)
        for point in craft["keypoints"]:
            if point["name"] not in MOUNTS or point["visibility"] == 0:
                continue
            ray = np.array(point["body_m"]) - eye
            hits, *_ = whole.ray.intersects_location([eye], [ray])
            nearest = np.linalg.norm(hits - eye, axis=1).min()
            found[craft["name"], point["name"]] = point["visibility"]
            assert (point["visibility"] == 2) == (nearest > np.linalg.norm(ray) - 0.01), point
    assert found["craft", "near"] == 2
    assert found["craft", "far"] == 1
    assert found["second", "near"] == 1  # occluded by the first satellite


def test_points_beyond_the_image_or_behind_the_camera_are_outside(scene, written):
    _folder, record = written
    beyond = next(point for point in record["crafts"][0]["keypoints"] if point["name"] == "beyond")
    assert beyond["visibility"] == 0
    points = {"craft": {"behind": tuple(np.array([3.0, -0.8, 2.2]) * 2.0), "above": (-0.3, 0.2, 0.3)}}
    further = make_labels(scene.view().render("draft", 1), "one", LabelOptions(points=points)).record["crafts"]
    by_name = {point["name"]: point for point in further[0]["keypoints"]}
    assert (by_name["behind"]["pixel"], by_name["behind"]["visibility"]) == (None, 0)
    assert by_name["above"]["visibility"] == 2
    assert "above" not in {point["name"] for point in further[1]["keypoints"]}


def test_the_whole_mask_includes_what_is_occluded(scene, written):
    _folder, record = written
    first, second = record["crafts"]
    assert first["visible_share"] == 1.0
    assert 0.05 < second["visible_share"] < 0.95
    # The same view without the first satellite.
    view = scene.view()
    alone = replace(view, craft=view.objects[0], objects=()).render("draft", 1)
    assert np.array_equal(authority.decode(second["whole_mask"]).astype(bool), alone.truth.part >= 2)
    assert second["whole_px"] == (alone.truth.part >= 2).sum()


def test_what_is_beyond_the_edge_counts_as_in_a_larger_image(tmp_path):
    near = {"horizontal_fov_deg": 20.0, "place": [0.3, 0.6]}
    scene = satellites(tmp_path, size=(64, 36), beside=None, camera=near)
    view = scene.view()
    (craft,) = make_labels(view.render("draft", 1), "one").record["crafts"]
    lens = view.camera
    wide = replace(lens, width=192, height=108, cx=lens.cx + 64, cy=lens.cy + 36)
    part = view.turned(np.eye(3), wide).render("draft", 1).truth.part >= 2
    assert craft["whole_px"] == part.sum() > craft["visible_px"] > 0
    rows, columns = np.nonzero(part)
    left, top = columns.min() - 64, rows.min() - 36
    assert craft["whole_box"] == (left, top, np.ptp(columns) + 1, np.ptp(rows) + 1)
    assert craft["visible_share"] == pytest.approx(craft["visible_px"] / part.sum())


def test_labelling_does_not_change_the_next_frame(scene):
    view = scene.view()
    first = view.render("draft", 2)
    make_labels(first, "one")
    assert np.array_equal(view.render("draft", 2).rgb, first.rgb)


def test_depth_and_normals_are_stored_to_half_a_step(radiance, written):
    folder, record = written
    truth, step = radiance.truth, record["depth_step_mm"]
    depth = cv2.imread(str(folder / "frames/one.depth.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    craft = truth.part >= 2
    assert step == 0.1
    assert np.abs(depth[craft] * step / 1e3 - truth.depth[craft]).max() <= 0.501 * step / 1e3
    assert not depth[~craft].any()  # sky, and the planet beyond the range of 16 bits
    normal = cv2.imread(str(folder / "frames/one.normal.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    is_surface = truth.part > 0
    assert np.abs((normal[is_surface].astype(float) - 32768.0) / 32767.0 - truth.normal[is_surface]).max() < 1.6e-5
    assert not normal[~is_surface].any()


def test_depth_steps_grow_with_distance():
    assert [depth_step_mm(metres) for metres in (0.0, 6.5, 6.6, 65.5, 65.6, 700.0)] == [0.1, 0.1, 1.0, 1.0, 10.0, 100.0]
    deep = np.array([[1.0, 65.535, 65.6, np.inf]], np.float32)
    assert quantise_depth(deep, 1.0).tolist() == [[1000, 65535, 0, 0]]


def test_opencv_reads_grey_and_colour_images_of_16_bits(tmp_path):
    rng = np.random.default_rng(7)
    for shape in ((5, 7), (5, 7, 3), (1, 1)):
        layer = rng.integers(0, 65536, shape, np.uint16)
        (tmp_path / "a.png").write_bytes(encode_png16(layer))
        read = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(read[..., ::-1] if layer.ndim == 3 else read, layer)


def test_one_exr_holds_the_layers_in_full_precision(radiance, tmp_path):
    record = frame_labels(radiance, tmp_path, "one", LabelOptions("exr"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.labels.json", "one.layers.exr"]
    image = OpenImageIO.ImageBuf(str(tmp_path / record["layers"][".layers.exr"]))
    names = image.spec().channelnames
    pixels = image.get_pixels(OpenImageIO.FLOAT)
    assert np.array_equal(pixels[..., names.index("Z")], radiance.truth.depth)
    for k, axis in enumerate("XYZ"):
        assert np.array_equal(pixels[..., names.index(f"N.{axis}")], radiance.truth.normal[..., k])
    whole = image.get_pixels(OpenImageIO.UINT)
    assert np.array_equal(whole[..., names.index("part.id")], radiance.truth.part)


# Long: it compares every pose of the record.
def test_poses_agree_with_spice_and_with_each_other(scene, written, spice):
    _folder, record = written
    view, pose = scene.view(), record["pose"]
    host = view.track.host
    # SPICE twovec: x along the position, y towards the velocity; these axes are R, T and N.
    to_rtn = spice.twovec(host.position, 1, host.velocity, 2)
    rotations = {name: Rotation.from_quat(quaternion) for section in ("icrf", "rtn", "body")
             for name, quaternion in pose[section].items() if name.startswith("quaternion")}  # fmt: skip
    np.testing.assert_allclose(rotations["quaternion_icrf_to_rtn"].as_matrix(), to_rtn, atol=1e-12)
    offset = np.array(pose["icrf"]["position_m"]) - host.position
    np.testing.assert_allclose(pose["rtn"]["position_m"], to_rtn @ offset, atol=1e-6)
    np.testing.assert_allclose(
        rotations["quaternion_rtn_to_camera"].as_matrix() @ to_rtn,
        rotations["quaternion_icrf_to_camera"].as_matrix(),
        atol=1e-12,
    )
    np.testing.assert_allclose(
        rotations["quaternion_body_to_camera"].as_matrix() @ rotations["quaternion_icrf_to_body"].as_matrix(),
        rotations["quaternion_icrf_to_camera"].as_matrix(),
        atol=1e-12,
    )
    # Velocity as the difference of positions half a second before and after.
    before, after = (camera_pose(view.after(seconds))["rtn"]["position_m"] for seconds in (-0.5, 0.5))
    np.testing.assert_allclose(np.subtract(after, before), pose["rtn"]["velocity_m_s"], atol=1e-6)
    for craft in record["crafts"]:
        pose_of_craft = craft["pose"]
        camera = np.array(pose_of_craft["camera"]["position_m"])
        to_camera = rotations["quaternion_icrf_to_camera"]
        np.testing.assert_allclose(to_camera.apply(pose_of_craft["icrf"]["position_m"]), camera, atol=1e-9)
        np.testing.assert_allclose(
            to_rtn @ pose_of_craft["icrf"]["position_m"], pose_of_craft["rtn"]["position_m"], atol=1e-9
        )
        in_body = Rotation.from_quat(pose_of_craft["camera"]["quaternion_body_to_camera"])
        np.testing.assert_allclose(in_body.inv().apply(-camera), pose_of_craft["body"]["camera_position_m"], atol=1e-9)
        np.testing.assert_allclose(
            Rotation.from_quat(pose_of_craft["rtn"]["quaternion_rtn_to_body"]).as_matrix() @ to_rtn,
            Rotation.from_quat(pose_of_craft["icrf"]["quaternion_icrf_to_body"]).as_matrix(),
            atol=1e-12,
        )
    first = record["crafts"][0]["pose"]
    np.testing.assert_allclose(first["body"]["camera_position_m"], pose["body"]["position_m"], atol=1e-6)


def test_records_are_read_as_they_were_written(written):
    folder, record = written
    assert list(read_records(folder)) == [json.loads(json.dumps(record))]
    assert sorted(path.name for path in (folder / "frames").iterdir()) == [
        "one.depth.png", "one.labels.json", "one.normal.png", "one.parts.png",
    ]  # fmt: skip


def test_the_same_frame_has_the_same_labels(scene, written):
    folder, _record = written
    again = make_labels(scene.view().render("draft", 1), "frames/one")
    for ending, content in again.files.items():
        assert (folder / f"frames/one{ending}").read_bytes() == content


def test_what_is_not_a_record_is_refused(written, tmp_path):
    folder, _record = written
    text = (folder / f"frames/one{RECORD_SUFFIX}").read_text()
    for content, why in (("{", "not valid JSON"), ("[]", "not a label record"), (text, "keep the folder")):
        (tmp_path / f"other{RECORD_SUFFIX}").write_text(content)
        with pytest.raises(OutputError, match=why):
            list(read_records(tmp_path))


def test_a_craft_outside_the_image_has_no_box(tmp_path):
    scene = satellites(tmp_path, beside=(900.0, 0.0, 0.0))
    _first, second = make_labels(scene.view().render("draft", 1), "one").record["crafts"]
    assert second["box"] is None
    assert (second["visible_px"], second["visible_share"]) == (0, 0.0)
    assert not authority.decode(second["mask"]).any()
