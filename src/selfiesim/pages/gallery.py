"""The shipped shots on one page: pictures, captions, what is known and what is assumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from selfiesim.core.errors import OutputError, UserError
from selfiesim.core.files import atomic_write
from selfiesim.files.caption import caption
from selfiesim.files.images import save, sidecar_path
from selfiesim.files.replay import read_recipe
from selfiesim.files.thumbnails import image_size, save_thumbnail
from selfiesim.pages.html import assumed_table, document, facts_table, picture
from selfiesim.pages.picture_cache import RenderCache, view_digest
from selfiesim.pages.received_frames import make_folder
from selfiesim.scene.scene import Scene

THUMBNAIL_PX = (1080, 720)
TITLE = "Spacecraft selfies, recreated"
_INTRODUCTION = (
    "Synthetic images: the geometry of each shot worked out, its light computed, what is not publicly known written "
    "down. A click on a picture leads to the full one."
)
_CACHE_FILE = "drawn.json"  # among the thumbnails, where no scene's recipe can have its name


@dataclass(frozen=True)
class GalleryEntry:
    """A scene of the gallery: its picture and recipe, or why there is none; ``is_new`` tells whether it was drawn now.

    ``thumbnail_px`` is the size of the small picture.
    """

    name: str
    title: str
    summary: str = ""
    picture: Path | None = None
    recipe: dict[str, Any] | None = None
    fault: str = ""
    is_new: bool = False
    thumbnail_px: tuple[int, int] = THUMBNAIL_PX


def gallery(
    names: list[str],
    folder: Path,
    quality: str = "final",
    size_px: list[int] | None = None,
    told: Callable[[str], None] = lambda _words: None,
    fresh: bool = False,
) -> list[GalleryEntry]:
    """Draw scenes into ``folder``, each as ``NAME.png`` with its recipe, and a page ``index.html`` that shows them.

    A scene that cannot be drawn is told on the page, and does not keep the others from it. A picture that is there, and
    depends on nothing that has changed, is kept unless ``fresh``. ``told`` hears what is being done.

    Raises
    ------
    OutputError
        When the folder cannot be written, or two scenes would give their pictures one name.
    """
    wanted = _index_by_stem(names)
    make_folder(folder)
    make_folder(folder / "thumbnails")
    render_cache = RenderCache(folder / "thumbnails" / _CACHE_FILE)
    entries = []
    for number, (stem, name) in enumerate(wanted.items(), start=1):
        told(f"{stem} ({number} of {len(wanted)})")
        try:
            entries.append(_render_entry(stem, name, folder, quality, size_px, render_cache, fresh))
        except UserError as error:
            entries.append(GalleryEntry(stem, stem, fault=str(error)))
    with atomic_write(folder / "index.html") as temporary:
        temporary.write_text(html_page(entries), encoding="utf-8")
    return entries


def _index_by_stem(names: list[str]) -> dict[str, str]:
    """Scenes by what their pictures are called."""
    found: dict[str, str] = {}
    for name in names:
        other = found.setdefault(Path(name).stem, name)
        if other != name:
            raise OutputError(f"{other} and {name}: would both become {Path(name).stem}.png; rename one of them")
    return found


def _render_entry(
    stem: str, name: str, folder: Path, quality: str, size_px: list[int] | None, render_cache: RenderCache, fresh: bool
) -> GalleryEntry:
    scene = Scene.load(name)
    if size_px:
        scene = scene.with_changes(camera__size_px=size_px)
    view = scene.view()
    path, small = folder / f"{stem}.png", folder / "thumbnails" / f"{stem}.jpg"
    files, input_digest = (path, sidecar_path(path), small), view_digest(view, quality)
    is_new = fresh or not render_cache.is_current(stem, input_digest, files)
    if is_new:
        photo = view.render(quality).expose()
        save(photo, path)
        save_thumbnail(photo.pixels, small, THUMBNAIL_PX)
        render_cache.add(stem, input_digest, files)
    told = read_recipe(sidecar_path(path))
    return GalleryEntry(stem, scene.title, scene.summary, path, told, is_new=is_new, thumbnail_px=image_size(small))


def html_page(entries: list[GalleryEntry]) -> str:
    """The page, in HTML, with nothing from elsewhere."""
    drawn = [one for one in entries if one.picture]
    contents = "\n".join(f'<a href="#{escape(one.name)}">{_image(one)}{escape(one.title)}</a>' for one in drawn)
    articles = "\n".join(_article(one) for one in entries)
    return document(TITLE, _INTRODUCTION, f"<nav>\n{contents}\n</nav>\n{articles}\n{_credits(entries)}")


def _image(one: GalleryEntry) -> str:
    return picture(f"thumbnails/{quote(one.name)}.jpg", f"Synthetic image: {one.title}", one.thumbnail_px)


def _article(one: GalleryEntry) -> str:
    if one.recipe is None or one.picture is None:
        return f"<article>\n<h2>{escape(one.name)}</h2>\n<p>Not drawn: {escape(one.fault)}</p>\n</article>"
    view = one.recipe["view"]
    name, link = escape(one.name), quote(one.name)
    return f"""<article id="{name}">
<h2>{escape(one.title)}</h2>
<a href="{link}.png">{_image(one)}</a>
<p>{escape(one.summary.strip())}</p>
<p class="quiet">{escape(caption(one.recipe))}</p>
{facts_table(view)}
{assumed_table(view)}
<p class="quiet">selfiesim render {name} --quality {escape(one.recipe["render"]["quality"])} · \
<a href="{link}.json">recipe</a></p>
</article>"""


def _credits(entries: list[GalleryEntry]) -> str:
    thanks = sorted({words for one in entries if one.recipe for words in one.recipe["credits"]})
    lines = "\n".join(f"<p>{escape(words)}</p>" for words in [*thanks, "Rendered with selfiesim."])
    return f'<article id="credits">\n<h2>Credits</h2>\n{lines}\n</article>'


def as_json(entries: list[GalleryEntry], folder: Path) -> dict[str, Any]:
    """What was done, for programs."""
    rows = [
        {
            "name": one.name,
            "file": str(one.picture) if one.picture else None,
            "drawn_now": one.is_new,
            "error": one.fault or None,
        }
        for one in entries
    ]
    return {"page": str(folder / "index.html"), "scenes": rows}
