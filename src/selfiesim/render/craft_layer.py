"""The craft: one actor for each material and joint, each drawn twice, for the camera and for the Sun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.craft import TEXTURES
from selfiesim.craft.normals import tangents
from selfiesim.render.bounce import EDGES_ACROSS, GLASS, Skin, is_available, scattering, skin_of
from selfiesim.render.framebuffer import Framebuffer
from selfiesim.render.mirror import Finish, Seen, mirrored, smoothed, surroundings
from selfiesim.render.planetshine import NO_PLANET, Beam, Planetshine, planetshine
from selfiesim.render.program import (
    Uniforms,
    new_actor,
    picture_texture,
    replace_shading,
    show_picture,
    source,
    texture_of,
)
from selfiesim.render.shadow import SHINE_SIZE, SUN_SIZE, LightCamera
from selfiesim.render.sky_light import dust_shine, sky_mirrored
from selfiesim.render.tessellate import cut_long_edges

if TYPE_CHECKING:
    from selfiesim.camera import Camera
    from selfiesim.craft.craft import Craft, Material, Part
    from selfiesim.planet.maps import PlanetMaps
    from selfiesim.view import CraftPose, View

_VERTEX = {
    "//VTK::Normal::Dec": "//VTK::Normal::Dec\nout vec3 bodyPosition;\nout vec3 bodyNormal;\n",
    "//VTK::Normal::Impl": (
        "//VTK::Normal::Impl\n"
        "bodyPosition = (partToBody * vec4(vertexMC.xyz, 1.0)).xyz;\n"
        "bodyNormal = mat3(partToBody) * normalMC;\n"
    ),
}
# Further numbers of a vertex: kind, name in the fragment shader, what is handed on, how it is interpolated.
_ATTRIBUTES = {
    "partNumber": ("float", "part", "partNumber", "flat"),
    "vertexTint": ("vec3", "tint", "vertexTint", "smooth"),
    "vertexBounce": ("vec3", "fromParts", "vertexBounce", "smooth"),
    "vertexThrough": ("vec4", "through", "vertexThrough", "smooth"),
    "vertexSky": ("float", "skyShare", "vertexSky", "smooth"),
    "vertexTangent": ("vec4", "along", "vec4(mat3(partToBody) * vertexTangent.xyz, vertexTangent.w)", "smooth"),
}
# What throws shadows on the ground's wide map is drawn as that is spread; "wide" is 0 for all other maps.
_CASTER_VERTEX = {
    "//VTK::PositionVC::Dec": "//VTK::PositionVC::Dec\n" + source("spread.glsl"),
    "//VTK::PositionVC::Impl": (
        "//VTK::PositionVC::Impl\ngl_Position.xy = mix(gl_Position.xy, spread(gl_Position.xy), wide);\n"
    ),
}
_INPUTS = "in vec3 bodyPosition;\nin vec3 bodyNormal;\n"
# What a material's textures are called in the shader, and what compiles in the code that reads them. What a material
# does not have is left out rather than branched over: software OpenGL runs both sides of a branch.
_SAMPLERS = {name: (f"{name}Texture", f"#define {name.upper()}_MAP\n") for name in TEXTURES}
_SRGB = ("base", "glow", "specular_color")  # pictures of light, as glTF has them; the others hold plain numbers
_CASTER = "if (texture(baseTexture, tcoordVCVSOutput).a < alphaCutoff) discard;\nfragOutput0 = vec4(1.0);\n"
# A glow is told in cd/m2: so much radiance makes one, the same in all three bands.
_LUMEN_NM_PER_WATT = 683.0 * 106.857

_STILL_RAD = 1e-6
NEAREST_M = 0.05  # what is nearer to the lens than this is not drawn
# What the shader writes: light; normal and part number; base colour and sunlight; bent normal and roughness; grain.
RADIANCE, SURFACE, COLOUR, GLOSS, GRAIN = 0.0, 1.0, 2.0, 3.0, 4.0


@dataclass
class _Group:
    """All parts of one material that move together."""

    actor: Any
    caster: Any
    mesh: Any
    material: Material
    joint: str | None
    corners: NDArray[np.float64]
    uniforms: Uniforms
    vertex_uniforms: Uniforms
    caster_uniforms: Uniforms
    casts: bool = True


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
    """

    faces_outward = False  # whether normals tell what is outside: else each side of a sheet is seen

    def __init__(self, pose: CraftPose, window: Any, numbers: dict[str, int], on_ground: bool = False) -> None:
        self.pose, self.numbers, self.on_ground = pose, numbers, on_ground
        self.bounds = _swept_bounds(pose.craft)
        self.shine: Planetshine = NO_PLANET
        self.shadow = Framebuffer(window, SUN_SIZE, SUN_SIZE, shadow=True)
        self.beam = Framebuffer(window, SHINE_SIZE, SHINE_SIZE, shadow=True)
        self._mirrors = {"mirrorMap": picture_texture(), "coatMap": picture_texture()}
        # A ground has a second map of the Sun's, which reaches far.
        self.far = Framebuffer(window, SUN_SIZE, SUN_SIZE, shadow=True) if self.faces_outward else None
        buffers = {"shadowMap": self.shadow, "beamMap": self.beam} | ({"farMap": self.far} if self.far else {})
        maps = {name: _depth_texture(buffer) for name, buffer in buffers.items()} | self._mirrors
        grouped: dict[tuple[str, str | None, bool], list[Part]] = {}
        for part in pose.parts:
            grouped.setdefault((part.material.name, part.joint, self.casts(part)), []).append(part)
        longest = float(np.ptp(self.bounds, axis=0).max()) / EDGES_ACROSS
        self._groups = [
            _group(parts, joint, maps, numbers, longest, casts, self.faces_outward, on_ground)
            for (_, joint, casts), parts in grouped.items()
        ]
        self._beams: list[Beam] = []
        self._skin: Skin | None = None
        self._from_parts: NDArray[np.float32] = np.zeros((0, 3), np.float32)
        self._finish = _finish(pose, numbers)

    def casts(self, part: Part) -> bool:
        """Whether a part throws shadows: on a craft, each."""
        return True

    @property
    def still(self) -> CraftPose:
        """The pose as its shadow is thrown: a joint that has hardly moved has not, and no map is drawn anew for it."""
        return self.pose.stepped(_STILL_RAD)

    def shows(self, pose: CraftPose, numbers: dict[str, int], on_ground: bool) -> bool:
        """Whether these actors are the ones ``pose`` asks for."""
        same = self.numbers == numbers and self.on_ground == on_ground
        return same and self.pose.craft is pose.craft and self.pose.gone == pose.gone

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
        self.shine = shine = _soft_light(view, maps, pose)
        light: dict[str, ArrayLike] = {
            "eyePosition": -pose.body_to_camera.T @ pose.position,
            "sunIrradiance": view.sun.irradiance * pose.sun_left,
            "sunShare": pose.sun_share,
            "pixelAngle": view.camera.pixel_angle,
            "shineA": shine.harmonics[0:3].T,
            "shineB": shine.harmonics[3:6].T,
            "shineC": shine.harmonics[6:9].T,
            "planetDirection": shine.direction,
            "planetDistance": shine.distance,
            "planetCosine": shine.edge_cosine,
            "planetTint": shine.tint,
        }
        light.update(sky_mirrored(view))
        for group in self._groups:
            part_to_body = pose.joint_matrix(group.joint)
            group.actor.SetUserMatrix(vtkmatrix_from_array(place @ part_to_body))
            group.vertex_uniforms.set(partToBody=part_to_body)
            group.uniforms.set(**light)

    def cast_for(self, other: CraftPose, wide: bool = False) -> None:
        """Show what throws this craft's shadow, in the body axes of another craft, or its own; ``wide``: all of it."""
        from pyvista import vtkmatrix_from_array

        to_other = self.pose.to_body_of(other)
        for group in self._groups:
            if not (group.casts or wide):
                continue
            group.caster.VisibilityOn()
            group.caster_uniforms.set(wide=float(wide))
            group.caster.SetUserMatrix(vtkmatrix_from_array(to_other @ self.still.joint_matrix(group.joint)))

    def pass_light_on(self, view: View) -> None:
        """Let the parts light each other in the passes to come, as far as that can be worked out here."""
        if not is_available():
            return
        pose = self.pose
        sun = pose.body_to_camera.T @ view.sun.direction
        self._from_parts = self.skin.light(pose, sun, view.sun.irradiance * pose.sun_left, self.shine)
        self.set_passed(vertexBounce=self._from_parts)

    @property
    def points(self) -> NDArray[np.float64]:
        """Places (N, 3) of all vertices, joints at zero, body axes, m."""
        return np.concatenate([group.mesh.points for group in self._groups]).astype(float)

    @property
    def skin(self) -> Skin:
        """The surface as the light between parts sees it."""
        if self._skin is None:
            self._skin = skin_of(self._groups)
        return self._skin

    def set_passed(self, **light: NDArray[np.float32]) -> None:
        """Light of the passes to come that other things send to each vertex: arrays (N, C) by the attribute's name."""
        for name, values in light.items():
            first = 0
            for group in self._groups:
                count = group.mesh.n_points
                group.mesh.point_data[name][:] = values[first : first + count]
                group.mesh.point_data.GetArray(name).Modified()
                first += count
        self._set_light(bounced=1.0)

    def mirror(self, view: View, maps: PlanetMaps | None, lens: Camera, seen: Seen) -> None:
        """Find what the gloss of all that is ``seen`` through ``lens`` mirrors, for the passes to come.

        After :meth:`pass_light_on`.
        """
        if self._skin is None:
            return
        pose = self.pose
        own = np.isin(seen.part, list(self.numbers.values())) & np.isfinite(seen.depth)
        rays = lens.unproject(np.argwhere(own)[:, ::-1].astype(float))
        points = rays * (seen.depth[own] / rays[:, 2])[:, None]
        points = (points - pose.position) @ pose.body_to_camera
        around = surroundings(view, pose, self._skin, self._from_parts, self.shine, maps)
        gloss, coat, f0 = (
            seen.gloss(own, points, self._finish),
            seen.coat(own, points, self._finish),
            self._finish.f0[seen.part[own]],
        )
        lights = {
            "mirrorMap": (gloss, mirrored(around, gloss, f0, np.maximum(1.0 - gloss.roughness, f0))),
            "coatMap": (coat, mirrored(around, coat, np.full_like(f0, GLASS), np.ones_like(f0))),
        }
        for name, (layer, light) in lights.items():
            show_picture(self._mirrors[name], smoothed(light, layer, own, seen))
        place = np.eye(4)
        place[:3, :3], place[:3, 3] = pose.body_to_camera, pose.position
        self._set_light(mirrors=1.0, bodyToMirror=_to_picture(lens) @ place)

    def show(self, what: float) -> None:
        """Draw radiance (:data:`RADIANCE`), or one of the two truths (:data:`SURFACE`, :data:`COLOUR`)."""
        for group in self._groups:
            group.uniforms.set(shown=what)

    def set_passes(self, count: int) -> None:
        """Get ready for so many passes, each of which sees another part of the pixel; parts do not light each other."""
        for group in self._groups:
            group.uniforms.set(finer=-0.5 * np.log2(count), bounced=0.0, mirrors=0.0)

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

    def set_far_sun(self, eye: LightCamera) -> None:
        """The same for a ground's wide map."""
        self._set_light(**_map_uniforms("far", "Far", eye))

    def gather(self, count: int) -> None:
        """Share the planet's light out over ``count`` passes, for the shade it throws in each."""
        # On a ground, the shade of soft light comes with the light from ground and parts, without a beam's noise.
        self._beams = [] if self.on_ground and is_available() else self.shine.beams(count)

    def beam_of(self, number: int | None) -> Beam | None:
        """The planet's light of pass ``number``, if there is any; without a number there is no shade."""
        return self._beams[number] if self._beams and number is not None else None

    def set_beam(self, beam: Beam, eye: LightCamera) -> None:
        """Tell the shaders from where the planet's light throws its shade in this pass, and how its depth map lies."""
        named = _map_uniforms("beam", "Beam", eye)
        self._set_light(beamDirection=beam.direction, beamIrradiance=beam.irradiance, **named)

    def unset_beam(self) -> None:
        """Leave that shade out."""
        self._set_light(beamIrradiance=np.zeros(3))

    def _set_light(self, **values: ArrayLike) -> None:
        for group in self._groups:
            group.uniforms.set(**values)


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


