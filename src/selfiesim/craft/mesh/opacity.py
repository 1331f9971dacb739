"""Opacity of meshes as they are read: what cannot be seen is left out, and what is opaque is marked as such."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfiesim.craft.mesh.mesh_data import ImportedScene, MeshInstance
from selfiesim.craft.model import Material

_MIN_VISIBLE = 0.5 / 255.0
"""Opacity that an 8-bit picture of it would round to zero."""


def visible_instances(scene: ImportedScene) -> list[MeshInstance]:
    """Return the meshes of a file that can be seen, with a warning that names the others.

    A mesh is judged by the least and the greatest opacity that its material, texture and vertices can give together.
    """
    plain: dict[int, Material] = {}
    visible, hidden = [], []
    for instance in scene.instances:
        material = instance.material
        if not material.blend and material.alpha_cutoff is None:
            visible.append(instance)
            continue
        least, greatest = _opacity_range(instance)
        if greatest < (_MIN_VISIBLE if material.alpha_cutoff is None else material.alpha_cutoff):
            hidden.append(instance.node)
            continue
        if least >= (1.0 - _MIN_VISIBLE if material.alpha_cutoff is None else material.alpha_cutoff):
            if id(material) not in plain:
                plain[id(material)] = replace(material, blend=False, alpha_cutoff=None, opacity=1.0)
            instance = replace(instance, material=plain[id(material)], opacity=None)
        visible.append(instance)
    if hidden:
        names = list(dict.fromkeys(hidden))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        scene.warn(
            f"fully transparent, so not drawn: {', '.join(repr(name[:60]) for name in names[:3])}{more} "
            "(opacity 0, or below the cutoff)"
        )
    return visible


def _opacity_range(instance: MeshInstance) -> tuple[float, float]:
    """The least and the greatest opacity of a mesh."""
    material = instance.material
    low = high = material.opacity
    texture = material.textures.get("base")
    if texture is not None and texture.shape[2] == 4 and instance.uv is not None:
        low, high = low * float(texture[..., 3].min()) / 255.0, high * float(texture[..., 3].max()) / 255.0
    if instance.opacity is not None and len(instance.opacity):
        used = instance.opacity[np.unique(instance.faces)] if len(instance.faces) else instance.opacity
        low, high = low * float(used.min(initial=1.0)), high * float(used.max(initial=0.0))
    return low, high
