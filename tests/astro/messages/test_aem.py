"""CCSDS attitude files: quaternions of a uniform rotation; other types against SPICE and a published example."""

from __future__ import annotations

import numpy as np
import pytest
from ccsds_messages import AEM_META, START, aem_rows, block, message, true_attitude
from figures import largest
from scipy.spatial.transform import Rotation

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.messages.aem import read_aem
from selfiesim.core.errors import CcsdsError
from selfiesim.core.vectors import rotation_x, rotation_z


def write(tmp_path, text):
    path = tmp_path / "file.txt"
    path.write_text(text, encoding="utf-8")
    return path


def aem(tmp_path, kind, rows, **changes):
    """A file of one type, with a row each minute unless the rows have times."""
    timed = [row if "T" in str(row) else f"2021-12-31T16:{n:02d}:00 {row}" for n, row in enumerate(rows)]
    meta = AEM_META | {
        "ATTITUDE_TYPE": kind,
        "QUATERNION_TYPE": None,
        "STOP_TIME": f"2021-12-31T16:{len(rows) - 1:02d}:00",
    }
    return read_aem(write(tmp_path, message("AEM", block(meta | changes, timed, data=True))))


def degrees_between(a, b):
    return np.degrees(Rotation.from_matrix(a @ b.T).magnitude())


@pytest.mark.parametrize("order", ["FIRST", "LAST"])
@pytest.mark.parametrize("method", [None, "LINEAR", "SLERP", "LAGRANGE", "HERMITE"])
def test_an_attitude_is_interpolated_by_the_files_method(tmp_path, order, method):
    degree = None if method in (None, "LINEAR", "SLERP") else 5
    meta = AEM_META | {"QUATERNION_TYPE": order, "INTERPOLATION_METHOD": method, "INTERPOLATION_DEGREE": degree}
    attitude = read_aem(write(tmp_path, message("AEM", block(meta, aem_rows(order), data=True))))
    assert attitude.frame == "SC_BODY_1"
    for seconds in (0.0, 31.0, 1800.0, 3599.5):
        ours = attitude.icrf_to_body(START + seconds)
        # SLERP is exact for a uniform rotation; a polynomial of degree 5 follows 7 degrees per row to 1e-8.
        np.testing.assert_allclose(ours, true_attitude(START + seconds), atol=1e-7 if degree else 1e-12)
    with pytest.raises(CcsdsError, match="does not cover"):
        attitude.icrf_to_body(START + -1.0)


def test_the_quaternion_rotates_the_frame(tmp_path):
    # Body axes rotated by +30 degrees about z from EME2000: q = (0, 0, sin 15, cos 15) in CCSDS 504.0-B.
    half = np.radians(15.0)
    row = f"2021-12-31T16:00:00 0 0 {np.sin(half):.12f} {np.cos(half):.12f}"
    meta = AEM_META | {"STOP_TIME": "2021-12-31T16:00:00"}
    turn = read_aem(write(tmp_path, message("AEM", block(meta, [row], data=True)))).icrf_to_body(START)
    np.testing.assert_allclose(turn, rotation_z(np.radians(30.0)), atol=1e-9)
    seen = turn @ [np.cos(np.radians(30.0)), np.sin(np.radians(30.0)), 0.0]
    np.testing.assert_allclose(seen, [1.0, 0.0, 0.0], atol=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "direction", "inverse"),
    [("ICRF", "SC_BODY_1", "A2B", False), ("EME2000", "SC BODY 1", "B2A", True), ("SC_BODY", "EME2000", "A2B", True),
     ("SC_BODY_1", "ICRF", "B2A", False), ("EME2000", "SC_BODY_1", None, False)],
)  # fmt: skip
def test_frames_and_direction_may_be_given_either_way(tmp_path, a, b, direction, inverse):
    meta = AEM_META | {"REF_FRAME_A": a, "REF_FRAME_B": b, "ATTITUDE_DIR": direction}
    rows = aem_rows(matrix=(lambda epoch: true_attitude(epoch).T) if inverse else true_attitude)
    attitude = read_aem(write(tmp_path, message("AEM", block(meta, rows, data=True))))
    np.testing.assert_allclose(attitude.icrf_to_body(START + 77.0), true_attitude(START + 77.0), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message_part"),
    [
        ({"ATTITUDE_TYPE": "SPIN/NUTATION"}, "ATTITUDE_TYPE = SPIN/NUTATION does not say how the nutation continues"),
        ({"ATTITUDE_TYPE": "MATRIX"}, "ATTITUDE_TYPE = MATRIX is not supported; use QUATERNION or"),
        ({"ATTITUDE_TYPE": "EULER_ANGLE"}, "line 21: a time, then three angles"),
        ({"REF_FRAME_B": "CAMERA"}, "frames EME2000 and CAMERA: one must be SC_BODY_1"),
        ({"REF_FRAME_A": "SC_BODY_2"}, "one must be SC_BODY_1, and the other EME2000"),
        ({"REF_FRAME_A": "LVLH"}, "REF_FRAME_A = LVLH is not supported"),
        ({"QUATERNION_TYPE": "MIDDLE"}, "QUATERNION_TYPE = MIDDLE is not supported"),
        ({"ATTITUDE_DIR": "UP"}, "ATTITUDE_DIR = UP is not supported"),
        ({"INTERPOLATION_METHOD": "LAGRANGE", "INTERPOLATION_DEGREE": "20"}, "needs 21 rows"),
    ],
)
def test_an_unsupported_attitude_is_rejected(tmp_path, change, message_part):
    with pytest.raises(CcsdsError, match=message_part):
        read_aem(write(tmp_path, message("AEM", block(AEM_META | change, aem_rows(last=600), data=True))))


