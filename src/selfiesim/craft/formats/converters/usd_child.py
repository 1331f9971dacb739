"""Child process that reads USD, USDA, USDC and USDZ with OpenUSD."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from selfiesim.craft.formats.converters.glb_scene import GlbScene, RefusedError, run_child
from selfiesim.craft.formats.referenced_files import name_beside
from selfiesim.craft.mesh.polygons import merge_corners, triangulate

_MAX_PRIMS = 100_000
_MAX_PACKAGE_BYTES = 512 * 1024 * 1024
_LAYER_ENDINGS, _PICTURE_ENDINGS = ("usd", "usda", "usdc"), ("png", "jpg", "jpeg")


def _convert(source: str, target: str) -> None:
    from pxr import Sdf, Usd, UsdGeom

    out = GlbScene()
    if source.endswith(".usdz"):
        source = _unpack(source, out)
    layer = Sdf.Layer.FindOrOpen(source)
    if layer is None:
        raise RefusedError("OpenUSD does not open it")
    others = sorted(set(layer.GetCompositionAssetDependencies()))
    if others:
        raise RefusedError(f"it is composed of other files ({others[0][:60]}); flatten it (usdcat --flatten)")
    stage = Usd.Stage.Open(layer)
    out.extras["metres_per_unit"] = float(UsdGeom.GetStageMetersPerUnit(stage))
    out.extras["up"] = str(UsdGeom.GetStageUpAxis(stage)).lower()
    materials: dict[str, int] = {}
    cache = UsdGeom.XformCache(Usd.TimeCode.EarliestTime())
    roots = []
    for number, prim in enumerate(Usd.PrimRange(stage.GetPseudoRoot(), Usd.TraverseInstanceProxies())):
        if number > _MAX_PRIMS:
            raise RefusedError(f"it has over {_MAX_PRIMS:,} prims")
        if UsdGeom.Imageable(prim) and prim.IsA(UsdGeom.Imageable) and _is_hidden(prim):
            continue
        if not prim.IsA(UsdGeom.Mesh):
            if prim.IsA(UsdGeom.Gprim):
                out.extras["ignored"].append([prim.GetTypeName(), "only meshes are drawn"])
            continue
        primitives = _mesh(UsdGeom.Mesh(prim), materials, out)
        if primitives:
            # USD transforms row vectors.
            matrix = np.array(cache.GetLocalToWorldTransform(prim), float).T
            roots.append(out.node(prim.GetName(), matrix, primitives))
    if not roots:
        raise RefusedError("it has no meshes")
    out.save(target, roots)


def _unpack(source: str, out: GlbScene) -> str:
    """Write the first layer of a package beside it, and keep its pictures."""
    left = _MAX_PACKAGE_BYTES
    inner = ""
    with zipfile.ZipFile(source) as package:
        for entry in package.infolist():
            ending = entry.filename.rpartition(".")[2].lower()
            if ending not in (*_LAYER_ENDINGS, *_PICTURE_ENDINGS) or (inner and ending in _LAYER_ENDINGS):
                continue
            left -= entry.file_size
            if left < 0:
                raise RefusedError(f"its package holds over {_MAX_PACKAGE_BYTES >> 20} MB")
            content = package.read(entry)
            if ending in _PICTURE_ENDINGS:
                out.pictures[entry.filename.rpartition("/")[2]] = content
            else:
                inner = f"layer.{ending}"
                Path(inner).write_bytes(content)
    if not inner:
        raise RefusedError("its package has no layer")
    return inner


def _is_hidden(prim: Any) -> bool:
    from pxr import UsdGeom

    imageable = UsdGeom.Imageable(prim)
    return imageable.ComputeVisibility() == UsdGeom.Tokens.invisible or imageable.ComputePurpose() in (
        UsdGeom.Tokens.guide,
        UsdGeom.Tokens.proxy,
    )


# Long: it lists what a mesh has.
def _mesh(mesh: Any, materials: dict[str, int], out: GlbScene) -> list[dict[str, Any]]:
    from pxr import Usd, UsdGeom, UsdShade

    time = Usd.TimeCode.EarliestTime()
    points = np.array(mesh.GetPointsAttr().Get(time) or [], float).reshape(-1, 3)
    sizes = np.array(mesh.GetFaceVertexCountsAttr().Get(time) or [], np.int64)
    corners = np.array(mesh.GetFaceVertexIndicesAttr().Get(time) or [], np.int64)
    if not len(sizes) or sizes.sum() != len(corners):
        return []
    scheme = mesh.GetSubdivisionSchemeAttr()
    if scheme.HasAuthoredValue() and scheme.Get() != UsdGeom.Tokens.none:
        out.extras["ignored"].append(["subdivisionScheme", "the surface keeps its facets"])
    holes = set(mesh.GetHoleIndicesAttr().Get(time) or [])
    triangles, polygon = triangulate(points, corners, sizes)
    uv = _primvar(mesh, ("st", "UVMap", "st0", "map1"), corners, sizes)
    colours = _primvar(mesh, ("displayColor",), corners, sizes)
    normals = mesh.GetNormalsAttr().Get(time)
    corner_normals = None
    if normals and mesh.GetNormalsInterpolation() == UsdGeom.Tokens.faceVarying and len(normals) == len(corners):
        corner_normals = np.arange(len(corners))
    elif normals and len(normals) == len(points):
        corner_normals = corners
    first, vertex = merge_corners(
        [corners, None if uv is None else uv[1], corner_normals, None if colours is None else colours[1]]
    )
    keep = np.array([face not in holes for face in polygon], bool) if holes else np.ones(len(polygon), bool)
    found = []
    for name, faces in _subsets(mesh, len(sizes)):
        chosen = keep & faces[polygon]
        if not chosen.any():
            continue
        bound = UsdShade.MaterialBindingAPI(name or mesh.GetPrim()).ComputeBoundMaterial()[0]
        found.append(
            out.primitive(
                points[corners[first]],
                vertex[triangles[chosen]],
                _material(bound, materials, out, colours is not None) if bound or colours is not None else None,
                None if corner_normals is None else np.array(normals, float)[corner_normals[first]],
                None if uv is None else uv[0][uv[1][first]],
                None
                if colours is None
                else np.column_stack([colours[0][colours[1][first]][:, :3], np.ones(len(first))]),
            )
        )
    return found


def _subsets(mesh: Any, count: int) -> list[tuple[Any, np.ndarray[Any, np.dtype[np.bool_]]]]:
    """The parts of a mesh with a material of their own, as masks of its faces, and the rest."""
    from pxr import UsdShade

    rest = np.ones(count, bool)
    found = []
    for subset in UsdShade.MaterialBindingAPI(mesh).GetMaterialBindSubsets():
        mask = np.zeros(count, bool)
        numbers = np.array(subset.GetIndicesAttr().Get() or [], np.int64)
        mask[numbers[(numbers >= 0) & (numbers < count)]] = True
        rest &= ~mask
        found.append((subset.GetPrim(), mask))
    return [*found, (None, rest)]


def _primvar(mesh: Any, names: tuple[str, ...], corners: Any, sizes: Any) -> tuple[Any, Any] | None:
    """Values of a primvar, and the index into them of each corner."""
    from pxr import UsdGeom

    for name in names:
        primvar = UsdGeom.PrimvarsAPI(mesh).GetPrimvar(name)
        if not primvar or not primvar.HasValue():
            continue
        values = np.array(primvar.ComputeFlattened(), float)
        if values.ndim != 2:
            continue
        kind = primvar.GetInterpolation()
        index = {
            UsdGeom.Tokens.faceVarying: np.arange(len(corners)),
            UsdGeom.Tokens.vertex: corners,
            UsdGeom.Tokens.varying: corners,
            UsdGeom.Tokens.uniform: np.repeat(np.arange(len(sizes)), sizes),
            UsdGeom.Tokens.constant: np.zeros(len(corners), np.int64),
        }.get(kind)
        if index is not None and len(index) and index.max() < len(values):
            return values, index
    return None


def _material(bound: Any, materials: dict[str, int], out: GlbScene, coloured: bool) -> int:
    """Index of the glTF material of a USD Preview Surface."""
    name = bound.GetPrim().GetName() if bound else "default"
    key = f"{bound.GetPath() if bound else ''} {coloured}"
    if key in materials:
        return materials[key]
    pbr: dict[str, Any] = {"baseColorFactor": [1.0, 1.0, 1.0, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.5}
    look: dict[str, Any] = {"name": name, "pbrMetallicRoughness": pbr}
    shader = bound.ComputeSurfaceSource()[0] if bound else None
    if shader and shader.GetIdAttr().Get() == "UsdPreviewSurface":
        _preview_surface(shader, look, pbr, out, coloured)
    elif shader:
        out.extras["ignored"].append([str(shader.GetIdAttr().Get()), "only UsdPreviewSurface is read; it is grey"])
        pbr["baseColorFactor"] = [0.5, 0.5, 0.5, 1.0]
    materials[key] = len(out.materials)
    out.materials.append(look)
    return materials[key]


def _preview_surface(shader: Any, look: dict[str, Any], pbr: dict[str, Any], out: GlbScene, coloured: bool) -> None:
    inputs = {each.GetBaseName(): each for each in shader.GetInputs()}

    def value(key: str, default: Any) -> Any:
        given = inputs[key].Get() if key in inputs else None
        return default if given is None else given

    def picture(key: str) -> str | None:
        source = inputs[key].GetConnectedSources()[0] if key in inputs else None
        if not source:
            return None
        file = source[0].source.GetPrim().GetAttribute("inputs:file")
        asset = file.Get() if file else None
        return name_beside(str(asset.path)) if asset else None

    colour = [float(v) for v in value("diffuseColor", (0.18, 0.18, 0.18))]
    opacity = float(value("opacity", 1.0))
    name = picture("diffuseColor")
    if name:
        pbr["baseColorTexture"] = out.texture(name)
    pbr["baseColorFactor"] = [*([1.0] * 3 if name or coloured else colour), opacity]
    pbr["metallicFactor"], pbr["roughnessFactor"] = float(value("metallic", 0.0)), float(value("roughness", 0.5))
    threshold = float(value("opacityThreshold", 0.0))
    if threshold > 0.0:
        look |= {"alphaMode": "MASK", "alphaCutoff": threshold}
    elif opacity < 1.0 or picture("opacity"):
        look["alphaMode"] = "BLEND"
    if picture("normal"):
        look["normalTexture"] = out.texture(str(picture("normal")))
    look["emissiveFactor"] = [min(max(float(v), 0.0), 1.0) for v in value("emissiveColor", (0.0, 0.0, 0.0))]
    for key in ("metallic", "roughness", "emissiveColor", "occlusion", "displacement"):
        if picture(key):
            out.extras["ignored"].append([f"the picture of {key}", "its value is even over the surface"])
    extensions: dict[str, Any] = {"KHR_materials_ior": {"ior": float(value("ior", 1.5))}}
    if float(value("clearcoat", 0.0)) > 0.0:
        extensions["KHR_materials_clearcoat"] = {
            "clearcoatFactor": float(value("clearcoat", 0.0)),
            "clearcoatRoughnessFactor": float(value("clearcoatRoughness", 0.01)),
        }
    look["extensions"] = extensions


if __name__ == "__main__":
    run_child(_convert)
