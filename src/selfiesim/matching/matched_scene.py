"""The scene that a solution describes: the keys that change, and the file with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tomlkit

from selfiesim.camera.distortion import BrownConrady, KannalaBrandt, Panorama
from selfiesim.camera.pinhole import Camera, PlaceError, icrf_to_camera
from selfiesim.core.errors import MatchError
from selfiesim.core.vectors import Matrix, Vector, rotation_vector, unit
from selfiesim.matching.parameters import LENS_TERMS, Guess, Parameters
from selfiesim.matching.points.targets import Pose, Stage
from selfiesim.motion import pointing_laws
from selfiesim.scene.scene import Scene

Changes = dict[str, Any]
"""Values by key path; None removes a key."""


def scene_changes(parameters: Parameters, guess: Guess) -> Changes:
    """Return the keys of the scene that a solution changes.

    Raises
    ------
    MatchError
        No keys of a scene describe it.
    """
    stage, pose = parameters.pose(guess)
    changes: Changes = {}
    changes |= _lens_changes(parameters, guess)
    changes |= _motion_changes(parameters, guess, stage, pose)
    for word in parameters.fit:
        name, _, what = word.partition(".")
        if name == "joint":
            changes[f"craft.joints_deg.{what}"] = [float(np.degrees(angle)) for angle in pose.joints[what]]
        elif what == "position":
            section = parameters.object_section(name)
            assert section.offset_m is not None
            changes[f"objects.{name}.offset_m"] = (
                np.array(section.offset_m) + parameters.values_of(guess, word)
            ).tolist()
        elif what in ("heading", "tilt"):
            changes |= _turned(parameters, guess, name)
    if parameters.has_attitude:
        changes |= _attitude_changes(parameters, guess, stage, pose)
    return changes


def _lens_changes(parameters: Parameters, guess: Guess) -> Changes:
    camera, section = parameters.camera(guess), parameters.setup.scene.camera
    changes: Changes = {}
    if set(LENS_TERMS) & set(parameters.fit):
        if isinstance(camera.distortion, KannalaBrandt):
            changes = {"camera.model": "kannala-brandt", "camera.distortion": list(camera.distortion.k)}
        elif isinstance(camera.distortion, BrownConrady):
            changes = {"camera.model": "brown-conrady", "camera.distortion": list(camera.distortion.opencv)}
    if "centre" in parameters.fit or section.matrix is not None:
        changes["camera.size_px"] = [camera.width, camera.height]
        changes["camera.matrix"] = camera.matrix.tolist()
        changes |= {f"camera.{key}": None for key in ("horizontal_fov_deg", "focal_length_mm", "pixel_pitch_um")}
    elif "fov" in parameters.fit or changes:
        if section.focal_length_mm is not None:
            changes["camera.focal_length_mm"] = section.focal_length_mm * camera.fx / parameters.setup.camera.fx
        else:
            changes["camera.horizontal_fov_deg"] = float(np.degrees(camera.horizontal_fov))
    return changes


def _motion_changes(parameters: Parameters, guess: Guess, stage: Stage, pose: Pose) -> Changes:
    scene, changes = parameters.setup.scene, Changes()
    if "time" in parameters.fit:
        epoch = stage.view.epoch
        seconds = parameters.motion.seconds_since_release
        later = parameters.value(guess, "time")
        changes["at"] = epoch.utc(6) if seconds is None else f"release+{seconds + later:.9f}s"
    if "release_time" in parameters.fit:
        state = parameters.setup.release_state
        assert state is not None
        changes["release.at"] = (state.release.epoch + parameters.value(guess, "release_time")).utc(6)
    if "speed" in parameters.fit:
        state = parameters.setup.release_state
        assert state is not None
        changes |= {"release.speed_m_s": state.release.speed * (1.0 + parameters.value(guess, "speed"))}
        changes |= {"release.spring_energy_j": None} if scene.release and scene.release.spring_energy_j else {}
    if "axis" in parameters.fit:
        changes |= {"release.axis": parameters.push_axis(guess).tolist(), "release.tilt_deg": None}
    if "position" in parameters.fit:
        changes |= _position_changes(parameters, stage, pose)
    return changes


def _position_changes(parameters: Parameters, stage: Stage, pose: Pose) -> Changes:
    view = stage.view
    local = parameters.position_axis_names[0] == "east"
    offset = parameters.position_to_camera(stage).T @ (pose.shift - view.craft.position)
    changes: Changes = {"mounted": None, "release": None}
    changes |= {"mounted.offset_m": offset.tolist(), "mounted.axes": "local" if local else "body"}
    if parameters.setup.release_state is not None:
        changes |= {"at": view.epoch.utc(6)}
    return changes


def _turned(parameters: Parameters, guess: Guess, name: str) -> Changes:
    """The axes of a craft's attitude after its rotation: other body axes point at the same targets."""
    section, turn = parameters.attitude_section(name), parameters.craft_rotation(guess, name)
    key = "attitude" if name == "craft" else f"objects.{name}.attitude"
    return {
        f"{key}.{which}": {"axis": (turn @ np.array(pointing.axis)).tolist(), "toward": pointing.toward}
        for which, pointing in (("primary", section.primary), ("secondary", section.secondary))
    }


