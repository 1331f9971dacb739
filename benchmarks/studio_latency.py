"""Measure the studio in headless Chromium: latency of a drag, work at rest, memory, and the start.

``make studio-latency``, or ``python benchmarks/studio_latency.py [--json] [--only steps,match,...]``.

steps   CPU time, ms, of what a change of ``camera.place`` costs: text, scene, view, the picture of one pass and of the
        draft's, exposure; hardly depends on what else runs, with ``LP_NUM_THREADS=0`` for software OpenGL
drag    from a pointer event on the page to the next changed frame that is painted, median of ``--events``; ``full`` is
        the first frame of the scene's own size. The peer is the same scene in PyVista's trame backend, rendered by its
        server, in the same run; without ``--trame-python`` it is null. Read the ratio; seconds depend on the machine.
rest    CPU time, in percent of a core, of server, worker and browser over 10 s in which nothing changes
match   from the second click of a pair of points to the solution and its overlay on the page, median of pairs 7 to 20;
        and the time of the longest
memory  growth of server, worker (resident) and page (JavaScript heap) over ``--changes``, after the first 200;
        at 160x90, without pauses
start   from the command to a page that reacts, and to the first picture; with warm caches
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright
from scipy.ndimage import maximum_filter, minimum_filter

SCENE = "tianwen1-mars"
GOALS_S = {"640x360": 0.20, "320x180": 0.12}
START_GOAL_S, MATCH_GOAL_S, REST_S = 1.5, 0.5, 10.0
MATCH_PAIRS, FIRST_PAIR = 20, 7  # with six, the camera is determined
MATCH_GAP_MS = 500
SETTLING_CHANGES = 200
GAP_MS = 50  # between a frame and the next event, as a hand that drags slowly

# Sends a pointer event and resolves with the milliseconds until a frame that came after it is painted.
STUDIO_DRAG = """([x, y, full]) => new Promise((resolve, reject) => {
  const canvas = document.getElementById("canvas"), viewport = document.getElementById("viewport");
  const before = Number(canvas.dataset.revision), start = performance.now();
  const observer = new MutationObserver(() => {
    if (Number(canvas.dataset.revision) <= before || canvas.width < full) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve([performance.now() - start, canvas.width])));
  });
  observer.observe(canvas, { attributes: true });
  setTimeout(() => reject(new Error("no frame")), 60000);
  viewport.dispatchEvent(new PointerEvent("pointermove", { clientX: x, clientY: y, pointerId: 1, bubbles: true }));
})"""
# Sends the clicks of a pair, and resolves with the milliseconds until the residuals of all are painted; there are none
# before "first" pairs. The events go to the layer, since points near one another would be dragged.
MATCH_CLICKS = """([pair, count, first]) => new Promise((resolve, reject) => {
  const layer = document.getElementById("match-layer");
  const click = ([clientX, clientY]) => layer.dispatchEvent(
    new PointerEvent("pointerdown", { clientX, clientY, button: 0, pointerId: 1, bubbles: true }));
  click(pair[0]);
  const start = performance.now();
  const observer = new MutationObserver(() => {
    if (layer.querySelectorAll("line").length < count) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
  });
  observer.observe(layer, { childList: true });
  if (count < first) resolve(0);
  else setTimeout(() => reject(new Error("no solution")), 30000);
  click(pair[1]);
})"""
# Notes when pointer events arrive and frames are painted. trame's page takes the events of a real pointer only, and
# stops to paint when they pause, so it gets a steady stream of them.
TRAME_WATCH = """() => {
  const image = document.querySelector("img");
  window.moved = []; window.painted = [];
  document.addEventListener("pointermove", () => window.moved.push(performance.now()), { capture: true });
  image.addEventListener("load", () => requestAnimationFrame(() => setTimeout(() =>
    window.painted.push([performance.now(), image.naturalWidth]))));
}"""
TRAME_GAP_MS = 100


@contextmanager
def running(size: tuple[int, int]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the studio with a scene of a size; yield its address, and the process."""
    from selfiesim.scene.shipped import find_scene

    text = find_scene(SCENE).read_text().replace("size_px = [1920, 1080]", f"size_px = [{size[0]}, {size[1]}]")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "shot.toml").write_text(text)
        command = [sys.executable, "-m", "selfiesim", "studio", "shot.toml", "--no-browser"]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            yield line.split()[-1], process
        finally:
            process.terminate()
            process.wait(20)


