"""Compare with other renderers: the same craft in front of the same planet at 1920x1080, each in its own process.

``make peers``, or ``python benchmarks/peers.py --json``. Seconds per frame, warm: the median of several after a first
one, with a moving camera. Read the ratios; seconds depend on the machine. A peer that is not installed is null.

plain_pyvista   a script of thirty lines: textured sphere, the meshes in PBR, one light, clipping range set by hand
mitsuba16, 64   a script of the same length for Mitsuba 3: its own materials, a distant light, 16 or 64 paths per pixel
cold            `selfiesim render tianwen1-mars`, a draft, from prompt to file; peak_rss_mb is its memory
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIZE = (1920, 1080)
SCENE, CRAFT = "tianwen1-mars", "tianwen1-orbiter"
MARS_M, BELOW_M, AWAY_M = 3.39e6, 3.9e6, 15.0
AIMS = {  # upper limits of the ratios
    "draft / mitsuba16": ("draft_s", "mitsuba16_s", 0.14),
    "draft / plain_pyvista": ("draft_s", "plain_pyvista_s", 1.6),
    "final / mitsuba64": ("final_s", "mitsuba64_s", 0.35),
}
Frame = Callable[[], Any]


def selfiesim_frames(quality: str) -> Frame:
    """Render one frame of the shipped scene, a second later each time."""
    from selfiesim import Scene

    scene = Scene.load(SCENE).with_changes(camera__size_px=list(SIZE))
    views = iter([scene.view(at=f"release+{60 + k}s") for k in range(30)])
    return lambda: next(views).render(quality).rgb


def camera_orbit() -> Any:
    """Positions (3,) of the camera, a degree further each time."""
    for angle in np.radians(np.arange(0.0, 60.0)):
        yield np.array([0.0, AWAY_M * np.sin(angle), -AWAY_M * np.cos(angle)])


def plain_pyvista() -> Frame:
    """A plain PyVista script: no shadows, no planetshine, 8 bits."""
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    import pyvista as pv

    from selfiesim.craft.load import load_craft
    from selfiesim.planet.maps.load import load_maps

    plotter = pv.Plotter(off_screen=True, window_size=list(SIZE), lighting="none")
    plotter.set_background("black")
    globe = pv.Sphere(radius=MARS_M, center=(0, 0, BELOW_M), theta_resolution=360, phi_resolution=180)
    globe.texture_map_to_sphere(inplace=True)
    plotter.add_mesh(globe, texture=pv.Texture(np.array(load_maps("mars").globe)), smooth_shading=True)
    for part in load_craft(CRAFT).parts:
        mesh = pv.PolyData.from_regular_faces(part.vertices, part.faces)
        mesh.point_data.active_normals = part.normals
        plotter.add_mesh(mesh, color=part.material.base_color, pbr=True, metallic=part.material.metallic, roughness=0.4)
    plotter.add_light(pv.Light(position=(-1.0, 2.0, -3.0), light_type="scene light", intensity=3.0))
    positions = camera_orbit()

    def frame() -> Any:
        plotter.camera.position = next(positions)
        plotter.camera.focal_point, plotter.camera.up = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0)
        plotter.camera.clipping_range = (5.0, 8.0e6)
        plotter.render()
        return plotter.screenshot(return_img=True)

    return frame


def plain_mitsuba(paths: int) -> Frame:
    """A plain Mitsuba script."""
    import mitsuba as mi

    from selfiesim.craft.load import load_craft
    from selfiesim.planet.maps.load import load_maps
    from selfiesim.render.mitsuba.renderer import require

    mi.set_variant(require())
    globe = np.array(load_maps("mars").globe, np.float32)[..., :3] / 255.0
    look = {"type": "diffuse", "reflectance": {"type": "bitmap", "bitmap": mi.Bitmap(globe), "raw": True}}
    place = mi.ScalarTransform4f().translate([0, 0, BELOW_M]).scale(MARS_M)
    content: dict[str, Any] = {"type": "scene", "mars": {"type": "sphere", "to_world": place, "bsdf": look}}
    content["sun"] = {"type": "directional", "direction": [1.0, -2.0, 3.0], "irradiance": {"type": "rgb", "value": 3.0}}
    for number, part in enumerate(load_craft(CRAFT).parts):
        content[f"part{number}"] = mitsuba_mesh(mi, part)
    scene = mi.load_dict(content)
    positions = camera_orbit()

    def frame() -> Any:
        to_world = mi.ScalarTransform4f().look_at(origin=next(positions).tolist(), target=[0, 0, 0], up=[1, 0, 0])
        film = {"type": "hdrfilm", "width": SIZE[0], "height": SIZE[1], "rfilter": {"type": "box"}}
        sensor = mi.load_dict({"type": "perspective", "fov": 60.0, "to_world": to_world, "far_clip": 1e8, "film": film})
        return np.array(mi.render(scene, sensor=sensor, integrator=mi.load_dict({"type": "path"}), spp=paths))

    return frame


def mitsuba_mesh(mi: Any, part: Any) -> Any:
    material = part.material
    look = {
        "type": "principled",
        "base_color": {"type": "rgb", "value": [float(v) for v in material.base_color]},
        "metallic": material.metallic,
        "roughness": 0.4,
    }
    props = mi.Properties()
    props["mesh_bsdf"] = mi.load_dict({"type": "twosided", "bsdf": look})
    mesh = mi.Mesh(part.name, len(part.vertices), len(part.faces), props=props, has_vertex_normals=True)
    tables = mi.traverse(mesh)
    tables["vertex_positions"], tables["vertex_normals"] = np.ravel(part.vertices), np.ravel(part.normals)
    tables["faces"] = np.ravel(part.faces).astype(np.uint32)
    tables.update()
    return mesh


PEERS: dict[str, tuple[Callable[[], Frame], int]] = {
    "draft_s": (lambda: selfiesim_frames("draft"), 10),
    "final_s": (lambda: selfiesim_frames("final"), 3),
    "plain_pyvista_s": (plain_pyvista, 10),
    "mitsuba16_s": (lambda: plain_mitsuba(16), 5),
    "mitsuba64_s": (lambda: plain_mitsuba(64), 3),
}


def warm_seconds(name: str) -> float:
    """The median of a peer's frames after a first one, in this process."""
    make, count = PEERS[name]
    frame = make()
    assert np.asarray(frame())[..., :3].mean() > 0.0, "something is in the picture"
    times = []
    for _ in range(count):
        start = time.perf_counter()
        frame()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def time_in_child(name: str) -> float | None:
    command = [sys.executable, __file__, "--one", name]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"{name}: {last}", file=sys.stderr)
        return None
    return float(child.stdout.split()[-1])


