"""The engine mitsuba itself; without the extra, only the error message."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import trimesh
from proof_scenes import FAR_KM, NAMES, reference, regions, scene_of, staged, view_of, write_craft
from trimesh.visual.texture import TextureVisuals

from selfiesim.core.errors import GraphicsError
from selfiesim.core.vectors import unit
from selfiesim.planet.maps.load import load_maps
from selfiesim.render.engine import renderer
from selfiesim.render.light.planet_radiance import planet_radiance
from selfiesim.render.mitsuba import renderer as engine


def is_installed():
    try:
        engine.require()
    except GraphicsError:
        return False
    return True


needs_mitsuba = pytest.mark.skipif(not is_installed(), reason="mitsuba is not installed")
needs_custom_bsdf = pytest.mark.skipif(
    not is_installed() or engine.require() != engine.VECTOR_VARIANT,
    reason="the custom BSDF needs Mitsuba's vectorised variant",
)


def test_the_error_without_the_extra_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mitsuba", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(GraphicsError, match=r"not installed; run: pip install 'selfiesim\[mitsuba\]'"):
        engine.require.__wrapped__()


def test_an_unknown_engine_is_rejected(tmp_path):
    with pytest.raises(ValueError, match="must be one of pyvista, mitsuba"):
        view_of(NAMES[0], tmp_path).render(engine="povray")


@needs_mitsuba
def test_renders_are_reproducible_bit_for_bit(tmp_path):
    view = view_of(NAMES[1], tmp_path)
    reports = []
    first = view.render(samples=4, engine="mitsuba", progress=lambda done, of: reports.append((done, of)))
    again = view.render(samples=4, engine="mitsuba")
    assert first.rgb.tobytes() == again.rgb.tobytes()
    assert first.engine.startswith("mitsuba ")
    assert first.samples == 4
    assert reports[0] == (0, 4)


@needs_custom_bsdf
def test_few_paths_give_the_mean_of_the_reference(tmp_path):
    rgb = view_of(NAMES[0], tmp_path).render(samples=16, engine="mitsuba").rgb
    assert rgb.mean(axis=(0, 1)) == pytest.approx(reference(NAMES[0], "bounced").mean(axis=(0, 1)), rel=0.005)


@needs_mitsuba
def test_the_environment_map_shows_the_planet_in_its_place(tmp_path):
    import drjit as dr
    import mitsuba as mi

    from selfiesim.render.mitsuba.scene import build_scenes

    view = view_of(NAMES[0], tmp_path)
    maps = load_maps("mars")
    mi.set_variant(engine.require())
    environment = build_scenes(view, maps, engine.require() == engine.VECTOR_VARIANT)[1].environment()
    rays = unit(np.random.default_rng(1).normal(size=(120, 3)))
    expected = planet_radiance(view, maps, view.craft.position, rays @ view.craft.body_to_camera.T)
    sampled = []
    for ray in rays:
        interaction = dr.zeros(mi.SurfaceInteraction3f)
        interaction.wi = mi.Vector3f(*(-ray).tolist())
        sampled.append(np.array(environment.eval(interaction)).ravel())
    assert 20 < (expected[:, 1] > 0.0).sum() < 100
    # A few rays pass within a texel of the limb.
    assert np.percentile(np.abs(np.array(sampled) - expected).max(axis=1), 97) < 0.02 * expected.max()


@needs_mitsuba
def test_a_distortion_of_zero_renders_the_pinholes_picture(tmp_path):
    pinhole = scene_of(NAMES[1], tmp_path)
    camera = pinhole.view().camera
    distorted = pinhole.with_changes(camera__model="brown-conrady", camera__distortion=[0.0] * 4)
    assert distorted.view().camera.distortion is not None
    one, other = (scene.view().render(samples=16, engine="mitsuba").rgb for scene in (pinhole, distorted))
    assert one.shape == other.shape == (camera.height, camera.width, 3)
    assert other.mean() == pytest.approx(one.mean(), rel=0.01)


@needs_mitsuba
def test_truth_is_the_raster_renderers(tmp_path):
    view = view_of(NAMES[1], tmp_path)
    assert np.array_equal(view.render(samples=1, engine="mitsuba").truth.part, renderer("pyvista").truth(view).part)


MATERIALS = {
    "cell": {"roughness": 0.28, "anisotropy": 0.6, "clearcoat": 1.0, "clearcoat_roughness": 0.3},
    "varnish": {"roughness": 0.6, "clearcoat": 0.5, "clearcoat_roughness": 0.35},
    "wrapped": {"roughness": 0.5, "crumple": 0.6, "clearcoat": 1.0, "clearcoat_roughness": 0.4},
    "matt": {"roughness": 1.0, "clearcoat": 1.0, "clearcoat_roughness": 1.0},
    "brushed": {"roughness": 0.3, "metallic": 1.0, "anisotropy": 0.8},
    "gem": {"roughness": 0.35, "f0_reflectance": [1.0 / 9.0] * 3},  # a refractive index of 2
    "dull": {"roughness": 0.35, "specular": 0.3},
    "varnished": {"roughness": 0.4, "metallic": 1.0, "anisotropy": 0.6, "clearcoat": 0.7, "clearcoat_roughness": 0.5},
}
# From grazing to normal; along the grain, between, and across it.
DIRECTIONS = [(cosine, azimuth) for cosine in (0.05, 0.1, 0.3, 0.6, 1.0) for azimuth in (0.0, 0.9, np.pi / 2)]


def white_bsdf(mi, material):
    """Return the BSDF of a material with a white base, its grain along x."""
    from selfiesim.render.mitsuba.surface import register

    properties = {"metallic": 0.0, "anisotropy": 0.0, "clearcoat": 0.0, "clearcoat_roughness": 0.0, "crumple": 0.0}
    properties |= {"f0_reflectance": [0.04] * 3, "specular": 1.0} | material
    properties |= {"base_color": [1.0] * 3, "normal_scale": 1.0, "crumple_scale": 0.1}
    properties |= {"eye": [0.0] * 3, "pixel_angle": 1e-3, "scene_to_body": mi.ScalarTransform4f(np.eye(4).tolist())}
    if properties["anisotropy"]:
        picture = mi.Bitmap(np.tile(np.float32([1.0, 0.0, 0.0]), (2, 2, 1)))
        properties["grain"] = {"type": "bitmap", "bitmap": picture, "raw": True}
    return mi.load_dict({"type": register(mi.variant())} | properties)


def interactions(mi, dr, cosine, azimuth, count):
    """Return ``count`` hits of the plane z = 0 by rays from one direction."""
    hits = dr.zeros(mi.SurfaceInteraction3f, count)
    sine = np.sqrt(1.0 - cosine**2)
    hits.wi = mi.Vector3f(*(float(v) for v in (sine * np.cos(azimuth), sine * np.sin(azimuth), cosine)))
    hits.sh_frame = mi.Frame3f(mi.Vector3f(1, 0, 0), mi.Vector3f(0, 1, 0), mi.Normal3f(0, 0, 1))
    return hits


def hemisphere(rows=500, columns=1000):
    """Return directions (3, N) and the solid angle (N,) of each."""
    polar, azimuth = (np.arange(rows) + 0.5) * np.pi / 2 / rows, (np.arange(columns) + 0.5) * 2 * np.pi / columns
    polar, azimuth = (each.ravel() for each in np.meshgrid(polar, azimuth, indexing="ij"))
    rays = np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)])
    return rays, np.sin(polar) * np.pi**2 / rows / columns


@needs_custom_bsdf
@pytest.mark.parametrize("material", MATERIALS)
def test_sampling_agrees_with_its_density_and_conserves_energy(material):
    """Monte Carlo against quadrature, for glTF's extensions with a white base in uniform light."""
    import drjit as dr
    import mitsuba as mi

    mi.set_variant(engine.VECTOR_VARIANT)
    surface, count = white_bsdf(mi, MATERIALS[material]), 2**17
    rays, angle = hemisphere()
    sampler = mi.load_dict({"type": "independent"})
    sampler.seed(1, count)
    for cosine, azimuth in DIRECTIONS:
        sample = surface.sample(
            mi.BSDFContext(), interactions(mi, dr, cosine, azimuth, count), sampler.next_1d(), sampler.next_2d()
        )
        weight, is_valid = np.array(sample[1])[0], np.array(sample[0].pdf) > 1e-9
        value, density = surface.eval_pdf(
            mi.BSDFContext(), interactions(mi, dr, cosine, azimuth, len(angle)), mi.Vector3f(rays.astype(np.float32))
        )
        value, density = np.array(value)[0], np.array(density)
        albedo = (value * angle).sum()
        # The integral of the density is 1 minus the samples of a lobe below the surface.
        assert (density * angle).sum() == pytest.approx(is_valid.mean(), abs=0.004), (cosine, azimuth)
        assert weight.mean() == pytest.approx(albedo, abs=0.006), (cosine, azimuth)
        # The error of the fit in craft.glsl, which is for a refractive index of 1.5.
        assert albedo <= (1.01 if material == "gem" else 1.005), (cosine, azimuth)
        assert max(weight.max(), (value / np.maximum(density, 1e-9)).max()) < 10.0, (cosine, azimuth)