def test_a_quaternion_must_have_unit_length(tmp_path):
    rows = [*aem_rows(last=600), "2021-12-31T16:11:00 0.5 0.5 0.5 0.6"]
    with pytest.raises(CcsdsError, match=r"length 1.0536"):
        read_aem(write(tmp_path, message("AEM", block(AEM_META, rows, data=True))))


def test_an_attitude_may_start_from_a_rotating_frame(spice, tmp_path):
    rows = ["0 0 0 1", "0 0 0 1"]
    attitude = aem(tmp_path, "QUATERNION", rows, REF_FRAME_A="IAU_MARS", QUATERNION_TYPE="LAST")
    theirs = spice.pxform("J2000", "IAU_MARS", spice.str2et("2021-12-31T16:00:30"))
    np.testing.assert_allclose(attitude.icrf_to_body(START + 30.0), theirs, atol=1e-9)


# Rates and angles. The body turns by 1.1, -0.7 and 0.4 degrees a second in the three angles of a ZYX sequence.
ANGLES, ANGLE_RATES = np.array([25.0, -40.0, 70.0]), np.array([1.1, -0.7, 0.4])


def spice_attitude(spice, sequence, seconds):
    """SPICE's rotation from the first frame to the last, and the last one's angular velocity in its own axes, rad/s."""
    axes = [int(digit) for digit in sequence]
    angles, rates = np.radians(ANGLES + ANGLE_RATES * seconds), np.radians(ANGLE_RATES)
    transform = spice.eul2xf([*angles[::-1], *rates[::-1]], *axes[::-1])
    matrix, velocity = spice.xf2rav(transform)
    return matrix, matrix @ velocity


@pytest.mark.parametrize(("sequence", "written"), [("321", "321"), ("313", "ZXZ"), ("132", "132"), ("212", "YXY")])
def test_euler_angles_agree_with_spice(figure, spice, tmp_path, sequence, written):
    rows = [" ".join(map(str, ANGLES + ANGLE_RATES * 60.0 * n)) for n in range(3)]
    attitude = aem(tmp_path, "EULER_ANGLE", rows, EULER_ROT_SEQ=written)
    for n in range(3):
        matrix, _velocity = spice_attitude(spice, sequence, 60.0 * n)
        worst = largest(attitude.icrf_to_body(START + 60.0 * n), matrix)
        figure("orbits", "Euler angles and their rates, four sequences", "SPICE `eul2xf`", worst, 2e-9, "rad")


