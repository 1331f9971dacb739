"""What gloss mirrors: other parts of the craft, and the planet where they leave it in sight. Traced by Embree.

From each pixel of the craft a few rays go out as its gloss scatters them. One that meets the craft brings the light
that leaves it there, in the Sun and in the light that parts pass on; one that does not brings the planet's, or black
sky. The means are a picture that the passes of a final picture look up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.frames import unit
from selfiesim.render.bounce import GLASS, Skin, scattering
from selfiesim.render.foil import crumpled
from selfiesim.render.lobes import Gloss, Lobes, even, lobe, schlick
from selfiesim.render.planet_light import planet_radiance

if TYPE_CHECKING:
    from selfiesim.camera import Camera
    from selfiesim.craft.craft import Part
    from selfiesim.planet.maps import PlanetMaps
    from selfiesim.pose import CraftPose
    from selfiesim.render.planetshine import Planetshine
    from selfiesim.view import View

Floats = NDArray[np.float64]

MOST_RAYS = 200_000
"""Of a picture; fewer for each pixel where the craft fills many."""
MOST_EACH = 16  # of a pixel
TURNS = 3
"""How often a ray goes on from metal to metal."""
_SHARP = 0.03  # roughness, squared, of gloss in which the facets of foil are seen
_ROUGHEST = 0.9  # what is rougher is matt
_METAL = 0.2  # share mirrored from which on a ray goes on
_OTHER_DICE = np.array([97.137, 61.713])  # turns two numbers into two that have little to do with them
_DISC = 192  # pixels across the planet's picture
_AROUND = 0.04  # rad of air beside the disc that are in it
_NARROW, _WIDE = 0.1, 0.3  # roughness between which noise is taken out more and more
_MANY = 6  # rays from which on the nearest neighbours will do
_SPLINE = np.array([1.0, 4.0, 6.0, 4.0, 1.0], np.float32) / 6.0  # the pixel itself counts 1
_LIKE = 0.5  # of a lobe's width: how far normals of one smooth surface may differ


@dataclass(frozen=True)
class Finish:
    """What materials' gloss is like, by the number of the part (P,).

    Attributes
    ----------
    coat : (P,) array
        Roughness of the clear coat, no number where there is none.
    f0 : (P,) array
        Share mirrored straight on, over all colours.
    stretch : (P,) array
        How much longer highlights are along the grain, 0 to 1.
    """

    coat: Floats
    f0: Floats
    stretch: Floats


@dataclass(frozen=True)
class Seen:
    """What each pixel's centre sees: (H, W) depth in m, infinite for sky, number of the part, roughness of the gloss.

    Normals (H, W, 3) are in body axes; ``shading`` are those bent by foil or a normal map.
    """

    depth: NDArray[np.float32]
    part: NDArray[np.int64]
    normal: NDArray[np.float32]
    shading: NDArray[np.float32]
    roughness: NDArray[np.float32]
    grain: NDArray[np.float32]

    def gloss(self, which: NDArray[np.bool_], points: Floats, finish: Finish) -> Gloss:
        """That of some pixels (H, W), whose ``points`` (N, 3) are known: of what is under a clear coat."""
        layers = (self.normal, self.shading, self.roughness, self.grain)
        normal, shading, rough, grain = (layer[which].astype(float) for layer in layers)
        return Gloss(points, normal, shading, rough, grain, finish.stretch[self.part[which]])

    def coat(self, which: NDArray[np.bool_], points: Floats, finish: Finish) -> Gloss:
        """That of the clear coat, as smooth as the mesh; rougher than any gloss where there is none."""
        normal = self.normal[which].astype(float)
        rough = np.nan_to_num(finish.coat[self.part[which]], nan=1.0)
        return even(points, normal, normal, rough)


@dataclass(frozen=True)
class Surroundings:
    """What can be seen from a craft in its own body axes: itself, lit, and the planet.

    Attributes
    ----------
    skin : Skin
        Its surface; ``normals`` (N, 3) and the ``scene`` for Embree are as its joints stand.
    sun, irradiance : (3,) array
        Direction to it, and its light face-on, W m^-2 nm^-1.
    from_parts : (N, 3) array
        Irradiance that each vertex gets from other parts.
    beyond : callable
        Radiance (N, 3) of what is behind the craft, along unit vectors (N, 3).
    eye : (3,) array
        Where the camera is; ``pixel_angle`` is what a pixel takes of its view, rad.
    """

    skin: Skin
    normals: Floats
    scene: Any
    sun: Floats
    irradiance: Floats
    shine: Planetshine
    from_parts: NDArray[np.float32]
    beyond: Callable[[Floats], Floats]
    eye: Floats
    pixel_angle: float

    def seen(self, origins: Floats, rays: Floats, wide: Floats, dice: Floats, turns: int = TURNS) -> Floats:
        """Radiance (N, 3) that comes to ``origins`` (N, 3) against unit vectors ``rays`` (N, 3).

        What they meet is seen no sharper than lobes so ``wide`` (N,) are, roughness squared. Rays that meet gloss go on
        from there, ``turns`` times in all, ``dice`` (N, 2) tell where to; after that gloss counts as matt.
        """
        found = self.scene.run(origins.astype(np.float32), rays.astype(np.float32), output=True)
        met = found["primID"] >= 0
        light = np.zeros((len(rays), 3))
        light[~met] = self.beyond(rays[~met])
        if met.any():
            at = origins[met] + found["tfar"][met, None].astype(float) * rays[met]
            corners = self.skin.faces[found["primID"][met]]
            u, v = found["u"][met].astype(float), found["v"][met].astype(float)
            there = _Met(self, corners, np.stack([1.0 - u - v, u, v], axis=-1), at, -rays[met], wide[met])
            light[met] = there.sunlit() + there.softly_lit(dice[met], turns - 1)
        return light


class _Met:
    """Points of the craft that rays have met, ``share`` (N, 3) of the way to each of their triangle's ``corners``.

    What a lobe ``wide`` (N,) looks at is seen no sharper than that: to few rays facets and narrow glints are noise.
    """

    def __init__(
        self,
        around: Surroundings,
        corners: NDArray[np.int64],
        share: Floats,
        points: Floats,
        away: Floats,
        wide: Floats,
    ) -> None:
        self.around, self.skin, self.away = around, around.skin, away
        self.corners, self.share = corners, share[..., None]
        self.whose = corners[:, 0]  # a triangle is of one material
        normals = unit((self.share * around.normals[corners]).sum(axis=1))
        self.normals = normals * np.where((normals * away).sum(axis=1) < 0.0, -1.0, 1.0)[:, None]
        self.above = points + self.skin.lift * self.normals
        self.shading = self.normals.copy()
        sharp = wide < _SHARP
        skin, own = self.skin, self.whose
        self.alpha = np.where(sharp, skin.sharp[own], np.maximum(skin.gloss[own], wide))
        foil = np.flatnonzero((skin.crumple[own] > 0.0) & sharp)
        if len(foil):
            pixel = around.pixel_angle * np.linalg.norm(points[foil] - around.eye, axis=1)
            look = skin.crumple[own[foil]], skin.crumple_scale[own[foil]]
            self.shading[foil] = crumpled(self.normals[foil], points[foil], *look, pixel)

    def sunlit(self) -> Floats:
        """Radiance (N, 3) toward where the rays came from, of sunlight."""
        skin, sun = self.skin, self.around.sun
        lit = np.where(self.normals @ sun > 0.0, np.maximum(self.shading @ sun, 0.0), 0.0)
        asked = np.flatnonzero(lit > 0.0)
        light = np.zeros((len(lit), 3))
        if len(asked):
            rays = np.ascontiguousarray(np.broadcast_to(sun, (len(asked), 3)), np.float32)
            asked = asked[self.around.scene.run(self.above[asked].astype(np.float32), rays) < 0]
        own = self.whose[asked]
        glint = lobe(skin.mirrored[own], self.alpha[asked], self.shading[asked], sun, self.away[asked])
        light[asked] = (skin.matt[own] / np.pi + glint) * lit[asked, None] * self.around.irradiance
        return light

    def softly_lit(self, dice: Floats, turns: int) -> Floats:
        """The same, of the light of planet and parts."""
        skin, around = self.skin, self.around
        soft = around.shine.irradiance(self.normals) + (self.share * around.from_parts[self.corners]).sum(axis=1)
        mirrored = skin.mirrored[self.whose]
        gone_on = np.flatnonzero((mirrored.max(axis=1) > _METAL) & (turns > 0))
        spread = skin.colours[self.whose]
        spread[gone_on] = skin.matt[self.whose[gone_on]]
        light = np.asarray(spread / np.pi * soft, float)
        if len(gone_on):
            alpha = self.alpha[gone_on]
            gloss = even(self.above[gone_on], self.normals[gone_on], self.shading[gone_on], np.sqrt(alpha))
            further = (dice[gone_on] * _OTHER_DICE) % 1.0
            rays, weight, cosine = Lobes(gloss, self.away[gone_on]).rays(further)
            weight[(rays * gloss.normals).sum(axis=1) <= 0.0] = 0.0
            share = weight[:, None] * schlick(mirrored[gone_on], cosine[:, None])
            light[gone_on] += share * around.seen(gloss.points, rays, alpha, further, turns)
        return light


def surroundings(
    view: View,
    pose: CraftPose,
    skin: Skin,
    from_parts: NDArray[np.float32],
    shine: Planetshine,
    maps: PlanetMaps | None,
) -> Surroundings:
    """What is to be seen from a craft of the view."""
    to_camera = pose.body_to_camera
    scene, normals = skin.posed(pose)
    return Surroundings(
        skin=skin,
        normals=normals,
        scene=scene,
        sun=to_camera.T @ view.sun.direction,
        irradiance=view.sun.irradiance * pose.sun_left,
        shine=shine,
        from_parts=from_parts,
        beyond=_nothing if maps is None or view.planet is None else _disc_picture(view, pose, maps, shine),
        eye=-to_camera.T @ pose.position,
        pixel_angle=view.camera.pixel_angle,
    )


def mirrored(around: Surroundings, gloss: Gloss, f0: Floats, rim: Floats) -> NDArray[np.float32]:
    """Mean radiance (N, 3) that the gloss turns toward the eye, over the share that the shader lets it mirror.

    That goes by the angle to the normal: ``f0`` (N,) straight on, ``rim`` (N,) along the surface. What mirrors are
    facets.
    """
    light = np.zeros((len(gloss.points), 3), np.float32)
    asked = np.flatnonzero(gloss.roughness < _ROUGHEST)
    if not len(asked):
        return light
    gloss, f0, rim = gloss.of(asked), f0[asked], rim[asked]
    each = _each(len(asked))
    wide = np.zeros(len(asked)) if each > _MANY else gloss.roughness**2
    origins = gloss.points + around.skin.lift * gloss.normals
    total = np.zeros((len(asked), 3))
    lobes = Lobes(gloss, unit(around.eye - gloss.points))
    counted = f0 + (rim - f0) * (1.0 - lobes.slant) ** 5
    dice = _dice(len(asked))
    for k in range(each):
        thrown = (dice + _step(k, each)) % 1.0
        rays, weight, cosine = lobes.rays(thrown)
        weight *= schlick(f0, cosine) / np.maximum(counted, 1e-9)
        up = np.flatnonzero((rays * gloss.normals).sum(axis=1) > 0.0)  # below it there is the surface itself
        total[up] += weight[up, None] * around.seen(origins[up], rays[up], wide[up], thrown[up])
    light[asked] = total / each
    return light


def finish_of(parts: Iterable[Part], numbers: dict[str, int]) -> Finish:
    """What the gloss of each part is like, by its number."""
    coat, f0, grain = (np.full(max(numbers.values(), default=0) + 1, start) for start in (np.nan, 0.0, 0.0))
    for part in parts:
        number, material = numbers[part.node], part.material
        f0[number] = scattering(material)["mirrored"].mean() - GLASS * material.clearcoat
        grain[number] = abs(material.anisotropy)
        if material.clearcoat > 0.0:
            coat[number] = material.clearcoat_roughness
    return Finish(coat, f0, grain)


def to_picture(lens: Camera) -> NDArray[np.float64]:
    """From camera axes (x, y, z, 1) to places in the picture, 0 to 1 from its upper left, times the fourth number."""
    return np.array(
        [
            [lens.fx / lens.width, 0.0, (lens.cx + 0.5) / lens.width, 0.0],
            [0.0, lens.fy / lens.height, (lens.cy + 0.5) / lens.height, 0.0],
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ]
    )


def smoothed(light: NDArray[np.float32], gloss: Gloss, which: NDArray[np.bool_], seen: Seen) -> NDArray[np.float32]:
    """A picture (H, W, 4) of the ``light`` (N, 3) of pixels ``which`` (H, W), the fourth number 1 there.

    The noise of few rays is taken out of it, the more the rougher the gloss is, and over a wider neighbourhood the
    fewer rays a pixel has.
    """
    height, width = which.shape
    picture, shading = np.zeros((height, width, 4), np.float32), np.zeros((height, width, 3), np.float32)
    picture[which, :3], picture[which, 3], shading[which] = light, 1.0, gloss.shading
    rough = np.zeros(which.shape, np.float32)
    rough[which] = gloss.roughness
    part = np.where(which, seen.part, -1)
    asked = int((gloss.roughness < _ROUGHEST).sum())
    each = _each(asked)
    for step in (1,) if each > _MANY else (1, 2) if each > 1 else (1, 2, 4, 8):
        picture = _smoothed(picture, part, shading, rough, step)
    return picture


def _smoothed(
    picture: NDArray[np.float32],
    part: NDArray[np.int64],
    shading: NDArray[np.float32],
    rough: NDArray[np.float32],
    step: int,
) -> NDArray[np.float32]:
    """Each pixel as the mean of the 25 around it, ``step`` apart, that belong to the same part and face as it does.

    The nearest count most (a B-spline's weights), so that steps of 1, 2, 4 and 8 after each other leave no pattern.
    """
    height, width = part.shape
    rows, columns = np.nonzero((part >= 0) & (rough > _NARROW))
    own, facing, alpha = part[rows, columns], shading[rows, columns], rough[rows, columns] ** 2
    wide = ((rough[rows, columns] - _NARROW) / (_WIDE - _NARROW)).clip(0.0, 1.0)
    # One smooth surface: normals within a fraction of the lobe's width.
    like = 1.0 - 0.5 * (_LIKE * alpha) ** 2
    total, count = picture[rows, columns], np.ones_like(wide)
    for (k, a), (m, b) in product(enumerate(_SPLINE), enumerate(_SPLINE)):
        if k == m == 2:
            continue
        y, x = rows + step * (k - 2), columns + step * (m - 2)
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        y, x = y.clip(0, height - 1), x.clip(0, width - 1)
        alike = inside & (part[y, x] == own) & ((facing * shading[y, x]).sum(axis=1) > like)
        share = a * b * wide * alike
        total += share[:, None] * picture[y, x]
        count += share
    found = picture.copy()
    found[rows, columns] = total / count[:, None]
    return found


def _each(pixels: int) -> int:
    """Rays of each of so many pixels."""
    return int(np.clip(MOST_RAYS // max(pixels, 1), 1, MOST_EACH))


def _nothing(rays: Floats) -> Floats:
    return np.zeros((len(rays), 3))


def _disc_picture(view: View, pose: CraftPose, maps: PlanetMaps, shine: Planetshine) -> Callable[[Floats], Floats]:
    """The planet as it stands in the craft's sky, from a small picture: equal areas about its middle."""
    middle = shine.direction
    least = max(-1.0, float(np.cos(min(np.arccos(shine.edge_cosine) + _AROUND, np.pi))))
    helper = np.eye(3)[int(np.argmin(np.abs(middle)))]
    across = unit(np.cross(middle, helper))
    other = np.cross(middle, across)
    side = (np.arange(_DISC) + 0.5) / _DISC * 2.0 - 1.0
    x, y = np.meshgrid(side, side)
    radius2 = x * x + y * y
    inside = radius2 <= 1.0
    cosine = 1.0 - (1.0 - least) * radius2[inside]
    sine = np.sqrt(np.maximum(1.0 - cosine**2, 0.0) / np.maximum(radius2[inside], 1e-12))
    rays = cosine[:, None] * middle + (sine * x[inside])[:, None] * across + (sine * y[inside])[:, None] * other
    picture = np.zeros((_DISC, _DISC, 3))
    picture[inside] = planet_radiance(view, maps, pose.position, rays @ pose.body_to_camera.T)
    return partial(_looked_up, picture, np.stack([across, other, middle]), least)


def _looked_up(picture: Floats, axes: Floats, least: float, rays: Floats) -> Floats:
    a, b, along = axes @ rays.T
    radius = np.sqrt(np.maximum(1.0 - along, 0.0) / (1.0 - least))
    off = np.maximum(np.hypot(a, b), 1e-12)
    column, row = (((radius * part / off + 1.0) * 0.5 * _DISC).astype(int).clip(0, _DISC - 1) for part in (a, b))
    return np.asarray(np.where((along > least)[:, None], picture[row, column], 0.0))


def _dice(count: int) -> Floats:
    """Two numbers (N, 2) in 0 to 1 for each pixel, spread well: Roberts' R2 sequence, shuffled."""
    g = 1.32471795724474602596
    order = np.random.default_rng(7).permutation(count)
    return np.asarray(((order[:, None] + 0.5) * [1.0 / g, 1.0 / g**2]) % 1.0)


def _step(k: int, of: int) -> Floats:
    """What the ``k``-th of so many rays of a pixel adds to its numbers."""
    return np.array([k / of, k * 0.6180339887498949 % 1.0])
