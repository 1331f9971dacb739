"""A bar with rate, time left and failures, on a terminal and in a notebook; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selfiesim.batches.run import Frame


@contextmanager
def progress_bar(count: int, wanted: bool | None) -> Iterator[Callable[[Frame], None]]:
    """Gives what to call with each finished frame."""
    from rich.console import Console

    console = Console(stderr=True) if "ipykernel" not in sys.modules else Console()
    if not (console.is_terminal or console.is_jupyter if wanted is None else wanted):
        yield lambda frame: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    failed = 0
    with Progress(*columns, TextColumn("{task.fields[faults]}"), console=console) as progress:
        task = progress.add_task("frames", total=count, rate="", faults="")

        def on_frame(frame: Frame) -> None:
            nonlocal failed
            failed += not frame.is_drawn
            speed = progress.tasks[0].speed
            rate = f"{speed:.2f} a second" if speed else ""
            progress.update(task, advance=1, rate=rate, faults=f"{failed} set aside" if failed else "")

        yield on_frame
