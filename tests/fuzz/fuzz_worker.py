"""A worker process that runs cases one by one: limited in memory, watched for the files that it opens."""

from __future__ import annotations

import io
import os
import shutil
import sys
import traceback
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fuzz_case import Case
from fuzz_kinds import cases
from fuzz_mutators import BAIT_SUFFIXES

ROOT = Path(__file__).resolve().parents[2]
MEMORY_BYTES = 4 << 30
_SYSTEM = ("/proc/", "/sys/", "/dev/null", "/dev/urandom", "/dev/dri", "/usr/lib", "/lib", "/usr/share", "/etc/fonts")
_SYSTEM += ("/etc/localtime", "/etc/ld.so", "/etc/drirc", "/etc/glvnd", "/etc/mime.types", "/usr/local/lib", "/dev/shm")
LOG = "output.txt"
"""What C libraries print."""
_UNREAD_TIME = 1_000_000_000


class Watch:
    """Which files a case opens outside its own folder: Python's by an audit hook, those of C libraries by bait."""

    def __init__(self, scratch: Path) -> None:
        self.folder = scratch
        self.seen: list[str] = []
        self._is_on, self._named = False, tuple[str, ...]()
        self._bait = [scratch / f"outside/bait.{suffix}" for suffix in BAIT_SUFFIXES]
        self._bait[0].parent.mkdir(parents=True, exist_ok=True)
        for path in self._bait:
            path.write_bytes(b"secret")
        self._allowed = (
            *(str(Path(each).resolve()) + os.sep for each in (sys.prefix, sys.base_prefix, ROOT, *sys.path) if each),
            *(str((scratch / name).resolve()) + os.sep for name in ("cache", "cache/maps", "cache/air", "data", "tmp")),
            *_SYSTEM,
        )
        sys.addaudithook(self._hook)

    def start(self, folder: Path, words: tuple[str, ...]) -> None:
        """Watch a case; files that the words of its command name, and those beside them, may lie anywhere."""
        self.folder, self.seen = folder, []
        named = [folder / word for word in words if "\0" not in word and len(word) < 200]
        self._named = tuple(os.path.realpath(path.parent) + os.sep for path in named if path.is_file())
        for path in self._bait:
            os.utime(path, (_UNREAD_TIME, _UNREAD_TIME + 10))
        self._is_on = True

    def stop(self) -> list[str]:
        self._is_on = False
        read = [str(path) for path in self._bait if path.stat().st_atime != _UNREAD_TIME]
        return self.seen + [path for path in read if not path.startswith(self._named)]

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_on or event not in ("open", "socket.connect", "os.system"):
            return
        if event != "open":
            self.seen.append(f"{event} {arguments!r}")
            return
        if isinstance(arguments[0], (str, bytes, os.PathLike)):
            try:
                path = os.path.realpath(os.fsdecode(arguments[0]))
            except (OSError, ValueError):
                return
            is_allowed = (path + os.sep).startswith((*self._allowed, str(self.folder) + os.sep))
            if not is_allowed and not path.startswith(self._named) and os.path.lexists(path):
                self.seen.append(path)


def work(pipe: Connection, scratch: Path) -> None:
    """Answer requests (kind, block, first, count) with one (number, outcome, detail) per case, announced before."""
    _limit(scratch)
    watch = Watch(scratch)
    while True:
        request = pipe.recv()
        if request is None:
            return
        kind, block, first, count = request
        for number, case in enumerate(cases(kind, block)):
            if first <= number < count:
                pipe.send(("begin", number))
                pipe.send(("end", number, *run(case, scratch, watch)))
        pipe.send(("done",))


def _limit(scratch: Path) -> None:
    """Give this process its own cache and data, one thread, and at most 4 GiB; maps and air are those of the user."""
    import resource

    from selfiesim.core.files import cache_dir

    (scratch / "cache").mkdir(parents=True, exist_ok=True)
    for name in ("maps", "air"):
        (cache_dir() / name).mkdir(parents=True, exist_ok=True)
        if not (scratch / "cache" / name).exists():
            (scratch / "cache" / name).symlink_to(cache_dir() / name)
    os.environ |= {"SELFIESIM_CACHE": str(scratch / "cache"), "SELFIESIM_DATA": str(scratch / "data")}
    os.environ |= {"TMPDIR": str(scratch / "tmp"), "OMP_NUM_THREADS": "1", "LP_NUM_THREADS": "0", "NO_COLOR": "1"}
    (scratch / "tmp").mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28, 1 << 28))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(os.open(scratch / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)


def write_case(case: Case, folder: Path) -> None:
    """Write the files of a case, and a link that leads outside."""
    folder.mkdir(parents=True)
    for name, content in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "link.png").symlink_to("../outside/bait.png")


