"""The command line as people and programs use it: output, errors, pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.camera.catalogue import PRESETS
from selfiesim.core.files import shipped
from selfiesim.scene.scene import Scene

SHIPPED = "tianwen1-mars"
SMALL = ["--size", "160x90"]
COMMANDS = [
    "render", "demo", "expose", "film", "story", "gallery", "scenes", "show", "check", "schema", "export", "plan",
    "drift", "downlink", "batch", "labels", "replay", "caption", "models", "cameras", "map", "maps", "doctor",
]  # fmt: skip


def scene_text(old="", new=""):
    """Return the file of the shipped scene with a piece of text replaced, which must exist."""
    text = (shipped("scenes") / f"{SHIPPED}.toml").read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1)


def child(*words, environment=None, **options):
    """Run a command in a child process."""
    return subprocess.run(
        [sys.executable, "-c", "from selfiesim.cli.app import main; main()", *map(str, words)],
        env=dict(os.environ) | (environment or {}),
        text=True,
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options,
    )


def strict_json(text):
    return json.loads(text, parse_constant=pytest.fail)


def test_help_lists_every_command(run):
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run, command):
    code, out, err = run(command, "--help")
    assert (code, err) == (0, "")
    assert command in out
    assert len(out.splitlines()) > 3


def test_help_does_not_import_numpy_or_vtk():
    program = (
        "import sys\nfrom selfiesim.cli.app import main\n"
        "try:\n    main(['render', '--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'scipy', 'vtk', 'vtkmodules', 'pyvista', 'trimesh', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version_is_that_of_the_package(run):
    from importlib.metadata import version

    assert run("--version")[:2] == (0, version("selfiesim") + "\n")
    child = subprocess.run([sys.executable, "-m", "selfiesim", "--version"], capture_output=True, text=True, check=True)
    assert child.stdout == version("selfiesim") + "\n"


def test_render_writes_an_image_with_its_recipe_and_prints_the_path(run, tmp_path):
    code, out, err = run("render", SHIPPED, "--draft", *SMALL, "-o", "new/a.png")
    assert (code, err) == (0, "")
    assert out.startswith("new/a.png")
    with Image.open(tmp_path / "new/a.png") as image:
        assert image.size == (160, 90)
        assert np.asarray(image).max() > 100
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["a.json", "a.png"]


def test_render_names_the_image_after_the_scene(run, tmp_path):
    (tmp_path / "mine.toml").write_text(scene_text(), encoding="utf-8")
    assert run("render", "mine.toml", "--draft", *SMALL)[0] == 0
    assert (tmp_path / "mine.png").is_file()


def test_render_prints_only_json_in_a_child_process(tmp_path, run):
    done = child("render", SHIPPED, "--draft", *SMALL, "-o", "a.png", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    report = strict_json(done.stdout)
    assert report["size_px"] == [160, 90]
    assert 0.0 < report["seconds"] < 600.0
    # Image and recipe have the same bytes as in this process.
    assert run("render", SHIPPED, "--draft", *SMALL, "-o", "b.png")[0] == 0
    assert (tmp_path / report["file"]).read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / report["sidecar"]).read_bytes() == (tmp_path / "b.json").read_bytes()


def test_render_at_another_moment_and_quality(run, tmp_path):
    assert run("render", SHIPPED, *SMALL, "--at", "release+30s", "-o", "a.png")[0] == 0
    recipe = strict_json((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert recipe["view"]["seconds_since_release"] == pytest.approx(30.0)
    assert recipe["render"]["quality"] == "final"


def test_demo_renders_the_scene(run, tmp_path, monkeypatch):
    # At a size that is quick to render.
    (tmp_path / "small.toml").write_text(scene_text("size_px = [1920, 1080]", "size_px = [160, 90]"), encoding="utf-8")
    monkeypatch.setattr("selfiesim.scene.shipped.scenes", lambda: {SHIPPED: tmp_path / "small.toml"})
    code, out, _ = run("demo", "--quality", "draft")
    assert code == 0
    assert str(tmp_path / "tianwen1-mars.png") in out
    assert (tmp_path / "tianwen1-mars.png").is_file()


def test_scenes_lists_every_shipped_scene_with_its_title(run):
    code, out, _ = run("scenes")
    listed = strict_json(run("scenes", "--json")[1])
    assert code == 0
    assert {entry["name"] for entry in listed} == {path.stem for path in shipped("scenes").glob("*.toml")}
    for entry in listed:
        assert entry["title"] == Scene.load(entry["name"]).title
        assert entry["name"] in out
        assert entry["title"] in out


def test_scenes_are_listed_under_their_mission_with_what_carries_the_camera(run):
    mission, listed = None, {}
    for line in run("scenes")[1].splitlines():
        if not line.startswith(" "):
            mission = line
        else:
            listed[line.split()[0]] = mission, line
    assert listed["ikaros-dcam2"][0] == "IKAROS"
    assert listed["zhurong-group"][0] == listed["tianwen1-boom"][0] == "Tianwen-1"
    for name, (mission, line) in listed.items():
        scene = Scene.load(name)
        assert mission == scene.mission
        assert scene.kind.replace("-", " ") in line


def test_cameras_lists_each_camera_with_image_size_field_of_view_and_lens(run):
    code, out, err = run("cameras")
    assert (code, err) == (0, "")
    listed = strict_json(run("cameras", "--json")[1])
    assert [entry["name"] for entry in listed] == list(PRESETS)
    for entry in listed:
        line = next(line for line in out.splitlines() if f" {entry['name']} " in line)
        width, height = entry["size_px"]
        for piece in (entry["title"], f"{width} x {height}", f"{entry['horizontal_fov_deg']:.3g} x ", entry["model"]):
            assert piece in line


@pytest.mark.parametrize("name", PRESETS)
def test_cameras_shows_one_with_the_source_of_each_value(run, name):
    code, out, err = run("cameras", name)
    facts = strict_json(run("cameras", name, "--json")[1])
    assert (code, err) == (0, "")
    known = PRESETS[name]
    assert (facts["name"], facts["title"]) == (name, known.title)
    assert (facts["sources"], facts["assumed"]) == (dict(known.sources), dict(known.assumed))
    assert set(facts["sources"]) | set(facts["assumed"]) <= set(facts)  # sources refer to values
    # Long lines are wrapped within their column.
    words = "".join(line.rsplit("│", 2)[-2] for line in out.splitlines() if "│" in line).split()
    text = " ".join(words)
    for source in facts["sources"].values():
        assert source in text
    for reason in facts["assumed"].values():
        assert f"assumed: {reason}" in text
    for key in set(facts) - {"name", "title", "sources", "assumed"}:
        assert f"│ {key} " in out


def test_the_schema_accepts_the_shipped_scene_and_refuses_a_misspelt_key(run):
    jsonschema = pytest.importorskip("jsonschema")
    schema = strict_json(run("schema")[1])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert not list(validator.iter_errors(tomllib.loads(scene_text())))
    assert list(validator.iter_errors(tomllib.loads(scene_text("eccentricity", "excentricity"))))


def test_check_confirms_a_scene_or_reports_what_is_wrong(run, tmp_path):
    (tmp_path / "mine.toml").write_text(scene_text(), encoding="utf-8")
    assert run("check", "mine.toml")[1].startswith("mine.toml: valid")
    assert strict_json(run("check", "mine.toml", "--json")[1])["ok"] is True
    (tmp_path / "mine.toml").write_text(scene_text("eccentricity", "excentricity"), encoding="utf-8")
    code, out, err = run("check", "mine.toml", "--json")
    assert (code, out) == (2, "")
    assert "did you mean 'eccentricity'" in err


# Mars at 2021-12-31T16:30 UTC, computed with astropy and its built-in ephemeris.
def test_show_reports_the_season_on_mars(run):
    facts = strict_json(run("show", SHIPPED, "--json")[1])
    assert facts["solar_longitude_deg"] == pytest.approx(150.5, abs=0.1)
    assert facts["subsolar_latitude_deg"] == pytest.approx(12.1, abs=0.1)
    assert facts["sun_distance_au"] == pytest.approx(1.537, abs=0.001)
    for key in ("title", "epoch_utc", "camera_altitude_km", "camera_latitude_deg", "range_to_craft_m", "assumed"):
        assert key in facts


# Published: the camera left at about 0.2 m/s.
@pytest.mark.parametrize("seconds", [10.0, 30.0, 60.0, 100.0])
def test_show_moves_the_camera_away_at_a_fifth_of_a_metre_per_second(run, seconds):
    facts = strict_json(run("show", SHIPPED, "--at", f"release+{seconds:.0f}s", "--json")[1])
    assert facts["seconds_since_release"] == pytest.approx(seconds)
    assert facts["distance_from_mount_m"] == pytest.approx(0.2 * seconds, rel=0.01)


def test_show_prints_every_fact(run):
    facts = strict_json(run("show", SHIPPED, "--json")[1])
    code, out, err = run("show", SHIPPED)
    assert (code, err) == (0, "")
    assert all(key in out for key in facts if key not in ("title", "assumed", "sky", "ground", "features"))
    assert all(where in out for where in ("centre", "upper left", "Korolev"))
    assert facts["title"] in out
    assert "assumed" in out


def test_show_lists_bodies_in_the_sky(run):
    # Rotated upright and panned, the image has Phobos at its lower left.
    Path("rotated.toml").write_text(
        scene_text("roll_deg = 1\n", "roll_deg = 330\n").replace("[0.43, 0.33]", "[0.9, 0.9]"), encoding="utf-8"
    )
    (phobos,) = strict_json(run("show", "rotated.toml", "--json")[1])["sky"]
    assert (phobos["name"], len(phobos["pixel"])) == ("phobos", 2)
    assert 0.1 < phobos["diameter_deg"] < 0.2
    assert f"magnitude {phobos['magnitude']:.1f}" in run("show", "rotated.toml")[1]


FILES = {
    "broken.toml": "title = [",
    "latin.toml": b"title = '\xe9'",
    "key.toml": ("semi_major_axis_km", "semi_major_axes_km"),
    "missing.toml": ("[craft]\n", "[camera.craft]\n"),
    "range.toml": ("eccentricity = 0.5884", "eccentricity = 1.5"),
    "nan.toml": ("eccentricity = 0.5884", "eccentricity = nan"),
    "inf.toml": ("eccentricity = 0.5884", "eccentricity = inf"),
    "text.toml": ("eccentricity = 0.5884", 'eccentricity = "0.5884"'),
    "inside.toml": ("eccentricity = 0.5884", "eccentricity = 0.98"),
    "mesh.toml": ('model = "tianwen1-orbiter"', 'model = "gone.glb"'),
    "outside.toml": ('model = "tianwen1-orbiter"', 'model = "../gone.glb"'),
    "model.toml": ('model = "tianwen1-orbiter"', 'model = "tianwen-orbiter"'),
    "preset.toml": ("[camera]", '[camera]\npreset = "hayabusa-dcam3"'),
    "damaged.toml": ('model = "tianwen1-orbiter"', 'model = "torn.glb"'),
}

REFUSED = {
    "no such scene": (
        ["render", "tianwen1-moon"],
        ["no scene named 'tianwen1-moon'", "'selfiesim scenes' lists all of them"],
    ),
    "no such file": (["render", "gone.toml"], ["gone.toml", "no such file"]),
    "a folder instead of a scene": (["render", "folder"], ["folder", ".toml"]),
    "not TOML": (["render", "broken.toml"], ["broken.toml", "not valid TOML", "end of document"]),
    "not text": (["render", "latin.toml"], ["latin.toml", "UTF-8"]),
    "an unknown key": (["render", "key.toml"], ["key.toml", "orbit.semi_major_axes_km", "did you mean"]),
    "a missing section": (["render", "missing.toml"], ["missing.toml: craft", "missing"]),
    "out of range": (["render", "range.toml"], ["range.toml", "orbit.eccentricity", "less than 1", "1.5"]),
    "not a number": (["render", "nan.toml"], ["nan.toml", "orbit.eccentricity", "finite", "nan"]),
    "infinite": (["render", "inf.toml"], ["inf.toml", "orbit.eccentricity", "inf"]),
    "text for a number": (["render", "text.toml"], ["text.toml", "orbit.eccentricity", "number"]),
    "an orbit through the planet": (
        ["render", "inside.toml"],
        ["semi_major_axis_km", "eccentricity", "inside the planet"],
    ),
    "no such mesh": (["render", "mesh.toml"], ["gone.glb", "no such mesh file"]),
    "a mesh elsewhere": (["render", "outside.toml"], ["craft.model", "outside the scene's folder"]),
    "no such model": (["render", "model.toml"], ["tianwen-orbiter", "did you mean 'tianwen1-orbiter'"]),
    "a damaged mesh": (["render", "damaged.toml"], ["torn.glb", "GLB"]),
    "a size in one number": (["render", SHIPPED, "--size", "1280"], ["--size '1280'", "1280x720"]),
    "a size in words": (["render", SHIPPED, "--size", "bigxsmall"], ["--size", "1280x720"]),
    "a size of nothing": (["render", SHIPPED, "--size", ""], ["--size ''", "1280x720"]),
    "a size in superscripts": (["render", SHIPPED, "--size", "²x²"], ["--size", "1280x720"]),
    "a size of five thousand digits": (["render", SHIPPED, "--size", "9" * 5000 + "x9"], ["--size", "1280x720"]),
    "a size of zero": (["render", SHIPPED, "--size", "0x0"], ["--size 0x0", "16 to 16384"]),
    "a size too large": (["render", SHIPPED, "--size", "20000x20000"], ["--size 20000x20000", "16 to 16384"]),
    "not a moment": (["render", SHIPPED, "--at", "yesterday"], ["--at: 'yesterday'", "release+100s"]),
    "before the release": (["render", SHIPPED, "--at", "release-5s"], ["at", "before the release"]),
    "a date that does not exist": (["show", SHIPPED, "--at", "2021-13-01T00:00:00Z"], ["2021-13-01T00:00:00Z"]),
    "an unknown image format": (["render", SHIPPED, "-o", "a.gif"], ["a.gif", ".png"]),
    "a folder instead of an image": (["render", SHIPPED, "-o", "folder"], ["folder", "is a folder"]),
    "a folder that cannot be created": (
        ["render", SHIPPED, "-o", "broken.toml/a.png"],
        ["broken.toml/a.png", "cannot be written"],
    ),
    "a path that nobody can write to": (["render", SHIPPED, "-o", "/proc/selfiesim/a.png"], ["/proc/selfiesim/a.png"]),
    "demo to such a path": (["demo", "-o", "/proc/selfiesim/a.png"], ["/proc/selfiesim/a.png"]),
    "an unknown command": (["rendre", SHIPPED], ['"rendre"', '"render"', "--help"]),
    "a subcommand without its group": (["inspect", "torn.glb"], ['"inspect"', "Try: selfiesim models inspect"]),
    "an unknown option": (["render", SHIPPED, "--siez", "3x3"], ["--siez", "--size", "--help"]),
    "an unknown quality": (["render", SHIPPED, "--quality", "best"], ["best", "draft", "final"]),
    "two qualities of a picture": (
        ["render", SHIPPED, "--draft", "--quality", "final"],
        ["--draft", "give one of them"],
    ),
    "two qualities of a story": (["story", SHIPPED, "--draft", "--quality", "final"], ["--draft", "give one of them"]),
    "two qualities of a film": (["film", SHIPPED, "--draft", "--quality", "final"], ["--draft", "give one of them"]),
    "two qualities of a gallery": (
        ["gallery", SHIPPED, "--draft", "--quality", "final"],
        ["--draft", "give one of them"],
    ),
    "an unknown export": (["export", SHIPPED, "-o", "a.fbx"], ["a.fbx", ".glb, .usda, .usdc, .usdz or .xml"]),
    "a caption of another picture": (["caption", "torn.glb"], ["torn.glb"]),
    "one scene too many": (["render", SHIPPED, "extra"], ["extra", "--help"]),
    "no scene": (["show"], ["SCENE", "--help"]),
    "an unknown camera": (["cameras", "liciacube-luk"], ["'liciacube-luk'", "did you mean 'liciacube-luke'"]),
    "unlike any camera": (["cameras", "9" * 5000, "--json"], ["'999", "known cameras are tianwen1-deployable"]),
    "an unknown camera in a scene": (["check", "preset.toml"], ["preset.toml", "camera.preset", "'hayabusa2-dcam3'"]),
}


@pytest.fixture
def bad_files(tmp_path):
    for name, content in FILES.items():
        if isinstance(content, tuple):
            content = scene_text(*content)
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "torn.glb").write_bytes(b"no mesh at all")
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_input_is_refused_with_a_clear_message(run, bad_files, case):
    words, expected = REFUSED[case]
    before = sorted(bad_files.rglob("*"))
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    lines = err.splitlines()
    assert 1 <= len(lines) <= 2
    assert all(line.startswith("selfiesim: ") and len(line) < 400 for line in lines)
    for piece in expected:
        assert piece in err
    # Nothing is half-written, and no folder created.
    assert sorted(bad_files.rglob("*")) == before


def test_debug_shows_a_traceback(tmp_path):
    (tmp_path / "broken.toml").write_text("title = [")
    plain, debug = (child("check", "broken.toml", *more, cwd=tmp_path) for more in ([], ["--debug"]))
    assert plain.returncode == 2
    assert "Traceback" not in plain.stderr
    assert debug.returncode != 0
    assert "Traceback" in debug.stderr
    assert "broken.toml" in debug.stderr


NO_GRAPHICS = {
    "VTK_DEFAULT_OPENGL_WINDOW": "vtkOSOpenGLRenderWindow",
    "LIBGL_DRIVERS_PATH": "/nowhere",
    "__EGL_VENDOR_LIBRARY_FILENAMES": "/nowhere",
    "DISPLAY": "",
}


@pytest.fixture(scope="module")
def vtk_crashes():
    """Skip the test where VTK does not crash without EGL, because OSMesa is installed."""
    program = (
        "import vtkmodules.vtkRenderingOpenGL2\nfrom vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkRenderer\n"
        "w = vtkRenderWindow(); w.SetOffScreenRendering(1); w.AddRenderer(vtkRenderer()); w.Render()"
    )
    environment = dict(os.environ) | NO_GRAPHICS
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    if done.returncode >= 0:
        pytest.skip(f"VTK does not crash here without EGL (exit code {done.returncode})")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="hides the graphics libraries of Linux")
@pytest.mark.usefixtures("vtk_crashes")
@pytest.mark.parametrize("words", [["render", SHIPPED, "-o", "new/a.png"], ["doctor"], ["doctor", "--json"]])
def test_without_opengl_a_message_says_what_to_install(tmp_path, words):
    (tmp_path / "cache").mkdir()
    environment = NO_GRAPHICS | {"SELFIESIM_CACHE": str(tmp_path / "cache")}
    done = child(*words, environment=environment, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "libgl1 libegl1" in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("words", [["schema"], ["scenes"], ["show", SHIPPED], ["show", SHIPPED, "--json"], ["--help"]])
@pytest.mark.parametrize("buffered", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_closed_pipe_is_not_an_error(words, buffered):
    read, write = os.pipe()
    os.close(read)
    try:
        done = child(*words, environment={"PYTHONUNBUFFERED": "" if buffered else "1"}, stdout=write)
    finally:
        os.close(write)
    assert done.stderr == ""
    assert done.returncode in (0, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_output_to_a_full_disk_is_reported():
    with Path("/dev/full").open("w") as full:
        done = child("schema", stdout=full)
    assert done.returncode == 2
    assert done.stderr == "selfiesim: standard output: No space left on device\n"


def test_the_largest_picture_of_the_path_tracer_is_named_in_megapixels(run):
    code, _out, err = run("render", "tianwen1-mars", "--size", "8192x8192", "--engine", "mitsuba", "-o", "x.tif")
    assert code == 2
    assert "at most 33 megapixels" in err  # 7680 x 4320
