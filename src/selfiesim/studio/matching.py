"""The camera of a photograph from pairs of points that are clicked in the render and in the photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tomlkit
from tomlkit.exceptions import TOMLKitError

from selfiesim.core.errors import MatchError
from selfiesim.render.common.truth import PLANET, part_numbers

if TYPE_CHECKING:
    from selfiesim.core.vectors import Vector
    from selfiesim.matching.parameters import Guess
    from selfiesim.matching.solve import Problem
    from selfiesim.render.common.truth import Truth
    from selfiesim.scene.scene import Scene
    from selfiesim.view.view import View

Table = dict[str, Any]


class Matcher:
    """Answers the page's questions about one photograph; keeps the last solution to begin the next with."""

    def __init__(self) -> None:
        self._truth: tuple[int, Truth] | None = None
        self._last: tuple[tuple[Any, ...], Guess] | None = None

    def answer(self, question: Table, scene: Scene, view: View, revision: int) -> Table:
        """Solve for the camera: from the last solution, or with a search for all minima.

        Parameters
        ----------
        question : dict
            ``number``, which the answer carries; ``size_px`` of the photograph; ``fit``, words with commas between;
            ``search``, whether other minima are looked for, which takes longer;
            ``points``, each with its ``pixel`` in the photograph and ``at``, fractions of the render's width and
            height, or with what an earlier answer made of that.
        scene, view : Scene, View
            What the render shows.
        revision : int
            Of the scene.

        Returns
        -------
        dict
            JSON-ready: ``points``, as in a points file; ``toml``, that file; and either ``message``, why there is no
            solution, or ``rms_px``, ``worst``, ``residuals_px``, ``predicted_px``, where the solution has each point,
            ``parameters``, ``correlations``, ``minima``, None if they were not looked for, ``notes`` and ``values``,
            the keys of the scene to set.
        """
        found: Table = {"number": question.get("number"), "points": []}
        try:
            found["points"] = [self._point(each, view, revision) for each in question["points"]]
            table = {"size_px": question["size_px"], "points": found["points"]}
            found["toml"] = _as_text(table)
            fit = [word for word in question["fit"].split(",") if word.strip()]
            found |= self._solution(table, scene, fit, bool(question.get("search")))
        except MatchError as error:
            found["message"] = str(error)
        return found

    def _point(self, asked: Table, view: View, revision: int) -> Table:
        if "at" not in asked:
            return asked
        if self._truth is None or self._truth[0] != revision:
            from selfiesim.render.engine import truth

            self._truth = revision, truth(view)
        try:
            across, down = (float(value) for value in asked["at"])
        except (TypeError, ValueError) as error:
            raise MatchError("at: give two fractions of the picture") from error
        return {"pixel": asked.get("pixel"), **surface_point(view, self._truth[1], across, down)}

    def _solution(self, table: Table, scene: Scene, fit: list[str], search: bool) -> Table:
        from selfiesim.matching.estimates import estimate_all
        from selfiesim.matching.match import describe_minimum, make_problem, solution_notes
        from selfiesim.matching.points.observations import Observations
        from selfiesim.matching.report import other_minimum, strong_correlations
        from selfiesim.matching.solve import solve
        from selfiesim.matching.statistics import describe_fit

        observations = Observations.from_table(table)
        assert observations.size_px is not None
        sized = scene.with_changes(camera__size_px=list(observations.size_px))
        problem = make_problem(sized, observations, fit)
        key = (*fit, len(problem.parameters.parameters), scene.model_dump_json())
        start = self._last[1] if self._last is not None and self._last[0] == key and not search else None
        best, *rest = solve(problem, start=start)
        statistics = describe_fit(problem, best)
        self._last = key, best.guess
        others = [describe_minimum(problem, each, best) for each in rest]
        own, _, derived = estimate_all(problem.parameters, best.guess, statistics.covariance)
        lengths = np.linalg.norm(best.residuals, axis=-1)
        predicted = problem.parameters.targets.predict(*problem.parameters.pose(best.guess)).pixels
        return {
            "rms_px": best.rms_px,
            "worst": int(np.argmax(np.nan_to_num(lengths, nan=np.inf))),
            "residuals_px": lengths.tolist(),
            "predicted_px": predicted.tolist(),
            "left_out": np.flatnonzero(~best.weights.inliers).tolist(),
            "parameters": [vars(each) for each in (*own, *derived)],
            "correlations": strong_correlations([each.name for each in own], statistics.correlation),
            "minima": None if start is not None else [other_minimum(k, each) for k, each in enumerate(others, start=2)],
            "notes": solution_notes(problem.priors, statistics, others),
            "values": _scene_values(scene, sized, problem, best.guess),
        }


