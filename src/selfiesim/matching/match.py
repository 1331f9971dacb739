"""Match a photograph: the scene that reproduces it, and how well its points tell that scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.equality import EqualByContent
from selfiesim.core.errors import MatchError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.matching.estimates import Estimate, FittedPoint, estimate_all, fit_points
from selfiesim.matching.matched_scene import apply_changes, scene_changes
from selfiesim.matching.parameters import Guess, Parameters
from selfiesim.matching.photograph import Photograph, read_photograph
from selfiesim.matching.points.edges import find_edges
from selfiesim.matching.points.observations import Observations, label
from selfiesim.matching.points.targets import Targets
from selfiesim.matching.priors import Prior, find_priors
from selfiesim.matching.solve import Minimum, Problem, solve
from selfiesim.matching.statistics import Statistics, describe_fit

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene

_EXIF_FOCAL_SIGMA = 0.03  # relative: focal lengths in Exif are rounded, and those of a focused lens differ
_AMBIGUOUS = 9.0  # chi-square by which a second minimum may be worse and still be as good


@dataclass(frozen=True, eq=False)
class Match(EqualByContent):
    """A photograph matched by a scene.

    Attributes
    ----------
    scene : Scene
        The scene that reproduces the photograph.
    text : str
        Its file.
    estimates : tuple of Estimate
        Every solved value with its standard deviation.
    covariance : (n, n) array
        Covariance of those values, in their units.
    derived : tuple of Estimate
        What follows from them: distances, and the height of the camera.
    fitted_points : tuple of FittedPoint
        Where the picture puts the points that are uncertain on their craft.
    residuals : (N, 2) array
        From where each point should be to where it was measured, px; of a point on a curve, across it.
    names : tuple of str
        Name of each point.
    pixels, predicted : (N, 2) array
        Where each point was measured, and where it should be.
    outliers : tuple of int
        Indices of the points that were left out because they do not fit.
    statistics : Statistics
        Degrees of freedom, condition, and what the points leave open.
    minima : tuple of dict
        Other solutions that were found: their ``rms_px``, and the values.
    notes : tuple of str
        What to know about the solution, one sentence each.
    photograph : (H, W, 3) uint8
        The picture that was matched.
    """

    scene: Scene
    text: str
    estimates: tuple[Estimate, ...]
    covariance: Matrix
    derived: tuple[Estimate, ...]
    fitted_points: tuple[FittedPoint, ...]
    residuals: Vector
    names: tuple[str, ...]
    pixels: Vector
    predicted: Vector
    outliers: tuple[int, ...]
    statistics: Statistics
    minima: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    photograph: NDArray[np.uint8] = field(repr=False)

    @property
    def rms_px(self) -> float:
        """Root mean square of the residuals of the points that count, px."""
        used = np.delete(self.residuals, self.outliers, axis=0)
        return float(np.sqrt((used**2).sum(-1).mean()))

    def overlay(self, render: NDArray[np.uint8] | None = None, magnify: float = 10.0) -> NDArray[np.uint8]:
        """Draw the points, and arrows from where they should be to where they were measured.

        Parameters
        ----------
        render : (H, W, 3) uint8, optional
            What to draw on, such as a render of the scene; default: the photograph.
        magnify : float
            Length of the arrows relative to the residuals.

        Returns
        -------
        (H, W, 3) uint8
            The picture.
        """
        from selfiesim.matching.pictures import draw_residuals

        return draw_residuals(self, self.photograph if render is None else render, magnify)

    def save(self, path: str | Path) -> Path:
        """Write the scene that reproduces the photograph.

        Parameters
        ----------
        path : str or Path
            A scene file.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        from selfiesim.core.files import atomic_write

        with atomic_write(Path(path)) as temporary:
            temporary.write_text(self.text, encoding="utf-8")
        return Path(path)

    def report(self) -> dict[str, Any]:
        """Everything that was found, JSON-ready.

        Returns
        -------
        dict
            Values, residuals, statistics and notes by name.
        """
        from selfiesim.matching.report import report

        return report(self)


