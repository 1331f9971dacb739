"""The sky in the image: flux, positions and occlusion of Sun, moons and stars."""

import numpy as np
import pytest
from figures import largest_percent
from small_scenes import box, stage, write_craft

from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.camera.distortion import KannalaBrandt
from selfiesim.camera.pinhole import Camera, Pinhole
from selfiesim.scene.scene import Scene
from selfiesim.sky.stars import stars

SIZE = (160, 90)
UTC = "2022-03-01T12:00:00Z"
SIRIUS = 2491
BRIGHT = {"sky__stars": True, "sky__sun": True, "sky__moons": True}
DARK = {"sky__stars": False, "sky__sun": False, "sky__moons": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sky")


@pytest.fixture(scope="module")
def far(folder):
    """A plate far from Mars, the camera on its sunlit side."""
    return stage(folder, write_craft(folder, "plate", [box((0.5, 0.5, 0.05))], camera=(0.0, 0.0, 4.0)), **BRIGHT)


def near_mars(folder, position, **changes):
    """A view from a camera on a small craft at ``position`` (3,) m from Mars, ICRF axes."""
    speed = np.cross(position, [0.3, 0.2, 1.0])
    speed *= np.sqrt(4.2828e13 / np.linalg.norm(position)) / np.linalg.norm(speed)
    model = write_craft(folder, "carrier", [box((0.1, 0.1, 0.1))], camera=(3.0, 0.0, 0.0))
    orbit = {
        "frame": "icrf",
        "epoch_utc": UTC,
        "position_km": (position / 1e3).tolist(),
        "velocity_km_s": (speed / 1e3).tolist(),
    }
    table = {"title": "near Mars", "at": UTC, "craft": {"model": model}, "orbit": orbit, "mounted": {}}
    table["camera"] = {"up": "orbit-normal"}
    return Scene.from_table(table, folder=folder).with_changes(**changes).view()


def toward(view, direction, fov, size=SIZE, distortion=None):
    """The same instant with the camera pointed at ``direction`` (3,), ICRF axes."""
    forward = np.asarray(direction, float) / np.linalg.norm(direction)
    right = np.cross(forward, np.eye(3)[np.argmin(np.abs(forward))])
    right /= np.linalg.norm(right)
    icrf_to_new = np.array([right, np.cross(forward, right), forward])
    camera = (
        Camera.from_fov(*size, np.radians(fov), distortion) if distortion else Pinhole.from_fov(*size, np.radians(fov))
    )
    return view.turned(icrf_to_new @ view.icrf_to_camera.T, camera)


def sunward(view):
    return view.icrf_to_camera.T @ view.sun.direction


def star(number, view):
    table = stars()
    return table.directions(view.epoch)[table.number == number][0], table.magnitude[table.number == number][0]


def pixel_solid_angles(camera):
    """Solid angles (H, W) of the pixels of a pinhole, sr: dx dy / (f^2 r^3), with r the length of the ray at z = 1."""
    x, y = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    tangent = ((x - camera.cx) / camera.fx) ** 2 + ((y - camera.cy) / camera.fy) ** 2
    return (1.0 + tangent) ** -1.5 / (camera.fx * camera.fy)


def total_irradiance(view, rgb):
    """Irradiance (3,) of a whole pinhole image."""
    return (rgb.astype(float) * pixel_solid_angles(view.camera)[..., None]).sum(axis=(0, 1))


@pytest.mark.parametrize("fov", [1.0, 4.0, 20.0, 60.0])
def test_the_suns_disc_has_the_solar_irradiance(figure, far, fov):
    view = toward(far.with_changes(sky__stars=False).view(), sunward(far.view()), fov)
    worst = largest_percent(total_irradiance(view, view.render("draft").rgb), view.sun.irradiance)
    figure("planet", "light of the Sun's disc in the picture", "sunlight", worst, 1.0, "percent")


# The nominal solar radius, 695,700 km, over 1.55 au: 0.343 degrees across.
@pytest.mark.parametrize("fov", [0.6, 2.0])
def test_the_suns_disc_has_the_right_diameter(figure, far, fov):
    view = toward(far.view(), sunward(far.view()), fov)
    lit = view.render("draft").rgb[..., 1] > 0.0
    pixels = np.degrees(2.0 * np.arcsin(695_700e3 / view.sun.distance)) / fov * SIZE[0]
    off = abs(lit.any(axis=0).sum() - pixels)
    figure("planet", "diameter of the Sun's disc in the picture", "nominal solar radius (IAU 2015)", off, 2.0, "px")
    assert np.sqrt(4.0 / np.pi * lit.sum()) == pytest.approx(pixels, abs=1.5)


def test_the_suns_disc_is_darker_and_redder_at_its_limb(far):
    view = toward(far.view(), sunward(far.view()), 0.6, (161, 91))
    row = view.render("draft").rgb[45]
    edge = np.flatnonzero(row[:, 1] > 0.0)[3]
    assert row[edge, 1] < 0.75 * row[80, 1]
    assert row[edge, 2] / row[edge, 0] < 0.9 * row[80, 2] / row[80, 0]


# Bessell, Castelli and Plez 1998: 3.631e-11 W m^-2 nm^-1 at V = 0. Also off the pixel centres.
@pytest.mark.parametrize("offset_deg", [0.0, 0.37, 1.113])
def test_a_star_has_the_irradiance_of_its_magnitude_at_its_position(figure, far, offset_deg):
    there, v = star(SIRIUS, far.view())
    aside = there + np.radians(offset_deg) * np.cross(there, [0.0, 0.6, 0.8])
    view = toward(far.view(), aside, 6.0)
    rgb = view.render("draft").rgb
    x, y = view.camera.project(view.icrf_to_camera @ there)
    column, row = round(float(x)), round(float(y))
    part = (slice(row - 2, row + 3), slice(column - 2, column + 3))
    light = (rgb[..., 1].astype(float) * pixel_solid_angles(view.camera))[part]
    worst = largest_percent(light.sum(), 3.631e-11 * 10.0 ** (-0.4 * v))
    figure("planet", "light of a star in the picture", "zero point of Bessell et al. 1998", worst, 0.1, "percent")
    rows, columns = np.mgrid[part]
    centroid = (light * columns).sum() / light.sum(), (light * rows).sum() / light.sum()
    assert centroid == pytest.approx((x, y), abs=0.01)


def test_stars_appear_where_a_distorting_lens_projects_them(far):
    there, v = star(SIRIUS, far.view())
    aside = there + 0.5 * np.cross(there, [0.0, 0.6, 0.8])
    view = toward(far.view(), aside, 150.0, (160, 160), KannalaBrandt((0.02, -0.003, 0.0, 0.0)))
    rgb = view.render("draft").rgb[..., 1]
    x, y = view.camera.project(view.icrf_to_camera @ there)
    column, row = round(float(x)), round(float(y))
    part = rgb[row - 1 : row + 2, column - 1 : column + 2].astype(float)
    offsets = np.arange(-1, 2)
    assert (part.sum(axis=0) @ offsets) / part.sum() == pytest.approx(x - column, abs=0.03)
    # The solid angle of that pixel, from the rays through its corners.
    corners = view.camera.unproject(
        np.array([[column + i, row + j] for i, j in ((-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5))])
    )
    angle = np.linalg.norm(np.cross(corners[1] - corners[0], corners[2] - corners[0]))
    assert part.sum() * angle == pytest.approx(3.631e-11 * 10.0 ** (-0.4 * v), rel=0.03)


def test_the_craft_occludes_the_sky(folder):
    # From behind a plate that faces the Sun, with the Sun in, on or beyond its edge.
    plate = write_craft(folder, "blind", [box((2.0, 2.0, 0.05))], camera=(0.0, 0.0, -10.0))
    scene = stage(folder, plate, size=(640, 360), fov=14.0, **BRIGHT)
    for across, visible in ((0.5, 0.0), (1.0, 0.5), (1.3, 1.0)):
        # The camera is off the plate's axis; the Sun is straight behind a point of the plate at `across`.
        moved = write_craft(
            folder, f"blind{across}", [box((2.0, 2.0, 0.05), (-across, 0.0, 0.0))], camera=(0.0, 0.0, -10.0)
        )
        view = stage(folder, moved, size=(640, 360), fov=14.0, sky__sun=True).view()
        light = total_irradiance(view, view.render("draft").rgb)
        assert light / view.sun.irradiance == pytest.approx(visible, abs=0.05)
    view, dark = scene.view(), scene.with_changes(**DARK).view()
    bright, plain = view.render("draft"), dark.render("draft")
    assert np.array_equal(bright.rgb[np.isfinite(bright.depth)], plain.rgb[np.isfinite(bright.depth)])


def test_the_planet_occludes_the_sky():
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[320, 180])
    views = {}
    for name, changes in (("sky", {}), ("plain", DARK)):
        view = scene.with_changes(**changes).view()
        views[name] = toward(view, -view.track.camera.position + [0.0, 0.0, 3e6], 100.0, (320, 180))
    sky, plain = views["sky"].render("draft"), views["plain"].render("draft")
    behind = np.isfinite(sky.depth)
    inner = behind & np.roll(behind, 1, 0) & np.roll(behind, -1, 0) & np.roll(behind, 1, 1) & np.roll(behind, -1, 1)
    assert 0.1 < inner.mean() < 0.9
    assert np.array_equal(sky.rgb[inner], plain.rgb[inner])
    assert (sky.rgb[~behind] > plain.rgb[~behind]).any()


