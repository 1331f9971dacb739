"""Self-contained HTML pages: one style, no external resources, readable on a phone and on paper.

Every function that takes plain text escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_FACTS = {  # key of a view's facts: label and format
    "epoch_utc": ("Time (UTC)", "{}"),
    "seconds_since_release": ("Time since release", "{:.0f} s"),
    "range_to_craft_m": ("Distance to the craft", "{:.1f} m"),
    "camera_altitude_km": ("Altitude", "{:.0f} km"),
    "camera_altitude_above": ("Altitude above", "the {}"),
    "camera_latitude_deg": ("Latitude", "{:.1f}°"),
    "camera_longitude_deg": ("East longitude", "{:.1f}°"),
    "solar_longitude_deg": ("Solar longitude (Ls)", "{:.1f}°"),
    "sun_distance_au": ("Distance from the Sun", "{:.3f} au"),
    "phase_angle_deg": ("Phase angle", "{:.0f}°"),
    "horizontal_fov_deg": ("Horizontal field of view", "{:.0f}°"),
}
# One family of type, light or dark as the reader has it. Print unfolds what is folded on the screen.
_STYLE = """
:root {
  color-scheme: light dark; --back: #fbfaf8; --ink: #24221f; --head: #000; --quiet: #66625a; --line: #dcd8d0;
  --link: #8a4b08;
}
@media (prefers-color-scheme: dark) {
  :root { --back: #101114; --ink: #d9d6cf; --head: #fff; --quiet: #a19c91; --line: #2e2f34; --link: #e8b070 }
}
* { box-sizing: border-box }
body { background: var(--back); color: var(--ink); margin: 0 }
body { font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", sans-serif }
main { margin: 0 auto; max-width: 62rem; padding: 1rem 1.25rem 4rem }
h1, h2 { color: var(--head); font-weight: 600; letter-spacing: -0.01em; line-height: 1.2; text-wrap: balance }
h1 { font-size: clamp(1.6rem, 1.2rem + 2vw, 2.6rem); margin: 1.5rem 0 1rem }
h2 { font-size: 1.35rem; margin: 0 0 1rem }
a { color: var(--link) }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
article { border-top: 1px solid var(--line); margin-top: 3rem; padding-top: 1.5rem }
p { max-width: 42rem }
img { display: block; height: auto; width: 100% }
nav, .frames { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(10rem, 44%), 1fr)) }
nav { margin-bottom: 2rem }
.frames { gap: 1.5rem 1rem; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)) }
nav a { color: inherit; font-size: 0.85rem; line-height: 1.35; text-decoration: none }
nav a:hover { text-decoration: underline }
nav img { aspect-ratio: 16 / 9; margin-bottom: 0.4rem; object-fit: cover }
figure { margin: 0 }
.hero { background: #000; margin: 0 }
.hero img { margin: 0 auto; max-height: 92vh; object-fit: contain }
video { background: #000; display: block; height: auto; width: 100% }
.hero figcaption { margin: 0 auto; max-width: 62rem; padding: 0.6rem 1.25rem; color: #b5b0a5 }
.viewer canvas { background: #070709; cursor: grab; display: block; height: min(60vh, 34rem); touch-action: pan-y }
.viewer canvas { width: 100% }
.viewer p { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; margin: 0.6rem 0 0 }
.viewer label { align-items: center; display: flex; gap: 0.5rem }
.wide { display: block; margin-top: 1.5rem; overflow-x: auto }
.wide img { min-width: 45rem }
figcaption { color: var(--quiet); font-size: 0.85rem; margin-top: 0.4rem }
table { border-collapse: collapse; font-size: 0.85rem; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: 0.35rem 0.8rem 0.35rem 0 }
th, td { text-align: left; vertical-align: top }
th { color: var(--quiet); font-weight: normal }
th[scope="row"] { width: 35% }
td { overflow-wrap: anywhere }
summary { cursor: pointer; margin: 0.8rem 0 }
.quiet { color: var(--quiet); font-size: 0.85rem; white-space: pre-line }
@media print {
  :root { color-scheme: light; --back: #fff; --ink: #000; --head: #000; --quiet: #444; --line: #bbb; --link: #000 }
  body { font-size: 11pt }
  main { max-width: none; padding: 0 }
  h2, figure, tr { break-inside: avoid }
  h2 { break-after: avoid }
  .hero { background: none }
  .viewer, video { display: none }
  .wide img { min-width: 0 }
  article > a img { max-height: 12cm; object-fit: contain; object-position: left }
  details::details-content { content-visibility: visible; display: block; height: auto }
}
"""


@dataclass(frozen=True)
class Preview:
    """The picture that stands for a page where its address is shared.

    Attributes
    ----------
    file, alternative : str
        Path from the page, and what the picture shows.
    size_px : tuple of int
        Width and height.
    address : str
        Where the page will be, ending in a slash: such pictures must be given in full. Empty if not known.
    """

    file: str
    alternative: str
    size_px: tuple[int, int]
    address: str = ""

    def tags(self) -> str:
        """Elements of a page's head: Open Graph, and the card of Twitter."""
        width, height = self.size_px
        names = {
            "og:url": self.address,
            "og:image": self.address + self.file,
            "og:image:width": width,
            "og:image:height": height,
            "og:image:alt": self.alternative,
        }
        tags = [f'<meta property="{key}" content="{escape(str(value))}">' for key, value in names.items() if value]
        return "\n".join([*tags, '<meta name="twitter:card" content="summary_large_image">'])


def document(title: str, introduction: str, body: str, hero: str = "", preview: Preview | None = None) -> str:
    """Return a whole page.

    Parameters
    ----------
    title, introduction : str
        Plain text.
    body, hero : str
        HTML below the introduction, and above the title, as wide as the window.
    preview : Preview, optional
        The picture that stands for the page where its address is shared.
    """
    tags = f"\n{preview.tags()}" if preview else ""
    header = f"<header>\n{hero}\n</header>\n" if hero else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<meta name="description" content="{escape(introduction)}">
<meta property="og:type" content="article">
<meta property="og:title" content="{escape(title)}">
<meta property="og:description" content="{escape(introduction)}">{tags}
<style>{_STYLE}</style>
</head>
<body>
{header}<main>
<h1>{escape(title)}</h1>
<p>{escape(introduction)}</p>
{body}
</main>
</body>
</html>
"""


def picture(source: str, alternative: str, size_px: tuple[int, int]) -> str:
    """Return an image element; its size keeps the page from jumping while it loads."""
    width, height = size_px
    return f'<img src="{escape(source)}" alt="{escape(alternative)}" width="{width}" height="{height}" loading="lazy">'


def paragraphs(lines: Iterable[str]) -> str:
    """Return a paragraph for each line of plain text."""
    return "\n".join(f"<p>{escape(line)}</p>" for line in lines)


def facts_table(facts: dict[str, Any]) -> str:
    """Return a table of the facts of a view that readers ask for most."""
    rows = [(label, form.format(facts[key])) for key, (label, form) in _FACTS.items() if facts.get(key) is not None]
    return table(rows)


def assumed_table(facts: dict[str, Any]) -> str:
    """Return a folded table of the values assumed for a view."""
    assumed = list((facts.get("assumed") or {}).items())
    if not assumed:
        return "<p>No values are assumed.</p>"
    heading = "1 assumed value" if len(assumed) == 1 else f"{len(assumed)} assumed values"
    return f"<details><summary>{heading}</summary>\n{table(assumed)}\n</details>"


def table(rows: list[tuple[str, str]]) -> str:
    """Return a table with two columns of plain text."""
    cells = [f'<tr><th scope="row">{escape(key)}</th><td>{escape(str(value))}</td></tr>' for key, value in rows]
    return "\n".join(["<table>", *cells, "</table>"])


def columns_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of plain text with a heading for each column."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    cells = ["".join(f"<td>{escape(text)}</td>" for text in row) for row in rows]
    lines = [f"<tr>{row}</tr>" for row in cells]
    return "\n".join(["<table>", f"<thead><tr>{head}</tr></thead>", "<tbody>", *lines, "</tbody>", "</table>"])
