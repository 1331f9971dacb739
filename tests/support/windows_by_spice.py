"""The trajectories of a planned scene as an SPK, and SPICE's geometry finder on them."""

from __future__ import annotations

import numpy as np
from spice_mission import ephemeris_seconds

CRAFT = "-905"
SUN_CONSTANTS = """KPL/PCK
\\begindata
BODY10_RADII    = ( 695700 695700 695700 )
BODY10_POLE_RA  = ( 286.13 0 0 )
BODY10_POLE_DEC = ( 63.87 0 0 )
BODY10_PM       = ( 84.176 14.1844 0 )
\\begintext
"""
BODIES = {"sun": (10, 21_600.0), "earth": (399, 21_600.0), "phobos": (401, 900.0), "ssb": (0, 21_600.0)}
MARGIN_S = 10_000.0
DEGREE = 7


def write_trajectories(spice, path, motion):
    """Write craft, Sun, Earth and Phobos from Mars over the span of a motion; return the path."""
    resolved = motion.resolved
    constants = path.with_suffix(".tpc")
    constants.write_text(SUN_CONSTANTS)
    spice.furnsh(str(constants))
    first = ephemeris_seconds(motion.start) - MARGIN_S
    last = ephemeris_seconds(motion.start) + motion.duration_s + MARGIN_S
    handle = spice.spkopn(str(path), "windows", 0)
    host = resolved.host
    state = np.concatenate([host.start.position, host.start.velocity]) / 1e3
    epoch = ephemeris_seconds(host.reference_epoch)
    gm = resolved.body.gm_m3_s2 / 1e9
    spice.spkw05(handle, int(CRAFT), 499, "J2000", first, last, "craft", gm, 1, [state], [epoch])
    for name, (number, step) in BODIES.items():
        times = np.arange(first - 8 * step, last + 8 * step, step)
        epochs = [motion.start + float(t - ephemeris_seconds(motion.start)) for t in times]
        almanac = resolved.almanac
        states = [
            np.concatenate([almanac.position(name, "mars", e), almanac.velocity(name, "mars", e)]) / 1e3 for e in epochs
        ]
        # SPICE has the barycentre as a centre only.
        target, center, sign = (499, 0, -1.0) if name == "ssb" else (number, 499, 1.0)
        rows = (sign * np.array(states)).tolist()
        spice.spkw13(handle, target, center, "J2000", first, last, name, DEGREE, len(times), rows, times.tolist())
    spice.spkcls(handle)
    return path


class Finder:
    """Windows, s after the start of a motion, as SPICE finds them."""

    STEP_S = 300.0
    OCCULTATION_STEP_S = 60.0  # with 300 s, SPICE loses one of 111 s

    def __init__(self, spice, motion, craft):
        self.spice, self.craft = spice, craft
        self.zero = ephemeris_seconds(motion.start)
        self.window = spice.cell_double(2)
        spice.wninsd(self.zero, self.zero + motion.duration_s, self.window)
        self.most = 20_000

    def _spans(self, result):
        count = self.spice.wncard(result)
        return np.array([self.spice.wnfetd(result, k) for k in range(count)]) - self.zero

    def _result(self):
        return self.spice.cell_double(2 * self.most)

    def occultation(self, kind, back, shape):
        result = self._result()
        frame = " " if shape == "POINT" else f"IAU_{back}"
        self.spice.gfoclt(
            kind, "MARS", "ELLIPSOID", "IAU_MARS", back, shape, frame, "NONE", self.craft, self.OCCULTATION_STEP_S,
            self.window, result,
        )  # fmt: skip
        return self._spans(result)

    def separation(self, first, second, degrees):
        result = self._result()
        self.spice.gfsep(
            first, "POINT", " ", second, "POINT", " ", "NONE", self.craft, "<", np.radians(degrees), 0.0, self.STEP_S,
            self.most, self.window, result,
        )  # fmt: skip
        return self._spans(result)

    def phase(self, degrees):
        result = self._result()
        self.spice.gfpa(
            "MARS", "SUN", "NONE", self.craft, "<", np.radians(degrees), 0.0, self.STEP_S, self.most,
            self.window, result,
        )  # fmt: skip
        return self._spans(result)

    def distance(self, body, km):
        result = self._result()
        self.spice.gfdist(body, "NONE", self.craft, "<", km, 0.0, self.STEP_S, self.most, self.window, result)
        return self._spans(result)
