"""Presets of cameras that have taken spacecraft selfies, with a source or a reason for each value.

Unpublished values are None if the toolkit can do without them. Where it cannot (field of view, image size), a plausible
value is used and ``assumed`` gives the reason and the plausible range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from selfiesim.camera.distortion import BrownConrady, Distortion, KannalaBrandt
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import SceneError

_NO_CALIBRATION = "no calibration is published; modelled as a pinhole"
_SENSOR = "the sensor is not published; a small CMOS of its time"


@dataclass(frozen=True)
class CameraPreset:
    """One real camera.

    Attributes
    ----------
    title : str
        Mission and camera, for display.
    size_px : tuple of int
        Image width and height.
    horizontal_fov_deg : float or None
        Field of view from the left to the right edge.
    focal_length_mm, pixel_pitch_um : float or None
        Both, in place of the field of view.
    distortion : BrownConrady, KannalaBrandt or None
        The lens model; None is a pinhole.
    lenses : int
        1, or 2 for opposite lenses along the z axis.
    frame_rate_hz, mass_kg, release_speed_m_s, boom_m : float or None
        None if not published or not applicable. ``mass_kg`` is that of everything released, or on the boom.
    size_m : (3,) tuple of float or None
        Extent along the camera axes (x right, y down, z forward).
    shape : str
        "box", or "cylinder" about the z axis.
    free : bool
        Whether it is released from its craft.
    detector : str
        The sensor, one of :data:`selfiesim.photo.detectors.DETECTORS`.
    sources, assumed : dict of str
        For each value by name, its source, or the reason for the assumption and the plausible range.
    """

    title: str
    size_px: tuple[int, int]
    horizontal_fov_deg: float | None = None
    focal_length_mm: float | None = None
    pixel_pitch_um: float | None = None
    distortion: Distortion | None = None
    lenses: int = 1
    frame_rate_hz: float | None = None
    mass_kg: float | None = None
    size_m: tuple[float, float, float] | None = None
    shape: Literal["box", "cylinder"] = "box"
    free: bool = False
    release_speed_m_s: float | None = None
    boom_m: float | None = None
    detector: str = "small-cmos"
    sources: Mapping[str, str] = field(default_factory=dict)
    assumed: Mapping[str, str] = field(default_factory=dict)

    @property
    def inertia_kg_m2(self) -> tuple[float, float, float] | None:
        """Principal moments about the camera axes of a uniform solid; None if the camera is not released."""
        if not self.free or self.mass_kg is None or self.size_m is None:
            return None
        x2, y2, z2 = (side**2 for side in self.size_m)
        if self.shape == "cylinder":
            return (
                self.mass_kg * (y2 / 16.0 + z2 / 12.0),
                self.mass_kg * (x2 / 16.0 + z2 / 12.0),
                self.mass_kg * (x2 + y2) / 16.0,
            )
        return self.mass_kg * (y2 + z2) / 12.0, self.mass_kg * (x2 + z2) / 12.0, self.mass_kg * (x2 + y2) / 12.0

    def camera(self) -> Camera:
        """Return the intrinsics."""
        width, height = self.size_px
        if self.focal_length_mm is not None and self.pixel_pitch_um is not None:
            focal, pitch = self.focal_length_mm * 1e-3, self.pixel_pitch_um * 1e-6
            return Camera.from_focal_length(width, height, focal, pitch, self.distortion)
        assert self.horizontal_fov_deg is not None
        return Camera.from_fov(width, height, float(np.radians(self.horizontal_fov_deg)), self.distortion)

    def scene_keys(self) -> dict[str, Any]:
        """Return the keys of a scene's ``[camera]`` section that the preset sets."""
        keys = ["size_px", "horizontal_fov_deg", "focal_length_mm", "pixel_pitch_um"]
        keys += ["mass_kg", "inertia_kg_m2"] if self.free else []
        return _known_fields(self, keys) | self._lens()

    def facts(self) -> dict[str, Any]:
        """Return all known values for JSON, with all fields of view computed and None omitted."""
        camera = self.camera()
        fields = {
            "horizontal_fov_deg": camera.horizontal_fov,
            "vertical_fov_deg": camera.vertical_fov,
            "diagonal_fov_deg": camera.diagonal_fov,
        }
        shape = ["shape", "size_m"] if self.size_m else []
        keys = ["frame_rate_hz", *shape, "mass_kg", "inertia_kg_m2", "free", "release_speed_m_s", "boom_m"]
        return (
            {"title": self.title, "size_px": self.size_px}
            | {key: round(float(np.degrees(angle)), 6) for key, angle in fields.items()}
            | _known_fields(self, ["focal_length_mm", "pixel_pitch_um", "detector"])
            | self._lens()
            | {"lenses": self.lenses}
            | _known_fields(self, keys)
            | {"sources": dict(self.sources), "assumed": dict(self.assumed)}
        )

    def _lens(self) -> dict[str, Any]:
        if isinstance(self.distortion, BrownConrady):
            return {"model": "brown-conrady", "distortion": self.distortion.opencv}
        if isinstance(self.distortion, KannalaBrandt):
            return {"model": "kannala-brandt", "distortion": self.distortion.k}
        return {"model": "pinhole", "distortion": ()}


