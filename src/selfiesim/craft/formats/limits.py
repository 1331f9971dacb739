"""How much a mesh file may ask for. Files come from anywhere; each of these is checked before the work is done.

``docs/models.md`` lists them for people. The triangles were measured: a craft of 4 million takes 12 s to load, 55 s
where it has no normals, 10 s a draft and 2.7 GB on two busy cores without a GPU; what is larger has to be decimated.
"""

MAX_BYTES = 512 * 1024 * 1024
"""Of the mesh file, and of each file that it names."""
MAX_TRIANGLES = 4_000_000
"""In the whole craft, each instance counted."""
MAX_ACCESSOR_ITEMS = 3 * MAX_TRIANGLES
"""In one table of numbers: each triangle its own three corners."""
MAX_NODES = 50_000
MAX_DEPTH = 256
MAX_MATERIALS = 2_000
MAX_IMAGES = 256
MAX_IMAGE_SIDE = 16_384
"""Pixels; a texture beyond is refused, and so is one of more than :data:`MAX_IMAGE_PIXELS` in all."""
MAX_IMAGE_PIXELS = 8_192 * 8_192
MAX_TOTAL_TEXTURE_PIXELS = 8_192 * 8_192
"""In all textures together; where there are more, the largest are made smaller."""
MAX_TEXTURE_SIDE = 8_192
"""Pixels on a side that a texture is reduced to, where it has more."""
MAX_EXTENT_M = 1e6
"""From the origin: beyond, the unit of length cannot be right."""
MAX_CACHE_BYTES = 2 * 1024 * 1024 * 1024
"""Of loaded craft kept in the cache; the longest unused are deleted first."""
