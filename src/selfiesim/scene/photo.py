"""The ``[photo]`` section of a scene: exposure, look, and every effect of lens and sensor by name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, Strict, model_validator

from selfiesim.scene.section import Section, Vector3Value


def _check_shutter(value: object) -> object:
    # Here rather than in the types, which would tell two faults for one.
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value != "auto" and not (number and 1e-7 <= float(value) <= 3600.0):  # type: ignore[arg-type]
        raise ValueError('a number of seconds from 1e-7 to 3600, or "auto"')
    return value


Look = Literal["clean", "raw", "onboard", "press"]
Tone = Literal["linear", "shoulder", "filmic", "agx"]
Meter = Literal["matrix", "centre", "highlight"]


class EffectsSection(Section):
    """Switches: true or false overrules what the look has; each is on or off by itself."""

    vignetting: bool | None = Field(None, description="Light lost off the axis, and at the edge of the lens mount.")
    diffraction: bool | None = Field(None, description="The aperture's Airy pattern.")
    defocus: bool | None = Field(None, description="A blur disc of lens.defocus_px.")
    glare: bool | None = Field(None, description="Light scattered in the lens: haloes round bright things, a veil.")
    ghosts: bool | None = Field(None, description="Reflections between lens surfaces when the Sun is in or near.")
    sun_disc: bool | None = Field(None, description="The Sun itself, where it is in the picture.")
    lateral_colour: bool | None = Field(None, description="Red and blue are pictured at other scales than green.")
    dust: bool | None = Field(None, description="Specks on the lens, far out of focus.")
    shot_noise: bool | None = Field(None, description="Light comes in photons.")
    read_noise: bool | None = Field(None, description="Noise of the amplifier.")
    dark_current: bool | None = Field(None, description="Electrons that heat sets free, hot pixels aside.")
    hot_pixels: bool | None = Field(None, description="Pixels with far too much dark current.")
    fixed_pattern: bool | None = Field(None, description="Offsets of columns, the same in each frame.")
    prnu: bool | None = Field(None, description="Pixels that differ in sensitivity, the same in each frame.")
    cosmic_rays: bool | None = Field(None, description="Tracks of particles during exposure and read-out.")
    blooming: bool | None = Field(None, description="Charge above the full well runs along the column.")
    quantisation: bool | None = Field(None, description="Whole numbers from the converter.")
    mosaic: bool | None = Field(None, description="One colour a pixel; off, each pixel sees all three.")
    rolling_shutter: bool | None = Field(None, description="Rows are read one after the other while things move.")
    shading: bool | None = Field(None, description="Development evens out part of the vignetting.")
    sharpening: bool | None = Field(None, description="Unsharp mask.")
    jpeg: bool | None = Field(None, description="Block artefacts of the camera's own JPEG.")


class LensSection(Section):
    """Numbers of the lens; assumed where a scene does not give them (docs/photo.md says why these)."""

    pupil_power: float | None = Field(
        None, ge=0, le=4, description="The aperture shrinks as cos^p off axis: 1 flat (in all cos^4), 0 turns along."
    )
    mechanical_from: float = Field(0.75, ge=0, le=2, description="Where the mount begins to cut: of the half diagonal.")
    mechanical_loss: float = Field(0.15, ge=0, le=1, description="Light it takes in the corner.")
    defocus_px: float = Field(0.0, ge=0, le=60, description="Diameter of the blur disc.")
    glare_share: float = Field(0.015, ge=0, le=0.5, description="Of the light, scattered in the lens.")
    glare_angle_deg: float = Field(0.1, ge=0.001, le=10, description="Shoulder of the scatter's angular law.")
    glare_slope: float = Field(2.3, ge=1.5, le=4, description="Exponent of its tail.")
    reflectance: float = Field(0.005, ge=0, le=0.1, description="Of each coated surface, for ghosts.")
    lateral_share: float = Field(4e-4, ge=-0.01, le=0.01, description="Red is pictured so much larger, blue smaller.")
    dust_count: int = Field(14, ge=0, le=500, description="Specks in the picture.")
    dust_loss: float = Field(0.03, ge=0, le=1, description="Light the largest takes.")


class DetectorSection(Section):
    """The sensor: a known one by name, or the camera's own; each number may be replaced."""

    preset: str | None = Field(None, max_length=60, description="small-cmos, cmv2000, cmv4000, th7888a.")
    pixel_pitch_um: float | None = Field(None, ge=0.5, le=100, description="Default: the camera's, or the sensor's.")
    quantum_efficiency: Annotated[tuple[Vector3Value, Vector3Value, Vector3Value], Strict(False)] | None = Field(
        None, description="Of the red, green and blue pixels (rows) in the bands at 620, 550 and 460 nm."
    )
    full_well_e: float | None = Field(None, ge=100, le=1e7, description="Electrons a pixel holds.")
    read_noise_e: float | None = Field(None, ge=0, le=1e4, description="Standard deviation of the amplifier.")
    dark_e_s: float | None = Field(None, ge=0, le=1e6, description="Dark current of a pixel.")
    prnu: float | None = Field(None, ge=0, le=0.5, description="Standard deviation of the sensitivity.")
    column_noise_e: float | None = Field(None, ge=0, le=1e4, description="Standard deviation of columns' offsets.")
    hot_share: float | None = Field(None, ge=0, le=0.1, description="Share of hot pixels.")
    cosmic_cm2_s: float = Field(5.0, ge=0, le=1e6, description="Particles through the sensor.")
    adc_bits: int | None = Field(None, ge=6, le=16, description="Of the converter.")
    spill: float | None = Field(None, ge=0, le=1, description="Share of charge above the well that blooms.")
    readout_s: float | None = Field(None, ge=0, le=60, description="From the first row to the last.")

    @model_validator(mode="after")
    def _check_quantum_efficiency(self) -> DetectorSection:
        rows = self.quantum_efficiency
        if rows is None:
            return self
        if any(not 0.0 <= value <= 1.0 for row in rows for value in row):
            raise ValueError("quantum_efficiency: each number lies between 0 and 1")
        (a, b, c), (d, e, f), (g, h, i) = rows
        if any(max(row) == 0.0 for row in rows):
            raise ValueError("quantum_efficiency: a colour with 0 in all three bands sees nothing")
        if abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) < 1e-6:
            raise ValueError("quantum_efficiency: the three rows must differ, or colours cannot be told apart")
        return self


