"""From a scene's words to its host: the body, the ephemeris, the orbit, path or place on the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.bodies import AU_M, Body, custom_body
from selfiesim.astro.ellipsoid import offset_ellipsoid
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.orbit import Elements, State, elements_to_state, mean_to_true, state_to_elements
from selfiesim.astro.solar_system import Almanac, HeliocentricBody, SunVectorInterpolator, find_body
from selfiesim.core.errors import SceneError, UserError
from selfiesim.motion.host_trajectories import (
    EVENT_SEARCH_S,
    Host,
    LandedHost,
    OrbitingHost,
    Perturbations,
    SampledTrajectory,
)
from selfiesim.scene.moments import parse_moment

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels
    from selfiesim.scene.host import BodySection, OrbitSection, PathSection
    from selfiesim.scene.scene import Scene


def load_scene_kernels(scene: Scene) -> Kernels | None:
    """The SPICE kernels the scene names, if it does.

    Raises
    ------
    KernelError
        One of them cannot be used.
    """
    if not scene.kernels:
        return None
    from selfiesim.astro.spice_kernels import Kernels

    files = [scene.resolve_file("kernels", name, "the kernels") for name in scene.kernels]
    try:
        return Kernels(files, scene.folder)
    except UserError as error:
        raise type(error)(f"kernels: {error}") from error


def make_own_body(part: BodySection) -> Body:
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


def make_heliocentric_body(part: BodySection, body: Body) -> HeliocentricBody | None:
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
    return HeliocentricBody(
        body, Epoch.from_utc(orbit.epoch_utc), State(to_icrf @ state.position, to_icrf @ state.velocity)
    )


def make_host(scene: Scene, body: Body, almanac: Almanac, kernels: Kernels | None) -> Host:
    """Who carries the camera.

    Raises
    ------
    UserError
        An orbit through the planet, a file that cannot be used or does not cover the time; the message names the key.
    """
    if scene.orbit is not None:
        return make_orbiting_host(scene.orbit, body, almanac)
    if scene.path is not None:
        return _make_sampled_trajectory(scene, scene.path, body, kernels)
    site = scene.site
    assert site is not None
    reference_epoch = _landed_reference_epoch(scene)
    return LandedHost(
        offset_ellipsoid(body, site.height_m),
        reference_epoch,
        np.radians(site.longitude_deg),
        np.radians(site.latitude_deg),
    )


def _landed_reference_epoch(scene: Scene) -> Epoch:
    """Events of a place on the ground are those nearest to the first UTC time that the scene gives."""
    for text in (scene.release.at if scene.release else "", scene.at):
        if text:
            moment = parse_moment(text)
            if isinstance(moment, Epoch):
                return moment
    raise SceneError("at: a craft on the ground needs a UTC time, in release.at or at")


def make_orbiting_host(part: OrbitSection, body: Body, almanac: Almanac, key: str = "orbit") -> OrbitingHost:
    """A craft on the orbit that ``part``, written at ``key``, describes.

    Raises
    ------
    SceneError
        When it is no closed orbit, or runs through the body.
    """
    epoch = Epoch.from_utc(part.epoch_utc)
    state = _initial_state(part, body)
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
    highest, hill_radius = elements.semi_major_axis * (1.0 + elements.eccentricity), _hill_radius(body, epoch)
    if highest > hill_radius:
        raise SceneError(
            f"{key}: {keys} put the apoapsis {highest / 1e3:,.0f} km from the centre of {body.name}, which holds "
            f"nothing beyond {hill_radius / 1e3:,.0f} km against the {_PRIMARY_BODY[body.name].capitalize()}; lengths are in km"
        )
    to_icrf = icrf_to_inertial(part.frame, body, epoch).T
    start = State(to_icrf @ state.position, to_icrf @ state.velocity)
    if part.forces is None:
        return OrbitingHost(body, epoch, start)
    forces = part.forces
    of_camera = forces.camera_area_to_mass_m2_kg
    perturbations = Perturbations(
        body,
        epoch,
        SunVectorInterpolator(almanac, body.name, epoch),
        zonals=forces.zonals,
        sun=forces.sun and body.name != "sun",
        area_to_mass=forces.area_to_mass_m2_kg,
        camera_area_to_mass=forces.area_to_mass_m2_kg if of_camera is None else of_camera,
        reflectivity=forces.reflectivity,
    )
    return OrbitingHost(body, epoch, start, perturbations)


_PRIMARY_BODY = {"earth": "sun", "mars": "sun", "jupiter": "sun", "moon": "earth"}
"""What each goes round. Mars' moons are left out: their Hill spheres end at the ground, and craft fly beside them."""


def _hill_radius(body: Body, epoch: Epoch) -> float:
    """How far from a body's centre an orbit about it can reach, m: its Hill sphere; without end where none is known."""
    if body.name not in _PRIMARY_BODY:
        return np.inf
    center = _PRIMARY_BODY[body.name]
    distance = float(np.linalg.norm(BUILTIN_EPHEMERIS.position(center, body.name, epoch)))
    return float(distance * np.cbrt(body.gm_m3_s2 / (3.0 * find_body(center).gm_m3_s2)))


def _initial_state(part: OrbitSection, body: Body) -> State:
    """In the axes of the orbit's frame."""
    if part.position_km is not None and part.velocity_km_s is not None:
        return State(np.array(part.position_km) * 1e3, np.array(part.velocity_km_s) * 1e3)
    numbers = (part.semi_major_axis_km, part.eccentricity, part.inclination_deg)
    angles = (part.raan_deg, part.arg_periapsis_deg, part.true_anomaly_deg)
    a, e, inclination = (float(number or 0.0) for number in numbers)
    raan, arg_periapsis, anomaly = (np.radians(float(angle or 0.0)) for angle in angles)
    return elements_to_state(Elements(a * 1e3, e, np.radians(inclination), raan, arg_periapsis, anomaly), body.gm_m3_s2)


def _make_sampled_trajectory(scene: Scene, part: PathSection, body: Body, kernels: Kernels | None) -> SampledTrajectory:
    if part.oem is not None:
        from selfiesim.astro.ccsds import read_oem

        trajectory = read_oem(scene.resolve_file("path.oem", part.oem, "it"), part.object_id)
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
    reference_epoch = Epoch.from_utc(part.epoch_utc) if part.epoch_utc else coverage[0][0]
    start, stop = next(((a, b) for a, b in coverage if a <= reference_epoch <= b), (reference_epoch, reference_epoch))
    if start == stop:
        path(reference_epoch)  # says what is covered
    return SampledTrajectory(
        body,
        reference_epoch,
        (max(start - reference_epoch, -EVENT_SEARCH_S), min(stop - reference_epoch, EVENT_SEARCH_S)),
        path,
    )
