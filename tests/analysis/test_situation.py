"""The figure of where everything is: what it draws agrees with SPICE and with the facts of the view."""

from __future__ import annotations

import numpy as np
import pytest
import spiceypy
from matplotlib.figure import Figure

from selfiesim.analysis.drift_plot import save_figure
from selfiesim.analysis.situation import exposure, footprint, maps, orbit, site, sky
from selfiesim.analysis.situation.figure import plot_situation, situation_figure
from selfiesim.astro.bodies import AU_M, MARS
from selfiesim.astro.ellipsoid import limb_points, terminator_points
from selfiesim.core.errors import OutputError
from selfiesim.scene.scene import Scene


@pytest.fixture(scope="module")
def mars():
    resolved = Scene.load("tianwen1-mars").resolve()
    return resolved, resolved.at()


@pytest.fixture(scope="module")
def earth():
    resolved = Scene.load("shenzhou7-bx1").resolve()
    return resolved, resolved.at()


@pytest.fixture(scope="module")
def cruise():
    resolved = Scene.load("tianwen1-cruise").resolve()
    return resolved, resolved.at()


@pytest.fixture(scope="module")
def landed():
    resolved = Scene.load("zhurong-group").resolve()
    return resolved, resolved.at()


def panel():
    return Figure().add_subplot()


def labelled(axes, label):
    """The points of the line whose legend begins with these words."""
    return next(line for line in axes.lines if line.get_label().startswith(label)).get_xydata()


def test_the_limb_is_the_ellipse_of_spice(mars):
    # SPICE's edlimb: limb of a triaxial ellipsoid, as centre and semi-axes.
    eye = footprint.eye_bodyfixed(mars[1])
    ellipse = spiceypy.edlimb(*MARS.radii_m, eye)
    offset = limb_points(eye, MARS, 1440) - ellipse.center
    along = [offset @ axis / (axis @ axis) for axis in (ellipse.semi_major, ellipse.semi_minor)]
    assert np.hypot(*along) == pytest.approx(np.ones(len(offset)), abs=1e-9)
    assert offset @ np.cross(ellipse.semi_major, ellipse.semi_minor) / np.prod(MARS.radii_m[:2]) == pytest.approx(
        np.zeros(len(offset)), abs=1e-3
    )


def test_on_the_terminator_the_sun_is_on_the_horizon(mars):
    sun = footprint.sun_bodyfixed(mars[1])
    for point in terminator_points(sun, MARS, 1440)[::97]:
        normal = spiceypy.surfnm(*MARS.radii_m, point)
        assert normal @ sun == pytest.approx(0.0, abs=1e-9)
        assert spiceypy.surfpt(2.0 * point, -point, *MARS.radii_m) == pytest.approx(point, abs=1e-3)


def test_the_corners_of_the_footprint_are_where_spice_meets_the_ellipsoid(earth):
    _resolved, view = earth
    outline = footprint.footprint_outline(view)
    width, height = view.camera.width - 0.5, view.camera.height - 0.5
    for corner in ((-0.5, height), (width, height)):  # the upper two are in the sky
        ray = view.planet.camera_to_bodyfixed @ view.camera.unproject(np.array(corner))
        point = spiceypy.surfpt(footprint.eye_bodyfixed(view), ray, *view.planet.body.radii_m)
        _radius, longitude, latitude = spiceypy.reclat(point)
        gap = np.abs(outline - np.degrees([latitude, longitude])).sum(axis=1)
        assert np.nanmin(gap) < 1e-9


def test_the_outline_closes_at_the_limb(earth):
    # Edge and limb meet: without points added toward the limb the gap is 2 degrees wide.
    outline = footprint.footprint_outline(earth[1])
    split = int(np.flatnonzero(np.isnan(outline[:, 0]))[-1])
    edge_only = outline[np.isfinite(outline[:, 0])]
    steps = np.linalg.norm(np.diff(edge_only, axis=0), axis=1)
    assert split > 0
    assert np.sort(steps)[-3] < 1.0  # two larger steps lead to and from the limb


def test_the_footprint_is_shaded_where_places_are_in_the_picture(mars):
    _resolved, view = mars
    korolev, gusev = (72.77, 164.58), (-14.6, 175.4)
    latitude, longitude = np.array([korolev, gusev]).T
    assert footprint.footprint_mask(view, latitude, longitude).tolist() == [True, False]


