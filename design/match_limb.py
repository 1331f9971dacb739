"""Errors of a camera's position from the limb of a sphere, by Monte Carlo: against theory, and of short arcs.

Mars as a sphere of 3389.5 km, seen from ten radii. First table: full model of J. A. Hikes and others (2017) against the
spread of Christian's linear fit. Second: bias and spread of the range from arcs of 20 degrees to either side, by the
linear fit, total least squares, and the fit of distances in pixels. Run: python design/match_limb.py
"""

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/support"))

from limb_theory import limb_covariance

from selfiesim.astro.bodies import custom_body
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import MatchError
from selfiesim.matching.points.curves import SeenPlanet, nearest_on_limb
from selfiesim.matching.points.limb import locate_limb

RADIUS, TRIALS = 3_389_500.0, 4000
BODY = custom_body("ball", (RADIUS,) * 3, 4.28e13)
CAMERA = Camera.from_fov(1024, 1024, np.radians(20.0))
CENTRE = np.array([0.0, 0.0, 10.0 * RADIUS])


def noisy_pixels(rng, half_arc, count, noise_px):
    """Limb points with errors across the limb, evenly spread about the right end of the disc."""
    angle = np.linspace(-half_arc, half_arc, count)
    spoke = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=-1)
    cosine = np.sqrt(1.0 - (RADIUS / CENTRE[2]) ** 2)
    rays = cosine * np.array([0.0, 0.0, 1.0]) + np.sqrt(1.0 - cosine**2) * spoke
    return CAMERA.project(rays) + noise_px * rng.normal(size=count)[:, None] * spoke[:, :2]


def fit_pixels(pixels):
    """The centre that brings the limb closest to the pixels."""

    def residuals(x):
        planet = SeenPlanet(CAMERA, BODY, x * RADIUS, np.eye(3), np.array([1.0, 0.0, 0.0]))
        foot = nearest_on_limb(planet, pixels, np.zeros(len(pixels)))
        return ((pixels - foot.pixels) * foot.normals).sum(-1)

    return least_squares(residuals, CENTRE / RADIUS, method="lm").x * RADIUS


def theory(half_arc, count, noise_px):
    return limb_covariance(CENTRE[2], RADIUS, half_arc, count, noise_px / CAMERA.fx)


def main():
    rng = np.random.default_rng(40169)
    for half_deg in (180.0, 90.0, 60.0):
        half, count, noise = np.radians(half_deg), 200, 0.2
        found = np.array(
            [
                locate_limb(CAMERA.unproject(noisy_pixels(rng, half, count, noise)), BODY, np.eye(3))
                for _ in range(TRIALS)
            ]
        )
        ratio = found.std(axis=0) / np.sqrt(np.diag(theory(half, count, noise)))
        print(f"half arc {half_deg:.0f} deg: spread over theory {np.round(ratio, 3)}")
    half, count, noise = np.radians(20.0), 100, 0.3
    sigma = np.sqrt(theory(half, count, noise)[2, 2])
    print(f"half arc 20 deg, {count} points, {noise} px: theory says {sigma / 1e3:.0f} km in range")
    for name, method in (("linear", "linear"), ("total", "total"), ("pixels", None)):
        ranges = []
        for _ in range(TRIALS // (1 if method else 10)):
            pixels = noisy_pixels(rng, half, count, noise)
            try:
                centre = (
                    locate_limb(CAMERA.unproject(pixels), BODY, np.eye(3), method) if method else fit_pixels(pixels)
                )
            except MatchError:
                continue
            ranges.append(np.linalg.norm(centre) - CENTRE[2])
        print(
            f"  {name:<7} bias {np.mean(ranges) / 1e3:+7.0f} km, median {np.median(ranges) / 1e3:+7.0f} km, "
            f"spread {np.std(ranges) / 1e3:6.0f} km"
        )


if __name__ == "__main__":
    main()
