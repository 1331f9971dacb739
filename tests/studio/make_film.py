"""Film the studio's page while it is used, for the documentation: ``make studio-film``.

Chromium is driven as in the tests; screenshots become an animated WebP, on which a pointer shows the hand.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from studio_server import running

from selfiesim.scene.shipped import find_scene

SIZE, SHOWN = (1280, 720), (960, 540)
FRAME_MS, MAX_BYTES = 160, 1_500_000
# Styled through the object model: the page's policy forbids style attributes in markup.
POINTER = """() => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const arrow = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.id = "film-pointer";
  svg.setAttribute("viewBox", "0 0 24 24");
  arrow.setAttribute("d", "M3 2 L3 19 L8 14.5 L11 21.5 L14 20.2 L11 13.4 L17.5 13.2 Z");
  arrow.setAttribute("fill", "#fff");
  arrow.setAttribute("stroke", "#000");
  arrow.setAttribute("stroke-width", "1.4");
  svg.append(arrow);
  Object.assign(svg.style, { position: "fixed", width: "32px", height: "32px", zIndex: 1000, pointerEvents: "none" });
  document.body.append(svg);
  addEventListener("pointermove", ({ clientX, clientY }) => {
    Object.assign(svg.style, { left: `${clientX - 4}px`, top: `${clientY - 3}px` });
  }, true);
}"""


def write_scene(folder: Path) -> str:
    """Write the scene of the film, as large as it is shown; return its name."""
    text = find_scene("tianwen1-mars").read_text()
    (folder / "shot.toml").write_text(text.replace("size_px = [1920, 1080]", f"size_px = [{SHOWN[0]}, {SHOWN[1]}]"))
    return "shot.toml"


class Camera:
    """Takes screenshots while a hand moves on the page."""

    def __init__(self, page: Page) -> None:
        self.page, self.frames = page, []
        self.at = (640.0, 700.0)

    def shoot(self, count: int = 1) -> None:
        """Take screenshots."""
        for _ in range(count):
            with Image.open(io.BytesIO(self.page.screenshot())) as picture:
                self.frames.append(picture.convert("RGB").resize(SHOWN, Image.Resampling.LANCZOS))

    def move(self, x: float, y: float, steps: int = 5) -> None:
        """Move the hand in a straight line."""
        left, top = self.at
        for step in range(1, steps + 1):
            share = step / steps
            self.page.mouse.move(left + (x - left) * share, top + (y - top) * share)
            self.page.wait_for_timeout(FRAME_MS)
            self.shoot()
        self.at = x, y

    def reach(self, selector: str, across: float = 0.5, down: float = 0.5) -> None:
        """Move the hand to a place on an element."""
        box = self.page.locator(selector).bounding_box()
        assert box is not None
        self.move(box["x"] + across * box["width"], box["y"] + down * box["height"])

    def rest(self) -> None:
        """Wait for a picture of the scene as it is, and watch it get better."""
        self.page.wait_for_timeout(300)
        revision = self.page.get_attribute("body", "data-revision")
        self.page.wait_for_selector(f"#canvas[data-revision='{revision}']", timeout=300_000)
        for _ in range(6):
            self.page.wait_for_timeout(FRAME_MS)
            self.shoot()


def use(camera: Camera) -> None:
    """What the film shows: aim, scrub, zoom in, roll back the field of view, and undo."""
    page = camera.page
    camera.rest()
    camera.reach("#viewport", 0.45, 0.4)
    page.mouse.down()
    camera.move(camera.at[0] + 110, camera.at[1] + 45, 10)
    page.mouse.up()
    camera.rest()
    camera.reach("#time", 0.5)
    page.mouse.down()
    camera.move(camera.at[0] + 150, camera.at[1], 8)
    page.mouse.up()
    camera.rest()
    camera.reach("#viewport", 0.5, 0.5)
    for _ in range(5):
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(FRAME_MS)
        camera.shoot()
    camera.rest()
    camera.reach("#tab-toml")
    page.mouse.click(*camera.at)
    camera.shoot(6)
    for _ in range(3):
        camera.reach("#undo")
        page.mouse.click(*camera.at)
        page.wait_for_timeout(FRAME_MS)
        camera.shoot()
    camera.rest()


def main() -> None:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/studio.webp")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with (
        tempfile.TemporaryDirectory() as folder,
        running(folder, write_scene(Path(folder))) as (address, token, _),
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.goto(f"{address}#{token}")
        page.evaluate(POINTER)
        camera = Camera(page)
        use(camera)
        browser.close()
    for quality in (70, 55, 40, 25):
        first, *others = camera.frames
        first.save(path, save_all=True, append_images=others, duration=FRAME_MS, loop=0, quality=quality, method=4)
        if path.stat().st_size <= MAX_BYTES:
            break
    print(f"{path}: {len(camera.frames)} frames, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
