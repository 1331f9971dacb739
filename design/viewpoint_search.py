"""The experiment behind viewpoints.md: whence does the orbiter stand before Mars as the caption of 1 January 2022 says?

Olympia Undae dark in the lower part of Mars, Korolev bright at the upper left, the cap white: a condition on where the
camera is and which way it looks; its roll is free, since it tumbled. Run: python design/viewpoint_search.py
"""

from __future__ import annotations

import numpy as np

from selfiesim.attitude import icrf_to_body
from selfiesim.bodies import MARS
from selfiesim.ephemeris import BUILTIN, from_body
from selfiesim.epoch import Epoch
from selfiesim.frames import icrf_to_bodyfixed, icrf_to_inertial, unit
from selfiesim.orbit import Elements, elements_to_state, propagate_many

FIELD = (np.tan(np.radians(44.0)), np.tan(np.radians(44.0)) * 9.0 / 16.0)  # half width and height at unit distance
SAMPLES = 400_000
# Mean elements of three dates between the burn of 8 November and the publication (J2 to J4 from the published state).
DATES = {
    "2021-11-20T12:00:00Z": (103.95, 81.9),
    "2021-12-10T12:00:00Z": (102.39, 70.0),
    "2021-12-31T12:00:00Z": (100.72, 57.1),
}
WALL = np.array([0.0, 0.92, -0.39])  # outward normal of the wall with the camera, body axes
SIDES = {"Earth on -X": [-1.0, 0.0, 0.0], "Earth on +X": [1.0, 0.0, 0.0]}


def place(lat: float, lon: float) -> np.ndarray:
    """A point on the ground, body-fixed, m."""
    lat, lon = np.radians(lat), np.radians(lon)
    return 3.3785e6 * np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


KOROLEV = place(72.77, 164.58)
DUNES = np.array([place(81.0, lon) for lon in (140, 160, 180, 200, 220)])
CAP = np.array([place(87.0, lon) for lon in (0, 90, 180, 270)])


def search(date: str, node: float, periapsis: float, side: list[float], dice: np.random.Generator) -> list[tuple]:
    """The best viewpoints, (score, what they are), of :data:`SAMPLES` drawn."""
    epoch = Epoch.from_utc(date)
    e = Elements(8898.75e3, 0.5884, *np.radians([86.3, node, periapsis, 90.0 - periapsis]))
    north = elements_to_state(e, MARS.gm_m3_s2)
    turn = icrf_to_inertial("mars-inertial").T
    state = np.concatenate([turn @ north.position, turn @ north.velocity])
    seconds = dice.uniform(-500.0, 900.0, SAMPLES)
    spin = dice.uniform(0.0, 2.0 * np.pi, SAMPLES)  # how far Mars has turned: the minute is not known
    at = propagate_many(np.tile(state, (SAMPLES, 1)), seconds, MARS.gm_m3_s2)[:, :3]
    to_fixed = icrf_to_bodyfixed(MARS, epoch)
    sun = unit(from_body(MARS, "sun", epoch, BUILTIN))
    earth = unit(from_body(MARS, "earth", epoch, BUILTIN))
    to_body = icrf_to_body(np.array([0.0, 0.0, -1.0]), sun, np.array(side), earth)
    looks = dice.normal(size=(SAMPLES, 3))
    looks /= np.linalg.norm(looks, axis=1)[:, None]
    keep = (-looks @ to_body.T @ WALL > 0.60) & (-looks @ sun > 0.35)  # left by the wall; the Sun behind the camera
    at, looks, spin, seconds = at[keep], looks[keep], spin[keep], seconds[keep]

    def fixed(vectors: np.ndarray) -> np.ndarray:
        v = vectors @ to_fixed.T
        c, s = np.cos(spin), np.sin(spin)
        return np.stack([c * v[:, 0] + s * v[:, 1], c * v[:, 1] - s * v[:, 0], v[:, 2]], -1)

    at, looks, lit = fixed(at), fixed(looks), fixed(np.tile(sun, (len(at), 1)))
    z = looks
    x = np.cross(z, at)  # any upright axes; the roll is searched below
    x /= np.linalg.norm(x, axis=1)[:, None]
    y = np.cross(z, x)

    def seen(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rays = points[None] - at[:, None]
        depth = np.einsum("nki,ni->nk", rays, z)
        up = np.einsum("nki,ki->nk", -rays, points) > 0.0  # this side of the limb
        flat = np.stack([np.einsum("nki,ni->nk", rays, a) for a in (x, y)], -1) / np.maximum(depth, 1.0)[..., None]
        day = np.einsum("ki,ni->nk", points, lit) / 3.3785e6
        return flat, (depth > 0.0) & up, day

    korolev, k_seen, k_day = seen(KOROLEV[None])
    dunes, d_seen, d_day = seen(DUNES)
    cap, c_seen, _ = seen(CAP)
    best: list[tuple] = []
    for roll in np.radians(np.arange(0, 360, 10)):
        turned = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]).T
        k, d, c = (v @ turned / np.array(FIELD) for v in (korolev, dunes, cap))  # -1 to 1 in the picture, y down
        inside = (np.abs(d) < 1.0).all(-1) & d_seen
        cap_in = ((np.abs(c) < 1.0).all(-1) & c_seen).mean(1)
        low = np.where(inside, d[..., 1], 0.0).sum(1) / np.maximum(inside.sum(1), 1)
        good = k_seen[:, 0] & (k_day[:, 0] > 0.05) & (k[:, 0, 0] < -0.15) & (k[:, 0, 0] > -0.95)
        good &= (k[:, 0, 1] < -0.10) & (k[:, 0, 1] > -0.92) & (inside.sum(1) >= 3) & (low > 0.10)
        score = np.where(good, low + 0.8 * cap_in + 2.0 * d_day.mean(1) - 0.4 * np.abs(k[:, 0, 1] + 0.5), -9.0)
        for n in np.argsort(score)[-3:]:
            if score[n] > -9.0:
                lon, lat = np.arctan2(at[n, 1], at[n, 0]), np.arcsin(at[n, 2] / np.linalg.norm(at[n]))
                push = -to_body @ (to_fixed.T @ _unspun(looks[n], spin[n]))
                where = np.degrees([spin[n], lat, lon % (2.0 * np.pi)])
                phase = np.degrees(np.arccos(-looks[n] @ lit[n]))
                seen_at = (k[n, 0].round(2), low[n], cap_in[n], phase)
                best.append((score[n], seconds[n], *where, push.round(2), np.degrees(roll), *seen_at))
    return sorted(best, key=lambda row: -row[0])[:4]


def _unspun(vector: np.ndarray, spin: float) -> np.ndarray:
    c, s = np.cos(spin), np.sin(spin)
    return np.array([c * vector[0] - s * vector[1], s * vector[0] + c * vector[1], vector[2]])


def main() -> None:
    """Print the best of each date and each side of the Earth."""
    dice = np.random.default_rng(1)
    print("date side | score, s from north, Mars turned by, lat, lon, push (body), roll, Korolev, dunes, cap, phase")
    for date, (node, periapsis) in DATES.items():
        for name, side in SIDES.items():
            for row in search(date, node, periapsis, side, dice):
                print(date[:10], name, "|", *(v if isinstance(v, np.ndarray) else round(float(v), 2) for v in row))


if __name__ == "__main__":
    main()
