"""The contact sheet ``index.html`` in a batch's folder: how far it is, the newest frames, and what went wrong."""

from __future__ import annotations

import json
import time
from html import escape
from itertools import islice
from pathlib import Path

from selfiesim.batches.manifest import Record, frame_path
from selfiesim.core.files import atomic_write

_REFRESH_S = 5.0
_MAX_FRAMES_SHOWN = 200
_IMAGE_ENDINGS = (".png", ".jpg")
_STYLE = """body{background:#111;color:#ccc;font:14px sans-serif;margin:1em}
figure{display:inline-block;margin:4px;width:240px;vertical-align:top}img{width:240px}
figcaption{font-size:11px;overflow-wrap:anywhere}.fault{color:#f96}a{color:inherit}"""


class ProgressPage:
    """Writes the sheet anew at most every few seconds."""

    def __init__(self, folder: Path, title: str, count: int) -> None:
        self._folder, self._title, self._count = folder, title, count
        self._next = 0.0

    def show(self, records: dict[str, Record], last: bool = False) -> None:
        """Write it, unless it was just written; ``last`` for the end of a run."""
        now = time.monotonic()
        if now < self._next and not last:
            return
        with atomic_write(self._folder / "index.html") as temporary:
            temporary.write_text(self._text(records, last), encoding="utf-8")
        # Reading through many records takes its time: never more than a hundredth of the run.
        self._next = time.monotonic() + max(_REFRESH_S, 100.0 * (time.monotonic() - now))

    def _text(self, records: dict[str, Record], last: bool) -> str:
        newest = list(islice(reversed(records.values()), _MAX_FRAMES_SHOWN))
        failed = [record for record in records.values() if record["status"] == "failed"]
        done = len(records) - len(failed)
        head = f"{done:,} of {self._count:,} frames, {len(failed):,} set aside"
        refresh = "" if last else '<meta http-equiv="refresh" content="5">'
        cells = "".join(self._cell(record) for record in newest if record["status"] == "done")
        faults = "".join(
            f'<p class="fault">{_frame_caption(each)}: {escape(each["message"])}</p>' for each in failed[-50:]
        )
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8">{refresh}<title>{escape(self._title)}</title>'
            f"<style>{_STYLE}</style><h1>{escape(self._title)}</h1><p>{head}. Synthetic images.</p>{faults}{cells}\n"
        )

    def _cell(self, record: Record) -> str:
        ending = next((ending for ending in record["files"] if ending != ".json"), ".json")
        path = frame_path(self._folder, record["frame"], ending).relative_to(self._folder).as_posix()
        shown = f'<img loading="lazy" src="{escape(path)}" alt="">' if ending in _IMAGE_ENDINGS else escape(ending)
        return f'<figure><a href="{escape(path)}">{shown}</a><figcaption>{_frame_caption(record)}</figcaption></figure>'


def _frame_caption(record: Record) -> str:
    changes = ", ".join(f"{key} = {json.dumps(value)}" for key, value in record["changes"].items())
    return escape(f"{record['number']}: {changes}")
