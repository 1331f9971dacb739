"""The craft: one actor for each material and joint, each drawn twice, for the camera and for the Sun."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.render.gl.framebuffer import Framebuffer
from selfiesim.render.gl.shader_program import new_float_texture, upload_image
from selfiesim.render.gl.shadow_map import PLANETSHINE_MAP_SIZE, SUN_MAP_SIZE, LightCamera
from selfiesim.render.layers.craft_group import SHADOW_OFFSET_OTHER_MESH, SHADOW_OFFSET_SAME_MESH, Group, build_group
from selfiesim.render.layers.lod import (
    LOD_MAX_PX,
    LOD_MIN_TRIANGLES,
    LOD_TOLERANCE,
    LodMesh,
    load_lods,
    projected_size_px,
)
from selfiesim.render.light.diffuse_rays import MIN_DIFFUSE, choose_pixels, diffuse_pictures, trace_diffuse
from selfiesim.render.light.planetshine import NO_PLANETSHINE, Beam, Planetshine, planetshine
from selfiesim.render.light.radiosity import (
    CLEARCOAT_F0,
    MIN_EDGES_ACROSS,
    InterreflectedLight,
    RadiosityMesh,
    build_radiosity_mesh,
    is_available,
)
from selfiesim.render.light.ray_scene import ray_tracer
from selfiesim.render.light.reflection_rays import (
    GBuffer,
    camera_to_texture,
    denoise_reflections,
    part_finishes,
    trace_reflections,
)
from selfiesim.render.light.sky_light import dust_sky_light, ground_plane_uniforms, sky_reflection_uniforms

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.craft.model import Craft, Part
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.render.common.crop import SampleGrid
    from selfiesim.render.light.brdf_sampling import GlossyPoints
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

_SHADOW_STEP_RAD = 1e-6
NEAR_CLIP_M = 0.05  # what is nearer to the lens than this is not drawn


class CraftLayer:
    """The actors of one craft, and the maps of what its lights reach.

    Attributes
    ----------
    pose : CraftPose
        As it stands in the view of the last :meth:`update`.
    bounds : (2, 3) array
        A box round it in body axes, whatever its joints do.
    shadow, beam : Framebuffer
        Depths as seen from the Sun and from the planet's light.
    shine : Planetshine
        The planet's light here.
    uses_lod : bool
        Whether it is drawn by its coarser mesh.
    """

    has_outward_normals = False  # whether normals tell what is outside: else each side of a sheet is seen

    def __init__(self, pose: CraftPose, window: Any, numbers: dict[str, int], on_ground: bool = False) -> None:
        self.pose, self.numbers, self.on_ground = pose, numbers, on_ground
        self.bounds = _swept_bounds(pose.craft)
        self.shine: Planetshine = NO_PLANETSHINE
        self.shadow = Framebuffer(window, SUN_MAP_SIZE, SUN_MAP_SIZE, shadow=True)
        self.beam = Framebuffer(window, PLANETSHINE_MAP_SIZE, PLANETSHINE_MAP_SIZE, shadow=True)
        self._mirrors = {
            name: new_float_texture()
            for name in ("reflectionMap", "coatReflectionMap", "indirectMap", "planetVisibilityMap")
        }
        # A ground has a second map of the Sun's, which reaches far.
        self.far = Framebuffer(window, SUN_MAP_SIZE, SUN_MAP_SIZE, shadow=True) if self.has_outward_normals else None
        buffers = {"shadowMap": self.shadow, "beamMap": self.beam} | ({"farMap": self.far} if self.far else {})
        maps = {name: _depth_texture(buffer) for name, buffer in buffers.items()} | self._mirrors
        grouped: dict[tuple[str, str | None, bool], list[Part]] = {}
        for part in pose.parts:
            grouped.setdefault((part.material.name, part.joint, self.casts_shadow(part)), []).append(part)
        self._size = float(np.ptp(self.bounds, axis=0).max())
        self._groups = [
            build_group(
                parts,
                joint,
                maps,
                numbers,
                self._size / MIN_EDGES_ACROSS,
                casts_shadow,
                self.has_outward_normals,
                on_ground,
            )
            for (_, joint, casts_shadow), parts in grouped.items()
        ]
        self._beams: list[Beam] = []
        self._radiosity_mesh: RadiosityMesh | None = None
        self._lods: list[LodMesh] = []
        self.uses_lod, self._size_px = False, np.inf
        self._interreflected: InterreflectedLight | None = None
        self.has_traced_planetshine = False  # whether rays have told what is left of the planet's light
        self._finish = part_finishes(pose.parts, numbers)

    def casts_shadow(self, part: Part) -> bool:
        """Whether a part throws shadows: on a craft, each."""
        return True

    @property
    def shadow_pose(self) -> CraftPose:
        """The pose as its shadow is thrown: a joint that has hardly moved has not, and no map is drawn anew for it."""
        return self.pose.quantize_joints(_SHADOW_STEP_RAD)

    def is_reusable_for(self, pose: CraftPose, numbers: dict[str, int], on_ground: bool) -> bool:
        """Whether these actors are the ones ``pose`` asks for."""
        same = self.numbers == numbers and self.on_ground == on_ground
        return same and self.pose.craft is pose.craft and self.pose.hidden_nodes == pose.hidden_nodes

    def add_to(self, scene: Any, shadow_scene: Any) -> None:
        """Put the actors into the camera's and the Sun's scene."""
        for group in self._groups:
            scene.AddActor(group.actor)
            shadow_scene.AddActor(group.caster)

    def remove_from(self, scene: Any, shadow_scene: Any) -> None:
        """Take the actors out again, and free the maps."""
        for group in self._groups:
            scene.RemoveActor(group.actor)
            shadow_scene.RemoveActor(group.caster)
        for buffer in (self.shadow, self.beam, self.far):
            if buffer:
                buffer.release()

    def update(self, view: View, pose: CraftPose, maps: PlanetMaps | None) -> None:
        """Pose the craft and its joints and set the planet's light for ``view``."""
        from pyvista import vtkmatrix_from_array

        self.pose = pose
        place = np.eye(4)
        place[:3, :3], place[:3, 3] = pose.body_to_camera, pose.position
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
        for group in self._groups:
            part_to_body = pose.joint_matrix(group.joint)
            group.actor.SetUserMatrix(vtkmatrix_from_array(place @ part_to_body))
            group.vertex_uniforms.set(partToBody=part_to_body)
            group.uniforms.set(**light)

    def choose_lod(self, camera: Camera | None) -> None:
        """Take the mesh for a picture through ``camera``, or without one the whole mesh; after :meth:`update`."""
        if camera is None or self.on_ground or self.has_outward_normals:
            return  # never another one
        self._size_px = projected_size_px(self._size, float(self.corners()[:, 2].min()), camera)
        far = self._size_px <= LOD_MAX_PX
        if far and not self._lods:
            far = sum(group.mesh.n_cells for group in self._groups) >= LOD_MIN_TRIANGLES
            self._lods = load_lods(self._groups, self._size, self._size / MIN_EDGES_ACROSS) if far else []
        if far == self.uses_lod:
            return
        self.uses_lod = far
        self._set_light(shadowNormalOffset=SHADOW_OFFSET_OTHER_MESH if far else SHADOW_OFFSET_SAME_MESH)
        for group, level in zip(self._groups, self._lods, strict=True):
            group.actor.GetMapper().SetInputData(level.seen if far else group.mesh)
            group.caster.GetMapper().SetInputData(level.cast if far else group.mesh)
            _copy_to_lod("vertexIndirect", group, level)

    def is_shadow_sharp(self, radius: float) -> bool:
        """Whether no shadow's edge is softer than a pixel, under a light whose disc has this ``radius``, rad."""
        return self.uses_lod and self._size_px * 2.0 * radius <= 1.0

    def prepare_casters(self, other: CraftPose, warped: bool = False) -> None:
        """Show what throws this craft's shadow, in the body axes of another craft, or its own; ``warped``: all of it."""
        from pyvista import vtkmatrix_from_array

        to_other = self.pose.transform_to_body(other)
        for group in self._groups:
            if not (group.casts_shadow or warped):
                continue
            group.caster.VisibilityOn()
            group.caster_uniforms.set(warped=float(warped))
            group.caster.SetUserMatrix(vtkmatrix_from_array(to_other @ self.shadow_pose.joint_matrix(group.joint)))

    def update_indirect_light(self, view: View) -> None:
        """Let the parts light each other in the passes to come, as far as that can be worked out here."""
        if not is_available():
            return
        pose = self.pose
        sun = pose.body_to_camera.T @ view.sun.direction
        self._interreflected = self.radiosity_mesh.light(
            pose, sun, view.sun.irradiance * pose.sunlight_fraction, self.shine
        )
        self.set_vertex_light(vertexIndirect=self._interreflected.irradiance)

    @property
    def triangle_count(self) -> int:
        """How many are drawn in a pass."""
        return int(sum(group.mesh.n_cells for group in self._groups))

    @property
    def points(self) -> NDArray[np.float64]:
        """Places (N, 3) of all vertices, joints at zero, body axes, m."""
        return np.concatenate([group.mesh.points for group in self._groups]).astype(float)

    @property
    def radiosity_mesh(self) -> RadiosityMesh:
        """The surface as the light between parts sees it."""
        if self._radiosity_mesh is None:
            self._radiosity_mesh = build_radiosity_mesh(self._groups)
        return self._radiosity_mesh

    def set_vertex_light(self, **light: NDArray[np.float32]) -> None:
        """Light of the passes to come that other things send to each vertex: arrays (N, C) by the attribute's name."""
        for name, values in light.items():
            first = 0
            for group in self._groups:
                count = group.mesh.n_points
                group.mesh.point_data[name][:] = values[first : first + count]
                group.mesh.point_data.GetArray(name).Modified()
                first += count
        if self.uses_lod:
            for group, level in zip(self._groups, self._lods, strict=True):
                _copy_to_lod("vertexIndirect", group, level)
        self._set_light(indirectWeight=1.0)

    @property
    def is_anisotropic(self) -> bool:
        """Whether highlights are anywhere longer along a grain."""
        return any(group.material.anisotropy != 0.0 for group in self._groups)

    def trace(self, view: View, maps: PlanetMaps | None, lens: Camera, seen: GBuffer, alone: bool) -> None:
        """Find what parts send to all that is ``seen`` through ``lens``, for the passes to come.

        What its gloss mirrors of them and of the planet, how they light what is matt and, where a craft is ``alone``,
        what they leave of the planet's light. After :meth:`update_indirect_light`.
        """
        if self._interreflected is None:
            return
        pose, finish = self.pose, self._finish
        own = np.isin(seen.part, list(self.numbers.values())) & np.isfinite(seen.depth)
        rays = lens.unproject(np.argwhere(own)[:, ::-1].astype(float))
        points = rays * (seen.depth[own] / rays[:, 2])[:, None]
        points = (points - pose.position) @ pose.body_to_camera
        # Rays meet the whole mesh: from under its surface they would not come out.
        points += (LOD_TOLERANCE * self._size if self.uses_lod else 0.0) * seen.normal[own]
        tracer = ray_tracer(view, pose, self.radiosity_mesh, self._interreflected, self.shine, maps)
        gloss, coat, f0 = seen.gloss(own, points, finish), seen.coat(own, points, finish), finish.f0[seen.part[own]]
        f90 = np.maximum(1.0 - gloss.roughness[:, None], f0)
        asked = own.copy()
        asked[own] = finish.diffuse[seen.part[own]] > MIN_DIFFUSE
        asked = choose_pixels(asked)

        def by_matt() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            gathered = trace_diffuse(tracer, points[asked[own]], seen.normal[asked].astype(float))
            return diffuse_pictures(gathered, asked, points, own, seen)

        def by_gloss(layer: GlossyPoints, f0: NDArray[np.float64], f90: NDArray[np.float64]) -> NDArray[np.float32]:
            return denoise_reflections(trace_reflections(tracer, layer, f0, f90), layer, own, seen)

        # Embree and numpy let others run meanwhile.
        with ThreadPoolExecutor(max_workers=3) as pool:
            parts = pool.submit(by_matt)
            mirror = pool.submit(by_gloss, gloss, f0, f90)
            glass = pool.submit(by_gloss, coat, np.full_like(f0, CLEARCOAT_F0), np.ones_like(f0))
            from_parts, left_open = parts.result()
            pictures = {
                "reflectionMap": mirror.result(),
                "coatReflectionMap": glass.result(),
                "indirectMap": from_parts,
            }
        # Rays know nothing of other craft, which beams do.
        pictures["planetVisibilityMap"] = left_open if alone else np.zeros_like(left_open)
        for name, picture in pictures.items():
            upload_image(self._mirrors[name], picture)
        place = np.eye(4)
        place[:3, :3], place[:3, 3] = pose.body_to_camera, pose.position
        self.has_traced_planetshine = alone
        self._set_light(mirrors=1.0, bodyToScreen=camera_to_texture(lens) @ place)

    def show(self, what: float) -> None:
        """Draw radiance (:data:`RADIANCE`), or one of the two truths (:data:`SURFACE`, :data:`COLOUR`)."""
        for group in self._groups:
            group.uniforms.set(outputMode=what)

    def set_passes(self, count: float) -> None:
        """Get ready for so many passes, each of which sees another part of the pixel; parts do not light each other."""
        self.has_traced_planetshine = False
        for group in self._groups:
            group.uniforms.set(lodBias=-0.5 * np.log2(count), indirectWeight=0.0, sampleGrid=np.zeros(4), mirrors=0.0)

    def corners(self) -> NDArray[np.float64]:
        """Corners (N, 3) of a box round each part, camera axes, m.

        As tight as that: depth resolution goes with the square of the distance over the near plane's, and the cells lie
        a few millimetres on their panel.
        """
        pose, found = self.pose, []
        for group in self._groups:
            matrix = pose.joint_matrix(group.joint)
            found.append(group.corners @ matrix[:3, :3].T + matrix[:3, 3])
        return np.asarray(np.concatenate(found) @ pose.body_to_camera.T + pose.position)

    def set_sun(self, direction: NDArray[np.float64], eye: LightCamera) -> None:
        """Tell the shaders where the Sun is and how its depth map lies; ``direction`` in body axes."""
        self._set_light(sunDirection=direction, **_map_uniforms("shadow", "Shadow", eye))

    def set_far_map(self, eye: LightCamera) -> None:
        """The same for a ground's wide map."""
        self._set_light(**_map_uniforms("far", "Far", eye))

    def split_planetshine(self, count: int) -> None:
        """Share the planet's light out over ``count`` passes, for the shade it throws in each.

        Not where rays tell what parts leave of it, which is without a beam's noise.
        """
        self._beams = (
            [] if self.has_traced_planetshine or (self.on_ground and is_available()) else self.shine.beams(count)
        )

    def beam_of(self, number: int | None) -> Beam | None:
        """The planet's light of pass ``number``, if there is any; without a number there is no shade."""
        return self._beams[number] if self._beams and number is not None else None

    def set_beam(self, beam: Beam, eye: LightCamera) -> None:
        """Tell the shaders from where the planet's light throws its shade in this pass, and how its depth map lies."""
        named = _map_uniforms("beam", "Beam", eye)
        self._set_light(beamDirection=beam.direction, beamIrradiance=beam.irradiance, **named)

    def set_overhead(self, eye: LightCamera) -> None:
        """Tell the shaders how the depth map from above lies, which a draft has in the place of a beam's."""
        self._set_light(**_map_uniforms("beam", "Beam", eye))

    def set_sample_grid(self, cut: SampleGrid, number: int) -> None:
        """Let pass ``number`` of a draft guess what a vehicle on a ground keeps off itself."""
        samples = cut.across * cut.down if self.on_ground else 0
        self._set_light(sampleGrid=np.array([cut.across, cut.down, number * samples, cut.passes * samples]))

    def clear_beam(self) -> None:
        """Leave that shade out."""
        self._set_light(beamIrradiance=np.zeros(3))

    def _set_light(self, **values: ArrayLike) -> None:
        for group in self._groups:
            group.uniforms.set(**values)