def _group(
    parts: list[Part],
    joint: str | None,
    maps: dict[str, Any],
    numbers: dict[str, int],
    longest: float,
    casts: bool,
    outward: bool,
    on_ground: bool,
) -> _Group:
    material = parts[0].material
    mesh = _merged(parts, numbers, longest)
    if on_ground:
        mesh.point_data["vertexThrough"] = np.ones((mesh.n_points, 4), np.float32)
    if outward:
        mesh.point_data["vertexSky"] = np.ones(mesh.n_points, np.float32)
    actor, caster = new_actor(mesh), new_actor(mesh)
    caster.GetProperty().LightingOff()
    attributes = [name for name in _ATTRIBUTES if name in mesh.point_data]
    for name in attributes:
        actor.GetMapper().MapDataArrayToVertexAttribute(name, name, 0, -1)  # 0: of the points
    for name, texture in maps.items():
        actor.GetProperty().SetTexture(name, texture)
    for name, picture in material.textures.items():
        texture = texture_of(picture[::-1], repeat=True, srgb=name in _SRGB)
        actor.GetProperty().SetTexture(_SAMPLERS[name][0], texture)
    _shade(actor, material, attributes, outward)
    shader = actor.GetShaderProperty()
    uniforms = Uniforms(shader.GetFragmentCustomUniforms())
    uniforms.set(
        baseColor=material.base_color,
        metallic=material.metallic,
        roughness=material.roughness,
        glow=np.array(material.glow) / _LUMEN_NM_PER_WATT,
        normalScale=material.normal_scale,
        occlusionStrength=material.occlusion_strength,
        alphaCutoff=material.alpha_cutoff or 0.0,
        crumple=material.crumple,
        crumpleScale=material.crumple_scale_m,
        squareOn=material.square_on,
        specularShare=material.specular,
        clearcoat=material.clearcoat,
        clearcoatRoughness=material.clearcoat_roughness,
        # Longer across the grain is longer along a grain turned by a right angle.
        anisotropy=abs(material.anisotropy),
        grainTurn=material.anisotropy_rotation + (np.pi / 2.0 if material.anisotropy < 0.0 else 0.0),
        shown=RADIANCE,
        finer=0.0,
        bounced=0.0,
        mirrors=0.0,
        bodyToMirror=np.eye(4),
        # All that a shader knows has to be declared before its first draw.
        beamDirection=np.array([0.0, 0.0, 1.0]),
        beamIrradiance=np.zeros(3),
        bodyToBeam=np.eye(4),
        beamTexel=1.0,
        beamSize=1.0,
        beamBias=0.0,
    )
    if material.alpha_cutoff is not None and "base" in material.textures:
        caster.GetProperty().SetTexture("baseTexture", texture_of(material.textures["base"][::-1], repeat=True))
        replace_shading(caster, "", _CASTER)
        Uniforms(caster.GetShaderProperty().GetFragmentCustomUniforms()).set(alphaCutoff=material.alpha_cutoff)
    vertex_uniforms = Uniforms(shader.GetVertexCustomUniforms())
    for hook, text in _CASTER_VERTEX.items():
        caster.GetShaderProperty().AddVertexShaderReplacement(hook, True, text, False)
    caster_uniforms = Uniforms(caster.GetShaderProperty().GetVertexCustomUniforms())
    caster_uniforms.set(wide=0.0)
    corners = _corners(parts)
    return _Group(actor, caster, mesh, material, joint, corners, uniforms, vertex_uniforms, caster_uniforms, casts)


