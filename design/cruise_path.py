"""Tianwen-1's path to Mars, from state vectors in its telemetry, and the axes of those about Mars.

AMSAT-DL received the telemetry and D. Estevez published vectors from it (github.com/daniestevez/jupyter_notebooks,
folder Tianwen/orbit: tcm2.script, dsm.script, state_vector_change.script). ``scenes/tianwen1-cruise.toml`` starts from
the last one before the manoeuvre of 9 October 2020. Here the arcs between two of them are compared, with what else is
published. Run: python design/cruise_path.py
"""

from __future__ import annotations

import numpy as np

from selfiesim.astro.bodies import BODIES, MARS
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.orbit import State, propagate, propagate_perturbed

LAUNCH = Epoch.from_utc("2020-07-23T04:41:00Z")
SEPTEMBER = Epoch.from_utc("2020-09-15T00:00:00Z")
RELEASE = Epoch.from_utc("2020-09-30T12:00:00Z")  # as the scene assumes
PUBLICATION = Epoch.from_utc("2020-09-30T16:00:00Z")  # 1 October begins in Beijing

Vector = tuple[Epoch, State]


def vector(utc: str, position_km: tuple[float, ...], velocity_km_s: tuple[float, ...]) -> Vector:
    """An epoch and a state in metres."""
    return Epoch.from_utc(utc), State(1e3 * np.array(position_km), 1e3 * np.array(velocity_km_s))


# From the Sun, ICRF axes.
AFTER_TCM2 = vector(
    "2020-09-20T21:24:11.336Z",
    (169000645.7112682, -3041127.403723257, 1627310.2280670837),
    (5.727235944182077, 26.76315619215232, 12.006614891956165),
)
BEFORE_MANOEUVRE = vector(
    "2020-10-09T04:08:32.068Z",
    (172471096.37504846, 38882565.02362641, 20338235.36580359),
    (-1.1782259639276798, 26.05998493933646, 11.571927755891284),
)
LAST_FROM_THE_SUN = vector(
    "2021-02-07T20:47:51.602Z",
    (18988200.159360874, 210984676.78580016, 96475452.65609649),
    (-21.107541190343827, 4.788422002002578, 1.8541584892694114),
)
# From Mars, in axes of its equator.
FIRST_FROM_MARS = vector(
    "2021-02-08T22:14:25.049Z",
    (-345203.0840200648, 103420.7793506239, -15761.456419116437),
    (2.409386271990221, -0.7794198288828312, 0.12118319008153547),
)


def with_planets(start: Vector, epoch: Epoch) -> State:
    """The state at ``epoch`` under the Sun, the Earth, the Moon, Mars and Jupiter."""
    began, state = start

    def tides(seconds: float, position: np.ndarray) -> np.ndarray:
        total = np.zeros(3)
        for name in ("earth", "moon", "mars", "jupiter"):
            away = BUILTIN_EPHEMERIS.position(name, "sun", began + seconds)
            gap = away - position
            total += BODIES[name].gm_m3_s2 * (gap / np.linalg.norm(gap) ** 3 - away / np.linalg.norm(away) ** 3)
        return total

    return propagate_perturbed(state, epoch - began, GM_SUN_M3_S2, tides, rtol=1e-12)


def earth_distance_and_elongation(state: State, epoch: Epoch) -> tuple[float, float]:
    """Distance of the Earth (million km) and its angle from the Sun (degrees), as seen from the craft."""
    earth = BUILTIN_EPHEMERIS.position("earth", "sun", epoch) - state.position
    cosine = earth @ -state.position / np.linalg.norm(earth) / np.linalg.norm(state.position)
    return float(np.linalg.norm(earth)) / 1e9, float(np.degrees(np.arccos(cosine)))


def offsets_at_mars_km() -> dict[str, float]:
    """How far the first vector from Mars is from the arc of the last one from the Sun, by the axes it is read in."""
    epoch, given = FIRST_FROM_MARS
    from_mars = with_planets(LAST_FROM_THE_SUN, epoch).position - BUILTIN_EPHEMERIS.position("mars", "sun", epoch)
    return {
        frame: float(np.linalg.norm(icrf_to_inertial(frame, MARS, epoch) @ from_mars - given.position)) / 1e3
        for frame in ("mars-inertial", "equator-of-date")
    }


def main() -> None:
    """Print how well the vectors agree with one another and with other published numbers."""
    began, start = BEFORE_MANOEUVRE
    gap = with_planets(AFTER_TCM2, began).position - start.position
    print(f"from 20 September to 9 October: {np.linalg.norm(gap) / 1e3:.0f} km from the second vector")
    ellipse = propagate(start, RELEASE - began, GM_SUN_M3_S2)
    gap = ellipse.position - with_planets(BEFORE_MANOEUVRE, RELEASE).position
    print(f"the scene's ellipse at the release: {np.linalg.norm(gap) / 1e3:.0f} km from the path with planets")
    for epoch, published in ((SEPTEMBER, "18 degrees"), (PUBLICATION, "24.1 million km, 6.5 degrees")):
        distance, elongation = earth_distance_and_elongation(with_planets(BEFORE_MANOEUVRE, epoch), epoch)
        print(f"{epoch}: Earth at {distance:.2f} million km, {elongation:.2f} degrees from the Sun ({published})")
    epoch, first = AFTER_TCM2
    back = np.linspace(LAUNCH - epoch, PUBLICATION - epoch, 2000)
    track = np.array([propagate(first, seconds, GM_SUN_M3_S2).position for seconds in back])
    print(f"flown {np.linalg.norm(np.diff(track, axis=0), axis=1).sum() / 1e9:.0f} million km (published: 188)")
    for frame, offset in offsets_at_mars_km().items():
        print(f"8 February 2021, read in {frame}: {offset:.0f} km from the arc of 7 February")


if __name__ == "__main__":
    main()
