"""Ground truth that goes with an image: what is visible at each pixel centre, without antialiasing.

The craft comes from two extra renders (normals and part numbers; base colours and sunlight), the planet from
double-precision geometry, and optical flow from the same points projected into a later view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit
from selfiesim.render.common.planet_depth import pixel_rays, planet_depth

if TYPE_CHECKING:
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

SKY, PLANET, FIRST_PART = 0, 1, 2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """Ground truth at each pixel centre. Camera axes: x right, y down, z forward.

    Attributes
    ----------
    depth : (H, W) float32
        Depth along the camera axis, m; infinite for sky.
    position : (H, W, 3) float32
        The visible point, m from the camera; NaN for sky.
    normal : (H, W, 3) float32
        Outward unit normal of the visible surface, toward the camera, without the crumple of foil; zero for sky.
    part : (H, W) int32
        Number of the visible part.
    part_names : dict of int to str
        Name of each number: 0 sky, 1 the planet, from 2 on the nodes of the craft's mesh, then ``object/node``.
    albedo : (H, W, 3) float32
        Base colour of the craft (for a metal, its specular reflectance), reflectance of the planet's surface; zero for
        sky.
    sun_visibility : (H, W) float32
        Fraction of the Sun's disc visible from the point, 0 to 1: 0 where the surface faces away from the Sun or lies
        in the shadow of the craft or the planet. The craft's shadow on the planet is left out.
    """

    depth: NDArray[np.float32]
    position: NDArray[np.float32]
    normal: NDArray[np.float32]
    part: NDArray[np.int32]
    part_names: dict[int, str]
    albedo: NDArray[np.float32]
    sun_visibility: NDArray[np.float32]


def part_numbers(view: View) -> list[dict[str, int]]:
    """Return, for each craft of the view, the part number of each node still attached, in the order of its parts."""
    numbers, first = [], FIRST_PART
    for pose in view.crafts:
        nodes = dict.fromkeys(part.node for part in pose.parts)
        numbers.append({node: first + k for k, node in enumerate(nodes)})
        first += len(nodes)
    return numbers


def part_names(view: View) -> dict[int, str]:
    """Return the name of each part number: the node, preceded by the object's name for other objects."""
    pairs = zip(view.crafts, part_numbers(view), strict=True)
    return {
        number: f"{pose.name}/{node}" if pose.name else node
        for pose, numbers in pairs
        for node, number in numbers.items()
    }


@dataclass(frozen=True)
class CraftTruth:
    """Ground truth of the craft as written by its shader.

    Attributes
    ----------
    surface : (H, W, 4) float32
        Normal in body axes, and part number; zero off the craft.
    colour : (H, W, 4) float32
        Base colour, and 1 plus the visible fraction of the Sun; zero off the craft.
    depth : (H, W) float32
        Depth along the camera axis, m; infinite off the craft.
    """

    surface: NDArray[np.float32]
    colour: NDArray[np.float32]
    depth: NDArray[np.float32]


def assemble_truth(view: View, craft: CraftTruth, maps: PlanetMaps | None) -> Truth:
    """Combine the rendered truth of the craft with the geometry of the planet behind it."""
    part = np.round(craft.surface[..., 3]).astype(np.int32)
    on_craft = part >= FIRST_PART
    rays = pixel_rays(view)
    depth = np.where(on_craft, craft.depth, planet_depth(view, rays))
    with np.errstate(divide="ignore", invalid="ignore"):
        position = np.where(np.isfinite(depth)[..., None], rays * (depth / rays[..., 2])[..., None], np.nan)
    normal = np.zeros(position.shape)
    for pose, numbers in zip(view.crafts, part_numbers(view), strict=True):
        own = np.isin(part, list(numbers.values()))
        normal[own] = craft.surface[own][:, :3] @ pose.body_to_camera.T
    albedo, visibility = craft.colour[..., :3].copy(), np.maximum(craft.colour[..., 3] - 1.0, 0.0)
    ground = ~on_craft & np.isfinite(depth)
    if ground.any() and maps is not None:
        part[ground] = PLANET
        normal[ground], albedo[ground], visibility[ground] = planet_truth(view, maps, position[ground])
    names = {SKY: "sky"} | ({} if view.planet is None else {PLANET: view.planet.body.name})
    return Truth(
        depth=depth.astype(np.float32),
        position=position.astype(np.float32),
        normal=normal.astype(np.float32),
        part=part,
        part_names=names | part_names(view),
        albedo=albedo,
        sun_visibility=visibility,
    )


