"""The rendered planet against the ellipsoid and the reflectance law, computed independently in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter, maximum_filter, median_filter, minimum_filter
from small_scenes import airless, box, inside, looking, stage, write_craft

from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.light.photometry import ice, mars_law
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance, relief
from selfiesim.render.common.planet_depth import planet_depth
from selfiesim.render.raster.renderer import PyVistaRenderer

POLE = {"orbit__raan_deg": 100.72, "orbit__true_anomaly_deg": 90.0}
MIDDLE = {"orbit__raan_deg": 15.0, "orbit__true_anomaly_deg": 45.0}
NOON = {"orbit__raan_deg": 15.0, "orbit__true_anomaly_deg": 10.0}
LOW_KM = 3990.0
BELOW = (0.3, 0.1, -3.0)  # camera position on the night side of the craft, with the craft against the sky


def scene_over(folder, orbit, solids=(), camera=BELOW, **changes):
    """A scene with an airless Mars from ``LOW_KM``, and a tiny craft."""
    model = write_craft(folder, "crumb", solids or [box((0.01, 0.01, 0.01))], camera)
    return airless(stage(folder, model, distance_km=LOW_KM, **orbit, **changes))


def view_over(folder, orbit, solids=(), camera=BELOW, **changes):
    """The view of :func:`scene_over`."""
    return scene_over(folder, orbit, solids, camera, **changes).view()


def nadir(view):
    return view.planet.position


def limb(view):
    """Direction (3,) to the horizon on the Sun's side, by bisection."""
    center = view.planet.position / np.linalg.norm(view.planet.position)
    side = view.sun.direction - (view.sun.direction @ center) * center
    side /= np.linalg.norm(side)
    ground, sky = 0.0, np.pi / 2.0
    for _ in range(50):
        angle = 0.5 * (ground + sky)
        ground, sky = (angle, sky) if hits(view, np.cos(angle) * center + np.sin(angle) * side) else (ground, angle)
    return np.cos(ground) * center + np.sin(ground) * side


def hits(view, rays):
    """Whether rays (..., 3) of any length, camera axes, hit the ellipsoid."""
    inverse = 1.0 / np.array(view.planet.body.radii_m)
    to_scaled = inverse[:, None] * view.planet.camera_to_bodyfixed
    center, rays = to_scaled @ view.planet.position, rays @ to_scaled.T
    along = rays @ center
    return (along > 0.0) & (along**2 >= (rays**2).sum(axis=-1) * (center @ center - 1.0))


def ground_points(view):
    """Points (H, W, 3) where pixel rays hit the ellipsoid, body-fixed, m (NaN for sky), and the rays."""
    camera = view.camera
    pixels = np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1).astype(float)
    rays = camera.unproject(pixels)
    depth = planet_depth(view)
    points = rays * (np.where(np.isfinite(depth), depth, np.nan) / rays[..., 2])[..., None]
    return (points - view.planet.position) @ view.planet.camera_to_bodyfixed.T, rays @ view.planet.camera_to_bodyfixed.T


def expected_radiance(view):
    """Radiance (H, W, 3) from the maps and the law: A * f * E / pi; 0 for sky."""
    points, rays = ground_points(view)
    normal = points / np.array(view.planet.body.radii_m) ** 2
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    sun = view.planet.camera_to_bodyfixed @ view.sun.direction
    unit = points / np.linalg.norm(points, axis=-1, keepdims=True)
    hit = np.isfinite(points[..., 0])
    latitude, longitude = np.arcsin(unit[hit][:, 2]), np.arctan2(unit[hit][:, 1], unit[hit][:, 0])
    albedo = reflectance(load_maps("mars"), latitude, longitude)
    gradient, white = relief(load_maps("mars"), latitude, longitude)
    facet = normal[hit] - gradient
    facet /= np.linalg.norm(facet, axis=-1, keepdims=True)
    angles = facet @ sun, -(facet * rays[hit]).sum(axis=-1), -(rays[hit] @ sun)
    shape = mars_law(*angles)
    shape += (ice(*angles) - shape) * white
    shape *= smoothstep(-0.01, 0.03, normal[hit] @ sun)
    out = np.zeros((*hit.shape, 3))
    out[hit] = albedo * shape[:, None] * view.sun.irradiance / np.pi
    return out


# Pixels about as small as the texels of the maps, so that both sample the map at the same scale: 0.5 km on the polar
# patch, 10 km on the globe.
@pytest.mark.parametrize(
    ("orbit", "fov", "size"), [(POLE, 11.0, (240, 135)), (MIDDLE, 90.0, (160, 90)), (NOON, 90.0, (160, 90))]
)
def test_radiance_is_reflectance_times_the_law_times_sunlight(figure, tmp_path, orbit, fov, size):
    view = view_over(tmp_path, orbit)
    view = looking(view, nadir(view), fov, size)
    rendered, expected = view.render().rgb.astype(float), expected_radiance(view)
    lit = inside(expected[..., 1] > 0.05 * expected[..., 1].max(), 3.0)
    assert lit.sum() > 0.5 * lit.size
    for band in range(3):
        a, b = rendered[..., band][lit], expected[..., band][lit]
        worst = 100.0 * abs(np.median(a / b) - 1.0)
        figure(
            "planet", "radiance of an airless planet, median", "map times photometry in numpy", worst, 0.3, "percent"
        )
        assert np.corrcoef(a, b)[0, 1] > 0.995
        assert np.percentile(np.abs(a / b - 1.0), 95) < 0.03


