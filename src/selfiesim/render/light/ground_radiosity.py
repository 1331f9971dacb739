"""The light that vehicles and the ground they stand on pass on to each other.

Open ground sends its light up to every craft on it, and the sky down; that is in a craft's soft light already
(``sky_light.py``). Worked out here is what the vehicles change about it: their shadows on the ground, the sky they hide
from it and from themselves, what they light on it and on each other. Cells of level ground about each vehicle join the
sites of all vehicles in one radiosity.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.terrain.ground_mesh import tints
from selfiesim.render.light.brdf_sampling import lobe
from selfiesim.render.light.ground_patch import Patch, patch_about
from selfiesim.render.light.radiosity import BOUNCES, Shape, Skin, gathered, is_available
from selfiesim.render.light.surface_samples import rays_about

if TYPE_CHECKING:
    from selfiesim.core.vectors import Matrix
    from selfiesim.planet.light.dust_sky import DustSky
    from selfiesim.render.layers.craft_layer import CraftLayer
    from selfiesim.view.ground import Ground
    from selfiesim.view.view import View

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_OFFSETS = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))  # the Sun is looked for from four places a cell
_LIFTED = np.array([0.0, 0.0, 0.002])  # m: rays start above the ground
_COVERED = 0.02  # of its rays that get past its own craft: a site with fewer is covered
_TURNED = 0.1  # of the craft's size: as far off as that is a site which faces square to another
_NONE = 0.015  # of all light; a surface that sees less ground, or sky, mirrors it as if in the open


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
    grounds[0].set_passed(**exchange.of_ground(grounds[0].points, light))
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

    ``points``, ``normals`` (N, 3); ``rays`` (K, N, 3) from each; ``colours``, ``matt``, ``mirrored`` (N, 3) and
    ``gloss`` (N,) as :class:`selfiesim.render.light.radiosity.Skin` has them.
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
        colours = tints(ground.recipe, x, y, np.full(len(x), patch.cell)) * np.array(ground.recipe.reflectance)
        normals = np.tile([0.0, 0.0, 1.0], (len(x), 1))
        black = np.zeros_like(colours)
        lifted = points + _LIFTED
        return cls(lifted, normals, rays_about(normals), colours, colours, black, np.ones(len(x)))

    @classmethod
    def joined(cls, parts: list[_Sites]) -> _Sites:
        """All in one."""
        found = {each.name: [getattr(part, each.name) for part in parts] for each in fields(cls)}
        return cls(**{name: np.concatenate(arrays, axis=1 if name == "rays" else 0) for name, arrays in found.items()})


@dataclass(frozen=True)
class _Light:
    """What each site gets.

    Attributes
    ----------
    from_parts : (N, 3)
        Light from parts of vehicles, W m^-2 nm^-1.
    through : (N, 4)
        What it gets from the ground, in each band, and from the sky, over what it would in the open.
    """

    from_parts: Floats
    through: Floats


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
        self.patches = [patch_about(shape.bounds, place, self.sun, ground.recipe) for shape, place in posed]
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
        outside, through_sky = self._from_outside(hits)
        direct = sites.matt * lit[:, None] * self.beam + sites.colours * outside
        glints = self._glints(lit, hits) * self.beam
        first = gathered(direct, hits) + glints
        passed = first
        for _ in range(BOUNCES - 1):
            passed = first + gathered(sites.colours * passed, hits)
        sent = direct + sites.colours * passed
        is_part = (np.arange(self.count) < self.parts)[:, None]
        from_parts = gathered(np.where(is_part, sent, 0.0), hits) + glints
        down = (sites.rays[..., 2] < 0.0).T
        reached = (down & (hits <= self.count) & (hits >= self.parts)).mean(axis=1)
        ground = reached[:, None] + gathered(np.where(is_part, 0.0, sent / self.open - 1.0), hits)
        through = np.concatenate(
            [(ground + _NONE) / (down.mean(axis=1)[:, None] + _NONE), through_sky[:, None]], axis=1
        )
        return _Light(from_parts, through)

    def _glints(self, lit: Floats, hits: Whole) -> Floats:
        """What each site gets (N, 3) of sunlight by the gloss of others, over the Sun's irradiance.

        ``lit`` (N,) is the cosine of the Sun where it shines, ``hits`` (N, K) which site each ray meets.
        """
        sites = self.sites
        total = np.zeros_like(sites.mirrored)
        for ray, hit in zip(sites.rays, hits.T, strict=True):
            met = np.flatnonzero(hit < self.count)
            met = met[lit[hit[met]] > 0.0]
            there, away = hit[met], -ray[met].astype(float)
            light = lobe(sites.mirrored[there], sites.gloss[there], sites.normals[there], self.sun, away)
            total[met] += lit[there, None] * light
        return np.asarray(np.pi * total / len(sites.rays))

    def of_vehicle(self, number: int, light: _Light) -> dict[str, NDArray[np.float32]]:
        """What a vehicle's vertices are given."""
        own, skin = slice(*self.ends[number : number + 2]), self.skins[number]
        stands_in = _uncovered(self.shapes[number])
        found = {"vertexBounce": light.from_parts, "vertexThrough": light.through}
        return {name: skin.sites.at_vertices(values[own][stands_in]) for name, values in found.items()}

    def of_ground(self, points: Floats, light: _Light) -> dict[str, NDArray[np.float32]]:
        """What the ground's vertices at ``points`` (N, 3) are given."""
        got, share = np.zeros((len(points), 3), np.float32), np.ones(len(points), np.float32)
        left = np.ones(len(points), bool)
        for number, patch in enumerate(self.patches, len(self.skins)):
            here = np.flatnonzero(left & patch.holds(points[:, :2]))
            own = slice(*self.ends[number : number + 2])
            got[here] = patch.between(light.from_parts[own], points[here, :2])
            share[here] = patch.between(light.through[own, 3:], points[here, :2])[:, 0]
            left[here] = False
        return {"vertexBounce": got, "vertexSky": share}

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
        """Those of the sites ``asked`` whose ray may meet a vehicle; origins and directions, its body axes."""
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
            places = (patch.middles(offset) + _LIFTED for offset in _OFFSETS)
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
        """What each site gets (N, 3) from sky and from ground beyond all cells; which share of its sky is open."""
        total = np.zeros((self.count, 3))
        sky, through = np.zeros(self.count), np.zeros(self.count)
        table = _SkyTable(self.sky, self.above)
        for k, rays in enumerate(self.sites.rays):
            free, up = hits[:, k] == self.count, np.flatnonzero(rays[:, 2] >= 0.0)
            light = table.radiosity(rays[up])
            bright = light.mean(axis=1)
            total[up] += light * free[up, None]
            total[free & (rays[:, 2] < 0.0)] += self.open
            sky[up] += bright
            through[up] += bright * free[up]
        least = _NONE * len(self.sites.rays) * self.open.mean()
        return total / len(self.sites.rays), (through + least) / (sky + least)


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
        self._table = (
            sky.radiance(np.stack([level * np.cos(turn), level * np.sin(turn), z], axis=-1), glow=False) * above
        )

    def radiosity(self, rays: NDArray[np.float32]) -> Floats:
        """For rays (N, 3) that go up: (N, 3)."""
        row = np.minimum((rays[:, 2] * self._ROWS).astype(int), self._ROWS - 1)
        turn = np.arctan2(rays[:, 1], rays[:, 0]) % (2.0 * np.pi)
        column = np.minimum((turn * (self._COLUMNS / (2.0 * np.pi))).astype(int), self._COLUMNS - 1)
        return np.asarray(self._table[row, column])


def _uncovered(shape: Shape) -> NDArray[np.intp]:
    """For each site itself, or where it sees nothing but its own craft, the nearest that faces the same way and does.

    From outside such a site is not seen either: it lies in or close behind another part. But triangles reach from there
    to where they are seen, and would be drawn with its darkness.
    """
    from scipy.spatial import cKDTree

    sees = (shape.hits == len(shape.normals)).mean(axis=1) > _COVERED
    reach = _TURNED * float(np.ptp(shape.bounds, axis=0).max())
    places = np.concatenate([shape.lifted, reach * shape.normals], axis=1)
    chosen = np.arange(len(sees))
    if sees.any():
        chosen[~sees] = np.flatnonzero(sees)[cKDTree(places[sees]).query(places[~sees])[1]]
    return chosen
