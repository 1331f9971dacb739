"""Polygons keep their shape in every format: a concave one is cut, not fanned."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_files import load_quietly, refusal, write
from numpy.testing import assert_allclose
from test_craft_load_formats import cube_dae

from selfiesim.core.errors import ModelError
from selfiesim.craft.mesh.polygons import merge_corners, triangulate

# A U of area 10, open towards +y: the point (0, 1) lies in its gap.
U_SHAPE = np.array([(-2, -2), (2, -2), (2, 2), (1, 2), (1, -1), (-1, -1), (-1, 2), (-2, 2)], float)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def u_shape_file(folder, suffix):
    """The U in the plane z = 0, as one polygon."""
    points = np.column_stack([U_SHAPE, np.zeros(8)])
    rows = "\n".join(" ".join(map(str, point)) for point in points)
    if suffix == ".obj":
        text = "".join(f"v {row}\n" for row in rows.splitlines()) + "f 1 2 3 4 5 6 7 8\n"
    elif suffix == ".off":
        text = f"OFF\n8 1 0\n{rows}\n8 0 1 2 3 4 5 6 7\n"
    elif suffix == ".ply":
        head = "ply\nformat ascii 1.0\nelement vertex 8\nproperty float x\nproperty float y\nproperty float z\n"
        text = f"{head}element face 1\nproperty list uchar int vertex_indices\nend_header\n{rows}\n8 0 1 2 3 4 5 6 7\n"
    else:
        text = cube_dae()
        start, end = text.index("<float_array"), text.index("</float_array>")
        text = text[:start] + f'<float_array id="pa" count="24">{rows}' + text[end:]
        start, end = text.index("<triangles"), text.index("</triangles>") + len("</triangles>")
        polygon = '<polylist count="1"><input semantic="VERTEX" source="#v" offset="0"/><vcount>8</vcount>'
        text = text[:start] + polygon + "<p>0 1 2 3 4 5 6 7</p></polylist>" + text[end:]
    return write(folder / f"u{suffix}", text)


def covers(corners, point) -> bool:
    """Whether any triangle (M, 3, 2) covers a point."""
    a, b, c = (corners[:, k] for k in range(3))

    def side(p, q):
        return (q[:, 0] - p[:, 0]) * (point[1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (point[0] - p[:, 0])

    signs = np.sign([side(a, b), side(b, c), side(c, a)])
    return bool((np.abs(signs.sum(axis=0)) == 3).any())


@pytest.mark.parametrize("suffix", [".obj", ".off", ".ply", ".dae"])
def test_a_concave_polygon_stays_open_in_every_format(tmp_path, suffix):
    if suffix == ".dae":
        pytest.importorskip("collada")
    (part,) = load_quietly(u_shape_file(tmp_path, suffix)).parts
    corners = part.vertices[part.faces][..., :2].astype(float)
    edges = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = 0.5 * (edges[0][:, 0] * edges[1][:, 1] - edges[0][:, 1] * edges[1][:, 0])
    assert (areas > 0.0).all()  # wound as the polygon
    # The shoelace formula: a square of 4 less the gap of 2 by 3. A fan covers 22 and the gap.
    assert areas.sum() == pytest.approx(10.0)
    assert not covers(corners, (0.1, 1.1))
    assert covers(corners, (1.4, 1.1))


@pytest.mark.parametrize("reflex", range(4))
def test_a_concave_quad_is_cut_at_its_reflex_corner(reflex):
    dart = np.roll(np.array([(0, -0.8), (1.5, -2), (0, 2), (-1.5, -2)], float), reflex, axis=0)
    triangles, _ = triangulate(np.column_stack([dart, np.zeros(4)]), np.arange(4), np.array([4]))
    assert not covers(dart[triangles], (0.05, -1.5))


def test_polygons_in_any_plane_and_of_any_winding_keep_their_area():
    rng = np.random.default_rng(2)
    for _ in range(50):
        angles = np.sort(rng.uniform(0.0, 2.0 * np.pi, 12))
        star = np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(0.2, 1.0, (12, 1))
        axes = np.linalg.qr(rng.normal(size=(3, 3)))[0][:2]
        points = star[:: rng.choice([-1, 1])] @ axes + rng.normal(size=3)
        triangles, _ = triangulate(points, np.arange(12), np.array([12]))
        vectors = np.cross(
            points[triangles[:, 1]] - points[triangles[:, 0]], points[triangles[:, 2]] - points[triangles[:, 0]]
        )
        newell = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
        assert_allclose(vectors.sum(axis=0), newell, atol=1e-12)
        assert (vectors @ newell >= -1e-12).all()


def test_corners_with_equal_indices_share_a_vertex():
    first, vertex = merge_corners([np.array([5, 1, 5, 5]), np.array([0, 0, 0, 3])])
    assert vertex.tolist() == [0, 1, 0, 2]
    assert first.tolist() == [0, 1, 3]


def test_a_polygon_with_absurdly_many_corners_is_refused():
    with pytest.raises(ModelError, match="30,000 corners"):
        triangulate(np.zeros((3, 3)), np.zeros(30_000, np.int64), np.array([30_000]))


def test_a_face_without_a_vertex_is_refused(tmp_path):
    refusal(write(tmp_path / "a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n"), "vertex 7 of 3")
