"""The script for Blender has the numbers of the shot, and the backplate is its picture without the craft.

Blender itself is no part of the tests: design/compare_in_blender.py renders the same shot there.
"""

from __future__ import annotations

import ast
import json

import numpy as np
import pytest

from selfiesim.files.exports.blender import blender_script, metered_exposure, write_backplate
from selfiesim.scene.scene import Scene

oiio = pytest.importorskip("OpenImageIO")


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=[160, 90]).view()


@pytest.fixture(scope="module")
def exposure(view):
    return metered_exposure(view)


def constants(source):
    """Return the names in capitals that a script sets."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                if all(isinstance(name, ast.Name) and name.id.isupper() and name.id != "HERE" for name in names):
                    values = ast.literal_eval(node.value)
                    pairs = zip(names, values, strict=True) if isinstance(target, ast.Tuple) else [(names[0], values)]
                    found |= {name.id: value for name, value in pairs}
    return found


def test_the_camera_is_that_of_the_shot(view, exposure, tmp_path):
    wide = constants(blender_script(view, tmp_path / "a.glb", exposure))
    assert wide["SIZE_PX"] == (160, 90)
    assert wide["SENSOR_FIT"] == "HORIZONTAL"
    assert 2.0 * np.tan(0.5 * wide["FIELD_OF_VIEW"]) == pytest.approx(160 / view.camera.fx)
    assert (wide["GLB"], wide["BACKPLATE"], wide["SHIFT"]) == ("a.glb", "", (0.0, 0.0))
    tall = Scene.load("tianwen1-mars").with_changes(camera__size_px=[90, 160]).view()
    upright = constants(blender_script(tall, tmp_path / "a.glb", exposure, tmp_path / "b.exr"))
    assert (upright["SENSOR_FIT"], upright["BACKPLATE"]) == ("VERTICAL", "b.exr")
    assert 2.0 * np.tan(0.5 * upright["FIELD_OF_VIEW"]) == pytest.approx(160 / tall.camera.fy)


def test_the_sun_lights_a_white_wall_as_in_our_picture(view, exposure, tmp_path):
    """In Blender a wall of albedo 1 that faces a Sun of strength s has the value s / pi; ours is over saturation."""
    strength = constants(blender_script(view, tmp_path / "a.glb", exposure))["SUN_STRENGTH"]
    lux = 683.0 * 106.857 * float(view.sun.irradiance @ (0.2653, 0.6929, 0.0418))  # the eye's response at the bands
    assert strength / np.pi == pytest.approx(lux / np.pi / exposure.saturation_luminance, rel=1e-3)
    assert 1.0 < strength < 100.0


def test_the_backplate_is_the_picture_without_the_craft(view, exposure, tmp_path):
    write_backplate(view, tmp_path / "b.exr", exposure, "draft")
    plate = oiio.ImageBuf(str(tmp_path / "b.exr")).get_pixels(oiio.FLOAT)
    photo = view.render("draft").expose(shutter_s=exposure.shutter_s / 2.0**exposure.stops)
    photo.save(tmp_path / "a.exr", half=False)
    image = oiio.ImageBuf(str(tmp_path / "a.exr"))
    names = list(image.spec().channelnames)
    pixels = image.get_pixels(oiio.FLOAT)
    free = pixels[..., names.index("matte.craft")] == 0.0
    picture = pixels[..., [names.index(band) for band in "RGB"]]
    assert free.mean() > 0.9
    near = ~free | np.roll(~free, 1, 0) | np.roll(~free, -1, 0) | np.roll(~free, 1, 1) | np.roll(~free, -1, 1)
    # But for single pixels that the craft covers without a sample of its own.
    differs = ~np.isclose(plate[~near], picture[~near], rtol=1e-3, atol=1e-4).all(axis=-1)
    assert differs.mean() < 1e-3
    assert np.isfinite(plate).all()
    assert plate[~free].max() > 0.0


def test_the_command_writes_all_three(tmp_path, run):
    code, out, _err = run(
        "export", "tianwen1-mars", "--size", "64x36", "--blender", "--backplate", "--json", "-o", "a.glb"
    )
    assert code == 0
    assert [path.rsplit("/", 1)[-1] for path in json.loads(out)["files"]] == ["a.glb", "a.py", "a-backplate.exr"]
    compile((tmp_path / "a.py").read_text(), "a.py", "exec")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "a.obj"), "exported as .glb, .usda, .usdc, .usdz or .xml"),
        (("-o", "a.usda", "--blender"), "the script for Blender loads a .glb"),
        (("-o", "a.glb", "--backplate"), "give both"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path, run, words, said):
    code, _out, err = run("export", "tianwen1-mars", *words)
    assert code == 2
    assert said in err
    assert not list(tmp_path.iterdir())
