"""Frames and centres of files: of date and Earth-fixed against Skyfield; of Mars and of kernels against SPICE."""

from __future__ import annotations

import numpy as np
import pytest
from ccsds_messages import OEM_META, START, block, message
from scipy.spatial.transform import Rotation
from spice_mission import ALL

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.messages.oem import read_oem
from selfiesim.astro.messages.reference_frames import center_body

ARCSECOND = np.radians(1.0 / 3600.0)
POSITION_M, VELOCITY_M_S = np.array([5.2e6, -3.1e6, 3.4e6]), np.array([3.1e3, 6.2e3, 0.9e3])


def read_in(tmp_path, frame, center="EARTH", kernels=None, **changes):
    """A straight line in a frame, read as a trajectory."""
    rows = []
    for seconds in range(0, 241, 60):
        numbers = np.concatenate([POSITION_M + seconds * VELOCITY_M_S, VELOCITY_M_S]) / 1e3
        rows.append(f"{(START + float(seconds)).utc(6)[:-1]} " + " ".join(f"{value:.9f}" for value in numbers))
    meta = OEM_META | {"CENTER_NAME": center, "REF_FRAME": frame, "STOP_TIME": "2021-12-31T16:04:00"} | changes
    path = tmp_path / "file.oem"
    path.write_text(message("OEM", block(meta, rows)))
    return read_oem(path, kernels=kernels)


def skyfield_time(seconds):
    from skyfield.api import load

    return load.timescale(builtin=True).utc(2021, 12, 31, 16, 0, seconds)


def skyfield_state(frame, seconds):
    """The same line by Skyfield, GCRS: position (m) and velocity (m/s)."""
    from skyfield.positionlib import ICRF
    from skyfield.units import Distance, Velocity

    place, speed = Distance(m=POSITION_M + seconds * VELOCITY_M_S), Velocity(km_per_s=VELOCITY_M_S / 1e3)
    state = ICRF.from_time_and_frame_vectors(skyfield_time(seconds), frame, place, speed)
    return state.position.m, state.velocity.m_per_s


def frames_of_skyfield():
    from skyfield import framelib, sgp4lib

    return {"TEME": sgp4lib.TEME, "TOD": framelib.true_equator_and_equinox_of_date, "ITRF": framelib.itrs}


@pytest.mark.parametrize("name", ["TEME", "TEMEOFDATE", "TOD", "TOD_EARTH"])
def test_frames_of_date_agree_with_skyfield(figure, tmp_path, name):
    ours = read_in(tmp_path, name).state(START + 90.0)
    frame = frames_of_skyfield()["TEME" if name.startswith("TEME") else "TOD"]
    position, velocity = skyfield_state(frame, 90.0)
    worst = 1e3 * np.linalg.norm(ours.position - position)
    figure("time", "TEME, true equator and equinox of date: a low orbit", "Skyfield", worst, 10.0, "mm")
    assert np.linalg.norm(ours.velocity - velocity) < 2e-4  # Skyfield leaves out the motion of the frame, 0.1 mm/s


@pytest.mark.parametrize("name", ["ITRF", "ITRF2014", "ITRF-93", "WGS84"])
def test_frames_fixed_to_the_earth_agree_with_skyfield_but_for_ut1(figure, tmp_path, name):
    ours = read_in(tmp_path, name).state(START + 90.0)
    position, velocity = skyfield_state(frames_of_skyfield()["ITRF"], 90.0)
    # UT1 is taken as UTC, so the Earth, which turns by 7.292115e-5 rad/s, has turned by UT1-UTC less here.
    dut1 = float(skyfield_time(90.0).dut1)
    assert 0.05 < abs(dut1) < 0.9
    pole = frames_of_skyfield()["TOD"].rotation_at(skyfield_time(90.0))
    turned = pole.T @ Rotation.from_rotvec([0.0, 0.0, -7.292115e-5 * dut1]).as_matrix() @ pole
    worst = 1e3 * np.linalg.norm(ours.position - turned @ position)
    speed = 1e3 * np.linalg.norm(ours.velocity - turned @ velocity)
    against = "Skyfield, turned back by UT1-UTC"
    figure("time", "ITRF, with UT1 taken as UTC: a low orbit", against, worst, 2.0, "mm")
    figure("time", "ITRF, with UT1 taken as UTC: its velocity", against, speed, 0.2, "mm/s")
    assert np.linalg.norm(ours.position - position) < 0.9 * 465.0 * 1.1  # m/s at the equator, 10% higher up


def test_a_frame_of_date_may_be_frozen_at_an_epoch(tmp_path):
    time = skyfield_time(0.0).ts.utc(2000, 1, 1, 12)
    expected = frames_of_skyfield()["TEME"].rotation_at(time).T @ (POSITION_M + 90.0 * VELOCITY_M_S)
    for name in ("TEMEOFEPOCH", "TEME"):
        ours = read_in(tmp_path, name, REF_FRAME_EPOCH="2000-01-01T12:00:00").state(START + 90.0)
        assert np.linalg.norm(ours.position - expected) < 1e-2


def test_gcrf_and_its_kin_are_icrf(tmp_path):
    for name in ("GCRF", "ICRF", "ICRF3", "EME2000", "J2000"):
        ours = read_in(tmp_path, name).state(START + 90.0)
        np.testing.assert_allclose(ours.position, POSITION_M + 90.0 * VELOCITY_M_S, atol=1e-3)


