"""The host that a scene describes: its central body, ephemeris, and orbit, sampled trajectory or landing site."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np

from selfiesim.astro.bodies import AU_M, Body, custom_body
from selfiesim.astro.ellipsoid import offset_ellipsoid
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.galilean_moons import GALILEAN_MOONS
from selfiesim.astro.orbit import Elements, State, elements_to_state, mean_to_true, state_to_elements
from selfiesim.astro.outer_moons import OUTER_MOON_PLANETS
from selfiesim.astro.planets import PLANETS
from selfiesim.astro.solar_system import Almanac, HeliocentricBody, SunVectorInterpolator, find_body
from selfiesim.core.errors import EphemerisError, MapError, SceneError, UserError
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
    from selfiesim.scene.host import BodySection, OrbitSection, PathSection, PlaceSection, SiteSection
    from selfiesim.scene.scene import Scene


def load_scene_kernels(scene: Scene) -> Kernels | None:
    """Load the SPICE kernels that the scene names; None without any.

    Raises
    ------
    UserError
        For a kernel that is missing or cannot be used.
    """
    if not scene.kernels:
        return None
    from selfiesim.astro.spice_kernels import Kernels

    files = [scene.resolve_file("kernels", name, "the kernels") for name in scene.kernels]
    try:
        return Kernels(files, scene.folder)
    except UserError as error:
        raise type(error)(f"kernels: {error}") from error


def make_own_body(section: BodySection) -> Body:
    """Build the custom body of a ``[body]`` section."""
    x, y, z = (radius * 1e3 for radius in section.radii_km)
    return custom_body(
        section.name,
        (x, y, z),
        section.gm_km3_s2 * 1e9,
        pole_ra_deg=section.pole_ra_deg,
        pole_dec_deg=section.pole_dec_deg,
        meridian_deg=section.meridian_deg,
        spin_deg_day=section.spin_deg_day,
        j2=section.j2,
    )


def make_heliocentric_body(section: BodySection, body: Body) -> HeliocentricBody | None:
    """Build the custom body's Keplerian orbit about the Sun; None where the scene gives none."""
    orbit = section.orbit
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
    """Build the trajectory of the craft that carries the camera: an orbit, a sampled trajectory or a landing site.

    Raises
    ------
    UserError
        For an orbit through the planet, or a file that cannot be used or does not cover the time; the message names
        the key.
    """
    if scene.orbit is not None and (scene.orbit.tle or scene.orbit.omm):
        return _make_sampled_trajectory(scene, scene.orbit, body, kernels)
    if scene.orbit is not None:
        return make_orbiting_host(scene.orbit, body, almanac)
    if scene.path is not None:
        return _make_sampled_trajectory(scene, scene.path, body, kernels)
    site = scene.site
    assert site is not None
    reference_epoch = _landed_reference_epoch(scene)
    height_m = _site_height(site)
    return LandedHost(
        offset_ellipsoid(body, height_m),
        reference_epoch,
        np.radians(site.longitude_deg),
        np.radians(site.latitude_deg),
        height_m,
        above_m=site.above_ground_m,
        descent_m_s=site.descent_m_s,
    )


def _site_height(site: SiteSection) -> float:
    """Return the height of the ground at a site, m: the scene's own, as measured, or 0 where nothing is known."""
    if site.height_m is not None:
        return site.height_m
    from selfiesim.planet.library import user_maps
    from selfiesim.planet.maps.surface import Surface, surface_maps
    from selfiesim.planet.terrain.measured_heights import MEASURED_HEIGHTS

    latitude, longitude = np.radians(site.latitude_deg), np.radians(site.longitude_deg)
    elevation = user_maps.elevation_map_file(site.body)
    if elevation is not None:
        heights = surface_maps(Surface(site.body, elevation=elevation)).heights
        return 0.0 if heights is None else heights.at(latitude, longitude)
    measured = MEASURED_HEIGHTS.get(site.body)
    return 0.0 if measured is None else float(measured.load().at(latitude, longitude))


def _landed_reference_epoch(scene: Scene) -> Epoch:
    """First UTC time that the scene gives: events of a landing site are those nearest to it."""
    for text in (scene.release.at if scene.release else "", scene.at):
        if text:
            moment = parse_moment(text)
            if isinstance(moment, Epoch):
                return moment
    raise SceneError("at: a craft on the ground needs a UTC time, in release.at or at")