class PhotoSection(Section):
    """From light to picture."""

    look: Look = Field("clean", description="clean: no lens, no sensor; raw, onboard, press: as a camera makes it.")
    shutter_s: Annotated[Literal["auto"] | float, BeforeValidator(_check_shutter)] = Field(
        "auto", description="Exposure time, 1e-7 to 3600; auto lets the light meter choose it."
    )
    f_number: float = Field(8.0, ge=0.5, le=256, description="Focal length over aperture.")
    iso: float = Field(100.0, ge=1, le=1e7, description="Sensitivity, ISO 12232 saturation-based.")
    stops: float = Field(0.0, ge=-20, le=20, description="Exposure correction: +1 doubles the light.")
    meter: Meter = Field("matrix", description="What auto looks at: all that is lit, the centre, or the highlights.")
    tone: Tone | None = Field(None, description="Tone curve; default: the look's.")
    sharpening: float | None = Field(None, ge=0, le=3, description="Strength of the unsharp mask; default: the look's.")
    jpeg_quality: int | None = Field(None, ge=10, le=100, description="Of the camera's own JPEG; default: the look's.")
    seed: int = Field(0, ge=0, lt=2**63, description="Another seed throws other dice for what differs frame by frame.")
    motion_blur: bool = Field(
        False, description="Whether what moves while the shutter is open is smeared; the view is its opening."
    )
    marks: Annotated[tuple[Literal["scale-bar", "watermark"], ...], Strict(False)] = Field(
        (), max_length=2, description="Drawn onto the picture: a scale bar for the craft's distance, 'synthetic image'."
    )
    effects: EffectsSection = EffectsSection()
    lens: LensSection = LensSection()
    detector: DetectorSection = DetectorSection()

    @model_validator(mode="after")
    def _check_look_effects(self) -> PhotoSection:
        if self.look == "clean":
            idle = [name for name, on in self.effects if on]
            if idle:
                raise ValueError(
                    f"effects.{idle[0]}: goes with look = 'raw', 'onboard' or 'press'; clean has no effects"
                )
        return self
