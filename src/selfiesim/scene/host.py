"""Where the craft is: the sections ``[orbit]``, ``[path]``, ``[site]`` and ``[body]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from selfiesim.scene.moments import UtcTime
from selfiesim.scene.section import Angle, FileName, Positive, Section, Vector3Value


class HeliocentricOrbitSection(Section):
    """Heliocentric orbit of a body as small-body catalogues give it: ecliptic and equinox of J2000."""

    epoch_utc: UtcTime = Field(description="Epoch of the mean anomaly.")
    semi_major_axis_au: float = Field(gt=0, le=1000, description="Semi-major axis, au.")
    eccentricity: float = Field(ge=0, lt=1, description="Eccentricity; 0 is a circle.")
    inclination_deg: float = Field(ge=0, le=180, description="Inclination to the ecliptic.")
    node_deg: Angle = Field(description="Longitude of the ascending node.")
    arg_periapsis_deg: Angle = Field(description="Argument of the perihelion.")
    mean_anomaly_deg: Angle = Field(description="Mean anomaly at the epoch.")


class BodySection(Section):
    """A body that the scene defines, such as a small asteroid."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="Name to use in orbit.body; lower case.")
    radii_km: Annotated[tuple[Positive, Positive, Positive], Strict(False)] = Field(
        description="Semi-axes of the ellipsoid along body-fixed x, y and z."
    )
    gm_km3_s2: float = Field(gt=0, le=1e12, description="Gravitational parameter.")
    pole_ra_deg: Angle = Field(0.0, description="Right ascension of the north pole.")
    pole_dec_deg: float = Field(90.0, ge=-90, le=90, description="Declination of the north pole.")
    meridian_deg: Angle = Field(0.0, description="Angle W of the prime meridian at J2000.")
    spin_deg_day: float = Field(0.0, ge=-1e6, le=1e6, description="Rotation rate; negative is retrograde.")
    j2: float = Field(0.0, ge=-1, le=1, description="Zonal harmonic J2, unnormalised, for the first radius.")
    geometric_albedo: float | None = Field(
        None, gt=0, le=1.5, description="Geometric albedo; default: 0.14, or that of the known body of this name."
    )
    orbit: HeliocentricOrbitSection | None = Field(
        None, description="Its heliocentric orbit, unless kernels provide it."
    )


class ForcesSection(Section):
    """Perturbing forces on craft and camera."""

    zonals: bool = Field(True, description="Zonal gravity harmonics J2, J3 and J4 of the body.")
    sun: bool = Field(True, description="Third-body gravity of the Sun.")
    area_to_mass_m2_kg: float = Field(
        0.0, ge=0, le=1000, description="Area-to-mass ratio of the craft for solar radiation pressure."
    )
    camera_area_to_mass_m2_kg: float | None = Field(
        None, ge=0, le=1000, description="Area-to-mass ratio of the released camera; default: that of the craft."
    )
    reflectivity: float = Field(
        1.3, ge=1, le=2, description="Radiation pressure coefficient: 1 absorbs all light, 2 reflects it."
    )


_ELEMENTS = (
    "semi_major_axis_km",
    "eccentricity",
    "inclination_deg",
    "raan_deg",
    "arg_periapsis_deg",
    "true_anomaly_deg",
)

_STATE = ("position_km", "velocity_km_s")


_OVERFLIGHT = ("altitude_km", "local_time_h", "sun_elevation_deg", "ls_deg", "heading")

_MEAN_ELEMENTS = ("tle", "omm")


class PlaceSection(Section):
    """A place on the ground."""

    lat_deg: float = Field(ge=-90, le=90, description="Planetocentric latitude.")
    lon_deg: Angle = Field(description="East longitude.")


