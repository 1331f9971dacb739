r"""What may be printed: text from files reaches a terminal without its control characters.

A control character in the name of a part, a title or a path could move the cursor, rewrite the lines above, set the
title of the window or reverse the direction of text. Here it becomes visible instead: ``\x1b``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# The Unicode categories Cc (without tab and line feed), Cf, Cs, Zl and Zp: controls, marks that cannot be seen, such as
# those that change the direction of text, halves of characters, and separators of lines.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)


def printable(text: str) -> str:
    r"""Return ``text`` with each control character as its escape: ``\x1b``, ``\u202e``."""
    return _CONTROLS.sub(lambda match: ascii(match[0])[1:-1], text)


def printable_json(text: str) -> str:
    """Return JSON with each control character in its strings as JSON's escape, which does not change its meaning."""

    def escape(match: re.Match[str]) -> str:
        units = match[0].encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{units[k : k + 2].hex()}" for k in range(0, len(units), 2))

    return _CONTROLS.sub(escape, text)


class _PrintableStream:
    """A text stream that writes :func:`printable` text to another, and is like it otherwise."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def printable_output() -> Iterator[None]:
    """Let everything that is printed to standard output and standard error be printable."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (stream if stream is None else _PrintableStream(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def console(*, stderr: bool = False, **options: Any) -> Console:
    """Return a console of rich, whose own colours and cursor movements are printed but none from the text it shows.

    ``options`` are those of ``rich.console.Console``.
    """
    from rich.console import Console
    from rich.segment import Segment

    class PrintableConsole(Console):
        def render(self, *args: Any, **kwargs: Any) -> Iterator[Segment]:
            for segment in super().render(*args, **kwargs):
                yield segment if segment.control else Segment(printable(segment.text), segment.style)

    stream = sys.stderr if stderr else sys.stdout
    return PrintableConsole(file=getattr(stream, "stream", stream), stderr=stderr, **options)
