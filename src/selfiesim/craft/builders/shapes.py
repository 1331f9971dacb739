"""The basic shapes that craft are built from: boxes, prisms, tubes, solids of revolution, nozzles, dishes.

All lengths are in metres, all solids closed. A shape has its own origin and its axis along local +z; ``Solid.aimed``,
``Solid.at`` and ``Face.put`` place it on the craft.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.builders.solid import Solid, loft, loft_closed, unit

Outline = Sequence[tuple[float, float]]


def lathe(profile: Outline, segments: int = 24, start_deg: float = 0.0) -> Solid:
    """Revolve a profile of (radius, z) points about z; flat discs close open ends."""
    return loft(_revolve(profile, segments, start_deg))


def ring(section: Outline, segments: int = 24) -> Solid:
    """Revolve a closed section of (radius, z) points about z: a hoop."""
    return loft_closed(_revolve(section, segments, 0.0))


def _revolve(profile: Outline, segments: int, start_deg: float) -> list[NDArray[np.float64]]:
    angle = np.radians(start_deg) + np.arange(segments) * (2.0 * np.pi / segments)
    circle = np.stack([np.cos(angle), np.sin(angle), np.zeros(segments)], axis=1)
    return [np.array([[0.0, 0.0, z]]) if r == 0.0 else circle * r + (0.0, 0.0, z) for r, z in profile]


def cylinder(radius_m: float, length_m: float, segments: int = 16, bevel_m: float = 0.0) -> Solid:
    """A cylinder from z = 0 to ``length_m``."""
    if bevel_m <= 0.0:
        return lathe([(radius_m, 0.0), (radius_m, length_m)], segments)
    inner = radius_m - bevel_m
    return lathe([(inner, 0.0), (radius_m, bevel_m), (radius_m, length_m - bevel_m), (inner, length_m)], segments)


def sphere(radius_m: float, segments: int = 24, rings: int = 12) -> Solid:
    """A sphere about the origin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    profile = [(radius_m * np.cos(a), radius_m * np.sin(a)) for a in angle[1:-1]]
    return lathe([(0.0, -radius_m), *profile, (0.0, radius_m)], segments)


def dome(radius_m: float, height_m: float, segments: int = 8, rings: int = 3) -> Solid:
    """A shallow button on z = 0, such as a bolt head."""
    angle = np.linspace(0.0, np.pi / 2, rings + 1)[:-1]
    return lathe([*((radius_m * np.cos(a), height_m * np.sin(a)) for a in angle), (0.0, height_m)], segments)


def rounded_outline(corners: Outline, radius_m: float, steps: int, inset_m: float = 0.0) -> NDArray[np.float64]:
    """Round the corners of a convex outline.

    Parameters
    ----------
    corners
        Points (x, y), counter-clockwise, m.
    radius_m : float
        Radius of the corners.
    steps : int
        Segments per corner.
    inset_m : float
        Distance by which the outline moves inward; less than ``radius_m``.

    Returns
    -------
    (K, 2) ndarray
        The rounded outline, m.
    """
    points = []
    p = np.asarray(corners, dtype=float)
    for k in range(len(p)):
        into, out = unit(p[k] - p[k - 1]), unit(p[(k + 1) % len(p)] - p[k])
        first, second = np.array([into[1], -into[0]]), np.array([out[1], -out[0]])
        # The centre is radius_m from both sides.
        centre = p[k] - radius_m * (first + second) / (1.0 + first @ second)
        bend = np.arccos(np.clip(first @ second, -1.0, 1.0))
        for a in np.linspace(0.0, bend, steps + 1):
            direction = first * np.cos(a) + np.array([-first[1], first[0]]) * np.sin(a)
            points.append(centre + direction * (radius_m - inset_m))
    return np.array(points)


def prism(corners: Outline, height_m: float, bevel_m: float = 0.0, radius_m: float = 0.0, steps: int = 1) -> Solid:
    """A prism centred on z = 0 over a convex outline (counter-clockwise).

    Parameters
    ----------
    corners
        Points (x, y), counter-clockwise, m.
    height_m : float
        Extent along z.
    bevel_m : float
        Width of the bevel along the edges, which catches the light; 0 leaves them sharp.
    radius_m : float
        Radius of the outline's corners where there is a bevel.
    steps : int
        Segments of the bevel and of each corner.
    """
    half = 0.5 * height_m
    if bevel_m <= 0.0:
        flat = np.asarray(corners, dtype=float)
        return loft([np.c_[flat, np.full(len(flat), z)] for z in (-half, half)])
    radius = max(radius_m, 1.2 * bevel_m)  # larger than the bevel, or the innermost ring shrinks to points
    curve = [(bevel_m * (1 - np.cos(a)), bevel_m * (1 - np.sin(a))) for a in np.linspace(0.0, np.pi / 2, steps + 1)]
    levels = [(inset, drop - half) for inset, drop in reversed(curve)] + [(inset, half - drop) for inset, drop in curve]
    rings = []
    for inset, z in levels:
        flat = rounded_outline(corners, radius, steps, inset)
        rings.append(np.c_[flat, np.full(len(flat), z)])
    return loft(rings)


