"""Small valid messages, kernels and maps, made here; the mutators spoil them."""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_seeds import SMALL_CAMERA

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))  # for runs without pytest


@cache
def messages() -> dict[str, str]:
    """Orbits and attitudes of one hour, and mean elements, in every form, by file name; the stem is the kind."""
    import ccsds_messages as ccsds

    orbit, turn = list(ccsds.oem_rows(step=300)), list(ccsds.aem_rows(step=300))
    spin = ccsds.AEM_META | {"ATTITUDE_TYPE": "SPIN"}
    euler = ccsds.AEM_META | {"ATTITUDE_TYPE": "EULER_ANGLE", "EULER_ROT_SEQ": "321"}
    angles = [row.split()[0] + " 10 20 30" for row in turn]
    spins = [row.split()[0] + " 10 20 30 0.5" for row in turn]
    omm = dict(line.split(" = ") for line in OMM.splitlines()[1:])
    body = {"header": {}, "body": {"segment": {"metadata": {}, "data": omm}}}
    fields = "".join(f"<{key}>{value}</{key}>" for key, value in omm.items())
    return {
        "oem.kvn": ccsds.message("OEM", ccsds.block(ccsds.OEM_META, orbit)),
        "oem.xml": ccsds.xml_message("OEM", ccsds.OEM_NAMES, ccsds.OEM_META, orbit, root="ndm"),
        "oem.json": ccsds.json_message("OEM", ccsds.OEM_NAMES, ccsds.OEM_META, orbit),
        "aem.kvn": ccsds.message("AEM", ccsds.block(ccsds.AEM_META, turn, data=True)),
        "aem.euler": ccsds.message("AEM", ccsds.block(euler, angles, data=True)),
        "aem.spin": ccsds.message("AEM", ccsds.block(spin, spins, data=True)),
        "aem.xml": ccsds.xml_message("AEM", ccsds.AEM_NAMES, ccsds.AEM_META, turn, version="1.0"),
        "aem.json": ccsds.json_message("AEM", ccsds.AEM_NAMES, ccsds.AEM_META, turn, version="1.0"),
        "tle.txt": TLE,
        "omm.kvn": OMM,
        "omm.xml": f'<ndm><omm id="CCSDS_OMM_VERS" version="2.0"><header/><body><segment><metadata/><data>{fields}'
        "</data></segment></body></omm></ndm>",
        "omm.json": json.dumps([omm]),
        "omm.ndm.json": json.dumps({"omm": {"@id": "CCSDS_OMM_VERS", "@version": "2.0"} | body}),
    }


ELEMENTS_AT = "2008-09-20T13:00:00Z"
# The International Space Station, the usual example of the format.
TLE = """ISS (ZARYA)
1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927
2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537
"""
OMM = """CCSDS_OMM_VERS = 2.0
OBJECT_NAME = ISS
OBJECT_ID = 1998-067A
CENTER_NAME = EARTH
REF_FRAME = TEME
TIME_SYSTEM = UTC
MEAN_ELEMENT_THEORY = SGP4
EPOCH = 2008-09-20T12:25:40.104192
MEAN_MOTION = 15.72125391
ECCENTRICITY = 0.0006703
INCLINATION = 51.6416
RA_OF_ASC_NODE = 247.4627
ARG_OF_PERICENTER = 130.5360
MEAN_ANOMALY = 325.0288
EPHEMERIS_TYPE = 0
NORAD_CAT_ID = 25544
BSTAR = -0.000011606
"""


def path_scene(**changes: Any) -> dict[str, Any]:
    """A scene that follows a file; ``changes`` replace sections."""
    return {
        "title": "a box on a path",
        "at": "2021-12-31T16:30:00Z",
        "craft": {"model": "box.obj"},
        "path": {"body": "mars", "oem": "oem.kvn"},
        "mounted": {"offset_m": [3.0, 3.0, 3.0]},
        "camera": SMALL_CAMERA,
    } | changes


