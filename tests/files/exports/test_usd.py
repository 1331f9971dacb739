"""A scene as USD, read back by USD's own library: meshes where the camera sees them, valid materials."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.core.errors import OutputError
from selfiesim.files.exports.usd import write_usd
from selfiesim.files.scene_glb import sun_lux
from selfiesim.scene.scene import Scene

pxr = pytest.importorskip("pxr")
from pxr import Gf, Usd, UsdGeom, UsdLux, UsdShade  # noqa: E402


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=[640, 360]).view()


@pytest.fixture(scope="module", params=[".usda", ".usdz"])
def stage(request, view, tmp_path_factory):
    path = tmp_path_factory.mktemp("usd") / f"shot{request.param}"
    write_usd(view, path)
    return Usd.Stage.Open(str(path))


def prims(stage, kind):
    return [kind(prim) for prim in stage.Traverse() if prim.IsA(kind)]


def test_units_and_axes_are_stated(stage):
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert str(stage.GetDefaultPrim().GetPath()) == "/shot"


def test_usds_camera_sees_each_part_where_ours_does(stage, view):
    (camera,) = prims(stage, UsdGeom.Camera)
    frustum = camera.GetCamera(Usd.TimeCode.Default()).frustum
    matrix = np.array(frustum.ComputeViewMatrix() * frustum.ComputeProjectionMatrix())
    meshes = prims(stage, UsdGeom.Mesh)
    assert len(meshes) == len(view.craft.parts)
    width, height = view.camera.width, view.camera.height
    wanted = []
    for part in view.craft.parts:
        placed = view.craft.joint_matrix(part.joint)
        body = part.vertices.astype(float) @ placed[:3, :3].T + placed[:3, 3]
        wanted.append(view.camera.project(body @ view.craft.body_to_camera.T + view.craft.position))
    found = []
    for mesh in meshes:
        world = np.array(UsdGeom.Xformable(mesh).ComputeLocalToWorldTransform(Usd.TimeCode.Default()))
        points = np.array(mesh.GetPointsAttr().Get(), float)
        clip = np.column_stack([points, np.ones(len(points))]) @ world @ matrix
        ndc = clip[:, :2] / clip[:, 3:]
        found.append(np.stack([(ndc[:, 0] + 1.0) * 0.5 * width - 0.5, (1.0 - ndc[:, 1]) * 0.5 * height - 0.5], axis=1))
    for each in (np.nanmin, np.nanmax):
        ours = sorted(tuple(each(pixels, axis=0)) for pixels in wanted)
        theirs = sorted(tuple(each(pixels, axis=0)) for pixels in found)
        assert np.array(theirs) == pytest.approx(np.array(ours), abs=0.02)


def test_each_mesh_has_a_material_whose_textures_exist(stage):
    normal_maps = 0
    for mesh in prims(stage, UsdGeom.Mesh):
        material, _relationship = UsdShade.MaterialBindingAPI(mesh.GetPrim()).ComputeBoundMaterial()
        shader, _name, _kind = material.ComputeSurfaceSource()
        assert shader.GetIdAttr().Get() == "UsdPreviewSurface"
        for one in shader.GetInputs():
            if one.HasConnectedSource() and one.GetBaseName() == "normal":
                normal_maps += 1
    for shader in prims(stage, UsdShade.Shader):
        if shader.GetIdAttr().Get() == "UsdUVTexture":
            assert shader.GetInput("file").Get().resolvedPath, shader.GetPath()
    assert normal_maps > 3  # foil


def test_the_sun_shines_from_where_it_is(stage, view):
    (sun,) = prims(stage, UsdLux.DistantLight)
    world = UsdGeom.Xformable(sun).ComputeLocalToWorldTransform(Usd.TimeCode.Default())
    shines = world.TransformDir(Gf.Vec3d(0.0, 0.0, -1.0))
    assert np.array(shines) == pytest.approx(-view.sun.direction * (1.0, -1.0, -1.0), abs=1e-6)
    strength = sun.GetIntensityAttr().Get() * 2.0 ** sun.GetExposureAttr().Get()
    assert strength == pytest.approx(np.pi, rel=1e-5)
    assert sun.GetIntensityAttr().Get() == pytest.approx(sun_lux(view), rel=1e-6)
    assert sun.GetAngleAttr().Get() == pytest.approx(np.degrees(2.0 * view.sun.angular_radius), rel=1e-6)


def test_a_package_holds_its_textures(view, tmp_path):
    write_usd(view, tmp_path / "a.usdz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.usdz"]


def test_a_folder_that_cannot_be_written_to_is_named(view, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="file"):
        write_usd(view, tmp_path / "file" / "a.usda")