class OrbitSection(Section):
    """The craft's orbit: six Keplerian elements, position and velocity, a place to be over, or two-line elements."""

    body: str = Field(
        "mars",
        description="Central body: a planet, the sun, moon, phobos, deimos, io, europa, ganymede, callisto, "
        "enceladus, titan, triton, or the name in [body].",
    )
    frame: Literal["icrf", "ecliptic", "mars-inertial", "equator-of-date"] = Field(
        "mars-inertial",
        description="Frame: icrf; ecliptic (of J2000); mars-inertial (z toward the pole of Mars at J2000, x along "
        "the node of its equator, as GMAT's MarsInertial); equator-of-date (the same for any body, at the epoch; "
        "fits the telemetry of Tianwen-1).",
    )
    epoch_utc: UtcTime | None = Field(
        None,
        description="Epoch of the elements, for example 2021-12-31T16:30:00Z; with over, the date near which the craft "
        "is over the place, by default 2022-01-01.",
    )
    semi_major_axis_km: float | None = Field(None, gt=0, le=1e11, description="Semi-major axis.")
    eccentricity: float | None = Field(None, ge=0, lt=1, description="Eccentricity; 0 is a circle.")
    inclination_deg: float | None = Field(
        None, ge=0, le=180, description="Inclination; with over, to the equator of the date."
    )
    raan_deg: Angle | None = Field(None, description="Right ascension of the ascending node.")
    arg_periapsis_deg: Angle | None = Field(None, description="Argument of the periapsis.")
    true_anomaly_deg: Angle | None = Field(None, description="True anomaly at the epoch.")
    position_km: Vector3Value | None = Field(None, description="Position from the body's centre, instead of elements.")
    velocity_km_s: Vector3Value | None = Field(None, description="Velocity; needs position_km.")
    over: PlaceSection | Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        None,
        description="Instead: the place that the craft is over, a name of the gazetteer or lat_deg and lon_deg; the "
        "moment is the event over.",
    )
    altitude_km: float | None = Field(
        None, gt=0, le=1e9, description="Height above the place; with an eccentricity, the periapsis is there."
    )
    local_time_h: float | None = Field(
        None, ge=0, lt=24, description="Local true solar time of the place: 12 when the Sun is on its meridian."
    )
    sun_elevation_deg: float | None = Field(
        None, ge=-90, le=90, description="Elevation of the rising Sun at the place, instead of local_time_h."
    )
    ls_deg: float | None = Field(
        None, ge=0, lt=360, description="Season: the planetocentric longitude of the Sun, the nearest to epoch_utc."
    )
    heading: Literal["north", "south"] = Field("north", description="Whether the craft flies north or south there.")
    tle: FileName | None = Field(
        None, description="Instead: two-line elements next to the scene file, about the Earth, propagated with SGP4."
    )
    omm: FileName | None = Field(None, description="Instead: a CCSDS Orbit Mean-Elements Message, likewise.")
    object_id: str = Field(
        "", max_length=100, description="Object to use when that file holds several: its designator, number or name."
    )
    forces: ForcesSection | None = Field(None, description="Perturbing forces; default: two-body motion.")

    @model_validator(mode="after")
    def _check_one_form(self) -> OrbitSection:
        # By value: a scene that is written out has every key.
        given = {key for key, field in type(self).model_fields.items() if getattr(self, key) != field.default}
        forms = {
            "elements": [key for key in _ELEMENTS if key in given],
            "a state vector": [key for key in _STATE if key in given],
            "over": ["over"] if self.over is not None else [],
            "mean elements": [key for key in _MEAN_ELEMENTS if getattr(self, key) is not None],
        }
        if forms["over"]:
            forms["elements"] = [key for key in forms["elements"] if key not in ("eccentricity", "inclination_deg")]
        chosen = [form for form, keys in forms.items() if keys]
        if len(chosen) > 1:
            first, second = (forms[form][0] for form in reversed(chosen[:2]))
            raise ValueError(f"give {chosen[0]} or {chosen[1]}, not both: {first} and {second}")
        if chosen == ["over"]:
            self._check_over(given)
        elif idle := [key for key in _OVERFLIGHT if key in given]:
            raise ValueError(f"{idle[0]}: applies only with over, the place that the craft is over")
        elif chosen == ["mean elements"]:
            self._check_mean_elements(forms["mean elements"], given)
        else:
            self._check_elements(chosen)
        return self

    def _check_elements(self, chosen: list[str]) -> None:
        wanted = _STATE if chosen == ["a state vector"] else _ELEMENTS
        missing = [key for key in wanted if getattr(self, key) is None]
        if missing:
            instead = "" if chosen else " (or position_km and velocity_km_s, or over)"
            raise ValueError(f"missing: {', '.join(missing)}{instead}")
        if self.epoch_utc is None:
            raise ValueError("epoch_utc: missing; elements need their epoch, such as 2021-12-31T16:30:00Z")
        if self.object_id:
            raise ValueError("object_id: applies only with tle or omm")

    def _check_over(self, given: set[str]) -> None:
        missing = [key for key in ("altitude_km", "inclination_deg") if getattr(self, key) is None]
        if missing:
            raise ValueError(f"over: {' and '.join(missing)} missing")
        if self.local_time_h is not None and self.sun_elevation_deg is not None:
            raise ValueError("give local_time_h or sun_elevation_deg, not both: each sets the time of day")
        if idle := [key for key in ("frame", "object_id") if key in given]:
            raise ValueError(f"{idle[0]}: does not apply with over, whose inclination is to the equator of the date")

    def _check_mean_elements(self, files: list[str], given: set[str]) -> None:
        if len(files) > 1:
            raise ValueError("give tle or omm, not both")
        if idle := [key for key in ("frame", "forces") if key in given]:
            raise ValueError(f"{idle[0]}: does not apply with {files[0]}, whose elements are propagated with SGP4")