def test_the_ground_track_passes_below_the_camera(mars):
    resolved, view = mars
    path = orbit.orbit_path(resolved, view)
    assert path.revolution_s == pytest.approx(7.08 * 3600, rel=2e-3)  # published: 7.08 h
    track = footprint.ground_track(path.positions, path.epochs, MARS)
    here = [view.facts["camera_latitude_deg"], view.facts["camera_longitude_deg"]]
    assert np.abs(track - here).sum(axis=1).min() < 2e-3  # the camera is 16 m from the craft
    assert np.abs(track[:, 0]).max() == pytest.approx(86.3, abs=0.1)  # the inclination


def test_charts_are_the_azimuthal_projection_of_the_map_command(mars):
    chart = maps.chart_below(mars[1])
    latitude, longitude, inside = chart.places(np.linspace(0.1, 0.9, 7), np.linspace(0.15, 0.85, 6))
    flat = maps.to_chart(chart, np.degrees(np.stack([latitude[inside], longitude[inside]], axis=-1)))
    across, down = np.meshgrid(np.linspace(0.15, 0.85, 6), np.linspace(0.1, 0.9, 7))
    expected = (np.stack([across, 1.0 - down], axis=-1)[inside] - 0.5) * chart.span_deg
    assert flat == pytest.approx(expected, abs=1e-9)


def test_the_map_marks_the_places_that_the_facts_name(mars):
    _resolved, view = mars
    axes = panel()
    maps.draw_globe(axes, view, None)
    facts = view.facts
    longitude = (facts["camera_longitude_deg"] + 180.0) % 360.0 - 180.0
    assert labelled(axes, "below the camera")[0] == pytest.approx([longitude, facts["camera_latitude_deg"]])
    subsolar = (facts["subsolar_longitude_deg"] + 180.0) % 360.0 - 180.0
    assert labelled(axes, "subsolar point")[0] == pytest.approx([subsolar, facts["subsolar_latitude_deg"]], abs=1e-9)


def test_the_map_below_is_wide_enough_for_the_limb(mars):
    axes = panel()
    maps.draw_ground(axes, mars[1], None)
    limb = labelled(axes, "limb seen")
    assert np.isfinite(limb).all()
    assert labelled(axes, "below the camera")[0] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert "Korolev" in [text.get_text() for text in axes.texts]


def test_the_orbit_is_drawn_to_scale_with_the_sun_to_the_right(mars):
    resolved, view = mars
    axes = panel()
    path = orbit.orbit_path(resolved, view)
    orbit.draw_orbit(axes, resolved, view, path)
    line = labelled(axes, "path of the craft")
    distance = np.hypot(*line.T)
    # Published: periapsis radius 3663 km, apoapsis radius 14,135 km.
    assert [distance.min(), distance.max()] == pytest.approx([3663, 14_135], rel=1e-3)
    rows = orbit.plane_axes(view.track.host, view.icrf_to_camera.T @ view.sun.direction)
    sun = rows @ view.icrf_to_camera.T @ view.sun.direction
    assert sun[0] > 0.0
    assert sun[1] == pytest.approx(0.0, abs=1e-12)
    assert f"β = {np.degrees(np.arcsin(sun[2])):+.1f}°" in " ".join(text.get_text() for text in axes.texts)


def test_directions_are_as_far_from_the_axis_as_the_facts_say(mars, cruise, landed):
    for resolved, view in (mars, cruise, landed):
        axes = panel()
        sky.draw_sky(axes, resolved, view)
        stars = [line.get_xydata()[0] for line in axes.lines if line.get_marker() == "*"]
        assert np.hypot(*stars[0]) == pytest.approx(view.facts["sun_off_axis_deg"], abs=1e-9)
        edge = labelled(axes, "edge of the picture")
        across = edge[np.abs(edge[:, 1]).argsort()[:4]]  # where the edge crosses the middle row
        assert np.ptp(across[:, 0]) == pytest.approx(view.facts["horizontal_fov_deg"], abs=1.0)


def test_about_the_sun_the_craft_is_at_its_distance(cruise):
    resolved, view = cruise
    axes = panel()
    orbit.draw_solar_system(axes, resolved, view, orbit.orbit_path(resolved, view))
    assert any("craft, 1.161 au" in text.get_text() for text in axes.texts)
    craft = [line.get_xydata()[0] for line in axes.lines if line.get_marker() == "o"][-1]
    track = view.track.camera.position
    height = spiceypy.pxform("J2000", "ECLIPJ2000", 0.0) @ track / AU_M
    assert craft == pytest.approx(height[:2], abs=1e-6)