@needs_custom_bsdf
@pytest.mark.parametrize("material", ["varnish", "varnished"])
def test_samples_are_distributed_by_their_density(material):
    """Fractions of the samples in 8 x 16 patches of the hemisphere, against the integral of the density over each."""
    import drjit as dr
    import mitsuba as mi

    mi.set_variant(engine.VECTOR_VARIANT)
    surface, count = white_bsdf(mi, MATERIALS[material]), 2**18
    sampler = mi.load_dict({"type": "independent"})
    sampler.seed(2, count)
    sample, _ = surface.sample(
        mi.BSDFContext(), interactions(mi, dr, 0.6, 0.9, count), sampler.next_1d(), sampler.next_2d()
    )
    rays, angle = hemisphere(640, 1280)
    hits = interactions(mi, dr, 0.6, 0.9, len(angle))
    density = np.array(surface.pdf(mi.BSDFContext(), hits, mi.Vector3f(rays.astype(np.float32)))) * angle

    def patches(x, y, z, weights):
        polar, azimuth = np.arccos(np.clip(z, -1.0, 1.0)), np.arctan2(y, x)
        box = [(0.0, np.pi / 2), (-np.pi, np.pi)]
        return np.histogram2d(polar, azimuth, bins=(8, 16), range=box, weights=weights)[0]

    expected = patches(*rays, density)
    sampled = patches(*np.array(sample.wo), (np.array(sample.pdf) > 1e-9) / count)
    # Five standard deviations of a fraction, and the error of the quadrature at the edges of patches.
    assert np.abs(sampled - expected).max() < 5.0 * np.sqrt(expected.max() / count) + 2e-4


