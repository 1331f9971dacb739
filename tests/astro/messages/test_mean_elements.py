"""Mean elements against published SGP4 results and Skyfield."""

from __future__ import annotations

import json

import numpy as np
import pytest
from figures import largest

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.messages.mean_elements import read_omm, read_tle
from selfiesim.astro.messages.reference_frames import teme_to_icrf
from selfiesim.core.errors import CcsdsError

# Vanguard 1 and its positions (km, TEME) in the verification set of Vallado et al. 2006, AIAA 2006-6753.
VANGUARD = (
    "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753\n"
    "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667\n"
)
VANGUARD_TEME = {
    0.0: ((7022.46529266, -1400.08296755, 0.03995155), (1.893841015, 6.405893759, 4.534807250)),
    360.0: ((-7154.03120202, -3783.17682504, -3536.19412294), (4.741887409, -4.151817765, -2.093935425)),
}

# The International Space Station on 20 September 2008, the usual example of the format (published, for one, on
# Wikipedia's page on two-line elements).
ISS = (
    "ISS (ZARYA)\n"
    "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927\n"
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537\n"
)

# The OMM of GOES 9, the example of CCSDS 502.0-B.
GOES = {
    "OBJECT_NAME": "GOES 9", "OBJECT_ID": "1995-025A", "CENTER_NAME": "EARTH", "REF_FRAME": "TEME",
    "TIME_SYSTEM": "UTC", "MEAN_ELEMENT_THEORY": "SGP/SGP4", "EPOCH": "2007-064T10:34:41.4264",
    "MEAN_MOTION": "1.00273272", "ECCENTRICITY": "0.0005013", "INCLINATION": "3.0539", "RA_OF_ASC_NODE": "81.7939",
    "ARG_OF_PERICENTER": "249.2363", "MEAN_ANOMALY": "150.1602", "EPHEMERIS_TYPE": "0", "CLASSIFICATION_TYPE": "U",
    "NORAD_CAT_ID": "23581", "ELEMENT_SET_NO": "0925", "REV_AT_EPOCH": "4316", "BSTAR": "0.0001",
    "MEAN_MOTION_DOT": "-0.00000113", "MEAN_MOTION_DDOT": "0.0",
}  # fmt: skip


def write(tmp_path, text, name="file.txt"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def omm_kvn(fields):
    lines = ["CCSDS_OMM_VERS = 2.0", "COMMENT by a test", "CREATION_DATE = 2007-065T16:00:00", "ORIGINATOR = TEST"]
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in fields.items())]) + "\n"


def omm_xml(fields):
    keys = list(fields)
    metadata = "".join(f"<{key}>{fields[key]}</{key}>" for key in keys[:6])
    elements = "".join(f"<{key}>{fields[key]}</{key}>" for key in keys[6:13])
    parameters = "".join(f"<{key}>{fields[key]}</{key}>" for key in keys[13:])
    return (
        f"<?xml version='1.0'?><ndm><omm id='CCSDS_OMM_VERS' version='2.0'><header/><body><segment><metadata>{metadata}"
        f"</metadata><data><meanElements>{elements}</meanElements><tleParameters>{parameters}</tleParameters></data>"
        "</segment></body></omm></ndm>"
    )


def test_two_line_elements_give_the_published_positions(figure, tmp_path):
    orbit = read_tle(write(tmp_path, VANGUARD))
    for minutes, (position_km, velocity_km_s) in VANGUARD_TEME.items():
        epoch = orbit.epoch + 60.0 * minutes
        state, to_teme = orbit.state(epoch), teme_to_icrf(epoch).T
        worst = 1e3 * largest(to_teme @ state.position, 1e3 * np.array(position_km))
        figure("orbits", "SGP4 from two-line elements, TEME", "Vallado et al. 2006, to 1e-8 km", worst, 1.0, "mm")
        np.testing.assert_allclose(to_teme @ state.velocity / 1e3, velocity_km_s, atol=1e-8)


def test_two_line_elements_agree_with_skyfield(figure, tmp_path):
    from skyfield.api import EarthSatellite, load

    scale = load.timescale(builtin=True)
    theirs = EarthSatellite(*ISS.splitlines()[1:], "ISS", scale)
    ours = read_tle(write(tmp_path, ISS))
    assert (ours.object_name, ours.object_id, ours.number) == ("ISS (ZARYA)", "1998-067A", "25544")
    for day, hour in ((20, 12), (21, 3), (25, 18)):
        state = ours.state(Epoch.from_utc(f"2008-09-{day}T{hour:02d}:00:00Z"))
        known = theirs.at(scale.utc(2008, 9, day, hour))
        worst = np.linalg.norm(state.position - known.position.m)
        # Skyfield's time resolves 20 us.
        figure("orbits", "SGP4 from two-line elements, ICRF, some days", "Skyfield", worst, 0.5, "m")
        assert np.linalg.norm(state.velocity - known.velocity.m_per_s) < 1e-3


@pytest.mark.parametrize(
    "text",
    [omm_kvn(GOES), omm_kvn(GOES | {"MEAN_MOTION": "1.00273272 [rev/day]", "BSTAR": "0.0001 [1/ER]"}), omm_xml(GOES),
     json.dumps([GOES]), json.dumps(GOES | {"COUNTRY_CODE": "US", "TLE_LINE0": "0 GOES 9"}),
     b"\xef\xbb\xbf" + omm_kvn(GOES).encode()],
)  # fmt: skip
def test_a_mean_elements_message_agrees_with_skyfield(tmp_path, text):
    from skyfield.api import EarthSatellite, load

    scale = load.timescale(builtin=True)
    theirs = EarthSatellite.from_omm(scale, GOES | {"EPOCH": "2007-03-05T10:34:41.426400"})
    ours = read_omm(write(tmp_path, text))
    assert ours.object_name == "GOES 9"
    for hour in (11, 23):
        state = ours.state(Epoch.from_utc(f"2007-03-05T{hour}:00:00Z"))
        assert np.linalg.norm(state.position - theirs.at(scale.utc(2007, 3, 5, hour)).position.m) < 0.5


