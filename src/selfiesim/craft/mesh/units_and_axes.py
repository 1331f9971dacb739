"""How large a mesh is, which way it stands, where its origin lies: as declared, as its format says, or inferred."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.craft.description import METRES_PER_UNIT, Frame, ModelDescription
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance
from selfiesim.craft.mesh.repair import Repairs

_MAX_LENGTH_M = 200.0
"""Twice the International Space Station, 109 m (NASA), which nothing that flew is longer than."""
_PLAUSIBLE_LENGTH_M = (0.05, 60.0)
"""Metres: half a CubeSat (0.1 m, CubeSat Design Specification), and what only stations and the largest sails reach."""
_MAX_OFFSET_LENGTHS = 5.0
"""Times its own length: farther from the origin than that, a craft is not where its axes are."""
_MAX_RESOLVABLE_LENGTHS = 1e12
"""Times its own length: there, double precision holds a ten-thousandth of a craft."""
_BODY_FROM_UP_AXIS = {
    "x": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    "y": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    "z": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}


@dataclass(frozen=True, eq=False)
class Placement:
    """From the file's axes and unit to body axes: ``body = body_from_file @ (file - origin) * metres``."""

    body_from_file: Floats
    origin: Floats
    metres: float

    def body_vertices(self, shape: MeshInstance) -> Floats:
        """The vertices (N, 3) of a shape in body axes, m."""
        linear, shift = shape.matrix[:3, :3], shape.matrix[:3, 3] - self.origin
        return np.asarray((shape.vertices @ linear.T + shift) @ (self.body_from_file.T * self.metres))


def infer_placement(
    shapes: list[MeshInstance], scene: ImportedScene, model_description: ModelDescription, repairs: Repairs
) -> Placement:
    """Work out where and how large the craft is; what is not declared and looks wrong is told in ``scene.warnings``.

    Raises
    ------
    ModelError
        When its nodes put it nowhere, or it is longer than can be.
    """
    frame = model_description.frame
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
    if not away < _MAX_RESOLVABLE_LENGTHS * size:
        raise ModelError(
            f"it lies {away:.3g} units from its origin, {size:.3g} long: too far for numbers to hold its shape"
        )
    metres = _infer_metres_per_unit(size, scene, frame)
    return Placement(_body_from_file(frame), _infer_origin(low, high, size, scene, model_description, repairs), metres)


def _infer_metres_per_unit(size: float, scene: ImportedScene, frame: Frame) -> float:
    declared = frame.declared_metres_per_unit(size)
    if declared is not None:
        return declared
    file_unit_m = scene.metres_per_unit
    metres = 1.0 if file_unit_m is None else file_unit_m
    if file_unit_m is None and size > _MAX_LENGTH_M:
        others = ", ".join(f'"{unit}" {size * METRES_PER_UNIT[unit]:.4g} m' for unit in ("cm", "in", "ft"))
        scene.warn(
            f"it is {size:.5g} units long, too much for metres: taken as millimetres, {size * 1e-3:.4g} m "
            f"(others would be {others}); frame.units or frame.longest_m in the TOML beside it says which"
        )
        return METRES_PER_UNIT["mm"]
    length = size * metres
    if not _PLAUSIBLE_LENGTH_M[0] <= length <= _PLAUSIBLE_LENGTH_M[1]:
        scene.warn(
            f"it is {length:.4g} m long, which few craft are; "
            "frame.units or frame.longest_m in the TOML beside it says how long it is"
        )
    return metres


def _body_from_file(frame: Frame) -> Floats:
    return np.array(frame.body_from_gltf if frame.up is None else _BODY_FROM_UP_AXIS[frame.up])


def _infer_origin(
    low: Floats, high: Floats, size: float, scene: ImportedScene, model_description: ModelDescription, repairs: Repairs
) -> Floats:
    if model_description.frame.origin is not None:
        return np.array(model_description.frame.origin)
    middle = 0.5 * (low + high)
    if (
        float(np.linalg.norm(middle)) <= _MAX_OFFSET_LENGTHS * size
        or model_description.joints
        or model_description.mounts
    ):
        return np.zeros(3)
    repairs.note("craft far from the origin of its axes moved there", 1)
    shown = ", ".join(f"{v:.9g}" for v in middle)
    away = float(np.linalg.norm(middle))
    scene.warn(
        f"its middle lies {away:.4g} units from the origin, {away / size:.3g} times its length: "
        f"it was moved there; frame.origin = [{shown}] in the TOML beside it says so"
    )
    return middle
