"""The ground that a scene stands on, and the dust sky over it: what ``[ground]`` says, worked out for one view.

Places are metres east and north of the craft's origin, which stands on the ground; see ``design/terrain.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field, Strict

from selfiesim.astro.frames import Matrix, Vector
from selfiesim.core.errors import SceneError
from selfiesim.planet.light.atmosphere import haze
from selfiesim.planet.light.dust_sky import DustSky
from selfiesim.planet.terrain.ground_mesh import Blast, Terrain
from selfiesim.planet.terrain.heightfield import Crater, Pad, Track
from selfiesim.scene.sections import Part

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.view.resolved_scene import Plan

NAME = "ground"
"""What layers call it; no object may have that name."""

_MARGIN_DEG = 8.0  # of the fine sector beyond the picture, on either side
_STEEP = 0.7  # a lens that looks down or up by more than this sine sees all directions
_LENS_STEP_M, _HEADING_STEP_DEG = 0.05, 2.0  # a lens that hardly moved has the same mesh

Away = Annotated[float, Field(ge=-2000, le=2000)]
Spot = Annotated[tuple[Away, Away], Strict(False)]
Share = Annotated[float, Field(ge=0.001, le=1.0)]


class PadPart(Part):
    """Level ground where a vehicle stands."""

    at_m: Spot = Field((0.0, 0.0), description="Its middle, east and north of the craft's origin.")
    radius_m: float = Field(1.4, gt=0, le=100, description="How far it is level.")


class TrackPart(Part):
    """Where wheels have rolled."""

    path_m: Annotated[tuple[Spot, ...], Strict(False)] = Field(
        min_length=2, max_length=100, description="Points of the way, each east and north of the craft's origin."
    )
    half_m: float = Field(0.60, gt=0, le=10, description="From the middle of the way to the middle of a rut.")
    width_m: float = Field(0.22, gt=0, le=2, description="Of a rut.")
    depth_m: float = Field(0.014, ge=0, le=0.5, description="Of a rut.")


class BlastPart(Part):
    """The dark zone that landing engines blew free of dust."""

    at_m: Spot = Field((0.0, 0.0), description="Its middle.")
    radius_m: float = Field(6.0, gt=0, le=500, description="Where the darkening has fallen to a third.")
    darker: float = Field(0.30, ge=0, le=0.9, description="How much darker in the middle, in red light.")


class CraterPart(Part):
    """A small bowl with a raised rim."""

    at_m: Spot = Field(description="Its middle.")
    radius_m: float = Field(gt=0.2, le=500, description="Of its rim.")
    depth_m: float = Field(gt=0, le=100, description="From the rim down to the floor.")


class GroundPart(Part):
    """The ground as seen by a lens on it: needs [site] on Mars. The globe is not drawn then."""

    seed: int = Field(1, ge=0, le=1_000_000, description="Another seed, another ground.")
    rock_share: float = Field(
        0.05, ge=0.001, le=0.4, description="Share of the ground under rocks: k of Golombek and Rapp's law."
    )
    largest_rock_m: float = Field(3.0, ge=0.05, le=10, description="Larger ones are left out.")
    rocks_reach_m: float = Field(70.0, ge=5, le=300, description="How far from the lens rocks lie.")
    clod_share: float = Field(0.12, ge=0, le=0.4, description="Share under clods of broken crust.")
    reflectance: Annotated[tuple[Share, Share, Share], Strict(False)] | None = Field(
        None, description="Of the dust at 620, 550 and 460 nm; default: the map's at the site."
    )
    cell_rad: float = Field(
        0.0032, ge=0.0025, le=0.05, description="Fineness of the mesh in final pictures: a cell seen from the lens."
    )
    draft_cell_rad: float = Field(0.008, ge=0.0025, le=0.05, description="The same in drafts.")
    pads: Annotated[tuple[PadPart, ...], Strict(False)] = Field(
        (PadPart(),), max_length=32, description="Where vehicles stand; default: one under the craft."
    )
    tracks: Annotated[tuple[TrackPart, ...], Strict(False)] = Field(
        (), max_length=16, description="Where wheels have rolled."
    )
    craters: Annotated[tuple[CraterPart, ...], Strict(False)] = Field((), max_length=32, description="Small craters.")
    blast: BlastPart | None = Field(None, description="The dark zone of a landing.")


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground in a view: camera axes, m.

    Attributes
    ----------
    position : (3,)
        Of the site's origin, from the camera.
    site_to_camera : (3, 3)
        From east, north, up to camera axes.
    recipe : Terrain
        What the mesh is made by, as fine as ``fineness`` has it for the quality asked for last.
    fineness : dict
        Cell of the mesh by quality, rad.
    sky : DustSky
        What is over it.
    """

    position: Vector
    site_to_camera: Matrix
    recipe: Terrain
    fineness: dict[str, float]
    sky: DustSky

    @property
    def lens(self) -> Vector:
        """Place of the lens, site axes (3,), m."""
        return -self.site_to_camera.T @ self.position

    @property
    def lens_height_m(self) -> float:
        """Of the lens above the ground right below it."""
        from selfiesim.planet.terrain.ground_mesh import height_at

        x, y, z = self.lens
        return float(z - height_at(self.recipe, np.array([x]), np.array([y]))[0])

    @property
    def sun_azimuth_deg(self) -> float:
        """Of the Sun, from north toward east, 0 to 360."""
        return float(np.degrees(np.arctan2(self.sky.to_sun[0], self.sky.to_sun[1])) % 360.0)

    def turned(self, turn: Matrix) -> Ground:
        """The same from a camera turned where it stands."""
        return replace(self, position=turn @ self.position, site_to_camera=turn @ self.site_to_camera)

    def refined(self, quality: str) -> Ground:
        """The same with the mesh that pictures of this quality take."""
        return replace(self, recipe=replace(self.recipe, cell_rad=self.fineness[quality]))


