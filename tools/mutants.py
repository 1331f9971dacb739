"""Change one operator or number of the package at a time, and see whether a test notices.

Sampled from all such changes, by seed, at most one in a module until each has one. The tests of the module's own file
run first, then every test file that names the module and those of its room. The changes are cosmic-ray's; they are made
in copies under out/mutants, one for each worker. Workers are forked from a process that has loaded the libraries, since
importing those takes longer than most tests. With --log, what was run before is not run again.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import importlib
import os
import random
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[1]
COPIES = ROOT / "out/mutants"
LEFT_OUT = "craft/builders"  # shapes of models, seen in pictures
# A union of types is not an operation, and what is not decorated or caught is another program.
OPERATORS = [
    name
    for name in sorted(operator_names())
    if not re.search(r"_BitOr_|Decorator|Exception|AddNot|VariableReplacer|VariableInserter|KeywordArg", name)
]
LIBRARIES = (
    "numpy",
    "scipy.ndimage",
    "scipy.optimize",
    "scipy.spatial.transform",
    "pyvista",
    "trimesh",
    "imageio.v3",
    "pydantic",
    "erfa",
    "hypothesis",
    "pytest",
    "PIL.Image",
)


class Mutant(NamedTuple):
    """A change: in which module, by which operator of cosmic-ray, at which of its places."""

    module: Path
    operator: str
    occurrence: int
    line: int

    def __str__(self) -> str:
        return f"{self.module.relative_to(ROOT)}:{self.line} {self.operator.removeprefix('core/')} {self.occurrence}"


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
    """Return different changes, from modules drawn by their length, each once until all have been."""
    modules = [path for path in sorted((ROOT / "src/selfiesim").rglob("*.py")) if LEFT_OUT not in path.as_posix()]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules}
    draw = random.Random(seed)  # noqa: S311
    found: dict[Path, list[Mutant]] = {}
    chosen: list[Mutant] = []
    left: list[Path] = []
    while len(chosen) < count:
        left = left or [path for path in modules if lengths[path]]
        module = draw.choices(left, [lengths[path] for path in left])[0]
        left.remove(module)
        changes = found.setdefault(module, list(mutants(module)))
        while changes:
            mutant = changes.pop(draw.randrange(len(changes)))
            if _is_python(_changed(mutant)):
                chosen.append(mutant)
                break
    return chosen


def _changed(mutant: Mutant) -> str:
    text = mutant.module.read_text(encoding="utf-8")
    return mutate_code(text, get_operator(mutant.operator)(), mutant.occurrence)


def _is_python(text: str) -> bool:
    """Whether a change can be compiled: that of the star among parameters into an operator cannot."""
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def tests_of(module: Path) -> list[list[str]]:
    """Return the tests to run one after the other: the nearest file, then the room and what else names the module."""
    relative = module.relative_to(ROOT / "src/selfiesim")
    room, dotted = relative.parts[0], ".".join(("selfiesim", *relative.with_suffix("").parts))
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    naming = [path for path in files if re.search(rf"\b{re.escape(dotted)}\b", path.read_text(encoding="utf-8"))]
    nearest = [path for path in files if path.parent.name == room and module.stem in path.stem] or naming
    wider = sorted({*naming, *(path for path in files if path.parent.name == room)} - set(nearest))
    return [[str(path) for path in paths] for paths in (nearest, wider) if paths]


def outcome(mutant: Mutant, copy: Path, limit_s: float, drawing: bool = True) -> str:
    """Make the change in a copy, run the tests, undo it. Without ``drawing``, wider tests that draw are left out.

    Returns ``noticed``, ``SURVIVED``, or ``UNDECIDED`` where the tests did not end in time: they may be slow, or the
    change may have made a loop endless.
    """
    file = copy / mutant.module.relative_to(ROOT)
    text, times = mutant.module.read_text(encoding="utf-8"), file.stat()
    file.write_text(_changed(mutant), encoding="utf-8")
    try:
        for number, paths in enumerate(tests_of(mutant.module)):
            status = _run_tests(copy, paths, limit_s, drawing or number == 0)
            if status is None:
                return "UNDECIDED"
            if status not in (0, 5):  # 5: no test was selected
                return "noticed"
    finally:
        file.write_text(text, encoding="utf-8")
        os.utime(file, (times.st_atime, times.st_mtime))  # what was compiled stays valid
    return "SURVIVED"


def _run_tests(copy: Path, paths: list[str], limit_s: float, drawing: bool) -> int | None:
    """Return pytest's exit status from a forked process, or None if it was ended for its time."""
    child = os.fork()
    if child == 0:
        _in_child(copy, paths, drawing)
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _in_child(copy: Path, paths: list[str], drawing: bool) -> None:
    status = 2  # as an interrupted run, where the package cannot be imported
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        os.chdir(ROOT)
        os.environ["PYTHONPATH"] = str(copy / "src")  # for what the tests start
        sys.path.insert(0, str(copy / "src"))
        sys.dont_write_bytecode = True
        import pytest

        if not drawing:
            from selfiesim.render.raster.renderer import PyVistaRenderer

            PyVistaRenderer.__init__ = lambda *given, **names: pytest.skip("draws")  # type: ignore[method-assign]
        status = int(pytest.main(["-x", "-q", "--no-header", "-p", "no:cacheprovider", *paths]))
    finally:
        os._exit(status)


def _copies(count: int) -> Queue[Path]:
    shutil.rmtree(COPIES, ignore_errors=True)
    copies: Queue[Path] = Queue()
    for number in range(count):
        copy = COPIES / str(number)
        shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(copy / "src", quiet=1)
        for name in ("models", "scenes"):
            (copy / name).symlink_to(ROOT / name)
        copies.put(copy)
    return copies


def main() -> None:
    """Print what came of each, and exit with 1 if any was not noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of the paths of the modules to change")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--limit-s", type=float, default=600.0, help="time for the nearest tests, and again for the wider"
    )
    parser.add_argument("--no-drawing", action="store_true", help="leave out wider tests that draw")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no further change after this time")
    parser.add_argument("--log", type=Path, help="file to which what came of each is added")
    options = parser.parse_args()
    os.environ |= {"LP_NUM_THREADS": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    chosen = [each for each in sample(options.count, options.seed) if options.only in each.module.as_posix()]
    lines = options.log.read_text(encoding="utf-8").splitlines() if options.log and options.log.exists() else []
    known = {line.split(None, 1)[1] for line in lines}
    for name in LIBRARIES:
        importlib.import_module(name)
    copies, end = _copies(options.workers), time.monotonic() + 60.0 * options.minutes

    def run(mutant: Mutant) -> None:
        if time.monotonic() > end:
            return
        copy = copies.get()
        line = f"{outcome(mutant, copy, options.limit_s, not options.no_drawing):10}{mutant}"
        copies.put(copy)
        lines.append(line)
        print(line, flush=True)
        if options.log:
            with options.log.open("a", encoding="utf-8") as log:
                log.write(line + "\n")

    with ThreadPoolExecutor(options.workers) as pool:
        list(pool.map(run, [each for each in chosen if str(each) not in known]))
    noticed = sum(line.startswith("noticed") for line in lines)
    print(f"{noticed} of {len(lines)} noticed")
    sys.exit(noticed < len(lines))


if __name__ == "__main__":
    main()
