"""The light that vehicles and the ground they stand on pass on to each other.

Open ground sends its light up to every craft on it; that is in the craft's soft light already (``sky_light.py``). Worked
out here is what the vehicles change about it: their shadows on the ground, the sky they hide from it, what they light
on it and on each other. Cells of level ground about each vehicle join the sites of all vehicles in one radiosity.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.terrain import height_at, tints
from selfiesim.render.bounce import BOUNCES, Shape, Skin, gathered, glanced, is_available, rays_about

if TYPE_CHECKING:
    from selfiesim.frames import Matrix
    from selfiesim.ground import Ground
    from selfiesim.planet.dust_sky import DustSky
    from selfiesim.planet.terrain import Terrain
    from selfiesim.render.craft_layer import CraftLayer
    from selfiesim.view import View

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

CELLS_ACROSS = 72  # of the longer side of the ground about a vehicle
_MARGIN = 0.4  # of ground beside a vehicle, over its size
_FLATTEST = 0.35  # sine of the Sun's height below which its shadow is cut short
_OFFSETS = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))  # the Sun is looked for from four places a cell
_LIFT_M = 0.002
_NONE = 0.05  # of all light; a surface that sees less ground, or sky, mirrors it as if in the open


@dataclass(frozen=True)
class Patch:
    """Level ground about a vehicle in square cells, site axes, m.

    Attributes
    ----------
    low : (2,)
        Its corner least in x and y.
    cell : float
        Width of a cell.
    rows, columns : int
        Cells along y and along x.
    height : float
        Of the ground there.
    """

    low: Floats
    cell: float
    rows: int
    columns: int
    height: float

    @property
    def count(self) -> int:
        """How many cells."""
        return self.rows * self.columns

    def middles(self, offset: tuple[float, float] = (0.0, 0.0)) -> Floats:
        """Middles (N, 3) of the cells, or places ``offset`` from them, cells."""
        x, y = np.meshgrid(np.arange(self.columns) + 0.5 + offset[0], np.arange(self.rows) + 0.5 + offset[1])
        flat = self.low + self.cell * np.stack([x.ravel(), y.ravel()], axis=1)
        return np.concatenate([flat, np.full((self.count, 1), self.height)], axis=1)

    def holds(self, places: Floats) -> NDArray[np.bool_]:
        """Whether places (N, 2) lie in it."""
        where = (places - self.low) / self.cell
        return np.asarray(((where >= 0.0) & (where < (self.columns, self.rows))).all(axis=1))

    def cells(self, places: Floats) -> Whole:
        """Which cell each of the places (N, 2) in it is in."""
        column, row = np.floor((places - self.low) / self.cell).astype(np.int64).T
        return np.asarray(row * self.columns + column)

    def between(self, values: Floats, places: Floats) -> Floats:
        """Cells' ``values`` (cells, 3) at places (N, 2) in it, linearly in between."""
        grid = values.reshape(self.rows, self.columns, 3)
        where = np.clip((places - self.low) / self.cell - 0.5, 0.0, (self.columns - 1.001, self.rows - 1.001))
        column, row = where.astype(np.int64).T
        x, y = (where - np.stack([column, row], axis=1)).T[..., None]
        lower = grid[row, column] * (1 - x) + grid[row, column + 1] * x
        upper = grid[row + 1, column] * (1 - x) + grid[row + 1, column + 1] * x
        return np.asarray(lower * (1 - y) + upper * y)


def pass_light_on(crafts: list[CraftLayer], view: View, before: bytes = b"") -> bytes:
    """Let all that is drawn light each other in the passes to come, as far as that can be worked out here.

    ``before`` is what the last call gave: when nothing has moved, vehicles on a ground keep what they have.
    """
    if view.ground is None or not is_available():
        for craft in crafts:
            craft.pass_light_on(view)
        return b""
    vehicles, grounds = ([c for c in crafts if c.pose.is_ground == wanted] for wanted in (False, True))
    key = b"|".join([repr(view.ground.recipe).encode(), *(_key(each, grounds[0], view) for each in vehicles)])
    if key == before:
        for craft in crafts:
            craft.set_passed()
        return key
    exchange = _Exchange(vehicles, grounds[0], view)
    light = exchange.settled()
    for number, craft in enumerate(vehicles):
        craft.set_passed(**exchange.of_vehicle(number, light))
    grounds[0].set_passed(vertexBounce=exchange.of_ground(grounds[0].points, light))
    return key