def _soft_light(view: View, maps: PlanetMaps | None, pose: CraftPose) -> Planetshine:
    """The light that does not come straight from the Sun: the planet's, or that of the dust sky and the ground."""
    if view.ground is None:
        return planetshine(view, maps, pose)
    return dust_shine(view.ground.sky, view.sun.above_air, pose.body_to_camera.T @ view.ground.site_to_camera)


def _shade(actor: Any, material: Material, attributes: list[str], outward: bool) -> None:
    """Give an actor the shader of its material, with the code for what the material has and for nothing else."""
    defines = "".join(_SAMPLERS[name][1] for name in material.textures)
    defines += "#define FOIL\n" if material.crumple > 0.0 else ""
    defines += "#define CLEARCOAT\n" if material.clearcoat > 0.0 else ""
    defines += "#define ANISOTROPY\n" if "vertexTangent" in attributes and material.anisotropy else ""
    defines += "#define OUTWARD\n" if outward else ""
    defines += "#define MASK\n" if material.alpha_cutoff is not None else ""
    vertex, inputs = dict(_VERTEX), _INPUTS
    for name in attributes:
        kind, passed, value, interpolated = _ATTRIBUTES[name]
        vertex["//VTK::Normal::Dec"] += f"in {kind} {name};\n{interpolated} out {kind} {passed};\n"
        vertex["//VTK::Normal::Impl"] += f"{passed} = {value};\n"
        inputs += f"{interpolated} in {kind} {passed};\n"
    if "vertexTint" not in attributes:
        inputs += "const vec3 tint = vec3(1.0);\n"
    defines += "#define ON_GROUND\n" if "vertexThrough" in attributes else ""
    defines += "#define GROUND\n" if "vertexSky" in attributes else ""
    uv = "tcoordVCVSOutput" if material.textures else "vec2(0.0)"
    functions = inputs + defines + "".join(source(f"{name}.glsl") for name in ("noise", "spread", "craft"))
    replace_shading(actor, functions, f"fragOutput0 = craftOutput(bodyPosition, bodyNormal, {uv}, part);\n", vertex)


