"""The material model in double precision: it conserves energy, and the shader agrees with it.

glTF 2.0, appendix B: GGX (Walter et al. 2007) with Smith's height-correlated masking (Heitz 2014) and Schlick's Fresnel
term; light that the coat reflects does not reach the base (Kulla and Conty 2017).
"""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from proof_scenes import FAR_KM, staged, write_craft

from selfiesim.core.colour import linear_srgb_from_bands

ROUGHNESSES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.95, 1.0)
METALLICS = (0.0, 0.3, 0.7, 1.0)
BASE = np.array([0.7, 0.4, 0.2])


def coat(cosine, roughness, strength, f0_reflectance=0.04, rim=1.0):
    """Return the fraction of light at a cosine that the coat reflects, and its hemispherical mean: the shader's fit."""
    r = roughness
    level = strength * f0_reflectance / 0.04 * (0.0404 + r**2 * (0.0048 * r - 0.0296))
    rise = strength * (rim - f0_reflectance) / 0.96 * 1.09 / (1.0 + r**2 * (9.7024 + 22.9546 * r - 16.1626 * r**2))
    power = min(5.6191 - 10.9817 * r + 14.5214 * r**2 - 4.9621 * r**3, 5.0)
    mean = level + 2.0 * rise / ((power + 1.0) * (power + 2.0))
    return np.minimum(level + rise * (1.0 - cosine) ** power, 1.0), mean


def parameters(base, metallic, roughness, f0_reflectance=0.04, rim=1.0):
    """Return alpha, the coat's strength, f0 and f90."""
    t = np.clip((roughness - 0.9) / 0.1, 0.0, 1.0)
    strength = 1.0 - t**2 * (3.0 - 2.0 * t)
    f0 = f0_reflectance * strength * (1.0 - metallic) + base * metallic
    return max(roughness**2, 0.003), strength, f0, rim * strength * (1.0 - metallic) + metallic


def specular_brdf(base, metallic, roughness, nl, nv, nh, vh, **index):
    alpha, _, f0, f90 = parameters(base, metallic, roughness, **index)
    a2 = alpha**2
    distribution = a2 / (np.pi * (nh**2 * (a2 - 1.0) + 1.0) ** 2)
    smith = nl * np.sqrt(nv**2 * (1.0 - a2) + a2) + nv * np.sqrt(nl**2 * (1.0 - a2) + a2)
    return distribution * 0.5 / smith * (f0 + (f90 - f0) * (1.0 - vh) ** 5)


def diffuse_brdf(base, metallic, roughness, nl, nv, **index):
    _, strength, _, _ = parameters(base, metallic, roughness)
    (coat_in, mean), (coat_out, _) = (coat(mu, roughness, strength, **index) for mu in (nl, nv))
    return base * (1.0 - metallic) / np.pi * (1.0 - coat_in) * (1.0 - coat_out) / (1.0 - mean)


def directional_albedo(metallic, roughness, nv, **index):
    """Return the albedo of a white surface at one cosine, by quadrature over half vectors."""
    alpha = parameters(1.0, metallic, roughness)[0]
    u, v = np.meshgrid((np.arange(400) + 0.5) / 400, (np.arange(200) + 0.5) / 200)
    # Half vectors distributed as the lobe, so that the quadrature resolves even the sharpest lobes.
    nh = np.sqrt((1.0 - u) / (1.0 + (alpha**2 - 1.0) * u))
    sine, turn = np.sqrt(1.0 - nh**2), 2.0 * np.pi * v
    vh = sine * np.cos(turn) * np.sqrt(1.0 - nv**2) + nh * nv
    nl = 2.0 * vh * nh - nv
    lit = (nl > 1e-6) & (vh > 0.0)
    a2 = alpha**2
    density = a2 / (np.pi * (nh**2 * (a2 - 1.0) + 1.0) ** 2) * nh / (4.0 * np.where(lit, vh, 1.0))
    light = specular_brdf(1.0, metallic, roughness, np.where(lit, nl, 1.0), nv, nh, np.minimum(vh, 1.0), **index)
    light *= nl / density
    x, weight = np.polynomial.legendre.leggauss(64)
    mu = 0.5 * (x + 1.0)
    base = (diffuse_brdf(1.0, metallic, roughness, mu, nv, **index) * mu * weight).sum() * np.pi
    return float(np.where(lit, light, 0.0).mean() + base)