def measure_cold_start(count: int = 3) -> tuple[float, float]:
    """Seconds from prompt to file, the median, and the largest resident set, MB."""
    command = [str(Path(sys.executable).with_name("selfiesim")), "render", SCENE, "--quality", "draft", "-o", "a.png"]
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(count + 1):
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            times.append(time.perf_counter() - start)
    return statistics.median(times[1:]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def measure() -> dict[str, Any]:
    load = os.getloadavg()[0]
    # First, because the system reports the largest child that has ended so far.
    seconds, megabytes = measure_cold_start()
    found: dict[str, Any] = {name: time_in_child(name) for name in PEERS}
    found |= {"cold_s": seconds, "peak_rss_mb": megabytes}
    rounded = {name: None if value is None else round(value, 3) for name, value in found.items()}
    ratios = {
        name: None if not (found[one] and found[other]) else round(found[one] / found[other], 3)
        for name, (one, other, _) in AIMS.items()
    }
    aims = {name: aim for name, (_, _, aim) in AIMS.items()}
    return rounded | {"ratios": ratios, "aims": aims, "load_before": round(load, 2), "cpus": os.cpu_count()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--one", choices=list(PEERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(warm_seconds(options.one))
        return
    found = measure()
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name in (*PEERS, "cold_s", "peak_rss_mb"):
        print(f"{name:16s} {'not installed' if found[name] is None else format(found[name], '10.3f')}")
    for name, (_, _, aim) in AIMS.items():
        ratio = found["ratios"][name]
        print(f"{name:24s} {'-' if ratio is None else format(ratio, '6.3f')}   (aim: at most {aim})")


if __name__ == "__main__":
    main()