def test_the_planet_eclipses_the_sun(folder):
    epoch = Epoch.from_utc(UTC)
    sun = BUILTIN_EPHEMERIS.position("sun", "mars", epoch)
    behind = near_mars(folder, -6e6 * sun / np.linalg.norm(sun), sky__stars=False)
    view = toward(behind, sunward(behind), 2.0)
    assert view.craft.sun_visible_fraction == 0.0
    assert view.render("draft").rgb.max() < 1e-3 * view.sun.irradiance.max()


def before(folder, moon, distance):
    """A camera ``distance`` m beyond a moon, which is in front of Mars."""
    there = BUILTIN_EPHEMERIS.position(moon, "mars", Epoch.from_utc(UTC))
    return near_mars(folder, there * (1.0 + distance / np.linalg.norm(there)), sky__stars=False)


def test_phobos_in_front_of_mars(folder):
    view = before(folder, "phobos", 300e3)
    (phobos,) = [globe for globe in view.sky.globes if globe.name == "phobos"]
    view = toward(view, phobos.position, 12.0, (320, 180))
    rgb = view.render("draft").rgb
    rays = view.camera.unproject(np.stack(np.meshgrid(np.arange(320.0), np.arange(180.0)), axis=-1)).reshape(-1, 3)
    brightness, hit = phobos.shade(rays @ view.icrf_to_camera)
    hit, night = hit.reshape(180, 320), (hit & (brightness == 0.0)).reshape(180, 320)
    assert hit.sum() > 1000
    # Eroded by two pixels: Mars does not shine through the night side of Phobos.
    for _ in range(2):
        night = night & np.roll(night, 1, 0) & np.roll(night, -1, 0) & np.roll(night, 1, 1) & np.roll(night, -1, 1)
        hit = hit & np.roll(hit, 1, 0) & np.roll(hit, -1, 0) & np.roll(hit, 1, 1) & np.roll(hit, -1, 1)
    assert night.sum() > 100
    assert rgb[night].max() == 0.0
    expected = (brightness[:, None] * phobos.radiance_scale).reshape(180, 320, 3)[hit]
    assert np.abs(rgb[hit] - expected).mean() < 0.01 * expected.mean()