def test_the_distant_globe_has_its_integrated_brightness(tmp_path):
    # Summed over the disc, so that the scale of the maps does not matter. The coarser mip levels are bytes, rounded at
    # each level: 1.5 percent brighter.
    model = write_craft(tmp_path, "crumb", [box((0.01, 0.01, 0.01))], BELOW)
    view = airless(stage(tmp_path, model, distance_km=40_000.0, **NOON)).view()
    view = looking(view, nadir(view), 12.0, (270, 270))
    rendered, expected = view.render().rgb.astype(float), expected_radiance(view)
    assert rendered.sum(axis=(0, 1)) == pytest.approx(expected.sum(axis=(0, 1)), rel=0.02)


@pytest.fixture
def plain_mars():
    flat = [np.full((size, 2 * size if size == 64 else size, 3), 128, np.uint8) for size in (64, 128, 128)]
    return PlanetMaps(*flat, np.radians(22.0), 0.7, "mars", "")


def covered(view, rgb):
    """Height of the planet in each column (W,), pixels, from the rendered over the expected radiance at the limb.

    The planet must be at the bottom of the image.
    """
    rendered, ground = rgb[..., 1].astype(float), expected_radiance(view)[..., 1]
    edge = np.argmax(ground > 0.0, axis=0)
    columns = np.arange(rendered.shape[1])
    # The renderer's subtexel detail changes the level a little: calibrate just below the edge.
    below = [rendered[edge + k, columns] / ground[edge + k, columns] for k in (2, 3, 4)]
    ground = ground * np.median(below, axis=0)
    fraction = [
        np.clip(rendered[edge + k, columns] / ground[edge + max(k, 0), columns], 0.0, 1.0) for k in range(-3, 3)
    ]
    return rendered.shape[0] - edge - 3 + np.sum(fraction, axis=0)


def covered_by_geometry(view):
    """The same, from where the ray of each column grazes the ellipsoid, to a millionth of a pixel by bisection."""
    camera = view.camera
    above, below = np.full(camera.width, -1.0), np.full(camera.width, float(camera.height))
    for _ in range(40):
        middle = 0.5 * (above + below)
        hit = hits(view, camera.unproject(np.stack([np.arange(camera.width), middle], axis=-1)))
        above, below = np.where(hit, above, middle), np.where(hit, middle, below)
    return camera.height - 0.5 - above


@pytest.mark.parametrize("fov", [60.0, 5.0, 0.5])
@pytest.mark.parametrize("orbit", [POLE, MIDDLE], ids=["pole", "middle"])
def test_the_limb_is_that_of_the_ellipsoid(figure, tmp_path, monkeypatch, plain_mars, orbit, fov):
    # On a planet of uniform colour without relief: on the real one, ice or a slope at the limb looks like a shift.
    monkeypatch.setattr("selfiesim.render.layers.planet_layer._MAX_DETAIL_FOOTPRINT", 0.0)
    monkeypatch.setattr("selfiesim.planet.maps.surface.load_maps", lambda body: plain_mars)
    monkeypatch.setitem(globals(), "load_maps", lambda body: plain_mars)
    view = view_over(tmp_path, orbit)
    view = looking(view, limb(view), fov, (160, 90))
    error = covered(view, PyVistaRenderer().render(view, "draft").rgb) - covered_by_geometry(view)
    figure("planet", "limb of a uniform planet, at worst", "the ellipsoid", np.abs(error).max(), 0.06, "px")
    figure("planet", "limb of a uniform planet, mean", "the ellipsoid", abs(error.mean()), 0.02, "px")


def test_a_craft_in_front_does_not_move_the_limb(tmp_path):
    def render(solids):
        view = view_over(
            tmp_path / str(len(solids)), POLE, solids, camera=(0.3, 0.1, 3.0), camera__horizontal_fov_deg=100.0
        )
        radiance = view.render()
        return radiance.rgb, np.isfinite(radiance.depth) & (radiance.depth < 100.0), np.isfinite(planet_depth(view))

    alone, no_craft, planet = render([box((0.001, 0.001, 0.001))])
    crowded, craft, _ = render([box((1.5, 1.5, 0.1)), box((5.0, 0.2, 0.2)), box((0.2, 5.0, 0.2))])
    assert craft.sum() > 200
    assert (craft & planet).any()
    assert (craft & ~planet).any()
    apart = inside(~craft & ~no_craft, 2.0)
    assert (apart & planet).sum() > 1000
    assert crowded[apart].tobytes() == alone[apart].tobytes()