def _known_fields(camera: CameraPreset, keys: Iterable[str]) -> dict[str, Any]:
    return {key: getattr(camera, key) for key in keys if getattr(camera, key) is not None}


_INERTIA = {"inertia_kg_m2": "a uniform solid of this shape, size and mass"}

_DCAM2 = CameraPreset(
    title="IKAROS, DCAM2 of 14 June 2010",
    size_px=(640, 480),
    horizontal_fov_deg=90.0,
    mass_kg=0.26403,
    size_m=(0.060, 0.060, 0.0668),
    shape="cylinder",
    free=True,
    release_speed_m_s=0.05,
    sources={
        "mass_kg": "japaneserecords.org, record 17251, DCAM1/DCAM2: 264.03 g",
        "size_m": "japaneserecords.org, record 17251: 60 and 66.8 mm; MyNavi, 16 June 2010: about 6 cm by 6 cm",
    },
    assumed={
        "size_px": "not published; plausible 320 x 240 to 720 x 480",
        "horizontal_fov_deg": "not published; at 90 degrees the 14 m sail fills the image from 7 m; "
        "plausible 60 to 120",
        "distortion": _NO_CALIBRATION,
        "detector": _SENSOR,
        "release_speed_m_s": "published: some tens of metres in 15 minutes (MyNavi, 16 June 2010); "
        "plausible 0.02 to 0.1",
        **_INERTIA,
    },
)

_LICIACUBE = CameraPreset(
    title="LICIACube at Dimorphos, LUKE, 26 September 2022",
    size_px=(2048, 1088),
    focal_length_mm=70.5,
    pixel_pitch_um=5.5,
    mass_kg=14.0,
    size_m=(0.1, 0.2, 0.3),
    free=True,
    detector="cmv2000",
    sources={
        "size_px": "EEJournal and Cosmos Magazine, 2022",
        "focal_length_mm": "ASI and INAF, SPICE instrument kernel licia_pl_005.ti, 20 April 2023",
        "mass_kg": "EEJournal and Cosmos Magazine, 2022 (the whole satellite)",
    },
    assumed={
        "pixel_pitch_um": "typical of sensors of 2048 x 1088; the short side then spans 4.9 degrees, published as 5; "
        "plausible 5 to 6",
        "size_m": "a 6U CubeSat; the direction of the lens in its body is a guess",
        "distortion": _NO_CALIBRATION,
        "detector": "2048 x 1088 pixels is the format of the CMV2000",
        **_INERTIA,
    },
)