def rate_rows(spice, kind, step_s):
    """Rows of one type with rates, from SPICE."""
    for n in range(9):
        matrix, velocity = spice_attitude(spice, "321", step_s * n)
        q = Rotation.from_matrix(matrix).inv().as_quat()
        dot = 0.5 * np.append(q[3] * velocity + np.cross(q[:3], velocity), -q[:3] @ velocity)
        angles = ANGLES + ANGLE_RATES * step_s * n
        numbers = {
            "QUATERNION/DERIVATIVE": [*q, *dot],
            "QUATERNION/ANGVEL": [*q, *np.degrees(velocity)],
            "EULER_ANGLE/DERIVATIVE": [*angles, *ANGLE_RATES],
            "EULER_ANGLE/RATE": [*angles, *ANGLE_RATES],
            "EULER_ANGLE/ANGVEL": [*angles, *np.degrees(matrix.T @ velocity)],
        }[kind]
        time = (START + step_s * n).utc(6)[:-1]
        yield f"{time} " + " ".join(f"{number:.14f}" for number in numbers)


@pytest.mark.parametrize(
    "kind",
    ["QUATERNION/DERIVATIVE", "QUATERNION/ANGVEL", "EULER_ANGLE/DERIVATIVE", "EULER_ANGLE/RATE", "EULER_ANGLE/ANGVEL"],
)
def test_rates_are_used_by_hermite_interpolation(spice, tmp_path, kind):
    rows = list(rate_rows(spice, kind, 20.0))
    keys = {"EULER_ROT_SEQ": "ZYX" if "EULER" in kind else None, "STOP_TIME": "2021-12-31T16:02:40"}
    keys["ANGVEL_FRAME"] = {"QUATERNION/ANGVEL": "SC_BODY_1", "EULER_ANGLE/ANGVEL": "EME2000"}.get(kind)
    keys |= {"INTERPOLATION_METHOD": "HERMITE", "INTERPOLATION_DEGREE": 7}
    attitude = aem(tmp_path, kind, rows, **keys)
    matrix, _velocity = spice_attitude(spice, "321", 70.0)
    # Lagrange through the same four rows, without their rates, misses by 0.05 degrees.
    assert degrees_between(attitude.icrf_to_body(START + 70.0), matrix) < 2e-4


def test_rates_may_belong_to_the_inverse_rotation(spice, tmp_path):
    keys = {
        "REF_FRAME_A": "SC_BODY_1",
        "REF_FRAME_B": "ICRF",
        "ATTITUDE_DIR": "B2A",
        "STOP_TIME": "2021-12-31T16:02:40",
    }
    keys |= {"INTERPOLATION_METHOD": "HERMITE", "INTERPOLATION_DEGREE": 7}
    rows = list(rate_rows(spice, "QUATERNION/DERIVATIVE", 20.0))
    matrix, _velocity = spice_attitude(spice, "321", 70.0)
    attitude = aem(tmp_path, "QUATERNION/DERIVATIVE", rows, **keys)
    assert degrees_between(attitude.icrf_to_body(START + 70.0), matrix) < 2e-4
    attitude = aem(tmp_path, "QUATERNION/DERIVATIVE", rows, **keys | {"ATTITUDE_DIR": "A2B"})
    assert degrees_between(attitude.icrf_to_body(START + 70.0), matrix.T) < 2e-4


# The spinner of the example in CCSDS 504.0-B-2 (MMS, 23 February 2023), in its two forms: rows ten seconds apart with
# 18.3 degrees a second, so that each turns by more than half a revolution.
MMS_TIMES = ["2023-054T00:00:09.150001", "2023-054T00:00:19.150001", "2023-054T00:00:29.150001"]
MMS_QUATERNIONS = [
    "0.056482 0.209807 -0.912091 0.347679",
    "0.208972 -0.060605 0.371436 0.902603",
    "-0.067228 -0.206654 0.892979 -0.394162",
]
MMS_ANGLES = ["5.798977 25.098268 -144.066452", "6.194963 25.134202 38.541023", "5.796255 25.102631 -138.162770"]
MMS_RATES = ["-0.021029 0.023643 18.288407", "-0.019288 0.021817 18.291279", "-0.017372 0.021786 18.279166"]
MMS_META = {
    "TIME_SYSTEM": "TAI", "START_TIME": MMS_TIMES[0], "STOP_TIME": MMS_TIMES[-1], "ANGVEL_FRAME": "SC_BODY_1",
    "ATTITUDE_DIR": None,
}  # fmt: skip


