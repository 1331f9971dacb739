"""Limits on the size of mesh files, each checked before the work is done, because files come from anywhere.

``docs/models.md`` lists them for users. The triangle limit is measured: on two busy cores without a GPU, a craft of
4 million triangles takes 12 s to load (55 s without normals), 10 s per draft render, and 2.7 GB. Decimate larger ones.
"""

MAX_BYTES = 512 * 1024 * 1024
"""Size of the mesh file, and of each file that it refers to."""
MAX_TRIANGLES = 4_000_000
"""Triangles in the whole craft, counting every instance."""
MAX_ACCESSOR_ITEMS = 3 * MAX_TRIANGLES
"""Items in one accessor: three corners of its own for each triangle."""
MAX_NODES = 50_000
MAX_DEPTH = 256
MAX_MATERIALS = 2_000
MAX_IMAGES = 256
MAX_IMAGE_SIDE = 16_384
"""Pixels on a side; a larger texture is refused, and so is one of over :data:`MAX_IMAGE_PIXELS` in total."""
MAX_IMAGE_PIXELS = 8_192 * 8_192
MAX_TOTAL_TEXTURE_PIXELS = 8_192 * 8_192
"""Pixels in all textures together; beyond that, the largest are scaled down."""
MAX_TEXTURE_SIDE = 8_192
"""Pixels on a side to which a larger texture is scaled down."""
MAX_EXTENT_M = 1e6
"""Distance of a vertex from the origin; beyond that, the unit of length cannot be right."""
MAX_CACHE_BYTES = 2 * 1024 * 1024 * 1024
"""Size of the craft cache; the least recently used files are deleted first."""
