"""The sections of a scene file, each a small table of keys with units in their names.

What one section can check by itself it checks here; what takes two of them, :class:`selfiesim.scene.scene.Scene` does.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator

from selfiesim.scene.moments import Moment, UtcTime


def _check_axis(value: object) -> object:
    if isinstance(value, (list, tuple)) and value and all(part == 0 for part in value):
        raise ValueError("an axis needs a direction; not all three numbers may be 0")
    return value


def _check_axis_length(axis: Vector3) -> Vector3:
    if not 1e-6 <= max(abs(part) for part in axis) <= 1e6:
        raise ValueError("the largest number of an axis must lie between 1e-6 and 1e6")
    return axis


def _check_quaternion(value: Vector4) -> Vector4:
    if not 0.999 <= sum(part * part for part in value) ** 0.5 <= 1.001:
        raise ValueError("the four numbers of a quaternion (x, y, z, w) must have length 1")
    return value


Vector3 = tuple[float, float, float]
Vector4 = tuple[float, float, float, float]
# TOML has lists and no tuples: only the numbers inside are strict.
Axis = Annotated[Vector3, Strict(False), BeforeValidator(_check_axis), AfterValidator(_check_axis_length)]
Quaternion = Annotated[Vector4, Strict(False), AfterValidator(_check_quaternion)]
Number = Annotated[float, Field(ge=-1e12, le=1e12)]
Three = Annotated[tuple[Number, Number, Number], Strict(False)]
Rate = Annotated[float, Field(ge=-3600, le=3600)]
Positive = Annotated[float, Field(gt=0, le=1e12)]
Angle = Annotated[float, Field(ge=-360, le=360)]
FileName = Annotated[str, Field(min_length=1, max_length=1000)]


def _check_text(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in text):
        raise ValueError("control characters have no place in a text")
    return text


Text = Annotated[str, AfterValidator(_check_text)]


class Part(BaseModel):
    """A section of a scene: unknown keys, numbers that are not finite and numbers in quotes are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class HeliocentricPart(Part):
    """A body's path round the Sun, as catalogues of small bodies give it: ecliptic and equinox of J2000."""

    epoch_utc: UtcTime = Field(description="When the mean anomaly holds.")
    semi_major_axis_au: float = Field(gt=0, le=1000, description="Astronomical units.")
    eccentricity: float = Field(ge=0, lt=1, description="0 is a circle; below 1.")
    inclination_deg: float = Field(ge=0, le=180)
    node_deg: Angle = Field(description="Longitude of the ascending node.")
    arg_periapsis_deg: Angle
    mean_anomaly_deg: Angle


class BodyPart(Part):
    """A body of the scene's own, such as a small asteroid."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="What orbit.body calls it; lower case.")
    radii_km: Annotated[tuple[Positive, Positive, Positive], Strict(False)] = Field(
        description="Semi-axes of its ellipsoid along body-fixed x, y, z."
    )
    gm_km3_s2: float = Field(gt=0, le=1e12, description="Gravitational parameter.")
    pole_ra_deg: Angle = 0.0
    pole_dec_deg: float = Field(90.0, ge=-90, le=90)
    meridian_deg: Angle = Field(0.0, description="Angle W of the prime meridian at J2000.")
    spin_deg_day: float = Field(0.0, ge=-1e6, le=1e6, description="How fast it turns; negative is backward.")
    j2: float = Field(0.0, ge=-1, le=1, description="Zonal harmonic on the first radius, not normalised.")
    geometric_albedo: float | None = Field(
        None, gt=0, le=1.5, description="How bright it is; default: 0.14, or that of the known body of this name."
    )
    orbit: HeliocentricPart | None = Field(None, description="Its path round the Sun, unless kernels hold it.")


class ForcesPart(Part):
    """What pulls and pushes beside the central gravity."""

    zonals: bool = Field(True, description="The body's flattening: J2, J3, J4.")
    sun: bool = Field(True, description="The Sun's pull.")
    area_to_mass_m2_kg: float = Field(0.0, ge=0, le=1000, description="Sunlit area over mass of the craft.")
    camera_area_to_mass_m2_kg: float | None = Field(
        None, ge=0, le=1000, description="The same for the released camera; default: the craft's."
    )
    reflectivity: float = Field(1.3, ge=1, le=2, description="1 takes sunlight's push once (black), 2 twice (mirror).")


_ELEMENTS = (
    "semi_major_axis_km",
    "eccentricity",
    "inclination_deg",
    "raan_deg",
    "arg_periapsis_deg",
    "true_anomaly_deg",
)
_STATE = ("position_km", "velocity_km_s")


class OrbitPart(Part):
    """The craft's orbit at an epoch: six Keplerian elements, or position and velocity."""

    body: str = Field(
        "mars", description="What it goes round: mars, earth, moon, phobos, deimos, jupiter, sun, or [body]'s name."
    )
    frame: Literal["icrf", "ecliptic", "mars-inertial", "equator-of-date"] = Field(
        "mars-inertial",
        description="Axes of the numbers: icrf; ecliptic (of J2000); mars-inertial (z to Mars' pole of J2000, x on its "
        "equator's node); equator-of-date (the same of any body, at the epoch).",
    )
    epoch_utc: UtcTime = Field(description="When the numbers hold, for example 2021-12-31T16:30:00Z.")
    semi_major_axis_km: float | None = Field(None, gt=0, le=1e11)
    eccentricity: float | None = Field(None, ge=0, lt=1, description="0 is a circle; below 1.")
    inclination_deg: float | None = Field(None, ge=0, le=180)
    raan_deg: Angle | None = Field(None, description="Right ascension of the ascending node.")
    arg_periapsis_deg: Angle | None = None
    true_anomaly_deg: Angle | None = Field(None, description="Place on the orbit at the epoch, from periapsis.")
    position_km: Three | None = Field(None, description="From the body's centre, instead of elements.")
    velocity_km_s: Three | None = Field(None, description="Goes with position_km.")
    forces: ForcesPart | None = Field(None, description="Further forces; without it, two-body motion.")

    @model_validator(mode="after")
    def _one_way_of_saying(self) -> OrbitPart:
        elements = [key for key in _ELEMENTS if getattr(self, key) is not None]
        state = [key for key in _STATE if getattr(self, key) is not None]
        if elements and state:
            raise ValueError(f"give elements or a state, not both: {state[0]} beside {elements[0]}")
        wanted = _STATE if state else _ELEMENTS
        missing = [key for key in wanted if getattr(self, key) is None]
        if missing:
            instead = "" if elements or state else " (or position_km and velocity_km_s)"
            raise ValueError(f"missing: {', '.join(missing)}{instead}")
        return self


