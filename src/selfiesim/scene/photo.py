"""The section ``[photo]``: exposure, look, and every effect of lens and sensor by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict, ValidationError, model_validator

from selfiesim.core.config_validation import explain_validation_error, set_by_path
from selfiesim.core.errors import SceneError
from selfiesim.core.untrusted.plain_values import plain_table
from selfiesim.scene.section import Section, Vector3Value

MIN_SHUTTER_S, MAX_SHUTTER_S = 1e-7, 3600.0
"""Bounds of the exposure time, for the light meter too."""


def _check_shutter(value: object) -> object:
    # Here rather than in the types, which would report two faults for one.
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value != "auto" and not (number and MIN_SHUTTER_S <= value <= MAX_SHUTTER_S):  # type: ignore[operator]
        raise ValueError('give seconds from 1e-7 to 3600, or "auto"')
    return value


Gain = Annotated[float, Field(ge=0.1, le=10)]

Look = Literal["clean", "raw", "onboard", "press"]
Tone = Literal["linear", "shoulder", "filmic", "agx"]
Meter = Literal["matrix", "centre", "highlight", "subject"]


class EffectsSection(Section):
    """Switches for single effects; true or false overrides the look."""

    vignetting: bool | None = Field(
        None, description="Falloff toward the corners: cos^p law and mechanical vignetting."
    )
    diffraction: bool | None = Field(None, description="Airy pattern of the aperture.")
    defocus: bool | None = Field(None, description="Blur disc of diameter lens.defocus_px.")
    glare: bool | None = Field(
        None, description="Light scattered in the lens: haloes around bright objects and veiling glare."
    )
    ghosts: bool | None = Field(
        None, description="Reflections between lens surfaces when the Sun is in or near the frame."
    )
    sun_disc: bool | None = Field(None, description="The Sun's disc, where it is in the frame.")
    lateral_colour: bool | None = Field(
        None, description="Lateral chromatic aberration: red and blue at a different scale than green."
    )
    dust: bool | None = Field(None, description="Out-of-focus dust specks on the lens.")
    shot_noise: bool | None = Field(None, description="Photon shot noise.")
    read_noise: bool | None = Field(None, description="Read noise of the amplifier.")
    dark_current: bool | None = Field(None, description="Thermal dark current, hot pixels aside.")
    hot_pixels: bool | None = Field(None, description="Pixels with excessive dark current.")
    fixed_pattern: bool | None = Field(None, description="Column offsets, the same in each frame.")
    prnu: bool | None = Field(None, description="Pixel response non-uniformity, the same in each frame.")
    cosmic_rays: bool | None = Field(None, description="Particle tracks during exposure and readout.")
    blooming: bool | None = Field(None, description="Charge above the full well spills along the column.")
    quantisation: bool | None = Field(None, description="Rounding to digital numbers.")
    mosaic: bool | None = Field(None, description="Colour filter array; off, each pixel measures all three bands.")
    rolling_shutter: bool | None = Field(None, description="Rows are read one after the other while the scene moves.")
    shading: bool | None = Field(None, description="Flat-field correction of part of the vignetting.")
    sharpening: bool | None = Field(None, description="Unsharp mask.")
    jpeg: bool | None = Field(None, description="Compression artefacts of the camera's own JPEG.")


class LensSection(Section):
    """Lens parameters; the defaults are assumed, for the reasons in docs/photo.md."""

    pupil_power: float | None = Field(
        None,
        ge=0,
        le=4,
        description="Entrance pupil shrinks as cos^p off axis: 1 is flat (cos^4 falloff in total), 0 keeps its area.",
    )
    mechanical_from: float = Field(
        0.75, ge=0, le=2, description="Field height where mechanical vignetting begins, in half diagonals."
    )
    mechanical_loss: float = Field(0.15, ge=0, le=1, description="Light lost to mechanical vignetting in the corner.")
    defocus_px: float = Field(0.0, ge=0, le=60, description="Diameter of the defocus blur disc.")
    glare_share: float = Field(0.015, ge=0, le=0.5, description="Fraction of the light scattered in the lens.")
    glare_angle_deg: float = Field(0.1, ge=0.001, le=10, description="Shoulder angle of the scattering law.")
    glare_slope: float = Field(2.3, ge=1.5, le=4, description="Exponent of the tail of the scattering law.")
    reflectance: float = Field(0.005, ge=0, le=0.1, description="Reflectance of each coated surface, for ghosts.")
    lateral_share: float = Field(
        4e-4, ge=-0.01, le=0.01, description="Relative magnification of red, and reduction of blue."
    )
    dust_count: int = Field(14, ge=0, le=500, description="Number of dust specks in the frame.")
    dust_loss: float = Field(0.03, ge=0, le=1, description="Light blocked by the largest speck.")


class DetectorSection(Section):
    """The sensor: a known one by name, or that of the camera preset; each value may be replaced."""

    preset: str | None = Field(
        None, max_length=60, description="Name of a known sensor: small-cmos, cmv2000, cmv4000 or th7888a."
    )
    pixel_pitch_um: float | None = Field(
        None, ge=0.5, le=100, description="Pixel pitch; default: that of the camera, else of the sensor."
    )
    quantum_efficiency: Annotated[tuple[Vector3Value, Vector3Value, Vector3Value], Strict(False)] | None = Field(
        None, description="Quantum efficiency of red, green and blue pixels (rows) in the bands at 620, 550 and 460 nm."
    )
    full_well_e: float | None = Field(None, ge=100, le=1e7, description="Full well capacity of a pixel, electrons.")
    read_noise_e: float | None = Field(None, ge=0, le=1e4, description="Read noise, electrons rms.")
    dark_e_s: float | None = Field(None, ge=0, le=1e6, description="Dark current of a pixel, electrons per second.")
    prnu: float | None = Field(None, ge=0, le=0.5, description="Standard deviation of the pixel sensitivity, relative.")
    column_noise_e: float | None = Field(
        None, ge=0, le=1e4, description="Standard deviation of column offsets, electrons."
    )
    hot_share: float | None = Field(None, ge=0, le=0.1, description="Fraction of hot pixels.")
    cosmic_cm2_s: float = Field(5.0, ge=0, le=1e6, description="Particle flux through the sensor.")
    adc_bits: int | None = Field(None, ge=6, le=16, description="Resolution of the analogue-to-digital converter.")
    spill: float | None = Field(None, ge=0, le=1, description="Fraction of the charge above the full well that blooms.")
    readout_s: float | None = Field(None, ge=0, le=60, description="Readout time from the first to the last row.")

    @model_validator(mode="after")
    def _check_quantum_efficiency(self) -> DetectorSection:
        rows = self.quantum_efficiency
        if rows is None:
            return self
        if any(not 0.0 <= value <= 1.0 for row in rows for value in row):
            raise ValueError("quantum_efficiency: each value must lie between 0 and 1")
        (a, b, c), (d, e, f), (g, h, i) = rows
        if any(max(row) == 0.0 for row in rows):
            raise ValueError("quantum_efficiency: a colour must respond in at least one band")
        if abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) < 1e-6:
            raise ValueError("quantum_efficiency: the three rows must be linearly independent to separate colours")
        return self


class PhotoSection(Section):
    """Exposure and development."""

    look: Look = Field("clean", description="clean: ideal lens and sensor; raw, onboard, press: simulated camera.")
    shutter_s: Annotated[Literal["auto"] | float, BeforeValidator(_check_shutter)] = Field(
        "auto", description="Exposure time, 1e-7 to 3600; auto leaves it to the light meter."
    )
    f_number: float = Field(8.0, ge=0.5, le=256, description="f-number of the lens.")
    iso: float = Field(100.0, ge=1, le=1e7, description="Sensitivity, saturation-based after ISO 12232.")
    stops: float = Field(0.0, ge=-20, le=20, description="Exposure compensation: +1 doubles the exposure.")
    meter: Meter = Field(
        "matrix",
        description="Metering pattern for auto: everything lit, the centre, the highlights, or the craft's highlights.",
    )
    white: Annotated[tuple[Gain, Gain, Gain], Strict(False)] | None = Field(
        None,
        description="Light that comes out white, relative to sunlight, in red, green and blue: white balance. Bluer "
        "light makes a warmer picture; default: sunlight.",
    )
    tone: Tone | None = Field(None, description="Tone curve; default: that of the look.")
    sharpening: float | None = Field(
        None, ge=0, le=3, description="Strength of the unsharp mask; default: that of the look."
    )
    jpeg_quality: int | None = Field(
        None, ge=10, le=100, description="Quality of the camera's own JPEG; default: that of the look."
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Random seed of the noise that differs from frame to frame.")
    motion_blur: bool = Field(
        False, description="Whether to blur motion while the shutter is open; the view is the instant it opens."
    )
    marks: Annotated[tuple[Literal["scale-bar", "watermark"], ...], Strict(False)] = Field(
        (),
        max_length=2,
        description="Overlays: a scale bar at the distance of the craft, and the words 'synthetic image'.",
    )
    effects: EffectsSection = EffectsSection()
    lens: LensSection = LensSection()
    detector: DetectorSection = DetectorSection()

    def with_changes(self, source: str = "scene", **changes: Any) -> PhotoSection:
        """Return a copy with some keys changed, each named by its path, ``__`` for the dot (``effects__vignetting``).

        Raises
        ------
        SceneError
            One line for each unknown key or value out of range, each starting with ``source``.
        """
        table = self.model_dump(mode="json", exclude_unset=True)
        for key, value in changes.items():
            set_by_path(table, key.split("__"), value, "photo")
        table = plain_table(table, SceneError, f"{source}: photo")
        try:
            return PhotoSection.model_validate(table)
        except ValidationError as error:
            lines = explain_validation_error(error, PhotoSection)
            raise SceneError("\n".join(f"{source}: photo.{line}" for line in lines)) from error

    @model_validator(mode="after")
    def _check_compensation(self) -> PhotoSection:
        if self.shutter_s != "auto" and not MIN_SHUTTER_S <= self.shutter_s * 2.0**self.stops <= MAX_SHUTTER_S:
            raise ValueError(
                f"stops: {self.stops:g} takes shutter_s = {self.shutter_s:g} beyond 1e-7 to 3600 s; choose others"
            )
        return self

    @model_validator(mode="after")
    def _check_look_effects(self) -> PhotoSection:
        if self.look == "clean":
            idle = [name for name, on in self.effects if on]
            if idle:
                raise ValueError(f"effects.{idle[0]}: needs look = 'raw', 'onboard' or 'press'; clean has no effects")
        return self
