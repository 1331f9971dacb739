"""From a scene's words to its host: the body, the ephemeris, the orbit, path or place on the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.bodies import AU_M, Body, custom_body
from selfiesim.astro.ellipsoid import grown
from selfiesim.astro.ephemeris import BUILTIN
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.orbit import Elements, State, elements_to_state, mean_to_true, state_to_elements
from selfiesim.astro.solar_system import Almanac, Sunward, Wanderer, body_of
from selfiesim.core.errors import SceneError, UserError
from selfiesim.motion.host_trajectories import TRACE_S, Host, Lander, Orbiter, Pathfinder, Pulls
from selfiesim.scene.moments import parse_moment

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels
    from selfiesim.scene.host import BodyPart, OrbitPart, PathPart
    from selfiesim.scene.scene import Scene


def kernels_of(scene: Scene) -> Kernels | None:
    """The SPICE kernels the scene names, if it does.

    Raises
    ------
    KernelError
        One of them cannot be used.
    """
    if not scene.kernels:
        return None
    from selfiesim.astro.spice_kernels import Kernels

    files = [scene.beside("kernels", name, "the kernels") for name in scene.kernels]
    try:
        return Kernels(files, scene.folder)
    except UserError as error:
        raise type(error)(f"kernels: {error}") from error


def own_body(part: BodyPart) -> Body:
    """The body that a scene describes."""
    x, y, z = (radius * 1e3 for radius in part.radii_km)
    return custom_body(
        part.name,
        (x, y, z),
        part.gm_km3_s2 * 1e9,
        pole_ra_deg=part.pole_ra_deg,
        pole_dec_deg=part.pole_dec_deg,
        meridian_deg=part.meridian_deg,
        spin_deg_day=part.spin_deg_day,
        j2=part.j2,
    )


def wanderer_of(part: BodyPart, body: Body) -> Wanderer | None:
    """Its path round the Sun, if the scene gives one."""
    orbit = part.orbit
    if orbit is None:
        return None
    mean = np.radians(orbit.mean_anomaly_deg)
    elements = Elements(
        semi_major_axis=orbit.semi_major_axis_au * AU_M,
        eccentricity=orbit.eccentricity,
        inclination=np.radians(orbit.inclination_deg),
        raan=np.radians(orbit.node_deg),
        arg_periapsis=np.radians(orbit.arg_periapsis_deg),
        true_anomaly=mean_to_true(mean, orbit.eccentricity),
    )
    state = elements_to_state(elements, GM_SUN_M3_S2)
    to_icrf = icrf_to_inertial("ecliptic").T
    return Wanderer(body, Epoch.from_utc(orbit.epoch_utc), State(to_icrf @ state.position, to_icrf @ state.velocity))


def host_of(scene: Scene, body: Body, almanac: Almanac, kernels: Kernels | None) -> Host:
    """Who carries the camera.

    Raises
    ------
    UserError
        An orbit through the planet, a file that cannot be used or does not cover the time; the message names the key.
    """
    if scene.orbit is not None:
        return orbiter_of(scene.orbit, body, almanac)
    if scene.path is not None:
        return _pathfinder(scene, scene.path, body, kernels)
    site = scene.site
    assert site is not None
    reference = _lander_reference(scene)
    return Lander(grown(body, site.height_m), reference, np.radians(site.longitude_deg), np.radians(site.latitude_deg))


def _lander_reference(scene: Scene) -> Epoch:
    """Events of a place on the ground are those nearest to the first UTC time that the scene gives."""
    for text in (scene.release.at if scene.release else "", scene.at):
        if text:
            moment = parse_moment(text)
            if isinstance(moment, Epoch):
                return moment
    raise SceneError("at: a craft on the ground needs a UTC time, in release.at or at")


def orbiter_of(part: OrbitPart, body: Body, almanac: Almanac, key: str = "orbit") -> Orbiter:
    """A craft on the orbit that ``part``, written at ``key``, describes.

    Raises
    ------
    SceneError
        When it is no closed orbit, or runs through the body.
    """
    epoch = Epoch.from_utc(part.epoch_utc)
    state = _given_state(part, body)
    try:
        elements = state_to_elements(state, body.gm_m3_s2)
    except ValueError as error:
        raise SceneError(
            f"{key}: position_km and velocity_km_s are not on a closed orbit; a path that is not an ellipse comes "
            "from a file, under [path]"
        ) from error
    keys = "position_km and velocity_km_s" if part.position_km else "semi_major_axis_km and eccentricity"
    lowest = elements.semi_major_axis * (1.0 - elements.eccentricity)
    if lowest <= max(body.radii_m):
        kind = "body" if body.name == "sun" else "planet"
        raise SceneError(
            f"{key}: {keys} put the periapsis {lowest / 1e3:.0f} km from the centre of {body.name}, inside the {kind} "
            f"(radius {max(body.radii_m) / 1e3:.0f} km)"
        )
    highest, held = elements.semi_major_axis * (1.0 + elements.eccentricity), _hill_radius(body, epoch)
    if highest > held:
        raise SceneError(
            f"{key}: {keys} put the apoapsis {highest / 1e3:,.0f} km from the centre of {body.name}, which holds "
            f"nothing beyond {held / 1e3:,.0f} km against the {_HOLDS[body.name].capitalize()}; lengths are in km"
        )
    to_icrf = icrf_to_inertial(part.frame, body, epoch).T
    start = State(to_icrf @ state.position, to_icrf @ state.velocity)
    if part.forces is None:
        return Orbiter(body, epoch, start)
    forces = part.forces
    of_camera = forces.camera_area_to_mass_m2_kg
    pulls = Pulls(
        body,
        epoch,
        Sunward(almanac, body.name, epoch),
        zonals=forces.zonals,
        sun=forces.sun and body.name != "sun",
        area_to_mass=forces.area_to_mass_m2_kg,
        camera_area_to_mass=forces.area_to_mass_m2_kg if of_camera is None else of_camera,
        reflectivity=forces.reflectivity,
    )
    return Orbiter(body, epoch, start, pulls)


_HOLDS = {"earth": "sun", "mars": "sun", "jupiter": "sun", "moon": "earth"}
"""What each goes round. Mars' moons are left out: their Hill spheres end at the ground, and craft fly beside them."""