def _key(craft: CraftLayer, ground: CraftLayer, view: View) -> bytes:
    """What the light about a vehicle depends on: itself, its place, its joints, the Sun."""
    place = np.round(craft.pose.to_body_of(ground.pose), 6)
    sun = np.round([ground.pose.body_to_camera.T @ view.sun.direction, view.sun.irradiance], 6)
    joints = repr(sorted(craft.pose.joint_angles.items())).encode()
    return b"|".join([str(id(craft)).encode(), place.tobytes(), sun.tobytes(), joints])


@dataclass(frozen=True)
class _Sites:
    """Places that get light and send it on, site axes, m: of a vehicle, or the cells of the ground about it.

    ``points``, ``normals`` (N, 3); ``rays`` (K, N, 3) from each; ``colours``, ``matt``, ``mirrored`` (N, 3) and ``gloss``
    (N,) as :class:`selfiesim.render.bounce.Skin` has them.
    """

    points: Floats
    normals: Floats
    rays: NDArray[np.float32]
    colours: Floats
    matt: Floats
    mirrored: Floats
    gloss: Floats

    @classmethod
    def of_vehicle(cls, skin: Skin, shape: Shape, place: Matrix) -> _Sites:
        """``place`` (4, 4) is from its body axes."""
        turn = place[:3, :3].T
        points, normals = shape.lifted @ turn + place[:3, 3], shape.normals @ turn
        looks = (skin.of_sites(each) for each in (skin.colours, skin.matt, skin.mirrored, skin.gloss))
        return cls(points, normals, shape.rays @ turn.astype(np.float32), *looks)

    @classmethod
    def of_patch(cls, patch: Patch, ground: Ground) -> _Sites:
        """Matt cells, all level."""
        points = patch.middles()
        x, y, _ = points.T
        colours = ground.recipe.reflectance * tints(ground.recipe, x, y, np.full(len(x), patch.cell))
        normals = np.tile([0.0, 0.0, 1.0], (len(x), 1))
        black = np.zeros_like(colours)
        lifted = points + (0.0, 0.0, _LIFT_M)
        return cls(lifted, normals, rays_about(normals), colours, colours, black, np.ones(len(x)))

    @classmethod
    def joined(cls, parts: list[_Sites]) -> _Sites:
        """All in one."""
        found = {each.name: [getattr(part, each.name) for part in parts] for each in fields(cls)}
        return cls(**{name: np.concatenate(arrays, axis=1 if name == "rays" else 0) for name, arrays in found.items()})


@dataclass(frozen=True)
class _Light:
    """What each site gets (N, 3), W m^-2 nm^-1, and what share of sky and ground (N, 2) it sees as bright as in the open.

    From parts of vehicles, and from ground more or less than open ground would send.
    """

    from_parts: Floats
    from_ground: Floats
    seen: Floats