def opened(browser: Browser, address: str) -> Page:
    """Open the studio's page, and wait for its final picture."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(address)
    page.wait_for_selector("#canvas[data-stage=done]", timeout=300_000)
    return page


Send = Callable[[float, float], tuple[float, int]]
"""Moves the pointer to a place, and returns the milliseconds to the next frame and its width."""


def studio_sender(page: Page, full: int = 0) -> Send:
    """Send events to the studio; ``full`` is the width of the first frame that counts, px."""
    return lambda x, y: page.evaluate(STUDIO_DRAG, [x, y, full])


def drag(page: Page, send: Send, target: str, events: int, gap_ms: float = GAP_MS) -> dict[str, Any]:
    """Drag with one event after another, each sent a while after the frame of the one before has been painted."""
    box = page.locator(target).first.bounding_box()
    assert box is not None
    x, y = box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    times, widths = [], []
    for number in range(events + 5):
        page.wait_for_timeout(gap_ms)
        aside = 0.1 * box["width"] * (1 - abs((number % 20) / 10 - 1))
        milliseconds, width = send(x + aside + 1, y + aside / 2 + 1)
        times.append(milliseconds / 1000.0)
        widths.append(width)
    page.mouse.up()
    measured = sorted(times[5:])  # after the first, which compile and settle
    return {
        "median_s": round(statistics.median(measured), 3),
        "p90_s": round(measured[int(0.9 * (len(measured) - 1))], 3),
        "widths_px": sorted({*widths[5:]}),
    }


def drag_trame(page: Page, size: tuple[int, int], events: int) -> dict[str, Any]:
    """Time from each pointer event to the next frame: a lower bound, since that may answer an event before it."""
    page.evaluate(TRAME_WATCH)
    x, y = size[0] / 2, size[1] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for number in range(events + 5):
        aside = 0.1 * size[0] * (1 - abs((number % 20) / 10 - 1))
        page.mouse.move(x + aside + 1, y + aside / 2 + 1)
        page.wait_for_timeout(TRAME_GAP_MS)
    page.wait_for_timeout(3000)
    page.mouse.up()
    moved, painted = page.evaluate("() => [window.moved, window.painted]")
    waits = [next((at - start for at, _ in painted if at > start), None) for start in moved[5:]]
    seconds = sorted(each / 1000.0 for each in waits if each is not None)
    return {
        "median_s": round(statistics.median(seconds), 3),
        "p90_s": round(seconds[int(0.9 * (len(seconds) - 1))], 3),
        "widths_px": sorted({width for _, width in painted}),
    }


def measure_drag(browser: Browser, events: int, trame_python: str | None) -> dict[str, Any]:
    """Latency at both sizes, beside that of trame."""
    found: dict[str, Any] = {}
    for name, goal in GOALS_S.items():
        width, height = map(int, name.split("x"))
        with running((width, height)) as (address, _):
            page = opened(browser, address)
            first = drag(page, studio_sender(page), "#viewport", events)
            full = drag(page, studio_sender(page, width), "#viewport", events)
            page.close()
        found[name] = {"goal_s": goal, "first": first, "full": full, "trame": None}
        if trame_python is not None:
            found[name]["trame"] = trame = measure_trame(browser, events, trame_python, (width, height))
            found[name]["full / trame"] = round(full["median_s"] / trame["median_s"], 2)
    return found


def measure_trame(browser: Browser, events: int, python: str, size: tuple[int, int]) -> dict[str, Any]:
    """Latency of PyVista's trame backend with the same scene and size."""
    command = [python, "-u", str(Path(__file__).with_name("trame_peer.py")), str(size[0]), str(size[1])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        address = next(line.split()[-1] for line in process.stdout if "Local:" in line)
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(address)
        page.wait_for_selector("img[src^=blob]", timeout=120_000, state="attached")
        page.wait_for_timeout(3000)
        found = drag_trame(page, size, events)
        page.close()
        return found
    finally:
        process.terminate()
        process.wait(20)


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The server and its worker."""
    server = psutil.Process(process.pid)
    return [server, *(each for each in server.children() if "spawn_main" in " ".join(each.cmdline()))]


def cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in processes)


def measure_rest(browser: Browser) -> dict[str, Any]:
    """CPU time while nothing changes, percent of a core."""
    with running((640, 360)) as (address, process):
        page = opened(browser, address)
        page.wait_for_timeout(1000)
        browsers = [each for each in psutil.Process().children(recursive=True) if "chrom" in each.name()]
        ours = family(process)
        before = cpu_seconds(ours), cpu_seconds(browsers)
        time.sleep(REST_S)
        after = cpu_seconds(ours), cpu_seconds(browsers)
        page.close()
    names = "server_and_worker_percent", "browser_percent"
    return {name: round(100 * (b - a) / REST_S, 2) for name, a, b in zip(names, before, after, strict=True)}


def matched_points(size: tuple[int, int], count: int) -> tuple[list[tuple[Any, Any]], bytes]:
    """Return points of the craft, as fractions of the studio's picture and of another, and that other as PNG."""
    from selfiesim.files.images import png_bytes
    from selfiesim.render.engine import truth
    from selfiesim.scene.scene import Scene

    scene = Scene.load(SCENE).with_changes(camera__size_px=list(size))
    view = scene.view()
    other = scene.with_changes(camera__horizontal_fov_deg=100.0, camera__roll_deg=8.0).view()
    seen = truth(view)
    # Away from the edges of parts, where a click a pixel aside is on something else.
    is_inner = minimum_filter(seen.part, 7) == maximum_filter(seen.part, 7)
    pixels = np.argwhere((seen.part > 1) & is_inner)
    found = []
    for row, column in np.random.default_rng(1).permutation(pixels):
        at = (np.array([column, row]) + 0.5) / size
        body = view.craft.body_to_camera.T @ (seen.position[row, column].astype(float) - view.craft.position)
        pixel = other.camera.project((other.craft.body_to_camera @ body + other.craft.position)[None])[0]
        place = (pixel + 0.5) / size
        if (place > 0.01).all() and (place < 0.99).all():
            found.append((at, place))
    return found[:count], png_bytes(other.render("draft").expose())


def measure_match(browser: Browser) -> dict[str, Any]:
    """Seconds from the click that completes a pair to the solution and its overlay."""
    size = (640, 360)
    points, photograph = matched_points(size, MATCH_PAIRS)
    times = []
    with running(size) as (address, _):
        page = opened(browser, address)
        page.set_input_files("#photo", {"name": "photo.png", "mimeType": "image/png", "buffer": photograph})
        page.wait_for_selector("#comparison:not([hidden])")
        page.locator("summary", has_text="Compare").click()
        page.select_option("#compare-mode", "match")
        box = page.locator("#match-layer").bounding_box()
        assert box is not None
        half = box["width"] / 2
        for number, (at, place) in enumerate(points, start=1):
            pair = [
                [box["x"] + left + x * half, box["y"] + y * box["height"]] for left, (x, y) in ((0, at), (half, place))
            ]
            milliseconds = page.evaluate(MATCH_CLICKS, [pair, number, FIRST_PAIR])
            page.wait_for_timeout(MATCH_GAP_MS)
            if number >= FIRST_PAIR:
                times.append(milliseconds / 1000.0)
        page.close()
    return {"goal_s": MATCH_GOAL_S, "median_s": round(statistics.median(times), 3), "longest_s": round(max(times), 3)}


def measure_memory(browser: Browser, changes: int) -> dict[str, Any]:
    """Growth of server, worker and page over many changes."""
    with running((160, 90)) as (address, process):
        page = opened(browser, address)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")

        def sizes() -> dict[str, float]:
            session.send("HeapProfiler.collectGarbage")
            metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
            server, worker = (each.memory_info().rss for each in family(process))
            return {"server": server, "worker": worker, "page": metrics["JSHeapUsedSize"]}

        drag(page, studio_sender(page), "#viewport", SETTLING_CHANGES, gap_ms=0)
        settled = sizes()
        drag(page, studio_sender(page), "#viewport", changes, gap_ms=0)
        end = sizes()
        page.close()
    found = {f"{name}_mb": [round(settled[name] / 2**20, 1), round(end[name] / 2**20, 1)] for name in settled}
    return {"changes": changes, **found, "growth": {k: round(end[k] / settled[k] - 1, 4) for k in settled}}


def measure_steps(changes: int = 12) -> dict[str, Any]:
    """CPU time of the steps of a change, ms, medians after the first."""
    from selfiesim.scene.scene import Scene
    from selfiesim.scene.shipped import find_scene
    from selfiesim.studio.document import Document, parse

    path = find_scene(SCENE)
    found: dict[str, dict[str, float]] = {}
    for name in GOALS_S:
        width, height = map(int, name.split("x"))
        text = path.read_text().replace("size_px = [1920, 1080]", f"size_px = [{width}, {height}]")
        document, laps = Document(text, SCENE, path.parent), []
        for number in range(changes):
            steps, then = {}, time.process_time()

            def lap(step: str, steps: dict[str, float] = steps) -> None:
                nonlocal then
                now = time.process_time()
                steps[step], then = 1000 * (now - then), now

            document.set({"camera.place": [0.4 + 0.004 * number, 0.4]})
            lap("text")
            scene = Scene.from_table(parse(document.text, SCENE), SCENE, path.parent)
            lap("scene")
            view = scene.view()
            lap("view")
            radiance = view.render("draft", 1)
            lap("render_one_pass")
            radiance.expose()
            lap("expose")
            view.render("draft")
            lap("render_draft")
            laps.append(steps)
        found[name] = {step: round(statistics.median(each[step] for each in laps[2:]), 1) for step in laps[0]}
    return found


def measure_start(browser: Browser, times: int = 5) -> dict[str, Any]:
    """Seconds from the command to a page that reacts, and to the first picture."""
    ready, picture = [], []
    for _ in range(times):
        start = time.perf_counter()
        with running((640, 360)) as (address, _process):
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(address, wait_until="commit")
            page.wait_for_selector("body[data-ready=yes][data-revision]", state="attached")
            ready.append(time.perf_counter() - start)
            page.wait_for_selector("#canvas[data-stage]", timeout=120_000)
            picture.append(time.perf_counter() - start)
            page.close()
    return {
        "goal_s": START_GOAL_S,
        "interactive_s": round(statistics.median(ready), 2),
        "first_picture_s": round(statistics.median(picture), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument(
        "--only", default="steps,start,rest,drag,match,memory", help="what to measure, separated by commas"
    )
    parser.add_argument("--events", type=int, default=40, help="pointer events of a drag")
    parser.add_argument("--changes", type=int, default=2000, help="changes after which memory is compared")
    parser.add_argument("--trame-python", help="interpreter with selfiesim and trame-pyvista")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    found: dict[str, Any] = {"load_before": [round(each, 2) for each in os.getloadavg()], "cores": os.cpu_count()}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        measures = {
            "steps": measure_steps,
            "start": lambda: measure_start(browser),
            "rest": lambda: measure_rest(browser),
            "match": lambda: measure_match(browser),
            "drag": lambda: measure_drag(browser, options.events, options.trame_python),
            "memory": lambda: measure_memory(browser, options.changes),
        }
        for name in options.only.split(","):
            start = time.perf_counter()
            found[name] = measures[name]()
            print(f"{name}: measured in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
        browser.close()
    found["load_after"] = [round(each, 2) for each in os.getloadavg()]
    print(json.dumps(found, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
