"""Self-contained HTML pages: one style, no external resources, readable on a phone and on paper.

Every function that takes plain text escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable
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
# Print unfolds what is folded on the screen, on a white background.
_STYLE = """
:root { color-scheme: dark }
body { background: #101114; color: #d9d6cf; font: 17px/1.55 Georgia, serif }
body { margin: 0 auto; max-width: 62rem; padding: 1rem }
h1, h2 { color: #fff; font-weight: normal; line-height: 1.2 }
a { color: #e8b070 }
article { border-top: 1px solid #333; margin-top: 2.5rem; padding-top: 1rem }
img { display: block; height: auto; width: 100% }
nav, .frames { display: grid; gap: 0.8rem; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)) }
.frames { grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)) }
nav a { color: #d9d6cf; font-size: 0.85em; line-height: 1.3; text-decoration: none }
nav img { aspect-ratio: 16 / 9; margin-bottom: 0.3rem; object-fit: cover }
figure { margin: 0 }
.wide { display: block; overflow-x: auto }
.wide img { min-width: 45rem }
figcaption { color: #9a958a; font-size: 0.85em }
table { border-collapse: collapse; font-size: 0.85em; width: 100% }
th, td { border-bottom: 1px solid #2a2a2a; padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; vertical-align: top }
th { color: #9a958a; font-weight: normal; width: 35% }
td { overflow-wrap: anywhere }
summary { cursor: pointer; margin: 0.8rem 0 }
.quiet { color: #9a958a; font-size: 0.85em; white-space: pre-line }
@media print {
  :root { color-scheme: light }
  body { background: #fff; color: #000; font-size: 11pt; max-width: none }
  h1, h2, a, nav a { color: #000 }
  th, figcaption, .quiet { color: #444 }
  h2, figure, tr { break-inside: avoid }
  h2 { break-after: avoid }
  .wide img { min-width: 0 }
  article > a img { max-height: 12cm; object-fit: contain; object-position: left }
  details::details-content { content-visibility: visible; display: block; height: auto }
}
"""


def document(title: str, introduction: str, body: str) -> str:
    """Return a whole page; ``body`` is HTML, the rest is plain text."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p>{escape(introduction)}</p>
{body}
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
    cells = "\n".join(f"<tr><th>{escape(key)}</th><td>{escape(str(value))}</td></tr>" for key, value in rows)
    return f"<table>\n{cells}\n</table>"
