"""Scenes of one plain body in front of an airless Mars, small enough to render in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.scene.scene import Scene
from selfiesim.view.view import View

Floats = NDArray[np.float64]

LOW_KM, FAR_KM = 3990.0, 400_000.0  # from Mars' centre: 600 km up, and where its light is 1e-5 of the Sun's
_SPEED_M_S, _RELEASED_S = 0.2, 10.0


# Long: a whole scene.
def staged(
    folder: Path,
    mesh: str,
    albedo: float,
    camera_m: tuple[float, float, float],
    sun_axis: tuple[float, float, float],
    distance_km: float = FAR_KM,
    size: tuple[int, int] = (160, 90),
    fov_deg: float = 40.0,
) -> View:
    """Return the view of a matt body (``mesh``: OBJ text), with the Sun along one of its axes.

    The orbit is over the subsolar side of Mars, without air and frost; the sky is empty.
    """
    (folder / "body.obj").write_text(mesh)
    eye = np.array(camera_m)
    axis = eye / np.linalg.norm(eye)
    mount = eye - axis * _SPEED_M_S * _RELEASED_S
    (folder / "body.toml").write_text(
        'name = "body"\n[frame]\nunits = "m"\n'
        f"[mounts.camera]\nposition_m = {mount.tolist()}\naxis = {axis.tolist()}\n"
        f"[materials.matt]\nbase_color = [{albedo}, {albedo}, {albedo}]\nroughness = 1.0\nmetallic = 0.0\n"
    )
    table = {
        "title": "validation",
        "at": f"release+{_RELEASED_S}s",
        "craft": {"model": "body.obj"},
        "orbit": {
            "epoch_utc": "2021-12-31T16:30:00Z",
            "semi_major_axis_km": distance_km,
            "eccentricity": 0.0,
            "inclination_deg": 86.3,
            "raan_deg": 15.0,
            "arg_periapsis_deg": 0.0,
            "true_anomaly_deg": 15.0,
        },
        "attitude": {
            "primary": {"axis": sun_axis, "toward": "sun"},
            "secondary": {"axis": (1.0, 0.0, 0.0), "toward": "orbit-normal"},
        },
        "release": {"at": "2021-12-31T16:30:00Z", "speed_m_s": _SPEED_M_S},
        "camera": {"size_px": size, "horizontal_fov_deg": fov_deg, "up": "orbit-normal"},
        "sky": {"stars": False, "sun": False, "moons": False},
        "planet": {"dust_opacity": 0.0, "gas": 0.0, "cloud_opacity": 0.0, "hood_opacity": 0.0, "frost": False},
    }
    return Scene.from_table(table, folder=folder).view()


def plate(half_m: float = 0.5, half_thickness_m: float = 0.01) -> str:
    """Return a flat box as OBJ text, normal along z."""
    corners = [(x, y, z) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)]
    vertices = [f"v {x * half_m} {y * half_m} {z * half_thickness_m}" for x, y, z in corners]
    faces = ["f 1 3 4 2", "f 5 6 8 7", "f 1 2 6 5", "f 3 7 8 4", "f 1 5 7 3", "f 2 4 8 6"]
    return _obj(vertices, faces)


def ball(radius_m: float = 0.5, rings: int = 48) -> str:
    """Return a sphere as OBJ text."""
    polar = np.linspace(0.0, np.pi, rings + 1)
    turn = np.arange(2 * rings) * np.pi / rings
    grid = [(np.sin(p) * np.cos(t), np.sin(p) * np.sin(t), np.cos(p)) for p in polar[1:-1] for t in turn]
    points = radius_m * np.array([(0.0, 0.0, 1.0), *grid, (0.0, 0.0, -1.0)])
    width, last = 2 * rings, len(points)
    faces = [f"f 1 {2 + k} {2 + (k + 1) % width}" for k in range(width)]
    for ring in range(rings - 2):
        first = 2 + ring * width
        for k in range(width):
            right = (k + 1) % width
            faces.append(f"f {first + k} {first + width + k} {first + width + right} {first + right}")
    bottom = 2 + (rings - 2) * width
    faces += [f"f {last} {bottom + (k + 1) % width} {bottom + k}" for k in range(width)]
    return _obj([f"v {x} {y} {z}" for x, y, z in points], faces)


def _obj(vertices: list[str], faces: list[str]) -> str:
    return "\n".join([*vertices, "o body", "usemtl matt", *faces, ""])
