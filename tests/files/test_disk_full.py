"""A full disk: each format is refused in one sentence that names the file, and nothing half-written is left."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")

# A limit on the size of a file fails in the same calls as a full disk. Without the signal, writing raises an error.
WRITER = """
import json, resource, signal, sys
from pathlib import Path
import numpy as np
from selfiesim.core.errors import UserError
from selfiesim.films.video_writer import write_film
from selfiesim.core.files import atomic_write
from selfiesim.scene.scene import Scene

view = Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 36]).view()
photo = view.render("draft", 1).expose()
noise = np.random.default_rng(0).integers(0, 256, (3, 36, 64, 3), np.uint8)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))


def film(path):
    with atomic_write(path) as temporary:
        write_film(temporary, iter(noise), (64, 36), 5.0, "noise")


tasks = {f"a.{ending}": photo.save for ending in ("png", "jpg", "tif", "exr", "npz")}
tasks |= {"f.mp4": film, "f.webp": film, "f.gif": film, "f.apng": film}
for name, write in tasks.items():
    try:
        write(Path(name))
        print(json.dumps([name, "written"]))
    except UserError as error:
        print(json.dumps([name, str(error)]))
"""


def test_each_format_is_refused_without_leftovers(tmp_path):
    run = subprocess.run([sys.executable, "-c", WRITER], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    said = dict(json.loads(line) for line in run.stdout.splitlines())
    assert set(said) == {"a.png", "a.jpg", "a.tif", "a.exr", "a.npz", "f.mp4", "f.webp", "f.gif", "f.apng"}
    for name, message in said.items():
        assert name in message or "ffmpeg could not write the film" in message, message
        assert "None" not in message
        assert message != "written"
    assert list(tmp_path.iterdir()) == []
