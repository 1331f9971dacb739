"""A finished frame, as :func:`selfiesim.batches.run.batch` yields it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Frame:
    """A frame that is rendered, or has failed for good.

    Attributes
    ----------
    number : int
        Position in the job, from 0.
    name : str
        SHA-256 of everything that its files depend on.
    changes : dict
        The values that vary, by key path of the scene.
    path : Path or None
        The image file; None when the frame failed.
    seconds : float
        Time that rendering took.
    message : str
        Why the frame failed.
    is_new : bool
        False when an earlier run rendered it.
    """

    number: int
    name: str
    changes: dict[str, Any]
    path: Path | None
    seconds: float
    message: str = ""
    is_new: bool = True

    @property
    def is_done(self) -> bool:
        """Whether the frame is rendered."""
        return self.path is not None