def _as_text(table: Table) -> str:
    try:
        return tomlkit.dumps(table)
    except (TOMLKitError, TypeError, ValueError) as error:
        raise MatchError(f"points: {error}") from error


def surface_point(view: View, truth: Truth, across: float, down: float) -> Table:
    """Return what a point of the render shows, as a point of a points file.

    The surface is taken as flat within the pixel.

    Parameters
    ----------
    view : View
        The view.
    truth : Truth
        Its ground truth.
    across, down : float
        Fractions of the picture's width and height.

    Raises
    ------
    MatchError
        There is only sky or ground.
    """
    height, width = truth.part.shape
    pixel = np.array([across * width - 0.5, down * height - 0.5])
    if not ((pixel >= -0.5) & (pixel <= [width - 0.5, height - 0.5])).all():
        raise MatchError("click inside the render")
    column, row = np.clip(np.round(pixel).astype(int), 0, [width - 1, height - 1])
    number, place = int(truth.part[row, column]), truth.position[row, column].astype(float)
    normal, ray = truth.normal[row, column].astype(float), view.camera.unproject(pixel[None])[0]
    if abs(normal @ ray) > 0.05:  # a surface seen edge-on would throw the point far away
        place = ray * (normal @ place) / (normal @ ray)
    for pose, numbers in zip(view.crafts, part_numbers(view), strict=True):
        for part in pose.parts:
            if numbers[part.node] == number:
                matrix = pose.joint_matrix(part.joint)
                body = pose.body_to_camera.T @ (place - pose.position)
                found: Table = {"craft_m": (matrix[:3, :3].T @ (body - matrix[:3, 3])).tolist()}
                found |= {} if part.joint is None else {"joint": part.joint}
                return found | ({"of": pose.name} if pose.name else {})
    if number != PLANET or view.planet is None:
        raise MatchError("that place in the render shows neither a craft nor the planet; click on one of them")
    return _planet_point(view, place)


def _planet_point(view: View, place: Vector) -> Table:
    assert view.planet is not None
    position = view.planet.camera_to_bodyfixed @ (place - view.planet.position)
    distance = float(np.linalg.norm(position))
    x, y, z = position / distance
    # As points files have it: above the ellipsoid along the line from the centre.
    height = distance - 1.0 / float(np.linalg.norm(np.array([x, y, z]) / np.array(view.planet.body.radii_m)))
    return {
        "lat_lon_deg": [float(np.degrees(np.arcsin(z))), float(np.degrees(np.arctan2(y, x)) % 360.0)],
        "height_m": height,
    }


def _scene_values(scene: Scene, sized: Scene, problem: Problem, guess: Guess) -> Table:
    """The keys that a solution changes, by their paths in the text; None removes one."""
    from selfiesim.matching.matched_scene import scene_changes

    before, after = scene.camera.model_dump(mode="json"), sized.camera.model_dump(mode="json")
    values: Table = {f"camera.{key}": value for key, value in after.items() if value != before[key]}
    for path, value in scene_changes(problem.parameters, guess).items():
        steps = path.split(".")
        if steps[0] == "objects":
            entry = next(i for i, each in enumerate(scene.objects) if each.name == steps[1])
            steps[:2] = [f"objects[{entry}]"]
        values[".".join(steps)] = value
        if value is None:
            values[f'assumed."{path}"'] = None
    return values
