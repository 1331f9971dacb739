"""The camera of a scene, and its attitude at an instant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State
from selfiesim.camera.pinhole import Camera, PlaceError, icrf_to_camera
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.motion import pointing_laws
from selfiesim.motion.ejection import tilt_axes

if TYPE_CHECKING:
    from selfiesim.camera.distortion import Distortion
    from selfiesim.scene.camera import CameraSection
    from selfiesim.view.geometry import ViewKinematics
    from selfiesim.view.scene_setup import SceneSetup


def make_camera(section: CameraSection) -> Camera:
    """Build the camera that a scene's ``[camera]`` section describes.

    Raises
    ------
    SceneError
        For values that describe no lens; the message names the key.
    """
    width, height = section.size_px
    try:
        distortion = _make_distortion(section)
        if section.matrix is not None:
            return Camera.from_matrix(width, height, np.array(section.matrix), distortion)
        if section.focal_length_mm is not None and section.pixel_pitch_um is not None:
            return Camera.from_focal_length(
                width, height, section.focal_length_mm * 1e-3, section.pixel_pitch_um * 1e-6, distortion
            )
        return _shift_panorama_horizon(
            Camera.from_fov(width, height, np.radians(section.horizontal_fov_deg), distortion), section
        )
    except ValueError as error:
        key = "matrix" if section.matrix else "focal_length_mm" if section.focal_length_mm else "horizontal_fov_deg"
        raise SceneError(f"camera.{key}: {error}") from error


def _shift_panorama_horizon(camera: Camera, section: CameraSection) -> Camera:
    """Shift a panorama's principal point by the scene's elevation, so that its horizon stays straight."""
    from selfiesim.camera.distortion import Panorama

    if not isinstance(camera.distortion, Panorama) or section.look != "azimuth":
        return camera
    upward = np.array([0.0, -np.sin(np.radians(section.elevation_deg)), np.cos(np.radians(section.elevation_deg))])
    return replace(camera, cy=camera.cy - camera.fy * float(camera.distortion.distort(upward)[1]))


def _make_distortion(section: CameraSection) -> Distortion | None:
    if section.model == "pinhole":
        return None
    from selfiesim.camera.distortion import BrownConrady, Cylindrical, Equirectangular, KannalaBrandt

    if section.model == "equirectangular":
        return Equirectangular()
    if section.model == "cylindrical":
        return Cylindrical()
    if section.model == "brown-conrady":
        return BrownConrady.from_opencv(section.distortion)
    return KannalaBrandt(section.distortion)


def mounted_attitude(section: CameraSection, camera: Camera, axis: Vector) -> Matrix:
    """Body to camera axes: looking back along ``axis``, up along the body axis most nearly perpendicular to it.

    Raises
    ------
    SceneError
        A panorama shifted by its elevation does not reach the middle of the picture.
    """
    up = tilt_axes(axis)[0]
    try:
        return icrf_to_camera(camera, -axis, up, (0.5, 0.5), np.radians(section.roll_deg))
    except PlaceError as error:
        raise _elevation_error(section) from error


def enu_to_icrf(setup: SceneSetup, epoch: Epoch, host: State) -> Matrix:
    """Rotation (3, 3) from east, north and up at the craft to ICRF axes."""
    return np.array([setup.toward(name, epoch, host) for name in ("east", "north", "zenith")]).T


# Long for its docstring.
def icrf_to_lens(
    setup: SceneSetup, epoch: Epoch, track: ViewKinematics, relative: State, objects: dict[str, Vector]
) -> Matrix:
    """Attitude of the lens at an instant.

    Parameters
    ----------
    setup : SceneSetup
        The scene, set up.
    epoch : Epoch
        The instant.
    track : ViewKinematics
        Motion of craft and camera.
    relative : State
        Camera minus craft, ICRF axes, m and m/s.
    objects : dict of str to (3,) array
        Positions of the further craft by name, from the craft, ICRF axes, m.

    Returns
    -------
    (3, 3) array
        ICRF to camera axes.

    Raises
    ------
    SceneError
        Where the camera is at its target, or its vertical lies along the line of sight.
    """
    section = setup.scene.camera
    if section.look == "mount":
        return setup.camera_to_lens @ setup.body_to_camera() @ track.icrf_to_body
    if section.look == "tumbling" and track.seconds_since_release is not None:
        assert setup.release_state is not None
        return setup.camera_to_lens @ setup.release_state.tumbling_attitude(
            np.array(section.inertia_kg_m2), track.seconds_since_release
        )
    if section.look == "azimuth":
        return _azimuth_attitude(setup, enu_to_icrf(setup, epoch, track.host))
    try:
        up = setup.toward(section.up, epoch, track.host)
        if section.target in pointing_laws.TARGETS and section.target not in objects:
            at = setup.toward(section.target, epoch, track.host)
        else:
            at = objects.get(section.target, np.zeros(3)) - relative.position
        if not at.any():
            raise SceneError(f"camera.target: the camera is at the position of its target, the {section.target}")
        return icrf_to_camera(setup.camera, at, up, section.place, np.radians(section.roll_deg))
    except PlaceError as error:
        raise SceneError(
            f"camera.place: {list(section.place)} is beyond what the lens shows; choose another"
        ) from error
    except ValueError as error:
        raise SceneError(
            f"camera.up: {section.up!r} lies along the line of sight to the {section.target}; choose another"
        ) from error


def _azimuth_attitude(setup: SceneSetup, to_icrf: Matrix) -> Matrix:
    """ICRF to camera axes for a lens that the scene points by azimuth and elevation, given its local axes."""
    section = setup.scene.camera
    azimuth, elevation = np.radians(section.azimuth_deg), np.radians(section.elevation_deg)
    level = np.cos(elevation)
    ahead = to_icrf @ np.array([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(elevation)])
    # Straight up or down, the top of the picture is the limit from less steep elevations.
    upward = to_icrf[:, 2] if level > 1e-6 else -np.sign(elevation) * to_icrf @ [np.sin(azimuth), np.cos(azimuth), 0.0]
    try:
        return icrf_to_camera(setup.camera, ahead, upward, section.place, np.radians(section.roll_deg))
    except PlaceError as error:
        raise _elevation_error(section) from error


def _elevation_error(section: CameraSection) -> SceneError:
    return SceneError(
        f"camera.elevation_deg: {section.elevation_deg:g} moves the middle of the panorama to the zenith or nadir, "
        "beyond which it ends; choose a smaller angle"
    )
