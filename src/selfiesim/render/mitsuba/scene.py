"""A view as a Mitsuba 3 scene, in the craft's body axes (m), where single precision is enough near the craft.

Further craft are placed next to it in the same light; beyond about a kilometre single precision becomes visible. The
Sun is a distant disc of the right angular size and irradiance. The planet is an environment map, its radiance in every
direction from the craft, infinitely far away, so that the craft casts no shadow on it. A ground is a mesh like the
craft's, with the sky as the environment map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.vectors import unit
from selfiesim.craft.mesh.normals import tangents
from selfiesim.planet.light.photometry import LAWS, LunarLambertLaw
from selfiesim.render.light.planet_radiance import planet_radiance
from selfiesim.render.mitsuba.surface import register

if TYPE_CHECKING:
    from selfiesim.craft.model import Material, Part, Wrap
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

SUN_DISTANCE = 2e4
"""Distance of the Sun's disc, scene radii; parallax across the scene is a sixtieth of the Sun's radius at Mars."""
SKY_ROWS, DUST_ROWS = 1024, 256
"""Rows of the environment map: for a planet with its limb, and for a smooth sky."""
SKY_AXES = [[0.0, 0.0, -1.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
"""Rotation from an environment map's axes, whose poles are along y, to ours, along z."""
_NEAR_CLIP_M = 0.05
# Luminance, cd/m2, of a unit radiance that is the same in all three bands.
_LUMEN_NM_PER_WATT = 683.0 * 106.857


def build_scenes(view: View, maps: PlanetMaps | None, use_custom_bsdf: bool) -> list[Any]:
    """Return two scenes of all craft of ``view``: in the light of the Sun, and in that of the planet or sky, if any.

    Light is additive, and paths that need not choose between two lights are far less noisy. Glowing parts glow in the
    Sun's scene. The Mitsuba variant must be set.

    Parameters
    ----------
    view : View
        The scene at an instant.
    maps : PlanetMaps, optional
        Maps of the planet.
    use_custom_bsdf : bool
        Use :mod:`selfiesim.render.mitsuba.surface`; otherwise materials become Mitsuba's ``principled``, which is
        similar, but foil is smooth.
    """
    import mitsuba as mi

    lights: list[dict[str, Any]] = [{"sun": _sun(mi, view)}]
    environment = None
    if view.ground is not None:
        environment = dust_sky_environment(view)
    elif maps is not None:
        environment = planet_environment(view, maps)
    if environment is not None:
        lights.append(
            {"planet": {"type": "envmap", "bitmap": mi.Bitmap(environment), "to_world": mi.ScalarTransform4f(SKY_AXES)}}
        )
    scenes = []
    for light in lights:
        meshes: dict[str, Any] = {}
        for number, pose in enumerate(view.crafts):
            surfaces = _BsdfFactory(mi, view, pose, use_custom_bsdf)
            meshes |= _craft(mi, f"craft{number}", pose, pose.transform_to_body(view.craft), surfaces, "sun" in light)
        scenes.append(mi.load_dict({"type": "scene"} | light | meshes))
    return scenes


def _craft(
    mi: Any, name: str, pose: CraftPose, to_scene: NDArray[np.float64], surfaces: _BsdfFactory, glowing: bool
) -> dict[str, Any]:
    """Return the meshes of a craft; those with the same material share a BSDF."""
    bsdfs: dict[str, Any] = {}
    meshes = {}
    for number, part in enumerate(pose.parts):
        # A BSDF reads the attributes of the mesh's vertices by name.
        key = repr((part.material.name, part.tint is None, part.opacity is None, part.uv2 is None))
        if key not in bsdfs:
            bsdfs[key] = mi.load_dict(surfaces.bsdf(part))
        place = to_scene @ pose.joint_matrix(part.joint)
        meshes[f"{name}part{number}"] = _mesh(mi, part, place, bsdfs[key], glowing)
    return meshes


def build_sensor(view: View) -> Any:
    """Return the sensor of a view's pinhole camera with square pixels."""
    import mitsuba as mi

    camera = view.camera
    return mi.load_dict(
        {
            "type": "perspective",
            "fov_axis": "x",
            **sensor_numbers(view),
            "to_world": mi.ScalarTransform4f(camera_to_world(view).tolist()),
            "film": {
                "type": "hdrfilm",
                "width": camera.width,
                "height": camera.height,
                "pixel_format": "rgba",
                "component_format": "float32",
                "rfilter": {"type": "box"},
            },
            "sampler": {"type": "independent"},
        }
    )