def _corners(parts: list[Part]) -> NDArray[np.float64]:
    """Corners (8 n, 3) of the box round each part."""
    boxes = np.array([[part.vertices.min(axis=0), part.vertices.max(axis=0)] for part in parts], float)
    picks = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    return boxes[:, picks, np.arange(3)].reshape(-1, 3)


def _merged(parts: list[Part], numbers: dict[str, int], longest: float) -> Any:
    """One mesh of several parts, with normals, texture coordinates and the number of each part."""
    import pyvista

    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    faces = np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)])
    columns = _columns(parts, numbers)
    widths = [values.shape[1] for values in columns.values()]
    together, faces = cut_long_edges(np.concatenate(list(columns.values()), axis=1), faces, longest)
    values = dict(zip(columns, np.split(together, np.cumsum(widths)[:-1], axis=1), strict=True))
    mesh = pyvista.PolyData.from_regular_faces(values.pop("position"), faces)
    mesh.point_data.active_normals = values.pop("normal")  # the shader brings them to length 1
    # Samplers (the shadow map too) exist only for meshes with texture coordinates.
    mesh.active_texture_coordinates = values.pop("uv")
    for name, value in values.items():
        mesh.point_data[name] = np.ascontiguousarray(value if value.shape[1] > 1 else value[:, 0])
    mesh.point_data["vertexBounce"] = np.zeros((mesh.n_points, 3), np.float32)
    return mesh


