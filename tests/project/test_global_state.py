"""Importing and using the package leaves the settings of the whole process as they were."""

from __future__ import annotations

from child_python import run_python

SCRIPT = """
import decimal, faulthandler, gc, locale, logging, os, random, signal, sys, tempfile, threading, warnings
from pathlib import Path

# Modules that have settings are imported first: what they set themselves is theirs.
import numpy as np
import PIL.Image, PIL.ImageFile
import pyvista
import rasterio
import rasterio.env
import scipy.ndimage, scipy.sparse, scipy.spatial, scipy.special
from vtkmodules.vtkCommonCore import vtkLogger, vtkObject, vtkOutputWindow
import vtkmodules.vtkRenderingOpenGL2

VTK_WINDOW = vtkOutputWindow.GetInstance()
LOGGERS = ("", "rasterio", "PIL", "trimesh", "pyvista", "imageio")


def state():
    return {
        "environment": dict(os.environ),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "numpy": (np.geterr(), np.get_printoptions(), np.random.get_state()[1].tolist()),
        "random": random.getstate(),
        "logging": [(logging.getLogger(name).level, *logging.getLogger(name).handlers) for name in LOGGERS],
        "logging disabled": logging.root.manager.disable,
        "pillow": (PIL.Image.MAX_IMAGE_PIXELS, PIL.ImageFile.LOAD_TRUNCATED_IMAGES),
        "vtk": (vtkObject.GetGlobalWarningDisplay(), vtkLogger.GetCurrentVerbosityCutoff()),
        "vtk window": vtkOutputWindow.GetInstance() is VTK_WINDOW,
        "pyvista": (pyvista.OFF_SCREEN, pyvista.BUILDING_GALLERY, pyvista.global_theme.to_dict()),
        "rasterio": rasterio.env.hasenv(),
        "hooks": (sys.excepthook, sys.displayhook, threading.excepthook, sys.unraisablehook),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "python": (sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled(), gc.get_threshold(), sys.path[:]),
        "locale": (locale.setlocale(locale.LC_ALL), decimal.getcontext().prec, faulthandler.is_enabled()),
        "folders": (Path.cwd(), tempfile.gettempdir(), os.umask(os.umask(0o22))),
    }


def check(before, what):
    after = state()
    changed = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert not changed, f"{what} changed {changed}"


os.umask(0o22)
before = state()
"""


def test_importing_and_rendering_change_no_setting(tmp_path):
    run_python(
        SCRIPT
        + """
from selfiesim import Scene
check(before, "the import")
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 36])
view = scene.view("release+60s")
check(before, "a view")
radiance = view.render("draft")
radiance.truth
view.render("final", 2, preview=lambda radiance: check(before, "a pass"))
check(before, "a render")
photo = radiance.expose()
for ending in ("png", "jpg", "tif", "npz"):
    photo.save(Path(sys.argv[1]) / f"a.{ending}")
check(before, "a photograph")
view.plotter(off_screen=True).close()
check(before, "a plotter")
""",
        tmp_path,
    )


def test_reading_files_and_dates_changes_no_setting(tmp_path):
    run_python(
        SCRIPT
        + """
import selfiesim
from concurrent.futures import ThreadPoolExecutor
from selfiesim.craft.inspect import inspect
from selfiesim.files.replay import read_recipe
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.astro.epoch import Epoch

folder = Path(sys.argv[1])
scene = selfiesim.Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 36])
scene.view().render().expose().save(folder / "a.png")
PIL.Image.fromarray(np.zeros((32, 64), np.uint8)).save(folder / "map.png")
profile = {"driver": "GTiff", "width": 64, "height": 32, "count": 1, "dtype": "uint8"}
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    with rasterio.open(folder / "map.tif", "w", **profile) as file:
        file.write(np.zeros((1, 32, 64), np.uint8))
(folder / "cut.tif").write_bytes((folder / "map.tif").read_bytes()[:200])

def read(number):
    assert Epoch.from_utc("2099-12-31T00:00:00Z").utc() == "2099-12-31T00:00:00Z"
    for name in ("map.png", "map.tif", "cut.tif"):
        try:
            with open_raster(folder / name, Conventions()) as raster:
                raster.rows(0, raster.height)
        except selfiesim.MapError:
            assert name == "cut.tif"
    read_recipe(folder / "a.png")
    inspect("tianwen1-orbiter")

with ThreadPoolExecutor(8) as pool:
    list(pool.map(read, range(64)))
check(before, "reading")
""",
        tmp_path,
    )
