"""Simplify meshes by half-edge collapse, within a tolerance.

A vertex is collapsed onto a neighbour, so every remaining vertex is one of the original mesh, with its own normal and
other attributes. Error is measured in one space of positions, normals and texture coordinates, each divided by its
tolerance (Garland and Heckbert, "Simplifying surfaces with color and texture using quadric error metrics", 1998). The
quadrics choose which collapses to try; the distance to the new triangles decides whether they are made. In numpy, many
independent vertices collapse at once; the order, and so the mesh, is the same on every run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.mesh.distance import point_triangle_distances
from selfiesim.craft.mesh.normals import face_normals_and_areas, weld_ids

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_MAX_ROUNDS = 60
_MAX_INDEPENDENT_SETS = 3  # sets of collapses that share no triangle, before costs are recomputed
_MIN_ROUND_REDUCTION = 0.02  # share of the triangles that a round must remove to go on
_MIN_NORMAL_COSINE = 0.3  # cosine of the largest rotation of a triangle
_COST_BINS = 4  # per unit of cost
_STRIDE, _PRIME = 7_919_993, 15_485_863  # shuffle the vertices
_QUADRIC_CHUNK = 50_000  # collapses per batch, to bound memory


def simplify_mesh(
    points: NDArray[np.floating],
    faces: NDArray[np.integer],
    tolerance: float,
    attributes: NDArray[np.floating] | None = None,
    max_edge: float = np.inf,
) -> NDArray[np.int32]:
    """Replace a mesh's triangles by fewer triangles over the same vertices.

    Parameters
    ----------
    points : (N, 3) float
        Vertex positions.
    faces : (M, 3) int
    tolerance : float
        Largest distance of an original vertex from the new surface, in the unit of ``points``.
    attributes : (N, C) float, optional
        Whatever else is interpolated between vertices, each column divided by its tolerance. Where vertices at the
        same position differ in it, there is a seam, which is kept. Without it, vertices at the same position are
        merged.
    max_edge : float
        No new edge is longer.

    Returns
    -------
    (K, 3) int32
        Indices into ``points``.
    """
    start, weld, space = _working_mesh(points, faces, tolerance, attributes)
    if not len(start):
        return np.asarray(faces, np.int32)
    space -= space.mean(axis=0)
    mesh = _CollapsingMesh(start, weld, space, max_edge / tolerance)
    for _ in range(_MAX_ROUNDS):
        before = len(mesh.faces)
        mesh.collapse_round()
        if before - len(mesh.faces) <= _MIN_ROUND_REDUCTION * before:
            break
    return mesh.faces.astype(np.int32)


def _working_mesh(
    points: NDArray[np.floating],
    faces: NDArray[np.integer],
    tolerance: float,
    attributes: NDArray[np.floating] | None,
) -> tuple[Ints, Ints, Floats]:
    """Faces (M, 3) without degenerate ones, weld ids (N,), and positions and attributes over tolerance (N, D)."""
    weld = weld_ids(np.asarray(points, float))
    if attributes is None:
        _, first = np.unique(weld, return_index=True)
        start, weld = first[weld[faces]], np.arange(len(points))
        space = np.asarray(points, float) / tolerance
    else:
        start = np.asarray(faces, np.int64)
        space = np.concatenate([np.asarray(points, float) / tolerance, attributes], axis=1)
    return start[(weld[start] != weld[np.roll(start, 1, axis=1)]).all(axis=1)], weld, space


@dataclass
class _EdgeCollapses:
    """Collapses of all vertices at the weld ids ``removed`` (K,) onto those at ``onto`` (K,)."""

    removed: Ints
    onto: Ints


class _CollapsingMesh:
    """A mesh being simplified.

    Attributes
    ----------
    faces : (M, 3) int
    weld : (N,) int
        Weld id of each vertex: seams have several vertices at one position.
    space : (N, D) float
        Position and attributes of each vertex, over their tolerances.
    deviation : (M,) float
        Upper bound of the distance from each triangle to the original surface.
    rejected : (R,) int
        Keys of collapses that must not be tried again.
    """

    def __init__(self, faces: Ints, weld: Ints, space: Floats, max_edge: float) -> None:
        self.faces, self.weld, self.space, self.max_edge = faces, weld, space, max_edge
        self.count = len(weld)
        self.deviation = np.zeros(len(faces))
        self.rejected = np.zeros(0, np.int64)
        self.quadric, self.weight = self._quadrics()

    def _quadrics(self) -> tuple[Floats, Floats]:
        """Each vertex's summed squared distance from the planes around it, (N, D * D + D + 1), and its weight (N,)."""
        corner = self.space[self.faces]
        _, area = face_normals_and_areas(self.space[:, :3], self.faces)
        first = corner[:, 1] - corner[:, 0]
        first /= np.maximum(np.linalg.norm(first, axis=1), 1e-12)[:, None]
        second = corner[:, 2] - corner[:, 0]
        second -= (second * first).sum(axis=1)[:, None] * first
        second /= np.maximum(np.linalg.norm(second, axis=1), 1e-12)[:, None]
        plane = area[:, None] * _quadric_coefficients(corner[:, 0], first, second)
        vertex_ids, weights = [self.faces.ravel()], [np.repeat(area, 3)]
        terms = [np.repeat(plane, 3, axis=0)]
        boundary = self._boundary_edges()
        if len(boundary):
            along = self.space[boundary[:, 1]] - self.space[boundary[:, 0]]
            length_squared = (along**2).sum(axis=1)
            along /= np.sqrt(np.maximum(length_squared, 1e-24))[:, None]
            line = length_squared[:, None] * _quadric_coefficients(self.space[boundary[:, 0]], along)
            vertex_ids, terms = [*vertex_ids, boundary.ravel()], [*terms, np.repeat(line, 2, axis=0)]
            weights.append(np.repeat(length_squared, 2))
        ids, all_terms = np.concatenate(vertex_ids), np.concatenate(terms)
        summed = np.stack([np.asarray(np.bincount(ids, c, self.count), float) for c in all_terms.T], axis=1)
        return summed, np.asarray(np.bincount(ids, np.concatenate(weights), self.count), float)

    def _triangle_edges(self) -> tuple[Ints, Ints]:
        """Vertices (3 M, 2) at the ends of each triangle's sides, and a key (3 M,) of each undirected weld id pair."""
        ends = np.stack([self.faces, np.roll(self.faces, -1, axis=1)], axis=-1).reshape(-1, 2)
        pair = np.sort(self.weld[ends], axis=1)
        return ends, pair[:, 0] * self.count + pair[:, 1]

    def _boundary_edges(self) -> Ints:
        """Sides (K, 2) that do not belong to exactly two triangles."""
        ends, key = self._triangle_edges()
        _, edge, uses = np.unique(key, return_inverse=True, return_counts=True)
        return np.asarray(ends[uses[edge] != 2])

    def collapse_round(self) -> None:
        """Make one round of independent collapses, the best first."""
        removed, onto, cost = self._candidate_collapses()
        rank = np.full(self.count, len(removed), np.int64)
        # Shuffle collapses of similar cost: strictly by cost, few would be independent.
        order = np.lexsort([cost, removed * _STRIDE % _PRIME, np.floor(cost * _COST_BINS)])
        _, first = np.unique(removed[order], return_index=True)
        best = order[np.sort(first)]  # the best collapse of each vertex
        rank[removed[best]] = np.arange(len(best))
        picked = self._independent_collapses(rank, len(removed))
        self._apply_collapses(_EdgeCollapses(removed[best[picked]], onto[best[picked]]))

    def _independent_collapses(self, rank: Ints, unranked: int) -> Ints:
        """Ranks of collapses no two of which change the same triangle, lowest first."""
        corners, rank = self.weld[self.faces], rank.copy()
        picked = []
        for _ in range(_MAX_INDEPENDENT_SETS):
            lowest = rank[corners].min(axis=1)
            beaten = np.zeros(self.count, bool)
            beaten[corners[rank[corners] > lowest[:, None]]] = True
            won = np.flatnonzero(~beaten & (rank < unranked))
            if not len(won):
                break
            picked.append(rank[won])
            has_won = np.zeros(self.count, bool)
            has_won[won] = True
            rank[corners[has_won[corners].any(axis=1)]] = unranked
        return np.sort(np.concatenate(picked)) if picked else np.zeros(0, np.int64)

    def _candidate_collapses(self) -> tuple[Ints, Ints, Floats]:
        """Collapses to try: weld ids to remove, weld ids to collapse onto, and mean squared errors over tolerance."""
        ends = self._collapsible_edges()
        vertices_at = np.bincount(self.weld[_sorted_unique(self.faces.ravel())], minlength=self.count)
        single = (vertices_at[self.weld[ends]] == 1).all(axis=1)
        seams = self._complete_collapses(ends[~single], vertices_at)
        ends = np.concatenate([ends[single], seams])
        error, weight, ids = self._quadric_error(ends), self.weight[ends[:, 0]], self.weld[ends]
        pairs = ids[:, 0] * self.count + ids[:, 1]
        if len(seams):  # all vertices at one position collapse together
            count = int(single.sum())
            merged, index = np.unique(pairs[count:], return_inverse=True)
            pairs = np.concatenate([pairs[:count], merged])
            error = np.concatenate([error[:count], np.bincount(index, error[count:])])
            weight = np.concatenate([weight[:count], np.bincount(index, weight[count:])])
        cost = error / weight.clip(1e-30)
        allowed = (cost <= 1.0) & ~np.isin(pairs, self.rejected)
        return pairs[allowed] // self.count, pairs[allowed] % self.count, cost[allowed]

    def _collapsible_edges(self) -> Ints:
        """Directed edges (K, 2), vertices, whose first end may be collapsed onto the second.

        A vertex on a boundary moves only along it, and not at all where boundaries meet.
        """
        ends, key = self._triangle_edges()
        _, edge, uses = np.unique(key, return_inverse=True, return_counts=True)
        uses = uses[edge]
        is_boundary = uses != 2
        first = np.unique(key[is_boundary], return_index=True)[1]
        boundary_ends = np.bincount(self.weld[ends[is_boundary][first]].ravel(), minlength=self.count)
        ends, is_boundary, uses = np.concatenate([ends, ends[:, ::-1]]), np.tile(is_boundary, 2), np.tile(uses, 2)
        boundary_degree = boundary_ends[self.weld[ends[:, 0]]]
        allowed = np.where(is_boundary, boundary_degree == 2, boundary_degree == 0) & (uses <= 2)
        length_squared = ((self.space[ends[:, 1], :3] - self.space[ends[:, 0], :3]) ** 2).sum(axis=1)
        ends = ends[allowed & (length_squared <= self.max_edge**2)]
        pair = _sorted_unique(ends[:, 0] * self.count + ends[:, 1])
        return np.stack([pair // self.count, pair % self.count], axis=1)

    def _complete_collapses(self, ends: Ints, vertices_at: Ints) -> Ints:
        """Those collapses of vertices (K, 2) that include every vertex at their position, each onto one other vertex.

        ``vertices_at`` (N,) is the number of vertices at each weld id.
        """
        ids = self.weld[ends]
        _, index, moved = np.unique(ids[:, 0] * self.count + ids[:, 1], return_inverse=True, return_counts=True)
        _, target, targets = np.unique(ends[:, 0] * self.count + ids[:, 1], return_inverse=True, return_counts=True)
        torn = np.bincount(index, targets[target] > 1, len(moved)) > 0
        return np.asarray(ends[(moved[index] == vertices_at[ids[:, 0]]) & ~torn[index]])

    def _quadric_error(self, ends: Ints) -> Floats:
        """Summed squared distance (K,) of each collapse's target from the planes around the removed vertex."""
        size = self.space.shape[1]
        out = np.empty(len(ends))
        for k in range(0, len(ends), _QUADRIC_CHUNK):
            removed, onto = ends[k : k + _QUADRIC_CHUNK].T
            quadric, target = self.quadric[removed], self.space[onto]
            square = quadric[:, : size * size].reshape(-1, size, size)
            gradient = (square @ target[:, :, None])[..., 0] + 2.0 * quadric[:, size * size : -1]
            out[k : k + _QUADRIC_CHUNK] = (gradient * target).sum(axis=1) + quadric[:, -1]
        return np.maximum(out, 0.0)

    def _apply_collapses(self, collapses: _EdgeCollapses) -> None:
        """Make the collapses that keep the surface within tolerance; reject the others for good."""
        count = len(collapses.removed)
        collapse_of = np.full(self.count, -1, np.int64)
        collapse_of[collapses.removed] = np.arange(count)
        collapse = collapse_of[self.weld[self.faces]]
        touched = np.flatnonzero((collapse >= 0).any(axis=1))
        corner = collapse[touched].argmax(axis=1)
        which = collapse[touched, corner]
        old = self.faces[touched]
        vertex = old[np.arange(len(old)), corner]
        dropped = (self.weld[old] == collapses.onto[which][:, None]).any(axis=1)
        target = self._collapse_targets(old, vertex, dropped, collapses.onto[which])
        new = old.copy()
        new[np.arange(len(old)), corner] = target[vertex]
        distances, spoilt = self._distances_and_flips(old[~dropped], new[~dropped], vertex[~dropped])
        bad = np.zeros(count, bool)
        bad[which[~dropped][spoilt]] = True
        deviation, torn = self._surface_deviation(touched, vertex, which, ~dropped, distances, count)
        bad |= torn | (deviation > 1.0) | self._violates_link_condition(collapses, old, which, dropped)
        self.rejected = np.union1d(self.rejected, collapses.removed[bad] * self.count + collapses.onto[bad])
        made = ~bad[which]
        self.faces[touched[made]] = new[made]
        self.deviation[touched[made]] = deviation[which[made]]
        removed = _sorted_unique(vertex[made])
        np.add.at(self.quadric, target[removed], self.quadric[removed])
        np.add.at(self.weight, target[removed], self.weight[removed])
        remaining = np.ones(len(self.faces), bool)
        remaining[touched[made & dropped]] = False
        self.faces, self.deviation = self.faces[remaining], self.deviation[remaining]

    def _collapse_targets(self, old: Ints, vertex: Ints, dropped: Ints, onto: Ints) -> Ints:
        """The vertex (N,) that each collapses onto: the one it shares the dropped triangles with."""
        target = np.arange(self.count)
        rows = np.flatnonzero(dropped)
        column = (self.weld[old[rows]] == onto[rows][:, None]).argmax(axis=1)
        target[vertex[rows]] = old[rows, column]
        return target

    def _distances_and_flips(self, old: Ints, new: Ints, vertex: Ints) -> tuple[Floats, Mask]:
        """Distance of each removed vertex from each new triangle, and which triangles flip or grow too long."""
        corners = self.space[new]
        distances = point_triangle_distances(self.space[vertex], corners)
        before, _ = face_normals_and_areas(self.space[:, :3], old)
        after, area = face_normals_and_areas(self.space[:, :3], new)
        had_area = np.linalg.norm(before, axis=1) > 0.0
        flipped = (had_area & ((before * after).sum(axis=1) < _MIN_NORMAL_COSINE)) | (area <= 0.0)
        new_length, old_length = (_longest_sides(c[:, :, :3]) for c in (corners, self.space[old]))
        return distances, flipped | (new_length > np.maximum(self.max_edge, old_length))

    def _surface_deviation(
        self, touched: Ints, vertex: Ints, which: Ints, kept: Mask, distances: Floats, count: int
    ) -> tuple[Floats, Mask]:
        """How far each collapse takes the surface from the original, and whether it leaves a vertex no triangle."""
        nearest = np.full(self.count, np.inf)
        np.minimum.at(nearest, vertex[kept], distances)
        added, previous = np.zeros(count), np.zeros(count)
        np.maximum.at(added, which, nearest[vertex])
        np.maximum.at(previous, which, self.deviation[touched])
        return added + previous, ~np.isfinite(added)

    def _violates_link_condition(self, collapses: _EdgeCollapses, old: Ints, which: Ints, dropped: Mask) -> Mask:
        """Whether more vertices neighbour both ends of a collapse than triangles share its edge."""
        count = len(collapses.removed)
        _, key = self._triangle_edges()
        edges = _sorted_unique(key)
        ring = self.weld[old]
        neighbours = np.stack([np.repeat(which, 3), ring.ravel()], axis=1)
        removed, onto = collapses.removed[neighbours[:, 0]], collapses.onto[neighbours[:, 0]]
        outer = (neighbours[:, 1] != removed) & (neighbours[:, 1] != onto)
        unique = _sorted_unique(neighbours[outer, 0] * self.count + neighbours[outer, 1])
        collapse, other = unique // self.count, unique % self.count
        onto = collapses.onto[collapse]
        wanted = np.minimum(other, onto) * self.count + np.maximum(other, onto)
        at = np.searchsorted(edges, wanted).clip(0, len(edges) - 1)
        common = np.bincount(collapse[edges[at] == wanted], minlength=count)
        return np.asarray(common != np.bincount(which[dropped], minlength=count))


def _longest_sides(corners: Floats) -> Floats:
    """Longest side (M,) of triangles (M, 3, 3)."""
    return np.asarray(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1))


def _sorted_unique(numbers: Ints) -> Ints:
    """Unique values in ascending order; faster than ``np.unique``, which may hash first."""
    ordered = np.sort(numbers)
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if len(ordered) else ordered


def _quadric_coefficients(point: Floats, *basis: Floats) -> Floats:
    """Coefficients (K, D * D + D + 1) of the squared distance from the line or plane through ``point`` (K, D)."""
    size = point.shape[1]
    square = np.broadcast_to(np.eye(size), (len(point), size, size)).copy()
    linear, constant = -point, (point**2).sum(axis=1)
    for axis in basis:
        along = (point * axis).sum(axis=1)
        square -= axis[:, :, None] * axis[:, None, :]
        linear = linear + along[:, None] * axis
        constant = constant - along**2
    return np.concatenate([square.reshape(len(point), -1), linear, constant[:, None]], axis=1)
