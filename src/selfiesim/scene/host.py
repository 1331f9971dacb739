"""Where the craft is: the sections ``[orbit]``, ``[path]``, ``[site]`` and ``[body]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from selfiesim.scene.moments import UtcTime
from selfiesim.scene.section import Angle, FileName, Positive, Section, Vector3Value


class HeliocentricOrbitSection(Section):
    """A body's path round the Sun, as catalogues of small bodies give it: ecliptic and equinox of J2000."""

    epoch_utc: UtcTime = Field(description="When the mean anomaly holds.")
    semi_major_axis_au: float = Field(gt=0, le=1000, description="Astronomical units.")
    eccentricity: float = Field(ge=0, lt=1, description="0 is a circle; below 1.")
    inclination_deg: float = Field(ge=0, le=180)
    node_deg: Angle = Field(description="Longitude of the ascending node.")
    arg_periapsis_deg: Angle
    mean_anomaly_deg: Angle


class BodySection(Section):
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
    orbit: HeliocentricOrbitSection | None = Field(None, description="Its path round the Sun, unless kernels hold it.")


class ForcesSection(Section):
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


class OrbitSection(Section):
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
    position_km: Vector3Value | None = Field(None, description="From the body's centre, instead of elements.")
    velocity_km_s: Vector3Value | None = Field(None, description="Goes with position_km.")
    forces: ForcesSection | None = Field(None, description="Further forces; without it, two-body motion.")

    @model_validator(mode="after")
    def _check_elements_or_state(self) -> OrbitSection:
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


class PathSection(Section):
    """The craft's path from a file: a CCSDS OEM beside the scene, or the SPICE kernels the scene names."""

    body: str = Field("mars", description="What the path is told about.")
    oem: FileName | None = Field(None, description="An Orbit Ephemeris Message (text) beside the scene.")
    object_id: str = Field("", max_length=100, description="Whose path, when the OEM holds several.")
    target: str | None = Field(None, max_length=100, description="SPICE's name or number of the craft, from `kernels`.")
    epoch_utc: UtcTime | None = Field(
        None, description="Events such as periapsis are looked for from here; default: where the file begins."
    )

    @model_validator(mode="after")
    def _check_one_source(self) -> PathSection:
        if (self.oem is None) == (self.target is None):
            raise ValueError("give one of oem = 'file.oem' or target = '-143' (with kernels)")
        return self


class SiteSection(Section):
    """The craft stands on the ground."""

    body: str = Field("mars", description="On what.")
    longitude_deg: Angle = Field(description="East, planetocentric.")
    latitude_deg: float = Field(ge=-90, le=90, description="Planetocentric.")
    height_m: float = Field(0.0, ge=-20_000, le=50_000, description="Of the ground, above the reference ellipsoid.")