def camera_to_world(view: View) -> NDArray[np.float64]:
    """Return the matrix (4, 4) from Mitsuba's camera axes to the craft's body axes, m."""
    pose, to_world = view.craft, np.eye(4)
    # Mitsuba's camera looks along +z like ours, but with x to the left and y up.
    to_world[:3, :3] = pose.body_to_camera.T @ np.diag([-1.0, -1.0, 1.0])
    to_world[:3, 3] = -pose.body_to_camera.T @ pose.position
    return to_world


def sensor_numbers(view: View) -> dict[str, float]:
    """Return the numbers of Mitsuba's ``perspective`` sensor: field of view along x, principal point, clipping."""
    camera = view.camera
    distance, reach = float(np.linalg.norm(view.craft.position)), scene_radius(view)
    return {
        "fov": float(np.degrees(2.0 * np.arctan(camera.width / 2.0 / camera.fx))),
        "principal_point_offset_x": float((camera.cx + 0.5) / camera.width - 0.5),
        "principal_point_offset_y": float((camera.cy + 0.5) / camera.height - 0.5),
        "near_clip": max(distance - 2.0 * reach, _NEAR_CLIP_M),
        "far_clip": distance + 2.0 * reach + 1.0,
    }


def scene_radius(view: View) -> float:
    """Return the largest distance of any craft or ground vertex from the first craft's origin, m."""
    reaches = []
    for pose in view.crafts:
        reach = max(np.linalg.norm(part.vertices, axis=1).max() for part in pose.parts)
        reaches.append(np.linalg.norm(pose.position - view.craft.position) + reach)
    return float(max(reaches))


def _sun(mi: Any, view: View) -> dict[str, Any]:
    place, radiance = sun_disc(view)
    return {
        "type": "disk",
        "to_world": mi.ScalarTransform4f(place.tolist()),
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": radiance.tolist()}},
    }


def sun_disc(view: View) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the matrix (4, 4) that makes the unit disc in x and y the Sun's, and its radiance (3,)."""
    direction = view.craft.body_to_camera.T @ view.sun.direction
    distance = SUN_DISTANCE * scene_radius(view)
    radius = distance * np.tan(view.sun.angular_radius)
    # A Lambert disc of radius r at distance d: irradiance = radiance pi r^2 / (r^2 + d^2).
    radiance = view.sun.irradiance * view.craft.sunlight_fraction * (1.0 + (distance / radius) ** 2) / np.pi
    across = unit(np.cross(direction, np.eye(3)[int(np.argmin(np.abs(direction)))]))
    place = np.eye(4)
    place[:3, :3] = np.column_stack([radius * across, radius * np.cross(-direction, across), -radius * direction])
    place[:3, 3] = distance * direction
    return place, radiance


def planet_environment(view: View, maps: PlanetMaps) -> NDArray[np.float32]:
    """Return the radiance (H, 2 H, 3) around the craft; rows from +z to -z, columns from +x through -y, body axes.

    As in Mitsuba, the first and the last row are at the poles, and columns are at the centres of pixels.
    """
    rays, pose = _environment_rays(SKY_ROWS), view.craft
    light = planet_radiance(view, maps, pose.position, unit(rays.reshape(-1, 3)) @ pose.body_to_camera.T)
    return light.reshape(rays.shape)


def dust_sky_environment(view: View) -> NDArray[np.float32]:
    """Return likewise the sky over a ground, without the glow, which counts as direct sunlight; black below it."""
    assert view.ground is not None
    rays = _environment_rays(DUST_ROWS) @ (view.craft.body_to_camera.T @ view.ground.enu_to_camera)
    light = view.ground.sky.radiance(rays, glow=False) * view.sun.extraterrestrial_irradiance / np.pi
    return np.asarray(np.where(rays[..., 2:] > 0.0, light, 0.0), np.float32)


def _environment_rays(rows: int) -> NDArray[np.float64]:
    """Return the directions (H, 2 H, 3) of an environment map's pixels, body axes."""
    polar = np.arange(rows) * np.pi / (rows - 1)
    azimuth = (np.arange(2 * rows) + 0.5) * np.pi / rows
    return np.stack(
        [
            np.sin(polar)[:, None] * np.cos(azimuth),
            np.sin(polar)[:, None] * -np.sin(azimuth),
            np.broadcast_to(np.cos(polar)[:, None], (rows, 2 * rows)),
        ],
        axis=-1,
    )


