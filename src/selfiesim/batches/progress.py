"""A progress bar with rate, remaining time and failures, on a terminal and in a notebook; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from selfiesim.batches.frame import Frame
from selfiesim.core.terminal import console


@contextmanager
def progress_bar(count: int, wanted: bool | None) -> Iterator[Callable[[Frame], None]]:
    """Show a bar for ``count`` frames; yields the function to call with each finished frame.

    ``wanted`` forces the bar on or off; None shows it on a terminal and in a notebook.
    """
    shown_on = console(stderr="ipykernel" not in sys.modules)
    if not (shown_on.is_terminal or shown_on.is_jupyter if wanted is None else wanted):
        yield lambda frame: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    failed = 0
    with Progress(*columns, TextColumn("{task.fields[failures]}"), console=shown_on) as progress:
        task = progress.add_task("frames", total=count, rate="", failures="")

        def on_frame(frame: Frame) -> None:
            nonlocal failed
            failed += not frame.is_done
            speed = progress.tasks[0].speed
            rate = f"{speed:.2f} frames/s" if speed else ""
            progress.update(task, advance=1, rate=rate, failures=f"{failed} failed" if failed else "")

        yield on_frame
