"""Colours of faces, triangles and groups, in the formats that have them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from mesh_files import CUBE_CORNERS, CUBE_FACES, bands, load_quietly, write
from numpy.testing import assert_allclose
from test_craft_load_formats import model_3mf

RED, GREEN = (255, 0, 0), (0, 255, 0)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def assert_half_red_half_green(craft):
    """The first six triangles of the cube are red, the others green."""
    centres, tints = [], []
    for part in craft.parts:
        assert part.tint is not None
        centres.append(part.vertices[part.faces].mean(axis=1))
        tints.append(part.tint[part.faces].mean(axis=1))
    centres, tints = np.concatenate(centres), np.concatenate(tints)
    expected = CUBE_CORNERS[CUBE_FACES].mean(axis=1)
    for number, centre in enumerate(expected):
        (found,) = tints[np.linalg.norm(centres - centre, axis=1) < 1e-5]
        assert_allclose(found, bands(1, 0, 0) if number < 6 else bands(0, 1, 0), atol=1e-6)


def colour_of(number):
    return RED if number < 6 else GREEN


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_face_colours_of_a_ply(tmp_path, order):
    head = f"ply\nformat {order} 1.0\nelement vertex 8\n" + "".join(f"property float {axis}\n" for axis in "xyz")
    head += "element face 12\nproperty list uchar int vertex_indices\n"
    head += "".join(f"property uchar {name}\n" for name in ("red", "green", "blue")) + "end_header\n"
    mark = ">" if "big" in order else "<"
    if order == "ascii":
        rows = [" ".join(map(str, point)) for point in CUBE_CORNERS]
        rows += [
            f"3 {' '.join(map(str, face))} {' '.join(map(str, colour_of(k)))}" for k, face in enumerate(CUBE_FACES)
        ]
        body = "\n".join(rows).encode()
    else:
        body = CUBE_CORNERS.astype(f"{mark}f4").tobytes()
        body += b"".join(struct.pack(f"{mark}B3i3B", 3, *face, *colour_of(k)) for k, face in enumerate(CUBE_FACES))
    assert_half_red_half_green(load_quietly(write(tmp_path / "a.ply", head.encode() + body)))


@pytest.mark.parametrize("form", ["{:d} {:d} {:d}", "{:d} {:d} {:d} 255", "fractions"])
def test_face_colours_of_an_off(tmp_path, form):
    rows = [" ".join(map(str, point)) for point in CUBE_CORNERS]
    for number, face in enumerate(CUBE_FACES):
        colour = colour_of(number)
        text = " ".join(f"{v / 255:.3f}" for v in colour) if form == "fractions" else form.format(*colour)
        rows.append(f"3 {' '.join(map(str, face))} {text}")
    assert_half_red_half_green(load_quietly(write(tmp_path / "a.off", "OFF\n8 12 0\n" + "\n".join(rows))))


@pytest.mark.parametrize("program", ["materialise", "viscam"])
def test_triangle_colours_of_an_stl(tmp_path, program):
    # Wikipedia, "STL (file format)", colour in binary STL: bit orders and the meaning of the highest bit.
    words = {"materialise": (31, 31 << 5), "viscam": (31 << 10 | 0x8000, 31 << 5 | 0x8000)}[program]
    head = (b"COLOR=\x80\x80\x80\xff" if program == "materialise" else b"").ljust(80, b" ")
    body = struct.pack("<I", 12)
    for number, face in enumerate(CUBE_FACES):
        body += np.zeros(3, "<f4").tobytes() + CUBE_CORNERS[face].astype("<f4").tobytes()
        body += struct.pack("<H", words[0] if number < 6 else words[1])
    assert_half_red_half_green(load_quietly(write(tmp_path / "a.stl", head + body)))


def test_bytes_after_the_triangles_of_an_stl_are_not_triangles(tmp_path):
    body = b"".join(
        np.zeros(3, "<f4").tobytes() + CUBE_CORNERS[face].astype("<f4").tobytes() + b"\0\0" for face in CUBE_FACES
    )
    content = b"made by CAD".ljust(80) + struct.pack("<I", 12) + body + b"exported at noon"
    assert load_quietly(write(tmp_path / "a.stl", content)).triangle_count == 12


def cube_mesh_3mf(triangle_extra) -> str:
    vertices = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in CUBE_CORNERS)
    triangles = "".join(
        f'<triangle v1="{a}" v2="{b}" v3="{c}" {triangle_extra(k)}/>' for k, (a, b, c) in enumerate(CUBE_FACES)
    )
    return f"<mesh><vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh>"


def test_colour_groups_of_a_3mf(tmp_path):
    group = '<m:colorgroup xmlns:m="m" id="9"><m:color color="#FF0000"/><m:color color="#00FF00FF"/></m:colorgroup>'
    mesh = cube_mesh_3mf(lambda k: f'pid="9" p1="{int(k >= 6)}"')
    body = f'<resources>{group}<object id="1">{mesh}</object></resources><build><item objectid="1"/></build>'
    assert_half_red_half_green(load_quietly(write(tmp_path / "a.3mf", model_3mf(body))))


def test_a_3mf_object_with_two_base_materials_keeps_both(tmp_path):
    bases = '<base name="red" displaycolor="#FF0000"/><base name="green" displaycolor="#00FF00"/>'
    mesh = cube_mesh_3mf(lambda k: 'p1="1"' if k >= 6 else "")
    body = f'<resources><basematerials id="7">{bases}</basematerials><object id="1" pid="7" pindex="0">{mesh}</object>'
    craft = load_quietly(write(tmp_path / "a.3mf", model_3mf(f'{body}</resources><build><item objectid="1"/></build>')))
    # A triangle without a pid of its own counts in the object's group (section 4.1.4.1).
    assert {part.material.name: len(part.faces) for part in craft.parts} == {"red": 6, "green": 6}


def test_a_3mf_index_past_the_base_materials_is_no_material(tmp_path):
    mesh = cube_mesh_3mf(lambda k: 'p1="1"' if k >= 6 else "")
    body = f'<object id="1" pid="7" pindex="0">{mesh}</object></resources><build><item objectid="1"/></build>'
    bases = '<resources><basematerials id="7"><base name="red" displaycolor="#FF0000"/></basematerials>'
    craft = load_quietly(write(tmp_path / "a.3mf", model_3mf(bases + body)))
    assert sorted(len(part.faces) for part in craft.parts) == [6, 6]
    assert sum(part.material.name == "red" for part in craft.parts) == 1


def test_3mf_parts_of_the_production_extension_are_followed(tmp_path):
    import io
    import zipfile

    space = 'xmlns:p="http://schemas.microsoft.com/3dmanufacturing/production/2015/06"'
    part = f'<object id="1">{cube_mesh_3mf(lambda k: "")}</object>'
    inner = f'<model unit="millimeter"><resources>{part}</resources><build/></model>'
    outer = f'<model unit="millimeter" {space} requiredextensions="p"><resources><object id="2"><components>'
    outer += '<component p:path="/3D/Objects/part.model" objectid="1" transform="1000 0 0 0 1000 0 0 0 1000 0 0 0"/>'
    outer += '</components></object></resources><build><item objectid="2"/></build></model>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("3D/3dmodel.model", outer)
        package.writestr("3D/Objects/part.model", inner)
    craft = load_quietly(write(tmp_path / "a.3mf", out.getvalue()))
    assert craft.triangle_count == 12
    assert_allclose(craft.bounds_m, [[0, 0, 0], [1, 1, 1]], atol=1e-6)
