"""What a scene adds to a mesh: finishes from the library, and decals at mounts."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose
from PIL import Image

from selfiesim.core.errors import ModelError, SceneError
from selfiesim.craft.decals import Decal, apply_decals
from selfiesim.craft.load import load_craft
from selfiesim.craft.material_overrides import apply_finishes, finish_names
from selfiesim.craft.materials import FINISHES
from selfiesim.pages.model_portrait import Viewpoint, portrait
from selfiesim.scene.scene import Scene

MOUNTS = """
[mounts.camera]
position_m = [0.0, 0.0, 1.0]
axis = [0.0, 0.0, 1.0]

[mounts.flag]
position_m = [0.0, 0.0, 1.0]
axis = [0.0, 0.0, 1.0]

[mounts.edge]
position_m = [0.95, 0.0, 1.0]
axis = [0.0, 0.0, 1.0]
"""


@pytest.fixture
def folder(tmp_path):
    trimesh.creation.box((2, 2, 2)).export(tmp_path / "cube.stl")
    (tmp_path / "cube.toml").write_text(MOUNTS)
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, :100] = 255, 0, 0
    pixels[:, 100:] = 0, 255, 0
    Image.fromarray(pixels).save(tmp_path / "logo.png")
    return tmp_path


def craft_with_decal(folder, **options):
    """The cube with one decal."""
    given = {"mount": "flag", "image": folder / "logo.png", "width_m": 1.0, "key": "craft.decals[0]"} | options
    return apply_decals(load_craft(folder / "cube.stl"), (Decal(**given),))


# --- Decals ---------------------------------------------------------------------------------------------------------


def test_decal_is_above_its_surface_upright_and_not_mirrored(folder):
    decal = craft_with_decal(folder).parts[-1]
    assert_allclose(decal.vertices[:, 2], 1.003, atol=1e-5)
    assert_allclose(np.ptp(decal.vertices, axis=0)[:2], [0.5, 1.0], atol=1e-6)
    # On a surface that faces +Z, +X is upward, so -Y is to the right.
    right = decal.vertices[decal.uv[:, 0] == 1.0]
    assert (right[:, 1] < 0.0).all()
    assert (decal.vertices[decal.uv[:, 1] == 1.0][:, 0] > 0.0).all()
    a, b, c = decal.vertices[decal.faces[0]]
    assert np.cross(b - a, c - a)[2] > 0.0


@pytest.mark.parametrize("metres", [3.0, 400.0])
def test_decal_does_not_z_fight_with_its_surface_near_or_far(folder, metres):
    fov = float(np.degrees(2 * np.arctan(1.6 / metres / 2)))
    viewpoint = Viewpoint(
        side=(0.1, 0.05, 1.0), target_m=(0, 0, 1.003), distance_m=metres, fov_deg=fov, size_px=(160, 90)
    )
    pixels = portrait(craft_with_decal(folder), viewpoint, samples=1).pixels.astype(int)
    inner = pixels[30:60, 40:120]
    left, right = inner[:, :35], inner[:, -35:]
    assert (left[..., 0] > 2 * left[..., 1]).all(), "all red, without the grey of the surface"
    assert (right[..., 1] > 2 * right[..., 0]).all()


def test_decal_is_above_the_folds_of_a_blanket(folder):
    craft = load_craft("tianwen1-orbiter")
    decal = apply_decals(craft, (Decal("emblem", folder / "logo.png", 0.3),)).parts[-1]
    low, high = decal.vertices.min(axis=0), decal.vertices.max(axis=0)
    under = np.concatenate([p.vertices for p in craft.parts if p.material.name == "gold_foil"])
    under = under[((under >= low) & (under <= high))[:, :2].all(axis=1) & (np.abs(under[:, 2] + 1.52) < 0.1)]
    assert len(under) > 10
    assert under[:, 2].min() > high[2] + 0.002, "-Z is outward"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mount": "flog"}, r"decals\[0\]\.mount.*'flog'.*flag"),
        ({"mount": "edge"}, "not flat"),
        ({"up": (0.0, 0.0, 1.0)}, "up"),
        ({"width_m": 3.0}, "width_m"),
    ],
)
def test_impossible_decals_are_refused(folder, change, words):
    with pytest.raises(ModelError, match=words):
        craft_with_decal(folder, **change)


def test_unreadable_and_too_large_images_are_refused(folder):
    with pytest.raises(ModelError, match="cannot be read"):
        craft_with_decal(folder, image=folder / "none.png")
    (folder / "text.png").write_text("not an image")
    with pytest.raises(ModelError, match=r"text\.png is not a readable image"):
        craft_with_decal(folder, image=folder / "text.png")
    Image.new("1", (16_400, 8)).save(folder / "wide.png")
    with pytest.raises(ModelError, match="16400 x 8"):
        craft_with_decal(folder, image=folder / "wide.png")


# --- Materials ------------------------------------------------------------------------------------------------------


def test_finish_replaces_the_material_of_the_mesh(folder):
    (part,) = apply_finishes(load_craft(folder / "cube.stl"), (("default", "gold-foil"),)).parts
    assert part.material.metallic == 1.0
    assert part.material.crumple > 0.0
    assert part.material.base_color[0] > 3 * part.material.base_color[2]


def test_solar_cells_are_projected_at_their_true_size(folder):
    (part,) = apply_finishes(load_craft(folder / "cube.stl"), (("default", "solar-cell"),)).parts
    corners, uv = part.vertices[part.faces].astype(float), part.uv[part.faces].astype(float)
    edge, mapped = corners[:, 1] - corners[:, 0], (uv[:, 1] - uv[:, 0]) * (0.96, 0.80)
    assert_allclose(np.linalg.norm(mapped, axis=1), np.linalg.norm(edge, axis=1), atol=1e-5)


def test_unknown_materials_and_finishes_are_refused_with_the_known_ones(folder):
    craft = load_craft(folder / "cube.stl")
    with pytest.raises(ModelError, match=r"'Body'.*it has: default"):
        apply_finishes(craft, (("Body", "gold-foil"),), "craft.materials")
    with pytest.raises(ModelError, match=r"(?s)craft\.materials\.default.*'golf-foil'.*gold-foil"):
        apply_finishes(craft, (("default", "golf-foil"),), "craft.materials")
    assert "solar-cell" in finish_names()


def test_description_of_a_mesh_may_name_a_finish(folder):
    (folder / "cube.toml").write_text('[materials.default]\nfinish = "white-paint"\n')
    (part,) = load_craft(folder / "cube.stl").parts
    assert part.material.base_color == FINISHES["white_paint"].base_color
    (folder / "cube.toml").write_text('[materials.default]\nfinish = "white-paint"\nroughness = 0.1\n')
    with pytest.raises(ModelError, match="leave out roughness"):
        load_craft(folder / "cube.stl")
    (folder / "cube.toml").write_text('[materials.default]\nfinish = "wite-paint"\n')
    with pytest.raises(ModelError, match=r"cube\.toml: materials\.default.*white-paint"):
        load_craft(folder / "cube.stl")


# --- In scenes ------------------------------------------------------------------------------------------------------


def test_scene_applies_finishes_and_decals_once(folder):
    table = Scene.load("tianwen1-mars").model_dump(mode="json", exclude_none=True)
    table["craft"] = {
        "model": "cube.stl",
        "materials": {"default": "silver-foil"},
        "decals": [{"mount": "flag", "image": "logo.png", "width_m": 0.6}],
    }
    del table["release"]["axis"], table["assumed"]["release.axis"]
    scene = Scene.from_table(table, folder=folder)
    craft = scene.view().craft.craft
    assert [p.material.name for p in craft.parts] == ["default", "decal 1"]
    assert scene.view().craft.craft is craft
    table["craft"]["decals"][0]["image"] = "../logo.png"
    with pytest.raises(SceneError, match=r"craft\.decals\[0\]\.image.*outside"):
        Scene.from_table(table, folder=folder).view()


def test_any_scene_accepts_a_craft_from_any_folder(folder):
    scene = Scene.load("tianwen1-mars").with_craft(folder / "cube.stl").with_changes(camera__size_px=(64, 36))
    assert scene.view().craft.craft.source == folder / "cube.stl"