def _hill_radius(body: Body, epoch: Epoch) -> float:
    """How far from a body's centre an orbit about it can reach, m: its Hill sphere; without end where none is known."""
    if body.name not in _HOLDS:
        return np.inf
    center = _HOLDS[body.name]
    distance = float(np.linalg.norm(BUILTIN.position(center, body.name, epoch)))
    return float(distance * np.cbrt(body.gm_m3_s2 / (3.0 * body_of(center).gm_m3_s2)))


def _given_state(part: OrbitPart, body: Body) -> State:
    """In the axes of the orbit's frame."""
    if part.position_km is not None and part.velocity_km_s is not None:
        return State(np.array(part.position_km) * 1e3, np.array(part.velocity_km_s) * 1e3)
    numbers = (part.semi_major_axis_km, part.eccentricity, part.inclination_deg)
    angles = (part.raan_deg, part.arg_periapsis_deg, part.true_anomaly_deg)
    a, e, inclination = (float(number or 0.0) for number in numbers)
    raan, arg_periapsis, anomaly = (np.radians(float(angle or 0.0)) for angle in angles)
    return elements_to_state(Elements(a * 1e3, e, np.radians(inclination), raan, arg_periapsis, anomaly), body.gm_m3_s2)


def _pathfinder(scene: Scene, part: PathPart, body: Body, kernels: Kernels | None) -> Pathfinder:
    if part.oem is not None:
        from selfiesim.astro.ccsds import read_oem

        trajectory = read_oem(scene.beside("path.oem", part.oem, "it"), part.object_id)
        named = trajectory.center.lower()
        if named not in (body.name, f"{body.name} barycenter"):
            raise SceneError(f"path.oem: its CENTER_NAME is {trajectory.center}, and path.body is {body.name}")
        coverage, path = trajectory.coverage, trajectory.state
    else:
        assert kernels is not None
        assert part.target is not None
        source, target, center = kernels, part.target, body.name

        def path(epoch: Epoch) -> State:
            return State(source.position(target, center, epoch), source.velocity(target, center, epoch))

        coverage = kernels.coverage(target)
        if not coverage:
            raise SceneError(f"path.target: no SPK file given holds {target!r}; use SPICE's name or number for it")
    reference = Epoch.from_utc(part.epoch_utc) if part.epoch_utc else coverage[0][0]
    start, stop = next(((a, b) for a, b in coverage if a <= reference <= b), (reference, reference))
    if start == stop:
        path(reference)  # says what is covered
    return Pathfinder(body, reference, (max(start - reference, -TRACE_S), min(stop - reference, TRACE_S)), path)