# Long for its docstring.
def make_orbiting_host(section: OrbitSection, body: Body, almanac: Almanac, key: str = "orbit") -> OrbitingHost:
    """Build the orbit of a craft, with perturbations where the section has forces.

    Parameters
    ----------
    section : OrbitSection
        Elements or a state vector.
    body : Body
        Central body.
    almanac : Almanac
        Ephemeris for the Sun's perturbations.
    key : str
        Key of the section, to name in errors.

    Returns
    -------
    OrbitingHost
        The trajectory, in ICRF axes.

    Raises
    ------
    SceneError
        For an orbit that is not closed, intersects the body or extends beyond its Hill sphere.
    """
    if section.tle or section.omm:
        raise SceneError(f"{key}.{'tle' if section.tle else 'omm'}: an object's orbit needs elements or a state vector")
    if section.over is not None:
        epoch, elements = _find_over(section, section.over, body, almanac, key)
        frame, state = "equator-of-date", elements_to_state(elements, body.gm_m3_s2)
    else:
        frame, epoch = section.frame, Epoch.from_utc(str(section.epoch_utc))
        with np.errstate(all="ignore"):  # of a semi-major axis next to 0, which the check refuses
            state = _initial_state(section, body)
    _check_orbit(section, state, body, epoch, key)
    to_icrf = icrf_to_inertial(frame, body, epoch).T
    start = State(to_icrf @ state.position, to_icrf @ state.velocity)
    if section.forces is None:
        return OrbitingHost(body, epoch, start)
    forces = section.forces
    camera_area_to_mass = forces.camera_area_to_mass_m2_kg
    perturbations = Perturbations(
        body,
        epoch,
        SunVectorInterpolator(almanac, body.name, epoch),
        zonals=forces.zonals,
        sun=forces.sun and body.name != "sun",
        area_to_mass=forces.area_to_mass_m2_kg,
        camera_area_to_mass=forces.area_to_mass_m2_kg if camera_area_to_mass is None else camera_area_to_mass,
        reflectivity=forces.reflectivity,
    )
    return OrbitingHost(body, epoch, start, perturbations)


def _find_over(
    section: OrbitSection, place: PlaceSection | str, body: Body, almanac: Almanac, key: str
) -> tuple[Epoch, Elements]:
    """Moment and elements of an orbit over a place, in ``equator-of-date`` axes."""
    from selfiesim.motion.overflight import Overflight, find_overflight
    from selfiesim.planet.places.gazetteer import locate

    try:
        where = locate(place, body.name) if isinstance(place, str) else place
    except MapError as error:
        raise SceneError(f"{key}.over: {error}; or give {{ lat_deg = ..., lon_deg = ... }}") from error
    angles = (section.sun_elevation_deg, section.ls_deg)
    elevation, season = (None if angle is None else float(np.radians(angle)) for angle in angles)
    wanted = Overflight(
        latitude=float(np.radians(where.lat_deg)),
        longitude=float(np.radians(where.lon_deg)),
        altitude_m=1e3 * float(section.altitude_km or 0.0),
        inclination=float(np.radians(section.inclination_deg or 0.0)),
        eccentricity=section.eccentricity or 0.0,
        northbound=section.heading == "north",
        local_time_h=section.local_time_h,
        sun_elevation=elevation,
        season=season,
    )
    try:
        epoch, elements = find_overflight(wanted, body, almanac, Epoch.from_utc(section.epoch_utc or OVER_DATE))
        Epoch.from_utc(epoch.utc())  # raises the error that names the years
    except (SceneError, EphemerisError) as error:
        raise SceneError(f"{key}.{error}") from error
    return epoch, elements


def _check_orbit(section: OrbitSection, state: State, body: Body, epoch: Epoch, key: str) -> None:
    """Raise a SceneError unless the orbit is closed and runs between the body and the edge of its Hill sphere."""
    try:
        with np.errstate(all="ignore"):  # of a radius next to 0, whose elements are not numbers
            elements = state_to_elements(state, body.gm_m3_s2)
    except ValueError as error:
        raise SceneError(
            f"{key}: position_km and velocity_km_s are not on a closed orbit; a path that is not an ellipse comes "
            "from a file, under [path]"
        ) from error
    keys = "position_km and velocity_km_s" if section.position_km else "semi_major_axis_km and eccentricity"
    if section.over:
        keys = "altitude_km and eccentricity"
    lowest = float(np.nan_to_num(elements.semi_major_axis * (1.0 - elements.eccentricity)))
    if not lowest > max(body.radii_m):
        kind = "body" if body.name == "sun" else "planet"
        raise SceneError(
            f"{key}: {keys} put the periapsis {lowest / 1e3:.0f} km from the centre of {body.name}, inside the {kind} "
            f"(radius {max(body.radii_m) / 1e3:.0f} km)"
        )
    highest, hill_radius = elements.semi_major_axis * (1.0 + elements.eccentricity), _hill_radius(body, epoch)
    if not highest <= hill_radius:
        raise SceneError(
            f"{key}: {keys} put the apoapsis {highest / 1e3:,.0f} km from the centre of {body.name}, beyond its Hill "
            f"radius of {hill_radius / 1e3:,.0f} km with respect to the {_PRIMARY_BODY[body.name].capitalize()}; "
            "lengths are in km"
        )


OVER_DATE = "2022-01-01T00:00:00Z"
"""The date near which an orbit is over its place, where the scene gives none."""

_PRIMARY_BODY = {
    **dict.fromkeys(("earth", "mars", "jupiter", *PLANETS), "sun"),
    **dict.fromkeys(GALILEAN_MOONS, "jupiter"),
    **OUTER_MOON_PLANETS,
    "moon": "earth",
}
"""The body that each orbits. Mars' moons are left out: craft fly beside them, beyond their Hill spheres."""