@pytest.mark.parametrize("fov", [0.5, 3.0, 8.0, 20.0, 70.0])
def test_flux_of_a_moon_is_preserved_from_many_pixels_to_a_fraction_of_one(folder, fov):
    # Seen from 5000 km, away from Mars: 0.13 degrees wide.
    there = BUILTIN_EPHEMERIS.position("deimos", "mars", Epoch.from_utc(UTC))
    view = near_mars(folder, there * (1.0 - 5e6 / np.linalg.norm(there)), sky__stars=False, sky__sun=False)
    (deimos,) = [globe for globe in view.sky.globes if globe.name == "deimos"]
    view = toward(view, deimos.position, fov)
    rgb = view.render("draft").rgb
    # The craft is in the wider images, off centre.
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    away = (
        np.hypot(x - view.camera.cx, y - view.camera.cy) > 2.0 + 1.2 * deimos.angular_radius / view.camera.pixel_angle
    )
    rgb[away] = 0.0
    assert total_irradiance(view, rgb) == pytest.approx(deimos.irradiance, rel=0.015)


def test_a_moon_smaller_than_a_pixel_occludes_its_solid_angle_of_mars(folder):
    view = before(folder, "phobos", 12_000e3)
    (phobos,) = [globe for globe in view.sky.globes if globe.name == "phobos"]
    view = toward(view, phobos.position, 12.0)
    lit = view.render("draft").rgb
    off = toward(near_mars(folder, view.track.host.position, **DARK), phobos.position, 12.0).render("draft").rgb
    changed = np.argwhere(np.abs(lit - off).max(axis=-1) > 0.0)
    assert np.ptp(changed, axis=0).max() <= 2
    change = total_irradiance(view, lit.astype(float) - off)
    mars = off[45, 80].astype(float)
    assert change == pytest.approx(phobos.irradiance - mars * phobos.disc_integrals[1], rel=0.05)