def test_the_mean_equator_of_date_agrees_with_spice(figure, spice, tmp_path):
    # SPICE has the IAU 1976 precession: 0.3 arcseconds per century from that of 2006.
    ours = read_in(tmp_path, "MOD").state(START + 0.0).position
    kernel = tmp_path / "mod.tf"
    kernel.write_text(
        "KPL/FK\n\\begindata\nFRAME_MOD_EARTH = 1400101\nFRAME_1400101_NAME = 'MOD_EARTH'\nFRAME_1400101_CLASS = 5\n"
        "FRAME_1400101_CLASS_ID = 1400101\nFRAME_1400101_CENTER = 399\nFRAME_1400101_RELATIVE = 'J2000'\n"
        "FRAME_1400101_DEF_STYLE = 'PARAMETERIZED'\nFRAME_1400101_FAMILY = 'MEAN_EQUATOR_AND_EQUINOX_OF_DATE'\n"
        "FRAME_1400101_PREC_MODEL = 'EARTH_IAU_1976'\nFRAME_1400101_ROTATION_STATE = 'ROTATING'\n\\begintext\n"
    )
    spice.furnsh(str(kernel))
    try:
        theirs = spice.pxform("MOD_EARTH", "J2000", spice.str2et("2021-12-31T16:00:00")) @ POSITION_M
    finally:
        spice.unload(str(kernel))
    worst = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs) / ARCSECOND
    figure("time", "mean equator and equinox of date", "SPICE, IAU 1976 precession", worst, 0.05, "arcsec")


def test_a_body_fixed_frame_agrees_with_spice(spice, tmp_path):
    ours = read_in(tmp_path, "IAU_MARS", center="499").state(START + 90.0)
    state = np.concatenate([POSITION_M + 90.0 * VELOCITY_M_S, VELOCITY_M_S])
    theirs = spice.sxform("IAU_MARS", "J2000", spice.str2et("2021-12-31T16:01:30")) @ state
    assert np.linalg.norm(ours.position - theirs[:3]) < 1.0
    assert np.linalg.norm(ours.velocity - theirs[3:]) < 1e-3


def test_kernels_define_further_frames(spice, mission, tmp_path):
    from selfiesim.astro.spice_kernels import Kernels

    kernels = Kernels([mission / name for name in ALL])
    ours = read_in(tmp_path, "B1950", kernels=kernels).state(START + 90.0)
    theirs = spice.pxform("B1950", "J2000", 0.0) @ (POSITION_M + 90.0 * VELOCITY_M_S)
    assert np.linalg.norm(ours.position - theirs) < 1e-3


def test_an_earth_orientation_kernel_takes_the_place_of_ut1_as_utc(spice, tmp_path):
    from selfiesim.astro.spice_kernels import Kernels

    # A binary PCK for ITRF93 (class ID 3000) of an Earth that turns by a degree a day about ICRF's z axis.
    start, day = spice.str2et("2021-12-31T12:00:00"), 86400.0
    kernel = tmp_path / "earth.bpc"
    handle = spice.pckopn(str(kernel), "test", 0)
    middle = np.radians(30.0 + 0.5)
    record = [np.pi / 2.0, 0.0, 0.0, 0.0, middle - np.pi / 2.0, np.radians(0.5)]  # Chebyshev: value and half its change
    spice.pckw02(handle, 3000, "J2000", start, start + day, "test", day, 1, 1, record, start)
    spice.pckcls(handle)
    kernels = Kernels([kernel])
    ours = read_in(tmp_path, "ITRF2000", kernels=kernels).state(START + 90.0)
    angle = np.radians(30.0 + (spice.str2et("2021-12-31T16:01:30") - start) / day)
    expected = Rotation.from_rotvec([0.0, 0.0, angle]).apply(POSITION_M + 90.0 * VELOCITY_M_S)
    assert np.linalg.norm(ours.position - expected) < 1e-2


# NAIF's numbers and the names that tools write.
@pytest.mark.parametrize(
    ("name", "body"),
    [("Luna", "moon"), ("499", "mars"), ("MARS", "mars"), ("Mars_Barycenter", "mars barycenter"), ("301", "moon"),
     ("EARTH", "earth"), ("4", "mars barycenter"), ("Ryugu", "ryugu")],
)  # fmt: skip
def test_centres_are_known_by_number_and_by_the_names_of_tools(name, body):
    assert center_body(name) == body


def test_epochs_of_other_time_systems_are_exact(tmp_path):
    import erfa

    # TCG and TCB at an instant, from ERFA's own conversions of its TT and TDB.
    tt = erfa.tdbtt(START.day, START.fraction, 0.0)
    for system, (day, part) in {"TCG": erfa.tttcg(*tt), "TCB": erfa.tdbtcb(START.day, START.fraction)}.items():
        year, month, date, clock = erfa.d2dtf("TT", 9, day, part)
        hour, minute, second, fraction = (int(clock[key]) for key in ("h", "m", "s", "f"))
        text = f"{int(year)}-{int(month):02d}-{int(date):02d}T{hour:02d}:{minute:02d}:{second:02d}.{fraction:09d}"
        path = tmp_path / "one.oem"
        meta = OEM_META | {"TIME_SYSTEM": system, "START_TIME": text, "STOP_TIME": text, "CENTER_NAME": "EARTH"}
        path.write_text(message("OEM", block(meta, [f"{text} 7000 0 0 0 7.5 0"])))
        ((start, _stop),) = read_oem(path).coverage
        assert start - START == pytest.approx(0.0, abs=2e-3 if system == "TCG" else 1e-6)
        assert isinstance(start, Epoch)