@cache
def kernels() -> dict[str, bytes]:
    """A small SPK and CK with the text kernels that they need, and a meta-kernel."""
    import spiceypy
    from spice_mission import CLOCK_KERNEL, FRAME_KERNEL, write_ck, write_spk

    texts = {
        "times.tls": _LEAP_SECONDS,
        "frames.tf": FRAME_KERNEL,
        "clock.tsc": CLOCK_KERNEL,
        "all.tm": "KPL/MK\n\\begindata\nPATH_VALUES = ( '.' )\nPATH_SYMBOLS = ( 'HERE' )\n"
        "KERNELS_TO_LOAD = ( '$HERE/times.tls', '$HERE/frames.tf', '$HERE/ship.bsp' )\n\\begintext\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write_spk(spiceypy, path / "ship.bsp", 9)
        (path / "clock.tsc").write_text(CLOCK_KERNEL)
        write_ck(spiceypy, path / "turn.bc", path / "clock.tsc")
        binary = {name: (path / name).read_bytes() for name in ("ship.bsp", "turn.bc")}
    return binary | {name: text.encode() for name, text in texts.items()}


_LEAP_SECONDS = """KPL/LSK
\\begindata
DELTET/DELTA_T_A = 32.184
DELTET/K         = 1.657D-3
DELTET/EB        = 1.671D-2
DELTET/M         = ( 6.239996D0 1.99096871D-7 )
DELTET/DELTA_AT  = ( 10, @1972-JAN-1
                     37, @2017-JAN-1 )
\\begintext
"""

PDS_LABEL = """PDS_VERSION_ID            = "PDS3"
/* a comment */
RECORD_TYPE               = FIXED_LENGTH
RECORD_BYTES              = 72
^IMAGE                    = "MAP.IMG"
OBJECT                    = IMAGE
  LINES                   = 18
  LINE_SAMPLES            = 36
  SAMPLE_TYPE             = MSB_INTEGER
  SAMPLE_BITS             = 16
  UNIT                    = METER
  SCALING_FACTOR          = 1.0
  OFFSET                  = 0.0
END_OBJECT                = IMAGE
OBJECT                    = IMAGE_MAP_PROJECTION
  MAP_PROJECTION_TYPE     = "SIMPLE CYLINDRICAL"
  COORDINATE_SYSTEM_NAME  = PLANETOCENTRIC
  A_AXIS_RADIUS           = 3396.0 <KM>
  POSITIVE_LONGITUDE_DIRECTION = "EAST"
  MAP_RESOLUTION          = 0.1 <PIXEL/DEGREE>
  MAXIMUM_LATITUDE        = 90.0 <DEGREE>
  MINIMUM_LATITUDE        = -90.0 <DEGREE>
  WESTERNMOST_LONGITUDE   = 0.0 <DEGREE>
  EASTERNMOST_LONGITUDE   = 360.0 <DEGREE>
END_OBJECT                = IMAGE_MAP_PROJECTION
END
"""
PDS_IMAGE = np.arange(36 * 18, dtype=">i2").tobytes()


@cache
def geotiff() -> bytes:
    """A map of 36 x 18 cells of Mars, placed by its georeferencing."""
    from rasterio.crs import CRS
    from rasterio.io import MemoryFile
    from rasterio.transform import from_bounds

    radius = 3_396_190.0
    half = np.pi * radius
    profile = {"driver": "GTiff", "count": 1, "dtype": "int16", "width": 36, "height": 18}
    profile |= {"crs": CRS.from_string(f"+proj=eqc +R={radius} +lon_0=0")}
    profile |= {"transform": from_bounds(-half, -half / 2, half, half / 2, 36, 18)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with MemoryFile() as memory:
            with memory.open(**profile) as file:
                file.write(np.arange(36 * 18, dtype="i2").reshape(1, 18, 36))
            return bytes(memory.read())