def box(x_m: float, y_m: float, z_m: float, bevel_m: float = 0.0) -> Solid:
    """A box centred on the origin, with bevelled edges."""
    a, b = 0.5 * x_m, 0.5 * y_m
    if bevel_m <= 0.0:
        return prism([(-a, -b), (a, -b), (a, b), (-a, b)], z_m)
    half = np.array([a, b, 0.5 * z_m])
    signs = np.array([(i, j, k) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    # Three vertices a corner, each on one of the faces that meet there: 3 * corner + axis.
    vertices = (signs[:, None, :] * (half - bevel_m * (1.0 - np.eye(3))[None])).reshape(-1, 3)
    index = {tuple(s): 3 * n for n, s in enumerate(signs.tolist())}
    quads = []
    for k in range(3):
        m, n = (k + 1) % 3, (k + 2) % 3
        for s in (-1, 1):
            around = [_signs({k: s, m: p, n: q}) for p, q in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            quads.append([index[c] + k for c in around])
            for t in (-1, 1):
                low, high = _signs({k: s, m: t, n: -1}), _signs({k: s, m: t, n: 1})
                quads.append([index[low] + k, index[low] + m, index[high] + m, index[high] + k])
    faces = [t for q in quads for t in (q[:3], [q[0], q[2], q[3]])] + [[3 * n, 3 * n + 1, 3 * n + 2] for n in range(8)]
    # Smooth over the bevel: the large faces outweigh it, so they stay flat and the edge looks rounded.
    return Solid(vertices, _wind_outward(vertices, np.array(faces)), crease_deg=62.0)


def _signs(by_axis: dict[int, int]) -> tuple[int, int, int]:
    return by_axis[0], by_axis[1], by_axis[2]


def _wind_outward(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """The faces of a convex body about the origin, each wound counter-clockwise from outside."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), a + b + c) < 0.0
    return np.asarray(np.where(inward[:, None], faces[:, ::-1], faces), dtype=np.int64)


def box_on_face(x_m: float, y_m: float, z_m: float, bevel_m: float = 0.0, sunk_m: float = 0.01) -> Solid:
    """A box on z = 0 whose base reaches ``sunk_m`` below, so that it never floats above a blanket."""
    return box(x_m, y_m, z_m + sunk_m, bevel_m).moved(z=0.5 * (z_m - sunk_m))


def tube(path: ArrayLike, radius_m: float, segments: int = 8, closed: bool = False) -> Solid:
    """A round tube along a path (K, 3); ``closed`` joins the end to the start."""
    points = np.asarray(path, dtype=float)
    before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
    if not closed:
        before[0], after[-1] = points[0], points[-1]
    tangent = np.array([unit(b - a) for a, b in zip(before, after, strict=True)])
    side = np.cross(tangent[0], np.eye(3)[np.argmin(np.abs(tangent[0]))])
    angle = np.arange(segments) * (2.0 * np.pi / segments)
    rings = []
    for point, along in zip(points, tangent, strict=True):
        side = unit(side - along * (side @ along))  # parallel transport: the section does not twist
        other = np.cross(along, side)
        rings.append(point + radius_m * (np.outer(np.cos(angle), side) + np.outer(np.sin(angle), other)))
    return loft_closed(rings) if closed else loft(rings)


def rod(start: ArrayLike, end: ArrayLike, radius_m: float, segments: int = 8) -> Solid:
    """A straight tube between two points."""
    return tube(np.array([start, end], dtype=float), radius_m, segments)


def beam(
    start: ArrayLike, end: ArrayLike, width_m: float, depth_m: float, up: ArrayLike, bevel_m: float = 0.0
) -> Solid:
    """A rectangular beam between two points, ``depth_m`` deep along ``up``."""
    a, b = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    return box(width_m, depth_m, float(np.linalg.norm(b - a)), bevel_m).aimed(b - a, up).at(0.5 * (a + b))


def nozzle(
    throat_m: float, exit_m: float, length_m: float, wall_m: float, segments: int = 32, steps: int = 10
) -> Solid:
    """An engine bell (truncated parabola), hollow down to the throat, with a rounded chamber behind it.

    Parameters
    ----------
    throat_m, exit_m : float
        Inner radii of the throat, at z = 0, and of the exit, at z = ``length_m``.
    length_m, wall_m : float
        Length of the bell and thickness of its wall.
    segments, steps : int
        Segments around the axis and along the bell.
    """
    s = np.linspace(0.0, 1.0, steps + 1)
    inner = throat_m + (exit_m - throat_m) * (1.75 * s - 0.75 * s**2)
    bell = list(zip(inner, s * length_m, strict=True))
    chamber = 1.9 * throat_m
    outside = [(0.0, -3.4 * throat_m), (0.6 * chamber, -3.3 * throat_m), (chamber, -2.9 * throat_m)]
    outside += [(chamber, -1.5 * throat_m), (throat_m + wall_m, -0.25 * throat_m)]
    outside += [(r + wall_m, z) for r, z in bell[1:]]
    lip = [(inner[-1] + 2.2 * wall_m, length_m), (inner[-1] + 2.2 * wall_m, length_m + 1.5 * wall_m)]
    inside = [(inner[-1], length_m + 1.5 * wall_m)] + [(r, z) for r, z in reversed(bell[:-1])]
    return lathe(
        [*outside, *lip, *inside, (0.55 * throat_m, -0.7 * throat_m), (0.0, -0.8 * throat_m)],
        segments,
    )


def dish(
    radius_m: float, half_height_m: float, focus_m: float, thickness_m: float, spokes: int = 120, rings: int = 18
) -> tuple[Solid, NDArray[np.float64]]:
    """A parabolic reflector with its vertex at the origin and its boresight along +z.

    Parameters
    ----------
    radius_m, half_height_m : float
        Radius of the aperture, which is cut flat at y = +/- ``half_height_m``.
    focus_m, thickness_m : float
        Focal length and thickness of the shell.
    spokes, rings : int
        Segments around the axis and along the radius.

    Returns
    -------
    shell : Solid
    rim : (K, 3) ndarray
        The front edge, counter-clockwise, for the tube that stiffens it.
    """
    corner = np.arcsin(half_height_m / radius_m)
    quarter = [
        np.linspace(-corner, corner, spokes // 4, endpoint=False),
        np.linspace(corner, np.pi - corner, spokes // 4, endpoint=False),
    ]
    angle = np.concatenate([*quarter, quarter[0] + np.pi, quarter[1] + np.pi])
    reach = np.minimum(radius_m, half_height_m / np.maximum(np.abs(np.sin(angle)), 1e-9))
    fractions = np.linspace(0.0, 1.0, rings + 1)[1:]

    def surface(fraction: float, depth_m: float) -> NDArray[np.float64]:
        r = fraction * reach
        return np.stack([r * np.cos(angle), r * np.sin(angle), r**2 / (4.0 * focus_m) - depth_m], axis=1)

    front = [surface(s, 0.0) for s in fractions]
    back = [surface(s, thickness_m) for s in fractions[::-1]]
    tip = np.zeros((1, 3))
    return loft([tip, *front, *back, tip - (0.0, 0.0, thickness_m)]), front[-1]


def star(radius_m: float, height_m: float, rotation_deg: float = 90.0) -> Solid:
    """A five-pointed star on z = 0, one point at ``rotation_deg`` from local +x."""
    angle = np.radians(rotation_deg + 36.0 * np.arange(10))
    reach = radius_m * np.where(np.arange(10) % 2 == 0, 1.0, 0.381966)  # the inner radius of a regular pentagram
    flat = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)
    return loft([np.c_[flat, np.full(10, z)] for z in (0.0, height_m)])


def textured_sheet(x_m: float, y_m: float, thickness_m: float) -> Solid:
    """A thin sheet on z = 0 whose +z side shows the whole texture; its edges and back take the border colour."""
    sheet = box(x_m, y_m, thickness_m).moved(z=0.5 * thickness_m)
    corners = sheet.vertices[sheet.faces]
    on_top = np.all(corners[..., 2] > 0.75 * thickness_m, axis=1)
    # glTF texture coordinates: (0, 0) is the upper left corner of the image.
    uv = np.stack([corners[..., 0] / x_m + 0.5, 0.5 - corners[..., 1] / y_m], axis=-1)
    uv[~on_top] = 0.002
    return Solid(sheet.vertices, sheet.faces, uv)
