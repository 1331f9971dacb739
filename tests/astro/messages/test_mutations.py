"""Damaged files are read or refused in one printable line; nothing else happens."""

from __future__ import annotations

import json
import random
import warnings

import pytest
from ccsds_messages import (
    AEM_META,
    AEM_NAMES,
    OEM_META,
    OEM_NAMES,
    aem_rows,
    block,
    json_message,
    message,
    oem_rows,
    xml_message,
)
from test_mean_elements import GOES, ISS, VANGUARD, omm_kvn, omm_xml

from selfiesim.astro.messages.aem import read_aem
from selfiesim.astro.messages.mean_elements import read_omm, read_tle
from selfiesim.astro.messages.oem import read_oem
from selfiesim.core.errors import CcsdsError

SPIN = AEM_META | {"ATTITUDE_TYPE": "SPIN", "QUATERNION_TYPE": None}
SEEDS = {
    "oem-kvn": (read_oem, message("OEM", block(OEM_META, oem_rows(0, 600)))),
    "oem-xml": (read_oem, xml_message("OEM", OEM_NAMES, OEM_META, oem_rows(0, 600))),
    "oem-json": (read_oem, json_message("OEM", OEM_NAMES, OEM_META, oem_rows(0, 600))),
    "aem-kvn": (read_aem, message("AEM", block(AEM_META, aem_rows(last=600), data=True))),
    "aem-xml": (read_aem, xml_message("AEM", AEM_NAMES, AEM_META, aem_rows(last=600), version="1.0")),
    "aem-spin": (
        read_aem,
        message("AEM", block(SPIN, [f"2021-12-31T16:0{n}:00 30 60 {n} 120" for n in range(9)], data=True)),
    ),
    "tle": (read_tle, ISS + VANGUARD.splitlines()[0]),
    "omm-kvn": (read_omm, omm_kvn(GOES)),
    "omm-xml": (read_omm, omm_xml(GOES)),
    "omm-json": (read_omm, json.dumps([GOES])),
}
WORDS = [
    *(b"nan", b"inf", b"1e308", b"-", b"\x00", b"\x1b[31m", b"\xff", b"{", b"[", b"<", b"&", b"\n", b"=", b"null"),
    *(b"99999999999999999999", b"2016-12-31T23:59:60", b"9999-12-31T00:00:00", b"META_START", b"LAGRANGE", b"TEME"),
]


def damage(content, chance):
    start = chance.randrange(len(content))
    stop = start + chance.randint(1, 40)
    kind = chance.choice(["overwrite", "insert", "remove", "repeat"])
    if kind == "overwrite":
        return content[:start] + chance.choice(WORDS) + content[stop:]
    if kind == "insert":
        return content[:start] + chance.choice(WORDS) + content[start:]
    return content[:start] + content[stop:] if kind == "remove" else content[:stop] + content[start:]


@pytest.mark.parametrize("name", SEEDS)
def test_a_damaged_file_is_read_or_refused(tmp_path, name):
    read, text = SEEDS[name]
    chance, path = random.Random(name), tmp_path / "file.txt"
    for _ in range(60):
        content = text.encode()
        for _ in range(chance.randint(1, 3)):
            content = damage(content, chance)
        path.write_bytes(content)
        refusal = ""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = read(path)
                start, stop = found.coverage[0]
                for epoch in (start, start + 0.3 * (stop - start), stop):
                    found.icrf_to_body(epoch) if read is read_aem else found.state(epoch)
            except CcsdsError as error:
                refusal = str(error)
        assert refusal.isprintable()
        assert len(refusal) < 600
