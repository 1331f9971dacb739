"""glTF's textures on a matt sheet, each against the glTF 2.0 specification."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from PIL import Image
from small_scenes import RELEASED_S, SPEED_M_S, at_pixel, box, stage, to_pixels
from test_render_surface import LOW_KM, OVER_NOON, lit_disc
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from selfiesim.core.errors import ModelError
from selfiesim.craft.load import load_craft
from selfiesim.craft.model import Material

GREY = (0.5, 0.5, 0.5)
EYE = (0.5, 0.3, 3.0)


def sheet():
    """Return a square metre facing +z with texture coordinates from corner to corner: u along x, v along y."""
    corners = np.array([[-0.5, -0.5, 0.0], [0.5, -0.5, 0.0], [0.5, 0.5, 0.0], [-0.5, 0.5, 0.0]])
    return trimesh.Trimesh(corners, [[0, 1, 2], [0, 2, 3]], process=False), corners[:, :2] + 0.5


def flat(*colour, size=8):
    return Image.fromarray(np.full((size, size, len(colour)), colour, np.uint8))


def halves(left, right, size=64):
    """Return an image of two colours, left and right."""
    pixels = np.empty((size, size, len(left)), np.uint8)
    pixels[:, : size // 2], pixels[:, size // 2 :] = left, right
    return Image.fromarray(pixels)


def write_sheet(folder, solids=(), eye=EYE, **material):
    """Write a GLB of the sheet with a glTF material, and of plain solids; the mount puts the camera at ``eye``."""
    mesh, uv = sheet()
    settings = {"baseColorFactor": [128] * 3 + [255], "metallicFactor": 0.0, "roughnessFactor": 1.0} | material
    mesh.visual = TextureVisuals(uv=uv, material=PBRMaterial(name="sheet", **settings))
    scene = trimesh.Scene()
    scene.add_geometry(mesh, node_name="sheet")
    for k, solid in enumerate(solids):
        solid.visual = TextureVisuals(material=PBRMaterial(name="plain", metallicFactor=0.0, roughnessFactor=1.0))
        scene.add_geometry(solid, node_name=f"solid{k}")
    return write_model(folder, scene, eye)


def write_model(folder, scene, eye=EYE):
    folder.mkdir(parents=True, exist_ok=True)
    scene.export(folder / "model.glb")
    axis = np.array(eye) / np.linalg.norm(eye)
    mount = (np.array(eye) - axis * SPEED_M_S * RELEASED_S).tolist()
    (folder / "model.toml").write_text(f"[mounts.camera]\nposition_m = {mount}\naxis = {axis.tolist()}\n")
    return "model.glb"


def render(folder, model, **changes):
    view = stage(folder, model, size=(240, 135), **changes).view()
    return view, view.render()


def radiance_at(view, radiance, point):
    return at_pixel(radiance.rgb, to_pixels(view, point))


def test_a_base_colour_texture_multiplies_the_base_colour(tmp_path):
    # 188 of 255 is 0.503 of linear light (IEC 61966-2-1).
    model = write_sheet(tmp_path, baseColorTexture=halves((188, 188, 188), (255, 255, 255)), baseColorFactor=[255] * 4)
    view, radiance = render(tmp_path, model)
    left, right = (at_pixel(radiance.truth.albedo, to_pixels(view, (x, 0.1, 0.0))) for x in (-0.3, 0.3))
    assert left == pytest.approx([0.5029] * 3, abs=2e-3)
    assert right == pytest.approx([1.0] * 3, abs=1e-3)


TILTS = [((128, 128, 255), (0, 0, 1)), ((204, 128, 230), (0.6, 0, 0.8)), ((51, 128, 230), (-0.6, 0, 0.8))]
TILTS += [((128, 204, 230), (0, 0.6, 0.8)), ((128, 51, 230), (0, -0.6, 0.8))]


@pytest.mark.parametrize(("code", "tilt"), TILTS)
def test_a_normal_map_bends_the_normal_along_the_texture(tmp_path, code, tilt):
    # glTF: red along +u, green along +v, blue outward. The Sun is oblique so that each tilt changes the brightness.
    sun = np.array([0.5, 0.3, 0.81]) / np.linalg.norm([0.5, 0.3, 0.81])
    lean = {"attitude__primary": {"axis": sun.tolist(), "toward": "sun"}}
    plain, bent = (
        render(tmp_path / name, write_sheet(tmp_path / name, **material), **lean)
        for name, material in (("plain", {}), ("bent", {"normalTexture": flat(*code)}))
    )
    normal = np.array(tilt, float)
    ratio = radiance_at(*bent, (0.1, 0.1, 0.0)) / radiance_at(*plain, (0.1, 0.1, 0.0))
    # The specular coat, a few percent, follows another law.
    assert ratio == pytest.approx([normal @ sun / sun[2]] * 3, rel=0.01)


def test_emission_in_the_shade_has_its_luminance(tmp_path):
    # 683 lm/W at the peak of V(lambda), whose area is 106.857 nm (CIE 1924): 1e4 cd/m2 in equal radiance of all bands.
    mesh, uv = sheet()
    mesh.visual = TextureVisuals(
        uv=uv,
        material=PBRMaterial(emissiveFactor=[1.0, 1.0, 1.0], emissiveTexture=halves((0, 0, 0), (255, 255, 255)),
                             baseColorFactor=[0, 0, 0, 255], metallicFactor=0.0, roughnessFactor=1.0),
    )  # fmt: skip
    scene = trimesh.Scene()
    scene.add_geometry(mesh, node_name="sheet")
    model = write_model(tmp_path, scene, (0.5, 0.3, -3.0))
    view, radiance = render(tmp_path, model)
    dark, bright = (radiance_at(view, radiance, (x, 0.1, 0.0)) for x in (-0.3, 0.3))
    assert bright - dark == pytest.approx([1.0 / (683.0 * 106.857)] * 3, rel=0.01)


def test_an_occlusion_texture_dims_the_planets_light_but_not_the_suns(tmp_path):
    eye = (0.5, 0.3, -3.0)
    for strength, share in ((1.0, 0.2), (0.5, 0.6)):
        folder = tmp_path / str(strength)
        model = write_sheet(folder, eye=eye, occlusionTexture=halves((51, 51, 51), (255, 255, 255)))
        _with_strength(folder / model, strength)
        view, radiance = render(folder, model, distance_km=LOW_KM, **OVER_NOON)
        assert np.all(lit_disc(view, (0.0, 0.0, -1.0)) > 0.0)
        left, right = (radiance_at(view, radiance, (x, 0.1, 0.0)) for x in (-0.3, 0.3))
        assert left / right == pytest.approx([share] * 3, rel=0.03)
    model = write_sheet(tmp_path / "sun", occlusionTexture=halves((51, 51, 51), (255, 255, 255)))
    view, radiance = render(tmp_path / "sun", model)
    left, right = (radiance_at(view, radiance, (x, 0.1, 0.0)) for x in (-0.3, 0.3))
    assert left == pytest.approx(right, rel=0.03)


def _with_strength(path, strength):
    """Insert the strength into the GLB's JSON; trimesh does not write it."""
    content = path.read_bytes()
    changed = content.replace(
        b'"occlusionTexture":{"index":', b'"occlusionTexture":{"strength":%.1f,"index":' % strength
    )
    assert changed != content
    added = len(changed) - len(content)
    length = int.from_bytes(content[12:16], "little") + added
    pad = -length % 4
    end = 20 + length
    changed = changed[:end] + b" " * pad + changed[end:]
    head = changed[:8] + len(changed).to_bytes(4, "little") + (length + pad).to_bytes(4, "little")
    path.write_bytes(head + changed[16:])


