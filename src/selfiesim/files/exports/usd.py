"""A scene at an instant as USD, with the content of the GLB file: posed craft, camera and Sun.

Axes and units are those of :mod:`selfiesim.files.scene_glb`: metres, the camera at the origin, x right, y up, looking
along -z. Materials are UsdPreviewSurface, the Sun is a DistantLight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_srgb_from_bands
from selfiesim.core.files import atomic_write
from selfiesim.core.temporary import temporary_folder
from selfiesim.craft.colours import COLOUR_SLOTS, Converted, material_in_srgb
from selfiesim.files.exports.foil import FoilMaps
from selfiesim.files.extras import import_extra
from selfiesim.files.scene_glb import GLTF_FROM_CAMERA, light_rotation, sun_lux

if TYPE_CHECKING:
    from selfiesim.craft.model import Material, Part
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

ENDINGS = (".usda", ".usdc", ".usdz")
_FOCAL_MM = 50.0  # any: apertures are relative to it
_WRAPS = {"repeat": "repeat", "clamp": "clamp", "mirror": "mirror"}
_LUMEN_NM_PER_WATT = 683.0 * 106.857


def write_usd(view: View, path: Path) -> None:
    """Write a view as USD; textures go into the file (``.usdz``), or into a folder next to it.

    Parameters
    ----------
    view : View
        The view.
    path : Path
        A file that ends in one of :data:`ENDINGS`.

    Raises
    ------
    OutputError
        When the package is missing, or the file cannot be written.
    """
    import_extra("pxr")
    from pxr import Sdf, UsdUtils

    textures = f"{path.stem}-textures"
    with temporary_folder() as folder:
        written = _Writer(folder, textures).write(
            view, folder / (f"{path.stem}.usdc" if path.suffix == ".usdz" else path.name)
        )
        if path.suffix.lower() == ".usdz":
            package = folder / "package.usdz"
            UsdUtils.CreateNewUsdzPackage(Sdf.AssetPath(str(written)), str(package))
            written = package
        else:
            for picture in sorted((folder / textures).glob("*.png")):
                with atomic_write(path.parent / textures / picture.name) as temporary:
                    temporary.write_bytes(picture.read_bytes())
        with atomic_write(path) as temporary:
            temporary.write_bytes(written.read_bytes())


@dataclass
class _Writer:
    folder: Path
    texture_folder: str
    _materials: dict[int, Any] = field(default_factory=dict)
    _pictures: dict[tuple[int, str], tuple[NDArray[np.uint8], str]] = field(default_factory=dict)
    _converted: Converted = field(default_factory=dict)
    _foil: FoilMaps = field(default_factory=FoilMaps)
    _names: set[str] = field(default_factory=set)

    def write(self, view: View, path: Path) -> Path:
        from pxr import Usd, UsdGeom

        self.stage = Usd.Stage.CreateNew(str(path))
        UsdGeom.SetStageUpAxis(self.stage, UsdGeom.Tokens.y)
        UsdGeom.SetStageMetersPerUnit(self.stage, 1.0)
        root = UsdGeom.Xform.Define(self.stage, "/shot")
        self.stage.SetDefaultPrim(root.GetPrim())
        root.GetPrim().SetCustomDataByKey("title", view.shot.title)
        root.GetPrim().SetCustomDataByKey("epoch", str(view.epoch))
        for pose in view.crafts:
            self._craft(pose)
        self._camera(view)
        self._sun(view)
        self.stage.GetRootLayer().Save()
        return path

    def _path(self, parent: str, name: str) -> str:
        """Return a path that no other prim has."""
        from pxr import Tf

        base = f"{parent}/{Tf.MakeValidIdentifier(name)}"
        path, number = base, 1
        while path in self._names:
            number += 1
            path = f"{base}_{number}"
        self._names.add(path)
        return path

    def _craft(self, pose: CraftPose) -> None:
        place = np.eye(4)
        place[:3, :3] = GLTF_FROM_CAMERA @ pose.body_to_camera
        place[:3, 3] = GLTF_FROM_CAMERA @ pose.position
        top = self._xform("/shot", pose.name or pose.craft.name, place)
        nodes: dict[str | None, str] = {}
        for part in pose.parts:
            if part.joint not in nodes:
                nodes[part.joint] = self._xform(top, part.joint or "body", pose.joint_matrix(part.joint))
            self._part(nodes[part.joint], self._foil.apply(part))

    def _xform(self, parent: str, name: str, matrix: NDArray[np.float64]) -> str:
        from pxr import Gf, UsdGeom

        path = self._path(parent, name)
        node = UsdGeom.Xform.Define(self.stage, path)
        node.AddTransformOp().Set(Gf.Matrix4d(matrix.T.tolist()))  # USD's vectors are rows
        return path

    def _part(self, parent: str, part: Part) -> None:
        from pxr import Sdf, UsdGeom, UsdShade, Vt

        mesh = UsdGeom.Mesh.Define(self.stage, self._path(parent, part.name))
        mesh.CreatePointsAttr(_vectors(part.vertices))
        mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(part.faces), 3, np.int32)))
        mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(np.ascontiguousarray(part.faces, np.int32).ravel()))
        mesh.CreateNormalsAttr(_vectors(part.normals))
        mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
        mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
        mesh.CreateDoubleSidedAttr(True)
        low, high = part.vertices.min(axis=0), part.vertices.max(axis=0)
        mesh.CreateExtentAttr(_vectors(np.array([low, high])))
        primvars = UsdGeom.PrimvarsAPI(mesh)
        for name, uv in (("st", part.uv), ("st1", part.uv2)):
            if uv is not None:
                coordinates = primvars.CreatePrimvar(name, Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.vertex)
                coordinates.Set(Vt.Vec2fArray.FromNumpy(np.ascontiguousarray(uv, np.float32)))
        if part.tint is not None:
            tint = np.clip(linear_srgb_from_bands(np.asarray(part.tint, np.float32)), 0.0, 1.0)
            colours = mesh.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex)
            colours.Set(_vectors(tint * np.array(material_in_srgb(part.material, self._converted).base_color)))
        UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(self._material(part.material, part.tint is not None))

    # Long: one input of the shader after the other.
    def _material(self, material: Material, is_tinted: bool) -> Any:
        from pxr import Gf, Sdf, UsdShade

        key = 2 * id(material) + is_tinted
        if key in self._materials:
            return self._materials[key][1]
        shown = material_in_srgb(material, self._converted)
        path = self._path("/shot/materials", shown.name)
        out = UsdShade.Material.Define(self.stage, path)
        shader = UsdShade.Shader.Define(self.stage, f"{path}/surface")
        shader.CreateIdAttr("UsdPreviewSurface")
        out.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")
        types = Sdf.ValueTypeNames

        def put(name: str, kind: Any, value: Any) -> None:
            shader.CreateInput(name, kind).Set(value)

        def connect(name: str, kind: Any, slot: str, output: str, scale: Any, bias: Any = (0.0, 0.0, 0.0, 0.0)) -> None:
            texture = self._texture(path, shown, slot, name, Gf.Vec4f(*scale), Gf.Vec4f(*bias))
            texture.CreateOutput(output, types.Float3 if output == "rgb" else types.Float)
            shader.CreateInput(name, kind).ConnectToSource(texture.ConnectableAPI(), output)

        base = [float(value) for value in shown.base_color]
        if "base" in shown.textures:
            connect("diffuseColor", types.Color3f, "base", "rgb", (*base, float(shown.opacity)))
            if shown.blend or shown.alpha_cutoff is not None:
                connect("opacity", types.Float, "base", "a", (1.0, 1.0, 1.0, float(shown.opacity)))
        elif is_tinted:
            reader = UsdShade.Shader.Define(self.stage, f"{path}/tint")
            reader.CreateIdAttr("UsdPrimvarReader_float3")
            reader.CreateInput("varname", types.String).Set("displayColor")
            reader.CreateOutput("result", types.Float3)
            shader.CreateInput("diffuseColor", types.Color3f).ConnectToSource(reader.ConnectableAPI(), "result")
        else:
            put("diffuseColor", types.Color3f, Gf.Vec3f(*base))
        if "base" not in shown.textures and shown.blend:
            put("opacity", types.Float, float(shown.opacity))
        if shown.alpha_cutoff is not None:
            put("opacityThreshold", types.Float, float(shown.alpha_cutoff))
        for name, value, channel in (("roughness", shown.roughness, "g"), ("metallic", shown.metallic, "b")):
            if "rough" in shown.textures:
                connect(name, types.Float, "rough", channel, (float(value),) * 4)
            else:
                put(name, types.Float, float(value))
        if "normal" in shown.textures:
            strength = float(shown.normal_scale)
            connect(
                "normal",
                types.Normal3f,
                "normal",
                "rgb",
                (2.0 * strength, 2.0 * strength, 2.0, 1.0),
                (-strength, -strength, -1.0, 0.0),
            )
        if "occlusion" in shown.textures:
            connect("occlusion", types.Float, "occlusion", "r", (1.0, 1.0, 1.0, 1.0))
        if max(shown.glow) > 0.0:
            # As the GLB: radiance over that of 1 in all bands.
            put("emissiveColor", types.Color3f, Gf.Vec3f(*(float(value) / _LUMEN_NM_PER_WATT for value in shown.glow)))
        put("clearcoat", types.Float, float(shown.clearcoat))
        put("clearcoatRoughness", types.Float, float(shown.clearcoat_roughness))
        put("ior", types.Float, float(shown.ior))
        self._materials[key] = material, out  # which keeps its id from being given to another
        return out

    def _texture(self, path: str, material: Material, slot: str, use: str, scale: Any, bias: Any) -> Any:
        from pxr import Sdf, UsdShade

        types = Sdf.ValueTypeNames
        is_second = slot in material.second_uv
        reader = UsdShade.Shader.Define(self.stage, f"{path}/uv{1 if is_second else 0}")
        reader.CreateIdAttr("UsdPrimvarReader_float2")
        reader.CreateInput("varname", types.String).Set("st1" if is_second else "st")
        reader.CreateOutput("result", types.Float2)
        texture = UsdShade.Shader.Define(self.stage, f"{path}/{use}_texture")
        texture.CreateIdAttr("UsdUVTexture")
        texture.CreateInput("file", types.Asset).Set(Sdf.AssetPath(self._picture(material, slot)))
        texture.CreateInput("st", types.Float2).ConnectToSource(reader.ConnectableAPI(), "result")
        texture.CreateInput("sourceColorSpace", types.Token).Set("sRGB" if slot in COLOUR_SLOTS else "raw")
        for name, mode in zip(("wrapS", "wrapT"), material.second_wrap if is_second else material.wrap, strict=True):
            texture.CreateInput(name, types.Token).Set(_WRAPS[mode])
        texture.CreateInput("scale", types.Float4).Set(scale)
        texture.CreateInput("bias", types.Float4).Set(bias)
        return texture

    def _picture(self, material: Material, slot: str) -> str:
        """Write a texture once and return its path relative to the stage."""
        from PIL import Image

        pixels = material.textures[slot]
        if (id(pixels), slot) not in self._pictures:
            name = f"{self.texture_folder}/{len(self._pictures):02d}-{slot}.png"
            (self.folder / self.texture_folder).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(self.folder / name)
            self._pictures[id(pixels), slot] = pixels, f"./{name}"
        return self._pictures[id(pixels), slot][1]

    def _camera(self, view: View) -> None:
        from pxr import Gf, UsdGeom

        lens = view.camera
        camera = UsdGeom.Camera.Define(self.stage, "/shot/camera")
        camera.CreateFocalLengthAttr(_FOCAL_MM)
        camera.CreateHorizontalApertureAttr(_FOCAL_MM * lens.width / lens.fx)
        camera.CreateVerticalApertureAttr(_FOCAL_MM * lens.height / lens.fy)
        camera.CreateHorizontalApertureOffsetAttr(_FOCAL_MM * ((lens.width - 1) / 2 - lens.cx) / lens.fx)
        camera.CreateVerticalApertureOffsetAttr(_FOCAL_MM * (lens.cy - (lens.height - 1) / 2) / lens.fy)
        camera.CreateClippingRangeAttr(Gf.Vec2f(0.01, 1e6))

    def _sun(self, view: View) -> None:
        from pxr import Gf, UsdGeom, UsdLux

        sun = UsdLux.DistantLight.Define(self.stage, "/shot/sun")
        lux = sun_lux(view)
        sun.CreateIntensityAttr(lux)
        sun.CreateNormalizeAttr(True)
        # A white wall that faces the Sun is then 1.
        sun.CreateExposureAttr(float(np.log2(np.pi / lux)) if lux > 0.0 else 0.0)
        sun.CreateAngleAttr(float(np.degrees(2.0 * view.sun.angular_radius)))
        x, y, z, w = light_rotation(-GLTF_FROM_CAMERA @ view.sun.direction)
        UsdGeom.Xformable(sun).AddOrientOp().Set(Gf.Quatf(w, x, y, z))


def _vectors(values: NDArray[Any]) -> Any:
    from pxr import Vt

    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(values, np.float32))
