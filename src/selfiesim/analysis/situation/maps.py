"""Maps of the planet: the ground below the camera, and the whole globe with the track of a revolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfiesim.analysis.situation.footprint import (
    LIMB_STEPS,
    eye_bodyfixed,
    footprint_mask,
    footprint_outline,
    lonlat_deg,
    sun_bodyfixed,
)
from selfiesim.analysis.situation.style import LIMB, NIGHT, NIGHT_ALPHA, PICTURE, SUN, TRACK, arrow, key_below, note
from selfiesim.astro.ellipsoid import limb_points, terminator_points
from selfiesim.core.vectors import Vector
from selfiesim.planet.library.charts import Chart
from selfiesim.planet.maps.planet_maps import reflectance
from selfiesim.planet.maps.surface import surface_maps
from selfiesim.view.in_frame import list_features, place_vectors
from selfiesim.view.view import View

_SIZE = 640  # of a map's picture, pixels
_STEPS = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0)  # between lines of the graticule, degrees
_NAMES = 7
_LABEL = np.array([0.5, 0.09])  # room for a name, as shares of the half width
_SITE_SPAN_DEG = 40.0


def chart_below(view: View) -> Chart:
    """The part of the planet that the camera can see, around the point below it."""
    assert view.planet is not None
    eye = eye_bodyfixed(view)
    latitude, longitude = lonlat_deg(eye)
    limb = limb_points(eye, view.planet.body, LIMB_STEPS)
    reach = _SITE_SPAN_DEG / 2.0
    if view.ground is None and len(limb):
        toward = limb / np.linalg.norm(limb, axis=1, keepdims=True)
        reach = float(np.degrees(np.arccos(np.clip((toward @ eye) / np.linalg.norm(eye), -1.0, 1.0)).max()))
    return Chart("", float(latitude), float(longitude), min(2.3 * reach, 210.0), is_circular=True)


def to_chart(chart: Chart, places: Vector) -> Vector:
    """Position (N, 2) of places (N, 2) of latitude and longitude on a chart: degrees right and up from its middle."""
    if chart.globe:
        return np.stack([(places[:, 1] + 180.0) % 360.0 - 180.0, places[:, 0]], axis=-1)
    latitude, longitude = np.radians(places).T
    lat0, lon0 = np.radians([chart.lat_deg, chart.lon_deg])
    east = np.cos(latitude) * np.sin(longitude - lon0)
    north = np.cos(lat0) * np.sin(latitude) - np.sin(lat0) * np.cos(latitude) * np.cos(longitude - lon0)
    up = np.sin(lat0) * np.sin(latitude) + np.cos(lat0) * np.cos(latitude) * np.cos(longitude - lon0)
    angle, across = np.arctan2(np.hypot(east, north), up), np.hypot(east, north)
    scale = np.degrees(angle) / np.where(across > 0.0, across, 1.0)
    flat = np.stack([scale * east, scale * north], axis=-1)
    return np.where(np.degrees(angle)[:, None] <= chart.span_deg / 2.0, flat, np.nan)


def draw_ground(axes: Any, view: View, track: Vector | None) -> None:
    """Draw the map below the camera: what it can see, and what of that is in the picture."""
    chart = chart_below(view)
    half = chart.span_deg / 2.0
    _draw_map(axes, view, chart, with_footprint=view.ground is None)
    _draw_graticule(axes, chart)
    axes.add_patch(_circle(half))
    _draw_lines(axes, view, chart, track)
    written: list[Vector] = []
    for feature in list_features(view):
        spot = to_chart(chart, np.array([[feature["latitude_deg"], feature["longitude_deg"]]]))[0]
        if len(written) == _NAMES or any((np.abs(spot - other) < _LABEL * half).all() for other in written):
            continue
        written.append(spot)
        axes.plot(*spot, "+", color=PICTURE, markersize=6, zorder=8)
        note(axes, feature["name"], tuple(spot), PICTURE, (5, 5))
    axes.set(xlim=(-1.02 * half, 1.02 * half), ylim=(-1.02 * half, 1.02 * half), aspect="equal")
    axes.axis("off")
    body = view.shot.body.capitalize()
    words = "where the camera stands" if view.ground is not None else "in view of the camera"
    axes.set_title(f"{body} {words}, azimuthal equidistant, {chart.span_deg:.0f}° across", pad=16)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=3, fontsize=8.5, frameon=False)


def draw_globe(axes: Any, view: View, track: Vector | None) -> None:
    """Draw the whole planet with the ground track of a revolution."""
    chart = Chart("", globe=True)
    _draw_map(axes, view, chart, with_footprint=view.ground is None)
    _draw_lines(axes, view, chart, track)
    axes.set(xlim=(-180, 180), ylim=(-90, 90), aspect="equal", xlabel="east longitude, °")
    axes.set(xticks=range(-180, 181, 30), yticks=range(-90, 91, 30), ylabel="planetocentric latitude, °")
    axes.grid(color="white", alpha=0.5, linewidth=0.5)
    if track is not None:
        last = to_chart(chart, track[-2:])
        arrow(axes, last[0], last[1] - last[0], TRACK, 1.3)
    axes.set_title(f"{view.shot.body.capitalize()}: ground track, terminator and footprint, plate carrée")
    key_below(axes, 6)


def _draw_map(axes: Any, view: View, chart: Chart, with_footprint: bool) -> None:
    """Draw the reflectance in grey, night and the ground in the picture tinted."""
    planet = view.planet
    assert planet is not None
    rows, columns = chart.shape(_SIZE if not chart.globe else 2 * _SIZE)
    latitude, longitude, inside = chart.places((np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns)
    light = reflectance(surface_maps(planet.surface), latitude, longitude).mean(axis=-1)
    low, high = np.percentile(light[inside], (2.0, 98.0))
    grey = 0.45 + 0.45 * np.clip((light - low) / max(high - low, 1e-6), 0.0, 1.0)
    image = np.repeat(grey[..., None], 4, axis=-1)
    image[..., 3] = inside
    normals = place_vectors(latitude, longitude, planet.body.radii_m) / np.array(planet.body.radii_m) ** 2
    _tint(image, normals @ sun_bodyfixed(view) < 0.0, NIGHT, NIGHT_ALPHA)
    if with_footprint:
        _tint(image, footprint_mask(view, np.degrees(latitude), np.degrees(longitude)), PICTURE, 0.35)
    half = (180.0, 90.0) if chart.globe else (chart.span_deg / 2.0,) * 2
    axes.imshow(image, extent=(-half[0], half[0], -half[1], half[1]), interpolation="antialiased", zorder=1)


def _tint(image: Vector, mask: Vector, colour: str, share: float) -> None:
    from matplotlib.colors import to_rgb

    image[mask, :3] = (1.0 - share) * image[mask, :3] + share * np.array(to_rgb(colour))


def _draw_lines(axes: Any, view: View, chart: Chart, track: Vector | None) -> None:
    planet = view.planet
    assert planet is not None
    eye = eye_bodyfixed(view)
    _line(
        axes, chart, lonlat_deg(terminator_points(sun_bodyfixed(view), planet.body, LIMB_STEPS)), SUN, "terminator", "-"
    )
    if view.ground is None:
        _line(
            axes, chart, lonlat_deg(limb_points(eye, planet.body, LIMB_STEPS)), LIMB, "limb seen from the camera", "--"
        )
    if track is not None:
        _line(axes, chart, track, TRACK, "ground track", "-")
    if view.ground is None:
        _line(axes, chart, footprint_outline(view), PICTURE, "footprint of the picture", "-", 1.8)
    _mark(axes, chart, lonlat_deg(eye)[None], TRACK, "o", "site" if view.ground is not None else "below the camera")
    sun = sun_bodyfixed(view)
    _mark(axes, chart, lonlat_deg(sun)[None], SUN, "*", "subsolar point")


def _line(axes: Any, chart: Chart, places: Vector, colour: str, label: str, style: str, width: float = 1.3) -> None:
    flat = to_chart(chart, places) if len(places) else np.empty((0, 2))
    if chart.globe and len(flat):  # a line that leaves at one edge comes back at the other
        jump = np.abs(np.diff(flat[:, 0])) > 180.0
        flat = np.insert(flat, np.flatnonzero(jump) + 1, np.nan, axis=0)
    if np.isfinite(flat).any():
        axes.plot(flat[:, 0], flat[:, 1], style, color=colour, linewidth=width, label=label, zorder=5)


def _mark(axes: Any, chart: Chart, place: Vector, colour: str, marker: str, label: str) -> None:
    flat = to_chart(chart, place)
    if np.isfinite(flat).all():
        axes.plot(
            *flat[0], marker, color=colour, markersize=12 if marker == "*" else 7, markeredgecolor="white",
            label=label, zorder=7, linestyle="none",
        )  # fmt: skip


def _circle(radius: float) -> Any:
    from matplotlib.patches import Circle

    return Circle((0.0, 0.0), radius, fill=False, edgecolor="#404040", linewidth=0.8, zorder=6)


def _draw_graticule(axes: Any, chart: Chart) -> None:
    """Draw parallels and meridians, each labelled where it leaves the chart."""
    half = chart.span_deg / 2.0
    step = next((each for each in _STEPS if chart.span_deg / each <= 12.0), _STEPS[-1])
    fine = np.linspace(-180.0, 180.0, 1441)
    top = 90.0 - step
    parallels = np.arange(-np.floor(top / step) * step, top + 1e-9, step)
    lines = [(_latitude_text(value), np.stack([np.full_like(fine, value), fine], axis=-1)) for value in parallels]
    meridian_step = max(step, 10.0) if abs(chart.lat_deg) < 60.0 else 30.0
    fine_lat = np.linspace(-top, top, 721)
    lines += [
        (f"{value:g}° E", np.stack([fine_lat, np.full_like(fine_lat, value)], axis=-1))
        for value in np.arange(0.0, 360.0, meridian_step if step >= 5.0 else step)
    ]
    taken: list[float] = []
    for label, places in lines:
        flat = to_chart(chart, places)
        axes.plot(flat[:, 0], flat[:, 1], color="white", alpha=0.55, linewidth=0.5, zorder=2)
        ends = np.flatnonzero(np.diff(np.isfinite(flat[:, 0]).astype(int)))
        for k in ends:
            x, y = flat[k] if np.isfinite(flat[k, 0]) else flat[k + 1]
            angle = float(np.degrees(np.arctan2(y, x)))
            if np.hypot(x, y) < 0.9 * half or any(abs((angle - each + 180.0) % 360.0 - 180.0) < 9.0 for each in taken):
                continue
            taken.append(angle)
            axes.annotate(
                label, (x * half / np.hypot(x, y), y * half / np.hypot(x, y)), textcoords="offset points",
                xytext=(11 * np.cos(np.radians(angle)), 8 * np.sin(np.radians(angle))), fontsize=7.5, color="#404040",
                ha="left" if x > 0.3 * half else "right" if x < -0.3 * half else "center", va="center",
                annotation_clip=False,
            )  # fmt: skip


def _latitude_text(value: float) -> str:
    return "0°" if abs(value) < 1e-9 else f"{abs(value):g}° {'N' if value > 0 else 'S'}"
