"""CCSDS orbit files in keyword form, generated from two-body orbits."""

from __future__ import annotations

import numpy as np
import pytest
from ccsds_messages import OEM_META, START, block, message, oem_rows, true_state
from figures import largest

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.messages.oem import read_oem
from selfiesim.core.errors import CcsdsError


def write(tmp_path, text):
    path = tmp_path / "file.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def oem(tmp_path, **changes):
    return write(tmp_path, message("OEM", block(OEM_META | changes, oem_rows())))


# Rows a minute apart on an orbit of seven hours.
@pytest.mark.parametrize(
    ("method", "degree", "position_m", "velocity_m_s"),
    [("HERMITE", 7, 3e-3, 1e-5), ("HERMITE", 3, 5.0, 0.5), ("LAGRANGE", 7, 5e-2, 1e-4), ("LAGRANGE", 8, 5e-3, 1e-5),
     (None, None, 3e-3, 1e-5)],
)  # fmt: skip
def test_a_trajectory_is_interpolated_by_the_files_method(tmp_path, method, degree, position_m, velocity_m_s):
    path = read_oem(oem(tmp_path, INTERPOLATION=method, INTERPOLATION_DEGREE=degree))
    assert (path.object_name, path.object_id, path.center) == ("SELFIE", "2020-049X", "MARS")
    for seconds in (0.0, 13.7, 60.0, 1801.0, 3599.0, 3600.0):
        truth, ours = true_state(START + seconds), path.state(START + seconds)
        assert np.linalg.norm(ours.position - truth.position) < position_m
        assert np.linalg.norm(ours.velocity - truth.velocity) < velocity_m_s


@pytest.mark.parametrize(("method", "kind", "degree"), [("LAGRANGE", 9, 7), ("LAGRANGE", 9, 6), ("HERMITE", 13, 7)])
def test_interpolation_agrees_with_spice(figure, spice, tmp_path, method, kind, degree):
    path = read_oem(oem(tmp_path, INTERPOLATION=method, INTERPOLATION_DEGREE=degree))
    rows = np.array([[float(word) for word in row.split()[1:]] for row in oem_rows()])
    et0 = (START.day - 2451545.0) * 86400.0 + START.fraction * 86400.0
    times = et0 + 60.0 * np.arange(len(rows))
    kernel = str(tmp_path / "path.bsp")
    handle = spice.spkopn(kernel, "test", 0)
    writer = spice.spkw09 if kind == 9 else spice.spkw13
    writer(handle, -905, 499, "J2000", times[0], times[-1], "test", degree, len(rows), rows, times)
    spice.spkcls(handle)
    spice.furnsh(kernel)
    try:
        for seconds in (1.0, 29.9, 91.0, 1234.5, 3570.0):
            theirs, _ = spice.spkez(-905, et0 + seconds, "J2000", "NONE", 499)
            ours = path.state(START + seconds)
            worst = 1e3 * largest(ours.position, theirs[:3] * 1e3)
            figure("orbits", "OEM, degrees 6 and 7", "SPICE, SPK types 9 and 13", worst, 2.0, "mm")
            np.testing.assert_allclose(ours.velocity, theirs[3:] * 1e3, atol=2e-5)
    finally:
        spice.unload(kernel)


@pytest.mark.parametrize(("system", "utc_minus_s"), [("TAI", 37.0), ("GPS", 18.0), ("TT", 69.184), ("TDB", 69.184)])
def test_time_systems_are_converted(tmp_path, system, utc_minus_s):
    # TAI - UTC was 37 s and TT - TAI is 32.184 s; TDB - TT stays within 2 ms, 6 m along the orbit here. GPS - UTC was
    # 18 s from 2017 on (US Naval Observatory).
    path = read_oem(oem(tmp_path, TIME_SYSTEM=system))
    truth = true_state(START + 600.0)
    ours = path.state(START + (600.0 - utc_minus_s))
    assert np.linalg.norm(ours.position - truth.position) < (8.0 if system == "TDB" else 1e-3)


def test_dates_may_be_given_by_day_of_year(tmp_path):
    text = message("OEM", block(OEM_META, oem_rows())).replace("2021-12-31T", "2021-365T")
    ours = read_oem(write(tmp_path, text)).state(START + 100.0)
    assert np.linalg.norm(ours.position - true_state(START + 100.0).position) < 1e-3


