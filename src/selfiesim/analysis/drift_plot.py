"""A figure of the drift: the path relative to the craft, the range over time, and what is in the frame when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selfiesim.analysis.drift_table import DriftSample
from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write

FORMATS = (".png", ".svg", ".pdf")


def plot_drift(samples: Sequence[DriftSample], title: str, path: Path) -> Path:
    """Plot ``samples`` into a PNG, SVG or PDF file; returns its path.

    Raises
    ------
    OutputError
        For another file ending, or a folder that cannot be written to.
    """
    check_format(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 7.0), layout="constrained")
    figure.suptitle(title, parse_math=False)
    grid = figure.add_gridspec(3, 2, height_ratios=[3.0, 3.0, 1.2])
    _draw_path(figure.add_subplot(grid[:2, 0]), samples)
    ranges = figure.add_subplot(grid[0, 1])
    _draw_range(ranges, samples)
    _draw_size(figure.add_subplot(grid[1, 1], sharex=ranges), samples)
    _draw_flag_rows(figure.add_subplot(grid[2, :]), samples)
    return save_figure(figure, path)


def check_format(path: Path) -> None:
    """Refuse a path that cannot hold a figure, before any work is done.

    Raises
    ------
    OutputError
        For a file ending that is not in :data:`FORMATS`.
    """
    if path.suffix.lower() not in FORMATS:
        raise OutputError(f"{path}: figures can be {', '.join(FORMATS)}; choose one of these endings")


def save_figure(figure: Any, path: Path) -> Path:
    """Write a figure completely or not at all; the same figure gives the same bytes.

    Raises
    ------
    OutputError
        As :func:`check_format`, and for a folder that cannot be written to.
    """
    check_format(path)
    from matplotlib import rc_context

    with atomic_write(path) as temporary, rc_context({"svg.hashsalt": "selfiesim"}):
        figure.savefig(
            temporary, format=path.suffix[1:].lower(), dpi=150, metadata=_metadata_without_date(path.suffix.lower())
        )
    return path


def _metadata_without_date(suffix: str) -> dict[str, Any]:
    """Metadata without the date, which would change the bytes from run to run."""
    return {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}[suffix]


def _draw_path(axes: Any, samples: Sequence[DriftSample]) -> None:
    """Plot the path in the orbit plane and out of it, with the craft at the origin."""
    radial, along, across = np.array([each.position_rtn_m for each in samples]).T
    axes.plot(along, radial, label="in the orbit plane")
    axes.plot(along, across, "--", label="out of plane")
    axes.plot(0.0, 0.0, "k+", markersize=12)
    axes.annotate("craft", (0.0, 0.0), textcoords="offset points", xytext=(-40, -14))
    for index in np.unique(np.linspace(0, len(samples) - 1, 6).astype(int)):
        axes.annotate(f"{samples[index].t_s:g} s", (along[index], radial[index]), fontsize=8)
    axes.set_xlabel("along the direction of motion, m")
    axes.set_ylabel("up (solid), orbit normal (dashed), m")
    axes.set_aspect("equal", adjustable="datalim")
    axes.legend()
    axes.grid(alpha=0.3)


def _draw_range(axes: Any, samples: Sequence[DriftSample]) -> None:
    axes.plot([each.t_s for each in samples], [each.range_m for each in samples])
    axes.set_ylabel("range from the mount point, m")
    axes.grid(alpha=0.3)


def _draw_size(axes: Any, samples: Sequence[DriftSample]) -> None:
    axes.plot([each.t_s for each in samples], [each.craft_px for each in samples], color="tab:orange")
    axes.set_yscale("log")
    axes.set_ylabel("craft size, px")
    axes.set_xlabel("time since release, s")
    axes.grid(alpha=0.3)


def _draw_flag_rows(axes: Any, samples: Sequence[DriftSample]) -> None:
    """Plot a row for each thing that can be in the frame, dark while it is."""
    rows = {
        "whole craft": [each.in_frame for each in samples],
        "limb": [each.limb_in_frame for each in samples],
        "polar cap": [each.cap_in_frame for each in samples],
        "Sun": [each.sun_in_frame for each in samples],
    }
    times = [each.t_s for each in samples]
    step = times[1] - times[0] if len(times) > 1 else 1.0
    edges = np.append(times, times[-1] + step) - step / 2.0
    axes.pcolormesh(
        edges, np.arange(len(rows) + 1), np.array(list(rows.values()), float), cmap="Greys", vmin=0, vmax=1.3
    )
    axes.set_yticks(np.arange(len(rows)) + 0.5, list(rows))
    axes.invert_yaxis()
    axes.set_xlabel("time since release, s (dark: in the frame)")
