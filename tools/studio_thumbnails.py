"""Make the pictures of the scenes for the page of the studio from the gallery: python tools/studio_thumbnails.py."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[1]
SIZE = 256, 144


def main() -> None:
    """Write ``src/selfiesim/studio/static/scenes/NAME.jpg`` for each scene."""
    target = ROOT / "src/selfiesim/studio/static/scenes"
    target.mkdir(exist_ok=True)
    for scene in sorted((ROOT / "scenes").glob("*.toml")):
        with Image.open(ROOT / f"renders/thumbnails/{scene.stem}.jpg") as picture:
            _fitted(picture.convert("RGB")).save(target / f"{scene.stem}.jpg", quality=80, optimize=True)


def _fitted(picture: Image.Image) -> Image.Image:
    """Return a picture in the size of all: of a panorama its middle, and a square one between black bars."""
    if picture.width / picture.height < SIZE[0] / SIZE[1]:
        return ImageOps.pad(picture, SIZE, Image.Resampling.LANCZOS)
    return ImageOps.fit(picture, SIZE, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
