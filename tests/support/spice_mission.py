"""SPICE kernels of a small mission, written by SPICE itself."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from selfiesim.astro.bodies import MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import Elements, elements_to_state, propagate
from selfiesim.core.vectors import rotation_about

START = Epoch.from_utc("2021-12-31T16:00:00Z")
STEP_S, ROWS = 30.0, 121
SHIP, CLOCK = -905, -905
ORBIT = Elements(8.9e6, 0.55, 1.5, 1.8, 1.0, 0.2)
SPIN_AXIS, SPIN_RATE = np.array([0.2, -0.5, 0.8]), 0.002
CLOCK_KERNEL = """KPL/SCLK
\\begindata
SCLK_KERNEL_ID            = ( @2020-01-01/00:00:00 )
SCLK_DATA_TYPE_905        = ( 1 )
SCLK01_TIME_SYSTEM_905    = ( 1 )
SCLK01_N_FIELDS_905       = ( 2 )
SCLK01_MODULI_905         = ( 4294967296 1000000 )
SCLK01_OFFSETS_905        = ( 0 0 )
SCLK01_OUTPUT_DELIM_905   = ( 1 )
SCLK_PARTITION_START_905  = ( 0.0 )
SCLK_PARTITION_END_905    = ( 4.294967295999999E+15 )
SCLK01_COEFFICIENTS_905   = ( 0.0 0.0 1.0 )
\\begintext
"""
FRAME_KERNEL = """KPL/FK
\\begindata
FRAME_SELFIE_BODY    = -905000
FRAME_-905000_NAME   = 'SELFIE_BODY'
FRAME_-905000_CLASS  = 3
FRAME_-905000_CLASS_ID = -905000
FRAME_-905000_CENTER = -905
CK_-905000_SCLK      = -905
CK_-905000_SPK       = -905
NAIF_BODY_NAME      += ( 'SELFIE' )
NAIF_BODY_CODE      += ( -905 )
\\begintext
"""


def ephemeris_seconds(epoch):
    return (epoch.day - 2451545.0) * 86400.0 + epoch.fraction * 86400.0


def true_state(epoch):
    return propagate(elements_to_state(ORBIT, MARS.gm_m3_s2), epoch - START, MARS.gm_m3_s2)


def true_attitude(epoch):
    return np.ascontiguousarray(rotation_about(SPIN_AXIS, SPIN_RATE * (epoch - START)).T)


def write_spk(spice, path, kind, center=499, shift_km=0.0):
    epochs = [START + n * STEP_S for n in range(ROWS)]
    states = [np.concatenate([true_state(e).position, true_state(e).velocity]) / 1e3 for e in epochs]
    states = np.add(states, [shift_km, 0, 0, 0, 0, 0])
    times = [ephemeris_seconds(e) for e in epochs]
    handle = spice.spkopn(str(path), "test", 0)
    write = {9: spice.spkw09, 13: spice.spkw13}[kind]
    write(handle, SHIP, center, "J2000", times[0], times[-1], "test", 7, ROWS, states, times)
    spice.spkcls(handle)


def write_ck(spice, path, clock):
    spice.furnsh(str(clock))
    epochs = [START + n * STEP_S for n in range(ROWS)]
    ticks = np.array([spice.sce2c(CLOCK, ephemeris_seconds(e)) for e in epochs])
    quaternions = np.array([spice.m2q(true_attitude(e)) for e in epochs])
    handle = spice.ckopn(str(path), "test", 0)
    rates = np.zeros((ROWS, 3))
    spice.ckw03(
        handle, ticks[0], ticks[-1], -905000, "J2000", False, "test", ROWS, ticks, quaternions, rates, 1, [ticks[0]]
    )  # fmt: skip
    spice.ckcls(handle)
    spice.unload(str(clock))


@pytest.fixture
def mission(spice, tmp_path):
    """A folder with kernels of each kind."""
    for n in range(spice.ktotal("TEXT")):  # the session's leap seconds and constants of Mars
        shutil.copy(spice.kdata(n, "TEXT")[0], tmp_path)
    (tmp_path / "clock.tsc").write_text(CLOCK_KERNEL)
    (tmp_path / "frames.tf").write_text(FRAME_KERNEL)
    write_spk(spice, tmp_path / "path9.bsp", 9)
    write_spk(spice, tmp_path / "path13.bsp", 13)
    write_ck(spice, tmp_path / "attitude.bc", tmp_path / "clock.tsc")
    return tmp_path


ALL = ["leapseconds.tls", "mars.tpc", "clock.tsc", "frames.tf", "path13.bsp", "attitude.bc"]