def run(case: Case, scratch: Path, watch: Watch) -> tuple[str, str]:
    """Run a case; return its outcome and what it printed, or the last lines of its traceback."""
    folder = scratch / "case"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(scratch / "data", ignore_errors=True)
    write_case(case, folder)
    os.chdir(folder)
    out, err = io.StringIO(), io.StringIO()
    watch.start(folder, case.words)
    error: BaseException | None = None
    try:
        with redirect_stdout(out), redirect_stderr(err), warnings.catch_warnings():
            warnings.simplefilter("default")
            _call(case)
    except BaseException as caught:  # whatever comes is an outcome
        error = caught
    opened = watch.stop()
    os.chdir(scratch)
    if opened:
        return "read outside", f"{case.words}: " + ", ".join(dict.fromkeys(opened[:5]))
    return _judge(error, err.getvalue(), out.getvalue())


def _judge(error: BaseException | None, err: str, out: str) -> tuple[str, str]:
    chain: list[BaseException] = []
    each = error
    while each is not None and each not in chain:
        chain.append(each)
        each = each.__cause__ or each.__context__
    if any(isinstance(one, MemoryError) for one in chain):
        return "over memory", _tail(next(one for one in chain if isinstance(one, MemoryError)))
    is_refused = isinstance(error, SystemExit) and error.code == 2 and err.strip()
    if error is not None and not is_refused and not (isinstance(error, SystemExit) and error.code in (0, 1, None)):
        return "traceback", _tail(error)
    for letter in err + out:
        if unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t\r":
            return "traceback", f"control character {letter!r} in: {(err + out)[:300]!r}"
    for fault in ("Traceback (most", "invalid value encountered", "divide by zero", "overflow encountered", "(None)"):
        if fault in err:
            return "traceback", f"printed: {err[:500]}"
    return ("refused" if is_refused else "accepted"), err[-500:]


def _tail(error: BaseException) -> str:
    lines = traceback.format_exception(error)
    return "".join(lines)[-4000:]


def _call(case: Case) -> None:
    if case.words[0] in _CALLS:
        _CALLS[case.words[0]](case)
        return
    from selfiesim.cli.app import main

    try:
        main(list(case.words))
    except SystemExit as stop:
        if stop.code or not case.then:
            raise
    if case.then:
        main(list(case.then))


def change_scene(case: Case) -> None:
    """Change a scene from Python, or view it at a moment."""
    import fuzz_seeds

    from selfiesim.scene.scene import Scene

    scene = Scene.from_table(fuzz_seeds.scene_tables()[0], folder=Path.cwd())
    with _refusals():
        if case.words[1] == "view":
            scene.view(at=case.value)
        else:
            scene.with_changes(**{case.words[1]: case.value}).view()


def edit_document(case: Case) -> None:
    """Make edits in the studio's document; what it then holds can be parsed, and each fault has its line."""
    from selfiesim.core.errors import SceneError
    from selfiesim.scene.scene import Scene
    from selfiesim.studio.document import find_faults, open_document, parse

    with _refusals():
        document = open_document("scene.toml")
        before = document.text
        try:
            for values in case.value:
                document.set(values)
            Scene.from_table(parse(document.text, "scene"), "scene", Path.cwd())
        except SceneError as error:
            lines = [fault.line or 1 for fault in find_faults(document.text, str(error), "scene")]
            if not 1 <= min(lines) <= max(lines) <= document.text.count("\n") + 1:
                raise AssertionError(f"no such line: {lines}") from error
            raise
        finally:
            while document.can_undo:
                document.undo()
            assert document.text == before


def talk_to_studio(case: Case) -> None:
    """Send a page's messages to the studio; faults and refusals that it answers with count as refused."""
    from fuzz_page import Studio

    if not _studios:
        _studios.append(Studio(Path.cwd()))
    for answer in _studios[0].talk(case.value):
        if answer["type"] == "faults" and answer["faults"]:
            print(answer["faults"][0]["message"], file=sys.stderr)
            raise SystemExit(2)
        if answer["type"] == "status" and answer.get("error"):
            assert "was replaced" not in answer["text"], answer["text"]
            print(answer["text"], file=sys.stderr)
            raise SystemExit(2)


_CALLS = {"python": change_scene, "document": edit_document, "studio": talk_to_studio}
_studios: list[Any] = []


@contextmanager
def _refusals() -> Iterator[None]:
    """Count a UserError as refused."""
    from selfiesim.core.errors import UserError

    try:
        yield
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error
