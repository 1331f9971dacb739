"""Find the shot: the windows in which a scene offers what is wanted, the best first, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Vector
from selfiesim.craft.model import convex_hull_points
from selfiesim.plan.expressions import Every, Lasting, time_windows
from selfiesim.plan.instants import Instants, Lens, Push
from selfiesim.plan.intervals import Intervals
from selfiesim.plan.motion import Motion
from selfiesim.plan.optimise import Found, improve, score
from selfiesim.plan.ranges import Choices, Ranges
from selfiesim.plan.reasons import Reason, explain
from selfiesim.plan.wants import Subject, Want, parse_wants
from selfiesim.scene.scene import Scene
from selfiesim.view.resolved_scene import ResolvedScene
from selfiesim.view.view import View

Progress = Callable[[str], None]

MAX_TOP = 50
_LENSES = 48
_BEST_SAMPLES = 65  # of a window, for its best moment
_PASS_SAMPLES = 60  # a quarter of a turn at the periapsis: shots closer together are near duplicates
_WINDOW_SEARCH_S = 1800.0  # about a winner, for the start and the end of its window


@dataclass(frozen=True)
class Shot:
    """A window, and the best picture in it.

    Attributes
    ----------
    start, end, best : Epoch
        Of the window; the best moment.
    score : float
        From 0 to 1; see :func:`selfiesim.plan.optimise.score`.
    score_by_want : dict of str to float
        The same for each want.
    lens, push : Lens, Push
        How the picture is taken.
    scene : Scene
        The scene that takes it.
    changes : dict
        What makes it of the scene that was planned with: values by the paths of keys; None takes a key out.
    view_difference_px : float
        How far the planner's picture is shifted against that of :class:`selfiesim.view.view.View`, pixels.
    """

    start: Epoch
    end: Epoch
    best: Epoch
    score: float
    score_by_want: dict[str, float]
    lens: Lens
    push: Push
    scene: Scene
    changes: dict[str, object]
    view_difference_px: float

    def view(self) -> View:
        """The view of the best moment."""
        return self.scene.view()


@dataclass(frozen=True)
class Plan:
    """What a plan found.

    Attributes
    ----------
    scene : Scene
        The scene planned with.
    start, end : Epoch
        The span of time.
    wants : list of Want
        What was asked.
    shots : list of Shot
        The windows, best first.
    windows_by_want : dict of str to Intervals
        When each want holds, s after the start; of a common want, only where the rarer ones do. Where more than the
        time may be chosen, that is when a required want can hold at all, whatever the choice; wants that always can are
        left out.
    reasons : list of Reason
        Why not, where there is no shot.
    """

    scene: Scene
    start: Epoch
    end: Epoch
    wants: list[Want]
    shots: list[Shot]
    windows_by_want: dict[str, Intervals]
    reasons: list[Reason]


# Long for its docstring.
def plan(
    scene: Scene,
    start: str,
    end: str,
    wants: list[str],
    ranges: Ranges | None = None,
    top: int = 5,
    progress: Progress | None = None,
) -> Plan:
    """Find the windows in which a scene offers what is wanted.

    Parameters
    ----------
    scene : Scene
        The craft on its orbit, its camera and release.
    start, end : str
        Span of time, as moments of the scene.
    wants : list of str
        See :mod:`selfiesim.plan.wants`.
    ranges : Ranges, optional
        What may be chosen besides the time.
    top : int
        Most shots to return.
    progress : callable, optional
        Called with a line on what is being done.

    Returns
    -------
    Plan
        Shots, best first, or the reasons why there are none.

    Raises
    ------
    SceneError
        For a want that is not understood, a span that ends before it starts or that the ephemeris does not cover, or a
        range of what the scene does not have.
    """
    show = progress or (lambda _text: None)
    resolved, ranges = scene.resolve(), ranges or Ranges()
    ranges.check(resolved)
    if not 1 <= top <= MAX_TOP:
        raise SceneError(f"--top {top}: give a number from 1 to {MAX_TOP}")
    first, last = (resolved.epoch_at(text, key) for text, key in ((start, "--from"), (end, "--to")))
    if not first < last:
        raise SceneError(f"--to {end}: it must come after --from, {first.utc()}")
    choices = Choices(resolved, ranges, _LENSES)
    parsed = parse_wants(wants, Subject(resolved, craft_outline(resolved)))
    motion = Motion(resolved, first, last - first, choices.longest_s + 10.0)
    show("following the orbit")
    pictures = scene_pictures(motion, choices)
    required = [want for want in parsed if want.weight is None]
    whole = possible = Intervals(((0.0, motion.duration_s),))
    windows_by_want: dict[str, Intervals] = {}
    for want in required:
        show(f"when: {want.text}")
        windows_by_want[want.text] = time_windows(want.expression, pictures)
        possible = possible & windows_by_want[want.text]
    if ranges.is_fixed:
        found = _fixed_shots(pictures, parsed, possible, windows_by_want, show)
    else:
        found = _chosen_shots(pictures, choices, parsed, possible, top, show)
    shots = [_make_shot(scene, motion, parsed, each) for each in found[:top]]
    if not ranges.is_fixed:
        windows_by_want = {text: windows for text, windows in windows_by_want.items() if windows != whole}
    reasons = [] if shots else explain(pictures, choices, parsed, show)
    return Plan(scene, first, last, parsed, shots, windows_by_want, reasons)


def craft_outline(resolved: ResolvedScene) -> Vector:
    """Return points (K, 3) that bound the craft's outline, body axes, m, its joints as at the scene's moment."""
    craft = resolved.at().craft
    return np.asarray(convex_hull_points((craft.outline() - craft.position) @ craft.body_to_camera))


def scene_pictures(motion: Motion, choices: Choices | None = None) -> Instants:
    """Return the pictures that a scene takes with its own release, on the grid from which a search starts."""
    own = choices or Choices(motion.resolved, Ranges(), 1)
    push = own.push(np.full((1, Choices.DIMENSIONS), 0.5)).at(0)
    return Instants(motion, own.lenses[0], push, motion.grid)


def _fixed_shots(
    pictures: Instants, wants: list[Want], possible: Intervals, by_want: dict[str, Intervals], show: Progress
) -> list[Found]:
    """Windows of the scene's own release, exact, best first; each want's own windows are added to ``by_want``."""
    windows = possible
    # The rarest first: what comes after is looked for only where those before it hold. One that must last is looked for
    # everywhere, since the others must not cut it short.
    required = sorted((want for want in wants if want.weight is None), key=lambda want: by_want[want.text].total)
    for want in required:
        show(f"when: {want.text}")
        where = possible if isinstance(want.expression, Lasting) else windows
        by_want[want.text] = _windows_within(want, pictures, where)
        windows = windows & by_want[want.text]
    for want in wants:
        if want.weight is not None:
            by_want[want.text] = _windows_within(want, pictures, windows)
    found = []
    for start, end in windows:
        times = np.linspace(start, end, _BEST_SAMPLES)
        scores = score(wants, pictures.at(times))
        best = int(scores.argmax())
        found.append(Found(start, end, float(times[best]), float(scores[best]), pictures.lens, pictures.push))
    return sorted(found, key=lambda each: (-each.score, each.best))


def _windows_within(want: Want, pictures: Instants, possible: Intervals) -> Intervals:
    """Windows of a want inside the time that all required ones leave."""
    spans = []
    for start, end in possible:
        inner = pictures.t[(pictures.t > start) & (pictures.t < end)]
        grid = np.unique(np.concatenate([np.linspace(start, end, 5), inner]))
        spans += list(want.expression.windows(pictures.at(grid)))
    return Intervals.of(spans)


def _chosen_shots(
    pictures: Instants, choices: Choices, wants: list[Want], possible: Intervals, top: int, show: Progress
) -> list[Found]:
    """Search over time, push and lens together, then each winner's window; near duplicates are merged."""
    if not possible:
        return []
    required = Every(tuple(want.expression for want in wants if want.weight is None) or (wants[0].expression,))
    is_all_soft = all(want.weight is not None for want in wants)
    same_pass = _PASS_SAMPLES * pictures.motion.sampling_step()
    found: list[Found] = []
    for winner in improve(pictures.motion, choices, wants, possible, show):
        if len(found) >= top:
            break
        t = float(winner.t[0])
        if any(abs(each.best - t) < same_pass for each in found):
            continue  # the same pass of the orbit, with almost the same release
        taken = Instants(pictures.motion, choices.lenses[int(winner.lens[0])], winner.push.at(0), winner.t)
        show(f"the window about {(pictures.motion.start + t).utc()}")
        low, high = max(t - _WINDOW_SEARCH_S, 0.0), min(t + _WINDOW_SEARCH_S, pictures.motion.duration_s)
        count = max(int((high - low) / pictures.motion.sampling_step()), 8) + 1
        grid = np.unique(np.append(np.linspace(low, high, count), t))
        windows = Intervals(((low, high),)) if is_all_soft else required.windows(taken.at(grid))
        span = next((span for span in windows if span[0] <= t <= span[1]), None)
        if span is None:
            continue  # what it shows does not last as long as is asked
        times = np.unique(np.append(np.linspace(*span, _BEST_SAMPLES), t))
        scores = score(wants, taken.at(times))
        best = int(scores.argmax())
        found.append(Found(*span, float(times[best]), float(scores[best]), taken.lens, taken.push))
    return sorted(found, key=lambda each: (-each.score, each.best))


