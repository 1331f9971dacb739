"""Public maps that can be downloaded by name: address, size and conventions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from selfiesim.planet.readers.conventions import Conventions, Layer

_VIKING = "Viking MDIM 2.1 colour mosaic: NASA Ames, USGS Astrogeology"
_MOLA = "MOLA topography: NASA/JPL/GSFC, Mars Global Surveyor MOLA team"
_USGS = "https://planetarymaps.usgs.gov/mosaic"
_PDS = "https://pds-geosciences.wustl.edu/mgs/mgs-m-mola-5-megdr-l3-v1/mgsl_300x"


@dataclass(frozen=True)
class PublicMap:
    """A public map.

    Attributes
    ----------
    url : str
        Address of the file.
    layer : Layer
        Meaning of its numbers.
    what : str
        Description, for people.
    credits : str
        Source to name.
    approx_mb : int
        Rounded size in MB, for people.
    size : int
        Size in bytes; 0 if unknown.
    sha256 : str
        Hash of the file; empty if no published or repeatedly recorded value is known.
    body : str
        The body.
    conventions : dict
        Conventions that the file does not state itself.
    """

    url: str
    layer: Layer
    what: str
    credits: str
    approx_mb: int
    size: int = 0
    sha256: str = ""
    body: str = "mars"
    conventions: dict[str, Any] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """Name of the file at its address."""
        return self.url.rsplit("/", maxsplit=1)[-1]

    def to_conventions(self) -> Conventions:
        """Return the conventions as a model."""
        return Conventions(**self.conventions)


# Sizes of the raw grids follow from their shapes. Hashes are those that several public repositories have recorded
# independently of each other for these addresses.
PUBLIC_MAPS: dict[str, PublicMap] = {
    "viking-1km": PublicMap(
        "https://astrogeology.usgs.gov/ckan/dataset/7131d503-cdc9-45a5-8f83-5126c0fd397e/resource/"
        "5ea881c6-01b3-41fa-a7af-42d2131b54f1/download/mars_viking_mdim21_clrmosaic_1km.jpg",
        "albedo",
        "Mars in colour, 21339x10670, 1 km per pixel (JPEG)",
        _VIKING,
        37,
        36_708_552,
        "fdfcd335559c3dc67052b7e8a9565d850e336ac0d1f3ea7f5eb7826ffb44ecb2",
        # From the georeferencing published with it: pixels of 1000 m from (-10,670,000, 5,335,000) on a sphere of
        # 3,396,190 m; the edges are slightly beyond a full circle and the poles.
        conventions={"bounds_deg": (-180.00935, 179.99248, -90.00468, 90.00468)},
    ),
    "viking-232m": PublicMap(
        f"{_USGS}/Mars_Viking_MDIM21_ClrMosaic_global_232m.tif",
        "albedo",
        "Mars in colour, 92160x46080, 232 m per pixel (GeoTIFF)",
        _VIKING,
        12_700,
    ),
    "viking-925m": PublicMap(
        f"{_USGS}/Mars_Viking_ClrMosaic_global_925m.tif",
        "albedo",
        "Mars in colour, 23059x11530, 925 m per pixel (GeoTIFF); the source of the default map",
        "Viking colour mosaic: NASA, USGS Astrogeology",
        798,
        797_888_177,
        "5b3c6bea36cec0ec65b9ce5927db6b1c555c5fae60a227c774f9fcaecdf5bb33",
    ),
    "mola-4ppd": PublicMap(
        f"{_PDS}/meg004/megt90n000cb.img",
        "elevation",
        "topography of Mars, 1440x720, 14.8 km per pixel (PDS)",
        _MOLA,
        2,
        2_073_600,
        "25f16fb7aaf857898dcf98bc4f841341a24f8b9f7e98453ca083bc45d897ca2c",
        conventions={"shape": (1440, 720), "dtype": ">i2", "lon0_deg": 0.0},
    ),
    "mola-16ppd": PublicMap(
        f"{_PDS}/meg016/megt90n000eb.img",
        "elevation",
        "topography of Mars, 5760x2880, 3.7 km per pixel (PDS)",
        _MOLA,
        33,
        33_177_600,
        "d18d9b9ab8c5516d02e157dd2cde0f1d0d160c21940e953ba22391269a545e7b",
        conventions={"shape": (5760, 2880), "dtype": ">i2", "lon0_deg": 0.0},
    ),
    "mola-463m": PublicMap(
        f"{_USGS}/Mars_MGS_MOLA_DEM_mosaic_global_463m.tif",
        "elevation",
        "topography of Mars, 46080x23040, 463 m per pixel (GeoTIFF)",
        _MOLA,
        2_100,
    ),
}
"""Public maps by name."""
