"""The catalogue of sensors; each value has a source, or the reason why it is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import SceneError

if TYPE_CHECKING:
    from selfiesim.scene.photo import DetectorSection

Efficiency = tuple[tuple[float, float, float], ...]
"""Quantum efficiency: a row per colour of pixel, a column per band."""


@dataclass(frozen=True)
class Detector:
    """An image sensor.

    Attributes
    ----------
    title : str
        Manufacturer and type.
    pixel_pitch_um : float
        Pixel pitch, micrometres.
    quantum_efficiency : (3, 3) or (1, 3) tuple
        Quantum efficiency of red, green and blue pixels (rows), or of monochrome pixels, in the bands at 620, 550 and
        460 nm (columns); micro-lenses and filters included.
    full_well_e, read_noise_e, column_noise_e : float
        Full-well capacity, read noise and fixed column offsets (standard deviations), electrons.
    dark_e_s : float
        Dark current, electrons per pixel and second.
    prnu : float
        Photo-response non-uniformity: relative standard deviation of the pixels' sensitivity.
    hot_share : float
        Fraction of pixels that are hot.
    adc_bits : int
        Resolution of the analogue-to-digital converter.
    black_share : float
        Black level as a fraction of the converter's range.
    spill : float
        Fraction of the charge above full well that blooms along the column; the rest is drained.
    readout_s : float
        Time from reading the first row to reading the last; 0 for a global shutter.
    cosmic_cm2_s : float
        Flux of cosmic rays, per square centimetre and second.
    sources, assumed : mapping of str
        Source of each value, or why it is assumed, by name; values recalled from memory are marked as such.
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
    def is_colour(self) -> bool:
        """Whether its pixels have colour filters."""
        return len(self.quantum_efficiency) == 3

    @property
    def max_dn(self) -> int:
        """Largest digital number of the converter."""
        return int(2**self.adc_bits - 1)

    @property
    def black_level_dn(self) -> int:
        """Digital number without light."""
        return round(self.black_share * (self.max_dn + 1))


def _for_keys(text: str, keys: str) -> dict[str, str]:
    """One text for several keys, separated by spaces."""
    return dict.fromkeys(keys.split(), text)


_BAYER = ((0.45, 0.05, 0.02), (0.08, 0.55, 0.09), (0.02, 0.09, 0.45))
# Measured by JWST's NIRSpec beyond the Earth's magnetic field, behind its shielding, 2022 to 2025: 4.3 ions cm^-2 s^-1,
# falling to 2.3 towards solar maximum; about 6 are expected at the next minimum.
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
            "pixel_pitch_um": "stands for an unnamed sensor; plausible 1.5 to 6",
            "quantum_efficiency": _FILTERS,
            "dark_e_s": "at room temperature; plausible 0.5 to 100, doubling every 6 to 8 degrees",
            "prnu": "usual; plausible 0.003 to 0.015",
            "column_noise_e": "usual after column correction; plausible 0.2 to 3",
            "hot_share": "grows with the dose in space; plausible 1e-6 to 1e-3",
            "spill": "CMOS pixels drain excess charge",
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


def detector_name(section: DetectorSection, camera_preset: str | None) -> str:
    """Name of a scene's sensor in :data:`DETECTORS`: its own choice, that of its known camera, or the small one."""
    if section.preset is not None:
        return section.preset
    from selfiesim.camera.catalogue import PRESETS

    return PRESETS[camera_preset].detector if camera_preset in PRESETS else "small-cmos"


def resolve_detector(section: DetectorSection, camera_preset: str | None, pixel_pitch_um: float | None) -> Detector:
    """Look up a scene's sensor and apply the scene's own values.

    Parameters
    ----------
    section : DetectorSection
        ``photo.detector`` of the scene.
    camera_preset : str, optional
        Name of the scene's known camera.
    pixel_pitch_um : float, optional
        Pixel pitch of the scene's camera, which takes precedence over the catalogue's.

    Returns
    -------
    Detector
        The sensor.

    Raises
    ------
    SceneError
        For an unknown name.
    """
    name = detector_name(section, camera_preset)
    if name not in DETECTORS:
        hint = did_you_mean(name, DETECTORS) or f"; known are {', '.join(DETECTORS)}"
        raise SceneError(f"photo.detector.preset: unknown sensor {name!r}{hint}")
    given = {key: getattr(section, key) for key in _REPLACEABLE if getattr(section, key) is not None}
    known = DETECTORS[name]
    pitch = section.pixel_pitch_um or pixel_pitch_um or known.pixel_pitch_um
    return replace(known, pixel_pitch_um=pitch, **given)
