"""What the points of a photograph show, placed before a camera, and where it appears.

Names are looked up once. Everything is then placed by the view that would be rendered, and projected by its camera.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera
from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import MapError, MatchError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.matching.points import curves
from selfiesim.matching.points.observations import Observations, PointSection, label
from selfiesim.matching.points.star_names import find_star
from selfiesim.motion.host_trajectories import height_above_ground
from selfiesim.sky.backdrop import build_backdrop
from selfiesim.sky.stars import stars
from selfiesim.view.camera_setup import enu_to_icrf
from selfiesim.view.poses import CraftPose

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.view.scene_setup import SceneSetup
    from selfiesim.view.view import View


class ObjectMove(NamedTuple):
    """Displacement (3,) of a further craft, ICRF axes, m, and its rotation (3, 3), old to new body axes."""

    offset: Vector
    rotation: Matrix


@dataclass(frozen=True)
class Pose:
    """One hypothesis about the camera and what it sees, relative to a view of the scene.

    Attributes
    ----------
    rotation : (3, 3) array
        From the view's camera axes to the camera's.
    shift : (3,) array
        Displacement of the lens, the view's camera axes, m.
    camera : Camera
        The lens.
    joints : dict of str to tuple of float
        Joint angles of the craft that differ from the view's, rad.
    objects : dict of str to ObjectMove
        Crafts that are not where the view has them, by name; ``craft`` is the first.
    """

    rotation: Matrix
    shift: Vector
    camera: Camera
    joints: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    objects: Mapping[str, ObjectMove] = field(default_factory=dict)


class _CraftPoints(NamedTuple):
    """Points (k, 3) of one craft on one joint, body axes, and their indices (k,) among the observations."""

    of: str
    joint: str | None
    rows: NDArray[np.int64]
    points: Vector


@dataclass(frozen=True)
class Stage:
    """A view, and where it puts the targets that no joint and no displaced craft carries.

    Attributes
    ----------
    view : View
        The view.
    fixed : (N, 3) array
        Positions, or directions, of the targets, camera axes, m; those of crafts and curves are left at 0.
    enu_to_camera : (3, 3) array
        From east, north and up at the craft to camera axes.
    site : (3,) array
        The ground below the craft of a landing site, camera axes, m.
    """

    view: View
    fixed: Vector
    enu_to_camera: Matrix
    site: Vector


class Targets:
    """The meaning of each observation in one scene.

    Parameters
    ----------
    setup : SceneSetup
        The scene.
    observations : Observations
        What was measured.

    Raises
    ------
    MatchError
        A point names what the scene does not have; the message suggests the nearest name.
    """

    def __init__(self, setup: SceneSetup, observations: Observations) -> None:
        self.setup, self.points = setup, observations.points
        self._kinds = [point.kind for point in self.points]
        self.pixels = np.array([point.pixel for point in self.points], float).reshape(-1, 2)
        self.sigma_px = np.array([observations.sigma_of(point) for point in self.points])
        self.is_curve = np.array([point.is_curve for point in self.points], bool)
        self.is_direction = np.array([point.kind in ("star", "sun") for point in self.points], bool)
        self._craft_points = self._group_craft_points()
        self._bodyfixed = {i: self._bodyfixed_point(i) for i in self._of_kind("place", "lat_lon_deg")}
        self._stars = {i: find_star(point.star, label(i, point)) for i, point in self._items("star")}
        self._check_scene_has_what_is_named()

    @property
    def count(self) -> int:
        """Number of measured numbers: two for a point, one for a point of a curve."""
        return int(2 * len(self.points) - self.is_curve.sum())

    def _items(self, *kinds: str) -> list[tuple[int, PointSection]]:
        return [(i, self.points[i]) for i, kind in enumerate(self._kinds) if kind in kinds]

    def _of_kind(self, *kinds: str) -> list[int]:
        return [i for i, _ in self._items(*kinds)]

    @cached_property
    def far(self) -> NDArray[np.bool_]:
        """Which of the points (N,) are so far away that they hold the attitude of the camera by themselves."""
        near = ("craft_m", "mount", "node", "site_m", "horizon")
        return np.array([point.kind not in near for point in self.points], bool)

    @cached_property
    def craft_indices(self) -> NDArray[np.int64]:
        """Indices of the observations that are points of a craft."""
        return np.array([i for group in self._craft_points for i in group.rows], int)

    def _group_craft_points(self) -> list[_CraftPoints]:
        found: dict[tuple[str, str | None], list[tuple[int, Vector]]] = {}
        for i, point in self._items("craft_m", "mount", "node"):
            craft = self._craft(i, point)
            position, joint = _point_on_craft(craft, point, label(i, point))
            found.setdefault((point.of, joint), []).append((i, position))
        return [
            _CraftPoints(of, joint, np.array([i for i, _ in items]), np.array([p for _, p in items]))
            for (of, joint), items in found.items()
        ]

    def _craft(self, number: int, point: PointSection) -> Craft:
        crafts = {"craft": self.setup.craft} | {each.section.name: each.craft for each in self.setup.extra_objects}
        if point.of not in crafts:
            hint = did_you_mean(point.of, crafts)
            raise MatchError(
                f"{label(number, point)}: of: the scene has no {point.of!r}{hint}; it has: {', '.join(crafts)}"
            )
        return crafts[point.of]

    def _bodyfixed_point(self, number: int) -> Vector:
        from selfiesim.planet.places.gazetteer import locate

        point = self.points[number]
        if point.place is not None:
            try:
                feature = locate(point.place, self.setup.body.name)
            except MapError as error:
                raise MatchError(f"{label(number, point)}: place: {error}") from error
            latitude, longitude = feature.lat_deg, feature.lon_deg
        else:
            assert point.lat_lon_deg is not None
            latitude, longitude = point.lat_lon_deg
            if not abs(latitude) <= 90.0:
                raise MatchError(f"{label(number, point)}: lat_lon_deg: a latitude is -90 to 90, not {latitude:g}")
        lat, lon = np.radians([latitude, longitude])
        radii = np.array(self.setup.body.radii_m)
        toward = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
        return np.asarray(toward * (1.0 / np.linalg.norm(toward / radii) + point.height_m))

    def _check_scene_has_what_is_named(self) -> None:
        scene = self.setup.scene
        for i, point in enumerate(self.points):
            where = label(i, point)
            if point.kind in ("place", "lat_lon_deg", "limb", "terminator", "glint") and scene.center == "sun":
                raise MatchError(f"{where}: {point.kind}: this scene is about the Sun, without a planet in it")
            if point.kind in ("horizon", "site_m") and scene.site is None:
                raise MatchError(f"{where}: {point.kind}: the camera of this scene is not on the ground; use limb")
            if point.kind == "limb" and scene.site is not None:
                raise MatchError(f"{where}: limb: this camera is on the ground; use horizon")
        if self._items("body"):
            globes = self._globes(self.setup.scene.view())
            for i, point in self._items("body"):
                if point.body not in globes:
                    hint = did_you_mean(str(point.body), globes)
                    known = ", ".join(sorted(globes))
                    raise MatchError(
                        f"{label(i, point)}: body: {point.body!r} is not in the sky{hint}; these are: {known}"
                    )

    def _globes(self, view: View) -> dict[str, Vector]:
        """Positions (3,) of planets and moons from the camera, ICRF axes, m."""
        eye = view.track.camera.position
        sky = build_backdrop(
            view.almanac, view.shot.body, eye, view.epoch, with_sun=True, with_moons=True, with_stars=True
        )
        globes = {globe.name: globe.position for globe in sky.globes}
        return globes | ({view.planet.body.name: -eye} if view.planet is not None else {})

    def stage(self, view: View) -> Stage:
        """Place the targets that neither joints nor displaced crafts carry in the camera axes of a view."""
        fixed = np.zeros((len(self.points), 3))
        enu = view.icrf_to_camera @ enu_to_icrf(self.setup, view.epoch, view.track.host)
        site = view.craft.position - height_above_ground(self.setup.host, view.epoch) * enu[:, 2]
        if view.planet is not None:
            for i, position in self._bodyfixed.items():
                fixed[i] = view.planet.camera_to_bodyfixed.T @ position + view.planet.position
        if self._stars:
            directions = stars().directions(view.epoch)
            for i, row in self._stars.items():
                fixed[i] = view.icrf_to_camera @ directions[row]
        for i in self._of_kind("sun"):
            fixed[i] = view.sun.direction
        for i, point in self._items("site_m"):
            fixed[i] = enu @ np.array(point.site_m) + site
        if self._items("body"):
            globes = self._globes(view)
            for i, point in self._items("body"):
                fixed[i] = view.icrf_to_camera @ globes[str(point.body)]
        return Stage(view, fixed, enu, site)

    def positions(self, stage: Stage, pose: Pose, point_shifts: Vector | None = None) -> Vector:
        """Positions (N, 3) of the targets in the view's camera axes; ``point_shifts`` (N, 3) are in body axes, m."""
        placed = stage.fixed.copy()
        for group in self._craft_points:
            craft = _craft_pose(stage.view, group.of, pose)
            points = group.points if point_shifts is None else group.points + point_shifts[group.rows]
            matrix = craft.joint_matrix(group.joint)
            body = points @ matrix[:3, :3].T + matrix[:3, 3]
            placed[group.rows] = body @ craft.body_to_camera.T + craft.position
        return placed

    def predict(self, stage: Stage, pose: Pose, point_shifts: Vector | None = None) -> curves.Foot:
        """Where the targets appear, for those on a curve the nearest point of it, with its normal; NaN out of view."""
        placed = self.positions(stage, pose, point_shifts)
        moved = (placed - np.where(self.is_direction[:, None], 0.0, pose.shift)) @ pose.rotation.T
        pixels, normals = pose.camera.project(moved), np.zeros((len(self.points), 2))
        for kind, index in self._planet_indices.items():
            if index.size:
                pixels[index], normals[index] = self._on_planet(kind, index, stage, pose)
        return curves.Foot(pixels, normals)

    def residuals(self, predicted: curves.Foot) -> NDArray[np.float64]:
        """Measured minus predicted (N, 2), px; of a point on a curve, the distance across it and 0."""
        gap = self.pixels - predicted.pixels
        across = (gap * predicted.normals).sum(-1)
        return np.where(self.is_curve[:, None], np.stack([across, np.zeros(len(gap))], axis=-1), gap)

    @cached_property
    def is_number(self) -> NDArray[np.bool_]:
        """Which of two numbers (N, 2) of each point are measured."""
        return np.stack([np.ones(len(self.points), bool), ~self.is_curve], axis=-1)

    @cached_property
    def sigma_m(self) -> Vector:
        """Standard deviations (N, 3) of the points of crafts along the body axes, m."""
        found = np.zeros((len(self.points), 3))
        for i, point in enumerate(self.points):
            found[i] = 0.0 if point.sigma_m is None else point.sigma_m
        return found

    @cached_property
    def _planet_indices(self) -> dict[str, NDArray[np.int64]]:
        return {kind: np.array(self._of_kind(kind), int) for kind in ("limb", "terminator", "horizon", "glint")}

    def _on_planet(self, kind: str, index: NDArray[np.int64], stage: Stage, pose: Pose) -> curves.Foot:
        view, pixels = stage.view, self.pixels[index]
        planet = view.planet
        assert planet is not None
        if kind == "horizon":
            up = pose.rotation @ stage.enu_to_camera[:, 2]
            lens = stage.enu_to_camera.T @ (pose.shift - stage.site)
            return curves.nearest_on_horizon(pose.camera, pixels, up, float(lens[2]), planet.body)
        seen = curves.SeenPlanet(
            pose.camera,
            planet.body,
            pose.rotation @ (planet.position - pose.shift),
            planet.camera_to_bodyfixed @ pose.rotation.T,
            pose.rotation @ view.sun.direction,
        )
        if kind == "terminator":
            return curves.nearest_on_terminator(seen, pixels)
        if kind == "glint":
            return curves.Foot(np.broadcast_to(curves.glint(seen), pixels.shape), np.zeros_like(pixels))
        heights = np.array([self.points[i].height_m for i in index])
        return curves.nearest_on_limb(seen, pixels, heights)


