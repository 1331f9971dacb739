"""How much one file, or one command, may ask for: every limit of the project, in one table.

Scenes, meshes, maps, kernels and recipes come from anywhere. What they declare (bytes, nesting, counts, pixels, steps)
is compared with these limits before memory is allocated or time is spent. A file can never raise a limit; the person
who runs the program can, with the environment variable ``SELFIESIM_LIMITS``::

    SELFIESIM_LIMITS="mesh-triangles=8M, mesh-bytes=2G" selfiesim render my-scene.toml

Child processes and the workers of a batch inherit it. ``docs/limits.md`` lists the limits for users.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from functools import lru_cache

from selfiesim.core.errors import UserError

VARIABLE = "SELFIESIM_LIMITS"
"""The environment variable that changes limits: ``NAME=NUMBER`` pairs, separated by commas or spaces."""

_POWERS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4}
_NUMBER = re.compile(r"(\d[\d_]{0,17})([kMGT]?)")


@dataclass(frozen=True)
class Limit:
    """The largest permitted amount of one thing.

    Attributes
    ----------
    name : str
        Its name in :data:`VARIABLE`.
    default : int
        The amount unless the variable gives another one.
    meaning : str
        What is limited.
    unit : {"", "bytes", "s"}
        Unit of the amount, if it is not a count.
    """

    name: str
    default: int
    meaning: str
    unit: str = ""

    @property
    def value(self) -> int:
        """The limit in force.

        Raises
        ------
        UserError
            :data:`VARIABLE` has an unknown name or an invalid number.
        """
        return _changed(os.environ.get(VARIABLE, "")).get(self.name, self.default)

    def check(self, amount: float, what: str, error_type: type[UserError], advice: str = "") -> None:
        """Compare an amount with the limit.

        Parameters
        ----------
        amount : float
            The amount that is asked for.
        what : str
            Beginning of the message, up to the colon or comma that the limit follows: ``"it has 5,000 nodes"``.
        error_type : type of UserError
            The error to raise.
        advice : str
            What to do about it, if anything but raising the limit helps.

        Raises
        ------
        UserError
            An ``error_type``: the amount is above the limit, or is not a number.
        """
        if not amount <= self.value:
            raise error_type(self.excess(what, advice))

    def excess(self, what: str, advice: str = "") -> str:
        """Return the message about an amount that is above the limit; parameters as in :meth:`check`."""
        return f"{what}; {self}" + (f": {advice}" if advice else "")

    def __str__(self) -> str:
        return f"the limit is {describe(self.value, self.unit)} ({VARIABLE}={self.name}=... raises it)"


_ALL: dict[str, Limit] = {}


def limits() -> dict[str, Limit]:
    """Return every limit by its name, in the order of the table in ``docs/limits.md``."""
    return dict(_ALL)


def describe(amount: int, unit: str) -> str:
    """Write an amount with its unit: ``"4,000,000"``, ``"512 MB"``, ``"10 s"``."""
    if unit != "bytes":
        return f"{amount:,} {unit}".rstrip()
    for size, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")):
        if amount >= size:
            return f"{amount / size:,.4g} {name}"
    return f"{amount:,} bytes"


@lru_cache(maxsize=8)
def _changed(text: str) -> dict[str, int]:
    """Return the limits that the text of :data:`VARIABLE` changes."""
    changed = {}
    for pair in text.replace(",", " ").split():
        name, _, number = pair.partition("=")
        if name not in _ALL:
            closest = difflib.get_close_matches(name, _ALL, n=1, cutoff=0.5)
            hint = f"did you mean {closest[0]!r}?" if closest else f"known are {', '.join(_ALL)}"
            raise UserError(f"{VARIABLE}: no limit is called {name[:60]!r}; {hint}")
        match = _NUMBER.fullmatch(number)
        if not match:
            raise UserError(f"{VARIABLE}: {name}={number[:30]}: give a whole number such as 5000000, 5M or 2G")
        changed[name] = int(match[1]) * (1024 if _ALL[name].unit == "bytes" else 1000) ** _POWERS[match[2]]
    return changed


def _limit(name: str, default: int, meaning: str, unit: str = "") -> Limit:
    _ALL[name] = Limit(name, default, meaning, unit)
    return _ALL[name]


# Scenes, jobs, descriptions and library entries: TOML
TOML_BYTES = _limit("toml-bytes", 1 << 20, "a scene, job or description (TOML)", "bytes")
TOML_DEPTH = _limit("toml-depth", 32, "levels of nested tables, lists and dotted keys in TOML")
TOML_KEY_LENGTH = _limit("toml-key-length", 400, "characters of a key in TOML, with its dots")
SCENE_OBJECTS = _limit("scene-objects", 32, "further craft in a scene")
PROPAGATION_STEPS = _limit("propagation-steps", 1_500, "steps of an orbit under perturbing forces, 60 a revolution")
TUMBLE_STEPS = _limit("tumble-steps", 30_000, "steps of a tumble, 60 a turn")

# Texts of several kinds of file
JSON_VALUES = _limit("json-values", 4_000_000, "values in a JSON document, such as that of a glTF file")
XML_BYTES = _limit("xml-bytes", 256 << 20, "an XML document, such as that of a 3MF or DAE file, unpacked", "bytes")
XML_DEPTH = _limit("xml-depth", 256, "levels of nested elements in XML")
XML_ELEMENTS = _limit("xml-elements", 4_000_000, "elements of an XML document")

# Meshes and their pictures. The limit of triangles is measured: on two busy cores without a GPU, a craft of 4 million
# triangles takes 12 s to load (55 s without normals), 10 s per draft render, and 2.7 GB.
MESH_BYTES = _limit("mesh-bytes", 512 << 20, "a mesh file, and each file that it refers to, unpacked", "bytes")
MESH_TRIANGLES = _limit("mesh-triangles", 4_000_000, "triangles of a craft, counting every instance")
MESH_VERTICES = _limit("mesh-vertices", 12_000_000, "vertices of a craft, and items of one glTF accessor")
MESH_NODES = _limit("mesh-nodes", 50_000, "nodes and meshes of a craft, counting every instance")
MESH_DEPTH = _limit("mesh-depth", 256, "levels of nested nodes")
MESH_MATERIALS = _limit("mesh-materials", 2_000, "materials and groups of a mesh file")
MESH_IMAGES = _limit("mesh-images", 256, "textures of a mesh file")
IMAGE_SIDE = _limit("image-side", 16_384, "pixels on a side of a texture or decal")
IMAGE_PIXELS = _limit("image-pixels", 8_192 * 8_192, "pixels of a texture or decal")
IMAGE_TOTAL_PIXELS = _limit("image-total-pixels", 6 * 8_192 * 8_192, "pixels of all pictures of a mesh file")
TEXTURE_SIDE = _limit("texture-side", 8_192, "pixels on a side to which a larger texture is scaled down")
TEXTURE_PIXELS = _limit("texture-pixels", 8_192 * 8_192, "pixels to which all textures together are scaled down")
DECAL_BYTES = _limit("decal-bytes", 64 << 20, "the picture of a decal", "bytes")
CRAFT_CACHE_BYTES = _limit(
    "craft-cache-bytes", 2 << 30, "the cache of meshes; it drops the least recently used", "bytes"
)

# Maps
MAP_CACHE_BYTES = _limit(
    "map-cache-bytes", 4 << 30, "the cache of built maps; it drops the least recently used", "bytes"
)
MAP_PIXELS = _limit("map-pixels", 5_000_000_000, "pixels of a map that is read in strips (Mars at 92160x46080 fits)")
MAP_MEMORY_PIXELS = _limit("map-memory-pixels", 2**27, "pixels of a map that is decoded as a whole (16384x8192 fits)")
MAP_TILES = _limit("map-tiles", 256, "tiles of a map on a side")
MAP_LABEL_BYTES = _limit("map-label-bytes", 1 << 20, "a PDS label", "bytes")
DOWNLOAD_BYTES = _limit("download-bytes", 40_000_000_000, "a map that is downloaded", "bytes")

# Trajectories and attitudes
KERNEL_FILES = _limit("kernel-files", 1_000, "kernels of a scene, with those that its meta-kernels name")
KERNEL_DEPTH = _limit("kernel-depth", 4, "meta-kernels that name one another")
KERNEL_TEXT_BYTES = _limit("kernel-text-bytes", 16 << 20, "a text kernel", "bytes")
CCSDS_BYTES = _limit("ccsds-bytes", 64 << 20, "a CCSDS message", "bytes")
CCSDS_JSON_BYTES = _limit("ccsds-json-bytes", 16 << 20, "a CCSDS message in JSON", "bytes")
CCSDS_XML_BYTES = _limit("ccsds-xml-bytes", 32 << 20, "a CCSDS message in XML", "bytes")
CCSDS_LINES = _limit("ccsds-lines", 2_000_000, "lines of a CCSDS message")
CCSDS_ROWS = _limit("ccsds-rows", 500_000, "rows of a CCSDS message")
CCSDS_SEGMENTS = _limit("ccsds-segments", 5_000, "segments of a CCSDS message")
CCSDS_FIELDS = _limit("ccsds-fields", 1_000, "values of one set in a CCSDS message")
CCSDS_DEPTH = _limit("ccsds-depth", 32, "levels of nested elements in a CCSDS message")
MEAN_ELEMENT_SETS = _limit("mean-element-sets", 10_000, "sets of mean elements in a file")
TLE_BYTES = _limit("tle-bytes", 4 << 20, "a file of two-line elements", "bytes")

# Readers in child processes
READER_SECONDS = _limit("reader-seconds", 10, "CPU time of one answer of a reader in a child process", "s")
READER_BYTES = _limit("reader-bytes", 3 << 30, "memory of such a reader", "bytes")
CONVERTER_SECONDS = _limit("converter-seconds", 100, "CPU time to convert a 3DS, FBX or USD file", "s")
CONVERTER_BYTES = _limit("converter-bytes", 4 << 30, "memory to convert such a file", "bytes")

# The studio
STUDIO_TEXT = _limit("studio-text", 100 << 10, "a scene in the studio", "bytes")
STUDIO_KEYS = _limit("studio-keys", 2000, "keys, tables, dots and commas of a scene whose keys the page sets")
STUDIO_UNDO = _limit("studio-undo", 20_000_000, "characters of the texts that the studio can undo")
STUDIO_PAGES = _limit("studio-pages", 16, "pages of one studio that are open at once")
STUDIO_SECONDS = _limit("studio-seconds", 60, "CPU time that the process that draws may be silent for", "s")
STUDIO_MAP_SECONDS = _limit("studio-map-seconds", 900, "the same while it prepares the maps of a planet", "s")
STUDIO_TURN_SECONDS = _limit("studio-turn-seconds", 30, "the same while a changed scene waits for it", "s")
STUDIO_PHOTO_BYTES = _limit("studio-photo-bytes", 64 << 20, "a photograph to compare with in the studio", "bytes")
STUDIO_BYTES = _limit("studio-bytes", 4 << 30, "memory of the process that draws", "bytes")

# Photographs to be matched
MATCH_POINTS = _limit("match-points", 2_000, "points measured in a photograph")
MATCH_PHOTO_BYTES = _limit("match-photo-bytes", 256 << 20, "a photograph to be matched", "bytes")
MATCH_PHOTO_PIXELS = _limit("match-photo-pixels", 16_384 * 8_192, "pixels of such a photograph")

# Pictures and recipes that are read back
RECIPE_BYTES = _limit("recipe-bytes", 1 << 20, "a recipe", "bytes")
LANGUAGE_BYTES = _limit("language-bytes", 1 << 16, "a file of sentences for captions", "bytes")
PICTURE_BYTES = _limit("picture-bytes", 2 << 30, "a picture whose recipe is read", "bytes")
PICTURE_PIXELS = _limit("picture-pixels", 16_384 * 16_384, "declared pixels of such a picture")
RECORD_BYTES = _limit("record-bytes", 64 << 20, "the label record of a frame", "bytes")

BATCH_BYTES = _limit("batch-bytes", 16 << 20, "the description of a batch in its folder", "bytes")

# What one command computes
RENDER_PIXELS = _limit(
    "render-pixels", 7680 * 4320, "pixels of an image that is rendered at once; larger ones are posters"
)
LENS_PIXELS = _limit(
    "lens-pixels", 2 * 7680 * 4320, "pixels of a pinhole image from which that of a distorted lens is resampled"
)
JOB_FRAMES = _limit("job-frames", 1_000_000, "frames of a job: a year on one core at half a minute each")
JOB_VALUES = _limit("job-values", 100_000, "values of one key of a job")
JOB_DRAWS = _limit("job-draws", 2_000_000, "random numbers of a job: its draws times its random keys")
FILM_FRAMES = _limit("film-frames", 20_000, "frames of a film")
FILM_BYTES = _limit("film-bytes", 1 << 30, "frames of a GIF or WebP, which are in memory together", "bytes")
STORY_FRAMES = _limit("story-frames", 240, "frames of a story")
DRIFT_SAMPLES = _limit("drift-samples", 5_000, "rows of a drift table")
DRIFT_RELEASES = _limit("drift-releases", 100_000, "random releases of a drift analysis")
DOWNLINK_FRAMES = _limit("downlink-frames", 20_000, "frames of a downlink")


def limits_page(page: str) -> str:
    """Return the text of ``docs/limits.md`` with its table renewed."""
    rows = [f"| `{each.name}` | {describe(each.default, each.unit)} | {each.meaning} |" for each in _ALL.values()]
    before, table, after = page.partition("| name | limit | what is limited |\n|---|---|---|\n")
    return "\n".join([before + table.rstrip(), *rows, after[after.index("\n\n") + 1 :]])