def ground_of(plan: Plan, camera: Camera, position: Vector, site_to_camera: Matrix, sun: Vector, dust: float) -> Ground:
    """The ground of a scene that has one, for the ``camera``.

    Parameters
    ----------
    position, site_to_camera
        As :class:`Ground` has them.
    sun : (3,)
        Direction to the Sun, camera axes.
    dust : float
        Vertical optical depth at 550 nm.

    Raises
    ------
    SceneError
        When it is night, or the lens is under the ground.
    """
    part = plan.scene.ground
    assert part is not None
    to_sun = site_to_camera.T @ sun
    if to_sun[2] <= 0.0:
        below = np.degrees(-np.arcsin(to_sun[2]))
        raise SceneError(f"at: the Sun is {below:.1f} degrees below the horizon; with [ground] choose a time by day")
    lens, forward = -site_to_camera.T @ position, site_to_camera[2]
    heading = np.degrees(np.arctan2(forward[0], forward[1]))
    sector = np.degrees(camera.horizontal_fov) + 2.0 * _MARGIN_DEG
    reflectance = part.reflectance or _of_the_map(plan)
    recipe = Terrain(
        seed=part.seed,
        rock_share=part.rock_share,
        reflectance=reflectance,
        lens_m=tuple(float(_LENS_STEP_M * round(v / _LENS_STEP_M)) for v in lens[:2]),  # type: ignore[arg-type]
        heading_deg=float(_HEADING_STEP_DEG * round(heading / _HEADING_STEP_DEG)),
        sector_deg=360.0 if abs(forward[2]) > _STEEP else min(float(np.ceil(sector)), 360.0),
        cell_rad=part.draft_cell_rad,
        rocks_reach_m=part.rocks_reach_m,
        largest_rock_m=part.largest_rock_m,
        clod_share=part.clod_share,
        pads=tuple(Pad(*each.at_m, each.radius_m) for each in part.pads),
        tracks=tuple(Track(each.path_m, each.half_m, each.width_m, each.depth_m) for each in part.tracks),
        craters=tuple(Crater(*each.at_m, each.radius_m, each.depth_m) for each in part.craters),
        blast=None if part.blast is None else Blast(*part.blast.at_m, part.blast.radius_m, part.blast.darker),
        finest_rad=part.cell_rad,
    )
    sky = DustSky(haze(dust, float(np.mean(plan.body.radii_m))), to_sun, np.array(reflectance))
    fineness = {"draft": part.draft_cell_rad, "final": part.cell_rad}
    ground = Ground(position, site_to_camera, recipe, fineness, sky)
    if np.hypot(*lens[:2]) < recipe.reach_m and ground.lens_height_m < 0.02:
        raise SceneError(
            f"[ground]: the lens is {-ground.lens_height_m:.2f} m below the ground; move it up (mounted.offset_m)"
        )
    return ground


def _of_the_map(plan: Plan) -> tuple[float, float, float]:
    """Reflectance of the globe's map at the site."""
    from selfiesim.planet.maps.planet_maps import reflectance
    from selfiesim.planet.maps.surface import surface_maps

    site = plan.scene.site
    assert site is not None
    found = reflectance(surface_maps(plan.surface), np.radians(site.latitude_deg), np.radians(site.longitude_deg))
    red, green, blue = (round(float(band), 4) for band in np.asarray(found).reshape(3))
    return red, green, blue
