"""Report the content of a mesh file as JSON-ready data: for users who bring their own, and for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelWarning
from selfiesim.core.quiet import ignored_warnings
from selfiesim.craft.description import Frame, read_description
from selfiesim.craft.load import load_craft
from selfiesim.craft.model import Craft, Part


def inspect(name_or_path: str | Path) -> tuple[Craft, dict[str, Any]]:
    """Load a craft and report what its file contains.

    Returns
    -------
    craft : Craft
    report : dict
        JSON-ready, with units in the keys.

    Raises
    ------
    ModelError
        As :func:`selfiesim.craft.load.load_craft`.
    """
    with ignored_warnings(ModelWarning):  # they are in the report
        craft = load_craft(name_or_path)
    low, high = craft.bounds_m
    description = craft.source.with_suffix(".toml")
    return craft, {
        "file": str(craft.source),
        "name": craft.name,
        "bytes": craft.source.stat().st_size,
        "description": str(description) if description.is_file() else None,
        "size_m": _rounded(high - low),
        "lowest_m": _rounded(low),
        "highest_m": _rounded(high),
        "units": craft.units,
        "axes": _axes(description),
        "origin": _origin(low, high),
        "triangles": craft.triangle_count,
        "vertices": sum(len(part.vertices) for part in craft.parts),
        "nodes": _node_rows(craft),
        "materials": [_material_row(parts) for parts in _parts_by_material(craft)],
        "joints": {name: joint.model_dump(mode="json") for name, joint in craft.joints.items()},
        "mounts": {name: mount.model_dump(mode="json") for name, mount in craft.mounts.items()},
        "repaired": list(craft.repairs),
        "warnings": list(craft.warnings),
    }


def _axes(description: Path) -> str:
    """Which of the file's axes are the body axes."""
    frame = read_description(description)[0].frame if description.is_file() else Frame()
    if frame.up is not None:
        return f"the file's {frame.up} axis is body +Z, as its description declares"
    if "body_from_gltf" in frame.model_fields_set:
        return "rotated from the file's, as its description declares"
    return "the file's own, whichever of them is up (frame.up or frame.body_from_gltf turns them)"


def _origin(low: NDArray[np.float64], high: NDArray[np.float64]) -> str:
    """Where the origin of the body axes is."""
    middle, size = 0.5 * (low + high), float(np.max(high - low))
    inside = bool(((low <= 0.0) & (high >= 0.0)).all())
    place = "inside its bounding box" if inside else "outside its bounding box"
    distance = float(np.linalg.norm(middle))
    if distance < 1e-3 * size:
        return f"{place}, at the middle"
    return f"{place}, {distance:.4g} m from the middle, which is at {_rounded(middle)}"


def _node_rows(craft: Craft) -> list[dict[str, Any]]:
    by_node: dict[str, list[Part]] = {}
    for part in craft.parts:
        by_node.setdefault(part.node, []).append(part)
    return [
        {
            "name": node,
            "triangles": sum(len(part.faces) for part in parts),
            "size_m": _rounded(
                np.max([part.vertices.max(axis=0) for part in parts], axis=0)
                - np.min([part.vertices.min(axis=0) for part in parts], axis=0)
            ),
            "materials": list(dict.fromkeys(part.material.name for part in parts)),
            "joint": parts[0].joint,
        }
        for node, parts in by_node.items()
    ]


def _parts_by_material(craft: Craft) -> list[list[Part]]:
    """The parts of each material, in order of first use."""
    by_material: dict[int, list[Part]] = {}
    for part in craft.parts:
        by_material.setdefault(id(part.material), []).append(part)
    return list(by_material.values())


def _material_row(parts: list[Part]) -> dict[str, Any]:
    material = parts[0].material
    return {
        "name": material.name,
        "triangles": sum(len(part.faces) for part in parts),
        "base_color": [round(value, 4) for value in material.base_color],
        "metallic": round(material.metallic, 4),
        "roughness": round(material.roughness, 4),
        "textures_px": {name: [int(n) for n in pixels.shape[1::-1]] for name, pixels in material.textures.items()},
        "opacity": round(material.opacity, 4) if material.blend or material.alpha_cutoff is not None else 1.0,
        "alpha": "blend" if material.blend else "opaque" if material.alpha_cutoff is None else "mask",
        "vertex_colours": any(part.tint is not None for part in parts),
    }


def _rounded(values: Any) -> list[float]:
    """Values to six significant digits."""
    return [float(f"{value:.6g}") for value in values]
