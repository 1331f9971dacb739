"""Positions, rotations and attitudes from SPICE kernels.

:class:`Kernels` implements the protocol :class:`selfiesim.astro.ephemeris.Ephemeris`.

CSPICE runs in a child process (:mod:`selfiesim.astro.spice_queries`), because a damaged kernel can crash it. Its single
kernel pool is therefore neither seen nor changed by other code in this process that uses spiceypy.

Requires ``spiceypy``: ``pip install 'selfiesim[spice]'``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from selfiesim.astro import spice_queries
from selfiesim.astro.epoch import Epoch
from selfiesim.core.child_process import ReaderProcess
from selfiesim.core.errors import KernelError, ReaderError
from selfiesim.core.vectors import Matrix, Vector

P = ParamSpec("P")
Result = TypeVar("Result")

_SPICE = ReaderProcess()


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
        if find_spec("spiceypy") is None:
            raise KernelError("SPICE kernels need spiceypy: pip install 'selfiesim[spice]'")
        if not files:
            raise KernelError("no kernel files given")
        paths = [Path(file).absolute() for file in files]
        root = None if folder is None else Path(folder).absolute()
        try:
            self._kernels = tuple(_SPICE.call(spice_queries.find_kernels, paths, root))
        except ReaderError as error:
            raise KernelError(f"{', '.join(path.name for path in paths)}: {error}") from error
        self.files = tuple(Path(path) for path, _kind in self._kernels)
        self._stamps = tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in self.files)
        self._ask(spice_queries.load)

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
        return self._ask(spice_queries.state, target, center, epoch)[:3]

    def velocity(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Return the rate of change (3,) of :meth:`position`, m/s, with the same errors."""
        return self._ask(spice_queries.state, target, center, epoch)[3:]

    def rotation(self, from_frame: str, to_frame: str, epoch: Epoch) -> Matrix:
        """Return the rotation (3, 3) between two of SPICE's frames; ``icrf`` is SPICE's ``J2000``.

        Raises
        ------
        KernelError
            A frame is unknown, or the kernels do not cover the time.
        """
        return self._ask(spice_queries.rotation, from_frame, to_frame, epoch)

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
        return self._ask(spice_queries.coverage, target)

    def __repr__(self) -> str:
        return f"Kernels({[file.name for file in self.files]})"

    def _ask(
        self,
        query: Callable[Concatenate[tuple[spice_queries.KernelFile, ...], P], Result],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Result:
        """Run a query on this set in the child process."""
        try:
            return _SPICE.call(query, self._kernels, *args, **kwargs)
        except ReaderError as error:
            names = ", ".join(file.name for file in self.files)
            raise KernelError(f"{names}: SPICE cannot use them; one is damaged ({error})") from error