def _hill_radius(body: Body, epoch: Epoch) -> float:
    """Radius of a body's Hill sphere, m; infinite for a body without a known primary."""
    if body.name not in _PRIMARY_BODY:
        return np.inf
    center = _PRIMARY_BODY[body.name]
    distance = float(np.linalg.norm(BUILTIN_EPHEMERIS.position(center, body.name, epoch)))
    return float(distance * np.cbrt(body.gm_m3_s2 / (3.0 * find_body(center).gm_m3_s2)))


def _initial_state(section: OrbitSection, body: Body) -> State:
    """State at the section's epoch, in the axes of the orbit's frame, m and m/s."""
    if section.position_km is not None and section.velocity_km_s is not None:
        return State(np.array(section.position_km) * 1e3, np.array(section.velocity_km_s) * 1e3)
    numbers = (section.semi_major_axis_km, section.eccentricity, section.inclination_deg)
    angles = (section.raan_deg, section.arg_periapsis_deg, section.true_anomaly_deg)
    a, e, inclination = (float(number or 0.0) for number in numbers)
    raan, arg_periapsis, anomaly = (np.radians(float(angle or 0.0)) for angle in angles)
    return elements_to_state(Elements(a * 1e3, e, np.radians(inclination), raan, arg_periapsis, anomaly), body.gm_m3_s2)


def _make_sampled_trajectory(
    scene: Scene, section: PathSection | OrbitSection, body: Body, kernels: Kernels | None
) -> SampledTrajectory:
    has_mean_elements = bool(section.tle or section.omm)
    coverage, path = _read_trajectory(scene, section, body, kernels)
    reference_epoch = Epoch.from_utc(section.epoch_utc) if section.epoch_utc else coverage[0][0]
    if section.epoch_utc is None and has_mean_elements:
        reference_epoch = coverage[0][0] + 0.5 * (coverage[0][1] - coverage[0][0])  # the epoch of the elements
    start, stop = next(((a, b) for a, b in coverage if a <= reference_epoch <= b), (reference_epoch, reference_epoch))
    if start == stop:
        path(reference_epoch)  # raises the error that lists the coverage
    return SampledTrajectory(
        body,
        reference_epoch,
        (max(start - reference_epoch, -EVENT_SEARCH_S), min(stop - reference_epoch, EVENT_SEARCH_S)),
        path,
    )


Trajectory = tuple[list[tuple[Epoch, Epoch]], Callable[[Epoch], State]]
"""The time spans that a source covers, and its state as a function of epoch."""


def _read_trajectory(
    scene: Scene, section: PathSection | OrbitSection, body: Body, kernels: Kernels | None
) -> Trajectory:
    if section.tle is not None or section.omm is not None:
        return _read_mean_elements(scene, section, body, "path" if scene.path else "orbit")
    section = cast("PathSection", section)
    if section.oem is not None:
        return _read_oem_trajectory(scene, section, section.oem, body, kernels)
    assert kernels is not None
    assert section.target is not None
    source, target, center = kernels, section.target, body.name

    def path(epoch: Epoch) -> State:
        return State(source.position(target, center, epoch), source.velocity(target, center, epoch))

    coverage = kernels.coverage(target)
    if not coverage:
        raise SceneError(f"path.target: none of the SPK files covers {target!r}; use SPICE's name or number for it")
    return coverage, path


def _read_oem_trajectory(
    scene: Scene, section: PathSection, name: str, body: Body, kernels: Kernels | None
) -> Trajectory:
    from selfiesim.astro.messages.oem import read_oem
    from selfiesim.astro.messages.reference_frames import center_body

    trajectory = read_oem(scene.resolve_file("path.oem", name, "it"), section.object_id, kernels)
    # The barycentre of Mars and its moons is 0.2 m from the planet's centre; those of the Earth and Jupiter are not.
    allowed = (body.name, f"{body.name} barycenter") if body.name == "mars" else (body.name,)
    if center_body(trajectory.center) not in allowed:
        raise SceneError(f"path.oem: its CENTER_NAME is {trajectory.center}, but path.body is {body.name}")
    return trajectory.coverage, trajectory.state


def _read_mean_elements(scene: Scene, section: PathSection | OrbitSection, body: Body, where: str) -> Trajectory:
    from selfiesim.astro.messages.mean_elements import read_omm, read_tle

    key, name, read = ("tle", section.tle, read_tle) if section.tle is not None else ("omm", section.omm, read_omm)
    if body.name != "earth":
        raise SceneError(
            f"{where}.{key}: mean elements are about the Earth; set {where}.body to 'earth', not '{body.name}'"
        )
    near = Epoch.from_utc(section.epoch_utc) if section.epoch_utc else None
    elements = read(scene.resolve_file(f"{where}.{key}", str(name), "it"), section.object_id, near)
    return elements.coverage, elements.state
