"""The same cube in every format, and what only some formats have: units, materials, components."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from mesh_files import CUBE_CORNERS, CUBE_FACES, bands, cube_obj, load_quietly, png, refusal, volume, write
from numpy.testing import assert_allclose

from selfiesim.craft.formats.converters.convert import CONVERTED_FORMATS
from selfiesim.craft.formats.mesh_reader import MESH_FORMATS


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def model_3mf(body: str, unit: str = "meter") -> bytes:
    """A 3MF package around a model's resources and build items (3MF Core Specification 1.3)."""
    head = f'<model unit="{unit}" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("3D/3dmodel.model", f"<?xml version='1.0' encoding='UTF-8'?>{head}{body}</model>")
    return out.getvalue()


def cube_3mf(more: str = "", build: str = '<item objectid="1"/>', unit: str = "meter") -> bytes:
    vertices = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in CUBE_CORNERS)
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in CUBE_FACES)
    mesh = f"<mesh><vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh>"
    materials = '<basematerials id="7"><base name="red" displaycolor="#FF0000"/></basematerials>'
    cube = f'<object id="1" name="cube" pid="7" pindex="0">{mesh}</object>'
    return model_3mf(f"<resources>{materials}{cube}{more}</resources><build>{build}</build>", unit)


def cube_dae(nodes: str = "", unit: str = "1", up: str = "Y_UP") -> str:
    numbers = " ".join(str(value) for value in CUBE_CORNERS.ravel())
    corners = " ".join(str(value) for value in CUBE_FACES.ravel())
    body = nodes or '<node id="n"><instance_geometry url="#g"/></node>'
    return f"""<?xml version="1.0" encoding="utf-8"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><created>2024-01-01T00:00:00</created><modified>2024-01-01T00:00:00</modified>
<unit name="x" meter="{unit}"/><up_axis>{up}</up_axis></asset>
<library_geometries><geometry id="g"><mesh>
<source id="p"><float_array id="pa" count="24">{numbers}</float_array><technique_common>
<accessor source="#pa" count="8" stride="3"><param name="X" type="float"/><param name="Y" type="float"/>
<param name="Z" type="float"/></accessor></technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
<triangles count="12"><input semantic="VERTEX" source="#v" offset="0"/><p>{corners}</p></triangles>
</mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="s">{body}</visual_scene></library_visual_scenes>
<scene><instance_visual_scene url="#s"/></scene></COLLADA>"""


def cube_file(folder, suffix):
    """A unit cube in a file of the given format."""
    path = folder / f"cube{suffix}"
    if suffix == ".obj":
        return write(path, cube_obj())
    if suffix == ".3mf":
        return write(path, cube_3mf())
    if suffix == ".dae":
        return write(path, cube_dae())
    if suffix == ".icq":
        # Each side by its four corners, in the order of a grid.
        points = [np.insert(pair, k, end) for k in range(3) for end in (0, 1) for pair in np.ndindex(2, 2)]
        return write(path, "1\n" + "\n".join("{} {} {}".format(*point) for point in points))
    if suffix == ".tab":
        rows = [f"{len(CUBE_CORNERS)} {len(CUBE_FACES)}"]
        rows += [f"{k} {x} {y} {z}" for k, (x, y, z) in enumerate(CUBE_CORNERS, 1)]
        return write(path, "\n".join(rows + [f"{k} {a} {b} {c}" for k, (a, b, c) in enumerate(CUBE_FACES + 1, 1)]))
    import trimesh

    cube = trimesh.Trimesh(CUBE_CORNERS, CUBE_FACES, process=False)
    if suffix == ".gltf":
        for name, content in trimesh.Scene(cube).export(file_type="gltf").items():
            write(folder / name, content)
        return folder / "model.gltf"
    cube.export(path)
    return path


@pytest.mark.parametrize("suffix", [each for each in MESH_FORMATS if each not in CONVERTED_FORMATS])
def test_cube_is_read_from_every_format(tmp_path, suffix):
    if suffix == ".dae":
        pytest.importorskip("collada")
    craft = load_quietly(cube_file(tmp_path, suffix))
    assert craft.triangle_count == 12
    assert_allclose(craft.bounds_m, [[0, 0, 0], [1, 1, 1]], atol=1e-6)
    assert volume(craft) == pytest.approx(1.0)
    assert craft.warnings == ()


