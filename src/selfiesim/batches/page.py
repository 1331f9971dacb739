"""The page ``index.html`` in a batch's folder: progress, the newest frames, and what failed."""

from __future__ import annotations

import json
import time
from html import escape
from itertools import islice
from pathlib import Path

from selfiesim.batches.manifest import Record, frame_path
from selfiesim.core.files import atomic_write

_REFRESH_S = 5.0
_MAX_COST = 0.01  # of the run's time, for writing the page
_MAX_FRAMES_SHOWN = 200
_MAX_FAULTS_SHOWN = 50
_IMAGE_ENDINGS = (".png", ".jpg")
_STYLE = """body{background:#111;color:#ccc;font:14px sans-serif;margin:1em}
figure{display:inline-block;margin:4px;width:240px;vertical-align:top}img{width:240px}
figcaption{font-size:11px;overflow-wrap:anywhere}.fault{color:#f96}a{color:inherit}"""


class ProgressPage:
    """Writes the page, at most every few seconds."""

    def __init__(self, folder: Path, title: str, count: int) -> None:
        self._folder, self._title, self._count = folder, title, count
        self._next_s = 0.0

    def show(self, records: dict[str, Record], last: bool = False) -> None:
        """Write the page unless it is recent; ``last`` writes it anyway, at the end of a run."""
        start_s = time.monotonic()
        if start_s < self._next_s and not last:
            return
        with atomic_write(self._folder / "index.html") as temporary:
            temporary.write_text(self._html(records, last), encoding="utf-8")
        now_s = time.monotonic()
        self._next_s = now_s + max(_REFRESH_S, (now_s - start_s) / _MAX_COST)

    def _html(self, records: dict[str, Record], last: bool) -> str:
        newest = list(islice(reversed(records.values()), _MAX_FRAMES_SHOWN))
        failed = [record for record in records.values() if record["status"] == "failed"]
        done = len(records) - len(failed)
        head = f"{done:,} of {self._count:,} frames, {len(failed):,} failed"
        refresh = "" if last else f'<meta http-equiv="refresh" content="{_REFRESH_S:.0f}">'
        figures = "".join(self._figure(record) for record in newest if record["status"] == "done")
        faults = "".join(
            f'<p class="fault">{_frame_caption(record)}: {escape(record["message"])}</p>'
            for record in failed[-_MAX_FAULTS_SHOWN:]
        )
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8">{refresh}<title>{escape(self._title)}</title>'
            f"<style>{_STYLE}</style><h1>{escape(self._title)}</h1><p>{head}. Synthetic images.</p>{faults}{figures}\n"
        )

    def _figure(self, record: Record) -> str:
        ending = next((ending for ending in record["files"] if ending != ".json"), ".json")
        path = escape(frame_path(self._folder, record["frame"], ending).relative_to(self._folder).as_posix())
        content = f'<img loading="lazy" src="{path}" alt="">' if ending in _IMAGE_ENDINGS else escape(ending)
        return f'<figure><a href="{path}">{content}</a><figcaption>{_frame_caption(record)}</figcaption></figure>'


def _frame_caption(record: Record) -> str:
    changes = ", ".join(f"{key} = {json.dumps(value)}" for key, value in record["changes"].items())
    return escape(f"{record['number']}: {changes}")