def outlier_strength(light):
    """How far each pixel is outside the range of its eight neighbours, over their median."""
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    high, low = maximum_filter(light, footprint=ring), minimum_filter(light, footprint=ring)
    middle = median_filter(light, footprint=ring)
    return np.maximum(light - high, low - light) / np.maximum(middle, 1e-12)


# Where a mip level was sampled at the wrong position, rings of dots appeared on the cap with a strength of 0.7 to 0.95;
# the cap's own detail reaches 0.65 at most, in one pixel.
@pytest.mark.parametrize("fov", [60.0, 75.0, 90.0])
def test_no_dots_on_the_cap_seen_from_above(tmp_path, fov):
    view = view_over(tmp_path, POLE)
    to_pole = view.planet.position + view.planet.camera_to_bodyfixed.T @ (0.0, 0.0, view.planet.body.radii_m[2])
    light = looking(view, to_pole, fov, (480, 270)).render().rgb[..., 1].astype(float)
    lit = inside(light > 0.2 * np.median(light), 3.0)
    assert lit.sum() > 0.5 * lit.size
    assert outlier_strength(light)[lit].max() < 0.68


def test_an_empty_sky_is_exactly_black(tmp_path):
    view = view_over(tmp_path, POLE)
    up = looking(view, -view.planet.position, 60.0, (160, 90))
    assert not np.isfinite(up.render().depth).any()
    assert not up.render().rgb.any()
    edge = looking(view, limb(view), 20.0, (160, 90))
    sky = inside(~np.isfinite(planet_depth(edge)), 1.5)
    assert sky.sum() > 1000
    assert not edge.render().rgb[sky].any()


def test_the_night_side_is_exactly_black_and_the_day_side_is_not(tmp_path):
    view = view_over(tmp_path, POLE)
    wide = looking(view, view.planet.position, 110.0, (160, 90))
    points, _ = ground_points(wide)
    normal = points / np.array(view.planet.body.radii_m) ** 2
    mu0 = (normal / np.linalg.norm(normal, axis=-1, keepdims=True)) @ (
        wide.planet.camera_to_bodyfixed @ wide.sun.direction
    )
    rgb = wide.render().rgb
    night, day = mu0 < -0.01, mu0 > 0.05
    assert night.sum() > 500
    assert day.sum() > 500
    assert not rgb[inside(night, 1.5)].any()
    # A low Sun leaves a few slopes dark.
    assert (rgb[inside(day, 1.5)] > 0.0).mean() > 0.98


def test_the_dust_of_a_clear_day_does_not_change_the_nadir_view(tmp_path):
    # The reflectance law includes it already: both views must agree where Sun and camera are overhead.
    clear = scene_over(tmp_path, NOON)
    views = clear.view(), clear.with_changes(planet__dust_opacity=0.2).view()
    means = [looking(v, nadir(v), 4.0, (160, 90)).render().rgb.mean(axis=(0, 1)) for v in views]
    assert means[1] == pytest.approx(means[0], rel=0.02)


def test_a_dust_storm_hides_the_ground_and_stays_bright(tmp_path):
    clear = scene_over(tmp_path, POLE)
    means, contrasts = [], []
    for opacity in (0.2, 1.0, 3.0, 10.0):
        storm = clear.with_changes(planet__dust_opacity=opacity).view()
        red = looking(storm, nadir(storm), 40.0, (160, 90)).render().rgb[..., 0]
        means.append(red.mean())
        contrasts.append(
            (red - gaussian_filter(red, 4.0)).std() / red.mean()
        )  # of the ground, not of the illumination gradient
    assert np.all(np.diff(contrasts) < 0.0)
    assert contrasts[-1] < 0.1 * contrasts[0]
    # Dust scatters 0.96 of red light: a storm is about as bright as dusty ground.
    assert min(means) > 0.6 * means[0]


def test_brightness_is_continuous_across_the_limb_of_a_dusty_planet(tmp_path):
    dusty = scene_over(tmp_path, NOON).with_changes(planet__dust_opacity=0.5).view()
    edge = looking(dusty, limb(dusty), 3.0, (160, 90))
    rgb, sky = edge.render().rgb[..., 1], ~np.isfinite(planet_depth(edge))
    above = sky & (distance_transform_edt(sky) <= 2.0)
    below = ~sky & (distance_transform_edt(~sky) <= 2.0)
    # The path just above the ground is twice as long as the one that ends on it, and both are nearly opaque.
    assert rgb[above].mean() == pytest.approx(rgb[below].mean(), rel=0.25)


def test_dust_is_visible_above_the_limb_up_to_a_height(tmp_path):
    dusty = scene_over(tmp_path, NOON).with_changes(planet__dust_opacity=0.5).view()
    edge = looking(dusty, limb(dusty), 20.0, (160, 90))
    rgb, sky = edge.render().rgb, ~np.isfinite(planet_depth(edge))
    just_above = sky & (distance_transform_edt(sky) <= 2.0)
    assert just_above.sum() > 150
    assert rgb[just_above].min() > 0.0
    # At the border of the image, 160 km up, there is none left.
    assert not rgb[:10].any()
