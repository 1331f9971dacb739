"""The probability that a release meets what is wanted of it: the wants of a plan over the scatter of the release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.analysis.dispersion import check_scatter, sample_release_errors, tumbling_attitudes
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Vector, quaternion_to_matrix
from selfiesim.motion.ejection import tilt_directions
from selfiesim.plan.expressions import Either, Every, Expression, Lasting, Without
from selfiesim.plan.instants import Instants, Lens, Push
from selfiesim.plan.motion import Motion
from selfiesim.plan.planner import craft_outline
from selfiesim.plan.wants import Subject, Want, parse_wants

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene

_MARGIN_S = 60.0  # about the span, for late releases


@dataclass(frozen=True)
class Chances:
    """N releases at T times, and W wants.

    Attributes
    ----------
    times_s : (T,) array
        Seconds after the planned release.
    wants : list of Want
        What was asked.
    met : (W, N, T) bool array
        Whether each release meets each want.
    """

    times_s: Vector
    wants: list[Want]
    met: NDArray[np.bool_]

    @property
    def all_met(self) -> NDArray[np.bool_]:
        """Whether all required wants are met at once, (N, T)."""
        required = [met for want, met in zip(self.wants, self.met, strict=True) if want.weight is None]
        return np.asarray(np.all(required or list(self.met), axis=0))

    def records(self) -> list[dict[str, Any]]:
        """Return an object per time: the probability of each want, and of all required ones at once."""
        shares, together = self.met.mean(axis=1), self.all_met.mean(axis=0)
        return [
            {
                "t_s": float(t),
                "wants": {want.text: float(share[k]) for want, share in zip(self.wants, shares, strict=True)},
                "all": float(together[k]),
            }
            for k, t in enumerate(self.times_s)
        ]

    def summary(self) -> dict[str, Any]:
        """Return the number of releases, the share that meets each want at some time, and the best time for all."""
        together = self.all_met
        best = int(together.mean(axis=0).argmax())
        return {
            "releases": together.shape[0],
            "ever": {want.text: float(met.any(axis=1).mean()) for want, met in zip(self.wants, self.met, strict=True)},
            "all_ever": float(together.any(axis=1).mean()),
            "best_s": float(self.times_s[best]) if together.any() else None,
            "best_share": float(together.mean(axis=0)[best]),
        }


def chances(scene: Scene, count: int, times: list[float], wants: list[str]) -> Chances:
    """Draw releases with random errors and determine which meet what is wanted, and when.

    Parameters
    ----------
    scene : Scene
        A scene with ``[release.scatter]``.
    count : int
        Number of releases, N.
    times : list of float
        T times after the planned release, s.
    wants : list of str
        See :mod:`selfiesim.plan.wants`.

    Returns
    -------
    Chances
        (W, N, T) answers. Before its own release a camera meets none.

    Raises
    ------
    SceneError
        As :func:`selfiesim.analysis.dispersion.disperse` and :func:`selfiesim.plan.wants.parse_wants`, and for a want
        that must last.
    """
    resolved = scene.resolve()
    planned = check_scatter(resolved, count)
    try:
        samples = sample_release_errors(scene, planned, count)
    except ValueError as error:
        raise SceneError(f"release.scatter: {error}") from error
    speed = planned.release.speed + samples.speed
    if np.any(speed < 0.0):
        raise SceneError("release.scatter: some draws push the camera into the craft; lower the spread of speed_m_s")
    parsed = parse_wants(wants, Subject(resolved, craft_outline(resolved)))
    for want in parsed:
        if _must_last(want.expression):
            raise SceneError(f"want {want.text!r}: drift looks at single moments; leave out 'for' and its seconds")
    instants = np.array(times)
    lead = max(_MARGIN_S - float(instants.min()) - float(min(samples.delay.min(), 0.0)), _MARGIN_S)
    duration = float(instants.max()) + _MARGIN_S
    motion = Motion(resolved, planned.release.epoch, duration, lead)
    axis = tilt_directions(planned.release.axis, samples.tilt)
    roll = float(np.radians(scene.camera.roll_deg))
    lens = Lens(resolved.camera, scene.camera.place)
    tumbled = None
    if scene.camera.look == "tumbling":
        tumbled = tumbling_attitudes(resolved, samples, slice(None), instants)
    met = np.zeros((len(parsed), count, len(instants)), bool)
    for k, t in enumerate(instants.tolist()):
        since = t - samples.delay
        turned = None if tumbled is None else quaternion_to_matrix(tumbled[:, k])
        push = Push(np.maximum(since, 0.0), speed, axis, roll, turned)
        pictures = Instants(motion, lens, push, np.full(count, t))
        for number, want in enumerate(parsed):
            met[number, :, k] = (want.expression.room(pictures) > 0.0) & (since >= 0.0)
    return Chances(instants, parsed, met)


def _must_last(expression: Expression) -> bool:
    if isinstance(expression, Lasting):
        return True
    if isinstance(expression, Without):
        return _must_last(expression.part)
    return isinstance(expression, (Every, Either)) and any(_must_last(part) for part in expression.parts)
