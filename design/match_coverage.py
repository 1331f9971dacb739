"""How often the 95 % ellipsoids of matched pictures hold the truth: 300 synthetic pictures over all scenes.

Points are projected by each scene's own camera, moved at random by some percent in each unknown, with noise of 0.5 px;
the solver begins from the unmoved scene. Run: python design/match_coverage.py
"""

import sys
import time
from pathlib import Path

import numpy as np
from scipy.stats import chi2

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/support"))

from match_points import normalised_error, synthetic_picture

from selfiesim import MatchError, Scene, scenes
from selfiesim.matching.solve import solve
from selfiesim.matching.statistics import describe_fit

PICTURES = int(sys.argv[1]) if len(sys.argv) > 1 else 300
rng = np.random.default_rng(20260)
held, errors, seconds, refused = [], [], [], []
names = sorted(scenes())


def summarise():
    share = 100.0 * np.mean(held)
    print(f"{len(held)} pictures, {len(refused)} refused: the truth is inside {share:.1f} % of 95 % ellipsoids")
    below = [round(float(np.mean(np.array(errors) < quartile)), 3) for quartile in (0.25, 0.5, 0.75)]
    print(f"share below the quartiles of chi-square: {below}")
    quick = f"{100.0 * np.mean(np.array(seconds) < 1.0):.1f} % below 1 s"
    longest = f"95 % below {np.quantile(seconds, 0.95):.2f} s, longest {max(seconds):.2f} s"
    print(f"CPU time: median {np.median(seconds):.2f} s, {quick}, {longest}", flush=True)


while len(held) + len(refused) < PICTURES:
    name = names[(len(held) + len(refused)) % len(names)]
    scene = Scene.load(name)
    fit = ["pose"] if scene.camera.model == "equirectangular" else ["pose", "fov"]
    picture = None
    while picture is None:
        picture = synthetic_picture(scene, fit, rng, count=20)
    parameters = picture.problem.parameters
    start = time.process_time()
    try:
        best = solve(picture.problem)[0]
        statistics = describe_fit(picture.problem, best)
    except MatchError as error:
        refused.append(name)
        print(name, "refused:", str(error)[:150])
        continue
    seconds.append(time.process_time() - start)
    squared = normalised_error(parameters, best.guess, picture.truth, statistics.covariance)
    errors.append(chi2.cdf(squared, parameters.count))
    held.append(squared <= chi2.ppf(0.95, parameters.count))
    if squared > chi2.ppf(0.9999, parameters.count):
        print(name, f"normalised error {squared:.1f} for {parameters.count} unknowns, rms {best.rms_px:.2f} px")
    if len(held) % 20 == 0:
        summarise()
summarise()
