"""The description of a mesh: what it accepts, and how it reports mistakes."""

from __future__ import annotations

import pytest

from selfiesim.core.errors import ModelError
from selfiesim.core.files import shipped
from selfiesim.craft.description import read_description
from selfiesim.craft.load import load_craft

JOINT = 'node = "a"\norigin_m = [0, 0, 0]\naxes = [[0, 1, 0]]\nzero_normal = [0, 0, -1]\n'


def error_message(tmp_path, text):
    """The message that reading a description raises."""
    path = tmp_path / "craft.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelError) as caught:
        read_description(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ('nmae = "x"', "nmae", "'name'"),
        ("[frame]\nbody_from_glft = [[1,0,0],[0,1,0],[0,0,1]]", "frame.body_from_glft", "'body_from_gltf'"),
        (f"[joints.hga]\n{JOINT}trakcs = 'sun'", "joints.hga.trakcs", "'tracks'"),
        (f"[joints.hga]\n{JOINT}".replace("origin_m", "origin"), "joints.hga.origin", "'origin_m'"),
        ("[mounts.camera]\nposition = [0, 0, 0]\naxis = [0, 0, 1]", "mounts.camera.position", "'position_m'"),
        ("[materials.gold]\ncrumpel = 0.5", "materials.gold.crumpel", "'crumple'"),
        ("[mass]\nmass_kgs = 5", "mass.mass_kgs", "'mass_kg'"),
        ("[zzz]\nq = 1", "zzz", "known keys are"),
    ],
)
def test_unknown_key_is_named_with_the_nearest_known_one(tmp_path, text, key, hint):
    message = error_message(tmp_path, text)
    assert f"{key}: unknown key" in message
    assert hint in message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[frame]\nbody_from_gltf = [[1,0,0],[0,1,0],[0,0,-1]]", "frame.body_from_gltf: the rows mirror"),
        ("[frame]\nbody_from_gltf = [[1,0,0],[0,2,0],[0,0,1]]", "frame.body_from_gltf: the rows must be"),
        ("[mass]\nmass_kg = -1", "mass.mass_kg"),
        ("[mass]\nmass_kg = inf", "mass.mass_kg"),
        ("[mounts.camera]\nposition_m = [0, 0, nan]\naxis = [0, 0, 1]", "mounts.camera.position_m"),
        ("[mounts.camera]\nposition_m = [0, 0, 0]\naxis = [0, 0, 0]", "mounts.camera.axis: a direction cannot be"),
        (f"[joints.hga]\n{JOINT}tracks = 'moon'", "joints.hga.tracks"),
        ("[materials.gold]\ncrumple = 2", "materials.gold.crumple"),
    ],
)
def test_invalid_value_is_named(tmp_path, text, key):
    assert key in error_message(tmp_path, text)


@pytest.mark.parametrize("text", ["a = ", b"\xff\xfe", "[a\n", "#" * (2 << 20)])
def test_invalid_toml_is_refused(tmp_path, text):
    error_message(tmp_path, text)


def test_directions_are_normalised(tmp_path):
    path = tmp_path / "craft.toml"
    path.write_text("[mounts.camera]\nposition_m = [0, 0, 0]\naxis = [0, 3, 4]")
    model_description, _ = read_description(path)
    assert model_description.mounts["camera"].axis == pytest.approx((0.0, 0.6, 0.8))


def test_joint_at_a_missing_node_is_refused(tmp_path):
    mesh = tmp_path / "plate.obj"
    mesh.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "plate.toml").write_text(f"[joints.hga]\n{JOINT}")
    with pytest.raises(ModelError, match=r"plate\.obj: .*'hga' at the node 'a'"):
        load_craft(mesh)


def test_shipped_description_lists_its_sources_and_assumptions():
    model_description, _ = read_description(shipped("models") / "tianwen1-orbiter.toml")
    assert "MIT" in model_description.licence
    assert {"radar_rods", "magnetometer", "flag"} <= set(model_description.sources)
    assert {"camera_mount", "body_depth_z_m", "wing_axis"} <= set(model_description.assumed)
    assert model_description.joints["hga"].tracks == "earth"
    assert model_description.joints["wing_plus_y"].tracks == model_description.joints["wing_minus_y"].tracks == "sun"
