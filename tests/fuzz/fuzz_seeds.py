"""Small valid inputs of every kind that selfiesim reads, made here; the mutators spoil them."""

from __future__ import annotations

import base64
import io
import struct
import sys
import tempfile
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))  # for runs without pytest

ORBIT = {
    "body": "mars", "frame": "mars-inertial", "epoch_utc": "2021-12-31T13:05:00Z", "semi_major_axis_km": 8898.75,
    "eccentricity": 0.5884, "inclination_deg": 86.3, "raan_deg": 100.72, "arg_periapsis_deg": 57.1,
    "true_anomaly_deg": 32.9,
}  # fmt: skip
SMALL_CAMERA = {"size_px": [32, 18], "horizontal_fov_deg": 60.0}
BOX = """v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nv 1 0 1\nv 1 1 1\nv 0 1 1
vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nvn 0 0 -1\nvn 0 0 1
mtllib box.mtl\no body\nusemtl paint\ns off
f 1/1/1 4/4/1 3/3/1 2/2/1\nf 5/1/2 6/2/2 7/3/2 8/4/2\no sides\nusemtl gold
f 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8
"""
BOX_MTL = """newmtl paint\nKd 0.8 0.8 0.8\nKs 0.2 0.2 0.2\nNs 90\nd 1\nmap_Kd -s 1 1 1 tex.png
newmtl gold\nKd 1.0 0.7 0.3\nPm 1\nPr 0.3\nTr 0\nillum 2
"""
DESCRIPTION: dict[str, Any] = {
    "name": "box",
    "description": "A box",
    "frame": {"up": "z", "units": "m", "origin": [0.5, 0.5, 0.5]},
    "mass": {"mass_kg": 10.0, "source": "a test"},
    "mounts": {"camera": {"position_m": [0.0, 0.0, 0.6], "axis": [0.0, 0.0, 1.0]}},
    "materials": {"gold": {"base_color": [0.9, 0.6, 0.2], "metallic": 1.0, "roughness": 0.3}},
    "joints": {
        "panel": {
            "node": "sides",
            "origin_m": [0.0, 0.0, 0.0],
            "axes": [[1.0, 0.0, 0.0]],
            "zero_normal": [0.0, 0.0, 1.0],
        }
    },
}


@cache
def picture(suffix: str = "png") -> bytes:
    """A picture of 16 x 8 pixels."""
    from PIL import Image

    out = io.BytesIO()
    image = Image.fromarray(np.arange(384).astype(np.uint8).reshape(8, 16, 3))
    image.save(out, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper()))
    return out.getvalue()


def box_files() -> dict[str, bytes]:
    """The box with its materials, texture and description."""
    from fuzz_mutators import toml_text

    return {
        "box.obj": BOX.encode(),
        "box.mtl": BOX_MTL.encode(),
        "tex.png": picture(),
        "box.toml": toml_text(DESCRIPTION).encode(),
    }


