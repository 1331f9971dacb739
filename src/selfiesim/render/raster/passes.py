"""Averages the passes of a render."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Progress
    from selfiesim.render.common.subframes import Subframe
    from selfiesim.view.view import View

Image = NDArray[np.float32]
_Pass = TypeVar("_Pass")


def average_passes(
    passes: Iterable[_Pass],
    render: Callable[[_Pass], Image],
    on_running_mean: Callable[[Image, int], None] | None = None,
) -> Image:
    """Return the mean of what ``render`` returns for each pass.

    Parameters
    ----------
    passes : iterable
        At least one pass.
    render : callable
        Renders one pass. The first image is overwritten.
    on_running_mean : callable, optional
        Called with the mean so far and the number of passes after 1, 2, 4 ... passes.
    """
    total, count = None, 0
    for each in passes:
        image, count = render(each), count + 1
        total = image if total is None else np.add(total, image, out=total)
        if on_running_mean and count & (count - 1) == 0:
            on_running_mean(total * np.float32(1.0 / count), count)
    assert total is not None
    return total if count == 1 else np.multiply(total, np.float32(1.0 / count), out=total)


def report_passes(passes: Iterable[Subframe], count: int, report: Progress) -> Iterator[Subframe]:
    """Yield the passes, and report before each how many are done."""
    for done, each in enumerate(passes):
        report(done, count)
        yield each


def pair_with_views(passes: Iterable[_Pass], views: list[View]) -> Iterator[tuple[_Pass, View, bool]]:
    """Yield each pass with its view and whether the view changes; ``views`` are one for all passes or one for each."""
    for number, each in enumerate(passes):
        yield each, views[number % len(views)], len(views) > 1
