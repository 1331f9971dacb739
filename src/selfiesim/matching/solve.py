"""The solver: every minimum from many starts, outliers found by a robust fit, and the rest fitted by least squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MatchError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.matching.first_guesses import first_guesses, guesses_like
from selfiesim.matching.orbits import path_from
from selfiesim.matching.parameters import Guess, Parameters
from selfiesim.matching.points.observations import label
from selfiesim.matching.priors import Prior

_OUT_OF_VIEW = 1e4  # residual, in standard deviations, of a target that is not in view
_POINT_STEP_M = 1e-3
_STARTS = 5  # besides the scene, as many of the first guesses are tried, until one is good
_GOOD = 3.0  # standard deviations: median distance of the points after a good fit
_PURSUED = 3  # of them are pursued further, until one is good
_ROUGH_EVALUATIONS = 40
_ROUNDS = 2  # of a wide loss, for each of them
_FEW_EVALUATIONS = 15  # at first, and for minima other than the best
_BRIEF_EVALUATIONS = 7  # after which a guess for another minimum is given up
_SAME = 0.02  # in scales of the unknowns: guesses that will lead to the same minimum
_ROUGH_PX = 30.0  # residuals beyond this hardly count while the first guesses are compared
_LOSS_WIDTH = 3.0  # standard deviations, of the robust loss
_OUTLIER = 5.0  # standard deviations
_CONTRADICTION = 30.0  # standard deviations: points with such residuals agree on nothing
_MAX_OUTLIER_SHARE = 0.34
_RAYLEIGH_MEDIAN = 1.18  # median distance of a point in standard deviations along each axis
_REFITS = 5
_NEVER = 1e12  # cost of an impossible minimum
_SAME_PX = 0.5  # minima whose pictures of all points agree to this are one
_KEEP_WORSE = 10.0  # other minima are shown up to this many times the rms of the best


@dataclass(frozen=True)
class Weights:
    """How much the residuals count: matrices (N, 2, 2) that whiten those of each point, and which points do (N,)."""

    whitening: Matrix
    inliers: NDArray[np.bool_]

    @property
    def log_determinant(self) -> float:
        """Logarithm of the determinant of the covariance of all residuals, which differs from pose to pose."""
        return float(-2.0 * np.log(np.diagonal(self.whitening, axis1=1, axis2=2)).sum())

    def only(self, inliers: NDArray[np.bool_]) -> Weights:
        """The same weights for other points."""
        return Weights(self.whitening, inliers)


@dataclass(frozen=True)
class Minimum:
    """One local minimum: a guess, its residuals (N, 2) in pixels, their weights, and chi-square with the priors."""

    guess: Guess
    residuals: Vector
    weights: Weights
    chi2: float

    @property
    def rms_px(self) -> float:
        """Root mean square of the distances of the inliers from where they should be, px."""
        return float(np.sqrt((self.residuals[self.weights.inliers] ** 2).sum(-1).mean()))


@dataclass(frozen=True)
class Problem:
    """What is to be solved.

    Attributes
    ----------
    parameters : Parameters
        The unknowns, with the observations.
    priors : tuple of Prior
        What is known of them beforehand.
    """

    parameters: Parameters
    priors: tuple[Prior, ...] = ()

    def weights(self, guess: Guess) -> Weights:
        """Weights of all points near a guess: a point that is uncertain on its craft is so in the picture as well."""
        targets = self.parameters.targets
        covariance = targets.sigma_px[:, None, None] ** 2 * np.eye(2)
        if targets.sigma_m.any():
            slopes = self.point_slopes(guess)
            covariance = covariance + np.einsum("nik,nk,njk->nij", slopes, targets.sigma_m**2, slopes)
        return Weights(np.linalg.inv(np.linalg.cholesky(covariance)), np.ones(len(targets.points), bool))

    def point_slopes(self, guess: Guess) -> Matrix:
        """Change (N, 2, 3) of the residuals with the points of crafts, body axes, px/m; 0 where out of view."""
        columns = []
        for axis in np.eye(3):
            ahead, behind = (
                self.parameters.residuals(
                    guess, np.tile(sign * _POINT_STEP_M * axis, (len(self.parameters.targets.points), 1))
                )
                for sign in (1.0, -1.0)
            )
            columns.append((ahead - behind) / (2.0 * _POINT_STEP_M))
        return np.nan_to_num(np.stack(columns, axis=-1))

    def whitened(self, guess: Guess, weights: Weights) -> Vector:
        """Residuals in standard deviations, of the inliers and then of the priors; finite everywhere."""
        targets = self.parameters.targets
        scaled = np.einsum("nij,nj->ni", weights.whitening, self.parameters.residuals(guess))
        scaled = np.clip(np.nan_to_num(scaled, nan=_OUT_OF_VIEW), -_OUT_OF_VIEW, _OUT_OF_VIEW)
        return np.concatenate([scaled[targets.is_number & weights.inliers[:, None]], self._prior_residuals(guess)])

    def _prior_residuals(self, guess: Guess) -> Vector:
        skip = 3 * self.parameters.has_attitude
        return np.array([(guess.values[prior.column - skip] - prior.mean) / prior.sigma for prior in self.priors])

    def jacobian(self, guess: Guess, weights: Weights) -> Matrix:
        """Derivatives of :meth:`whitened` (M, count) with respect to the unknowns, in units of their scales."""

        def at(step: Vector) -> Vector:
            return self.whitened(self.parameters.moved(guess, step), weights)

        slopes = [(at(step) - at(-step)) / (2.0 * step.sum()) for step in np.diag(self.parameters.steps)]
        return np.stack(slopes, axis=-1) * self.parameters.scales


def solve(problem: Problem, start: Guess | None = None) -> list[Minimum]:
    """Find the minima of a problem, best first.

    Parameters
    ----------
    problem : Problem
        Unknowns, observations and priors.
    start : Guess, optional
        The last solution of nearly the same problem: the search for other minima is left out.

    Returns
    -------
    list of Minimum
        The first is the solution; the others are distinct and not much worse.

    Raises
    ------
    MatchError
        There are fewer numbers than unknowns, or the points contradict one another.
    """
    _check_count(problem)
    rough = [start] if start is not None else _rough_minima(problem)
    best = _with_outliers_removed(problem, rough[0])
    _check_agreement(problem, best)
    others = [_refined(problem, guess) for guess in rough[1:]]
    first, *rest = _distinct(problem, [best, *others])
    if first is not best:
        first = _with_outliers_removed(problem, first.guess)
    worst = _KEEP_WORSE * max(first.rms_px, 1e-9)
    return [first, *(each for each in rest if each.rms_px <= worst and not _is_underground(problem, each.guess))]


def _refined(problem: Problem, guess: Guess) -> Minimum:
    """A minimum that is shown, but not the solution: all points count."""
    weights = problem.weights(guess)
    return _minimum(problem, _descend(problem, guess, weights, evaluations=_FEW_EVALUATIONS), weights)


def _is_underground(problem: Problem, guess: Guess) -> bool:
    """Whether a camera next to a landed craft would be below the ground."""
    parameters = problem.parameters
    if parameters.setup.scene.site is None:
        return False
    stage, pose = parameters.pose(guess)
    return bool(stage.enu_to_camera[:, 2] @ (pose.shift - stage.site) < 0.0)


def _rough_minima(problem: Problem) -> list[Guess]:
    """Robust fits from the scene and the best guesses, until one is good, and from all others for its field of view.

    Each gets a few evaluations, and the best ones more: guesses that lead nowhere creep along.
    """
    parameters = problem.parameters
    weights = problem.weights(parameters.start())
    found: list[Minimum] = []

    def narrow(guess: Guess, evaluations: int) -> bool:
        """Follow the robust loss down from a guess; whether the points then are where they should be."""
        found.append(_minimum(problem, _descend(problem, guess, weights, _LOSS_WIDTH, evaluations), weights))
        return float(np.median(_distances(problem, found[-1].guess, weights))) < _GOOD

    scene, *others = first_guesses(parameters)
    for guess in [scene, *_promising(problem, others, weights)]:
        if narrow(_approach(problem, guess, weights, _FEW_EVALUATIONS, _ROUNDS), _FEW_EVALUATIONS):
            break
    else:
        for minimum in _distinct(problem, found)[:_PURSUED]:
            if narrow(minimum.guess, _ROUGH_EVALUATIONS):
                break
    best = _distinct(problem, found)[0]
    hopeless = _KEEP_WORSE * max(float(np.median(_distances(problem, best.guess, weights))), 1.0)
    for guess in guesses_like(parameters, best.guess):
        if not _is_same(parameters, guess, best.guess):
            nearer = _approach(problem, guess, weights, _BRIEF_EVALUATIONS)
            if np.median(_distances(problem, nearer, weights)) < hopeless:
                narrow(nearer, _FEW_EVALUATIONS)
    first, *rest = _distinct(problem, found)
    worst = _KEEP_WORSE * max(first.rms_px, float(parameters.targets.sigma_px.min()))
    return [first.guess, *(each.guess for each in rest if each.rms_px <= worst)]


def _approach(problem: Problem, guess: Guess, weights: Weights, evaluations: int, rounds: int = 1) -> Guess:
    """Follow a loss as wide as the residuals, some rounds: in a narrow one, all points would count as wild."""
    for _ in range(rounds):
        width = _width(problem, guess, weights)
        if width <= _LOSS_WIDTH:
            break
        guess = _descend(problem, guess, weights, width, evaluations)
    return guess


def _width(problem: Problem, guess: Guess, weights: Weights) -> float:
    """Median residual, standard deviations."""
    return float(np.median(np.abs(problem.whitened(guess, weights))))


def _is_same(parameters: Parameters, one: Guess, other: Guess) -> bool:
    return bool(np.abs(parameters.difference(one, other) / parameters.scales).max() < _SAME)


def _check_count(problem: Problem) -> None:
    parameters = problem.parameters
    have, need = parameters.targets.count, parameters.count - len(problem.priors)
    if have < need:
        raise MatchError(
            f"fewer points than unknowns: {len(parameters.targets.points)} points give {have} numbers, and "
            f"{', '.join(parameters.fit)} need {need}; measure more points, or fit less"
        )


def _promising(problem: Problem, guesses: Sequence[Guess], weights: Weights) -> list[Guess]:
    """The guesses with the smallest robust cost, so that a few wild points do not decide."""
    sigma = problem.parameters.targets.sigma_px.min()

    def cost(guess: Guess) -> float:
        return float(np.log1p((problem.whitened(guess, weights) * sigma / _ROUGH_PX) ** 2).sum())

    return sorted(guesses, key=cost)[:_STARTS]


def _descend(
    problem: Problem, guess: Guess, weights: Weights, loss_width: float | None = None, evaluations: int = 60
) -> Guess:
    """Follow the sum of squares down from a guess, or that of a robust loss of a width in standard deviations."""
    from scipy.optimize import least_squares

    parameters = problem.parameters
    path = path_from(parameters, guess)

    @lru_cache(1)  # the derivatives follow the residuals at the same place
    def at(place: bytes) -> tuple[Guess, Vector]:
        reached = path(np.frombuffer(place) * parameters.scales)
        return reached, problem.whitened(reached, weights)

    def whitened(x: Vector) -> Vector:
        return at(np.asarray(x, float).tobytes())[1].copy()

    def jacobian(x: Vector) -> Matrix:
        """One-sided, good enough to descend by, and by the unknowns, of which only times need another view."""
        reached, here = at(np.asarray(x, float).tobytes())
        slopes = [
            (problem.whitened(parameters.moved(reached, step), weights) - here) / step.sum()
            for step in np.diag(parameters.steps)
        ]
        return np.stack(slopes, axis=-1) @ path.slopes(x * parameters.scales, reached) * parameters.scales

    done = least_squares(
        whitened,
        np.zeros(parameters.count),
        jac=jacobian,
        loss="cauchy" if loss_width else "linear",
        f_scale=loss_width or 1.0,
        max_nfev=evaluations,
        ftol=1e-4 if loss_width else 1e-10,
        xtol=1e-5 if loss_width else 1e-10,
        gtol=None,
    )
    return path(done.x * parameters.scales)


def _with_outliers_removed(problem: Problem, guess: Guess) -> Minimum:
    """Fit without the points that a robust fit leaves far away, until their set no longer changes."""
    parameters = problem.parameters
    inliers = np.ones(len(parameters.targets.points), bool)
    weights = problem.weights(guess)
    # Weights of uncertain points and the push that others are compared with are those of the last guess.
    settled = 2 if parameters.targets.sigma_m.any() or {"axis", "speed"} & set(parameters.fit) else 1
    for attempt in range(_REFITS):
        distance = _distances(problem, guess, weights)
        spread = max(1.0, float(np.median(distance)) / _RAYLEIGH_MEDIAN)
        after = distance <= _OUTLIER * spread
        if int(parameters.targets.is_number[after].sum()) < parameters.count - len(problem.priors) + 1:
            after = np.ones_like(after)
        if attempt >= settled and np.array_equal(after, inliers):
            break
        inliers = after
        parameters.refer_to(guess)
        weights = problem.weights(guess)
        guess = _descend(problem, guess, weights.only(inliers))
    return _minimum(problem, guess, weights.only(inliers))


def _minimum(problem: Problem, guess: Guess, weights: Weights) -> Minimum:
    chi2 = float((problem.whitened(guess, weights) ** 2).sum())
    return Minimum(guess, problem.parameters.residuals(guess), weights, chi2)


def _distances(problem: Problem, guess: Guess, weights: Weights) -> Vector:
    """Distance of each point (N,) from where it should be, in standard deviations."""
    residuals = np.nan_to_num(problem.parameters.residuals(guess), nan=1e6)
    return np.asarray(np.linalg.norm(np.einsum("nij,nj->ni", weights.whitening, residuals), axis=-1))


def _distinct(problem: Problem, minima: list[Minimum]) -> list[Minimum]:
    """The minima that differ from all better ones, best first: those that explain more points come first."""
    parameters = problem.parameters

    def cost(minimum: Minimum) -> float:
        whitened = problem.whitened(minimum.guess, minimum.weights.only(np.ones_like(minimum.weights.inliers)))
        misfit = float(np.minimum(whitened**2, 4.0 * _OUTLIER**2).sum()) + minimum.weights.log_determinant
        return misfit + (_NEVER if _is_underground(problem, minimum.guess) else 0.0)

    kept: list[Minimum] = []
    for minimum in sorted(minima, key=cost):
        same_picture = [
            np.nanmax(np.abs(other.residuals - minimum.residuals), initial=0.0) < _SAME_PX for other in kept
        ]
        close = [_is_same(parameters, other.guess, minimum.guess) for other in kept]
        if not any(a and b for a, b in zip(same_picture, close, strict=True)):
            kept.append(minimum)
    return kept


def _check_agreement(problem: Problem, best: Minimum) -> None:
    points = problem.parameters.targets.points
    distance = _distances(problem, best.guess, best.weights)
    off = np.linalg.norm(np.nan_to_num(best.residuals, nan=1e4), axis=-1)
    worst = ", ".join(f"{label(i, points[i])} by {off[i]:.0f} px" for i in np.argsort(-distance)[:3])
    share = 1.0 - best.weights.inliers.mean()
    if float(np.median(distance)) > _CONTRADICTION or share > _MAX_OUTLIER_SHARE:
        raise MatchError(
            f"the points contradict one another: no camera brings them together; the best one misses {worst}. Check "
            "what they are, that the photograph is not mirrored, and the size of the photograph they were measured in"
        )
