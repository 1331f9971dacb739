"""Reference frames and centres that orbit and attitude files name, as rotations to ICRF and as names of bodies.

EME2000 and J2000 are taken as ICRF, as in SPICE (they differ by 0.02 arcseconds). Frames of date of the Earth follow
IAU 2006/2000A (ERFA); a tool that uses IAU 1976/1980 differs by up to 0.1 arcseconds, 3 m in a low orbit. Frames that
rotate with the Earth take UT1 as UTC and the pole at rest, unless SPICE kernels give its rotation: the difference, at
most 0.9 s, turns them by up to 0.4 km on the ground.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.bodies import BODIES
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.messages.blocks import Block, place_error
from selfiesim.astro.messages.times import time_to_epoch
from selfiesim.astro.orbit import State
from selfiesim.core.config_validation import truncate
from selfiesim.core.errors import KernelError
from selfiesim.core.quiet import ignored_warnings
from selfiesim.core.vectors import Matrix, rotation_z

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels

FRAMES = "EME2000, J2000, ICRF, GCRF, TEME, TOD, MOD, ITRF or IAU_MARS (IAU_ and another body)"

_INERTIAL = re.compile(r"EME2000|J2000|ICRF[123]?|GCRF[123]?")
_EARTH_FIXED = re.compile(r"(ITRF|DTRF)(\d{2}|\d{4})?|WGS84|GTOD|GRC|TDR|TIRS|EFG|FIXEDEARTH|IAUEARTH")
_BODY_FIXED = re.compile(r"(?:IAU|FIXED)([A-Z]+)")

_BODY_IDS = {
    "10": "sun",
    "199": "mercury",
    "299": "venus",
    "399": "earth",
    "301": "moon",
    "499": "mars",
    "599": "jupiter",
    "401": "phobos",
    "402": "deimos",
    "3": "earth barycenter",
    "4": "mars barycenter",
    "5": "jupiter barycenter",
}
_BODY_ALIASES = {"luna": "moon", "sol": "sun", "earth-moon barycenter": "earth barycenter", "emb": "earth barycenter"}


def center_body(name: str) -> str:
    """Return the body of a CENTER_NAME, in lower case: NAIF numbers and the names of tools (Luna) become ours."""
    plain = " ".join(name.lower().replace("_", " ").replace("barycentre", "barycenter").split())
    return _BODY_IDS.get(plain) or _BODY_ALIASES.get(plain) or plain


@dataclass(frozen=True)
class ReferenceFrame:
    """A frame of a file.

    Attributes
    ----------
    name : str
        The file's name for it.
    rotation : callable, optional
        Rotation (3, 3) to ICRF at an epoch; None for the axes of ICRF.
    epoch : Epoch, optional
        The epoch at which a frame of date is frozen.
    """

    name: str
    rotation: Callable[[Epoch], Matrix] | None = None
    epoch: Epoch | None = None

    def to_icrf(self, epoch: Epoch) -> Matrix:
        """Return the rotation (3, 3) to ICRF."""
        if self.rotation is None:
            return np.eye(3)
        return self.rotation(self.epoch or epoch)

    def state_to_icrf(self, state: State, epoch: Epoch) -> State:
        """Return a state in ICRF axes. The frame's own rotation, a central difference, is added to the velocity."""
        if self.rotation is None:
            return state
        to_icrf = self.to_icrf(epoch)
        rate = 0.5 * (self.to_icrf(epoch + 1.0) - self.to_icrf(epoch + -1.0))
        return State(to_icrf @ state.position, to_icrf @ state.velocity + rate @ state.position)


