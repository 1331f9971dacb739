"""CCSDS messages of a known motion, as text."""

from __future__ import annotations

import itertools
import json

import numpy as np

from selfiesim.astro.bodies import MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import Elements, elements_to_state, propagate
from selfiesim.core.vectors import rotation_about

START = Epoch.from_utc("2021-12-31T16:00:00Z")
STATE = elements_to_state(Elements(8.9e6, 0.55, 1.5, 1.8, 1.0, 0.2), MARS.gm_m3_s2)
SPIN_AXIS, SPIN_RATE = np.array([0.2, -0.5, 0.8]), 0.002
OEM_META = {
    "OBJECT_NAME": "SELFIE",
    "OBJECT_ID": "2020-049X",
    "CENTER_NAME": "MARS",
    "REF_FRAME": "EME2000",
    "TIME_SYSTEM": "UTC",
    "START_TIME": "2021-12-31T16:00:00",
    "STOP_TIME": "2021-12-31T17:00:00",
}
AEM_META = {
    "OBJECT_NAME": "SELFIE",
    "OBJECT_ID": "2020-049X",
    "REF_FRAME_A": "EME2000",
    "REF_FRAME_B": "SC_BODY_1",
    "ATTITUDE_DIR": "A2B",
    "TIME_SYSTEM": "UTC",
    "START_TIME": "2021-12-31T16:00:00",
    "STOP_TIME": "2021-12-31T17:00:00",
    "ATTITUDE_TYPE": "QUATERNION",
    "QUATERNION_TYPE": "LAST",
}


def true_state(epoch):
    return propagate(STATE, epoch - START, MARS.gm_m3_s2)


def true_attitude(epoch):
    return rotation_about(SPIN_AXIS, SPIN_RATE * (epoch - START)).T


def ccsds_quaternion(matrix):
    """CCSDS 504.0-B: (e sin(angle / 2), cos(angle / 2)) of the rotation from frame A to frame B."""
    angle = np.arccos(np.clip((np.trace(matrix) - 1.0) / 2.0, -1.0, 1.0))
    skew = np.array([matrix[1, 2] - matrix[2, 1], matrix[2, 0] - matrix[0, 2], matrix[0, 1] - matrix[1, 0]])
    axis = skew / np.linalg.norm(skew) if angle > 1e-9 else np.array([0.0, 0.0, 1.0])
    return np.array([*(axis * np.sin(angle / 2.0)), np.cos(angle / 2.0)])


def oem_rows(first=0, last=3600, step=60):
    for seconds in range(first, last + 1, step):
        epoch = START + float(seconds)
        state = true_state(epoch)
        numbers = " ".join(f"{value:.12e}" for value in np.concatenate([state.position, state.velocity]) / 1e3)
        yield f"{epoch.utc(6)[:-1]} {numbers}"


def aem_rows(order="LAST", matrix=true_attitude, last=3600, step=60):
    signs = itertools.cycle([1.0, 1.0, -1.0])  # q and -q are the same attitude, and files mix them
    for seconds in range(0, last + 1, step):
        epoch = START + float(seconds)
        q = ccsds_quaternion(matrix(epoch)) * next(signs)
        yield f"{epoch.utc(6)[:-1]} " + " ".join(f"{v:.14f}" for v in (q if order == "LAST" else np.roll(q, 1)))


def block(meta, rows, data=False):
    rows = ["DATA_START", *rows, "DATA_STOP"] if data else list(rows)
    lines = [f"{key} = {value}" for key, value in meta.items() if value is not None]
    return ["META_START", "COMMENT by a test", *lines, "META_STOP", "", *rows, ""]


def message(kind, *blocks):
    head = [
        f"CCSDS_{kind}_VERS = {'2.0' if kind == 'OEM' else '1.0'}",
        "COMMENT",
        "CREATION_DATE = 2022-01-01T00:00:00",
    ]
    return "\n".join([*head, "ORIGINATOR = TEST", "", *itertools.chain(*blocks)]) + "\n"


OEM_NAMES = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
AEM_NAMES = ("Q1", "Q2", "Q3", "QC")
ROW_ELEMENTS = {"OEM": "stateVector", "AEM": "attitudeState"}


def xml_message(kind, names, meta, rows, version="2.0", root="", units=None):
    """The XML form (CCSDS 505.0-B) of one segment; ``root`` wraps it, as ``ndm`` does."""
    element = ROW_ELEMENTS[kind]
    lines = [f'<{kind.lower()} id="CCSDS_{kind}_VERS" version="{version}">', "<header>", "<COMMENT>A test</COMMENT>"]
    lines += ["<CREATION_DATE>2022-01-01T00:00:00</CREATION_DATE>", "<ORIGINATOR>TEST</ORIGINATOR>", "</header>"]
    lines += ["<body>", "<segment>", "<metadata>"]
    lines += [f"<{key}>{value}</{key}>" for key, value in meta.items() if value is not None]
    lines += ["</metadata>", "<data>", "<COMMENT>rows</COMMENT>"]
    for row in rows:
        time, *words = row.split()
        unit = [f' units="{units[name]}"' if units and name in units else "" for name in names]
        numbers = "".join(f"<{n}{u}>{w}</{n}>" for n, u, w in zip(names, unit, words, strict=True))
        lines.append(f"<{element}><EPOCH>{time}</EPOCH>{numbers}</{element}>")
    lines += ["</data>", "</segment>", "</body>", f"</{kind.lower()}>"]
    if root:
        lines = [f"<{root}>", *lines, f"</{root}>"]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *lines]) + "\n"


def json_message(kind, names, meta, rows, version="2.0"):
    """The JSON form that mirrors the XML."""
    table = [dict(zip(("EPOCH", *names), row.split(), strict=True)) for row in rows]
    segment = {"metadata": {k: v for k, v in meta.items() if v is not None}, "data": {ROW_ELEMENTS[kind]: table}}
    body = {"header": {"ORIGINATOR": "TEST"}, "body": {"segment": [segment]}}
    return json.dumps({kind.lower(): {"@id": f"CCSDS_{kind}_VERS", "@version": version} | body})
