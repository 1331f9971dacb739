"""What is solved for: each parameter of the scene by its name, and the view and pose that a set of values gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.distortion import BrownConrady, KannalaBrandt
from selfiesim.camera.pinhole import Camera
from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import MatchError, UserError
from selfiesim.core.vectors import Matrix, Vector, rotation_about, rotation_vector, unit
from selfiesim.matching.moved_setup import Push, SceneMotion
from selfiesim.matching.points.targets import ObjectMove, Pose, Stage, Targets
from selfiesim.motion.ejection import tilt_axes, tilt_directions
from selfiesim.scene.attitude import AttitudeSection
from selfiesim.scene.objects import ObjectSection
from selfiesim.view.scene_setup import SceneSetup

LENS_TERMS = ("k1", "k2", "k3", "k4", "p1", "p2")
_MIN_POINTS_FOR_DISTORTION = 8
_STEP = 1e-6  # of a derivative, relative to the scale of an unknown
_TIME_STEP = 1e-4  # of the time: more is not straight, and less is lost in the rounding of positions
_OBJECT_WORDS = ("position", "heading", "tilt")
_WORDS = ("pose", "position", "attitude", "fov", "centre", *LENS_TERMS, "time", "release_time", "speed", "axis")


@dataclass(frozen=True)
class Parameter:
    """One number that is solved for.

    Attributes
    ----------
    name : str
        Its name in reports, such as ``position.east``.
    unit : str
        Unit of its value: m, s, deg, px, or empty.
    scale : float
        The change, in that unit, that counts as large: an error of this size means that nothing is known.
    factor : float
        From internal values to the unit: degrees from radians.
    """

    name: str
    unit: str
    scale: float
    factor: float = 1.0


@dataclass(frozen=True)
class Guess:
    """Values of all parameters: attitude (3, 3), ICRF to camera axes, others as differences from the scene."""

    attitude: Matrix
    values: Vector


class Parameters:
    """The parameters of one fit.

    Parameters
    ----------
    setup : SceneSetup
        The scene.
    fit : sequence of str
        What to solve for: ``pose``, ``fov`` and so on.
    targets : Targets
        The observations.

    Raises
    ------
    MatchError
        A word of ``fit`` is unknown or does not apply to the scene; the message suggests the nearest.
    """

    def __init__(self, setup: SceneSetup, fit: Sequence[str], targets: Targets) -> None:
        self.setup, self.targets = setup, targets
        self.motion = SceneMotion(setup)
        self.fit = self._expand(fit)
        self.has_attitude = "attitude" in self.fit
        self.view = self.motion.view()
        self.parameters: list[Parameter] = []
        for word in self.fit:
            if word != "attitude":
                self.parameters += self._parameters_of(word)
        self._index = {each.name: i for i, each in enumerate(self.parameters)}
        self._stages: dict[tuple[float, ...], Stage] = {}
        self._reference: Push | None = None
        self._cameras: dict[tuple[float, ...], Camera] = {}

    def _expand(self, fit: Sequence[str]) -> list[str]:
        words: list[str] = []
        for word in fit:
            words += self._checked(word.strip())
        words = list(dict.fromkeys(words))
        if not words:
            raise MatchError(f"--fit: give at least one of {', '.join(_WORDS)}")
        distortion = [word for word in words if word in LENS_TERMS]
        count = len(self.targets.points)
        if distortion and count < _MIN_POINTS_FOR_DISTORTION:
            needed = f"distortion needs at least {_MIN_POINTS_FOR_DISTORTION} points, not {count}"
            raise MatchError(f"--fit {distortion[0]}: {needed}")
        return words

    def _checked(self, word: str) -> list[str]:
        joints = [f"joint.{name}" for name in self.setup.craft.joints]
        objects = [f"{each.name}.{what}" for each in self.setup.scene.objects for what in _OBJECT_WORDS]
        objects += [f"craft.{what}" for what in _OBJECT_WORDS[1:]]
        if word not in (*_WORDS, *joints, *objects):
            known = ", ".join((*_WORDS, *objects, *joints[:4]))
            hint = did_you_mean(word, (*_WORDS, *joints, *objects)) or f"; known are {known}"
            raise MatchError(f"--fit: unknown word {word[:40]!r}{hint}")
        released = self.setup.release_state is not None
        if word == "pose":
            return ["attitude", "time", "axis"] if released else ["attitude", "position"]
        if word in ("speed", "axis", "release_time") and not released:
            raise MatchError(f"--fit {word}: the camera of this scene is not released; fit its position")
        if word in LENS_TERMS and word not in self._lens_terms():
            raise MatchError(f"--fit {word}: the lens model {self.setup.scene.camera.model} has no such term")
        name, _, what = word.partition(".")
        if word in objects:
            self._check_object(word, name, what)
        return [word]

    def _check_object(self, word: str, name: str, what: str) -> None:
        """Raise a MatchError unless the position or the attitude of a craft can be changed by keys of the scene."""
        if name == "craft" and self.position_axis_names[0] != "east":
            raise MatchError(f"--fit {word}: the camera is carried by the craft; fit its own attitude")
        if name != "craft" and self.object_section(name).offset_m is None:
            raise MatchError(
                f"--fit {word}: {name} is on an orbit or released; only an object with offset_m can be fitted"
            )
        section = self.attitude_section(name)
        if what != "position" and (section.quaternion_icrf_to_body or section.aem or section.ck_frame):
            raise MatchError(f"--fit {word}: the attitude of {name} is not given by two axes")

    def object_section(self, name: str) -> ObjectSection:
        """The section of a further craft."""
        return next(each for each in self.setup.scene.objects if each.name == name)

    def attitude_section(self, name: str) -> AttitudeSection:
        """The section that sets the attitude of a craft, by name; the further ones may share that of the first."""
        own = None if name == "craft" else self.object_section(name).attitude
        return own or self.setup.scene.attitude

    def _lens_terms(self) -> tuple[str, ...]:
        distortion = self.setup.camera.distortion
        if isinstance(distortion, KannalaBrandt):
            return ("k1", "k2", "k3", "k4")
        return ("k1", "k2", "k3", "p1", "p2") if distortion is None or isinstance(distortion, BrownConrady) else ()

    def _parameters_of(self, word: str) -> list[Parameter]:
        distance = max(float(np.linalg.norm(self.view.craft.position)), 0.1)
        name, _, what = word.partition(".")
        if word == "position":
            return [Parameter(f"position.{axis}", "m", distance) for axis in self.position_axis_names]
        if what == "position":
            section = self.object_section(name)
            names = ("east", "north", "up") if section.axes == "local" else ("x", "y", "z")
            return [Parameter(f"{word}.{axis}", "m", distance) for axis in names]
        if what == "heading":
            return [Parameter(word, "deg", 57.3, float(np.degrees(1.0)))]
        if what == "tilt":
            return [Parameter(f"{word}.{i}", "deg", 57.3, float(np.degrees(1.0))) for i in (1, 2)]
        if name == "joint":
            count = len(self.setup.craft.joints[what].axes)
            return [Parameter(f"{word}.{i + 1}", "deg", 57.3, float(np.degrees(1.0))) for i in range(count)]
        if word == "centre":
            size = 0.5 * self.setup.camera.width
            return [Parameter("centre.x", "px", size), Parameter("centre.y", "px", size)]
        if word == "axis":
            return [Parameter(f"axis.{i}", "deg", 57.3, float(np.degrees(1.0))) for i in (1, 2)]
        if word in ("time", "release_time"):
            return [Parameter(word, "s", self.motion.time_scale(word))]
        if word == "fov":
            return [Parameter("focal length", "%", 100.0, 100.0)]
        return [Parameter(word, "%", 100.0, 100.0) if word == "speed" else Parameter(word, "", 1.0)]

    @cached_property
    def position_axis_names(self) -> tuple[str, str, str]:
        """The axes along which the position of the lens is fitted: those of ``mounted.offset_m``."""
        section = self.setup.scene.mounted
        is_local = section is not None and section.offset_m is not None and section.axes == "local"
        return ("east", "north", "up") if is_local else ("x", "y", "z")

    @property
    def count(self) -> int:
        """Number of unknowns, those of the attitude included."""
        return 3 * self.has_attitude + len(self.parameters)

    @cached_property
    def names(self) -> list[str]:
        """Name of each unknown, those of the attitude first: rotations of the camera about its own axes."""
        attitude = ["attitude.pitch", "attitude.yaw", "attitude.roll"] if self.has_attitude else []
        return [*attitude, *(each.name for each in self.parameters)]

    @cached_property
    def scales(self) -> Vector:
        """Internal change of each unknown that counts as large."""
        return np.array([1.0] * (3 * self.has_attitude) + [each.scale / each.factor for each in self.parameters])

    @cached_property
    def steps(self) -> Vector:
        """Internal change of each unknown (count,) for derivatives."""
        return np.where(np.isin(self.names, ["time", "release_time"]), _TIME_STEP, _STEP) * self.scales

    def start(self) -> Guess:
        """The scene as it is."""
        return Guess(self.view.icrf_to_camera, np.zeros(len(self.parameters)))

    def moved(self, guess: Guess, step: Vector) -> Guess:
        """A guess changed by a small step (count,) of the unknowns."""
        if not self.has_attitude:
            return Guess(guess.attitude, guess.values + step)
        angle = float(np.linalg.norm(step[:3]))
        turn = rotation_about(step[:3], angle) if angle > 0.0 else np.eye(3)
        return Guess(turn @ guess.attitude, guess.values + step[3:])

    def difference(self, one: Guess, other: Guess) -> Vector:
        """The step (count,) that leads from ``one`` guess to the ``other``."""
        values = other.values - one.values
        turn = [rotation_vector(other.attitude @ one.attitude.T)] if self.has_attitude else []
        return np.concatenate([*turn, values])

    def value(self, guess: Guess, name: str) -> float:
        """Value of a parameter, 0 if it is not fitted; the difference from the scene, internal units."""
        return float(guess.values[self._index[name]]) if name in self._index else 0.0

    def columns(self, word: str) -> NDArray[np.int64]:
        """Indices (k,) among the values of a guess of the parameters of a word of the fit, such as ``position``."""
        return np.array([i for name, i in self._index.items() if word in (name, name.rpartition(".")[0])], int)

    def values_of(self, guess: Guess, word: str) -> Vector:
        """Values (k,) of the parameters of a word of the fit; internal units."""
        return np.asarray(guess.values[self._word_columns[word]] if word in self._word_columns else np.zeros(0))

    @cached_property
    def _word_columns(self) -> dict[str, NDArray[np.int64]]:
        return {name.rpartition(".")[0]: self.columns(name.rpartition(".")[0]) for name in self._index}

    def camera(self, guess: Guess) -> Camera:
        """The lens of a guess.

        Raises
        ------
        ValueError
            No lens has these coefficients.
        """
        terms = {term: self.value(guess, term) for term in LENS_TERMS}
        ratio = 1.0 + self.value(guess, "focal length")
        centre = self.value(guess, "centre.x"), self.value(guess, "centre.y")
        key = (ratio, *centre, *terms.values())
        if key not in self._cameras:
            if len(self._cameras) > 64:
                self._cameras.clear()
            base = self.setup.camera
            self._cameras[key] = replace(
                base,
                fx=base.fx * ratio,
                fy=base.fy * ratio,
                cx=base.cx + centre[0],
                cy=base.cy + centre[1],
                distortion=_with_terms(base, terms) if any(terms.values()) else base.distortion,
            )
        return self._cameras[key]

    def push(self, guess: Guess) -> Push | None:
        """The release of a guess; None for the scene's own."""
        later, speed = self.value(guess, "release_time"), self.value(guess, "speed")
        tilt = self.values_of(guess, "axis")
        return Push(later, 1.0 + speed, self.push_axis(guess)) if later or speed or tilt.any() else None

    def stage(self, guess: Guess) -> tuple[Stage, Vector]:
        """The view of a guess's moment, with the targets in it, and a displacement (3,) of the lens, ICRF axes, m.

        A camera whose attitude is fitted looks the same way after any push, so one view serves for all of one moment.
        """
        later, push = self.value(guess, "time"), self.push(guess)
        known = self._reference
        if push is None and known is not None:
            push = Push(0.0, 1.0, self.setup.axis)
        if push is not None and (not self.has_attitude or push.later_s != (known.later_s if known else 0.0)):
            known = push  # the view itself depends on it
        key = (later, *((known.later_s, known.speed_ratio, *known.axis) if known else ()))
        stage = self._cached_stage(key, later, known)
        shift = self.motion.rounding_shift(stage.view, known)
        if push is not None and push is not known:
            shift = shift + self.motion.lens_shift(stage.view, known, push)
        return stage, shift

    def refer_to(self, guess: Guess) -> None:
        """Propagate the push of a guess exactly, and take others as changes of it."""
        push = self.push(guess)
        if push is not None:
            self._reference = push
            self._stages.clear()

    def _cached_stage(self, key: tuple[float, ...], later: float, push: Push | None) -> Stage:
        if key not in self._stages:
            if len(self._stages) > 64:
                self._stages.clear()
            self._stages[key] = self.targets.stage(self.motion.view(later, push) if later or push else self.view)
        return self._stages[key]

    def push_axis(self, guess: Guess) -> Vector:
        """Direction (3,) of the push, body axes: the scene's, tilted toward the two axes across it."""
        tilt = self.values_of(guess, "axis")
        return tilt_directions(self.setup.axis, tilt[None])[0] if tilt.any() else self.setup.axis

    def axis_values(self, direction: Vector) -> Vector:
        """Values (2,) of the parameters ``axis`` for a push along ``direction`` (3,), body axes."""
        across = tilt_axes(self.setup.axis) @ unit(direction)
        sine = float(np.linalg.norm(across))
        angle = float(np.arctan2(sine, self.setup.axis @ unit(direction)))
        return np.asarray(across * (angle / sine)) if sine > 1e-12 else np.array([angle, 0.0])

    def pose(self, guess: Guess) -> tuple[Stage, Pose]:
        """The stage of a guess, and the camera on it.

        Raises
        ------
        UserError, ValueError
            The values describe no lens, or a release that the scene does not allow.
        """
        stage, displacement = self.stage(guess)
        view = stage.view
        shift = view.icrf_to_camera @ displacement
        if "position" in self.fit:
            shift = shift + self.position_to_camera(stage) @ self.values_of(guess, "position")
        joints = {
            word.partition(".")[2]: self._joint_angles(guess, word) for word in self.fit if word.startswith("joint.")
        }
        pose = Pose(
            guess.attitude @ view.icrf_to_camera.T if self.has_attitude else np.eye(3),
            shift,
            self.camera(guess),
            joints,
            {name: self._object_move(guess, stage, name) for name in self._moved_objects},
        )
        return stage, pose

    def position_to_camera(self, stage: Stage) -> Matrix:
        """From the axes of the position to the view's camera axes (3, 3)."""
        return stage.enu_to_camera if self.position_axis_names[0] == "east" else stage.view.craft.body_to_camera

    @cached_property
    def _moved_objects(self) -> list[str]:
        names = ["craft", *(each.name for each in self.setup.scene.objects)]
        return [name for name in names if {f"{name}.{what}" for what in _OBJECT_WORDS} & set(self.fit)]

    def _joint_angles(self, guess: Guess, word: str) -> tuple[float, ...]:
        name = word.partition(".")[2]
        base = self.view.craft.joint_angles.get(name, (0.0,) * len(self.setup.craft.joints[name].axes))
        return tuple(float(angle + more) for angle, more in zip(base, self.values_of(guess, word), strict=True))

    def craft_rotation(self, guess: Guess, name: str) -> Matrix:
        """Rotation (3, 3) of a craft from where the scene has it, old to new body axes.

        The heading is about the primary axis of its attitude, the tilts about the two axes across it.
        """
        primary = unit(np.array(self.attitude_section(name).primary.axis))
        turn = self.value(guess, f"{name}.heading") * primary
        tilt = self.values_of(guess, f"{name}.tilt")
        if tilt.size:
            turn = turn + tilt @ tilt_axes(primary)
        angle = float(np.linalg.norm(turn))
        return rotation_about(turn, angle) if angle > 0.0 else np.eye(3)

    def _object_move(self, guess: Guess, stage: Stage, name: str) -> ObjectMove:
        offset = np.zeros(3)
        if f"{name}.position" in self.fit:
            to_camera = (
                stage.enu_to_camera if self.object_section(name).axes == "local" else stage.view.craft.body_to_camera
            )
            offset = stage.view.icrf_to_camera.T @ to_camera @ self.values_of(guess, f"{name}.position")
        return ObjectMove(offset, self.craft_rotation(guess, name))

    def residuals(self, guess: Guess, shifts: Vector | None = None) -> Vector:
        """Measured minus predicted (N, 2), px, of a point on a curve across it and 0; NaN where it is not in view.

        ``shifts`` (N, 3) displace points of crafts, body axes, m.
        """
        try:
            stage, pose = self.pose(guess)
        except (UserError, ValueError):  # no such lens or release: as bad as a point out of view
            return np.full((len(self.targets.points), 2), np.nan)
        return self.targets.residuals(self.targets.predict(stage, pose, shifts))


def _with_terms(camera: Camera, terms: dict[str, float]) -> BrownConrady | KannalaBrandt:
    distortion = camera.distortion
    if isinstance(distortion, KannalaBrandt):
        return KannalaBrandt(tuple(old + terms[f"k{i + 1}"] for i, old in enumerate(distortion.k)))
    base = distortion if isinstance(distortion, BrownConrady) else BrownConrady()
    k = (*(base.k[i] + terms[f"k{i + 1}"] for i in range(3)), *base.k[3:])
    return BrownConrady(k, (base.p[0] + terms["p1"], base.p[1] + terms["p2"]))
