"""The shipped shots on one page: pictures, captions, what is known and what is assumed."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from selfiesim.errors import UserError
from selfiesim.output.caption import caption
from selfiesim.output.images import save
from selfiesim.output.sequence import make_folder
from selfiesim.output.sidecar import recipe
from selfiesim.paths import written_whole
from selfiesim.scene import Scene

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo

THUMBNAIL_PX = (720, 480)
_FACTS = {  # key of the view's facts: what the page calls it, and how it is written
    "epoch_utc": ("moment (UTC)", "{}"),
    "seconds_since_release": ("after the release", "{:.0f} s"),
    "range_to_craft_m": ("from the craft's middle", "{:.1f} m"),
    "camera_altitude_km": ("height", "{:.0f} km"),
    "camera_latitude_deg": ("latitude", "{:.1f}°"),
    "camera_longitude_deg": ("east longitude", "{:.1f}°"),
    "solar_longitude_deg": ("Ls", "{:.1f}°"),
    "sun_distance_au": ("from the Sun", "{:.3f} au"),
    "phase_angle_deg": ("phase angle", "{:.0f}°"),
    "horizontal_fov_deg": ("field of view", "{:.0f}°"),
}
_STYLE = """
body { background: #101114; color: #d9d6cf; font: 17px/1.55 Georgia, serif }
body { margin: 0 auto; max-width: 62rem; padding: 1rem }
h1, h2 { color: #fff; font-weight: normal; line-height: 1.2 }
a { color: #e8b070 }
article { border-top: 1px solid #333; margin-top: 2.5rem; padding-top: 1rem }
img { display: block; height: auto; width: 100% }
table { border-collapse: collapse; font-size: 0.85em; width: 100% }
th, td { border-bottom: 1px solid #2a2a2a; padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; vertical-align: top }
th { color: #9a958a; font-weight: normal; width: 16rem }
td { overflow-wrap: anywhere }
summary { cursor: pointer; margin: 0.8rem 0 }
.quiet { color: #9a958a; font-size: 0.85em; white-space: pre-line }
@media print { body { background: #fff; color: #000 } h1, h2 { color: #000 } article { break-inside: avoid } }
"""


@dataclass(frozen=True)
class Shown:
    """A scene of the gallery: its picture and recipe, or why there is none."""

    name: str
    title: str
    summary: str = ""
    picture: Path | None = None
    recipe: dict[str, Any] | None = None
    fault: str = ""


def gallery(
    names: list[str],
    folder: Path,
    quality: str = "final",
    size_px: list[int] | None = None,
    told: Callable[[str], None] = lambda _words: None,
) -> list[Shown]:
    """Draw scenes into ``folder``, each as ``NAME.png`` with its recipe, and a page ``index.html`` that shows them.

    A scene that cannot be drawn is told on the page, and does not keep the others from it. ``told`` hears what is
    being done.

    Raises
    ------
    UserError
        When the folder cannot be written.
    """
    make_folder(folder)
    make_folder(folder / "thumbnails")
    shown = []
    for number, name in enumerate(names, start=1):
        told(f"{name} ({number} of {len(names)})")
        shown.append(_drawn(name, folder, quality, size_px))
    with written_whole(folder / "index.html") as temporary:
        temporary.write_text(page(shown), encoding="utf-8")
    return shown


def _drawn(name: str, folder: Path, quality: str, size_px: list[int] | None) -> Shown:
    stem = Path(name).stem
    try:
        scene = Scene.load(name)
        if size_px:
            scene = scene.with_changes(camera__size_px=size_px)
        photo = scene.view().render(quality).expose()
        picture = save(photo, folder / f"{stem}.png")
        _thumbnail(photo, folder / "thumbnails" / f"{stem}.jpg")
    except UserError as error:
        return Shown(stem, stem, fault=str(error))
    return Shown(stem, scene.title, scene.summary, picture, recipe(photo))


def _thumbnail(photo: Photo, path: Path) -> None:
    from PIL import Image

    small = Image.fromarray(photo.pixels)
    small.thumbnail(THUMBNAIL_PX, Image.Resampling.LANCZOS)
    content = io.BytesIO()
    small.save(content, "JPEG", quality=88)
    with written_whole(path) as temporary:
        temporary.write_bytes(content.getvalue())


def page(shown: list[Shown]) -> str:
    """The page, in HTML, with nothing from elsewhere."""
    articles = "\n".join(_article(one) for one in shown)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Spacecraft selfies, recreated</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Spacecraft selfies, recreated</h1>
<p>Synthetic images: the geometry of each shot worked out, its light computed, what is not publicly known written
down.</p>
{articles}
</body>
</html>
"""


def _article(one: Shown) -> str:
    if one.recipe is None or one.picture is None:
        return f"<article>\n<h2>{escape(one.name)}</h2>\n<p>Not drawn: {escape(one.fault)}</p>\n</article>"
    view = one.recipe["view"]
    facts = [(words, form.format(view[key])) for key, (words, form) in _FACTS.items() if view.get(key) is not None]
    assumed = list((view.get("assumed") or {}).items())
    name, link = escape(one.name), quote(one.name)
    return f"""<article id="{name}">
<h2>{escape(one.title)}</h2>
<a href="{link}.png"><img src="thumbnails/{link}.jpg" alt="Synthetic image: {escape(one.title)}"></a>
<p>{escape(one.summary.strip())}</p>
<p class="quiet">{escape(caption(one.recipe))}</p>
<details><summary>Geometry</summary>
{_table(facts)}
</details>
<details><summary>{len(assumed)} values that are assumed</summary>
{_table(assumed)}
</details>
<p class="quiet">selfiesim render {name} · <a href="{link}.json">recipe</a></p>
</article>"""


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "\n".join(f"<tr><th>{escape(key)}</th><td>{escape(str(value))}</td></tr>" for key, value in rows)
    return f"<table>\n{cells}\n</table>"


def as_json(shown: list[Shown], folder: Path) -> dict[str, Any]:
    """What was done, for programs."""
    rows = [{"name": one.name, "file": str(one.picture) if one.picture else None, "error": one.fault} for one in shown]
    return {"page": str(folder / "index.html"), "scenes": rows}
