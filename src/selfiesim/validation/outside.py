"""Against other libraries, for those who have them: SPICE, Skyfield, OpenCV, Mitsuba."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from selfiesim.astro.bodies import MARS
from selfiesim.astro.ephemeris import position_from_body
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import Elements, elements_to_state, period, propagate
from selfiesim.camera.pinhole import Camera
from selfiesim.sky.magnitudes import magnitude
from selfiesim.validation.lenses import BARREL, FISHEYE, rays_to
from selfiesim.validation.registry import Measured, check
from selfiesim.validation.sky import PEER
from selfiesim.validation.small_scenes import LOW_KM, ball, staged

GM = MARS.gm_m3_s2


@check("orbits", "two-body motion over a revolution, e up to 0.95", "SPICE, prop2b", ("spiceypy",))
def two_body_by_spice() -> Measured:
    """Largest difference over the distance."""
    import spiceypy

    worst = 0.0
    for eccentricity in (0.0, 0.3, 0.5884, 0.95):
        elements = Elements(8.89875e6, eccentricity, 1.506, 1.758, 0.997, 0.7)
        start = elements_to_state(elements, GM)
        for share in (0.1, 0.4, 0.9):
            seconds = share * period(elements, GM)
            state = spiceypy.prop2b(GM / 1e9, np.concatenate([start.position, start.velocity]) / 1e3, seconds)
            theirs, ours = np.array(state[:3]) * 1e3, propagate(start, seconds, GM).position
            worst = max(worst, float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)))
    return Measured(worst, 0.0, 1e-11)


@check("orbits", "state from elements, e up to 0.95", "SPICE, conics", ("spiceypy",))
def elements_by_spice() -> Measured:
    """Largest difference of the position over the distance."""
    import spiceypy

    worst = 0.0
    for eccentricity in (0.0, 0.3, 0.5884, 0.95):
        a, i, node, peri, anomaly = 8.89875e6, 1.506, 1.758, 0.997, 0.7
        half = np.arctan2(
            np.sqrt(1 - eccentricity) * np.sin(anomaly / 2), np.sqrt(1 + eccentricity) * np.cos(anomaly / 2)
        )
        mean = 2.0 * half - eccentricity * np.sin(2.0 * half)
        elements = [a * (1.0 - eccentricity) / 1e3, eccentricity, i, node, peri, mean, 0.0, GM / 1e9]
        theirs = np.array(spiceypy.conics(elements, 0.0)[:3]) * 1e3
        ours = elements_to_state(Elements(a, eccentricity, i, node, peri, anomaly), GM).position
        worst = max(worst, float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)))
    return Measured(worst, 0.0, 1e-11)


@check(
    "positions",
    "direction of the Sun from Mars, 2000 to 2050",
    "JPL's DE421, read by Skyfield",
    ("skyfield", "skyfield_data"),
    PEER,
)
def sun_by_skyfield() -> Measured:
    """Largest angle, arcseconds."""
    theirs, dates = _from_mars("sun")
    ours = np.array([position_from_body(MARS, "sun", Epoch.from_tdb_jd(date)) for date in dates])
    return Measured(_largest_angle(ours, theirs), 0.0, 0.03, "arcsec")


@check(
    "positions",
    "direction of the Earth from Mars, 2000 to 2050",
    "JPL's DE421, read by Skyfield",
    ("skyfield", "skyfield_data"),
    PEER,
)
def earth_by_skyfield() -> Measured:
    """Largest angle, arcseconds."""
    theirs, dates = _from_mars("earth")
    ours = np.array([position_from_body(MARS, "earth", Epoch.from_tdb_jd(date)) for date in dates])
    return Measured(_largest_angle(ours, theirs), 0.0, 0.1, "arcsec")


@check(
    "positions",
    "direction of Jupiter from Mars, 2000 to 2050",
    "JPL's DE421, read by Skyfield",
    ("skyfield", "skyfield_data"),
)
def jupiter_by_skyfield() -> Measured:
    """Largest angle, arcseconds."""
    theirs, dates = _from_mars("jupiter barycenter")
    ours = np.array([position_from_body(MARS, "jupiter", Epoch.from_tdb_jd(date)) for date in dates])
    return Measured(_largest_angle(ours, theirs), 0.0, 0.3, "arcsec")


def _from_mars(target: str) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (N, 3), m, of a body from Mars by DE421, and their dates, TDB."""
    from skyfield.api import load, load_file
    from skyfield_data import get_skyfield_data_path

    de421 = load_file(str(Path(get_skyfield_data_path()) / "de421.bsp"))
    dates = np.linspace(2451544.5, 2469807.5, 500)
    times = load.timescale(builtin=True).tdb_jd(dates)
    return (de421[target].at(times).position.m - de421["mars"].at(times).position.m).T, dates