def test_a_row_may_be_at_a_leap_second(tmp_path):
    rows = [f"2016-12-31T23:59:{second} {n}.0 0 0 1 0 0" for n, second in enumerate(["58", "59", "60"])]
    rows += [f"2017-01-01T00:00:0{n} {n + 3}.0 0 0 1 0 0" for n in range(2)]
    meta = OEM_META | {"START_TIME": "2016-12-31T23:59:58", "STOP_TIME": "2017-01-01T00:00:01"}
    path = read_oem(write(tmp_path, message("OEM", block(meta, rows))))
    assert path.state(Epoch.from_utc("2016-12-31T23:59:60.5Z")).position[0] == pytest.approx(2500.0, abs=1e-3)
    bad = [row.replace("2016-12-31T23:59:60", "2016-12-31T22:59:60") for row in rows]
    with pytest.raises(CcsdsError, match=r"line 19: .*no leap second there"):
        read_oem(write(tmp_path, message("OEM", block(meta, bad))))


def two_segments(second):
    half = {"STOP_TIME": "2021-12-31T16:30:00"}
    rest = {"START_TIME": "2021-12-31T16:30:00"}
    return message("OEM", block(OEM_META | half, oem_rows(0, 1800)), block(OEM_META | rest | second, oem_rows(1800)))


def test_segments_are_joined(tmp_path):
    path = read_oem(write(tmp_path, two_segments({})))
    assert len(path.coverage) == 2
    for seconds in (10.0, 1799.0, 1800.0, 1801.0, 3590.0):
        assert np.linalg.norm(path.state(START + seconds).position - true_state(START + seconds).position) < 3e-3


def test_one_object_of_several_must_be_chosen(tmp_path):
    path = write(tmp_path, two_segments({"OBJECT_ID": "2020-049Y"}))
    with pytest.raises(CcsdsError, match="holds 2020-049X, 2020-049Y"):
        read_oem(path)
    assert len(read_oem(path, "2020-049Y").segments) == 1
    with pytest.raises(CcsdsError, match="holds no '1999-001A'"):
        read_oem(path, "1999-001A")
    with pytest.raises(CcsdsError, match="EARTH and MARS"):
        read_oem(write(tmp_path, two_segments({"CENTER_NAME": "EARTH"})))


def test_usable_times_limit_the_trajectory(tmp_path):
    bounds = {"USEABLE_START_TIME": "2021-12-31T16:05:00", "USEABLE_STOP_TIME": "2021-12-31T16:55:00"}
    meta = {key: (OEM_META | bounds)[key] for key in [*list(OEM_META)[:6], *bounds, "STOP_TIME"]}
    path = read_oem(write(tmp_path, message("OEM", block(meta, oem_rows()))))
    path.state(START + 300.0)
    with pytest.raises(CcsdsError, match=r"covers 2021-12-31T16:05:00.000Z to 2021-12-31T16:55:00.000Z"):
        path.state(START + 299.0)


@pytest.mark.parametrize("seconds", [-1.0, 3601.0])
def test_a_time_outside_the_coverage_is_an_error_that_gives_it(tmp_path, seconds):
    with pytest.raises(CcsdsError, match=r"covers 2021-12-31T16:00:00.000Z to 2021-12-31T17:00:00.000Z"):
        read_oem(oem(tmp_path)).state(START + seconds)


def test_versions_header_comments_and_byte_order_mark_do_not_matter(tmp_path):
    text = message("OEM", block(OEM_META, oem_rows()))
    for version in ("1.0", "2.0", "3.0"):
        marked = text.replace("VERS = 2.0", f"VERS = {version}").replace("by a test", "par un \u00e9l\u00e8ve")
        ours = read_oem(write(tmp_path, b"\xef\xbb\xbf" + marked.replace("\n", "\r\n").encode())).state(START + 90.0)
        assert np.linalg.norm(ours.position - true_state(START + 90.0).position) < 1e-3


def test_an_identifier_is_optional_and_an_object_may_be_chosen_by_name(tmp_path):
    path = write(tmp_path, message("OEM", block(OEM_META | {"OBJECT_ID": None}, oem_rows())))
    assert read_oem(path).object_id == ""
    assert read_oem(path, "SELFIE").object_name == "SELFIE"


def test_a_frame_epoch_does_not_move_an_inertial_frame(tmp_path):
    ours = read_oem(oem(tmp_path, REF_FRAME_EPOCH="2000-01-01T12:00:00")).state(START + 90.0)
    assert np.linalg.norm(ours.position - true_state(START + 90.0).position) < 1e-3


# A tool may cut the limits off after three decimals, or round them.
@pytest.mark.parametrize("stop", ["2021-12-31T16:59:59.999", "2021-12-31T17:00:00.001", "2021-12-31T17:00:00"])
def test_limits_may_be_rounded(tmp_path, stop):
    rows = [*list(oem_rows())[:-1], list(oem_rows())[-1].replace("17:00:00.000000", "17:00:00.000400")]
    path = read_oem(write(tmp_path, message("OEM", block(OEM_META | {"STOP_TIME": stop}, rows))))
    path.state(Epoch.from_utc("2021-12-31T17:00:00.001Z"))
    with pytest.raises(CcsdsError, match="does not cover"):
        path.state(Epoch.from_utc("2021-12-31T17:00:00.010Z"))