def test_the_sun_over_a_sol_is_as_high_as_the_facts_say(landed):
    resolved, view = landed
    hours, height = site.sun_over_day(resolved, view)
    assert height[len(hours) // 2] == pytest.approx(view.facts["sun_elevation_below_camera_deg"], abs=2e-3)
    assert hours[-1] - hours[0] == pytest.approx(24.6230, abs=1e-3)  # sidereal rotation of Mars (IAU)
    # Noon height: 90 degrees minus the distance of the latitudes.
    noon = 90.0 - abs(25.066 - view.facts["subsolar_latitude_deg"])
    assert height.max() == pytest.approx(noon, abs=0.4)  # the normal of the ellipsoid, not the radius


def test_the_plan_of_the_site_has_camera_and_field_of_view(landed):
    _resolved, view = landed
    axes = panel()
    site.draw_site(axes, view, view.ground)
    # [mounted] offset_m = [0.36, -8.0, -0.03] in the scene
    camera = next(line.get_xydata()[0] for line in axes.lines if line.get_marker() == "o")
    assert camera == pytest.approx([0.36, -8.0], abs=1e-6)
    left, right = site.azimuth_span_deg(view, view.ground)
    assert (right - left) % 360.0 == pytest.approx(48.6, abs=0.3)  # the lens looks up by a few degrees


def test_small_drafts_meter_like_a_large_picture(cruise):
    scene = Scene.load("tianwen1-cruise")
    (small,) = exposure.metered_times(scene, [62.0])
    large = scene.with_changes(camera__size_px=[640, 360]).view("release+62s").render("draft", 1).expose().exposure
    assert small.shutter_s == pytest.approx(large.shutter_s, rel=2 ** (1 / 3) - 1)  # a third of a stop
    assert small.sun_visible_share == 1.0
    axes = panel()
    exposure.draw_exposure(axes, scene, cruise[1], [small, exposure.MeteredTime(120.0, 0.01, 0.0)])
    assert labelled(axes, "metered")[0] == pytest.approx([62.0, small.shutter_s])


@pytest.mark.parametrize(
    ("seconds", "text"), [(1.0 / 125.0, "1/125 s"), (1.0 / 1020.0, "1/1,020 s"), (2.0, "2.0 s"), (2048.0, "2,048 s")]
)
def test_exposure_times_are_written_as_photographers_do(seconds, text):
    assert exposure.shutter_text(seconds) == text


def test_a_mounted_camera_has_no_curve_of_the_drift():
    titles = [axes.get_title() for axes in situation_figure(Scene.load("tianwen1-boom")).axes]
    assert [title.split(",")[0].split(":")[0] for title in titles] == [
        "Orbit about Mars", "Mars in view of the camera", "Directions from the camera", "Mars",
    ]  # fmt: skip


def test_the_same_figure_gives_the_same_bytes(tmp_path, landed):
    def drawn(name):
        figure = Figure(layout="constrained")
        site.draw_site(figure.add_subplot(), landed[1], landed[1].ground)
        return save_figure(figure, tmp_path / name).read_bytes()

    assert drawn("a.svg") == drawn("b.svg")
    assert drawn("a.png") == drawn("b.png")


def test_a_figure_of_another_kind_is_refused_before_anything_is_drawn(tmp_path):
    scene = Scene.load("tianwen1-boom")
    with pytest.raises(OutputError, match=r"where\.gif: choose a name that ends in \.png or \.svg or \.pdf"):
        plot_situation(scene, tmp_path / "where.gif")
    with pytest.raises(OutputError, match="is a folder"):
        plot_situation(scene, tmp_path)


def test_the_command_refuses_another_kind_of_file_and_names_it(run):
    code, _out, err = run("show", "zhurong-group", "--plot", "where.gif")
    assert code == 2
    assert "where.gif: choose a name that ends in .png or .svg or .pdf" in err


def test_the_command_draws_the_figure_beside_the_facts(run, tmp_path):
    code, out, _err = run("show", "zhurong-group", "--plot", str(tmp_path / "where.png"), "--json")
    assert code == 0
    assert '"sun_azimuth_deg"' in out
    assert (tmp_path / "where.png").stat().st_size > 100_000
