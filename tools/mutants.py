"""Change one operator or number of the package at a time, and see whether a test notices.

Sampled from all such changes, by seed. The tests of the module's own file run first, then those of its room and of
every test file that names it. The changes are cosmic-ray's; they are made in a copy under out/mutants.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[1]
COPY = ROOT / "out/mutants"
LEFT_OUT = "craft/builders"  # shapes of models, seen in pictures
# A union of types is not an operation, and what is not decorated or caught is another program.
OPERATORS = [
    name
    for name in sorted(operator_names())
    if not re.search(r"_BitOr_|Decorator|Exception|AddNot|VariableReplacer|VariableInserter|KeywordArg", name)
]
TIMEOUT_S = 600


class Mutant(NamedTuple):
    """A change: in which module, by which operator of cosmic-ray, at which of its places."""

    module: Path
    operator: str
    occurrence: int
    line: int


def mutants(module: Path) -> Iterator[Mutant]:
    """Yield every change to a module outside annotations."""
    text = module.read_text(encoding="utf-8")
    nodes = list(ast_nodes(get_ast(text)))
    silent = _annotations(text)
    for name in OPERATORS:
        operator = get_operator(name)()
        places = [start for node in nodes for start, _end in operator.mutation_positions(node)]
        for occurrence, start in enumerate(places):
            if start[0] not in silent:
                yield Mutant(module, name, occurrence, start[0])


def _annotations(text: str) -> set[int]:
    """Return the lines of annotations, which are never evaluated here."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        for part in parts:
            if isinstance(part, ast.expr):
                lines |= set(range(part.lineno, (part.end_lineno or part.lineno) + 1))
    return lines


def sample(count: int, seed: int) -> list[Mutant]:
    """Return different changes, from modules drawn by their length."""
    modules = [path for path in sorted((ROOT / "src/selfiesim").rglob("*.py")) if LEFT_OUT not in path.as_posix()]
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in modules]
    draw = random.Random(seed)  # noqa: S311
    found: dict[Path, list[Mutant]] = {}
    chosen: list[Mutant] = []
    while len(chosen) < count:
        module = draw.choices(modules, lengths)[0]
        left = found.setdefault(module, list(mutants(module)))
        if left:
            chosen.append(left.pop(draw.randrange(len(left))))
    return chosen


def tests_of(module: Path) -> list[list[str]]:
    """Return the tests to run one after the other: the nearest file, then the room and what else names the module."""
    relative = module.relative_to(ROOT / "src/selfiesim")
    room, dotted = relative.parts[0], ".".join(("selfiesim", *relative.with_suffix("").parts))
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    naming = [path for path in files if re.search(rf"\b{re.escape(dotted)}\b", path.read_text(encoding="utf-8"))]
    nearest = [path for path in files if path.parent.name == room and module.stem in path.stem] or naming
    wider = sorted({*naming, *(path for path in files if path.parent.name == room)} - set(nearest))
    return [[str(path) for path in paths] for paths in (nearest, wider) if paths]


def survives(mutant: Mutant) -> str:
    """Make the change in the copy, run the tests, undo it; return the changed line if none failed, else nothing."""
    copy = COPY / mutant.module.relative_to(ROOT)
    text = mutant.module.read_text(encoding="utf-8")
    changed = mutate_code(text, get_operator(mutant.operator)(), mutant.occurrence)
    copy.write_text(changed, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(COPY / "src"), "LP_NUM_THREADS": "0", "OMP_NUM_THREADS": "1"}
    try:
        for paths in tests_of(mutant.module):
            command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *paths]
            try:
                done = subprocess.run(
                    command, cwd=ROOT, env=environment, capture_output=True, timeout=TIMEOUT_S, check=False
                )
            except subprocess.TimeoutExpired:
                return ""  # a test that never ends notices too
            if done.returncode not in (0, 5):  # 5: no test was selected
                return ""
    finally:
        copy.write_text(text, encoding="utf-8")
    return changed.splitlines()[mutant.line - 1].strip()


def main() -> None:
    """Print the survivors, and exit with 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of the paths of the modules to change")
    options = parser.parse_args()
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(ROOT / "src", COPY / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("models", "scenes"):
        (COPY / name).symlink_to(ROOT / name)
    chosen = [each for each in sample(options.count, options.seed) if options.only in each.module.as_posix()]
    survivors = 0
    for number, mutant in enumerate(chosen, start=1):
        line = survives(mutant)
        survivors += bool(line)
        place = f"{mutant.module.relative_to(ROOT)}:{mutant.line}"
        print(
            f"{number:4d}/{len(chosen)} {'SURVIVED' if line else 'noticed '} {place} {mutant.operator} {line}",
            flush=True,
        )
    print(f"{survivors} of {len(chosen)} survived")
    sys.exit(survivors > 0)


if __name__ == "__main__":
    main()
