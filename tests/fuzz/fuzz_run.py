"""Run many spoiled inputs in a pool of workers, and print what became of them.

    python tests/fuzz/fuzz_run.py -n 50000            all kinds
    python tests/fuzz/fuzz_run.py -n 2000 --kind job  one kind
    python tests/fuzz/fuzz_run.py --write job 37 DIR  write the files of a case, and print its command

Findings are kept in ``out/fuzz``, three of each sort: the input, its command, and the traceback.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import psutil
from fuzz_case import Case
from fuzz_kinds import BLOCK, KINDS, SLOW_EVERY, SLOW_KINDS, cases
from fuzz_worker import LOG, work, write_case

CPU_LIMIT_S = 10.0
WALL_LIMIT_S = 120.0  # for a worker that waits; the machine may be busy
COLUMNS = ("accepted", "refused", "traceback", "hang", "over memory", "crash", "read outside")
KEPT = 3


@dataclass
class Table:
    """Outcomes by kind, and the findings."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})
    findings: list[tuple[str, int, str, str]] = field(default_factory=list)

    def add(self, kind: str, number: int, outcome: str, detail: str) -> None:
        self.counts[kind][outcome] += 1
        if outcome not in ("accepted", "refused"):
            self.findings.append((kind, number, outcome, detail))

    def __str__(self) -> str:
        rows = [("", *COLUMNS)]
        rows += [(kind, *(str(count[name]) for name in COLUMNS)) for kind, count in self.counts.items() if count]
        total: Counter[str] = sum(self.counts.values(), Counter())
        rows.append((f"{total.total():,} in all", *(str(total[name]) for name in COLUMNS)))
        return "\n".join(f"{row[0]:20s}" + "".join(f"{cell:>14s}" for cell in row[1:]) for row in rows)

    def sorts(self) -> dict[str, list[tuple[str, int, str, str]]]:
        """The findings by sort: where the traceback ends, or the outcome and kind."""
        found: dict[str, list[tuple[str, int, str, str]]] = {}
        for finding in self.findings:
            found.setdefault(_sort(*finding), []).append(finding)
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _sort(kind: str, _number: int, outcome: str, detail: str) -> str:
    lines = re.findall(r'File ".*?/(src/selfiesim/[^"]+|site-packages/[^"]+)", line (\d+)', detail)
    own = [f"{name}:{line}" for name, line in lines if name.startswith("src/")]
    last = detail.strip().splitlines()[-1][:80] if detail.strip() else ""
    return f"{outcome}: {own[-1] if own else kind}: {re.sub(r'[0-9.]+', '#', last)[:60]}"