def test_one_object_of_several_is_chosen_by_number_designator_or_name(tmp_path):
    path = write(tmp_path, ISS + VANGUARD)
    with pytest.raises(CcsdsError, match=r"holds 00005, 25544; choose one by its number"):
        read_tle(path)
    for chosen in ("25544", "1998-067A", "ISS (ZARYA)"):
        assert read_tle(path, chosen).number == "25544"
    with pytest.raises(CcsdsError, match=r"holds no 'HUBBLE'; it holds 00005, 25544"):
        read_tle(path, "HUBBLE")
    path = write(tmp_path, json.dumps([GOES, GOES | {"OBJECT_ID": "2000-001A", "NORAD_CAT_ID": "1"}]))
    assert read_omm(path, "2000-001A").number == "1"


def test_of_several_epochs_the_nearest_is_used(tmp_path):
    later = GOES | {"EPOCH": "2007-080T00:00:00"}
    path = write(tmp_path, json.dumps([GOES, later]))
    assert read_omm(path).epoch == read_omm(write(tmp_path, json.dumps(later), "later.json")).epoch
    assert read_omm(path, near=Epoch.from_utc("2007-03-06T00:00:00Z")).epoch.utc() == "2007-03-05T10:34:41Z"


def test_elements_are_not_used_long_after_their_epoch(tmp_path):
    orbit = read_tle(write(tmp_path, ISS))
    with pytest.raises(CcsdsError, match=r"is 102 days from the epoch of the elements, 2008-09-20T12:25:40Z; SGP4 is"):
        orbit.state(Epoch.from_utc("2009-01-01T00:00:00Z"))


def retouched(old, new):
    """The elements with a change, and checksums that are right again."""
    from sgp4.io import fix_checksum

    lines = ISS.replace(old, new).splitlines()
    return "\n".join([lines[0], *(fix_checksum(line) if len(line) == 69 else line for line in lines[1:])]) + "\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "holds no two-line elements"),
        (b"\xff\xfe\x00", "not plain text"),
        ("NAME ONLY\n", "holds no two-line elements"),
        (ISS.splitlines()[1] + "\n", "holds no two-line elements"),
        (ISS.splitlines()[2] + "\n", "line 1: line 2 of two-line elements without line 1"),
        (ISS.replace("0  2927", "0  2926"), "line 2: the checksum is 6, and the line's is 7"),
        (ISS.replace("51.6416", "51.64 6"), "line 3: not line 2 of two-line elements"),
        (ISS.replace("08264.51782528", "08999.51782528"), "line 2: not line 1 of two-line elements"),
        (retouched("2 25544", "2 25545"), "line 3: belongs to 25545, and line 2 to 25544"),
        (retouched("15.72125391", "00.00000000"), "SGP4"),
        (ISS.replace("ISS (ZARYA)\n1", "1 \x1b[31m\n1"), r"line 1: not line 1 of two-line elements"),
    ],
)
def test_malformed_two_line_elements_are_refused_with_the_line(tmp_path, text, part):
    with pytest.raises(CcsdsError, match=part) as error:
        read_tle(write(tmp_path, text))
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"MEAN_ELEMENT_THEORY": "DSST"}, "line 10: MEAN_ELEMENT_THEORY = DSST is not supported; SGP4 needs SGP4 or"),
        ({"EPHEMERIS_TYPE": "4"}, "EPHEMERIS_TYPE = 4 is not supported"),  # SGP4-XP, whose code is not public
        ({"CENTER_NAME": "MARS"}, "line 7: CENTER_NAME = MARS is not supported; SGP4 needs EARTH"),
        ({"REF_FRAME": "EME2000"}, "REF_FRAME = EME2000 is not supported; SGP4 needs TEME"),
        ({"TIME_SYSTEM": "TAI"}, "TIME_SYSTEM = TAI is not supported"),
        ({"MEAN_MOTION": "x"}, "MEAN_MOTION = 'x' is not a finite number"),
        ({"MEAN_MOTION": "1.0 [rad/s]"}, r"MEAN_MOTION is in 'rad/s'; the standard's unit is rev/day"),
        ({"ECCENTRICITY": "1.5"}, "ECCENTRICITY = 1.5 must lie between 0 and 0.999999"),
        ({"EPOCH": "noon"}, "line 11: 'noon' is not a time"),
        ({"EPOCH": "2016-12-31T23:59:60.5"}, "line 11: SGP4 cannot use this EPOCH"),
    ],
)
def test_elements_that_sgp4_cannot_use_are_refused_by_key(tmp_path, changes, part):
    with pytest.raises(CcsdsError, match=part):
        read_omm(write(tmp_path, omm_kvn(GOES | changes)))


def test_a_missing_element_is_named(tmp_path):
    fields = {key: value for key, value in GOES.items() if key != "MEAN_MOTION"} | {"SEMI_MAJOR_AXIS": "42164"}
    with pytest.raises(CcsdsError, match=r"an OMM without MEAN_MOTION.*, which SGP4 needs"):
        read_omm(write(tmp_path, omm_kvn(fields)))


def test_the_number_of_sets_is_limited(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_LIMITS", "mean-element-sets=3")
    with pytest.raises(CcsdsError, match="line 12: too many objects; the limit is 3 "):
        read_tle(write(tmp_path, ISS * 4))