def _mesh(mi: Any, part: Part, place: NDArray[np.float64], bsdf: Any, glowing: bool) -> Any:
    props = mi.Properties()
    props["mesh_bsdf"] = bsdf
    if glowing and any(part.material.glow):
        props["emitter"] = mi.load_dict({"type": "area", "radiance": _emission(mi, part.material)})
    mesh = mi.Mesh(
        part.name,
        vertex_count=len(part.vertices),
        face_count=len(part.faces),
        has_vertex_normals=True,
        has_vertex_texcoords=part.uv is not None,
        props=props,
    )
    tables = mi.traverse(mesh)
    tables["vertex_positions"] = np.ravel(part.vertices @ place[:3, :3].T + place[:3, 3]).astype(np.float32)
    tables["vertex_normals"] = np.ravel(part.normals @ place[:3, :3].T).astype(np.float32)
    tables["faces"] = np.ravel(part.faces).astype(np.uint32)
    if part.uv is not None:
        tables["vertex_texcoords"] = np.ravel(part.uv).astype(np.float32)
    tables.update()
    if part.tint is not None:
        mesh.add_attribute("vertex_tint", 3, np.ravel(part.tint).astype(np.float32))
    if part.opacity is not None:
        mesh.add_attribute("vertex_opacity", 1, _vertex_opacity(part))
    if part.uv2 is not None:
        mesh.add_attribute("vertex_uv2", 3, np.ravel(np.pad(part.uv2, ((0, 0), (0, 1)))).astype(np.float32))
    if part.material.anisotropy:
        mesh.add_attribute("vertex_grain", 3, np.ravel(_grain(part) @ place[:3, :3].T).astype(np.float32))
    return mesh


def _vertex_opacity(part: Part) -> NDArray[np.float32]:
    """Return the opacity (N,) of the vertices times the material's; 0 or 1 where there is a cutoff."""
    assert part.opacity is not None
    opacity, cutoff = part.opacity * part.material.opacity, part.material.alpha_cutoff
    return np.asarray(opacity if cutoff is None else opacity >= cutoff, np.float32)


def has_null_transmission(view: View) -> bool:
    """Return whether light passes some surface, or a hole in it."""
    materials = (part.material for pose in view.crafts for part in pose.parts)
    return any(material.blend or material.alpha_cutoff is not None for material in materials)


def _grain(part: Part) -> NDArray[np.float64]:
    """Return the direction at each vertex (N, 3) in which highlights are longer: surfaceAt in craft.glsl."""
    uv = np.zeros((len(part.vertices), 2), np.float32) if part.uv is None else part.uv
    along = tangents(part.vertices, part.normals, uv, part.faces).astype(float)
    # Longer across the grain is the same as longer along a grain rotated by a right angle.
    turn = part.material.anisotropy_rotation + (np.pi / 2.0 if part.material.anisotropy < 0.0 else 0.0)
    other = along[:, 3:] * np.cross(part.normals, along[:, :3])
    return np.asarray(np.cos(turn) * along[:, :3] + np.sin(turn) * other)


def _emission(mi: Any, material: Material) -> dict[str, Any]:
    light = np.array(material.glow) / _LUMEN_NM_PER_WATT
    if "glow" in material.textures:
        return _picture(mi, (_srgb_to_linear(material.textures["glow"]) * light).astype(np.float32))
    return {"type": "rgb", "value": light.tolist()}


def _picture(
    mi: Any, values: NDArray[np.float32], smooth: bool = True, wrap: Wrap = ("repeat", "repeat")
) -> dict[str, Any]:
    """Return a texture of linear values (H, W, 3 or 1), with row 0 at v = 1; both axes continue as u does."""
    return {
        "wrap_mode": wrap[0],
        "type": "bitmap",
        "bitmap": mi.Bitmap(np.ascontiguousarray(values[::-1])),
        "raw": True,
        "filter_type": "bilinear" if smooth else "nearest",
    }


def _linear_textures(material: Material) -> dict[str, NDArray[np.float32]]:
    """Return the textures that :mod:`selfiesim.render.mitsuba.surface` reads, in linear values."""
    found: dict[str, NDArray[Any]] = {}
    for name in ("base", "specular_color"):
        if name in material.textures:
            found[name] = _srgb_to_linear(material.textures[name])
    for name in ("rough", "normal"):
        if name in material.textures:
            found[name] = material.textures[name][..., :3] / 255.0
    if material.textures.get("specular", np.zeros((1, 1, 3))).shape[2] == 4:
        found["specular_weight"] = material.textures["specular"][..., 3:] / 255.0
    return {name: values.astype(np.float32) for name, values in found.items()}


