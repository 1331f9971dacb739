"""Cameras that took such pictures, ready to use: each number with who published it, or why it is assumed.

What nobody published stays None where the toolkit can do without it. Where it cannot (a field of view, a picture size),
a plausible number stands in, and ``assumed`` tells its range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from selfiesim.camera.distortion import BrownConrady, Distortion, KannalaBrandt
from selfiesim.camera.pinhole import Camera
from selfiesim.core.errors import SceneError

_NO_CALIBRATION = "no calibration is published: taken as a pinhole"
_SENSOR = "the sensor is not published: a small CMOS of its time"


@dataclass(frozen=True)
class CameraPreset:
    """One camera of the trade.

    Attributes
    ----------
    title : str
        What it is, for people.
    size_px : tuple of int
        Width and height of the picture.
    horizontal_fov_deg : float or None
        From the left edge to the right one; or else:
    focal_length_mm, pixel_pitch_um : float or None
        Both instead of the field of view.
    distortion : BrownConrady, KannalaBrandt or None
        How its lens bends; None is a pinhole.
    lenses : int
        1, or 2 that look opposite ways along the z axis.
    frame_rate_hz, mass_kg, release_speed_m_s, boom_m : float or None
        None: not published, or it has none. ``mass_kg`` is that of everything that flies off, or hangs on the boom.
    size_m : (3,) tuple of float or None
        Extent along camera axes (x right, y down, z forward).
    shape : str
        "box", or "cylinder" about the z axis.
    free : bool
        Whether it leaves its craft.
    detector : str
        Its sensor, one of :data:`selfiesim.photo.detectors.DETECTORS`.
    sources, assumed : dict of str
        For each value by name, who published it, or why it was chosen and what else is plausible.
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
        """Moments about the camera axes of an even solid of its shape, size and mass; None when it does not fly off."""
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
        """Its intrinsics."""
        width, height = self.size_px
        if self.focal_length_mm is not None and self.pixel_pitch_um is not None:
            focal, pitch = self.focal_length_mm * 1e-3, self.pixel_pitch_um * 1e-6
            return Camera.from_focal_length(width, height, focal, pitch, self.distortion)
        assert self.horizontal_fov_deg is not None
        return Camera.from_fov(width, height, float(np.radians(self.horizontal_fov_deg)), self.distortion)

    def scene_keys(self) -> dict[str, Any]:
        """What it says of the ``[camera]`` section of a scene, key by key."""
        keys = ["size_px", "horizontal_fov_deg", "focal_length_mm", "pixel_pitch_um"]
        keys += ["mass_kg", "inertia_kg_m2"] if self.free else []
        return _known_fields(self, keys) | self._lens()

    def facts(self) -> dict[str, Any]:
        """All that is known of it, ready for JSON; what is None is left out, fields of view are worked out."""
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


def _known_fields(of: CameraPreset, keys: Iterable[str]) -> dict[str, Any]:
    return {key: getattr(of, key) for key in keys if getattr(of, key) is not None}


_INERTIA = {"inertia_kg_m2": "an even solid of this shape, size and mass"}

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
        "horizontal_fov_deg": "not published; the 14 m sail then fills it from 7 m; plausible 60 to 120",
        "distortion": _NO_CALIBRATION,
        "detector": _SENSOR,
        "release_speed_m_s": "published: some tens of metres in 15 minutes (MyNavi, 16 June 2010); plausible 0.02 to "
        "0.1",
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
        "pixel_pitch_um": "usual for sensors of 2048 x 1088; the short side then spans 4.9 degrees, published as 5; "
        "plausible 5 to 6",
        "size_m": "a cubesat of six units of 10 cm; which way the lens looks out of it is a guess",
        "distortion": _NO_CALIBRATION,
        "detector": "2048 x 1088 pixels are the CMV2000's",
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
            "horizontal_fov_deg": "published only: wide-angle; an unreferenced page says 180; plausible 60 to 185",
            "distortion": "no calibration is published: equidistant, as wide lenses nearly are",
            "detector": _SENSOR,
            "size_m": "not published; about as dense as Hayabusa2's DCAM3; plausible 0.06 to 0.12 a side",
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
            "horizontal_fov_deg": "not published; the craft from 1.6 m away needs a wide lens; plausible 60 to 120",
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
            "release_speed_m_s": "published: about half of DCAM2's (MyNavi, 22 June 2010), which is assumed; "
            "plausible 0.01 to 0.05",
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
            "horizontal_fov_deg": "EEJournal and Cosmos Magazine, 2022: 2.06 degrees, not said across what",
            "mass_kg": _LICIACUBE.sources["mass_kg"],
        },
        assumed={key: why for key, why in _LICIACUBE.assumed.items() if key != "pixel_pitch_um"}
        | {"detector": "2048 x 2048 pixels are the CMV4000's"},
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
            "horizontal_fov_deg": "ESA's instrument kernel juice_jmc_v02.ti, which has it, was not at hand; plausible "
            "40 to 90",
            "distortion": _NO_CALIBRATION,
            "detector": _SENSOR,
        },
    ),
    "rosetta-civa": CameraPreset(
        title="Rosetta's lander Philae, CIVA, 2007 to 2014",
        size_px=(1024, 1024),
        horizontal_fov_deg=60.0,
        detector="th7888a",
        sources={
            "size_px": "PDS catalogue of CIVA: detector TH7888A; its data sheet, 1999: 1024 x 1024 pixels",
            "detector": "PDS catalogue of CIVA",
        },
        assumed={
            "horizontal_fov_deg": "not found; seven cameras, two of them a pair, see all round: 60 each; plausible 60 "
            "to 70",
            "distortion": _NO_CALIBRATION,
        },
    ),
}


