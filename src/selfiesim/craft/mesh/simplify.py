"""Fewer triangles over the same vertices: edges are drawn together where what is lost stays below a bound.

A vertex is drawn onto a neighbour (a half-edge collapse), so that each vertex that is left is one of the mesh, with its
own normal and all else that it carries. What is lost is measured in one space of places, normals and texture places,
each over what is allowed of it (Garland and Heckbert, "Simplifying surfaces with color and texture using quadric error
metrics", 1998): their quadrics tell what to try, the distance from the new triangles whether it is done. Many vertices
that are no neighbours are drawn at once, in numpy: the order, and so the mesh, is the same on every run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.mesh.normals import face_normals_and_areas, weld_ids

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MAX_ROUNDS = 60
_MAX_INDEPENDENT_SETS = 3  # sets of vertices that are no neighbours, before costs are worked out anew
_MIN_ROUND_REDUCTION = 0.02  # of the triangles that a round has to take
_MIN_NORMAL_COSINE = 0.3  # cosine of the angle by which a triangle may turn
_COST_BINS = 4  # of cost
_STRIDE, _PRIME = 7_919_993, 15_485_863  # shuffle the vertices


def simplify_mesh(
    points: NDArray[np.floating],
    faces: NDArray[np.integer],
    far: float,
    attributes: NDArray[np.floating] | None = None,
    max_edge: float = np.inf,
) -> NDArray[np.int32]:
    """Triangles (K, 3) of some of the same vertices, in the place of ``faces`` (M, 3).

    Parameters
    ----------
    points : (N, 3) array
        Places of the vertices.
    far
        How far from the new surface an old vertex may lie.
    attributes : (N, C) array, optional
        What else is linear between vertices, each column over what may be lost of it. Where vertices at one place
        differ in it, there is an edge, which stays. Without it vertices at one place are one.
    max_edge
        No new edge is longer.
    """
    place = weld_ids(np.asarray(points, float))
    if attributes is None:
        _, first = np.unique(place, return_index=True)
        start, place = first[place[faces]], np.arange(len(points))
        space = np.asarray(points, float) / far
    else:
        start = np.asarray(faces, np.int64)
        space = np.concatenate([np.asarray(points, float) / far, attributes], axis=1)
    start = start[(place[start] != place[np.roll(start, 1, axis=1)]).all(axis=1)]
    if not len(start):
        return np.asarray(faces, np.int32)
    space -= space.mean(axis=0)
    mesh = _CollapsingMesh(start, place, space, max_edge / far)
    for _ in range(_MAX_ROUNDS):
        before = len(mesh.faces)
        mesh.collapse_round()
        if before - len(mesh.faces) <= _MIN_ROUND_REDUCTION * before:
            break
    return mesh.faces.astype(np.int32)


@dataclass
class _EdgeCollapses:
    """Vertices' places ``removed`` (K,) that are drawn onto places ``onto`` (K,)."""

    removed: Ints
    onto: Ints


