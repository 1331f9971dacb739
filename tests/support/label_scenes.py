"""A small satellite of boxes with marked points, and a scene with a second one partly behind it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh

from selfiesim.scene.scene import Scene

# A body with a wing, without symmetry; metres, body axes.
SOLIDS = [((1.0, 0.8, 0.6), (0.0, 0.0, 0.0)), ((0.04, 1.6, 0.5), (0.1, 1.2, 0.0)), ((0.2, 0.2, 0.3), (0.3, -0.2, 0.45))]
RELEASED_S = 10.0
EYE = (3.0, -0.8, 2.2)
# On the side that faces the camera, on the far side, at the end of the wing, and far away from the satellite.
MOUNTS = {
    "near": (0.5, -0.2, 0.1),
    "far": (-0.5, 0.0, 0.1),
    "tip": (0.12, 2.0, 0.1),
    "beyond": (0.0, 60.0, 0.0),
}
BENT = {"model": "brown-conrady", "distortion": [-0.12, 0.03, 0.001, -0.002]}
FISHEYE = {"model": "kannala-brandt", "distortion": [0.02, -0.004, 0.0, 0.0]}


def write_satellite(folder: Path) -> str:
    """Write the mesh and its description; return the name of the mesh."""
    scene = trimesh.Scene()
    for number, (extents, center) in enumerate(SOLIDS):
        solid = trimesh.creation.box(extents, trimesh.transformations.translation_matrix(center))
        scene.add_geometry(solid, node_name=f"solid{number}")
    folder.mkdir(parents=True, exist_ok=True)
    scene.export(folder / "sat.glb")
    eye = np.array(EYE)
    axis = eye / np.linalg.norm(eye)
    mounts = {"camera": (eye - axis * 0.2 * RELEASED_S, axis)} | {
        name: (np.array(at), axis) for name, at in MOUNTS.items()
    }
    (folder / "sat.toml").write_text(
        'name = "sat"\n'
        + "".join(
            f"[mounts.{name}]\nposition_m = {position.tolist()}\naxis = {axis.tolist()}\n"
            for name, (position, axis) in mounts.items()
        )
    )
    return "sat.glb"


def satellites(folder: Path, size=(128, 72), beside=(-1.5, 0.9, -0.9), camera=None) -> Scene:
    """Return a scene high above Mars; ``beside`` is the position of the second satellite, body axes; None for none."""
    model = write_satellite(folder)
    table = {
        "title": "satellites",
        "at": f"release+{RELEASED_S}s",
        "craft": {"model": model},
        "orbit": {
            "epoch_utc": "2021-12-31T16:30:00Z", "semi_major_axis_km": 9000.0, "eccentricity": 0.1,
            "inclination_deg": 86.3, "raan_deg": 100.72, "arg_periapsis_deg": 10.0, "true_anomaly_deg": 90.0,
        },
        "release": {"at": "2021-12-31T16:30:00Z", "mount": "camera", "speed_m_s": 0.2},
        "camera": {"size_px": list(size), "horizontal_fov_deg": 70.0, "up": "orbit-normal"} | (camera or {}),
    }  # fmt: skip
    if beside is not None:
        table["objects"] = [{"name": "second", "model": model, "offset_m": list(beside), "axes": "body"}]
    return Scene.from_table(table, folder=folder)
