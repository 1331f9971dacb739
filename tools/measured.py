"""Measured figures in docs/_site/figures, of which docs/accuracy.md is made: each with what measured it, and when."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/_site/figures"
PAGE = ROOT / "docs/accuracy.md"
# In the order of the page.
SECTIONS = ("time", "orbits", "lenses", "light", "paths", "planet", "photograph", "speed", "peers", "batches")
Row = dict[str, Any]


def load(name: str) -> list[Row]:
    """Return the rows of a file; none where it is missing."""
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


def save(name: str, rows: Sequence[Row]) -> None:
    """Write a file, one value in a line, so that a change shows what changed."""
    (FOLDER / f"{name}.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def put(name: str, measured: Iterable[Row]) -> None:
    """Put rows into a file in place of those of the same section, quantity and authority, with version and date."""
    rows = {_key(row): row for row in load(name)}
    stamp = {"version": version("selfiesim"), "date": datetime.now(UTC).date().isoformat()}
    for row in measured:
        rows[_key(row)] = row | stamp
    save(name, sorted(rows.values(), key=lambda row: (SECTIONS.index(row["section"]), row["by"])))


def _key(row: Row) -> tuple[str, str, str]:
    return row["section"], row["quantity"], row["against"]


def shown(value: float | str | None, unit: str) -> str:
    """Return a figure with three digits and its unit."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else f"{value:.3g}".replace("e-0", "e-")
    text = f"{value:.0f}" if "e+" in text else text
    return f"{text} {unit}".rstrip()


def is_beyond(row: Row) -> bool:
    """Whether a figure is beyond its limit."""
    found, limit = row["found"], row["limit"]
    if limit is None or isinstance(found, str):
        return False
    return bool(found < limit if row.get("least") else found > limit)


def table(section: str, rows: Iterable[Row]) -> str:
    """Return the rows of a section as Markdown, without the column of authorities where there are none."""
    rows = [row for row in rows if row["section"] == section]
    heads = ["quantity", "against", "found", "limit", "measured by"]
    lines = []
    for row in rows:
        limit = shown(row["limit"], row["unit"])
        limit = f"at least {limit}" if row.get("least") else limit
        by = f"`{row['by'].removeprefix('tests/')}`" + (f" at {row['revision']}" if "revision" in row else "")
        found = shown(row["found"], row["unit"]) + (" (beyond)" if is_beyond(row) else "")
        lines.append([row["quantity"], row["against"], found, limit, by])
    if rows and not any(row["against"] for row in rows):
        heads, lines = [heads[0], *heads[2:]], [[line[0], *line[2:]] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in (heads, ["---"] * len(heads), *lines)) + "\n"


def fill(page: str, name: str, text: str) -> str:
    """Return the page with the text between the two marks of a name."""
    pattern = re.compile(rf"(<!-- {name}: made by \S+ -->\n).*?(<!-- end of {name} -->\n)", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise ValueError(f"{PAGE.name}: no place for {name!r}")
    return pattern.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page)


def outside(page: str) -> str:
    """Return what of the page is not between marks."""
    return re.sub(r"<!-- (\S+): made by \S+ -->\n.*?<!-- end of \1 -->\n", "", page, flags=re.DOTALL)