def test_phobos_in_front_of_the_sun(folder):
    epoch = Epoch.from_utc(UTC)
    there, sun = (BUILTIN_EPHEMERIS.position(name, "mars", epoch) for name in ("phobos", "sun"))
    view = near_mars(folder, there + 6e6 * (there - sun) / np.linalg.norm(there - sun), sky__stars=False)
    view = toward(view, sunward(view), 2.0, (320, 180))
    light = total_irradiance(view, view.render("draft").rgb)
    assert 0.2 < view.craft.sun_visible_fraction < 0.95
    # The disc is brighter in the middle, where Phobos is, than at the limb.
    assert light[1] / view.sun.irradiance[1] == pytest.approx(view.craft.sun_visible_fraction, abs=0.12)
    assert light[1] / view.sun.irradiance[1] < view.craft.sun_visible_fraction


def test_sky_layers_can_be_switched_off(far):
    there, _ = star(SIRIUS, far.view())
    for key, direction in (("sky__stars", there), ("sky__sun", sunward(far.view()))):
        assert toward(far.view(), direction, 3.0).render("draft").rgb.max() > 0.0
        assert (
            toward(far.with_changes(**DARK | {"sky__moons": True}).view(), direction, 3.0).render("draft").rgb.max()
            == 0.0
        )
        assert toward(far.with_changes(**{key: False}).view(), direction, 3.0).sky is not None


def test_the_same_sky_gives_the_same_bytes(far):
    there, _ = star(SIRIUS, far.view())
    images = [toward(far.view(), there, 50.0).render("draft").rgb.tobytes() for _ in range(2)]
    assert images[0] == images[1]


def test_the_sun_and_stars_do_not_change_the_metered_exposure(folder):
    # A sunlit plate with the Sun's half of the sky behind it.
    model = write_craft(folder, "lit", [box((1.0, 1.0, 0.05))], camera=(3.0, 0.0, 1.5))
    shutters = []
    for changes in (BRIGHT, BRIGHT | {"sky__sun": False}, DARK):
        scene = stage(folder, model, size=(320, 180), fov=70.0, **changes)
        shutters.append(scene.view().render("draft").expose(shutter_s="auto").exposure.shutter_s)
    assert shutters[0] == pytest.approx(shutters[2], rel=0.02)
    assert shutters[1] == pytest.approx(shutters[2], rel=0.02)


def test_the_facts_agree_with_the_image(far):
    view = toward(far.view(), sunward(far.view()), 2.0)
    (sun,) = [body for body in view.facts["sky"] if body["name"] == "sun"]
    assert sun["pixel"] == pytest.approx(view.camera.project(view.sun.direction))
    lit = np.argwhere(view.render("draft").rgb[..., 1] > 0.0).mean(axis=0)
    assert sun["pixel"][::-1] == pytest.approx(lit, abs=0.3)
    away = toward(far.view(), -sunward(far.view()), 2.0)
    assert "sun" not in [body["name"] for body in away.facts["sky"]]


def test_the_sky_without_a_planet(folder):
    model = write_craft(folder, "cruiser", [box((0.1, 0.1, 0.1))], camera=(3.0, 0.0, 0.0))
    orbit = {
        "body": "sun",
        "frame": "ecliptic",
        "epoch_utc": UTC,
        "position_km": [1.5e8, 1.0e8, 2e7],
        "velocity_km_s": [-15.0, 20.0, 1.0],
    }
    table = {"title": "cruise", "at": UTC, "craft": {"model": model}, "orbit": orbit, "mounted": {}}
    table["camera"] = {"up": "orbit-normal"}
    view = Scene.from_table(table, folder=folder).view()
    assert view.planet is None
    view = toward(view, sunward(view), 4.0)
    assert total_irradiance(view, view.render("draft").rgb) == pytest.approx(view.sun.irradiance, rel=0.01)
    assert {"mars", "earth", "venus"} <= {globe.name for globe in view.sky.globes}
