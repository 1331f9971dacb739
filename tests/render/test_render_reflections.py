"""Reflections on gloss in final renders: other parts, the planet, and sunlight reflected onto parts."""

import numpy as np
import pytest
import trimesh
from figures import largest_percent
from small_scenes import airless, at_pixel, box, stage, to_camera, to_pixels
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from selfiesim.core.colour import bands_from_linear_srgb
from selfiesim.planet.maps.surface import surface_maps
from selfiesim.render.light.brdf_sampling import GgxSampler, ggx_brdf, isotropic_gloss
from selfiesim.render.light.planet_radiance import planet_radiance
from selfiesim.render.light.radiosity import is_available

pytestmark = pytest.mark.skipif(not is_available(), reason="Embree has no wheel for this machine")

WHITE = {"base_color": [0.8, 0.8, 0.8], "roughness": 1.0, "metallic": 0.0}
MIRROR = {"base_color": [0.9, 0.7, 0.5], "roughness": 0.06, "metallic": 1.0}


def write(folder, solids, materials, camera):
    """Write a craft of named solids with materials, and a mount that puts the camera at ``camera``, body axes."""
    scene = trimesh.Scene()
    for name, solid in solids.items():
        mesh = solid.copy()
        mesh.visual = TextureVisuals(material=PBRMaterial(name=name, baseColorFactor=[255] * 4))
        scene.add_geometry(mesh, node_name=name)
    scene.export(folder / "craft.glb")
    camera = np.array(camera, float)
    axis = camera / np.linalg.norm(camera)
    text = f"[mounts.camera]\nposition_m = {(camera - 2.0 * axis).tolist()}\naxis = {axis.tolist()}\n"
    for name, material in materials.items():
        text += f"[materials.{name}]\n" + "".join(f"{key} = {value}\n" for key, value in material.items())
    (folder / "craft.toml").write_text(text)
    return "craft.glb"


def reflection_point(eye, point):
    """Return the point of a mirror in the plane z = 0 where ``eye`` sees the reflection of ``point``."""
    eye, image = np.array(eye, float), np.array(point, float) * (1.0, 1.0, -1.0)
    return eye + (image - eye) * eye[2] / (eye[2] - image[2])


def test_a_metal_floor_reflects_a_white_wall_in_the_metals_colour(figure, tmp_path):
    """Geometrical optics: the image has the wall's radiance times the metal's reflectance (Schlick) at that angle."""
    solids = {"floor": box((3.0, 3.0, 0.02), (0.0, 0.0, -0.01)), "wall": box((0.02, 2.0, 1.0), (-1.0, 0.0, 0.5))}
    eye = (2.2, 0.4, 0.9)
    model = write(tmp_path, solids, {"floor": MIRROR, "wall": WHITE}, eye)
    # The attitude puts the Sun where it lights the wall's face.
    sun = {"axis": [0.8, 0.0, 0.6], "toward": "sun"}
    view = stage(tmp_path, model, size=(320, 180), fov=60.0, attitude__primary=sun).view()
    rgb = view.render("final", 8).rgb
    place = (-0.99, 0.1, 0.5)
    there = reflection_point(eye, place)
    cosine = eye[2] / np.linalg.norm(np.array(eye) - there)
    base = bands_from_linear_srgb(np.array(MIRROR["base_color"]))
    share = base + (1.0 - base) * (1.0 - cosine) ** 5
    direct = at_pixel(rgb, to_pixels(view, place))
    # The tolerance covers the variation of the floor's light over the wall.
    worst = largest_percent(at_pixel(rgb, to_pixels(view, there)), share * direct)
    figure("light", "wall reflected in a metal floor", "geometrical optics, Schlick", worst, 4.0, "percent")


def test_a_metal_ceiling_reflects_the_planet_below(figure, tmp_path):
    """Against the planet's own radiance along the reflected ray."""
    solids = {"plate": box((2.0, 2.0, 0.02), (0.0, 0.0, 0.0))}
    eye = (0.4, 0.2, -2.0)
    model = write(tmp_path, solids, {"plate": MIRROR | {"roughness": 0.0}}, eye)
    down = {"axis": [0.0, 0.0, -1.0], "toward": "nadir"}
    scene = airless(stage(tmp_path, model, size=(160, 90), fov=40.0, distance_km=3990.0, attitude__primary=down))
    view = scene.with_changes(orbit__raan_deg=15.0, orbit__true_anomaly_deg=30.0).view()
    rgb = view.render("final", 8).rgb
    points = np.array([(x, y, -0.01) for x in (-0.2, 0.0, 0.2) for y in (-0.2, 0.2)])
    outgoing = to_camera(view, points) / np.linalg.norm(to_camera(view, points), axis=1)[:, None]
    normal = view.craft.body_to_camera[:, 2]
    rays = outgoing - 2.0 * (outgoing @ normal)[:, None] * normal
    expected = planet_radiance(view, surface_maps(view.planet.surface), view.craft.position, rays)
    cosine = np.abs(outgoing @ normal)[:, None]
    base = bands_from_linear_srgb(np.array(MIRROR["base_color"]))
    share = base + (1.0 - base) * (1.0 - cosine) ** 5
    rendered = np.array([at_pixel(rgb, pixel) for pixel in to_pixels(view, points)])
    assert expected.min() > 0.0
    # The tolerance covers the coarse picture of the planet that reflections sample.
    worst = largest_percent(rendered.mean(axis=0), (share * expected).mean(axis=0))
    figure("light", "planet reflected in a metal plate", "its radiance along the mirrored ray", worst, 3.0, "percent")