def test_holes_of_an_alpha_mask_let_the_camera_and_the_sun_through(tmp_path):
    picture = halves((128, 128, 128, 0), (128, 128, 128, 255))
    floor = box((1.0, 1.0, 0.02), (0.0, 0.0, -1.0))
    material = {"baseColorTexture": picture, "alphaMode": "MASK", "alphaCutoff": 0.5}
    # Through the hole the floor is visible, in the shadow of the other half and next to it.
    view, radiance = render(tmp_path, write_sheet(tmp_path, [floor], eye=(-1.2, 0.2, 3.0), **material))
    truth = radiance.truth

    def part_at(point):
        return truth.part_names[int(at_pixel(truth.part, to_pixels(view, point)))]

    assert part_at((0.25, 0.1, 0.0)).startswith("sheet")
    assert not part_at((-0.25, 0.1, 0.0)).startswith("sheet")
    for x, sunlight in ((-0.1, 1.0), (0.12, 0.0)):
        assert part_at((x, -0.1, -0.99)).startswith("solid")
        assert at_pixel(truth.sun_visibility, to_pixels(view, (x, -0.1, -0.99))) == pytest.approx(sunlight)


def test_a_metallic_roughness_texture_equals_the_same_factors(tmp_path):
    # Green is roughness, blue metalness: 51 of 255 is 0.2, 255 is 1.
    by_texture = write_sheet(tmp_path / "a", metallicRoughnessTexture=flat(0, 51, 255), metallicFactor=1.0)
    by_factor = write_sheet(tmp_path / "b", metallicFactor=1.0, roughnessFactor=0.2)
    one, other = (render(tmp_path / name, model)[1].rgb for name, model in (("a", by_texture), ("b", by_factor)))
    assert one.max() > 0.0
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


