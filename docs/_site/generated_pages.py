"""Pages that are written at each build: one for each command, with real output, and the scene keys."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import scene_keys
from recordings import RECORDINGS, record

from selfiesim.cli.app import app as command_line

HEAD = "<!-- Written by the build of the site: docs/_site/generated_pages.py -->\n"


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Any) -> None:
    """Write the pages whose text has changed."""
    folder = Path(app.srcdir) / "docs/reference"
    _write(folder / "keys.md", scene_keys.page(folder / "keys"))
    for words in sorted(commands(), key=lambda words: list(RECORDINGS).index(" ".join(words))):
        _write(folder / "commands" / f"{'-'.join(words)}.md", command_page(words, folder / "commands"))


def commands() -> list[tuple[str, ...]]:
    """Return every command as its words: ``("render",)``, ``("models", "list")``."""
    found: list[tuple[str, ...]] = []
    for name in _names(command_line):
        inner = [(name, second) for second in _names(command_line[name])]
        found += inner or [(name,)]
    return found


def _names(app: Any) -> list[str]:
    return [name for name in app if not name.startswith("-")]


def command_page(words: tuple[str, ...], folder: Path) -> str:
    """Return the page of a command: its help, and what it printed or drew just now."""
    title = " ".join(words)
    return f"# {title}\n\n{_help()[title]}\n\n## Example\n\n{record(RECORDINGS[title], folder)}"


@cache
def _help() -> dict[str, str]:
    """Return the help of each command, in Markdown."""
    text = command_line.generate_docs(output_format="markdown")
    text = text.replace(" -m sphinx", "")  # the program that runs here, which cyclopts takes for a part of the command
    parts = re.split(r"^#+ selfiesim (.+)$", text, flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def _write(path: Path, text: str) -> None:
    text = HEAD + text
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