def _largest_angle(ours: np.ndarray, theirs: np.ndarray) -> float:
    sines = np.linalg.norm(np.cross(ours, theirs), axis=1)
    return float(np.degrees(np.arctan2(sines, np.sum(ours * theirs, axis=1))).max() * 3600.0)


@check(
    "brightness",
    "magnitudes of Venus and Jupiter from the Earth, 2021",
    "Skyfield's magnitudelib (Mallama and Hilton 2018)",
    ("skyfield", "skyfield_data"),
)
def magnitudes_by_skyfield() -> Measured:
    """Largest difference, magnitudes."""
    from skyfield.api import load, load_file
    from skyfield.magnitudelib import planetary_magnitude
    from skyfield_data import get_skyfield_data_path

    de421 = load_file(str(Path(get_skyfield_data_path()) / "de421.bsp"))
    worst = 0.0
    for month in range(1, 13):
        time = load.timescale(builtin=True).utc(2021, month, 15)
        earth = de421["earth"].at(time)
        for name, key in (("venus", "venus"), ("jupiter", "jupiter barycenter")):
            body = earth.observe(de421[key])
            from_eye = body.position.m
            from_sun = earth.position.m + from_eye  # magnitudelib takes the Sun to be at the barycentre
            worst = max(worst, abs(magnitude(name, from_sun, from_eye) - float(planetary_magnitude(body))))
    return Measured(worst, 0.0, 0.005, "mag")


@check("lenses", "pixels through Brown-Conrady distortion, up to 40 degrees", "OpenCV, projectPoints", ("cv2",))
def brown_conrady_by_opencv() -> Measured:
    """Largest difference, pixels."""
    import cv2

    camera, rays = Camera.from_fov(1920, 1080, np.radians(70.0), BARREL), rays_to(np.radians(40.0))
    still = np.zeros(3)
    theirs = cv2.projectPoints(rays.reshape(-1, 1, 3), still, still, camera.matrix, np.array(BARREL.opencv))[0]
    return Measured(float(np.abs(camera.project(rays) - theirs.reshape(-1, 2)).max()), 0.0, 1e-8, "px")


@check("lenses", "pixels through a fisheye, up to 80 degrees", "OpenCV, fisheye.projectPoints", ("cv2",))
def fisheye_by_opencv() -> Measured:
    """Largest difference, pixels."""
    import cv2

    camera, rays = Camera.from_fov(1920, 1080, np.radians(120.0), FISHEYE), rays_to(np.radians(80.0))
    still = np.zeros(3)
    theirs = cv2.fisheye.projectPoints(rays.reshape(-1, 1, 3), still, still, camera.matrix, np.array(FISHEYE.k))[0]
    return Measured(float(np.abs(camera.project(rays) - theirs.reshape(-1, 2)).max()), 0.0, 1e-8, "px")


@check("lenses", "fields of view and focal length of a camera matrix", "OpenCV, calibrationMatrixValues", ("cv2",))
def fields_of_view_by_opencv() -> Measured:
    """Largest relative difference. OpenCV's pixel (0, 0) begins at 0.0, ours has its centre there."""
    import cv2

    worst, pitch = 0.0, 5.5e-6
    for width, height, focal in ((1920, 1080, 8e-3), (640, 512, 3e-3), (4096, 3072, 50e-3)):
        camera = Camera.from_focal_length(width, height, focal, pitch)
        shifted = camera.matrix + np.array([[0.0, 0.0, 0.5], [0.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
        theirs = cv2.calibrationMatrixValues(shifted, (width, height), 1e3 * pitch * width, 1e3 * pitch * height)[:3]
        ours = np.degrees(camera.horizontal_fov), np.degrees(camera.vertical_fov), 1e3 * focal
        worst = max(worst, float(np.abs(np.array(ours) / theirs - 1.0).max()))
    return Measured(worst, 0.0, 1e-12)


@check(
    "light",
    "mean radiance of a matt ball in sunlight and planetshine",
    "Mitsuba 3, path tracing with 256 paths",
    ("mitsuba",),
)
def ball_by_mitsuba() -> Measured:
    """Final quality over path tracing, of three bands the worst."""
    with TemporaryDirectory() as folder:
        view = staged(Path(folder), ball(), 0.7, (2.0, 0.6, 1.2), (0.35, 0.2, 0.915), LOW_KM, (96, 54))
        ours = view.render("final")
        theirs = view.render("final", samples=256, engine="mitsuba")
    on = (ours.truth.part >= 2) & (np.abs(ours.truth.normal[..., 2]) > 0.4)  # without the pixels of its edge
    ratios = ours.rgb[on].mean(axis=0) / theirs.rgb[on].mean(axis=0)
    picture = np.hstack([ours.expose().pixels, theirs.expose().pixels])
    return Measured(float(ratios[np.argmax(np.abs(ratios - 1.0))]), 1.0, 0.02, picture=picture)
