"""What can be seen from a craft in its own body axes: its own parts in the light, and the planet. Traced by Embree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit
from selfiesim.render.light.brdf_sampling import Lobes, even, lobe, schlick
from selfiesim.render.light.foil import crumpled
from selfiesim.render.light.planet_radiance import planet_radiance
from selfiesim.render.light.radiosity import SHARP, Passed, Skin

if TYPE_CHECKING:
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.render.light.planetshine import Planetshine
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

Floats = NDArray[np.float64]

TURNS = 3
"""How often a ray goes on from metal to metal."""
_SHARP = 0.03  # roughness, squared, of gloss in which the facets of foil are seen
_METAL = 0.2  # share mirrored from which on a ray goes on
_OTHER_DICE = np.array([97.137, 61.713])  # turns two numbers into two that have little to do with them
_DISC = 192  # pixels across the planet's picture
_AROUND = 0.04  # rad of air beside the disc that are in it


@dataclass(frozen=True)
class Surroundings:
    """What can be seen from a craft in its own body axes: itself, lit, and the planet.

    Attributes
    ----------
    skin : Skin
        Its surface; ``normals`` (N, 3) and the ``scene`` for Embree are as its joints stand.
    sun, irradiance : (3,) array
        Direction to it, and its light face-on, W m^-2 nm^-1.
    passed : Passed
        The light that parts pass on to each other.
    glinting : (N, 3) array
        Share of sunlight that the gloss of each vertex sends on.
    beyond : callable
        Radiance (N, 3) of what is behind the craft, along unit vectors (N, 3).
    eye : (3,) array
        Where the camera is; ``pixel_angle`` is what a pixel takes of its view, rad.
    further : Surroundings, optional
        What rays see that go on from gloss, where that is another.
    """

    skin: Skin
    normals: Floats
    scene: Any
    sun: Floats
    irradiance: Floats
    shine: Planetshine
    passed: Passed
    glinting: Floats
    beyond: Callable[[Floats], Floats]
    eye: Floats
    pixel_angle: float
    further: Surroundings | None = None

    def seen(self, origins: Floats, rays: Floats, wide: Floats, dice: Floats, turns: int = TURNS) -> Floats:
        """Radiance (N, 3) that comes to ``origins`` (N, 3) against unit vectors ``rays`` (N, 3).

        What they meet is seen no sharper than lobes so ``wide`` (N,) are, roughness squared. Rays that meet gloss go on
        from there, ``turns`` times in all, ``dice`` (N, 2) tell where to; after that gloss counts as matt.
        """
        return self.sent(self.hits(origins, rays), origins, rays, wide, dice, turns)

    def hits(self, origins: Floats, rays: Floats) -> dict[str, NDArray[Any]]:
        """What rays (N, 3) from ``origins`` (N, 3) meet first, as Embree tells it: ``primID`` is -1 for nothing."""
        return dict(self.scene.run(origins.astype(np.float32), rays.astype(np.float32), output=True))

    def sent(
        self, found: dict[str, NDArray[Any]], origins: Floats, rays: Floats, wide: Floats, dice: Floats, turns: int
    ) -> Floats:
        """The same as :meth:`seen` where what rays meet is ``found`` already."""
        met = found["primID"] >= 0
        light = np.zeros((len(rays), 3))
        light[~met] = self.beyond(rays[~met])
        if met.any():
            at = origins[met] + found["tfar"][met, None].astype(float) * rays[met]
            corners = self.skin.faces[found["primID"][met]]
            there = _Met(self, corners, _shares(found)[met], at, -rays[met], wide[met])
            light[met] = there.sunlit() + there.softly_lit(dice[met], turns - 1)
        return light

    def caustics(self, points: Floats) -> Floats:
        """What ``points`` (N, 3) of the craft that the eye sees get (N, 3) of sunlight by sharp gloss."""
        found = self.hits(np.broadcast_to(self.eye, points.shape), unit(points - self.eye))
        light = (_shares(found)[..., None] * self.passed.caustics[self.skin.faces[found["primID"]]]).sum(axis=1)
        return np.where((found["primID"] >= 0)[:, None], light, 0.0)

    def alone(self) -> Surroundings:
        """The same to rays that are sent out: black sky, and no glints of sharp gloss, which sites get from the Sun.

        Rays that go on from what those meet find all.
        """
        glinting = np.where((self.skin.glance < SHARP)[:, None], 0.0, self.skin.mirrored)
        return replace(self, beyond=_nothing, glinting=glinting, further=self)


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
        glint = lobe(self.around.glinting[own], self.alpha[asked], self.shading[asked], sun, self.away[asked])
        light[asked] = (skin.matt[own] / np.pi + glint) * lit[asked, None] * self.around.irradiance
        return light

    def softly_lit(self, dice: Floats, turns: int) -> Floats:
        """The same, of the light of planet and parts."""
        skin, around = self.skin, self.around
        passed = around.passed
        open_ = (self.share[..., 0] * passed.open[self.corners]).sum(axis=1)
        soft = open_[:, None] * around.shine.irradiance(self.normals)
        soft += (self.share * passed.irradiance[self.corners]).sum(axis=1)
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
            light[gone_on] += share * (around.further or around).seen(gloss.points, rays, alpha, further, turns)
        return light


def _shares(found: dict[str, NDArray[Any]]) -> Floats:
    """How near (N, 3) what was met lies to each corner of its triangle."""
    u, v = found["u"].astype(float), found["v"].astype(float)
    return np.stack([1.0 - u - v, u, v], axis=-1)


def surroundings(
    view: View,
    pose: CraftPose,
    skin: Skin,
    passed: Passed,
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
        passed=passed,
        glinting=skin.mirrored,
        beyond=_nothing if maps is None or view.planet is None else _disc_picture(view, pose, maps, shine),
        eye=-to_camera.T @ pose.position,
        pixel_angle=view.camera.pixel_angle,
    )


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
