"""A scene exported as glTF and read back by trimesh: craft, camera and Sun agree with the view."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose

from selfiesim.cli.app import main
from selfiesim.files.scene_glb import scene_glb
from selfiesim.scene.scene import Scene


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").view()


@pytest.fixture(scope="module")
def content(view):
    return scene_glb(view)


@pytest.fixture(scope="module")
def header(content):
    return json.loads(content[20 : 20 + struct.unpack("<I", content[12:16])[0]])


# glTF 2.0, 3.10.2: the camera's perspective from yfov and aspectRatio; trimesh reads the file.
def test_exported_vertices_project_to_the_same_pixels(view, content, header):
    loaded = trimesh.load_scene(io.BytesIO(content), file_type="glb")
    lens = header["cameras"][0]["perspective"]
    width, height = header["nodes"][next(k for k, n in enumerate(header["nodes"]) if "camera" in n)]["extras"][
        "size_px"
    ]
    checked = 0
    for part in view.craft.parts:
        if part.name not in loaded.graph.nodes_geometry:
            continue
        matrix, geometry = loaded.graph[part.name]
        points = loaded.geometry[geometry].vertices @ matrix[:3, :3].T + matrix[:3, 3]
        scale = np.tan(0.5 * lens["yfov"])
        x = points[:, 0] / -points[:, 2] / (scale * lens["aspectRatio"])
        y = points[:, 1] / -points[:, 2] / scale
        # Normalised to -1 .. 1 between the edges; pixel coordinates refer to pixel centres.
        seen = np.stack([(x + 1.0) * 0.5 * width - 0.5, (1.0 - y) * 0.5 * height - 0.5], axis=1)
        transform = view.craft.joint_matrix(part.joint)
        body = part.vertices.astype(float) @ transform[:3, :3].T + transform[:3, 3]
        wanted = view.camera.project(body @ view.craft.body_to_camera.T + view.craft.position)
        for each in ((0, 0), (1, 1)):
            assert_allclose(seen[:, each[0]].min(), wanted[:, each[0]].min(), atol=0.02)
            assert_allclose(seen[:, each[1]].max(), wanted[:, each[1]].max(), atol=0.02)
        checked += 1
    assert checked > 20


# KHR_lights_punctual: a directional light shines along its node's -z. 128 klx above the air at 1 au (CIE).
def test_the_exported_sun_has_direction_and_illuminance_of_the_view(view, header):
    from scipy.spatial.transform import Rotation

    node = next(n for n in header["nodes"] if n.get("name") == "sun")
    shining = Rotation.from_quat(node["rotation"]).apply([0.0, 0.0, -1.0])
    assert_allclose(shining, -view.sun.direction * (1, -1, -1), atol=1e-9)
    (light,) = header["extensions"]["KHR_lights_punctual"]["lights"]
    assert light["type"] == "directional"
    assert light["intensity"] * (view.sun.distance / 149_597_870_700) ** 2 == pytest.approx(128_000, rel=0.1)


def test_our_own_reader_loads_the_export(tmp_path, view):
    from selfiesim.craft.load import load_craft

    target = tmp_path / "shot.glb"
    with pytest.raises(SystemExit) as end:
        main(["export", "tianwen1-mars", "-o", str(target)])
    assert not end.value.code
    assert load_craft(target).triangle_count == pytest.approx(sum(len(p.faces) for p in view.craft.parts), rel=0.001)


def test_other_endings_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(["export", "tianwen1-mars", "-o", str(tmp_path / "shot.fbx")])
    assert end.value.code == 2
    assert ".glb" in capsys.readouterr().err


# KHR_materials_ior, _specular, _emissive_strength, _clearcoat, _anisotropy, as read by our own reader.
def test_materials_survive_the_round_trip(tmp_path, view):
    from selfiesim.craft.load import load_craft
    from selfiesim.craft.model import Craft, Material, Part

    texel = {"base": [200, 100, 50], "specular": [0, 0, 0, 120], "specular_color": [120, 130, 140]}
    look = Material(
        "gem",
        (0.25, 0.5, 0.125),
        metallic=0.25,
        roughness=0.5,
        textures={name: np.array([[values]], np.uint8) for name, values in texel.items()},
        glow=(6.0, 8.0, 4.0),
        clearcoat=0.5,
        clearcoat_roughness=0.25,
        anisotropy=-0.5,
        ior=2.0,
        specular=0.75,
        specular_color=(1.0, 0.5, 0.25),
    )
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    normals = np.tile(np.float32([0, 0, 1]), (3, 1))
    part = Part("plate", "plate", look, points, normals, points[:, :2], np.array([[0, 1, 2]], np.int32))
    target = tmp_path / "gem.glb"
    craft = Craft("gem", (part,), {}, {}, target)
    target.write_bytes(
        scene_glb(replace(view, craft=replace(view.craft, craft=craft, hidden_nodes=(), position=np.zeros(3))))
    )
    (back,) = (each.material for each in load_craft(target).parts)
    for name, picture in back.textures.items():  # colours go through 8-bit sRGB
        np.testing.assert_allclose(picture[0, 0].astype(int), texel[name], atol=1)
    assert back.textures.keys() == texel.keys()
    for name in ("base_color", "glow", "specular_color"):
        np.testing.assert_allclose(getattr(back, name), getattr(look, name), rtol=1e-6)
    # A highlight across the grain is written as one along a grain rotated by a right angle.
    assert (back.anisotropy, back.anisotropy_rotation) == (0.5, pytest.approx(np.pi / 2))
    compared = {"textures": {}, "base_color": (), "glow": (), "specular_color": ()}
    same = compared | {"anisotropy": 0.0, "anisotropy_rotation": 0.0, "name": ""}
    assert replace(back, **same).__dict__ == replace(look, **same).__dict__