def find_frame(path: Path, block: Block, key: str, at: Epoch, kernels: Kernels | None) -> ReferenceFrame:
    """Return the frame that a keyword of a block names.

    Parameters
    ----------
    path : Path
        The file, to name in errors.
    block : Block
        Its segment.
    key : str
        ``REF_FRAME``, ``REF_FRAME_A`` or ``REF_FRAME_B``.
    at : Epoch
        A time of the segment, to try kernels at.
    kernels : Kernels, optional
        SPICE kernels, which may define further frames and the Earth's rotation.

    Raises
    ------
    CcsdsError
        The frame is not supported, or needs an epoch that the segment does not give.
    """
    name, plain = block.value(key), _plain(block.value(key))
    if _INERTIAL.fullmatch(plain):
        return ReferenceFrame(name)
    of_date = {"TEME": teme_to_icrf, "TOD": _tod_to_icrf, "MOD": _mod_to_icrf}
    frozen = {"TEMEOFEPOCH": teme_to_icrf, "TOE": _tod_to_icrf, "MOE": _mod_to_icrf}
    base = plain.removesuffix("OFDATE").removesuffix("EARTH")
    if base in of_date or base in frozen:
        epoch = _frame_epoch(path, block, key, required=base in frozen)
        return ReferenceFrame(name, of_date.get(base) or frozen[base], epoch)
    if _EARTH_FIXED.fullmatch(plain):
        return ReferenceFrame(name, _kernel_rotation(kernels, "ITRF93", at) or _earth_fixed_to_icrf)
    fixed = _BODY_FIXED.fullmatch(plain)
    if fixed and fixed.group(1).lower() in BODIES:
        body = BODIES[fixed.group(1).lower()]
        return ReferenceFrame(name, lambda epoch: icrf_to_bodyfixed(body, epoch).T)
    rotation = _kernel_rotation(kernels, name, at)
    if rotation is None:
        what = f"{key} = {truncate(name)} is not supported; use {FRAMES}, or give SPICE kernels that define it"
        raise place_error(path, block.place_of(key), what)
    return ReferenceFrame(name, rotation)


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-/]", "", name.upper())


def _frame_epoch(path: Path, block: Block, key: str, required: bool) -> Epoch | None:
    if "REF_FRAME_EPOCH" in block.meta:
        value = block.meta["REF_FRAME_EPOCH"]
        return time_to_epoch(path, value.text, value.place, block.value("TIME_SYSTEM").upper())
    if required:
        raise place_error(path, block.place_of(key), f"{key} = {block.value(key)} needs REF_FRAME_EPOCH")
    return None


def _kernel_rotation(kernels: Kernels | None, frame: str, at: Epoch) -> Callable[[Epoch], Matrix] | None:
    """Return the rotation from a frame that the kernels know at an epoch; None if they do not."""
    if kernels is None:
        return None
    try:
        kernels.rotation(frame, "icrf", at)
    except KernelError:
        return None
    source = kernels
    return lambda epoch: source.rotation(frame, "icrf", epoch)


def _terrestrial(epoch: Epoch) -> tuple[float, float]:
    import erfa

    day, fraction = epoch.day, epoch.fraction
    return erfa.tdbtt(day, fraction, erfa.dtdb(day, fraction, 0.0, 0.0, 0.0, 0.0))  # type: ignore[no-any-return]


def _universal(terrestrial: tuple[float, float]) -> tuple[float, float]:
    """Return UTC, taken as UT1, as a two-part Julian date."""
    import erfa

    with ignored_warnings(erfa.ErfaWarning):  # of a dubious year
        return erfa.taiutc(*erfa.tttai(*terrestrial))  # type: ignore[no-any-return]


def _mod_to_icrf(epoch: Epoch) -> Matrix:
    import erfa

    return np.asarray(erfa.pmat06(*_terrestrial(epoch))).T


def _tod_to_icrf(epoch: Epoch) -> Matrix:
    import erfa

    return np.asarray(erfa.pnm06a(*_terrestrial(epoch))).T


def teme_to_icrf(epoch: Epoch) -> Matrix:
    """Return the rotation (3, 3) from TEME, the frame of SGP4: true equator and mean equinox of date.

    Its x axis lies behind the true equinox by apparent minus mean sidereal time, the latter in the IAU 1982 model that
    SGP4 uses (Vallado et al. 2006, AIAA 2006-6753).
    """
    import erfa

    terrestrial = _terrestrial(epoch)
    universal = _universal(terrestrial)
    difference = float(erfa.gst06a(*universal, *terrestrial) - erfa.gmst82(*universal))
    return np.asarray(_tod_to_icrf(epoch) @ rotation_z(-difference))


def _earth_fixed_to_icrf(epoch: Epoch) -> Matrix:
    import erfa

    terrestrial = _terrestrial(epoch)
    return np.asarray(erfa.c2t06a(*terrestrial, *_universal(terrestrial), 0.0, 0.0)).T