def scene_tables() -> list[dict[str, Any]]:
    """Scenes of every kind: released, mounted, landed, with objects, with a body of their own."""
    released = {
        "title": "A box over Mars",
        "at": "release+30s",
        "craft": {"model": "box.obj", "materials": {"gold": "gold-foil"}},
        "orbit": ORBIT,
        "release": {"at": "max-latitude-95s", "speed_m_s": 0.2, "axis": [0.0, 0.2, 1.0], "mount": "camera"},
        "camera": SMALL_CAMERA | {"model": "brown-conrady", "distortion": [-0.2, 0.05, 0.001, -0.001, 0.01]},
        "photo": {"look": "onboard", "f_number": 8.0, "iso": 100.0, "meter": "matrix"},
        "planet": {"dust_opacity": 0.3, "frost": True},
        "assumed": {"release.speed_m_s": "not published"},
    }
    mounted = {
        "title": "A mast over the Earth",
        "at": "2024-04-08T18:18:00Z",
        "craft": {"model": "box.obj"},
        "orbit": {
            "body": "earth",
            "frame": "icrf",
            "epoch_utc": "2024-04-08T18:18:00Z",
            "position_km": [7000.0, 10.0, 30.0],
            "velocity_km_s": [0.0, 7.5, 1.0],
            "forces": {"sun": True, "zonals": True},
        },
        "attitude": {
            "primary": {"axis": [0, 1, 0], "toward": "zenith"},
            "secondary": {"axis": [1, 0, 0], "toward": "velocity"},
        },
        "mounted": {"offset_m": [3.0, 3.0, 3.0], "axes": "local"},
        "camera": SMALL_CAMERA | {"model": "equirectangular", "horizontal_fov_deg": 300.0, "roll_deg": 10.0},
        "objects": [
            {"name": "mate", "model": "box.obj", "offset_m": [4.0, 1.0, 0.0], "axes": "local"},
            {"name": "sub", "model": "box.obj", "release": {"at": "2024-04-08T18:17:30Z", "axis": [0, 1, 0.2]}},
        ],
    }
    landed = {
        "title": "A box on Mars",
        "at": "2021-06-01T05:10:00Z",
        "craft": {"model": "box.obj"},
        "site": {"body": "mars", "longitude_deg": 109.925, "latitude_deg": 25.066},
        "attitude": {
            "primary": {"axis": [0, 0, 1], "toward": "zenith"},
            "secondary": {"axis": [-1, 0, 0], "toward": "north"},
        },
        "mounted": {"offset_m": [3.0, 2.0, 1.5], "axes": "local"},
        "camera": SMALL_CAMERA | {"look": "azimuth", "azimuth_deg": 200.0, "elevation_deg": -10.0},
        "ground": {
            "rock_share": 0.01,
            "cell_rad": 0.05,
            "craters": [{"at_m": [20, 10], "radius_m": 8, "depth_m": 1.5}],
        },
    }
    own_body = released | {
        "title": "A box at a body of its own",
        "at": "release+20s",
        "body": {
            "name": "bennu2", "radii_km": [0.28, 0.27, 0.25], "gm_km3_s2": 4.9e-9, "pole_ra_deg": 85.0,
            "pole_dec_deg": -60.0, "meridian_deg": 140.0, "spin_deg_day": 2011.0, "j2": 0.02,
            "geometric_albedo": 0.045,
            "orbit": {
                "epoch_utc": "2019-01-01T00:00:00Z", "semi_major_axis_au": 1.126, "eccentricity": 0.2037,
                "inclination_deg": 6.03, "node_deg": 2.06, "arg_periapsis_deg": 66.2, "mean_anomaly_deg": 101.7,
            },
        },
        "orbit": {
            "body": "bennu2", "frame": "icrf", "epoch_utc": "2019-01-10T00:00:00Z",
            "position_km": [1.5, 0.2, 0.1], "velocity_km_s": [0.0, 0.00005, 0.00001],
        },
        "release": {"at": "2019-01-10T00:01:00Z", "speed_m_s": 0.05},
        "assumed": {},
    }  # fmt: skip
    return [released, mounted, landed, own_body]


JOBS: list[dict[str, Any]] = [
    {
        "scene": "scene.toml", "size": [32, 18], "seed": 3, "samples": 1,
        "vary": {"time": {"from": "release+30s", "to": "release+33s", "step_s": 1.0}},
    },
    {
        "scene": "scene.toml", "draws": 4, "bits": 16,
        "vary": {"release.speed_m_s": {"uniform": [0.1, 0.3]}, "camera.roll_deg": {"linspace": [0.0, 90.0, 3]}},
        "labels": {"formats": ["coco", "poses"], "split": [80, 10, 10]},
    },
    {
        "scene": "scene.toml", "quality": "final",
        "vary": {"camera.horizontal_fov_deg": {"values": [40, 50.5], "link": "a"}, "at": {"values": ["release+5s"]}},
    },
]  # fmt: skip


def _triangles() -> tuple[np.ndarray, np.ndarray]:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    return points, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)


