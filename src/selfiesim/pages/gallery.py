"""A gallery of scenes on one page: pictures, captions, what is known, and what is assumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from selfiesim.core.errors import OutputError, UserError
from selfiesim.core.files import atomic_write, make_folder
from selfiesim.files.captions.caption import caption
from selfiesim.files.images import save, sidecar_path
from selfiesim.files.replay import read_recipe
from selfiesim.files.thumbnails import image_size, save_thumbnail
from selfiesim.pages.html import Preview, assumed_table, document, facts_table, paragraphs, picture
from selfiesim.pages.picture_cache import RenderCache, view_digest
from selfiesim.scene.scene import Scene

THUMBNAIL_PX = (1080, 720)
TITLE = "Spacecraft selfies, recreated"
_INTRODUCTION = (
    "These are synthetic images. The geometry and the light of each shot are computed, and everything that is not "
    "publicly known is listed as an assumption. Click a picture to see it in full size."
)
_CACHE_FILE = "drawn.json"  # among the thumbnails, where no recipe can have the same name


@dataclass(frozen=True)
class GalleryEntry:
    """A scene of the gallery.

    Attributes
    ----------
    name, title, summary : str
        Stem of the picture's file, and texts of the scene.
    picture : Path, optional
        The picture's file, with its ``recipe``; None when rendering failed.
    fault : str
        Why there is no picture.
    is_new : bool
        Whether the picture was rendered now, rather than kept.
    thumbnail_px : tuple of int
        Width and height of the thumbnail.
    mission, kind : str
        Of the scene; empty where it names none.
    """

    name: str
    title: str
    summary: str = ""
    picture: Path | None = None
    recipe: dict[str, Any] | None = None
    fault: str = ""
    is_new: bool = False
    thumbnail_px: tuple[int, int] = THUMBNAIL_PX
    mission: str = ""
    kind: str = ""


def gallery(
    names: list[str],
    folder: Path,
    quality: str = "final",
    size_px: list[int] | None = None,
    on_status: Callable[[str], None] = lambda _text: None,
    fresh: bool = False,
    ending: str = ".jpg",
    run: Callable[..., Any] = lambda function, *args: function(*args),
    address: str = "",
) -> list[GalleryEntry]:
    """Render scenes into ``folder``, each as ``NAME.jpg`` with its recipe, and write a page ``index.html``.

    A scene that cannot be rendered is reported on the page and does not stop the others.

    Parameters
    ----------
    names
        Scenes, by name or by file.
    size_px
        Width and height of the pictures; default: each scene's own.
    on_status
        Called with a few words before each scene.
    fresh
        Render all pictures, including those whose inputs have not changed.
    ending
        Format of the pictures: ``".jpg"``, or ``".png"`` to keep every pixel.
    run
        Calls a function that draws a picture: :meth:`selfiesim.core.replaced_process.ReplacedProcess.call` does so in a
        process of its own, whose crash costs one picture at most.
    address
        Where the page will be published, ending in a slash: for the picture shown where the page is shared.

    Raises
    ------
    OutputError
        When the folder cannot be written to, or two scenes would write the same picture.
    """
    scenes = _index_by_stem(names)
    make_folder(folder)
    make_folder(folder / "thumbnails")
    cache = RenderCache(folder / "thumbnails" / _CACHE_FILE)
    entries = []
    for number, (stem, name) in enumerate(scenes.items(), start=1):
        on_status(f"{stem} ({number} of {len(scenes)})")
        try:
            path = folder / f"{stem}{ending}"
            entries.append(_render_entry(stem, name, path, quality, size_px, cache, fresh, run))
        except UserError as error:
            entries.append(GalleryEntry(stem, stem, fault=str(error)))
    with atomic_write(folder / "index.html") as temporary:
        temporary.write_text(html_page(entries, address), encoding="utf-8")
    return entries


def _index_by_stem(names: list[str]) -> dict[str, str]:
    """Scenes by the stem of their pictures."""
    found: dict[str, str] = {}
    for name in names:
        other = found.setdefault(Path(name).stem, name)
        if other != name:
            raise OutputError(f"{other} and {name}: would both become {Path(name).stem}; rename one of them")
    return found


def _render_entry(
    stem: str,
    name: str,
    path: Path,
    quality: str,
    size_px: list[int] | None,
    cache: RenderCache,
    fresh: bool,
    run: Callable[..., Any],
) -> GalleryEntry:
    scene = _load(name, size_px)
    view = scene.view()
    small = path.parent / "thumbnails" / f"{stem}.jpg"
    files, input_digest = (path, sidecar_path(path), small), view_digest(view, quality)
    is_new = fresh or not cache.is_current(stem, input_digest, files)
    if is_new:
        run(_draw, name, size_px, quality, path, small)
        cache.add(stem, input_digest, files)
    recipe = read_recipe(sidecar_path(path))
    return GalleryEntry(
        stem,
        scene.title,
        scene.summary,
        path,
        recipe,
        is_new=is_new,
        thumbnail_px=image_size(small),
        mission=scene.mission,
        kind=scene.kind or "",
    )


def _load(name: str, size_px: list[int] | None) -> Scene:
    scene = Scene.load(name)
    return scene.with_changes(camera__size_px=size_px) if size_px else scene


def _draw(name: str, size_px: list[int] | None, quality: str, path: Path, small: Path) -> None:
    """Draw a scene into a file, and its thumbnail into another."""
    photo = _load(name, size_px).view().render(quality).expose()
    save(photo, path)
    save_thumbnail(photo.pixels, small, THUMBNAIL_PX)


def html_page(entries: list[GalleryEntry], address: str = "") -> str:
    """Return the page, grouped by mission, as HTML that needs nothing from outside the gallery's folder.

    ``address`` is as :func:`gallery` takes it; the first scene's picture is shown where the page is shared.
    """
    ordered = sorted(
        entries, key=lambda entry: (not entry.mission, entry.mission.casefold())
    )  # without one: at the end
    contents = "\n".join(
        _contents(mission, [entry for entry in group if entry.picture])
        for mission, group in groupby(ordered, key=lambda entry: entry.mission)
    )
    articles = "\n".join(_article(entry) for entry in ordered)
    first = next((entry for entry in entries if entry.picture), None)
    preview = Preview(_thumbnail(first), _words(first), first.thumbnail_px, address) if first else None
    return document(TITLE, _INTRODUCTION, f"{contents}\n{articles}\n{_credits(entries)}", preview=preview)


def _contents(mission: str, rendered: list[GalleryEntry]) -> str:
    """Pictures that lead to the articles of a mission, under its name."""
    if not rendered:
        return ""
    links = "\n".join(f'<a href="#{escape(entry.name)}">{_image(entry)}{escape(entry.title)}</a>' for entry in rendered)
    heading = f"<h2>{escape(mission)}</h2>\n" if mission else ""
    return f'{heading}<nav aria-label="{escape(mission or "Scenes")}">\n{links}\n</nav>'


def _image(entry: GalleryEntry) -> str:
    return picture(_thumbnail(entry), _words(entry), entry.thumbnail_px)


def _thumbnail(entry: GalleryEntry) -> str:
    return f"thumbnails/{quote(entry.name)}.jpg"


def _words(entry: GalleryEntry) -> str:
    """What the picture shows, for those who cannot see it."""
    return f"Computer-generated image: {entry.title}" if entry.recipe is None else caption(entry.recipe, "alt")


def _article(entry: GalleryEntry) -> str:
    if entry.recipe is None or entry.picture is None:
        return f"<article>\n<h2>{escape(entry.name)}</h2>\n<p>Not rendered: {escape(entry.fault)}</p>\n</article>"
    view = entry.recipe["view"]
    origin = " · ".join(words for words in (entry.mission, entry.kind.replace("-", " ")) if words)
    name, link = escape(entry.name), quote(entry.name)
    return f"""<article id="{name}">