class PathSection(Section):
    """The craft's trajectory from a file next to the scene file, or from SPICE kernels that the scene names."""

    body: str = Field("mars", description="Central body of the trajectory.")
    oem: FileName | None = Field(
        None, description="A CCSDS Orbit Ephemeris Message next to the scene file: KVN, XML or JSON."
    )
    tle: FileName | None = Field(
        None, description="Two-line elements next to the scene file, about the Earth, propagated with SGP4."
    )
    omm: FileName | None = Field(
        None, description="A CCSDS Orbit Mean-Elements Message (KVN, XML or JSON), propagated like two-line elements."
    )
    object_id: str = Field(
        "", max_length=100, description="Object to use when the file holds several: its designator, number or name."
    )
    target: str | None = Field(None, max_length=100, description="SPICE name or ID of the craft in `kernels`.")
    epoch_utc: UtcTime | None = Field(
        None,
        description="Start of the search for events such as periapsis; default: start of the file, or the epoch of "
        "its elements.",
    )

    @model_validator(mode="after")
    def _check_one_source(self) -> PathSection:
        given = [key for key in ("oem", "tle", "omm", "target") if getattr(self, key) is not None]
        if len(given) != 1:
            found = f", not {' and '.join(given)}" if given else ""
            raise ValueError(
                "give one of oem = 'file.oem', tle = 'file.tle', omm = 'file.omm' or target = '-143' (with kernels)"
                + found
            )
        return self


class SiteSection(Section):
    """The craft stands on the ground at a fixed site, or descends to it."""

    body: str = Field("mars", description="Body that the site is on.")
    longitude_deg: Angle = Field(description="Planetocentric east longitude.")
    latitude_deg: float = Field(ge=-90, le=90, description="Planetocentric latitude.")
    above_ground_m: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="Height of the craft's origin above the ground at its UTC time, that of release.at or at.",
    )
    descent_m_s: float = Field(0.0, ge=0, le=100, description="How fast it sinks, straight down, until it has landed.")
    height_m: float | None = Field(
        None,
        ge=-20_000,
        le=50_000,
        description="Height of the ground above the reference ellipsoid; default: as measured (of Mars above the "
        "areoid, which is within 2 km of the ellipsoid), by the library's elevation or the built-in one; or 0.",
    )