class PathPart(Part):
    """The craft's path from a file: a CCSDS OEM beside the scene, or the SPICE kernels the scene names."""

    body: str = Field("mars", description="What the path is told about.")
    oem: FileName | None = Field(None, description="An Orbit Ephemeris Message (text) beside the scene.")
    object_id: str = Field("", max_length=100, description="Whose path, when the OEM holds several.")
    target: str | None = Field(None, max_length=100, description="SPICE's name or number of the craft, from `kernels`.")
    epoch_utc: UtcTime | None = Field(
        None, description="Events such as periapsis are looked for from here; default: where the file begins."
    )

    @model_validator(mode="after")
    def _one_source(self) -> PathPart:
        if (self.oem is None) == (self.target is None):
            raise ValueError("give one of oem = 'file.oem' or target = '-143' (with kernels)")
        return self


class SitePart(Part):
    """The craft stands on the ground."""

    body: str = Field("mars", description="On what.")
    longitude_deg: Angle = Field(description="East, planetocentric.")
    latitude_deg: float = Field(ge=-90, le=90, description="Planetocentric.")
    height_m: float = Field(0.0, ge=-20_000, le=50_000, description="Of the ground, above the reference ellipsoid.")


Toward = Literal["sun", "earth", "nadir", "zenith", "velocity", "orbit-normal", "north", "east"]


class PointingPart(Part):
    """One body axis and what it points at."""

    axis: Axis = Field(description="Direction in the craft's body axes.")
    toward: Toward = Field(description="What the axis points at.")


class AttitudePart(Part):
    """How the craft is turned: two pointed axes, a fixed quaternion, or what a file says."""

    primary: PointingPart = Field(
        PointingPart(axis=(0.0, 0.0, -1.0), toward="sun"), description="A body axis that points exactly."
    )
    secondary: PointingPart = Field(
        PointingPart(axis=(1.0, 0.0, 0.0), toward="earth"),
        description="A second axis, as near to its target as the first allows.",
    )
    quaternion_icrf_to_body: Quaternion | None = Field(
        None, description="Held still among the stars: x, y, z, w of the rotation from ICRF to body axes."
    )
    aem: FileName | None = Field(None, description="A CCSDS Attitude Ephemeris Message beside the scene.")
    object_id: str = Field("", max_length=100, description="Whose attitude, when the AEM holds several.")
    ck_frame: str | None = Field(
        None, max_length=100, description="SPICE's name of the body axes, from `kernels` with a CK."
    )
    spin_deg_s: Rate = Field(0.0, description="Turns the craft about its primary axis, from the release on and before.")

    @model_validator(mode="after")
    def _one_rule(self) -> AttitudePart:
        fixed = [key for key in ("quaternion_icrf_to_body", "aem", "ck_frame") if getattr(self, key) is not None]
        pointed = [key for key in ("primary", "secondary") if key in self.model_fields_set]
        if len(fixed) > 1:
            raise ValueError(f"give {fixed[0]} or {fixed[1]}, not both")
        if fixed and (pointed or self.spin_deg_s):
            raise ValueError(f"{fixed[0]} says all; take {(*pointed, 'spin_deg_s')[0]} away")
        return self


