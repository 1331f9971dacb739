"""The renderer, against photometry and geometry: small pictures of one plate, one ball, one planet."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import bands_from_linear_srgb
from selfiesim.planet.maps.load import load_maps
from selfiesim.render.common.radiance import Radiance
from selfiesim.render.light.planet_radiance import planet_radiance
from selfiesim.validation.registry import Measured, check
from selfiesim.validation.small_scenes import LOW_KM, Floats, ball, plate, staged
from selfiesim.view.view import View

ALBEDO = 0.5


def _picture(radiance: Radiance) -> NDArray[np.uint8]:
    return np.asarray(radiance.expose().pixels, np.uint8)


def _inside(view: View, points: Floats) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels (row, column) of points in body axes."""
    camera_points = points @ view.craft.body_to_camera.T + view.craft.position
    pixels = np.round(view.camera.project(camera_points)).astype(int)
    return pixels[:, 1], pixels[:, 0]


def _matt_plate(tilt_deg: float) -> Measured:
    tilt = np.radians(tilt_deg)
    with TemporaryDirectory() as folder:
        view = staged(Path(folder), plate(), ALBEDO, (0.8, 0.3, 3.0), (float(np.sin(tilt)), 0.0, float(np.cos(tilt))))
        radiance = view.render("draft")
    rgb = radiance.rgb
    points = np.array([[0.0, 0.0, 0.01], [0.3, 0.3, 0.01], [-0.3, 0.2, 0.01], [0.1, -0.3, 0.01]])
    level = bands_from_linear_srgb(np.full(3, ALBEDO))
    ratios = rgb[_inside(view, points)] * np.pi / (view.sun.irradiance * level)
    got = ratios.ravel()[np.argmax(np.abs(ratios - np.cos(tilt)))]
    return Measured(float(got), float(np.cos(tilt)), 0.002, picture=_picture(radiance))


@check("light", "rendered radiance of a matt plate that faces the Sun", "Lambert: A E / pi")
def facing_plate() -> Measured:
    """Radiance over A E / pi, of four points in three bands the worst."""
    return _matt_plate(0.0)


@check("light", "rendered radiance of a matt plate at 60 degrees to the Sun", "Lambert's cosine law: half of it")
def tilted_plate() -> Measured:
    """Radiance over A E / pi, of four points in three bands the worst."""
    return _matt_plate(60.0)


@check("geometry", "depth of a rendered plate, in the middle of its pixels", "rays to a plane")
def depth_of_a_plate() -> Measured:
    """Largest difference, m, 3 m away."""
    with TemporaryDirectory() as folder:
        view = staged(Path(folder), plate(), ALBEDO, (0.8, 0.3, 3.0), (0.0, 0.0, 1.0))
        radiance = view.render("draft")
    truth = radiance.truth
    rows, columns = np.nonzero(truth.part >= 2)
    rays = view.camera.unproject(np.stack([columns, rows], axis=-1).astype(float))
    normal = view.craft.body_to_camera[:, 2]
    distance = ((view.craft.position + 0.01 * normal) @ normal) / (rays @ normal)
    inner = np.abs(truth.normal[rows, columns] @ normal) > 0.99
    error = np.abs(truth.depth[rows, columns] - distance * rays[:, 2])[inner]
    return Measured(float(np.percentile(error, 98)), 0.0, 0.02, "m", _picture(radiance))


@check("limb", "limb of Mars in a picture 160 pixels wide", "rays that graze the ellipsoid")
def limb() -> Measured:
    """Mean position of the edge against geometry, pixels, from the light of the pixels that it crosses."""
    with TemporaryDirectory() as folder:
        view = staged(Path(folder), plate(0.05), ALBEDO, (0.0, -4.0, 0.2), (0.0, 0.0, 1.0), LOW_KM, fov_deg=140.0)
        radiance = view.render("final")
    light = radiance.rgb[..., 1].astype(float)
    offsets = []
    for row in range(0, light.shape[0], 2):
        fine = np.arange(-0.5, light.shape[1] - 0.5, 1.0 / 64.0) + 1.0 / 128.0
        hits = _hits(view, np.stack([fine, np.full(fine.shape, float(row))], axis=-1))
        edge = int(np.argmax(hits.reshape(-1, 64).any(axis=1)))  # the planet is on the right
        near = slice(edge - 2, edge + 3)
        covered = np.clip(light[row, near] / light[row, edge + 3 : edge + 6].mean(), 0.0, 1.0).sum()
        offsets.append(covered - hits.reshape(-1, 64)[near].mean(axis=1).sum())
    return Measured(float(np.mean(offsets)), 0.0, 0.1, "px", _picture(radiance))


def _hits(view: View, pixels: Floats) -> NDArray[np.bool_]:
    """Return whether the rays of pixels (N, 2) meet the planet's ellipsoid: the textbook quadratic."""
    assert view.planet is not None
    to_unit_sphere = np.diag(1.0 / np.array(view.planet.body.radii_m)) @ view.planet.camera_to_bodyfixed
    center, rays = to_unit_sphere @ view.planet.position, view.camera.unproject(pixels) @ to_unit_sphere.T
    along = rays @ center
    return np.asarray((along > 0.0) & (along**2 >= (rays**2).sum(axis=-1) * (center @ center - 1.0)))


@check(
    "planetshine",
    "light of a full Mars on the dark side of a white ball",
    "integral over the visible disc, by quadrature",
)
def planetshine_on_a_ball() -> Measured:
    """Sum over the ball, rendered over integrated, of three bands the worst."""
    with TemporaryDirectory() as folder:
        view = staged(Path(folder), ball(), 0.9, (2.0, 0.0, -2.0), (0.0, 0.0, 1.0), LOW_KM)
        radiance = view.render("draft")
    normals = radiance.truth.normal
    on = (radiance.truth.part >= 2) & (normals @ view.sun.direction < -0.02) & (normals[..., 2] < -0.4)
    level = bands_from_linear_srgb(np.full(3, 0.9))
    expected = _irradiance(view, normals[on].astype(float)) * level / np.pi
    ratios = radiance.rgb[on].sum(axis=0) / expected.sum(axis=0)
    return Measured(float(ratios[np.argmax(np.abs(ratios - 1.0))]), 1.0, 0.05, picture=_picture(radiance))


def _irradiance(view: View, normals: Floats, rings: int = 90) -> Floats:
    """Return the planet's irradiance (N, 3) on surfaces with ``normals`` (N, 3), camera axes, by quadrature."""
    polar = (np.arange(rings) + 0.5) * np.pi / rings
    azimuth = (np.arange(2 * rings) + 0.5) * np.pi / rings
    sine, cosine = np.sin(polar)[:, None], np.cos(polar)[:, None]
    rays = np.stack(np.broadcast_arrays(sine * np.cos(azimuth), sine * np.sin(azimuth), cosine), axis=-1).reshape(-1, 3)
    solid_angle = np.repeat(sine[:, 0], 2 * rings) * (np.pi / rings) ** 2
    light = planet_radiance(view, load_maps("mars"), view.craft.position, rays) * solid_angle[:, None]
    return np.asarray(np.maximum(normals @ rays.T, 0.0) @ light, float)