def _craft_pose(view: View, name: str, pose: Pose) -> CraftPose:
    """Pose of a craft in the view's camera axes, with the joints and displacements of a hypothesis."""
    if name == "craft":
        craft = view.craft
        craft = replace(craft, joint_angles=craft.joint_angles | dict(pose.joints)) if pose.joints else craft
    else:
        craft = next(each for each in view.objects if each.name == name)
    if name not in pose.objects:
        return craft
    move = pose.objects[name]
    return replace(
        craft,
        position=craft.position + view.icrf_to_camera @ move.offset,
        body_to_camera=craft.body_to_camera @ move.rotation.T,
    )


def _point_on_craft(craft: Craft, point: PointSection, where: str) -> tuple[Vector, str | None]:
    """Position (3,) of a point, body axes at zero joints, m, and the joint that carries it."""
    if point.mount is not None:
        if point.mount not in craft.mounts:
            known = f"{did_you_mean(point.mount, craft.mounts)}; it has: {', '.join(craft.mounts) or 'none'}"
            raise MatchError(f"{where}: mount: {craft.name} has no mount {point.mount!r}{known}")
        return np.array(craft.mounts[point.mount].position_m), None
    if point.node is not None:
        parts = [part for part in craft.parts if part.node == point.node]
        if not parts:
            nodes = sorted({part.node for part in craft.parts})
            hint = did_you_mean(point.node, nodes) or f"; it has: {', '.join(nodes[:12])}"
            raise MatchError(f"{where}: node: {craft.name} has no node {point.node!r}{hint}")
        low = np.min([part.vertices.min(axis=0) for part in parts], axis=0)
        high = np.max([part.vertices.max(axis=0) for part in parts], axis=0)
        return 0.5 * (low.astype(float) + high), parts[0].joint
    if point.joint is not None and point.joint not in craft.joints:
        hint = f"{did_you_mean(point.joint, craft.joints)}; it has: {', '.join(craft.joints) or 'none'}"
        raise MatchError(f"{where}: joint: {craft.name} has no joint {point.joint!r}{hint}")
    return np.array(point.craft_m), point.joint