def test_unsupported_format_is_refused_with_advice(tmp_path):
    refusal(write(tmp_path / "a.step", b"x"), "not a supported mesh format", "3ds, 3mf, bds, dae", "Blender")


# --- OBJ ------------------------------------------------------------------------------------------------------------


def painted_obj(folder, mtl: str):
    write(folder / "paint.mtl", f"newmtl skin\n{mtl}\n")
    uv = "vt 0 0\nvt 1 0\nvt 0 1\n"
    corners = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
    return write(folder / "a.obj", f"mtllib paint.mtl\n{corners}{uv}usemtl skin\nf 1/1 2/2 3/3\n")


def test_phong_exponent_becomes_roughness(tmp_path):
    # Walter et al. 2007, section 5: a Phong lobe of exponent n is as wide as a facet slope alpha, n = 2 / alpha^2 - 2.
    material = load_quietly(painted_obj(tmp_path, "Kd 0.5 0.5 0.5\nNs 198")).parts[0].material
    assert 2.0 / material.roughness**4 - 2.0 == pytest.approx(198.0)


def test_display_colours_become_linear_light(tmp_path):
    # IEC 61966-2-1: a display value of 0.5 is 0.2140 in linear light.
    material = load_quietly(painted_obj(tmp_path, "Kd 0.5 0.5 0.5")).parts[0].material
    assert_allclose(material.base_color, 0.2140, atol=2e-3)


def test_texture_in_the_folder_of_the_mesh(tmp_path):
    write(tmp_path / "skin.png", png([[[2, 2, 2]] * 2] * 2))
    (part,) = load_quietly(painted_obj(tmp_path, "map_Kd skin.png")).parts
    assert part.material.textures["base"][0, 0].tolist() == [2, 2, 2]
    assert_allclose(part.uv[part.faces[0]], [[0, 0], [1, 0], [0, 1]], atol=1e-6)


def test_texture_in_a_subfolder_with_a_windows_path(tmp_path):
    (tmp_path / "maps").mkdir()
    write(tmp_path / "maps/skin.png", png([[[2, 2, 2]] * 2] * 2))
    path = painted_obj(tmp_path, "map_Kd maps\\skin.png")
    assert load_quietly(path).parts[0].material.textures["base"][0, 0].tolist() == [2, 2, 2]
    write(tmp_path / "maps/skin.png", png([[[5, 5, 5]] * 2] * 2))
    assert load_quietly(path).parts[0].material.textures["base"][0, 0].tolist() == [5, 5, 5]


def test_missing_texture_is_left_out_with_a_warning(tmp_path):
    craft = load_quietly(painted_obj(tmp_path, "Kd 1 0 0\nmap_Kd skin.png"))
    assert_allclose(craft.parts[0].material.base_color, bands(1, 0, 0))
    assert any("'skin.png'" in text for text in craft.warnings)