# Long for its docstring.
def match(
    photo: str | Path | NDArray[np.uint8],
    scene: Scene | str | Path,
    observations: Observations | str | Path,
    fit: Sequence[str] = ("pose", "fov"),
    start: Match | None = None,
) -> Match:
    """Find the camera of a photograph.

    Parameters
    ----------
    photo : str, Path or (H, W, 3) uint8 array
        The photograph: a file, whose Exif is used, or its pixels.
    scene : Scene, str or Path
        The scene to begin with: what is in the picture, and about when.
    observations : Observations, str or Path
        What is where in the photograph: a points file, or the same from Python.
    fit : sequence of str
        What to solve for: ``pose``, ``position``, ``attitude``, ``fov``, ``centre``, ``k1`` to ``k4``, ``p1``, ``p2``,
        ``time``, ``release_time``, ``speed``, ``axis``, ``joint.NAME``, ``OBJECT.position``, ``OBJECT.heading``.
    start : Match, optional
        The last match of nearly the same points: faster, without the search for other minima.

    Returns
    -------
    Match
        The scene that reproduces the picture, and how well the points tell it.

    Raises
    ------
    MatchError
        A file that cannot be used, a name that the scene does not have, points outside the picture, fewer of them than
        unknowns, points that contradict one another or do not determine what is asked for.
    """
    from selfiesim.scene.scene import Scene

    if not isinstance(scene, Scene):
        scene = Scene.load(scene)
    if not isinstance(observations, Observations):
        observations = Observations.load(observations)
    picture = photo if isinstance(photo, np.ndarray) else read_photograph(Path(photo))
    if isinstance(picture, np.ndarray):
        picture = Photograph(_checked_pixels(picture), "photo")
    observations = _with_edges(picture, observations)
    _check_inside(picture, observations)
    own, before, notes = _with_photograph(scene, picture)
    problem = make_problem(own, observations, fit, picture.focal_px)
    minima = solve(problem, start=_guess_of(problem, start))
    return _describe(problem, minima, own if before is None else scene, before or {}, picture, notes)


def make_problem(
    scene: Scene, observations: Observations, fit: Sequence[str], focal_px: float | None = None
) -> Problem:
    """Set up a fit without a photograph: what :func:`selfiesim.matching.solve.solve` solves.

    Parameters
    ----------
    scene : Scene
        With the size of the photograph.
    observations : Observations
        Points inside it.
    fit : sequence of str
        What to solve for, see :func:`match`.
    focal_px : float, optional
        Focal length from elsewhere, px, known to 3 percent.

    Raises
    ------
    MatchError
        A name that the scene does not have.
    """
    setup = scene.resolve()
    parameters = Parameters(setup, fit, Targets(setup, observations))
    focal = None
    if focal_px is not None:
        ratio = focal_px / setup.camera.fx
        focal = (ratio - 1.0, _EXIF_FOCAL_SIGMA * ratio, "Exif")
    return Problem(parameters, tuple(find_priors(parameters, focal)))


def _checked_pixels(picture: NDArray[Any]) -> NDArray[np.uint8]:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise MatchError(f"photo: give an (H, W, 3) array of uint8, not {picture.shape} of {picture.dtype}")
    return picture


def _with_edges(picture: Photograph, observations: Observations) -> Observations:
    """The observations with each arc replaced by the points of the limb that are found along it."""
    found = [
        {"pixel": pixel.tolist(), "limb": True, "height_m": arc.height_m, "sigma_px": arc.sigma_px}
        for number, arc in enumerate(observations.arcs)
        for pixel in find_edges(picture.pixels, arc, f"arcs[{number + 1}]")
    ]
    if not found:
        return observations
    points = [point.model_dump(exclude_unset=True) for point in observations.points] + found
    table = observations.model_dump(exclude={"points", "arcs"}, exclude_unset=True)
    return Observations.from_table(table | {"points": points})


def _check_inside(picture: Photograph, observations: Observations) -> None:
    width, height = picture.size_px
    if observations.size_px is not None and tuple(observations.size_px) != (width, height):
        given = "x".join(map(str, observations.size_px))
        raise MatchError(
            f"size_px: the points were measured in a picture of {given}, but {picture.source} is {width}x{height}"
        )
    outside = [
        f"{label(i, point)} at {point.pixel[0]:g}, {point.pixel[1]:g}"
        for i, point in enumerate(observations.points)
        if not (-0.5 <= point.pixel[0] <= width - 0.5 and -0.5 <= point.pixel[1] <= height - 0.5)
    ]
    if outside:
        raise MatchError(f"outside {picture.source}, which is {width}x{height}: {'; '.join(outside[:5])}")