def test_a_segment_too_short_to_interpolate_does_not_hide_the_others(tmp_path):
    first = {"STOP_TIME": "2021-12-31T16:58:00", "INTERPOLATION": "HERMITE", "INTERPOLATION_DEGREE": 7}
    last = first | {"START_TIME": "2021-12-31T16:58:00", "STOP_TIME": "2021-12-31T17:00:00"}
    text = message("OEM", block(OEM_META | first, oem_rows(0, 3480)), block(OEM_META | last, oem_rows(3480)))
    path = read_oem(write(tmp_path, text))
    assert np.linalg.norm(path.state(START + 3479.0).position - true_state(START + 3479.0).position) < 3e-3
    path.state(START + 3480.0)
    with pytest.raises(CcsdsError, match=r"line 79: interpolation of degree 7 needs 4 rows, and the segment has 3"):
        path.state(START + 3481.0)
    assert [stop - START for _start, stop in path.coverage] == [pytest.approx(3480.0, abs=1e-6)]


def test_interpolation_agrees_with_the_package_oem(figure, tmp_path):
    from astropy.time import Time
    from oem import OrbitEphemerisMessage

    # Both take the rows nearest to the time, so they agree in the middle of the file.
    for method, degree in (("HERMITE", 7), ("LAGRANGE", 7)):
        path = oem(tmp_path, INTERPOLATION=method, INTERPOLATION_DEGREE=degree)
        theirs = OrbitEphemerisMessage.open(path)
        for clock in ("16:20:10", "16:30:29", "16:40:50"):
            known = theirs(Time(f"2021-12-31T{clock}", scale="utc"))
            ours = read_oem(path).state(Epoch.from_utc(f"2021-12-31T{clock}Z"))
            worst = 1e3 * largest(ours.position, known.position * 1e3)
            figure("orbits", "OEM, Hermite and Lagrange of degree 7", "the package `oem`", worst, 2.0, "mm")
            np.testing.assert_allclose(ours.velocity, known.velocity * 1e3, atol=2e-5)


def test_blocks_that_do_not_move_the_craft_are_passed_over_by_name(tmp_path):
    rows = [*oem_rows(), "MANEUVER_START", "MAN_EPOCH = 2021-12-31T16:10:00", "1 2 3", "MANEUVER_STOP"]
    path = read_oem(write(tmp_path, message("OEM", block(OEM_META, rows))))
    assert np.linalg.norm(path.state(START + 90.0).position - true_state(START + 90.0).position) < 1e-3
    with pytest.raises(CcsdsError, match=r"line 78: a time, then x y z .* not 'UNKNOWN_START'"):
        read_oem(write(tmp_path, message("OEM", block(OEM_META, [*oem_rows(), "UNKNOWN_START"]))))


def test_covariance_and_accelerations_are_ignored(tmp_path):
    rows = [f"{row} 0.0 0.0 0.0" for row in oem_rows()]
    rows += ["COVARIANCE_START", "EPOCH = 2021-12-31T16:00:00", "1.0", "0.1 1.0", "COVARIANCE_STOP"]
    path = read_oem(write(tmp_path, message("OEM", block(OEM_META, rows))))
    assert np.linalg.norm(path.state(START + 90.0).position - true_state(START + 90.0).position) < 1e-3


ROWS = list(oem_rows())


def changed(old, new, count=1):
    return message("OEM", block(OEM_META, ROWS)).replace(old, new, count)


