"""The craft: actors for each material and joint, and the shadow maps and traced light that their shaders read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.model import swept_bounds
from selfiesim.render.gl.framebuffer import Framebuffer
from selfiesim.render.gl.shader_program import new_float_texture, upload_image
from selfiesim.render.gl.shadow_map import PLANETSHINE_MAP_SIZE, SUN_MAP_SIZE, LightCamera
from selfiesim.render.layers.craft_group import DITHERED, Group, build_group
from selfiesim.render.layers.lod import (
    LOD_MAX_PX,
    LOD_MIN_TRIANGLES,
    LOD_TOLERANCE,
    LodMesh,
    load_lods,
    projected_size_px,
)
from selfiesim.render.layers.traced_maps import TRACED_MAPS, trace_maps
from selfiesim.render.light.planetshine import NO_PLANETSHINE, Beam, Planetshine, planetshine
from selfiesim.render.light.radiosity import (
    MIN_EDGES_ACROSS,
    InterreflectedLight,
    RadiosityMesh,
    build_radiosity_mesh,
    is_available,
)
from selfiesim.render.light.ray_scene import ray_tracer
from selfiesim.render.light.reflection_rays import GBuffer, camera_to_texture, part_finishes
from selfiesim.render.light.sky_light import dust_sky_light, ground_plane_uniforms, sky_reflection_uniforms

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.craft.model import Part
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.render.common.crop import SampleGrid
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

_SHADOW_STEP_RAD = 1e-6
NEAR_CLIP_M = 0.05
"""Near clipping distance, m."""


class CraftLayer:
    """The actors of one craft, with its shadow maps and traced light.

    Attributes
    ----------
    pose : CraftPose
        The pose in the view of the last :meth:`update`.
    numbers : dict of str to int
        Part number of each node.
    on_ground : bool
        Whether the craft is on a ground.
    bounds : (2, 3) array
        Bounding box in body axes that holds for all joint angles, m.
    shadow_map, beam_map : Framebuffer
        Depth as seen from the Sun and along the beam of planetshine.
    far_shadow_map : Framebuffer or None
        Second shadow map of the Sun for distant ground; None for other craft.
    shine : Planetshine
        The planetshine on the craft.
    uses_lod : bool
        Whether the coarser mesh is rendered.
    has_traced_planetshine : bool
        Whether rays determine the occlusion of planetshine, in place of beams.
    """

    has_outward_normals = False  # whether normals point out of the surface; otherwise both sides of a sheet are lit

    def __init__(self, pose: CraftPose, window: Any, numbers: dict[str, int], on_ground: bool = False) -> None:
        self.pose, self.numbers, self.on_ground = pose, numbers, on_ground
        self.bounds = swept_bounds(pose.craft)
        self.shine: Planetshine = NO_PLANETSHINE
        self.shadow_map = Framebuffer(window, SUN_MAP_SIZE, SUN_MAP_SIZE, shadow=True)
        self.beam_map = Framebuffer(window, PLANETSHINE_MAP_SIZE, PLANETSHINE_MAP_SIZE, shadow=True)
        self.far_shadow_map: Framebuffer | None = None
        if self.has_outward_normals:
            self.far_shadow_map = Framebuffer(window, SUN_MAP_SIZE, SUN_MAP_SIZE, shadow=True)
        self._traced_textures = {name: new_float_texture() for name in TRACED_MAPS}
        self._size = float(np.ptp(self.bounds, axis=0).max())
        self._groups = self._build_groups()
        self._beams: list[Beam] = []
        self._radiosity_mesh: RadiosityMesh | None = None
        self._lods: list[LodMesh] = []
        self.uses_lod, self._size_px = False, np.inf
        self._interreflected: InterreflectedLight | None = None
        self.has_traced_planetshine = False
        self._finish = part_finishes(pose.parts, numbers)

    def _build_groups(self) -> list[Group]:
        """Build a group for each material, joint and kind of shadow."""
        buffers = {"shadowMap": self.shadow_map, "beamMap": self.beam_map}
        if self.far_shadow_map:
            buffers["farMap"] = self.far_shadow_map
        maps = {name: buffer.depth_texture() for name, buffer in buffers.items()} | self._traced_textures
        grouped: dict[tuple[str, str | None, bool], list[Part]] = {}
        for part in self.pose.parts:
            grouped.setdefault((part.material.name, part.joint, self.casts_shadow(part)), []).append(part)
        return [
            build_group(
                parts,
                joint,
                maps,
                self.numbers,
                self._size / MIN_EDGES_ACROSS,
                casts_shadow,
                self.has_outward_normals,
                self.on_ground,
            )
            for (_, joint, casts_shadow), parts in grouped.items()
        ]

    def casts_shadow(self, part: Part) -> bool:
        """Return whether a part casts a shadow: on a craft, each does."""
        return True

    @property
    def shadow_pose(self) -> CraftPose:
        """The pose with quantized joint angles, so that shadow maps are not rendered again for tiny joint motions."""
        return self.pose.quantize_joints(_SHADOW_STEP_RAD)

    def is_reusable_for(self, pose: CraftPose, numbers: dict[str, int], on_ground: bool) -> bool:
        """Return whether these actors can show ``pose``."""
        same = self.numbers == numbers and self.on_ground == on_ground
        return same and self.pose.craft is pose.craft and self.pose.hidden_nodes == pose.hidden_nodes

    def add_to(self, scene: Any, shadow_scene: Any) -> None:
        """Add the actors to the scenes of the camera and of the shadow maps."""
        for group in self._groups:
            scene.AddActor(group.actor)
            shadow_scene.AddActor(group.caster)

    def remove_from(self, scene: Any, shadow_scene: Any) -> None:
        """Remove the actors from both scenes, and free the shadow maps."""
        for group in self._groups:
            scene.RemoveActor(group.actor)
            shadow_scene.RemoveActor(group.caster)
        for buffer in (self.shadow_map, self.beam_map, self.far_shadow_map):
            if buffer:
                buffer.release()

    def update(self, view: View, pose: CraftPose, maps: PlanetMaps | None) -> None:
        """Pose the craft and its joints, and set the light for ``view``."""
        from pyvista import vtkmatrix_from_array

        self.pose = pose
        self.shine = shine = _ambient_light(view, maps, pose)
        light: dict[str, ArrayLike] = {
            "eyePosition": -pose.body_to_camera.T @ pose.position,
            "sunIrradiance": view.sun.irradiance * pose.sunlight_fraction,
            "sunShare": pose.sun_visible_fraction,
            "pixelAngle": view.camera.pixel_angle,
            "planetShA": shine.harmonics[0:3].T,
            "planetShB": shine.harmonics[3:6].T,
            "planetShC": shine.harmonics[6:9].T,
            "planetDirection": shine.direction,
            "planetDistance": shine.distance,
            "planetEdgeCosine": shine.edge_cosine,
            "planetSubsolarRadiance": shine.subsolar_radiance,
        }
        light.update(sky_reflection_uniforms(view))
        light.update(ground_plane_uniforms(view, pose))
        body_to_camera = _pose_matrix(pose)
        for group in self._groups:
            part_to_body = pose.joint_matrix(group.joint)
            group.actor.SetUserMatrix(vtkmatrix_from_array(body_to_camera @ part_to_body))
            group.vertex_uniforms.set(partToBody=part_to_body)
            group.uniforms.set(**light)

    def choose_lod(self, camera: Camera | None) -> None:
        """Select the mesh for an image through ``camera``; None for the full mesh. Call after :meth:`update`."""
        if camera is None or self.on_ground or self.has_outward_normals:
            return  # always the full mesh
        self._size_px = projected_size_px(self._size, float(self.corners()[:, 2].min()), camera)
        use_lod = self._size_px <= LOD_MAX_PX
        if use_lod and not self._lods:
            use_lod = sum(group.mesh.n_cells for group in self._groups) >= LOD_MIN_TRIANGLES
            self._lods = load_lods(self._groups, self._size, self._size / MIN_EDGES_ACROSS) if use_lod else []
        if use_lod == self.uses_lod:
            return
        self.uses_lod = use_lod
        for group, lod in zip(self._groups, self._lods, strict=True):
            group.actor.GetMapper().SetInputData(lod.visible_mesh if use_lod else group.mesh)
            group.caster.GetMapper().SetInputData(lod.shadow_mesh if use_lod else group.mesh)
            _copy_to_lod("vertexIndirect", group, lod)

    def is_shadow_sharp(self, radius: float) -> bool:
        """Return whether penumbras are narrower than a pixel, for a light of angular ``radius``, rad."""
        return self.uses_lod and self._size_px * 2.0 * radius <= 1.0

    def prepare_casters(self, other: CraftPose, dither: tuple[float, float], warped: bool = False) -> None:
        """Show the shadow casters, in the body axes of ``other``, with a pass's ``dither``; all on a ``warped`` map."""
        from pyvista import vtkmatrix_from_array

        to_other = self.pose.transform_to_body(other)
        for group in self._groups:
            if not (group.casts_shadow or warped):
                continue
            group.caster.VisibilityOn()
            group.caster_uniforms.set(warped=float(warped))
            group.set_caster_dither(*dither)
            group.caster.SetUserMatrix(vtkmatrix_from_array(to_other @ self.shadow_pose.joint_matrix(group.joint)))

    def update_indirect_light(self, view: View) -> None:
        """Compute the interreflection between parts for the next passes, if Embree is available."""
        if not is_available():
            return
        pose = self.pose
        sun = pose.body_to_camera.T @ view.sun.direction
        self._interreflected = self.radiosity_mesh.solve_radiosity(
            pose, sun, view.sun.irradiance * pose.sunlight_fraction, self.shine
        )
        self.set_vertex_light(vertexIndirect=self._interreflected.irradiance)

    @property
    def triangle_count(self) -> int:
        """Number of triangles of the full mesh."""
        return int(sum(group.mesh.n_cells for group in self._groups))

    @property
    def points(self) -> NDArray[np.float64]:
        """Positions (N, 3) of all vertices in body axes with joints at zero, m."""
        return np.concatenate([group.mesh.points for group in self._groups]).astype(float)

    @property
    def radiosity_mesh(self) -> RadiosityMesh:
        """The surface on which interreflection is computed."""
        if self._radiosity_mesh is None:
            self._radiosity_mesh = build_radiosity_mesh(self._groups)
        return self._radiosity_mesh

    def set_vertex_light(self, **light: NDArray[np.float32]) -> None:
        """Set the indirect light at each vertex for the next passes: arrays (N, C) by attribute name."""
        for name, values in light.items():
            first = 0
            for group in self._groups:
                count = group.mesh.n_points
                group.mesh.point_data[name][:] = values[first : first + count]
                group.mesh.point_data.GetArray(name).Modified()
                first += count
        if self.uses_lod:
            for group, lod in zip(self._groups, self._lods, strict=True):
                _copy_to_lod("vertexIndirect", group, lod)
        self._set_light(indirectWeight=1.0)

    @property
    def is_anisotropic(self) -> bool:
        """Whether any material has anisotropic highlights."""
        return any(group.material.anisotropy != 0.0 for group in self._groups)

    def trace(self, view: View, maps: PlanetMaps | None, lens: Camera, gbuffer: GBuffer, alone: bool) -> None:
        """Trace the light that parts send to each pixel, for the next passes. Call after :meth:`update_indirect_light`.

        Parameters
        ----------
        view : View
            The view to render.
        maps : PlanetMaps or None
            Maps of the planet, for its reflection.
        lens : Camera
            The pinhole of ``gbuffer``.
        gbuffer : GBuffer
            What each pixel shows.
        alone : bool
            Whether the craft is alone. Rays ignore other craft, so that planetshine is traced only then.
        """
        if self._interreflected is None:
            return
        own = np.isin(gbuffer.part, list(self.numbers.values())) & np.isfinite(gbuffer.depth)
        points = self._visible_points(lens, gbuffer, own)
        tracer = ray_tracer(view, self.pose, self.radiosity_mesh, self._interreflected, self.shine, maps)
        images = trace_maps(tracer, gbuffer, own, points, self._finish)
        if not alone:
            images["planetVisibilityMap"] = np.zeros_like(images["planetVisibilityMap"])
        for name, image in images.items():
            upload_image(self._traced_textures[name], image)
        self.has_traced_planetshine = alone
        for group in self._groups:
            # What was traced at the pixels of a blended surface belongs to what is seen through it.
            group.uniforms.set(reflectionWeight=0.0 if group.material.blend else 1.0)
        self._set_light(bodyToScreen=camera_to_texture(lens) @ _pose_matrix(self.pose))

    def _visible_points(self, lens: Camera, gbuffer: GBuffer, own: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the points (N, 3) of the pixels ``own`` (H, W), body axes, m."""
        rays = lens.unproject(np.argwhere(own)[:, ::-1].astype(float))
        points = rays * (gbuffer.depth[own] / rays[:, 2])[:, None]
        points = (points - self.pose.position) @ self.pose.body_to_camera
        # Rays hit the full mesh: points of the coarser mesh may lie below its surface.
        points += (LOD_TOLERANCE * self._size if self.uses_lod else 0.0) * gbuffer.normal[own]
        return points

    def set_output(self, output: float, min_opacity: float = DITHERED) -> None:
        """Select what the shader writes: :data:`RADIANCE`, :data:`SURFACE`, :data:`COLOUR`, ... of ``craft_group``.

        Blended surfaces are drawn where they are at least ``min_opacity`` opaque.
        """
        for group in self._groups:
            group.uniforms.set(outputMode=output)
            group.set_dither(0.0, min_opacity)

    @property
    def is_blended(self) -> bool:
        """Whether part of the light passes some surface."""
        return any(group.material.blend for group in self._groups)

    def set_dither(self, number: int) -> None:
        """Set the number of the pass, by which blended surfaces choose what they draw."""
        for group in self._groups:
            group.set_dither(number, DITHERED)

    def set_passes(self, count: float, is_draft: bool = False) -> None:
        """Prepare for ``count`` passes with different subpixel shifts, without indirect light until that is set."""
        self.has_traced_planetshine = False
        for group in self._groups:
            group.set_draft(is_draft)
        lod_bias = -0.5 * np.log2(count)
        self._set_light(lodBias=lod_bias, indirectWeight=0.0, sampleGrid=np.zeros(4), reflectionWeight=0.0)

    def corners(self) -> NDArray[np.float64]:
        """Return the corners (N, 3) of the bounding box of each part, camera axes, m.

        Boxes of parts are tight enough for the depth range: depth resolution goes with the square of the distance over
        the near plane's, and solar cells lie a few millimetres above their panel.
        """
        pose, found = self.pose, []
        for group in self._groups:
            matrix = pose.joint_matrix(group.joint)
            found.append(group.corners @ matrix[:3, :3].T + matrix[:3, 3])
        return np.asarray(np.concatenate(found) @ pose.body_to_camera.T + pose.position)

    def set_sun(self, direction: NDArray[np.float64], light_camera: LightCamera) -> None:
        """Set the direction to the Sun, body axes, and the camera of its shadow map."""
        self._set_light(sunDirection=direction, **light_camera.uniforms("shadow"))

    def set_far_map(self, light_camera: LightCamera) -> None:
        """Set the camera of the far shadow map."""
        self._set_light(**light_camera.uniforms("far"))

    def split_planetshine(self, count: int) -> None:
        """Split planetshine into ``count`` beams, one per pass, that cast shadows.

        There are no beams where rays determine its occlusion, without the noise of beams.
        """
        is_occlusion_known = self.has_traced_planetshine or (self.on_ground and is_available())
        self._beams = [] if is_occlusion_known else self.shine.beams(count)

    def beam_of(self, number: int | None) -> Beam | None:
        """Return the beam of pass ``number``; None if it has none."""
        return self._beams[number] if self._beams and number is not None else None

    def set_beam(self, beam: Beam, light_camera: LightCamera) -> None:
        """Set the beam of planetshine of this pass, and the camera of its shadow map."""
        uniforms = light_camera.uniforms("beam")
        self._set_light(beamDirection=beam.direction, beamIrradiance=beam.irradiance, **uniforms)

    def set_overhead(self, light_camera: LightCamera) -> None:
        """Set the camera of the depth map from above, which takes the place of the beam's map in a draft."""
        self._set_light(**light_camera.uniforms("beam"))

    def set_sample_grid(self, sample_grid: SampleGrid, number: int) -> None:
        """Let draft pass ``number`` estimate the ambient light that a vehicle on a ground blocks from itself."""
        samples = sample_grid.across * sample_grid.down if self.on_ground else 0
        grid = [sample_grid.across, sample_grid.down, number * samples, sample_grid.passes * samples]
        self._set_light(sampleGrid=np.array(grid))

    def clear_beam(self) -> None:
        """Render this pass without a beam."""
        self._set_light(beamIrradiance=np.zeros(3))

    def _set_light(self, **values: ArrayLike) -> None:
        for group in self._groups:
            group.uniforms.set(**values)


def _copy_to_lod(name: str, group: Group, lod: LodMesh) -> None:
    """Copy a vertex attribute from the full to the coarser mesh."""
    lod.visible_mesh.point_data[name][:] = group.mesh.point_data[name][lod.vertices]
    lod.visible_mesh.point_data.GetArray(name).Modified()


def _pose_matrix(pose: CraftPose) -> NDArray[np.float64]:
    """Return the matrix (4, 4) from body to camera axes."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = pose.body_to_camera, pose.position
    return matrix


def _ambient_light(view: View, maps: PlanetMaps | None, pose: CraftPose) -> Planetshine:
    """Return the light that does not come straight from the Sun: planetshine, or that of the dust sky and ground."""
    if view.ground is None:
        return planetshine(view, maps, pose)
    return dust_sky_light(
        view.ground.sky, view.sun.extraterrestrial_irradiance, pose.body_to_camera.T @ view.ground.enu_to_camera
    )
