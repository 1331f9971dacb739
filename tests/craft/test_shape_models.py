"""One known shape, read from every format that models of small bodies are published in."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_files import load_quietly, refusal, volume, write
from numpy.testing import assert_allclose

from selfiesim.craft.builders.ryugu import icosphere

Q = 16


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def peanut(directions):
    """Points (N, 3) of a body with a waist, km, in directions (N, 3)."""
    radius = 8.0 + 5.0 * directions[:, 0] ** 2 - 1.5 * directions[:, 2]
    return directions * radius[:, None]


@pytest.fixture(scope="module")
def plates():
    """Vertices, km, and triangles from 0."""
    directions, triangles = icosphere(3)
    return peanut(directions), triangles


def rows(table, number_rows):
    template = "{} " * table.shape[1]
    return [(f"{k} " if number_rows else "") + template.format(*row) for k, row in enumerate(table, 1)]


def plate_texts(vertices, triangles):
    """The arrangements in which plate models are published."""
    counts = len(vertices), len(triangles)
    points, faces = rows(vertices, False), rows(triangles + 1, False)
    numbered_points, numbered_faces = rows(vertices, True), rows(triangles + 1, True)
    return {
        "counts apart": [str(counts[0]), *numbered_points, str(counts[1]), *numbered_faces],
        "counts first": ["{} {}".format(*counts), *numbered_points, *numbered_faces],
        "no row numbers": [str(counts[0]), *points, str(counts[1]), *faces],
        "corners counted from 0": ["{} {}".format(*counts), *points, *(f"3 {row}" for row in rows(triangles, False))],
        "letters": [*(f"v {row}" for row in points), *(f"f {row}" for row in faces)],
        "inside out": ["{} {}".format(*counts), *points, *rows(triangles[:, ::-1] + 1, False)],
    }


ARRANGEMENTS = list(plate_texts(np.zeros((1, 3)), np.zeros((1, 3), int)))


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_plates_in_every_arrangement_are_the_shape(tmp_path, plates, arrangement):
    text = "\n".join(plate_texts(*plates)[arrangement])
    craft = load_quietly(write(tmp_path / "shape.tab", text))
    (part,) = craft.parts
    assert len(part.faces) == len(plates[1])
    scale = np.ptp(craft.bounds_m, axis=0)[0] / np.ptp(plates[0], axis=0)[0]
    assert_allclose(sorted(part.vertices.tolist()), sorted((scale * plates[0]).tolist()), atol=1e-5 * scale * 13)
    assert volume(craft) == pytest.approx(scale**3 * signed_volume(*plates), rel=1e-4)


def signed_volume(vertices, triangles):
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return float(np.einsum("ij,ij", a, np.cross(b, c)) / 6.0)


@pytest.mark.parametrize("columns", [3, 4])
def test_an_icq_is_one_closed_surface_that_faces_outward(tmp_path, columns):
    """Six grids over a cube, each turned as it comes, in Fortran's numbers and with albedos in the fourth column."""
    ticks = np.linspace(-1.0, 1.0, Q + 1)
    grids = [np.insert(np.array([u, v]), k, end) for k in range(3) for end in (-1, 1) for v in ticks for u in ticks]
    directions = np.array(grids) / np.linalg.norm(grids, axis=1, keepdims=True)
    points = peanut(directions)
    lines = ["{:.5f}D+00 {:.5f}D+00 {:.5f}D+00".format(*point) + " 1.00D+00" * (columns == 4) for point in points]
    craft = load_quietly(write(tmp_path / "shape.icq", "\n".join([str(Q), *lines])))
    (part,) = craft.parts
    assert len(part.faces) == 12 * Q * Q
    edges = np.sort(np.concatenate([part.faces[:, [0, 1]], part.faces[:, [1, 2]], part.faces[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    # The same radius integrated: the third of the cube of r over all directions, by 2e5 of them on a spiral.
    z, turn = 1 - 2 * (np.arange(200_000) + 0.5) / 200_000, np.arange(200_000) * np.pi * (3 - np.sqrt(5))
    spiral = np.stack([np.sqrt(1 - z**2) * np.cos(turn), np.sqrt(1 - z**2) * np.sin(turn), z], axis=1)
    expected = 4 * np.pi / 3 * (np.linalg.norm(peanut(spiral), axis=1) ** 3).mean()
    scale = np.ptp(craft.bounds_m, axis=0)[0] / np.ptp(points, axis=0)[0]
    assert volume(craft) == pytest.approx(scale**3 * expected, rel=0.01)


def write_dsk(path, vertices, triangles):
    """Write a DSK of Phobos with SPICE's own library; vertices are in km."""
    spice = pytest.importorskip("spiceypy")
    plates = triangles + 1
    extent = 2.0 * float(np.abs(vertices).max())
    index = spice.dskmi2(vertices, plates, extent / 20, 4, 200_000, 20_000, 20_000, True, 300_000)
    radii = np.linalg.norm(vertices, axis=1)
    handle = spice.dskopn(str(path), "shape", 0)
    bounds = (-np.pi, np.pi, -np.pi / 2, np.pi / 2, radii.min(), radii.max())
    spice.dskw02(
        handle, 401, 1, 1, "IAU_PHOBOS", 1, np.zeros(10), *bounds, -1e9, 1e9, vertices, plates, *index
    )  # fmt: skip
    spice.dskcls(handle, True)
    return path


def test_a_dsk_kernel_is_the_shape_in_metres(tmp_path, plates):
    craft = load_quietly(write_dsk(tmp_path / "phobos.bds", *plates))
    (part,) = craft.parts
    assert len(part.faces) == len(plates[1])
    assert_allclose(sorted(part.vertices.tolist()), sorted((1000.0 * plates[0]).tolist()), atol=0.01)
    assert volume(craft) == pytest.approx(1e9 * signed_volume(*plates), rel=1e-5)


def test_files_that_are_no_shape_are_refused(tmp_path, plates):
    pytest.importorskip("spiceypy")
    whole = write_dsk(tmp_path / "whole.bds", *plates).read_bytes()
    refusal(write(tmp_path / "text.bds", b"KPL/PCK\n"), "cannot be read as BDS", "no DSK kernel")
    refusal(write(tmp_path / "cut.bds", whole[:5000]), "cannot be read as BDS")
    numbers = plate_texts(*plates)["counts first"]
    refusal(write(tmp_path / "cut.tab", "\n".join(numbers[:-1])), "no table of a shape model", "counts")
    refusal(write(tmp_path / "words.icq", "radius of Phobos\n11.1"), "no table of a shape model")
    far = [f"{len(plates[0])} 1", *rows(plates[0], False), "1 2 99999"]
    refusal(write(tmp_path / "far.tab", "\n".join(far)), "no table of a shape model")
    refusal(write(tmp_path / "huge.icq", "4096"), "no table of a shape model")