def ball(radius, center):
    """Return a ball with texture coordinates along y and z."""
    mesh = trimesh.creation.icosphere(5, radius)
    mesh.apply_translation(center)
    mesh.visual = TextureVisuals(uv=mesh.vertices[:, 1:3])
    return mesh


@needs_custom_bsdf
@pytest.mark.slow
def test_coated_and_brushed_balls_in_sunlight_agree_with_the_raster_renderer(tmp_path):
    materials = {
        "coated": {"base_color": [0.3, 0.2, 0.1], "clearcoat": 1.0, "clearcoat_roughness": 0.25, "roughness": 0.6},
        "brushed": {"base_color": [0.7, 0.6, 0.5], "metallic": 1.0, "roughness": 0.35, "anisotropy": 0.7},
        "across": {"base_color": [0.7, 0.6, 0.5], "metallic": 1.0, "roughness": 0.35, "anisotropy": -0.7},
    }
    materials["brushed"]["anisotropy_rotation"] = 0.5
    solids = {name: ball(0.5, (0.0, 1.4 * (k - 1), 0.0)) for k, name in enumerate(materials)}
    model = write_craft(tmp_path, "balls", solids, materials, (5.5, 0.0, 0.3))
    sun = np.array([0.75, 0.1, 0.65]) / np.linalg.norm([0.75, 0.1, 0.65])
    view = staged(tmp_path, model, FAR_KM, {"axis": sun.tolist(), "toward": "sun"}, 44.0).view()
    raster = view.render("draft")
    traced = engine.MitsubaRenderer(depth=2).render(view, "final", samples=256).rgb
    masks = regions(raster.truth, 300)
    assert set(masks) == set(materials)
    for name, mask in masks.items():
        ours, theirs = raster.rgb[mask], traced[mask]
        assert ours.mean(axis=0) == pytest.approx(theirs.mean(axis=0), rel=0.01), name
        # Pixel by pixel too: with another direction of the grain the highlight would be elsewhere.
        assert np.abs(ours - theirs).mean() < 0.05 * theirs.mean(), name


