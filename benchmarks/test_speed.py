"""Time rendering, loading and whole commands: `make bench`. Read ratios; seconds depend on the machine.

Each whole command runs in a fresh process with the maps in the cache, like a user's second picture.
"""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from peers import plain_pyvista

from selfiesim import Scene

COMMAND = [str(Path(sys.executable).with_name("selfiesim"))]


def run(*words, cwd):
    return subprocess.run([*COMMAND, *words], cwd=cwd, check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").view()


GRID = 224  # 2 * 224**2 = 100,352 triangles


def write_torus(path, with_normals):
    """Write a GLB of a smooth torus of 100,352 triangles."""
    import trimesh

    mesh = trimesh.creation.torus(3.0, 1.0, major_sections=GRID, minor_sections=GRID)
    mesh.export(path, include_normals=with_normals)
    return path


@pytest.mark.parametrize("with_normals", [True, False], ids=["normals", "bare"])
def test_load_100_000_triangles(benchmark, tmp_path, monkeypatch, with_normals):
    """Target: 1 s for a new file."""
    from selfiesim.craft.load import clear_craft_cache, load_craft

    path = write_torus(tmp_path / "ring.glb", with_normals)

    def with_new_cache():
        clear_craft_cache()
        monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / str(np.random.default_rng().integers(1 << 62))))
        return (path,), {}

    craft = benchmark.pedantic(load_craft, setup=with_new_cache, rounds=5, warmup_rounds=1)
    assert craft.triangle_count == 2 * GRID**2


def test_load_100_000_triangles_again(benchmark, tmp_path, monkeypatch):
    """Target: 0.1 s from the cache."""
    from selfiesim.craft.load import clear_craft_cache, load_craft

    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    path = write_torus(tmp_path / "ring.glb", with_normals=False)
    load_craft(path)
    benchmark.pedantic(load_craft, setup=lambda: (clear_craft_cache(), ((path,), {}))[1], rounds=10, warmup_rounds=1)


def test_help(benchmark, tmp_path):
    """Target: 0.3 s."""
    benchmark.pedantic(run, args=("--help",), kwargs={"cwd": tmp_path}, rounds=10, warmup_rounds=2)


def test_show(benchmark, tmp_path):
    benchmark.pedantic(run, args=("show", "tianwen1-mars"), kwargs={"cwd": tmp_path}, rounds=5, warmup_rounds=1)


def test_cold_draft_from_prompt_to_file(benchmark, tmp_path):
    """Target: 2.5 s and 1.5 GB at 1920x1080."""
    words = ("render", "tianwen1-mars", "--quality", "draft", "-o", "a.png")
    benchmark.pedantic(run, args=words, kwargs={"cwd": tmp_path}, rounds=5, warmup_rounds=1)
    benchmark.extra_info["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def test_warm_draft(benchmark, view):
    """Target: 0.5 s at 1920x1080, craft and camera moving."""
    view.render("draft")
    views = iter([view.after(float(k + 1)) for k in range(12)])
    benchmark.pedantic(lambda: next(views).render("draft"), rounds=10, warmup_rounds=1)


@pytest.mark.parametrize("planet", [True, False], ids=["planet", "empty"])
def test_planet_alone(benchmark, view, planet):
    """Target: planet minus empty 0.12 s at 1920x1080, two cores. The craft is out of sight and hides nothing."""
    from dataclasses import replace

    from selfiesim.render.raster.renderer import PyVistaRenderer

    without_craft = replace(view, craft=replace(view.craft, position=np.array([0.0, 0.0, -1000.0])))
    if not planet:
        without_craft = replace(without_craft, planet=None)
    renderer = PyVistaRenderer()
    renderer.render(without_craft, "draft")
    benchmark.pedantic(renderer.render, args=(without_craft, "draft"), rounds=15, warmup_rounds=2)


def test_map_build(benchmark, tmp_path):
    """Target: 10 s and 0.8 GB for the maps of Mars on first use, in a process of their own with an empty cache."""
    import os

    # Not getrusage: a child starts with the maximum of its parent.
    script = (
        "from selfiesim.planet.maps.load import load_maps; load_maps('mars');"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )

    def build():
        run = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"SELFIESIM_CACHE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        benchmark.extra_info["peak_rss_mb"] = int(run.stdout) // 1024

    benchmark.pedantic(build, rounds=1)


def test_warm_final(benchmark, view):
    view.render("draft")
    benchmark.pedantic(view.render, args=("final",), rounds=2)


def test_expose(benchmark, view):
    radiance = view.render("draft")
    benchmark.pedantic(radiance.expose, rounds=10, warmup_rounds=1)


def test_expose_onboard(benchmark, view):
    """Target: 0.25 s for lens, sensor and development at 1920x1080 on two cores."""
    radiance = view.render("draft")
    benchmark.pedantic(radiance.expose, kwargs={"look": "onboard"}, rounds=10, warmup_rounds=2)


def test_save(benchmark, view, tmp_path):
    photo = view.render("draft").expose()
    benchmark.pedantic(photo.save, args=(tmp_path / "a.png",), rounds=5, warmup_rounds=1)


def test_plain_pyvista(benchmark):
    """A plain PyVista script, for comparison: see peers.py."""
    frame = plain_pyvista()
    frame()
    assert frame().mean() > 20, "planet and craft are in the picture"
    benchmark.pedantic(frame, rounds=10, warmup_rounds=2)
