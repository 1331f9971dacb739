"""Positions, rotations and attitudes from SPICE kernels.

:class:`Kernels` implements the protocol :class:`selfiesim.astro.ephemeris.Ephemeris`.

CSPICE has one kernel pool per process and is not re-entrant. :class:`Kernels` hides both limits: a lock guards every
call, the pool holds one set at a time, and kernels that other code has loaded in the same process are unloaded during a
call and restored afterwards.

Requires ``spiceypy``: ``pip install 'selfiesim[spice]'``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from selfiesim.astro.epoch import DAY_S, J2000_JD, Epoch
from selfiesim.core.errors import KernelError
from selfiesim.core.vectors import Matrix, Vector

_LOCK = threading.RLock()
_TEXT_KERNELS = {"LSK", "PCK", "FK", "IK", "SCLK"}
_BINARY_KERNELS = {"SPK", "CK", "PCK"}
_CK_FRAME_CLASS = 3
_MAX_META_DEPTH = 4
_MAX_NAMES = 1000
_J2000 = "J2000"  # SPICE's name for ICRF

Result = TypeVar("Result")


def _spice() -> Any:
    try:
        import spiceypy
    except ImportError as error:
        raise KernelError("SPICE kernels need spiceypy: pip install 'selfiesim[spice]'") from error
    return spiceypy


class Kernels:
    """A set of SPICE kernels, used as an ephemeris.

    Parameters
    ----------
    files : sequence of path-like
        SPK, CK, PCK, FK, IK, SCLK and LSK files, or meta-kernels. Later files take precedence. Relative names in a
        meta-kernel are relative to its own folder.
    folder : path-like, optional
        The folder that must contain all of the files, including those a meta-kernel names.

    Raises
    ------
    KernelError
        spiceypy is not installed, or a file is missing, is not a kernel, or is outside ``folder``.
    """

    def __init__(self, files: Sequence[str | Path], folder: str | Path | None = None) -> None:
        spice = _spice()
        if not files:
            raise KernelError("no kernel files given")
        root = None if folder is None else Path(folder).resolve()
        with _LOCK, _isolated_pool(spice):
            kernels = [kernel for file in files for kernel in _expand_meta_kernels(spice, Path(file), root, 0)]
        # SPICE loads a file that is named twice only once, in its last position.
        self.files: tuple[Path, ...] = tuple(reversed(dict.fromkeys(reversed(kernels))))
        self._stamps = tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in self.files)
        self._kinds = [_architecture(spice, file)[1] for file in self.files]
        self._query("load the kernels", lambda spice: None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kernels) and self._stamps == other._stamps

    def __hash__(self) -> int:
        return hash(self._stamps)

    def __reduce__(self) -> tuple[type[Kernels], tuple[tuple[Path, ...]]]:
        return Kernels, (self.files,)

    def position(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Return the geometric vector (3,) from ``center`` to ``target``, m, ICRF axes.

        Names are SPICE's (``mars``, ``-143``, ``tgo`` if a kernel defines it). If the kernels hold only the barycentre
        of a planet and its moons, it replaces the planet: an error of 0.2 m for Mars, up to 230 km for Jupiter.

        Raises
        ------
        KernelError
            The name is unknown, or the time is outside the coverage, which the message gives in UTC.
        """
        return self._state(target, center, epoch)[:3]

    def velocity(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Return the rate of change (3,) of :meth:`position`, m/s, with the same errors."""
        return self._state(target, center, epoch)[3:]

    def rotation(self, from_frame: str, to_frame: str, epoch: Epoch) -> Matrix:
        """Return the rotation (3, 3) between two of SPICE's frames; ``icrf`` is SPICE's ``J2000``.

        Raises
        ------
        KernelError
            A frame is unknown, or the kernels do not cover the time.
        """
        names = [_J2000 if name.lower() in ("icrf", "eme2000") else name for name in (from_frame, to_frame)]

        def query(spice: Any) -> Matrix:
            for name in names:
                if spice.namfrm(name) == 0:
                    raise KernelError(f"unknown frame {name!r}; give the frame kernel (FK) that defines it")
            try:
                return np.array(spice.pxform(*names, _ephemeris_time(epoch)))
            except spice.exceptions.SpiceyError as error:
                missing = [line for name in names for line in self._ck_coverage(spice, name, epoch)]
                if missing:
                    raise KernelError("; ".join(missing)) from error
                raise

        return self._query(f"rotate {from_frame} to {to_frame} at {epoch.utc()}", query)

    def icrf_to_body(self, frame: str, epoch: Epoch) -> Matrix:
        """Return the attitude (3, 3) of a craft: ICRF to ``frame``, the frame kernel's name for its body axes.

        Raises
        ------
        KernelError
            The frame is unknown, or the C-kernels have no pointing for the time.
        """
        return self.rotation("icrf", frame, epoch)

    def coverage(self, target: str) -> list[tuple[Epoch, Epoch]]:
        """Return start and end of each interval for which the SPK files hold ``target``."""
        return self._query(f"look for {target}", lambda spice: self._spk_coverage(spice, _naif_id(spice, target)))

    def close(self) -> None:
        """Unload the kernels. The next query loads them again."""
        with _LOCK:
            _unload(_spice(), self)

    def __enter__(self) -> Kernels:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Kernels({[file.name for file in self.files]})"

    def _state(self, target: str, center: str, epoch: Epoch) -> Vector:
        def query(spice: Any) -> Vector:
            codes = [_naif_id(spice, name) for name in (target, center)]
            # Mars is 499 and the barycentre of its system 4; a planetary ephemeris may hold only the latter.
            barycentres = [code // 100 if 199 <= code <= 999 and code % 100 == 99 else code for code in codes]
            for to, from_ in (codes, barycentres):
                try:
                    state, _light_time = spice.spkez(to, _ephemeris_time(epoch), _J2000, "NONE", from_)
                except spice.exceptions.SpiceyError:
                    continue
                return np.array(state) * 1e3
            raise KernelError(self._explain_missing_state(spice, [target, center], codes, epoch))

        return self._query(f"find {target} from {center}", query)

    def _explain_missing_state(self, spice: Any, names: list[str], codes: list[int], epoch: Epoch) -> str:
        """Name the body without data at ``epoch``.

        A body that no file holds is blamed last: it may still be the centre of another's trajectory.
        """
        uncovered, absent = [], []
        for name, code in zip(names, codes, strict=True):
            spans = self._spk_coverage(spice, code)
            if spans:
                uncovered += _coverage_gap_lines(name, epoch, spans, "SPK")
            elif code not in (0, 10):
                absent += _coverage_gap_lines(name, epoch, spans, "SPK")
        return "; ".join(uncovered or absent) or _unlinked_message(names, epoch)

    def _spk_coverage(self, spice: Any, code: int) -> list[tuple[Epoch, Epoch]]:
        return [
            span
            for file, kind in zip(self.files, self._kinds, strict=True)
            if kind == "SPK"
            for span in _window_to_spans(spice, spice.spkcov(str(file), code))
        ]

    def _ck_coverage(self, spice: Any, frame: str, epoch: Epoch) -> list[str]:
        """Return a message if ``frame`` is a C-kernel frame without pointing at ``epoch``."""
        _center, frame_class, class_id = spice.frinfo(spice.namfrm(frame))
        if frame_class != _CK_FRAME_CLASS:
            return []
        spans: list[tuple[Epoch, Epoch]] = []
        for file, kind in zip(self.files, self._kinds, strict=True):
            if kind == "CK":
                try:
                    window = spice.ckcov(str(file), class_id, False, "INTERVAL", 0.0, "TDB")
                except spice.exceptions.SpiceyError as error:
                    raise KernelError(f"{file}: needs the spacecraft clock kernel (SCLK) of {frame}") from error
                spans += _window_to_spans(spice, window)
        return _coverage_gap_lines(frame, epoch, spans, "CK")

    def _query(self, purpose: str, query: Callable[[Any], Result]) -> Result:
        """Run ``query`` while CSPICE holds only this set; ``purpose`` completes the message "SPICE cannot ..."."""
        spice = _spice()
        with _LOCK, _loaded(spice, self):
            try:
                return query(spice)
            except spice.exceptions.SpiceyError as error:
                raise KernelError(f"SPICE cannot {purpose}: {_short_message(error)}") from error


_active: Kernels | None = None
_owner = 0  # the process that loaded it: a forked one shares the reading position of open files, and loads it again


def _renew_lock() -> None:
    global _LOCK
    _LOCK = threading.RLock()


getattr(os, "register_at_fork", lambda **_: None)(after_in_child=_renew_lock)


@contextmanager
def _loaded(spice: Any, kernels: Kernels) -> Iterator[None]:
    """Load only ``kernels`` into the pool. They stay loaded, unless kernels of other code must be restored."""
    global _active, _owner
    needed = [str(file) for file in kernels.files]
    loaded = _list_loaded_files(spice)
    if loaded == needed and _active is kernels and _owner == os.getpid():
        yield
        return
    foreign = _foreign_files(loaded)
    spice.kclear()
    _active = None
    try:
        _furnish(spice, kernels.files)
        _active, _owner = kernels, os.getpid()
        yield
    finally:
        if foreign or _active is None:
            spice.kclear()
            _active = None
            for file in foreign:
                spice.furnsh(file)


@contextmanager
def _isolated_pool(spice: Any) -> Iterator[None]:
    """Empty the pool, and restore the kernels of other code afterwards."""
    global _active
    foreign = _foreign_files(_list_loaded_files(spice))
    spice.kclear()
    _active = None
    try:
        yield
    finally:
        spice.kclear()
        for file in foreign:
            spice.furnsh(file)


def _unload(spice: Any, kernels: Kernels) -> None:
    global _active
    if _active is kernels:
        for file in reversed(kernels.files):
            spice.unload(str(file))
        _active = None


def _list_loaded_files(spice: Any) -> list[str]:
    """Return the files loaded directly, in order, without those a meta-kernel loaded."""
    loaded = [spice.kdata(n, "ALL") for n in range(spice.ktotal("ALL"))]
    return [name for name, _kind, source, *_handle in loaded if not source]


def _foreign_files(loaded: list[str]) -> list[str]:
    """Return the loaded files that do not belong to the active set."""
    foreign = list(loaded)
    for file in () if _active is None else _active.files:
        if str(file) in foreign:
            foreign.remove(str(file))
    return foreign


def _furnish(spice: Any, files: Sequence[Path]) -> None:
    for file in files:
        try:
            spice.furnsh(str(file))
        except spice.exceptions.SpiceyError as error:
            raise KernelError(f"{file}: SPICE cannot read it ({_short_message(error)})") from error


def _expand_meta_kernels(spice: Any, file: Path, root: Path | None, depth: int) -> Iterator[Path]:
    """Yield a kernel file, or the files a meta-kernel names, after checking each."""
    resolved = file.resolve()
    if root is not None and not resolved.is_relative_to(root):
        raise KernelError(f"{file}: is outside {root}; kernels must be in the scene's folder")
    if not resolved.is_file():
        raise KernelError(f"{file}: no such file")
    architecture, kind = _architecture(spice, resolved)
    if architecture == "KPL" and kind == "MK":
        if depth == _MAX_META_DEPTH:
            raise KernelError(f"{file}: meta-kernels name one another more than {_MAX_META_DEPTH} deep")
        for name in _read_meta_kernel(spice, resolved):
            yield from _expand_meta_kernels(spice, resolved.parent / name, root, depth + 1)
        return
    if (architecture == "KPL" and kind in _TEXT_KERNELS) or (architecture == "DAF" and kind in _BINARY_KERNELS):
        yield resolved
        return
    raise KernelError(
        f"{file}: not a kernel of a supported kind (SPK, CK, PCK, FK, IK, SCLK, LSK or a meta-kernel); a text kernel "
        "begins with a line such as KPL/FK"
    )


def _architecture(spice: Any, file: Path) -> tuple[str, str]:
    try:
        architecture, kind = spice.getfat(str(file))
    except spice.exceptions.SpiceyError as error:
        raise KernelError(f"{file}: SPICE cannot read it ({_short_message(error)})") from error
    return str(architecture).strip(), str(kind).strip()


def _read_meta_kernel(spice: Any, meta: Path) -> list[str]:
    """Return the file names in a meta-kernel, with symbols substituted and continued names joined."""
    try:
        spice.kclear()
        spice.ldpool(str(meta))
    except spice.exceptions.SpiceyError as error:
        raise KernelError(f"{meta}: not a valid meta-kernel ({_short_message(error)})") from error
    values: dict[str, list[str]] = {}
    for key in ("KERNELS_TO_LOAD", "PATH_SYMBOLS", "PATH_VALUES"):
        try:
            values[key] = [str(text) for text in spice.gcpool(key, 0, _MAX_NAMES)]
        except spice.exceptions.SpiceyError:  # the keyword is absent
            values[key] = []
    names: list[str] = []
    continued = False
    for part in values["KERNELS_TO_LOAD"]:
        stem = part.rstrip().removesuffix("+")
        names = [*names[:-1], names[-1] + stem] if continued else [*names, stem]
        continued = part.rstrip().endswith("+")
    if not names:
        raise KernelError(f"{meta}: names no kernels; it needs KERNELS_TO_LOAD = ( '...' )")
    symbols = dict(zip(values["PATH_SYMBOLS"], values["PATH_VALUES"], strict=False))
    for symbol in sorted(symbols, key=len, reverse=True):
        names = [name.replace(f"${symbol}", symbols[symbol]) for name in names]
    return names


def _naif_id(spice: Any, name: str) -> int:
    """Return the NAIF ID of a body."""
    try:
        return int(spice.bods2c(name))
    except (spice.exceptions.SpiceyError, ValueError) as error:
        raise KernelError(f"unknown body {name!r}; use SPICE's name or number for it") from error


def _ephemeris_time(epoch: Epoch) -> float:
    """Return SPICE's ephemeris time, TDB seconds since J2000."""
    return (epoch.day - J2000_JD) * DAY_S + epoch.fraction * DAY_S


def _window_to_spans(spice: Any, window: Any) -> list[tuple[Epoch, Epoch]]:
    bounds = [spice.wnfetd(window, n) for n in range(spice.wncard(window))]
    j2000 = Epoch.from_tdb_jd(J2000_JD)
    return [(j2000 + start, j2000 + stop) for start, stop in bounds]


def _coverage_gap_lines(name: str, epoch: Epoch, spans: list[tuple[Epoch, Epoch]], kind: str) -> list[str]:
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
