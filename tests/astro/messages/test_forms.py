"""The XML and JSON forms say what the keyword form says, and hostile ones are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ccsds_messages import (
    AEM_META,
    AEM_NAMES,
    OEM_META,
    OEM_NAMES,
    START,
    aem_rows,
    json_message,
    oem_rows,
    true_attitude,
    true_state,
    xml_message,
)

from selfiesim.astro.messages.aem import read_aem
from selfiesim.astro.messages.oem import read_oem
from selfiesim.core.errors import CcsdsError

OEM_XML = xml_message("OEM", OEM_NAMES, OEM_META, oem_rows())


def write(tmp_path, text):
    path = tmp_path / "file.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        OEM_XML,
        OEM_XML.replace("UTF-8", "UTF-16").encode("utf-16"),
        b"\xef\xbb\xbf" + OEM_XML.encode(),
        xml_message("OEM", OEM_NAMES, OEM_META, oem_rows(), version="3.0", root="ndm"),
        xml_message("OEM", OEM_NAMES, OEM_META, oem_rows(), units={"X": "km", "X_DOT": "km/s"}),
        json_message("OEM", OEM_NAMES, OEM_META, oem_rows()),
        b"\xef\xbb\xbf" + json_message("OEM", OEM_NAMES, OEM_META, oem_rows()).encode(),
        json.dumps({"ndm": json.loads(json_message("OEM", OEM_NAMES, OEM_META, oem_rows()))}),
    ],
)
def test_a_trajectory_may_be_xml_or_json(tmp_path, text):
    path = read_oem(write(tmp_path, text))
    assert (path.object_name, path.object_id, path.center) == ("SELFIE", "2020-049X", "MARS")
    for seconds in (0.0, 91.0, 3600.0):
        assert np.linalg.norm(path.state(START + seconds).position - true_state(START + seconds).position) < 3e-3


def test_the_package_oem_reads_the_same_from_xml(tmp_path):
    from oem import OrbitEphemerisMessage

    path = write(tmp_path, OEM_XML)
    states = list(OrbitEphemerisMessage.open(path).states)
    ours = read_oem(path)
    for known, seconds in zip(states[::20], range(0, 3601, 1200), strict=True):
        np.testing.assert_allclose(ours.state(START + float(seconds)).position, known.position * 1e3, atol=1e-3)


@pytest.mark.parametrize("form", [xml_message, json_message])
def test_an_attitude_may_be_xml_or_json(tmp_path, form):
    attitude = read_aem(write(tmp_path, form("AEM", AEM_NAMES, AEM_META, aem_rows(), version="1.0")))
    np.testing.assert_allclose(attitude.icrf_to_body(START + 77.0), true_attitude(START + 77.0), atol=1e-12)


def test_nested_elements_and_numbered_rotations_are_read_by_name(tmp_path):
    # Version 1 of the XML numbers the rotations of angles and rates alike; the order of elements does not matter.
    meta = AEM_META | {"ATTITUDE_TYPE": "EULER_ANGLE/RATE", "EULER_ROT_SEQ": "321", "QUATERNION_TYPE": None}
    row = (
        "<eulerAngleRate><EPOCH>2021-12-31T16:{m}:00</EPOCH><rotationRates><rotation1 rate='Z_RATE'>0.5</rotation1>"
        "<rotation2>0</rotation2><rotation3>0</rotation3></rotationRates><rotationAngles><rotation3>0</rotation3>"
        "<rotation2>0</rotation2><rotation1 angle='Z_ANGLE' units='deg'>{a}</rotation1></rotationAngles>"
        "</eulerAngleRate>"
    )
    rows = "".join(f"<attitudeState>{row.format(m=m, a=a)}</attitudeState>" for m, a in (("00", 10), ("01", 40)))
    text = xml_message("AEM", (), meta | {"STOP_TIME": "2021-12-31T16:01:00"}, [], version="1.0")
    attitude = read_aem(write(tmp_path, text.replace("</data>", f"{rows}</data>")))
    angle = np.radians(25.0)
    expected = [[np.cos(angle), np.sin(angle), 0.0], [-np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]]
    np.testing.assert_allclose(attitude.icrf_to_body(START + 30.0), expected, atol=1e-12)


def test_covariances_and_other_messages_in_an_ndm_are_passed_over(tmp_path):
    covariance = "<covarianceMatrix><EPOCH>2021-12-31T16:00:00</EPOCH><CX_X>1</CX_X></covarianceMatrix></data>"
    other = "<opm version='2.0'><body><segment><metadata><X>1</X></metadata></segment></body></opm></ndm>"
    text = xml_message("OEM", OEM_NAMES, OEM_META, oem_rows(), root="ndm").replace("</data>", covariance)
    assert len(read_oem(write(tmp_path, text.replace("</ndm>", other))).segments) == 1


BOMB = '<!DOCTYPE oem [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n<oem version="2.0">&b;</oem>'
OUTSIDE = '<!DOCTYPE oem SYSTEM "file:///etc/passwd">\n<oem version="2.0"></oem>'


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (BOMB, "line 1: a document type declaration; a CCSDS message has none"),
        (OUTSIDE, "line 1: a document type declaration"),
        ("<oem version='2.0'>" + "<a>" * 100, "line 1: elements nested too deeply; the limit is 32"),
        ("<oem version='2.0'>\n&b;</oem>", "line 2: not well-formed XML: undefined entity"),
        (OEM_XML[:-30], "not well-formed XML"),
        ("<opm version='2.0'></opm>", "holds no <oem>; its root is <opm>"),
        ("<oem version='2.0'></oem>", "no OEM segment: the file holds no data"),
        (OEM_XML.replace('version="2.0"', 'version="9"'), "line 2: OEM version '9' is not supported"),
        (OEM_XML.replace('encoding="UTF-8"', 'encoding="EBCDIC-9"'), "encoding"),
        (OEM_XML.replace("<X>", "<XX>", 1).replace("</X>", "</XX>", 1), "line 21: a row without X; it must give x y z"),
        (OEM_XML.replace("<X>", "<W>1</W><X>", 1), "line 21: a row with the unknown 'W'"),
        (OEM_XML.replace("<X>", "<X>1</X><X>", 1), "line 21: X is given twice"),
        (OEM_XML.replace("<X>", "<X>nan", 1), "line 21: X = 'nan.*' is not a finite number"),
        (OEM_XML.replace("<X>", "<X units='m'>", 1), "line 21: X is in 'm'; the standard's unit is km"),
        (OEM_XML.replace("CENTER_NAME", "CENTRE_NAME"), "line 13: unknown keyword 'CENTRE_NAME'; did you mean"),
        (OEM_XML.replace("EME2000", "RTN"), "line 14: REF_FRAME = RTN is not supported"),
        ("[" * 100_000, "not valid JSON"),
        ("{", "line 1: not valid JSON"),
        ('{"oem": {"body": 3}}', "oem.body: must be an object in braces"),
        ('{"oem": {"body": {"segment": [{"metadata": {}, "data": {}}]}}}', "META block without OBJECT_NAME"),
        ('{"oem": {}, "oem": {}}', "not valid JSON: 'oem' is given twice"),
        ('{"opm": {"body": {}}}', "holds no OEM"),
        (json_message("OEM", OEM_NAMES, OEM_META, oem_rows()).replace('"X": "', '"X": "x', 1),
         r"oem.body.segment\[0\].data.stateVector\[0\].X: X = '.*' is not a finite number"),
        (json_message("OEM", OEM_NAMES, OEM_META, oem_rows(), version="7"), "oem: OEM version '7' is not supported"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_with_its_place(tmp_path, text, part):
    with pytest.raises(CcsdsError, match=part) as error:
        read_oem(write(tmp_path, text))
    assert "file.txt" in str(error.value)
    assert len(str(error.value)) < 500


def test_messages_are_found_under_two_lists_and_no_deeper(tmp_path):
    message = json.loads(json_message("OEM", OEM_NAMES, OEM_META, oem_rows()))
    assert read_oem(write(tmp_path, json.dumps([[message]]))).object_name == "SELFIE"
    with pytest.raises(CcsdsError, match="holds no OEM"):
        read_oem(write(tmp_path, json.dumps([[[[message]]]])))
    assert read_oem(write(tmp_path, json.dumps({"ndm": {"oem": message}}))).object_name == "SELFIE"
    with pytest.raises(CcsdsError, match="holds no OEM"):
        read_oem(write(tmp_path, json.dumps({"ndm": {"ndm": {"ndm": {"oem": message}}}})))


@pytest.mark.parametrize("form", [xml_message, json_message])
def test_rows_are_counted_as_they_are_read(tmp_path, monkeypatch, form):
    monkeypatch.setenv("SELFIESIM_LIMITS", "ccsds-rows=10")
    with pytest.raises(CcsdsError, match="too many rows; the limit is 10 "):
        read_oem(write(tmp_path, form("OEM", OEM_NAMES, OEM_META, oem_rows())))
