"""Which values of which keys are drawn, and why the other keys are not: a test holds that every key is on one list."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Changes = dict[str, Any]
MARS, CLOSE, CRUISE = "tianwen1-mars", "tianwen1-closeup", "tianwen1-cruise"
GROUP, VIEW, EARTH, OVER = "zhurong-group", "zhurong-view", "shenzhou7-bx1", "over a place"
ORBIT_OVER = {
    "title": "Over the canyon",
    "at": "release+60s",
    "craft": {"model": "tianwen1-orbiter"},
    "orbit": {
        "epoch_utc": "2022-01-01T00:00:00Z",
        "over": "Valles Marineris",
        "local_time_h": 8.5,
        "altitude_km": 400,
        "inclination_deg": 93,
    },
    "release": {"at": "over-60s", "speed_m_s": 0.2},
}


@dataclass(frozen=True)
class Strip:
    """Pictures that differ in one key.

    Attributes
    ----------
    values : tuple
        Values of the key, one for each picture.
    base : str
        The scene that it is changed in.
    also : dict
        Further changes, ``__`` for the dot, in all pictures.
    words : tuple of str
        What is written under the pictures, if not the values.
    """

    values: tuple[Any, ...]
    base: str = MARS
    also: Changes = field(default_factory=dict)
    words: tuple[str, ...] = ()


def _effect(also: Changes | None = None, base: str = MARS) -> Strip:
    return Strip((False, True), base, {"photo__look": "raw", **(also or {})})


_BROWN = {"camera__model": "brown-conrady"}
_MOUNT_DOWN = {"axis": [-0.30, 0.88, -0.36], "toward": "nadir"}
_DOWN: Changes = {  # a camera on the craft that looks straight down
    "release": None,
    "mounted": {"mount": "camera"},
    "at": "over",
    "camera__look": "mount",
    "camera__lens": "outer",
    "attitude__primary": _MOUNT_DOWN,
}
_WINTER: Changes = {
    **_DOWN,
    "orbit__over": {"lat_deg": 66.0, "lon_deg": 20.0},
    "orbit__ls_deg": 350,
    "orbit__local_time_h": 12.0,
    "orbit__altitude_km": 1500,
}
_TOWARD_SUN: Changes = {  # a camera on the craft that looks outward, and slightly past the Sun
    "release": None,
    "mounted": {"mount": "camera"},
    "at": "over",
    "camera__look": "mount",
    "camera__lens": "outer",
    "attitude__primary": {"axis": [-0.2, 0.88, -0.42], "toward": "sun"},
}
_QUIET = {"photo__effects__read_noise": False, "photo__effects__fixed_pattern": False}
_PLATFORM = {
    "name": "platform",
    "model": "tianwen1-lander",
    "attitude": {
        "primary": {"axis": [0, 0, 1], "toward": "zenith"},
        "secondary": {"axis": [0, 1, 0], "toward": "north"},
    },
}
_DIP = {"at_m": [0.36, -8.4], "radius_m": 4.5, "height_m": -0.15}  # so that the lens is above the ground
_HAZE = {"planet__dust_opacity": 0.3, "at": "release+100s"}
PICTURES: dict[str, Strip] = {
    "at": Strip(("release+20s", "release+60s", "release+150s")),
    "craft.model": Strip(("tianwen1-orbiter", "tianwen1-cruise")),
    "craft.joints_deg": Strip(({"wing_plus_y": [0]}, {"wing_plus_y": [60]}), CLOSE, words=("0", "wing_plus_y = 60")),
    "craft.materials": Strip(
        ({}, {"gold_foil": "white-paint"}), CLOSE, words=("as modelled", 'gold_foil = "white-paint"')
    ),
    "orbit.body": Strip(("mars", "moon"), OVER, {"orbit__over": {"lat_deg": 20.0, "lon_deg": 10.0}}),
    "orbit.semi_major_axis_km": Strip((8898.75, 20000)),
    "orbit.inclination_deg": Strip((86.3, 75.0)),
    "orbit.raan_deg": Strip((100.72, 190.0)),
    "orbit.over": Strip(("Valles Marineris", "Olympus Mons"), OVER),
    "orbit.altitude_km": Strip((250, 400, 2000), OVER),
    "orbit.local_time_h": Strip((6.5, 9.0, 12.0), OVER),
    "attitude.primary": Strip(
        ({"axis": [0, 0, -1], "toward": "sun"}, {"axis": [0, 0, -1], "toward": "nadir"}),
        CLOSE, words=("-Z to the Sun", "-Z to the nadir"),
    ),
    "release.axis": Strip(([0.425, 0.697, -0.577], [0.5, 0.75, -0.43])),
    "release.speed_m_s": Strip((0.1, 0.2, 0.5)),
    "release.tilt_deg": Strip(([0, 0], [30, 0])),
    "release.tip_off_deg_s": Strip(([0, 0, 0], [-0.13, -0.89, 0]), CRUISE),
    "release.spin_deg_s": Strip((6.43, 6.0), CRUISE),
    "mounted.out_m": Strip((1.0, 6.0), OVER, {"release": None, "mounted": {"mount": "camera"}, "at": "over"}),
    "objects.offset_m": Strip(
        ([_PLATFORM | {"offset_m": [3.06, 2.2, 0.0]}], [_PLATFORM | {"offset_m": [-3.0, 2.2, 0.0]}]),
        GROUP,
        words=("3.06, 2.2, 0", "-3, 2.2, 0"),
    ),
    "camera.size_px": Strip(([240, 135], [135, 135])),
    "camera.horizontal_fov_deg": Strip((60, 112)),
    "camera.focal_length_mm": Strip((3.0, 6.0), OVER, {"camera__pixel_pitch_um": 40}),
    "camera.pixel_pitch_um": Strip((20, 40), OVER, {"camera__focal_length_mm": 3.0}),
    "camera.matrix": Strip(
        ([[120, 0, 119.5], [0, 120, 67], [0, 0, 1]], [[120, 0, 60], [0, 120, 67], [0, 0, 1]]),
        OVER, words=("cx = 119.5", "cx = 60"),
    ),
    "camera.model": Strip(
        ("pinhole", "equirectangular"), CLOSE, {"camera__horizontal_fov_deg": 140.0}
    ),
    "camera.distortion": Strip(([0.0, 0.0, 0.0, 0.0], [-0.18, 0.02, 0.0, 0.0]), CLOSE, _BROWN),
    "camera.look": Strip(("craft", "mount"), OVER),
    "camera.target": Strip(("craft", "platform"), GROUP),
    "camera.azimuth_deg": Strip((150.0, 210.0), VIEW),
    "camera.lens": Strip(("inner", "outer"), OVER, {"camera__look": "mount", "attitude__primary": _MOUNT_DOWN}),
    "camera.up": Strip(("zenith", "sun")),
    "camera.roll_deg": Strip((0, 30, 90)),
    "camera.place": Strip(([0.5, 0.5], [0.25, 0.3])),
    "planet.dust_opacity": Strip((0.1, 1.0, 3.0)),
    "planet.dust_top_km": Strip((20, 70), also={"planet__dust_opacity": 1.0}),
    "planet.frost": Strip((False, True), OVER, _WINTER),
    "planet.cloud_opacity": Strip((0.0, 1.0), OVER),
    "planet.hood_opacity": Strip((0.0, 1.0), OVER, _WINTER),
    "planet.gas": Strip((0.0, 10.0), also={"planet__dust_opacity": 0.0}),
    "planet.haze_layer_opacity": Strip((0.0, 0.2), also=_HAZE),
    "planet.haze_layer_height_km": Strip((30, 90), also={**_HAZE, "planet__haze_layer_opacity": 0.2}),
    "planet.haze_layer_thickness_km": Strip((4, 30), also={**_HAZE, "planet__haze_layer_opacity": 0.2}),
    "planet.aerosol_opacity": Strip((0.0, 1.0), EARTH),
    "planet.cloud_cover": Strip((0.2, 0.64, 1.0), EARTH, {"camera__horizontal_fov_deg": 60}),
    "planet.cloud_seed": Strip((0, 1), EARTH, {"camera__horizontal_fov_deg": 60}),
    "planet.wind_m_s": Strip((1, 15), EARTH, {"planet__cloud_cover": 0.0, "camera__horizontal_fov_deg": 100}),
    "planet.shadows": Strip((False, True), OVER, {"orbit__local_time_h": 6.3, "orbit__altitude_km": 250}),
    "planet.law": Strip(("mars", "lunar"), OVER, {"orbit__local_time_h": 12.0}),
    "ground.seed": Strip((3, 4), GROUP),
    "ground.rock_share": Strip((0.01, 0.2), GROUP),
    "ground.largest_rock_m": Strip((0.2, 2.0), GROUP, {"ground__rock_share": 0.1}),
    "ground.clod_share": Strip((0.0, 0.4), GROUP),
    "ground.reflectance": Strip(([0.168, 0.116, 0.068], [0.1, 0.1, 0.1]), GROUP),
    "ground.tracks": Strip(
        ([], [{"path_m": [[0.36, -7.0], [0.1, -2.5], [0.0, 0.7]], "depth_m": 0.08}]), GROUP, words=("none", "one")
    ),
    "ground.craters": Strip(
        ([], [{"at_m": [-1.5, -3.0], "radius_m": 1.0, "depth_m": 0.3}]), GROUP, words=("none", "one")
    ),
    "ground.swells": Strip(
        ([_DIP], [_DIP, {"at_m": [-2.0, -1.0], "radius_m": 2.0, "height_m": 0.5}]), GROUP, words=("none", "a mound")
    ),
    "ground.prints": Strip(
        ([], [{"at_m": [-0.6, -3.5], "radius_m": 0.5, "rim_m": 0.05}]), GROUP, words=("none", "one")
    ),
    "ground.bare_soil": Strip((0.0, 1.0), GROUP),
    "ground.blast": Strip((None, {"at_m": [0.0, -2.0], "radius_m": 5.0, "darker": 0.6}), GROUP, words=("none", "one")),
    "sky.stars": Strip((False, True), MARS, {"orbit__inclination_deg": 40.0}),
    "sky.sun": Strip((False, True), OVER, _TOWARD_SUN),
    "photo.look": Strip(("clean", "raw", "press")),
    "photo.shutter_s": Strip((0.004, 0.03)),
    "photo.f_number": Strip((5.6, 16), also={"photo__shutter_s": 0.02}),
    "photo.iso": Strip((50, 400), also={"photo__shutter_s": 0.02}),
    "photo.stops": Strip((-2, 0, 2)),
    "photo.meter": Strip(("matrix", "highlight")),
    "photo.white": Strip(([1.0, 1.0, 1.0], [1.0, 0.7, 0.4]), words=("sunlight", "1, 0.7, 0.4")),
    "photo.tone": Strip(("linear", "filmic", "agx")),
    "photo.sharpening": Strip((0.0, 3.0), also={"photo__look": "onboard"}),
    "photo.jpeg_quality": Strip((95, 10), also={"photo__look": "onboard"}),
    "photo.seed": Strip((0, 1), also={"photo__look": "raw", "photo__detector__full_well_e": 300}),
    "photo.motion_blur": Strip(
        (False, True),
        "minerva-1a",
        {"photo__shutter_s": 0.1, "photo__f_number": 32, "photo__look": "clean"},
    ),
    "photo.marks": Strip(([], ["scale-bar", "watermark"]), CLOSE, words=("none", "both")),
    "photo.effects.vignetting": _effect({"photo__lens__pupil_power": 4.0}),
    "photo.effects.diffraction": _effect({"photo__f_number": 64}),
    "photo.effects.defocus": _effect({"photo__lens__defocus_px": 6.0}),
    "photo.effects.glare": _effect({"photo__lens__glare_share": 0.5, "photo__lens__glare_angle_deg": 3.0}),
    "photo.effects.ghosts": _effect({**_TOWARD_SUN, "photo__lens__reflectance": 0.05}, OVER),
    "photo.effects.lateral_colour": _effect({"photo__lens__lateral_share": 0.01}, CLOSE),
    "photo.effects.dust": _effect(
        {"photo__lens__dust_count": 60, "photo__lens__dust_loss": 0.9, "photo__f_number": 32}
    ),
    "photo.effects.shot_noise": _effect({"photo__detector__full_well_e": 300, **_QUIET}),
    "photo.effects.read_noise": _effect({"photo__detector__read_noise_e": 500}),
    "photo.effects.dark_current": _effect({"photo__detector__dark_e_s": 50000}),
    "photo.effects.hot_pixels": _effect({"photo__detector__hot_share": 0.01, "photo__detector__dark_e_s": 20000}),
    "photo.effects.fixed_pattern": _effect({"photo__detector__column_noise_e": 100}),
    "photo.effects.prnu": _effect({"photo__detector__prnu": 0.2}),
    "photo.effects.cosmic_rays": _effect({"photo__detector__cosmic_cm2_s": 1e6}),
    "photo.effects.blooming": _effect({"photo__detector__spill": 0.9, "photo__stops": 3}),
    "photo.effects.quantisation": _effect({"photo__detector__adc_bits": 6}),
    "photo.effects.mosaic": _effect(base=CLOSE),
    "photo.effects.shading": _effect({"photo__look": "press", "photo__lens__pupil_power": 4.0}),
    "photo.effects.sharpening": _effect({"photo__look": "onboard", "photo__sharpening": 3.0}),
    "photo.effects.jpeg": _effect({"photo__look": "onboard", "photo__jpeg_quality": 10}),
}  # fmt: skip

SHOWN_WITH = {
    "craft.joints_deg_s": "craft.joints_deg",
    "orbit.eccentricity": "orbit.semi_major_axis_km",
    "orbit.arg_periapsis_deg": "orbit.inclination_deg",
    "orbit.true_anomaly_deg": "orbit.inclination_deg",
    "orbit.over.*": "orbit.over",
    "orbit.sun_elevation_deg": "orbit.local_time_h",
    "orbit.ls_deg": "planet.frost",
    "attitude.*": "attitude.primary",
    "objects.*": "objects.offset_m",
    "release.spring_energy_j": "release.speed_m_s",
    "mounted.*": "mounted.out_m",
    "camera.elevation_deg": "camera.azimuth_deg",
    "camera.preset": "camera.horizontal_fov_deg",
    "ground.tracks.*": "ground.tracks",
    "ground.craters.*": "ground.craters",
    "ground.swells.*": "ground.swells",
    "ground.blast.*": "ground.blast",
    "ground.prints.*": "ground.prints",
    "photo.effects.sun_disc": "sky.sun",
    "photo.lens.pupil_power": "photo.effects.vignetting",
    "photo.lens.mechanical_*": "photo.effects.vignetting",
    "photo.lens.defocus_px": "photo.effects.defocus",
    "photo.lens.glare_*": "photo.effects.glare",
    "photo.lens.reflectance": "photo.effects.ghosts",
    "photo.lens.lateral_share": "photo.effects.lateral_colour",
    "photo.lens.dust_*": "photo.effects.dust",
    "photo.detector.full_well_e": "photo.effects.shot_noise",
    "photo.detector.read_noise_e": "photo.effects.read_noise",
    "photo.detector.dark_e_s": "photo.effects.dark_current",
    "photo.detector.hot_share": "photo.effects.hot_pixels",
    "photo.detector.column_noise_e": "photo.effects.fixed_pattern",
    "photo.detector.prnu": "photo.effects.prnu",
    "photo.detector.cosmic_cm2_s": "photo.effects.cosmic_rays",
    "photo.detector.adc_bits": "photo.effects.quantisation",
    "photo.detector.spill": "photo.effects.blooming",
}
"""Patterns of keys whose effect is in the picture of another."""

INVISIBLE = {
    "title": "text",
    "summary": "text",
    "mission": "text",
    "kind": "text",
    "kernels": "files",
    "assumed": "reasons",
    "craft.mass_kg": "recoil of millimetres",
    "craft.decals*": "needs a picture of one's own: docs/models.md",
    "orbit.frame": "axes of the elements",
    "orbit.epoch_utc": "a time",
    "orbit.position_km": "another form of the elements",
    "orbit.velocity_km_s": "another form of the elements",
    "orbit.heading": "the way to the same place",
    "orbit.tle": "a file",
    "orbit.omm": "a file",
    "orbit.object_id": "choice within a file",
    "orbit.forces*": "metres over an orbit",
    "path.*": "a file",
    "site.*": "where the ground is; ground.* shows it",
    "body.*": "a body of one's own",
    "release.at": "a time",
    "release.mount": "name of a place on the model",
    "release.recoil": "millimetres a second",
    "release.scatter*": "chances, not a picture",
    "camera.mass_kg": "recoil of millimetres",
    "camera.inertia_kg_m2": "tumbling after minutes",
    "camera.link_range_m": "radio",
    "planet.map*": "needs a map of one's own: docs/maps.md",
    "planet.shape": "needs a mesh of one's own: docs/maps.md",
    "ground.rocks_reach_m": "stones beyond the picture's resolution",
    "ground.*cell_rad": "fineness of the mesh",
    "ground.pads*": "flat places under wheels",
    "sky.moons": "points in most pictures",
    "photo.effects": "its keys have pictures",
    "photo.lens": "its keys have pictures",
    "photo.detector": "its keys have pictures",
    "photo.effects.rolling_shutter": "needs motion within the readout",
    "photo.detector.preset": "a set of the detector's keys",
    "photo.detector.pixel_pitch_um": "scale of diffraction in pixels",
    "photo.detector.quantum_efficiency": "balanced away in development",
    "photo.detector.readout_s": "time of the rolling shutter",
    "downlink.*": "radio",
}
"""Patterns of keys without a picture, and why."""


def place_of(path: str) -> str:
    """Return the list that a key is on, ``pictures``, ``shown with`` or ``invisible``; empty for none."""
    if path in PICTURES:
        return "pictures"
    for name, patterns in (("shown with", SHOWN_WITH), ("invisible", INVISIBLE)):
        if any(fnmatchcase(path, pattern) for pattern in patterns):
            return name
    return ""
