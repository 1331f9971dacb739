"""Sensors by name, each number with who published it or why it is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import SceneError

if TYPE_CHECKING:
    from selfiesim.scene.camera import CameraSection
    from selfiesim.scene.photo import DetectorSection

Efficiency = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Detector:
    """A sensor.

    Attributes
    ----------
    quantum_efficiency : (3, 3) or (1, 3) tuple
        Of red, green and blue pixels (rows), or of the one kind of pixel, in the bands at 620, 550 and 460 nm;
        micro-lenses and filters included.
    full_well_e, read_noise_e, dark_e_s, column_noise_e : float
        Electrons; the dark current each second.
    prnu, hot_share, spill : float
        Shares: spread of the sensitivity, hot pixels, charge above the well that runs along the column.
    black_share : float
        Black level, of the converter's range.
    readout_s : float
        From the first row to the last.
    sources, assumed : dict of str
        For each value by name; a source written from memory says "recalled, not checked".
    """

    title: str
    pixel_pitch_um: float
    quantum_efficiency: Efficiency
    full_well_e: float
    read_noise_e: float
    dark_e_s: float
    prnu: float
    column_noise_e: float
    hot_share: float
    adc_bits: int
    black_share: float
    spill: float
    readout_s: float
    cosmic_cm2_s: float = 5.0
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    assumed: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def colour(self) -> bool:
        """Whether its pixels carry colour filters."""
        return len(self.quantum_efficiency) == 3

    @property
    def max_dn(self) -> int:
        """The converter's largest number."""
        return int(2**self.adc_bits - 1)

    @property
    def black_level_dn(self) -> int:
        """The converter's number for no light."""
        return round(self.black_share * (self.max_dn + 1))


def _for_keys(why: str, keys: str) -> dict[str, str]:
    """The same words for several keys, given with blanks between."""
    return dict.fromkeys(keys.split(), why)


_BAYER = ((0.45, 0.05, 0.02), (0.08, 0.55, 0.09), (0.02, 0.09, 0.45))
# Measured by JWST's NIRSpec beyond the Earth's field, behind its shielding, 2022 to 2025: 4.3 falling to 2.3 ions cm^-2
# s^-1 towards solar maximum, to reach about 6 at the next minimum.
_COSMIC = {"cosmic_cm2_s": "Rauscher and Fixsen 2025, PASP 137, 095003: 2.3 to 4.3 measured at L2, 6 at solar minimum"}
_FILTERS = "usual for Bayer filters on silicon with micro-lenses; plausible 0.8 to 1.2 times"

_CMV2000 = Detector(
    title="CMOSIS CMV2000, colour",
    pixel_pitch_um=5.5,
    quantum_efficiency=_BAYER,
    full_well_e=13500.0,
    read_noise_e=13.0,
    dark_e_s=125.0,
    prnu=0.01,
    column_noise_e=6.0,
    hot_share=2e-5,
    adc_bits=12,
    black_share=1 / 64,
    spill=0.0,
    readout_s=0.0,
    sources=_COSMIC
    | _for_keys(
        "recalled, not checked: CMOSIS, CMV2000 datasheet v2, specifications",
        "pixel_pitch_um full_well_e read_noise_e dark_e_s prnu adc_bits readout_s",
    ),
    assumed={
        "quantum_efficiency": _FILTERS,
        "column_noise_e": "recalled: less than 0.1 percent of the range for all fixed patterns together",
        "hot_share": "grows with the dose in space; plausible 1e-6 to 1e-3",
        "black_share": "set by register",
    },
)

DETECTORS: dict[str, Detector] = {
    "small-cmos": Detector(
        title="a small rolling-shutter CMOS sensor of the 2010s",
        pixel_pitch_um=3.0,
        quantum_efficiency=_BAYER,
        full_well_e=8180.0,
        read_noise_e=3.0,
        dark_e_s=10.0,
        prnu=0.008,
        column_noise_e=1.0,
        hot_share=2e-5,
        adc_bits=12,
        black_share=256 / 4096,
        spill=0.0,
        readout_s=0.02,
        sources=_COSMIC
        | _for_keys(
            "measured on a Sony IMX477: strollswithmydog.com, Pi HQ Cam Sensor Performance, 2020",
            "full_well_e read_noise_e adc_bits "
            "black_share",
        ),
        assumed={
            "pixel_pitch_um": "stands for a sensor nobody named; plausible 1.5 to 6",
            "quantum_efficiency": _FILTERS,
            "dark_e_s": "at room temperature; plausible 0.5 to 100, doubling each 6 to 8 degrees",
            "prnu": "usual; plausible 0.003 to 0.015",
            "column_noise_e": "usual after column correction; plausible 0.2 to 3",
            "hot_share": "grows with the dose in space; plausible 1e-6 to 1e-3",
            "spill": "CMOS pixels drain what is too much",
            "readout_s": "usual for two million pixels; plausible 0.008 to 0.05",
        },
    ),
    "cmv2000": _CMV2000,
    "cmv4000": replace(_CMV2000, title="CMOSIS CMV4000, monochrome", quantum_efficiency=((0.50, 0.62, 0.55),)),
    "th7888a": Detector(
        title="Thomson/Atmel TH7888A, a monochrome frame-transfer CCD",
        pixel_pitch_um=14.0,
        quantum_efficiency=((0.25, 0.20, 0.12),),
        full_well_e=100_000.0,
        read_noise_e=45.0,
        dark_e_s=1000.0,
        prnu=0.01,
        column_noise_e=5.0,
        hot_share=2e-5,
        adc_bits=14,
        black_share=1 / 64,
        spill=0.3,
        readout_s=0.0,
        sources=_COSMIC | {"pixel_pitch_um": "recalled, not checked: Atmel, TH7888A datasheet: 14 by 14 micrometres"},
        assumed=_for_keys(
            "a frame-transfer CCD of its time and pixel size; plausible half to twice",
            "quantum_efficiency full_well_e read_noise_e dark_e_s prnu column_noise_e "
            "hot_share adc_bits black_share spill",  # its datasheet (page 9) has a drain against blooming
        ),
    ),
}  # fmt: skip

_REPLACEABLE = (
    "quantum_efficiency", "full_well_e", "read_noise_e", "dark_e_s", "prnu", "column_noise_e", "hot_share",
    "cosmic_cm2_s", "adc_bits", "spill", "readout_s",
)  # fmt: skip


def detector_name(part: DetectorSection, camera: CameraSection) -> str:
    """Which of :data:`DETECTORS` a scene means: its own word, its camera's, or the small one."""
    if part.preset is not None:
        return part.preset
    from selfiesim.camera.catalogue import PRESETS

    return PRESETS[camera.preset].detector if camera.preset in PRESETS else "small-cmos"


def detector(part: DetectorSection, camera: CameraSection) -> Detector:
    """The sensor of a scene, with the scene's own numbers in it.

    Raises
    ------
    SceneError
        For an unknown name.
    """
    name = detector_name(part, camera)
    if name not in DETECTORS:
        hint = did_you_mean(name, DETECTORS) or f"; known are {', '.join(DETECTORS)}"
        raise SceneError(f"photo.detector.preset: no sensor is called {name!r}{hint}")
    given = {key: getattr(part, key) for key in _REPLACEABLE if getattr(part, key) is not None}
    known = DETECTORS[name]
    pitch = part.pixel_pitch_um or camera.pixel_pitch_um or known.pixel_pitch_um
    return replace(known, pixel_pitch_um=pitch, **given)