def test_postscript_texture_is_not_opened(tmp_path):
    # Pillow hands PostScript to Ghostscript; a texture must never get that far.
    write(tmp_path / "skin.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    craft = load_quietly(painted_obj(tmp_path, "map_Kd skin.eps"))
    assert craft.parts[0].material.textures == {}
    assert any("not a readable image" in text for text in craft.warnings)


# --- PLY and OFF ----------------------------------------------------------------------------------------------------


def test_vertex_colours_of_a_ply_are_display_colours(tmp_path):
    header = "ply\nformat ascii 1.0\nelement vertex 3\n"
    header += "".join(f"property float {axis}\n" for axis in "xyz")
    header += "".join(f"property uchar {name}\n" for name in ("red", "green", "blue"))
    header += "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    body = "0 0 0 188 188 188\n1 0 0 188 188 188\n0 1 0 188 188 188\n3 0 1 2\n"
    (part,) = load_quietly(write(tmp_path / "a.ply", header + body)).parts
    # IEC 61966-2-1: the code 188 of 255 is half in linear light.
    assert_allclose(part.tint, 0.5, atol=0.005)


@pytest.mark.parametrize("count", ["12000001", "99999999999999999999"])
def test_ply_that_declares_too_many_elements_is_refused(tmp_path, count):
    text = f"ply\nformat ascii 1.0\nelement vertex {count}\nproperty float x\nend_header\n"
    refusal(write(tmp_path / "a.ply", text), "element vertex", "limit")


# --- 3MF ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "metres"), [("millimeter", 1e-3), ("inch", 0.0254), ("meter", 1.0)])
def test_3mf_has_a_unit_and_materials(tmp_path, unit, metres):
    craft = load_quietly(write(tmp_path / "a.3mf", cube_3mf(unit=unit)))
    assert_allclose(craft.bounds_m[1], metres, rtol=1e-6)
    assert craft.parts[0].material.name == "red"
    assert_allclose(craft.parts[0].material.base_color, bands(1, 0, 0))


def test_3mf_components_are_placed_by_their_transforms(tmp_path):
    pair = '<object id="2"><components><component objectid="1"/>'
    pair += '<component objectid="1" transform="0 1 0 -1 0 0 0 0 1 3 0 0"/></components></object>'
    build = '<item objectid="2" transform="1 0 0 0 1 0 0 0 1 0 0 2"/>'
    craft = load_quietly(write(tmp_path / "a.3mf", cube_3mf(pair, build)))
    assert craft.triangle_count == 24
    assert_allclose(craft.bounds_m, [[0, 0, 2], [3, 1, 3]], atol=1e-6)
    assert volume(craft) == pytest.approx(2.0)


def test_3mf_with_a_loop_of_components_is_refused(tmp_path):
    loop = '<object id="2"><components><component objectid="2"/></components></object>'
    refusal(write(tmp_path / "a.3mf", cube_3mf(loop, '<item objectid="2"/>')), "loop")


def test_3mf_with_exponentially_many_components_is_refused(tmp_path):
    twice = "".join(
        f'<object id="{k}"><components>{"".join(2 * [f"<component objectid={chr(34)}{k - 1}{chr(34)}/>"])}'
        "</components></object>"
        for k in range(2, 60)
    )
    refusal(write(tmp_path / "a.3mf", cube_3mf(twice, '<item objectid="59"/>')), "counting every copy")


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04 not a package", model_3mf("<!DOCTYPE x>"), model_3mf('<build><item objectid="9"/></build>')],
)
def test_damaged_3mf_is_refused(tmp_path, content):
    refusal(write(tmp_path / "a.3mf", content))


def test_3mf_that_decompresses_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_LIMITS", "mesh-bytes=1M")
    refusal(write(tmp_path / "a.3mf", model_3mf(" " * (2 << 20))), "decompresses to too much", "1 MB")


# --- DAE ------------------------------------------------------------------------------------------------------------


def test_dae_has_a_unit_and_nested_transforms(tmp_path):
    pytest.importorskip("collada")
    nodes = '<node><translate>0 0 2</translate><node id="n"><instance_geometry url="#g"/></node></node>'
    craft = load_quietly(write(tmp_path / "a.dae", cube_dae(nodes, unit="0.1")))
    assert_allclose(craft.bounds_m, [[0, 0, 0.2], [0.1, 0.1, 0.3]], atol=1e-6)


def test_dae_with_node_loops_or_exponentially_many_nodes_is_refused(tmp_path):
    loop = '<node id="a"><instance_node url="#a"/></node>'
    refusal(write(tmp_path / "loop.dae", cube_dae(loop)), "loop")
    body = "".join(
        f'<node id="n{k}"><instance_node url="#n{k + 1}"/><instance_node url="#n{k + 1}"/></node>' for k in range(60)
    )
    refusal(write(tmp_path / "double.dae", cube_dae(body + '<node id="n60"/>')), "counting every copy")


def test_dae_with_entities_is_refused(tmp_path):
    text = cube_dae().replace("<COLLADA", '<!DOCTYPE x [<!ENTITY a "aaaa">]><COLLADA', 1)
    refusal(write(tmp_path / "a.dae", text), "document type")


def test_coordinates_survive_text_formats(tmp_path):
    corners = np.array([[0.1, 0.2, 0.3], [1.7, 0.2, 0.3], [0.1, 2.9, 0.3]])
    lines = "".join("v {:.17g} {:.17g} {:.17g}\n".format(*row) for row in corners)
    (part,) = load_quietly(write(tmp_path / "a.obj", lines + "f 1 2 3\n")).parts
    assert_allclose(part.vertices[part.faces[0]], corners, rtol=1e-7)