def _copy_to_lod(name: str, group: Group, level: LodMesh) -> None:
    """Give the coarser mesh what the whole one's vertices were given."""
    level.seen.point_data[name][:] = group.mesh.point_data[name][level.kept]
    level.seen.point_data.GetArray(name).Modified()


def _map_uniforms(name: str, title: str, eye: LightCamera) -> dict[str, ArrayLike]:
    return {
        f"bodyTo{title}": eye.body_to_map(),
        f"{name}Texel": eye.texel_m,
        f"{name}Size": float(eye.size),
        f"{name}Bias": 0.25 * eye.texel_m / eye.depth,
    }


def _swept_bounds(craft: Craft) -> NDArray[np.float64]:
    """A box (2, 3) round the craft whatever its joints do."""
    low, high = np.array(craft.bounds_m, float)
    for part in craft.parts:
        if part.joint:
            origin = np.array(craft.joints[part.joint].origin_m)
            reach = float(np.linalg.norm(part.vertices - origin, axis=1).max())
            axes = np.array(craft.joints[part.joint].axes)
            # Along a single axis nothing moves: a wing's span does not sweep a ball.
            span = reach * (np.sqrt(np.maximum(0.0, 1.0 - axes[0] ** 2)) if len(axes) == 1 else np.ones(3))
            low, high = np.minimum(low, origin - span), np.maximum(high, origin + span)
    return np.array([low, high])


def _ambient_light(view: View, maps: PlanetMaps | None, pose: CraftPose) -> Planetshine:
    """The light that does not come straight from the Sun: the planet's, or that of the dust sky and the ground."""
    if view.ground is None:
        return planetshine(view, maps, pose)
    return dust_sky_light(
        view.ground.sky, view.sun.extraterrestrial_irradiance, pose.body_to_camera.T @ view.ground.enu_to_camera
    )


def _depth_texture(buffer: Framebuffer) -> Any:
    """The depth attachment of a framebuffer as a texture an actor can carry."""
    from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture

    texture = vtkOpenGLTexture()
    texture.SetTextureObject(buffer.object.GetDepthAttachmentAsTextureObject())
    return texture
