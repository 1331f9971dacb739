"""A small picture of what each key of a scene does, where that can be seen: drafts 240 pixels wide.

A strip shows two or three values of a key in a shipped scene. Strips are kept under the content of the package, so that
a second build draws none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from content import CACHE, key
from key_strips import ORBIT_OVER, OVER, PICTURES, SHOWN_WITH, Changes, Strip
from numpy.typing import NDArray

SIZE_PX = (240, 135)
_GAP_PX, _LABEL_PX = 4, 16


def lines(path: str, folder: Path | None) -> list[str]:
    """Return the lines about a key's picture for its entry; the picture goes into ``folder``, None for no picture."""
    if path in PICTURES:
        strip = PICTURES[path]
        if folder is None:
            return []
        target = folder / f"{path}.webp"
        content = cached(path, strip).read_bytes()
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
        values = ", ".join(_words(strip))
        return [f"  <br>![What {path} does: {values}]({folder.name}/{target.name})"]
    other = next((shown for pattern, shown in SHOWN_WITH.items() if fnmatchcase(path, pattern)), "")
    return [f"  <br>Picture: see [{other}](#key-{other})"] if other else []


def cached(path: str, strip: Strip) -> Path:
    """Return the file of a strip, drawn unless the package and the strip are those of a build before."""
    import imageio.v3 as iio

    file = CACHE / "keys" / f"{key('key picture', path, repr(strip))}.webp"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        drawn = draw(path, strip)
        iio.imwrite(file, drawn, quality=85)
    return file


def draw(path: str, strip: Strip) -> NDArray[np.uint8]:
    """Draw a strip.

    Raises
    ------
    ValueError
        When its pictures are all the same: then the key does nothing that can be seen there.
    """
    frames = _frames(path, strip)
    if all(frame.shape == frames[0].shape and (frame == frames[0]).all() for frame in frames[1:]):
        raise ValueError(f"{path}: the pictures of {', '.join(_words(strip))} are the same; choose others")
    return _beside(frames, _words(strip))


def _frames(path: str, strip: Strip) -> list[NDArray[np.uint8]]:
    radiance: Callable[..., Any] | None = None
    found = []
    for value in strip.values:
        changes = {"camera__size_px": list(SIZE_PX), **strip.also, _key(path): value}
        if path.startswith("photo.") and path != "photo.motion_blur":
            # Light does not depend on the photograph: it is rendered once.
            if radiance is None:
                first = {name: each for name, each in changes.items() if not name.startswith("photo__")}
                radiance = _scene(strip.base, first).view().render("draft").expose
            photo = {name.removeprefix("photo__"): each for name, each in changes.items() if name.startswith("photo__")}
            found.append(radiance(**photo).pixels)
        else:
            found.append(_scene(strip.base, changes).view().render("draft").expose().pixels)
    return found


def _key(path: str) -> str:
    return "objects" if path.startswith("objects.") else path.replace(".", "__")


def _scene(base: str, changes: Changes) -> Any:
    from selfiesim import Scene

    scene = Scene.from_table(ORBIT_OVER) if base == OVER else Scene.load(base)
    return scene.with_changes(**changes)


def _words(strip: Strip) -> Sequence[str]:
    def text(value: Any) -> str:
        return ", ".join(f"{each:g}" for each in value) if isinstance(value, list) else str(value)

    return strip.words or [text(value).lower() if isinstance(value, bool) else text(value) for value in strip.values]


def _beside(frames: list[NDArray[np.uint8]], words: Sequence[str]) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont

    height = max(len(frame) for frame in frames)
    width = sum(frame.shape[1] for frame in frames) + _GAP_PX * (len(frames) - 1)
    sheet = Image.new("RGB", (width, height + _LABEL_PX), (255, 255, 255))
    pen, left = ImageDraw.Draw(sheet), 0
    for frame, label in zip(frames, words, strict=True):
        sheet.paste(Image.fromarray(frame), (left, 0))
        pen.text((left + frame.shape[1] / 2, height + 2), label, (60, 60, 60), ImageFont.load_default(11), anchor="ma")
        left += frame.shape[1] + _GAP_PX
    return np.asarray(sheet)
