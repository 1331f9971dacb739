"""Rows of an Attitude Ephemeris Message as rotations and angular velocities, for each ATTITUDE_TYPE.

The standard rotates frames: a quaternion q, or the Euler angles in the order of EULER_ROT_SEQ, lead from one frame to
another. Both are kept here as scipy rotations whose matrix converts the components of a vector in the first frame into
those in the second, with the angular velocity of the second in its own axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from selfiesim.astro.messages.blocks import Block, Columns, place_error, require_choice
from selfiesim.core.config_validation import truncate
from selfiesim.core.vectors import Matrix, Vector

_QUATERNION = ("Q1", "Q2", "Q3", "QC")
_ANGLES = ("ANGLE_1", "ANGLE_2", "ANGLE_3")
_RATES = ("RATE_1", "RATE_2", "RATE_3")
_ANGULAR_VELOCITY = ("ANGVEL_X", "ANGVEL_Y", "ANGVEL_Z")
_SPIN = ("SPIN_ALPHA", "SPIN_DELTA", "SPIN_ANGLE", "SPIN_ANGLE_VEL")

# Names of version 1 that version 2 renamed.
_RENAMED = {"EULER_ANGLE/RATE": "EULER_ANGLE/DERIVATIVE"}

# The numbers of a row after its time, the scalar part of quaternions last.
_TYPES = {
    "QUATERNION": (_QUATERNION, "the four parts of the quaternion"),
    "QUATERNION/DERIVATIVE": (
        (*_QUATERNION, *(f"{name}_DOT" for name in _QUATERNION)),
        "the four parts of the quaternion and their derivatives (1/s)",
    ),
    "QUATERNION/RATE": ((*_QUATERNION, *_RATES), "the four parts of the quaternion and three rates (deg/s)"),
    "QUATERNION/ANGVEL": (
        (*_QUATERNION, *_ANGULAR_VELOCITY),
        "the four parts of the quaternion and the angular velocity (deg/s)",
    ),
    "EULER_ANGLE": (_ANGLES, "three angles (deg)"),
    "EULER_ANGLE/DERIVATIVE": ((*_ANGLES, *_RATES), "three angles (deg) and their rates (deg/s)"),
    "EULER_ANGLE/ANGVEL": ((*_ANGLES, *_ANGULAR_VELOCITY), "three angles (deg) and the angular velocity (deg/s)"),
    "SPIN": (_SPIN, "right ascension, declination and angle of the spin (deg) and its rate (deg/s)"),
}
_REFUSED = {
    "SPIN/NUTATION": "does not say how the nutation continues between rows",
    "SPIN/NUTATION_MOM": "does not say how the nutation continues between rows",
}

# Rows farther apart than this, in rad, say nothing about the way the craft has turned between them.
MAX_TURN = 0.5 * np.pi


@dataclass(frozen=True)
class AttitudeRows:
    """Quaternions (N, 4) from one frame to another, scalar last, and the second frame's angular velocity (N, 3)."""

    quaternions: Matrix
    rates: Matrix | None


def attitude_type(path: Path, block: Block) -> str:
    """Return the ATTITUDE_TYPE of a block, by its name in version 2.

    Raises
    ------
    CcsdsError
        It is not supported.
    """
    kind = block.value("ATTITUDE_TYPE").upper()
    if kind in _REFUSED:
        what = f"ATTITUDE_TYPE = {kind} {_REFUSED[kind]}; write quaternions instead"
        raise place_error(path, block.place_of("ATTITUDE_TYPE"), what)
    known = require_choice(path, block, "ATTITUDE_TYPE", (*_TYPES, *_RENAMED))
    return _RENAMED.get(known, known)


def attitude_columns(path: Path, block: Block) -> Columns:
    """Return the numbers of a row in the order of the file."""
    names, what = _TYPES[attitude_type(path, block)]
    if require_choice(path, block, "QUATERNION_TYPE", ("FIRST", "LAST"), "LAST") == "FIRST" and names[3:4] == ("QC",):
        first = (names[3], *names[:3])
        after = names[4:]
        names = (*first, *((after[3], *after[:3]) if len(after) == 4 else after))
    return Columns(names, what)


def read_rows(path: Path, block: Block, seconds: Vector) -> AttitudeRows:
    """Convert the rows of a block.

    Parameters
    ----------
    path : Path
        The file, to name in errors.
    block : Block
        The rows and their metadata.
    seconds : (N,) array
        Their times.

    Raises
    ------
    CcsdsError
        A quaternion is not of unit length, the rotation sequence is none, or rates that cannot be interpreted are too
        large to do without.
    """
    kind = attitude_type(path, block)
    table = dict(zip(block.columns.names, np.array(block.rows).T, strict=True))
    if kind == "SPIN":
        return _spin(table)
    if kind.startswith("QUATERNION"):
        rotations, rates = _from_quaternions(path, block, table, kind, seconds)
    else:
        rotations, rates = _from_angles(path, block, table)
    if kind.endswith("ANGVEL"):
        rates = _stack(table, _ANGULAR_VELOCITY, degrees=True)
        if _frame_of_rates(path, block) == _name(block.value("REF_FRAME_A")):
            rates = rotations.apply(rates)
    return AttitudeRows(rotations.as_quat(), rates)