@pytest.mark.parametrize(
    ("text", "message_part"),
    [
        (b"", "line 1: must begin with CCSDS_OEM_VERS = 3.0"),
        ("hello\n", "line 1: must begin with"),
        (changed("VERS = 2.0", "VERS = 4.0"), "line 1: OEM version '4.0' is not supported; these are: 1.0, 2.0, 3.0"),
        (changed("OEM_VERS", "AEM_VERS"), "must begin with CCSDS_OEM_VERS"),
        (b"CCSDS_OEM_VERS = 2.0\n\x80\xff\x00", "line 2: not plain text"),
        (b"\x00" * 100, "must begin with"),
        ("CCSDS_OEM_VERS = 2.0\nORIGINATOR = X\n", "no META_START"),
        (message("OEM", block(OEM_META, ROWS)).split("META_STOP")[0], "ends within a block"),
        (changed("\nMETA_STOP", ""), "KEYWORD = value expected"),
        (message("OEM", block(OEM_META, [])), "without rows"),
        (changed("CENTER_NAME", "CENTRE_NAME"), "line 10: unknown keyword 'CENTRE_NAME'; did you mean 'CENTER_NAME'?"),
        (changed("CENTER_NAME = MARS\n", ""), "META block without CENTER_NAME"),
        (changed("CENTER_NAME = MARS", "CENTER_NAME ="), "CENTER_NAME has no value"),
        (changed("CENTER_NAME = MARS", "OBJECT_NAME = TWICE"), "OBJECT_NAME is given twice"),
        (changed("= EME2000", "= RTN"), "line 11: REF_FRAME = RTN is not supported; use EME2000, J2000, ICRF, GCRF"),
        (changed("= EME2000", "= TEMEOFEPOCH"), "line 11: REF_FRAME = TEMEOFEPOCH needs REF_FRAME_EPOCH"),
        (changed("= EME2000", "= \x1b[31mRED"), r"line 11: REF_FRAME = \?\[31mRED is not supported"),
        (changed("= UTC", "= LOCAL"), "line 12: TIME_SYSTEM = LOCAL is not supported; use UTC or TAI or TT or TDB or"),
        (changed("= UTC", "= UT1"), "line 12: TIME_SYSTEM = UT1 needs the measured UT1-UTC, which the file does not"),
        (changed("= UTC", "= SCLK"), "line 12: TIME_SYSTEM = SCLK is a spacecraft clock"),
        (changed("META_STOP", "INTERPOLATION = SPLINE\nMETA_STOP"), "INTERPOLATION = SPLINE is not supported"),
        (changed("META_STOP", "INTERPOLATION_DEGREE = 4\nMETA_STOP"), "must be odd"),
        (changed("META_STOP", "INTERPOLATION_DEGREE = 99999999999\nMETA_STOP"), "from 1 to 25"),
        (changed("META_STOP", "INTERPOLATION_DEGREE = -1\nMETA_STOP"), "from 1 to 25"),
        (changed(ROWS[3], ROWS[3].rsplit(None, 1)[0]), "line 20: a time, then x y z"),
        (changed(ROWS[3], ROWS[3].rsplit(None, 1)[0] + " nan"), "line 20: .*finite numbers without units"),
        (changed(ROWS[3], ROWS[3].rsplit(None, 1)[0] + " 1e999"), "finite numbers"),
        (changed(ROWS[3], ROWS[3] + " [km/s]"), "without units"),
        (changed(ROWS[3], ROWS[1]), "line 20: not later than the row before"),
        (changed(ROWS[3], ROWS[2]), "line 20: not later than the row before"),
        (changed("2021-12-31T16:03:00.000000 ", "2021-12-32T16:03:00 "), "line 20: .*is not a time"),
        (changed("2021-12-31T16:03:00.000000 ", "2021-366T16:03:00 "), "line 20: .*is not a time"),
        (changed("2021-12-31T16:03:00.000000 ", "16:03 "), "line 20: .*is not a time"),
        (changed("2021-12-31T16:03:00.000000 ", "1500-12-31T16:03:00 "), "line 20: .*is not a time"),
        (changed("2021-12-31T16:03:00.000000 ", "2101-12-31T16:03:00 "), "line 20: .*is not a time"),
        (changed("START_TIME = 2021-12-31T16:00:00", "START_TIME = 2021-12-31T16:00:10"), "rows outside START_TIME"),
        (changed("STOP_TIME = 2021-12-31T17:00:00", "STOP_TIME = 2021-12-31T15:00:00"), "must not decrease"),
        (changed(ROWS[3], "META_STOP"), "META_STOP is not allowed here"),
        (changed(ROWS[3], "COVARIANCE_STOP"), "COVARIANCE_STOP is not allowed here"),
        (changed("META_STOP", "META_START"), "META_START is not allowed here"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_rejected_with_the_line(tmp_path, text, message_part):
    with pytest.raises(CcsdsError, match=message_part) as error:
        read_oem(write(tmp_path, text))
    assert "file.txt" in str(error.value)
    assert len(str(error.value)) < 500


def test_file_size_and_row_count_are_limited(tmp_path, monkeypatch):
    path = oem(tmp_path)
    monkeypatch.setenv("SELFIESIM_LIMITS", "ccsds-rows=10")
    with pytest.raises(CcsdsError, match="too many rows; the limit is 10 "):
        read_oem(path)
    monkeypatch.setenv("SELFIESIM_LIMITS", "ccsds-bytes=1k")
    with pytest.raises(CcsdsError, match="too large; the limit is 1 kB"):
        read_oem(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CcsdsError, match=r"none.oem: cannot be read"):
        read_oem(tmp_path / "none.oem")
