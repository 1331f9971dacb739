"""Hosts: craft on an orbit, on a trajectory from a file, on the ground, or in orbit about the Sun."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import spice_mission
from ccsds_messages import AEM_META, OEM_META, START, aem_rows, block, message, oem_rows, true_attitude, true_state
from shipped_scene import SHIPPED, scene
from spice_mission import ALL

from selfiesim.astro.bodies import AU_M, MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed, icrf_to_inertial
from selfiesim.astro.orbit import State, state_to_elements
from selfiesim.core.errors import CcsdsError, KernelError, SceneError
from selfiesim.scene.scene import Scene

ROOT = Path(__file__).parents[2]

# Telemetry of 9 November 2021, read by radio amateurs (D. Estevez, destevez.net); GMAT's MarsInertial axes.
TELEMETRY = {
    "epoch_utc": "2021-11-09T10:42:09.1698Z",
    "position_km": [1786.3925178639424, -3521.8603918686213, -12884.286672718548],
    "velocity_km_s": [-0.21100179119659598, 0.9822409035982982, -0.7303411191821157],
}


def elements_of(resolved, epoch):
    to_mars, state = icrf_to_inertial("mars-inertial"), resolved.host.state(epoch)
    return state_to_elements(State(to_mars @ state.position, to_mars @ state.velocity), MARS.gm_m3_s2)


def test_a_state_vector_gives_the_published_elements():
    found = elements_of(scene(orbit=TELEMETRY).resolve(), Epoch.from_utc(TELEMETRY["epoch_utc"]))
    # Elements published with the state vector.
    assert found.semi_major_axis / 1e3 == pytest.approx(8897.4, abs=0.1)
    assert found.eccentricity == pytest.approx(0.5885, abs=1e-4)
    angles = (found.inclination, found.raan, found.arg_periapsis, found.true_anomaly)
    assert np.degrees(angles) == pytest.approx([86.325, 104.80, 88.36, 164.99], abs=0.01)


@pytest.mark.slow
def test_seven_weeks_of_oblateness_reproduce_the_published_orbit():
    # D. Estevez' propagation and his plots of the periapsis: node 100.72 and periapsis at 57.1 degrees on 31 December.
    found = elements_of(scene(orbit=TELEMETRY | {"forces": {}}).resolve(), Epoch.from_utc("2021-12-31T12:00:00Z"))
    assert np.degrees(found.raan) == pytest.approx(100.72, abs=0.05)
    assert np.degrees(found.arg_periapsis) == pytest.approx(57.1, abs=0.15)
    # The rate of the argument of the periapsis that he reads from telemetry: -0.593 degrees a day.
    assert (np.degrees(found.arg_periapsis) - 88.36) / 52.05 == pytest.approx(-0.593, abs=0.015)


def test_forces_move_camera_and_craft_alike_to_within_millimetres():
    at = {"release__at": "2021-11-09T11:00:00Z"}
    plain, pulled = scene(orbit=TELEMETRY, **at), scene(orbit=TELEMETRY | {"forces": {}}, **at)
    ours, theirs = pulled.view(at=600.0), plain.view(at=600.0)
    assert np.linalg.norm(ours.track.host.position - theirs.track.host.position) > 0.5
    offsets = [view.track.camera.position - view.track.host.position for view in (ours, theirs)]
    assert np.linalg.norm(offsets[0] - offsets[1]) < 1e-3


def test_sunlight_carries_a_light_camera_away_from_a_heavy_craft():
    # Half of a t^2: 1361 W/m2 / c / (1.64 AU)^2 on 1 m2/kg, black, for ten minutes; the craft feels none.
    forces = {"zonals": False, "sun": False, "camera_area_to_mass_m2_kg": 1.0, "reflectivity": 1.0}
    at = {"release__at": "2021-11-09T11:00:00Z"}
    pushed = scene(orbit=TELEMETRY | {"forces": forces}, **at).view(at=600.0)
    still = scene(orbit=TELEMETRY, **at).view(at=600.0)
    moved = pushed.track.camera.position - pushed.track.host.position
    moved -= still.track.camera.position - still.track.host.position
    expected = 0.5 * 1361.0 / 299792458.0 * (AU_M / pushed.sun.distance) ** 2 * 600.0**2
    away = -pushed.icrf_to_camera.T @ pushed.sun.direction
    assert moved @ away == pytest.approx(expected, rel=1e-3)


def test_zero_inclination_is_in_the_equator_of_date():
    orbit = {k: v for k, v in SHIPPED["orbit"].items() if k != "frame"} | {
        "frame": "equator-of-date", "inclination_deg": 0.0,
    }  # fmt: skip
    resolved = scene(orbit=orbit, release__at="periapsis").resolve()
    pole = icrf_to_bodyfixed(MARS, resolved.host.reference_epoch)[2]
    state = resolved.host.state(resolved.host.reference_epoch)
    normal = np.cross(state.position, state.velocity)
    np.testing.assert_allclose(normal / np.linalg.norm(normal), pole, atol=1e-12)


# A trajectory from a file


def oem_scene(folder, **changes):
    (folder / "path.oem").write_text(message("OEM", block(OEM_META, oem_rows())))
    changes = {"path__oem": "path.oem", "release__at": "2021-12-31T16:20:00Z"} | changes
    return scene(folder, without=("orbit",), **changes)


def test_drift_from_an_oem_file_equals_drift_from_the_same_orbit(tmp_path):
    # The file holds a two-body orbit: so does the other scene, as a state.
    filed = oem_scene(tmp_path)
    state = true_state(START)
    orbit = {
        "frame": "icrf", "epoch_utc": "2021-12-31T16:00:00Z",
        "position_km": (state.position / 1e3).tolist(), "velocity_km_s": (state.velocity / 1e3).tolist(),
        "forces": {"zonals": True, "sun": False},
    }  # fmt: skip
    plain = scene(orbit=orbit | {"forces": None}, release__at="2021-12-31T16:20:00Z")
    for seconds, tolerance_m in ((0.0, 1e-6), (100.0, 1e-3), (1200.0, 0.1)):
        ours, theirs = filed.view(at=seconds), plain.view(at=seconds)
        assert np.linalg.norm(ours.track.host.position - theirs.track.host.position) < 0.01
        offsets = [view.track.camera.position - view.track.host.position for view in (ours, theirs)]
        # The rest is the tide of the planet's oblateness, which acts only on the camera of the file.
        assert np.linalg.norm(offsets[0] - offsets[1]) < tolerance_m


def test_drift_from_an_oem_file_includes_the_tide_of_the_oblateness(tmp_path):
    from selfiesim.astro import forces
    from selfiesim.motion import relative_motion
    from selfiesim.motion.host_trajectories import zonal_harmonics_of

    resolved = oem_scene(tmp_path).resolve()
    release_state, pole = resolved.release_state, icrf_to_bodyfixed(MARS, resolved.release_state.release.epoch)[2]

    def flattening(_seconds, position):
        return forces.zonal_acceleration(position, zonal_harmonics_of(MARS), pole)

    _host, ours = resolved.host.propagate_pair(
        release_state.release.epoch, release_state.host, release_state.camera, 1200.0
    )
    theirs = relative_motion.relative_state_perturbed(
        release_state.host, release_state.camera, 1200.0, MARS.gm_m3_s2, flattening
    )
    # The file's trajectory lacks the oblateness, which moves the craft by 0.4 km, so the tides differ slightly.
    assert np.linalg.norm(ours.position - theirs.position) < 0.02


def test_events_are_searched_within_the_coverage_of_the_file(tmp_path):
    with pytest.raises(SceneError, match=r"release.at: no periapsis occurs from 2021-12-31T16:.* to .*T17:00:00Z"):
        oem_scene(tmp_path, release__at="periapsis").view()
    low = oem_scene(tmp_path, release__at="terminator").resolve()
    assert START <= low.release_state.release.epoch <= START + 3600.0


def test_a_time_outside_the_file_is_refused_with_its_coverage(tmp_path):
    with pytest.raises(CcsdsError, match=r"does not cover .* it covers 2021-12-31T16:00:00.000Z to"):
        oem_scene(tmp_path, release__at="2021-12-31T18:00:00Z").view()
    with pytest.raises(SceneError, match=r"path.oem: its CENTER_NAME is MARS, but path.body is earth"):
        oem_scene(tmp_path, path__body="earth").view()


@pytest.mark.parametrize("center", ["499", "Mars", "MARS BARYCENTER", "Mars_Barycenter"])
def test_the_centre_of_a_file_may_be_named_as_tools_do(tmp_path, center):
    filed = oem_scene(tmp_path)
    (tmp_path / "path.oem").write_text(message("OEM", block(OEM_META | {"CENTER_NAME": center}, oem_rows())))
    assert filed.view(at=0.0).track.host.position == pytest.approx(true_state(START + 1200.0).position, abs=1.0)


# The barycentre of the Earth and the Moon is 4,700 km from the Earth's centre, and that of Jupiter's system 200 km.
@pytest.mark.parametrize(("center", "body"), [("EARTH BARYCENTER", "earth"), ("5", "jupiter"), ("Luna", "mars")])
def test_a_file_about_another_centre_is_refused(tmp_path, center, body):
    filed = oem_scene(tmp_path, path__body=body)
    (tmp_path / "path.oem").write_text(message("OEM", block(OEM_META | {"CENTER_NAME": center}, oem_rows())))
    with pytest.raises(SceneError, match=f"path.oem: its CENTER_NAME is {center}, but path.body is {body}"):
        filed.view()


# The International Space Station on 20 September 2008, the usual example of the format.
ISS = """ISS (ZARYA)
1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927
2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537
"""


def test_two_line_elements_may_stand_in_the_orbit(tmp_path):
    (tmp_path / "iss.tle").write_text(ISS)
    at = {"release__at": "2008-09-20T12:30:00Z", "at": "release+20s"}
    keys = {"body": "earth", "tle": "iss.tle"}
    ours = scene(tmp_path, orbit=keys, **at).view().track.host
    theirs = scene(tmp_path, path=keys, without=("orbit",), **at).view().track.host
    np.testing.assert_array_equal(ours.position, theirs.position)
    with pytest.raises(SceneError, match=r"orbit.tle: mean elements are about the Earth; set orbit.body to 'earth'"):
        scene(tmp_path, orbit={"tle": "iss.tle"}, **at).view()


def test_two_line_elements_put_the_craft_where_skyfield_does(tmp_path):
    from skyfield.api import EarthSatellite, load, wgs84

    (tmp_path / "iss.tle").write_text(ISS)
    path = {"body": "earth", "tle": "iss.tle"}
    shot = scene(tmp_path, without=("orbit",), path=path, release__at="2008-09-20T13:10:00Z")
    facts = shot.view(at=0.0).facts
    scale = load.timescale(builtin=True)
    there = wgs84.subpoint(EarthSatellite(*ISS.splitlines()[1:], "ISS", scale).at(scale.utc(2008, 9, 20, 13, 10)))
    assert facts["camera_altitude_km"] == pytest.approx(there.elevation.km, abs=0.05)
    # Planetocentric latitudes are up to 0.19 degrees from geodetic ones, and the IAU's Earth turns to 0.05 degrees.
    assert facts["camera_latitude_deg"] == pytest.approx(there.latitude.degrees, abs=0.2)
    assert facts["camera_longitude_deg"] == pytest.approx(there.longitude.degrees % 360.0, abs=0.08)
    events = scene(tmp_path, without=("orbit",), path=path, release__at="max-latitude").resolve()
    assert abs(events.release_state.release.epoch - Epoch.from_utc("2008-09-20T12:25:40Z")) < 5500.0


def test_the_example_in_the_documents_runs(tmp_path):
    section = (ROOT / "docs/scenes.md").read_text().split("### Orbit and attitude files")[1].split("\n## ")[0]
    (tmp_path / "iss.tle").write_text("\n".join(re.findall(r"^    (\S.*)$", section, re.MULTILINE)) + "\n")
    (tmp_path / "iss.toml").write_text(re.findall(r"```toml\n(.*?)```", section, re.DOTALL)[0])
    assert Scene.load(tmp_path / "iss.toml").view().facts["camera_altitude_km"] == pytest.approx(365.0, abs=20.0)


def test_mean_elements_need_the_earth_and_are_the_only_source(tmp_path):
    (tmp_path / "iss.tle").write_text(ISS)
    at = {"without": ("orbit",), "release__at": "2008-09-20T13:10:00Z"}
    with pytest.raises(SceneError, match=r"path.tle: mean elements are about the Earth; set path.body to 'earth'"):
        scene(tmp_path, path={"tle": "iss.tle"}, **at).view()
    with pytest.raises(SceneError, match=r"give one of oem = 'file.oem', tle = .*, not oem and tle"):
        scene(tmp_path, path={"tle": "iss.tle", "oem": "path.oem"}, **at)
    with pytest.raises(CcsdsError, match=r"iss.tle, line 1: must begin with CCSDS_OMM_VERS = 3.0"):
        scene(tmp_path, path={"body": "earth", "omm": "iss.tle"}, **at).view()


def test_an_attitude_file_gives_the_attitude(tmp_path):
    (tmp_path / "turn.aem").write_text(message("AEM", block(AEM_META, aem_rows(), data=True)))
    view = oem_scene(tmp_path, attitude={"aem": "turn.aem"}).view(at=30.0)
    np.testing.assert_allclose(view.track.icrf_to_body, true_attitude(view.epoch), atol=1e-9)


def test_files_outside_the_scenes_folder_are_not_read(tmp_path):
    for changes in ({"path__oem": "../path.oem"}, {"path__oem": "/etc/passwd"}):
        with pytest.raises(SceneError, match=r"path.oem: .* lies outside the scene's folder"):
            oem_scene(tmp_path, **changes).view()
    with pytest.raises(SceneError, match=r"kernels: .* lies outside the scene's folder"):
        oem_scene(tmp_path, kernels=["../x.bsp"]).view()


def test_kernels_give_trajectory_and_attitude(mission):
    changes = {
        "kernels": ALL, "path__target": "SELFIE", "attitude": {"ck_frame": "SELFIE_BODY"},
        "release__at": "2021-12-31T16:20:00Z",
    }  # fmt: skip
    shot = scene(mission, without=("orbit",), **changes)
    view = shot.view(at=20.0)
    truth = spice_mission.true_state(view.epoch)
    assert np.linalg.norm(view.track.host.position - truth.position) < 1e-2
    np.testing.assert_allclose(view.track.icrf_to_body, spice_mission.true_attitude(view.epoch), atol=1e-9)
    # The Sun is in none of these kernels: the built-in ephemeris fills in.
    assert view.facts["sun_distance_au"] == pytest.approx(1.537, abs=1e-3)
    with pytest.raises(KernelError, match=r"scene: no data for (selfie|SELFIE) at .*; the SPK files cover"):
        shot.view(at=7200.0)
    with pytest.raises(SceneError, match=r"path.target: none of the SPK files covers '-777'"):
        scene(mission, without=("orbit",), **changes | {"path__target": "-777"}).view()


def test_a_planetary_kernel_takes_precedence_over_the_built_in_ephemeris(tmp_path):
    import shutil
    from pathlib import Path

    from skyfield_data import get_skyfield_data_path

    shutil.copy(Path(get_skyfield_data_path()) / "de421.bsp", tmp_path)
    kernel, builtin = scene(tmp_path, kernels=["de421.bsp"]).resolve(), scene().resolve()
    epoch = kernel.release_state.release.epoch
    ours = kernel.almanac.position("sun", "mars", epoch)
    np.testing.assert_array_equal(ours, kernel.almanac.kernels.position("sun", "mars", epoch))
    assert 0.0 < np.linalg.norm(ours - builtin.almanac.position("sun", "mars", epoch)) < 3e7
    with pytest.raises(KernelError, match=r"no data for (mars|sun) at 2060"):
        kernel.almanac.position("sun", "mars", Epoch.from_utc("2060-01-01T00:00:00Z"))


# In orbit about the Sun


CRUISE = {
    "body": "sun", "frame": "ecliptic", "epoch_utc": "2020-09-16T00:00:00Z", "semi_major_axis_km": 1.89e8,
    "eccentricity": 0.21, "inclination_deg": 0.7, "raan_deg": 300.0, "arg_periapsis_deg": 10.0,
    "true_anomaly_deg": 25.0,
}  # fmt: skip


def cruise(**changes):
    keys = {"orbit": CRUISE, "release__at": "2020-09-16T06:00:00Z", "camera__up": "orbit-normal"}
    return scene(**keys | changes)


def test_a_heliocentric_orbit_agrees_with_spice_conics(spice):
    view = cruise().view(at=100.0)
    gm, start = 1.3271244e11, Epoch.from_utc(CRUISE["epoch_utc"])
    q = CRUISE["semi_major_axis_km"] * (1.0 - CRUISE["eccentricity"])
    eccentric = 2.0 * np.arctan(np.sqrt((1 - 0.21) / (1 + 0.21)) * np.tan(np.radians(12.5)))
    mean = eccentric - 0.21 * np.sin(eccentric)
    angles = np.radians([CRUISE["inclination_deg"], CRUISE["raan_deg"], CRUISE["arg_periapsis_deg"]])
    theirs = spice.conics([q, 0.21, *angles, mean, 0.0, gm], view.epoch - start)
    to_icrf = spice.pxform("ECLIPJ2000", "J2000", 0.0)
    np.testing.assert_allclose(view.track.host.position, to_icrf @ theirs[:3] * 1e3, rtol=1e-9)


def test_deep_space_has_no_planet_and_full_sunlight():
    view = cruise().view(at=60.0)
    assert view.planet is None
    assert view.craft.sun_visible_fraction == 1.0
    assert "camera_latitude_deg" not in view.facts
    assert view.facts["distance_from_mount_m"] == pytest.approx(12.0, rel=1e-6)
    # The direction to the Sun is opposite to the heliocentric position.
    there = view.icrf_to_camera.T @ view.sun.direction
    np.testing.assert_allclose(there, -view.track.camera.position / view.sun.distance, atol=1e-12)


def test_a_cruise_has_no_polar_cap_to_cross():
    with pytest.raises(SceneError, match=r"release.at: cap-crossing: not defined for a heliocentric orbit"):
        cruise(release__at="cap-crossing").view()
    assert cruise(release__at="periapsis").resolve().release_state is not None


# On the ground


def grounded(**changes):
    keys = {
        "site": {"longitude_deg": 109.925, "latitude_deg": 25.066, "height_m": -4100.0},
        "release__at": "2021-06-01T08:00:00Z", "release__axis": [0.0, 1.0, 0.0], "release__speed_m_s": 0.001,
        "attitude": {"primary": {"axis": [1, 0, 0], "toward": "zenith"},
                     "secondary": {"axis": [0, 1, 0], "toward": "north"}},
    }  # fmt: skip
    return scene(without=("orbit",), **keys | changes)


def test_a_lander_stays_at_its_site_and_rotates_with_the_planet():
    shot = grounded()
    for seconds in (0.0, 3600.0):
        view = shot.view(at=seconds)
        x, y, z = view.track.icrf_to_bodyfixed @ view.track.host.position
        assert np.degrees([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))]) == pytest.approx([109.925, 25.066])
        spin = view.track.icrf_to_bodyfixed.T @ [0.0, 0.0, np.radians(350.891982443297) / 86400.0]
        np.testing.assert_allclose(view.track.host.velocity, np.cross(spin, view.track.host.position), atol=1e-9)


# MOLA at Zhurong's site: Liu et al. 2022, Nat. Astron. 6, 65.
def test_a_site_stands_on_the_measured_ground_and_altitude_says_above_what():
    view = grounded(site={"longitude_deg": 109.925, "latitude_deg": 25.066}).view(at=600.0)
    facts = view.facts
    assert facts["site_height_m"] == pytest.approx(-4099, abs=30)
    assert facts["camera_altitude_above"] == "ground of the site"
    assert facts["camera_altitude_km"] == pytest.approx(0.05e-3, abs=1e-6)  # at rest
    ground = np.linalg.norm(view.track.icrf_to_bodyfixed @ view.track.host.position)
    own = np.linalg.norm(grounded(site__height_m=0.0).view(at=600.0).track.host.position)
    assert own - ground == pytest.approx(-facts["site_height_m"], abs=1.0)


def test_a_dropped_camera_falls_with_the_gravity_of_mars():
    # The mount is 0.12 m above the origin, which is on the ground: the camera falls 0.07 m and rests 0.05 m high, under
    # 3.71 m/s2 (NASA's Mars fact sheet: 3.73 at the surface, less the centrifugal acceleration).
    shot = grounded()
    falling = np.sqrt(2.0 * 0.07 / 3.71)
    heights = [shot.view(at=t).facts["camera_altitude_km"] * 1e3 for t in (0.0, 0.5 * falling, 2.0 * falling, 600.0)]
    assert heights == pytest.approx([0.12, 0.12 - 0.07 / 4.0, 0.05, 0.05], abs=1e-3)
    early, late = (shot.view(at=t) for t in (1.0, 600.0))
    place = [view.track.icrf_to_bodyfixed @ view.track.camera.position for view in (early, late)]
    np.testing.assert_allclose(place[0], place[1], atol=1e-6)  # it rests


def test_a_lander_needs_a_utc_time_and_has_no_dispersion():
    from selfiesim.analysis.dispersion import disperse

    with pytest.raises(SceneError, match="at: a craft on the ground needs a UTC time"):
        grounded(release__at="max-latitude").view()
    with pytest.raises(SceneError, match="dropped on the ground"):
        disperse(grounded(), 10, [1.0])


# Custom bodies


ITOKAWA = {
    # Shape, mass and rotation: Fujiwara et al. 2006, Science 312, 1330; orbit: JPL's small-body database, rounded.
    "name": "itokawa", "radii_km": [0.2675, 0.147, 0.1045], "gm_km3_s2": 2.36e-9,
    "pole_ra_deg": 90.5, "pole_dec_deg": -66.3, "spin_deg_day": 712.1,
    "orbit": {"epoch_utc": "2005-11-12T00:00:00Z", "semi_major_axis_au": 1.3241, "eccentricity": 0.2801,
              "inclination_deg": 1.622, "node_deg": 69.1, "arg_periapsis_deg": 162.8, "mean_anomaly_deg": 20.0},
}  # fmt: skip
ORBIT_OF_ITOKAWA = {
    "body": "itokawa", "frame": "icrf", "epoch_utc": "2005-11-12T00:00:00Z", "semi_major_axis_km": 1.0,
    "eccentricity": 0.1, "inclination_deg": 80.0, "raan_deg": 0.0, "arg_periapsis_deg": 0.0, "true_anomaly_deg": 0.0,
}  # fmt: skip


def test_a_custom_body_is_orbited_and_lit(spice):
    shot = scene(body=ITOKAWA, orbit=ORBIT_OF_ITOKAWA, release__at="periapsis", release__speed_m_s=0.01)
    view = shot.view(at=100.0)
    assert view.planet.body.name == "itokawa"
    # SPICE's conic for the body's heliocentric orbit.
    orbit = ITOKAWA["orbit"]
    q = orbit["semi_major_axis_au"] * AU_M / 1e3 * (1.0 - orbit["eccentricity"])
    angles = np.radians([orbit[k] for k in ("inclination_deg", "node_deg", "arg_periapsis_deg", "mean_anomaly_deg")])
    state = spice.conics(
        [q, orbit["eccentricity"], *angles, 0.0, 1.3271244e11], view.epoch - Epoch.from_utc(orbit["epoch_utc"])
    )
    from_sun = spice.pxform("ECLIPJ2000", "J2000", 0.0) @ state[:3] * 1e3
    np.testing.assert_allclose(shot.resolve().almanac.position("sun", "itokawa", view.epoch), -from_sun, rtol=1e-9)
    assert view.facts["sun_distance_au"] == pytest.approx(np.linalg.norm(from_sun) / AU_M, rel=1e-6)
    # The Earth comes from the built-in ephemeris.
    earth = shot.resolve().almanac.position("earth", "itokawa", view.epoch)
    assert 0.1 < np.linalg.norm(earth) / AU_M < 2.5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"orbit__body": "vulcan"}, "orbit.body: unknown body 'vulcan'"),
        ({"orbit__body": "marz"}, "did you mean 'mars'"),
        ({"body": ITOKAWA | {"name": "mars"}}, "body.name: mars is a built-in body"),
        ({"orbit__body": "earth", "orbit__frame": "mars-inertial"}, "orbit.frame: mars-inertial needs body = 'mars'"),
        ({"orbit__position_km": [1.0, 2.0, 3.0]}, "give elements or a state vector, not both"),
        ({"site": {"longitude_deg": 0.0, "latitude_deg": 0.0}}, "orbit and site: give one of"),
        ({"path": {"target": "-143"}, "without": ("orbit",)}, "kernels: missing"),
        ({"path": {}, "without": ("orbit",)}, "path: give one of oem"),
        ({"mounted": {}}, "release and mounted: give one of"),
        ({"attitude": {"aem": "x", "ck_frame": "y"}}, "attitude: give aem or ck_frame"),
        ({"attitude": {"quaternion_icrf_to_body": [0, 0, 0, 2]}}, "must have length 1"),
        ({"attitude__aem": "x"}, "attitude: aem sets the whole attitude; remove primary"),
        ({"site": {"body": "sun", "longitude_deg": 0.0, "latitude_deg": 0.0}, "without": ("orbit",)},
         "the sun has no surface to stand on"),
        ({"body": ITOKAWA | {"radii_km": [1, 1, 0]}}, "body.radii_km.2"),
    ],
)  # fmt: skip
def test_inconsistent_settings_are_refused_by_key(changes, words):
    with pytest.raises(SceneError, match=words.replace("[", r"\[")):
        scene(**changes)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"velocity_km_s": [0.0, 0.0, 20.0]}, "position_km and velocity_km_s are not on a closed orbit"),
        ({"velocity_km_s": [0.0, 0.1, 0.0]}, "position_km and velocity_km_s put the periapsis .* inside the planet"),
    ],
)
def test_a_state_without_a_usable_orbit_is_refused(state, words):
    with pytest.raises(SceneError, match=f"orbit: {words}"):
        scene(orbit=TELEMETRY | state, release__at="periapsis").view()


# ESA, "L2, the second Lagrangian point", esa.int: 1.5 million km from the Earth; the Hill sphere ends there.
@pytest.mark.parametrize(("apoapsis_km", "held"), [(1.40e6, True), (1.60e6, False)])
def test_an_orbit_beyond_the_hill_sphere_is_refused(apoapsis_km, held):
    orbit = SHIPPED["orbit"] | {"body": "earth", "frame": "icrf", "eccentricity": 0.9}
    shot = scene(orbit=orbit | {"semi_major_axis_km": apoapsis_km / 1.9}, release__at="periapsis")
    if held:
        shot.resolve()
    else:
        with pytest.raises(SceneError, match=r"orbit: .* put the apoapsis 1,600,000 km"):
            shot.resolve()


def test_an_orbit_given_in_metres_is_refused():
    with pytest.raises(SceneError, match=r"beyond its Hill radius of .* km with respect to the Sun; lengths are in km"):
        scene(orbit__semi_major_axis_km=8898750.0).resolve()
