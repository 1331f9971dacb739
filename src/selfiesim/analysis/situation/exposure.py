"""The exposure that the light meter chooses while the camera drifts: a light curve of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.analysis.situation.style import CRAFT, PICTURE, SUN
from selfiesim.photo.exposure import limit_shutter

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene
    from selfiesim.view.view import View

FRAMES = 36
"""Times at which the curve is metered."""
_WIDTH_PX = 240


@dataclass(frozen=True)
class MeteredTime:
    """What the meter says at one time.

    Attributes
    ----------
    t_s : float
        Seconds after the release.
    shutter_s : float
        Exposure time that the meter of the scene chooses, compensation included, s.
    sun_visible_share : float
        Share of the Sun's disc that the craft sees.
    """

    t_s: float
    shutter_s: float
    sun_visible_share: float


def drift_times(view: View) -> list[float]:
    """Times (s after the release) from just after the release to twice the age of the picture."""
    age = view.track.seconds_since_release
    assert age is not None
    end = max(2.0 * age, 60.0)
    return [float(t) for t in np.linspace(end / FRAMES, end, FRAMES)]


def metered_times(
    scene: Scene, times: list[float], progress: Callable[[int, int], None] = lambda done, of: None
) -> list[MeteredTime]:
    """Meter small draft pictures of a released camera, with the automatic shutter.

    The meter measures blocks of 8x8 pixels, which in a small picture are larger parts of the craft: the result is
    within a third of a stop of a large picture's.

    Parameters
    ----------
    scene : Scene
        A scene with a released camera.
    times : list of float
        Seconds after the release.
    progress : callable, optional
        Called with the number done and the total before each picture.

    Raises
    ------
    UserError
        For impossible geometry at one of the times.
    """
    width, height = scene.camera.size_px
    size = [_WIDTH_PX, max(round(_WIDTH_PX * height / width), 16)]
    small = scene.with_changes(camera__size_px=size, photo__shutter_s="auto", photo__motion_blur=False)
    found = []
    for number, t in enumerate(times):
        progress(number, len(times))
        view = small.view(f"release+{t:.6f}s")
        exposure = view.render("draft", 1).expose().exposure
        found.append(MeteredTime(t, exposure.shutter_s, view.craft.sun_visible_fraction))
    return found


def draw_exposure(axes: Any, scene: Scene, view: View, metered: list[MeteredTime]) -> None:
    """Draw the exposure time over the drift, with the moment of the picture and its own setting."""
    times = [each.t_s for each in metered]
    shutters = [each.shutter_s for each in metered]
    axes.plot(times, shutters, color=PICTURE, linewidth=1.0, alpha=0.35, zorder=2)
    words = f"metered on small drafts, every {times[1] - times[0]:.3g} s"
    axes.plot(times, shutters, ".", color=PICTURE, label=words, zorder=3)
    age = view.track.seconds_since_release
    axes.axvline(age, color=CRAFT, linewidth=1.0, linestyle="--", label=f"this picture, release+{age:g} s")
    if scene.photo.shutter_s != "auto":
        fixed = limit_shutter(float(scene.photo.shutter_s) * 2.0**scene.photo.stops)
        axes.axhline(fixed, color=SUN, linewidth=1.2, label=f"set by the scene: {shutter_text(fixed)}")
    dark = np.array([each.sun_visible_share < 0.5 for each in metered])
    if dark.any():
        axes.fill_between(times, 0.0, 1.0, where=dark, transform=axes.get_xaxis_transform(), color="#182238", alpha=0.2,
                          label="craft in the planet's shadow", linewidth=0)  # fmt: skip
    axes.set_yscale("log", base=2)
    _label_shutters(axes)
    axes.set(xlabel="time since release, s", ylabel="exposure time", xlim=(0.0, times[-1]))
    camera = scene.photo
    stops = f", {camera.stops:+g} EV" if camera.stops else ""
    axes.set_title(f"Exposure over the drift: f/{camera.f_number:g}, meter {camera.meter}{stops}")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8.5, loc="best")


def _label_shutters(axes: Any) -> None:
    """Label whole stops, or thirds of few, as photographers write them; at least two stops are in view."""
    low, high = axes.get_ylim()
    middle, stops = np.log2(low * high) / 2.0, np.log2(high / low)
    half = max(stops / 2.0, 1.0)
    first, last = np.floor(middle - half), np.ceil(middle + half)
    every = max(1, int((last - first) // 8)) if last - first > 4 else 1.0 / 3.0
    ticks = [2.0**k for k in np.arange(first, last + 1e-9, every)]
    axes.set_yticks(ticks, [shutter_text(each) for each in ticks])
    axes.set_yticks([], minor=True)
    axes.set_ylim(2.0 ** (middle - half - 0.1), 2.0 ** (middle + half + 0.1))


def shutter_text(seconds: float) -> str:
    """Return an exposure time as a photographer writes it: ``1/125 s``, ``2 s``."""
    if seconds < 0.5:
        return f"1/{1.0 / seconds:,.0f} s"
    return f"{seconds:.1f} s" if seconds < 10.0 else f"{seconds:,.0f} s"
