"""The section ``[camera]`` of a scene file: lens, picture size, and which way it looks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, Strict, model_validator

from selfiesim.core.errors import SceneError
from selfiesim.scene.attitude import PointingTarget
from selfiesim.scene.section import Angle, Positive, Section, Vector3Value

MIN_PX, MAX_PX = 16, 16384
"""Width and height of a picture."""
MAX_PIXELS = 7680 * 4320
"""Of a picture drawn at once; larger ones, to 16384 x 16384, are posters (:mod:`selfiesim.files.poster`)."""

_INTRINSICS = ("horizontal_fov_deg", "focal_length_mm", "matrix")


class CameraSection(Section):
    """The camera: lens, picture size, and which way it looks."""

    preset: str | None = Field(None, description="A known camera, whose numbers stand where none is given here.")
    size_px: Annotated[
        tuple[Annotated[int, Field(ge=MIN_PX, le=MAX_PX)], Annotated[int, Field(ge=MIN_PX, le=MAX_PX)]],
        Strict(False),
    ] = Field((1920, 1080), description="Width and height of the picture.")
    horizontal_fov_deg: float = Field(70.0, ge=0.01, le=360, description="From the left edge to the right edge.")
    focal_length_mm: float | None = Field(None, gt=0, le=1e6, description="Instead of the field; needs pixel_pitch_um.")
    pixel_pitch_um: float | None = Field(None, gt=0, le=1e4, description="From one pixel to the next.")
    matrix: Annotated[tuple[Vector3Value, Vector3Value, Vector3Value], Strict(False)] | None = Field(
        None, description="Instead of the field: OpenCV's camera matrix K, three rows, pixels."
    )
    model: Literal["pinhole", "brown-conrady", "kannala-brandt", "equirectangular", "cylindrical"] = Field(
        "pinhole",
        description="How the lens bends: not at all, as OpenCV's own model, or as its fisheye; or a panorama.",
    )
    distortion: Annotated[tuple[Annotated[float, Field(ge=-1e3, le=1e3)], ...], Strict(False)] = Field(
        (),
        max_length=8,
        description="Coefficients in OpenCV's order: k1, k2, p1, p2[, k3[, k4, k5, k6]] or, for the fisheye, k1 to k4.",
    )
    look: Literal["craft", "mount", "tumbling", "azimuth"] = Field(
        "craft",
        description="craft: turned to the craft; mount: as bolted to the craft, looking back along the mount's axis; "
        "tumbling: so at the release, then left to itself; azimuth: by azimuth_deg and elevation_deg.",
    )
    azimuth_deg: Angle = Field(0.0, description="Where it looks with look = azimuth: from north toward east.")
    elevation_deg: float = Field(0.0, ge=-90, le=90, description="And how far above the horizontal.")
    lens: Literal["inner", "outer"] = Field(
        "inner", description="Of two opposite lenses, the one that faces the craft at its mount, or the other."
    )
    target: str = Field(
        "craft",
        max_length=31,
        description="What it looks at: the craft, an object by its name, or a direction: nadir, earth, velocity, ...",
    )
    up: PointingTarget = Field("zenith", description="What is upward in the picture, when it looks at the craft.")
    roll_deg: Angle = Field(0.0, description="Turns the picture's content counter-clockwise.")
    place: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]], Strict(False)] = (
        Field(
            (0.5, 0.5),
            description="Where the craft stands in the picture: fractions of width and height from the upper left.",
        )
    )
    mass_kg: float | None = Field(None, gt=0, le=1e5, description="Of the released camera.")
    inertia_kg_m2: Annotated[tuple[Positive, Positive, Positive], Strict(False)] = Field(
        (1.0, 1.0, 1.0), description="Moments about its own axes; only their ratios matter. Alike: it spins steadily."
    )
    link_range_m: float | None = Field(None, gt=0, le=1e9, description="How far its radio reaches the craft.")

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, table: Any) -> Any:
        if not isinstance(table, dict) or not isinstance(table.get("preset"), str):
            return table
        from selfiesim.camera.catalogue import preset

        try:
            known = preset(table["preset"]).scene_keys()
        except SceneError as error:
            raise ValueError(f"preset: {error}") from error
        # One way of giving the focal length takes the place of another, a model that of the preset's with its numbers.
        stale = {"distortion"} if "model" in table else set()
        if any(table.get(key) is not None for key in _INTRINSICS):
            stale |= set(_INTRINSICS) | (set() if "focal_length_mm" in table else {"pixel_pitch_um"})
        filled = {key: value for key, value in known.items() if key not in stale} | table
        if "focal_length_mm" not in table and "focal_length_mm" in filled and _is_size(filled["size_px"]):
            filled["focal_length_mm"] *= filled["size_px"][0] / known["size_px"][0]  # the preset's field, as of others
        return filled

    @model_validator(mode="after")
    def _check_consistency(self) -> CameraSection:
        given = [key for key in _INTRINSICS if key in self.model_fields_set and getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(f"give {given[0]} or {given[1]}, not both")
        if self.matrix is not None and "size_px" not in self.model_fields_set:
            raise ValueError("size_px: missing; a camera matrix holds for pictures of one size, give that one")
        if (self.focal_length_mm is None) != (self.pixel_pitch_um is None):
            raise ValueError("focal_length_mm and pixel_pitch_um go together")
        if self.model == "pinhole" and self.horizontal_fov_deg > 140:
            raise ValueError("horizontal_fov_deg: a pinhole reaches 140 at most; wider lenses are kannala-brandt")
        if self.model in ("brown-conrady", "kannala-brandt") and self.horizontal_fov_deg > 220:
            raise ValueError("horizontal_fov_deg: a lens reaches 220 at most; equirectangular and cylindrical go round")
        lengths = {"brown-conrady": (4, 5, 8), "kannala-brandt": (4,)}.get(self.model, (0,))
        if len(self.distortion) not in lengths:
            counts = " or ".join(str(count) for count in lengths)
            raise ValueError(f"distortion: {self.model} takes {counts} numbers, not {len(self.distortion)}")
        from selfiesim.motion.tumble import inertia_tensor

        try:
            inertia_tensor(np.array(self.inertia_kg_m2))
        except ValueError as error:
            raise ValueError(f"inertia_kg_m2: {error}") from error
        if self.look != "craft":
            idle = [key for key in ("target", "up", "place") if key in self.model_fields_set]
            if idle:
                raise ValueError(f"{idle[0]}: has a meaning only with look = 'craft'; take it away")
        return self

    def intrinsics_at(self, width: int, height: int) -> dict[str, Any]:
        """The keys by which this lens keeps its field from left to right, and its pixels' shape, at another size.

        A field of view does so by itself. Pixels of a sensor keep their pitch, so it is the focal length that goes with
        the width; a camera matrix has its numbers scaled. What is added or cut above and below is alike.
        """
        scale = width / self.size_px[0]
        if self.matrix is not None:
            (fx, skew, cx), (zero, fy, cy), last = self.matrix
            middle = scale * (cy + 0.5 - self.size_px[1] / 2.0) + height / 2.0 - 0.5
            rows = (scale * fx, scale * skew, scale * (cx + 0.5) - 0.5), (zero, scale * fy, middle), last
            return {"matrix": [list(row) for row in rows]}
        return {"focal_length_mm": scale * self.focal_length_mm} if self.focal_length_mm is not None else {}


def rescale_intrinsics(table: dict[str, Any], camera: CameraSection, changed: Collection[str]) -> None:
    """Scale the lens in a scene's ``table``, not checked yet, when ``camera.size_px`` is among the keys ``changed``.

    ``camera`` is what it was before. Who changes the lens as well means it for the new size: it stays as it was given.
    """
    lens = {f"camera.{key}" for key in (*_INTRINSICS, "pixel_pitch_um", "preset")}
    if "camera.size_px" in changed and lens.isdisjoint(changed) and _is_size(table["camera"]["size_px"]):
        table["camera"] |= camera.intrinsics_at(*table["camera"]["size_px"])


def _is_size(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(type(each) is int for each in value)
