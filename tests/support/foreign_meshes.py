"""A small 3DS, FBX and USD file, written from the descriptions of the formats."""

from __future__ import annotations

import struct

import numpy as np


def _chunk(kind: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack("<HI", kind, 6 + len(body)) + body


def _text(value: str) -> bytes:
    return value.encode() + b"\0"


def mesh_3ds(points, faces, name="hull", material="gold", colour=(200, 150, 20), texture="") -> bytes:
    """A 3DS file of one mesh with one material (Autodesk's chunks, as Martin van Velsen described them in 1997)."""
    points, faces = np.asarray(points, "<f4"), np.asarray(faces)
    rgb = _chunk(0x0011, bytes(colour))
    maps = _chunk(0xA200, _chunk(0xA300, _text(texture))) if texture else b""
    paint = _chunk(0xAFFF, _chunk(0xA000, _text(material)), _chunk(0xA020, rgb), maps)
    vertices = _chunk(0x4110, struct.pack("<H", len(points)), points.tobytes())
    corners = b"".join(struct.pack("<4H", *face, 7) for face in faces)
    numbers = struct.pack(f"<H{len(faces)}H", len(faces), *range(len(faces)))
    use = _chunk(0x4130, _text(material), numbers)
    uv = _chunk(0x4140, struct.pack("<H", len(points)), np.asarray(points[:, :2], "<f4").tobytes())
    triangles = _chunk(0x4120, struct.pack("<H", len(faces)), corners, use)
    mesh = _chunk(0x4100, vertices, uv, triangles)
    return _chunk(0x4D4D, _chunk(0x3D3D, paint, _chunk(0x4000, _text(name), mesh)))


def cube_fbx(corners, faces, centimetres_per_unit=1.0) -> str:
    """A cube as FBX 7.4 in its text form, with quads or triangles."""
    numbers = ",".join(str(float(value)) for value in np.asarray(corners).ravel())
    indices = ",".join(str(int(v) if k < len(face) - 1 else -int(v) - 1) for face in faces for k, v in enumerate(face))
    return f"""; FBX 7.4.0 project file
FBXHeaderExtension:  {{
    FBXHeaderVersion: 1003
    FBXVersion: 7400
}}
GlobalSettings:  {{
    Version: 1000
    Properties70:  {{
        P: "UpAxis", "int", "Integer", "",1
        P: "UpAxisSign", "int", "Integer", "",1
        P: "FrontAxis", "int", "Integer", "",2
        P: "FrontAxisSign", "int", "Integer", "",1
        P: "CoordAxis", "int", "Integer", "",0
        P: "CoordAxisSign", "int", "Integer", "",1
        P: "UnitScaleFactor", "double", "Number", "",{centimetres_per_unit}
    }}
}}
Objects:  {{
    Geometry: 1001, "Geometry::hull", "Mesh" {{
        Vertices: *{3 * len(corners)} {{
            a: {numbers}
        }}
        PolygonVertexIndex: *{sum(len(face) for face in faces)} {{
            a: {indices}
        }}
        GeometryVersion: 124
        LayerElementMaterial: 0 {{
            Version: 101
            Name: ""
            MappingInformationType: "AllSame"
            ReferenceInformationType: "IndexToDirect"
            Materials: *1 {{
                a: 0
            }}
        }}
        Layer: 0 {{
            Version: 100
            LayerElement:  {{
                Type: "LayerElementMaterial"
                TypedIndex: 0
            }}
        }}
    }}
    Model: 1002, "Model::hull", "Mesh" {{
        Version: 232
        Properties70:  {{
        }}
    }}
    Material: 1003, "Material::gold", "" {{
        Version: 102
        ShadingModel: "phong"
        Properties70:  {{
            P: "DiffuseColor", "Color", "", "A",0.8,0.6,0.1
        }}
    }}
}}
Connections:  {{
    C: "OO",1002,0
    C: "OO",1001,1002
    C: "OO",1003,1002
}}
"""


def bracket_usda(points, face, metres_per_unit=0.01, more="") -> str:
    """A USD layer of one polygon in gold, with Z up."""
    places = ", ".join(f"({x}, {y}, {z})" for x, y, z in np.asarray(points, float))
    return f"""#usda 1.0
(
    metersPerUnit = {metres_per_unit}
    upAxis = "Z"
    {more}
)
def Xform "craft"
{{
    double3 xformOp:translate = (0, 0, 100)
    uniform token[] xformOpOrder = ["xformOp:translate"]
    def Mesh "bracket" (
        prepend apiSchemas = ["MaterialBindingAPI"]
    )
    {{
        int[] faceVertexCounts = [{len(face)}]
        int[] faceVertexIndices = [{", ".join(map(str, face))}]
        point3f[] points = [{places}]
        uniform token subdivisionScheme = "none"
        rel material:binding = </gold>
    }}
}}
def Material "gold"
{{
    token outputs:surface.connect = </gold/surface.outputs:surface>
    def Shader "surface"
    {{
        uniform token info:id = "UsdPreviewSurface"
        color3f inputs:diffuseColor = (0.8, 0.6, 0.1)
        float inputs:metallic = 1
        float inputs:roughness = 0.3
        float inputs:opacity = 0.5
        token outputs:surface
    }}
}}
"""