def _columns(parts: list[Part], numbers: dict[str, int]) -> dict[str, NDArray[np.float32]]:
    """What belongs to each vertex, (N, C) by name."""
    uv = [np.zeros((len(p.vertices), 2), np.float32) if p.uv is None else p.uv for p in parts]
    found = {
        "position": np.concatenate([part.vertices for part in parts]),
        "normal": np.concatenate([part.normals for part in parts]),
        "uv": np.concatenate(uv),
        "partNumber": np.concatenate([np.full((len(p.vertices), 1), numbers[p.node], np.float32) for p in parts]),
    }
    if any(part.tint is not None for part in parts):
        tints = [np.ones((len(p.vertices), 3), np.float32) if p.tint is None else p.tint for p in parts]
        found["vertexTint"] = np.concatenate(tints)
    if "normal" in parts[0].material.textures or parts[0].material.anisotropy:
        grown = [tangents(p.vertices, p.normals, place, p.faces) for p, place in zip(parts, uv, strict=True)]
        found["vertexTangent"] = np.concatenate(grown).astype(np.float32)
    return found


def _finish(pose: CraftPose, numbers: dict[str, int]) -> Finish:
    """What the gloss of each part is like, by its number."""
    coat, f0, grain = (np.full(max(numbers.values(), default=0) + 1, start) for start in (np.nan, 0.0, 0.0))
    for part in pose.parts:
        number, material = numbers[part.node], part.material
        f0[number] = scattering(material)["f0"].mean()
        grain[number] = abs(material.anisotropy)
        if material.clearcoat > 0.0:
            coat[number] = material.clearcoat_roughness
    return Finish(coat, f0, grain)


def _to_picture(lens: Camera) -> NDArray[np.float64]:
    """From camera axes (x, y, z, 1) to places in the picture, 0 to 1 from its upper left, times the fourth number."""
    return np.array(
        [
            [lens.fx / lens.width, 0.0, (lens.cx + 0.5) / lens.width, 0.0],
            [0.0, lens.fy / lens.height, (lens.cy + 0.5) / lens.height, 0.0],
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ]
    )


def _depth_texture(buffer: Framebuffer) -> Any:
    """The depth attachment of a framebuffer as a texture an actor can carry."""
    from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture

    texture = vtkOpenGLTexture()
    texture.SetTextureObject(buffer.object.GetDepthAttachmentAsTextureObject())
    return texture