@cache
def simple_meshes() -> dict[str, bytes]:
    """A tetrahedron in each of the formats that are one plain file, by file name."""
    points, faces = _triangles()
    rows = "\n".join(" ".join(map(str, point)) for point in points.tolist())
    head = (
        "ply\nformat {} 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        "element face 4\nproperty list uchar int vertex_indices\nend_header\n"
    )
    ascii_rows = "\n".join(f"{line} 255 128 0" for line in rows.split("\n"))
    ascii_faces = "\n".join(f"3 {a} {b} {c}" for a, b, c in faces.tolist())
    binary = b"".join(struct.pack("<3f3B", *point, 255, 128, 0) for point in points.tolist())
    binary += b"".join(struct.pack("<B3i", 3, *face) for face in faces.tolist())
    corners = points[faces]
    stl = b"a solid of a test".ljust(80) + struct.pack("<I", 4)
    stl += b"".join(struct.pack("<12fH", 0, 0, 1, *each.ravel().tolist(), 0) for each in corners)
    facets = "\n".join(
        "facet normal 0 0 1\nouter loop\n"
        + "\n".join(f"vertex {x} {y} {z}" for x, y, z in each.tolist())
        + "\nendloop\nendfacet"
        for each in corners
    )
    return {
        "a.ply": (head.format("ascii") + ascii_rows + "\n" + ascii_faces + "\n").encode(),
        "b.ply": head.format("binary_little_endian").encode() + binary,
        "a.stl": f"solid a\n{facets}\nendsolid a\n".encode(),
        "b.stl": stl,
        "a.off": f"OFF\n4 4 6\n{rows}\n{ascii_faces}\n".encode(),
    }


DAE = """<?xml version="1.0" encoding="utf-8"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><unit name="metre" meter="1"/><up_axis>Z_UP</up_axis></asset>
<library_images><image id="i"><init_from>tex.png</init_from></image></library_images>
<library_effects><effect id="e"><profile_COMMON><technique sid="t"><phong>
<diffuse><color>0.8 0.4 0.2 1</color></diffuse><transparency><float>1</float></transparency>
</phong></technique></profile_COMMON></effect></library_effects>
<library_materials><material id="m" name="paint"><instance_effect url="#e"/></material></library_materials>
<library_geometries><geometry id="g" name="solid"><mesh>
<source id="p"><float_array id="pa" count="12">0 0 0 1 0 0 0 1 0 0 0 1</float_array>
<technique_common><accessor source="#pa" count="4" stride="3"><param name="X" type="float"/>
<param name="Y" type="float"/><param name="Z" type="float"/></accessor></technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
<polylist count="4" material="m"><input semantic="VERTEX" source="#v" offset="0"/>
<vcount>3 3 3 3</vcount><p>0 2 1 0 1 3 0 3 2 1 2 3</p></polylist></mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="s"><node id="n" name="body"><matrix>1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1</matrix>
<instance_geometry url="#g"><bind_material><technique_common><instance_material symbol="m" target="#m"/>
</technique_common></bind_material></instance_geometry></node></visual_scene></library_visual_scenes>
<scene><instance_visual_scene url="#s"/></scene></COLLADA>
"""
MODEL_3MF = """<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">
<resources><basematerials id="5"><base name="red" displaycolor="#FF0000FF"/></basematerials>
<object id="1" type="model" pid="5" pindex="0"><mesh><vertices>
<vertex x="0" y="0" z="0"/><vertex x="10" y="0" z="0"/><vertex x="0" y="10" z="0"/><vertex x="0" y="0" z="10"/>
</vertices><triangles><triangle v1="0" v2="2" v3="1"/><triangle v1="0" v2="1" v3="3"/>
<triangle v1="0" v2="3" v3="2"/><triangle v1="1" v2="2" v3="3" pid="5" p1="0"/></triangles></mesh></object>
<object id="2" type="model"><components><component objectid="1" transform="1 0 0 0 1 0 0 0 1 20 0 0"/></components>
</object></resources><build><item objectid="1"/><item objectid="2"/></build></model>
"""


