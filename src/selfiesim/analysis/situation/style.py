"""What the panels share: colours, arrows, outlines, and labels with a halo."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfiesim.core.vectors import Vector
from selfiesim.craft.model import convex_hull_points

SUN, PICTURE, LIMB, TRACK, CRAFT = "#c98a00", "#1f5fbf", "#2a8a3e", "#c2272d", "#202020"
BODY_COLOURS = {"mercury": "#8a7f78", "venus": "#b08a3c", "earth": "#0a6a8a", "mars": "#b5653a", "jupiter": "#9a7350"}
NIGHT = "#182238"
NIGHT_ALPHA = 0.45


def body_colour(name: str) -> str:
    """The colour of a body in all panels: its own for a planet out to Jupiter, grey for others."""
    return BODY_COLOURS.get(name, "#808080")


def note(axes: Any, text: str, place: tuple[float, float], colour: str, offset: tuple[float, float] = (6, 4)) -> None:
    """Write a label next to a point, readable on any background; ``offset`` is in points."""
    from matplotlib.patheffects import withStroke

    axes.annotate(
        text, place, textcoords="offset points", xytext=offset, color=colour, fontsize=8.5, zorder=9, parse_math=False,
        ha="left" if offset[0] >= 0 else "right", va="center", annotation_clip=True,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )  # fmt: skip


def arrow(axes: Any, start: Vector, step: Vector, colour: str, width: float = 1.6) -> None:
    """Draw an arrow from ``start`` (2,) by ``step`` (2,)."""
    axes.annotate(
        "", tuple(start + step), tuple(start), zorder=6,
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip


def key_below(axes: Any, columns: int = 3) -> None:
    """Put the legend below the panel, where it hides nothing."""
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=columns, fontsize=8.5, frameon=False, handlelength=1.6
    )


def convex_hull(points: Vector) -> Vector:
    """The corners (M, 2) of the convex hull of points (N, 2), in order; of points in line, the points."""
    finite = points[np.isfinite(points).all(axis=-1)]
    return convex_hull_points(finite) if len(finite) else finite