def test_a_flat_mirror_reflects_sunlight_onto_a_wall(figure, tmp_path):
    """Irradiance of the reflected beam: the Sun's, times the reflectance and the cosine on the wall."""
    solids = {"floor": box((3.0, 3.0, 0.02), (0.0, 0.0, -0.01)), "wall": box((0.02, 2.0, 1.2), (1.0, 0.0, 0.6))}
    dark = WHITE | {"base_color": [0.1, 0.1, 0.1]}  # so that it hardly lights the floor
    elevation = np.radians(65.0)
    sun = {"axis": [-np.cos(elevation), 0.0, np.sin(elevation)], "toward": "sun"}
    model = write(tmp_path, solids, {"floor": MIRROR | {"roughness": 0.1}, "wall": dark}, (-3.0, 0.0, 1.0))
    view = stage(tmp_path, model, size=(320, 180), fov=50.0, attitude__primary=sun).view()
    pixels = to_pixels(view, [(0.99, y, z) for y in np.linspace(-0.5, 0.5, 21) for z in np.linspace(0.35, 0.6, 6)])
    pictures = [view.render(quality, 8).rgb for quality in ("draft", "final")]
    direct, lit = (np.mean([at_pixel(picture, pixel) for pixel in pixels], axis=0) for picture in pictures)
    base = bands_from_linear_srgb(np.array(MIRROR["base_color"]))
    share = base + (1.0 - base) * (1.0 - np.sin(elevation)) ** 5
    assert direct == pytest.approx(0.1 / np.pi * view.sun.irradiance * np.cos(elevation), rel=0.02)
    worst = largest_percent(lit - direct, share * direct)
    figure("light", "sunlight that a flat mirror casts onto a wall", "reflectance times cosine", worst, 6.0, "percent")


@pytest.mark.parametrize("cosine", [0.15, 0.5, 0.95])
@pytest.mark.parametrize("roughness", [0.3, 0.6])
def test_the_mean_weight_of_sampled_rays_is_the_lobes_integral(cosine, roughness):
    """The directional albedo of a white lobe, by quadrature over the hemisphere."""
    toward = np.array([np.sqrt(1.0 - cosine**2), 0.0, cosine])
    count = 20_000
    up = np.tile([0.0, 0.0, 1.0], (count, 1))
    gloss = isotropic_gloss(np.zeros((count, 3)), up, up, np.full(count, roughness))
    _, weight, _ = GgxSampler(gloss, np.tile(toward, (count, 1))).rays(np.random.default_rng(1).random((count, 2)))
    z = (np.arange(400) + 0.5) / 400
    azimuth = (np.arange(400) + 0.5) / 400 * 2.0 * np.pi
    z, azimuth = (part.ravel() for part in np.meshgrid(z, azimuth))
    outgoing = np.stack([np.sqrt(1 - z * z) * np.cos(azimuth), np.sqrt(1 - z * z) * np.sin(azimuth), z], axis=-1)
    n = np.tile([0.0, 0.0, 1.0], (len(z), 1))
    brdf = ggx_brdf(np.ones((len(z), 3)), np.full(len(z), roughness**2), n, toward, outgoing)[:, 0]
    assert weight.mean() == pytest.approx((brdf * z).mean() * 2.0 * np.pi, rel=0.02)


def test_numpy_and_the_shader_have_the_same_facets_of_foil(tmp_path, monkeypatch):
    """The normals that rays hit are those in the picture, pixel by pixel."""
    from selfiesim.render.layers.craft_layer import CraftLayer
    from selfiesim.render.light.foil import crumple_normals

    foil = {"base_color": [0.9, 0.7, 0.3], "roughness": 0.3, "metallic": 1.0, "crumple": 0.5}
    model = write(
        tmp_path, {"plate": box((2.0, 2.0, 0.02))}, {"plate": foil | {"crumple_scale_m": 0.2}}, (0.4, 0.3, 2.0)
    )
    calls = []
    monkeypatch.setattr(
        CraftLayer, "trace", lambda self, view, maps, lens, gbuffer, alone: calls.append((lens, gbuffer))
    )
    view = stage(tmp_path, model, size=(160, 90), fov=40.0).view()
    view.render("final", 1)
    lens, gbuffer = calls[0]
    own = np.isfinite(gbuffer.depth) & (gbuffer.normal[..., 2] > 0.99)
    rays = lens.unproject(np.argwhere(own)[:, ::-1].astype(float))
    points = rays * (gbuffer.depth[own] / rays[:, 2])[:, None]
    body = (points - view.craft.position) @ view.craft.body_to_camera
    eye = -view.craft.body_to_camera.T @ view.craft.position
    pixel_m = view.camera.pixel_angle * np.linalg.norm(body - eye, axis=1)
    material = np.full(len(body), 0.5), np.full(len(body), 0.2)
    in_numpy, _ = crumple_normals(gbuffer.normal[own].astype(float), body, *material, pixel_m)
    agreement = (in_numpy * gbuffer.shading[own]).sum(axis=1)
    assert np.ptp(gbuffer.shading[own], axis=0).max() > 0.3
    # At creases single and double precision may fall on different sides.
    assert (agreement > 0.9995).mean() > 0.97