PRESETS: dict[str, CameraPreset] = {
    "tianwen1-deployable": CameraPreset(
        title="Tianwen-1, the deployable camera of 2020 and 2022",
        size_px=(1920, 1080),
        horizontal_fov_deg=120.0,
        distortion=KannalaBrandt(),
        lenses=2,
        frame_rate_hz=1.0,
        mass_kg=0.68,
        size_m=(0.10, 0.10, 0.05),
        free=True,
        release_speed_m_s=0.2,
        sources={
            "lenses": "CNSA, 1 October 2020: two wide-angle lenses, one on each of two sides",
            "frame_rate_hz": "CNSA, 1 October 2020",
            "mass_kg": "Eighth Academy (SAST), October 2020",
            "release_speed_m_s": "Eighth Academy (SAST), October 2020: about 0.2 m/s",
        },
        assumed={
            "size_px": "the sensor is not published; plausible 1280 x 720 to 2560 x 1920",
            "horizontal_fov_deg": "published only as wide-angle; an unreferenced page says 180; plausible 60 to 185",
            "distortion": "no calibration is published; equidistant, which most wide lenses are close to",
            "detector": _SENSOR,
            "size_m": "not published; about the density of Hayabusa2's DCAM3; plausible 0.06 to 0.12 per side",
            **_INERTIA,
        },
    ),
    "tianwen1-boom": CameraPreset(
        title="Tianwen-1, the camera on the boom",
        size_px=(1920, 1080),
        horizontal_fov_deg=90.0,
        mass_kg=0.8,
        boom_m=1.6,
        sources={
            "mass_kg": "L. David, leonarddavid.com, 2022 (boom and camera together)",
            "boom_m": "L. David, leonarddavid.com, 2022",
        },
        assumed={
            "size_px": "not published; plausible 1280 x 720 to 2560 x 1920",
            "horizontal_fov_deg": "not published; the spacecraft from 1.6 m needs a wide lens; plausible 60 to 120",
            "distortion": _NO_CALIBRATION,
            "detector": _SENSOR,
        },
    ),
    "ikaros-dcam1": replace(
        _DCAM2,
        title="IKAROS, DCAM1 of 19 June 2010",
        release_speed_m_s=0.025,
        assumed={
            **_DCAM2.assumed,
            "release_speed_m_s": "published as about half that of DCAM2 (MyNavi, 22 June 2010), which is itself "
            "assumed; plausible 0.01 to 0.05",
        },
    ),
    "ikaros-dcam2": _DCAM2,
    "hayabusa2-dcam3": CameraPreset(
        title="Hayabusa2, DCAM3-D of 5 April 2019",
        size_px=(2000, 2000),
        horizontal_fov_deg=74.0,
        mass_kg=0.55,
        size_m=(0.078, 0.078, 0.080),
        shape="cylinder",
        free=True,
        sources={
            "size_px": "Wikipedia (Japanese), DCAM3",
            "horizontal_fov_deg": "JpGU 2015, PCG30-14: 74 degrees; Wikipedia (Japanese), DCAM3: 74 by 74",
            "mass_kg": "Wikipedia (Japanese), DCAM3: just over 550 g",
            "size_m": "Wikipedia (Japanese), DCAM3: 78 mm across, 80 mm long",
        },
        assumed={"distortion": _NO_CALIBRATION, "detector": _SENSOR, **_INERTIA},
    ),
    "liciacube-luke": _LICIACUBE,
    "liciacube-leia": replace(
        _LICIACUBE,
        title="LICIACube at Dimorphos, LEIA, 26 September 2022",
        size_px=(2048, 2048),
        focal_length_mm=None,
        pixel_pitch_um=None,
        horizontal_fov_deg=2.06,
        detector="cmv4000",
        sources={
            "size_px": _LICIACUBE.sources["size_px"],
            "horizontal_fov_deg": "EEJournal and Cosmos Magazine, 2022: 2.06 degrees, across what is not stated",
            "mass_kg": _LICIACUBE.sources["mass_kg"],
        },
        assumed={key: why for key, why in _LICIACUBE.assumed.items() if key != "pixel_pitch_um"}
        | {"detector": "2048 x 2048 pixels is the format of the CMV4000"},
    ),
    "juice-jmc": CameraPreset(
        title="JUICE, monitoring cameras JMC1 and JMC2",
        size_px=(1024, 1024),
        horizontal_fov_deg=60.0,
        size_m=(0.1, 0.1, 0.1),
        sources={
            "size_px": "ESA, esa.int, April 2023",
            "size_m": "ESA SPICE Service, frames kernel of JUICE: 100 x 100 x 100 mm",
        },
        assumed={
            "horizontal_fov_deg": "ESA's instrument kernel juice_jmc_v02.ti, which has it, was not available; "
            "plausible 40 to 90",
            "distortion": _NO_CALIBRATION,
            "detector": _SENSOR,
        },
    ),
    "bepicolombo-mcam": CameraPreset(
        title="BepiColombo, monitoring cameras M-CAM 1 to 3",
        size_px=(1024, 1024),
        horizontal_fov_deg=60.0,
        detector="cmv4000",
        sources={"size_px": "ESA, 22 October 2018: black and white, 1024 x 1024 pixels"},
        assumed={
            "horizontal_fov_deg": "not found; plausible 50 to 75",
            "distortion": _NO_CALIBRATION,
            "detector": "not published; a monochrome CMOS",
        },
    ),
    "rosetta-civa": CameraPreset(
        title="Rosetta's lander Philae, CIVA, 2007 to 2014",
        size_px=(1024, 1024),
        horizontal_fov_deg=60.0,
        detector="th7888a",
        sources={"size_px": "data sheet of the TH7888A, 1999: 1024 x 1024", "detector": "PDS catalogue of CIVA"},
        assumed={
            "horizontal_fov_deg": "not found; seven cameras, two of them a stereo pair, cover the full circle: "
            "60 each; plausible 60 to 70",
            "distortion": _NO_CALIBRATION,
        },
    ),
}


