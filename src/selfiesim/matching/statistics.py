"""How well the points tell the unknowns: covariance, correlation, and the directions that they leave open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2 as chi2_distribution

from selfiesim.core.errors import MatchError
from selfiesim.core.vectors import Matrix, Vector, unit
from selfiesim.matching.orbits import path_from
from selfiesim.matching.parameters import Guess, Parameters
from selfiesim.matching.points.limb import limb_half_arc
from selfiesim.matching.solve import Minimum, Problem

_SURPRISE = 1e-3  # residuals less probable than this mean that the points are worse than they say
_OPEN = 1.0  # standard deviation, in scales of the unknowns, of a direction that counts as unknown
_LONG = 0.005  # the same, of an axis along which the points may not be linear
_FLAT = 1e-3  # extent of points relative to their largest: less is a plane or a line
_SHORT_ARC = np.radians(30.0)  # half arc of a limb below which range and direction are hardly distinguished


@dataclass(frozen=True)
class Statistics:
    """What the points say about the unknowns.

    Attributes
    ----------
    guess : Guess
        The solution, internal values.
    covariance : (n, n) array
        Of its unknowns, points and priors together; to second order where the valley of chi-square is bent.
    factor : float
        By which chi-square per degree of freedom has enlarged it: 1 where residuals are as small as points claim.
    degrees_of_freedom : int
        Numbers measured, less unknowns, priors included.
    condition : float
        Largest over smallest singular value of the derivatives by the points alone, unknowns in units of their scales.
    open_directions : tuple of str
        Combinations of unknowns that only the priors determine.
    notes : tuple of str
        What to know about the set of points, one sentence each.
    """

    guess: Guess
    covariance: Matrix
    factor: float
    degrees_of_freedom: int
    condition: float
    open_directions: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def correlation(self) -> Matrix:
        """Correlation (n, n) of the unknowns."""
        sigma = np.sqrt(np.diag(self.covariance))
        return np.asarray(self.covariance / np.outer(sigma, sigma))


def describe_fit(problem: Problem, minimum: Minimum) -> Statistics:
    """Return the statistics of a minimum.

    Raises
    ------
    MatchError
        The points do not determine the unknowns; the message names the combination, and why.
    """
    parameters = problem.parameters
    whole = problem.jacobian(minimum.guess, minimum.weights)
    measured = whole[: len(whole) - len(problem.priors)]
    left, values, directions = _decompose(whole)
    _, by_points, point_directions = _decompose(measured)
    factor = _excess(problem, minimum, len(whole) - parameters.count)
    notes = _notes(parameters, minimum)
    if (open_at := np.flatnonzero(values < np.sqrt(factor) / _OPEN)).size:
        names = "; ".join(_in_words(parameters, directions[k]) for k in open_at)
        because = f": {notes[0]}" if notes else ""
        raise MatchError(
            f"the points do not determine {names}{because}. Measure other points, or leave it out of --fit"
        )
    axes = np.sqrt(factor) * parameters.scales[:, None] * directions.T / values
    only_priors = [
        _in_words(parameters, point_directions[k]) for k in np.flatnonzero(by_points < np.sqrt(factor) / _OPEN)
    ]
    return Statistics(
        minimum.guess,
        axes @ _moments(_bends(problem, minimum, left, axes)) @ axes.T,
        factor,
        len(whole) - parameters.count,
        float(by_points[0] / by_points[-1]) if by_points[-1] > 0.0 else float("inf"),
        tuple(only_priors),
        notes,
    )


def _decompose(matrix: Matrix) -> tuple[Matrix, Vector, Matrix]:
    """Singular value decomposition, with as many values as unknowns, 0 where there are fewer rows."""
    rows = max(matrix.shape[1] - len(matrix), 0)
    return np.linalg.svd(np.vstack([matrix, np.zeros((rows, matrix.shape[1]))]), full_matrices=False)


def _bends(problem: Problem, minimum: Minimum, left: Matrix, axes: Matrix) -> Matrix:
    """How far the valley of chi-square bends away from the longer axes of the ellipsoid.

    Parameters
    ----------
    left : (M, n) array
        Left singular vectors of the derivatives: unit vectors of the residuals along each axis.
    axes : (n, n) array
        Columns of one standard deviation.

    Returns
    -------
    (K, n) array
        For each longer axis, the displacement of the valley one standard deviation away to either side, in standard
        deviations along each axis.
    """
    parameters, guess, weights = problem.parameters, minimum.guess, minimum.weights
    path = path_from(parameters, guess)
    longer = np.flatnonzero((np.abs(axes) / parameters.scales[:, None]).max(axis=0) > _LONG)
    slopes = path.slopes(np.zeros(parameters.count), guess)
    bends = []
    for step in np.linalg.solve(slopes, axes[:, longer]).T:
        ahead, here, behind = (problem.whitened(path(sign * step), weights) for sign in (1.0, 0.0, -1.0))
        bends.append((0.5 * (ahead + behind) - here) @ left[: len(here)])
    return np.array(bends).reshape(-1, parameters.count)


def _moments(bends: Matrix) -> Matrix:
    """Second moments (n, n) about the minimum of a normal distribution whose axes are bent, in standard deviations.

    An error t along an axis moves the others by ``t**2`` times its bend; the fourth moment of t is 3.
    """
    return np.asarray(np.eye(bends.shape[1]) + 2.0 * bends.T @ bends + np.outer(bends.sum(axis=0), bends.sum(axis=0)))


def _excess(problem: Problem, minimum: Minimum, degrees: int) -> float:
    """Chi-square per degree of freedom where it is too large to be chance, else 1."""
    if degrees <= 0 or chi2_distribution.sf(minimum.chi2, degrees) > _SURPRISE:
        return 1.0
    return max(1.0, minimum.chi2 / degrees)


def _in_words(parameters: Parameters, direction: Vector) -> str:
    """The unknowns that dominate a direction (n,), in units of their scales."""
    strength = np.abs(direction) / np.abs(direction).max()
    chosen = [parameters.names[k] for k in np.argsort(-strength) if strength[k] > 0.3][:4]
    is_range = any(name.startswith("position") or name == "time" for name in chosen)
    if is_range and "focal length" in chosen:
        return f"range against field of view ({', '.join(chosen)})"
    return " with ".join(chosen)


def _notes(parameters: Parameters, minimum: Minimum) -> tuple[str, ...]:
    return tuple(
        note
        for note in (
            _shape_note(parameters, minimum.weights.inliers),
            _spread_note(parameters, minimum),
            _arc_note(parameters, minimum),
        )
        if note
    )


def _shape_note(parameters: Parameters, inliers: NDArray[np.bool_]) -> str:
    """Whether the points of the craft lie in one place, line or plane."""
    targets = parameters.targets
    used = targets.craft_indices[inliers[targets.craft_indices]]
    if not used.size or used.size < inliers.sum():
        return ""
    stage, pose = parameters.pose(parameters.start())
    placed = targets.positions(stage, pose)[used]
    extent = np.linalg.svd(placed - placed.mean(axis=0), compute_uv=False)
    extent = np.append(extent, np.zeros(max(3 - len(extent), 0)))
    if extent[0] == 0.0:
        return "all points are one point of the craft"
    if extent[1] < _FLAT * extent[0]:
        return "all points lie on one line"
    if extent[2] < _FLAT * extent[0] and used.size > 3:
        return "all points lie in one plane: a second pose may fit them nearly as well, and field and range mix"
    return ""


def _spread_note(parameters: Parameters, minimum: Minimum) -> str:
    pixels = parameters.targets.pixels[minimum.weights.inliers]
    width = float(np.ptp(pixels, axis=0).max(initial=0.0)) / parameters.setup.camera.width
    if width < 0.05:
        return f"all points lie within {100.0 * width:.1f} percent of the picture's width"
    return ""


def _arc_note(parameters: Parameters, minimum: Minimum) -> str:
    """Whether the limb is seen along a short arc only, and what that means."""
    targets = parameters.targets
    limb = [i for i, point in enumerate(targets.points) if point.limb and minimum.weights.inliers[i]]
    if not limb:
        return ""
    stage, pose = parameters.pose(minimum.guess)
    planet = stage.view.planet
    assert planet is not None
    rays = pose.camera.unproject(targets.pixels[limb])
    half = limb_half_arc(rays, unit(pose.rotation @ (planet.position - pose.shift)))
    if half >= _SHORT_ARC:
        return ""
    return (
        f"the limb is seen along {np.degrees(2.0 * half):.0f} degrees of its arc: so short an arc hardly tells range "
        "from direction, and its errors are larger than their standard deviations say"
    )
