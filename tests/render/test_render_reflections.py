"""What gloss mirrors in final pictures: other parts, the planet, and where it sends the Sun's light."""

import numpy as np
import pytest
import trimesh
from small_scenes import airless, at_pixel, box, stage, to_camera, to_pixels
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from selfiesim.planet.maps.surface import surface_maps
from selfiesim.render.light.brdf_sampling import GgxSampler, ggx_brdf, isotropic_gloss
from selfiesim.render.light.planet_radiance import planet_radiance
from selfiesim.render.light.radiosity import is_available

pytestmark = pytest.mark.skipif(not is_available(), reason="Embree has no wheel for this machine")

WHITE = {"base_color": [0.8, 0.8, 0.8], "roughness": 1.0, "metallic": 0.0}
MIRROR = {"base_color": [0.9, 0.7, 0.5], "roughness": 0.06, "metallic": 1.0}


def write(folder, solids, looks, camera):
    """A craft of named solids with looks of their own, and a mount that brings the camera to ``camera``, body axes."""
    scene = trimesh.Scene()
    for name, solid in solids.items():
        mesh = solid.copy()
        mesh.visual = TextureVisuals(material=PBRMaterial(name=name, baseColorFactor=[255] * 4))
        scene.add_geometry(mesh, node_name=name)
    scene.export(folder / "craft.glb")
    camera = np.array(camera, float)
    axis = camera / np.linalg.norm(camera)
    text = f"[mounts.camera]\nposition_m = {(camera - 2.0 * axis).tolist()}\naxis = {axis.tolist()}\n"
    for name, look in looks.items():
        text += f"[materials.{name}]\n" + "".join(f"{key} = {value}\n" for key, value in look.items())
    (folder / "craft.toml").write_text(text)
    return "craft.glb"


def mirrored_at(eye, point):
    """Where the eye's picture of ``point`` is in a mirror in the plane z = 0: the place on it that the ray meets."""
    eye, image = np.array(eye, float), np.array(point, float) * (1.0, 1.0, -1.0)
    return eye + (image - eye) * eye[2] / (eye[2] - image[2])


def test_a_metal_floor_shows_a_white_wall_in_its_own_colour(tmp_path):
    """Geometrical optics: the image has the wall's radiance times the metal's reflectance, Schlick's at that slant."""
    solids = {"floor": box((3.0, 3.0, 0.02), (0.0, 0.0, -0.01)), "wall": box((0.02, 2.0, 1.0), (-1.0, 0.0, 0.5))}
    eye = (2.2, 0.4, 0.9)
    model = write(tmp_path, solids, {"floor": MIRROR, "wall": WHITE}, eye)
    # The Sun is on body +z: turned by the attitude so that it lights the wall's face.
    sun = {"axis": [0.8, 0.0, 0.6], "toward": "sun"}
    view = stage(tmp_path, model, size=(320, 180), fov=60.0, attitude__primary=sun).view()
    rgb = view.render("final", 8).rgb
    place = (-0.99, 0.1, 0.5)
    there = mirrored_at(eye, place)
    cosine = eye[2] / np.linalg.norm(np.array(eye) - there)
    base = np.array(MIRROR["base_color"])
    share = base + (1.0 - base) * (1.0 - cosine) ** 5
    straight = at_pixel(rgb, to_pixels(view, place))
    # What light the floor throws onto the wall differs from place to place: near to it, and the wall's other parts.
    assert at_pixel(rgb, to_pixels(view, there)) == pytest.approx(share * straight, rel=0.04)


def test_a_metal_ceiling_shows_the_planet_that_is_below(tmp_path):
    """Against the planet's own light along the mirrored ray."""
    solids = {"plate": box((2.0, 2.0, 0.02), (0.0, 0.0, 0.0))}
    eye = (0.4, 0.2, -2.0)
    model = write(tmp_path, solids, {"plate": MIRROR | {"roughness": 0.0}}, eye)
    down = {"axis": [0.0, 0.0, -1.0], "toward": "nadir"}
    scene = airless(stage(tmp_path, model, size=(160, 90), fov=40.0, distance_km=3990.0, attitude__primary=down))
    view = scene.with_changes(orbit__raan_deg=15.0, orbit__true_anomaly_deg=30.0).view()
    rgb = view.render("final", 8).rgb
    spots = np.array([(x, y, -0.01) for x in (-0.2, 0.0, 0.2) for y in (-0.2, 0.2)])
    away = to_camera(view, spots) / np.linalg.norm(to_camera(view, spots), axis=1)[:, None]
    normal = view.craft.body_to_camera[:, 2]
    rays = away - 2.0 * (away @ normal)[:, None] * normal
    told = planet_radiance(view, surface_maps(view.planet.surface), view.craft.position, rays)
    cosine = np.abs(away @ normal)[:, None]
    base = np.array(MIRROR["base_color"])
    share = base + (1.0 - base) * (1.0 - cosine) ** 5
    seen = np.array([at_pixel(rgb, pixel) for pixel in to_pixels(view, spots)])
    assert told.min() > 0.0
    # The mirror's picture of the planet is a small one.
    np.testing.assert_allclose(seen.mean(axis=0), (share * told).mean(axis=0), rtol=0.03)


