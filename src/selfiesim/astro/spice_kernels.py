"""Positions, rotations and attitudes from SPICE kernels: the protocol of :mod:`selfiesim.astro.ephemeris` over mission data.

CSPICE keeps what it has loaded in one pool for the whole process and is not re-entrant. A :class:`Kernels` set shares
neither: one lock guards every call, the pool holds one set at a time, and kernels that somebody else loaded in the
same process are put aside during a call and put back afterwards.

``spiceypy`` is needed: ``pip install 'selfiesim[spice]'``.
"""

from __future__ import annotations

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
    """A set of SPICE kernels, asked like any ephemeris.

    Parameters
    ----------
    files : sequence of path
        SPK, CK, PCK, FK, IK, SCLK and LSK files, or meta-kernels. Where two know the same, the later one counts.
        Relative names in a meta-kernel are counted from the folder it stands in.
    folder : path, optional
        Where all of the files, those a meta-kernel names included, must lie.

    Raises
    ------
    KernelError
        spiceypy is not installed; a file is missing, is no kernel, or lies outside ``folder``.
    """

    def __init__(self, files: Sequence[str | Path], folder: str | Path | None = None) -> None:
        spice = _spice()
        if not files:
            raise KernelError("no kernel files given")
        inside = None if folder is None else Path(folder).resolve()
        with _LOCK, _isolated_pool(spice):
            found = [kernel for file in files for kernel in _expand_meta_kernels(spice, Path(file), inside, 0)]
        # SPICE loads a file that is named twice once, where it was named last.
        self.files: tuple[Path, ...] = tuple(reversed(dict.fromkeys(reversed(found))))
        self._kinds = [_architecture(spice, file)[1] for file in self.files]
        self._query("load the kernels", lambda spice: None)

    def position(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Vector (3,) in m, ICRF axes, from ``center`` to ``target``, geometric.

        Names are SPICE's (``mars``, ``-143``, ``tgo`` if a kernel says so). Where only the barycentre of a planet and
        its moons is known, it stands for the planet: 0.2 m off for Mars, up to 230 km for Jupiter.

        Raises
        ------
        KernelError
            An unknown name, or a time outside the coverage, which is named in UTC.
        """
        return self._state(target, center, epoch)[:3]

    def velocity(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Its rate of change (3,) in m/s; raises as :meth:`position` does."""
        return self._state(target, center, epoch)[3:]

    def rotation(self, from_frame: str, to_frame: str, epoch: Epoch) -> Matrix:
        """The matrix (3, 3) from one of SPICE's frames to another; ``icrf`` is taken for SPICE's ``J2000``.

        Raises
        ------
        KernelError
            An unknown frame, or a time that the kernels do not cover.
        """
        names = [_J2000 if name.lower() in ("icrf", "eme2000") else name for name in (from_frame, to_frame)]

        def ask(spice: Any) -> Matrix:
            for name in names:
                if spice.namfrm(name) == 0:
                    raise KernelError(f"no kernel knows the frame {name!r}; give the frame kernel (FK) that names it")
            try:
                return np.array(spice.pxform(*names, _ephemeris_time(epoch)))
            except spice.exceptions.SpiceyError as error:
                missing = [line for name in names for line in self._ck_coverage(spice, name, epoch)]
                if missing:
                    raise KernelError("; ".join(missing)) from error
                raise

        return self._query(f"turn {from_frame} to {to_frame} at {epoch.utc()}", ask)

    def icrf_to_body(self, frame: str, epoch: Epoch) -> Matrix:
        """The attitude (3, 3) of a craft: ICRF to ``frame``, the name that the frame kernel gives its body axes.

        Raises
        ------
        KernelError
            An unknown frame, or a time between or beyond the pointing in the C-kernels.
        """
        return self.rotation("icrf", frame, epoch)

    def coverage(self, target: str) -> list[tuple[Epoch, Epoch]]:
        """From when to when each stretch of the SPK files that holds ``target`` goes; empty when none does."""
        return self._query(f"look for {target}", lambda spice: self._spk_coverage(spice, _naif_id(spice, target)))

    def close(self) -> None:
        """Take the kernels out of memory. The set may be asked again: it is then loaded anew."""
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
        def ask(spice: Any) -> Vector:
            codes = [_naif_id(spice, name) for name in (target, center)]
            # Mars is 499 and its system's barycentre 4; a planetary ephemeris may hold just the latter.
            stand_ins = [code // 100 if 199 <= code <= 999 and code % 100 == 99 else code for code in codes]
            for to, from_ in (codes, stand_ins):
                try:
                    state, _light_time = spice.spkez(to, _ephemeris_time(epoch), _J2000, "NONE", from_)
                except spice.exceptions.SpiceyError:
                    continue
                return np.array(state) * 1e3
            raise KernelError(self._explain_missing_state(spice, [target, center], codes, epoch))

        return self._query(f"find {target} from {center}", ask)

    def _explain_missing_state(self, spice: Any, names: list[str], codes: list[int], epoch: Epoch) -> str:
        """Which body is not known then; one that no file holds may still be what a path is counted from."""
        late, absent = [], []
        for name, code in zip(names, codes, strict=True):
            spans = self._spk_coverage(spice, code)
            if spans:
                late += _coverage_gap_lines(name, epoch, spans, "SPK")
            elif code not in (0, 10):
                absent += _coverage_gap_lines(name, epoch, spans, "SPK")
        return "; ".join(late or absent) or _unlinked_message(names, epoch)

    def _spk_coverage(self, spice: Any, code: int) -> list[tuple[Epoch, Epoch]]:
        return [
            span
            for file, kind in zip(self.files, self._kinds, strict=True)
            if kind == "SPK"
            for span in _window_to_spans(spice, spice.spkcov(str(file), code))
        ]

    def _ck_coverage(self, spice: Any, frame: str, epoch: Epoch) -> list[str]:
        """What to say of a frame that a C-kernel should have turned."""
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

    def _query(self, what: str, question: Callable[[Any], Result]) -> Result:
        """Put a question to CSPICE while it holds this set and nothing else."""
        spice = _spice()
        with _LOCK, _loaded(spice, self):
            try:
                return question(spice)
            except spice.exceptions.SpiceyError as error:
                raise KernelError(f"SPICE cannot {what}: {_short_message(error)}") from error


_active: Kernels | None = None


@contextmanager
def _loaded(spice: Any, kernels: Kernels) -> Iterator[None]:
    """Have just ``kernels`` in the pool. They stay there, unless others had loaded something of their own."""
    global _active
    wanted = [str(file) for file in kernels.files]
    found = _list_loaded_files(spice)
    if found == wanted and _active is kernels:
        yield
        return
    ours = [] if _active is None else [str(file) for file in _active.files]
    foreign = _remove_each_once(found, ours)
    spice.kclear()
    _active = None
    try:
        _furnish(spice, kernels.files)
        _active = kernels
        yield
    finally:
        if foreign or _active is None:
            spice.kclear()
            _active = None
            for file in foreign:
                spice.furnsh(file)


@contextmanager
def _isolated_pool(spice: Any) -> Iterator[None]:
    """An empty pool, filled again afterwards."""
    global _active
    found = _list_loaded_files(spice)
    foreign = _remove_each_once(found, [] if _active is None else [str(file) for file in _active.files])
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
    """The files somebody asked for, in order; what a meta-kernel brought comes with it."""
    loaded = [spice.kdata(n, "ALL") for n in range(spice.ktotal("ALL"))]
    return [name for name, _kind, source, *_handle in loaded if not source]


def _remove_each_once(found: list[str], ours: list[str]) -> list[str]:
    rest = list(found)
    for name in ours:
        if name in rest:
            rest.remove(name)
    return rest


def _furnish(spice: Any, files: Sequence[Path]) -> None:
    for file in files:
        try:
            spice.furnsh(str(file))
        except spice.exceptions.SpiceyError as error:
            raise KernelError(f"{file}: SPICE cannot read it ({_short_message(error)})") from error


def _expand_meta_kernels(spice: Any, file: Path, inside: Path | None, depth: int) -> Iterator[Path]:
    """The file itself, or the files that a meta-kernel names, each checked."""
    resolved = file.resolve()
    if inside is not None and not resolved.is_relative_to(inside):
        raise KernelError(f"{file}: lies outside {inside}; kernels must stand in the scene's folder")
    if not resolved.is_file():
        raise KernelError(f"{file}: no such file")
    architecture, kind = _architecture(spice, resolved)
    if architecture == "KPL" and kind == "MK":
        if depth == _MAX_META_DEPTH:
            raise KernelError(f"{file}: meta-kernels name one another more than {_MAX_META_DEPTH} deep")
        for name in _read_meta_kernel(spice, resolved):
            yield from _expand_meta_kernels(spice, resolved.parent / name, inside, depth + 1)
        return
    if (architecture == "KPL" and kind in _TEXT_KERNELS) or (architecture == "DAF" and kind in _BINARY_KERNELS):
        yield resolved
        return
    raise KernelError(
        f"{file}: not a kernel that can be used here (SPK, CK, PCK, FK, IK, SCLK, LSK or a meta-kernel); a text kernel "
        "begins with a line such as KPL/FK"
    )


def _architecture(spice: Any, file: Path) -> tuple[str, str]:
    try:
        architecture, kind = spice.getfat(str(file))
    except spice.exceptions.SpiceyError as error:
        raise KernelError(f"{file}: SPICE cannot read it ({_short_message(error)})") from error
    return str(architecture).strip(), str(kind).strip()


def _read_meta_kernel(spice: Any, meta: Path) -> list[str]:
    """The file names in a meta-kernel, symbols replaced and continued names joined."""
    try:
        spice.kclear()
        spice.ldpool(str(meta))
    except spice.exceptions.SpiceyError as error:
        raise KernelError(f"{meta}: not a valid meta-kernel ({_short_message(error)})") from error
    values: dict[str, list[str]] = {}
    for key in ("KERNELS_TO_LOAD", "PATH_SYMBOLS", "PATH_VALUES"):
        try:
            values[key] = [str(text) for text in spice.gcpool(key, 0, _MAX_NAMES)]
        except spice.exceptions.SpiceyError:  # not given
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
    """NAIF's number of a body."""
    try:
        return int(spice.bods2c(name))
    except (spice.exceptions.SpiceyError, ValueError) as error:
        raise KernelError(f"no kernel knows a body {name!r}; use SPICE's name or number for it") from error


def _ephemeris_time(epoch: Epoch) -> float:
    """SPICE's time: TDB seconds since J2000."""
    return (epoch.day - J2000_JD) * DAY_S + epoch.fraction * DAY_S


def _window_to_spans(spice: Any, window: Any) -> list[tuple[Epoch, Epoch]]:
    bounds = [spice.wnfetd(window, n) for n in range(spice.wncard(window))]
    j2000 = Epoch.from_tdb_jd(J2000_JD)
    return [(j2000 + start, j2000 + stop) for start, stop in bounds]


def _coverage_gap_lines(name: str, epoch: Epoch, spans: list[tuple[Epoch, Epoch]], kind: str) -> list[str]:
    """One line when ``epoch`` is in none of the spans."""
    if any(start <= epoch <= stop for start, stop in spans):
        return []
    if not spans:
        return [f"no {kind} file given holds {name}"]
    shown = ", ".join(f"{start.utc()} to {stop.utc()}" for start, stop in spans[:4])
    more = f" and {len(spans) - 4} stretches more" if len(spans) > 4 else ""
    return [f"{name} is not known at {epoch.utc()}; the {kind} files cover {shown}{more}"]


def _unlinked_message(names: list[str], epoch: Epoch) -> str:
    bodies = " to ".join(names)
    return f"the SPK files do not join {bodies} at {epoch.utc()}; add those of the planets and moons between"


def _short_message(error: Any) -> str:
    return " ".join(str(getattr(error, "short", error)).split())