def _with_photograph(scene: Scene, picture: Photograph) -> tuple[Scene, dict[str, Any] | None, list[str]]:
    """The scene with the size, and where its camera is not released the time, of the photograph.

    Also the keys by which it differs from the scene's file; None where a lens was scaled, which changes others as well.
    """
    changes: dict[str, Any] = {}
    notes = []
    if tuple(scene.camera.size_px) != picture.size_px:
        changes["camera__size_px"] = list(picture.size_px)
    if picture.taken_utc is not None and scene.release is None:
        changes["at"] = picture.taken_utc
        notes.append(f"the time, {picture.taken_utc}, is that of the photograph's Exif")
    if picture.focal_px is not None:
        notes.append(f"Exif gives a focal length of {picture.focal_px:.0f} pixels; taken as good to 3 percent")
    scaled = scene.camera.matrix is not None or scene.camera.focal_length_mm is not None
    before = None if scaled else {key.replace("__", "."): value for key, value in changes.items()}
    return (scene.with_changes(**changes) if changes else scene), before, notes


def _guess_of(problem: Problem, start: Match | None) -> Guess | None:
    """The solution of another match as a guess: of the same unknowns."""
    if start is None:
        return None
    guess = start.statistics.guess
    parameters = problem.parameters
    if len(guess.values) != len(parameters.parameters):
        raise MatchError("start: it was fitted with other unknowns; give the same fit")
    return guess


def _describe(
    problem: Problem, minima: list[Minimum], scene: Scene, before: dict[str, Any], picture: Photograph, notes: list[str]
) -> Match:
    parameters, best = problem.parameters, minima[0]
    statistics = describe_fit(problem, best)
    estimates, covariance, derived = estimate_all(parameters, best.guess, statistics.covariance)
    changed, text = apply_changes(scene, before | scene_changes(parameters, best.guess))
    stage, pose = parameters.pose(best.guess)
    predicted = parameters.targets.predict(stage, pose)
    gap = parameters.targets.pixels - predicted.pixels
    curved = parameters.targets.is_curve[:, None]
    across = (gap * predicted.normals).sum(-1, keepdims=True) * predicted.normals
    others = tuple(describe_minimum(problem, other, best) for other in minima[1:])
    return Match(
        scene=changed,
        text=text,
        estimates=estimates,
        covariance=covariance,
        derived=derived,
        fitted_points=fit_points(problem, best, statistics.covariance),
        residuals=np.where(curved, across, gap),
        names=tuple(label(i, point) for i, point in enumerate(parameters.targets.points)),
        pixels=parameters.targets.pixels,
        predicted=predicted.pixels,
        outliers=tuple(np.flatnonzero(~best.weights.inliers).tolist()),
        statistics=statistics,
        minima=others,
        notes=(*notes, *solution_notes(problem.priors, statistics, others)),
        photograph=picture.pixels,
    )


def describe_minimum(problem: Problem, other: Minimum, best: Minimum) -> dict[str, Any]:
    """Return what is shown of another minimum, JSON-ready: see :attr:`Match.minima`."""
    parameters = problem.parameters
    none = np.zeros((parameters.count, parameters.count))
    own, _, derived = estimate_all(parameters, other.guess, none)
    values = {each.name: each.value for each in (*own, *derived)}
    worse = other.chi2 + other.weights.log_determinant - best.chi2 - best.weights.log_determinant
    return {"rms_px": other.rms_px, "chi2_above_best": worse, "values": values}


def solution_notes(priors: Sequence[Prior], statistics: Statistics, others: Sequence[dict[str, Any]]) -> list[str]:
    """Return what to know about a solution, one sentence each; ``others`` are minima as described."""
    notes = list(statistics.notes)
    if statistics.factor > 1.0:
        notes.append(
            f"the residuals are {np.sqrt(statistics.factor):.1f} times as large as sigma_px says; all standard "
            "deviations are enlarged by that"
        )
    notes += [
        f"the points leave open: {each}; there the range assumed by the scene decides"
        for each in statistics.open_directions
    ]
    notes += [f"prior: {prior.source}" for prior in priors]
    if any(other["chi2_above_best"] < _AMBIGUOUS for other in others):
        notes.append("another solution fits the points nearly as well; see the other minima")
    return notes
