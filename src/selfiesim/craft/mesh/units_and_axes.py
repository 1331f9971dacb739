"""Scale, orientation and origin of a mesh: as declared, as its format states, or inferred."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.craft.description import METRES_PER_UNIT, Frame, ModelDescription
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance
from selfiesim.craft.mesh.repair import Repairs

_MAX_LENGTH_M = 200.0
"""Almost twice the International Space Station, 109 m (NASA), the longest craft flown."""
_PLAUSIBLE_LENGTH_M = (0.05, 60.0)
"""From half a CubeSat (0.1 m, CubeSat Design Specification) to what only stations and the largest sails exceed."""
_MAX_OFFSET_LENGTHS = 5.0
"""Distance from the origin, in lengths of the craft, beyond which the file's origin is not the craft's."""
_MAX_RESOLVABLE_LENGTHS = 1e12
"""Distance from the origin, in lengths of the craft, at which double precision resolves a ten-thousandth of it."""
_BODY_FROM_UP_AXIS = {
    "x": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    "y": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    "z": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}


@dataclass(frozen=True, eq=False)
class Placement:
    """From the file's axes and unit to body axes: ``body = body_from_file @ (file - origin) * metres_per_unit``.

    Attributes
    ----------
    body_from_file : (3, 3) float
    origin : (3,) float
        Origin of the body axes in the file, in the file's unit.
    metres_per_unit : float
    reason : str
        The unit in words, and why it is believed to be that.
    """

    body_from_file: Floats
    origin: Floats
    metres_per_unit: float
    reason: str

    def body_vertices(self, mesh: MeshInstance) -> Floats:
        """Return the vertices (N, 3) of a mesh in body axes, m."""
        linear, shift = mesh.matrix[:3, :3], mesh.matrix[:3, 3] - self.origin
        return np.asarray((mesh.vertices @ linear.T + shift) @ (self.body_from_file.T * self.metres_per_unit))


def infer_placement(
    instances: list[MeshInstance], scene: ImportedScene, model_description: ModelDescription, repairs: Repairs
) -> Placement:
    """Determine the scale, orientation and origin of a craft.

    Doubtful values that the description does not declare are reported in ``scene.warnings``.

    Raises
    ------
    ModelError
        When its node transforms are not finite, or its size or position is impossible.
    """
    frame = model_description.frame
    extremes = []
    for mesh in instances:
        vertices = mesh.vertices @ mesh.matrix[:3, :3].T + mesh.matrix[:3, 3]
        if not np.all(np.isfinite(vertices)):
            raise ModelError(f"{mesh.node!r} is not at a finite position; the transforms of its nodes are damaged")
        extremes += [vertices.min(axis=0), vertices.max(axis=0)]
    low, high = np.min(extremes, axis=0), np.max(extremes, axis=0)
    length = float(np.max(high - low))
    if not 0.0 < length < 1e30:
        raise ModelError(f"it is {length:.3g} units long; check the transforms of its nodes")
    distance = float(np.linalg.norm(0.5 * (low + high)))
    if not distance < _MAX_RESOLVABLE_LENGTHS * length:
        raise ModelError(
            f"it is {distance:.3g} units from its origin but {length:.3g} long: too far for double precision"
        )
    metres_per_unit, reason = _infer_metres_per_unit(length, scene, frame)
    origin = _infer_origin(low, high, length, scene, model_description, repairs)
    return Placement(_body_from_file(frame), origin, metres_per_unit, reason)


def _infer_metres_per_unit(length: float, scene: ImportedScene, frame: Frame) -> tuple[float, str]:
    """The declared unit, else the format's, else metres, or millimetres where metres would be too long; and why."""
    declared = frame.declared_metres_per_unit(length)
    if declared is not None:
        return declared, f"{_unit_name(declared)}, as its description declares"
    file_unit_m = scene.metres_per_unit
    metres = 1.0 if file_unit_m is None else file_unit_m
    if file_unit_m is None and length > _MAX_LENGTH_M:
        others = ", ".join(f'"{unit}" {length * METRES_PER_UNIT[unit]:.4g} m' for unit in ("cm", "in", "ft"))
        scene.warn(
            f"it is {length:.5g} units long, too long for metres: assuming millimetres, {length * 1e-3:.4g} m "
            f"(alternatives: {others}); set frame.units or frame.longest_m in the TOML file next to it"
        )
        return METRES_PER_UNIT["mm"], (
            f"millimetres, a guess: in metres it would be {length:.5g} m long, and nothing flown is over "
            f"{_MAX_LENGTH_M:g} m"
        )
    length_m = length * metres
    reason = f"{_unit_name(metres)}, as the file states" if file_unit_m is not None else scene.unit_reason
    if not _PLAUSIBLE_LENGTH_M[0] <= length_m <= _PLAUSIBLE_LENGTH_M[1]:
        scene.warn(
            f"it is {length_m:.4g} m long, which is unusual for a craft; "
            "set frame.units or frame.longest_m in the TOML file next to it"
        )
    return metres, reason


def _unit_name(metres: float) -> str:
    names = {"mm": "millimetres", "cm": "centimetres", "m": "metres", "km": "kilometres", "in": "inches", "ft": "feet"}
    for name, size in METRES_PER_UNIT.items():
        if abs(metres / size - 1.0) < 1e-6:
            return names[name]
    return f"units of {metres:.6g} m"


def _body_from_file(frame: Frame) -> Floats:
    return np.array(frame.body_from_gltf if frame.up is None else _BODY_FROM_UP_AXIS[frame.up])


def _infer_origin(
    low: Floats,
    high: Floats,
    length: float,
    scene: ImportedScene,
    model_description: ModelDescription,
    repairs: Repairs,
) -> Floats:
    """The declared origin, else the file's, or the craft's centre where it is far from the file's origin."""
    if model_description.frame.origin is not None:
        return np.array(model_description.frame.origin)
    centre = 0.5 * (low + high)
    distance = float(np.linalg.norm(centre))
    if distance <= _MAX_OFFSET_LENGTHS * length or model_description.joints or model_description.mounts:
        return np.zeros(3)
    repairs.note("craft far from its origin moved to it", 1)
    shown = ", ".join(f"{v:.9g}" for v in centre)
    scene.warn(
        f"its centre is {distance:.4g} units from the origin, {distance / length:.3g} times its length, "
        f"so it is moved there; set frame.origin = [{shown}] in the TOML file next to it to confirm"
    )
    return centre