def test_vertex_colours_tint_the_base_colour(tmp_path):
    mesh, _uv = sheet()
    red, blue = [255, 0, 0, 255], [0, 0, 255, 255]
    mesh.visual = trimesh.visual.ColorVisuals(mesh, vertex_colors=[red, red, blue, blue])
    scene = trimesh.Scene()
    scene.add_geometry(mesh, node_name="sheet")
    view, radiance = render(tmp_path, write_model(tmp_path, scene))
    part = load_craft(tmp_path / "model.glb").parts[0]
    assert part.tint is not None
    at = {y: at_pixel(radiance.truth.albedo, to_pixels(view, (0.0, y, 0.0))) for y in (-0.45, 0.45)}
    assert at[-0.45][0] > 5 * at[-0.45][2] > 0.0
    assert at[0.45][2] > 5 * at[0.45][0] > 0.0
    middle = at_pixel(radiance.truth.albedo, to_pixels(view, (0.0, 0.0, 0.0)))
    assert middle[0] == pytest.approx(middle[2], rel=0.1)


def test_the_cache_keeps_a_files_materials(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    from selfiesim.craft.load import clear_craft_cache

    base = halves((9, 9, 9, 99), (9, 9, 9, 199))  # the left half is cut out
    model = write_sheet(tmp_path, normalTexture=flat(128, 128, 255), baseColorTexture=base, alphaMode="MASK")
    clear_craft_cache()
    first = load_craft(tmp_path / model).parts[0].material
    clear_craft_cache()
    again = load_craft(tmp_path / model).parts[0].material
    assert again is not first
    assert sorted(again.textures) == ["base", "normal"]
    assert again.alpha_cutoff == first.alpha_cutoff == 0.5
    assert np.array_equal(again.textures["base"], first.textures["base"])
    assert again.textures["base"].shape[2] == 4


def test_a_texture_that_is_too_large_is_rejected(tmp_path):
    Image.new("L", (20_000, 4)).save(tmp_path / "wide.png")
    (tmp_path / "a.obj").write_text("mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl m\nf 1/1 2/1 3/1\n")
    (tmp_path / "a.mtl").write_text("newmtl m\nmap_Kd wide.png\n")
    with pytest.raises(ModelError, match=r"texture 'wide\.png' is 20000 x 4 pixels; the limit is 16,384"):
        load_craft(tmp_path / "a.obj")


def test_a_default_material_has_no_textures():
    assert Material().textures == {}