def _srgb_to_linear(code: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Decode 8-bit codes of bands, which have sRGB's transfer curve."""
    return linear_from_srgb(code[..., :3] / 255.0)


def refractive_index_from_f0(f0_reflectance: float) -> float:
    """Return the refractive index of a reflectance at normal incidence (Fresnel), kept above 1 for Mitsuba."""
    root = np.sqrt(np.clip(f0_reflectance, 1e-6, 0.9))
    return float((1.0 + root) / (1.0 - root))


class _BsdfFactory:
    """Makes Mitsuba's dictionaries for the materials of one craft."""

    def __init__(self, mi: Any, view: View, pose: CraftPose, use_custom_bsdf: bool) -> None:
        self.mi, self.use_custom_bsdf = mi, use_custom_bsdf
        self.scene_to_body = view.craft.transform_to_body(pose)
        self.eye = -view.craft.body_to_camera.T @ view.craft.position
        self.pixel_angle = view.camera.pixel_angle

    def bsdf(self, part: Part) -> dict[str, Any]:
        """Return the BSDF of a part."""
        surface = (
            self._custom_bsdf(part) if self.use_custom_bsdf else {"type": "twosided", "bsdf": self._principled(part)}
        )
        opacity = self._opacity(part)
        return surface if opacity is None else {"type": "mask", "opacity": opacity, "bsdf": surface}

    def _opacity(self, part: Part) -> dict[str, Any] | None:
        """Return the texture of the share of light that a part stops; None for an opaque one.

        Mitsuba cannot multiply textures: the opacity of vertices counts where the picture has none.
        """
        material, mi = part.material, self.mi
        if not material.blend and material.alpha_cutoff is None:
            return None
        texture = material.textures.get("base")
        if texture is not None and texture.shape[2] == 4:
            shares = (texture[..., 3:] / 255.0 * material.opacity).astype(np.float32)
            if material.alpha_cutoff is not None:
                shares = (shares >= material.alpha_cutoff).astype(np.float32)
            return _picture(mi, shares, smooth=material.alpha_cutoff is None, wrap=material.wrap)
        if part.opacity is not None:
            return {"type": "mesh_attribute", "name": "vertex_opacity"}
        opaque = 1.0 if material.alpha_cutoff is None else float(material.opacity >= material.alpha_cutoff)
        return {"type": "uniform", "value": material.opacity if material.blend else opaque}

    def _custom_bsdf(self, part: Part) -> dict[str, Any]:
        material, mi = part.material, self.mi
        surface: dict[str, Any] = {
            "type": register(mi.variant()),
            "base_color": list(material.base_color),
            "metallic": material.metallic,
            "roughness": material.roughness,
            "crumple": material.crumple,
            "crumple_scale": material.crumple_scale_m,
            "normal_scale": material.normal_scale,
            "pixel_angle": self.pixel_angle,
            "eye": self.eye.tolist(),
            "scene_to_body": mi.ScalarTransform4f(self.scene_to_body.tolist()),
            "f0_reflectance": material.f0_reflectance.tolist(),
            "specular": material.specular,
            "clearcoat": material.clearcoat,
            "clearcoat_roughness": material.clearcoat_roughness,
            "anisotropy": material.anisotropy,
        }
        if material.law:
            surface["law"] = _law_numbers(LAWS[material.law])
        if material.anisotropy:
            surface["grain"] = {"type": "mesh_attribute", "name": "vertex_grain"}
        for name, values in _linear_textures(material).items():
            slot = "specular" if name == "specular_weight" else name
            is_second = slot in material.second_uv and part.uv2 is not None
            surface[name] = _picture(mi, values, wrap=material.second_wrap if is_second else material.wrap)
        if part.uv2 is not None:
            surface["second_uv"] = ",".join(material.second_uv)
            surface["uv2"] = {"type": "mesh_attribute", "name": "vertex_uv2"}
        if part.tint is not None:
            surface["tint"] = {"type": "mesh_attribute", "name": "vertex_tint"}
        return surface

    def _principled(self, part: Part) -> dict[str, Any]:
        material, mi = part.material, self.mi
        base = np.array(material.base_color)
        surface: dict[str, Any] = {
            "type": "principled",
            "base_color": {"type": "rgb", "value": base.tolist()},
            "metallic": material.metallic,
            "roughness": max(material.roughness, 0.05),
            "eta": refractive_index_from_f0(float(np.minimum(material.f0_reflectance, 1.0).mean()) * material.specular),
        }
        if "base" in material.textures:
            surface["base_color"] = _picture(mi, (_srgb_to_linear(material.textures["base"]) * base).astype(np.float32))
        elif part.tint is not None:
            surface["base_color"] = {"type": "mesh_attribute", "name": "vertex_tint"}
        if "rough" in material.textures:
            rough = material.textures["rough"] / 255.0
            surface["roughness"] = _picture(mi, (rough[..., 1:2] * material.roughness).astype(np.float32))
            surface["metallic"] = _picture(mi, (rough[..., 2:3] * material.metallic).astype(np.float32))
        return surface


def _law_numbers(law: LunarLambertLaw) -> str:
    """Return the numbers of a law as text: properties of a BSDF hold no lists."""
    return " ".join(map(repr, (*law.lommel_seeliger_poly, *law.lambert_poly, law.surge_height, law.surge_width)))
