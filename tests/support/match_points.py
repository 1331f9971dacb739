"""Points of pictures that no one took: what a scene's camera would see, with noise, for tests of matching."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.astro.frames import direction_to_lonlat
from selfiesim.matching.orbits import path_from
from selfiesim.matching.parameters import Guess, Parameters
from selfiesim.matching.points.observations import Observations
from selfiesim.matching.points.targets import Targets
from selfiesim.matching.solve import Problem

NOISE_PX = 0.5


class Picture(NamedTuple):
    """A synthetic picture: the problem that its points pose, and the guess that they were made with."""

    problem: Problem
    truth: Guess


def craft_points(view, rng, count):
    """Keys of random vertices of all crafts in a view that are in the picture."""
    found = []
    for craft in (view.craft, *view.objects):
        of = craft.name or "craft"
        for part in craft.parts:
            for vertex in part.vertices[rng.choice(len(part.vertices), min(len(part.vertices), 3), replace=False)]:
                found.append({"craft_m": vertex.astype(float).tolist(), "of": of})
                if part.joint is not None:
                    found[-1]["joint"] = part.joint
    return [found[i] for i in rng.permutation(len(found))[: 10 * count]]


def planet_points(view, rng, count):
    """Keys of random places of the planet that are in the picture."""
    planet = view.planet
    if planet is None:
        return []
    pixels = rng.random((8 * count, 2)) * (view.camera.width, view.camera.height)
    rays = view.camera.unproject(pixels) @ planet.camera_to_bodyfixed.T
    eye = -planet.camera_to_bodyfixed @ planet.position
    hits = intersect_ellipsoid(eye, rays, planet.body)
    hits = hits[np.isfinite(hits).all(axis=-1)][:count]
    lon_lat = [direction_to_lonlat(hit) for hit in hits]
    return [{"lat_lon_deg": [float(np.degrees(lat)), float(np.degrees(lon))]} for lon, lat in lon_lat]


def ground_points(rng, count):
    """Keys of random landmarks around a landed craft."""
    reach, azimuth = rng.uniform(3.0, 30.0, 4 * count), rng.uniform(0.0, 2.0 * np.pi, 4 * count)
    height = rng.uniform(0.0, 1.0, 4 * count)
    return [{"site_m": [r * np.sin(a), r * np.cos(a), h]} for r, a, h in zip(reach, azimuth, height, strict=True)]


def seen(parameters, guess):
    """Where the targets are in the picture of a guess (N, 2), NaN for those outside it."""
    pixels = parameters.targets.predict(*parameters.pose(guess)).pixels
    camera = parameters.camera(guess)
    inside = np.all((pixels >= 0.0) & (pixels <= [camera.width - 1, camera.height - 1]), axis=-1)
    return np.where(inside[:, None], pixels, np.nan)


def synthetic_picture(scene, fit, rng, count=16, scatter=1.0, noise_px=NOISE_PX):
    """A picture by a camera some way from the scene's; None if that is below the ground, or sees too few points."""
    setup = scene.resolve()
    view = setup.at()
    keys = craft_points(view, rng, count)
    keys += ground_points(rng, count) if scene.site else planet_points(view, rng, max(count // 4, 2))
    table = {"sigma_px": noise_px, "points": [{"pixel": [0.0, 0.0], **key} for key in keys]}
    parameters = Parameters(setup, fit, Targets(setup, Observations.from_table(table)))
    truth = parameters.moved(parameters.start(), scatter * 0.05 * parameters.scales * rng.normal(size=parameters.count))
    stage, pose = parameters.pose(truth)
    if scene.site and stage.enu_to_camera[:, 2] @ (pose.shift - stage.site) < 0.0:
        return None  # below the ground
    parameters.refer_to(truth)
    pixels = seen(parameters, truth)
    chosen = rng.permutation(np.flatnonzero(np.isfinite(pixels).all(axis=-1)))[:count]
    if len(chosen) < 8:
        return None
    measured = pixels[chosen] + noise_px * rng.normal(size=(len(chosen), 2))
    table["points"] = [{**keys[i], "pixel": pixel.tolist()} for i, pixel in zip(chosen, measured, strict=True)]
    return Picture(Problem(Parameters(setup, fit, Targets(setup, Observations.from_table(table)))), truth)


def normalised_error(parameters, guess, truth, covariance):
    """Squared error of a guess in standard deviations, along the straight paths that the solver follows."""
    path = path_from(parameters, guess)
    error = np.zeros(parameters.count)
    slopes = path.slopes(error, guess)
    for _ in range(12):
        error = error + np.linalg.solve(slopes, parameters.difference(path(error), truth))
    along = slopes @ error
    return float(along @ np.linalg.solve(covariance, along))
