"""Figures that tests measure for docs/accuracy.md: each is checked against its limit, and against what the page says.

``pytest --write-figures TESTS`` writes what is measured to docs/_site/figures/tests.json; tools/scorecard.py makes the
page's tables from it.
"""

from __future__ import annotations

import os
from typing import Any

import measured
import numpy as np


def largest_percent(found: Any, expected: Any) -> float:
    """Return the largest relative difference, in percent."""
    return 100.0 * float(np.abs(np.asarray(found, float) / np.asarray(expected, float) - 1.0).max())


def largest(found: Any, expected: Any) -> float:
    """Return the largest absolute difference."""
    return float(np.abs(np.asarray(found, float) - np.asarray(expected, float)).max())


class Figures:
    """Checks figures, and collects them where they are to be written."""

    def __init__(self, writing: bool) -> None:
        self._writing = writing
        self._rows = measured.load("tests")
        self._measured: dict[tuple[str, str], dict[str, Any]] = {}

    def __call__(
        self, section: str, quantity: str, against: str, found: float, limit: float, unit: str = "", least: bool = False
    ) -> None:
        """Check a figure, which is at most its limit, or at least with ``least``.

        Of several calls for the same quantity and authority, the page has the one nearest to the limit.
        """
        test = os.environ["PYTEST_CURRENT_TEST"].split("::")[0]
        sign = -1.0 if least else 1.0
        found, limit = float(found), float(limit)
        row = {"section": section, "quantity": quantity, "against": against, "unit": unit, "limit": limit}
        row |= {"least": least, "by": test}
        if self._writing:
            known = self._measured.get((quantity, against))
            if known is None or sign * found > sign * known["found"]:
                self._measured[quantity, against] = row | {"found": float(f"{found:.3g}")}
            return
        assert sign * found <= sign * limit, f"{quantity}: {found:.4g} {unit}, limit {limit:.4g}"
        stated = next((each for each in self._rows if row.items() <= each.items()), None)
        assert stated, f"{quantity}, {against}: not in figures/tests.json as here; run pytest --write-figures {test}"
        # Other machines round and draw a little differently.
        room = 0.5 * abs(1.0 - limit if least else limit)
        better = f"{quantity}: {found:.4g}, but figures/tests.json says better"
        assert sign * found <= sign * stated["found"] + room, better

    def write(self) -> None:
        """Put what was measured into the file; what was not measured stays. What is beyond its limit fails then."""
        if self._writing:
            measured.put("tests", self._measured.values())
            assert [row["quantity"] for row in self._measured.values() if measured.is_beyond(row)] == []