def _make_shot(scene: Scene, motion: Motion, wants: list[Want], found: Found) -> Shot:
    """Write the scene of a shot, and check the planner's picture against the view of it."""
    pictures = Instants(motion, found.lens, found.push, np.array([found.best]))
    changes = _scene_changes(scene, motion, found)
    taken = scene.with_changes(**{path.replace(".", "__"): value for path, value in changes.items()})
    view = taken.view()
    turned = pictures.icrf_to_camera[0] @ view.icrf_to_camera.T
    angle = float(np.arccos(np.clip(0.5 * (np.trace(turned) - 1.0), -1.0, 1.0)))
    offset = view.track.camera.position - view.track.host.position
    moved = float(np.linalg.norm(pictures.relative[0] - offset))
    distance = max(float(np.linalg.norm(view.craft.position)), 0.1)
    scores = {want.text: float(score([want], pictures)[0]) for want in wants}
    start, end, best = (motion.start + t for t in (found.start, found.end, found.best))
    difference = (angle + min(moved / distance, np.pi)) / view.camera.pixel_angle
    return Shot(start, end, best, found.score, scores, found.lens, found.push, taken, changes, difference)


def _scene_changes(scene: Scene, motion: Motion, found: Found) -> dict[str, object]:
    """What sets the release, the lens and the moment of a picture, and leaves all else as it was."""
    best = motion.start + found.best
    camera = scene.camera
    changes: dict[str, object] = {}
    if motion.resolved.release_state is None:
        changes["at"] = best.utc(6)
    else:
        since = float(np.asarray(found.push.since_s))
        changes |= {"at": f"release+{since:.6f}s", "release.at": (best + -since).utc(6)}
        state = motion.resolved.release_state.release
        if not np.allclose(found.push.axis, state.axis, rtol=0.0, atol=1e-12):
            changes |= {"release.axis": [float(part) for part in found.push.axis], "release.tilt_deg": [0.0, 0.0]}
        if abs(float(np.asarray(found.push.speed_m_s)) - state.speed) > 1e-12:
            speed = float(np.asarray(found.push.speed_m_s))
            changes |= {"release.spring_energy_j": None, "release.speed_m_s": speed}
    if camera.look == "craft":
        changes |= {"camera.roll_deg": float(np.degrees(found.push.roll)), "camera.place": list(found.lens.place)}
    if found.lens.camera is not motion.resolved.camera:
        changes |= {
            "camera.horizontal_fov_deg": float(np.degrees(found.lens.camera.horizontal_fov)),
            **{
                f"camera.{key}": None for key in ("focal_length_mm", "pixel_pitch_um", "matrix") if getattr(camera, key)
            },
        }
    return changes