class _Exchange:
    """All sites of all vehicles, then all cells of ground: what each sees, and what it sends on."""

    def __init__(self, vehicles: list[CraftLayer], ground_layer: CraftLayer, view: View) -> None:
        ground = view.ground
        assert ground is not None
        self.sun = ground_layer.pose.body_to_camera.T @ view.sun.direction
        self.beam = view.sun.irradiance * view.craft.sun_share
        self.skins = [each.skin for each in vehicles]
        self.shapes = [each.skin.shape(each.pose) for each in vehicles]
        self.places = [each.pose.to_body_of(ground_layer.pose) for each in vehicles]
        posed = list(zip(self.shapes, self.places, strict=True))
        self.patches = [_patch(shape, place, self.sun, ground.recipe) for shape, place in posed]
        parts = [_Sites.of_vehicle(skin, *each) for skin, each in zip(self.skins, posed, strict=True)]
        parts += [_Sites.of_patch(patch, ground) for patch in self.patches]
        self.ends = np.cumsum([0, *(len(part.points) for part in parts)])
        self.sites = _Sites.joined(parts)
        self.count, self.parts = int(self.ends[-1]), int(self.ends[len(vehicles)])
        self.sky, self.above = ground.sky, view.sun.above_air
        # Radiosity of ground that nothing stands on.
        self.open = self.sky.ground * self.sky.transmitted * self.sky.sun_cosine * self.above

    def settled(self) -> _Light:
        """The light when it has been passed on often enough."""
        sites = self.sites
        hits, lit = self._hits(), self._lit()
        outside, seen_sky = self._from_outside(hits)
        direct = sites.matt * lit[:, None] * self.beam + sites.colours * outside
        glints = glanced(sites.mirrored, sites.gloss, self.sun, lit, sites.normals, sites.rays, hits) * self.beam
        first = gathered(direct, hits) + glints
        passed = first
        for _ in range(BOUNCES - 1):
            passed = first + gathered(sites.colours * passed, hits)
        sent = direct + sites.colours * passed
        is_part = (np.arange(self.count) < self.parts)[:, None]
        from_parts = gathered(np.where(is_part, sent, 0.0), hits) + glints
        from_ground = gathered(np.where(is_part, 0.0, sent - self.open), hits)
        down = (sites.rays[..., 2] < 0.0).T
        reached = down & (hits <= self.count) & (hits >= self.parts)
        arrives = reached.mean(axis=1) + (from_ground / self.open).mean(axis=1)
        seen_ground = (np.maximum(arrives, 0.0) + _NONE) / (down.mean(axis=1) + _NONE)
        return _Light(from_parts, from_ground, np.stack([seen_ground, seen_sky], axis=1))

    def of_vehicle(self, number: int, light: _Light) -> dict[str, NDArray[np.float32]]:
        """What a vehicle's vertices are given."""
        own, skin = slice(*self.ends[number : number + 2]), self.skins[number]
        return {
            "vertexBounce": skin.at_vertices(light.from_parts[own]),
            "vertexGround": skin.at_vertices(light.from_ground[own]),
            "vertexSeen": skin.at_vertices(light.seen[own]),
        }

    def of_ground(self, points: Floats, light: _Light) -> NDArray[np.float32]:
        """What the ground's vertices at ``points`` (N, 3) get from vehicles, (N, 3)."""
        got = np.zeros((len(points), 3), np.float32)
        left = np.ones(len(points), bool)
        for number, patch in enumerate(self.patches, len(self.skins)):
            here = np.flatnonzero(left & patch.holds(points[:, :2]))
            got[here] = patch.between(light.from_parts[slice(*self.ends[number : number + 2])], points[here, :2])
            left[here] = False
        return got

    def _hits(self) -> Whole:
        """What each ray from each site meets (N, K): the number of a site, ``count`` for none, one more for a back."""
        found = np.full((self.count, len(self.sites.rays)), self.count)
        for number, shape in enumerate(self.shapes):
            start, own = self.ends[number], len(shape.normals)
            hits = shape.hits
            found[start : start + own] = np.where(hits < own, hits + start, hits - own + self.count)
        for k, rays in enumerate(self.sites.rays):
            self._meet_vehicles(found[:, k], rays)
            self._meet_ground(found[:, k], rays)
        return found

    def _meet_vehicles(self, hits: Whole, rays: NDArray[np.float32]) -> None:
        """Put in, for rays (N, 3) that have met nothing yet, what they meet of vehicles they do not start from."""
        for number, shape in enumerate(self.shapes):
            start, end = self.ends[number : number + 2]
            free = hits == self.count
            free[start:end] = False
            asked, origins, directions = self._toward(number, np.flatnonzero(free), rays[free])
            met = shape.sites_met(origins, directions)
            own = len(shape.normals)
            hits[asked] = np.where(met < own, met + start, met - own + self.count)

    def _meet_ground(self, hits: Whole, rays: NDArray[np.float32]) -> None:
        """The same for the cells of ground."""
        for number, patch in enumerate(self.patches, len(self.skins)):
            asked = np.flatnonzero((hits == self.count) & (rays[:, 2] < 0.0))
            points, down = self.sites.points[asked], rays[asked].astype(float)
            # What has sunk in a little still sees the ground.
            reach = np.maximum((patch.height - points[:, 2]) / down[:, 2], 0.0)
            places = points[:, :2] + reach[:, None] * down[:, :2]
            inside = patch.holds(places)
            hits[asked[inside]] = self.ends[number] + patch.cells(places[inside])

    def _toward(
        self, number: int, asked: NDArray[np.intp], rays: NDArray[np.float32], origins: Floats | None = None
    ) -> tuple[NDArray[np.intp], Floats, Floats]:
        """Those of the sites ``asked`` whose ray may meet a vehicle, and the rays' origins and directions, its body axes."""
        place, bounds = self.places[number], self.shapes[number].bounds
        points = self.sites.points[asked] if origins is None else origins
        start, toward = (points - place[:3, 3]) @ place[:3, :3], rays.astype(float) @ place[:3, :3]
        middle, radius = bounds.mean(axis=0), 0.5 * float(np.linalg.norm(np.ptp(bounds, axis=0)))
        along = ((middle - start) * toward).sum(axis=1)
        beside = ((middle - start) ** 2).sum(axis=1) - np.maximum(along, 0.0) ** 2
        near = beside < radius**2
        return asked[near], start[near], toward[near]

    def _lit(self) -> Floats:
        """Cosine of the Sun's angle at each site (N,), none where a vehicle is before it."""
        lit = np.maximum(self.sites.normals @ self.sun, 0.0)
        lit[: self.parts] *= self._sunlit(np.arange(self.parts), self.sites.points[: self.parts])
        for number, patch in enumerate(self.patches, len(self.skins)):
            own = np.arange(*self.ends[number : number + 2])
            places = (patch.middles(offset) + (0.0, 0.0, _LIFT_M) for offset in _OFFSETS)
            lit[own] *= np.mean([self._sunlit(own, each) for each in places], axis=0)
        return lit

    def _sunlit(self, asked: NDArray[np.intp], points: Floats) -> Floats:
        """Whether (N,) the Sun shines at points (N, 3)."""
        free = np.ones(len(asked))
        rays = np.broadcast_to(self.sun.astype(np.float32), points.shape)
        for number, shape in enumerate(self.shapes):
            near, origins, directions = self._toward(number, np.arange(len(asked)), rays, points)
            free[near[shape.met(origins, directions) >= 0]] = 0.0
        return free

    def _from_outside(self, hits: Whole) -> tuple[Floats, Floats]:
        """What each site gets (N, 3) from sky and from ground beyond all cells, and the share of the sky it sees (N,)."""
        total = np.zeros((self.count, 3))
        up, seen = np.zeros(self.count), np.zeros(self.count)
        table = _SkyTable(self.sky, self.above)
        for k, rays in enumerate(self.sites.rays):
            free, above = hits[:, k] == self.count, rays[:, 2] >= 0.0
            total[free & above] += table.radiosity(rays[free & above])
            total[free & ~above] += self.open
            up += above
            seen += free & above
        count = len(self.sites.rays)
        return total / count, (seen / count + _NONE) / (up / count + _NONE)


