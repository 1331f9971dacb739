"""A match as numbers: JSON-ready, and as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.core.vectors import Matrix

if TYPE_CHECKING:
    from selfiesim.matching.estimates import Estimate
    from selfiesim.matching.match import Match

_STRONG = 0.9  # correlations beyond this are listed in the text


def report(match: Match) -> dict[str, Any]:
    """Return everything that was found, JSON-ready."""
    statistics = match.statistics
    return {
        "rms_px": match.rms_px,
        "parameters": {each.name: _numbers(each) for each in match.estimates},
        "derived": {each.name: _numbers(each) for each in match.derived},
        "covariance": match.covariance.tolist(),
        "correlation": statistics.correlation.tolist(),
        "degrees_of_freedom": statistics.degrees_of_freedom,
        "sigma_factor": float(np.sqrt(statistics.factor)),
        "condition": statistics.condition,
        "open_directions": list(statistics.open_directions),
        "points": [
            {
                "name": name,
                "pixel": pixel.tolist(),
                "predicted": _finite(predicted),
                "residual_px": _finite(residual),
                "is_outlier": i in match.outliers,
            }
            for i, (name, pixel, predicted, residual) in enumerate(
                zip(match.names, match.pixels, match.predicted, match.residuals, strict=True)
            )
        ],
        "fitted_points": [
            {"name": match.names[each.index], "craft_m": each.craft_m.tolist(), "sigma_m": each.sigma_m.tolist()}
            for each in match.fitted_points
        ],
        "minima": list(match.minima),
        "notes": list(match.notes),
    }


def lines(match: Match) -> Iterator[str]:
    """Yield the report as text."""
    count, bad = len(match.names), len(match.outliers)
    without = f", {bad} left out" if bad else ""
    yield (
        f"{count} points{without}: rms {match.rms_px:.2f} px, {match.statistics.degrees_of_freedom} degrees of "
        f"freedom, condition {match.statistics.condition:.3g}"
    )
    for each in (*match.estimates, *match.derived):
        yield f"  {each.name:<22} {_with_sigma(each)}"
    for text in strong_correlations([each.name for each in match.estimates], match.statistics.correlation):
        yield f"  correlation of {text}"
    yield "residuals, px: right, down"
    order = np.argsort(-np.linalg.norm(match.residuals, axis=1))
    for i in order:
        mark = "  left out" if i in match.outliers else ""
        x, y = match.residuals[i]
        yield f"  {match.names[i]:<40} {x:+8.2f} {y:+8.2f}{mark}"
    if match.fitted_points:
        yield "uncertain points as the picture has them, m: x, y, z"
    for point in match.fitted_points:
        values = [f"{value:.3f} +- {sigma:.3f}" for value, sigma in zip(point.craft_m, point.sigma_m, strict=True)]
        yield f"  {match.names[point.index]:<40} {', '.join(values)}"
    for number, other in enumerate(match.minima, start=2):
        yield other_minimum(number, other)
    for note in match.notes:
        yield f"note: {note}"


def strong_correlations(names: Sequence[str], correlation: Matrix) -> list[str]:
    """Return the strongest correlations (n, n) of unknowns as text, "one and other +0.950", strongest first."""
    pairs = [
        (abs(correlation[i, j]), f"{names[i]} and {names[j]} {correlation[i, j]:+.3f}")
        for i in range(len(names))
        for j in range(i)
        if abs(correlation[i, j]) > _STRONG
    ]
    return [text for _, text in sorted(pairs, reverse=True)[:6]]


def other_minimum(number: int, other: dict[str, Any]) -> str:
    """Return a line on a minimum of :attr:`Match.minima`, ``number`` from 2."""
    named = ", ".join(f"{name} {value:.4g}" for name, value in list(other["values"].items())[-4:])
    return f"minimum {number}: rms {other['rms_px']:.2f} px; {named}"


def _with_sigma(each: Estimate) -> str:
    digits = 4 if each.sigma <= 0.0 else int(np.clip(1 - np.floor(np.log10(each.sigma)), 0, 9))
    return f"{each.value:.{digits}f} +- {each.sigma:.{digits}f} {each.unit}".rstrip()


def _numbers(each: Estimate) -> dict[str, Any]:
    return {"value": each.value, "sigma": each.sigma, "unit": each.unit}


def _finite(values: Any) -> list[float] | None:
    return values.tolist() if np.isfinite(values).all() else None