def mms_rows(numbers):
    return [f"{time} {row} {rate}" for time, row, rate in zip(MMS_TIMES, numbers, MMS_RATES, strict=True)]


def test_a_published_spinner_is_the_same_in_quaternions_and_euler_angles(figure, tmp_path):
    first = aem(tmp_path, "QUATERNION/ANGVEL", mms_rows(MMS_QUATERNIONS), **MMS_META)
    second = aem(tmp_path, "EULER_ANGLE/ANGVEL", mms_rows(MMS_ANGLES), EULER_ROT_SEQ="ZXZ", **MMS_META)
    start = Epoch.from_utc("2023-02-22T23:59:32.150001Z")  # TAI - UTC was 37 s
    for seconds in (0.0, 5.0, 10.0, 20.0):
        epoch = start + seconds
        # Six digits are printed.
        worst = degrees_between(first.icrf_to_body(epoch), second.icrf_to_body(epoch))
        quantity = "spinner at 18 degrees a second, as quaternions and as Euler angles"
        figure("orbits", quantity, "the example of CCSDS 504.0-B-2", worst, 1e-3, "deg")
    # Half of ten seconds at 18.29 degrees a second, not the short way back.
    turned = first.icrf_to_body(start + 5.0) @ first.icrf_to_body(start).T
    np.testing.assert_allclose(turned, rotation_z(np.radians(91.45)), atol=6e-3)


def test_a_spin_is_followed_over_many_revolutions(tmp_path):
    # Twenty revolutions a minute and five degrees: the angle alone would show 5 degrees from row to row.
    rate = (20 * 360.0 + 5.0) / 60.0
    rows = [f"30.0 60.0 {5.0 * n:.3f} {rate:.9f}" for n in range(4)]
    attitude = aem(tmp_path, "SPIN", rows)
    axis = [np.cos(np.radians(60.0)) * np.cos(np.radians(30.0)), np.cos(np.radians(60.0)) * np.sin(np.radians(30.0)),
            np.sin(np.radians(60.0))]  # fmt: skip
    for seconds in (0.0, 0.75, 61.3, 180.0):
        matrix = attitude.icrf_to_body(START + seconds)
        np.testing.assert_allclose(matrix.T @ [0.0, 0.0, 1.0], axis, atol=1e-9)
        # Phase zero has the x axis on the ascending node of the body's xy plane, 90 degrees east of the spin axis.
        expected = rotation_z(np.radians(rate * seconds)) @ rotation_x(np.radians(30.0)) @ rotation_z(np.radians(120.0))
        assert degrees_between(matrix, expected) < 1e-5


def test_rates_of_unclear_meaning_are_refused_where_they_matter(tmp_path):
    near = ["0 0 0 1 0.1 0 0", "0 0 0.0523 0.99863 0.1 0 0"]
    assert aem(tmp_path, "QUATERNION/RATE", near).icrf_to_body(START + 30.0).shape == (3, 3)
    with pytest.raises(CcsdsError, match=r"line 20: turns by 180 degrees to the next row, and .*QUATERNION/RATE"):
        aem(tmp_path, "QUATERNION/RATE", [row.replace("0.1 0 0", "3.0 0 0") for row in near])


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"EULER_ROT_SEQ": None}, "EULER_ROT_SEQ = '' is no sequence such as ZXZ or 321"),
        ({"EULER_ROT_SEQ": "331"}, "EULER_ROT_SEQ = '331' is no sequence"),
        ({"EULER_ROT_SEQ": "ZYX", "ANGVEL_FRAME": "LVLH"}, "ANGVEL_FRAME = 'LVLH' must be EME2000 or SC BODY 1"),
    ],
)
def test_angles_without_their_conventions_are_refused(tmp_path, changes, part):
    with pytest.raises(CcsdsError, match=part):
        aem(tmp_path, "EULER_ANGLE/ANGVEL", ["1 2 3 4 5 6", "1 2 3 4 5 6"], **changes)