def planet_truth(
    view: View, maps: PlanetMaps, points: Floats
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return normals (N, 3), reflectances (N, 3) and visible Sun fractions (N,) of points (N, 3) on the planet.

    Points and normals are in camera axes.
    """
    from selfiesim.planet.maps.planet_maps import reflectance

    planet = view.planet
    assert planet is not None
    fixed = (points - planet.position) @ planet.camera_to_bodyfixed.T
    normal = unit(fixed / np.array(planet.body.radii_m) ** 2)
    latitude, longitude = np.arcsin(np.clip(unit(fixed)[:, 2], -1.0, 1.0)), np.arctan2(fixed[:, 1], fixed[:, 0])
    sine = normal @ (planet.camera_to_bodyfixed @ view.sun.direction)
    visible = sun_fraction_above_horizon(sine, view.sun.angular_radius)
    normal_in_camera = (normal @ planet.camera_to_bodyfixed).astype(np.float32)
    return normal_in_camera, reflectance(maps, latitude, longitude), visible.astype(np.float32)


def sun_fraction_above_horizon(sine: Floats, radius: float) -> Floats:
    """Return the fraction of the Sun's disc above the horizon; ``sine`` of its elevation, angular ``radius`` in rad."""
    x = np.clip(np.arcsin(np.clip(sine, -1.0, 1.0)) / radius, -1.0, 1.0)
    return np.asarray(0.5 + (np.arcsin(x) + x * np.sqrt(1.0 - x * x)) / np.pi)


def motion(view: View, later: View, truth: Truth) -> NDArray[np.float32]:
    """Return the optical flow from ``view`` to ``later``, (H, W, 2) float32 pixels right and down.

    Parts move with their joints, the ground rotates with the planet, the sky is fixed to the stars. NaN where the point
    lies outside the later view.
    """
    moved = np.full(truth.position.shape, np.nan)
    sky = truth.part == SKY
    moved[sky] = pixel_rays(view)[sky] @ (later.icrf_to_camera @ view.icrf_to_camera.T).T
    ground = truth.part == PLANET
    if ground.any() and view.planet is not None and later.planet is not None:
        fixed = (truth.position[ground] - view.planet.position) @ view.planet.camera_to_bodyfixed.T
        moved[ground] = fixed @ later.planet.camera_to_bodyfixed + later.planet.position
    for before, after, numbers in zip(view.crafts, later.crafts, part_numbers(view), strict=True):
        joints = {part.node: part.joint for part in before.parts}
        for node, number in numbers.items():
            visible = truth.part == number
            if visible.any():
                points = truth.position[visible].astype(float)
                moved[visible] = _move_with_joint(before, after, joints[node], points)
    camera = view.camera
    here = np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1)
    return (later.camera.project(moved) - here).astype(np.float32)


def _move_with_joint(before: CraftPose, after: CraftPose, joint: str | None, points: Floats) -> Floats:
    """Return points (N, 3) on a craft at the later time; each in the camera axes of its time."""
    first, last = before.joint_matrix(joint), after.joint_matrix(joint)
    body = (points - before.position) @ before.body_to_camera
    part = (body - first[:3, 3]) @ first[:3, :3]
    return np.asarray((part @ last[:3, :3].T + last[:3, 3]) @ after.body_to_camera.T + after.position, float)
