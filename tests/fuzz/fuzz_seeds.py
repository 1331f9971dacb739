"""Small valid inputs of every kind that selfiesim reads, made here; the mutators spoil them."""

from __future__ import annotations

import io
import sys
import tempfile
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))  # for runs without pytest

ORBIT = {
    "body": "mars", "frame": "mars-inertial", "epoch_utc": "2021-12-31T13:05:00Z", "semi_major_axis_km": 8898.75,
    "eccentricity": 0.5884, "inclination_deg": 86.3, "raan_deg": 100.72, "arg_periapsis_deg": 57.1,
    "true_anomaly_deg": 32.9,
}  # fmt: skip
SMALL_CAMERA = {"size_px": [32, 18], "horizontal_fov_deg": 60.0}
BOX = """v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nv 1 0 1\nv 1 1 1\nv 0 1 1
vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nvn 0 0 -1\nvn 0 0 1
mtllib box.mtl\no body\nusemtl paint\ns off
f 1/1/1 4/4/1 3/3/1 2/2/1\nf 5/1/2 6/2/2 7/3/2 8/4/2\no sides\nusemtl gold
f 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8
"""
BOX_MTL = """newmtl paint\nKd 0.8 0.8 0.8\nKs 0.2 0.2 0.2\nNs 90\nd 1\nmap_Kd -s 1 1 1 tex.png
newmtl gold\nKd 1.0 0.7 0.3\nPm 1\nPr 0.3\nTr 0\nillum 2
"""
DESCRIPTION: dict[str, Any] = {
    "name": "box",
    "description": "A box",
    "frame": {"up": "z", "units": "m", "origin": [0.5, 0.5, 0.5]},
    "mass": {"mass_kg": 10.0, "source": "a test"},
    "mounts": {"camera": {"position_m": [0.0, 0.0, 0.6], "axis": [0.0, 0.0, 1.0]}},
    "materials": {"gold": {"base_color": [0.9, 0.6, 0.2], "metallic": 1.0, "roughness": 0.3}},
    "joints": {
        "panel": {
            "node": "sides",
            "origin_m": [0.0, 0.0, 0.0],
            "axes": [[1.0, 0.0, 0.0]],
            "zero_normal": [0.0, 0.0, 1.0],
        }
    },
}


@cache
def picture(suffix: str = "png") -> bytes:
    """A picture of 16 x 8 pixels."""
    from PIL import Image

    out = io.BytesIO()
    image = Image.fromarray(np.arange(384).astype(np.uint8).reshape(8, 16, 3))
    image.save(out, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper()))
    return out.getvalue()


def box_files() -> dict[str, bytes]:
    """The box with its materials, texture and description."""
    from fuzz_mutators import toml_text

    return {
        "box.obj": BOX.encode(),
        "box.mtl": BOX_MTL.encode(),
        "tex.png": picture(),
        "box.toml": toml_text(DESCRIPTION).encode(),
    }