def archive(members: dict[str, bytes]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


@cache
def model_3mf() -> bytes:
    """Two tetrahedra as 3MF."""
    relations = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Target="/3D/3dmodel.model" Id="r" '
        'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
    )
    return archive({"_rels/.rels": relations.encode(), "3D/3dmodel.model": MODEL_3MF.encode()})


def gltf_document() -> tuple[dict[str, Any], bytes]:
    """A glTF document and its buffer: a textured triangle with colours, a skin, and a child node."""
    from mesh_files import Gltf

    model = Gltf(
        NORMAL=np.tile(np.array([[0, 0, 1]], "<f4"), (3, 1)),
        TEXCOORD_0=np.array([[0, 0], [1, 0], [0, 1]], "<f4"),
        COLOR_0=np.full((3, 4), 200, "u1"),
    )
    model.document["accessors"][-2]["normalized"] = True
    model.paint(
        pbrMetallicRoughness={"baseColorTexture": {"index": model.texture(picture())}, "roughnessFactor": 0.5},
        alphaMode="BLEND",
        doubleSided=True,
    )
    model.document["nodes"][0] |= {"children": [1], "translation": [0, 0, 1], "rotation": [0, 0, 0, 1]}
    model.document["nodes"].append({"name": "child", "mesh": 0, "matrix": np.eye(4).ravel().tolist()})
    model.document["buffers"] = [{"byteLength": len(model.buffer)}]
    return model.document, model.buffer


def embedded_gltf() -> dict[str, Any]:
    """The same as one JSON document."""
    document, buffer = gltf_document()
    uri = "data:application/octet-stream;base64," + base64.b64encode(buffer).decode()
    return document | {"buffers": [{"byteLength": len(buffer), "uri": uri}]}


@cache
def messages() -> dict[str, str]:
    """An OEM and an AEM of one hour."""
    from ccsds_messages import AEM_META, OEM_META, aem_rows, block, message, oem_rows

    return {
        "path.oem": message("OEM", block(OEM_META, oem_rows(step=300))),
        "attitude.aem": message("AEM", block(AEM_META, aem_rows(step=300), data=True)),
    }


def path_scene(**changes: Any) -> dict[str, Any]:
    """A scene that follows a file; ``changes`` replace sections."""
    return {
        "title": "a box on a path",
        "at": "2021-12-31T16:30:00Z",
        "craft": {"model": "box.obj"},
        "path": {"body": "mars", "oem": "path.oem"},
        "mounted": {"offset_m": [3.0, 3.0, 3.0]},
        "camera": SMALL_CAMERA,
    } | changes


@cache
def kernels() -> dict[str, bytes]:
    """A small SPK with the text kernels that it needs, and a meta-kernel."""
    import spiceypy
    from spice_mission import write_spk

    texts = {
        "times.tls": _LEAP_SECONDS,
        "frames.tf": "KPL/FK\n\\begindata\nNAIF_BODY_NAME += ( 'SELFIE' )\nNAIF_BODY_CODE += ( -905 )\n\\begintext\n",
        "all.tm": "KPL/MK\n\\begindata\nPATH_VALUES = ( '.' )\nPATH_SYMBOLS = ( 'HERE' )\n"
        "KERNELS_TO_LOAD = ( '$HERE/times.tls', '$HERE/frames.tf', '$HERE/ship.bsp' )\n\\begintext\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ship.bsp"
        write_spk(spiceypy, path, 9)
        return {"ship.bsp": path.read_bytes()} | {name: text.encode() for name, text in texts.items()}


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


@cache
def rendered_files() -> dict[str, bytes]:
    """A small picture with its recipe in each format, its sidecar, and the light that it was developed from."""
    from selfiesim.scene.scene import Scene

    with tempfile.TemporaryDirectory() as folder:
        for name, content in box_files().items():
            (Path(folder) / name).write_bytes(content)
        scene = Scene.from_table(scene_tables()[0], folder=Path(folder))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            photo = scene.view().render(samples=1).expose()
            for suffix in ("png", "jpg", "tif", "exr", "npz"):
                photo.save(Path(folder) / f"a.{suffix}")
        return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("a.*"))}
