"""How large a mesh is, which way it stands, where its origin lies: as declared, as its format says, or inferred."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.craft.description import UNITS_M, Assembly, Frame
from selfiesim.craft.mesh.mesh_data import Drawn, Floats, Shape
from selfiesim.craft.mesh.repair import Repairs

_CERTAINLY_NO_METRES = 200.0
"""Twice the International Space Station, 109 m (NASA), which nothing that flew is longer than."""
_DOUBTFUL = (0.05, 60.0)
"""Metres: half a CubeSat (0.1 m, CubeSat Design Specification), and what only stations and the largest sails reach."""
_FAR = 5.0
"""Times its own length: farther from the origin than that, a craft is not where its axes are."""
_LOST = 1e12
"""Times its own length: there, double precision holds a ten-thousandth of a craft."""
_TO_UP = {
    "x": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    "y": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    "z": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}


@dataclass(frozen=True, eq=False)
class Placement:
    """From the file's axes and unit to body axes: ``body = turn @ (file - origin) * metres``."""

    turn: Floats
    origin: Floats
    metres: float

    def placed(self, shape: Shape) -> Floats:
        """The vertices (N, 3) of a shape in body axes, m."""
        linear, shift = shape.matrix[:3, :3], shape.matrix[:3, 3] - self.origin
        return np.asarray((shape.vertices @ linear.T + shift) @ (self.turn.T * self.metres))


def placement(shapes: list[Shape], drawn: Drawn, assembly: Assembly, repairs: Repairs) -> Placement:
    """Work out where and how large the craft is; what is not declared and looks wrong is told in ``drawn.warnings``.

    Raises
    ------
    ModelError
        When its nodes put it nowhere, or it is longer than can be.
    """
    frame = assembly.frame
    ends = []
    for shape in shapes:
        at = shape.vertices @ shape.matrix[:3, :3].T + shape.matrix[:3, 3]
        if not np.all(np.isfinite(at)):
            raise ModelError(f"{shape.node!r} is put where no finite numbers are; its nodes' transforms are damaged")
        ends += [at.min(axis=0), at.max(axis=0)]
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    size = float(np.max(high - low))
    if not 0.0 < size < 1e30:
        raise ModelError(f"it is {size:.3g} units long; check the transforms of its nodes")
    away = float(np.linalg.norm(0.5 * (low + high)))
    if not away < _LOST * size:
        raise ModelError(
            f"it lies {away:.3g} units from its origin, {size:.3g} long: too far for numbers to hold its shape"
        )
    metres = _metres(size, drawn, frame)
    return Placement(_turn(frame), _origin(low, high, size, drawn, assembly, repairs), metres)


def _metres(size: float, drawn: Drawn, frame: Frame) -> float:
    declared = frame.declared_metres(size)
    if declared is not None:
        return declared
    told = drawn.metres_per_unit
    metres = 1.0 if told is None else told
    if told is None and size > _CERTAINLY_NO_METRES:
        others = ", ".join(f'"{unit}" {size * UNITS_M[unit]:.4g} m' for unit in ("cm", "in", "ft"))
        drawn.warn(
            f"it is {size:.5g} units long, too much for metres: taken as millimetres, {size * 1e-3:.4g} m "
            f"(others would be {others}); frame.units or frame.longest_m in the TOML beside it says which"
        )
        return UNITS_M["mm"]
    length = size * metres
    if not _DOUBTFUL[0] <= length <= _DOUBTFUL[1]:
        drawn.warn(
            f"it is {length:.4g} m long, which few craft are; "
            "frame.units or frame.longest_m in the TOML beside it says how long it is"
        )
    return metres


def _turn(frame: Frame) -> Floats:
    return np.array(frame.body_from_gltf if frame.up is None else _TO_UP[frame.up])


def _origin(low: Floats, high: Floats, size: float, drawn: Drawn, assembly: Assembly, repairs: Repairs) -> Floats:
    if assembly.frame.origin is not None:
        return np.array(assembly.frame.origin)
    middle = 0.5 * (low + high)
    if float(np.linalg.norm(middle)) <= _FAR * size or assembly.joints or assembly.mounts:
        return np.zeros(3)
    repairs.note("craft far from the origin of its axes moved there", 1)
    shown = ", ".join(f"{v:.9g}" for v in middle)
    away = float(np.linalg.norm(middle))
    drawn.warn(
        f"its middle lies {away:.4g} units from the origin, {away / size:.3g} times its length: "
        f"it was moved there; frame.origin = [{shown}] in the TOML beside it says so"
    )
    return middle
