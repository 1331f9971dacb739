"""The section ``[camera]``: lens, image size and pointing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, Strict, model_validator

from selfiesim.core.errors import SceneError
from selfiesim.scene.attitude import PointingTarget
from selfiesim.scene.section import Angle, Positive, Section, Vector3Value

MIN_PX, MAX_PX = 16, 16384
"""Bounds of an image's width and height."""

_INTRINSICS = ("horizontal_fov_deg", "focal_length_mm", "matrix")


def _without_unused_terms(value: Any) -> Any:
    """Drop the 9th to 14th of OpenCV's coefficients, thin prism and tilt, where they are zero."""
    if not isinstance(value, (list, tuple)) or len(value) not in (12, 14):
        return value
    if any(value[8:]):
        raise ValueError(
            "thin prism and tilted sensor, OpenCV's 9th to 14th coefficient, are not modelled; give 8 numbers"
        )
    return value[:8]


class CameraSection(Section):
    """The camera: lens, image size and pointing."""

    preset: str | None = Field(None, description="A known camera, which supplies every value that is not given here.")
    size_px: Annotated[
        tuple[Annotated[int, Field(ge=MIN_PX, le=MAX_PX)], Annotated[int, Field(ge=MIN_PX, le=MAX_PX)]],
        Strict(False),
    ] = Field((1920, 1080), description="Width and height of the image.")
    horizontal_fov_deg: float = Field(
        70.0, ge=0.01, le=360, description="Horizontal field of view, from the left to the right edge."
    )
    focal_length_mm: float | None = Field(
        None, gt=0, le=1e6, description="Focal length, instead of the field of view; needs pixel_pitch_um."
    )
    pixel_pitch_um: float | None = Field(
        None, gt=0, le=1e4, description="Distance between pixel centres on the sensor."
    )
    matrix: Annotated[tuple[Vector3Value, Vector3Value, Vector3Value], Strict(False)] | None = Field(
        None, description="OpenCV camera matrix K, three rows in pixels, instead of the field of view."
    )
    model: Literal["pinhole", "brown-conrady", "kannala-brandt", "equirectangular", "cylindrical"] = Field(
        "pinhole",
        description="Lens model: none, OpenCV's standard or fisheye distortion, or a panorama.",
    )
    distortion: Annotated[
        tuple[Annotated[float, Field(ge=-1e3, le=1e3)], ...],
        Strict(False),
        Field(max_length=8),
        BeforeValidator(_without_unused_terms),
    ] = Field(
        (),
        description="Coefficients in OpenCV's order: k1, k2, p1, p2[, k3[, k4, k5, k6]] or, for the fisheye, k1 to k4.",
    )
    look: Literal["craft", "mount", "tumbling", "azimuth"] = Field(
        "craft",
        description="craft: tracks the target; mount: fixed to the craft, looking back along the axis of its mount; "
        "tumbling: as mounted at the release, then torque-free; azimuth: set by azimuth_deg and elevation_deg.",
    )
    azimuth_deg: Angle = Field(0.0, description="Azimuth with look = azimuth, from north toward east.")
    elevation_deg: float = Field(0.0, ge=-90, le=90, description="Elevation with look = azimuth, above the horizontal.")
    lens: Literal["inner", "outer"] = Field(
        "inner", description="Which of two opposite lenses: the one that faces the craft when mounted, or the other."
    )
    target: str = Field(
        "craft",
        max_length=31,
        description="Target: the craft, an object by name, or a direction such as nadir, earth or velocity.",
    )
    up: PointingTarget = Field(
        "zenith", description="Direction that is up in the image when the camera tracks its target."
    )
    roll_deg: Angle = Field(0.0, description="Roll; rotates the image content counter-clockwise.")
    place: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]], Strict(False)] = (
        Field(
            (0.5, 0.5),
            description="Where the target appears: fractions of width and height from the upper left.",
        )
    )
    mass_kg: float | None = Field(None, gt=0, le=1e5, description="Mass of the released camera.")
    inertia_kg_m2: Annotated[tuple[Positive, Positive, Positive], Strict(False)] = Field(
        (1.0, 1.0, 1.0),
        description="Principal moments of inertia; only their ratios matter. Equal moments give steady spin.",
    )
    link_range_m: float | None = Field(None, gt=0, le=1e9, description="Range of the radio link to the craft.")

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
        # A way to give the focal length replaces the preset's, and a lens model also replaces its coefficients.
        stale = {"distortion"} if "model" in table else set()
        if any(table.get(key) is not None for key in _INTRINSICS):
            stale |= set(_INTRINSICS) | (set() if "focal_length_mm" in table else {"pixel_pitch_um"})
        filled = {key: value for key, value in known.items() if key not in stale} | table
        if "focal_length_mm" not in table and "focal_length_mm" in filled and _is_size(filled["size_px"]):
            filled["focal_length_mm"] *= (
                filled["size_px"][0] / known["size_px"][0]
            )  # keeps the field of view of the preset
        return filled

    @model_validator(mode="after")
    def _check_consistency(self) -> CameraSection:
        given = [key for key in _INTRINSICS if key in self.model_fields_set and getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(f"give {given[0]} or {given[1]}, not both")
        if self.matrix is not None and "size_px" not in self.model_fields_set:
            raise ValueError("size_px: missing; a camera matrix is valid for one image size, which must be given")
        if (self.focal_length_mm is None) != (self.pixel_pitch_um is None):
            raise ValueError("focal_length_mm and pixel_pitch_um must be given together")
        if self.model == "pinhole" and self.horizontal_fov_deg > 140:
            raise ValueError("horizontal_fov_deg: at most 140 for a pinhole; use kannala-brandt for wider lenses")
        if self.model in ("brown-conrady", "kannala-brandt") and self.horizontal_fov_deg > 220:
            raise ValueError(
                "horizontal_fov_deg: at most 220 for this lens; use equirectangular or cylindrical for a panorama"
            )
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
                raise ValueError(f"{idle[0]}: applies only with look = 'craft'; remove it")
        return self

    def intrinsics_at(self, width: int, height: int) -> dict[str, Any]:
        """Return the keys that keep the horizontal field of view and the pixel aspect at another image size.

        With a field of view nothing changes. A sensor keeps its pixel pitch, so the focal length scales with the
        width; a camera matrix is scaled. The image grows or is cropped equally at top and bottom.
        """
        scale = width / self.size_px[0]
        if self.matrix is not None:
            (fx, skew, cx), (zero, fy, cy), last = self.matrix
            middle = scale * (cy + 0.5 - self.size_px[1] / 2.0) + height / 2.0 - 0.5
            rows = (scale * fx, scale * skew, scale * (cx + 0.5) - 0.5), (zero, scale * fy, middle), last
            return {"matrix": [list(row) for row in rows]}
        return {"focal_length_mm": scale * self.focal_length_mm} if self.focal_length_mm is not None else {}


def rescale_intrinsics(table: dict[str, Any], camera: CameraSection, changed: Collection[str]) -> None:
    """Rescale the lens in an unchecked scene ``table`` if ``camera.size_px`` is among the keys ``changed``.

    ``camera`` is the section before the change. A lens that is changed as well is meant for the new size and kept.
    """
    lens = {f"camera.{key}" for key in (*_INTRINSICS, "pixel_pitch_um", "preset")}
    if "camera.size_px" in changed and lens.isdisjoint(changed) and _is_size(table["camera"]["size_px"]):
        table["camera"] |= camera.intrinsics_at(*table["camera"]["size_px"])


def _is_size(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(type(each) is int for each in value)