<h2>{escape(entry.title)}</h2>
<p class="quiet">{escape(origin)}</p>
<a href="{link}{entry.picture.suffix}">{_image(entry)}</a>
<p>{escape(entry.summary.strip())}</p>
<p class="quiet">{escape(caption(entry.recipe, "press"))}</p>
<details><summary>Technical details</summary>
{facts_table(view)}
<p class="quiet">{escape(caption(entry.recipe))}</p>
</details>
{assumed_table(view)}
<p class="quiet">selfiesim render {name} --quality {escape(entry.recipe["render"]["quality"])} · \
<a href="{link}.json">recipe (JSON)</a></p>
</article>"""


def _credits(entries: list[GalleryEntry]) -> str:
    sources = sorted({source for entry in entries if entry.recipe for source in entry.recipe["credits"]})
    lines = paragraphs([*sources, "Rendered with selfiesim."])
    return f'<article id="credits">\n<h2>Credits</h2>\n{lines}\n</article>'


def as_json(entries: list[GalleryEntry], folder: Path) -> dict[str, Any]:
    """Return what was rendered as JSON-ready data."""
    rows = [
        {
            "name": entry.name,
            "file": str(entry.picture) if entry.picture else None,
            "rendered_now": entry.is_new,
            "error": entry.fault or None,
        }
        for entry in entries
    ]
    return {"page": str(folder / "index.html"), "scenes": rows}
