"""Child process that reads shape models in SPICE's DSK files: segments of type 2, triangular plates."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfiesim.core.limits import MESH_TRIANGLES, MESH_VERTICES
from selfiesim.craft.formats.converters.glb_scene import GlbScene, RefusedError, run_child

_PLATES = 2  # the type of a segment (NAIF, DSK Required Reading)
_METRES_PER_UNIT = 1000.0  # DSK files are in km


def _convert(source: str, target: str) -> None:
    import spiceypy as spice

    out = GlbScene()
    out.extras["metres_per_unit"] = _METRES_PER_UNIT
    try:
        if spice.getfat(source) != ("DAS", "DSK"):
            raise RefusedError("it is no DSK kernel")
        primitives = _segments(spice, source, out)
    except spice.exceptions.SpiceyError as error:
        raise RefusedError(f"SPICE: {getattr(error, 'short', error)}") from error
    out.save(target, [out.node("shape", np.eye(4), primitives)])


def _segments(spice: Any, source: str, out: GlbScene) -> list[dict[str, Any]]:
    """Return the triangles of all segments."""
    handle = spice.dasopr(source)
    segment, centres, vertices, plates, primitives = spice.dlabfs(handle), set(), 0, 0, []
    while segment is not None:
        described = spice.dskgd(handle, segment)
        if described.dtype != _PLATES:
            raise RefusedError(f"it has a segment of type {described.dtype}; only type {_PLATES}, plates, is read")
        vertex_count, plate_count = spice.dskz02(handle, segment)
        vertices, plates = vertices + vertex_count, plates + plate_count
        if vertices > MESH_VERTICES.value or plates > MESH_TRIANGLES.value:
            raise RefusedError(MESH_TRIANGLES.excess(f"it has {plates:,} plates or more", "use a coarser one"))
        centres.add(described.center)
        points = spice.dskv02(handle, segment, 1, vertex_count)
        triangles = np.asarray(spice.dskp02(handle, segment, 1, plate_count)) - 1
        primitives.append(out.primitive(points, triangles, None))
        try:
            segment = spice.dlafns(handle, segment)
        except spice.exceptions.NotFoundError:
            segment = None
    if len(centres) > 1:
        raise RefusedError(f"it holds the shapes of {len(centres)} bodies; use a file for each")
    return primitives


if __name__ == "__main__":
    run_child(_convert)