def _attitude_changes(parameters: Parameters, guess: Guess, stage: Stage, pose: Pose) -> Changes:
    """The keys that point the camera: at what it looked at already if that is in the picture, else by azimuth."""
    section = parameters.setup.scene.camera
    if section.look == "craft":
        found = _aimed(parameters, guess, stage, pose, section.target, section.up)
        if found:
            return found
    elif not isinstance(pose.camera.distortion, Panorama):
        return _by_azimuth(parameters, guess, stage, pose.camera)
    for target in ("craft", *(each.name for each in parameters.setup.scene.objects), *pointing_laws.TARGETS):
        found = _aimed(parameters, guess, stage, pose, target, "zenith")
        if found:
            return found
    if isinstance(pose.camera.distortion, Panorama):
        raise MatchError("camera.look: this panorama points where no key of a scene can point it")
    return _by_azimuth(parameters, guess, stage, pose.camera)


def _aimed(parameters: Parameters, guess: Guess, stage: Stage, pose: Pose, target: str, up_name: str) -> Changes | None:
    """The keys for a camera with ``target`` at a place in its picture; None where it is not in the picture."""
    view, setup = stage.view, parameters.setup
    toward = _toward(parameters, stage, pose, target)
    up = setup.toward(up_name, view.epoch, view.track.host)
    camera = pose.camera
    pixel = camera.project(guess.attitude @ toward)
    place = (float(pixel[0] + 0.5) / camera.width, float(pixel[1] + 0.5) / camera.height)
    if not (0.0 <= place[0] <= 1.0 and 0.0 <= place[1] <= 1.0):
        return None
    try:
        level = icrf_to_camera(camera, toward, up, place, 0.0)
    except ValueError:  # the lens does not reach it, or it is straight up
        return None
    ray = camera.unproject(np.array(pixel))
    roll = -float(np.degrees(rotation_vector(guess.attitude @ level.T) @ ray))
    keys = {"look": "craft", "target": target, "up": up_name, "place": list(place), "roll_deg": roll}
    keys |= {"azimuth_deg": None, "elevation_deg": None}
    return {f"camera.{key}": value for key, value in keys.items()}


def _toward(parameters: Parameters, stage: Stage, pose: Pose, target: str) -> Vector:
    """Direction (3,) from the lens toward a target, ICRF axes."""
    view = stage.view
    if target in pointing_laws.TARGETS and target not in {each.name for each in view.objects}:
        return parameters.setup.toward(target, view.epoch, view.track.host)
    position = view.craft.position
    if target != "craft":
        position = next(each.position for each in view.objects if each.name == target)
        if target in pose.objects:
            position = position + view.icrf_to_camera @ pose.objects[target].offset
    return unit(view.icrf_to_camera.T @ (position - pose.shift))


def _by_azimuth(parameters: Parameters, guess: Guess, stage: Stage, camera: Camera) -> Changes:
    enu_to_camera = guess.attitude @ stage.view.icrf_to_camera.T @ stage.enu_to_camera
    ray = camera.unproject(np.array([0.5 * camera.width - 0.5, 0.5 * camera.height - 0.5]))
    east, north, up = enu_to_camera.T @ ray
    azimuth, elevation = float(np.arctan2(east, north)), float(np.arcsin(np.clip(up, -1.0, 1.0)))
    level = _level_attitude(camera, enu_to_camera, ray)
    roll = -float(np.degrees(rotation_vector(enu_to_camera @ level.T) @ ray))
    keys = {"look": "azimuth", "azimuth_deg": float(np.degrees(azimuth)), "elevation_deg": float(np.degrees(elevation))}
    keys |= {"roll_deg": roll, "target": None, "up": None, "place": None}
    return {f"camera.{key}": value for key, value in keys.items()}


def _level_attitude(camera: Camera, enu_to_camera: Matrix, ray: Vector) -> Matrix:
    try:
        return icrf_to_camera(camera, enu_to_camera.T @ ray, np.array([0.0, 0.0, 1.0]), (0.5, 0.5), 0.0)
    except PlaceError as error:
        raise MatchError("camera: the lens does not reach the middle of its picture") from error


def apply_changes(scene: Scene, changes: Changes) -> tuple[Scene, str]:
    """Return the changed scene and its text, which keeps the comments of the file that the scene was read from.

    Reasons under ``[assumed]`` for keys that are gone are removed.

    Raises
    ------
    SceneError
        The changed scene is impossible; the message names the key.
    """
    path = Path(scene.source)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    document = tomlkit.parse(text)
    if not text or Scene.from_table(document.unwrap(), scene.source, scene.folder) != scene:
        document = tomlkit.parse(tomlkit.dumps(scene.model_dump(mode="json", exclude_unset=True, exclude_none=True)))
    for key, value in changes.items():
        _set(document, key.split("."), value)
    _drop_stale_reasons(document, changes)
    return Scene.from_table(document.unwrap(), scene.source, scene.folder), tomlkit.dumps(document)


def _set(table: Any, keys: list[str], value: Any) -> None:
    *sections, last = keys
    for section in sections:
        if isinstance(table, list):
            table = next(each for each in table if each["name"] == section)
        else:
            if section not in table:
                if value is None:
                    return
                table[section] = tomlkit.table()
            table = table[section]
    if value is None:
        table.pop(last, None)
    elif isinstance(value, dict):
        inline = tomlkit.inline_table()
        inline.update(value)
        table[last] = inline
    else:
        table[last] = value


def _drop_stale_reasons(document: Any, changes: Changes) -> None:
    gone = tuple(key for key, value in changes.items() if value is None)
    reasons = document.get("assumed", {})
    for key in list(reasons):
        replaced = any(key == old or key.startswith(f"{old}.") for old in gone)
        if replaced or key in changes:
            del reasons[key]