def _stack(table: dict[str, Vector], names: tuple[str, ...], degrees: bool = False) -> Matrix:
    columns = np.stack([table[name] for name in names], axis=1)
    return np.radians(columns) if degrees else columns


def _from_quaternions(
    path: Path, block: Block, table: dict[str, Vector], kind: str, seconds: Vector
) -> tuple[Any, Matrix | None]:
    from scipy.spatial.transform import Rotation

    q = _stack(table, _QUATERNION)
    lengths = np.linalg.norm(q, axis=1)
    bad = np.flatnonzero(np.abs(lengths - 1.0) > 1e-3)
    if len(bad):
        raise place_error(path, block.places[bad[0]], f"the quaternion has length {lengths[bad[0]]:.4f}; it must be 1")
    q = q / lengths[:, None]
    rates = None
    if kind == "QUATERNION/DERIVATIVE":
        # w = 2 q* q', from q' = q w / 2.
        dot = _stack(table, tuple(f"{name}_DOT" for name in _QUATERNION))
        rates = 2.0 * (q[:, 3:] * dot[:, :3] - dot[:, 3:] * q[:, :3] - np.cross(q[:, :3], dot[:, :3]))
    elif kind == "QUATERNION/RATE":
        _check_turns(path, block, _stack(table, _RATES, degrees=True), seconds)
    # CCSDS rotates the frame (v_B = q* v_A q), scipy the vector: its quaternion of the same matrix is the conjugate.
    return Rotation.from_quat(q).inv(), rates


def _check_turns(path: Path, block: Block, rates: Matrix, seconds: Vector) -> None:
    """Refuse rows that cannot be joined without the rates of QUATERNION/RATE, whose meaning the standard left open."""
    turns = np.linalg.norm(rates, axis=1)[:-1] * np.diff(seconds)
    fast = np.flatnonzero(turns > MAX_TURN)
    if len(fast):
        what = (
            f"turns by {np.degrees(turns[fast[0]]):.0f} degrees to the next row, and ATTITUDE_TYPE = QUATERNION/RATE "
            "does not say about which axes; write QUATERNION/ANGVEL or closer rows"
        )
        raise place_error(path, block.places[fast[0]], what)


def _from_angles(path: Path, block: Block, table: dict[str, Vector]) -> tuple[Any, Matrix | None]:
    """Return rotations, and angular velocities where the rows have rates of the angles."""
    from scipy.spatial.transform import Rotation

    text = block.value("EULER_ROT_SEQ").upper().translate(str.maketrans("XYZ", "123"))
    if len(text) != 3 or set(text) - set("123") or text[0] == text[1] or text[1] == text[2]:
        what = f"EULER_ROT_SEQ = {truncate(block.value('EULER_ROT_SEQ'))!r} is no sequence such as ZXZ or 321"
        raise place_error(path, block.place_of("EULER_ROT_SEQ"), what)
    axes = np.eye(3)[[int(digit) - 1 for digit in text]]
    angles = _stack(table, _ANGLES, degrees=True)
    # Rotating the frame by an angle is rotating vectors by its opposite.
    first, second, third = (Rotation.from_rotvec(-angles[:, n, None] * axes[n]) for n in range(3))
    if _RATES[0] not in table:
        return third * second * first, None
    rates = _stack(table, _RATES, degrees=True)[:, :, None] * axes
    return third * second * first, rates[:, 2] + third.apply(rates[:, 1] + second.apply(rates[:, 0]))


def _spin(table: dict[str, Vector]) -> AttitudeRows:
    """Return rotations to axes whose z points along the spin, in the convention of CCSDS 504.0-B: ZXZ."""
    from scipy.spatial.transform import Rotation

    alpha, delta, angle, rate = _stack(table, _SPIN, degrees=True).T
    angles = np.stack([0.5 * np.pi + alpha, 0.5 * np.pi - delta, angle], axis=1)
    rotations = Rotation.from_euler("ZXZ", angles).inv()
    return AttitudeRows(rotations.as_quat(), rate[:, None] * np.array([0.0, 0.0, 1.0]))


def _frame_of_rates(path: Path, block: Block) -> str:
    """Return the frame whose axes the angular velocity is given in; one of the two of the block."""
    frames = [_name(block.value(key)) for key in ("REF_FRAME_A", "REF_FRAME_B")]
    named = _name(block.value("ANGVEL_FRAME"))
    if named not in frames:
        what = f"ANGVEL_FRAME = {truncate(named)!r} must be {' or '.join(frames)}"
        raise place_error(path, block.place_of("ANGVEL_FRAME"), what)
    return named


def _name(text: str) -> str:
    return " ".join(text.upper().replace("_", " ").split())
