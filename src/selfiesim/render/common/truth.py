"""Ground truth beside the picture: what each pixel's centre sees, exactly, without antialiasing.

The craft's part comes from two more draws (normals and part numbers; base colours and sunlight), the planet's from
double-precision geometry, the motion from the same points put into a later view.
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
    """What each pixel's centre sees. Camera axes: x right, y down, z forward.

    Attributes
    ----------
    depth : (H, W) float32
        Metres along the camera's axis; infinite for sky.
    position : (H, W, 3) float32
        The point seen, m from the camera; not a number for sky.
    normal : (H, W, 3) float32
        Unit vector out of the surface seen, toward the camera, foil taken as flat; zero for sky.
    part : (H, W) int32
        Number of what is seen.
    part_names : dict of int to str
        What each number is: 0 sky, 1 the planet, from 2 on the nodes of the craft's mesh, then ``object/node``.
    albedo : (H, W, 3) float32
        Base colour of the craft (for a metal, what it mirrors), reflectance of the planet's ground; zero for sky.
    sun_visibility : (H, W) float32
        Share of the Sun that reaches the point, 0 to 1: 0 where the surface is turned away, in the shadow of the craft
        or of the planet. On the ground the craft's shadow is left out.
    """

    depth: NDArray[np.float32]
    position: NDArray[np.float32]
    normal: NDArray[np.float32]
    part: NDArray[np.int32]
    part_names: dict[int, str]
    albedo: NDArray[np.float32]
    sun_visibility: NDArray[np.float32]


def part_numbers(view: View) -> list[dict[str, int]]:
    """Number of each node still on it, for each craft of the view, in the order of its parts."""
    found, first = [], FIRST_PART
    for pose in view.crafts:
        nodes = dict.fromkeys(part.node for part in pose.parts)
        found.append({node: first + k for k, node in enumerate(nodes)})
        first += len(nodes)
    return found


def part_names(view: View) -> dict[int, str]:
    """What each number of a craft's part is: the node, behind the name of the object if it is none of the craft's."""
    pairs = zip(view.crafts, part_numbers(view), strict=True)
    return {
        number: f"{pose.name}/{node}" if pose.name else node
        for pose, numbers in pairs
        for node, number in numbers.items()
    }


@dataclass(frozen=True)
class DrawnTruth:
    """What the craft's shader wrote, (H, W, 4) and (H, W): see :func:`selfiesim.render.layers.craft_layer.CraftLayer.show`.

    ``surface`` holds normals in body axes and part numbers, ``colour`` base colours and 1 plus the sunlight,
    both zero beside the craft, where ``depth`` (m along the camera's axis) is infinite.
    """

    surface: NDArray[np.float32]
    colour: NDArray[np.float32]
    depth: NDArray[np.float32]


def assemble_truth(view: View, drawn: DrawnTruth, maps: PlanetMaps | None) -> Truth:
    """Put together what was drawn of the craft and what geometry tells of the planet behind it."""
    part = np.round(drawn.surface[..., 3]).astype(np.int32)
    on_craft = part >= FIRST_PART
    depth = np.where(on_craft, drawn.depth, planet_depth(view))
    rays = pixel_rays(view)
    with np.errstate(divide="ignore", invalid="ignore"):
        position = np.where(np.isfinite(depth)[..., None], rays * (depth / rays[..., 2])[..., None], np.nan)
    normal = np.zeros(position.shape)
    for pose, numbers in zip(view.crafts, part_numbers(view), strict=True):
        own = np.isin(part, list(numbers.values()))
        normal[own] = drawn.surface[own][:, :3] @ pose.body_to_camera.T
    albedo, visibility = drawn.colour[..., :3].copy(), np.maximum(drawn.colour[..., 3] - 1.0, 0.0)
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
    """Normals (N, 3), reflectances (N, 3) and sunlight (N,) of points (N, 3) on the planet, camera axes."""
    from selfiesim.planet.maps.planet_maps import reflectance

    planet = view.planet
    assert planet is not None
    fixed = (points - planet.position) @ planet.camera_to_bodyfixed.T
    normal = unit(fixed / np.array(planet.body.radii_m) ** 2)
    latitude, longitude = np.arcsin(np.clip(unit(fixed)[:, 2], -1.0, 1.0)), np.arctan2(fixed[:, 1], fixed[:, 0])
    sine = normal @ (planet.camera_to_bodyfixed @ view.sun.direction)
    lit = sun_fraction_above_horizon(sine, view.sun.angular_radius)
    seen = (normal @ planet.camera_to_bodyfixed).astype(np.float32)
    return seen, reflectance(maps, latitude, longitude), lit.astype(np.float32)


def sun_fraction_above_horizon(sine: Floats, radius: float) -> Floats:
    """Share of the Sun's disc above the horizon where its middle's height has this sine; ``radius`` rad."""
    x = np.clip(np.arcsin(np.clip(sine, -1.0, 1.0)) / radius, -1.0, 1.0)
    return np.asarray(0.5 + (np.arcsin(x) + x * np.sqrt(1.0 - x * x)) / np.pi)


def motion(view: View, later: View, truth: Truth) -> NDArray[np.float32]:
    """How far (H, W, 2) what each pixel sees moves in the picture from ``view`` to ``later``, pixels right and down.

    Parts move with their joints, the ground turns with the planet, the sky stands still among the stars. Not a number
    where the later view does not see the point.
    """
    there = np.full(truth.position.shape, np.nan)
    sky = truth.part == SKY
    there[sky] = pixel_rays(view)[sky] @ (later.icrf_to_camera @ view.icrf_to_camera.T).T
    ground = truth.part == PLANET
    if ground.any() and view.planet is not None and later.planet is not None:
        fixed = (truth.position[ground] - view.planet.position) @ view.planet.camera_to_bodyfixed.T
        there[ground] = fixed @ later.planet.camera_to_bodyfixed + later.planet.position
    for before, after, numbers in zip(view.crafts, later.crafts, part_numbers(view), strict=True):
        joints = {part.node: part.joint for part in before.parts}
        for node, number in numbers.items():
            seen = truth.part == number
            if seen.any():
                there[seen] = _move_with_joint(before, after, joints[node], truth.position[seen].astype(float))
    camera = view.camera
    here = np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1)
    return (later.camera.project(there) - here).astype(np.float32)


def _move_with_joint(before: CraftPose, after: CraftPose, joint: str | None, points: Floats) -> Floats:
    """Where points (N, 3) of a craft, camera axes, are in the later view's camera axes."""
    first, last = before.joint_matrix(joint), after.joint_matrix(joint)
    body = (points - before.position) @ before.body_to_camera
    part = (body - first[:3, 3]) @ first[:3, :3]
    return np.asarray((part @ last[:3, :3].T + last[:3, 3]) @ after.body_to_camera.T + after.position, float)