class SpreadPart(Part):
    """How far a number may be off: ``normal`` gives the standard deviation, ``uniform`` the lowest and highest."""

    normal: float | None = Field(None, ge=0, description="Standard deviation, about no error.")
    uniform: Annotated[tuple[float, float], Strict(False)] | None = Field(None, description="Lowest and highest error.")

    @model_validator(mode="after")
    def _one_kind(self) -> SpreadPart:
        if (self.normal is None) == (self.uniform is None):
            raise ValueError("give one of normal = 0.01 or uniform = [-0.01, 0.01]")
        if self.uniform and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform: the first number must not be above the second")
        return self


class ScatterPart(Part):
    """How releases differ from one to the next, for clouds of paths; the picture shows the release as planned."""

    speed_m_s: SpreadPart | None = Field(None, description="Error of the spring's speed.")
    spring_energy_j: SpreadPart | None = Field(None, description="Error of the spring's energy, where that is given.")
    tilt_deg: SpreadPart | None = Field(None, description="Lean of the push, in each of two directions across it.")
    tip_off_deg_s: SpreadPart | None = Field(None, description="Error of the tip-off, about each of the camera's axes.")
    spin_deg_s: SpreadPart | None = Field(None, description="Error of the spin about the push.")
    delay_s: SpreadPart | None = Field(None, description="Error of the time of release.")
    seed: int = Field(0, ge=0, lt=2**63, description="Another seed throws other dice.")

    @model_validator(mode="after")
    def _one_push(self) -> ScatterPart:
        if self.speed_m_s and self.spring_energy_j:
            raise ValueError("give speed_m_s or spring_energy_j, not both: the energy makes the speed")
        return self


class ReleasePart(Part):
    """The push-off."""

    at: Moment = Field(
        description="When: max-latitude, periapsis, apoapsis, cap-crossing or terminator, with an offset if wanted "
        "(max-latitude-30s), or a UTC time."
    )
    mount: str = Field("camera", description="A mount named in the model's description.")
    axis: Axis | None = Field(None, description="Direction of the push in body axes; default: the mount's own.")
    speed_m_s: float = Field(0.2, gt=0, le=100, description="Speed the spring gives along the axis.")
    spring_energy_j: float | None = Field(
        None, gt=0, le=1e6, description="Instead of the speed; needs camera.mass_kg and the craft's mass."
    )
    tilt_deg: Annotated[tuple[Angle, Angle], Strict(False)] = Field(
        (0.0, 0.0), description="The plunger is out of true: lean of the push toward two directions across it."
    )
    spin_deg_s: Rate = Field(0.0, description="Spin the camera leaves with, about the push.")
    tip_off_deg_s: Annotated[tuple[Rate, Rate, Rate], Strict(False)] = Field(
        (0.0, 0.0, 0.0),
        description="Further turning it leaves with, about its inner lens' axes (right, down, forward).",
    )
    recoil: bool = Field(False, description="Push the craft back as well; needs both masses.")
    scatter: ScatterPart | None = Field(None, description="How releases differ, for drift --samples.")

    @model_validator(mode="after")
    def _not_after_itself(self) -> ReleasePart:
        if self.at.startswith("release"):
            raise ValueError("release.at cannot be counted from the release; use max-latitude, periapsis or a UTC time")
        if self.spring_energy_j is not None and "speed_m_s" in self.model_fields_set:
            raise ValueError("give speed_m_s or spring_energy_j, not both: the energy makes the speed")
        scatter = self.scatter
        if scatter and scatter.spring_energy_j and self.spring_energy_j is None:
            raise ValueError("scatter: spring_energy_j goes with spring_energy_j; with a speed, scatter speed_m_s")
        if scatter and scatter.speed_m_s and self.spring_energy_j is not None:
            raise ValueError("scatter: speed_m_s goes with speed_m_s; with an energy, scatter spring_energy_j")
        return self


class MountedPart(Part):
    """A camera that stays on the craft, on a wall or at the end of a boom, instead of one that is released."""

    mount: str = Field("camera", description="A mount named in the model's description.")
    axis: Axis | None = Field(None, description="Direction of the boom in body axes; default: the mount's own.")
    out_m: float = Field(0.0, ge=0, le=1000, description="Length of the boom, from the mount along the axis.")
    offset_m: Three | None = Field(
        None,
        description="Instead of a mount: where the lens is, from the craft's origin, as on a stand beside it.",
    )
    axes: Literal["body", "local"] = Field(
        "local", description="Of offset_m: the craft's body axes, or east, north and up where the craft is."
    )

    @model_validator(mode="after")
    def _one_place(self) -> MountedPart:
        given = self.model_fields_set & {"mount", "axis", "out_m"}
        if self.offset_m is not None and given:
            raise ValueError(f"offset_m stands instead of a mount: take away {', '.join(sorted(given))}")
        return self


class SkyPart(Part):
    """What stands in the sky besides the planet and the craft."""

    stars: bool = Field(True, description="Stars to magnitude 5.5, the planets and the Moon.")
    sun: bool = Field(True, description="The Sun's disc.")
    moons: bool = Field(True, description="Phobos and Deimos.")
