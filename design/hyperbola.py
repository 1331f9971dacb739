"""A passage of a planet on a hyperbola with a known outgoing asymptote, as a CCSDS OEM; for the scripts of flybys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from selfiesim.astro.bodies import Body
from selfiesim.astro.epoch import Epoch
from selfiesim.core.vectors import unit

Vector = NDArray[np.float64]


class Hyperbola:
    """The passage at a periapsis radius, m, in the plane at an angle about the outgoing asymptote.

    ``after`` is the velocity at infinity (3,), m/s. ``zero`` (3,) is the side on which the periapsis lies at angle 0.
    """

    def __init__(self, body: Body, periapsis_m: float, after: Vector, zero: Vector, plane_rad: float) -> None:
        away, speed = unit(after), float(np.linalg.norm(after))
        first = unit(zero - (zero @ away) * away)
        aside = np.cos(plane_rad) * first + np.sin(plane_rad) * np.cross(away, first)
        self.body = body
        self.e = 1.0 + periapsis_m * speed**2 / body.gm_m3_s2
        self.a = body.gm_m3_s2 / speed**2
        rise = np.sqrt(1.0 - 1.0 / self.e**2)
        self.apse, self.ahead = -away / self.e + rise * aside, rise * away + aside / self.e
        self.before = speed * (self.apse / self.e + rise * self.ahead)

    def state(self, t: float) -> Vector:
        """State (6,), ICRF axes, at seconds after closest approach."""
        e, a, gm = self.e, self.a, self.body.gm_m3_s2
        rate = np.sqrt(gm / a**3)
        h = brentq(lambda h: e * np.sinh(h) - h - rate * t, -20.0, 20.0, xtol=1e-14)
        r = a * (e * np.cosh(h) - 1.0)
        place = a * (e - np.cosh(h)) * self.apse + a * np.sqrt(e * e - 1.0) * np.sinh(h) * self.ahead
        velocity = np.sqrt(gm * a) / r * (np.sqrt(e * e - 1.0) * np.cosh(h) * self.ahead - np.sinh(h) * self.apse)
        return np.concatenate([place, velocity])

    def message(self, name: str, number: str, closest: Epoch, file_s: int, row_s: int, script: str) -> str:
        """The passage as a CCSDS OEM, ``file_s`` to either side of the epoch of closest approach."""
        times = np.arange(-file_s, file_s + 1, row_s)
        epochs = [(closest + float(t)).utc(0).removesuffix("Z") for t in times]
        head = {"OBJECT_NAME": name, "OBJECT_ID": number, "CENTER_NAME": self.body.name.upper(), "REF_FRAME": "ICRF"}
        head |= {"TIME_SYSTEM": "UTC", "START_TIME": epochs[0], "STOP_TIME": epochs[-1]}
        head |= {"INTERPOLATION": "HERMITE", "INTERPOLATION_DEGREE": "7"}
        states = [self.state(float(t)) / 1e3 for t in times]
        rows = [f"{when} " + " ".join(f"{v:.6f}" for v in state) for when, state in zip(epochs, states, strict=True)]
        lines = ["CCSDS_OEM_VERS = 2.0", "CREATION_DATE = 2026-11-30T00:00:00", "ORIGINATOR = SELFIESIM", ""]
        lines += ["META_START", *(f"{key} = {value}" for key, value in head.items()), "META_STOP", ""]
        return "\n".join([*lines, f"COMMENT Not telemetry: from what was published ({script}).", *rows]) + "\n"