def scene_tables() -> list[dict[str, Any]]:
    """Scenes of every kind: released, mounted, landed, with objects, with a body of their own."""
    released = {
        "title": "A box over Mars",
        "at": "release+30s",
        "craft": {"model": "box.obj", "materials": {"gold": "gold-foil"}},
        "orbit": ORBIT,
        "release": {"at": "max-latitude-95s", "speed_m_s": 0.2, "axis": [0.0, 0.2, 1.0], "mount": "camera"},
        "camera": SMALL_CAMERA | {"model": "brown-conrady", "distortion": [-0.2, 0.05, 0.001, -0.001, 0.01]},
        "photo": {"look": "onboard", "f_number": 8.0, "iso": 100.0, "meter": "matrix"},
        "planet": {"dust_opacity": 0.3, "frost": True},
        "assumed": {"release.speed_m_s": "not published"},
    }
    mounted = {
        "title": "A mast over the Earth",
        "at": "2024-04-08T18:18:00Z",
        "craft": {"model": "box.obj"},
        "orbit": {
            "body": "earth",
            "frame": "icrf",
            "epoch_utc": "2024-04-08T18:18:00Z",
            "position_km": [7000.0, 10.0, 30.0],
            "velocity_km_s": [0.0, 7.5, 1.0],
            "forces": {"sun": True, "zonals": True},
        },
        "attitude": {
            "primary": {"axis": [0, 1, 0], "toward": "zenith"},
            "secondary": {"axis": [1, 0, 0], "toward": "velocity"},
        },
        "mounted": {"offset_m": [3.0, 3.0, 3.0], "axes": "local"},
        "camera": SMALL_CAMERA | {"model": "equirectangular", "horizontal_fov_deg": 300.0, "roll_deg": 10.0},
        "objects": [
            {"name": "mate", "model": "box.obj", "offset_m": [4.0, 1.0, 0.0], "axes": "local"},
            {"name": "sub", "model": "box.obj", "release": {"at": "2024-04-08T18:17:30Z", "axis": [0, 1, 0.2]}},
        ],
    }
    landed = {
        "title": "A box on Mars",
        "at": "2021-06-01T05:10:00Z",
        "craft": {"model": "box.obj"},
        "site": {"body": "mars", "longitude_deg": 109.925, "latitude_deg": 25.066},
        "attitude": {
            "primary": {"axis": [0, 0, 1], "toward": "zenith"},
            "secondary": {"axis": [-1, 0, 0], "toward": "north"},
        },
        "mounted": {"offset_m": [3.0, 2.0, 1.5], "axes": "local"},
        "camera": SMALL_CAMERA | {"look": "azimuth", "azimuth_deg": 200.0, "elevation_deg": -10.0},
        "ground": {
            "rock_share": 0.01,
            "cell_rad": 0.05,
            "craters": [{"at_m": [20, 10], "radius_m": 8, "depth_m": 1.5}],
        },
    }
    own_body = released | {
        "title": "A box at a body of its own",
        "at": "release+20s",
        "body": {
            "name": "bennu2", "radii_km": [0.28, 0.27, 0.25], "gm_km3_s2": 4.9e-9, "pole_ra_deg": 85.0,
            "pole_dec_deg": -60.0, "meridian_deg": 140.0, "spin_deg_day": 2011.0, "j2": 0.02,
            "geometric_albedo": 0.045,
            "orbit": {
                "epoch_utc": "2019-01-01T00:00:00Z", "semi_major_axis_au": 1.126, "eccentricity": 0.2037,
                "inclination_deg": 6.03, "node_deg": 2.06, "arg_periapsis_deg": 66.2, "mean_anomaly_deg": 101.7,
            },
        },
        "orbit": {
            "body": "bennu2", "frame": "icrf", "epoch_utc": "2019-01-10T00:00:00Z",
            "position_km": [1.5, 0.2, 0.1], "velocity_km_s": [0.0, 0.00005, 0.00001],
        },
        "release": {"at": "2019-01-10T00:01:00Z", "speed_m_s": 0.05},
        "assumed": {},
    }  # fmt: skip
    return [released, mounted, landed, own_body]


JOBS: list[dict[str, Any]] = [
    {
        "scene": "scene.toml", "size": [32, 18], "seed": 3, "samples": 1,
        "vary": {"time": {"from": "release+30s", "to": "release+33s", "step_s": 1.0}},
    },
    {
        "scene": "scene.toml", "draws": 4, "bits": 16,
        "vary": {"release.speed_m_s": {"uniform": [0.1, 0.3]}, "camera.roll_deg": {"linspace": [0.0, 90.0, 3]}},
        "labels": {"formats": ["coco", "poses"], "split": [80, 10, 10]},
    },
    {
        "scene": "scene.toml", "quality": "final",
        "vary": {"camera.horizontal_fov_deg": {"values": [40, 50.5], "link": "a"}, "at": {"values": ["release+5s"]}},
    },
]  # fmt: skip


def archive(members: dict[str, bytes]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


@cache
def rendered_files() -> dict[str, bytes]:
    """A small picture with its recipe in each format, its sidecar, and the light that it was developed from."""
    from selfiesim.scene.scene import Scene

    with tempfile.TemporaryDirectory() as folder:
        for name, content in box_files().items():
            (Path(folder) / name).write_bytes(content)
        scene = Scene.from_table(scene_tables()[0], folder=Path(folder))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            photo = scene.view().render(samples=1).expose()
            for suffix in ("png", "jpg", "tif", "exr", "npz"):
                photo.save(Path(folder) / f"a.{suffix}")
        return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("a.*"))}


@cache
def finished_batch() -> dict[str, bytes]:
    """A job, and the folder of its finished frames with their labels, by file name."""
    from fuzz_mutators import toml_text

    from selfiesim.batches.run import batch, read_job

    job = JOBS[1] | {"draws": 2, "samples": 1, "vary": {"release.speed_m_s": {"uniform": [0.1, 0.3]}}}
    files = box_files() | {
        "scene.toml": toml_text(scene_tables()[0]).encode(),
        "job.toml": toml_text(job).encode(),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each, content in files.items():
            (folder / each).write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert all(frame.is_done for frame in batch(read_job(folder / "job.toml"), folder / "out"))
        written = [path for path in sorted((folder / "out").rglob("*")) if path.is_file()]
        return files | {str(path.relative_to(folder)): path.read_bytes() for path in written}
