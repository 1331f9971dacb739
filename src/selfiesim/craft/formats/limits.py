"""How much a mesh file may ask for. Files come from anywhere; each of these is checked before the work is done.

``docs/models.md`` lists them for people. The triangles were measured: a craft of 4 million takes 12 s to load, 55 s
where it has no normals, 10 s a draft and 2.7 GB on two busy cores without a GPU; what is larger has to be decimated.
"""

MOST_BYTES = 512 * 1024 * 1024
"""Of the mesh file, and of each file that it names."""
MOST_TRIANGLES = 4_000_000
"""In the whole craft, each instance counted."""
MOST_ITEMS = 3 * MOST_TRIANGLES
"""In one table of numbers: each triangle its own three corners."""
MOST_NODES = 50_000
MOST_DEPTH = 256
MOST_MATERIALS = 2_000
MOST_PICTURES = 256
MOST_PICTURE_SIDE = 16_384
"""Pixels; a texture beyond is refused, and so is one of more than :data:`MOST_PICTURE_PIXELS` in all."""
MOST_PICTURE_PIXELS = 8_192 * 8_192
MOST_KEPT_PIXELS = 8_192 * 8_192
"""In all textures together; where there are more, the largest are made smaller."""
MOST_SIDE_KEPT = 8_192
"""Pixels on a side that a texture is reduced to, where it has more."""
MOST_REACH_M = 1e6
"""From the origin: beyond, the unit of length cannot be right."""
MOST_CACHE_BYTES = 2 * 1024 * 1024 * 1024
"""Of loaded craft kept in the cache; the longest unused are deleted first."""