def test_sunlight_from_a_flat_mirror_falls_on_a_wall(tmp_path):
    """Irradiance of the mirrored beam: the Sun's, times reflectance and the cosine on the wall."""
    solids = {"floor": box((3.0, 3.0, 0.02), (0.0, 0.0, -0.01)), "wall": box((0.02, 2.0, 1.2), (1.0, 0.0, 0.6))}
    dark = WHITE | {"base_color": [0.1, 0.1, 0.1]}  # so that it lights the floor hardly
    height = np.radians(65.0)
    sun = {"axis": [-np.cos(height), 0.0, np.sin(height)], "toward": "sun"}
    model = write(tmp_path, solids, {"floor": MIRROR | {"roughness": 0.1}, "wall": dark}, (-3.0, 0.0, 1.0))
    view = stage(tmp_path, model, size=(320, 180), fov=50.0, attitude__primary=sun).view()
    pixels = to_pixels(view, [(0.99, y, z) for y in np.linspace(-0.5, 0.5, 21) for z in np.linspace(0.35, 0.6, 6)])
    pictures = [view.render(quality, 8).rgb for quality in ("draft", "final")]
    straight, lit = (np.mean([at_pixel(picture, pixel) for pixel in pixels], axis=0) for picture in pictures)
    base = np.array(MIRROR["base_color"])
    share = base + (1.0 - base) * (1.0 - np.sin(height)) ** 5
    assert straight == pytest.approx(0.1 / np.pi * view.sun.irradiance * np.cos(height), rel=0.02)
    assert lit - straight == pytest.approx(share * straight, rel=0.06)


@pytest.mark.parametrize("slant", [0.15, 0.5, 0.95])
@pytest.mark.parametrize("roughness", [0.3, 0.6])
def test_rays_of_a_lobe_weigh_as_much_as_its_integral(slant, roughness):
    """The share that a white lobe sends back in all directions, summed up over the half ball."""
    toward = np.array([np.sqrt(1.0 - slant**2), 0.0, slant])
    count = 20_000
    up = np.tile([0.0, 0.0, 1.0], (count, 1))
    gloss = isotropic_gloss(np.zeros((count, 3)), up, up, np.full(count, roughness))
    _, weight, _ = GgxSampler(gloss, np.tile(toward, (count, 1))).rays(np.random.default_rng(1).random((count, 2)))
    z = (np.arange(400) + 0.5) / 400
    turn = (np.arange(400) + 0.5) / 400 * 2.0 * np.pi
    z, turn = (part.ravel() for part in np.meshgrid(z, turn))
    away = np.stack([np.sqrt(1 - z * z) * np.cos(turn), np.sqrt(1 - z * z) * np.sin(turn), z], axis=-1)
    n = np.tile([0.0, 0.0, 1.0], (len(z), 1))
    sent = ggx_brdf(np.ones((len(z), 3)), np.full(len(z), roughness**2), n, toward, away)[:, 0]
    assert weight.mean() == pytest.approx((sent * z).mean() * 2.0 * np.pi, rel=0.02)


def test_facets_are_those_that_the_shader_draws(tmp_path, monkeypatch):
    """The normals that rays meet are the ones in the picture, one by one."""
    from selfiesim.render.layers.craft_layer import CraftLayer
    from selfiesim.render.light.foil import crumpled

    foil = {"base_color": [0.9, 0.7, 0.3], "roughness": 0.3, "metallic": 1.0, "crumple": 0.5}
    model = write(
        tmp_path, {"plate": box((2.0, 2.0, 0.02))}, {"plate": foil | {"crumple_scale_m": 0.2}}, (0.4, 0.3, 2.0)
    )
    caught = []
    monkeypatch.setattr(CraftLayer, "trace", lambda self, view, maps, lens, seen, alone: caught.append((lens, seen)))
    view = stage(tmp_path, model, size=(160, 90), fov=40.0).view()
    view.render("final", 1)
    (lens, seen) = caught[0]
    own = np.isfinite(seen.depth) & (seen.normal[..., 2] > 0.99)
    rays = lens.unproject(np.argwhere(own)[:, ::-1].astype(float))
    points = rays * (seen.depth[own] / rays[:, 2])[:, None]
    body = (points - view.craft.position) @ view.craft.body_to_camera
    eye = -view.craft.body_to_camera.T @ view.craft.position
    pixel = view.camera.pixel_angle * np.linalg.norm(body - eye, axis=1)
    size = np.full(len(body), 0.5), np.full(len(body), 0.2)
    bent = crumpled(seen.normal[own].astype(float), body, *size, pixel)
    agree = (bent * seen.shading[own]).sum(axis=1)
    assert np.ptp(seen.shading[own], axis=0).max() > 0.3
    # At creases single and double precision fall on different sides.
    assert (agree > 0.9995).mean() > 0.97