def cameras() -> dict[str, CameraPreset]:
    """Return the known cameras.

    Returns
    -------
    dict of str to CameraPreset
        By the name that ``camera.preset`` takes, each with its values and their sources.
    """
    return dict(PRESETS)


def preset(name: str) -> CameraPreset:
    """Return the preset of a name.

    Raises
    ------
    SceneError
        The name is unknown; the message suggests the closest known one.
    """
    if name in PRESETS:
        return PRESETS[name]
    from selfiesim.core.config_validation import did_you_mean, truncate

    hint = did_you_mean(name, PRESETS) or f"; known cameras are {', '.join(PRESETS)}"
    raise SceneError(f"unknown camera {truncate(repr(name))}{hint}")


_INTRODUCTION = """\
# Cameras

These real cameras took pictures of this kind. Name one in a scene with `camera.preset`; any other key in the section
overrides it:

    [camera]
    preset = "tianwen1-deployable"
    horizontal_fov_deg = 100

A preset sets image size, lens and sensor and, for a released camera, mass and moments of inertia. It does not set how
the camera leaves or is mounted: copy the release speed to `release.speed_m_s`, or the boom length to `mounted.out_m`.
`selfiesim cameras` prints a short version of this table, `selfiesim cameras NAME` everything about one camera.

An asterisk marks a value that nobody has published. The lists below the table give the source of each published value,
and for each assumed value the reason and the plausible range.
"""


def presets_page() -> str:
    """Return the presets as Markdown for docs/cameras.md: a table, then the sources of each camera's numbers."""
    rows = {name: table_row(camera) for name, camera in PRESETS.items()}
    columns = ["preset", *next(iter(rows.values()))]
    lines = [columns, ["---"] * len(columns), *([f"`{name}`", *row.values()] for name, row in rows.items())]
    notes = [
        f"- `{name}`\n"
        + "".join(f"  - `{key}`: {text}\n" for key, text in camera.sources.items())
        + "".join(f"  - `{key}` (assumed): {text}\n" for key, text in camera.assumed.items())
        for name, camera in PRESETS.items()
    ]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{_INTRODUCTION}\n{table}\n## Sources\n\n{''.join(notes)}"


def table_row(camera: CameraPreset) -> dict[str, str]:
    """Return one camera's row of the table, by column; an asterisk marks what is assumed."""
    facts = camera.facts()

    def star(*keys: str) -> str:
        return "*" if set(keys) & set(camera.assumed) else ""

    def format_fact(key: str) -> str:
        return f"{facts[key]:g}{star(key)}" if key in facts else ""

    across, down = facts["horizontal_fov_deg"], facts["vertical_fov_deg"]
    guessed = star("horizontal_fov_deg", "focal_length_mm", "pixel_pitch_um")
    return {
        "camera": camera.title + (f" ({camera.boom_m:g} m)" if camera.boom_m else ""),
        "image, px": f"{camera.size_px[0]} x {camera.size_px[1]}{star('size_px')}",
        "field of view, degrees": f"{across:.3g} x {down:.3g}{guessed}",
        "lens": ("two, " if camera.lenses == 2 else "") + facts["model"] + star("distortion"),
        "frames/s": format_fact("frame_rate_hz"),
        "mass, kg": format_fact("mass_kg"),
        "size, mm": " x ".join(f"{1e3 * side:g}" for side in camera.size_m) + star("size_m") if camera.size_m else "",
        "release speed, m/s": format_fact("release_speed_m_s"),
    }
