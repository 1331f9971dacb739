"""Kinds of input with the commands that read them. Case number n of a kind is the same at each run."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import fuzz_files
import fuzz_meshes
import fuzz_scenes
import fuzz_studio
from fuzz_case import Case
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as hypothesis_seed

BLOCK = 25
"""Cases of one kind that are drawn together."""
KINDS: dict[str, Any] = fuzz_scenes.KINDS | fuzz_meshes.KINDS | fuzz_files.KINDS | fuzz_studio.KINDS
SLOW_KINDS, SLOW_EVERY = ("3ds, fbx, usd", "batch", "job"), 4
"""Kinds that start processes or render, and the share of the rounds in which they take part."""


@cache
def load_all_modules() -> None:
    """Import all of selfiesim: hypothesis also draws constants of the modules that it finds, so they must not vary."""
    import selfiesim

    for module in pkgutil.walk_packages(selfiesim.__path__, "selfiesim."):
        if not module.name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # an extra that is not installed
                importlib.import_module(module.name)


def cases(kind: str, block: int) -> Iterator[Case]:
    """Draw the cases of one block of a kind; the same at each call."""
    found: dict[str, Case] = {}

    # Several drawings may lead to the same case, and the first of every run is the simplest one.
    @hypothesis_seed(f"{kind} {block}")
    @settings(
        max_examples=3 * BLOCK,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(KINDS[kind]())
    def collect(case: Case) -> None:
        if len(found) <= BLOCK:
            found.setdefault(f"{case.words} {case.files} {case.value!r}", case)

    load_all_modules()
    state = random.getstate()
    collect()
    random.setstate(state)
    return iter(list(found.values())[1:])