class _SkyTable:
    """The sky's radiance times pi in steps of a few degrees: it is smooth, and asked for a million times."""

    _ROWS, _COLUMNS = 30, 60

    def __init__(self, sky: DustSky, above: Floats) -> None:
        z, turn = np.meshgrid(
            (np.arange(self._ROWS) + 0.5) / self._ROWS,
            (np.arange(self._COLUMNS) + 0.5) * (2.0 * np.pi / self._COLUMNS),
            indexing="ij",
        )
        level = np.sqrt(1.0 - z * z)
        self._table = sky.radiance(np.stack([level * np.cos(turn), level * np.sin(turn), z], axis=-1), glow=False) * above

    def radiosity(self, rays: NDArray[np.float32]) -> Floats:
        """For rays (N, 3) that go up: (N, 3)."""
        row = np.minimum((rays[:, 2] * self._ROWS).astype(int), self._ROWS - 1)
        turn = np.arctan2(rays[:, 1], rays[:, 0]) % (2.0 * np.pi)
        column = np.minimum((turn * (self._COLUMNS / (2.0 * np.pi))).astype(int), self._COLUMNS - 1)
        return np.asarray(self._table[row, column])


def _patch(shape: Shape, place: Matrix, sun: Floats, recipe: Terrain) -> Patch:
    """The ground about a vehicle: below it, where its shadow falls, and some more."""
    picks = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    corners = shape.bounds[picks, np.arange(3)] @ place[:3, :3].T + place[:3, 3]
    middle = corners[:, :2].mean(axis=0)[:, None]
    height = float(height_at(recipe, *middle)[0])
    shadow = corners[:, :2] - sun[:2] * (np.maximum(corners[:, 2:] - height, 0.0) / max(sun[2], _FLATTEST))
    both = np.concatenate([corners[:, :2], shadow])
    margin = _MARGIN * float(np.ptp(corners, axis=0).max())
    low, high = both.min(axis=0) - margin, both.max(axis=0) + margin
    cell = float((high - low).max()) / CELLS_ACROSS
    columns, rows = (max(int(np.ceil(each)), 2) for each in (high - low) / cell)
    return Patch(low, cell, rows, columns, height)
