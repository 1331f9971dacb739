"""Four scenes that validate the renderer, and measures that compare two pictures of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from selfiesim.scene.scene import Scene

NAMES = ("sphere-and-plate", "box-on-wing", "orbiter", "orbiter-in-its-own-shade")
SIZE = (320, 180)
REFERENCES = Path(__file__).parent / "references"
LOW_KM = 3990.0  # 600 km up
FAR_KM = 400_000.0  # the planet lights the craft 1e-5 times as strongly as the Sun
_SPEED_M_S, _RELEASED_S = 0.2, 10.0


def scene_of(name: str, folder: Path):
    """Return one of :data:`NAMES`; its mesh is written into ``folder``. Airless: planetshine does not model dust."""
    return _SCENES[name](folder)


def view_of(name: str, folder: Path):
    """Return the view of :func:`scene_of`."""
    return scene_of(name, folder).view()


def _sphere_and_plate(folder):
    """Lambert surfaces: a ball above a plate, sunlit from above, with a full Mars below."""
    plate, ball = trimesh.creation.box((3.0, 3.0, 0.04)), trimesh.creation.icosphere(5, 0.5)
    ball.apply_translation((0.0, 0.0, 0.9))
    materials = {"plate": {"base_color": [0.6, 0.6, 0.6], "roughness": 1.0}, "ball": {"base_color": [0.8, 0.5, 0.3]}}
    materials["ball"]["roughness"] = 1.0
    model = write_craft(folder, "sphere-and-plate", {"plate": plate, "ball": ball}, materials, (5.2, 1.2, 1.6))
    sun = {"axis": [0.35, 0.2, 0.915], "toward": "sun"}
    return staged(folder, model, LOW_KM, sun, 42.0)


def _box_on_wing(folder):
    """A white box casts its shadow on a blue, glossy wing."""
    wing, box = trimesh.creation.box((4.0, 1.6, 0.03)), trimesh.creation.box((0.6, 0.6, 0.6))
    box.apply_translation((-0.9, 0.1, 0.6))
    materials = {"wing": {"base_color": [0.05, 0.08, 0.3], "roughness": 0.35}}
    materials["box"] = {"base_color": [0.8, 0.8, 0.8], "roughness": 0.7}
    model = write_craft(folder, "box-on-wing", {"wing": wing, "box": box}, materials, (1.5, 3.0, 3.6))
    return staged(folder, model, FAR_KM, {"axis": [-0.45, 0.3, 0.84], "toward": "sun"}, 44.0)


def _orbiter(folder):
    return _close_up("release+72s", [0.0, 0.0, -1.0])


def _orbiter_in_its_own_shade(folder):
    """The Sun beyond the tip of a wing, which casts its shadow on the body.

    The backs of the wings face the Sun: path tracing almost never finds the Sun's reflection in the glass of the cells,
    and the mean of the light from it would be that of a few bright pixels.
    """
    backs = {"wing_plus_y": [-30.0], "wing_minus_y": [-30.0]}
    return _close_up("release+60s", [-0.13, 0.966, 0.224], backs)


def _close_up(at, sun_axis, joints=None):
    changes = {"camera__size_px": list(SIZE), "camera__place": [0.5, 0.5], "camera__horizontal_fov_deg": 36.0}
    changes |= {"sky__stars": False, "sky__moons": False, "sky__sun": False, "planet__dust_opacity": 0.0}
    changes |= {
        "planet__frost": False,
        "planet__gas": 0.0,
        "planet__cloud_opacity": 0.0,
        "planet__hood_opacity": 0.0,
        "at": at,
        "orbit__epoch_utc": "2021-12-31T13:05:00Z",
        "orbit__true_anomaly_deg": 32.9,
        "release__at": "max-latitude-95s",
        "release__axis": None,
        "camera__roll_deg": 268.0,
        "attitude__primary": {"axis": sun_axis, "toward": "sun"},
        "craft__joints_deg": joints or {},
    }
    return Scene.load("tianwen1-mars").with_changes(**changes)


_SCENES = dict(zip(NAMES, (_sphere_and_plate, _box_on_wing, _orbiter, _orbiter_in_its_own_shade), strict=True))


def write_craft(folder, name, solids, materials, eye):
    scene = trimesh.Scene()
    for part, mesh in solids.items():
        # With a texture: without one the file has no texture coordinates, which define the grain.
        uv = getattr(mesh.visual, "uv", None)
        texture = None if uv is None else Image.new("RGB", (4, 4), "white")
        material = PBRMaterial(name=part, metallicFactor=0.0, baseColorTexture=texture)
        mesh.visual = TextureVisuals(uv=uv, material=material)
        scene.add_geometry(mesh, node_name=part)
    scene.export(folder / f"{name}.glb")
    axis = np.array(eye) / np.linalg.norm(eye)
    mount = np.array(eye) - axis * _SPEED_M_S * _RELEASED_S
    text = f"[mounts.camera]\nposition_m = {mount.tolist()}\naxis = {axis.tolist()}\n"
    for part, material in materials.items():
        text += f"[materials.{part}]\n" + "".join(f"{key} = {value}\n" for key, value in material.items())
    (folder / f"{name}.toml").write_text(text)
    return f"{name}.glb"


def staged(folder, model, distance_km, sun, fov):
    table = {
        "title": "proof",
        "at": f"release+{_RELEASED_S}s",
        "craft": {"model": model},
        "orbit": {
            "epoch_utc": "2021-12-31T16:30:00Z",
            "semi_major_axis_km": distance_km,
            "eccentricity": 0.0,
            "inclination_deg": 86.3,
            "raan_deg": 15.0,
            "arg_periapsis_deg": 0.0,
            "true_anomaly_deg": 15.0,
        },
        "attitude": {"primary": sun, "secondary": {"axis": (1.0, 0.0, 0.0), "toward": "orbit-normal"}},
        "release": {"at": "2021-12-31T16:30:00Z", "speed_m_s": _SPEED_M_S},
        "camera": {"size_px": SIZE, "horizontal_fov_deg": fov, "up": "orbit-normal"},
        "sky": {"stars": False, "sun": False, "moons": False},
        "planet": {"dust_opacity": 0.0, "gas": 0.0, "cloud_opacity": 0.0, "hood_opacity": 0.0, "frost": False},
    }
    return Scene.from_table(table, folder=folder)


def reference(name: str, light: str):
    """Return the stored picture (H, W, 3) of a scene: ``"direct"`` or ``"bounced"`` light."""
    with np.load(REFERENCES / f"{name}-{light}.npz", allow_pickle=False) as arrays:
        return arrays["rgb"].astype(np.float64) * float(arrays["scale"])


def regions(truth, min_pixels):
    """Return masks (H, W) of parts with at least ``min_pixels``, by name, without the mixed pixels at their edges."""
    masks = {}
    for number, name in truth.part_names.items():
        mask = distance_transform_edt(np.pad(truth.part == number, 1))[1:-1, 1:-1] > 1.0
        if name != "sky" and mask.sum() >= min_pixels:
            masks[name] = mask
    return masks


def tone_map(rgb, white):
    """Return display values by sRGB's curve (IEC 61966-2-1), with 1 for ``white``."""
    x = np.clip(rgb / white, 0.0, 1.0)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)


def similarity(one, other):
    """Return the grey-level SSIM of two pictures: Wang et al. 2004, Gaussian window of 1.5 pixels, K1 0.01, K2 0.03."""
    a, b = (picture @ (0.2126, 0.7152, 0.0722) for picture in (one, other))

    def mean(x):
        return gaussian_filter(x, 1.5, truncate=3.5)

    ma, mb = mean(a), mean(b)
    va, vb, both = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    return float(((2 * ma * mb + c1) * (2 * both + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean())


def edge_distance(one, other, where):
    """Return the largest distance, pixels, between the edges of two masks (H, W), over the pixels ``where`` (H, W)."""
    # A pixel on the edge has its centre within half a pixel of it, and the transform counts it as 1.
    inside = np.maximum(distance_transform_edt(one), distance_transform_edt(~one)) - 0.5
    return float(inside[(one != other) & where].max(initial=0.0))