@needs_custom_bsdf
@pytest.mark.slow
def test_further_craft_and_their_shadows_agree_with_the_raster_renderer(tmp_path):
    plate = trimesh.creation.box((3.0, 3.0, 0.04))
    white = {"surface": {"base_color": [0.6, 0.6, 0.6], "roughness": 1.0}}
    model = write_craft(tmp_path, "plate", {"surface": plate}, white, (4.0, 1.0, 3.0))
    # The same name on another craft is another material, and its foil is fixed to the axes of that craft.
    foil = {"surface": {"base_color": [0.8, 0.5, 0.1], "metallic": 1.0, "roughness": 0.4, "crumple": 0.5}}
    write_craft(tmp_path, "foil", {"surface": trimesh.creation.icosphere(5, 0.5)}, foil, (4.0, 1.0, 3.0))
    sun = {"axis": [0.35, 0.2, 0.915], "toward": "sun"}
    attitude = {"primary": {"axis": [0.6, 0.0, 0.8], "toward": "sun"}}
    attitude["secondary"] = {"axis": [0.0, 1.0, 0.0], "toward": "orbit-normal"}
    other = {"name": "other", "model": "foil.glb", "offset_m": [0.0, 0.0, 1.0], "axes": "body", "attitude": attitude}
    view = staged(tmp_path, model, FAR_KM, sun, 50.0).with_changes(objects=[other]).view()
    # Direct light: a draft of the raster renderer does not show the plate's reflection in the foil. With few passes it
    # would antialias the foil's creases less than the path tracer.
    raster = view.render("draft", samples=16)
    traced = engine.MitsubaRenderer(depth=2).render(view, "final", samples=256).rgb
    masks = regions(raster.truth, 300)
    assert set(masks) == {"surface", "other/surface"}
    for name, mask in masks.items():
        ours, theirs = raster.rgb[mask], traced[mask]
        assert ours.mean(axis=0) == pytest.approx(theirs.mean(axis=0), rel=0.01), name
        assert np.abs(ours - theirs).mean() < 0.05 * theirs.mean(), name
    shadowed = masks["surface"] & (raster.truth.sun_visibility < 0.01)
    lit = masks["surface"] & (raster.truth.sun_visibility > 0.99)
    assert shadowed.sum() > 200
    assert traced[shadowed].mean() < 0.05 * traced[lit].mean()


# Fresnel's formula at normal incidence; Mitsuba's principled BSDF takes a refractive index above 1.
@pytest.mark.parametrize("index", [1.33, 1.5, 2.0])
def test_the_principled_substitute_has_the_materials_refractive_index(index):
    from selfiesim.render.mitsuba.scene import refractive_index_from_f0

    assert refractive_index_from_f0(((index - 1.0) / (index + 1.0)) ** 2) == pytest.approx(index)
    assert 1.0 < refractive_index_from_f0(0.0) < 1.01
    assert np.isfinite(refractive_index_from_f0(1.0))
