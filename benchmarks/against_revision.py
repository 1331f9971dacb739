"""Time drafts of this checkout against those of another revision, alternately: what has a change cost?

``python benchmarks/against_revision.py REV [SCENE ...] [--runs 7] [--size 1920x1080] [--json]``. The revision is
checked out into a temporary worktree of git and runs with the Python of this process. Each revision has a cache of its
own, filled before anything is timed. For each scene (default: tianwen1-mars):

- ``same``: a warm draft, in a process that stays, of an instant that was drawn before;
- ``later``: likewise, 1 s later each time, as in a film; ``--step 10`` moves every shadow on the ground each time;
- ``command``: ``selfiesim render --quality draft`` in a process of its own, from prompt to file.

Both revisions draw in turn, and who begins alternates. Printed are medians of the processor time of all threads and of
the wall time, and of the ratios of pairs drawn one after the other, which a busy machine disturbs least. Required of
Mars as measured against the last revision without it (``07df029``): at most 1.15 times.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
Times = tuple[float, float]  # processor and wall time, s

# Runs in either revision, so it uses only what both have: the public interface.
FRAMES = """
import json, sys, time
from selfiesim import Scene
name, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
view = Scene.load(name).with_changes(camera__size_px=[width, height]).view()
for line in sys.stdin:
    shot = view if float(line) == 0.0 else view.after(float(line))
    start = time.process_time(), time.perf_counter()
    shot.render("draft").expose()
    print(json.dumps([time.process_time() - start[0], time.perf_counter() - start[1]]), flush=True)
"""


class Revision:
    """One checkout: runs commands and frames with its sources and a cache of its own."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._environment |= {
            "PYTHONPATH": str(checkout / "src"),
            "SELFIESIM_CACHE": str(folder / "cache"),
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        }

    def command(self, scene: str, size: list[int]) -> Times:
        """Render a draft as a user does."""
        words = [sys.executable, "-m", "selfiesim", "render", scene, "--size", f"{size[0]}x{size[1]}"]
        before, start = os.times(), time.perf_counter()
        subprocess.run(
            [*words, "--quality", "draft", "-o", str(self._folder / f"{scene}.png")],
            env=self._environment, cwd=self._folder, check=True, capture_output=True,
        )  # fmt: skip
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        return spent, time.perf_counter() - start

    @contextmanager
    def frames(self, scene: str, size: list[int]) -> Iterator[Any]:
        """Start a process that draws; yields a function from seconds after the scene's instant to times."""
        words = [sys.executable, "-c", FRAMES, scene, *map(str, size)]
        with subprocess.Popen(
            words, env=self._environment, cwd=self._folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            to_process, answers = process.stdin, process.stdout
            assert to_process is not None
            assert answers is not None

            def draw(after_s: float) -> Times:
                to_process.write(f"{after_s}\n")
                to_process.flush()
                answer = answers.readline()
                if not answer:
                    raise SystemExit(f"{scene}: the process that draws has ended; see the error above")
                processor, wall = json.loads(answer)
                return processor, wall

            yield draw
            to_process.close()


@contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[Path]:
    """Check a revision out into ``folder``, and remove it afterwards."""
    checkout = folder / "checkout"
    git = ["git", "-C", str(REPOSITORY), "worktree"]
    subprocess.run([*git, "add", "--detach", "--quiet", str(checkout), revision], check=True)
    try:
        yield checkout
    finally:
        subprocess.run([*git, "remove", "--force", str(checkout)], check=True)


def alternately(draw: list[Any], runs: int) -> list[list[Times]]:
    """Call both functions ``runs`` times with the number of the run, in alternating order."""
    found: list[list[Times]] = [[] for _ in draw]
    for run in range(runs):
        for index in (0, 1) if run % 2 == 0 else (1, 0):
            found[index].append(draw[index](run))
    return found


def measure(
    revisions: list[Revision], scene: str, size: list[int], runs: int, step_s: float
) -> dict[str, list[list[Times]]]:
    """Return the times of each kind of draft, of both revisions."""
    for revision in revisions:
        revision.command(scene, size)
    found = {"command": alternately([lambda _, each=each: each.command(scene, size) for each in revisions], runs)}
    with revisions[0].frames(scene, size) as one, revisions[1].frames(scene, size) as two:
        alternately([one, two], 2)  # compile shaders, load maps
        found["same"] = alternately([lambda _, each=each: each(0.0) for each in (one, two)], runs)
        found["later"] = alternately([lambda run, each=each: each(step_s * (run + 2)) for each in (one, two)], runs)
    return found


def summary(before: list[Times], now: list[Times]) -> dict[str, float]:
    """Return medians of processor and wall time, and of their ratios."""
    row = {}
    for index, name in enumerate(("cpu", "wall")):
        old, new = ([times[index] for times in each] for each in (before, now))
        row[f"{name}_before_s"], row[f"{name}_now_s"] = statistics.median(old), statistics.median(new)
        row[f"{name}_ratio"] = statistics.median(b / a for a, b in zip(old, new, strict=True))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", metavar="REV", help="the revision to compare with")
    parser.add_argument("scenes", nargs="*", metavar="SCENE", default=["tianwen1-mars"], help="scenes to draw")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--size", default="1920x1080", help="size of the pictures")
    parser.add_argument("--step", type=float, default=1.0, help="seconds between frames of ``later``")
    parser.add_argument("--runs", type=int, default=7, help="drafts of each kind and revision, 1 or more")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs: 1 or more")
    size = [int(side) for side in options.size.split("x")]
    report: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with checked_out(options.revision, folder) as checkout:
            revisions = [Revision(checkout, folder / "before"), Revision(REPOSITORY, folder / "now")]
            for scene in options.scenes:
                found = measure(revisions, scene, size, options.runs, options.step)
                report[scene] = {kind: summary(*times) for kind, times in found.items()}
    if options.json:
        print(json.dumps(report))
        return
    for scene, kinds in report.items():
        for kind, row in kinds.items():
            print(
                f"{scene} {kind:8} processor {row['cpu_before_s']:6.3f} -> {row['cpu_now_s']:6.3f} s,"
                f" {row['cpu_ratio']:.2f} times; wall {row['wall_before_s']:6.3f} -> {row['wall_now_s']:6.3f} s,"
                f" {row['wall_ratio']:.2f} times"
            )


if __name__ == "__main__":
    main()
