"""The wheel works on its own: installed outside the checkout, it renders a picture."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command, cwd, **variables):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | variables
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The source distribution, and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (source,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return source, wheel


@pytest.fixture(scope="module")
def installed(distributions, tmp_path_factory):
    """The ``bin`` folder of an environment with the wheel, and with this one's dependencies but not its selfiesim."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env", with_pip=True)
    scripts = folder / "env" / "bin"
    run(scripts / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", distributions[1], cwd=folder)
    # A folder that a .pth file names has its own .pth files ignored, and with them the editable installation.
    site_packages = run(scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(site_packages.strip(), "dependencies.pth").write_text("".join(f"{each}\n" for each in sorted(dependencies)))
    return scripts


def test_wheel_carries_its_data(distributions):
    with zipfile.ZipFile(distributions[1]) as wheel:
        names = set(wheel.namelist())

    def shipped(pattern):
        return {path.name for path in ROOT.glob(pattern)}

    for source, target in (
        ("models/*.*", "models"),
        ("scenes/*.*", "scenes"),
        ("src/selfiesim/render/shaders/*.glsl", "render/shaders"),
    ):
        assert shipped(source)
        assert {f"selfiesim/{target}/{name}" for name in shipped(source)} <= names
    assert {"selfiesim/astro/heliocentric.txt", "selfiesim/sky/stars.txt", "selfiesim/py.typed"} <= names
    data = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*") if path.is_file()}
    assert {name for name in data if "__pycache__" not in name} <= names


def test_source_distribution_holds_no_large_pictures(distributions):
    with tarfile.open(distributions[0]) as source:
        names = [name.split("/", 1)[1] for name in source.getnames()]
    assert {"pyproject.toml", "LICENSE", "README.md", "src/selfiesim/__init__.py"} <= set(names)
    assert [name for name in names if name.startswith(("renders/", "tests/validation/references/", ".venv"))] == []
    pictures = (".png", ".jpg", ".webp", ".gif", ".svg")
    assert [name for name in names if name.startswith("docs/") and name.endswith(pictures)] == []


def test_installed_wheel_renders_outside_the_checkout(installed, tmp_path):
    code = "import sys, selfiesim; print(selfiesim.__file__, *sys.path, sep='\\n')"
    package, *path = run(installed / "python", "-c", code, cwd=tmp_path).splitlines()
    assert Path(package).is_relative_to(installed.parent)
    assert str(ROOT / "src") not in path
    run(
        installed / "selfiesim",
        "render",
        "tianwen1-mars",
        "--draft",
        "--size",
        "160x90",
        "-o",
        "selfie.png",
        cwd=tmp_path,
    )
    from PIL import Image

    with Image.open(tmp_path / "selfie.png") as picture:
        assert picture.size == (160, 90)
        assert picture.convert("L").getextrema()[1] > 100
