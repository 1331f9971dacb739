"""What CSPICE is asked; these functions run in a child process.

CSPICE trusts the files it reads: one changed byte in an SPK can crash it. :mod:`selfiesim.astro.spice_kernels`
therefore calls every function here through a :class:`selfiesim.core.child_process.ReaderProcess`. The child's kernel
pool holds one set of kernels at a time. Text kernels enter it with LDPOOL, which, unlike FURNSH, opens no file that
they name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from selfiesim.astro.epoch import DAY_S, J2000_JD, Epoch
from selfiesim.core.errors import KernelError
from selfiesim.core.files import is_within
from selfiesim.core.limits import KERNEL_DEPTH, KERNEL_FILES, KERNEL_TEXT_BYTES
from selfiesim.core.vectors import Matrix, Vector

KernelFile = tuple[str, str]
"""Path and kind (SPK, CK, PCK, FK, IK, SCLK or LSK) of a kernel; a text kernel has a ``/`` before its kind."""

Span = tuple[Epoch, Epoch]
Result = TypeVar("Result")

_TEXT_KERNELS = {"LSK", "PCK", "FK", "IK", "SCLK"}
_BINARY_KERNELS = {"SPK", "CK", "PCK"}
_CK_FRAME_CLASS = 3
_J2000 = "J2000"  # SPICE's name for ICRF
_MAX_PATH = 255  # FILSIZ in CSPICE, which longer paths crash
_MAX_STRING = 1024

_loaded: tuple[KernelFile, ...] = ()


def find_kernels(files: Sequence[Path], root: Path | None) -> list[KernelFile]:
    """Return the kernels of a set in the order of loading, those that meta-kernels name included.

    Raises
    ------
    KernelError
        A file is missing, is not a kernel, is outside ``root``, or names files without being a meta-kernel.
    """
    spice = _import_spice()
    found: list[KernelFile] = []
    for file in files:
        for kernel in _expand(spice, file, root, 0):
            found.append(kernel)
            KERNEL_FILES.check(len(found), f"{file}: too many kernels", KernelError)
    _select(spice, ())
    # SPICE loads a file that is named twice only once, in its last position.
    return list(reversed(dict.fromkeys(reversed(found))))


def load(files: tuple[KernelFile, ...]) -> None:
    """Load a set, to see that SPICE can read it."""
    _query(files, "load the kernels", lambda spice: None)


def state(files: tuple[KernelFile, ...], target: str, center: str, epoch: Epoch) -> Vector:
    """Return position and velocity (6,) of ``target`` from ``center``, m and m/s, ICRF axes."""

    def query(spice: Any) -> Vector:
        codes = [_naif_id(spice, name) for name in (target, center)]
        # Mars is 499 and the barycentre of its system 4; a planetary ephemeris may hold only the latter.
        barycentres = [code // 100 if 199 <= code <= 999 and code % 100 == 99 else code for code in codes]
        for to, from_ in (codes, barycentres):
            try:
                found, _light_time = spice.spkez(to, _ephemeris_time(epoch), _J2000, "NONE", from_)
            except spice.exceptions.SpiceyError:
                continue
            return np.array(found) * 1e3
        raise KernelError(_explain_missing_state(spice, files, [target, center], codes, epoch))

    return _query(files, f"find {target} from {center}", query)


def rotation(files: tuple[KernelFile, ...], from_frame: str, to_frame: str, epoch: Epoch) -> Matrix:
    """Return the rotation (3, 3) between two frames."""
    names = [_J2000 if name.lower() in ("icrf", "eme2000") else name for name in (from_frame, to_frame)]

    def query(spice: Any) -> Matrix:
        for name in names:
            if spice.namfrm(name) == 0:
                raise KernelError(f"unknown frame {name!r}; give the frame kernel (FK) that defines it")
        try:
            return np.array(spice.pxform(*names, _ephemeris_time(epoch)))
        except spice.exceptions.SpiceyError as error:
            missing = [line for name in names for line in _explain_missing_pointing(spice, files, name, epoch)]
            if missing:
                raise KernelError("; ".join(missing)) from error
            raise

    return _query(files, f"rotate {from_frame} to {to_frame} at {epoch.utc()}", query)


def coverage(files: tuple[KernelFile, ...], target: str) -> list[Span]:
    """Return start and end of each interval for which the SPK files hold ``target``."""
    return _query(files, f"look for {target}", lambda spice: _spk_coverage(spice, files, _naif_id(spice, target)))


def _import_spice() -> Any:
    import spiceypy

    return spiceypy


def _query(files: tuple[KernelFile, ...], purpose: str, query: Callable[[Any], Result]) -> Result:
    """Run ``query`` while CSPICE holds only these files; ``purpose`` completes the message "SPICE cannot ..."."""
    spice = _import_spice()
    _select(spice, files)
    try:
        return query(spice)
    except spice.exceptions.SpiceyError as error:
        raise KernelError(f"SPICE cannot {purpose}: {_short_message(error)}") from error


def _select(spice: Any, files: tuple[KernelFile, ...]) -> None:
    """Let the pool hold only ``files``."""
    global _loaded
    if files == _loaded:
        return
    spice.kclear()
    _loaded = ()
    for path, kind in files:
        try:
            (spice.ldpool if kind.startswith("/") else spice.furnsh)(path)
        except spice.exceptions.SpiceyError as error:
            spice.kclear()
            raise KernelError(f"{path}: SPICE cannot read it ({_short_message(error)})") from error
    _loaded = files


def _expand(spice: Any, file: Path, root: Path | None, depth: int) -> Iterator[KernelFile]:
    """Yield a kernel, or the kernels that a meta-kernel names, after checking each."""
    resolved = file.resolve()
    if root is not None and not is_within(root, resolved):
        raise KernelError(f"{file}: is outside {root}; kernels must be in the scene's folder")
    if not resolved.is_file():
        raise KernelError(f"{file}: no such file")
    if len(os.fsencode(resolved)) > _MAX_PATH:
        raise KernelError(f"{file}: SPICE reads paths of at most {_MAX_PATH} characters; move the kernels")
    architecture, kind = _architecture(spice, resolved)
    if architecture == "KPL":
        KERNEL_TEXT_BYTES.check(resolved.stat().st_size, f"{file}: too large for a text kernel", KernelError)
        names = _read_names(spice, resolved)
        if kind == "MK":
            KERNEL_DEPTH.check(depth + 1, f"{file}: meta-kernels name one another too many levels deep", KernelError)
            if not names:
                raise KernelError(f"{file}: names no kernels; it needs KERNELS_TO_LOAD = ( '...' )")
            for name in names:
                yield from _expand(spice, resolved.parent / name, root, depth + 1)
            return
        if names:
            raise KernelError(
                f"{file}: names other kernels (KERNELS_TO_LOAD), which only a meta-kernel (KPL/MK) may do"
            )
    is_text = architecture == "KPL" and kind in _TEXT_KERNELS
    if not is_text and not (architecture == "DAF" and kind in _BINARY_KERNELS):
        raise KernelError(
            f"{file}: not a kernel of a supported kind (SPK, CK, PCK, FK, IK, SCLK, LSK or a meta-kernel); a text "
            "kernel begins with a line such as KPL/FK"
        )
    yield str(resolved), f"/{kind}" if is_text else kind


def _architecture(spice: Any, file: Path) -> tuple[str, str]:
    try:
        architecture, kind = spice.getfat(str(file))
    except spice.exceptions.SpiceyError as error:
        raise KernelError(f"{file}: SPICE cannot read it ({_short_message(error)})") from error
    return str(architecture).strip(), str(kind).strip()


def _read_names(spice: Any, file: Path) -> list[str]:
    """Return the files that a text kernel names, with symbols replaced; usually none unless it is a meta-kernel."""
    _select(spice, ())
    try:
        spice.ldpool(str(file))
        names, symbols, values = (
            _pool_strings(spice, key) for key in ("KERNELS_TO_LOAD", "PATH_SYMBOLS", "PATH_VALUES")
        )
    except spice.exceptions.SpiceyError as error:
        raise KernelError(f"{file}: SPICE cannot read it ({_short_message(error)})") from error
    finally:
        spice.kclear()
    for symbol, value in sorted(zip(symbols, values, strict=False), key=lambda pair: -len(pair[0])):
        names = [name.replace(f"${symbol}", value) for name in names]
    return names


def _pool_strings(spice: Any, key: str) -> list[str]:
    """Return the strings of a variable in the pool; those that end in ``+`` are joined to the next, as FURNSH does."""
    strings: list[str] = []
    while True:
        try:
            text, size = spice.stpool(key, len(strings), "+", _MAX_STRING)
        except spice.exceptions.NotFoundError:
            return strings
        if size >= _MAX_STRING:
            raise KernelError(f"{key}: has a string of {size:,} characters; at most {_MAX_STRING:,} are read")
        strings.append(str(text))
        KERNEL_FILES.check(len(strings), f"{key}: too many names", KernelError)


def _explain_missing_state(
    spice: Any, files: tuple[KernelFile, ...], names: list[str], codes: list[int], epoch: Epoch
) -> str:
    """Name the body without data at ``epoch``.

    A body that no file holds is blamed last: it may still be the centre of another's trajectory.
    """
    uncovered, absent = [], []
    for name, code in zip(names, codes, strict=True):
        spans = _spk_coverage(spice, files, code)
        if spans:
            uncovered += _coverage_gap_lines(name, epoch, spans, "SPK")
        elif code not in (0, 10):
            absent += _coverage_gap_lines(name, epoch, spans, "SPK")
    return "; ".join(uncovered or absent) or _unlinked_message(names, epoch)


def _explain_missing_pointing(spice: Any, files: tuple[KernelFile, ...], frame: str, epoch: Epoch) -> list[str]:
    """Return a message if ``frame`` is a C-kernel frame without pointing at ``epoch``."""
    _center, frame_class, class_id = spice.frinfo(spice.namfrm(frame))
    if frame_class != _CK_FRAME_CLASS:
        return []
    spans: list[Span] = []
    for path, kind in files:
        if kind == "CK":
            try:
                window = spice.ckcov(path, class_id, False, "INTERVAL", 0.0, "TDB")
            except spice.exceptions.SpiceyError as error:
                raise KernelError(f"{path}: needs the spacecraft clock kernel (SCLK) of {frame}") from error
            spans += _window_to_spans(spice, window)
    return _coverage_gap_lines(frame, epoch, spans, "CK")


def _spk_coverage(spice: Any, files: tuple[KernelFile, ...], code: int) -> list[Span]:
    return [span for path, kind in files if kind == "SPK" for span in _window_to_spans(spice, spice.spkcov(path, code))]


def _naif_id(spice: Any, name: str) -> int:
    """Return the NAIF ID of a body."""
    try:
        return int(spice.bods2c(name))
    except (spice.exceptions.SpiceyError, ValueError) as error:
        raise KernelError(f"unknown body {name!r}; use SPICE's name or number for it") from error


def _ephemeris_time(epoch: Epoch) -> float:
    """Return SPICE's ephemeris time, TDB seconds since J2000."""
    return (epoch.day - J2000_JD) * DAY_S + epoch.fraction * DAY_S


def _window_to_spans(spice: Any, window: Any) -> list[Span]:
    bounds = [spice.wnfetd(window, n) for n in range(spice.wncard(window))]
    j2000 = Epoch.from_tdb_jd(J2000_JD)
    return [(j2000 + start, j2000 + stop) for start, stop in bounds]


def _coverage_gap_lines(name: str, epoch: Epoch, spans: list[Span], kind: str) -> list[str]:
    """Return one message if ``epoch`` is in none of the spans, else an empty list."""
    if any(start <= epoch <= stop for start, stop in spans):
        return []
    if not spans:
        return [f"no {kind} file given holds {name}"]
    shown = ", ".join(f"{start.utc()} to {stop.utc()}" for start, stop in spans[:4])
    more = f" and {len(spans) - 4} more intervals" if len(spans) > 4 else ""
    return [f"no data for {name} at {epoch.utc()}; the {kind} files cover {shown}{more}"]


def _unlinked_message(names: list[str], epoch: Epoch) -> str:
    bodies = " to ".join(names)
    return f"the SPK files do not link {bodies} at {epoch.utc()}; add those of the planets and moons in between"


def _short_message(error: Any) -> str:
    return " ".join(str(getattr(error, "short", error)).split())