@pytest.mark.parametrize("metallic", METALLICS)
@pytest.mark.parametrize("roughness", ROUGHNESSES)
def test_a_white_surface_reflects_no_more_light_than_it_receives(figure, metallic, roughness):
    albedo = np.array(
        [directional_albedo(metallic, roughness, nv) for nv in (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)]
    )
    # The error of the fit.
    quantity = "excess of light from a white surface of any roughness and metalness"
    figure("light", quantity, "all incident light, by quadrature", 100.0 * (albedo.max() - 1.0), 0.5, "percent")
    # Rough metal loses the light scattered from facet to facet; dielectrics lose much only at grazing emission.
    if metallic == 0.0:
        assert albedo[4:].min() > 0.93
        assert albedo.min() > 0.85


# For another refractive index the fitted coat is scaled in proportion: 1.33 water, 2.0 zircon.
@pytest.mark.parametrize(("ior", "share", "limit"), [(1.33, 1.0, 1.005), (2.0, 1.0, 1.03), (1.5, 0.3, 1.005)])
@pytest.mark.parametrize("roughness", ROUGHNESSES)
def test_other_refractive_indices_conserve_energy_too(roughness, ior, share, limit):
    index = {"f0_reflectance": share * ((ior - 1.0) / (ior + 1.0)) ** 2, "rim": share}
    albedo = np.array(
        [directional_albedo(0.0, roughness, nv, **index) for nv in (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)]
    )
    assert albedo.max() <= limit
    assert albedo[4:].min() > 0.93


def test_a_white_matt_surface_reflects_all_light():
    assert [directional_albedo(0.0, 1.0, nv) for nv in (0.05, 0.3, 1.0)] == pytest.approx([1.0] * 3, abs=1e-6)


def swatches(folder, sun, eye):
    """Return a scene of small plates, one for each roughness and metalness, with their centres and materials."""
    solids, materials, plates = {}, {}, []
    for row, metallic in enumerate(METALLICS):
        for column, roughness in enumerate(ROUGHNESSES):
            name = f"m{row}{column}"
            center = (0.11 * (column - 4), 0.11 * (row - 1.5), 0.0)
            solids[name] = trimesh.creation.box((0.1, 0.1, 0.01))
            solids[name].apply_translation((*center[:2], -0.005))
            materials[name] = {
                "base_color": linear_srgb_from_bands(BASE).tolist(),
                "roughness": roughness,
                "metallic": metallic,
            }
            plates.append((center, metallic, roughness))
    model = write_craft(folder, "swatches", solids, materials, eye)
    return staged(folder, model, FAR_KM, {"axis": sun, "toward": "sun"}, 45.0), plates


@pytest.mark.parametrize(
    ("sun", "eye"),
    [((0.0, 0.0, 1.0), (0.6, 0.3, 3.0)), ((0.6, 0.0, 0.8), (-1.5, 0.4, 2.6)), ((0.95, 0.1, 0.3), (-2.3, 0.2, 1.9))],
    ids=["normal", "oblique", "grazing"],
)
def test_the_shader_agrees_with_double_precision(figure, tmp_path, sun, eye):
    scene, plates = swatches(tmp_path, (np.array(sun) / np.linalg.norm(sun)).tolist(), eye)
    view = scene.view()
    rgb = view.render("draft").rgb
    light = view.craft.body_to_camera.T @ view.sun.direction
    origin = -view.craft.body_to_camera.T @ view.craft.position
    for center, metallic, roughness in plates:
        x, y = np.round(view.camera.project(np.array(center) @ view.craft.body_to_camera.T + view.craft.position))
        ray = view.craft.body_to_camera.T @ view.camera.unproject(np.array([x, y]))
        point = origin - ray * origin[2] / ray[2]  # where the ray of the pixel's centre meets the plates' plane
        assert np.abs(point - center).max() < 0.04
        half = (light - ray) / np.linalg.norm(light - ray)
        cosines = np.minimum([light[2], -ray[2], half[2], -(ray @ half)], 1.0)
        expected = np.array([diffuse_brdf(b, metallic, roughness, *cosines[:2]) for b in BASE])
        expected += [specular_brdf(b, metallic, roughness, *cosines) for b in BASE]
        rendered = rgb[int(y), int(x)] / view.sun.irradiance / light[2]
        # A mirror's lobe is so steep that single precision and the width of a pixel matter.
        tolerance, kind = (
            (0.6, "rough") if roughness > 0.4 else (2.0, "glossy") if roughness > 0.1 else (10.0, "mirror")
        )
        off = 100.0 * np.maximum(np.abs(rendered - expected) - 2e-5, 0.0) / expected
        figure(
            "light",
            f"the shader's reflection, {kind} materials",
            "its formulas in double",
            off.max(),
            tolerance,
            "percent",
        )