class Worker:
    """A worker process, replaced when it dies or hangs."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.task: tuple[str, int, int] | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self._process = context.Process(target=work, args=(other, self._scratch))
        self._process.start()
        other.close()
        self._usage = psutil.Process(self._process.pid)
        self._current: int | None = None

    def give(self, kind: str, block: int, count: int, first: int = 0) -> None:
        self.task = (kind, block, count)
        self._next = first
        self.pipe.send((kind, block, first, count))

    def results(self) -> Iterator[tuple[str, int, str, str]]:
        """Yield what is known by now: (kind, number, outcome, detail)."""
        assert self.task is not None
        kind, block, count = self.task
        try:
            while self.pipe.poll():
                message = self.pipe.recv()
                if message[0] == "begin":
                    self._current, self._begun = message[1], (time.monotonic(), self._cpu())
                elif message[0] == "end":
                    self._current, self._next = None, message[1] + 1
                    yield kind, block * BLOCK + message[1], message[2], message[3]
                else:
                    self.task = None
                    return
            if self._current is None or not self._is_over_time():
                return
            yield from self._replace(kind, block, count, "hang", f"over {CPU_LIMIT_S:.0f} s")
        except (EOFError, OSError):
            self._process.join()
            yield from self._replace(kind, block, count, "crash", f"exit code {self._process.exitcode}")

    def _replace(
        self, kind: str, block: int, count: int, outcome: str, why: str
    ) -> Iterator[tuple[str, int, str, str]]:
        current = self._current
        self.close()
        if current is None:
            log = (self._scratch / LOG).read_text(errors="replace")[-2000:]
            raise RuntimeError(f"a worker died between cases, in {kind} {block}: {why}\n{log}")
        yield kind, block * BLOCK + current, outcome, why
        self._start()
        self.give(kind, block, count, current + 1)

    def _cpu(self) -> float:
        try:
            processes = [self._usage, *self._usage.children(recursive=True)]
            return sum(sum(each.cpu_times()[:2]) for each in processes)
        except psutil.Error:
            return 0.0

    def _is_over_time(self) -> bool:
        wall, cpu = self._begun
        waited = time.monotonic() - wall
        return waited > CPU_LIMIT_S and (self._cpu() - cpu > CPU_LIMIT_S or waited > WALL_LIMIT_S)

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self.pipe.close()


def blocks(count: int, kinds: list[str], first: int = 0) -> Iterator[tuple[str, int, int]]:
    """Deal ``count`` cases to the kinds in turn, a block at a time, fewer to slow kinds: (kind, block, cases in it)."""
    block = first
    while True:
        for kind in kinds:
            if count <= 0:
                return
            if kind in SLOW_KINDS and block % SLOW_EVERY and len(kinds) > 1:
                continue
            yield kind, block, min(BLOCK, count)
            count -= BLOCK
        block += 1


def fuzz(tasks: Iterator[tuple[str, int, int]], workers: int = 1, progress: Any = None) -> Table:
    """Run the cases of all blocks, and return the outcomes."""
    table = Table()
    with tempfile.TemporaryDirectory(prefix="selfiesim-fuzz-") as scratch:
        for scene in ("tianwen1-mars", "cubesat-earth"):  # their maps and air are made once, and count for no case
            words = ("render", scene, "--draft", "--size", "32x18", "-o", f"{scratch}/warm.png")
            subprocess.run([sys.executable, "-m", "selfiesim", *words], check=True, stdout=subprocess.DEVNULL)
        pool = [Worker(Path(scratch).resolve() / f"worker{n}") for n in range(workers)]
        try:
            done, is_more = 0, True
            while is_more or any(worker.task for worker in pool):
                for worker in pool:
                    if worker.task is None and is_more:
                        task = next(tasks, None)
                        is_more = task is not None
                        if task is not None:
                            worker.give(*task)
                    if worker.task is not None:
                        for result in worker.results():
                            table.add(*result)
                            done += 1
                            if progress:
                                progress(done, table)
                multiprocessing.connection.wait([worker.pipe for worker in pool if worker.task], timeout=0.5)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)  # what is known by now is worth printing
        finally:
            for worker in pool:
                worker.close()
    return table


def the_case(kind: str, number: int) -> Case:
    """The case of that number."""
    return list(cases(kind, number // BLOCK))[number % BLOCK]


def keep(table: Table, folder: Path) -> None:
    """Write up to three findings of each sort, and a list of all."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = []
    for number, (sort, found) in enumerate(table.sorts().items()):
        lines.append(f"{number:03d}  {len(found):5d} x {sort}")
        for kind, case_number, outcome, detail in found[:KEPT]:
            place = folder / f"{number:03d}-{re.sub('[^a-z]+', '-', kind)}-{case_number}"
            case = the_case(kind, case_number)
            write_case(case, place)
            command = f"{' '.join(map(repr, case.words))}\n{kind} {case_number}: {outcome}\n{detail}\n"
            (place / "FINDING.txt").write_text(command, encoding="utf-8", errors="backslashreplace")
    (folder / "SORTS.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("-n", type=int, default=500, help="number of cases")
    parser.add_argument("--kind", choices=sorted(KINDS), action="append", help="only this kind; may be repeated")
    parser.add_argument("--first", type=int, default=0, help="first block of each kind")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz"), help="folder for what is found")
    parser.add_argument("--write", nargs=3, metavar=("KIND", "NUMBER", "FOLDER"), help="write one case")
    options = parser.parse_args()
    if options.write:
        kind, number, folder = options.write
        case = the_case(kind, int(number))
        write_case(case, Path(folder))
        print(json.dumps(case.words), repr(case.value))
        return 0

    shown = 0

    def progress(done: int, table: Table) -> None:
        nonlocal shown
        for finding in table.findings[shown:]:
            print(f"{finding[0]} {finding[1]}: {_sort(*finding)}", file=sys.stderr, flush=True)
        shown = len(table.findings)
        if done % 500 == 0:
            print(f"{done:,} of {options.n:,}; {len(table.findings)} found", file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)

    table = fuzz(blocks(options.n, options.kind or list(KINDS), options.first), options.workers, progress)
    print(table)
    keep(table, options.keep)
    for sort, found in list(table.sorts().items())[:60]:
        print(f"{len(found):5d} x {sort}")
    return 1 if table.findings else 0


if __name__ == "__main__":
    sys.exit(main())