class _CollapsingMesh:
    """Triangles on their way to fewer."""

    def __init__(self, faces: Ints, place: Ints, space: Floats, max_edge: float) -> None:
        self.faces, self.place, self.space, self.max_edge = faces, place, space, max_edge
        self.count = len(place)
        self.lost = np.zeros(len(faces))  # by how much the surface is off there at most
        self.rejected = np.zeros(0, np.int64)
        self.quadric, self.weight = self._quadrics()

    def _quadrics(self) -> tuple[Floats, Floats]:
        """For each vertex the sum of the squared distances from the planes round it, (N, D * D + D + 1); weights."""
        corner = self.space[self.faces]
        _, area = face_normals_and_areas(self.space[:, :3], self.faces)
        first = corner[:, 1] - corner[:, 0]
        first /= np.maximum(np.linalg.norm(first, axis=1), 1e-12)[:, None]
        second = corner[:, 2] - corner[:, 0]
        second -= (second * first).sum(axis=1)[:, None] * first
        second /= np.maximum(np.linalg.norm(second, axis=1), 1e-12)[:, None]
        rows = area[:, None] * _quadric_coefficients(corner[:, 0], first, second)
        vertex_ids, weight = [self.faces.ravel()], [np.repeat(area, 3)]
        terms = [np.repeat(rows, 3, axis=0)]
        boundary = self._boundary_edges()
        if len(boundary):
            along = self.space[boundary[:, 1]] - self.space[boundary[:, 0]]
            square = (along**2).sum(axis=1)
            along /= np.sqrt(np.maximum(square, 1e-24))[:, None]
            line = square[:, None] * _quadric_coefficients(self.space[boundary[:, 0]], along)
            vertex_ids, terms = [*vertex_ids, boundary.ravel()], [*terms, np.repeat(line, 2, axis=0)]
            weight.append(np.repeat(square, 2))
        every, total = np.concatenate(vertex_ids), np.concatenate(terms)
        summed = np.stack([np.asarray(np.bincount(every, c, self.count), float) for c in total.T], axis=1)
        return summed, np.asarray(np.bincount(every, np.concatenate(weight), self.count), float)

    def _triangle_edges(self) -> tuple[Ints, Ints]:
        """Ends (3 M, 2) of each triangle's sides, vertices, and a number of each pair of places."""
        ends = np.stack([self.faces, np.roll(self.faces, -1, axis=1)], axis=-1).reshape(-1, 2)
        pair = np.sort(self.place[ends], axis=1)
        return ends, pair[:, 0] * self.count + pair[:, 1]

    def _boundary_edges(self) -> Ints:
        """Sides (K, 2) with no triangle beyond them, or several."""
        ends, key = self._triangle_edges()
        _, which, uses = np.unique(key, return_inverse=True, return_counts=True)
        return np.asarray(ends[uses[which] != 2])

    def collapse_round(self) -> None:
        """One round: the best moves first, no two of them side by side."""
        removed, onto, cost = self._candidate_collapses()
        rank = np.full(self.count, len(removed), np.int64)
        # Of moves that cost about as much, any may be first: in the order of their cost few would be done at once.
        order = np.lexsort([cost, removed * _STRIDE % _PRIME, np.floor(cost * _COST_BINS)])
        _, first = np.unique(removed[order], return_index=True)
        best = order[np.sort(first)]  # of each vertex its best move only
        rank[removed[best]] = np.arange(len(best))
        picked = self._independent_collapses(rank, len(removed))
        self._apply_collapses(_EdgeCollapses(removed[best[picked]], onto[best[picked]]))

    def _independent_collapses(self, rank: Ints, none: int) -> Ints:
        """The ranks of moves no two of which change one triangle, the lowest first."""
        corners, rank = self.place[self.faces], rank.copy()
        picked = []
        for _ in range(_MAX_INDEPENDENT_SETS):
            least = rank[corners].min(axis=1)
            beaten = np.zeros(self.count, bool)
            beaten[corners[rank[corners] > least[:, None]]] = True
            won = np.flatnonzero(~beaten & (rank < none))
            if not len(won):
                break
            picked.append(rank[won])
            beside = np.zeros(self.count, bool)
            beside[won] = True
            rank[corners[beside[corners].any(axis=1)]] = none
        return np.sort(np.concatenate(picked)) if picked else np.zeros(0, np.int64)

    def _candidate_collapses(self) -> tuple[Ints, Ints, Floats]:
        """Moves that may be made: which place, onto which, and the mean squared error over what is allowed."""
        ends, key = self._triangle_edges()
        _, which, uses = np.unique(key, return_inverse=True, return_counts=True)
        uses = uses[which]
        is_boundary = uses != 2
        # Along a rim if it lies on one, and nothing where rims meet.
        first = np.unique(key[is_boundary], return_index=True)[1]
        boundary_ends = np.bincount(self.place[ends[is_boundary][first]].ravel(), minlength=self.count)
        ends, is_boundary, uses = np.concatenate([ends, ends[:, ::-1]]), np.tile(is_boundary, 2), np.tile(uses, 2)
        boundary_degree = boundary_ends[self.place[ends[:, 0]]]
        allowed = np.where(is_boundary, boundary_degree == 2, boundary_degree == 0) & (uses <= 2)
        square = ((self.space[ends[:, 1], :3] - self.space[ends[:, 0], :3]) ** 2).sum(axis=1)
        ends = ends[allowed & (square <= self.max_edge**2)]
        pair = _sorted_unique(ends[:, 0] * self.count + ends[:, 1])
        ends = np.stack([pair // self.count, pair % self.count], axis=1)
        vertices = np.bincount(self.place[_sorted_unique(self.faces.ravel())], minlength=self.count)
        single = (vertices[self.place[ends]] == 1).all(axis=1)
        several = self._complete_collapses(ends[~single], vertices)
        ends = np.concatenate([ends[single], several])
        error, weight, places = self._quadric_error(ends), self.weight[ends[:, 0]], self.place[ends]
        pairs = places[:, 0] * self.count + places[:, 1]
        if len(several):
            count = int(single.sum())
            together, where = np.unique(pairs[count:], return_inverse=True)
            pairs = np.concatenate([pairs[:count], together])
            error = np.concatenate([error[:count], np.bincount(where, error[count:])])
            weight = np.concatenate([weight[:count], np.bincount(where, weight[count:])])
        cost = error / weight.clip(1e-30)
        free = (cost <= 1.0) & ~np.isin(pairs, self.rejected)
        return pairs[free] // self.count, pairs[free] % self.count, cost[free]

    def _complete_collapses(self, ends: Ints, vertices: Ints) -> Ints:
        """Those moves of vertices (K, 2) that go for all at their place, each of them to one other.

        ``vertices`` (N,) tells how many are at each place.
        """
        places = self.place[ends]
        _, where, moved = np.unique(places[:, 0] * self.count + places[:, 1], return_inverse=True, return_counts=True)
        _, again, ways = np.unique(ends[:, 0] * self.count + places[:, 1], return_inverse=True, return_counts=True)
        torn = np.bincount(where, ways[again] > 1, len(moved)) > 0
        return np.asarray(ends[(moved[where] == vertices[places[:, 0]]) & ~torn[where]])

    def _quadric_error(self, ends: Ints) -> Floats:
        """Sum of the squared distances from the planes round a vertex of the one that it is drawn onto."""
        size = self.space.shape[1]
        out = np.empty(len(ends))
        for k in range(0, len(ends), 50_000):
            removed, onto = ends[k : k + 50_000].T
            quadric, at = self.quadric[removed], self.space[onto]
            square = quadric[:, : size * size].reshape(-1, size, size)
            bent = (square @ at[:, :, None])[..., 0] + 2.0 * quadric[:, size * size : -1]
            out[k : k + 50_000] = (bent * at).sum(axis=1) + quadric[:, -1]
        return np.maximum(out, 0.0)

    def _apply_collapses(self, moves: _EdgeCollapses) -> None:
        """Make those moves that keep the surface what it is; refuse the others for good."""
        number = np.full(self.count, -1, np.int64)
        number[moves.removed] = np.arange(len(moves.removed))
        move = number[self.place[self.faces]]
        touched = np.flatnonzero((move >= 0).any(axis=1))
        corner = move[touched].argmax(axis=1)
        which = move[touched, corner]
        old = self.faces[touched]
        vertex = old[np.arange(len(old)), corner]
        dropped = (self.place[old] == moves.onto[which][:, None]).any(axis=1)
        target = self._collapse_targets(old, vertex, dropped, moves.onto[which])
        new = old.copy()
        new[np.arange(len(old)), corner] = target[vertex]
        lost = self._distances_and_flips(old[~dropped], new[~dropped], vertex[~dropped])
        bad = np.zeros(len(moves.removed), bool)
        bad[which[~dropped][lost[1]]] = True
        off, torn = self._surface_deviation(touched, vertex, which, ~dropped, lost[0], len(moves.removed))
        bad |= torn | (off > 1.0) | self._violates_link_condition(moves, old, which, dropped)
        self.rejected = np.union1d(self.rejected, moves.removed[bad] * self.count + moves.onto[bad])
        made = ~bad[which]
        self.faces[touched[made]] = new[made]
        self.lost[touched[made]] = off[which[made]]
        drawn = _sorted_unique(vertex[made])
        np.add.at(self.quadric, target[drawn], self.quadric[drawn])
        np.add.at(self.weight, target[drawn], self.weight[drawn])
        remaining = np.ones(len(self.faces), bool)
        remaining[touched[made & dropped]] = False
        self.faces, self.lost = self.faces[remaining], self.lost[remaining]

    def _collapse_targets(self, old: Ints, vertex: Ints, dropped: Ints, onto: Ints) -> Ints:
        """Which vertex each is drawn onto: that of the triangles that both are in."""
        target = np.arange(self.count)
        rows = np.flatnonzero(dropped)
        column = (self.place[old[rows]] == onto[rows][:, None]).argmax(axis=1)
        target[vertex[rows]] = old[rows, column]
        return target

    def _distances_and_flips(self, old: Ints, new: Ints, vertex: Ints) -> tuple[Floats, NDArray[np.bool_]]:
        """How far each vertex is from each of its new triangles, and which of those turn over or grow too long."""
        corners = self.space[new]
        far = _point_triangle_distances(self.space[vertex], corners[:, 0], corners[:, 1], corners[:, 2])
        before, _ = face_normals_and_areas(self.space[:, :3], old)
        after, area = face_normals_and_areas(self.space[:, :3], new)
        had = np.linalg.norm(before, axis=1) > 0.0
        turned = (had & ((before * after).sum(axis=1) < _MIN_NORMAL_COSINE)) | (area <= 0.0)
        sides = corners[:, :, :3] - np.roll(corners[:, :, :3], 1, axis=1)
        before_sides = self.space[old][:, :, :3] - np.roll(self.space[old][:, :, :3], 1, axis=1)
        length, was = (np.linalg.norm(s, axis=2).max(axis=1) for s in (sides, before_sides))
        return far, turned | (length > np.maximum(self.max_edge, was))

    def _surface_deviation(
        self, touched: Ints, vertex: Ints, which: Ints, kept: NDArray[np.bool_], far: Floats, count: int
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """How far off each move brings the surface, and whether it leaves a vertex without any."""
        nearest = np.full(self.count, np.inf)
        np.minimum.at(nearest, vertex[kept], far)
        off, had = np.zeros(count), np.zeros(count)
        np.maximum.at(off, which, nearest[vertex])
        np.maximum.at(had, which, self.lost[touched])
        return off + had, ~np.isfinite(off)

    def _violates_link_condition(
        self, moves: _EdgeCollapses, old: Ints, which: Ints, dropped: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Whether more vertices are beside both ends of a move than triangles have that side."""
        count = len(moves.removed)
        _, key = self._triangle_edges()
        sides = _sorted_unique(key)
        ring = self.place[old]
        beside = np.stack([np.repeat(which, 3), ring.ravel()], axis=1)
        outer = (beside[:, 1] != moves.removed[beside[:, 0]]) & (beside[:, 1] != moves.onto[beside[:, 0]])
        beside = _sorted_unique(beside[outer, 0] * self.count + beside[outer, 1])
        move, other = beside // self.count, beside % self.count
        onto = moves.onto[move]
        asked = np.minimum(other, onto) * self.count + np.maximum(other, onto)
        at = np.searchsorted(sides, asked).clip(0, len(sides) - 1)
        common = np.bincount(move[sides[at] == asked], minlength=count)
        return np.asarray(common != np.bincount(which[dropped], minlength=count))


def _sorted_unique(numbers: Ints) -> Ints:
    """Each of them once, in order: faster than numpy's own, which goes by a table first."""
    found = np.sort(numbers)
    return found[np.r_[True, found[1:] != found[:-1]]] if len(found) else found


def _quadric_coefficients(point: Floats, *basis: Floats) -> Floats:
    """Coefficients (K, D * D + D + 1) of the squared distance from the plane or line through ``point`` (K, D)."""
    size = point.shape[1]
    square = np.broadcast_to(np.eye(size), (len(point), size, size)).copy()
    linear, constant = -point, (point**2).sum(axis=1)
    for axis in basis:
        along = (point * axis).sum(axis=1)
        square -= axis[:, :, None] * axis[:, None, :]
        linear = linear + along[:, None] * axis
        constant = constant - along**2
    return np.concatenate([square.reshape(len(point), -1), linear, constant[:, None]], axis=1)


def _point_triangle_distances(point: Floats, a: Floats, b: Floats, c: Floats) -> Floats:
    """From points (K, D) to triangles, each with its own: inside, or to the nearest of the three sides."""
    one, other, to = b - a, c - a, point - a
    d00, d01, d11 = (one * one).sum(axis=1), (one * other).sum(axis=1), (other * other).sum(axis=1)
    d20, d21 = (to * one).sum(axis=1), (to * other).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = d00 * d11 - d01 * d01
        v, w = (d11 * d20 - d01 * d21) / whole, (d00 * d21 - d01 * d20) / whole
        inside = (v >= 0.0) & (w >= 0.0) & (v + w <= 1.0)
    v, w = np.where(inside, v, 0.0), np.where(inside, w, 0.0)
    off = np.linalg.norm(to - v[:, None] * one - w[:, None] * other, axis=1)
    sides = np.min([_point_segment_distances(point, *ends) for ends in ((a, b), (b, c), (c, a))], axis=0)
    return np.asarray(np.where(inside, off, sides))


def _point_segment_distances(point: Floats, a: Floats, b: Floats) -> Floats:
    along = b - a
    share = ((point - a) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-30)
    return np.asarray(np.linalg.norm(point - a - share.clip(0.0, 1.0)[:, None] * along, axis=1))