def preset(name: str) -> CameraPreset:
    """The camera of that name.

    Raises
    ------
    SceneError
        For an unknown name, with the nearest known one.
    """
    if name in PRESETS:
        return PRESETS[name]
    from selfiesim.core.config_validation import did_you_mean, truncate

    hint = did_you_mean(name, PRESETS) or f"; known are {', '.join(PRESETS)}"
    raise SceneError(f"no camera is called {truncate(repr(name))}{hint}")


_INTRODUCTION = """\
# Cameras

Cameras that took such pictures, to be named in a scene; any key beside the name goes before the camera's own:

    [camera]
    preset = "tianwen1-deployable"
    horizontal_fov_deg = 100

A preset gives picture size, lens, mass and moments of inertia. How a camera leaves or hangs (the speed of a release,
the length of a boom) stands here to be copied into `release.speed_m_s` or `mounted.out_m`. `selfiesim cameras` prints
this table in short, `selfiesim cameras NAME` all about one.

A star marks what nobody published: a plausible number stands in, and below the table why, and what else could be.
"""


def presets_page() -> str:
    """The presets as Markdown: a table, then for each where its numbers come from. It is docs/cameras.md."""
    rows = {name: table_row(known) for name, known in PRESETS.items()}
    columns = ["preset", *next(iter(rows.values()))]
    lines = [columns, ["---"] * len(columns), *([f"`{name}`", *row.values()] for name, row in rows.items())]
    notes = [
        f"- `{name}`\n"
        + "".join(f"  - {key}: {text}\n" for key, text in known.sources.items())
        + "".join(f"  - {key}, assumed: {text}\n" for key, text in known.assumed.items())
        for name, known in PRESETS.items()
    ]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{_INTRODUCTION}\n{table}\n## Where the numbers come from\n\n{''.join(notes)}"


def table_row(known: CameraPreset) -> dict[str, str]:
    """A camera in short, column by column; a star behind what is assumed."""
    facts = known.facts()

    def star(*keys: str) -> str:
        return "*" if set(keys) & set(known.assumed) else ""

    def format_fact(key: str) -> str:
        return f"{facts[key]:g}{star(key)}" if key in facts else ""

    across, down = facts["horizontal_fov_deg"], facts["vertical_fov_deg"]
    return {
        "camera": known.title + (f" ({known.boom_m:g} m)" if known.boom_m else ""),
        "picture, px": f"{known.size_px[0]} x {known.size_px[1]}{star('size_px')}",
        "field, degrees": f"{across:.3g} x {down:.3g}{star('horizontal_fov_deg', 'focal_length_mm', 'pixel_pitch_um')}",
        "lens": ("two, " if known.lenses == 2 else "") + facts["model"] + star("distortion"),
        "frames/s": format_fact("frame_rate_hz"),
        "mass, kg": format_fact("mass_kg"),
        "size, mm": " x ".join(f"{1e3 * side:g}" for side in known.size_m) + star("size_m") if known.size_m else "",
        "released at, m/s": format_fact("release_speed_m_s"),
    }
